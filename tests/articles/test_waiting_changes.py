"""A change of a public story that waits for its moment; versions put back."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone

from articles import publishing
from articles.due import do_due_work
from articles.models import Article
from sections.hits import write_hits
from tests.factories import draft, make_article, make_photo, make_reporter, make_staff, withdrawn

pytestmark = pytest.mark.django_db


def soon(**period):
    """A moment to come."""
    return timezone.now().replace(microsecond=0) + timedelta(**period or {"hours": 1})


def plan(story, at=None, **changes):
    """Keeps a change of a story's content for later."""
    base = publishing.content_of(story)
    kind, note = changes.pop("kind", "update"), changes.pop("note", "")
    return publishing.schedule_change(story, base | changes, at or soon(), base=base, kind=kind, note=note)


def test_readers_see_it_from_its_moment_on_and_not_before(client):
    story = make_article(headline="Before", reporters=[make_reporter()], photos=[make_photo(render=True)])
    plan(story, headline="After", body="<p>New text.</p>")
    assert publishing.apply_due_changes() == 0
    assert "Before" in client.get(story.get_absolute_url()).content.decode()
    with time_machine.travel(soon(hours=1, seconds=1), tick=True):
        # Nobody has come by but a reader.
        page = client.get(story.get_absolute_url()).content.decode()
        assert "After" in page
        assert "New text." in page
        story.refresh_from_db()
        assert story.updated_at == story.versions.first().public_from
        assert story.byline_text == "Seo Ha-rin"
        assert story.photo_uses.count() == 1


def test_the_runner_applies_it_once(client):
    story = make_article(headline="Before")
    plan(story, headline="After")
    write_hits()  # of other tests in this process
    with time_machine.travel(soon(hours=2), tick=True):
        assert do_due_work() == 1
        assert do_due_work() == 0
        assert Article.objects.get().headline == "After"


def test_a_correction_is_told_under_the_story_and_in_the_log_from_then_on(client):
    story = make_article()
    plan(story, headline="Right", kind="correction", note="It was wrong.")
    assert "It was wrong." not in client.get("/corrections/").content.decode()
    with time_machine.travel(soon(hours=2), tick=True):
        publishing.apply_due_changes()
        assert "It was wrong." in client.get("/corrections/").content.decode()


def test_a_typing_mistake_moves_no_stamp():
    story = make_article()
    plan(story, headline="Right", kind="typo")
    with time_machine.travel(soon(hours=2), tick=True):
        publishing.apply_due_changes()
        story.refresh_from_db()
        assert (story.headline, story.updated_at) == ("Right", None)


@pytest.mark.parametrize("make", [draft, withdrawn])
def test_only_public_stories_are_changed_later(make):
    with pytest.raises(ValidationError, match="Only a public story"):
        plan(make(), headline="After")


def test_it_needs_a_change_a_moment_to_come_and_a_note():
    story = make_article()
    with pytest.raises(ValidationError, match="Nothing differs"):
        plan(story)
    with pytest.raises(ValidationError, match="This moment is past"):
        plan(story, at=timezone.now() - timedelta(seconds=1), headline="After")
    with pytest.raises(ValidationError, match="Write what was wrong"):
        plan(story, headline="After", kind="correction")
    assert not story.versions.exists()


def test_one_at_a_time_and_it_can_be_called_off():
    story = make_article()
    plan(story, headline="After")
    with pytest.raises(ValidationError, match="waits already"):
        plan(story, headline="Other")
    assert publishing.cancel_change(story)
    assert not publishing.cancel_change(story)
    assert plan(story, headline="Other")


def test_what_is_edited_meanwhile_is_not_written_over():
    story = make_article(headline="Before", deck="Deck before.")
    plan(story, headline="After")
    story.deck = "Deck mended."
    story.save()
    publishing.finish_edit(story, kind="update")
    assert publishing.rebase_change(story) == []
    with time_machine.travel(soon(hours=2), tick=True):
        publishing.apply_due_changes()
        story.refresh_from_db()
        assert (story.headline, story.deck) == ("After", "Deck mended.")


def test_what_both_change_is_named():
    story = make_article(headline="Before")
    plan(story, headline="After")
    story.headline = "Meanwhile"
    story.save()
    assert publishing.rebase_change(story) == ["headline"]


def test_a_waiting_change_is_no_version_that_readers_or_the_next_save_know(client):
    story = make_article()
    publishing.record_version(story, kind="published", public_from=story.publish_at)
    plan(story, headline="After")
    assert client.get(f"{story.get_absolute_url()}changes/").status_code == 404
    story.headline = "Now"
    story.save()
    version = publishing.finish_edit(story, kind="update")
    assert version.content["headline"] == "Now"
    assert sorted(story.versions.values_list("number", flat=True)) == [1, 2, 3]


def test_a_version_is_put_back_with_bylines_photos_and_topics():
    reporter, photo = make_reporter(), make_photo(caption="The library's words.")
    story = draft(headline="First", reporters=[reporter], photos=[photo], tags=["Rain"])
    story.photo_uses.update(caption="Its own words.", credit="", alt_text="")
    first = publishing.finish_edit(story)
    story.headline = "Second"
    story.save()
    story.bylines.all().delete()
    story.photo_uses.all().delete()
    story.tags.clear()
    publishing.finish_edit(story)
    version = publishing.restore_version(story, first, by=make_staff())
    story.refresh_from_db()
    assert (story.headline, story.byline_text, story.tag_text) == ("First", "Seo Ha-rin", "Rain")
    use = story.photo_uses.get()
    assert (use.caption, use.credit, use.placement) == ("Its own words.", "", "lead")
    assert version.number == 3
    assert version.content == first.content


def test_what_has_gone_since_is_left_out():
    story = draft(reporters=[make_reporter()], photos=[make_photo()])
    first = publishing.finish_edit(story)
    first.content["bylines"].append({"reporter": "gone", "name": "Gone", "role": ""})
    publishing.restore_version(story, first)
    assert story.bylines.count() == 1
