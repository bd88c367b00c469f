"""The acts of publishing: what each writes, and the sentences with which it refuses."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from articles import publishing
from articles.models import Article, ArticleVersion, Byline
from tests.factories import (
    draft,
    embargoed,
    make_article,
    make_photo,
    make_reporter,
    make_section,
    make_staff,
    seoul,
    withdrawn,
)

pytestmark = pytest.mark.django_db

Kind = ArticleVersion.Kind


def stored(article):
    return Article.objects.get(pk=article.pk)


def row(article):
    """The article's row but for what the trigger moves."""
    columns = Article.objects.filter(pk=article.pk).values().get()
    return {key: value for key, value in columns.items() if key not in ("edit_version", "changed_at", "search_vector")}


# ---- schedule


def test_it_publishes_at_once_without_a_time(client):
    story = publishing.schedule(draft(headline="Rain stops trains", slug=""))
    assert stored(story).status == Article.Status.READY
    assert stored(story).slug == "rain-stops-trains"
    assert client.get(story.get_absolute_url()).status_code == 200


def test_it_publishes_at_the_time_given(client):
    story = draft(slug="rain")
    publishing.schedule(story, seoul("2021-02-27 09:32"))
    assert stored(story).publish_at == seoul("2021-02-27 09:32")
    assert story.get_absolute_url() == "/2021/02/27/rain/"
    later = publishing.schedule(draft(), timezone.now() + timedelta(minutes=1))
    assert stored(later).state == "Scheduled"
    assert client.get(later.get_absolute_url()).status_code == 404


@pytest.mark.parametrize(
    ("utc", "day"),
    [
        ("2021-02-27T14:59:59+00:00", date(2021, 2, 27)),
        ("2021-02-27T15:00:00+00:00", date(2021, 2, 28)),
        ("2020-12-31T15:00:00+00:00", date(2021, 1, 1)),
        ("2021-02-28T00:00:00+09:00", date(2021, 2, 28)),
        ("2021-02-27T20:00:00-05:00", date(2021, 2, 28)),
    ],
)
def test_it_dates_the_address_in_seoul(utc, day):
    story = publishing.schedule(draft(slug="rain"), timezone.datetime.fromisoformat(utc))
    assert stored(story).address_date == day
    assert story.get_absolute_url() == f"/{day:%Y/%m/%d}/rain/"


def test_it_makes_a_slug_of_a_korean_headline(client):
    story = publishing.schedule(draft(headline="서울 지하철, 첫눈에 멈추다", slug=""), seoul("2021-02-27 09:32"))
    assert story.slug == "서울-지하철-첫눈에-멈추다"
    assert client.get(story.get_absolute_url()).status_code == 200
    assert client.get("/2021/02/27/서울-지하철-첫눈에-멈추다/").status_code == 200


@pytest.mark.parametrize(
    ("headline", "slug"),
    [
        ("???", "story"),
        ("— ‘’ …", "story"),
        ("  Spaces   and -- dashes  ", "spaces-and-dashes"),
        ("Émile’s café", "émiles-café"),
        ("x" * 200, "x" * 110),
    ],
)
def test_it_makes_a_slug_of_any_headline(headline, slug):
    assert publishing.schedule(draft(headline=headline, slug="")).slug == slug


def test_it_finds_a_free_slug_of_the_day():
    at = seoul("2021-02-27 09:32")
    slugs = [publishing.schedule(draft(headline="Rain", slug=""), at).slug for _ in range(4)]
    assert slugs == ["rain", "rain-2", "rain-3", "rain-4"]
    assert publishing.schedule(draft(headline="Rain", slug=""), at + timedelta(days=1)).slug == "rain"


def test_it_finds_a_free_slug_of_the_day_in_seoul():
    """Two moments of one UTC day and two Seoul days share nothing; of one Seoul day they do."""
    evening, night = seoul("2021-02-27 23:59"), seoul("2021-02-28 00:01")
    assert [publishing.schedule(draft(slug="rain"), at).slug for at in (evening, night)] == ["rain", "rain"]
    assert publishing.schedule(draft(slug="rain"), seoul("2021-02-28 08:59")).slug == "rain-2"
    assert publishing.schedule(draft(slug="rain"), seoul("2021-02-28 09:01")).slug == "rain-3"


def test_it_takes_no_slug_that_only_looks_free():
    at = seoul("2021-02-27 09:32")
    publishing.schedule(draft(slug="rain-2"), at)
    publishing.schedule(draft(slug="rain"), at)
    publishing.schedule(draft(slug="rainbow"), at)
    assert publishing.schedule(draft(slug="rain"), at).slug == "rain-3"


def test_it_keeps_long_slugs_within_the_column():
    at = seoul("2021-02-27 09:32")
    slugs = [publishing.schedule(draft(headline="x" * 200, slug=""), at).slug for _ in range(3)]
    assert slugs == ["x" * 110, "x" * 110 + "-2", "x" * 110 + "-3"]


def test_it_keeps_its_own_slug_when_it_moves_to_another_day():
    story = publishing.schedule(draft(slug="rain"), timezone.now() + timedelta(days=1))
    publishing.schedule(story, timezone.now() + timedelta(days=3))
    assert stored(story).slug == "rain"
    assert stored(story).address_date == timezone.localdate() + timedelta(days=3)


def test_it_says_all_that_is_missing_and_writes_nothing():
    story = draft(headline=" ", body="")
    before = row(story)
    with pytest.raises(ValidationError) as refused:
        publishing.schedule(story)
    assert refused.value.messages == ["Write a headline.", "Write the text."]
    assert row(story) == before
    assert not story.versions.exists()


@pytest.mark.parametrize("format", ["video", "cartoon"])
def test_it_needs_no_text_where_there_is_a_picture(format):
    assert publishing.schedule(draft(format=format, body="", photos=[make_photo()])).is_public()


def test_it_does_not_move_what_is_public():
    story = make_article(publish_at=seoul("2021-02-27 09:32"))
    with pytest.raises(ValidationError, match="public already: its publication time cannot change"):
        publishing.schedule(story, timezone.now() + timedelta(days=1))
    assert publishing.schedule(story, seoul("2021-02-27 09:32")) == story
    assert stored(story).publish_at == seoul("2021-02-27 09:32")


def test_it_keeps_what_was_published_as_a_version():
    editor, at = make_staff(), timezone.now() + timedelta(days=1)
    story = publishing.schedule(draft(headline="Rain"), at, by=editor)
    version = story.versions.get()
    assert (version.number, version.kind, version.author, version.public_from) == (1, Kind.PUBLISHED, editor, at)
    assert version.content["headline"] == "Rain"


def test_it_moves_the_version_with_the_story():
    """Scheduled, then scheduled anew: readers see the version from the second moment on, not from the first."""
    story = publishing.schedule(draft(), timezone.now() + timedelta(days=1))
    later = timezone.now() + timedelta(days=2)
    publishing.schedule(story, later)
    assert [version.public_from for version in story.versions.all()] == [later]


def _schedule(story):
    publishing.schedule(story, timezone.now() + timedelta(hours=1))


def _edit(story):
    publishing.finish_edit(story, kind=Kind.UPDATE)


def _correct(story):
    publishing.correct(story, "It was 400, not 40.")


@pytest.mark.parametrize(
    ("make", "act", "step"),
    [
        (draft, _schedule, "record_version"),
        (draft, _schedule, "refresh_texts"),
        (make_article, _edit, "record_version"),
        (make_article, _correct, "record_version"),
    ],
)
def test_it_writes_all_or_nothing(monkeypatch, make, act, step):
    story = make(reporters=[make_reporter()])
    Article.objects.filter(pk=story.pk).update(byline_text="out of date")
    before = row(story)

    def fail(*args, **kwargs):
        raise RuntimeError("The disk is full.")

    monkeypatch.setattr(publishing, step, fail)
    with pytest.raises(RuntimeError):
        act(story)
    assert row(story) == before
    assert not story.corrections.exists()
    assert not story.versions.exists()


# ---- desk


def test_it_goes_to_the_desk_and_back():
    story = draft()
    assert stored(publishing.hand_in(story)).status == Article.Status.IN_REVIEW
    assert stored(publishing.hand_back(story)).status == Article.Status.DRAFT


@pytest.mark.parametrize("make", [make_article, embargoed, withdrawn])
def test_it_does_not_go_to_the_desk_once_it_is_ready(make):
    story = make()
    with pytest.raises(ValidationError, match="Only a draft can be handed in."):
        publishing.hand_in(story)
    with pytest.raises(ValidationError, match="Only a story in review can be handed back."):
        publishing.hand_back(story)
    assert stored(story).status == Article.Status.READY


# ---- withdraw and restore


def test_it_is_withdrawn_with_a_reason():
    at = timezone.now()
    story = publishing.withdraw(make_article(), "The witness lied.", at=at)
    assert (stored(story).withdrawn_at, stored(story).withdrawal_reason) == (at, "The witness lied.")


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_it_is_not_withdrawn_without_a_reason(reason):
    story = make_article()
    with pytest.raises(ValidationError, match="Write the reason: readers see it at the story's address."):
        publishing.withdraw(story, reason)
    assert stored(story).is_public()


def test_it_comes_back_at_its_address():
    story = withdrawn()
    address = story.get_absolute_url()
    publishing.restore(story)
    assert stored(story).is_public()
    assert stored(story).withdrawal_reason == ""
    assert stored(story).get_absolute_url() == address


def test_it_cannot_come_back_if_it_was_never_gone():
    with pytest.raises(ValidationError, match="This story was not withdrawn."):
        publishing.restore(make_article())


# ---- correct


def test_it_is_corrected_in_public(client):
    editor, at = make_staff(), timezone.now()
    story = make_article()
    note = publishing.correct(story, "It was 400, not 40.", by=editor, at=at)
    assert (note.text, note.kind, note.published_at, note.author) == ("It was 400, not 40.", "correction", at, editor)
    assert stored(story).updated_at == at
    version = story.versions.get()
    assert (version.kind, version.note, version.public_from) == (Kind.CORRECTION, "It was 400, not 40.", at)
    assert "It was 400, not 40." in client.get(story.get_absolute_url()).text


def test_it_keeps_a_version_of_every_correction():
    story = make_article()
    now = timezone.now()
    publishing.correct(story, "It was 400, not 40.", at=now - timedelta(minutes=2))
    publishing.correct(story, "It was Tuesday, not Monday.", at=now)
    assert [version.note for version in story.versions.order_by("number")] == [
        "It was 400, not 40.",
        "It was Tuesday, not Monday.",
    ]


def test_it_is_not_corrected_without_words():
    story = make_article()
    with pytest.raises(ValidationError, match="Write what was wrong and what is right."):
        publishing.correct(story, "  ")
    assert stored(story).updated_at is None


@pytest.mark.parametrize("make", [draft, embargoed, withdrawn])
def test_it_is_only_corrected_in_public_when_it_is_public(make):
    story = make()
    with pytest.raises(ValidationError, match="Only a public story is corrected in public; simply edit this one."):
        publishing.correct(story, "It was 400, not 40.")
    assert not story.corrections.exists()


# ---- finish_edit: texts, versions and the “Updated” stamp


def test_it_moves_the_updated_stamp_for_a_substantive_edit_only():
    story = make_article()
    for kind in (None, Kind.TYPO):
        publishing.finish_edit(story, kind=kind)
        assert stored(story).updated_at is None
    for kind in (Kind.UPDATE, Kind.CLARIFICATION, Kind.CORRECTION):
        before = publishing.clock()
        publishing.finish_edit(story, kind=kind)
        assert stored(story).updated_at >= before


def test_it_moves_no_stamp_by_saving():
    story = make_article(updated_at=seoul("2021-02-27 09:32"))
    story.save()
    Article.objects.filter(pk=story.pk).update(deck="Other.")
    publishing.record_version(story)
    publishing.refresh_texts(story)
    assert stored(story).updated_at == seoul("2021-02-27 09:32")


@pytest.mark.parametrize("make", [draft, embargoed, withdrawn])
def test_it_moves_no_stamp_of_what_nobody_reads(make):
    story = make()
    publishing.finish_edit(story, kind=Kind.UPDATE)
    assert stored(story).updated_at is None


def test_it_keeps_a_version_of_each_change():
    story = make_article(headline="Rain")
    first = publishing.finish_edit(story, kind=Kind.UPDATE, note="First.")
    assert publishing.finish_edit(story, kind=Kind.UPDATE, note="First.") == first, "nothing changed, nothing is kept"
    story.headline = "Rian"
    story.save()
    assert publishing.finish_edit(story) is publishing.finish_edit(story, kind=Kind.TYPO) is None
    assert story.versions.count() == 1, "a typing mistake is no version"
    story.headline = "Snow"
    story.save()
    second = publishing.finish_edit(story, kind=Kind.UPDATE, by=make_staff())
    assert (first.number, second.number) == (1, 2)
    assert (first.content["headline"], second.content["headline"]) == ("Rain", "Snow")
    assert second.public_from == stored(story).updated_at
    assert second.author.username == "editor"


def test_it_keeps_who_and_what_belongs_to_the_words():
    section = make_section("Companies", parent=make_section("Business"))
    photo = make_photo(caption="Noon.", credit="Yonhap", alt_text="A quay.")
    story = make_article(section=section, tags=["Ships", "Ulsan"], reporters=[make_reporter()], photos=[photo])
    story.photo_uses.update(caption="Dusk.")
    content = publishing.finish_edit(story, kind=Kind.UPDATE).content
    assert content["section"] == "business/companies"
    assert content["tags"] == ["Ships", "Ulsan"]
    assert content["bylines"] == [{"reporter": "seo-ha-rin", "name": "Seo Ha-rin", "role": ""}]
    assert content["photos"] == [
        {
            "photo": str(photo.uuid),
            "placement": "lead",
            "caption": "Dusk.",
            "credit": "Yonhap",
            "alt_text": "A quay.",
            "decorative": False,
            "crop": None,
        }
    ]


def test_it_leaves_earlier_drafts_unseen():
    story = draft(headline="Working title")
    publishing.finish_edit(story)
    story.headline = "Rain"
    story.save()
    at = timezone.now() + timedelta(days=1)
    publishing.schedule(story, at)
    versions = story.versions.order_by("number")
    assert [(version.kind, version.public_from) for version in versions] == [(Kind.DRAFT, None), (Kind.PUBLISHED, at)]


def test_it_moves_edits_of_a_scheduled_story_with_it():
    story = publishing.schedule(draft(), timezone.now() + timedelta(days=1))
    story.headline = "Rewritten while it waited"
    story.save()
    publishing.finish_edit(story)
    sooner = timezone.now() + timedelta(hours=1)
    publishing.schedule(story, sooner)
    assert {version.public_from for version in story.versions.all()} == {sooner}
    assert story.versions.first().content["headline"] == "Rewritten while it waited"


def test_it_says_since_when_readers_see_an_edit():
    """An edit of a draft: not yet. Of a scheduled story: from its moment on. Of a public one: from now on."""
    assert publishing.finish_edit(draft()).public_from is None
    waiting = embargoed()
    assert publishing.finish_edit(waiting).public_from == waiting.publish_at
    before = publishing.clock()
    assert publishing.finish_edit(make_article(), kind=Kind.UPDATE).public_from >= before


def test_it_keeps_names_for_search_and_cards():
    story = make_article(tags=["Ulsan", "Ships"])
    seo, moon, ko = (make_reporter(name) for name in ("Seo Ha-rin", "Moon Ji-ho", "Ko Eun"))
    for position, (reporter, role) in enumerate([(seo, ""), (ko, "Photos"), (moon, "")]):
        Byline.objects.create(article=story, reporter=reporter, role=role, position=position)
    publishing.finish_edit(story)
    assert stored(story).byline_text == "Seo Ha-rin and Moon Ji-ho"
    assert stored(story).tag_text == "Ships, Ulsan"


def test_it_names_the_photographer_where_nobody_wrote():
    story = make_article(format="gallery")
    Byline.objects.create(article=story, reporter=make_reporter("Ko Eun"), role="Photos")
    publishing.refresh_texts(story)
    assert stored(story).byline_text == "Ko Eun"


@pytest.mark.parametrize(
    ("names", "text"),
    [([], ""), (["A"], "A"), (["A", "B"], "A and B"), (["A", "B", "C"], "A, B and C")],
)
def test_it_joins_names_as_a_sentence_does(names, text):
    assert publishing.join_names(names) == text


def test_it_writes_names_only_when_they_changed():
    story = make_article(tags=["Ships"])
    version = Article.objects.values_list("edit_version", flat=True).get(pk=story.pk)
    publishing.refresh_texts(story)
    assert Article.objects.values_list("edit_version", flat=True).get(pk=story.pk) == version
