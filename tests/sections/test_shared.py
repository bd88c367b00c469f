"""What pages share is kept until it changes; queries of busy pages are compiled once."""

from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core.management import call_command
from django.db import connection
from django.db.models import DateTimeField
from django.utils import timezone

from articles import publishing
from articles.cards import load_cards
from articles.models import Article
from newsroom.pagecache import purging
from newsroom.pagecache.slots import Slots
from rankings.filling import refresh_all
from sections import shared
from sections.menu import load_frame
from sections.models import MenuItem, Section
from sections.prepared import Given, Prepared, given_ids
from sections.surrogates import collecting, note
from tests.factories import embargoed, make_article, make_reporter, make_section, shown_photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def slots(tmp_path):
    """Has the process keep things, as in a web server."""
    found = Slots(tmp_path / "slots")
    purging.catch_up(found)
    shared.use(found)
    yield found
    shared.use(None)


def test_without_a_page_cache_nothing_is_kept():
    made = []
    for _ in range(2):
        shared.shared("thing", lambda: made.append(1))
    assert len(made) == 2


def test_it_is_made_once_until_something_in_it_changes(slots):
    made = []

    def make():
        note("thing-1")
        made.append(1)
        return len(made)

    assert [shared.shared("thing", make) for _ in range(3)] == [1, 1, 1]
    with slots.lock():
        slots.bump(["thing-2"], 2)
        assert shared.shared("thing", make) == 1
        slots.bump(["thing-1"], 0)
    assert shared.shared("thing", make) == 2


def test_a_page_notes_what_is_in_what_it_shares(slots):
    for _ in range(2):
        with collecting() as collected:
            shared.shared("thing", lambda: note("thing-1"))
        assert "thing-1" in collected.keys


def test_the_frame_follows_its_menu(slots, queries):
    item = MenuItem.objects.create(menu="bar", label="Harbour", url="/x/", position=1)
    purging.catch_up(slots)
    assert [entry.text for entry in load_frame().bar] == ["Harbour"]
    with queries(0):
        load_frame()
    item.label = "Port"
    item.save()
    purging.catch_up(slots)
    assert [entry.text for entry in load_frame().bar] == ["Port"]


def test_a_card_follows_its_story(slots, queries):
    story = make_article(headline="Harbour reopens")
    purging.catch_up(slots)
    assert load_cards([story.pk])[story.pk].headline == "Harbour reopens"
    with queries(0):
        load_cards([story.pk])
    story.headline = "Harbour reopens at dawn"
    story.save()
    purging.catch_up(slots)
    assert load_cards([story.pk])[story.pk].headline == "Harbour reopens at dawn"
    publishing.withdraw(story, "It was wrong.")
    purging.catch_up(slots)
    assert load_cards([story.pk]) == {}


def test_a_preview_leaves_nothing_behind(slots):
    """What is public only in a transaction that is rolled back must not be kept for readers."""
    from articles.previewing import preview, rolled_back
    from articles.views.story import story_page

    hidden = embargoed(headline="Nobody may read this")
    purging.catch_up(slots)
    with rolled_back():
        preview(hidden.pk, story_page)
    assert load_cards([hidden.pk]) == {}


def test_no_more_is_kept_than_may_be(slots, monkeypatch):
    monkeypatch.setattr(shared, "MOST", 5)
    for number in range(20):
        shared.shared(number, lambda: 1)
    assert len(shared._kept) == 5


def test_pages_are_the_same_with_and_without_what_is_kept(client, slots):
    call_command("loaddata", "menu", "lists", verbosity=0)
    writer = make_reporter(portrait=shown_photo())
    stories = [
        make_article(
            section=make_section(name), reporters=[writer], tags=["Ships"], photos=[shown_photo()], label="Exclusive"
        )
        for name in ("National", "Business", "Sports") * 4
    ]
    refresh_all()
    addresses = ["/", "/business/", stories[0].get_absolute_url(), "/topics/ships/", "/lite/", "/search/?q=story"]
    shared.use(None)
    anew = [client.get(address).text for address in addresses]
    purging.catch_up(slots)
    shared.use(slots)
    for _ in range(2):
        assert [client.get(address).text for address in addresses] == anew


def test_a_web_server_asks_little_for_a_page(client, slots, queries):
    call_command("loaddata", "menu", "lists", verbosity=0)
    stories = [
        make_article(section=make_section("Business"), tags=["Ships"], photos=[shown_photo()]) for _ in range(30)
    ]
    refresh_all()
    purging.catch_up(slots)
    for address, most in (("/", 2), ("/business/", 2), (stories[9].get_absolute_url(), 3), ("/topics/ships/", 3)):
        client.get(address)
        with queries(most):
            assert BeautifulSoup(client.get(address).text, "html.parser").h1


def test_the_zones_of_a_front_follow_the_menu_and_the_stories(client, slots):
    call_command("loaddata", "menu", "lists", verbosity=0)
    make_article(headline="First", section=Section.objects.get(path="business"))
    purging.catch_up(slots)
    assert "Bio" in block_of(client).get_text()
    MenuItem.objects.filter(section__path="business/bio").update(label="Life sciences")
    make_article(headline="Second", section=Section.objects.get(path="business"))
    purging.catch_up(slots)
    text = block_of(client).get_text()
    assert "Life sciences" in text
    assert "Second" in text


def block_of(client):
    return BeautifulSoup(client.get("/").text, "html.parser").select_one("[aria-labelledby=business]")


# ---- prepared queries


def test_a_prepared_query_runs_with_other_values():
    one, two = make_article(), make_article()
    found = Prepared(lambda: Article.objects.filter(pk__in=given_ids("ids")).order_by("pk"))
    assert found(ids=[one.pk]) == [one]
    assert found(ids=[one.pk, two.pk]) == [one, two]
    assert found(ids=[]) == []


def test_a_prepared_query_keeps_the_time():
    soon = embargoed()
    public = Prepared(lambda: Article.objects.published(Given("at", DateTimeField())))
    assert public(at=timezone.now()) == []
    assert public(at=soon.publish_at) == [soon]


def test_a_moment_cannot_be_fixed_in_a_prepared_query():
    with pytest.raises(ValueError, match="A moment is fixed"):
        Prepared(lambda: Article.objects.published())()


def test_a_prepared_query_loads_rows_that_belong_to_the_found_ones(django_assert_num_queries):
    stories = [make_article(photos=[shown_photo() for _ in range(n)]) for n in (2, 0, 1)]
    found = Prepared(lambda: Article.objects.filter(pk__in=given_ids("ids")).order_by("pk").for_feed())
    ids = [story.pk for story in stories]
    with django_assert_num_queries(3):
        loaded = found(ids=ids)
    assert [[use.photo_id for use in story.all_uses] for story in loaded] == [
        [use.photo_id for use in story.photo_uses.all()] for story in stories
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("pooled", [False, True])
def test_the_database_plans_a_query_once_for_each_connection(pooled, monkeypatch, django_assert_num_queries):
    stories = [make_article(photos=[shown_photo()]) for _ in range(2)]
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", pooled)
    found = Prepared(
        lambda: Article.objects.filter(pk__in=given_ids("ids"), headline__contains="%").order_by("pk").for_feed(),
        plan_once=True,
    )
    Article.objects.update(headline="100 % of it")

    def planned():
        with connection.cursor() as cursor:
            cursor.execute("SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%articles_article%'")
            return len(cursor.fetchall())

    before = planned()
    for story in stories:
        assert found(ids=[story.pk]) == [story]
    with django_assert_num_queries(3):
        assert [len(story.all_uses) for story in found(ids=[story.pk for story in stories])] == [1, 1]
    assert (planned() > before) is not pooled
    # A new connection knows nothing of the old one's plans.
    connection.close()
    assert planned() == 0
    assert found(ids=[stories[0].pk]) == stories[:1]


def test_a_story_becomes_public_for_a_prepared_page(client):
    """The page's query is compiled once, its moment is not."""
    soon = embargoed()
    assert client.get(soon.get_absolute_url()).status_code == 404
    with time_machine.travel(soon.publish_at + timedelta(seconds=1)):
        assert client.get(soon.get_absolute_url()).status_code == 200
