"""Links in texts: which addresses of this site lead nowhere, and whether pages of other sites still answer."""

import ipaddress
import re
import socket
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.conf import settings
from django.db.models import Q
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.translation import gettext as _

from sections.models import MenuItem, Page, Redirect, Section

from .dates import day_of
from .models import Article, BrokenLink, CheckedLink, Column, OldAddress, Reporter, Tag

HREF = re.compile(r'<a [^>]*?href="([^"]*)"')
ID = re.compile(r' id="([^"]*)"')
STORY_PAGES = ("article", "print", "changes", "photo")
NAMED = {"reporter": Reporter, "topic": Tag, "column": Column}
# Other names lead to the name in use.
NAMED_ELSE = {"reporter": Reporter.objects.known_as, "topic": Tag.objects.known_as, "column": lambda slug: None}
TIMEOUT, AT_ONCE, MOST_HOPS = 5, 4, 5


def links_in(html):
    """The addresses that a stored text links to, each once, in their order."""
    return list(dict.fromkeys(unescape(link) for link in HREF.findall(html)))


def own_path(link):
    """The path of a link to this site, None for other sites, mail addresses and places on the same page."""
    is_ours = link.startswith("/") and not link.startswith("//")
    if not is_ours and not f"{link.lower()}/".startswith(f"{settings.SITE_URL.lower()}/"):
        return None
    try:
        return unquote(urlsplit(link).path) or "/"
    except ValueError:
        return None


def broken_internal_links(html):
    """The links of a text to this site, or to a place in the text itself, that lead nowhere. Eight queries at most."""
    links = links_in(html)
    ids = {unescape(found) for found in ID.findall(html)}
    problems = problems_of({path for link in links if (path := own_path(link))})
    return [link for link in links if (link.startswith("#") and link[1:] not in ids) or own_path(link) in problems]


def problems_of(paths):
    """{path: what is wrong} of those of many paths of this site that lead nowhere.

    At most eight queries for any number of paths; one kind of address costs one.
    """
    stories, named, places = {}, defaultdict(set), set()
    problems, kind_of = {}, {}
    nowhere = _("nothing stands at this address")
    for path in paths:
        try:
            match = resolve(path) if "\0" not in path else None
        except Resolver404:
            match = None
        if match is None:
            problems[path] = nowhere
            continue
        name, given = match.url_name, match.kwargs
        if name in STORY_PAGES:
            stories[path] = (day_of(given["year"], given["month"], given["day"]), given["slug"])
        elif name in NAMED:
            named[name].add(given["slug"])
            kind_of[path] = (name, given["slug"])
        elif name == "by_path" or (name is None and "path" in given):
            places.add(path)
    if stories:
        problems |= _story_problems(stories, places)
    for name, slugs in named.items():
        known = set(NAMED[name].objects.filter(slug__in=slugs).values_list("slug", flat=True))
        for path, (kind, slug) in kind_of.items():
            if kind == name and slug not in known and NAMED_ELSE[name](slug) is None:
                problems[path] = nowhere
    if places:
        found = _standing(places)
        problems |= {path: nowhere for path in places if path not in found}
    return problems


def _story_problems(stories, places):
    days = {day for day, _slug in stories.values() if day}
    slugs = {slug for _day, slug in stories.values()}
    rows = Article.objects.filter(address_date__in=days, slug__in=slugs, status=Article.Status.READY)
    known = {(day, slug): gone for day, slug, gone in rows.values_list("address_date", "slug", "withdrawn_at")}
    problems = {}
    for path, key in stories.items():
        if key not in known:
            places.add(path)  # perhaps it stood there before
        elif known[key] is not None:
            problems[path] = _("the story was withdrawn")
    return problems


def _standing(paths):
    """Those of the paths at which a section, a page, a redirect or an old address stands. Four queries."""
    both = {path: {path, path if path.endswith("/") else f"{path}/"} for path in paths}
    every = set().union(*both.values())
    sections = Section.objects.filter(path__in=[path.strip("/") for path in every])
    found = {f"/{path}/" for path in sections.values_list("path", flat=True)}
    found |= set(Page.objects.filter(address__in=every).values_list("address", flat=True))
    found |= set(Redirect.objects.filter(old_path__in=every).values_list("old_path", flat=True))
    found |= set(OldAddress.objects.filter(path__in=every).values_list("path", flat=True))
    return {path for path, forms in both.items() if forms & found}


# ---- other sites


class _NoRedirects(HTTPRedirectHandler):
    """Each hop is looked at before it is followed."""

    def redirect_request(self, *args):
        return None


def check_external(links):
    """{link: what is wrong, empty if it answers} of links to other sites: four at a time, one of a host at a time."""
    by_host = defaultdict(list)
    for link in links:
        by_host[urlsplit(link).netloc.lower()].append(link)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = pool.map(lambda group: [(link, external_problem(link)) for link in group], by_host.values())
        return dict(pair for group in found for pair in group)


def external_problem(link):
    """Why a page of another site does not answer, as a sentence; empty if it does. No query.

    Only public addresses are asked, also after a redirect: a link must not make the server knock on its own network.
    """
    address = link
    for _hop in range(MOST_HOPS):
        if problem := _refused(address):
            return problem
        status, told = _ask(address, "HEAD")
        if status in (403, 404, 405, 501):  # some answer a whole page only
            status, told = _ask(address, "GET")
        if status in (301, 302, 303, 307, 308) and told:
            address = urljoin(address, told)
            continue
        if status is None:
            return told
        if status < 400 or status in (401, 402, 403, 429):  # so answers a page that wants a subscription or a human
            return ""
        return _("the site answers %(status)s") % {"status": status}
    return _("it is redirected without an end")


def _refused(address):
    try:
        parts = urlsplit(address)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return _("this is no address")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return _("this is no address of the web")
    try:
        known = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return _("no such host is known")
    if not settings.LINKS_TO_PRIVATE_HOSTS and not all(ipaddress.ip_address(one[4][0]).is_global for one in known):
        return _("the address is not on the public web")
    return ""


def _ask(address, method):
    """(status, where a redirect leads) or (None, why there was no answer)."""
    request = Request(address, method=method, headers={"User-Agent": f"Newsroom link check (+{settings.SITE_URL}/)"})
    try:
        with build_opener(_NoRedirects).open(request, timeout=TIMEOUT) as answer:
            return answer.status, ""
    except HTTPError as error:
        with error:
            return error.code, error.headers.get("Location", "")
    except (OSError, HTTPException, ValueError) as error:
        return None, _("the site does not answer: %(reason)s") % {"reason": getattr(error, "reason", error)}


# ---- everything that links


def places(days=None):
    """(place, words, article id or None, html or None, links) of everything public that links somewhere.

    `place` is app.model:id. With `days` only stories that changed in so many days. Reads stories in chunks.
    """
    stories = Article.objects.filter(status=Article.Status.READY, withdrawn_at=None).filter(Q(body__contains="<a "))
    if days is not None:
        stories = stories.filter(changed_at__gt=timezone.now() - timedelta(days=days))
    for pk, headline, body in stories.order_by("pk").values_list("pk", "headline", "body").iterator(chunk_size=500):
        yield f"articles.article:{pk}", headline, pk, body, links_in(body)
    for page in Page.objects.all():
        yield f"sections.page:{page.pk}", page.title, None, page.body, links_in(page.body)
    for item in MenuItem.objects.exclude(url=""):
        yield f"sections.menuitem:{item.pk}", f"{item.get_menu_display()}: {item.label}", None, None, [item.url]
    for redirect in Redirect.objects.all():
        yield f"sections.redirect:{redirect.pk}", redirect.old_path, None, None, [redirect.new_path]


def check_links(*, days=None, external=False):
    """Looks at every link of what readers see and keeps what is broken (`BrokenLink`); returns how many are.

    What was mended, or is gone, is forgotten. Links to this site cost at most eight queries for 500 places; a link to
    another site is asked once a day at most.
    """
    now = timezone.now()
    waiting, seen = [], 0
    for place in places(days):
        waiting.append(place)
        if len(waiting) == 500:
            seen += _keep(waiting, now, external)
            waiting = []
    seen += _keep(waiting, now, external)
    if days is None:
        gone = BrokenLink.objects.filter(last_seen__lt=now)
        (gone if external else gone.filter(is_external=False)).delete()
    return seen


def _keep(found, now, external):
    """Writes down what is broken in these places, and that other links of theirs are not; returns how many are."""
    own = {path for _place, _words, _pk, _html, links in found for link in links if (path := own_path(link))}
    problems = problems_of(own)
    others = {}
    if external:
        outside = {
            link for *_rest, links in found for link in links if link.lower().startswith(("http://", "https://"))
        }
        others = _asked(sorted(link for link in outside if own_path(link) is None), now)
    rows = []
    for place, words, pk, html, links in found:
        ids = {unescape(one) for one in ID.findall(html or "")}
        for link in links:
            path = own_path(link)
            problem = problems.get(path, "") if path else others.get(link, "")
            if link.startswith("#") and html is not None and link[1:] not in ids:
                problem = _("there is no such place in the text")
            if problem:
                rows.append(
                    BrokenLink(
                        **{"place": place, "words": words[:200], "article_id": pk, "link": link[:1000]},
                        **{"problem": problem[:300], "is_external": path is None and not link.startswith("#")},
                        **{"first_seen": now, "last_seen": now},
                    )
                )
    BrokenLink.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["place", "link"],
        update_fields=["words", "problem", "is_external", "last_seen"],
    )
    # In these places everything else was mended.
    mended = BrokenLink.objects.filter(place__in=[place for place, *_rest in found], last_seen__lt=now)
    (mended if external else mended.filter(is_external=False)).delete()
    return len(rows)


def _asked(links, now):
    """What is wrong with links to other sites; those asked within a day are not asked again."""
    known = CheckedLink.objects.filter(link__in=links, checked_at__gt=now - timedelta(days=1))
    found = dict(known.values_list("link", "problem"))
    asked = check_external([link for link in links if link not in found and len(link) <= 1000])
    CheckedLink.objects.bulk_create(
        [CheckedLink(link=link, problem=problem[:300], checked_at=now) for link, problem in asked.items()],
        update_conflicts=True,
        unique_fields=["link"],
        update_fields=["problem", "checked_at"],
    )
    return found | asked
