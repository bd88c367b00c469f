"""Structured data and shared links: complete, well-formed, and equal to what the page shows."""

import json

import pytest
from bs4 import BeautifulSoup
from django.core.management import call_command

from articles.models import Column
from sections.models import MenuItem, Section
from tests.factories import make_article, make_reporter, make_section, make_video, seoul, shown_photo

pytestmark = pytest.mark.django_db
SITE = "http://127.0.0.1:8000"


def read(client, address):
    response = client.get(address)
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def things(page):
    """{type: thing} of the page's JSON-LD."""
    found = [json.loads(script.string) for script in page.select('script[type="application/ld+json"]')]
    assert [data["@context"] for data in found] == ["https://schema.org"] * len(found)
    return {thing["@type"]: thing for data in found for thing in data["@graph"]}


def crumbs(page):
    return [
        (item["name"], item["item"].removeprefix(SITE)) for item in things(page)["BreadcrumbList"]["itemListElement"]
    ]


def meta(page):
    found = {}
    for tag in page.select("meta[property], meta[name]"):
        found.setdefault(tag.get("property") or tag["name"], []).append(tag["content"])
    return found


@pytest.fixture
def story():
    photo = shown_photo(
        caption="The quay.",
        credit="Yonhap",
        alt_text="A quay.",
        photographer="Ko Eun",
        licence_url="https://l.example/by",
    )
    companies = make_section("Companies", parent=make_section("Business"))
    reporters = [make_reporter("Seo Ha-rin", title="Economy reporter"), make_reporter("Moon Ji-ho")]
    story = make_article(
        headline='Yard </script><b>"hires"</b> & fires',
        deck="A deck.",
        section=companies,
        reporters=reporters,
        tags=["Ships", "울산"],
        photos=[photo],
        publish_at=seoul("2021-02-27 09:32"),
        updated_at=seoul("2021-02-28 10:00"),
    )
    story.corrections.create(text="It was 400.", published_at=seoul("2021-02-28 10:00"))
    return story


def test_a_story_says_what_its_page_shows(client, story, queries):
    with queries(8):
        page = read(client, story.get_absolute_url())
    article = things(page)["NewsArticle"]
    stamps = [time["datetime"] for time in page.select(".story-meta time")]
    assert article["headline"] == page.h1.get_text() == story.headline
    assert article["description"] == page.select_one(".standfirst").get_text()
    assert [article["datePublished"], article["dateModified"]] == stamps
    assert stamps == ["2021-02-27T09:32+09:00", "2021-02-28T10:00+09:00"]
    assert [person["name"] for person in article["author"]] == [a.get_text() for a in page.select(".byline a")]
    assert [person["url"] for person in article["author"]] == [SITE + a["href"] for a in page.select(".byline a")]
    assert article["articleSection"] == page.select_one(".kicker a").get_text()
    assert article["keywords"] == [a.get_text() for a in page.select(".tag-list a")]
    assert article["mainEntityOfPage"] == page.select_one("link[rel=canonical]")["href"]
    assert article["correction"][0]["text"] == "It was 400."
    assert article["isAccessibleForFree"] is True
    assert article["wordCount"] == len(" ".join(p.get_text() for p in page.select(".prose > p:not([class])")).split())
    ratios = [round(image["width"] / image["height"], 2) for image in article["image"]]
    assert ratios == [1.78, 1.33, 1.0]
    assert all(image["width"] * image["height"] >= 50_000 for image in article["image"])
    image = article["image"][0]
    assert (image["caption"], image["creditText"]) == ("The quay.", "Yonhap")
    assert image["creator"] == {"@type": "Person", "name": "Ko Eun"}
    assert image["license"] == "https://l.example/by"
    assert article["publisher"]["logo"]["url"].endswith("logo.png")
    assert crumbs(page) == [
        ("Front page", "/"),
        ("Business", "/business/"),
        ("Companies", "/business/companies/"),
        (story.headline, story.get_absolute_url()),
    ]


def test_no_word_of_a_story_ends_the_script(client, story):
    text = client.get(story.get_absolute_url()).text
    assert "</script><b>" not in text
    assert text.count('<script type="application/ld+json">') == 1


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"format": "opinion"}, "OpinionNewsArticle"),
        ({"label": "Analysis"}, "AnalysisNewsArticle"),
        ({"label": "Review"}, "ReviewNewsArticle"),
        ({"label": "Exclusive"}, "NewsArticle"),
    ],
)
def test_it_has_the_type_of_its_kind(client, fields, kind):
    assert kind in things(read(client, make_article(**fields).get_absolute_url()))


def test_a_story_of_a_day_without_byline_and_of_a_column(client):
    column = Column.objects.create(name="Back Row", slug="back-row")
    story = make_article(publish_at=seoul("1958-07-01 00:00"), date_precision="day", column=column, lang="ko")
    article = things(read(client, story.get_absolute_url()))["NewsArticle"]
    assert article["datePublished"] == article["dateModified"] == "1958-07-01"
    assert article["author"]["name"] == "The Hangang Times"
    assert article["isPartOf"]["url"] == f"{SITE}/columns/back-row/"
    assert article["inLanguage"] == "ko"


def test_what_is_locked_is_marked_and_not_given_away(client):
    story = make_article(access="premium", body="<p>A secret sum.</p>")
    article = things(read(client, story.get_absolute_url()))["NewsArticle"]
    assert article["isAccessibleForFree"] is False
    assert article["hasPart"] == {"@type": "WebPageElement", "isAccessibleForFree": False, "cssSelector": ".rest"}
    assert "secret" not in json.dumps(article)


def test_a_video_and_a_gallery(client):
    film = make_article(headline="Rain", format="video", photos=[shown_photo()])
    make_video(film, transcript="<p>It <b>rains</b>.</p>")
    page = read(client, film.get_absolute_url())
    video = things(page)["NewsArticle"]["video"]
    assert video["@type"] == "VideoObject"
    assert video["duration"] == "PT187S"
    assert video["contentUrl"].endswith(page.select_one("[data-play]")["href"])
    assert (video["name"], video["transcript"]) == ("Rain", "It rains.")
    assert video["uploadDate"] == page.select_one(".story-meta time")["datetime"]
    assert video["thumbnailUrl"]
    gallery = make_article(format="gallery", photos=[shown_photo() for _ in range(3)])
    page = read(client, gallery.get_absolute_url())
    assert len(things(page)["NewsArticle"]["image"]) == len(page.select(".essay figure")) == 3


def test_a_reporter_has_a_profile(client):
    face = shown_photo(alt_text="Seo.")
    person = make_reporter("Seo Ha-rin", native_name="서하린", bio="Reports.", beats="trade, ships", portrait=face)
    page = read(client, person.get_absolute_url())
    profile = things(page)["ProfilePage"]["mainEntity"]
    assert (profile["name"], profile["alternateName"], profile["description"]) == ("Seo Ha-rin", "서하린", "Reports.")
    assert face.token in profile["image"]
    assert profile["worksFor"]["name"] == "The Hangang Times"
    assert crumbs(page)[1:] == [("Reporters", "/reporters/"), ("Seo Ha-rin", person.get_absolute_url())]


def test_the_front_page_names_the_paper_with_its_policies(client, queries):
    call_command("loaddata", "menu", "lists", "demo/masthead", "demo/pages", verbosity=0)
    with queries(8):
        found = things(read(client, "/"))
    paper = found["NewsMediaOrganization"]
    assert paper["ethicsPolicy"] == f"{SITE}/policy/code-of-ethics/"
    assert paper["correctionsPolicy"] == f"{SITE}/corrections/"
    for value in {paper[name] for name in ("ethicsPolicy", "correctionsPolicy", "actionableFeedbackPolicy")}:
        assert client.get(value.removeprefix(SITE)).status_code == 200
    assert "{words}" in found["WebSite"]["potentialAction"]["target"]
    MenuItem.objects.filter(url="/policy/code-of-ethics/").delete()
    assert "ethicsPolicy" not in things(read(client, "/"))["NewsMediaOrganization"]


def test_lists_say_where_they_stand(client, story):
    section = Section.objects.get(path="business/companies")
    assert crumbs(read(client, section.get_absolute_url()))[-1] == ("Companies", "/business/companies/")
    assert crumbs(read(client, "/topics/ships/"))[1:] == [("Topics", "/topics/"), ("Ships", "/topics/ships/")]
    assert crumbs(read(client, "/2021/02/27/"))[1:] == [
        ("Archive", "/archive/"),
        ("2021", "/2021/"),
        ("February", "/2021/02/"),
        ("27", "/2021/02/27/"),
    ]


# ---- shared links


def test_a_shared_story_brings_its_words_and_picture(client, story):
    found = meta(read(client, story.get_absolute_url()))
    assert found["og:title"] == [story.headline]
    assert found["og:description"] == found["description"] == ["A deck."]
    assert found["og:type"] == ["article"]
    assert found["og:url"] == [SITE + story.get_absolute_url()]
    assert found["article:published_time"] == ["2021-02-27T09:32+09:00"]
    assert found["article:tag"] == ["Ships", "울산"]
    assert found["article:section"] == ["Companies"]
    assert found["article:author"] == [f"{SITE}/reporters/seo-ha-rin/", f"{SITE}/reporters/moon-ji-ho/"]
    assert (found["og:image:width"], found["og:image:alt"]) == (["1200"], ["A quay."])
    assert found["og:image"][0].startswith(f"{SITE}/media/p/")
    assert found["twitter:card"] == ["summary_large_image"]
    assert found["robots"] == ["max-image-preview:large"]


@pytest.mark.parametrize("address", ["/", "/business/", "/topics/", "/archive/", "/reporters/", "/columns/"])
def test_every_other_page_brings_the_papers_picture(client, story, address):
    page = read(client, address)
    found = meta(page)
    assert found["og:type"] == ["website"]
    assert found["og:image"][0].endswith("social.png")
    assert found["og:image:width"] == ["1200"]
    assert len(found["og:title"]) == len(found["og:url"]) == 1
    assert found["og:url"][0] == page.select_one("link[rel=canonical]")["href"]
    assert page.title.get_text().startswith(found["og:title"][0])
