"""A story's page, in all formats."""

import json
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone

from articles import publishing
from articles.models import Byline, Column, OldAddress, RelatedArticle, Video
from rankings.filling import refresh_all
from sections.html import plain_text
from sections.models import Section
from tests.factories import (
    draft,
    embargoed,
    make_article,
    make_list,
    make_photo,
    make_reporter,
    make_section,
    make_video,
    seoul,
    shown_photo,
    withdrawn,
)

pytestmark = pytest.mark.django_db


def open_page(client, article, tail=""):
    response = client.get(article.get_absolute_url() + tail)
    assert response.status_code == 200
    return BeautifulSoup(response.text, "html.parser")


def text_of(page, selector):
    return " ".join(page.select_one(selector).get_text(" ").split())


def test_it_shows_the_words_in_order(client):
    business = make_section("Business")
    story = make_article(
        section=make_section("Companies", parent=business),
        kicker="Manufacturing",
        label="Exclusive",
        headline="Shipyard hires 400 welders",
        deck="The first in nine years.",
        dateline="ULSAN",
        body="<p>One.</p><p>Two.</p>",
        reporters=[make_reporter("Noh Hyun-woo", email="noh@example.com", native_name="노현우")],
        tags=["Ships"],
        publish_at=seoul("2021-02-27 09:32"),
    )
    page = open_page(client, story)
    assert text_of(page, ".article-head .kicker") == "Manufacturing"
    assert text_of(page, "h1") == "Exclusive Shipyard hires 400 welders"
    assert text_of(page, ".standfirst") == "The first in nine years."
    assert text_of(page, ".byline") == "By Noh Hyun-woo"
    assert text_of(page, "dl div") == "Posted 2021-02-27 09:32"
    assert text_of(page, ".prose p") == "ULSAN — One."
    assert page.select_one(".section-nav a").get_text() == "Business"
    assert page.select_one('[rel="tag"]')["href"] == "/topics/ships/"
    assert page.title.get_text() == "Shipyard hires 400 welders — The Hangang Times"
    assert page.select_one('meta[name="description"]')["content"] == "The first in nine years."


def test_it_takes_the_name_of_the_section_where_it_has_no_kicker(client):
    section = make_section("Companies", parent=make_section("Business"))
    assert text_of(open_page(client, make_article(section=section)), ".kicker") == "Companies"


def test_it_says_a_label_once(client):
    page = open_page(client, make_article(label="Editorial", kicker="Editorial", format="opinion"))
    assert [text_of(page, ".article-head .kicker"), page.select(".article-head .label")] == ["Editorial", []]


def test_it_shows_when_it_was_updated(client):
    story = make_article(publish_at=seoul("2021-02-27 09:32"), updated_at=seoul("2021-02-27 18:05"))
    stamps = [" ".join(div.get_text(" ").split()) for div in open_page(client, story).select(".story-meta dl div")]
    assert stamps[:2] == ["Posted 2021-02-27 09:32", "Updated 2021-02-27 18:05"]


@pytest.mark.parametrize("updated", [None, "2021-02-27 09:32", "2021-02-26 09:32"])
def test_it_shows_no_update_that_was_none(client, updated):
    story = make_article(publish_at=seoul("2021-02-27 09:32"), updated_at=updated and seoul(updated))
    assert "Updated" not in text_of(open_page(client, story), ".story-meta dl")


def test_it_prints_no_hour_where_none_is_known(client):
    story = make_article(publish_at=seoul("2001-02-27 00:00"), date_precision="day")
    page = open_page(client, story)
    assert text_of(page, "dl div") == "Posted 2001-02-27"
    assert page.select_one("dl time")["datetime"] == "2001-02-27"
    assert "00:00" not in page.select_one("main").get_text()


def test_it_names_the_moment_for_machines_in_seoul_time(client):
    page = open_page(client, make_article(publish_at=seoul("2021-02-28 00:10")))
    assert page.select_one("dl time")["datetime"] == "2021-02-28T00:10+09:00"


def test_it_hides_addresses_from_collectors(client):
    story = make_article(reporters=[make_reporter(email="seo@example.com")])
    response = client.get(story.get_absolute_url())
    assert "seo@example.com" not in response.text
    assert "seo (at) example.com" in response.text


def test_it_names_writers_in_their_order_with_their_roles(client):
    story = make_article()
    for position, (name, role) in enumerate([("Seo Ha-rin", ""), ("Moon Ji-ho", ""), ("Ko Eun", "Photos")]):
        Byline.objects.create(article=story, reporter=make_reporter(name), role=role, position=position)
    page = open_page(client, story)
    assert text_of(page, ".byline").replace(" ,", ",") == "By Seo Ha-rin, Moon Ji-ho and Ko Eun (Photos)"
    assert [card.select_one("a")["href"] for card in page.select(".author-card")] == [
        "/reporters/seo-ha-rin/",
        "/reporters/moon-ji-ho/",
        "/reporters/ko-eun/",
    ]


def test_it_shows_the_lead_photo_above_and_others_in_the_text(client):
    lead, inline = (
        shown_photo(alt_text="A quay.", caption="The quay.", credit="Yonhap"),
        shown_photo(alt_text="A crane."),
    )
    body = f'<p>One.</p><figure data-photo="{inline.uuid}"></figure><p>Two.</p>'
    page = open_page(client, make_article(photos=[lead, inline], body=body))
    assert page.select_one("figure.hero img")["alt"] == "A quay."
    assert text_of(page, "figure.hero figcaption") == "The quay. Yonhap"
    assert [child.name for child in page.select_one(".prose").find_all(recursive=False)][:3] == ["p", "figure", "p"]
    assert page.select_one(".prose img")["alt"] == "A crane."


def test_it_does_not_show_a_lead_photo_twice(client):
    lead = shown_photo()
    page = open_page(client, make_article(photos=[lead], body=f'<p>One.</p><figure data-photo="{lead.uuid}"></figure>'))
    assert len(page.select("main picture")) == 1
    assert page.select_one(".prose picture")


def test_it_lets_a_use_override_the_words_of_its_photo(client):
    story = make_article(photos=[shown_photo(alt_text="A quay.", caption="The quay.", credit="Yonhap")])
    story.photo_uses.update(alt_text="Men on a quay.", caption="Waiting.", credit="Courtesy of the port")
    page = open_page(client, story)
    assert page.select_one("figure.hero img")["alt"] == "Men on a quay."
    assert text_of(page, "figure.hero figcaption") == "Waiting. Courtesy of the port"


def test_it_has_no_alt_text_for_a_decorative_use(client):
    story = make_article(photos=[shown_photo(alt_text="A quay.")])
    story.photo_uses.update(decorative=True)
    assert open_page(client, story).select_one("figure.hero img")["alt"] == ""


def test_it_stands_without_its_photos_files(client):
    """Widths and heights come from the rows: nothing looks at the disk."""
    photo = make_photo(render=True)
    story = make_article(photos=[photo], section=make_section())
    before = client.get(story.get_absolute_url()).text
    folder = f"p/{photo.token[:2]}/{photo.token}"
    for name in [f"{folder}/{name}" for name in default_storage.listdir(folder)[1]] + [photo.file.name]:
        default_storage.delete(name)
    assert client.get(story.get_absolute_url()).text == before
    image = BeautifulSoup(before, "html.parser").select_one("figure.hero img")
    assert (image["width"], image["height"]) == ("1200", "800")
    assert client.get(image["src"]).status_code == 404


def test_it_shows_no_gap_for_a_photo_without_pictures(client):
    page = open_page(client, make_article(photos=[make_photo(caption="The quay.")]))
    assert page.select("main img") == []


def test_it_shows_corrections_with_their_day_in_seoul(client):
    story = make_article(publish_at=seoul("2021-02-27 09:32"))
    publishing.correct(story, "It was 400, not 40.", at=seoul("2021-03-02 08:00"))
    publishing.correct(story, "Meant is <the yard>.", kind="clarification", at=seoul("2021-03-03 23:00"))
    notes = [" ".join(p.get_text(" ").split()) for p in open_page(client, story).select(".correction")]
    assert notes == [
        "Correction: It was 400, not 40. ( 2021-03-02 )",
        "Clarification: Meant is <the yard>. ( 2021-03-03 )",
    ]


def test_it_shows_where_it_comes_from(client):
    story = make_article(source="Global Voices", source_url="https://example.org/a", licence="CC-BY-3.0")
    page = open_page(client, story)
    assert "Global Voices" in text_of(page, ".origin")
    assert page.select_one('[rel~="license"]')["href"] == "https://creativecommons.org/licenses/by/3.0/"


def test_it_says_where_it_first_stood(client):
    here, elsewhere = make_article(slug="비"), make_article(canonical_url="https://example.org/first")
    assert open_page(client, here).select_one('[rel="canonical"]')["href"].endswith(here.get_absolute_url())
    assert open_page(client, elsewhere).select_one('[rel="canonical"]')["href"] == "https://example.org/first"
    assert open_page(client, elsewhere, "print/").select_one('[rel="canonical"]')["href"] == "https://example.org/first"


def test_it_has_one_canonical_address(client):
    """The same bytes in every spelling of the address that the server takes for the same."""
    story = make_article(slug="첫눈", publish_at=seoul("2021-02-27 09:32"))
    page = open_page(client, story)
    canonical = page.select_one('[rel="canonical"]')["href"]
    assert canonical == page.select_one('[property="og:url"]')["content"]
    assert canonical.isascii()
    assert client.get("/２０２１/02/27/첫눈/").status_code == 404


def test_it_says_what_language_it_is_in(client):
    korean, english = make_article(lang="ko", headline="첫눈"), make_article()
    assert open_page(client, korean).select_one("article#story")["lang"] == "ko"
    assert not open_page(client, english).select_one("article#story").has_attr("lang")
    assert open_page(client, korean, "print/").select_one("article")["lang"] == "ko"


@pytest.mark.parametrize("format", ["gallery", "video"])
def test_it_says_what_language_it_is_in_for_every_format(client, format):
    page = open_page(client, make_article(lang="ko", headline="첫눈", body="<p>눈.</p>", format=format))
    for words in page.find_all(string=["첫눈", "눈."]):
        assert words.find_parent("title") or words.find_parent(lang=True)["lang"] == "ko"


def test_it_leads_to_related_stories(client):
    first, second = make_article(headline="First"), make_article(headline="Second")
    story = make_article(tags=["Ships"])
    tagged = make_article(headline="Of the same topic", tags=["Ships"], section=make_section("World"))
    for position, other in enumerate([second, draft(), embargoed(), withdrawn(), first]):
        RelatedArticle.objects.create(article=story, related=other, position=position)
    links = [a.get_text() for a in open_page(client, story).select(".related h3 a")]
    assert links[:3] == ["Second", "First", "Of the same topic"]
    assert tagged.headline in links
    assert len(links) == len(set(links)) <= 4


def test_it_is_not_related_to_itself(client):
    story = make_article(headline="Alone", tags=["Ships"])
    assert open_page(client, story).select(".related") == []


def test_it_can_be_shared(client):
    page = open_page(client, make_article(headline="Rain & wind", slug="rain"))
    names = [a.get_text(" ", strip=True) for a in page.select(".share a")]
    assert names[:7] == [
        "Share: Facebook",
        "Share: X (Twitter)",
        "Share: KakaoTalk (copies the link)",
        "Share: WhatsApp",
        "Share: Reddit",
        "Share: E-mail",
        "Copy link",
    ]
    assert "text=Rain%20%26%20wind" in page.select(".share a")[1]["href"]


def test_it_describes_itself_to_other_sites(client):
    story = make_article(headline='A "quoted" <word>', photos=[shown_photo(alt_text="A quay.")])
    page = open_page(client, story)
    og = {meta["property"]: meta["content"] for meta in page.select("meta[property]")}
    assert og["og:title"] == 'A "quoted" <word>'
    assert og["og:image"].startswith("http")
    assert og["og:image:alt"] == "A quay."
    assert og["article:published_time"].endswith("+09:00")


def test_it_escapes_every_word(client):
    bad = '<script>alert("x")</script>'
    story = make_article(
        headline=bad,
        deck=bad,
        kicker=bad,
        label="<b>",
        dateline=bad[:60],
        source=bad,
        ai_use=bad,
        licence="<i>",
        tags=[bad],
    )
    publishing.correct(story, bad, at=timezone.now())
    for tail in ("", "print/"):
        text = client.get(story.get_absolute_url() + tail).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;" in text


def test_it_opens_with_any_tag(client):
    story = make_article(tags=["???", "C++", "울산 조선소", "a/b"])
    page = open_page(client, story)
    assert len(page.select('[rel="tag"]')) == 4
    for link in page.select('[rel="tag"]'):
        assert client.get(link["href"]).status_code == 200


def test_it_asks_for_its_reads_to_be_counted(client):
    story = make_article()
    assert open_page(client, story).body["data-reads"] == str(story.pk)


# ---- formats


def test_it_shows_every_photo_of_a_gallery_with_its_own_anchor(client):
    story = make_article(format="gallery", photos=[shown_photo(alt_text=f"Photo {n}") for n in range(1, 6)])
    page = open_page(client, story)
    assert [figure["id"] for figure in page.select(".essay figure")] == [f"photo-{n}" for n in range(1, 6)]
    assert [image["alt"] for image in page.select(".essay img")] == [f"Photo {n}" for n in range(1, 6)]
    assert "5 photos" in page.select_one(".gallery-meta").get_text()


def test_it_shows_a_film_with_captions_and_transcript(client):
    story = make_article(format="video", photos=[shown_photo()])
    video = make_video(story, transcript="<p>It rains.</p>")
    page = open_page(client, story)
    assert page.select_one("video source")["src"] == video.file.url
    assert page.select_one("video track")["src"] == video.captions.url
    assert "/media/p/" in page.select_one("video")["poster"]
    assert "It rains." in page.select_one("details").get_text()


def test_it_opens_where_the_film_is_missing(client):
    assert open_page(client, make_article(format="video")).select("video") == []


def test_it_only_links_to_a_film_of_another_site(client):
    story = make_article(format="video")
    Video.objects.create(article=story, external_url="https://www.youtube.com/watch?v=abc")
    page = open_page(client, story)
    assert page.select("iframe") == []
    assert page.select_one('a[href="https://www.youtube.com/watch?v=abc"]')


def test_it_shows_a_cartoon(client):
    page = open_page(client, make_article(format="cartoon", body="", photos=[shown_photo(alt_text="A bear.")]))
    assert [image["alt"] for image in page.select(".story img")] == ["A bear."]


def test_it_shows_face_and_column_of_an_opinion_piece(client):
    writer = make_reporter(portrait=shown_photo(alt_text="Seo Ha-rin."))
    column = Column.objects.create(name="River notes", slug="river-notes")
    page = open_page(client, make_article(format="opinion", reporters=[writer], column=column, kicker="Columns"))
    assert page.select_one(".article-head picture.face")
    assert "River notes" in text_of(page, ".article-head .kicker")


# ---- addresses


@pytest.mark.parametrize(
    "path",
    [
        "/2021/02/30/rain/",
        "/2021/13/01/rain/",
        "/2021/00/10/rain/",
        "/0000/01/01/rain/",
        "/9999/12/31/rain/",
        "/2021/02/28/rain/",
        "/2021/02/27/Rain/",
        "/2021/02/27/rain/other/",
        f"/2021/02/27/{'x' * 121}/",
    ],
)
def test_it_is_at_no_other_address(client, path):
    make_article(slug="rain", publish_at=seoul("2021-02-27 09:32"))
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "old",
    [
        "/www/biz/2021/02/129_304756.html",
        "/news/view.php?id=304756",
        "/2019/05/01/rain-that-stood-here-before/",
        "/2019/05/01/rain-without-slash",
        "/archive/304756/",
        "/archive/304756",
        "/기사/304756/",
    ],
)
def test_it_is_found_by_the_addresses_it_once_had(client, old):
    story = make_article(slug="rain", publish_at=seoul("2021-02-27 09:32"))
    OldAddress.objects.create(article=story, path=old)
    response = client.get(old)
    assert (response.status_code, response.headers["Location"]) == (301, "/2021/02/27/rain/")


def test_it_is_found_without_its_slash(client):
    make_article(slug="첫눈", publish_at=seoul("2021-02-27 09:32"))
    response = client.get("/2021/02/27/첫눈?utm_source=a%20b", follow=True)
    assert response.redirect_chain == [("/2021/02/27/%EC%B2%AB%EB%88%88/?utm_source=a%20b", 301)]
    assert response.status_code == 200


# ---- cost


def full_story(number, **fields):
    photos = [shown_photo() for _ in range(number)]
    reporters = [make_reporter(f"Reporter {number} {n}", portrait=shown_photo()) for n in range(number)]
    story = make_article(photos=photos, reporters=reporters, tags=[f"Tag {n}" for n in range(number)], **fields)
    for n in range(number):
        publishing.correct(story, f"Note {n}.", at=timezone.now() - timedelta(seconds=n))
        RelatedArticle.objects.create(article=story, related=make_article(photos=photos[:1]))
    return story


def test_it_costs_the_same_with_much_and_with_little(client, queries):
    for slug, size in (("ticker", 20), ("top-10", 10), ("top-5-entertainment", 5), ("darkroom", 5)):
        make_list(slug, size=size)
    small, large = full_story(1), full_story(6)
    for number in range(30):
        make_article(photos=[shown_photo()] if number % 3 == 0 else [], tags=["Tag 1"])
    refresh_all()
    for story in (small, large):
        with queries(8):
            assert client.get(story.get_absolute_url()).status_code == 200
        with queries(8):
            assert client.get(f"{story.get_absolute_url()}print/").status_code == 200


@pytest.mark.parametrize("format", ["story", "opinion", "gallery", "video", "cartoon"])
def test_it_costs_the_same_in_every_format(client, queries, format):
    for slug in ("ticker", "top-10", "top-5-entertainment", "darkroom"):
        make_list(slug)
    story = make_article(format=format, photos=[shown_photo()], reporters=[make_reporter(portrait=shown_photo())])
    refresh_all()
    with queries(8):
        client.get(story.get_absolute_url())


def test_it_costs_little_where_it_is_gone_or_unknown(client, queries):
    gone = withdrawn()
    with queries(8):
        assert client.get(gone.get_absolute_url()).status_code == 410
    with queries(8):
        assert client.get("/2021/02/27/unknown/").status_code == 404


# ---- print preview


def test_it_prints_the_story_alone(client):
    story = make_article(photos=[shown_photo()], body="<p>One.</p>", reporters=[make_reporter()])
    publishing.correct(story, "It was 400, not 40.")
    page = open_page(client, story, "print/")
    assert page.select("nav") == []
    assert page.select_one('meta[name="robots"]')["content"] == "noindex"
    assert page.select_one('[rel="canonical"]')["href"].endswith(story.get_absolute_url())
    text = " ".join(page.main.get_text(" ").split())
    for words in (story.headline, "One.", "By Seo Ha-rin", "It was 400, not 40.", story.get_absolute_url()):
        assert words in text


def test_it_holds_only_data_blocks_that_are_json(client):
    page = open_page(client, make_article(headline="</script><b>"))
    for block in page.select('script[type="application/ld+json"]'):
        json.loads(block.string)
    assert [script for script in page.select("script:not([src])") if script.get("type") != "application/ld+json"] == []


def test_it_is_small_for_what_it_shows(client):
    """A story of a thousand words with everything around it: 60 kB of HTML at most."""
    call_command("loaddata", "menu", "lists", "demo/masthead", verbosity=0)
    section = Section.objects.get(path="entertainment/k-pop")
    photos = [shown_photo(caption="A caption of some twelve words under the picture at noon.") for _ in range(2)]
    for number in range(25):
        make_article(section=section, headline=f"A headline of the usual length, number {number}", photos=photos[:1])
    body = f"<p>{'Something happened at the yard on Saturday morning. ' * 10}</p>" * 13
    story = make_article(section=section, body=body, photos=photos, reporters=[make_reporter()], tags=["A", "B", "C"])
    refresh_all()
    response = client.get(story.get_absolute_url())
    assert len(plain_text(body).split()) > 1_000
    assert len(BeautifulSoup(response.text, "html.parser").select(".ticker li")) == 20
    assert len(response.content) < 60_000


def test_it_takes_topics_for_related_only_where_they_are_shared(client):
    story = make_article(tags=["Ships"], section=make_section("Business"))
    make_article(headline="Of another topic", tags=["Tea"], section=make_section("World"))
    make_article(headline="Of the same topic", tags=["Ships", "Tea"], section=make_section("World"))
    links = [a.get_text() for a in open_page(client, story).select(".related h3 a")]
    assert links == ["Of the same topic"]
