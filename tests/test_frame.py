"""What stands around every page: masthead, bar, overlay, ticker, footer."""

import pytest
from bs4 import BeautifulSoup
from django.core.management import call_command

from rankings.filling import refresh_all
from rankings.models import StoryList
from rankings.placing import place
from sections.models import MastheadFact
from tests.factories import make_article, make_list, make_section
from tests.sections.test_menu import BAR, OVERLAY

pytestmark = pytest.mark.django_db


def open_page(client, address="/"):
    return BeautifulSoup(client.get(address).text, "html.parser")


def words(elements):
    return [" ".join(element.get_text(" ").split()) for element in elements]


@pytest.fixture
def menus():
    call_command("loaddata", "menu", "lists", verbosity=0)


@pytest.mark.parametrize("address", ["/", "/finance/", "/finance/markets/", "/search/", "/nowhere/", "/sitemap/"])
def test_it_is_around_every_page(client, menus, address):
    page = open_page(client, address)
    assert words(page.select(".topnav a")) == BAR
    assert words(page.select("#menu .sitemap h3")) == list(OVERLAY)
    assert words(page.select("#menu .sitemap li")) == [name for below in OVERLAY.values() for name in below]
    assert words(page.select("#menu .tile")) == ["North Korea", "Darkroom", "Learn Korean", "Learn English"]
    assert words(page.select("#menu .share a")) == ["Facebook", "Twitter", "YouTube", "Instagram"]
    groups = ["About Us", "Products & Services", "Policy", "Family Site", "Explore"]
    assert words(page.select("footer h2"))[:5] == groups
    assert words(page.select("footer .colophon p"))[:1] == ["Copyright © The Hangang Times. All rights reserved."]


def test_it_can_be_used_without_script(client, menus):
    """The overlay is a panel that a link opens; skipping to the content needs a link only."""
    page = open_page(client)
    assert page.select_one(f"#{page.select_one('header a')['href'][1:]}").name == "dialog"
    assert page.select_one(f"#{page.select_one('.skip')['href'][1:]}").name == "main"
    assert page.select_one("#menu form")["action"] == "/search/"
    assert page.select_one("details.ticker, .ticker") is None, "an empty ticker is not shown"


def test_it_has_a_tile_icon_for_each(client, menus):
    page = open_page(client)
    assert all(tile.select_one("svg path, svg circle, svg rect, svg g") for tile in page.select(".tile"))
    assert all(icon.get("aria-hidden") == "true" for icon in page.select("svg"))


def test_it_leads_to_signing_in_and_subscribing(client, menus):
    links = {a["href"] for a in open_page(client).select("header a")}
    assert {"/login/", "/register/", "/products/subscribe/", "/epaper/", "/search/"} <= links


def test_it_counts_the_ticker_down_in_two_columns(client):
    make_list("ticker", size=20)
    for number in range(25):
        make_article(headline=f"Story {number}", short_headline=f"Short {number}")
    refresh_all()
    columns = [words(column.select("a")) for column in open_page(client).select(".ticker ol")]
    ranks = [[int(item["value"]) for item in column.select("li")] for column in open_page(client).select(".ticker ol")]
    newest = [f"Short {number}" for number in range(24, 4, -1)]
    assert columns == [newest[::2], newest[1::2]]
    assert ranks == [list(range(1, 21, 2)), list(range(2, 21, 2))]


def test_it_uses_the_words_of_a_placement_in_the_ticker(client):
    ticker = make_list("ticker")
    place(ticker, 1, make_article(short_headline="Short"), headline="Only in the ticker")
    place(ticker, 2, make_article(short_headline="Its own short one"))
    assert words(open_page(client).select(".ticker a")) == ["Only in the ticker", "Its own short one"]


def test_it_can_be_folded_and_closed(client):
    place(make_list("ticker"), 1, make_article())
    ticker = open_page(client).select_one("details.ticker")
    assert ticker.has_attr("open")
    assert words(ticker.select("button")) == ["Close", "Close for 24 hours"]
    assert ticker.summary


def test_it_escapes_every_word(client):
    bad = "<script>alert(1)</script>"
    MastheadFact.objects.create(kind="name", value=bad)
    MastheadFact.objects.create(kind="copyright", value=bad)
    MastheadFact.objects.create(kind="motto", value='" onload="alert(1)')
    section = make_section(bad, slug="bad", description=bad)
    section.menu_items.create(menu="bar")
    section.menu_items.create(menu="overlay", label=bad)
    for address in ("/", "/bad/", "/nowhere/"):
        text = client.get(address).text
        assert "<script>alert" not in text
        assert '" onload="' not in text


def test_it_costs_two_queries(client, menus, django_assert_num_queries):
    """A page with nothing of its own costs what the frame costs."""
    with django_assert_num_queries(2):
        client.get("/sitemap/")


def test_it_stands_on_an_empty_database(client):
    for address in ("/", "/search/", "/sitemap/", "/nowhere/"):
        assert client.get(address).status_code in (200, 404)
    assert StoryList.objects.count() == 0


def test_it_breaks_without_the_database(client, monkeypatch):
    """The page for what went wrong needs no query, and no frame."""
    client.raise_request_exception = False

    def fail(*args):
        raise RuntimeError("The database is gone.")

    monkeypatch.setattr("sections.pages.load_frame", fail)
    response = client.get("/search/")
    assert response.status_code == 500
    assert "The presses have stopped" in response.text
    assert "database is gone" not in response.text
