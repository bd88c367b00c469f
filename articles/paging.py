"""Pages of a list by keyset: `?before=<id>` shows what is older than that story.

Nothing counts the archive or skips over it, so the thousandth page costs what the first one costs.
"""

from dataclasses import dataclass

from django.db.models import BigIntegerField, DateTimeField, Subquery, Value
from django.http import Http404
from django.utils import timezone

from sections.prepared import Given, Prepared

from .cards import load_cards

PAGE_SIZE = 20
LARGEST_ID = 2**63 - 1


@dataclass
class Page:
    """One page of a list, newest first.

    `older` and `newer` are query strings, empty where there is no such page.
    """

    articles: list
    older: str
    newer: str
    is_first: bool

    def leave_out(self, ids):
        """Takes away what the page shows above the list."""
        self.articles = [story for story in self.articles if story.pk not in ids]


def read_cursor(text):
    """The id in `?before=`, None without one. Raises Http404 for anything that is no id."""
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or len(text) > 19 or int(text) > LARGEST_ID:
        raise Http404("There is no such page of this list.")
    return int(text)


class Listing:
    """A kind of list that is asked for often, its queries built once: `Listing(build)(owner)` are the stories of one.

    `build(owner, at)` gives the query set from an id and a moment, which are known when the query is run.
    """

    def __init__(self, build):
        at, owner = Given("at", DateTimeField()), Given("owner", BigIntegerField())
        self._first = Prepared(lambda: rows_of(build(owner, at), None, PAGE_SIZE))
        self._later = Prepared(lambda: rows_of(build(owner, at), Given("before", BigIntegerField()), PAGE_SIZE, at))

    def __call__(self, owner):
        """The rows of the page that begins after a story: a function for `page_of`."""

        def rows(before):
            query = self._first if before is None else self._later
            return query(owner=owner.pk, at=timezone.now(), before=before)

        return rows


def rows_of(articles, before, size, at=None):
    """(id, cursor of the newer page) of the stories of a page, and of the next one after them. A query set."""
    listed = articles.latest_first()
    newer = Value(0)
    if before is not None:
        listed = listed.older_than(before, at)
        # The story `size` places before the cursor is the newer page's cursor; none: that is the first page.
        newer = Subquery(articles.newer_than(before, at).order_by("publish_at", "pk").values("pk")[size - 1 : size])
    return listed.annotate(newer_cursor=newer).values_list("pk", "newer_cursor")[: size + 1]


def page_of(articles, before=None):
    """The Page of the articles (a query set of what may be listed, or of a Listing) that begins after `before`.

    Two queries at most.
    Raises Http404 when nothing is older than `before`, or when that story is not public.
    """
    rows = articles(before) if callable(articles) else list(rows_of(articles, before, PAGE_SIZE))
    if before is not None and not rows:
        raise Http404("There is no such page of this list.")
    cards = load_cards([pk for pk, _ in rows[:PAGE_SIZE]])
    shown = [cards[pk] for pk, _ in rows[:PAGE_SIZE] if pk in cards]
    newer_cursor = rows[0][1] if rows else None
    return Page(
        articles=shown,
        older=f"?before={rows[PAGE_SIZE - 1][0]}" if len(rows) > PAGE_SIZE else "",
        newer="" if before is None else f"?before={newer_cursor}" if newer_cursor else ".",
        is_first=before is None,
    )
