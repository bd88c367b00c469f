"""Pages of a list by keyset: `?before=<id>` shows what is older than that story.

Nothing counts the archive or skips over it, so the thousandth page costs what the first one costs.
"""

from dataclasses import dataclass

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BigIntegerField, DateTimeField, Func, OuterRef, Subquery, Value
from django.http import Http404
from django.utils import timezone

from sections.prepared import Given, Prepared

from .cards import load_cards
from .models import Article

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
    """A kind of list that is asked for often, its queries built once: `Listing(*builds)(owner)` are the stories of one.

    Each `build(owner, at)` gives a query set, from ids and a moment which are known when the query is run; the list
    is made of all of them. Query sets are NewestFirst: of stories, or a single one of what ties stories to the owner.
    `each` gives rows whose stories make the list, a few of every one: then builds are given the id of such a row.
    `plan_once` as for Prepared.
    """

    def __init__(self, *builds, each=None, plan_once=False):
        at, owner = Given("at", DateTimeField()), Given("owner", BigIntegerField())
        before, moment = Given("before", BigIntegerField()), Given("moment", DateTimeField())

        def rows(before, moment=None):
            parts = [build(OuterRef("pk") if each else owner, at) for build in builds]
            return rows_of(parts, before, PAGE_SIZE, moment, each and each(owner))

        self._first = Prepared(lambda: rows(None), plan_once)
        self._later = Prepared(lambda: rows(before, moment), plan_once)

    def __call__(self, owner):
        """The rows of the page that begins after a story: a function for `page_of`."""

        def rows(before):
            at = timezone.now()
            if before is None:
                return self._first(owner=owner, at=at)
            # Asked for by itself: within the other query it would stand in many places.
            found = _MOMENT(pk=before, at=at)
            return self._later(owner=owner, at=at, before=before, moment=found[0]) if found else []

        return rows


_MOMENT = Prepared(
    lambda: (
        Article.objects.published(Given("at", DateTimeField()))
        .filter(pk=Given("pk", BigIntegerField()))
        .order_by()
        .values_list("publish_at", flat=True)
    ),
    plan_once=True,
)


def rows_of(parts, before, size, moment=None, each=None):
    """(id, cursor of the newer page) of the stories of a page, and of the next one after them. A query set.

    `parts` are query sets that make the list together; `moment` is when `before` was published, where it is known;
    `each` as for `newest_of`.
    """
    story = parts[0].story
    if before is None:
        return newest_of(parts, size + 1, each).annotate(cursor=Value(0)).values_list(story, "cursor")[: size + 1]
    moment = moment or Subquery(Article.objects.published().filter(pk=before).values("publish_at"))
    # The story `size` places before the cursor is the newer page's cursor; none: that is the first page.
    later = newest_of([part.newer_than(before, moment) for part in parts], size, each, reverse=True)
    cursor = Subquery(later.values(story)[size - 1 : size])
    listed = newest_of([part.older_than(before, moment) for part in parts], size + 1, each)
    return listed.annotate(cursor=cursor).values_list(story, "cursor")[: size + 1]


def newest_of(parts, count, each=None, reverse=False):
    """A query set of which the first `count` are right: of all parts together, each of which is looked for by itself.

    One of them may be rare, and looked for with the others the whole archive would be walked through. With `each`, rows
    that the parts name as OuterRef, so is each part of each row. `reverse`: the oldest.
    """

    def in_order(rows):
        return rows.latest_first().reverse() if reverse else rows.latest_first()

    if len(parts) == 1 and each is None:
        return in_order(parts[0])
    found = [in_order(part).values("pk")[:count] for part in parts]
    if each is not None:
        found = [each.values(found=Func(ArraySubquery(ids), function="unnest")) for ids in found]
    first, *others = found
    return in_order(Article.objects.filter(pk__in=first.union(*others, all=True) if others else first))


def page_of(articles, before=None):
    """The Page of the articles (a query set of what may be listed, or of a Listing) that begins after `before`.

    Three queries at most. Raises Http404 when nothing is older than `before`, or when that story is not public.
    """
    rows = articles(before) if callable(articles) else list(rows_of([articles], before, PAGE_SIZE))
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
