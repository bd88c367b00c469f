"""The front page."""

from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core.management import call_command
from django.utils import timezone

from articles import publishing
from articles.models import RelatedArticle
from rankings.filling import refresh_all
from rankings.models import Front, StoryList
from rankings.placing import end, place
from sections.models import Section
from tests.factories import (
    draft,
    embargoed,
    make_article,
    make_list,
    make_reporter,
    make_section,
    make_video,
    shown_photo,
    withdrawn,
)

pytestmark = pytest.mark.django_db


LAYOUTS = {"front-lead": "lead", "front-top": "secondary", "opinion": "opinion"}


@pytest.fixture
def home():
    return Front.objects.create()


def make_zone(home, slug, **fields):
    return make_list(slug, front=home, layout=LAYOUTS[slug], **fields)


def make_block(home, section, size=6):
    fields = {"layout": "wide", "fill": "latest", "repeats": False, "position": 8}
    return make_list(f"front-{section.slug}", section.name, size, section=section, front=home, **fields)


def open_page(client):
    response = client.get("/")
    assert response.status_code == 200
    return BeautifulSoup(response.text, "html.parser")


def words(elements):
    return [" ".join(element.get_text(" ").split()) for element in elements]


def headlines(page, selector="main"):
    return [link.get_text(" ", strip=True) for link in page.select(f"{selector} :is(h2, h3) a[href^='/20']")]


def test_it_stands_while_the_paper_is_empty(client):
    page = open_page(client)
    assert words(page.select("h1")) == ["The Hangang Times"]
    assert headlines(page) == []


def test_it_shows_the_newest_stories_of_a_section(client, home):
    make_block(home, make_section("National"))
    make_article(headline="Council votes at dawn", section=make_section("National"))
    assert headlines(open_page(client)) == ["Council votes at dawn"]


def test_it_shows_the_stories_of_subsections_in_the_block_of_their_section(client, home):
    national = make_section("National")
    make_block(home, national)
    for number in range(8):
        make_article(headline=f"Story {number}", section=make_section("Politics", parent=national))
    block = open_page(client).select_one('section[aria-labelledby="national"]')
    assert words(block.select("h3 a")) == [f"Story {number}" for number in range(7, 1, -1)]
    assert block.select_one("h2 a")["href"] == "/national/"


def test_it_opens_a_block_with_a_picture_where_there_is_one(client, home):
    section = make_section("Business")
    make_block(home, section)
    make_article(headline="With a picture", section=section, photos=[shown_photo()])
    make_article(headline="Newer without", section=section)
    block = open_page(client).select_one('section[aria-labelledby="business"]')
    assert words(block.select("h3 a")) == ["With a picture", "Newer without"]


@pytest.mark.parametrize("hidden", [draft, embargoed, withdrawn])
def test_it_hides_what_is_not_public(client, home, hidden):
    make_block(home, make_section("National"))
    make_list("top-10")
    hidden(headline="Nobody may read this")
    refresh_all()
    assert "Nobody may read this" not in client.get("/").text


def test_it_changes_when_the_moment_of_a_story_comes(client, home):
    make_block(home, make_section("National"))
    soon = make_article(headline="Minister resigns", publish_at=timezone.now() + timedelta(milliseconds=300))
    assert "Minister resigns" not in client.get("/").text
    with time_machine.travel(soon.publish_at):
        assert "Minister resigns" in client.get("/").text


# ---- what editors place


def test_it_leads_with_what_editors_placed(client, home):
    lead = make_zone(home, "front-lead", size=1, position=1)
    make_article(headline="The newest")
    story = make_article(headline="Its own headline", deck="Its own deck.", label="Exclusive", photos=[shown_photo()])
    place(lead, 1, story, headline="Words for the front", deck="A deck for the front.")
    section = open_page(client).select_one("section.lead")
    assert words(section.select("h2")) == ["Exclusive Words for the front"]
    assert words(section.select(".standfirst")) == ["A deck for the front."]
    assert section.select_one("h2 a")["href"] == story.get_absolute_url()
    assert section.select_one("img")["fetchpriority"] == "high"


def test_it_leads_with_the_newest_where_nobody_placed_anything(client, home):
    make_zone(home, "front-lead", size=1)
    make_article(headline="Older", publish_at=timezone.now() - timedelta(hours=5))
    make_article(headline="Newest")
    refresh_all()
    assert words(open_page(client).select("section.lead h2")) == ["Newest"]


def test_it_shows_the_related_stories_of_the_lead_below_it(client, home):
    lead = make_zone(home, "front-lead", size=1)
    story = make_article()
    old = [
        make_article(headline=f"Background {n}", publish_at=timezone.now() - timedelta(days=900 + n)) for n in range(5)
    ]
    for number in range(20):  # so many newer ones that the old are in no block
        make_article(section=old[0].section, headline=f"Newer {number}")
    for position, other in enumerate([old[2], embargoed(), old[0], withdrawn(), old[4], old[1]]):
        RelatedArticle.objects.create(article=story, related=other, position=position)
    place(lead, 1, story)
    assert words(open_page(client).select("section.lead .bullets a")) == [
        "Background 2",
        "Background 0",
        "Background 4",
    ]


def test_it_shows_a_story_once(client, home):
    """Lead, top stories and blocks do not repeat each other; the lists of the rail may."""
    lead = make_zone(home, "front-lead", size=1, position=1, repeats=False)
    make_zone(home, "front-top", size=6, position=2, repeats=False)
    top_10 = make_list("top-10", position=9)
    national = make_section("National")
    make_block(home, national)
    stories = [make_article(headline=f"Story {number}", section=national) for number in range(14)]
    RelatedArticle.objects.create(article=stories[3], related=stories[4])
    place(lead, 1, stories[3])
    place(top_10, 1, stories[3])
    refresh_all()
    page = open_page(client)
    assert "Story 3" in headlines(page, ".lead")
    assert words(page.select(".ranked a"))[0] == "Story 3"
    for element in page.select("aside, .ticker"):
        element.decompose()
    shown = [link["href"] for link in page.select("main a[href^='/20']") if not link.has_attr("aria-hidden")]
    assert len(shown) == len(set(shown)) >= 12


def test_it_keeps_opinion_together(client, home):
    opinion = make_section("Opinion")
    make_zone(home, "opinion", size=4, section=opinion, fill="latest", repeats=False)
    columns = make_section("Columns", parent=opinion)
    writer = make_reporter("Moon Ji-ho", portrait=shown_photo())
    make_article(section=columns, format="opinion", headline="On rivers", reporters=[writer])
    make_article(section=columns, format="opinion", headline="Our view", label="Editorial", kicker="Editorial")
    refresh_all()
    strip = open_page(client).select_one('section[aria-labelledby="opinion"]')
    assert words(strip.select("h3 a")) == ["Our view", "On rivers"]
    assert words(strip.select(".kicker")) == ["Editorial", "Moon Ji-ho"]
    assert strip.select_one("picture.face")


def test_it_shows_every_zone_of_the_fixtures_lists(client):
    call_command("loaddata", "menu", "lists", verbosity=0)
    sections = {section.path: section for section in Section.objects.all()}
    for _ in range(6):
        make_article(section=sections["photos/darkroom"], format="gallery", photos=[shown_photo()])
    film = make_article(section=sections["video/news"], format="video", photos=[shown_photo()])
    make_video(film)
    make_article(
        section=sections["opinion/cartoon"], format="cartoon", photos=[shown_photo()], reporters=[make_reporter()]
    )
    make_article(section=sections["opinion/today-in-history"], headline="1988")
    make_article(section=sections["opinion/editorial"], format="opinion")
    make_article(section=sections["north-korea"])
    for _ in range(5):
        for path in ("national", "business", "finance", "lifestyle", "entertainment", "sports", "world"):
            make_article(section=sections[path])
    refresh_all()
    page = open_page(client)
    for zone in (
        *("opinion", "national", "business", "finance", "top-10", "top-5-entertainment", "darkroom", "lifestyle"),
        *("entertainment", "sports", "world", "video", "north-korea"),
    ):
        assert page.select(f'main [aria-labelledby="{zone}"] a[href^="/20"]'), zone
    assert len(page.select(".shots figure")) == 5
    assert words(page.select(".shots .badge")) == ["1 photo"] * 5
    assert page.select_one('[aria-labelledby="video"] .badge').get_text(" ", strip=True).endswith("3:07")
    assert "Cartoon by Seo Ha-rin" in words(page.select("figcaption .meta"))
    assert len(page.select(".ranked")[0].select("li")) == 10


def test_it_shows_a_ranked_list_only_where_it_is_one(client, home):
    """Two stories are no list."""
    make_block(home, make_section("National"))
    make_list("top-10")
    for count, shown in ((2, 0), (1, 1)):
        for _ in range(count):
            make_article()
        refresh_all()
        assert len(open_page(client).select(".ranked")) == shown


def test_it_drops_a_placed_story_when_it_is_withdrawn(client, home):
    lead = make_zone(home, "front-lead", size=1, position=1)
    story, other = make_article(headline="Withdrawn lead"), make_article(headline="The other")
    place(lead, 1, story, fallback=other, headline="Words for the lead alone")
    publishing.withdraw(story, "It was wrong.")
    page = open_page(client)
    assert words(page.select("section.lead h2")) == ["The other"]
    assert "Words for the lead alone" not in page.get_text()


def test_it_returns_to_the_order_of_readers_when_a_placement_ends(client, home):
    lead = make_zone(home, "front-lead", size=1)
    story = make_article(headline="Placed", publish_at=timezone.now() - timedelta(days=9))
    make_article(headline="Newest")
    refresh_all()
    placement = place(lead, 1, story)
    assert words(open_page(client).select("section.lead h2")) == ["Placed"]
    end(placement)
    assert words(open_page(client).select("section.lead h2")) == ["Newest"]


# ---- cost


def test_it_costs_the_same_with_three_stories_and_with_sixty(client, queries):
    call_command("loaddata", "menu", "lists", verbosity=0)
    sections = list(Section.objects.all())
    reporters = [make_reporter(f"Reporter {n}", portrait=shown_photo()) for n in range(3)]

    def write(count):
        for number in range(count):
            make_article(
                section=sections[number % len(sections)],
                photos=[shown_photo()] if number % 2 else [],
                reporters=reporters[: number % 3],
            )
        refresh_all()

    write(3)
    with queries(10):
        client.get("/")
    write(57)
    place(StoryList.objects.get(slug="front-lead"), 1, make_article(photos=[shown_photo()]))
    with queries(10):
        client.get("/")
