"""Each format has a page and a card of its own."""

import pytest
from bs4 import BeautifulSoup

from articles.models import ArticlePhoto, Column
from articles.players import player_of
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


def read(client, address):
    response = client.get(address)
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def words(element):
    return " ".join(element.get_text().split())


# ---- galleries


@pytest.fixture
def gallery():
    words = ({"caption": f"Caption {n}.", "alt_text": f"Picture {n}", "credit": f"Photographer {n}"} for n in (1, 2, 3))
    photos = [shown_photo(**fields) for fields in words]
    return make_article(headline="A night in the yard", format="gallery", photos=photos, slug="yard")


def uses(gallery):
    return list(gallery.photo_uses.select_related("article", "photo"))


def test_a_gallery_shows_every_photo_with_caption_credit_and_address(client, gallery, queries):
    with queries(8):
        page = read(client, gallery.get_absolute_url())
    figures = page.select(".essay figure")
    captions = [words(figure.figcaption).partition(" Share")[0] for figure in figures]
    assert captions == [f"Caption {n}. Photographer {n}" for n in (1, 2, 3)]
    assert [figure.a["href"] for figure in figures] == [use.get_absolute_url() for use in uses(gallery)]
    assert [figure.img["alt"] for figure in figures] == ["Picture 1", "Picture 2", "Picture 3"]
    shared = [figure.select_one("[data-share]")["href"] for figure in figures]
    assert all(link.endswith(use.get_absolute_url()) for link, use in zip(shared, uses(gallery), strict=True))


def test_a_photo_has_a_page_with_its_neighbours(client, gallery, queries):
    first, second, third = uses(gallery)
    with queries(8):
        page = read(client, second.get_absolute_url())
    assert "Photo 2 of 3" in words(page.main)
    assert page.main.img["alt"] == "Picture 2"
    assert words(page.main.figcaption) == "Caption 2. Photographer 2"
    assert page.select_one("[rel=prev]")["href"] == first.get_absolute_url()
    assert page.select_one("[rel=next]")["href"] == third.get_absolute_url()
    assert page.select_one("link[rel=canonical]")["href"].endswith(second.get_absolute_url())
    assert page.select_one('meta[property="og:url"]')["content"].endswith(second.get_absolute_url())
    assert second.photo.token in page.select_one('meta[property="og:image"]')["content"]
    assert not read(client, first.get_absolute_url()).select("[rel=prev]")
    assert not read(client, third.get_absolute_url()).select("[rel=next]")


def test_a_photo_keeps_its_address_when_the_order_changes(client, gallery):
    first, _, third = uses(gallery)
    address = first.get_absolute_url()
    ArticlePhoto.objects.filter(pk=first.pk).update(position=9)
    page = read(client, address)
    assert "Photo 3 of 3" in words(page.main)
    assert page.main.img["alt"] == "Picture 1"


def test_photos_of_others_have_no_page_here(client, gallery):
    other = shown_photo()
    base = gallery.get_absolute_url()
    for odd in (other.uuid.hex[:8], "00000000", "zzzzzzzz", "1", "0" * 400):
        assert client.get(f"{base}photos/{odd}/").status_code == 404
    story = make_article(photos=[other])
    assert client.get(f"{story.get_absolute_url()}photos/{other.uuid.hex[:8]}/").status_code == 404


@pytest.mark.parametrize(("hide", "status"), [(draft, 404), (embargoed, 404), (withdrawn, 410)])
def test_photos_of_hidden_galleries_have_no_page(client, hide, status):
    hidden = hide(format="gallery", photos=[shown_photo()], slug="hidden")
    day = f"{hidden.address_date or seoul('2021-02-27 09:00'):%Y/%m/%d}"
    address = f"/{day}/hidden/photos/{hidden.photos.get().uuid.hex[:8]}/"
    assert client.get(address).status_code == status


# ---- cartoons


def test_a_cartoon_leads_to_those_before_and_after_in_its_series(client, queries):
    section = make_section("Cartoon", parent=make_section("Opinion"))
    series = Column.objects.create(name="Ink and Water", slug="ink-and-water")
    fields = {"format": "cartoon", "section": section, "body": ""}

    def draw(at, **more):
        return make_article(publish_at=seoul(at), photos=[shown_photo()], **fields, **more)

    drawn = [draw(f"2021-02-0{n} 08:00", headline=f"Cartoon {n}", column=series) for n in (1, 2, 3)]
    alone = draw("2021-02-02 09:00", headline="Of no series")
    embargoed(headline="To come", column=series, **fields)
    with queries(8):
        page = read(client, drawn[1].get_absolute_url())
    assert page.select_one(".steps [rel=prev]")["href"] == drawn[0].get_absolute_url()
    assert page.select_one(".steps [rel=next]")["href"] == drawn[2].get_absolute_url()
    assert not read(client, drawn[2].get_absolute_url()).select(".steps [rel=next]")
    assert not read(client, alone.get_absolute_url()).select(".steps")


# ---- opinion


def test_an_opinion_piece_shows_its_writer_and_column(client):
    column = Column.objects.create(name="Back Row", slug="back-row")
    writer = make_reporter("Gu Bo-ram", portrait=shown_photo(alt_text="Gu at her desk."))
    section = make_section("Columns", parent=make_section("Opinion"))
    story = make_article(headline="The clerk", format="opinion", column=column, reporters=[writer], section=section)
    head = read(client, story.get_absolute_url()).select_one(".article-head")
    assert head.select_one(".face")
    assert head.select_one("a[href='/columns/back-row/']").get_text() == "Back Row"
    assert "Gu Bo-ram" in words(head)
    card = read(client, "/opinion/columns/").select_one("article.card")
    assert card.select_one(".face")
    assert words(card.select_one(".kicker")) == "Gu Bo-ram Back Row"


# ---- films


def test_a_film_stands_behind_its_poster_until_it_is_asked_for(client):
    story = make_article(headline="Rain", format="video", photos=[shown_photo()])
    film = make_video(story, transcript="<p>It rains.</p>")
    page = read(client, story.get_absolute_url())
    assert page.select_one("[data-play]")["href"] == film.file.url
    assert page.select_one("[data-play] img")
    assert page.select("iframe") == []
    # Without script the browser's own player is there at once, and loads nothing by itself.
    video = BeautifulSoup(page.noscript.decode_contents(), "html.parser").video
    assert video["preload"] == "none"
    assert video.track["src"] == film.captions.url
    assert "It rains." in words(page.details)


def test_a_film_of_another_site_is_a_link_until_a_click(client):
    story = make_article(format="video", photos=[shown_photo()], body="<p>Words.</p>")
    make_video(story)
    story.video.file, story.video.captions = "", ""
    story.video.external_url = "https://youtu.be/aaaaaaaaaaa"
    story.video.save()
    link = read(client, story.get_absolute_url()).select_one("[data-play]")
    assert link["href"] == "https://youtu.be/aaaaaaaaaaa"
    assert link["data-play"].startswith("https://www.youtube-nocookie.com/embed/aaaaaaaaaaa?")


def test_embeds_in_a_text_are_players_or_links(client):
    body = (
        '<p>One.</p><figure data-embed="https://vimeo.com/123456"></figure>'
        '<figure data-embed="https://example.com/a?b=1&amp;c=2"></figure>'
        '<figure data-embed="javascript:alert(1)"></figure>'
    )
    page = read(client, make_article(body=body).get_absolute_url())
    player, link = page.select(".prose .embed")
    assert player.select_one("[data-play]")["data-play"].startswith("https://player.vimeo.com/video/123456?")
    assert "dnt=1" in player.select_one("[data-play]")["data-play"]
    assert link.a["href"] == "https://example.com/a?b=1&c=2"
    assert not link.select("[data-play]")


@pytest.mark.parametrize(
    ("address", "player"),
    [
        (
            "https://www.youtube.com/watch?v=abcdefghijk&t=90s",
            "embed/abcdefghijk?autoplay=1&rel=0&start=90",
        ),
        ("https://youtu.be/abcdefghijk?t=1m5s", "youtube-nocookie.com/embed/abcdefghijk?autoplay=1&rel=0&start=65"),
        ("https://m.youtube.com/shorts/abcdefghijk", "youtube-nocookie.com/embed/abcdefghijk?autoplay=1&rel=0"),
        ("https://vimeo.com/123456/abcdef1234", "player.vimeo.com/video/123456?h=abcdef1234&dnt=1&autoplay=1"),
        ("https://player.vimeo.com/video/123456?h=abcdef1234", "video/123456?h=abcdef1234&dnt=1&autoplay=1"),
    ],
)
def test_it_knows_the_player_of_an_address(address, player):
    assert player_of(address).src.endswith(player)


@pytest.mark.parametrize(
    "address",
    [
        *("", "x", "https://example.com/watch?v=abcdefghijk", "https://youtube.com.evil.example/watch?v=abcdefghijk"),
        *("https://www.youtube.com/watch?v=abc", "https://www.youtube.com/playlist?list=x", "https://vimeo.com/about"),
        *("javascript:alert(1)", "https://youtube.com/embed/../../evil", "https://[", "ftp://youtu.be/abcdefghijk"),
        *("https://evil@youtube.com:x/watch?v=<script>", "https://youtu.be/abcdefghij%22"),
    ],
)
def test_all_other_addresses_have_no_player(address):
    assert player_of(address) is None


# ---- cards


def test_cards_say_what_they_lead_to(client):
    section = make_section("World")
    film = make_article(headline="A film", format="video", section=section, photos=[shown_photo()])
    make_video(film)
    make_article(headline="Photos", format="gallery", section=section, photos=[shown_photo(), shown_photo()])
    make_article(headline="A cartoon", format="cartoon", section=section, photos=[shown_photo()])
    make_article(headline="Words", section=section, photos=[shown_photo()])
    cards = {words(card.select_one("h2, h3")): card for card in read(client, "/world/").select("main article.card")}
    assert words(cards["A film"].select_one(".badge")) == "Video, 3:07"
    assert words(cards["Photos"].select_one(".badge")) == "2 photos"
    assert words(cards["A cartoon"].select_one(".badge")) == "Cartoon"
    assert not cards["Words"].select(".badge")
