"""A topic's page."""

import pytest
from bs4 import BeautifulSoup

from articles.models import Tag
from tests.factories import draft, embargoed, make_article, seoul, withdrawn

pytestmark = pytest.mark.django_db


def test_it_shows_its_stories_newest_first(client):
    stories = [make_article(tags=["Ships"], publish_at=seoul(f"2021-02-2{day} 09:00")) for day in (5, 7, 6)]
    make_article(tags=["Ports"])
    Tag.objects.filter(name="Ships").update(description="Yards and what leaves them.")
    page = BeautifulSoup(client.get("/topics/ships/").text, "html.parser")
    assert page.h1.get_text() == "Ships"
    assert "Yards and what leaves them." in page.select_one(".page-head").get_text()
    assert [a["href"] for a in page.select(".list h3 a")] == [stories[n].get_absolute_url() for n in (1, 2, 0)]


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


@pytest.mark.parametrize("slug", ["unknown", "SHIPS", "ship", "x" * 500])
def test_it_knows_no_other_topics(client, slug):
    make_article(tags=["Ships"])
    assert client.get(f"/topics/{slug}/").status_code == 404


def test_it_has_no_page_once_its_last_story_is_gone(client):
    story = make_article(tags=["Ships"])
    story.tags.clear()
    assert client.get("/topics/ships/").status_code == 404
