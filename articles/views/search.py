"""The search."""

from django.http import Http404
from django.views.decorators.http import require_safe

from articles import channels, searching
from sections.models import Section
from sections.pages import render_page
from sections.shared import shared
from sections.surrogates import note

PAGE_SIZE = 20


@require_safe
def search(request):
    """Stories that match words and filters, by relevance or date, with counts beside the filters. 10 queries.

    404 for a cursor that is no place among the results.
    """
    try:
        asked = searching.read_search(request.GET)
    except ValueError as error:
        raise Http404(str(error)) from None
    context = {"search": asked, "words": asked.words}
    if asked.is_asked:
        context |= _results(asked)
    return render_page("articles/search.html", context, canonical="/search/")


def _results(asked):
    sections = shared("sections", _sections)
    section = next((section for section in sections.values() if section.path == asked.section), None)
    known = searching.find_names(asked.words)
    names = searching.spellings_of(known)
    matches = searching.newest_matches(asked, searching.matching(asked, section, names), names)
    more = len(matches) > searching.CAP
    matches = matches[: searching.CAP]
    ordered = searching.in_order(asked, matches)
    place = searching.place_of(asked, ordered)
    if place is None or (asked.cursor and place >= len(ordered)):
        raise Http404("There is no such page of results.")
    shown = ordered[place : place + PAGE_SIZE]
    return {
        "articles": searching.load_cards(shown, asked, names) if shown else [],
        "count": len(ordered),
        "more": more,
        "named": [name for name in known if any(searching.is_name(asked.words, text) for text in name.spellings)],
        "facets": searching.facets(asked, matches, sections),
        "suggestion": None if ordered else searching.suggest(asked, section),
        "by_relevance": asked.query(by_date=False),
        "by_date": asked.query(by_date=True),
        "unfiltered": searching.Search(asked.words).query(),
        "previous": searching.before(asked, ordered, place, PAGE_SIZE),
        "next": searching.after(asked, shown[-1]) if place + PAGE_SIZE < len(ordered) else "",
        "feed": channels.of_search(asked.words),
    }


def _sections():
    note("menu")  # changes with every section that comes or goes
    return {section.pk: section for section in Section.objects.all()}
