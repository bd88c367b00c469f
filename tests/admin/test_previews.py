"""The real page before it is public: for the desk, and for outsiders by a link that ends."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from articles import publishing
from articles.models import Article, ArticleVersion, PreviewLink
from tests.admin.posting import fields_of, page, submit, told
from tests.factories import (
    draft,
    embargoed,
    make_article,
    make_photo,
    make_reporter,
    make_section,
    make_video,
    withdrawn,
)

FORM = "article_form"


def change(story):
    """The address of a story's form."""
    return reverse("admin:articles_article_change", args=[story.pk])


def made_link(desk, story, **fields):
    """A preview link made by the form."""
    desk.post(reverse("admin:articles_article_link", args=[story.pk]), {"note": "The lawyer", "days": "3"} | fields)
    return story.preview_links.first()


@pytest.mark.parametrize("make", [draft, embargoed, make_article, withdrawn])
def test_every_story_has_a_preview_and_stays_what_it_is(desk, make):
    story = make(headline="Not yet", photos=[make_photo(render=True)], reporters=[make_reporter()], tags=["Rain"])
    before = Article.objects.values().get()
    response = desk.get(reverse("admin:articles_article_preview", args=[story.pk]))
    assert response.status_code == 200
    assert "Not yet" in page(response).h1.get_text()
    assert "no-store" in response["Cache-Control"]
    assert "noindex" in response["X-Robots-Tag"]
    assert "frame-ancestors 'self'" in response["Content-Security-Policy"]
    assert "data-reads" not in response.content.decode()
    assert Article.objects.values().get() == before


def test_unsaved_words_are_shown_and_not_saved(desk):
    story = make_article(headline="As saved")
    response = submit(desk, change(story), FORM, "act:preview", headline="As typed", tags="Typed topic")
    assert page(response).h1.get_text(strip=True) == "As typed"
    story.refresh_from_db()
    assert story.headline == "As saved"
    assert not story.tags.exists()
    assert not story.versions.exists()


def test_a_story_that_is_not_there_yet_is_shown(desk):
    add = reverse("admin:articles_article_add")
    fields = {"headline": "New", "body": "<p>One.</p>", "section": make_section().pk}
    response = submit(desk, add, FORM, "act:preview", **fields)
    assert page(response).h1.get_text(strip=True) == "New"
    assert not Article.objects.exists()


def test_a_form_that_cannot_be_saved_says_why_instead(desk):
    story = draft()
    response = submit(desk, change(story), FORM, "act:preview", headline="")
    assert "This field is required." in response.content.decode()


def test_what_would_change_is_shown_word_by_word(desk):
    story = make_article(headline="Rain in Seoul")
    response = submit(desk, change(story), FORM, "act:compare", headline="Snow in Seoul")
    shown = page(response).find(class_="diff")
    assert [shown.find("del").get_text(), shown.find("ins").get_text()] == ["Rain", "Snow"]
    story.refresh_from_db()
    assert story.headline == "Rain in Seoul"


def test_a_change_waits_for_its_moment(desk, client):
    story = make_article(headline="Now")
    at = timezone.localtime().replace(microsecond=0) + timedelta(hours=3)
    response = submit(
        *(desk, change(story), FORM, "act:schedule_change"),
        **{
            "headline": "Later",
            "edit_kind": "update",
            "change_at_0": f"{at:%Y-%m-%d}",
            "change_at_1": f"{at:%H:%M:%S}",
        },
    )
    assert "Readers see the change from" in told(response)
    story.refresh_from_db()
    assert story.headline == "Now"
    waiting = story.versions.waiting().get()
    assert (waiting.content["headline"], waiting.public_from, waiting.author.username) == ("Later", at, "editor")
    assert "A change by editor waits" in page(desk.get(change(story))).get_text(" ", strip=True)
    shown = desk.get(reverse("admin:articles_article_preview", args=[story.pk]), {"version": "waiting"})
    assert page(shown).h1.get_text(strip=True) == "Later"
    desk.post(reverse("admin:articles_article_cancel_change", args=[story.pk]))
    assert not story.versions.waiting().exists()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"headline": "Later"}, "Write from when on"),
        ({"headline": "Later", "change_at_0": "2020-01-01", "change_at_1": "09:00"}, "This moment is past"),
        ({"change_at_0": "2099-01-01", "change_at_1": "09:00"}, "Nothing differs"),
        (
            {"headline": "x", "change_at_0": "2099-01-01", "change_at_1": "09:00", "edit_kind": "correction"},
            "Write what was wrong",
        ),
    ],
)
def test_a_change_that_cannot_wait_says_why_and_keeps_what_was_typed(desk, fields, sentence):
    story = make_article(headline="Now")
    response = submit(desk, change(story), FORM, "act:schedule_change", **fields)
    assert sentence in response.content.decode()
    if "headline" in fields:
        assert page(response).find("input", {"name": "headline"})["value"] == fields["headline"]
    assert not ArticleVersion.objects.waiting().exists()
    story.refresh_from_db()
    assert story.headline == "Now"


def test_versions_are_compared_and_put_back(desk):
    story = draft(headline="Rain")
    first = publishing.finish_edit(story)
    story.headline = "Snow"
    story.save()
    publishing.finish_edit(story)
    versions = reverse("admin:articles_article_versions", args=[story.pk])
    shown = page(desk.get(versions, {"old": first.number, "new": "now"})).find(class_="diff")
    assert [shown.find("del").get_text(), shown.find("ins").get_text()] == ["Rain", "Snow"]
    restore = reverse("admin:articles_article_restore_version", args=[story.pk, first.number])
    assert "Put version 1 back" in desk.get(restore).content.decode()
    desk.post(restore)
    story.refresh_from_db()
    assert story.headline == "Rain"
    assert story.versions.count() == 3


def test_an_old_version_of_a_public_story_comes_back_with_its_kind(desk):
    story = make_article(headline="Rain")
    first = publishing.finish_edit(story, kind="update")
    restore = reverse("admin:articles_article_restore_version", args=[story.pk, first.number])
    response = desk.post(restore, {"kind": "correction", "note": ""})
    assert "Write what was wrong" in response.content.decode()
    desk.post(restore, {"kind": "correction", "note": "It was right before."})
    assert story.corrections.get().text == "It was right before."


@pytest.mark.parametrize("query", ["old=99&new=now", "old=abc", "new=waiting", "old=&new=", "old=1%00"])
def test_odd_questions_for_versions_end_in_a_page(desk, query):
    story = draft()
    assert desk.get(f"{reverse('admin:articles_article_versions', args=[story.pk])}?{query}").status_code in (200, 400)
    assert desk.get(reverse("admin:articles_article_restore_version", args=[story.pk, 99])).status_code == 302


# ---- links for outsiders


def test_an_outsider_sees_the_story_its_photos_and_its_film_until_the_link_ends(desk):
    client = Client()
    photo = make_photo(render=True)
    story = draft(headline="Embargoed", photos=[photo], format="video")
    video = make_video(story)
    link = made_link(desk, story)
    response = client.get(link.get_absolute_url())
    assert response.status_code == 200
    assert "Embargoed" in page(response).h1.get_text()
    assert not response.cookies
    assert "no-store" in response["Cache-Control"]
    assert response["Referrer-Policy"] == "no-referrer"
    pictures = {image["src"] for image in page(response).select("main img")}
    assert any(src.startswith(link.get_absolute_url()) for src in pictures)
    own = photo.picture().src.replace("/media/", f"{link.get_absolute_url()}media/")
    film = f"{link.get_absolute_url()}media/films/{video.token[:2]}/{video.token}.mp4"
    for address in (own, film):
        found = client.get(address)
        assert found.status_code == 200
        assert "no-store" in found["Cache-Control"]
        assert b"".join(found)
    assert client.get(photo.picture().src).status_code == 404, "without the link nothing can be reached"
    with time_machine.travel(timezone.now() + timedelta(days=3, seconds=1)):
        assert client.get(link.get_absolute_url()).status_code == 410
        assert client.get(own).status_code == 404


def test_a_link_is_ended_at_once(desk, client):
    story = draft()
    link = made_link(desk, story)
    desk.post(reverse("admin:articles_article_end_link", args=[story.pk, link.pk]))
    response = client.get(link.get_absolute_url())
    assert response.status_code == 410
    assert "This preview has ended" in response.content.decode()


def test_a_link_shows_photos_of_its_own_story_only(desk):
    link = made_link(desk, draft())
    other = make_photo(render=True)
    draft(photos=[other])
    address = other.picture().src.replace("/media/", f"{link.get_absolute_url()}media/")
    assert Client().get(address).status_code == 404


@pytest.mark.parametrize("days", ["0", "31", "", "x", "-1", "99999999999999999999"])
def test_a_link_lasts_one_to_thirty_days(desk, days):
    response = desk.post(
        reverse("admin:articles_article_link", args=[draft().pk]), {"note": "x", "days": days}, follow=True
    )
    assert "Days that it lasts" in told(response)
    assert not PreviewLink.objects.exists()


@pytest.mark.parametrize("token", ["0" * 32, "g" * 32, "abc"])
def test_guessed_links_lead_nowhere(client, token, db):
    assert client.get(f"/preview/{token}/").status_code == 404


def test_the_form_shows_what_stops_it(desk):
    story = draft(deck="", photos=[make_photo(credit="")])
    found = page(desk.get(change(story))).find(class_="findings")
    assert "Stops it" in found.get_text()
    assert "has no credit" in found.get_text()
    assert "The deck is empty" in found.get_text()
    assert fields_of(desk.get(change(story)), FORM)
