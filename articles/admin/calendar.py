"""The planning calendar: which story is meant for which day. Planning publishes nothing."""

import calendar
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from articles.desks import desk_of
from articles.models import Article
from articles.querysets import NOT_ON_CARDS

VIEWS = ("month", "week", "list")
PILE, PER_DAY = 60, 40
LIST_DAYS = 28


@dataclass
class Day:
    """A day of the calendar: what is planned for it, what becomes public on it, and what was public from it on."""

    date: date
    inside: bool = True
    planned: list = field(default_factory=list)
    coming: list = field(default_factory=list)
    past: list = field(default_factory=list)


class Calendar:
    """The part of the story's admin that plans."""

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("calendar/", view(self.calendar_view), name="articles_article_calendar"),
            path("<int:pk>/plan/", view(require_POST(self.plan_view)), name="articles_article_plan"),
            *super().get_urls(),
        ]

    def calendar_view(self, request):
        """A month, a week or four weeks as a list, with the pile of stories that no day has. Four queries."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        view = request.GET.get("view")
        view = view if view in VIEWS else "month"
        around = read_day(request.GET.get("day", "")) or timezone.localdate()
        first, last = span(view, around)
        desk = desk_of(request.user)
        stories = desk.stories().select_related("section__parent").defer(*NOT_ON_CARDS)
        days = [
            Day(first + timedelta(days=n), view != "month" or (first + timedelta(days=n)).month == around.month)
            for n in range((last - first).days + 1)
        ]
        by_date = {day.date: day for day in days}
        for story in stories.filter(planned_for__range=(first, last)).order_by("planned_for", "pk")[: PER_DAY * 42]:
            by_date[story.planned_for].planned.append(story)
        moments = [timezone.make_aware(datetime.combine(day, time())) for day in (first, last + timedelta(days=1))]
        ready = stories.filter(status=Article.Status.READY, publish_at__gte=moments[0], publish_at__lt=moments[1])
        for story in ready.order_by("publish_at", "pk")[: PER_DAY * 42]:
            day = by_date[timezone.localdate(story.publish_at)]
            (day.coming if story.is_scheduled() else day.past).append(story)
        pile = stories.filter(planned_for=None, publish_at=None).exclude(status=Article.Status.READY)
        before, after = neighbors(view, around, first, last)
        context = {
            **self.admin_site.each_context(request),
            **{"title": _("Calendar"), "opts": self.opts, "media": self.media, "view": view, "days": days},
            "weeks": [days[n : n + 7] for n in range(0, len(days), 7)] if view != "list" else [],
            "weekdays": [date_format(days[n].date, "D") for n in range(7)],
            "pile": list(pile.order_by("-changed_at")[:PILE]),
            "today": timezone.localdate(),
            "around": around,
            "heading": date_format(around, "F Y") if view == "month" else f"{first:%Y-%m-%d} – {last:%Y-%m-%d}",
            "before": f"?view={view}&day={before:%Y-%m-%d}",
            "after": f"?view={view}&day={after:%Y-%m-%d}",
            "views": [(name, {"month": _("Month"), "week": _("Week"), "list": _("List")}[name]) for name in VIEWS],
        }
        return TemplateResponse(request, "admin/articles/article/calendar.html", context)

    def plan_view(self, request, pk):
        """Plans a story for a day (`day`, empty: for none). Writes that one column: nobody's open form gets stale.

        Answers JSON to a script that asks for it, else goes back to the calendar.
        """
        story = self.get_object(request, str(pk))
        if story is None or not desk_of(request.user).may_write(story):
            raise PermissionDenied
        text = request.POST.get("day", "")
        day = read_day(text)
        if text and day is None:
            said, ok = _("Write the day like 2026-11-25."), False
        else:
            Article.objects.filter(pk=story.pk).update(planned_for=day)
            self.log_change(request, story, _("Planned for %(day)s.") % {"day": day or _("no day")})
            said, ok = _("“%(story)s” is planned for %(day)s.") % {"story": story, "day": day or _("no day")}, True
        if request.headers.get("Accept") == "application/json":
            return JsonResponse({"said": said}, status=200 if ok else 400)
        self.message_user(request, said, messages.SUCCESS if ok else messages.ERROR)
        back = request.POST.get("back", "")
        query = f"?{back}" if back.startswith("view=") and "\n" not in back and len(back) < 100 else ""
        return redirect(reverse("admin:articles_article_calendar") + query)


def read_day(text):
    """The date that a text like 2026-11-25 means, from 1900 to 9000; None for anything else."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1900 <= day.year <= 9000 else None


def span(view, around):
    """(first, last) day of what is shown around a day; weeks begin on Monday."""
    if view == "month":
        first = around.replace(day=1)
        last = around.replace(day=calendar.monthrange(around.year, around.month)[1])
        return first - timedelta(days=first.weekday()), last + timedelta(days=6 - last.weekday())
    monday = around - timedelta(days=around.weekday())
    return (monday, monday + timedelta(days=6)) if view == "week" else (around, around + timedelta(days=LIST_DAYS - 1))


def neighbors(view, around, first, last):
    """A day of the page before and one of the page after."""
    if view != "month":
        return first - timedelta(days=1 if view == "week" else LIST_DAYS), last + timedelta(days=1)
    start = around.replace(day=1)
    return start - timedelta(days=1), (start + timedelta(days=32)).replace(day=1)
