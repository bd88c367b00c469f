"""Fronts: the zones of a page that editors make, filled as they stand now, stood at a moment, or will stand."""

from collections import defaultdict
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from math import ceil

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from articles.cards import load_cards
from articles.models import Article, ArticleVersion, RelatedArticle
from articles.querysets import NOT_ON_CARDS
from sections.shared import shared
from sections.surrogates import note

from .lists import FilledList, Lists, load_lists
from .models import Front, Placement, RankedStory, StoryList

# The ranked lists beside every front.
RAIL = ("ticker", "top-10", "top-5-entertainment")
# Stories below the lead.
RELATED = 3
# Which band of the page a zone stands in; zones of one band that follow each other share it.
BANDS = {
    **{"lead": "top", "secondary": "top", "opinion": "opinion", "wide": "main", "half": "main"},
    **{"pictures": "pictures", "quarter": "below", "video": "below", "cards": "below", "feature": "feature"},
}
# So many quarter blocks stand side by side at most.
IN_A_ROW = 4
# What a version says of a story's card.
WORDS = ("headline", "short_headline", "label", "kicker", "deck")


@dataclass
class Zone:
    """A zone of a front: the story list behind it, what stands there, and the stories related to a lead."""

    story_list: StoryList
    filled: FilledList
    related: list

    @property
    def anchor(self):
        """The id of its heading on the page."""
        return self.story_list.slug.removeprefix("front-")

    @property
    def href(self):
        """The address that its title leads to; empty for a zone of the whole paper."""
        return self.story_list.section.get_absolute_url() if self.story_list.section_id else ""

    @property
    def path(self):
        """The path of its section, empty without one."""
        return self.story_list.section.path if self.story_list.section_id else ""

    @property
    def top_path(self):
        """The path of its top section, empty without one."""
        return self.path.partition("/")[0]

    @property
    def entries(self):
        """What stands there. An automatic block opens with a picture where one of its stories has one."""
        entries = self.filled.entries
        if self.story_list.layout in ("wide", "half", "quarter") and not any(entry.by_editor for entry in entries):
            return sorted(entries, key=lambda entry: entry.article.lead is None)
        return entries


def layout_of(zone):
    """How a zone is to be laid out."""
    return zone.story_list.layout


def rows_of(layout, zones):
    """[(layout, zones)] of zones of one layout that follow each other: blocks that share rows leave no place empty."""
    if layout == "half":
        pairs = zones[: len(zones) // 2 * 2]
        return [("half", pairs)] * bool(pairs) + [("wide", [zone]) for zone in zones[len(pairs) :]]
    if layout != "quarter":
        return [(layout, zones)]
    rows = []
    for left in range(ceil(len(zones) / IN_A_ROW), 0, -1):
        row, zones = zones[: ceil(len(zones) / left)], zones[ceil(len(zones) / left) :]
        rows.append(("quarter" if len(row) > 1 else "cards", row))
    return rows


@dataclass
class Page:
    """A front filled for a moment: `bands` are [(band, [(layout, [Zone])])], `lists` the ranked ones beside it."""

    zones: list
    lists: dict
    rendered: dict = field(default_factory=dict)

    @property
    def bands(self):
        """The zones that have something to show, by where they stand."""
        shown = [zone for zone in self.zones if zone.entries]
        return [
            (band, [row for layout, same in groupby(zones, key=layout_of) for row in rows_of(layout, list(same))])
            for band, zones in groupby(shown, key=lambda zone: BANDS[layout_of(zone)])
        ]

    @property
    def shown(self):
        """Ids of the stories in the zones."""
        stories = [entry.article for zone in self.zones for entry in zone.entries]
        return {story.pk for story in [*stories, *(story for zone in self.zones for story in zone.related)]}


def find_front(*, section=None, tag=None):
    """The Front of a section or topic, or of the paper; None where nobody made one. One query, kept."""
    note("fronts")

    def find():
        note("fronts")
        return list(Front.objects.select_related("section", "tag"))

    return next((f for f in shared("fronts", find) if (f.section, f.tag) == (section, tag)), None)


def show_front(front):
    """The Page of a front as it stands now. Three queries, none where the process keeps it (see `sections.shared`)."""

    def make():
        note("menu")  # the heads of its zones name subsections
        return fill_front(front)

    return shared(("front", front.pk), make)


def fill_front(front, at=None, *, readers=True):
    """The Page of a front now, or as it stands at another moment. Three queries.

    At a moment that is past, stories have the headlines that they had then, and readers never see one that is not
    public now; for the desk (`readers` false) a moment to come shows what is scheduled until then.
    """
    note(f"front-{front.pk}")
    lists = load_lists(*RAIL, front=front, at=at)
    leads = [each.slug for each in lists.lists if each.layout == StoryList.Layout.LEAD]
    related = _related_to(lists.ids_of(*leads)) if leads else {}
    note(*(f"article-{pk}" for ids in related.values() for pk in ids))
    ids = lists.ids.union(*related.values())
    articles = load_cards(ids) if at is None else cards_at(ids, at, readers)
    below = _below_lead(lists, leads, related, articles)
    # The ranked lists beside the zones repeat what stands in them, and take nothing away from them.
    own = [each for each in lists.lists if each.front_id == front.pk]
    filled = Lists(own).fill(articles, shown={story.pk for stories in below.values() for story in stories})
    zones = [Zone(each, filled[each.slug], below.get(each.slug, [])) for each in own]
    return Page(zones, Lists([each for each in lists.lists if each.slug in RAIL]).fill(articles))


def _below_lead(lists, leads, related, articles):
    """{slug: stories below the lead} that no editor placed elsewhere."""
    placed = {
        pk for each in lists.lists if each.front_id for row in each.placed for pk in (row["article"], row["fallback"])
    }
    below = {}
    for slug in leads:
        alone = Lists([each for each in lists.lists if each.slug == slug]).fill(articles)[slug].entries
        ids = [pk for entry in alone[:1] for pk in related.get(entry.article.pk, ())]
        below[slug] = [articles[pk] for pk in ids if pk in articles and pk not in placed][:RELATED]
    return below


def _related_to(ids):
    """{id: ids of the stories related to it, in order}. One query."""
    found = {}
    rows = RelatedArticle.objects.filter(article__in=ids).order_by("position", "pk").values_list("article", "related")
    for article, related in rows:
        found.setdefault(article, []).append(related)
    return found


def cards_at(ids, at, readers=True):
    """{id: Article} of the stories that were or will be public at a moment, with the words that they had then.

    For readers only those that are public now. Two queries.
    """
    stories = Article.objects.published(at).filter(pk__in=ids)
    now = timezone.now()
    if readers:
        stories = stories.published(now)
    cards = {card.pk: card for card in stories.order_by().for_cards()}
    if at < now:
        versions = (
            ArticleVersion.objects.public(at).filter(article__in=cards).order_by("article", "-public_from", "-number")
        )
        for article, content in versions.distinct("article").values_list("article", "content"):
            card = cards[article] = copy(cards[article])
            for word in WORDS:
                setattr(card, word, content.get(word, getattr(card, word)))
    return cards


# ---- what stood where, and for how long


@dataclass
class Held:
    """A story at a place of a zone from one moment to another, None: it still stands there."""

    zone: StoryList
    position: int
    article: Article
    headline: str
    begins: datetime
    ends: datetime | None
    placement: Placement | None

    def minutes(self, now=None):
        """How long it has stood there, in whole minutes."""
        return int(((self.ends or now or timezone.now()) - self.begins).total_seconds() // 60)


def first_record(front):
    """The moment from which on it is known what stood on a front; None where nothing is known. One query."""
    # Rows are only added: the first one is the oldest, and found without looking at all others.
    own = {"story_list__front": OuterRef("pk")}
    placed = Placement.objects.filter(**own, cancelled_at=None).order_by("pk").values("period__startswith")[:1]
    ranked = RankedStory.objects.filter(**own).order_by("pk").values("period__startswith")[:1]
    found = Front.objects.filter(pk=front.pk).order_by().values_list(Subquery(placed), Subquery(ranked)).first() or ()
    return min(filter(None, found), default=None)


def has_record(front, at):
    """Whether anything is known of what stood on a front at a moment. One query."""
    first = first_record(front)
    return first is not None and first <= at


def held_places(front, start, end, *, readers=True):
    """[Held] of everything that stood at a place of the front between two moments, by zone, place and time.

    An automatic story counts where no editor held its rank at the time. For readers only of stories that are public
    now. Two queries.
    """
    span = {"story_list__front": front, "period__overlap": DateTimeTZRange(start, end)}
    long = [f"article__{name}" for name in NOT_ON_CARDS]
    placed = Placement.objects.filter(**span, cancelled_at=None, article__isnull=False)
    rows = [
        *placed.select_related("story_list", "article", "placed_by").defer(*long),
        *RankedStory.objects.filter(**span).select_related("story_list", "article").defer(*long),
    ]
    taken = defaultdict(list)
    for row in rows:
        if isinstance(row, Placement):
            taken[row.story_list_id, row.position].append(row.period)
    found = []
    for row in rows:
        by_hand = isinstance(row, Placement)
        begins, ends = max(row.period.lower, start), row.period.upper
        ends = min(ends or end, end)
        hidden = not by_hand and any(
            period.lower <= begins and (period.upper or end) >= ends
            for period in taken[row.story_list_id, row.position]
        )
        # A booked story stands there from its own publication on.
        begins = max(begins, row.article.publish_at or end)
        if hidden or row.position > row.story_list.size or begins >= ends or (readers and not row.article.is_public()):
            continue
        headline = (row.headline if by_hand else "") or row.article.headline
        still = ends if ends < timezone.now() else None
        found.append(Held(row.story_list, row.position, row.article, headline, begins, still, row if by_hand else None))
    return sorted(found, key=lambda held: (held.zone.position, held.zone.pk, held.position, held.begins))
