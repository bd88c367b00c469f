"""Feeds: what is in them, that every program can read them, and that nothing is sent twice."""

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import feedparser
import pytest
import time_machine
from bs4 import BeautifulSoup
from django.db import connection
from django.test import Client
from django.utils import timezone
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from articles import channels, publishing, syndication
from articles.models import Alias, Article, Byline, Column, Reporter, Tag
from photos.models import Photo
from sections.models import Section
from sections.moving import move_section
from tests.factories import (
    draft,
    embargoed,
    make_article,
    make_reporter,
    make_section,
    make_video,
    seoul,
    shown_photo,
    withdrawn,
)

pytestmark = pytest.mark.django_db

FORMS = channels.FORMS
every_form = pytest.mark.parametrize("form", FORMS)
TYPES = {"rss": "application/rss+xml", "atom": "application/atom+xml", "json": "application/feed+json"}
NS = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
}


@pytest.fixture(autouse=True)
def site(settings):
    settings.SITE_URL = "https://www.example.com"


def ask(address, **options):
    response = Client().get(address, **options)
    assert response.status_code in (200, 304, 412), (address, response.status_code)
    return response


def parsed(address):
    """The feed as feedparser, the strictest reader in use, understands it."""
    feed = feedparser.parse(ask(address).content)
    assert not feed.bozo, feed.get("bozo_exception")
    return feed


def tree(address):
    return etree.fromstring(ask(address).content)


def titles(address):
    """Headlines in a feed of any form, in order."""
    if ".json" in address:
        return [item["title"] for item in ask(address).json()["items"]]
    root = tree(address)
    found = root.findall(".//item/title") or root.findall(".//atom:entry/atom:title", NS)
    return [element.text for element in found]


# ---- which feeds there are


@pytest.fixture
def story():
    """A story with something of everything."""
    news = make_section("National")
    story = make_article(
        headline="Rain stops trains",
        deck="Lines 1 & 4 stand still; nobody is hurt.",
        section=make_section("Society", parent=news),
        column=Column.objects.create(name="River notes", slug="river-notes"),
        reporters=[make_reporter("Seo Ha-rin"), make_reporter("Moon Ji-ho")],
        tags=["Rain", "지하철"],
        photos=[shown_photo(), shown_photo(caption="Platform 3.", credit="Namsan News")],
        body='<p>It <b>rains</b>. <a href="/national/">More</a> and <a href="#fn1">a note</a>.</p>',
        publish_at=seoul("2021-02-27 09:32"),
        slug="rain",
    )
    story.also_in.add(make_section("Weather"))
    return story


ADDRESSES = [
    *("paper", "sections/national", "sections/national/society", "sections/weather", "reporters/seo-ha-rin"),
    *("topics/rain", "topics/지하철", "columns/river-notes"),
]


@every_form
@pytest.mark.parametrize("name", ADDRESSES)
def test_it_carries_a_story_in_every_channel_it_stands_in(story, name, form):
    make_article(headline="Another story", section=make_section("Sports"), publish_at=seoul("2021-02-27 09:00"))
    response = ask(f"/feeds/{name}.{form}")
    assert response["Content-Type"] == f"{TYPES[form]}; charset=utf-8"
    assert titles(f"/feeds/{name}.{form}") == ["Rain stops trains"] + ["Another story"] * (name == "paper")


@every_form
def test_it_finds_words(story, form):
    make_article(headline="Sun shines on trains")
    assert titles(f"/feeds/search.{form}?q=stop") == ["Rain stops trains"]
    assert titles(f"/feeds/search.{form}?q=trains") == ["Sun shines on trains", "Rain stops trains"]
    assert titles(f"/feeds/search.{form}?q=nothingofthekind") == []


@every_form
@pytest.mark.parametrize("name", [*ADDRESSES, "search", "corrections"])
def test_it_names_itself_and_its_page(story, name, form):
    publishing.correct(story, "It rained on line 1, not on line 2.")
    query = {"search": "?q=rain%20%26%20more"}.get(name, "")
    address = f"/feeds/{name}.{form}{query}"
    if form == "json":
        feed = ask(address).json()
        own, page, title = feed["feed_url"], feed["home_page_url"], feed["title"]
    else:
        feed = parsed(address).feed
        own = next(link.href for link in feed.links if link.rel == "self")
        page, title = feed.link, feed.title
    assert own.startswith("https://www.example.com/feeds/")
    assert own.isascii()
    assert titles(own.removeprefix("https://www.example.com")) == titles(address)
    assert title.endswith("The Hangang Times")
    if not name.startswith(("columns/", "corrections")):  # whose pages stand in other files
        assert Client().get(page.removeprefix("https://www.example.com")).status_code == 200


UNKNOWN = [
    *("nothing", "paper/", "paper/x", "search", "search/x", "corrections/x", "sections", "sections/", "sections/x"),
    *("sections/society", "sections/national/", "sections/NATIONAL", "reporters/nobody", "reporters/", "topics/x"),
    *("topics/Rain", "columns/x", "columns/", "tags/rain", "reporters/seo-ha-rin/", " paper", "paper.rss", "x" * 500),
]


@every_form
@pytest.mark.parametrize("name", UNKNOWN)
def test_it_knows_no_other_feeds(story, name, form):
    response = Client().get(f"/feeds/{name}.{form}")
    assert response.status_code == 404
    assert "This page has flown" in response.text


@pytest.mark.parametrize("address", ["/feeds/paper.xml", "/feeds/paper", "/feeds/", "/feeds/.rss", "/feeds/paper.RSS"])
def test_it_knows_no_other_forms(story, address):
    assert Client().get(address, follow=True).status_code == 404


@pytest.mark.parametrize("hidden", [draft, embargoed, withdrawn])
@pytest.mark.parametrize("text", ["", "?text=full"])
@every_form
def test_it_never_carries_what_is_not_public(hidden, form, text):
    column = Column.objects.create(name="Secret column", slug="secret")
    reporter, section = make_reporter("Kim"), make_section("National")
    gone = hidden(
        headline="Nobody may read this", reporters=[reporter], tags=["Secret"], column=column, section=section
    )
    gone.corrections.create(text="Nobody may read this", published_at=timezone.now() - timedelta(minutes=1))
    for name in ("paper", "sections/national", "reporters/kim", "corrections"):
        assert "Nobody may read this" not in ask(f"/feeds/{name}.{form}{text}").text, name
        assert titles(f"/feeds/{name}.{form}{text}") == []
    assert titles(f"/feeds/search.{form}?q=nobody") == []
    for name in ("topics/secret", "columns/secret"):
        assert Client().get(f"/feeds/{name}.{form}").status_code == 404


@every_form
def test_it_is_well_formed_without_any_story(form):
    make_reporter("Kim")
    address = f"/feeds/reporters/kim.{form}"
    assert titles(address) == []
    assert ask(address).content == ask(address).content
    if form != "json":
        assert parsed(address).entries == []


def test_it_holds_the_newest_thirty():
    moments = [timezone.now() - timedelta(hours=n) for n in range(1, 35)]
    stories = [make_article(publish_at=at) for at in moments]
    assert titles("/feeds/paper.rss") == [story.headline for story in stories[:30]]


# ---- names that change


@every_form
def test_it_moves_with_its_section_its_topic_and_its_reporter(story, form):
    society = Section.objects.get(path="national/society")
    society.slug = "people"
    move_section(society)
    Alias.objects.create(name="Downpour", slug="downpour", tag=Tag.objects.get(slug="rain"))
    Alias.objects.create(name="Seo Harin", slug="seo-harin", reporter=Reporter.objects.get(slug="seo-ha-rin"))
    for old, new in (
        ("sections/national/society", "sections/national/people"),
        ("topics/downpour", "topics/rain"),
        ("reporters/seo-harin", "reporters/seo-ha-rin"),
    ):
        for query in ("", "?text=full"):
            response = Client().get(f"/feeds/{old}.{form}{query}")
            assert (response.status_code, response["Location"]) == (301, f"/feeds/{new}.{form}{query}")
            assert titles(response["Location"]) == ["Rain stops trains"]


# ---- what an item says


def test_it_says_all_of_a_story_in_rss(story):
    publishing.correct(story, "Line 4, not line 5.", at=seoul("2021-02-28 10:00"))
    item = tree("/feeds/paper.rss").find(".//item")
    assert item.findtext("title") == "Rain stops trains"
    assert item.findtext("link") == "https://www.example.com/2021/02/27/rain/"
    assert item.findtext("description") == "Lines 1 & 4 stand still; nobody is hurt."
    assert item.findtext("guid") == f"urn:uuid:{story.guid}"
    assert item.find("guid").get("isPermaLink") == "false"
    assert item.findtext("pubDate") == "Sat, 27 Feb 2021 09:32:00 +0900"
    assert item.findtext("atom:updated", namespaces=NS) == "2021-02-28T10:00:00+09:00"
    assert [one.text for one in item.findall("dc:creator", NS)] == ["Seo Ha-rin", "Moon Ji-ho"]
    assert [one.text for one in item.findall("category")] == ["Society", "River notes", "Rain", "지하철"]
    assert item.find("content:encoded", NS) is None


def test_it_says_all_of_a_story_in_atom(story):
    publishing.correct(story, "Line 4, not line 5.", at=seoul("2021-02-28 10:00"))
    entry = tree("/feeds/paper.atom").find("atom:entry", NS)
    assert entry.findtext("atom:title", namespaces=NS) == "Rain stops trains"
    assert entry.findtext("atom:id", namespaces=NS) == f"urn:uuid:{story.guid}"
    assert entry.findtext("atom:published", namespaces=NS) == "2021-02-27T09:32:00+09:00"
    assert entry.findtext("atom:updated", namespaces=NS) == "2021-02-28T10:00:00+09:00"
    assert entry.find("atom:summary", NS).get("type") == "text"
    assert entry.findtext("atom:summary", namespaces=NS) == "Lines 1 & 4 stand still; nobody is hurt."
    authors = [(one[0].text, one[1].text) for one in entry.findall("atom:author", NS)]
    assert authors[0] == ("Seo Ha-rin", "https://www.example.com/reporters/seo-ha-rin/")
    assert [name for name, _ in authors] == ["Seo Ha-rin", "Moon Ji-ho"]
    assert [one.get("term") for one in entry.findall("atom:category", NS)][-1] == "지하철"
    assert [one.get("href") for one in entry.findall("atom:link", NS)] == ["https://www.example.com/2021/02/27/rain/"]


def test_it_says_all_of_a_story_in_json(story):
    publishing.correct(story, "Line 4, not line 5.", at=seoul("2021-02-28 10:00"))
    feed = ask("/feeds/paper.json").json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    (item,) = feed["items"]
    image = item.pop("image")
    assert image.startswith("https://www.example.com/media/p/")
    assert image.endswith("/full-1200.jpg")
    assert item == {
        "id": f"urn:uuid:{story.guid}",
        "url": "https://www.example.com/2021/02/27/rain/",
        "title": "Rain stops trains",
        "content_text": "Lines 1 & 4 stand still; nobody is hurt.",
        "summary": "Lines 1 & 4 stand still; nobody is hurt.",
        "date_published": "2021-02-27T09:32:00+09:00",
        "date_modified": "2021-02-28T10:00:00+09:00",
        "authors": [
            {"name": "Seo Ha-rin", "url": "https://www.example.com/reporters/seo-ha-rin/"},
            {"name": "Moon Ji-ho", "url": "https://www.example.com/reporters/moon-ji-ho/"},
        ],
        "tags": ["Society", "River notes", "Rain", "지하철"],
        "language": "en",
    }


def test_it_says_all_of_the_channel():
    make_article(section=make_section("National", description="Courts & schools."))
    channel = tree("/feeds/sections/national.rss").find("channel")
    assert channel.findtext("title") == "National — The Hangang Times"
    assert channel.findtext("link") == "https://www.example.com/national/"
    assert channel.findtext("description") == "Courts & schools."
    assert channel.findtext("language") == "en"
    assert channel.findtext("ttl") == "10"
    assert abs(parsedate_to_datetime(channel.findtext("lastBuildDate")) - timezone.now()) < timedelta(minutes=1)
    assert channel.findtext("image/url") == "https://www.example.com/static/img/feed.png"
    assert channel.findtext("image/title") == channel.findtext("title")
    assert "Copyright" in channel.findtext("copyright")


@every_form
def test_it_says_which_language_a_story_is_in(form):
    section = make_section("National")
    make_article(lang="ko", headline="조선소 용접공 채용", section=section)
    address = f"/feeds/sections/national.{form}"

    def languages():
        if form == "json":
            feed = ask(address).json()
            return feed["language"], [item["language"] for item in feed["items"]]
        root = tree(address)
        lang = "{http://www.w3.org/XML/1998/namespace}lang"
        if form == "atom":
            return root.get(lang), [entry.get(lang, root.get(lang)) for entry in root.findall("atom:entry", NS)]
        whole = root.findtext("channel/language")
        return whole, [item.findtext("dc:language", whole, NS) for item in root.findall(".//item")]

    assert languages() == ("ko", ["ko"])
    make_article(section=section, publish_at=seoul("2021-02-27 09:00"))
    assert languages() == ("en", ["ko", "en"])


def test_it_credits_writers_before_photographers(story):
    Byline.objects.filter(reporter__slug="moon-ji-ho").update(role="Photos")
    assert [one["name"] for one in ask("/feeds/paper.json").json()["items"][0]["authors"]] == ["Seo Ha-rin"]
    Byline.objects.filter(reporter__slug="seo-ha-rin").delete()
    assert [one["name"] for one in ask("/feeds/paper.json").json()["items"][0]["authors"]] == ["Moon Ji-ho"]


@every_form
def test_it_keeps_the_identity_of_a_story_through_edits(story, form):
    def identity():
        if form == "json":
            return [item["id"] for item in ask("/feeds/paper.json").json()["items"]]
        return [entry.id for entry in parsed(f"/feeds/paper.{form}").entries]

    before = identity()
    story.headline, story.body, story.section = "Snow stops trains", "<p>New.</p>", make_section("Sports")
    story.save()
    publishing.finish_edit(story)
    publishing.correct(story, "It was snow.")
    assert titles(f"/feeds/paper.{form}") == ["Snow stops trains"]
    assert identity() == before == [f"urn:uuid:{story.guid}"]


# ---- pictures and films


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_it_carries_the_lead_photo_with_its_words(story, form):
    groups = tree(f"/feeds/paper.{form}").findall(".//media:group", NS)
    assert len(groups) == 1
    files = groups[0].findall("media:content", NS)
    photo = story.photo_uses.get(placement="lead").photo
    first = dict(files[0].attrib)
    assert first == {
        "url": f"https://www.example.com/media/p/{photo.token[:2]}/{photo.token}/full-1200.jpg",
        "type": "image/jpeg",
        "medium": "image",
        "width": "1200",
        "height": "800",
        "isDefault": "true",
    }
    assert [(one.get("type"), one.get("width")) for one in files[1:]] == [
        ("image/webp", width) for width in ("480", "800", "1200", "1600")
    ]
    assert groups[0].findtext("media:title", namespaces=NS) == "A teal square."
    assert groups[0].findtext("media:description", namespaces=NS) == "The square at noon."
    assert groups[0].findtext("media:credit", namespaces=NS) == "Hangang Times"
    assert groups[0].find("media:credit", NS).get("role") == "photographer"
    assert dict(groups[0].find("media:thumbnail", NS).attrib) == {
        "url": f"https://www.example.com/media/p/{photo.token[:2]}/{photo.token}/3x2-50-50-480.webp",
        "width": "480",
        "height": "320",
    }
    (entry,) = parsed(f"/feeds/paper.{form}").entries
    assert entry.media_content[0]["url"] == first["url"]
    assert entry.media_credit[0]["role"] == "photographer"


@every_form
def test_it_names_no_picture_that_was_not_made(form):
    make_article(photos=[shown_photo()])
    Photo.objects.update(rendered_at=None)
    assert "/media/" not in ask(f"/feeds/paper.{form}?text=full").text


@pytest.mark.parametrize("text", ["", "?text=full"])
def test_it_carries_a_film(text):
    story = make_article(format="video", photos=[shown_photo()], headline="Rain on film")
    video = make_video(story)
    address = f"https://www.example.com/media/{video.file.name}"
    groups = tree(f"/feeds/paper.rss{text}").findall(".//media:group", NS)
    film = groups[1].find("media:content", NS)
    assert dict(film.attrib) == {
        "url": address,
        "type": "video/mp4",
        "medium": "video",
        "duration": "187",
        "isDefault": "true",
    }
    assert groups[1].find("media:thumbnail", NS) is not None
    assert ask(f"/feeds/paper.json{text}").json()["items"][0]["attachments"] == [
        {"url": address, "mime_type": "video/mp4", "title": "Rain on film", "duration_in_seconds": 187}
    ]
    with closing(Client().get(address.removeprefix("https://www.example.com"))) as film:
        assert film.status_code == 200


# ---- full text


def full(form, number=0):
    """The full text of one story, as the reader of a feed gets it."""
    if form == "json":
        return ask("/feeds/paper.json?text=full").json()["items"][number]["content_html"]
    if form == "rss":
        return tree("/feeds/paper.rss?text=full").findall(".//content:encoded", NS)[number].text
    content = tree("/feeds/paper.atom?text=full").findall(".//atom:content", NS)[number]
    assert content.get("type") == "html"
    return content.text


@every_form
def test_it_carries_the_text_so_that_it_stands_by_itself(story, form):
    lead, second = story.photo_uses.order_by("position")
    story.body += f'<figure data-photo="{second.photo.uuid}"></figure><p id="fn1">A note.</p>'
    story.save()
    text = full(form)
    page = BeautifulSoup(text, "html.parser")
    assert "It <b>rains</b>." in text
    assert [image["src"].rpartition("/")[0] for image in page.select("img")] == [
        f"https://www.example.com/media/p/{use.photo.token[:2]}/{use.photo.token}" for use in (lead, second)
    ]
    assert all(image["alt"] and image["width"] and image["height"] for image in page.select("img"))
    captions = [caption.get_text() for caption in page.select("figcaption")]
    assert captions == ["The square at noon. Hangang Times", "Platform 3. Namsan News"]
    assert [link["href"] for link in page.select("a")] == [
        "https://www.example.com/national/",
        "https://www.example.com/2021/02/27/rain/#fn1",
    ]
    for word in ("data-", "class=", " id=", "srcset", "<script", "<div", "style="):
        assert word not in text


def test_it_carries_the_notes_under_the_text_and_its_licence(story):
    Article.objects.filter(pk=story.pk).update(licence="CC-BY-4.0", source_url="https://origin.example/1")
    publishing.correct(story, "Line 4, not <line> 5.")
    text = full("rss")
    assert "Line 4, not &lt;line&gt; 5." in text
    assert "https://origin.example/1" in text
    assert "https://creativecommons.org/licenses/by/4.0/" in text


@pytest.mark.parametrize("kind", ["gallery", "cartoon"])
def test_it_carries_every_photo_of_a_gallery(kind):
    make_article(format=kind, body="", photos=[shown_photo(alt_text=f"Photo {n}.") for n in range(3)])
    page = BeautifulSoup(full("rss"), "html.parser")
    assert [image["alt"] for image in page.select("img")] == ["Photo 0.", "Photo 1.", "Photo 2."]


@every_form
def test_it_leaves_out_what_no_program_should_run(form):
    body = '<p onclick="x()">Text<script>alert(1)</script><a href="javascript:alert(1)">x</a></p><iframe></iframe>'
    make_article(body=body, headline="<script>alert(2)</script>", deck='<img src=x onerror="alert(3)">')
    assert full(form) == "<p>Text<a>x</a></p>"
    assert "<script" not in ask(f"/feeds/paper.{form}?text=full").text


@every_form
def test_it_keeps_the_text_for_subscribers_back(form):
    story = make_article(access="premium", deck="What is in it.", body="<p>Only for subscribers.</p>", format="video")
    make_video(story)
    response = ask(f"/feeds/paper.{form}?text=full")
    assert "What is in it." in response.text
    assert "Only for subscribers." not in response.text
    assert "films/" not in response.text


@pytest.mark.parametrize("query", ["?text=", "?text=FULL", "?text=1", "?text=full&text=no", "?full", "?text=%"])
def test_it_carries_decks_unless_the_text_is_asked_for(story, query):
    assert ask(f"/feeds/paper.rss{query}").content == ask("/feeds/paper.rss").content


# ---- corrections


@every_form
def test_it_lists_corrections_newest_first(story, form):
    other = make_article(headline="Sun", slug="sun", publish_at=seoul("2021-02-27 09:00"))
    publishing.correct(story, "Line 4, not line 5.", at=seoul("2021-03-01 10:00"))
    publishing.correct(other, "The sun did not shine.", kind="clarification", at=seoul("2021-03-02 10:00"))
    publishing.correct(story, "Nor line 3.", at=seoul("2021-03-03 10:00"))
    address = f"/feeds/corrections.{form}"
    assert titles(address) == ["Correction: Rain stops trains", "Clarification: Sun", "Correction: Rain stops trains"]
    assert "Nor line 3." in ask(address).text
    identities = [item["id"] for item in ask("/feeds/corrections.json").json()["items"]]
    assert len(set(identities)) == 3
    publishing.correct(other, "One more.")
    assert [item["id"] for item in ask("/feeds/corrections.json").json()["items"]][1:] == identities
    publishing.withdraw(story, "It was wrong.")
    assert titles(address) == ["Correction: Sun", "Clarification: Sun"]


def test_it_lists_no_correction_before_its_moment(story):
    story.corrections.create(text="Later.", published_at=timezone.now() + timedelta(hours=1))
    assert titles("/feeds/corrections.rss") == []
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert titles("/feeds/corrections.rss") == ["Correction: Rain stops trains"]


# ---- any headline at all

ODD = [
    *(
        "]]>",
        "a ]]> b <![CDATA[ c",
        "&amp; & &lt;b&gt;",
        "<b>bold</b>",
        "5 < 6 > 4",
        "'\"",
        "🦀🇰🇷👩‍👩‍👧",
        "서울 지하철",
    ),
    *("\x01\x08\x0b\x0c\x1f", "\ufffe\uffff", "\u202eright to left\u202c שלום", "\x7f\x85\x9f", "\u2028"),
    *("\t tab\n line\r\n", "<?xml?>", "<!-- -->", "&#0;", "%00", "\U0010ffff", "é́̂" * 20),
]
ANY = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=60)


def as_xml_keeps_it(text):
    """The text without what XML cannot write, with line ends as every XML parser reads them."""
    return syndication.clean(text).replace("\r\n", "\n").replace("\r", "\n")


@given(words=ANY)
@example(words=" ".join(ODD))
def test_it_is_well_formed_whatever_the_words(words):
    """A feed that has these words everywhere, as every reader reads it."""
    wanted, moment = as_xml_keeps_it(words), datetime(2021, 2, 27, tzinfo=UTC)
    picture = syndication.Medium("https://www.example.com/a.jpg", "image/jpeg", 3, 2)
    media = syndication.Media((picture,), words, caption=words, credit=words, thumbnail=picture)
    item = syndication.Item(
        *("urn:uuid:1", words, "https://www.example.com/", moment, moment),
        **{"summary": words, "authors": ((words, "https://www.example.com/"),), "categories": (words,)},
        **{"media": (media,), "html": words},
    )
    feed = syndication.Feed(words, words, *["https://www.example.com/"] * 5, words, moment, items=[item])
    written = {form: syndication.write(feed, form)[1] for form in FORMS}
    item = etree.fromstring(written["rss"].encode()).find(".//item")
    for name in ("title", "description", "dc:creator", "category", "content:encoded", "media:group/media:title"):
        assert (item.findtext(name, namespaces=NS) or "") == wanted, name
    entry = etree.fromstring(written["atom"].encode()).find("atom:entry", NS)
    for name in ("title", "summary", "author/atom:name", "content"):
        assert (entry.findtext(f"atom:{name}", namespaces=NS) or "") == wanted, name
    (item,) = json.loads(written["json"])["items"]
    assert item.get("title", "") == item.get("summary", "") == syndication.clean(words)
    assert "content_html" in item or "content_text" in item
    for form in ("rss", "atom"):
        read = feedparser.parse(written[form].encode())
        assert (read.bozo, len(read.entries)) == (False, 1), form


@pytest.mark.parametrize("text", ["", "?text=full"])
def test_it_brings_any_words_from_the_database(story, text):
    words = " ".join(ODD)[:200]
    Tag.objects.filter(slug="rain").update(name=words[:100])
    Reporter.objects.filter(slug="seo-ha-rin").update(name=words[:150])
    Photo.objects.update(caption=words, credit=words, alt_text=words)
    Article.objects.filter(pk=story.pk).update(headline=words, deck=words, body=f"<p>{words}</p>")
    assert titles(f"/feeds/topics/rain.rss{text}") == [as_xml_keeps_it(words)]
    assert titles(f"/feeds/topics/rain.atom{text}") == [as_xml_keeps_it(words)]
    assert titles(f"/feeds/topics/rain.json{text}") == [syndication.clean(words)]
    for form in ("rss", "atom"):
        assert len(parsed(f"/feeds/topics/rain.{form}{text}").entries) == 1


@pytest.mark.parametrize("words", ODD, ids=ascii)
def test_it_survives_any_search(words):
    make_article()
    for form in FORMS:
        response = Client().get(f"/feeds/search.{form}", {"q": words})
        assert response.status_code in (200, 404)
        if response.status_code == 200:
            json.loads(response.content) if form == "json" else etree.fromstring(response.content)


def test_it_drops_what_no_encoding_can_write():
    assert syndication.clean("a\ud800b\x00c\ufffed") == "abcd"
    feed = syndication.Feed(*["\udfff]]>\x0b🦀"] * 8, changed=datetime(2021, 2, 27, tzinfo=UTC))
    for form in FORMS:
        content_type, text = syndication.write(feed, form)
        assert content_type.startswith(TYPES[form])
        text.encode("utf-8")
        assert "🦀" in text


# ---- nothing is sent twice


def validators(address):
    response = ask(address)
    return response["ETag"], response["Last-Modified"]


def long_ago():
    """Makes every story look as if nothing had changed since 2021; the trigger would write the present."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE articles_article DISABLE TRIGGER articles_article_guard")
        Article.objects.update(changed_at=seoul("2021-03-01 00:00"))
        cursor.execute("ALTER TABLE articles_article ENABLE TRIGGER articles_article_guard")


@every_form
@pytest.mark.parametrize("text", ["", "?text=full"])
def test_it_is_not_sent_again_unchanged(story, form, text, monkeypatch):
    address = f"/feeds/paper.{form}{text}"
    tag, modified = validators(address)
    monkeypatch.setattr("articles.feeds.write", lambda *args: pytest.fail("It was written though nobody needs it."))
    for headers in (
        {"if-none-match": tag},
        {"if-none-match": f'"other", W/{tag}'},
        {"if-none-match": "*"},
        {"if-modified-since": modified},
        {"if-none-match": tag, "if-modified-since": "Mon, 01 Jan 1990 00:00:00 GMT"},
    ):
        response = ask(address, headers=headers)
        assert (response.status_code, response.content) == (304, b""), headers
        assert (response["ETag"], response["Last-Modified"]) == (tag, modified)
        assert response["Cache-Control"] == "public, max-age=10, s-maxage=10"


@every_form
def test_it_is_sent_to_whoever_has_another(story, form):
    tag, modified = validators(f"/feeds/paper.{form}")
    for headers in (
        {"if-none-match": '"other"'},
        {"if-none-match": '"other"', "if-modified-since": modified},
        {"if-modified-since": "Mon, 01 Jan 1990 00:00:00 GMT"},
        {"if-modified-since": "yesterday"},
    ):
        assert ask(f"/feeds/paper.{form}", headers=headers).status_code == 200, headers
    assert validators(f"/feeds/paper.{form}?text=full")[0] != tag
    others = {validators(f"/feeds/paper.{other}")[0] for other in FORMS}
    assert len(others) == 3


def edit(story):
    story.body += "<p>More.</p>"
    story.save()


CHANGES = {
    "an edit": edit,
    "a correction": lambda story: publishing.correct(story, "Line 4, not line 5."),
    "a withdrawal": lambda story: publishing.withdraw(story, "It was wrong."),
    "a new story": lambda story: make_article(tags=["Rain"], publish_at=timezone.now()),
}


@every_form
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("others", [1, 31])
def test_it_is_sent_again_after_a_change(story, form, change, others):
    for number in range(others):
        make_article(tags=["Rain"], publish_at=seoul(f"2021-02-27 0{8 + number % 2}:{number:02}"))
    long_ago()
    address = f"/feeds/topics/rain.{form}"
    tag, modified = validators(address)
    assert modified == "Sun, 28 Feb 2021 15:00:00 GMT"
    change(story)
    assert ask(address, headers={"if-none-match": tag}).status_code == 200
    assert ask(address, headers={"if-modified-since": modified}).status_code == 200
    again = parsedate_to_datetime(validators(address)[1])
    assert timezone.now() - again < timedelta(minutes=1)


@every_form
def test_it_is_sent_again_once_a_storys_moment_has_come(story, form):
    moment = timezone.now().replace(microsecond=0) + timedelta(hours=1)
    make_article(headline="Budget in full", publish_at=moment)
    long_ago()
    address = f"/feeds/paper.{form}"
    tag, modified = validators(address)
    with time_machine.travel(moment - timedelta(seconds=1), tick=False):
        assert ask(address, headers={"if-none-match": tag}).status_code == 304
        assert ask(address, headers={"if-modified-since": modified}).status_code == 304
        assert titles(address) == ["Rain stops trains"]
    with time_machine.travel(moment, tick=False):
        assert ask(address, headers={"if-none-match": tag}).status_code == 200
        assert ask(address, headers={"if-modified-since": modified}).status_code == 200
        assert titles(address) == ["Budget in full", "Rain stops trains"]
        assert parsedate_to_datetime(validators(address)[1]) == moment


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda: Reporter.objects.filter(name="Seo Ha-rin").update(name="Seo Ha-neul"), ""),
        (lambda: Tag.objects.filter(name="Rain").update(name="Heavy rain"), ""),
        (lambda: Photo.objects.update(credit="Somebody else"), ""),
        (lambda: Section.objects.filter(name="Society").update(name="People"), ""),
        (lambda: Photo.objects.update(caption="Platform 4."), "?text=full"),
    ],
    ids=["a reporter's name", "a topic's name", "a credit", "a section's name", "a caption"],
)
@every_form
def test_it_is_sent_again_when_a_name_in_it_changes(story, form, change, text):
    address = f"/feeds/paper.{form}{text}"
    tag, before = validators(address)[0], ask(address).content
    change()
    assert ask(address, headers={"if-none-match": tag}).status_code == 200
    assert ask(address).content != before or form == "json"  # which has no credits


# ---- headers and cost


@every_form
def test_it_is_the_same_for_everybody_and_kept_as_long_as_a_page(story, form, settings, admin_client):
    address = f"/feeds/paper.{form}?text=full"
    response, other = ask(address), admin_client.get(address, headers={"accept-language": "ko"})
    assert response.content == other.content
    assert dict(response.headers) == dict(other.headers)
    assert not response.cookies
    assert "Cookie" not in response.get("Vary", "")
    assert response["Cache-Control"] == "public, max-age=10, s-maxage=10"
    assert response["X-Content-Type-Options"] == "nosniff"
    settings.PAGE_MAX_AGE = 0
    assert ask(address)["Cache-Control"] == "no-store"


@every_form
def test_it_only_reads(story, form):
    assert Client().head(f"/feeds/paper.{form}")["Content-Length"] == str(len(ask(f"/feeds/paper.{form}").content))
    for method in ("post", "put", "patch", "delete"):
        assert getattr(Client(), method)(f"/feeds/paper.{form}").status_code == 405


COSTS = {"paper": 5, "sections/national": 6, "reporters/seo-ha-rin": 6, "topics/rain": 6, "columns/river-notes": 6}


@pytest.mark.parametrize("name", COSTS)
@pytest.mark.parametrize("text", ["", "?text=full"])
def test_it_costs_the_same_for_three_stories_and_thirty(story, name, text, django_assert_num_queries):
    def more(count):
        for _ in range(count):
            another = make_article(
                section=story.section, column=story.column, tags=["Rain"], photos=[shown_photo(), shown_photo()]
            )
            Byline.objects.create(article=another, reporter=Reporter.objects.get(slug="seo-ha-rin"))

    for count in (2, 27):
        more(count)
        for form in FORMS:
            with django_assert_num_queries(COSTS[name]):
                ask(f"/feeds/{name}.{form}{text}")
    assert len(titles(f"/feeds/{name}.rss")) == 30


@pytest.mark.parametrize(("address", "cost"), [("search.rss?q=trains&text=full", 5), ("corrections.rss", 3)])
def test_it_costs_no_more_for_searches_and_corrections(story, address, cost, django_assert_num_queries):
    for _ in range(2):
        publishing.correct(story, "Line 4, not line 5.")
        with django_assert_num_queries(cost):
            ask(f"/feeds/{address}")


# ---- the hub


@pytest.mark.parametrize("name", ["paper", "sections/national", "topics/rain", "corrections"])
def test_it_names_the_hub_where_there_is_one(story, name, settings):
    settings.WEBSUB_HUB = "https://hub.example.com/publish"
    for form in FORMS:
        own = f"https://www.example.com/feeds/{name}.{form}"
        response = ask(f"/feeds/{name}.{form}")
        assert response["Link"] == f'<https://hub.example.com/publish>; rel="hub", <{own}>; rel="self"'
        if form == "json":
            assert response.json()["hubs"] == [{"type": "WebSub", "url": "https://hub.example.com/publish"}]
        else:
            links = {link.rel: link.href for link in parsed(f"/feeds/{name}.{form}").feed.links}
            assert (links["hub"], links["self"]) == ("https://hub.example.com/publish", own)


@every_form
def test_it_names_no_hub_without_one_nor_for_a_search(story, form, settings):
    assert "hub" not in ask(f"/feeds/paper.{form}").text.lower()
    assert not ask(f"/feeds/paper.{form}").has_header("Link")
    settings.WEBSUB_HUB = "https://hub.example.com/publish"
    assert "hub.example.com" not in ask(f"/feeds/search.{form}?q=rain").text
    assert not ask(f"/feeds/search.{form}?q=rain").has_header("Link")
