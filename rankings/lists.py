"""The lists that a page shows: who stands where now, from one query, resolved with the page's own articles."""

from dataclasses import dataclass, field

from django.db.models import CharField, IntegerField, TextField, Value
from django.db.models.functions import Cast
from django.utils import timezone

from articles.cards import load_cards
from sections.shared import shared
from sections.surrogates import note

from .models import Placement, RankedStory


@dataclass
class Entry:
    """A story on a list, with the words it has there."""

    article: object
    headline: str
    deck: str
    by_editor: bool

    @property
    def ticker_text(self):
        """The words for narrow places: those of the placement, or the story's short headline."""
        return self.headline if self.headline != self.article.headline else self.article.ticker_text


@dataclass
class FilledList:
    """A list as a page shows it. `entries` are in order and all public."""

    slug: str
    title: str
    entries: list
    rendered: dict = field(default_factory=dict)


@dataclass
class Row:
    """A placement or a computed entry in force, with what its list says."""

    slug: str
    title: str
    size: int
    repeats: bool
    position: int
    article: int | None
    fallback: int | None
    headline: str
    deck: str
    by_editor: bool


class Lists:
    """The rows of some lists. `ids` are the stories a page must load; `fill` then gives the lists by slug."""

    def __init__(self, rows):
        self.rows = rows
        self.ids = self.ids_of(*(row.slug for row in rows))

    def ids_of(self, *slugs):
        """The stories that these lists may show."""
        return {pk for row in self.rows if row.slug in slugs for pk in (row.article, row.fallback) if pk}

    def fill(self, articles, *, shown=()):
        """{slug: FilledList} from loaded public articles {id: Article}.

        Placements keep their positions, ranked stories fill the rest. A story stands once in a list; a
        list without repeats also leaves out what `shown` (ids) and the lists before it show already.
        """
        shown = set(shown)
        by_list = {}
        for row in self.rows:
            by_list.setdefault(row.slug, []).append(row)
        filled = {}
        for slug, rows in by_list.items():
            taken = set() if rows[0].repeats else set(shown)
            placed, ranked = {}, []
            for row in rows:
                pk = next((pk for pk in (row.article, row.fallback) if pk in articles), None)
                if pk is None:
                    continue
                article = articles[pk]
                # The words of a placement are about its story, not about the one that stands in for it.
                headline, deck = (row.headline, row.deck) if pk == row.article else ("", "")
                entry = Entry(article, headline or article.headline, deck or article.deck, row.by_editor)
                if row.by_editor:
                    placed[row.position] = entry
                else:
                    ranked.append(entry)
            # What editors place always wins, even over the rule against repeats.
            taken |= {entry.article.pk for entry in placed.values()}
            free = iter([entry for entry in ranked if entry.article.pk not in taken])
            entries = []
            for position in range(1, rows[0].size + 1):
                entry = placed.get(position) or next(free, None)
                if entry:
                    entries.append(entry)
            shown |= {entry.article.pk for entry in entries}
            filled[slug] = FilledList(slug, rows[0].title, entries)
        return filled


def load_lists(*slugs, at=None):
    """The Lists with these slugs as they stand now, in the order in which they choose. One query."""
    at = at or timezone.now()
    shared = ("story_list__slug", "story_list__title", "story_list__size", "story_list__repeats", "position", "article")
    placed = (
        Placement.objects.in_force(at)
        .filter(story_list__slug__in=slugs)
        .order_by()
        .annotate(order=Cast("story_list__position", IntegerField()), by_editor=Value(1))
        .values_list(*shared, "fallback", "headline", "deck", "by_editor", "order")
    )
    ranked = (
        RankedStory.objects.in_force(at)
        .filter(story_list__slug__in=slugs)
        .order_by()
        .annotate(
            order=Cast("story_list__position", IntegerField()),
            by_editor=Value(0),
            no_fallback=Value(None, output_field=IntegerField()),
            no_headline=Value("", output_field=CharField()),
            no_deck=Value("", output_field=TextField()),
        )
        .values_list(*shared, "no_fallback", "no_headline", "no_deck", "by_editor", "order")
    )
    # Django 6 would order a union as the model says, by columns that are not in it.
    found = sorted(placed.union(ranked, all=True).order_by(), key=lambda row: (row[-1], row[0], row[4]))
    lists = Lists([Row(*row[:9], bool(row[9])) for row in found])
    # Also those that are not public yet: they stand there from their moment on.
    note(*(f"list-{slug}" for slug in slugs), *(f"article-{pk}" for pk in lists.ids))
    return lists


def show_lists(*slugs):
    """{slug: FilledList} of the lists with these slugs, with their stories as cards, for pages that share them.

    Three queries, none where the process keeps them (see `sections.shared`).
    """

    def make():
        lists = load_lists(*slugs)
        return lists.fill(load_cards(lists.ids))

    return shared(("lists", slugs), make)
