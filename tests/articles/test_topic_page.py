"""A topic's page."""

import pytest
from bs4 import BeautifulSoup

from articles.models import Tag
from tests.factories import draft, embargoed, make_alias, make_article, seoul, withdrawn

pytestmark = pytest.mark.django_db


def test_it_shows_its_stories_newest_first(client):
    stories = [make_article(tags=["Ships"], publish_at=seoul(f"2021-02-2{day} 09:00")) for day in (5, 7, 6)]
    make_article(tags=["Ports"])
    Tag.objects.filter(name="Ships").update(description="Yards and what leaves them.")
    page = BeautifulSoup(client.get("/topics/ships/").text, "html.parser")
    assert page.h1.get_text() == "Ships"
    assert "Yards and what leaves them." in page.select_one(".page-head").get_text()
    assert [a["href"] for a in page.select(".list h3 a")] == [stories[n].get_absolute_url() for n in (1, 2, 0)]


def test_it_leads_to_related_topics_those_that_stand_beside_it_most_often_first(client):
    for beside in (["Ports"], ["Ports", "Labor"], ["Ports", "Labor", "Cranes"]):
        make_article(tags=["Ships", *beside])
    make_article(tags=["Ports", "Fish"])
    page = BeautifulSoup(client.get("/topics/ships/").text, "html.parser")
    links = [(a.get_text(), a["href"]) for a in page.select('[aria-label="Related topics"] a')]
    assert links == [("Ports", "/topics/ports/"), ("Labor", "/topics/labor/"), ("Cranes", "/topics/cranes/")]


@pytest.mark.parametrize("hidden", [draft, embargoed, withdrawn])
def test_it_is_related_to_nothing_by_a_story_that_is_not_public(client, hidden):
    make_article(tags=["Ships"])
    hidden(tags=["Ships", "Takeover"])
    assert "Takeover" not in client.get("/topics/ships/").text


def test_it_has_at_most_eight_related_topics(client):
    make_article(tags=["Ships", *(f"Topic {n}" for n in range(12))])
    page = BeautifulSoup(client.get("/topics/ships/").text, "html.parser")
    assert len(page.select('[aria-label="Related topics"] a')) == 8


def test_the_related_topics_are_those_of_the_stories_that_it_shows(client):
    oldest = make_article(tags=["Ships", "Old times"], publish_at=seoul("2001-01-01 09:00"))
    for day in range(1, 21):
        shown = make_article(tags=["Ships", "New times"], publish_at=seoul(f"2021-01-{day:02} 09:00"))
    text = client.get("/topics/ships/").text
    assert "New times" in text
    assert "Old times" not in text
    assert oldest.headline in client.get(f"/topics/ships/?before={shown.pk - 19}").text


def test_it_says_what_else_it_is_called(client):
    make_article(tags=["Ships"])
    for name in ("Vessels", "배"):
        make_alias(Tag.objects.get(), name)
    page = BeautifulSoup(client.get("/topics/ships/").text, "html.parser")
    assert "Also known as Vessels, 배" in page.select_one(".page-head").get_text()
    assert page.find("span", string="배")["lang"] == "ko"


@pytest.mark.parametrize(
    ("stories", "description", "thin"), [(2, "", True), (3, "", False), (2, "What floats.", False), (25, "", False)]
)
def test_it_keeps_a_thin_page_out_of_search_engines(client, stories, description, thin):
    made = [make_article(tags=["Ships"]) for _ in range(stories)]
    Tag.objects.update(description=description)
    page = BeautifulSoup(client.get("/topics/ships/").text, "html.parser")
    assert bool(page.select('meta[name="robots"][content="noindex"]')) is thin
    last = client.get(f"/topics/ships/?before={made[3].pk}" if stories > 20 else "/topics/ships/").text
    assert ('content="noindex"' in last) is thin


@pytest.mark.parametrize("stories", [3, 30])
def test_it_costs_eight_queries(client, queries, stories):
    for n in range(stories):
        make_article(tags=["Ships", f"Topic {n}"])
        make_alias(Tag.objects.get(slug="ships"), f"Ship {n}")
    with queries(8):
        client.get("/topics/ships/")


@pytest.mark.parametrize("hidden", [draft, embargoed, withdrawn])
def test_it_hides_what_is_not_public(client, hidden):
    make_article(tags=["Ships"])
    hidden(tags=["Ships"], headline="Nobody may read this")
    assert "Nobody may read this" not in client.get("/topics/ships/").text


def test_it_collects_every_spelling(client):
    for spelling in ("Samsung", "SAMSUNG", "samsung"):
        make_article(tags=[spelling], headline=f"About {spelling}")
    text = client.get("/topics/samsung/").text
    assert all(f"About {spelling}" in text for spelling in ("Samsung", "SAMSUNG", "samsung"))
    assert client.get("/topics/samsung_1/").status_code == 404


@pytest.mark.parametrize(
    ("tag", "address"),
    [("울산 조선소", "/topics/울산-조선소/"), ("C++", "/topics/c/"), ("???", "/topics/topic/")],
)
def test_it_has_an_address_for_every_name(client, tag, address):
    make_article(tags=[tag])
    assert client.get(address).status_code == 200
    assert client.get(Tag.objects.get().get_absolute_url()).status_code == 200


def test_it_tells_alike_topics_apart(client):
    make_article(tags=["C", "C++", "C#", "!!!", "???"])
    slugs = list(Tag.objects.order_by("pk").values_list("slug", flat=True))
    assert len(set(slugs)) == 5
    assert all(client.get(f"/topics/{slug}/").status_code == 200 for slug in slugs)


@pytest.mark.parametrize("slug", ["unknown", "ship", "ships-2", "x" * 500])
def test_it_knows_no_other_topics(client, slug):
    make_article(tags=["Ships"])
    assert client.get(f"/topics/{slug}/").status_code == 404


def test_it_has_no_page_once_its_last_story_is_gone(client):
    story = make_article(tags=["Ships"])
    story.tags.clear()
    assert client.get("/topics/ships/").status_code == 404
