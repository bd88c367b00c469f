"""Placing stories: positions of a list, exclusive in time, never rewritten."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import ProtectedError
from django.utils import timezone

from rankings.models import Placement, RankedStory
from rankings.placing import clock, end, place
from tests.factories import make_article, make_list, make_staff, seoul, shown_photo

pytestmark = pytest.mark.django_db

NOON = seoul("2021-02-27 12:00")
HOUR = timedelta(hours=1)


@pytest.fixture
def front():
    return make_list("front-top", "Top stories", size=6)


def standing(story_list, at):
    return {row.position: row.article for row in Placement.objects.filter(story_list=story_list).in_force(at)}


def test_it_puts_a_story_at_a_position_from_now_on(front):
    story, editor = make_article(), make_staff()
    before = clock()
    placement = place(front, 2, story, by=editor, headline="Only here", reason="It is news.")
    assert before <= placement.period.lower <= clock()
    assert placement.period.upper is None
    assert (placement.placed_by, placement.headline, placement.reason) == (editor, "Only here", "It is news.")
    assert standing(front, clock()) == {2: story}


def test_it_holds_from_its_start_until_just_before_its_end(front):
    story = make_article()
    place(front, 1, story, starts=NOON, ends=NOON + HOUR)
    micro = timedelta(microseconds=1)
    assert standing(front, NOON - micro) == {}
    assert standing(front, NOON) == {1: story}
    assert standing(front, NOON + HOUR - micro) == {1: story}
    assert standing(front, NOON + HOUR) == {}


def test_it_ends_what_stood_there_and_keeps_it(front):
    first, second = make_article(), make_article()
    old = place(front, 1, first, starts=NOON)
    new = place(front, 1, second, starts=NOON + HOUR)
    old.refresh_from_db()
    assert (old.period.lower, old.period.upper) == (NOON, NOON + HOUR)
    assert old.cancelled_at is None
    assert new.period.lower == old.period.upper
    assert standing(front, NOON) == {1: first}
    assert standing(front, NOON + HOUR) == {1: second}


def test_it_replaces_at_once_what_began_at_that_very_moment(front):
    first, second = make_article(), make_article()
    old = place(front, 1, first, starts=NOON)
    place(front, 1, second, starts=NOON)
    old.refresh_from_db()
    assert old.cancelled_at is not None
    assert standing(front, NOON) == {1: second}
    assert Placement.objects.count() == 2


def test_it_leaves_other_positions_and_lists_alone(front):
    story, other = make_article(), make_list("ticker")
    place(front, 1, story, starts=NOON)
    place(front, 2, story, starts=NOON)
    place(other, 1, story, starts=NOON)
    place(front, 1, make_article(), starts=NOON + HOUR)
    assert standing(front, NOON + HOUR)[2] == story
    assert standing(other, NOON + HOUR) == {1: story}


def test_it_refuses_a_period_that_somebody_booked(front):
    booked = place(front, 1, make_article(), starts=NOON, ends=NOON + HOUR)
    for starts, ends in (
        (NOON - HOUR, None),
        (NOON - HOUR, NOON + timedelta(minutes=1)),
        (NOON + timedelta(minutes=10), NOON + timedelta(minutes=20)),
        (NOON, NOON + HOUR),
        (NOON + timedelta(minutes=59), None),
    ):
        with pytest.raises(
            ValidationError,
            match="Position 1 of “Top stories” is booked from 2021-02-27 12:00 for “.*”: choose another.",
        ):
            place(front, 1, make_article(), starts=starts, ends=ends)
    assert list(Placement.objects.all()) == [booked]
    place(front, 1, make_article(), starts=NOON - HOUR, ends=NOON)
    place(front, 1, make_article(), starts=NOON + HOUR)
    assert Placement.objects.count() == 3


def test_it_ends_nothing_when_it_refuses(front):
    """What stands now is not ended for a placement that then finds its period booked."""
    now = place(front, 1, make_article(), starts=NOON, ends=None)
    end(now, NOON + 5 * HOUR)
    place(front, 1, make_article(), starts=NOON + 6 * HOUR, ends=NOON + 7 * HOUR)
    place(front, 1, make_article(), starts=NOON + 9 * HOUR)
    before = list(Placement.objects.order_by("pk").values_list("period", "cancelled_at"))
    with pytest.raises(ValidationError):
        place(front, 1, make_article(), starts=NOON + HOUR, ends=NOON + 8 * HOUR)
    assert list(Placement.objects.order_by("pk").values_list("period", "cancelled_at")) == before


@pytest.mark.parametrize("position", [0, 7, -1, 100])
def test_it_knows_the_positions_of_the_list(front, position):
    with pytest.raises(ValidationError, match="Top stories has the positions 1 to 6."):
        place(front, position, make_article())


@pytest.mark.parametrize("ends", [NOON, NOON - HOUR])
def test_it_must_end_after_it_begins(front, ends):
    with pytest.raises(ValidationError, match="A placement must end after it begins."):
        place(front, 1, make_article(), starts=NOON, ends=ends)


def test_it_books_a_place_for_a_story_to_come(front):
    placement = place(front, 1, None, starts=NOON, working_title="Budget speech", fallback=make_article())
    assert placement.article is None
    with pytest.raises(IntegrityError, match="placement_story_or_title"), transaction.atomic():
        place(front, 2, None, starts=NOON)


def test_it_ends_now_and_keeps_the_past(front):
    story = make_article()
    placement = end(place(front, 1, story, starts=NOON))
    assert placement.period.upper <= clock()
    assert standing(front, NOON) == {1: story}
    assert standing(front, clock()) == {}
    assert end(placement).period.upper == placement.period.upper, "an end that has come does not move"


def test_it_can_end_before_the_planned_end_but_not_after_it(front):
    placement = place(front, 1, make_article(), starts=NOON, ends=NOON + 2 * HOUR)
    assert end(placement, NOON + HOUR).period.upper == NOON + HOUR
    assert end(placement, NOON + 3 * HOUR).period.upper == NOON + HOUR


def test_it_cancels_what_has_not_begun(front):
    tomorrow = timezone.now() + timedelta(days=1)
    placement = end(place(front, 1, make_article(), starts=tomorrow))
    assert placement.cancelled_at is not None
    assert placement.period.lower == tomorrow
    assert standing(front, tomorrow) == {}
    place(front, 1, make_article(), starts=tomorrow)
    assert len(standing(front, tomorrow)) == 1


def test_it_reads_the_row_anew_before_it_ends(front):
    placement = place(front, 1, make_article(), starts=NOON)
    stale = Placement.objects.get(pk=placement.pk)
    end(placement, NOON + HOUR)
    end(stale, NOON + 2 * HOUR)
    stale.refresh_from_db()
    assert stale.period.upper == NOON + HOUR


@pytest.mark.django_db(transaction=True)
def test_it_takes_turns_when_several_place_at_once(front):
    """Each ends what the one before placed: nobody fails, nothing overlaps, one stands."""
    stories = [make_article() for _ in range(6)]

    def put(story):
        try:
            return place(front, 1, story).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        placed = list(pool.map(put, stories))
    rows = list(Placement.objects.filter(cancelled_at=None).order_by("period"))
    assert {row.pk for row in rows} == set(placed)
    assert [row.period.upper for row in rows] == [*(row.period.lower for row in rows[1:]), None]


@pytest.mark.parametrize("model", [Placement, RankedStory])
def test_it_is_exclusive_whatever_program_writes(front, model):
    row = {"story_list": front, "position": 1}
    model.objects.create(**row, article=make_article(), period=DateTimeTZRange(NOON, NOON + HOUR))
    model.objects.create(**row, article=make_article(), period=DateTimeTZRange(NOON + HOUR, None))
    with pytest.raises(IntegrityError, match="one_at_a_time"), transaction.atomic():
        model.objects.create(
            **row, article=make_article(), period=DateTimeTZRange(NOON + timedelta(minutes=30), NOON + 2 * HOUR)
        )


@pytest.mark.parametrize(
    "period", [DateTimeTZRange(None, NOON), DateTimeTZRange(None, None), DateTimeTZRange(NOON, NOON)], ids=str
)
def test_it_needs_a_start_and_a_length(front, period):
    with pytest.raises(IntegrityError, match="placement_period_has_start"), transaction.atomic():
        Placement.objects.create(story_list=front, position=1, article=make_article(), period=period)


def test_it_protects_what_it_shows(front):
    placement = place(front, 1, make_article(), fallback=make_article())
    for article in (placement.article, placement.fallback):
        with pytest.raises(ProtectedError):
            article.delete()


def test_what_stands_there_until_a_time_gives_way_to_what_is_placed_now(front):
    first = place(front, 1, make_article(), ends=timezone.now() + HOUR)
    second = place(front, 1, make_article())
    first.refresh_from_db()
    assert first.period.upper == second.period.lower
    booked = place(front, 2, make_article(), ends=timezone.now() + 2 * HOUR)
    with pytest.raises(ValidationError, match="is booked from"):
        place(front, 2, make_article(), starts=timezone.now() + HOUR)
    assert Placement.objects.in_force().get(position=2) == booked


def test_a_picture_that_must_not_be_shown_is_refused(front):
    photo = shown_photo(expires_on=timezone.localdate() + timedelta(days=2))
    with pytest.raises(ValidationError, match="The picture “.*”: the rights ended on"):
        place(front, 1, make_article(), photo=photo, starts=timezone.now() + timedelta(days=3))
    assert not Placement.objects.exists()
    assert place(front, 1, make_article(), photo=photo).photo == photo
