"""Lists by pages: newer and older, without gap or repeat, at the same cost everywhere."""

from datetime import timedelta
from urllib.parse import urljoin

import pytest
from bs4 import BeautifulSoup
from django.http import Http404
from django.utils import timezone

from articles.models import Article
from articles.paging import page_of, read_cursor
from rankings.filling import refresh_all
from tests.factories import (
    draft,
    embargoed,
    make_article,
    make_list,
    make_reporter,
    make_section,
    seoul,
    shown_photo,
    withdrawn,
)

pytestmark = pytest.mark.django_db

LISTS = ["/national/", "/national/politics/", "/reporters/seo-ha-rin/", "/topics/ships/"]


def fill_lists(count, apart=timedelta(minutes=7), together=1, **fields):
    """That many public stories, newest moment first, on each of the LISTS; so many `together` at one moment."""
    section = make_section("Politics", parent=make_section("National"))
    reporter = make_reporter("Seo Ha-rin")
    newest = seoul("2021-02-27 09:32")
    return [
        make_article(
            section=section,
            reporters=[reporter],
            tags=["Ships"],
            publish_at=newest - apart * (number // together),
            **fields,
        )
        for number in range(count)
    ]


def links_of(response, selector="main h2 a, main h3 a"):
    page = BeautifulSoup(response.text, "html.parser")
    return [a["href"] for a in page.select(selector) if a["href"].startswith("/20")]


def step(response, rel):
    link = BeautifulSoup(response.text, "html.parser").select_one(f'.pagination a[rel="{rel}"]')
    return link and link["href"]


def walk(client, address, rel="next"):
    """Every page from an address on, by its links, as [(address, links to stories)]."""
    base = address.partition("?")[0]
    pages = []
    while True:
        response = client.get(address)
        assert response.status_code == 200
        pages.append((address, links_of(response)))
        there = step(response, rel)
        if there is None:
            return pages
        address = base if there == "." else base + there
        assert len(pages) < 20


def flat(pages):
    return [link for _, links in pages for link in links]


@pytest.mark.parametrize(
    ("address", "together"), [(LISTS[0], 45), (LISTS[1], 1), (LISTS[2], 7), (LISTS[3], 2)], ids=str
)
def test_it_walks_all_stories_without_gap_or_repeat(client, address, together):
    stories = fill_lists(45, together=together)
    in_order = [story.get_absolute_url() for story in sorted(stories, key=lambda s: (s.publish_at, s.pk), reverse=True)]
    down = walk(client, address)
    assert flat(down) == in_order
    assert [len(links) for _, links in down] == [20, 20, 5]
    up = walk(client, down[-1][0], "prev")
    assert flat(reversed(up)) == in_order
    assert up[-1][0] == address


@pytest.mark.parametrize(("count", "sizes"), [(0, [0]), (1, [1]), (20, [20]), (21, [20, 1]), (40, [20, 20])])
def test_it_has_no_empty_last_page(client, count, sizes):
    fill_lists(count)
    assert [len(links) for _, links in walk(client, "/reporters/seo-ha-rin/")] == sizes


def test_it_keeps_its_pages_while_newer_stories_come(client):
    stories = fill_lists(45)
    second, shown = walk(client, "/topics/ships/")[1]
    for story in stories[:5]:
        make_article(tags=["Ships"], section=story.section)
    assert links_of(client.get(second)) == shown


def test_it_walks_up_to_the_newest_from_any_page(client):
    """A page that begins in the middle: newer pages are full, and the last step up is the first page."""
    stories = fill_lists(45)
    up = walk(client, f"/topics/ships/?before={stories[30].pk}", "prev")
    assert [address.partition("?")[0] for address, _ in up] == ["/topics/ships/"] * len(up)
    assert up[-1][0] == "/topics/ships/"
    assert set(flat(up)) == {story.get_absolute_url() for story in stories}
    assert [len(links) for _, links in up] == [14, 20, 20]


def test_it_links_to_newer_and_older(client):
    stories = fill_lists(45)
    first = client.get("/national/")
    assert (step(first, "prev"), step(first, "next")) == (None, f"?before={stories[19].pk}")
    second = client.get(f"/national/?before={stories[19].pk}")
    assert (step(second, "prev"), step(second, "next")) == (".", f"?before={stories[39].pk}")
    third = client.get(f"/national/?before={stories[39].pk}")
    assert (step(third, "prev"), step(third, "next")) == (f"?before={stories[19].pk}", None)


def test_it_has_no_links_where_all_stories_fit(client):
    fill_lists(20)
    response = client.get("/national/")
    assert BeautifulSoup(response.text, "html.parser").select(".pagination") == []


def test_it_is_its_own_canonical_page(client):
    stories = fill_lists(30)
    for query in ("", f"?before={stories[19].pk}"):
        page = BeautifulSoup(client.get(f"/national/{query}").text, "html.parser")
        assert page.select_one('[rel="canonical"]')["href"].endswith(f"/national/{query}")


@pytest.mark.parametrize("address", LISTS)
def test_it_answers_404_to_other_cursors(client, address):
    fill_lists(3)
    odd = [
        "0",
        "999999999",
        str(2**63 - 1),
        str(2**63),
        "9" * 500,
        "-1",
        "1.5",
        "1e3",
        "x",
        "٣",
        "1 2",
        "+1",
        "0x1f",
        " ",
    ]
    for before in odd:
        response = client.get(address, {"before": before})
        assert response.status_code == 404, before
        assert "This page has flown" in response.text


def test_it_takes_an_empty_cursor_for_none(client):
    fill_lists(3)
    assert len(links_of(client.get("/national/?before="))) == 3


def test_it_ends_after_the_oldest(client):
    oldest = fill_lists(3)[-1]
    assert client.get(f"/national/?before={oldest.pk}").status_code == 404


@pytest.mark.parametrize("hidden", [draft, embargoed, withdrawn])
def test_it_begins_at_no_story_that_is_not_public(hidden):
    fill_lists(3)
    with pytest.raises(Http404):
        page_of(Article.objects.published(), hidden().pk)


def test_it_can_begin_at_a_story_of_another_list(client):
    """An old link keeps working when its story was filed elsewhere since."""
    stories = fill_lists(3)
    other = make_article(section=make_section("World"), publish_at=stories[1].publish_at)
    assert links_of(client.get(f"/national/?before={other.pk}")) == [story.get_absolute_url() for story in stories[1:]]


def test_a_section_lists_its_own_stories_those_below_and_those_that_are_shown_there_too(client):
    life, world = make_section("Life"), make_section("World")
    films = make_section("Films", parent=life)
    days = [seoul(f"2021-03-{day:02} 09:00") for day in range(1, 31)]
    stories = [make_article(section=(life, films, world)[n % 3], publish_at=day) for n, day in enumerate(days)]
    for story in stories[2::3]:
        story.also_in.add(life)
        story.also_in.add(films)
    addresses = [story.get_absolute_url() for story in reversed(stories)]
    first = client.get("/life/")
    assert links_of(first) == addresses[:20]
    second = client.get("/life/" + step(first, "next"))
    assert links_of(second) == addresses[20:]
    assert links_of(client.get(urljoin("/life/", step(second, "prev")))) == addresses[:20]


def test_it_reads_cursors():
    assert read_cursor(None) is None
    assert read_cursor("") is None
    assert read_cursor("15") == 15


@pytest.mark.parametrize("address", LISTS)
def test_it_costs_the_same_with_three_stories_and_with_sixty(client, queries, address):
    for slug in ("ticker", "top-10", "top-5-entertainment"):
        make_list(slug, section=make_section("National") if slug == "top-10" else None)
    stories = fill_lists(3)
    refresh_all()
    with queries(9):
        client.get(address)
    section, reporter = stories[0].section, stories[0].reporters.get()
    for number in range(57):
        make_article(
            section=section, reporters=[reporter], tags=["Ships"], photos=[shown_photo()] if number % 3 == 0 else []
        )
    refresh_all()
    with queries(9):
        first = client.get(address)
    with queries(9):
        second = client.get(address + step(first, "next"))
    with queries(8):
        third = client.get(address + step(second, "next"))
    assert third.status_code == 200


def test_it_orders_by_moment_then_by_id():
    at = timezone.now() - timedelta(days=1)
    first, second, third = (make_article(publish_at=at + timedelta(seconds=s)) for s in (0, 1, 0))
    assert list(Article.objects.latest_first()) == [second, third, first]


def test_what_ties_a_story_to_its_topics_and_writers_has_its_moment():
    story = make_article(tags=["Rain"], reporters=[make_reporter()], publish_at=seoul("2199-03-01 12:00"))

    def moments():
        return {link.publish_at for links in (story.article_tags, story.bylines) for link in links.all()}

    assert moments() == {story.publish_at}
    story.publish_at = seoul("2199-04-01 12:00")
    story.save()
    assert moments() == {story.publish_at}
    Article.objects.update(publish_at=seoul("2026-05-01 12:00"))
    story.refresh_from_db()
    story.article_tags.get().save()
    story.tags.add("Wind")
    assert moments() == {story.publish_at}


def test_a_topic_lists_a_story_where_its_moment_is_now(client):
    moved = make_article(tags=["Rain"], publish_at=seoul("2199-03-01 12:00"))
    stays = make_article(tags=["Rain"], publish_at=seoul("2026-03-02 12:00"))
    Article.objects.filter(pk=moved.pk).update(publish_at=seoul("2026-03-01 12:00"))
    page = client.get("/topics/rain/").text
    assert 0 < page.index(stays.get_absolute_url()) < page.index(moved.get_absolute_url())
