"""The life of a story, by real posts to its form, read on the public page."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from articles.models import Article, Byline
from articles.publishing import content_of
from tests.admin.posting import errors, fields_of, page, submit, told
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

ADD = reverse("admin:articles_article_add")
FORM = "article_form"


def change(story):
    """The address of a story's form."""
    return reverse("admin:articles_article_change", args=[story.pk])


def in_seoul(moment):
    """A moment as the two inputs of the form take it."""
    local = timezone.localtime(moment)
    return {"publish_at_0": f"{local:%Y-%m-%d}", "publish_at_1": f"{local:%H:%M:%S}"}


def new_story(desk, press, **fields):
    """Writes a story into the empty form and presses a button."""
    section = make_section("Business")
    words = {"headline": "Shipyard hires 400 welders", "body": "<p>One.</p>\r\n<p>Two.</p>", "section": section.pk}
    return submit(desk, ADD, FORM, press, **words | fields)


def test_a_story_is_written_and_published(desk, client):
    """One press of a button from the empty form to the public page."""
    reporter, photo = make_reporter(), make_photo(render=True)
    rows = {
        "bylines-0-reporter": reporter.pk,
        "photo_uses-0-photo": photo.pk,
        "photo_uses-0-placement": "lead",
        "tags": "Shipbuilding, 울산",
    }
    response = new_story(desk, "act:publish", **rows)
    assert "was published" in told(response)
    story = Article.objects.get()
    assert story.state == "Public"
    assert (story.byline_text, story.tag_text) == ("Seo Ha-rin", "Shipbuilding, 울산")
    assert story.photo_uses.get().placement == "lead"
    assert [v.kind for v in story.versions.all()] == ["published"]
    assert story.versions.get().author.username == "editor"
    public = client.get(story.get_absolute_url())
    assert public.status_code == 200
    assert "Shipyard hires 400 welders" in public.content.decode()
    assert "Seo Ha-rin" in public.content.decode()
    assert page(response).find("a", class_="viewsitelink")["href"] == story.get_absolute_url()


def test_an_empty_row_that_only_has_a_position_is_left_out(desk):
    """The script numbers rows as soon as they stand there."""
    new_story(desk, "_save", **{"bylines-0-position": "10", "photo_uses-0-position": "10"})
    story = Article.objects.get()
    assert not story.bylines.exists()
    assert not story.photo_uses.exists()


def test_a_plain_save_makes_a_draft_with_a_version(desk, client):
    new_story(desk, "_save")
    story = Article.objects.get()
    assert (story.status, story.publish_at) == ("draft", None)
    assert [v.kind for v in story.versions.all()] == ["draft"]


def test_it_is_handed_in_and_handed_back(desk):
    story = draft(headline="Bridge closed")
    assert "handed in" in told(submit(desk, change(story), FORM, "act:hand_in", headline="Bridge closed for a week"))
    story.refresh_from_db()
    assert (story.status, story.headline) == ("in_review", "Bridge closed for a week")
    assert "Write what is to be done" in errors(submit(desk, change(story), FORM, "act:hand_back"))
    response = submit(desk, change(story), FORM, "act:hand_back", desk_note="Who closed it?")
    assert "handed back" in told(response)
    assert "Who closed it?" in page(response).find(class_="record").get_text()
    story.refresh_from_db()
    assert story.status == "draft"
    assert LogEntry.objects.filter(change_message__startswith="Handed in").exists()


def test_it_is_scheduled_in_seoul_time_and_hidden_until_then(desk, client):
    at = timezone.now().replace(microsecond=0) + timedelta(days=1)
    response = new_story(desk, "act:schedule", **in_seoul(at))
    assert f"{timezone.localtime(at):%Y-%m-%d %H:%M} Seoul time" in told(response)
    story = Article.objects.get()
    assert (story.state, story.publish_at) == ("Scheduled", at)
    assert client.get(story.get_absolute_url()).status_code == 404


def test_a_moved_moment_moves_the_address_with_it(desk):
    story = embargoed(slug="bridge")
    at = timezone.now().replace(microsecond=0) + timedelta(days=3)
    submit(desk, change(story), FORM, **in_seoul(at))
    story.refresh_from_db()
    assert (story.publish_at, story.address_date) == (at, timezone.localtime(at).date())
    assert story.slug == "bridge"


def test_a_scheduled_story_gets_a_free_slug(desk):
    embargoed(slug="bridge")
    story = embargoed(slug="tunnel")
    submit(desk, change(story), FORM, slug="bridge")
    story.refresh_from_db()
    assert story.slug == "bridge-2"


def test_a_scheduled_story_goes_back_to_draft(desk):
    story = embargoed()
    assert "draft again" in told(submit(desk, change(story), FORM, "act:take_back"))
    story.refresh_from_db()
    assert (story.status, story.address_date) == ("draft", None)


def test_a_scheduled_story_is_published_now(desk, client):
    story = embargoed()
    submit(desk, change(story), FORM, "act:publish")
    story.refresh_from_db()
    assert client.get(story.get_absolute_url()).status_code == 200


@pytest.mark.parametrize("day", ["", "2020-01-01"])
def test_scheduling_needs_a_moment_to_come(desk, day):
    story = draft()
    response = submit(desk, change(story), FORM, "act:schedule", publish_at_0=day, publish_at_1="09:00" if day else "")
    assert ("Write when" if not day else "This moment is past") in errors(response)
    story.refresh_from_db()
    assert story.status == "draft"


def test_a_past_moment_dates_the_story_that_is_published(desk):
    story = draft()
    submit(desk, change(story), FORM, "act:publish", publish_at_0="2021-02-27", publish_at_1="09:32")
    story.refresh_from_db()
    assert story.publish_at == seoul("2021-02-27 09:32")
    assert story.get_absolute_url().startswith("/2021/02/27/")


def test_an_unfinished_story_is_not_published_and_nothing_is_lost(desk):
    """The act is refused: no row is written, and the form still has every word."""
    reporter = make_reporter()
    rows = {"body": "", "deck": "A deck to keep.", "bylines-0-reporter": reporter.pk}
    response = new_story(desk, "act:publish", **rows)
    assert "Write the text." in errors(response)
    assert "A deck to keep." in response.content.decode()
    assert page(response).select_one("#id_bylines-0-reporter option[selected]")["value"] == str(reporter.pk)
    assert not Article.objects.exists()


def test_a_save_is_one_transaction(desk, monkeypatch):
    """Whatever fails at the end takes the story's row and its bylines with it."""
    story, reporter = draft(headline="Before"), make_reporter()

    def broken(*args, **kwargs):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("articles.publishing.record_version", broken)
    added = {"bylines-TOTAL_FORMS": "1", "bylines-0-reporter": reporter.pk, "bylines-0-position": "0"}
    added |= {"bylines-0-id": "", "bylines-0-article": story.pk}
    with pytest.raises(RuntimeError):
        submit(desk, change(story), FORM, headline="After", **added)
    story.refresh_from_db()
    assert story.headline == "Before"
    assert not Byline.objects.exists()


def test_a_public_story_keeps_address_and_moment(desk):
    story = make_article(slug="bridge")
    before = (story.slug, story.publish_at)
    response = submit(desk, change(story), FORM, slug="tunnel", publish_at_0="2030-01-01", publish_at_1="00:00")
    assert response.redirect_chain
    story.refresh_from_db()
    assert (story.slug, story.publish_at) == before
    assert page(desk.get(change(story))).find("input", {"name": "slug"}) is None


def test_a_typing_mistake_moves_nothing(desk):
    story = make_article()
    submit(desk, change(story), FORM, headline="Story numbre one, mended")
    story.refresh_from_db()
    assert story.updated_at is None
    assert not story.versions.exists()


def test_a_save_without_a_change_makes_no_version(desk):
    story = make_article(body="<p>One.</p>\n<p>Two.</p>", deck="Two\nlines.")
    submit(desk, change(story), FORM)
    assert not story.versions.exists()


def test_an_update_moves_the_stamp(desk):
    story = make_article()
    submit(desk, change(story), FORM, body="<p>More.</p>", edit_kind="update", edit_note="New figures.")
    story.refresh_from_db()
    assert story.updated_at is not None
    assert (story.versions.first().kind, story.versions.first().note) == ("update", "New figures.")


def test_a_correction_in_the_form_stands_under_the_story(desk, client):
    story = make_article()
    note = "The yard hires 400 welders, not 40."
    submit(desk, change(story), FORM, body="<p>400.</p>", edit_kind="correction", edit_note=note)
    text = client.get(story.get_absolute_url()).content.decode()
    assert note in text
    assert "<p>400.</p>" in text
    assert story.versions.first().content == content_of(Article.objects.get(pk=story.pk))


def test_a_correction_needs_its_note(desk):
    story = make_article(body="<p>40.</p>")
    response = submit(desk, change(story), FORM, body="<p>400.</p>", edit_kind="correction")
    assert "what was wrong" in errors(response)
    story.refresh_from_db()
    assert story.body == "<p>40.</p>"


def test_it_is_corrected_on_its_own_page(desk, client):
    story = make_article()
    url = reverse("admin:articles_article_correct", args=[story.pk])
    assert "required" in errors(desk.post(url, {"kind": "correction", "text": "   "}))
    response = desk.post(url, {"kind": "clarification", "text": "He spoke as a private person."}, follow=True)
    assert "corrected in public" in told(response)
    assert "He spoke as a private person." in client.get(story.get_absolute_url()).content.decode()


def test_it_is_withdrawn_with_a_reason_and_restored(desk, client):
    story = make_article()
    url = reverse("admin:articles_article_withdraw", args=[story.pk])
    assert "required" in errors(desk.post(url, {"reason": ""}))
    assert "was withdrawn" in told(desk.post(url, {"reason": "The letter was a forgery."}, follow=True))
    gone = client.get(story.get_absolute_url())
    assert gone.status_code == 410
    assert "The letter was a forgery." in gone.content.decode()
    desk.post(reverse("admin:articles_article_restore", args=[story.pk]))
    assert client.get(story.get_absolute_url()).status_code == 200


@pytest.mark.parametrize(("make", "act"), [(draft, "withdraw"), (draft, "correct"), (make_article, "restore")])
def test_an_act_that_does_not_fit_says_so(desk, make, act):
    story = make()
    url = reverse(f"admin:articles_article_{act}", args=[story.pk])
    assert "cannot be done" in errors(desk.get(url))
    assert errors(desk.post(url, {"reason": "Because.", "kind": "correction", "text": "Because."}))


def test_what_was_public_cannot_be_deleted(desk):
    """Neither by its own page nor from the list; a draft can."""
    public, gone, unseen = make_article(), withdrawn(), draft()
    for story in (public, gone):
        url = reverse("admin:articles_article_delete", args=[story.pk])
        assert "cannot be deleted" in told(desk.post(url, {"post": "yes"}, follow=True))
    everything = {"action": "delete_selected", "_selected_action": [public.pk, unseen.pk], "post": "yes"}
    response = desk.post(reverse("admin:articles_article_changelist"), everything, follow=True)
    assert "cannot be deleted" in told(response)
    assert Article.objects.count() == 3
    desk.post(reverse("admin:articles_article_delete", args=[unseen.pk]), {"post": "yes"})
    assert Article.objects.count() == 2
    assert not page(desk.get(change(public))).select(".deletelink")


def test_a_stale_save_is_refused_and_keeps_what_was_typed(desk):
    story = make_article(headline="As it was")
    opened = desk.get(change(story))
    other = Client()
    other.force_login(make_staff("min-ji"))
    submit(other, change(story), FORM, headline="As Min-ji wrote it")
    fields = fields_of(opened, FORM) | {"headline": "As I wrote it", "_save": "1"}
    response = desk.post(change(story), fields)
    assert response.status_code == 200
    assert "Somebody saved this story after you had opened it" in errors(response)
    assert "min-ji saved this story before you" in page(response).find(class_="conflict").get_text()
    assert page(response).find("input", {"name": "headline"})["value"] == "As I wrote it"
    story.refresh_from_db()
    assert story.headline == "As Min-ji wrote it"
    again = desk.post(change(story), fields)
    assert "Somebody saved this story" in errors(again)


@pytest.mark.parametrize("version", ["", "abc", None])
def test_a_form_without_its_version_is_refused(desk, version):
    story = draft(headline="As it was")
    assert errors(submit(desk, change(story), FORM, headline="Changed", opened_version=version))
    story.refresh_from_db()
    assert story.headline == "As it was"


def test_the_list_hands_in_and_publishes(desk, client):
    ready, empty, public = draft(), draft(body=""), make_article()
    url = reverse("admin:articles_article_changelist")

    def do(action, **more):
        chosen = {"action": action, "_selected_action": [ready.pk, empty.pk, public.pk]}
        return desk.post(url, chosen | more, follow=True)

    shown = page(do("hand_in")).get_text(" ", strip=True)
    assert "Only a draft can be handed in." in shown
    ready.refresh_from_db()
    assert ready.status == "draft", "looking at what will change changes nothing"
    assert "2 stories: handed in" in told(do("hand_in", asked="1", sure="1"))
    shown = page(do("publish")).get_text(" ", strip=True)
    assert "Write the text." in shown
    assert "public already" in shown
    assert "1 story: published" in told(do("publish", asked="1", sure="1"))
    ready.refresh_from_db()
    assert client.get(ready.get_absolute_url()).status_code == 200


def test_record_and_lines_for_the_text_are_shown(desk):
    """Versions and corrections below the form; each photo's line ready to be copied."""
    photo = make_photo(render=True, rights="none")
    story = make_article(photos=[photo])
    submit(desk, change(story), FORM, headline="Mended", edit_kind="correction", edit_note="It was wrong.")
    text = page(desk.get(change(story))).get_text(" ", strip=True)
    assert "It was wrong." in text
    assert "Rights: No rights: must not be used." in text
    line = page(desk.get(change(story))).select_one(".figure-line")
    assert line["value"] == f'<figure data-photo="{photo.uuid}"></figure>'
