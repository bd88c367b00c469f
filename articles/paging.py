"""Pages of a list by keyset: `?before=<id>` shows what is older than that story.

Nothing counts the archive or skips over it, so the thousandth page costs what the first one costs.
"""

from dataclasses import dataclass

from django.db.models import Subquery, Value
from django.http import Http404

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


def page_of(articles, before=None, *, size=PAGE_SIZE):
    """The Page of the articles (a query set of what may be listed) that begins after the story `before`.

    Two queries at most.
    Raises Http404 when nothing is older than `before`, or when that story is not public.
    """
    listed = articles.latest_first()
    newer = Value(0)
    if before is not None:
        listed = listed.older_than(before)
        # The story `size` places before the cursor is the newer page's cursor; none: that is the first page.
        newer = Subquery(articles.newer_than(before).order_by("publish_at", "pk").values("pk")[size - 1 : size])
    rows = list(listed.annotate(newer_cursor=newer).values_list("pk", "newer_cursor")[: size + 1])
    if before is not None and not rows:
        raise Http404("There is no such page of this list.")
    cards = load_cards([pk for pk, _ in rows[:size]])
    shown = [cards[pk] for pk, _ in rows[:size] if pk in cards]
    newer_cursor = rows[0][1] if rows else None
    return Page(
        articles=shown,
        older=f"?before={rows[size - 1][0]}" if len(rows) > size else "",
        newer="" if before is None else f"?before={newer_cursor}" if newer_cursor else ".",
        is_first=before is None,
    )
