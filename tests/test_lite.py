"""The lite edition: every page at /lite and its address, in 30 kB beside the story's own text, without script."""

import pytest
from bs4 import BeautifulSoup
from django.conf import settings
from django.test import Client

from newsroom.lite import to_lite
from tests.factories import make_article, shown_photo
from tests.test_page_contract import KINDS, STATUS, media_of_the_paper, pages, paper  # noqa: F401
from tests.test_pages_bad_input import ask

pytestmark = pytest.mark.django_db
LIMIT = 30 * 1024
every_kind = pytest.mark.parametrize("kind", KINDS)


def read(address):
    return BeautifulSoup(Client().get(address).text, "html.parser")


@every_kind
def test_every_page_has_a_small_edition_without_script(pages, kind):  # noqa: F811
    full, lite = (Client().get(prefix + pages[kind]) for prefix in ("", "/lite"))
    assert lite.status_code == full.status_code == STATUS.get(kind, 200)
    page = BeautifulSoup(lite.text, "html.parser")
    body = sum(len(str(text).encode()) for text in page.select("main .prose"))
    assert len(lite.content) - body <= LIMIT
    assert page.select("script, img, picture, svg, iframe, style, object") == []
    assert [link["href"] for link in page.select("link[rel=stylesheet]")] == ["/static/css/lite.css"]
    assert page.h1.get_text(" ", strip=True)


@every_kind
def test_it_is_of_the_same_address(pages, kind):  # noqa: F811
    """Search engines are sent to the full page, and the reader finds it with one click."""
    full, lite = read(pages[kind]), read(f"/lite{pages[kind]}")
    assert lite.title.get_text() == full.title.get_text()
    canonical = [page.select_one("link[rel=canonical]") for page in (full, lite)]
    assert canonical[0] == canonical[1]
    link = lite.find("a", string="Full edition of this page")
    path = link["href"].partition("#")[0].removeprefix(settings.SITE_URL)
    if kind not in (*STATUS, "print preview"):
        assert full.select_one(f'footer a[href="/lite{path}"]')


@every_kind
def test_its_links_stay_in_the_edition(pages, kind):  # noqa: F811
    for element in read(f"/lite{pages[kind]}").select("a[href], form[action]"):
        address = element.get("href") or element.get("action")
        if address.startswith("/"):
            assert address.startswith(
                (
                    "/lite/",
                    "/media/",
                    "/feeds/",
                    "/login/",
                    "/register/",
                    "/account/",
                    "/static/",
                    "/robots.txt",
                    "/rest/",
                    "/orders/",
                )
            ), address


def test_its_links_lead_somewhere(pages):  # noqa: F811
    seen = {}
    for kind in ("front", "story", "gallery", "site map", "archive"):
        for link in read(f"/lite{pages[kind]}").select("a[href^='/lite/']"):
            address = link["href"].partition("#")[0]
            if address not in seen:
                seen[address] = Client().get(address).status_code
    assert {address: status for address, status in seen.items() if status != 200} == {}


def test_it_is_the_same_for_everybody(pages):  # noqa: F811
    first, second = (Client(headers={"user-agent": name}).get(f"/lite{pages['story']}") for name in ("a", "b"))
    assert first.content == second.content
    assert first["Cache-Control"] == Client().get(pages["story"])["Cache-Control"]
    assert first["ETag"] != Client().get(pages["story"])["ETag"]
    assert Client().get(f"/lite{pages['story']}", headers={"if-none-match": first["ETag"]}).status_code == 304


@pytest.mark.parametrize(
    ("address", "there"),
    [
        ("/lite", "/lite/"),
        ("/lite?a=1", "/lite/?a=1"),
        ("/lite/national", "/lite/national/"),
        ("/lite/economy/", "/lite/finance/"),
        ("/lite/www/biz/2021/02/129_304756.html", None),
        ("/lite/admin/", "/admin/"),
        ("/lite/lite/", "/lite/"),
        ("/lite/feeds/paper.rss", "/feeds/paper.rss"),
        ("/lite/robots.txt", "/robots.txt"),
        ("/lite//evil.example/", None),
        ("/lite//evil.example", None),
        ("/lite/\\evil.example", "/%5Cevil.example"),
    ],
)
def test_it_leads_on_as_the_full_edition_does(paper, address, there):  # noqa: F811
    path, _, query = address.partition("?")
    response = ask(path.encode(), query.encode())
    location = response.get("Location")
    assert response.status_code in (301, 404)
    if there:
        assert location == there
    assert not (location or "/").startswith(("//", "/\\"))


def test_a_picture_becomes_a_link_with_its_words(client):
    photo = shown_photo(alt_text="A quay at <dusk> & dawn.", caption="The quay.")
    story = make_article(photos=[photo], body="<p>One.</p>")
    page = BeautifulSoup(client.get(f"/lite{story.get_absolute_url()}").text, "html.parser")
    link = page.select_one("figure a")
    assert link.get_text() == "Picture: A quay at <dusk> & dawn."
    assert link["href"].startswith("/media/p/")
    assert "The quay." in page.figcaption.get_text()


def test_it_leaves_alone_what_only_looks_like_a_link():
    text = '<p>href="/national/" and <code>&lt;a href="/x/"&gt;</code></p><a title="/x/" href="/y/">y</a>'
    assert to_lite(text) == text.replace('href="/y/"', 'href="/lite/y/"')


def test_only_pages_that_have_a_lite_edition_send_those_who_chose_it_there(client, pages):  # noqa: F811
    """All others would send them back, for ever."""

    def sends(address):
        script = BeautifulSoup(client.get(address).text, "html.parser").select_one("script[src*=early]")
        return script.has_attr("data-lite")

    assert sends("/")
    assert sends(pages["story"])
    for address in ("/login/", "/register/", "/account/password/reset/", "/account/login/code/", "/orders/licence/"):
        assert not sends(address), address
