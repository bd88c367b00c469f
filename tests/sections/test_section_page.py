"""Section fronts and the lists of subsections."""

import pytest
from bs4 import BeautifulSoup
from django.core.management import call_command

from sections.models import Section
from tests.factories import draft, embargoed, make_article, make_section, seoul, shown_photo, withdrawn

pytestmark = pytest.mark.django_db


def open_page(client, address):
    response = client.get(address)
    assert response.status_code == 200
    return BeautifulSoup(response.text, "html.parser")


def stories_of(page):
    return [a.get_text() for a in page.select("main h2 a, main h3 a") if a["href"].startswith("/20")]


def test_it_shows_its_stories_and_those_of_its_subsections_newest_first(client):
    national = make_section("National")
    politics = make_section("Politics", parent=national)
    for day, section in enumerate([national, politics, national, politics, make_section("World")], 1):
        make_article(headline=f"Day {day}", section=section, publish_at=seoul(f"2021-02-0{day} 09:00"))
    assert stories_of(open_page(client, "/national/")) == ["Day 4", "Day 3", "Day 2", "Day 1"]
    assert stories_of(open_page(client, "/national/politics/")) == ["Day 4", "Day 2"]
    assert stories_of(open_page(client, "/world/")) == ["Day 5"]


def test_it_also_shows_what_is_listed_there_further(client):
    national, business = make_section("National"), make_section("Business")
    companies = make_section("Companies", parent=business)
    story = make_article(section=national, headline="Filed in National")
    story.also_in.add(companies, business)
    for address in ("/national/", "/business/", "/business/companies/"):
        assert stories_of(open_page(client, address)) == ["Filed in National"]


def test_it_opens_with_three_stories_at_large(client):
    section = make_section()
    for number in range(5):
        make_article(section=section, photos=[shown_photo()], publish_at=seoul(f"2021-02-0{5 - number} 09:00"))
    page = open_page(client, "/national/")
    assert len(page.select("main > .grid:not(.main-grid) article")) == 3
    assert len(page.select(".main-grid .list article")) == 2
    assert page.select_one("main article img")["fetchpriority"] == "high"
    assert len(stories_of(page)) == len(set(stories_of(page))) == 5


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_it_stands_with_few_stories(client, count):
    section = make_section()
    for _ in range(count):
        make_article(section=section)
    page = open_page(client, "/national/")
    assert len(stories_of(page)) == count
    assert ("Nothing here yet." in page.main.get_text()) == (count == 0)
    assert page.select(".list:empty") == []


def test_it_names_itself_and_its_place(client):
    national = make_section("National", description="Politics and courts.")
    make_section("Politics", parent=national)
    top, below = open_page(client, "/national/"), open_page(client, "/national/politics/")
    assert top.h1.get_text() == "National"
    assert top.title.get_text() == "National — The Hangang Times"
    assert top.select_one('meta[name="description"]')["content"] == "Politics and courts."
    assert below.h1.get_text() == "Politics"
    assert below.title.get_text() == "Politics — National — The Hangang Times"
    assert below.select_one(".page-head .kicker a")["href"] == "/national/"


def test_it_leads_to_its_subsections(client):
    call_command("loaddata", "menu", verbosity=0)
    for address, current in (("/finance/", "All Finance"), ("/finance/markets/", "Markets")):
        nav = open_page(client, address).select_one(".section-nav")
        assert [a.get_text() for a in nav.select("a")] == [
            *("All Finance", "Companies", "Economy", "Markets", "Cryptocurrency")
        ]
        assert nav.select_one('[aria-current="page"]').get_text() == current


def test_it_marks_its_place_in_the_bar(client):
    call_command("loaddata", "menu", verbosity=0)
    for address in ("/finance/", "/finance/markets/"):
        marked = open_page(client, address).select('.topnav [aria-current="true"]')
        assert [a.get_text() for a in marked] == ["Finance"]


def test_it_keeps_sections_of_one_name_apart(client):
    """Companies stands under Business and under Finance."""
    for top in ("Business", "Finance"):
        section = make_section("Companies", parent=make_section(top))
        make_article(section=section, headline=f"Of {top}")
    assert stories_of(open_page(client, "/business/companies/")) == ["Of Business"]
    assert stories_of(open_page(client, "/finance/companies/")) == ["Of Finance"]


@pytest.mark.parametrize("hidden", [draft, embargoed, withdrawn])
def test_it_hides_what_is_not_public(client, hidden):
    hidden(headline="Nobody may read this", section=make_section())
    assert stories_of(open_page(client, "/national/")) == []


@pytest.mark.parametrize(
    "address",
    [
        *("/politics/", "/national/unknown/", "/National/", "/national/politics/law/", "/national//politics/"),
        *("/national/politics//", "/./national/", "/national/../", f"/{'x' * 10_000}/", "/nat%69onal%2Fpolitics%2F/"),
    ],
)
def test_it_is_at_no_other_address(client, address):
    make_section("Politics", parent=make_section("National"))
    assert client.get(address).status_code == 404


def test_it_is_found_without_its_slash(client):
    make_section()
    response = client.get("/national?before=&a=b%26c")
    assert (response.status_code, response.headers["Location"]) == (301, "/national/?before=&a=b%26c")


def test_it_costs_eight_queries_at_most(client, queries):
    call_command("loaddata", "menu", "lists", verbosity=0)
    make_article(section=Section.objects.get(path="finance/markets"))
    for address in ("/finance/", "/finance/markets/", "/north-korea/"):
        with queries(8):
            client.get(address)
