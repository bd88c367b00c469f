"""The front page, signing in, and pages for what goes wrong."""

import sys
from datetime import datetime, time, timedelta
from itertools import chain

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.http import Http404, HttpResponse, HttpResponseServerError, StreamingHttpResponse
from django.template.loader import get_template
from django.utils import timezone
from django.views.decorators.http import require_safe

from articles import structured
from articles.dates import ONE_DAY, day_of
from rankings.fronts import RAIL, fill_front, find_front, has_record, held_places, show_front
from rankings.lists import show_lists
from sections.admin_base import paper_name
from sections.models import Section
from sections.pages import keep, render_page
from sections.surrogates import note_lists, note_until

from . import sitemaps


@require_safe
def front(request):
    """The front page: what editors placed, then what is read and what is newest. 7 queries."""
    note_lists()
    home = find_front()
    page = show_front(home) if home else None
    context = {
        "front": True,
        "structured": structured.of_front,
        "page": page,
        "lists": page.lists if page else show_lists(*RAIL),
    }
    return render_page("newsroom/front.html", context, canonical="/")


@require_safe
def front_at(request, year, month, day, clock, path=""):
    """A front as it stood at a minute of Seoul time, with how long each story held its place on that day.

    404 where the setting FRONT_ARCHIVE is off, for moments to come and for those that nothing is known of. 11 queries.
    """
    at = _minute(year, month, day, clock) if settings.FRONT_ARCHIVE else None
    section = Section.objects.with_parent().filter(path=path).first() if path else None
    front = find_front(section=section) if section or not path else None
    if front is None or at is None or at > timezone.now() or not has_record(front, at):
        raise Http404("Nothing is known of this page at that moment.")
    midnight = at.replace(hour=0, minute=0)
    page = fill_front(front, at)
    context = {
        "page": page,
        "front_page": front,
        "current": section.top_path if section else "",
        "lists": page.lists,
        "at": at,
        "held": held_places(front, midnight, midnight + ONE_DAY),
        "steps": [
            (words, _front_path(moment, path))
            for words, moment in (
                ("A day earlier", at - ONE_DAY),
                ("An hour earlier", at - timedelta(hours=1)),
                ("An hour later", at + timedelta(hours=1)),
                ("A day later", at + ONE_DAY),
            )
            if moment <= timezone.now() and (moment > at or has_record(front, moment))
        ],
    }
    return render_page("newsroom/front_at.html", context)


def _minute(year, month, day, clock):
    found = day_of(year, month, day)
    hour, minute = int(clock[:2]), int(clock[2:])
    if found is None or hour > 23 or minute > 59:
        return None
    return timezone.make_aware(datetime.combine(found, time(hour, minute)))


def _front_path(moment, path):
    return f"/front/{moment:%Y/%m/%d/%H%M}/" + (f"{path}/" if path else "")


@require_safe
def site_map(request):
    """The site map for people: every section, and every page of the footer. Two queries."""
    note_lists("pages")
    return render_page("newsroom/sitemap.html", {}, canonical="/sitemap/")


@require_safe
def sitemap_index(request):
    """The index of the sitemaps for search engines, without that for news. 9 queries."""
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
