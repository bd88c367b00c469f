"""What the database itself refuses, whatever program writes to it."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from articles import publishing
from articles.models import Article, ArticlePhoto, Byline, Correction, OldAddress, RelatedArticle, Tag, Video
from tests.factories import (
    draft,
    embargoed,
    make_article,
    make_draft,
    make_photo,
    make_reporter,
    seoul,
    withdrawn,
)

pytestmark = pytest.mark.django_db


@contextmanager
def refused(constraint):
    """Expects that constraint to refuse what follows, and keeps the test's transaction usable."""
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        yield


def update(article, **fields):
    Article.objects.filter(pk=article.pk).update(**fields)


@pytest.mark.parametrize("missing", [{"publish_at": None}, {"address_date": None}, {"slug": ""}])
def test_it_refuses_a_ready_story_without_an_address(missing):
    with refused("article_ready_has_address"):
        update(make_article(publish_at=timezone.now() + timedelta(hours=1)), **missing)


def test_it_lets_a_draft_be_incomplete():
    assert Article.objects.create(section=make_article().section, headline="").pk


def test_it_refuses_a_withdrawal_before_or_at_publication():
    story = make_article()
    for moment in (story.publish_at, story.publish_at - timedelta(days=1)):
        with refused("article_withdrawn_after_publication"):
            update(story, withdrawn_at=moment)
    update(story, withdrawn_at=story.publish_at + timedelta(microseconds=1))


def test_it_refuses_the_address_of_another_story():
    story = make_article(slug="flood", publish_at=seoul("2021-02-27 09:00"))
    with refused("article_address_unique"):
        make_draft(slug="flood", publish_at=seoul("2021-02-27 18:00"))
    assert make_draft(slug="flood", publish_at=seoul("2021-02-28 09:00")).address_date != story.address_date


def test_it_keeps_the_address_of_a_withdrawn_story():
    story = withdrawn(slug="flood", publish_at=seoul("2021-02-27 09:00"))
    with refused("article_address_unique"):
        make_draft(slug="flood", publish_at=seoul("2021-02-27 18:00"))
    draft_of_that_day = draft(slug="flood")
    publishing.schedule(draft_of_that_day, seoul("2021-02-27 19:00"))
    assert draft_of_that_day.slug == "flood-2"
    assert story.address_date == draft_of_that_day.address_date


CHANGES = [
    {"slug": "another"},
    {"publish_at": seoul("2020-01-01 00:00")},
    {"address_date": "2020-01-01"},
    {"status": "draft"},
    {"status": "in_review"},
    {"guid": "6a0b8f2e-3f1c-4a5e-9d59-0a7c50c0ffee"},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: " ".join(map(str, *change.items())))
@pytest.mark.parametrize("make", [make_article, withdrawn])
def test_it_refuses_to_move_what_was_public(make, change):
    story = make()
    with refused("its address and publication time are fixed"):
        update(story, **change)
    for field, value in change.items():
        setattr(story, field, value)
    with refused("its address and publication time are fixed"):
        story.save()
    with refused("its address and publication time are fixed"):
        Article.objects.bulk_update([story], list(change))


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: " ".join(map(str, *change.items())))
@pytest.mark.parametrize("make", [draft, embargoed])
def test_it_lets_everything_change_before_publication(make, change):
    story = make()
    update(story, **change)
    assert Article.objects.filter(pk=story.pk, **change).exists()


def test_it_lets_the_words_of_a_public_story_change():
    story = make_article()
    update(story, headline="Another headline", body="<p>More.</p>", section=story.section)
    story.refresh_from_db()
    assert story.headline == "Another headline"


def stamps(story):
    return Article.objects.values_list("edit_version", "changed_at").get(pk=story.pk)


@pytest.mark.parametrize(
    "write",
    [
        lambda story: update(story, deck="Another."),
        lambda story: story.save(),
        lambda story: story.save(update_fields=["deck"]),
        lambda story: Article.objects.bulk_update([story], ["deck"]),
    ],
    ids=["update", "save", "save of one field", "bulk_update"],
)
def test_it_counts_every_write(write):
    story = make_article()
    version, changed = stamps(story)
    write(story)
    assert stamps(story)[0] == version + 1
    assert stamps(story)[1] > changed


def test_it_does_not_let_a_writer_turn_the_counter_back():
    story = make_article()
    version, _ = stamps(story)
    update(story, edit_version=1, changed_at=seoul("2001-01-01 00:00"))
    assert stamps(story)[0] == version + 1
    assert stamps(story)[1] > story.created_at


def test_it_knows_one_spelling_of_a_tag():
    story = make_article(tags=["Samsung"])
    story.tags.add("SAMSUNG", "samsung")
    assert list(story.tags.names()) == ["Samsung"]
    with refused("tag_name_unique"):
        Tag.objects.create(name="sAmSuNg", slug="other")


def test_it_refuses_doubles():
    story, other, photo, reporter = make_article(), make_article(), make_photo(), make_reporter()
    ArticlePhoto.objects.create(article=story, photo=photo)
    Byline.objects.create(article=story, reporter=reporter)
    RelatedArticle.objects.create(article=story, related=other)
    moment = timezone.now()
    Correction.objects.create(article=story, text="A.", published_at=moment)
    OldAddress.objects.create(article=story, path="/old.html")
    with refused("article_photo_once"):
        ArticlePhoto.objects.create(article=story, photo=photo, placement="lead")
    with refused("byline_once"):
        Byline.objects.create(article=story, reporter=reporter, role="Photos")
    with refused("related_article_once"):
        RelatedArticle.objects.create(article=story, related=other, position=5)
    with refused("related_article_other"):
        RelatedArticle.objects.create(article=story, related=story)
    with refused("correction_moment_once"):
        Correction.objects.create(article=story, text="B.", published_at=moment)
    with refused("path"):
        OldAddress.objects.create(article=other, path="/old.html")


def test_it_refuses_a_second_story_of_one_source_record():
    make_article(external_source="kt", external_id="129_304756")
    make_article(external_source="kt")
    make_article(external_source="kt")
    with refused("article_external_id_unique"):
        make_article(external_source="kt", external_id="129_304756")


def test_it_refuses_a_film_that_is_nowhere():
    with refused("video_has_film"):
        Video.objects.create(article=make_article())


@pytest.mark.parametrize("make", [make_article, withdrawn])
def test_what_was_public_cannot_be_deleted(make):
    article = make()
    with refused("was public"):
        Article.objects.filter(pk=article.pk).delete()
    assert Article.objects.filter(pk=article.pk).exists()


@pytest.mark.parametrize("make", [draft, embargoed])
def test_what_was_never_public_can_be_deleted(make):
    article = make()
    article.delete()
    assert not Article.objects.filter(pk=article.pk).exists()


def test_a_legal_expunge_says_so_in_its_transaction():
    article = make_article()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL newsroom.expunge = 'on'")
        article.delete()
    assert not Article.objects.exists()
