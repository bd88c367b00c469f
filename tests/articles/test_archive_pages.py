"""The archive by year, month and day, by Seoul's calendar."""

from datetime import datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from django.utils import timezone

from rankings.models import Front
from rankings.placing import place
from tests.factories import embargoed, make_article, make_list, seoul, withdrawn

pytestmark = pytest.mark.django_db


def test_it_shows_what_was_published_on_that_day_in_seoul(client):
    make_article(headline="Just after midnight", publish_at=seoul("2021-02-27 00:01"))
    make_article(headline="Just before midnight", publish_at=seoul("2021-02-27 23:59"))
    make_article(headline="The next morning", publish_at=seoul("2021-02-28 06:00"))
    text = client.get("/2021/02/27/").text
    assert "Just after midnight" in text
    assert "Just before midnight" in text
    assert "The next morning" not in text
    assert "Saturday, February 27, 2021" in text


def test_a_story_leads_to_its_day_and_a_day_to_its_neighbours(client):
    story = make_article(publish_at=seoul("2021-02-27 09:32"))
    make_article(publish_at=seoul("2021-02-20 12:00"))
    make_article(publish_at=seoul("2021-03-02 12:00"))
    embargoed()
    page = BeautifulSoup(client.get(story.get_absolute_url()).content, "html.parser")
    assert page.select_one(".story-meta dd a")["href"] == "/2021/02/27/"
    page = BeautifulSoup(client.get("/2021/02/27/").content, "html.parser")
    assert [a["href"] for a in page.select(".page-head a")] == ["/archive/", "/2021/", "/2021/02/"]
    assert [a["href"] for a in page.select("nav[aria-label=Days] a")] == [
        *("/2021/02/20/", "/2021/03/02/", "/today-in-history/02-27/")
    ]


@pytest.mark.parametrize("hidden", [embargoed, withdrawn])
def test_it_has_no_page_for_a_day_of_hidden_stories(client, hidden):
    story = hidden()
    assert client.get(f"/{story.address_date:%Y/%m/%d}/").status_code == 404


@pytest.mark.parametrize("path", ["/2021/02/30/", "/0000/01/01/", "/9999/12/31/", "/2021/13/01/", "/1950/06/25/"])
def test_it_is_404_for_days_without_stories(client, path):
    assert client.get(path).status_code == 404


def read(client, address):
    response = client.get(address)
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def test_the_entrance_lists_every_month_that_has_stories(client, queries):
    for day in ("1958-07-01", "2020-02-29", "2021-02-27", "2021-02-28", "2021-12-31"):
        make_article(publish_at=seoul(f"{day} 12:00"))
    make_article(publish_at=seoul("2051-01-01 12:00"))
    withdrawn(publish_at=seoul("1999-05-05 12:00"))
    with queries(3):
        page = read(client, "/archive/")
    assert [a["href"] for a in page.select(".years h2 a")] == ["/2021/", "/2020/", "/1958/"]
    assert [a["href"] for a in page.select(".years li a")] == ["/2021/02/", "/2021/12/", "/2020/02/", "/1958/07/"]


def test_an_empty_archive_says_so(client):
    assert "Nothing here yet" in client.get("/archive/").text


def test_a_year_is_twelve_calendars(client, queries):
    for day in ("2020-05-01", "2021-02-27", "2021-02-27", "2021-12-31", "2023-01-01"):
        make_article(publish_at=seoul(f"{day} 12:00"))
    withdrawn(publish_at=seoul("2021-06-06 12:00"))
    with queries(4):
        page = read(client, "/2021/")
    assert len(page.select("table.calendar")) == 12
    assert [a["href"] for a in page.select("td a")] == ["/2021/02/27/", "/2021/12/31/"]
    assert page.select_one("td a").get_text() == "27: 2 stories"
    assert [a["href"] for a in page.select("caption a")] == ["/2021/02/", "/2021/12/"]
    assert [a["href"] for a in page.select("nav[aria-label=Years] a")] == ["/2020/", "/2023/"]
    assert "3 stories" in page.select_one(".page-head").get_text()
    # A calendar has every day of the year once, and its weeks begin on Sunday.
    cells = [cell.get_text().partition(":")[0].strip() for cell in page.select("td")]
    assert len([text for text in cells if text]) == 365
    assert page.select("table")[1].select("tbody tr")[0].get_text("|").split("|")[-1].strip() == "6"


def test_a_month_shows_its_days_and_its_stories(client, queries):
    for number in range(25):
        make_article(headline=f"Story of the {number + 1}", publish_at=seoul(f"2021-01-{number + 1:02d} 00:30"))
    make_article(publish_at=seoul("2020-11-30 23:59"))
    make_article(publish_at=seoul("2021-03-01 00:00"))
    with queries(9):
        page = read(client, "/2021/01/")
    assert len(page.select("td a")) == 25
    assert "25 stories" in page.select_one(".page-head").get_text()
    assert [a["href"] for a in page.select("nav[aria-label=Months] a")] == ["/2020/11/", "/2021/03/"]
    assert [h3.get_text(strip=True) for h3 in page.select(".list h3")][:2] == ["Story of the 25", "Story of the 24"]
    older = page.select_one(".pagination a[rel=next]")["href"]
    with queries(9):
        assert len(read(client, "/2021/01/" + older).select(".list h3")) == 5


@pytest.mark.parametrize(("hide", "day"), [(make_article, "2051-01-01"), (withdrawn, "1999-05-05")])
def test_it_has_no_year_or_month_of_hidden_stories(client, hide, day):
    hide(publish_at=seoul(f"{day} 12:00"))
    assert client.get(f"/{day[:4]}/").status_code == 404
    assert client.get(f"/{day[:4]}/{day[5:7]}/").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/0000/", "/9999/", "/2021/00/", "/2021/13/", "/9999/12/", "/0000/01/", "/1950/", "/1950/06/", "/9999/12/30/"],
)
def test_it_is_404_for_years_and_months_without_stories(client, path):
    make_article(publish_at=seoul("2021-02-27 12:00"))
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("moment", "printed", "machine"),
    [
        # Summer time of 1988: eight in the morning Greenwich time was six in the evening.
        ("1988-07-15T08:00:00+00:00", "1988-07-15 18:00", "1988-07-15T18:00+10:00"),
        # The standard time of 1954 to 1961, with and without summer time.
        ("1958-01-15T16:00:00+00:00", "1958-01-16 00:30", "1958-01-16T00:30+08:30"),
        ("1958-07-15T14:45:00+00:00", "1958-07-16 00:15", "1958-07-16T00:15+09:30"),
        ("2021-02-26T15:30:00+00:00", "2021-02-27 00:30", "2021-02-27T00:30+09:00"),
    ],
)
def test_it_knows_what_clocks_in_seoul_showed(client, moment, printed, machine):
    story = make_article(publish_at=datetime.fromisoformat(moment))
    assert story.get_absolute_url().startswith(f"/{printed[:10].replace('-', '/')}/")
    stamp = read(client, story.get_absolute_url()).select_one(".story-meta time")
    assert (stamp.get_text(), stamp["datetime"]) == (printed, machine)
    assert story.headline in client.get(f"/{printed[:10].replace('-', '/')}/").text


def test_a_day_leads_to_the_front_page_as_it_stood(client, settings):
    day = timezone.localtime() - timedelta(days=1)
    make_article(publish_at=day.replace(hour=5))
    front = make_list("front-lead", front=Front.objects.create(), layout="lead")
    place(front, 1, make_article(publish_at=day.replace(hour=6)), starts=day.replace(hour=10, minute=0))
    links = [a["href"] for a in read(client, f"/{day:%Y/%m/%d}/").select("main .meta a[href^='/front/']")]
    assert links == [f"/front/{day:%Y/%m/%d}/{hour}00/" for hour in (12, 15, 18, 21)]
    assert {client.get(link).status_code for link in links} == {200}
    settings.FRONT_ARCHIVE = False
    assert "/front/" not in client.get(f"/{day:%Y/%m/%d}/").text


def test_it_costs_the_same_with_many_stories(client, queries):
    for number in range(30):
        make_article(headline=f"Story {number}", publish_at=seoul(f"2021-02-27 09:{number:02d}"))
    with queries(9):
        first = client.get("/2021/02/27/")
    older = BeautifulSoup(first.content, "html.parser").select_one(".pagination a[rel=next]")
    with queries(9):
        assert client.get("/2021/02/27/" + older["href"]).status_code == 200
