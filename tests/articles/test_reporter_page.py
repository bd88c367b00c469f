"""A reporter's page."""

import pytest
from bs4 import BeautifulSoup

from articles.models import Reporter
from tests.factories import draft, embargoed, make_article, make_reporter, seoul, shown_photo, withdrawn

pytestmark = pytest.mark.django_db


def open_page(client, address="/reporters/seo-ha-rin/"):
    response = client.get(address)
    assert response.status_code == 200
    return BeautifulSoup(response.text, "html.parser")


def test_it_shows_who_it_is_and_what_they_wrote(client):
    reporter = make_reporter(
        "Seo Ha-rin",
        native_name="서하린",
        title="Economy reporter",
        bio="Has covered shipyards since 2014.",
        beats="Ships,  labour ,",
        email="seo@example.com",
        portrait=shown_photo(alt_text="Seo Ha-rin at her desk."),
    )
    stories = [make_article(reporters=[reporter], publish_at=seoul(f"2021-02-2{day} 09:00")) for day in (5, 7, 6)]
    make_article(headline="Of somebody else", reporters=[make_reporter("Moon Ji-ho")])
    page = open_page(client)
    assert page.h1.get_text(" ", strip=True) == "Seo Ha-rin 서하린"
    assert page.select_one("h1 [lang]")["lang"] == "ko"
    assert page.select_one(".who img")["alt"] == "Seo Ha-rin at her desk."
    text = " ".join(page.select_one(".page-head").get_text(" ").split())
    for words in ("Economy reporter", "Has covered shipyards since 2014.", "Writes about Ships, labour"):
        assert words in text
    assert [a["href"] for a in page.select(".list h3 a")] == [stories[n].get_absolute_url() for n in (1, 2, 0)]


def test_it_hides_the_address_from_collectors(client):
    make_reporter(email="seo@example.com")
    text = client.get("/reporters/seo-ha-rin/").text
    assert "seo@example.com" not in text
    assert "seo (at) example.com" in text


def test_it_says_that_somebody_left(client):
    make_reporter(title="Economy reporter", email="seo@example.com", beats="ships", is_active=False)
    page = open_page(client)
    assert page.select_one(".beats").get_text() == "Wrote about ships"
    assert page.select_one(".page-head .kicker").get_text() == "Economy reporter (formerly)"
    assert "example.com" not in page.get_text()
    Reporter.objects.update(title="")
    assert open_page(client).select_one(".page-head .kicker").get_text().startswith("Formerly with")


def test_its_beats_lead_to_the_topics_of_that_name(client):
    make_reporter(beats=" ships , Labor,Takeover, Unheard of")
    make_article(tags=["Ships", "Labor"])
    embargoed(tags=["Takeover"])
    page = open_page(client)
    links = {a.get_text(): a["href"] for a in page.select(".beats a")}
    assert links == {"ships": "/topics/ships/", "Labor": "/topics/labor/"}
    words = " ".join(page.select_one(".beats").get_text().split())
    assert words == "Writes about ships, Labor, Takeover, Unheard of"


def test_it_leads_to_all_reporters(client):
    make_reporter()
    assert open_page(client).select_one(".page-head a.more")["href"] == "/reporters/"


@pytest.mark.parametrize("stories", [3, 30])
def test_it_costs_six_queries(client, queries, stories):
    reporter = make_reporter(beats=", ".join(f"T{n}" for n in range(stories)), portrait=shown_photo())
    for n in range(stories):
        make_article(reporters=[reporter], tags=[f"T{n}"])
    with queries(6):
        client.get("/reporters/seo-ha-rin/")


# ---- all reporters


def test_the_index_tells_staff_contributors_and_former_reporters_apart(client):
    make_reporter("Moon Ji-ho", title="Film critic", beats="films, Busan", portrait=shown_photo(), native_name="문지호")
    make_reporter("Ahn So-ri", bio="Draws.")
    gone = make_reporter("Gil Nam-su", title="Freight reporter", is_active=False, email="gil@example.com")
    guest, silent = make_reporter("Jane Roe"), make_reporter("Nobody Yet")
    make_article(reporters=[gone, guest], tags=["Films"])
    embargoed(reporters=[silent])
    page = open_page(client, "/reporters/")
    assert [a.get_text() for a in page.select(".people h3 a")] == ["Ahn So-ri", "Moon Ji-ho"]
    moon = page.select(".people li")[1]
    assert moon.select_one("img")["alt"] == ""
    assert "Film critic" in moon.get_text()
    assert [a["href"] for a in moon.select("a")] == ["/reporters/moon-ji-ho/", "/topics/films/"]
    for section, name in (("contributors", "Jane Roe"), ("former", "Gil Nam-su")):
        links = page.select(f'[aria-labelledby="{section}"] li a')
        assert [a.get_text() for a in links] == [name]
    assert "Nobody Yet" not in page.get_text()
    assert "example.com" not in page.get_text()


def test_the_index_stands_without_anybody(client):
    assert "Nothing here yet." in open_page(client, "/reporters/").get_text()


@pytest.mark.parametrize("people", [2, 20])
def test_the_index_costs_three_queries(client, queries, people):
    for n in range(people):
        make_reporter(f"Reporter {n}", title="Writer", portrait=shown_photo(), beats=f"Topic {n}")
        make_article(reporters=[make_reporter(f"Guest {n}")], tags=[f"Topic {n}"])
    with queries(3):
        client.get("/reporters/")


def test_it_stands_without_any_story(client):
    reporter = make_reporter()
    for hidden in (draft, embargoed, withdrawn):
        hidden(reporters=[reporter], headline="Nobody may read this")
    page = open_page(client)
    assert "Nothing here yet." in page.get_text()
    assert "Nobody may read this" not in page.get_text()


def test_it_has_an_address_in_korean(client):
    make_reporter("서하린", slug="서하린")
    page = open_page(client, "/reporters/서하린/")
    canonical = page.select_one('[rel="canonical"]')["href"]
    assert canonical.endswith("/reporters/%EC%84%9C%ED%95%98%EB%A6%B0/")


@pytest.mark.parametrize("slug", ["nobody", "seo", "seo-ha-rin-2", "%2e%2e", "x" * 500, "a%00b"])
def test_it_knows_nobody_else(client, slug):
    make_reporter()
    assert client.get(f"/reporters/{slug}/").status_code in (400, 404)
