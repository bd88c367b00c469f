"""My paper: stories that a reader has saved, what the reader follows, and the page made of it.

Public pages are the same for everybody, so what they offer here are links; the reader's state stands on these pages.
"""

import re

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods, require_safe

from articles.cards import load_cards
from articles.dates import day_of
from articles.models import Article, Reporter, Tag
from articles.paging import page_of, read_cursor
from readers.requests import wants_json
from sections.models import Section

from .models import Follow, SavedStory

# More than anybody reads; a page of them stays small.
MOST_SAVED = 300


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
def for_you(request):
    """The newest of everything that the reader follows. 4 queries."""
    follows = list(Follow.objects.of(request.user))
    page = page_of(Follow.objects.stories_for(request.user), read_cursor(request.GET.get("before")))
    return TemplateResponse(request, "mypaper/for_you.html", {"page": page, "follows": follows})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def follow(request):
    """Asks whether to follow a section, reporter or topic, or to stop; by POST does so (`keep`, 1 or 0)."""
    kind, what = _followed(request.GET)
    mine = Follow.objects.filter(user=request.user, **{kind: what})
    if request.method == "POST":
        if request.POST.get("keep") == "1":
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
