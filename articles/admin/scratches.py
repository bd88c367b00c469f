"""Nothing typed is lost: unsaved words are kept beside the story, and everybody sees who else is in it."""

import uuid
from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import JsonResponse, QueryDict
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from articles.desks import desk_of
from articles.models import Presence, Scratch

# Somebody who was not heard of for this long has closed the story, or lost the connection.
GONE_AFTER = timedelta(seconds=75)
KEPT_FOR = timedelta(days=30)
# What belongs to one press of a button, not to the words.
NOT_KEPT = {"csrfmiddlewaretoken", "_act", "_save", "_continue", "_addanother", "_recover", "_resolve", "beat", "leave"}


class Scratches:
    """The part of the story's admin that keeps unsaved words and tells who is in a story."""

    def get_urls(self):
        view = self.admin_site.admin_view(require_POST(self.scratch_view))
        return [
            path("scratch/", view, name="articles_article_scratch_new"),
            path("<int:pk>/scratch/", view, name="articles_article_scratch"),
            *super().get_urls(),
        ]

    def scratch_view(self, request, pk=None):
        """Keeps what was typed (with `beat` only says that the form is still open), and answers with who else is here.

        JSON: `saved` (a time of day in Seoul, or nothing), `scratch` (what the form recovers by), `version` (the
        story's, raised by every save), `others` (sentences), `stale` (a sentence once somebody has saved since).
        """
        story = None
        if pk is not None:
            story = self.get_object(request, str(pk))
            if story is None or not desk_of(request.user).may_illustrate(story):
                raise PermissionDenied
        elif not self.has_add_permission(request):
            raise PermissionDenied
        if "leave" in request.POST:
            Presence.objects.filter(article=story, user=request.user).delete()
            return JsonResponse({})
        answer = {"saved": "", "others": [], "stale": ""}
        if "beat" not in request.POST and (scratch := keep(request.user, story, request.POST)):
            answer |= {"saved": f"{timezone.localtime():%H:%M:%S}", "scratch": scratch.pk}
        opened = request.POST.get("opened_version", "")
        if story:
            answer["others"] = [said_of(presence) for presence in arrive(story, request.user)]
            answer["version"] = story.edit_version
            if opened.isdecimal() and int(opened) != story.edit_version:
                answer["stale"] = _(
                    "Somebody has saved this story since you opened it. Go on writing: when you save, both texts are "
                    "shown and you choose."
                )
        return JsonResponse(answer)

    def before_post(self, request, object_id):
        """Puts unsaved words in the place of what was posted, or throws them away; a response if that is all."""
        if "_recover" not in request.POST and "_forget" not in request.POST:
            return None
        given = request.POST.get("_recover") or request.POST.get("_forget") or ""
        mine = Scratch.objects.filter(user=request.user, pk=given if given.isdecimal() else None)
        scratch = mine.first()
        here = request.path
        if scratch is None or "_forget" in request.POST:
            mine.delete()
            return redirect(here)
        data = QueryDict(mutable=True)
        for name, values in scratch.data.items():
            data.setlist(name, values)
        request.POST, request.recovering = data, True
        return None

    def unsaved(self, request, story, form):
        """What the form says of unsaved words and of others who are here. At most four queries."""
        if request.method == "POST":  # with the words in it
            return {"scratch_url": self.scratch_url(story)}
        context = {"scratch_url": self.scratch_url(story)}
        mine = Scratch.objects.filter(user=request.user).defer("data")
        if story is None:
            form.initial["scratch_key"] = uuid.uuid4()
            return context | {"scratches": list(mine.filter(article=None)[:10])}
        context["scratches"] = list(mine.filter(article=story))
        if desk_of(request.user).may_illustrate(story):
            context["others"] = [said_of(presence) for presence in arrive(story, request.user)]
        return context

    def scratch_url(self, story):
        """Where the form sends what is typed."""
        if story is None:
            return reverse("admin:articles_article_scratch_new")
        return reverse("admin:articles_article_scratch", args=[story.pk])


def keep(user, story, posted):
    """Keeps posted fields as somebody's unsaved words on a story, or on the new one that their key names; the Scratch.

    Nothing without a key. Two queries.
    """
    # PostgreSQL keeps no NUL, in JSON neither.
    data = {
        name: [value.replace("\0", "") for value in values]
        for name, values in posted.lists()
        if name not in NOT_KEPT and "\0" not in name
    }
    fields = {
        "headline": posted.get("headline", "")[:200].replace("\0", ""),
        "data": data,
        "saved_at": timezone.now(),
        "opened_version": read_number(posted.get("opened_version")),
    }
    if story is None:
        try:
            key = uuid.UUID(posted.get("scratch_key", ""))
        except ValueError:
            return None
        Scratch.objects.filter(user=user, saved_at__lt=timezone.now() - KEPT_FOR).delete()
        return Scratch.objects.update_or_create(user=user, key=key, defaults=fields)[0]
    return Scratch.objects.update_or_create(user=user, article=story, defaults=fields)[0]


def read_number(text):
    """A posted whole number, None for anything else."""
    text = text or ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def forget(user, form):
    """Throws somebody's unsaved words away, as they were saved. One query."""
    key = form.cleaned_data.get("scratch_key")
    of_new = Q(key=key) if key else Q(pk=None)
    Scratch.objects.filter(Q(article=form.instance.pk) | of_new, user=user).delete()


def arrive(story, user):
    """Notes that somebody has the story open; returns the Presences of all others. Three queries."""
    now = timezone.now()
    here, is_new = Presence.objects.get_or_create(article=story, user=user, defaults={"since": now, "seen_at": now})
    if not is_new:
        since = here.since if now - here.seen_at < GONE_AFTER else now
        Presence.objects.filter(pk=here.pk).update(seen_at=now, since=since)
    others = Presence.objects.filter(article=story, seen_at__gt=now - GONE_AFTER).exclude(user=user)
    return list(others.select_related("user"))


def said_of(presence):
    """Who is in a story since when, in a sentence."""
    name = presence.user.get_full_name() or presence.user.get_username()
    since = f"{timezone.localtime(presence.since):%H:%M}"
    return _("%(name)s is editing since %(since)s") % {"name": name, "since": since}
