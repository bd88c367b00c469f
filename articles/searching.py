"""The search: what is asked for, what is found, counted and suggested."""

import difflib
import json
import re
from bisect import bisect_right
from collections import Counter
from copy import copy
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from html import unescape
from typing import NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.search import SearchConfig, SearchHeadline, TrigramWordSimilarity
from django.db.models import Case, Count, DateTimeField, F, Func, OuterRef, TextField, Value, When
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.html import escape
from django.utils.http import urlencode
from django.utils.safestring import mark_safe

from sections.prepared import Given, Prepared, given_ids, given_words
from sections.surrogates import note_until

from . import wording
from .cards import load_cards as cards_of
from .models import Alias, Article, Byline, Reporter, Tag
from .querysets import Squeezed

LONGEST = 200  # characters
# So many of the newest matches are ranked and counted; there are rarely more.
CAP = 1_000
# Words that are looked up in the paper's headlines when nothing was found.
MISSPELT = 4
START, STOP = "\x02", "\x03"
SPANS = (("Today", 0), ("Last 7 days", 6), ("Last 30 days", 29), ("Last 12 months", 364))


@dataclass(frozen=True)
class Search:
    """A question with its filters. `cursor` is (score, id) by relevance and (None, id) by date, or None."""

    words: str = ""
    section: str = ""
    reporter: str = ""
    format: str = ""
    start: date | None = None
    end: date | None = None
    by_date: bool = False
    cursor: tuple | None = None

    @property
    def filters(self):
        """Names of the filters that are set."""
        return [name for name in ("section", "reporter", "format", "start", "end") if getattr(self, name)]

    @property
    def is_asked(self):
        """Whether there is anything to look for."""
        return bool(self.words or self.filters)

    def query(self, **changes):
        """The query string of this search with some changes, `?q=...`; always its first page."""
        wanted = replace(self, **changes)
        parameters = {
            "q": wanted.words,
            "section": wanted.section,
            "reporter": wanted.reporter,
            "format": wanted.format,
            "from": wanted.start and wanted.start.isoformat(),
            "to": wanted.end and wanted.end.isoformat(),
            "sort": "date" if wanted.by_date and wanted.words else "",
        }
        return "?" + urlencode({name: value for name, value in parameters.items() if value})


def read_search(data):
    """The Search that the parameters of an address ask for; what cannot be meant is left out.

    `q` words, `section` path, `reporter` and `format` words, `from` and `to` days in Seoul, `sort` date or
    relevance, `after` where the page begins. Raises ValueError for an `after` that is no place in a list.
    """

    def text(name):
        return " ".join(re.sub(r"[\x00-\x1f\ufffe\uffff\ud800-\udfff]", " ", data.get(name, "")).split())[:LONGEST]

    def day(name):
        try:
            return parse_date(data.get(name, "")[:10])
        except ValueError:  # such a day does not exist
            return None

    words = text("q")
    by_date = data.get("sort") == "date" or not words
    return Search(
        words=words,
        section=text("section").strip("/"),
        reporter=text("reporter"),
        format=text("format") if text("format") in Article.Format.values else "",
        start=day("from"),
        end=day("to"),
        by_date=by_date,
        cursor=_cursor(data.get("after", ""), by_date),
    )


def _cursor(text, by_date):
    if not text:
        return None
    match = re.fullmatch(r"(?:([0-9]{1,9})-)?([0-9]{1,18})", text, re.ASCII)
    if match is None or (match[1] is None) != by_date:
        raise ValueError("There is no such page of results.")
    return match[1] and int(match[1]), int(match[2])


@dataclass
class Known:
    """A topic or reporter whose name or alias stands in the question."""

    kind: str
    name: str
    slug: str
    spellings: list


def find_names(words):
    """The topics and reporters that the words name, also by an alias, each a Known. One query."""
    keys = wording.name_keys(words)
    if not keys:
        return []
    found = _NAMES(keys=list(keys), at=timezone.now())
    return [Known(kind, name, slug, [name, *others]) for kind, name, slug, others in found]


def _named(model, kind):
    aliases = Alias.objects.filter(**{f"{kind}__isnull": False})
    named = aliases.alias(key=Squeezed("name")).filter(key__in=given_words("keys")).order_by().values(kind)
    own = model.objects.alias(key=Squeezed("name")).filter(key__in=given_words("keys")).order_by().values("pk")
    spellings = Alias.objects.filter(**{kind: OuterRef("pk")}).order_by("name").values("name")
    rows = model.objects.public(Given("at", DateTimeField())) if model is Tag else model.objects
    found = rows.filter(pk__in=own.union(named).order_by()).order_by()
    return found.values_list(Value(kind), "name", "slug", ArraySubquery(spellings))


_NAMES = Prepared(lambda: _named(Tag, "tag").union(_named(Reporter, "reporter"), all=True).order_by(), plan_once=True)


def is_name(words, name):
    """Whether the question is nothing but this name, in whatever spelling."""
    return wording.squeezed(words) == wording.squeezed(name)


def spellings_of(names):
    """{squeezed name: all its spellings} of what `find_names` found, for ArticleQuerySet.search."""
    found = {}
    for known in names:
        for name in known.spellings:
            found.setdefault(wording.squeezed(name), []).extend(known.spellings)
    return {key: tuple(dict.fromkeys(spellings)) for key, spellings in found.items()}


def matching(search, section=None, names=None):
    """Public articles that a Search asks for, newest first. `section` is the one it names, loaded."""
    found = Article.objects.published()
    found = found.search(search.words, names) if search.words else found
    if search.section:
        found = found.in_section(section) if section else found.none()
    if search.reporter:
        found = found.filter(bylines__reporter__slug=search.reporter)
    if search.format:
        found = found.filter(format=search.format)
    if search.start:
        found = found.filter(address_date__gte=search.start)
    if search.end:
        found = found.filter(address_date__lte=search.end)
    return found.latest_first()


class Match(NamedTuple):
    """What is known of every match: enough to put them in order and to count them."""

    pk: int
    score: int
    section: int
    format: str
    published: datetime


def newest_matches(search, found, names=None):
    """The newest of what `matching` found, CAP + 1 at most. Two queries, once an hour three for a frequent word.

    Where many stories match, the newest of them are soon met by walking back in time; where few do, by the index of
    words. PostgreSQL chooses wrongly, as it does not know what reading a text costs: so its estimate is asked for
    first.
    """
    if found.query.is_empty():
        return []
    if not _is_frequent(found):
        # An order that no index has: nothing invites to walk. The relevance is computed for the newest alone.
        found = found.order_by((F("publish_at") + timedelta(0)).desc(), "-pk")
        found = Article.objects.filter(pk__in=found.values("pk")[: CAP + 1])
    newest = found.with_score(search.words, names).latest_first()[: CAP + 1]
    return list(map(Match._make, newest.values_list("pk", "score", "section", "format", "publish_at")))


def _is_frequent(found):
    """Whether a walk meets CAP stories before the index of words has given all of them.

    Of N stories M match: a walk reads CAP × N / M texts, the index leads to M rows, each at a third of that cost.
    """
    matches = _estimate(found)
    return matches > 3 * CAP and matches**2 > 3 * CAP * _archive_size(timezone.now().hour)


@lru_cache(maxsize=1)
def _archive_size(hour):
    """About how many stories there are, asked once an hour."""
    return _estimate(Article.objects.all())


def _estimate(rows):
    """How many rows PostgreSQL expects. One query, which runs nothing."""
    return json.loads(rows.order_by().values("pk").explain(format="json"))[0]["Plan"]["Plan Rows"]


def in_order(search, matches):
    """The matches, which are the newest first, in the order of the results."""
    return matches if search.by_date else sorted(matches, key=lambda match: -match.score)


def place_of(search, ordered):
    """The index of the first result after the cursor, 0 without one, None for a story that is not among them."""
    if search.cursor is None:
        return 0
    score, pk = search.cursor
    return next((i + 1 for i, match in enumerate(ordered) if match.pk == pk and score in (None, match.score)), None)


def before(search, ordered, place, size):
    """The query string of the page before the one that begins at this index, empty on the first one."""
    if place <= size:
        return search.query() if place else ""
    return after(search, ordered[place - size - 1])


def after(search, match):
    """The query string of the page that begins after a match."""
    return f"{search.query()}&after={match.pk if search.by_date else f'{match.score}-{match.pk}'}"


class Passage(Func):
    """The words of the body around the first place that matches a regular expression; where none does, all of them."""

    # A passage may begin and end within an element.
    template = (
        "regexp_replace(CASE regexp_instr(body, %(expressions)s, 1, 1, 0, 'i') WHEN 0 THEN left(body, 100000) "
        "ELSE substr(body, greatest(regexp_instr(body, %(expressions)s, 1, 1, 0, 'i') - 400, 1), 1000) END, "
        "'^[^<>]*>|<[^>]*>|<[^>]*$|[\x02\x03]', ' ', 'g')"
    )
    output_field = TextField()

    def as_sql(self, compiler, connection, **context):
        """The expression stands there twice."""
        sql, parameters = super().as_sql(compiler, connection, **context)
        return sql, [*parameters, *parameters]


def load_cards(matches, search, names):
    """The matches' articles in their order, with a marked `snippet`. Two queries at most."""
    ids = [match.pk for match in matches]
    cards, marked = cards_of(ids), _marked(ids, search, names)
    shown = []
    for pk in ids:
        if pk in cards:
            cards[pk].rendered  # noqa: B018 - made now, it belongs to the copy too
            article = copy(cards[pk])  # others show this story without the words of this search
            article.snippet = _snippet(article, marked.get(pk, ""))
            shown.append(article)
    return shown


def _marked(ids, search, names):
    """{id: the places of the body that match the words}. One query, none where nothing can match."""
    alternatives = wording.read_terms(search.words, names)
    if not wording.is_question(alternatives):
        return {}
    config = SearchConfig(Case(When(lang="en", then=Value("english")), default=Value("simple")))
    marks = {"start_sel": START, "stop_sel": STOP, "fragment_delimiter": " … "}
    size = {"max_words": 36, "min_words": 18, "max_fragments": 2}
    # Marking words costs what reading the text costs: one word alone is marked around the place where it stands.
    words = [term.text for terms in alternatives for term in terms]
    near = rf"\m{words[0]}\M" if len(words) == 1 and words[0].isalnum() else START
    headline = SearchHeadline(Passage(Value(near)), wording.ts_query(alternatives), config=config, **marks, **size)
    return dict(Article.objects.filter(pk__in=ids).order_by().values_list("pk", headline))


def _snippet(article, marked):
    """The words around what was found, escaped and marked; the deck where the body has none of them."""
    # The locked part of a premium story is not for everybody.
    if START not in marked or article.access != Article.Access.FREE:
        return article.deck
    text = escape(" ".join(unescape(marked).split()))
    return mark_safe(f"… {text.replace(START, '<mark>').replace(STOP, '</mark>')} …")  # escaped the line before


# ---- counts beside the filters


@dataclass
class Choice:
    """One value of a filter: its words, how many matches it would leave, and the address that sets it."""

    text: str
    count: int
    query: str


@dataclass
class Facet:
    """A filter with what can be chosen; `chosen` are the words of what is, `remove` the address without it."""

    name: str
    choices: list
    chosen: str = ""
    remove: str = ""


def facets(search, matches, sections):
    """The filters with the counts of these matches, which are the newest first. At most one query.

    `sections` are all sections by id.
    """
    return [
        facet
        for facet in (
            _section_facet(search, matches, sections),
            _format_facet(search, matches),
            _span_facet(search, matches),
            _reporter_facet(search, matches),
        )
        if facet.choices or facet.chosen
    ]


def _choices(search, counts, parameter, words):
    return [
        Choice(words[value], count, search.query(**{parameter: value})) for value, count in counts if value in words
    ]


def _section_facet(search, matches, sections):
    names = {section.path: section.name for section in sections.values()}
    counts = Counter()
    for match in matches:
        path = sections[match.section].path
        if not search.section:
            counts[path.partition("/")[0]] += 1
        elif path.startswith(f"{search.section}/"):
            counts[path] += 1
    return Facet(
        "Section",
        _choices(search, counts.most_common(), "section", names),
        names.get(search.section, search.section),
        search.query(section=""),
    )


def _format_facet(search, matches):
    names = dict(Article.Format.choices)
    counts = () if search.format else Counter(match.format for match in matches).most_common()
    return Facet(
        "Kind", _choices(search, counts, "format", names), names.get(search.format, ""), search.query(format="")
    )


def _span_facet(search, matches):
    today = timezone.localdate()
    note_until(timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1))
    choices = []
    if not (search.start or search.end):
        for words, back in SPANS:
            start = today - timedelta(days=back)
            begins = timezone.make_aware(datetime.combine(start, time.min)).timestamp()
            count = bisect_right(matches, -begins, key=lambda match: -match.published.timestamp())
            if count:
                choices.append(Choice(words, count, search.query(start=start)))
    since, until = (day and f"{day:%Y-%m-%d}" for day in (search.start, search.end))
    chosen = " ".join(filter(None, (since and f"from {since}", until and f"to {until}")))
    return Facet("Date", choices, chosen, search.query(start=None, end=None))


def _reporter_facet(search, matches):
    if search.reporter:
        person = Reporter.objects.filter(slug=search.reporter).first()
        return Facet("Reporter", [], person.name if person else search.reporter, search.query(reporter=""))
    found = _REPORTERS(ids=[match.pk for match in matches]) if matches else []
    return Facet("Reporter", [Choice(name, count, search.query(reporter=slug)) for slug, name, count in found])


def _reporters():
    counts = (
        Byline.objects.filter(article__in=given_ids("ids")).order_by().values_list("reporter__slug", "reporter__name")
    )
    return counts.annotate(count=Count("pk")).order_by("-count", "reporter__name")[:10]


_REPORTERS = Prepared(_reporters, plan_once=True)


# ---- did you mean


def suggest(search, section=None):
    """A Search with misspelt words put right by words of public headlines and topics, or None. Two queries.

    Only a suggestion that finds something is made. Korean words are left as they are.
    """
    alternatives = wording.read_terms(search.words)
    words = {term.text for terms in alternatives for term in terms if not (term.minus or term.phrase)}
    words = sorted(word for word in words if len(word) > 3 and not wording.HANGUL.search(word))[:MISSPELT]
    if not words:
        return None
    texts = _texts_near(words)
    better = {word: other for word in words if (other := _closest(word, texts))}
    if not better:
        return None
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in better))
    suggestion = replace(search, words=pattern.sub(lambda match: better[match[0]], search.words), cursor=None)
    return suggestion if matching(suggestion, section).exists() else None


def _texts_near(words):
    """Headlines and topics that hold something like the words, of public stories only. One query."""

    def near(rows, column, word):
        return (
            rows.alias(text=Upper(column))
            .filter(text__trigram_word_similar=word.upper())
            .annotate(near=TrigramWordSimilarity(word.upper(), Upper(column)))
            .order_by("-near")
            .values_list(column)[:20]
        )

    parts = [
        near(rows, column, word)
        for word in words
        for rows, column in ((Article.objects.published(), "headline"), (Tag.objects.public(), "name"))
    ]
    return [text for (text,) in parts[0].union(*parts[1:]).order_by()]


def _closest(word, texts):
    """The word of the texts that is most like this one; None if it stands there itself, or nothing like it."""
    words = {found.lower() for text in texts for found in re.findall(r"[^\W\d_]+(?:[-’'][^\W\d_]+)*", text)}
    close = difflib.get_close_matches(word.lower(), words, n=1, cutoff=0.7)
    return close[0] if close and close[0] != word.lower() else None
