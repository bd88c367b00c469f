"""Other names of topics and reporters: their addresses lead to the page of the name in use."""

import unicodedata

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from articles.models import Alias, Tag
from articles.topics import find_topics, merge_topics, names_in
from tests.factories import draft, embargoed, make_alias, make_article, make_reporter, withdrawn

pytestmark = pytest.mark.django_db


def topic(name="Yoo Ah-in", *aliases, **fields):
    """A topic with a public story and these other names."""
    make_article(tags=[name], **fields)
    tag = Tag.objects.get(name=name)
    for alias in aliases:
        make_alias(tag, alias)
    return tag


def moved(client, address):
    """Where an address leads to for good; None where it does not."""
    response = client.get(address)
    return response.headers["Location"] if response.status_code == 301 else None


def test_another_name_of_a_topic_leads_to_its_page(client):
    topic("Yoo Ah-in", "Yu Ah-in", "유아인")
    for slug in ("yu-ah-in", "유아인", "YU-Ah-In", "Yoo-Ah-In", "Yu Ah-in"):
        assert moved(client, f"/topics/{slug}/") == "/topics/yoo-ah-in/"
    assert client.get("/topics/yoo-ah-in/").status_code == 200


def test_korean_letters_in_pieces_are_the_same_letters(client):
    topic("서울")
    pieces = unicodedata.normalize("NFD", "서울")
    assert pieces != "서울"
    assert moved(client, f"/topics/{pieces}/") == "/topics/%EC%84%9C%EC%9A%B8/"


def test_another_name_of_a_reporter_leads_to_their_page(client):
    make_alias(make_reporter("Noh Tae-gyeom"), "No Tae-kyum")
    assert moved(client, "/reporters/no-tae-kyum/") == "/reporters/noh-tae-gyeom/"
    assert moved(client, "/reporters/NOH-tae-gyeom/") == "/reporters/noh-tae-gyeom/"


def test_it_keeps_what_was_asked(client):
    topic("Ships", "Vessels")
    assert moved(client, "/topics/vessels/?before=5&utm_source=x%20y") == "/topics/ships/?before=5&utm_source=x%20y"
    raw = Client().generic("GET", "/", PATH_INFO="/topics/vessels/", QUERY_STRING="q=\xff\n<b>")
    assert raw.headers["Location"].startswith("/topics/ships/?q=%")


@pytest.mark.parametrize("hidden", [draft, embargoed, withdrawn])
def test_it_leads_nowhere_while_the_topic_has_no_page(client, hidden):
    hidden(tags=["Takeover"])
    make_alias(Tag.objects.get(), "Merger")
    for slug in ("merger", "TAKEOVER", "takeover"):
        assert client.get(f"/topics/{slug}/").status_code == 404


def test_names_of_topics_and_of_people_are_apart(client):
    topic("Ships", "Yu")
    make_alias(make_reporter("Yoo Min"), "Yu")
    assert moved(client, "/topics/yu/") == "/topics/ships/"
    assert moved(client, "/reporters/yu/") == "/reporters/yoo-min/"
    assert client.get("/reporters/ships/").status_code == 404


def test_it_costs_two_queries(client, queries):
    topic("Ships", *(f"Ship {n}" for n in range(10)))
    with queries(2):
        assert moved(client, "/topics/ship-7/")


# ---- filing


def test_a_story_is_filed_under_the_name_in_use():
    tag = topic("Yoo Ah-in", "Yu Ah-in")
    assert find_topics(["  yu   AH-in ", "YOO ah-in", "New", "new"]) == [tag, "New"]
    assert find_topics([]) == []


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Han River", ["Han River"]),
        ("Seoul, Han  River ,", ["Han River", "Seoul"]),
        ('"Han River", Seoul', ["Han River", "Seoul"]),
        ('"Rock, paper", Seoul', ["Rock, paper", "Seoul"]),
        ('5" pipes', ["5", "pipes"]),
        (" , ,", []),
        ("", []),
    ],
)
def test_commas_part_topics(line, names):
    assert names_in(line) == names


def test_a_new_topic_takes_no_address_that_leads_elsewhere():
    topic("Shipyards", "Shipbuilding")
    make_article(tags=["Shipbuilding!"])
    assert Tag.objects.get(name="Shipbuilding!").slug == "shipbuilding_1"


@pytest.mark.parametrize("name", ["Ships", "ships", "Boats", "BOATS"])
def test_a_name_belongs_to_one_topic(name):
    topic("Ships", "Boats")
    other = topic("Ports")
    with pytest.raises(ValidationError, match="“.*(itself|another name)"):
        Alias(tag=other, name=name, slug=name.lower()).full_clean()
    if name.lower() == "boats":
        with pytest.raises(ValidationError, match="is another name of the topic “Ships”"):
            Tag(name=name, slug="free").full_clean()


def test_a_merge_of_what_is_gone_changes_nothing():
    ships, boats = topic("Ships"), topic("Boats")
    merge_topics(ships, [boats])
    for others in ([boats], [ships], []):
        with pytest.raises(ValidationError, match="at least two"):
            merge_topics(ships, others)
    assert Tag.objects.count() == 1
