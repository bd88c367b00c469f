"""The RSS Service page, and the links by which readers find the feed of a page."""

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from articles.models import Column
from sections.models import Section
from tests.factories import draft, embargoed, make_article, make_reporter, make_section, withdrawn

pytestmark = pytest.mark.django_db


def read(address):
    response = Client().get(address)
    assert response.status_code in (200, 404, 410), address
    return BeautifulSoup(response.text, "html.parser")


def listed(address="/products/rss/"):
    """{name of the feed: its addresses} of the page."""
    return {row.th.get_text(): [a["href"] for a in row.select("a")] for row in read(address).select(".feeds tbody tr")}


@pytest.fixture
def paper():
    society = make_section("Society", parent=make_section("National"))
    column = Column.objects.create(name="River notes", slug="river-notes")
    return make_article(section=society, column=column, reporters=[make_reporter("Seo Ha-rin")], tags=["Rain"])


def test_it_lists_every_feed_in_every_form(paper):
    feeds = listed()
    assert list(feeds) == [
        *("The Hangang Times", "Corrections", "National", "National: Society", "River notes", "Seo Ha-rin")
    ]
    assert feeds["National: Society"] == [
        *(f"/feeds/sections/national/society.{form}" for form in ("rss", "atom", "json")),
        *(f"/feeds/sections/national/society.{form}?text=full" for form in ("rss", "atom", "json")),
    ]
    for address in sum(feeds.values(), []):
        assert Client().get(address).status_code == 200, address


def test_it_keeps_the_order_of_the_menu_and_subsections_below_their_section(paper):
    Section.objects.filter(path="national").update(position=2)
    make_section("Weather", position=1)
    make_section("Courts", parent=Section.objects.get(path="national"), position=5)
    assert [name for name in listed() if name.startswith(("National", "Weather"))] == [
        *("Weather", "National", "National: Society", "National: Courts")
    ]


@pytest.mark.parametrize("hidden", [draft, embargoed, withdrawn])
def test_it_names_nobody_who_has_nothing_public(paper, hidden):
    column = Column.objects.create(name="Secret column", slug="secret")
    hidden(column=column, reporters=[make_reporter("New Colleague")])
    make_reporter("Moon Ji-ho", is_active=False)
    assert not {"Secret column", "New Colleague", "Moon Ji-ho"} & set(listed())


@pytest.mark.parametrize(
    ("words", "query"),
    [("rain", "rain"), ("울산 <b>&amp;", "%EC%9A%B8%EC%82%B0+%3Cb%3E%26amp%3B"), ("  a   b ", "a+b")],
)
def test_it_makes_a_feed_for_words(paper, words, query):
    page = BeautifulSoup(Client().get("/products/rss/", {"q": words}).text, "html.parser")
    form = page.select_one("main form")
    assert form["action"] == "/products/rss/#words"
    assert form.input["value"] == " ".join(words.split())
    table = page.select_one("#words")
    assert [a["href"] for a in table.select("a")][:3] == [
        f"/feeds/search.{f}?q={query}" for f in ("rss", "atom", "json")
    ]
    assert [a["href"] for a in table.select("a")][3] == f"/feeds/search.rss?q={query}&text=full"
    assert Client().get(table.a["href"]).status_code == 200


@pytest.mark.parametrize("words", ["", "   ", "\t"])
def test_it_makes_no_feed_without_words(paper, words):
    page = BeautifulSoup(Client().get("/products/rss/", {"q": words}).text, "html.parser")
    assert page.select_one("#words") is None


def test_it_names_every_link(paper):
    names = [a.get_text() for a in read("/products/rss/").select(".feeds a")]
    assert "rss: National: Society, full text" in names
    assert len(names) == len(set(names))


def test_it_names_the_hub_where_there_is_one(paper, settings):
    assert "hub" not in read("/products/rss/").main.get_text()
    settings.WEBSUB_HUB = "https://hub.example.com/publish"
    assert "https://hub.example.com/publish" in read("/products/rss/").main.get_text()


def test_it_costs_five_queries_however_many_feeds_there_are(paper, django_assert_num_queries):
    for number in range(10):
        section = make_section(f"Part {number}", parent=make_section("National"))
        column = Column.objects.create(name=f"Column {number}", slug=f"column-{number}")
        make_article(section=section, column=column, reporters=[make_reporter(f"Reporter {number}")])
    with django_assert_num_queries(5):
        assert len(listed("/products/rss/?q=rain")) == 37


# ---- links that feed readers look for


def offered(address):
    return [link["href"] for link in read(address).select('head link[rel="alternate"][type]')]


PAPER = ["/feeds/paper.rss", "/feeds/paper.atom", "/feeds/paper.json"]


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("/national/", "sections/national"),
        ("/national/society/", "sections/national/society"),
        ("/reporters/seo-ha-rin/", "reporters/seo-ha-rin"),
        ("/topics/rain/", "topics/rain"),
    ],
)
def test_it_offers_the_feed_of_a_page_and_that_of_the_paper(paper, page, name):
    assert offered(page) == [f"/feeds/{name}.{form}" for form in ("rss", "atom", "json")] + PAPER
    for address in offered(page):
        assert Client().get(address).status_code == 200
    links = read(page).select('head link[rel="alternate"][type]')
    assert [link["type"] for link in links[:3]] == [
        *("application/rss+xml", "application/atom+xml", "application/feed+json")
    ]
    titles = [link["title"] for link in links]
    assert len(set(titles)) == 6
    assert all("The Hangang Times" in title for title in titles)


def test_it_offers_the_feed_of_a_search(paper):
    assert offered("/search/?q=%3Crain%3E%26more") == [
        *(f"/feeds/search.{form}?q=%3Crain%3E%26more" for form in ("rss", "atom", "json")),
        *PAPER,
    ]


@pytest.mark.parametrize("page", ["/", "/search/", "/sitemap/", "/products/rss/", "/nowhere/", "story"])
def test_it_offers_the_feed_of_the_paper_on_all_other_pages(paper, page):
    assert offered(paper.get_absolute_url() if page == "story" else page) == PAPER
