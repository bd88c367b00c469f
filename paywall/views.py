"""The rest of a premium story, for one reader: a whole page, and a part of one that `static/js/rest.js` fetches.

Looking never spends the reader's allowance, so programs that fetch links ahead cannot; a button does, by POST.
"""

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_http_methods

from articles.body import parts_of
from articles.models import Article
from articles.opening import closed, rest_of
from articles.reading import minutes_to_read

from .access import allowance_of, spend

METHODS = require_http_methods(["GET", "HEAD", "POST"])


@METHODS
def rest(request, pk):
    """The story on a page of its own, whole for who may read it, else with what it takes; by POST chooses it.

    404 for what is not public, a redirect to the story's page where nothing is locked. 7 queries and the frame's.
    """
    story, shown = _load(pk)
    if not shown.is_closed:
        return redirect(story)
    if request.method == "POST":
        spend(request.user, story)
        return redirect("rest", pk)
    allowance = allowance_of(request.user)
    if allowance.covers(story):
        shown = story
    context = {"story": shown, "allowance": allowance, "minutes": minutes_to_read(shown)}
    context |= {"transcript": _transcript(shown), **parts_of(shown)}
    return _answer(request, "paywall/rest.html", context)


@METHODS
def text(request, pk):
    """As `rest`, only what the story's page lacks: the locked part, or what it takes; by POST chooses it first.

    403 for strangers: the page says already what it takes of them.
    """
    story, shown = _load(pk)
    if not shown.is_closed:
        raise Http404("Nothing of this story is locked.")
    if request.method == "POST":
        spend(request.user, story)
    allowance = allowance_of(request.user)
    context = {"story": shown, "allowance": allowance}
    if allowance.kind == "nobody":
        raise PermissionDenied("Log in to read on.")
    if allowance.covers(story):
        context |= {"story": story, "is_open": True, "transcript": _transcript(story), **parts_of(rest_of(story))}
    return _answer(request, "paywall/text.html", context)


def _load(pk):
    """A public story with all that it says, and as everybody sees it. Three queries."""
    story = Article.objects.published().filter(pk=pk).for_feed().first()
    if story is None:
        raise Http404("There is no such story.")
    return story, closed(story)


def _transcript(story):
    film = getattr(story, "video", None)
    return mark_safe(film.transcript) if film else ""  # sanitised when it was stored


def _answer(request, template, context):
    """A page of one reader. Its frame and Cache-Control come from newsroom.middleware.AccountPages."""
    context["free_a_month"] = settings.PREMIUM_FREE_A_MONTH
    response = TemplateResponse(request, template, context)
    response["X-Robots-Tag"] = "noindex"
    return response
