"""The desk of a front: the page as it will look, its places, and several changes published in one act."""

import json
from datetime import datetime, timedelta

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from articles.desks import desk_of
from articles.models import Article
from articles.previewing import as_preview, rolled_back
from articles.querysets import NOT_ON_CARDS
from photos.models import Photo
from rankings.fronts import fill_front, has_record, held_places
from rankings.models import Front, RankedStory
from rankings.placing import Change, Overtaken, change_front, last_act, state_of, take_back
from sections.admin_base import PaperAdmin, seoul
from sections.pages import render_page
from sections.shared import unshared

from .why import because, may_place_on, placed_by

FOUND = 15
MOST_CHANGES = 100


@admin.register(Front)
class FrontAdmin(PaperAdmin):
    list_display = ["open_desk", "page"]
    list_display_links = None
    list_select_related = ["section", "tag"]
    autocomplete_fields = ["section", "tag"]
    search_fields = ["section__name", "tag__name"]
    fields = ["section", "tag"]

    @admin.display(description=gettext_lazy("desk"))
    def open_desk(self, front):
        return format_html('<a href="{}">{}</a>', desk_url(front.pk), front)

    @admin.display(description=gettext_lazy("address"))
    def page(self, front):
        return format_html('<a href="{0}">{0}</a>', front.get_absolute_url())

    def why_not_delete(self, front):
        if front.zones.exists():
            return _("“%(front)s” has zones, which keep the record of what stood there: it cannot be deleted.") % {
                "front": front
            }
        return ""

    def get_urls(self):
        def own(route, view, name):
            return path(f"<int:pk>/{route}", self.admin_site.admin_view(view), name=f"rankings_front_{name}")

        return [
            own("desk/", require_GET(self.desk_view), "desk"),
            own("desk/publish/", require_POST(self.publish_view), "publish"),
            own("desk/preview/", require_POST(self.preview_view), "preview"),
            own("desk/undo/", require_POST(self.undo_view), "undo"),
            own("desk/stories/", require_GET(self.stories_view), "stories"),
            own("record/", require_GET(self.record_view), "record"),
            *super().get_urls(),
        ]

    def front_of(self, request, pk):
        """The front with its section and topic; refused for those who may not look at fronts."""
        front = Front.objects.select_related("section", "tag").filter(pk=pk).first()
        if front is None or not self.has_view_permission(request, front):
            raise PermissionDenied
        return front

    def desk_view(self, request, pk):
        """The zones with their places, a search for stories, and the page itself. About 15 queries."""
        front = self.front_of(request, pk)
        token, zones = standing_on(front, request.user)
        context = {
            **self.admin_site.each_context(request),
            **{"title": front, "opts": self.opts, "front": front, "zones": zones},
            **{"desk": {"token": token, "seen": seen(zones)}, "may_undo": last_act(front) is not None},
            "may_place": any(zone["may_place"] for zone in zones),
            "may_add": request.user.has_perm("rankings.add_storylist"),
            "may_set": request.user.has_perm("rankings.change_storylist"),
            "next_position": max((zone["order"] for zone in zones), default=0) + 1,
        }
        response = TemplateResponse(request, "admin/rankings/front/desk.html", context)
        response._csp_update = {"frame-src": ["'self'"]}  # the preview
        return response

    def publish_view(self, request, pk):
        """Takes `{token, seen, changes}`. 200 with `said`; 400 with sentences; 409 with what others changed."""
        front = self.front_of(request, pk)
        try:
            asked = json.loads(request.body)
            changes = read_changes(front, asked["changes"], request.user)
            token, mine = str(asked["token"]), dict(asked.get("seen") or {})
        except (ValueError, KeyError, TypeError):
            return JsonResponse({"said": [_("The changes could not be read: load the page again.")]}, status=400)
        except ValidationError as error:
            return JsonResponse({"said": error.messages}, status=400)
        try:
            change_front(front, changes, token, by=request.user)
        except Overtaken:
            return JsonResponse(self.overtaken(front, mine, request.user), status=409)
        except ValidationError as error:
            return JsonResponse({"said": error.messages}, status=400)
        said = _("Published: %(count)s changes of “%(front)s”.") % {"count": len(changes), "front": front}
        self.log_change(request, front, said)
        self.message_user(request, said, messages.SUCCESS)
        return JsonResponse({"said": [said]})

    def overtaken(self, front, mine, user):
        """What others changed meanwhile: the new token and state, and each place that differs from what was seen."""
        token, zones = standing_on(front, user)
        now = seen(zones)
        theirs = [
            {
                **{"zone": zone["title"], "key": f"{zone['slug']}:{place['position']}", "position": place["position"]},
                **{"headline": place["headline"], "why": place["why"]},
            }
            for zone in zones
            for place in zone["places"]
            if now.get(f"{zone['slug']}:{place['position']}") != mine.get(f"{zone['slug']}:{place['position']}")
        ]
        said = _("Somebody else changed this front while you worked on it. Nothing of yours is published yet.")
        return {"said": [said], "token": token, "seen": now, "theirs": theirs}

    def preview_view(self, request, pk):
        """The page with changes that are not published, at a moment; nothing of it is kept."""
        front = self.front_of(request, pk)
        at = read_moment(request.POST.get("at", ""))
        said = ""
        with rolled_back(), unshared():
            try:
                changes = read_changes(front, json.loads(request.POST.get("changes") or "[]"), request.user)
                if changes:
                    change_front(front, changes, None, by=request.user)
            except (ValueError, KeyError, TypeError):
                said = _("The changes could not be read.")
            except ValidationError as error:
                said = " ".join(error.messages)
            page = fill_front(front, at, readers=False)
            note = _("Preview: the page at %(moment)s.") % {"moment": seoul(at)} if at else ""
            note = said or note or _("Preview: the page with your changes.")
            context = {"front": True, "page": page, "lists": page.lists}
            response = as_preview(render_page("newsroom/front.html", context, max_age=0), note)
        return response

    def undo_view(self, request, pk):
        """Takes the last act back, unless somebody has changed the front since the page was loaded."""
        front = self.front_of(request, pk)
        act = last_act(front)
        if not all(may_place_on(request.user, zone, "rankings.add_placement") for zone in front.zones.all()):
            raise PermissionDenied
        try:
            if act is None:
                raise ValidationError(_("There is nothing to take back."))
            take_back(front, act, request.POST.get("token", ""), by=request.user)
        except Overtaken:
            self.message_user(
                request,
                _("Somebody has changed the front since: look at it, then take back what you want."),
                messages.ERROR,
            )
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
        else:
            said = _("The last changes of “%(front)s” were taken back.") % {"front": front}
            self.log_change(request, front, said)
            self.message_user(request, said, messages.SUCCESS)
        return redirect(desk_url(pk))

    def stories_view(self, request, pk):
        """Stories that match `q`, drafts too, as a place can wait: `{found: [{id, headline, said, public}]}`."""
        self.front_of(request, pk)
        admin = self.admin_site.get_model_admin(Article)
        stories = desk_of(request.user).choosable(Article.objects.all())
        stories, _many = admin.get_search_results(request, stories, request.GET.get("q", "")[:200])
        found = stories.select_related("section__parent").defer(*NOT_ON_CARDS)
        found = found.order_by("-publish_at", "-pk")[:FOUND]
        rows = [
            {
                "id": story.pk,
                "headline": story.headline,
                "said": " · ".join(filter(None, [story.filed_under, seoul(story.publish_at), story.state])),
                "public": story.is_public(),
            }
            for story in found
        ]
        return JsonResponse({"found": rows})

    def record_view(self, request, pk):
        """The front as it stood or will stand at a moment, who placed what there, and for how long."""
        front = self.front_of(request, pk)
        at = read_moment(request.GET.get("at", "")) or timezone.now()
        local = timezone.localtime(at)
        start = local.replace(hour=0, minute=0, second=0, microsecond=0)
        held = held_places(front, start, start + timedelta(days=1), readers=False)
        context = {
            **self.admin_site.each_context(request),
            **{"title": front, "opts": self.opts, "front": front, "at": local, "held": held},
            **{"page": fill_front(front, at, readers=False), "known": has_record(front, at)},
        }
        return TemplateResponse(request, "admin/rankings/front/record.html", context)


def desk_url(pk):
    """The address of a front's desk."""
    return reverse("admin:rankings_front_desk", args=[pk])


def standing_on(front, user):
    """(token, zones): every place as readers see it now, with the reason, and what is booked. 8 queries."""
    token, placements = state_of(front)
    page = fill_front(front)
    ranked = {
        (row.story_list_id, row.article_id): row
        for row in RankedStory.objects.in_force().filter(story_list__front=front)
    }
    now = timezone.now()
    current = {(p.story_list_id, p.position): p for p in placements if p.period.lower <= now}
    photos = Photo.objects.only("alt_text", "original_name", "uuid").in_bulk({p.photo_id for p in placements} - {None})
    zones = []
    for zone in page.zones:
        each, places = zone.story_list, []
        for position in range(1, each.size + 1):
            entry, placement = zone.filled.places.get(position), current.get((each.pk, position))
            if entry and not entry.by_editor:
                why = because(ranked.get((each.pk, entry.article.pk)))
            else:
                why = placed_by(placement) if placement else ""
            places.append(
                {
                    "position": position,
                    "placement": placement.pk if placement else None,
                    "article": entry.article.pk if entry else None,
                    "headline": entry.headline if entry else str(placement) if placement else "",
                    "own": json.dumps(own_of(placement, photos) if placement else {}),
                    "placed": placement is not None,
                    "waits": placement is not None and (entry is None or entry.article.pk != placement.article_id),
                    "why": why,
                }
            )
        zones.append(
            {
                **{"slug": each.slug, "title": each.title, "pk": each.pk, "places": places},
                **{"layout": each.get_layout_display(), "rule": each.get_fill_display(), "order": each.position},
                "may_place": may_place_on(user, each, "rankings.add_placement"),
                "booked": [p for p in placements if p.story_list_id == each.pk and p.period.lower > now],
            }
        )
    return token, zones


def own_of(placement, photos):
    """What a placement says beside its story, as the desk sends it again when the story moves."""
    ends = placement.period.upper
    return {
        **{name: getattr(placement, name) for name in ("working_title", "headline", "deck", "reason")},
        **{"photo": placement.photo_id, "photo_words": str(photos.get(placement.photo_id, ""))},
        **{"fallback": placement.fallback_id, "fallback_words": str(placement.fallback or "")},
        "ends": f"{timezone.localtime(ends):%Y-%m-%dT%H:%M}" if ends else "",
    }


def seen(zones):
    """{place: placement or story} of zones as `standing_on` gives them, to tell later what differs."""
    return {
        f"{zone['slug']}:{place['position']}": place["placement"] and f"p{place['placement']}"
        for zone in zones
        for place in zone["places"]
    }


def read_changes(front, lines, user):
    """The Changes that a browser sent; ValidationError with a sentence for what is wrong. 4 queries."""
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        raise ValidationError(_("The changes could not be read: load the page again."))
    if len(lines) > MOST_CHANGES:
        raise ValidationError(_("Publish at most %(most)s changes at once.") % {"most": MOST_CHANGES})
    zones = {zone.slug: zone for zone in front.zones.select_related("section")}
    articles = Article.objects.filter(pk__in=_ids(lines, "article", "fallback"))
    stories = {story.pk: story for story in desk_of(user).choosable(articles).defer(*NOT_ON_CARDS)}
    photos = {photo.pk: photo for photo in Photo.objects.filter(pk__in=_ids(lines, "photo"))}
    return [_change(line, zones, stories, photos, user) for line in lines]


def _ids(lines, *names):
    found = [line.get(name) for line in lines for name in names if line.get(name)]
    if not all(isinstance(pk, int) and 0 < pk < 2**63 for pk in found):
        raise ValidationError(_("A story or photo of your changes is not there any more: choose another."))
    return found


def _change(line, zones, stories, photos, user):
    zone = zones.get(str(line.get("zone")))
    if zone is None:
        raise ValidationError(_("This front has no zone “%(zone)s”.") % {"zone": line.get("zone")})
    if not may_place_on(user, zone, "rankings.add_placement"):
        raise ValidationError(_("You may not change the zone “%(zone)s”.") % {"zone": zone.title})
    starts, ends = (read_moment(line.get(name) or "") for name in ("starts", "ends"))
    for name, found in (("starts", starts), ("ends", ends)):
        if line.get(name) and found is None:
            raise ValidationError(_("“%(text)s” is no time: write it like 2026-11-30 09:00.") % {"text": line[name]})
    named = {name: line[name] for name in ("article", "fallback") if line.get(name)}
    if not all(pk in stories for pk in named.values()) or (line.get("photo") and line["photo"] not in photos):
        raise ValidationError(_("A story or photo of your changes is not there any more: choose another."))
    limits = {"headline": 200, "deck": 1_000, "reason": 200, "working_title": 200}
    words = {name: " ".join(str(line.get(name) or "").replace("\0", "").split()) for name in limits}
    for name, most in limits.items():
        if len(words[name]) > most:
            raise ValidationError(_("Write at most %(most)s characters.") % {"most": most})
    words |= {"fallback": stories.get(named.get("fallback")), "photo": photos.get(line.get("photo"))}
    if not isinstance(line.get("position"), int):
        raise ValidationError(_("Say at which place the story stands."))
    return Change(zone, line["position"], stories.get(named.get("article")), starts, ends, words)


def read_moment(text):
    """The moment that a text like 2026-11-30T09:00 means in Seoul; None for any other."""
    try:
        return timezone.make_aware(datetime.fromisoformat(str(text).strip()[:16].replace(" ", "T")))
    except ValueError:
        return None
