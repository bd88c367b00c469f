"""My paper: stories that a reader has saved, what the reader follows, and the page made of it.

Public pages are the same for everybody, so what they offer here are links; the reader's state stands on these pages.
"""

import re

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from articles.cards import load_cards
from articles.dates import day_of
from articles.models import Article, Reporter, Tag
from articles.paging import page_of, read_cursor
from newsletters import digests
from readers.requests import wants_json
from sections.models import Section

from .models import Digest, Follow, SavedStory

# More than anybody reads; a page of them stays small, and so does what a digest is worked out from.
MOST_SAVED = MOST_FOLLOWED = 300


@login_required
@require_safe
def saved(request):
    """Saved stories that are public, the one saved last first. 2 queries."""
    ids = list(SavedStory.objects.of(request.user).values_list("article", flat=True)[:MOST_SAVED])
    cards = load_cards(ids)
    stories = [cards[pk] for pk in ids if pk in cards]
    return TemplateResponse(request, "mypaper/saved.html", {"stories": stories})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def save(request):
    """Asks whether to save a story (`story`, its address) or to take it off; by POST does so (`keep`, 1 or 0)."""
    story = _story(request.GET.get("story", ""))
    mine = SavedStory.objects.filter(user=request.user, article=story.pk)
    if request.method == "POST":
        if request.POST.get("keep") != "1":
            mine.delete()
            return _done(request, "saved_stories", "Taken off your list.")
        others = SavedStory.objects.filter(user=request.user).exclude(article=story.pk)
        if others.count() >= MOST_SAVED:
            full = f"You have saved {MOST_SAVED} stories: take one off the list first."
            return _done(request, "saved_stories", full, refused=True)
        SavedStory.objects.get_or_create(user=request.user, article_id=story.pk)
        return _done(request, "saved_stories", "Saved.")
    return TemplateResponse(request, "mypaper/save.html", {"story": story, "is_saved": mine.exists()})


def _done(request, page, said, refused=False):
    """Says what was done: to a script of the page in place (static/js/in-place.js), else on the page of the list."""
    if wants_json(request):
        return JsonResponse({"said": said}, status=422 if refused else 200)
    messages.add_message(request, messages.ERROR if refused else messages.SUCCESS, said)
    return redirect(page)


def _story(address):
    """The public story at an address, as a card. Raises Http404 without one."""
    parts = re.fullmatch(r"/([0-9]{4})/([0-9]{2})/([0-9]{2})/([\w-]{1,120})/", address)
    day = day_of(*parts.groups()[:3]) if parts else None
    pk = (
        day and Article.objects.published().filter(address_date=day, slug=parts[4]).values_list("pk", flat=True).first()
    )
    found = load_cards([pk]) if pk else {}
    if pk not in found:
        raise Http404("There is no such story.")
    return found[pk]


@login_required
@require_safe
def history(request):
    """The page on which static/js/history.js shows what was read; the paper itself knows nothing of it."""
    return TemplateResponse(request, "mypaper/history.html", {})


@login_required
@require_safe
def for_you(request):
    """The newest of everything that the reader follows, and the switch of the digest. 5 queries."""
    follows = list(Follow.objects.of(request.user))
    page = page_of(Follow.objects.stories_for(request.user), read_cursor(request.GET.get("before")))
    digest = Digest.objects.filter(user=request.user).first() or Digest(user=request.user, ended_at=timezone.now())
    context = {"page": page, "follows": follows, "digest": digest, "hours": Digest.Hour.choices}
    return TemplateResponse(request, "mypaper/for_you.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def digest(request):
    """By POST switches the reader's digest on (`hour`, one of `Digest.Hour`) or off (`keep` is 0); then “For you”."""
    if request.method == "POST":
        if request.POST.get("keep") == "0":
            digests.switch_off(request.user)
            messages.success(request, "Your daily digest is off.")
        else:
            _switch_on(request)
    return redirect(f"{reverse('for_you')}#digest")


def _switch_on(request):
    hours = {str(hour): hour for hour in Digest.Hour}
    hour = hours.get(request.POST.get("hour", ""))
    if hour is None:
        messages.error(request, "Choose one of the hours for your daily digest.")
    elif not settings.MAIL_WORKS:
        messages.error(request, "No mail can be sent at present. Please try again another day.")
    else:
        try:
            digests.switch_on(request.user, hour)
        except digests.Unconfirmed:
            messages.error(request, "Confirm the address of your account first: then the digest can come to it.")
        except digests.Suppressed:
            messages.error(
                request,
                f"Mail to {request.user.email} came back or was called spam, so none is sent there. Change the address "
                "of your account, or order a newsletter and confirm it; then switch on the digest.",
            )
        else:
            messages.success(request, f"Your daily digest is on: it comes at {hour.label} Seoul time.")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def follow(request):
    """Asks whether to follow a section, reporter or topic, or to stop; by POST does so (`keep`, 1 or 0)."""
    kind, what = _followed(request.GET)
    mine = Follow.objects.filter(user=request.user, **{kind: what})
    if request.method == "POST":
        if request.POST.get("keep") == "1":
            if Follow.objects.filter(user=request.user).count() >= MOST_FOLLOWED:
                full = f"You follow {MOST_FOLLOWED} things: stop following one of them first."
                return _done(request, "for_you", full, refused=True)
            Follow.objects.get_or_create(user=request.user, **{kind: what})
            return _done(request, "for_you", f"You follow {what.name} now.")
        mine.delete()
        return _done(request, "for_you", f"You do not follow {what.name} any more.")
    context = {"what": what, "kind": {"tag": "topic"}.get(kind, kind), "is_followed": mine.exists()}
    return TemplateResponse(request, "mypaper/follow.html", context)


def _followed(asked):
    rows = {
        "section": Section.objects.with_parent().filter(path=asked.get("section", "")),
        "reporter": Reporter.objects.filter(slug=asked.get("reporter", "")),
        "tag": Tag.objects.public().filter(slug=asked.get("topic", "")),
    }
    for kind, found in rows.items():
        if asked.get({"tag": "topic"}.get(kind, kind)) and (what := found.first()):
            return kind, what
    raise Http404("There is nothing of this name to follow.")
