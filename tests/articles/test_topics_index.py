"""The index of topics, by letters."""

from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup

from articles.letters import letter_of
from articles.models import Tag
from tests.factories import draft, embargoed, make_alias, make_article, seoul, withdrawn

pytestmark = pytest.mark.django_db


def open_page(client, letter=""):
    response = client.get(f"/topics/?letter={quote(letter)}" if letter else "/topics/")
    assert response.status_code == 200
    return BeautifulSoup(response.text, "html.parser")


def letters_of(page):
    """{letter: number of its topics} as the page shows them."""
    return {a.b.get_text(): int(a.select_one(".meta").next_element) for a in page.select(".letters a") if a.b}


@pytest.mark.parametrize(
    ("name", "letter"),
    [
        *(("Ships", "s"), ("iPhone", "i"), ("Émigrés", "e"), ("Ångström", "a"), ("“Third Shift”", "t"), ("ﬁlm", "f")),
        *(
            ("5G", "0-9"),
            ("③ lines", "0-9"),
            ("골목", "ㄱ"),
            ("까치", "ㄱ"),
            ("서울", "ㅅ"),
            ("쌀", "ㅅ"),
            ("유아인", "ㅇ"),
        ),
        *(("힘", "ㅎ"), ("짜장면", "ㅈ"), ("東京", "other"), ("Ωmega", "other"), ("???", "other")),
    ],
)
def test_every_name_has_a_letter(name, letter):
    assert letter_of(name) == letter


def test_it_leads_from_letters_to_topics_and_counts_both(client):
    make_article(tags=["Ships", "Salt", "서울", "5G", "東京"])
    make_article(tags=["Ships"])
    page = open_page(client)
    assert letters_of(page) == {"S": 2, "0–9": 1, "ㅅ": 1, "Other": 1}
    link = page.select_one(".letters a")
    assert link["href"] == "?letter=s"
    page = open_page(client, "s")
    assert page.h1.get_text() == "S"
    shown = [(li.a.get_text(), li.a["href"], li.select_one(".meta").get_text()) for li in page.select(".index li")]
    assert shown == [("Salt", "/topics/salt/", "1 story"), ("Ships", "/topics/ships/", "2 stories")]
    assert page.select_one(".letters [aria-current]").b.get_text() == "S"
    assert [a.get_text() for a in open_page(client, "ㅅ").select(".index a")] == ["서울"]


@pytest.mark.parametrize("hidden", [draft, embargoed, withdrawn])
def test_it_names_and_counts_only_what_is_public(client, hidden):
    make_article(tags=["Ships"])
    hidden(tags=["Ships", "Secret takeover", "Budget in full"])
    page = open_page(client)
    assert letters_of(page) == {"S": 1}
    assert "Secret" not in page.get_text()
    page = open_page(client, "s")
    assert [li.get_text(" ", strip=True) for li in page.select(".index li")] == ["Ships 1 story"]
    assert client.get("/topics/?letter=b").status_code == 404


def test_a_topic_shows_from_the_moment_of_its_first_story_on(client):
    story = embargoed(tags=["Takeover"])
    assert Tag.objects.public().count() == 0
    assert Tag.objects.public(at=story.publish_at).count() == 1


def test_the_entrance_shows_what_is_written_about_most_lately(client, monkeypatch):
    monkeypatch.setattr("articles.querysets.LATELY", 3)
    for _ in range(3):
        make_article(tags=["Yesterday's news"], publish_at=seoul("2001-01-01 09:00"))
    for tags in (["Ships"], ["Ships", "Ports"], ["Ships", "Ports", "Cranes"]):
        make_article(tags=tags)
    page = open_page(client)
    assert [a.get_text() for a in page.select(".tag-list a")] == ["Ships", "Ports", "Cranes"]


def test_it_stands_in_the_order_of_the_alphabet_whatever_the_capitals(client):
    make_article(tags=["eSports", "Élite", "East coast", "Zoo", "éclairs"])
    shown = [a.get_text() for a in open_page(client, "e").select(".index a")]
    assert shown == ["East coast", "éclairs", "Élite", "eSports"]


def test_a_long_letter_is_parted_by_beginnings(client):
    make_article(tags=[f"Sa{n}" for n in range(50)] + [f"So{n}" for n in range(50)])
    page = open_page(client, "s")
    assert [h2.get_text() for h2 in page.select("main h2")] == ["Sa", "So"]
    jumps = [a["href"] for a in page.select('[aria-label="Beginnings"] a')]
    assert [page.select_one(jump).get_text() for jump in jumps] == ["Sa", "So"]
    assert len(page.select(".index a")) == 100


def test_every_letter_has_one_address(client):
    make_article(tags=["Ships", "서울"])
    for letter, canonical in (("s", "?letter=s"), ("S", "?letter=s"), ("ㅅ", "?letter=%E3%85%85"), ("", "/topics/")):
        link = open_page(client, letter).select_one('[rel="canonical"]')["href"]
        assert link.endswith(canonical)
    assert "ㅅ" in open_page(client, "ㅅ").title.get_text()


@pytest.mark.parametrize("letter", ["x", "ss", "ㄲ", "9", "*", "<b>", "%00", "s\n", "x" * 5000])
def test_it_knows_no_other_letters(client, letter):
    make_article(tags=["Ships"])
    assert client.get("/topics/", {"letter": letter}).status_code in (400, 404)


def test_it_stands_without_any_topic(client):
    assert "Nothing here yet." in open_page(client).get_text()


@pytest.mark.parametrize("topics", [3, 120])
def test_it_costs_four_queries(client, queries, topics):
    make_article(tags=[f"S{n}" for n in range(topics)])
    make_alias(Tag.objects.first(), "Something else")
    for address in ("/topics/", "/topics/?letter=s"):
        with queries(4):
            assert client.get(address).status_code == 200
