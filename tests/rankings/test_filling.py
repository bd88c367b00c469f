"""Ranking by reads and time."""

import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from articles import publishing
from articles.models import Article
from rankings import filling
from rankings.filling import fill, most_read_of, newest, refresh, refresh_all, refresh_due
from rankings.lists import show_lists
from rankings.models import RankedStory, ReadCount, StoryList
from tests.factories import draft, embargoed, make_article, make_list, make_section, seoul, withdrawn

pytestmark = pytest.mark.django_db


def read_most(story_list, at):
    """What a list would hold: (article id, score, reads), best first."""
    rule = filling.rule_of(story_list)
    return most_read_of(story_list, at, filling.most_read([rule], at)[rule])


NOON = seoul("2021-02-27 12:00")
HOUR = timedelta(hours=1)


def read(article, reads, hours_ago=0):
    ReadCount.objects.create(article=article, hour=NOON - hours_ago * HOUR, reads=reads)


def old(**fields):
    """A story of last week, so that no test depends on its age."""
    return make_article(**{"publish_at": NOON - timedelta(days=7)} | fields)


def order(story_list, at=NOON):
    rows = RankedStory.objects.filter(story_list=story_list).in_force(at).order_by("position")
    assert [row.position for row in rows] == list(range(1, len(rows) + 1))
    return [row.article for row in rows]


# ---- fill


def test_it_takes_the_first_different_items_in_order():
    assert fill(4, ["a", "b"], ["b", None, "c"], ["d", "e"]) == ["a", "b", "c", "d"]
    assert fill(9, ["a"], [], ["a"]) == ["a"]
    assert fill(0, ["a"]) == []
    assert fill(2) == []


@given(st.integers(0, 8), st.lists(st.lists(st.one_of(st.none(), st.integers(0, 9)))))
def test_it_never_repeats_or_overflows(size, sources):
    chosen = fill(size, *sources)
    items = [item for source in sources for item in source if item is not None]
    assert chosen == list(dict.fromkeys(items))[:size]


# ---- the score


def test_it_halves_a_read_after_each_half_life():
    """100 reads now; 100 reads one half-life ago: 50; 100 two half-lives ago: 25. Together 175."""
    story = old()
    for hours in (0, 6, 12):
        read(story, 100, hours)
    ((pk, score, total),) = read_most(make_list("top-10", half_life_hours=6), NOON)
    assert (pk, total) == (story.pk, 300)
    assert score == pytest.approx(175)


def test_it_decays_within_the_hour():
    """Three quarters of an hour after the hour began, with a half-life of an hour: 80 × 0.5 ^ 0.75."""
    read(old(), 80)
    ((_, score, _),) = read_most(make_list("top-10", half_life_hours=1), NOON + timedelta(minutes=45))
    assert score == pytest.approx(80 * 0.5**0.75)


def test_it_prefers_fresh_reads_to_many_old_ones():
    yesterday, today = old(), old()
    read(yesterday, 150, hours_ago=24)
    read(today, 20)
    top = make_list("top-10", half_life_hours=6)
    assert [pk for pk, _, _ in read_most(top, NOON)] == [today.pk, yesterday.pk]
    slow = make_list("slow", half_life_hours=48)
    assert [pk for pk, _, _ in read_most(slow, NOON)] == [yesterday.pk, today.pk]


def test_it_counts_only_its_window():
    inside, outside, later = old(), old(), old()
    read(inside, 1, hours_ago=47)
    read(outside, 1_000, hours_ago=48)
    read(later, 1_000, hours_ago=-1)
    assert [pk for pk, _, _ in read_most(make_list("top-10", window_hours=48), NOON)] == [inside.pk]


def test_it_puts_the_newer_story_first_where_reads_are_equal():
    first, second = old(), old()
    read(first, 5)
    read(second, 5)
    assert [pk for pk, _, _ in read_most(make_list("top-10"), NOON)] == [second.pk, first.pk]


@pytest.mark.parametrize("hidden", [draft, embargoed, withdrawn])
def test_it_ranks_only_what_is_public(hidden):
    story = hidden()
    ReadCount.objects.create(article=story, hour=timezone.now() - HOUR, reads=1_000)
    top = make_list("top-10")
    assert read_most(top, timezone.now()) == []
    assert newest(top, timezone.now()) == []
    refresh(top)
    assert RankedStory.objects.count() == 0


def test_it_ranks_by_what_was_public_at_the_moment():
    story = old(publish_at=NOON)
    top = make_list("top-10")
    assert newest(top, NOON - timedelta(seconds=1)) == []
    assert newest(top, NOON) == [story.pk]


def test_it_counts_subsections_with_their_section():
    films = make_section("Films", parent=make_section("Entertainment"))
    film, elsewhere = old(section=films), old(section=make_section("World"))
    listed = old(section=make_section("World"))
    listed.also_in.add(films)
    for story in (film, elsewhere, listed):
        read(story, 10)
    top = make_list("top-5-entertainment", section=make_section("Entertainment"))
    assert {pk for pk, _, _ in read_most(top, NOON)} == {film.pk, listed.pk}
    assert set(newest(top, NOON)) == {film.pk, listed.pk}


def test_it_ranks_only_its_format():
    gallery, story = old(format="gallery"), old()
    for article in (gallery, story):
        read(article, 10)
    shots = make_list("darkroom", format="gallery")
    assert [pk for pk, _, _ in read_most(shots, NOON)] == [gallery.pk]
    assert newest(shots, NOON) == [gallery.pk]


# ---- refresh


def test_it_puts_the_newest_behind_what_was_read():
    a, b, c = old(), old(), old()
    read(a, 10)
    top = make_list("top-10")
    assert refresh(top, NOON) == 3
    assert order(top) == [a, c, b]


def test_it_computes_nothing_where_reads_do_not_count():
    """What is newest is looked for when the list is shown."""
    a, b = old(), old()
    read(a, 10)
    latest, none = make_list("latest", fill="latest"), make_list("none", fill="none")
    refresh_all(NOON)
    assert order(latest) == order(none) == []
    shown = show_lists("latest", "none")
    assert [entry.article for entry in shown["latest"].entries] == [b, a]
    assert shown["none"].entries == []


def test_it_leaves_out_what_is_too_old():
    a = old()
    b = old(publish_at=NOON - 5 * HOUR)
    read(a, 10)
    read(b, 5)
    top = make_list("top-10")
    assert [pk for pk, *_ in read_most(top, NOON)] == [a.pk, b.pk]
    top.max_age_hours = 6
    assert [pk for pk, *_ in read_most(top, NOON)] == [b.pk]


def test_it_says_what_decided():
    a, b = old(), old()
    read(a, 10, hours_ago=6)
    top = make_list("top-10", half_life_hours=6, window_hours=24)
    refresh(top, NOON)
    first, second = RankedStory.objects.order_by("position")
    assert first.breakdown == {
        "reads": 10,
        "score": 5.0,
        "window_hours": 24,
        "half_life_hours": 6,
        "max_age_hours": 0,
        "because": "read",
    }
    assert (second.article, second.breakdown["because"], second.score) == (b, "newest", 0)


def test_it_writes_nothing_where_nothing_changed():
    read(old(), 10)
    old()
    top = make_list("top-10")
    refresh(top, NOON)
    rows = list(RankedStory.objects.order_by("pk").values_list("pk", "period"))
    for minutes in (5, 10):
        assert refresh(top, NOON + timedelta(minutes=minutes)) == 0
    assert list(RankedStory.objects.order_by("pk").values_list("pk", "period")) == rows


def test_it_ends_only_the_positions_that_changed():
    a, b, c = old(), old(), old()
    for story, reads in ((a, 30), (b, 20), (c, 10)):
        read(story, reads)
    top = make_list("top-10", half_life_hours=48)
    refresh(top, NOON)
    ReadCount.objects.create(article=c, hour=NOON + HOUR, reads=15)
    assert refresh(top, NOON + HOUR) == 2
    assert order(top, NOON) == [a, b, c]
    assert order(top, NOON + HOUR) == [a, c, b]
    assert RankedStory.objects.count() == 5
    assert RankedStory.objects.get(position=1).period.upper is None


def test_it_keeps_the_past():
    a, b = old(), old()
    top = make_list("top-10")
    refresh(top, NOON)
    publishing.withdraw(b, "It was wrong.", at=NOON + HOUR)
    refresh(top, NOON + HOUR)
    assert order(top, NOON) == [b, a]
    assert order(top, NOON + HOUR) == [a]


def test_it_can_be_computed_twice_for_one_moment():
    a = old()
    top = make_list("top-10")
    refresh(top, NOON)
    b = old()
    assert refresh(top, NOON) == 2
    assert order(top) == [b, a]
    assert all(not row.period.isempty for row in RankedStory.objects.all())


def test_it_clears_a_list_that_editors_fill_alone():
    old()
    top = make_list("top-10")
    refresh(top, NOON)
    StoryList.objects.update(fill="none")
    assert refresh(top, NOON + HOUR) == 1
    assert order(top, NOON + HOUR) == []
    assert refresh(top, NOON + 2 * HOUR) == 0


def test_it_keeps_some_more_than_fit():
    """Stories that a page shows already are left out, so a list needs spare ones."""
    for _ in range(20):
        old()
    top = make_list("top", size=3)
    refresh(top, NOON)
    assert len(order(top)) == 13


def test_it_stands_while_the_paper_is_empty():
    top = make_list("top-10")
    assert refresh(top, NOON) == 0
    assert refresh_all(NOON) == {"top-10": 0}


def test_it_touches_no_article():
    read(old(), 3)
    before = Article.objects.values().get()
    refresh(make_list("top-10"), NOON)
    assert Article.objects.values().get() == before


def test_it_computes_by_command():
    old()
    make_list("top-10")
    make_list("empty", fill="none")
    out = io.StringIO()
    call_command("refresh_rankings", stdout=out)
    assert out.getvalue() == "2 lists computed; positions changed: top-10 1.\n"
    out = io.StringIO()
    call_command("refresh_rankings", stdout=out)
    assert out.getvalue() == "2 lists computed; positions changed: none.\n"
    out = io.StringIO()
    call_command("refresh_rankings", stdout=out, verbosity=0)
    assert out.getvalue() == ""


def test_it_computes_by_itself_when_it_is_due(settings):
    settings.RANKING_SECONDS = 60
    old()
    make_list("top-10")
    assert refresh_due(NOON)
    assert not refresh_due(NOON + timedelta(seconds=59))
    assert refresh_due(NOON + timedelta(seconds=61))
    settings.RANKING_SECONDS = 0
    assert not refresh_due(NOON + timedelta(days=1))
