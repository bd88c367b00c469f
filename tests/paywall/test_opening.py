"""What of a premium story is for everybody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.models import Article
from articles.opening import blocks_of, closed, length_of_opening, opening_of, rest_of, with_cut
from sections.html import plain_text, sanitize
from tests.factories import make_article, make_video, shown_photo

WORDS = "word " * 50


def p(words=50, text="word"):
    return f"<p>{' '.join([text] * words)}</p>"


@pytest.fixture(autouse=True)
def words(settings):
    settings.PREMIUM_OPEN_WORDS = 120


@pytest.mark.parametrize(
    ("html", "elements"),
    [
        ("", []),
        ("<p>One.</p><p>Two.</p>", ["p", "p"]),
        ("<p>One.</p>\n<ul><li><p>Two.</p></li></ul>", ["p", "", "ul"]),
        ("Words <em>alone</em><p>One.</p>", ["", "p"]),
        ("<p>One<br>two</p><hr><h2>Three</h2>", ["p", "hr", "h2"]),
        ('<p title="a > b"><a title="<p>" href="/x">One</a></p><table><tr><td>1</td></tr></table>', ["p", "table"]),
        ("<aside><p>One</p><p>Two</p></aside><blockquote><p>Three</p></blockquote>", ["aside", "blockquote"]),
    ],
)
def test_a_body_is_read_as_blocks_and_nothing_is_lost(html, elements):
    found = blocks_of(html)
    assert [element for element, _ in found] == elements
    assert "".join(block for _, block in found) == html


@pytest.mark.parametrize(
    ("body", "blocks"),
    [
        (p() * 8, 2),
        (p(130) + p(400), 1),
        (p(60) * 2, 1),
        (p(40) + "<h2>Why</h2>" + p(100) * 4, 1),
        (p(40) + "<hr><figure data-embed='x'></figure>" + p(100) * 4, 1),
        (p() + f"<ul>{'<li>word word</li>' * 200}</ul>" + p() * 8, 1),
        (p() + f"<table><tbody><tr><td>{WORDS * 4}</td></tr></tbody></table>" + p() * 8, 1),
        (p() + f"<blockquote>{p() * 4}</blockquote>" + p() * 8, 1),
        # What is one block, or hardly more, is locked as a whole.
        (p(300), 0),
        (p(3), 0),
        (p(200) + p(10), 0),
        (f"<ol>{'<li>word word</li>' * 200}</ol>", 0),
        ("words without a block " * 100, 0),
        ("", 0),
    ],
)
def test_it_ends_at_the_end_of_a_block_and_is_never_more_than_half(body, blocks):
    whole = [html for _, html in blocks_of(body)]
    assert body[: length_of_opening(body)] == "".join(whole[:blocks])


def test_the_setting_says_how_many_words_it_has(settings):
    settings.PREMIUM_OPEN_WORDS = 250
    assert opening_of(p() * 12) == p() * 5
    settings.PREMIUM_OPEN_WORDS = 0
    assert opening_of(p() * 12) == p()


def test_marks_of_locked_notes_lead_nowhere_others_stay():
    mark = '<sup><a href="#fn1" id="fnref1">1</a></sup>'
    body = f'<p>{WORDS}{mark} <a href="/x/#fn1">x</a> <a href="#sec-1">y</a></p><p id="sec-1">Z.</p>{p() * 9}'
    body += '<ol><li id="fn1">A note. <a href="#fnref1">↩</a></li></ol>'
    html = opening_of(body)
    assert '<a id="fnref1">1</a>' in html
    assert '<a href="/x/#fn1">' in html
    assert '<a href="#sec-1">' in html


PIECES = st.lists(
    st.sampled_from(
        [
            *("<p>", "</p>", "<h2>Why</h2>", "<ul><li>", "</li></ul>", "<table><tr><td>", "</td></tr></table>", "<br>"),
            *(
                "<hr>",
                "<em>",
                "</em>",
                '<a href="#fn1">1</a>',
                '<p id="fn1">',
                "<figure data-photo='x'></figure>",
                " a > b",
            ),
            *(
                "<blockquote>",
                "</blockquote>",
                "words of it ",
                "한국어 말 ",
                "<aside>",
                "</aside>",
                "\n",
                "<dl><dt>",
                "&lt;p>",
            ),
        ]
    ),
    max_size=40,
)


@given(PIECES)
def test_whatever_is_stored_loses_nothing_and_is_cut_between_elements(pieces):
    body = sanitize("".join(pieces))
    end = length_of_opening(body)
    assert "".join(html for _, html in blocks_of(body)) == body
    # Both parts are well-formed: sanitising them closes and adds nothing.
    assert [sanitize(part) for part in (body[:end], body[end:])] == [part.strip() for part in (body[:end], body[end:])]
    assert len(plain_text(body[:end]).split()) <= len(plain_text(body).split()) // 2
    assert sanitize(opening_of(body)) == opening_of(body).strip()


@pytest.mark.django_db
def test_opening_and_rest_are_the_story():
    lead, early, late, gone = (shown_photo() for _ in range(4))
    body = f'<figure data-photo="{early.uuid}"></figure>{p(50, "open")}'
    body += f'<figure data-photo="{late.uuid}"></figure>{p(200, "locked")}'
    pk = make_article(access="premium", dateline="ULSAN", body=body, photos=[lead, early, late, gone]).pk
    story = Article.objects.for_detail().get(pk=pk)
    shown, rest = closed(story), rest_of(story)
    assert shown.body + rest.body == story.body == body
    assert [use.photo for use in shown.all_uses] == [lead, early]
    assert [use.photo for use in rest.all_uses] == [late, gone]
    assert (shown.is_closed, shown.locked_words, rest.dateline) == (True, 200, "")
    assert (story.body, story.is_closed, len(story.all_uses)) == (body, False, 4)
    assert "for everybody" in with_cut(story).body


@pytest.mark.django_db
def test_a_free_story_is_left_as_it_is():
    story = Article.objects.for_detail().get(pk=make_article(body=p() * 9).pk)
    assert closed(story) is story
    assert with_cut(story) is story
    assert not story.is_closed


@pytest.mark.django_db
def test_of_a_gallery_the_first_photos_are_open_of_a_film_the_poster():
    photos = [shown_photo() for _ in range(6)]
    gallery = make_article(access="premium", format="gallery", photos=photos, body="")
    film = make_article(access="premium", format="video", photos=photos[:1], body="")
    make_video(film, transcript="<p>It rains.</p>")
    shown = closed(Article.objects.for_detail().get(pk=gallery.pk))
    assert [use.photo for use in shown.all_uses] == photos[:3]
    assert shown.is_closed
    shown = closed(Article.objects.for_detail().get(pk=film.pk))
    assert (shown.is_closed, shown.video.file.name, shown.video.transcript) == (True, "", "")
    assert Article.objects.get(pk=film.pk).video.file.name


@pytest.mark.django_db
def test_a_premium_cartoon_that_is_one_picture_has_nothing_to_lock():
    cartoon = make_article(access="premium", format="cartoon", photos=[shown_photo()], body="")
    assert not closed(Article.objects.for_detail().get(pk=cartoon.pk)).is_closed
