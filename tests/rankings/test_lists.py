"""Lists as a page shows them: placements first, then ranks; what may repeat and what not."""

from datetime import timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from articles.models import Article
from rankings.lists import load_lists
from rankings.models import RankedStory
from rankings.placing import end, place
from tests.factories import draft, embargoed, make_article, make_list, seoul, withdrawn

pytestmark = pytest.mark.django_db

NOON = seoul("2021-02-27 12:00")
HOUR = timedelta(hours=1)


def rank(story_list, *articles, at=NOON, until=None):
    for position, article in enumerate(articles, 1):
        RankedStory.objects.create(
            story_list=story_list, position=position, article=article, period=DateTimeTZRange(at, until)
        )


def filled(*slugs, at=NOON, shown=()):
    lists = load_lists(*slugs, at=at)
    return lists.fill(Article.objects.published().in_bulk(lists.ids), shown=shown)


def stories(*slugs, **options):
    return {slug: [entry.article for entry in one.entries] for slug, one in filled(*slugs, **options).items()}


def make(count):
    return [make_article(publish_at=NOON - timedelta(days=9)) for _ in range(count)]


def test_it_keeps_placements_at_their_positions():
    a, b, c, d = make(4)
    top = make_list("top-10", size=4)
    rank(top, a, b, c)
    place(top, 2, d, starts=NOON)
    assert stories("top-10") == {"top-10": [a, d, b, c]}


def test_it_moves_a_placed_story_out_of_the_ranks():
    a, b, c = make(3)
    top = make_list("top-10", size=3)
    rank(top, a, b, c)
    place(top, 1, c, starts=NOON)
    assert stories("top-10") == {"top-10": [c, a, b]}


def test_it_is_no_longer_than_its_size():
    a, b, c = make(3)
    rank(make_list("top-10", size=2), a, b, c)
    assert stories("top-10") == {"top-10": [a, b]}


def test_it_closes_up_where_a_position_cannot_be_filled():
    (a,) = make(1)
    top = make_list("top-10", size=5)
    place(top, 4, a, starts=NOON)
    assert stories("top-10") == {"top-10": [a]}


def test_it_has_the_words_of_the_placement():
    (a,) = make(1)
    top = make_list("top-10", "Top 10 Stories")
    place(top, 1, a, starts=NOON, headline="Only here", deck="And this.")
    one = filled("top-10")["top-10"]
    entry = one.entries[0]
    assert (one.title, one.slug) == ("Top 10 Stories", "top-10")
    assert (entry.headline, entry.deck, entry.by_editor) == ("Only here", "And this.", True)
    a.refresh_from_db()
    assert a.headline != "Only here"


def test_it_has_the_storys_own_words_otherwise():
    (a,) = make(1)
    rank(make_list("top-10"), a)
    entry = filled("top-10")["top-10"].entries[0]
    assert (entry.headline, entry.deck, entry.by_editor) == (a.headline, a.deck, False)


def test_it_has_short_words_for_the_ticker():
    story = make_article(short_headline="Short", publish_at=NOON - HOUR)
    other, placed = make_article(publish_at=NOON - HOUR), make_article(short_headline="X", publish_at=NOON - HOUR)
    ticker = make_list("ticker")
    rank(ticker, story, other)
    place(ticker, 3, placed, starts=NOON, headline="Only here")
    assert [entry.ticker_text for entry in filled("ticker")["ticker"].entries] == ["Short", other.headline, "Only here"]


@pytest.mark.parametrize("hidden", [draft, embargoed, withdrawn])
def test_it_falls_back_where_its_story_is_not_public(hidden):
    """With the fallback's own words: those of the placement are about another story."""
    (a,) = make(1)
    place(make_list("top-10"), 1, hidden(), fallback=a, starts=NOON, headline="About the hidden", deck="Hidden.")
    entry = filled("top-10")["top-10"].entries[0]
    assert (entry.article, entry.headline, entry.deck) == (a, a.headline, a.deck)


def test_it_falls_back_while_the_story_is_not_written():
    a, b = make(2)
    top = make_list("top-10", size=2)
    place(top, 1, None, fallback=a, starts=NOON, working_title="Budget", headline="The budget in full")
    rank(top, b)
    assert stories("top-10") == {"top-10": [a, b]}
    assert filled("top-10")["top-10"].entries[0].headline == a.headline


def test_it_fills_the_place_of_a_story_to_come_from_the_ranks():
    (a,) = make(1)
    top = make_list("top-10")
    place(top, 1, None, starts=NOON, working_title="Budget")
    rank(top, a)
    assert stories("top-10") == {"top-10": [a]}


@pytest.mark.parametrize("hidden", [draft, embargoed, withdrawn])
def test_it_never_shows_what_is_not_public(hidden):
    a, b = make(2)
    rank(make_list("top-10"), a, hidden(), b)
    assert stories("top-10") == {"top-10": [a, b]}


def test_it_shows_nothing_twice_in_one_list():
    a, b = make(2)
    top = make_list("top-10", size=5)
    rank(top, a, b)
    place(top, 4, a, starts=NOON)
    assert stories("top-10") == {"top-10": [b, a]}


def test_it_does_not_repeat_what_the_lists_above_show():
    a, b, c, d = make(4)
    lead, top = make_list("lead", size=1, position=1), make_list("top", size=2, position=2, repeats=False)
    rank(lead, a, b)
    rank(top, a, b, c, d)
    assert stories("top", "lead") == {"lead": [a], "top": [b, c]}


def test_it_does_not_repeat_what_the_page_shows_already():
    a, b, c = make(3)
    rank(make_list("top", repeats=False), a, b, c)
    assert stories("top", shown=[b.pk]) == {"top": [a, c]}


def test_it_repeats_where_it_may():
    a, b = make(2)
    rank(make_list("lead", size=1, position=1), a)
    rank(make_list("top", position=2, repeats=True), a, b)
    assert stories("lead", "top", shown=[a.pk, b.pk]) == {"lead": [a], "top": [a, b]}


def test_it_lets_editors_repeat_where_ranks_may_not():
    a, b = make(2)
    rank(make_list("lead", size=1, position=1), a)
    top = make_list("top", position=2, repeats=False)
    rank(top, a, b)
    place(top, 1, a, starts=NOON)
    assert stories("lead", "top") == {"lead": [a], "top": [a, b]}


def test_it_leaves_to_the_lists_below_what_it_does_not_show():
    """A story that found no place in the list above may stand in the one below."""
    a, b, c = make(3)
    rank(make_list("lead", size=1, position=1, repeats=False), a, b)
    rank(make_list("top", position=2, repeats=False), a, b, c)
    assert stories("lead", "top") == {"lead": [a], "top": [b, c]}


def test_it_chooses_in_the_order_of_the_lists():
    a, b = make(2)
    for slug, position in (("zebra", 1), ("ant", 2)):
        rank(make_list(slug, size=1, position=position, repeats=False), a, b)
    assert stories("ant", "zebra") == {"zebra": [a], "ant": [b]}


def test_it_shows_a_moment_of_the_past():
    a, b, c = make(3)
    top = make_list("top-10", size=2)
    rank(top, a, b, until=NOON + HOUR)
    rank(top, c, at=NOON + HOUR)
    end(place(top, 2, c, starts=NOON), NOON + HOUR)
    assert stories("top-10", at=NOON) == {"top-10": [a, c]}
    assert stories("top-10", at=NOON + HOUR) == {"top-10": [c]}
    assert stories("top-10", at=NOON - HOUR) == {"top-10": []}


def test_it_knows_no_list_that_is_unknown():
    make_list("top-10")
    assert stories("top-10", "no-such-list") == {"top-10": []}


def test_it_costs_one_query(django_assert_num_queries):
    a, b = make(2)
    for slug in ("one", "two", "three"):
        one = make_list(slug)
        rank(one, a, b)
        place(one, 1, b, starts=NOON)
    articles = Article.objects.in_bulk()
    with django_assert_num_queries(1):
        lists = load_lists("one", "two", "three", at=NOON)
        lists.fill(articles)
    assert lists.ids == {a.pk, b.pk}
    assert lists.ids_of("two") == {a.pk, b.pk}
    assert lists.ids_of("four") == set()
