"""The archive by date, all of it in Seoul time."""

from datetime import date

from django.http import Http404
from django.views.decorators.http import require_safe

from articles.models import Article

from .lists import list_page


def day_of(year, month, day):
    """The date of an address, None where the calendar has no such day."""
    try:
        return date(int(year), int(month), int(day))
    except ValueError:  # no such day in the calendar
        return None


@require_safe
def day(request, year, month, day):
    """Everything that was published on a day in Seoul, the deep entrance to the archive; 404 without any. 6 queries."""
    shown = day_of(year, month, day)
    if shown is None:
        raise Http404("There is no such day.")
    public = Article.objects.published()
    earlier = public.filter(address_date__lt=shown).order_by("-address_date").values_list("address_date")[:1]
    later = public.filter(address_date__gt=shown).order_by("address_date").values_list("address_date")[:1]
    near = [day for (day,) in earlier.union(later).order_by()]
    context = {
        "day": shown,
        "earlier": next((day for day in near if day < shown), None),
        "later": next((day for day in near if day > shown), None),
    }
    return list_page(request, "articles/day.html", public.filter(address_date=shown), context, may_be_empty=False)
