"""The archive by date, all of it in Seoul time."""

import re
from datetime import date, datetime, time
from itertools import groupby

from django.conf import settings
from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from articles import structured
from articles.cards import load_cards
from articles.dates import ONE_DAY, counts_by_day, day_of, month_after, month_of, months, neighbours
from articles.models import Article
from rankings.fronts import find_front, first_record
from rankings.lists import show_lists
from sections.pages import render_page
from sections.surrogates import note_lists, note_until

from .lists import list_page

# The section whose pieces tell of this day in earlier years.
HISTORY = "opinion/today-in-history"
# Hours of a day whose front page the archive leads to.
FRONT_HOURS = (6, 9, 12, 15, 18, 21)
# Stories of one earlier day that Today in History shows; the others stand in that day's archive.
PER_YEAR = 4


@require_safe
def archive(request):
    """The entrance to the archive: every year and month that has stories. 3 queries."""
    years = [(year, list(found)) for year, found in groupby(months(), key=lambda first: first.year)]
    return render_page("articles/archive.html", {"years": years}, canonical="/archive/")


@require_safe
def year(request, year):
    """A year as twelve calendars; 404 without a story. 4 queries."""
    first = day_of(year)
    if first is None:
        raise Http404("There is no such year.")
    after = date(first.year + 1, 1, 1)
    note_lists(f"year-{first:%Y}", "days")
    counts = counts_by_day(first, after)
    if not counts:
        raise Http404("The archive has nothing of that year.")
    earlier, later = neighbours(first, after)
    context = {
        "first": first,
        "count": sum(counts.values()),
        "months": [month_of(first.replace(month=number), counts) for number in range(1, 13)],
        "earlier": earlier,
        "later": later,
    }
    context["structured"] = structured.of_list(*_steps(first)[:2])
    return render_page("articles/year.html", context, canonical=f"/{first:%Y}/")


@require_safe
def month(request, year, month):
    """A month as a calendar, and its stories; 404 without a story. 7 queries."""
    first = day_of(year, month)
    if first is None:
        raise Http404("There is no such month.")
    note_lists(f"month-{first:%Y-%m}", "days")
    after = month_after(first)
    earlier, later = neighbours(first, after)
    context = {"month": month_of(first, counts_by_day(first, after)), "earlier": earlier, "later": later}
    context["structured"] = structured.of_list(*_steps(first)[:3])
    stories = Article.objects.published().filter(address_date__gte=first, address_date__lt=after)
    return list_page(request, "articles/month.html", stories, context, may_be_empty=False)


@require_safe
def day(request, year, month, day):
    """Everything that was published on a day in Seoul, the deep entrance to the archive; 404 without any. 7 queries."""
    shown = day_of(year, month, day)
    if shown is None:
        raise Http404("There is no such day.")
    note_lists(f"day-{shown}", f"month-{shown:%Y-%m}", "days")
    first = shown.replace(day=1)
    earlier, later = neighbours(shown, shown + ONE_DAY)
    counts = counts_by_day(first, month_after(first))
    context = {"day": shown, "month": month_of(first, counts), "earlier": earlier, "later": later}
    context["fronts"] = _fronts_of(shown)
    context["structured"] = structured.of_list(*_steps(shown))
    stories = Article.objects.published().filter(address_date=shown)
    return list_page(request, "articles/day.html", stories, context, may_be_empty=False)


def _fronts_of(day):
    """Moments of a day at which the front page can be seen as it stood; none where readers may not. Two queries."""
    front = find_front() if settings.FRONT_ARCHIVE else None
    now = timezone.now()
    moments = [timezone.make_aware(datetime.combine(day, time(hour))) for hour in FRONT_HOURS]
    past = [moment for moment in moments if moment <= now]
    first = first_record(front) if front and past else None
    return [moment for moment in past if first and moment >= first]


def _steps(day):
    """The way to a day of the archive, as (words, path)."""
    year, month, number = f"{day:%Y}", f"{day:%m}", f"{day:%d}"
    return [
        ("Archive", reverse("archive")),
        (year, reverse("year", args=[year])),
        (f"{day:%B}", reverse("month", args=[year, month])),
        (f"{day.day}", reverse("day", args=[year, month, number])),
    ]


@require_safe
def today_in_history(request, day=None):
    """What the archive holds for a day of the year (today in Seoul): stories of earlier years. 6 queries.

    What the section Today in History wrote about the day stands on top, whatever its year.
    """
    now = timezone.localtime()
    shown = _day_of_the_year(day) if day else now.date().replace(year=2000)
    if shown is None:
        raise Http404("There is no such day of the year.")
    of_the_day = Article.objects.published().filter(address_date__month=shown.month, address_date__day=shown.day)
    first_of_each_year = (
        of_the_day.filter(Q(address_date__lt=date(now.year, 1, 1)) | Q(section__path=HISTORY))
        .annotate(nth=Window(RowNumber(), partition_by=F("address_date"), order_by=("publish_at", "pk")))
        .filter(nth__lte=PER_YEAR)
        .order_by()
        .values_list("pk", flat=True)
    )
    ids = list(first_of_each_year)
    held = sorted(load_cards(ids).values(), key=lambda story: (story.publish_at, story.pk), reverse=True)
    context = {
        "day": shown,
        "before": (shown - ONE_DAY).strftime("%m-%d"),
        "after": (shown + ONE_DAY).strftime("%m-%d"),
        "told": [article for article in held if article.section.path == HISTORY],
        "years": [
            (on, list(stories))
            for on, stories in groupby(
                (article for article in held if article.section.path != HISTORY), key=lambda a: a.address_date
            )
        ],
        "lists": show_lists("ticker", "top-10"),
    }
    midnight = (now + ONE_DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    left = int((midnight - now).total_seconds())
    if not day:
        note_until(midnight)  # from then on it is another page
    return render_page(
        "articles/today_in_history.html",
        context,
        canonical=f"/today-in-history/{shown:%m-%d}/",
        max_age=None if day else min(settings.PAGE_MAX_AGE, left),
    )


def _day_of_the_year(text):
    match = re.fullmatch(r"([0-9]{2})-([0-9]{2})", text)
    return day_of(2000, *match.groups()) if match else None  # a leap year: February 29 is a day
