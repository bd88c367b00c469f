"""The front page, signing in, and pages for what goes wrong."""

import sys
from itertools import chain

from django.contrib.auth.views import LoginView
from django.contrib.postgres.expressions import ArraySubquery
from django.db import InterfaceError, OperationalError, connection
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.http import Http404, HttpResponse, HttpResponseServerError, StreamingHttpResponse
from django.template.loader import get_template
from django.views.decorators.http import require_safe

from articles import structured
from articles.cards import load_cards
from articles.dates import day_of
from articles.models import Article, RelatedArticle
from rankings.lists import load_lists
from readers.signing_in import AsksForCode
from sections.admin_base import paper_name
from sections.menu import load_frame
from sections.models import Section
from sections.pages import keep, render_page
from sections.surrogates import note, note_lists, note_until

from . import sitemaps

# Lists of the front page in the order of the page; those of the rail repeat what the page shows.
FRONT_LISTS = (
    *("front-lead", "front-top", "opinion", "darkroom", "video", "cartoon", "history"),
    *("ticker", "top-10", "top-5-entertainment"),
)
RAIL_LISTS = ("ticker", "top-10", "top-5-entertainment")
# Sections with a block of their own on the front page, and how many stories each shows.
BLOCKS = {
    "national": 6,
    "business": 4,
    "finance": 4,
    "lifestyle": 4,
    "entertainment": 4,
    "sports": 4,
    "world": 4,
    "north-korea": 3,
}
# Newest stories fetched of each section: enough that a block is full without those shown above it.
PER_SECTION = 14


@require_safe
def front(request):
    """The front page: what editors placed, then what is read, then the newest of each section. 8 queries."""
    sections = _newest_by_section()
    note_lists(*(f"section-{sections[path].pk}-stories" for path in BLOCKS if path in sections))
    lists = load_lists(*FRONT_LISTS)
    related = _related_to(lists.ids_of("front-lead"))
    articles = load_cards(lists.ids.union(*(section.newest for section in sections.values()), *related.values()))
    filled = lists.fill(articles)
    shown = {
        entry.article.pk
        for slug, story_list in filled.items()
        if slug not in RAIL_LISTS
        for entry in story_list.entries
    }
    lead = next(iter(filled["front-lead"].entries), None) if "front-lead" in filled else None
    below = related.get(lead.article.pk, ()) if lead else ()
    note(*(f"article-{pk}" for pk in below))
    below = [articles[pk] for pk in below if pk in articles and pk not in shown][:3]
    shown |= {article.pk for article in below}
    context = {
        "front": True,
        "structured": structured.of_front,
        "lists": filled,
        "lead": lead,
        "lead_related": below,
        "blocks": {
            path.replace("-", "_"): _block(sections[path], articles, shown, size)
            for path, size in BLOCKS.items()
            if path in sections
        },
    }
    return render_page("newsroom/front.html", context, canonical="/")


def _related_to(ids):
    """{id: ids of the stories related to it, in order}. One query."""
    found = {}
    rows = RelatedArticle.objects.filter(article__in=ids).order_by("position", "pk").values_list("article", "related")
    for article, related in rows:
        found.setdefault(article, []).append(related)
    return found


def _newest_by_section():
    """{path: top section}, each with `newest`: ids of its newest stories, subsections included. One query."""
    # Each section by itself, from the index of its stories: asked for together with its subsections, one that has
    # few stories would be looked for through the whole archive.
    stories = Article.objects.published().filter(section=OuterRef("pk")).latest_first()
    newest = stories.values(json=JSONObject(at="publish_at", id="pk"))[:PER_SECTION]
    found = list(Section.objects.annotate(stories=ArraySubquery(newest)))
    tops = {section.path: section for section in found if section.parent_id is None}
    for path, top in tops.items():
        below = (story for section in found if section.top_path == path for story in section.stories)
        ordered = sorted(below, key=lambda story: (story["at"], story["id"]), reverse=True)
        top.newest = [story["id"] for story in ordered[:PER_SECTION]]
    return tops


def _block(section, articles, shown, size):
    stories = [articles[pk] for pk in section.newest if pk in articles and pk not in shown][:size]
    # A block opens with a picture where one of its stories has one.
    stories.sort(key=lambda story: story.lead is None)
    return {"section": section, "stories": stories}


@require_safe
def site_map(request):
    """The site map for people: every section, and every page of the footer. Two queries."""
    note_lists("pages")
    return render_page("newsroom/sitemap.html", {}, canonical="/sitemap/")


@require_safe
def sitemap_index(request):
    """The index of the sitemaps for search engines, without that for news. 7 queries."""
    return _sitemap(sitemaps.document("sitemapindex", sitemaps.index_entries()))


@require_safe
def sitemap_month(request, year, month, part=None):
    """The stories of a month with their pictures, sent while they are read; 404 without any. 2 queries."""
    first = day_of(year, month)
    if first is None:
        raise Http404("There is no such month.")
    stories = sitemaps.of_month(first)
    entries = sitemaps.story_entries(sitemaps.part_of(stories, int(part or 1), sitemaps.PER_FILE))
    opening = next(entries, None)
    if opening is None:
        raise Http404("There is no such sitemap.")
    return _sitemap(sitemaps.document("urlset", chain([opening], entries), image=sitemaps.IMAGE), stream=True)


@require_safe
def sitemap_list(request, name, part=None):
    """Pages, sections, columns, topics or reporters; 404 without any. 2 queries at most."""
    rows = sitemaps.part_of(sitemaps.LISTS[name](), int(part or 1), sitemaps.PER_FILE)
    if not rows:
        raise Http404("There is no such sitemap.")
    entries = (sitemaps.entry(path, sitemaps.w3c(changed)) for path, changed in rows)
    return _sitemap(sitemaps.document("urlset", entries))


@require_safe
def sitemap_news(request, part=None):
    """The stories of the last 48 hours, or the index of their files where they fill several. 2 queries."""
    rows = sitemaps.news()
    if rows:
        note_until(rows[-1][2] + sitemaps.NEWS_AGE)  # it leaves the list then
    if part is None and len(rows) > sitemaps.NEWS_PER_FILE:
        return _sitemap(sitemaps.document("sitemapindex", sitemaps.news_index_entries(rows)))
    shown = sitemaps.part_of(rows, int(part or 1), sitemaps.NEWS_PER_FILE)
    if not shown and part not in (None, "1"):
        raise Http404("There is no such sitemap.")
    entries = sitemaps.news_entries(shown, paper_name())
    return _sitemap(sitemaps.document("urlset", entries, news=sitemaps.NEWS))


def _sitemap(pieces, stream=False):
    response = (StreamingHttpResponse if stream else HttpResponse)(pieces, content_type="application/xml")
    return keep(response)


class SignIn(AsksForCode, LoginView):
    """Signing in, for staff; never kept by any cache."""

    template_name = "newsroom/login.html"

    def get_context_data(self, **kwargs):
        return super().get_context_data(frame=load_frame(), path="/", **kwargs)

    def get_default_redirect_url(self):
        return "/admin/" if self.request.user.is_staff else "/"

    def render_to_response(self, context, **kwargs):
        response = super().render_to_response(context, **kwargs)
        response["Cache-Control"] = "no-store"
        return response


def page_not_found(request, exception=None):
    """The 404 page, for every address that leads nowhere. Two queries."""
    response = render_page("404.html", {}, status=404)
    # What an error answers passes no middleware on its way out that could choose the edition.
    response.using = "lite" if getattr(request, "is_lite", False) else None
    return response


def server_error(request):
    """The 500 page, which must not need the database; 503 with Retry-After while the database does not answer."""
    if not isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return HttpResponseServerError(get_template("500.html").render({}))
    headers = {"Retry-After": "5", "Cache-Control": "no-store"}
    return HttpResponse(get_template("503.html").render({}), status=503, headers=headers)


@require_safe
def health(request):
    """200 and `ok` while the database answers: for load balancers. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain", headers={"Cache-Control": "no-store"})
