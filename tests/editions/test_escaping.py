"""No words of a story mean anything to the typesetter, and none breaks a page."""

import io

import pytest
from django.utils import timezone
from django.utils.html import escape
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from editions.building import build_edition
from editions.content import Content
from editions.layout import Story
from editions.printing import Printer
from editions.text import clean, paragraphs_of
from tests.factories import make_article, make_section

NASTY = [
    "#panic() $x^2$ @cite <label> \\u{41} `raw` *b* _i_ = Head // comment /* c */",
    '"] #read("/etc/passwd") #include "parts.typ"',
    "“Quotes” ‘single’ 'plain' \"double\" — – …",
    "😀 👩‍👩‍👧‍👦 🇰🇷 ☃ ✈️",
    "مرحبا بالعالم שלום עולם",
    "a\u202eb\u200bc\u0000d\ufeff",
    "Zoë naïve Ångström Dvořák Łódź đ ħ ŋ",
    "Pneumonoultramicroscopicsilicovolcanoconiosis" * 8,
    "中文 日本語 조선소",
    "\u0301\u0301\u0301 e\u0301",
    "https://www.example.com/" + "a/" * 200,
]


def printed(tmp_path, headline, body, **fields):
    """The words of a paper of one story."""
    words = {"kicker": "", "deck": "", "byline": ""} | fields
    story = Story(1, "National", "en", headline=clean(headline) or "–", paragraphs=paragraphs_of(body), **words)
    content = Content([story], [], [], [], timezone.now(), timezone.now())
    printer = Printer(tmp_path, paper="The Times", motto="#let", date=timezone.localdate())
    pdf = PdfReader(io.BytesIO(printer.print(content).pdf))
    return " ".join(" ".join(page.extract_text() for page in pdf.pages).split())


@pytest.mark.parametrize("words", NASTY)
def test_it_prints_what_was_written(tmp_path, words):
    text = printed(tmp_path, f"Head {words}", f"<p>Begin {words.replace('<', '&lt;')} end.</p>", deck=clean(words))
    assert "Begin" in text
    assert "end." in text


def test_signs_of_the_typesetter_are_printed_as_they_are(tmp_path):
    text = printed(tmp_path, "#1 @home", "<p>#panic() and $5 and *stars* and _lines_ and \\n and a=b</p>")
    for words in ("#1 @home", "#panic()", "$5", "*stars*", "_lines_", "\\n", "a=b"):
        assert words in text


@given(st.text(max_size=120), st.lists(st.text(max_size=300), max_size=4))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_printed(tmp_path, headline, paragraphs):
    body = "".join(f"<p>{escape(text)}</p>" for text in [*paragraphs, "Last words."])
    assert "Last words." in printed(tmp_path, headline, body)


def test_text_is_read_from_markup():
    html = (
        "<h2>Why <em>now</em></h2><p>One <strong>two</strong>, three<br>four &amp; five m<sup>2</sup>.<sup>"
        "<a href='#fn1'>1</a></sup></p><figure>x</figure>"
        "<ul><li>A</li><li>B</li></ul><blockquote><p>Said.</p></blockquote>"
        "<table><tr><td>1</td><td>2</td></tr></table><p> </p>"
    )
    found = [(kind, " ".join(word for _, word in words)) for kind, words in paragraphs_of(html, "SEOUL")]
    assert found == [
        ("h", "Why now"),
        ("p", "SEOUL — One two, three four & five m²."),
        ("li", "• A"),
        ("li", "• B"),
        ("q", "Said."),
        ("p", "1 · 2"),
    ]


@pytest.mark.django_db
def test_a_whole_edition_of_nasty_stories(client):
    section = make_section("#National $")
    for words in NASTY:
        make_article(section=section, headline=words.replace("\0", "")[:180], body=f"<p>{words}</p>".replace("\0", ""))
    edition = build_edition()
    assert client.get(edition.get_absolute_url()).status_code == 200
