"""Reading comfort: time, footnotes, tables, languages within a text."""

import re
from html import unescape

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from sections.html import plain_text, sanitize
from sections.korean import korean, mark_korean
from tests.factories import make_article, make_video, shown_photo

pytestmark = pytest.mark.django_db


def read(client, story, end=""):
    response = client.get(story.get_absolute_url() + end)
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def stamps(page):
    return {row.dt.get_text(): row.dd.get_text(" ", strip=True) for row in page.select(".story-meta dl div")}


@pytest.mark.parametrize(("words", "minutes", "is_long"), [(50, 1, False), (714, 3, False), (1_001, 4, True)])
def test_it_says_how_long_a_story_takes(client, words, minutes, is_long):
    page = read(client, make_article(body=f"<p>{'word ' * words}</p>"))
    assert stamps(page)["Reading time"] == f"{minutes} min"
    assert ("long-read" in page.body["class"]) is is_long


def test_what_is_looked_at_has_no_reading_time(client):
    film = make_article(format="video", body="<p>Rain.</p>", photos=[shown_photo()])
    make_video(film)
    for story in (film, make_article(format="gallery", photos=[shown_photo()]), make_article(format="cartoon")):
        assert "Reading time" not in read(client, story).main.get_text()


def test_footnotes_lead_there_and_back(client):
    body = (
        '<p>One.<sup><a href="#fn1" id="fnref1">1</a></sup> <a href="#sec2">See below</a></p>'
        '<ol><li id="fn1">A note. <a href="#fnref1">↩</a></li></ol>'
    )
    page = read(client, make_article(body=body))
    mark, back = page.select_one(".prose [role=doc-noteref]"), page.select_one(".prose [role=doc-backlink]")
    assert (mark["href"], mark.get_text()) == ("#fn1", "Footnote 1")
    assert page.select_one(mark["href"]).get_text().startswith("A note.")
    assert (back["href"], back["aria-label"]) == ("#fnref1", "Back to the text")
    assert page.select_one(back["href"]) is mark
    assert not page.select_one('.prose a[href="#sec2"]').has_attr("role")


def test_a_table_scrolls_under_its_own_name(client):
    cell = "<tbody><tr><td>1</td></tr></tbody>"
    body = f"<table><caption>Rain &amp; <em>snow</em></caption>{cell}</table><table>{cell}</table>"
    boxes = read(client, make_article(body=body)).select(".prose .table")
    assert [(box["role"], box["tabindex"], box["aria-label"]) for box in boxes] == [
        ("region", "0", "Rain & snow"),
        ("region", "0", "Table"),
    ]


def test_korean_names_are_marked_wherever_they_stand(client):
    story = make_article(
        headline="Seonwoo (선우) speaks",
        deck="Of 선우미래.",
        body='<p>Said 선우 미래, <span lang="ko">이미</span> <a href="https://x.example/선우">한국 · 서울</a>.</p>',
        photos=[shown_photo(caption="선우 at work")],
    )
    page = read(client, story)
    marked = [element.get_text() for element in page.select("#story [lang=ko]")]
    assert marked == ["선우", "선우미래", "선우", "선우 미래", "이미", "한국 · 서울"]
    assert page.select_one(".prose a")["href"] == "https://x.example/선우"
    korean_story = read(client, make_article(headline="선우", lang="ko", body="<p>선우 미래</p>"))
    assert korean_story.select("#story span[lang=ko]") == []


@given(st.text(st.sampled_from("ab 가나·<>&\"'"), max_size=30))
def test_marking_changes_no_word(text):
    assert unescape(re.sub("<[^>]*>", "", korean(text))) == text
    html = sanitize(f"<p>{text}<em lang='fr'>{text}</em></p>")
    marked = mark_korean(html)
    assert plain_text(marked) == plain_text(html)
    assert mark_korean(marked) == marked


def test_quotes_from_the_right_keep_their_direction(client):
    page = read(client, make_article(body='<blockquote dir="rtl" lang="ar"><p>سلام</p></blockquote>'))
    quote = page.select_one(".prose blockquote")
    assert (quote["dir"], quote["lang"]) == ("rtl", "ar")


def test_a_clipping_names_paper_section_day_and_address(client):
    story = make_article(headline="Rain")
    page = read(client, story, "print/")
    assert page.select_one(".clipping-line time").get_text().endswith(str(story.address_date.year))
    assert page.select_one("link[rel=canonical]")["href"].endswith(story.get_absolute_url())
    assert story.get_absolute_url() in page.select_one("article").get_text()
