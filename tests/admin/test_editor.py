"""The editor of a story's text, in a real browser: what is typed, pasted and opened comes out as it should."""

import json
import re
from pathlib import Path

import lxml.html
import pytest
from django.urls import reverse

from sections.html import sanitize
from tests.admin.browser import desk_page

pytestmark = pytest.mark.browser
CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "articles.jsonl"
EXCERPT = [
    '<p>One <strong>two</strong> <em>three</em> <a href="https://example.com/?a=1&amp;b=2">four</a>.</p>',
    "<h2>Why now</h2>\n<h3>Smaller</h3>\n<h4>Smallest</h4>",
    '<ul><li>One</li><li>Two<ul><li>Inner</li></ul></li></ul><ol start="3"><li>Three</li></ol>',
    '<blockquote cite="https://example.com/"><p>Said.</p></blockquote>',
    '<p class="pullquote">Large words</p><blockquote class="pullquote"><p>Large</p></blockquote>',
    '<aside class="factbox"><h3>Facts</h3><p>One.</p></aside>',
    '<table><caption>Rain</caption><thead><tr><th scope="col">Day</th><th>mm</th></tr></thead><tbody><tr><td>1</td>'
    "<td>2</td></tr></tbody></table><table><tbody>"
    '<tr><td>1</td><td colspan="2">uneven</td></tr><tr><td>2</td></tr></tbody></table>',
    '<figure data-photo="11111111-1111-1111-1111-111111111111"></figure>'
    '<figure class="side" data-photo="21111111-1111-1111-1111-111111111111"></figure>',
    '<figure data-embed="https://vimeo.com/1"></figure><hr><pre>a  b\n c</pre>',
    '<p>Text<sup><a href="#fn1" id="fnref1">1</a></sup></p><ol><li id="fn1">Note <a href="#fnref1">↩</a></li></ol>',
    '<dl><dt>Term</dt><dd>Meaning</dd></dl><p lang="ko">서울 <bdi>x</bdi> <abbr title="y">z</abbr><br>next</p>',
    "<p>H<sub>2</sub>O <del>old</del> <ins>new</ins> <code>x</code> <cite>C</cite> <q>q</q> <b>b</b> <i>i</i></p>",
    '<p>漢<ruby>字<rt>ja</rt></ruby> <time datetime="2026-11-25">today</time></p>',
    "Text of no paragraph <strong>at all</strong>",
]


@pytest.fixture
def page(transactional_db, browser, live_server, settings):
    """The empty form of a new story, in the editor's browser; nothing may be said in its console."""
    with desk_page(browser, live_server, settings) as page:
        page.goto(reverse("admin:articles_article_add"))
        page.wait_for_selector(".ProseMirror")
        yield page


INLINE = {
    *("a", "abbr", "b", "bdi", "cite", "code", "del", "em", "i", "ins", "mark", "q", "ruby", "rt", "s", "small"),
    *("span", "strong", "sub", "sup", "time", "u"),
}


def shape(html):
    """What an HTML text says and how it is built: blocks, and letters each with the marks around them in any order.

    Blanks that mean nothing, the groups of a table and the paragraph that is alone in an item or cell are left out.
    """
    html = re.sub(r"</?t(?:head|body)>", "", sanitize(html))
    root = lxml.html.fragment_fromstring(html, create_parent="div")
    found = []

    def words(text, marks, is_code):
        for letter in text:
            if is_code or not letter.isspace():
                found.append((letter, frozenset(marks)))
            elif found and found[-1] != " " and (isinstance(found[-1], tuple) and isinstance(found[-1][-1], frozenset)):
                found.append(" ")

    def block(told):
        if found and found[-1] == " ":
            found.pop()
        found.append(told)

    def walk(element, marks, is_code):
        is_code = is_code or element.tag == "pre"
        words(element.text or "", marks, is_code)
        for child in element:
            told = (child.tag, *sorted(child.attrib.items()))
            if child.tag in INLINE:
                walk(child, [*marks, told], is_code)
            elif child.tag == "p" and element.tag in ("li", "td", "th", "dd") and not child.attrib:
                walk(child, marks, is_code)
            else:
                block(told)
                walk(child, [], is_code)
                block(f"/{child.tag}")
            words(child.tail or "", marks, is_code)

    walk(root, [], False)
    block("end")
    return found


def first_difference(body, saved):
    """Where two texts begin to differ, for whoever reads a failed test."""
    old, new = shape(body), shape(saved)
    at = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    return f"{old[max(at - 5, 0) : at + 9]!r} became {new[max(at - 5, 0) : at + 9]!r}"


def round_trips(page, bodies):
    """[(what is saved of a body that was opened, how many blocks the editor left alone)]."""
    return page.evaluate(
        "bodies => bodies.map((body) => { const {saved, kept} = document.querySelector('#id_body').roundTrip(body);"
        " return [saved, kept]; })",
        bodies,
    )


def test_every_element_that_may_be_stored_survives_the_editor(page):
    for body, (saved, _kept) in zip(EXCERPT, round_trips(page, EXCERPT), strict=True):
        wanted = body if body.startswith("<") else f"<p>{body}</p>"
        assert shape(saved) == shape(wanted), body


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not here")
def test_every_body_of_the_corpus_survives_the_editor(page):
    with CORPUS.open() as lines:
        bodies = [sanitize(json.loads(line)["body_html"]) for line in lines]
    changed, left_alone, blocks = [], 0, 0
    for start in range(0, len(bodies), 32):
        part = bodies[start : start + 32]
        for body, (saved, kept) in zip(part, round_trips(page, part), strict=True):
            left_alone += kept
            blocks += body.count("<p")
            if shape(saved) != shape(body):
                changed.append((body, saved))
    assert not changed, first_difference(*changed[0])
    assert left_alone < blocks / 50, "nearly everything can be edited as text"
