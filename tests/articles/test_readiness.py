"""What stops a story from being published, and what is only advice."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from articles import publishing, readiness
from tests.factories import draft, make_article, make_photo, make_reporter

pytestmark = pytest.mark.django_db


def complete(**fields):
    """A draft that nothing can be said against."""
    fields = {"photos": [make_photo(rights="own")], "reporters": [make_reporter()], "tags": ["Rain"]} | fields
    return draft(**fields)


def test_a_complete_story_lacks_nothing():
    assert readiness.findings(complete()) == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"headline": " "}, "Write a headline."),
        ({"body": ""}, "Write the text."),
        ({"format": "gallery", "photos": []}, "Add at least one photo"),
        ({"body": '<p><a href="/2020/01/01/nothing-there/">x</a></p>'}, "leads nowhere"),
    ],
)
def test_errors_stop_it_and_nothing_is_written(fields, sentence):
    story = complete(**fields)
    assert any(sentence in text for text in readiness.errors(story))
    with pytest.raises(ValidationError, match=sentence):
        publishing.schedule(story)
    story.refresh_from_db()
    assert story.status == "draft"
    assert not story.desk_notes.exists()


@pytest.mark.parametrize(
    ("photo", "use", "sentence"),
    [
        ({"rights": "none"}, {}, "no rights to use it"),
        ({"expires_on": timezone.localdate()}, {}, "the rights ended"),
        ({"credit": ""}, {}, "has no credit"),
        ({"alt_text": ""}, {}, "has no alt text"),
    ],
)
def test_photos_need_rights_a_credit_and_alt_text(photo, use, sentence):
    story = complete(photos=[make_photo(**{"rights": "own"} | photo)])
    with pytest.raises(ValidationError, match=sentence):
        publishing.schedule(story)


def test_a_use_of_its_own_words_or_a_decorative_photo_needs_none_of_the_library():
    story = complete(photos=[make_photo(alt_text="", credit="", rights="own")])
    story.photo_uses.update(credit="Yonhap", decorative=True)
    assert publishing.schedule(story).is_public()


def test_rights_are_looked_at_for_the_day_of_publication():
    story = complete(photos=[make_photo(rights="own", expires_on=timezone.localdate() + timedelta(days=2))])
    assert readiness.errors(story) == []
    assert readiness.errors(story, timezone.now() + timedelta(days=3))


def test_advice_stops_nothing():
    story = draft(deck="", headline="x" * 120)
    texts = {finding.field for finding in readiness.findings(story)}
    assert texts >= {"deck", "bylines", "tags", "photo_uses", "short_headline"}
    assert publishing.schedule(story).is_public()


def test_it_sees_what_writers_leave_for_later():
    assert any("TK" in finding.text for finding in readiness.findings(complete(body="<p>He paid TK won.</p>")))


def test_imported_gaps_never_break_a_public_story():
    """Rules bind acts, not rows: a public story with a photo without credit is edited like any other."""
    story = make_article(photos=[make_photo(credit="", alt_text="")])
    assert publishing.finish_edit(story, kind="update").kind == "update"


def test_it_costs_few_queries(django_assert_max_num_queries):
    story = complete(photos=[make_photo(rights="own") for _ in range(8)])
    with django_assert_max_num_queries(10):
        readiness.findings(story)
