"""Ranked lists in the admin: what stands where and why, placing stories, and the counts behind it."""

from dataclasses import dataclass

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from articles.models import Article
from articles.querysets import NOT_ON_CARDS
from rankings.forms import PlaceForm
from rankings.lists import load_lists
from rankings.models import Placement, RankedStory, ReadCount, StoryList
from rankings.placing import end, place
from sections.admin_base import PaperAdmin, seoul

from .why import because, may_place_on, placed_by

LONG_COLUMNS = [f"article__{name}" for name in NOT_ON_CARDS]


@dataclass
class Standing:
    """A place of a list as readers see it now: the story, the words it has there, and why."""

    position: int
    article: Article
    headline: str
    why: str


def standing_now(story_list):
    """What readers see on a list at this moment, in order, with the reason for each place. Four queries."""
    lists = load_lists(story_list.slug)
    articles = {a.pk: a for a in Article.objects.published().filter(pk__in=lists.ids).defer(*NOT_ON_CARDS)}
    placed = {row.position: row for row in story_list.placements.in_force().select_related("placed_by")}
    ranked = {row.article_id: row for row in RankedStory.objects.filter(story_list=story_list).in_force()}
    filled = lists.fill(articles).get(story_list.slug)
    shown = []
    for position, entry in enumerate(filled.entries if filled else (), 1):
        found = next((row for row in placed.values() if entry.article.pk in (row.article_id, row.fallback_id)), None)
        why = placed_by(found) if entry.by_editor and found else because(ranked.get(entry.article.pk))
        shown.append(Standing(position, entry.article, entry.headline, why))
    return shown


def placements_to_come(story_list):
    """Placements that hold a position now or have booked one. One query."""
    return list(
        story_list.placements.filter(
            Q(period__upper_inf=True) | Q(period__endswith__gt=timezone.now()), cancelled_at=None
        )
        .select_related("article", "placed_by")
        .defer(*LONG_COLUMNS)
        .order_by("position", "period")
    )


@admin.register(StoryList)
class StoryListAdmin(PaperAdmin):
    list_display = ["places", "size", "section", "fill", "shown_on", "position", "settings_link"]
    list_display_links = None
    list_select_related = ["section"]
    search_fields = ["title", "slug"]
    autocomplete_fields = ["section"]
    fieldsets = [
        (None, {"fields": ["title", "slug", "size", "section", "front", "layout", "shown_on", "position"]}),
        (
            _("Places that editors leave free"),
            {"fields": ["fill", "window_hours", "half_life_hours", "max_age_hours", "repeats"]},
        ),
    ]

    def get_readonly_fields(self, request, obj=None):
        return ["slug"] if obj else []

    @admin.display(description=_("list"), ordering="title")
    def places(self, story_list):
        return format_html('<a href="{}">{}</a>', places_url(story_list.pk), story_list.title)

    @admin.display(description=_("settings"))
    def settings_link(self, story_list):
        return format_html('<a href="{}">{}</a>', self.change_url(story_list.pk), gettext("Settings"))

    # Whoever comes from the desk of a front (`?front=` its id) goes back there.

    def response_post_save_add(self, request, obj):
        return self.back_to_desk(request, obj) or super().response_post_save_add(request, obj)

    def response_post_save_change(self, request, obj):
        return self.back_to_desk(request, obj) or super().response_post_save_change(request, obj)

    def back_to_desk(self, request, story_list):
        """The way to the desk of a zone's front for whoever came from one; else None."""
        if "front" in request.GET and story_list.front_id:
            return redirect("admin:rankings_front_desk", story_list.front_id)
        return None

    def why_not_delete(self, story_list):
        if story_list.placements.exists():
            return gettext(
                "“%(list)s” has placements, which are the record of what stood on the page: it cannot be deleted."
            ) % {"list": story_list}
        return ""

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/places/", view(self.places_view), name="rankings_storylist_places"),
            path(
                "<int:pk>/end/<int:placement>/",
                view(require_POST(self.end_view)),
                name="rankings_storylist_end",
            ),
            *super().get_urls(),
        ]

    def places_view(self, request, pk):
        """What stands on the list and why, with a form to place a story and buttons to end placements."""
        story_list = self.get_object(request, str(pk))
        if not self.has_view_permission(request, story_list):
            raise PermissionDenied
        if story_list is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
        may_place = may_place_on(request.user, story_list, "rankings.add_placement")
        form = PlaceForm(story_list, request.POST if request.method == "POST" else None)
        if request.method == "POST":
            if not may_place:
                raise PermissionDenied
            if form.is_valid() and self.place(request, story_list, form):
                return redirect(places_url(pk))
        context = {
            **self.admin_site.each_context(request),
            **{"title": story_list.title, "opts": self.opts, "story_list": story_list},
            **{"standing": standing_now(story_list), "placements": placements_to_come(story_list)},
            **{"form": form, "media": self.media + form.media},
            "may_place": may_place,
            "may_end": may_place_on(request.user, story_list, "rankings.change_placement"),
        }
        return TemplateResponse(request, "admin/rankings/storylist/places.html", context)

    def place(self, request, story_list, form):
        """Places the story of a valid form; False, with the reason in the form, where that is refused."""
        given = form.cleaned_data
        try:
            place(
                *(story_list, given["position"], given["article"]),
                ends=given["ends"],
                by=request.user,
                headline=given["headline"],
            )
        except ValidationError as error:
            form.explain(error)
            return False
        message = gettext("“%(story)s” was placed at position %(number)s.") % {
            "story": given["article"],
            "number": given["position"],
        }
        if not given["article"].is_public():
            message += " " + gettext("It is not public: readers see it there once it is.")
        self.log_change(request, story_list, message)
        self.message_user(request, message, messages.SUCCESS)
        return True

    def end_view(self, request, pk, placement):
        """Ends a placement that stands, or cancels a booked one."""
        story_list = self.get_object(request, str(pk))
        if story_list is None or not may_place_on(request.user, story_list, "rankings.change_placement"):
            raise PermissionDenied
        found = Placement.objects.filter(pk=placement, story_list=pk).select_related("article").first()
        if found is None:
            self.message_user(request, gettext("There is no such placement."), messages.ERROR)
        else:
            end(found)
            message = gettext("Position %(number)s is free: “%(story)s” left it.") % {
                "number": found.position,
                "story": found.article or found.working_title,
            }
            self.log_change(request, found.story_list, message)
            self.message_user(request, message, messages.SUCCESS)
        return redirect(places_url(pk))


def places_url(pk):
    """The address of the page that shows and fills a list's places."""
    return reverse("admin:rankings_storylist_places", args=[pk])


@admin.register(ReadCount)
class ReadCountAdmin(PaperAdmin):
    """Counts are written by the beacon; here they can only be looked at."""

    list_display = ["article", "hour_in_seoul", "reads"]
    list_display_links = None
    list_select_related = ["article"]
    ordering = ["-hour", "-id"]

    def get_queryset(self, request):
        return super().get_queryset(request).defer(*LONG_COLUMNS)

    @admin.display(description=_("hour from (Seoul time)"), ordering="hour")
    def hour_in_seoul(self, count):
        return seoul(count.hour)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
