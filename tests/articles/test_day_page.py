"""The archive of a day, by Seoul's calendar."""

import pytest
from bs4 import BeautifulSoup

from tests.factories import embargoed, make_article, seoul, withdrawn

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
    assert [a["href"] for a in page.select(".page-head a")] == ["/2021/02/20/", "/2021/03/02/"]


@pytest.mark.parametrize("hidden", [embargoed, withdrawn])
def test_it_has_no_page_for_a_day_of_hidden_stories(client, hidden):
    story = hidden()
    assert client.get(f"/{story.address_date:%Y/%m/%d}/").status_code == 404


@pytest.mark.parametrize("path", ["/2021/02/30/", "/0000/01/01/", "/9999/12/31/", "/2021/13/01/", "/1950/06/25/"])
def test_it_is_404_for_days_without_stories(client, path):
    assert client.get(path).status_code == 404


def test_it_costs_the_same_with_many_stories(client, queries):
    for number in range(30):
        make_article(headline=f"Story {number}", publish_at=seoul(f"2021-02-27 09:{number:02d}"))
    with queries(6):
        first = client.get("/2021/02/27/")
    older = BeautifulSoup(first.content, "html.parser").select_one(".pagination a[rel=next]")
    with queries(6):
        assert client.get("/2021/02/27/" + older["href"]).status_code == 200
