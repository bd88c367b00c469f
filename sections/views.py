"""Fronts and lists of sections, static pages, what is left of old addresses, and plain texts for programs."""

from django.conf import settings
from django.db import Error as DatabaseError
from django.db.models import Exists, OuterRef, TextField
from django.http import Http404, HttpResponse, HttpResponsePermanentRedirect
from django.utils.http import escape_leading_slashes
from django.views.decorators.http import require_safe

from articles import channels, structured
from articles.models import Article, OldAddress
from articles.paging import Listing, page_of, read_cursor
from rankings.fronts import find_front, show_front
from rankings.lists import show_lists

from . import robots as texts
from .hits import count_hit
from .models import AdSeller, Crawler, MastheadFact, Page, Redirect, Section
from .pages import keep, render_page
from .prepared import AmongIds, Given, Prepared
from .surrogates import note_lists

OPENING = 3
LISTED = Article.also_in.through
OF_SECTIONS = Listing(
    lambda section, at: Article.objects.published(at).filter(section=section),
    each=lambda sections: Section.objects.filter(AmongIds("id", sections)).order_by(),
    plan_once=True,
)
# Which of them is rare, and how it is best looked for, differs from section to section.
WITH_LISTED = Listing(
    lambda sections, at: Article.objects.published(at).filter(AmongIds("section_id", sections)),
    lambda sections, at: Article.objects.published(at).filter(
        pk__in=LISTED.objects.filter(AmongIds("section_id", sections)).values("article")
    ),
)
AT_PATH = Prepared(
    lambda: (
        Section.objects.with_parent()
        .with_below()
        .annotate(
            lists_others=Exists(LISTED.objects.filter(section=OuterRef("pk")))
            | Exists(LISTED.objects.filter(section__parent=OuterRef("pk")))
        )
        .filter(path=Given("path", TextField()))
        .order_by()
    ),
    plan_once=True,
)


@require_safe
def by_path(request, path):
    """The section, static page or redirect at an address that nothing else answers."""
    for section in AT_PATH(path=path):
        return section_page(request, section)
    page = Page.objects.filter(address=f"/{path}/").first()
    if page:
        note_lists()
        return render_page("sections/page.html", {"page": page}, canonical=page.address)
    return moved(request)


@require_safe
def without_slash(request, path):
    """An address of an older system, or one of ours whose last slash was forgotten."""
    if "." in path.rpartition("/")[2] or OldAddress.objects.target(request.path, request.get_full_path()):
        return moved(request)
    return HttpResponsePermanentRedirect(escape_leading_slashes(request.get_full_path(force_append_slash=True)))


def moved(request):
    """A permanent redirect from an address that once existed. Two queries. Raises Http404 for all others."""
    paths = (request.path, request.get_full_path())
    redirect = Redirect.objects.filter(old_path__in=paths).first()
    if redirect:
        count_hit(redirect.pk)
    target = redirect.new_path if redirect else OldAddress.objects.target(*paths)
    if not target:
        raise Http404("Nothing stands at this address.")
    return HttpResponsePermanentRedirect(target)


def section_page(request, section):
    """A section's page: its zones where editors made a front of it, then the newest first. 8 queries, 11 with zones."""
    note_lists(f"section-{section.pk}-stories")
    before = read_cursor(request.GET.get("before"))
    stories = WITH_LISTED if section.lists_others else OF_SECTIONS
    page = page_of(stories([section.pk, *section.below]), before)
    canonical = section.get_absolute_url() + (f"?before={before}" if before is not None else "")
    front = find_front(section=section) if page.is_first else None
    made = show_front(front) if front else None
    if made:
        page.leave_out(made.shown)
    # Without zones of its own a front opens with three stories at large; what is left of the page follows in rows.
    opening = page.articles[:OPENING] if page.is_first and not section.parent_id and not made else []
    context = {
        "made": made,
        "opening": opening,
        "from": f"{len(opening)}:",
        "section": section,
        "top": section.parent or section,
        "current": section.top_path,
        "page": page,
        "feed": channels.of_section(section),
        "structured": structured.of_section(section),
        "lists": show_lists("ticker", "top-10", "top-5-entertainment"),
    }
    return render_page("sections/section.html", context, canonical=canonical)


@require_safe
def crawlers(request):
    """The policy for crawlers as a page for people. 3 queries."""
    note_lists("crawlers")
    return render_page("sections/crawlers.html", {"crawlers": list(Crawler.objects.all())}, canonical=texts.POLICY)


@require_safe
def robots(request):
    """robots.txt; never an error, which would mean "fetch nothing" to crawlers. One query, none without a database."""
    note_lists("crawlers")
    try:
        return _text(texts.robots_txt(list(Crawler.objects.all())))
    except DatabaseError:
        return _text(texts.robots_txt(texts.shipped_crawlers()), max_age=0)


@require_safe
def ads(request):
    """ads.txt. Two queries."""
    note_lists("ads", "masthead")
    return _text(texts.ads_txt(list(AdSeller.objects.all()), MastheadFact.objects.value_of("email")))


@require_safe
def security(request):
    """security.txt; 404 where neither SECURITY_CONTACT nor the masthead names an address. Two queries."""
    note_lists("masthead", "pages")
    email = MastheadFact.objects.value_of("email")
    contact = settings.SECURITY_CONTACT or (email and f"mailto:{texts.first_word(email)}")
    if not contact:
        raise Http404("This paper names no address for reports.")
    return _text(texts.security_txt(contact, Page.objects.filter(address=texts.SECURITY_PAGE).exists()))


def _text(text, max_age=None):
    return keep(HttpResponse(text, content_type="text/plain; charset=utf-8"), max_age)
