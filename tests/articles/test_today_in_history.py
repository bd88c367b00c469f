"""Today in History: what the archive holds for a day of the year."""

from datetime import datetime

import pytest
import time_machine
from bs4 import BeautifulSoup

from tests.factories import draft, make_article, make_section, seoul, withdrawn

pytestmark = pytest.mark.django_db
NOW = seoul("2026-11-25 09:00")


@pytest.fixture(autouse=True)
def day():
    with time_machine.travel(NOW, tick=False):
        yield


def read(client, address="/today-in-history/"):
    response = client.get(address)
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def years(page):
    return {
        section.h2.get_text(strip=True): [h3.get_text(strip=True) for h3 in section.select("h3")]
        for section in page.select("section[aria-labelledby^=year-]")
    }


def test_it_shows_this_day_of_earlier_years_newest_first(client, queries):
    for text in ("1958-11-25 10:00", "2020-11-25 00:05", "2025-11-25 23:55", "2025-11-25 08:00"):
        make_article(headline=f"From {text}", publish_at=seoul(text))
    make_article(headline="This morning", publish_at=seoul("2026-11-25 06:00"))
    make_article(headline="Another day", publish_at=seoul("2025-11-26 00:05"))
    withdrawn(headline="Withdrawn", publish_at=seoul("2024-11-25 10:00"))
    draft(headline="Never written")
    with queries(5):
        page = read(client)
    assert years(page) == {
        "2025": ["From 2025-11-25 23:55", "From 2025-11-25 08:00"],
        "2020": ["From 2020-11-25 00:05"],
        "1958": ["From 1958-11-25 10:00"],
    }
    assert page.h1.get_text() == "November 25"


def test_what_was_written_about_the_day_stands_on_top(client):
    section = make_section("Today in History", parent=make_section("Opinion"))
    for year in (2024, 2026):
        make_article(headline=f"The bridge, told in {year}", section=section, publish_at=seoul(f"{year}-11-25 07:00"))
    page = read(client)
    assert [h3.get_text(strip=True) for h3 in page.select("[aria-labelledby=told] h3")] == [
        "The bridge, told in 2026",
        "The bridge, told in 2024",
    ]
    assert years(page) == {}
    assert 'href="/today-in-history/"' in client.get("/opinion/today-in-history/").text


def test_a_full_day_leads_to_its_archive(client):
    for number in range(9):
        make_article(headline=f"Story {number}", publish_at=seoul(f"2025-11-25 0{number}:00"))
    page = read(client)
    assert years(page) == {"2025": ["Story 3", "Story 2", "Story 1", "Story 0"]}
    assert page.select_one("#year-2025 a")["href"] == "/2025/11/25/"


def test_every_day_of_a_leap_year_has_a_page(client):
    make_article(headline="A day more", publish_at=seoul("2024-02-29 12:00"))
    page = read(client, "/today-in-history/02-29/")
    assert years(page) == {"2024": ["A day more"]}
    assert [a["href"] for a in page.select("nav[aria-label=Days] a")][:2] == [
        *("/today-in-history/02-28/", "/today-in-history/03-01/")
    ]
    for day, before, after in (("01-01", "12-31", "01-02"), ("12-31", "12-30", "01-01")):
        page = read(client, f"/today-in-history/{day}/")
        assert "The archive holds nothing" in page.get_text()
        links = [a["href"] for a in page.select("nav[aria-label=Days] a")][:2]
        assert links == [f"/today-in-history/{before}/", f"/today-in-history/{after}/"]


@pytest.mark.parametrize("day", ["02-30", "13-01", "00-10", "1-1", "11-25-2020", "today", "٠١-٠١", "11-25-"])
def test_it_is_404_for_days_that_no_year_has(client, day):
    assert client.get(f"/today-in-history/{day}/").status_code == 404


def test_the_page_of_today_is_kept_until_midnight_in_seoul_at_most(client):
    page = read(client)
    assert page.select_one("link[rel=canonical]")["href"].endswith("/today-in-history/11-25/")
    with time_machine.travel(seoul("2026-11-25 23:59").replace(second=57), tick=False):
        assert "max-age=3," in client.get("/today-in-history/")["Cache-Control"]
        assert "max-age=10," in client.get("/today-in-history/11-25/")["Cache-Control"]
    with time_machine.travel(datetime.fromisoformat("2026-11-25T15:00:00+00:00"), tick=False):
        assert read(client).h1.get_text() == "November 26"


def test_it_costs_the_same_with_many_stories(client, queries):
    for year in range(1990, 2026):
        make_article(publish_at=seoul(f"{year}-11-25 12:00"))
    with queries(5):
        assert len(years(read(client))) == 36
