"""What a page weighs: readers on a slow line are readers too."""

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from newsroom.static import joined_css, joined_js, read
from tests.factories import make_article, make_reporter
from tests.test_page_contract import media_of_the_paper, paper  # noqa: F401

pytestmark = pytest.mark.django_db
KB = 1024


def test_its_styles_are_small():
    assert len(joined_css().encode()) + len(read("css/print.css").encode()) <= 35 * KB


def test_its_scripts_are_small():
    assert len(joined_js().encode()) + len(read("js/early.js").encode()) <= 10 * KB


@pytest.fixture
def long_story(paper):  # noqa: F811
    """A story of a thousand words with photos, tags and two reporters, in a paper with all its menus and lists."""
    words = " ".join(["The ferry left the northern landing at six with nine people."] * 10)
    return make_article(
        headline="A story of a thousand words",
        section=paper.sections["national/society"],
        body="".join(f"<p>{words}</p>" for _ in range(9)),
        photos=[paper.wide, paper.tall],
        reporters=[paper.seo, make_reporter("Gu Bo-ram")],
        tags=["Ferries", "Rivers", "Seoul", "Commuting"],
    )


def test_a_story_is_small(long_story):
    response = Client().get(long_story.get_absolute_url())
    assert len(response.content) <= 60 * KB


def test_a_story_needs_few_requests_to_be_seen(long_story):
    """The page itself, what stops it from being painted, the fonts it asks for and the first picture."""
    page = BeautifulSoup(Client().get(long_story.get_absolute_url()).text, "html.parser")
    styles = [link for link in page.select("link[rel=stylesheet]") if link.get("media") != "print"]
    scripts = [script for script in page.select("script[src]") if script.get("type") != "module"]
    others = page.select("link[rel=preload]") + page.select("img:not([loading=lazy])")
    assert 1 + len(styles) + len(scripts) + len(others) <= 8


def test_pages_feeds_and_sitemaps_are_sent_compressed(long_story):
    client = Client(headers={"accept-encoding": "gzip, deflate"})
    for address in (long_story.get_absolute_url(), "/feeds/paper.rss", "/sitemap.xml", "/robots.txt"):
        first, second = client.get(address), client.get(address)
        assert first["Content-Encoding"] == "gzip", address
        assert b"".join(first) == b"".join(second)
        assert "Accept-Encoding" in first["Vary"]
        assert not Client().get(address).has_header("Content-Encoding")
    page = client.get(long_story.get_absolute_url())
    assert client.get(long_story.get_absolute_url(), headers={"if-none-match": page["ETag"]}).status_code == 304
    # What holds a secret is not compressed beside what a stranger can write into the page (BREACH).
    assert not client.get("/login/").has_header("Content-Encoding")
