"""Issues that fill themselves at their time, and those that are made by hand."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone

from newsletters import composing
from newsletters.models import Issue
from newsletters.working import do_due_letters
from rankings.placing import place
from tests.factories import draft, make_article, make_list, seoul, withdrawn

from .conftest import make_issue, make_letter, make_reader, ready

pytestmark = pytest.mark.django_db

MONDAY = seoul("2026-11-30 07:00")


@pytest.fixture
def letter():
    """A letter that fills itself on working days at seven, from a list with stories."""
    top = make_list("top-10", fill="latest")
    old = MONDAY - timedelta(days=2)
    stories = [
        make_article(headline=f"Number {number}", publish_at=old - timedelta(hours=number)) for number in range(4)
    ]
    place(top, 1, stories[2], starts=old, headline="An editor's headline")
    return make_letter(
        story_list=top, size=3, time_of_day="07:00", weekdays=[1, 2, 3, 4, 5], opening="Good morning from Seoul."
    )


def due(at):
    with time_machine.travel(at, tick=False):
        return composing.fill_due()


def test_it_fills_and_sends_itself_at_its_time(letter, mailbox):
    make_reader("reader@example.com", letter)
    with time_machine.travel(MONDAY - timedelta(seconds=1)):
        before = composing.fill_due(timezone.now())
    assert before == 0
    with time_machine.travel(MONDAY + timedelta(seconds=2)):
        assert do_due_letters() == (1, 1, 1)
        assert do_due_letters() == (0, 0, 0)
    issue = Issue.objects.get()
    assert (issue.state, issue.by_rule, str(issue.day)) == ("sent", True, "2026-11-30")
    text = mailbox.to("reader@example.com")[0].get_body(("plain",)).get_content()
    assert issue.subject == "An editor's headline"
    assert [text.index(words) for words in ("Good morning", "An editor's headline", "Number 0", "Number 1")]
    assert "Number 3" not in text, "as many stories as the letter takes"
    assert [story.picture for story in issue.stories.all()] == [True, False, False]


@pytest.mark.parametrize(
    ("at", "made"),
    [
        ("2026-11-30 06:59", 0),
        ("2026-11-30 07:00", 1),
        ("2026-11-30 09:59", 1),  # the server was down at seven
        ("2026-11-30 10:01", 0),  # a morning letter at noon is none
        ("2026-11-29 07:00", 0),  # a Sunday
        ("2026-12-01 07:30", 1),
    ],
)
def test_it_keeps_to_its_days_and_hours_in_seoul(letter, at, made):
    assert due(seoul(at)) == made


def test_it_makes_one_issue_a_day(letter):
    assert due(MONDAY) == 1
    assert due(MONDAY + timedelta(minutes=5)) == 0
    assert composing.fill(letter, MONDAY) is None, "as another program would at the same moment"
    assert due(MONDAY + timedelta(days=1)) == 1


def test_it_gives_way_to_an_issue_by_hand(letter):
    ready(make_issue(letter), send_at=MONDAY + timedelta(hours=1), day=MONDAY.date())
    assert due(MONDAY) == 0


def test_it_sends_nothing_where_there_are_no_stories(letter):
    letter.story_list.placements.all().delete()
    letter.story_list.section = make_article().section.__class__.objects.create(name="Empty", slug="empty")
    letter.story_list.save()
    assert due(MONDAY) == 0
    assert not Issue.objects.exists()


def test_it_rests_while_a_letter_is_off(letter):
    letter.is_active = False
    letter.save()
    assert due(MONDAY) == 0


def test_it_costs_one_query_if_nothing_is_due(letter, django_assert_num_queries):
    with django_assert_num_queries(1):
        composing.fill_due(MONDAY - timedelta(hours=1))


# ---- by hand


def test_it_shows_only_what_is_public_at_that_moment():
    story, gone, waiting = make_article(headline="Stays"), withdrawn(), draft()
    issue = make_issue(make_letter(), story, gone, waiting)
    assert [row.headline for row in composing.load_stories(issue)] == ["Stays"]


def test_it_adds_the_stories_of_its_list_to_a_draft(letter):
    story = letter.story_list.placements.get().article
    issue = make_issue(letter, make_article(headline="By hand"), story)
    assert composing.fill_draft(issue) == 1
    rows = list(issue.stories.order_by("position"))
    assert [row.article.headline for row in rows] == ["By hand", "Number 2", "Number 0"] or len(rows) == 3
    assert len({row.position for row in rows}) == 3
    with pytest.raises(ValidationError, match="no list"):
        composing.fill_draft(make_issue(make_letter("By hand")))


def test_it_schedules_and_takes_back():
    letter = make_letter()
    issue = make_issue(letter)
    at = timezone.now() + timedelta(hours=2)
    composing.schedule(issue, at)
    issue.refresh_from_db()
    assert (issue.state, issue.send_at, issue.day) == ("ready", at, timezone.localdate(at))
    composing.take_back(issue)
    issue.refresh_from_db()
    assert (issue.state, issue.send_at, issue.day) == ("draft", None, None)


def test_it_refuses_with_a_sentence():
    letter = make_letter()
    issue = make_issue(letter)
    now = timezone.now()
    for at, said in ((now - timedelta(hours=1), "passed"), (now + timedelta(days=91), "90 days")):
        with pytest.raises(ValidationError, match=said):
            composing.schedule(issue, at)
    empty = make_issue(letter, draft(), intro=" ")
    with pytest.raises(ValidationError, match="empty"):
        composing.schedule(empty)
    composing.schedule(issue)
    with pytest.raises(ValidationError, match="of that day"):
        composing.schedule(make_issue(letter))
    Issue.objects.filter(pk=issue.pk).update(state="sending")
    with pytest.raises(ValidationError, match="sent already"):
        composing.schedule(issue)
    with pytest.raises(ValidationError, match="cannot be taken back"):
        composing.take_back(issue)
