"""My paper: what a reader saves and follows, and what follows from it."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from articles import publishing
from articles.models import Tag
from articles.topics import merge_topics
from mypaper.models import Follow, SavedStory
from readers.models import User
from tests.factories import draft, embargoed, make_article, make_reporter, make_section

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    """A reader."""
    return User.objects.create_user("reader-1", "yuna@example.org", None, first_name="Yuna")


@pytest.fixture
def mine(user):
    """The reader's browser."""
    client = Client()
    client.force_login(user, "readers.accounts.ReaderBackend")
    return client


def headlines(answer):
    return [heading.get_text(strip=True) for heading in soup(answer).select("main .card h3")]


def soup(answer):
    from bs4 import BeautifulSoup

    return BeautifulSoup(answer.text, "html.parser").select_one("main").parent


# ---- saved stories


def test_a_story_is_saved_and_taken_off(mine):
    story = make_article(headline="Harbour reopens")
    at = f"/account/save/?story={story.get_absolute_url()}"
    assert at in Client().get(story.get_absolute_url()).text
    assert "Save it" in mine.get(at).text
    for _ in range(2):
        assert mine.post(at, {"keep": "1"}).headers["Location"] == "/account/saved/"
    assert headlines(mine.get("/account/saved/")) == ["Harbour reopens"]
    assert "Take it off" in mine.get(at).text
    mine.post(at, {"keep": "0"})
    assert headlines(mine.get("/account/saved/")) == []


FOLLOWED = (("follow", "now"), ("do not follow", "any more"))


def test_a_script_saves_and_follows_in_place(mine):
    story, section = make_article(), make_section("Business")
    json = {"Accept": "application/json"}
    for at, kept, off in (
        (f"/account/save/?story={story.get_absolute_url()}", "Saved.", "Taken off your list."),
        (
            f"/account/follow/?section={section.path}",
            "You follow Business now.",
            "You do not follow Business any more.",
        ),
    ):
        assert mine.post(at, {"keep": "1"}, headers=json).json() == {"said": kept}
        assert mine.post(at, {"keep": "0"}, headers=json).json() == {"said": off}
        strict = Client(enforce_csrf_checks=True)
        strict.cookies = mine.cookies
        assert strict.post(at, {"keep": "1"}, headers=json).status_code == 403
    assert not SavedStory.objects.exists()
    assert not Follow.objects.exists()


def test_the_story_saved_last_stands_first(mine):
    stories = [make_article(headline=f"Story {number}") for number in range(3)]
    for story in stories:
        mine.post(f"/account/save/?story={story.get_absolute_url()}", {"keep": "1"})
    assert headlines(mine.get("/account/saved/")) == ["Story 2", "Story 1", "Story 0"]


def test_what_is_withdrawn_stands_on_no_list(mine):
    story = make_article()
    mine.post(f"/account/save/?story={story.get_absolute_url()}", {"keep": "1"})
    publishing.withdraw(story, "It was wrong.")
    assert headlines(mine.get("/account/saved/")) == []


@pytest.mark.parametrize(
    "address",
    ["", "1", "/", "/business/", "/2026/02/30/x/", "/0000/01/01/x/", "/2026/11/30/none/", "/２026/11/30/x/", "//"],
)
def test_there_is_no_such_story(mine, address):
    assert mine.get("/account/save/", {"story": address}).status_code == 404
    assert mine.post(f"/account/save/?story={address}", {"keep": "1"}).status_code == 404


def test_stories_that_are_not_public_cannot_be_saved_or_seen(mine):
    for story in (draft(headline="Secret"), embargoed(headline="Secret")):
        answer = mine.get(f"/account/save/?story={story.get_absolute_url()}")
        assert answer.status_code == 404
        assert "Secret" not in answer.text


def test_a_list_has_an_end(mine, user, monkeypatch):
    monkeypatch.setattr("mypaper.views.MOST_SAVED", 2)
    for _ in range(3):
        mine.post(f"/account/save/?story={make_article().get_absolute_url()}", {"keep": "1"})
    assert SavedStory.objects.count() == 2
    assert "take one off" in mine.get("/account/saved/").text


# ---- following


def follow(client, keep="1", **what):
    query = "&".join(f"{kind}={value}" for kind, value in what.items())
    return client.post(f"/account/follow/?{query}", {"keep": keep})


def test_for_you_is_made_of_what_one_follows_and_of_nothing_else(mine):
    business, sport = make_section("Business"), make_section("Sports")
    tech = make_section("Tech", parent=business)
    person = make_reporter()
    now = timezone.now()
    make_article(headline="Other", section=sport, publish_at=now - timedelta(hours=1))
    make_article(headline="Below", section=tech, publish_at=now - timedelta(hours=2))
    make_article(headline="By them", section=sport, reporters=[person], publish_at=now - timedelta(hours=3))
    make_article(headline="About it", section=sport, tags=["Seoul"], publish_at=now - timedelta(hours=4))
    make_article(headline="All", section=business, reporters=[person], tags=["Seoul"])
    embargoed(headline="Soon", section=business)
    assert "You follow nothing yet" in mine.get("/account/for-you/").text
    follow(mine, section="business")
    follow(mine, reporter=person.slug)
    follow(mine, topic="seoul")
    assert sorted(headlines(mine.get("/account/for-you/"))) == ["About it", "All", "Below", "By them"]
    follow(mine, section="business", keep="0")
    assert sorted(headlines(mine.get("/account/for-you/"))) == ["About it", "All", "By them"]


def test_one_can_follow_so_much_and_no_more(mine, monkeypatch):
    monkeypatch.setattr("mypaper.views.MOST_FOLLOWED", 2)
    for name in ("Business", "Sports", "World"):
        make_section(name)
        follow(mine, section=name.lower())
    assert Follow.objects.count() == 2
    assert "stop following one of them first" in mine.get("/account/for-you/").text


def test_it_pages_through_everything(mine):
    section = make_section("Business")
    for number in range(25):
        make_article(headline=f"Story {number}", section=section, publish_at=timezone.now() - timedelta(hours=number))
    follow(mine, section="business")
    first = mine.get("/account/for-you/")
    older = soup(first).select_one("a[rel=next]")["href"]
    found = headlines(first) + headlines(mine.get(f"/account/for-you/{older}"))
    assert found == [f"Story {number}" for number in range(25)]


def test_pages_of_what_can_be_followed_lead_there(client):
    section, person = make_section("Business"), make_reporter()
    make_article(section=section, reporters=[person], tags=["Seoul"])
    assert "/account/follow/?section=business" in client.get("/business/").text
    assert f"/account/follow/?reporter={person.slug}" in client.get(person.get_absolute_url()).text
    assert "/account/follow/?topic=seoul" in client.get("/topics/seoul/").text


@pytest.mark.parametrize("query", ["", "section=", "section=nowhere", "reporter=nobody", "topic=secret", "x=1"])
def test_there_is_nothing_of_this_name(mine, query):
    draft(tags=["Secret"])
    assert mine.get(f"/account/follow/?{query}").status_code == 404
    assert mine.post(f"/account/follow/?{query}", {"keep": "1"}).status_code == 404


def test_one_thing_is_followed_once(user):
    section, person = make_section(), make_reporter()
    Follow.objects.create(user=user, section=section)
    for wrong in ({"section": section}, {}, {"section": section, "reporter": person}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Follow.objects.create(user=user, **wrong)


def test_readers_of_a_merged_topic_follow_the_one_that_stays(user):
    other = User.objects.create_user("reader-2", "other@example.org", None)
    make_article(tags=["Ships", "Boats", "Yachts"])
    ships, boats, yachts = (Tag.objects.get(name=name) for name in ("Ships", "Boats", "Yachts"))
    for who, tag in ((user, boats), (user, yachts), (other, boats), (other, ships)):
        Follow.objects.create(user=who, tag=tag)
    merge_topics(ships, [boats, yachts])
    assert sorted(Follow.objects.values_list("user", "tag")) == sorted([(user.pk, ships.pk), (other.pk, ships.pk)])


# ---- one's own


@pytest.mark.parametrize("path", ["saved", "for-you", "save", "follow"])
def test_it_is_nobody_elses(client, path):
    answer = client.get(f"/account/{path}/?story=1")
    assert answer.headers["Location"].startswith("/login/?next=")
    assert answer.headers["Cache-Control"] == "no-store"


def test_one_sees_only_ones_own(mine):
    other = User.objects.create_user("reader-2", "other@example.org", None)
    SavedStory.objects.create(user=other, article=make_article(headline="Theirs"))
    Follow.objects.create(user=other, section=make_section("Sports"))
    assert "Theirs" not in mine.get("/account/saved/").text
    assert "You follow nothing yet" in mine.get("/account/for-you/").text


def test_it_is_part_of_ones_data_and_goes_with_the_account(mine, user):
    SavedStory.objects.create(user=user, article=make_article(headline="Harbour reopens"))
    Follow.objects.create(user=user, section=make_section("Sports"))
    known = mine.get("/account/data/").json()
    assert known["saved"][0]["story"] == "Harbour reopens"
    assert known["follows"][0]["section"] == "Sports"
    mine.post("/account/delete/", {"proof": "yuna@example.org"})
    assert not SavedStory.objects.exists()
    assert not Follow.objects.exists()


def test_its_pages_cost_the_same_however_much_stands_there(mine, user, django_assert_num_queries):
    section = make_section("Business")
    for number in range(3):
        SavedStory.objects.create(user=user, article=make_article(section=section, headline=f"Story {number}"))
    Follow.objects.create(user=user, section=section)
    mine.get("/account/saved/")
    with django_assert_num_queries(6):
        mine.get("/account/saved/")
    with django_assert_num_queries(8):
        mine.get("/account/for-you/")
