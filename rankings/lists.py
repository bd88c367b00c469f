"""The lists that a page shows: who stands where at a moment, from one query, resolved with the stories' cards."""

from dataclasses import dataclass, field

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, DateTimeField, Func, JSONField, OuterRef, Q, Value, When
from django.db.models.functions import JSONObject
from django.db.models.lookups import Exact
from django.utils import timezone

from articles.cards import load_cards
from articles.models import Article
from articles.querysets import PICTURE
from photos.models import Photo
from sections.models import Section
from sections.prepared import Given, Prepared, given_ids, given_words
from sections.shared import shared
from sections.surrogates import note

from .models import Placement, RankedStory, StoryList

# Stories are dropped where they stand above already, so a little more than fits is loaded.
SPARE = 10
# Lists up to this size, and the largest ones.
SMALL, LARGEST = 10, 50
# Formats of so many stories that they are soon met by walking back in time; none: every format.
COMMON = ("", Article.Format.STORY)


@dataclass
class Entry:
    """A story on a list, with the words and the picture that it has there (`photo`, None: its own)."""

    article: object
    headline: str
    deck: str
    by_editor: bool
    photo: object = None

    @property
    def picture(self):
        """The photo that it shows there; None without one."""
        lead = self.article.lead
        return self.photo or (lead.framed if lead and lead.photo.rendered_at else None)

    @property
    def ticker_text(self):
        """The words for narrow places: those of the placement, or the story's short headline."""
        return self.headline if self.headline != self.article.headline else self.article.ticker_text


@dataclass
class FilledList:
    """A list as a page shows it. `entries` are in order and all public; `places` says at which position each stands.

    `window_hours` is 0 for a list that reads do not rank.
    """

    slug: str
    title: str
    entries: list
    places: dict = field(default_factory=dict)
    window_hours: int = 0
    rendered: dict = field(default_factory=dict)


class Lists:
    """Story lists with what stands on them. `ids` are the stories a page must load; `fill` then gives the lists."""

    def __init__(self, lists):
        self.lists = lists
        self.ids = self.ids_of(*(each.slug for each in lists))

    def ids_of(self, *slugs):
        """The stories that these lists may show."""
        return {pk for each in self.lists if each.slug in slugs for pk in _candidates(each)}

    def fill(self, articles, *, shown=()):
        """{slug: FilledList} from loaded public articles {id: Article}.

        Placements keep their positions, ranked or newest stories fill the rest. A story stands once in a list; a
        list without repeats also leaves out what `shown` (ids) and the lists before it show already.
        """
        shown = set(shown)
        filled = {}
        for each in self.lists:
            taken = set() if each.repeats else set(shown)
            placed = dict(_placed(each, articles))
            # What editors place always wins, even over the rule against repeats.
            taken |= {entry.article.pk for entry in placed.values()}
            free = iter([pk for pk in dict.fromkeys(automatic(each)) if pk in articles and pk not in taken])
            places = {}
            for position in range(1, each.size + 1):
                if position in placed:
                    places[position] = placed[position]
                elif (pk := next(free, None)) is not None:
                    places[position] = Entry(articles[pk], articles[pk].headline, articles[pk].deck, False)
            shown |= {entry.article.pk for entry in places.values()}
            window = each.window_hours if each.fill == StoryList.Fill.READ else 0
            filled[each.slug] = FilledList(each.slug, each.title, list(places.values()), places, window)
        return filled


def automatic(each):
    """Ids of the stories that fill the free places of a list, in order."""
    if each.fill == StoryList.Fill.LATEST:
        newest = each.newest or [story for of_section in each.newest_by_section or () for story in of_section]
        return [story["id"] for story in sorted(newest, key=lambda story: (story["at"], story["id"]), reverse=True)]
    return each.ranked


def _candidates(each):
    return {pk for row in each.placed for pk in (row["article"], row["fallback"]) if pk}.union(automatic(each))


def _placed(each, articles):
    for row in each.placed:
        pk = next((pk for pk in (row["article"], row["fallback"]) if pk in articles), None)
        if pk is None or row["position"] > each.size:
            continue
        article, own = articles[pk], pk == row["article"]
        # The words of a placement are about its story, not about the one that stands in for it.
        headline, deck = (row["headline"], row["deck"]) if own else ("", "")
        photo = Photo(**row["photo"]) if own and row["photo"]["token"] and row["photo"]["rendered_at"] else None
        yield row["position"], Entry(article, headline or article.headline, deck or article.deck, True, photo)


def _standing(at):
    """Story lists with what stands on them at a moment: `placed`, `ranked`, `newest` and `newest_by_section`."""
    own = {"story_list": OuterRef("pk")}
    photo = JSONObject(**{fact: f"photo__{fact}" for fact in PICTURE})
    words = {name: name for name in ("position", "article", "fallback", "headline", "deck")}
    placed = Placement.objects.in_force(at).filter(**own).order_by("position")
    ranked = RankedStory.objects.in_force(at).filter(**own).order_by("position")
    # Each section by itself, from the index of its stories: asked for together with its subsections, one that has
    # few stories would be looked for through the whole archive. Galleries and the like have an index of their own for
    # the same reason.
    story = JSONObject(at="publish_at", id="pk")
    public = Article.objects.published(at).latest_first()
    sections = Section.objects.filter(Q(pk=OuterRef("section")) | Q(parent=OuterRef("section"))).order_by()

    def of_paper(rare, count):
        return ArraySubquery(_in_format(public, OuterRef("format"), rare).values(json=story)[:count])

    def of_sections(rare, count):
        own = _in_format(public.filter(section=OuterRef("pk")), OuterRef(OuterRef("format")), rare)
        newest = Func(ArraySubquery(own.values(json=story)[:count]), function="to_jsonb", output_field=JSONField())
        return ArraySubquery(sections.values(json=newest))

    def by_rule(rows, **where):
        sizes = ({"size__lte": SMALL}, SMALL), ({"size__gt": SMALL}, LARGEST)
        formats = (Q(format__in=COMMON), False), (~Q(format__in=COMMON), True)
        latest = {"fill": StoryList.Fill.LATEST, **where}
        return Case(
            *(
                When(Q(**latest, **size) & of_format, then=rows(rare, count + SPARE))
                for size, count in sizes
                for of_format, rare in formats
            )
        )

    return StoryList.objects.select_related("section").annotate(
        placed=ArraySubquery(placed.values(json=JSONObject(**words, photo=photo))),
        ranked=ArraySubquery(ranked.values("article")),
        newest=by_rule(of_paper, section=None),
        newest_by_section=by_rule(of_sections, section__isnull=False),
    )


def _in_format(stories, wanted, rare):
    """Those of a format; of any, if it is empty. `rare`: it is none of COMMON."""
    if rare:
        return stories.filter(format=wanted).exclude(format=Article.Format.STORY)
    return stories.filter(Exact(wanted, Value("")) | Q(format=wanted))


_BY_SLUG = Prepared(
    lambda: _standing(Given("at", DateTimeField())).filter(slug__in=given_words("slugs")).order_by("position", "slug"),
    plan_once=True,
)
_OF_FRONT = Prepared(
    lambda: (
        _standing(Given("at", DateTimeField()))
        .filter(Q(front__in=given_ids("front")) | Q(slug__in=given_words("slugs")))
        .order_by("position", "slug")
    ),
    plan_once=True,
)


def load_lists(*slugs, front=None, at=None):
    """The Lists with these slugs, and the zones of a Front, as they stand at a moment (now by default). One query.

    They come in the order in which they choose their stories.
    """
    at = at or timezone.now()
    if front is None:
        lists = Lists(_BY_SLUG(slugs=list(slugs), at=at))
    else:
        lists = Lists(_OF_FRONT(slugs=list(slugs), front=[front.pk], at=at))
    note(*(f"list-{slug}" for slug in {*slugs, *(each.slug for each in lists.lists)}))
    # Also those that are not public yet: they stand there from their moment on.
    note(*(f"article-{pk}" for pk in lists.ids))
    # What is newest follows from what is published, not from the list.
    for each in lists.lists:
        if each.fill == StoryList.Fill.LATEST:
            note("stories" if each.section_id is None else f"section-{each.section_id}-stories")
    return lists


def show_lists(*slugs):
    """{slug: FilledList} of the lists with these slugs, with their stories as cards, for pages that share them.

    Two queries, none where the process keeps them (see `sections.shared`).
    """

    def make():
        lists = load_lists(*slugs)
        return lists.fill(load_cards(lists.ids))

    return shared(("lists", slugs), make)
