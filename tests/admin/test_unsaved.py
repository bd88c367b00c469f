"""Unsaved words and presence, by the posts that the form's script sends."""

import uuid

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from articles import publishing
from articles.admin.scratches import GONE_AFTER
from articles.models import Article, Presence, Scratch
from tests.admin.posting import errors, fields_of, page, submit
from tests.factories import draft, make_article, make_photo, make_reporter, make_section, make_staff

FORM = "article_form"
NEW = reverse("admin:articles_article_scratch_new")
ADD = reverse("admin:articles_article_add")


def change(story):
    """The address of a story's form."""
    return reverse("admin:articles_article_change", args=[story.pk])


def scratch(story):
    """Where unsaved words of a story go."""
    return reverse("admin:articles_article_scratch", args=[story.pk])


def test_words_are_kept_beside_the_story_and_offered_again(desk):
    story = draft(headline="As saved")
    fields = fields_of(desk.get(change(story)), FORM) | {"headline": "As typed"}
    told = desk.post(scratch(story), fields).json()
    assert told["saved"]
    story.refresh_from_db()
    assert story.headline == "As saved"
    assert not story.versions.exists()
    opened = page(desk.get(change(story)))
    button = opened.find("button", {"name": "_recover"})
    response = desk.post(change(story), fields | {"_recover": button["value"], "headline": "x"})
    assert page(response).find("input", {"name": "headline"})["value"] == "As typed"
    assert "These are your unsaved words" in errors(response)
    story.refresh_from_db()
    assert story.headline == "As saved"
    submit(desk, change(story), FORM, headline="As typed")
    assert not Scratch.objects.exists()


def test_words_are_for_those_who_typed_them(desk):
    story = draft()
    desk.post(scratch(story), {"headline": "Mine"})
    other = Client()
    other.force_login(make_staff("other"))
    assert not page(other.get(change(story))).find("button", {"name": "_recover"})
    response = other.post(change(story), {"_recover": Scratch.objects.get().pk})
    assert response.status_code == 302
    assert Scratch.objects.exists()


def test_words_of_a_new_story_have_a_key(desk):
    key = str(uuid.uuid4())
    desk.post(NEW, {"headline": "New", "scratch_key": key})
    desk.post(NEW, {"headline": "Newer", "scratch_key": key})
    assert Scratch.objects.get().headline == "Newer"
    assert "Newer" in page(desk.get(ADD)).find(class_="note-bar").get_text()
    fields = fields_of(desk.get(ADD), FORM) | {"scratch_key": key, "headline": "Saved", "section": make_section().pk}
    desk.post(ADD, fields | {"_save": "1"})
    assert Article.objects.get().headline == "Saved"
    assert not Scratch.objects.exists()


def test_words_are_thrown_away_when_asked(desk):
    story = draft()
    desk.post(scratch(story), {"headline": "Mine"})
    desk.post(change(story), {"_forget": Scratch.objects.get().pk})
    assert not Scratch.objects.exists()


@pytest.mark.parametrize(
    "fields", [{"scratch_key": "x"}, {"scratch_key": ""}, {}, {"headline": "a\0b", "opened_version": "9" * 40}]
)
def test_odd_posts_are_no_error(desk, fields):
    assert desk.post(NEW, fields).status_code == 200
    assert desk.post(scratch(draft()), fields).status_code == 200
    assert desk.get(NEW).status_code == 405


@pytest.mark.parametrize("value", ["", "abc", "-1", "99999999999999999999"])
def test_odd_words_to_take_back_only_open_the_form(desk, value):
    story = draft()
    assert desk.post(change(story), {"_recover": value}).status_code == 302


def test_the_answer_says_who_else_is_here_and_that_somebody_saved(desk):
    story = draft()
    other = make_staff("min-ji", first_name="Min-ji", last_name="Kim")
    Presence.objects.create(article=story, user=other)
    told = desk.post(scratch(story), {"beat": "1", "opened_version": story.edit_version}).json()
    assert told["others"][0].startswith("Min-ji Kim is editing since ")
    assert told["stale"] == ""
    assert not Scratch.objects.exists(), "a sign of life is no typing"
    story.save()
    story.refresh_from_db()
    told = desk.post(scratch(story), {"beat": "1", "opened_version": story.edit_version - 1}).json()
    assert "Somebody has saved this story" in told["stale"]


def test_somebody_who_left_is_not_here(desk, editor):
    story = draft()
    old = timezone.now() - GONE_AFTER * 2
    Presence.objects.create(article=story, user=make_staff("gone"), since=old, seen_at=old)
    assert desk.post(scratch(story), {"beat": "1"}).json()["others"] == []
    desk.post(scratch(story), {"leave": "1"})
    assert not Presence.objects.filter(user=editor).exists()


def test_rows_that_somebody_took_away_come_back_with_mine(desk):
    """The version covers photos and bylines; a choice puts the rows of the form in place."""
    story = make_article(photos=[make_photo(), make_photo()], reporters=[make_reporter("A"), make_reporter("B")])
    fields = fields_of(desk.get(change(story)), FORM)
    story.photo_uses.last().delete()
    story.bylines.first().delete()
    added = make_photo()
    story.photo_uses.create(photo=added, position=9)
    story.save()
    publishing.finish_edit(story, kind="update")
    response = desk.post(change(story), fields | {"headline": "Mine", "_save": "1"})
    conflict = page(response).find(class_="conflict")
    assert conflict
    resolve = conflict.find("button", {"name": "_resolve"})["value"]
    chosen = fields_of(response, FORM) | {"_resolve": resolve}
    response = desk.post(change(story), chosen, follow=True)
    assert not errors(response)
    story.refresh_from_db()
    assert story.headline == "Mine"
    assert story.photo_uses.count() == 3, "mine, with the one that was taken away, and the one that was added"
    assert story.byline_text == "A and B"


def test_a_second_save_in_between_asks_again(desk):
    story = draft(headline="One")
    fields = fields_of(desk.get(change(story)), FORM)
    for headline in ("Two", "Three"):
        story.headline = headline
        story.save()
        response = desk.post(change(story), fields | {"headline": "Mine", "_save": "1"})
        conflict = page(response).find(class_="conflict")
        fields = fields_of(response, FORM) | {"_resolve": conflict.find("button", {"name": "_resolve"})["value"]}
    story.headline = "Four"
    story.save()
    assert page(desk.post(change(story), fields)).find(class_="conflict")
    story.refresh_from_db()
    assert story.headline == "Four"
