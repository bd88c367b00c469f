"""What may be wrong in a story's form, and what the form and the list cost."""

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from articles import publishing
from articles.models import Article, Byline
from tests.admin.posting import errors, fields_of, page, submit, told
from tests.factories import (
    draft,
    embargoed,
    make_article,
    make_photo,
    make_reporter,
    make_section,
    make_staff,
    make_video,
    shown_photo,
    withdrawn,
)

ADD = reverse("admin:articles_article_add")
LIST = reverse("admin:articles_article_changelist")
FORM = "article_form"


def change(story):
    """The address of a story's form."""
    return reverse("admin:articles_article_change", args=[story.pk])


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"headline": ""}, "This field is required."),
        ({"headline": "A\0B"}, "Null characters are not allowed."),
        ({"body": "<p>A\0B</p>"}, "Null characters are not allowed."),
        ({"tags": "one\0two"}, "Null characters are not allowed."),
        ({"headline": "x" * 201}, "at most 200 characters"),
        ({"deck": "x" * 501}, "at most 500 characters"),
        ({"slug": "x" * 10_000}, "at most 120 characters"),
        ({"slug": "with blank/slash"}, "slug"),
        ({"tags": "x" * 300}, "too long for one"),
        ({"section": ""}, "This field is required."),
        ({"section": "abc"}, "Select a valid choice"),
        ({"section": "99999999999999999999"}, "Select a valid choice"),
        ({"column": "-1"}, "Select a valid choice"),
        ({"also_in": ["x", "1"]}, "is not a valid value"),
        ({"bylines-0-reporter": "²"}, "Select a valid choice"),
        ({"photo_uses-0-photo": "0", "photo_uses-0-position": "-3"}, "Select a valid choice"),
        ({"publish_at_0": "1899-12-31", "publish_at_1": "09:00"}, "Write a date from 1900 on."),
        ({"publish_at_0": "0001-01-01", "publish_at_1": "00:00"}, "Write a date from 1900 on."),
        ({"publish_at_0": "soon", "publish_at_1": ""}, "Enter a valid"),
        ({"planned_for": "1850-01-01"}, "Write a date from 1900 on."),
        ({"sensitivity": ["harmless"]}, "Select a valid choice"),
        ({"canonical_url": "javascript:alert(1)"}, "Enter a valid URL."),
        ({"old_addresses-TOTAL_FORMS": "1", "old_addresses-0-path": "economy/1.html"}, "from the first slash on"),
        ({"bylines-TOTAL_FORMS": "many"}, "ManagementForm data is missing"),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_nothing_is_written(desk, fields, sentence):
    words = {"headline": "A headline", "body": "<p>Words to keep.</p>", "section": make_section().pk}
    response = submit(desk, ADD, FORM, **words | fields)
    assert response.status_code == 200
    assert sentence in errors(response)
    assert not Article.objects.exists()
    if "body" not in fields:
        assert "Words to keep." in response.content.decode()


def test_a_korean_slug_is_an_address(desk, client):
    story = draft(slug="")
    submit(desk, change(story), FORM, "act:publish", slug="조선소-채용")
    story.refresh_from_db()
    assert client.get(story.get_absolute_url()).status_code == 200


def test_an_empty_slug_is_made_from_the_headline(desk):
    story = draft(slug="", headline="조선소 용접공 채용")
    submit(desk, change(story), FORM, "act:publish")
    story.refresh_from_db()
    assert story.slug == "조선소-용접공-채용"


def test_a_body_is_sanitised(desk):
    story = draft()
    submit(desk, change(story), FORM, body='<p onclick="x()">One</p><script>x()</script>')
    story.refresh_from_db()
    assert story.body == "<p>One</p>"


def test_two_rows_of_one_reporter_are_refused(desk):
    story, reporter = draft(), make_reporter()
    rows = {"bylines-TOTAL_FORMS": "2"}
    for n in range(2):
        rows |= {f"bylines-{n}-reporter": reporter.pk, f"bylines-{n}-position": n, f"bylines-{n}-article": story.pk}
    assert "already named" in errors(submit(desk, change(story), FORM, **rows))
    assert not Byline.objects.exists()


def test_rows_that_swap_reporters_end_in_a_sentence(desk):
    """Each row alone is right, but the database meets the first before the second."""
    story = draft(reporters=[make_reporter("A"), make_reporter("B")])
    first, second = story.bylines.all()
    rows = {"bylines-0-reporter": second.reporter_id, "bylines-1-reporter": first.reporter_id}
    response = submit(desk, change(story), FORM, deck="A deck to keep.", **rows)
    assert "already named" in errors(response)
    assert "A deck to keep." in response.content.decode()


def test_two_who_publish_at_the_same_second_get_a_sentence(desk, monkeypatch):
    """The address that the other transaction took in the meantime."""
    taken = make_article(slug="bridge", publish_at=timezone.now())
    story = draft(slug="bridge")
    monkeypatch.setattr(publishing, "free_slug", lambda article, day: taken.slug)
    response = submit(desk, change(story), FORM, "act:publish")
    assert "Another story of that day has this slug." in errors(response)
    story.refresh_from_db()
    assert story.status == "draft"


def test_an_act_that_no_longer_fits_is_refused(desk):
    """Another editor was quicker, and the button is gone."""
    story = draft()
    data = fields_of(desk.get(change(story)), FORM) | {"_act": "hand_back", "desk_note": "Again."}
    assert "no longer where it was" in errors(desk.post(change(story), data))


@pytest.mark.parametrize("act", ["", "x" * 10_000, "__class__", "withdraw"])
def test_an_unknown_button_only_saves(desk, act):
    story = draft()
    assert submit(desk, change(story), FORM, headline="Saved", _act=act).status_code == 200
    story.refresh_from_db()
    assert (story.headline, story.status) == ("Saved", "draft")


@pytest.mark.parametrize("pk", ["0", "abc", "99999999999999999999", "_00", "1_2F1"])
def test_a_story_that_does_not_exist(desk, pk):
    for view in ("change", "delete", "history"):
        assert "doesn’t exist" in told(desk.get(f"/admin/articles/article/{pk}/{view}/", follow=True))


def contents(file):
    """The bytes of a stored file."""
    with file.open("rb") as stream:
        return stream.read()


def test_a_film_that_is_replaced_gets_a_new_address(desk):
    story = make_article(format="video")
    film = make_video(story)
    token, kept = film.token, contents(film.captions)
    submit(desk, change(story), FORM, **{"video-0-file": SimpleUploadedFile("new.mp4", b"\0\0\0\x18ftypmp42 new")})
    film.refresh_from_db()
    assert film.token != token
    assert film.token in film.file.name
    assert film.token in film.captions.name
    assert contents(film.file).endswith(b"new")
    assert contents(film.captions) == kept


def test_a_film_of_another_kind_is_refused(desk):
    story = draft(format="video")
    rows = {"video-TOTAL_FORMS": "1", "video-0-file": SimpleUploadedFile("x.html", b"<script>"), "video-0-seconds": "0"}
    rows |= {"video-0-article": story.pk, "video-0-external_url": "", "video-0-transcript": ""}
    assert "not allowed" in errors(submit(desk, change(story), FORM, **rows))


# ---- the list


def rows_of(response):
    """The headlines of the list, in order."""
    return [cell.get_text(strip=True) for cell in page(response).select("#result_list .field-headline")]


def test_the_list_filters_by_state_section_label_and_day(desk):
    business = make_section("Business")
    tech = make_section("Tech", business)
    make_article(headline="Public", section=tech, label="Analysis")
    draft(headline="Draft")
    publishing.hand_in(draft(headline="Review"))
    embargoed(headline="Scheduled", section=business)
    withdrawn(headline="Withdrawn")
    for query, found in {
        "state=public": {"Public"},
        "state=draft": {"Draft"},
        "state=in_review": {"Review"},
        "state=scheduled": {"Scheduled"},
        "state=withdrawn": {"Withdrawn"},
        "in=business": {"Public", "Scheduled"},
        "label=Analysis": {"Public"},
        "label=none": {"Draft", "Review", "Scheduled", "Withdrawn"},
        "day=next": {"Scheduled"},
        "format__exact=video": set(),
    }.items():
        assert set(rows_of(desk.get(f"{LIST}?{query}"))) == found, query


def test_the_list_finds_words_parts_of_words_and_korean(desk):
    make_article(headline="Shipyard hires welders", body="<p>Ulsan.</p>")
    make_article(headline="조선소 용접공 채용", lang="ko")
    make_article(headline="Nothing of the kind")
    for words, found in {"welder": 1, "ulsan": 1, "용접": 1, "hipyar": 1, "x" * 3000: 0, "": 3}.items():
        assert len(rows_of(desk.get(LIST, {"q": words}))) == found, words


@pytest.mark.parametrize(
    "query",
    [
        "p=99999",
        "p=abc",
        "o=99.-3.x",
        "o=-5",
        "state=nonsense",
        "in=nonsense",
        "label=%F0%9F%98%80",
        "day=x",
        "all=",
        "e=1",
        "_facets=True",
        "section__id__exact=abc",
        "q=%FF%FE",
        "format__exact=x&format__exact=y",
        f"q={'a' * 10_000}",
    ],
)
def test_odd_addresses_of_the_list_end_in_a_page(desk, query):
    make_article()
    assert desk.get(f"{LIST}?{query}", follow=True).status_code in (200, 400)


def test_nothing_chosen_or_nonsense_chosen_is_said(desk):
    draft()
    assert "must be selected" in told(desk.post(LIST, {"action": "publish", "index": "0"}, follow=True))
    nonsense = {"action": "publish", "_selected_action": ["abc"]}
    assert "Choose" in told(desk.post(LIST, nonsense, follow=True))
    assert Article.objects.get().status == "draft"


def test_the_list_costs_the_same_whatever_its_size(desk, queries):
    def fill(count):
        for n in range(count):
            make_article(reporters=[make_reporter(f"R {Article.objects.count()} {n}")], tags=[f"T {n}"])

    fill(2)
    with queries(15):
        desk.get(LIST)
    fill(20)
    with queries(15):
        assert len(rows_of(desk.get(LIST))) == 22
    with queries(15):
        desk.get(LIST, {"q": "story", "in": "national", "state": "public"})


def test_the_list_never_counts_or_reads_more_than_it_needs(desk, django_assert_num_queries):
    make_article()
    with django_assert_num_queries(9) as asked:
        desk.get(LIST)
    texts = [query["sql"] for query in asked]
    assert all("LIMIT" in sql for sql in texts if "COUNT(" in sql)
    listed = next(sql for sql in texts if '"articles_article"."headline"' in sql)
    assert '"articles_article"."body"' not in listed
    assert "search_vector" not in listed


def test_the_form_costs_little_with_ten_photos(desk, queries):
    photos = [shown_photo(credit=f"{n}") for n in range(10)]
    story = make_article(
        photos=photos, reporters=[make_reporter(n) for n in "ABC"], tags=["One", "Two"], section=make_section()
    )
    for n in range(3):
        story.related_rows.create(related=make_article(), position=n)
    publishing.correct(story, "It was wrong.")
    with queries(30):
        response = desk.get(change(story))
    assert len(page(response).select(".figure-line")) == 10


def test_the_form_is_complete_for_somebody_who_may_only_look(client, db):
    reader = make_staff("reader", superuser=False)
    reader.user_permissions.set(Permission.objects.filter(codename__in=["view_article", "every_section"]))
    client.force_login(reader)
    story = make_article(photos=[make_photo()], reporters=[make_reporter()])
    response = client.get(change(story))
    assert response.status_code == 200
    buttons = page(response).select(".submit-row button, .submit-row input")
    assert not buttons
    assert client.post(change(story), {}).status_code == 403


def test_a_section_deleted_while_the_story_is_written_gets_a_sentence(desk):
    """The form was opened before; what was typed stays, and nothing is written."""
    gone = make_section()
    fields = {"headline": "A headline", "body": "<p>Words to keep.</p>", "section": gone.pk}
    gone.delete()
    response = submit(desk, ADD, FORM, **fields)
    assert response.status_code == 200
    assert "not one of the available choices" in errors(response)
    assert "Words to keep." in response.content.decode()
    assert not Article.objects.exists()
