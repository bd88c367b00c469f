"""The list of stories: filters, pages that never count the archive, searches that are kept."""

from datetime import timedelta
from urllib.parse import parse_qsl, urlencode

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import EmptyResultSet
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from articles.forms import LABELS
from articles.models import Article, SavedFilter
from articles.querysets import NOT_ON_CARDS
from sections.models import Section

# Up to this many rows are counted, more are estimated.
COUNTED = 1_000
LARGEST_ID = 2**63 - 1


class StateFilter(admin.SimpleListFilter):
    title, parameter_name = _("state"), "state"

    def lookups(self, request, model_admin):
        return [
            *(("draft", _("Draft")), ("in_review", _("In review")), ("scheduled", _("Scheduled"))),
            *(("public", _("Public")), ("withdrawn", _("Withdrawn")), ("waiting", _("Change waits"))),
        ]

    def queryset(self, request, queryset):
        now = timezone.now()
        match self.value():
            case "public":
                return queryset.published(now)
            case "withdrawn":
                return queryset.withdrawn(now)
            case "scheduled":
                return queryset.filter(status=Article.Status.READY, publish_at__gt=now)
            case "waiting":
                return queryset.filter(versions__base__isnull=False)
            case "draft" | "in_review" as status:
                return queryset.filter(status=status)


class MineFilter(admin.SimpleListFilter):
    title, parameter_name = _("written by"), "mine"

    def lookups(self, request, model_admin):
        return [("yes", _("Me"))]

    def queryset(self, request, queryset):
        if self.value() == "yes":
            return queryset.filter(writer=request.user)


class SectionFilter(admin.SimpleListFilter):
    title, parameter_name = _("section"), "in"

    def lookups(self, request, model_admin):
        return list(Section.objects.top().values_list("path", "name"))

    def queryset(self, request, queryset):
        if not self.value():
            return queryset
        inside = Section.objects.filter(Q(path=self.value()) | Q(parent__path=self.value()))
        return queryset.filter(section__in=list(inside.order_by().values_list("pk", flat=True)))


class LabelFilter(admin.SimpleListFilter):
    title, parameter_name = _("label"), "label"

    def lookups(self, request, model_admin):
        return [(label, label) for label in LABELS] + [("none", _("No label"))]

    def queryset(self, request, queryset):
        if self.value():
            return queryset.filter(label="" if self.value() == "none" else self.value())


class DayFilter(admin.SimpleListFilter):
    title, parameter_name = _("public from"), "day"

    def lookups(self, request, model_admin):
        return [
            ("next", _("Next 7 days")),
            ("today", _("Today")),
            ("yesterday", _("Yesterday")),
            ("week", _("Last 7 days")),
        ]

    def queryset(self, request, queryset):
        today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        day = timedelta(days=1)
        periods = {
            "next": (timezone.now(), today + 8 * day),
            "today": (today, today + day),
            "yesterday": (today - day, today),
            "week": (today - 6 * day, today + day),
        }
        if period := periods.get(self.value()):
            return queryset.filter(publish_at__gte=period[0], publish_at__lt=period[1])


class Uncounted(Paginator):
    """The one page that a keyset list shows: `StoryChangeList` loads it, so nothing is left to be counted."""

    @cached_property
    def count(self):
        return self.per_page


class StoryChangeList(ChangeList):
    """The stories newest first, by keyset: `?older=<id>` shows what comes after that story, `?newer=<id>` before it.

    Unfinished stories without a moment come first. No page counts or skips the archive; `about` is the number of
    stories that the filters let through, exact up to 1,000 and the planner's estimate above.
    """

    cursor, backwards = None, False

    def get_filters_params(self, params=None):
        params = super().get_filters_params(params)
        for name in ("older", "newer"):
            text = params.pop(name, "")
            text = text[-1] if isinstance(text, list) else text
            if text.isascii() and text.isdecimal() and int(text) <= LARGEST_ID:
                self.cursor, self.backwards = int(text), name == "newer"
        return params

    def get_queryset(self, request, exclude_parameters=None):
        return super().get_queryset(request, exclude_parameters).defer(*NOT_ON_CARDS)

    def get_ordering(self, request, queryset):
        return ["-publish_at", "-id"]

    def get_results(self, request):
        size = self.list_per_page
        rows = self.beyond_cursor(self.queryset)
        found = list((rows.reverse() if self.backwards else rows)[: size + 1])
        more, found = len(found) > size, found[:size]
        if self.backwards:
            found.reverse()
        self.paginator = Uncounted([], size)
        self.result_list = self.queryset.all()
        self.result_list._result_cache, self.result_list._prefetch_done = found, True
        self.about, self.is_exact = count_roughly(self.queryset)
        self.result_count = self.full_result_count = self.about
        self.show_full_result_count = False
        self.show_admin_actions = bool(found)
        self.can_show_all = self.multi_page = False
        has_older = more if not self.backwards else bool(found)
        has_newer = more if self.backwards else self.cursor is not None and bool(found)
        self.older = self.page_link("older", found[-1].pk) if found and has_older else ""
        self.newer = self.page_link("newer", found[0].pk) if found and has_newer else ""
        self.first = self.get_query_string(remove=["older", "newer"]) if self.cursor is not None else ""

    def page_link(self, name, pk):
        """The query string of the page beyond a story, filters kept."""
        return self.get_query_string({name: pk}, remove=["older", "newer", "p"])

    def beyond_cursor(self, rows):
        """What comes after the story of the cursor, or before it; everything if there is no such story."""
        if self.cursor is None:
            return rows
        place = Article.objects.filter(pk=self.cursor).values_list("publish_at", flat=True).first
        found = Article.objects.filter(pk=self.cursor).exists() if (moment := place()) is None else True
        if not found:
            self.cursor = None
            return rows
        return rows.desk_newer(moment, self.cursor) if self.backwards else rows.desk_older(moment, self.cursor)


def count_roughly(rows):
    """(number, whether it is exact) of the rows of a query set. At most two queries, both cheap."""
    # Values, as a plan with all columns would only be longer.
    try:
        sql, params = rows.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:  # a filter that nothing can meet
        return 0, True
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        estimate = round(cursor.fetchone()[0][0]["Plan"]["Plan Rows"])
    if estimate > 20 * COUNTED:
        return estimate, False
    counted = rows.order_by().values("pk")[: COUNTED + 1].count()
    return (counted, True) if counted <= COUNTED else (max(estimate, counted), False)


# ---- searches that are kept


def saved_filters(user, query):
    """The kept searches that a user sees, each with its `address` and whether it `is_now` the one shown. One query."""
    found = SavedFilter.objects.filter(Q(user=user) | Q(shared=True)).select_related("user")
    now = tidy_query(query)
    return [{"row": row, "address": f"?{row.query}", "is_now": row.query == now} for row in found]


def tidy_query(query):
    """A query string with what belongs to a page of the list, not to the search, left out."""
    kept = [(name, value) for name, value in parse_qsl(query) if name not in ("older", "newer", "p", "e") and value]
    return urlencode(sorted(kept))
