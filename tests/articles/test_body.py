"""A story's text as its page shows it."""

import re

import pytest
from bs4 import BeautifulSoup

from articles.body import photos_in, render_body
from tests.factories import make_article, shown_photo

pytestmark = pytest.mark.django_db


def figure(photo):
    return f'<figure data-photo="{photo.uuid}"></figure>'


def render(body, photos=(), **fields):
    """The body of a story with inline photos, without white space between elements."""
    story = make_article(body=body, photos=photos, **fields)
    story.photo_uses.update(placement="inline")
    html = render_body(story, story.photo_uses.select_related("photo"))
    return re.sub(r">\s+<", "><", html)


def order(html):
    """What stands in a text, in order: words of paragraphs and alt texts of photos."""
    found = BeautifulSoup(html, "html.parser").find_all(["p", "img"])
    return [element.get("alt") or element.get_text() for element in found]


def test_it_puts_photos_in_their_places():
    first, second = shown_photo(alt_text="First."), shown_photo(alt_text="Second.")
    html = render(f"<p>One.</p>{figure(second)}<p>Two.</p>{figure(first)}<p>Three.</p>", [first, second])
    assert order(html) == ["One.", "Second.", "Two.", "First.", "Three."]
    assert "data-photo" not in html


def test_it_leaves_out_a_photo_that_the_story_no_longer_has():
    photo = shown_photo(alt_text="Not of this story.")
    html = render(f"<p>One.</p>{figure(photo)}<p>Two.</p>")
    assert html == "<p>One.</p><p>Two.</p>"


@pytest.mark.parametrize("value", ["", "no-uuid", "00000000-0000-0000-0000-000000000000", "&quot;&gt;&lt;b&gt;"])
def test_it_leaves_out_what_is_no_photo(value):
    assert render(f'<p>One.</p><figure data-photo="{value}"></figure>') == "<p>One.</p>"


def test_it_shows_a_photo_once():
    photo = shown_photo(alt_text="First.")
    assert order(render(f"{figure(photo)}<p>One.</p>{figure(photo)}", [photo])) == ["First.", "One."]


def test_it_adds_photos_without_a_place_at_the_end_in_their_order():
    photos = [shown_photo(alt_text=f"Photo {n}.") for n in range(3)]
    html = render(f"<p>One.</p>{figure(photos[1])}<p>Two.</p>", photos)
    assert order(html) == ["One.", "Photo 1.", "Two.", "Photo 0.", "Photo 2."]


def test_it_does_not_add_the_lead_photo_at_the_end():
    lead, inline = shown_photo(alt_text="Lead."), shown_photo(alt_text="Inline.")
    story = make_article(body="<p>One.</p>", photos=[lead, inline])
    assert order(render_body(story, story.photo_uses.select_related("photo"))) == ["One.", "Inline."]


def test_it_opens_with_the_dateline():
    assert render("<p>One.</p><p>Two.</p>", dateline="ULSAN") == (
        '<p><span class="place">ULSAN</span> — One.</p><p>Two.</p>'
    )


def test_it_escapes_the_dateline():
    html = render("<p>One.</p>", dateline=r'<b>"\1&')
    assert "<b>" not in html
    assert r"&lt;b&gt;&quot;\1&amp;" in html


@pytest.mark.parametrize(
    "start",
    [
        "<h2>A heading</h2>",
        '<figure data-embed="https://example.org/a"></figure>',
        '<p class="pullquote">Said she.</p>',
        "<pre>code</pre>",
    ],
)
def test_it_opens_the_first_paragraph_with_the_dateline(start):
    html = render(f'{start}<p lang="en">One.</p><p>Two.</p>', dateline="ULSAN")
    assert '<p lang="en"><span class="place">ULSAN</span> — One.</p>' in html
    assert html.count("ULSAN") == 1


def test_it_does_not_put_the_dateline_into_a_caption():
    photo = shown_photo(alt_text="First.", caption="The quay.")
    html = render(f"{figure(photo)}<p>One.</p>", [photo], dateline="ULSAN")
    assert '<p><span class="place">ULSAN</span> — One.</p>' in html


def test_it_wraps_tables_so_that_they_scroll_by_themselves():
    table = "<table><tbody><tr><td>1</td></tr></tbody></table>"
    html = render(f"<p>One.</p>{table}<p>Two.</p>{table}")
    page = BeautifulSoup(html, "html.parser")
    assert [wrapper["tabindex"] for wrapper in page.select("div.table")] == ["0", "0"]
    assert all(wrapper["aria-label"] and len(wrapper.select("table")) == 1 for wrapper in page.select("div.table"))


def test_it_shows_an_embed_as_a_link():
    html = render('<figure data-embed="https://example.org/watch?v=1&amp;t=2"></figure>')
    link = BeautifulSoup(html, "html.parser").a
    assert link["href"] == "https://example.org/watch?v=1&t=2"
    assert "nofollow" in link["rel"]
    assert link.get_text().startswith("https://example.org/")
    assert "<iframe" not in html


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "//evil.example", ""]
)
def test_it_links_to_nothing_but_the_web(address):
    html = render(f'<p>One.</p><figure data-embed="{address}"></figure>')
    assert BeautifulSoup(html, "html.parser").select("a") == []


def test_it_makes_no_query(django_assert_num_queries):
    photos = [shown_photo() for _ in range(3)]
    story = make_article(body=figure(photos[1]), photos=photos)
    uses = list(story.photo_uses.select_related("photo"))
    with django_assert_num_queries(0):
        render_body(story, uses)


def test_it_lists_the_photos_that_stand_in_a_text():
    photo = shown_photo()
    body = make_article(body=f'<p>One.</p>{figure(photo)}<figure data-embed="https://a.example/"></figure>').body
    assert photos_in(body) == [str(photo.uuid)]
