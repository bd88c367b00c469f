"""What of a premium story is for everybody: headline, deck, lead photo and the opening of its text.

Pages, feeds and the e-paper show a story as `closed` gives it, so none of them has a locked part to leak.
"""

import re
from copy import copy

from django.conf import settings

from sections.html import plain_text

from .body import OPENING
from .models import Article, ArticlePhoto

# The sanitiser writes well-formed HTML in one form, so stored text can be read with plain patterns.
TAG = re.compile(r'<(/?)([a-z][a-z0-9]*)(?:[^>"]|"[^"]*")*>')
VOID = {"br", "hr", "col"}
BLOCKS = {"p", "h2", "h3", "h4", "blockquote", "pre", "figure", "aside", "ul", "ol", "dl", "table"}
# What leads to a text that follows, or belongs to it: no opening ends with it.
NO_END = {"", "h2", "h3", "h4", "hr", "figure"}
INNER_LINK = re.compile(r' href="#([^"]*)"')
ID = re.compile(r' id="([^"]*)"')
# So many photos of a gallery are for everybody.
OPEN_PHOTOS = 3
# Stands in previews where the opening ends.
CUT = '<p class="cut">Up to here the story is for everybody, the rest for subscribers.</p>'


def blocks_of(html):
    """[(element, html)] of the blocks that a sanitised body consists of; of words between them, element is ""."""
    found, start, depth, name = [], 0, 0, ""
    for tag in TAG.finditer(html):
        end, element = tag[1], tag[2]
        if element in VOID:
            if element == "hr" and depth == 0:
                found += [("", html[start : tag.start()]), ("hr", tag[0])]
                start = tag.end()
        elif end:
            depth -= 1
            if depth == 0 and name:
                found.append((name, html[start : tag.end()]))
                start, name = tag.end(), ""
        else:
            if depth == 0 and element in BLOCKS:
                found.append(("", html[start : tag.start()]))
                start, name = tag.start(), element
            depth += 1
    return [block for block in [*found, ("", html[start:])] if block[1]]


def length_of_opening(body):
    """How many characters of a body are for everybody: whole blocks, PREMIUM_OPEN_WORDS words at most.

    Only the first block may have more, and nothing may have more than half of the words: a short story has a locked
    part too. 0 where the first block is longer than that.
    """
    blocks = blocks_of(body)
    words = [_count(html) for _, html in blocks]
    half = sum(words) // 2
    open_blocks, read = [], 0
    for block, count in zip(blocks, words, strict=True):
        if read + count > (min(settings.PREMIUM_OPEN_WORDS, half) if read else half):
            break
        read += count
        open_blocks.append(block)
    while open_blocks and open_blocks[-1][0] in NO_END:
        open_blocks.pop()
    return sum(len(html) for _, html in open_blocks)


def _count(html):
    return len(plain_text(html).split())


def opening_of(body):
    """The part of a body that is for everybody. Links to notes in the locked part are marks without a link there."""
    html = body[: length_of_opening(body)]
    ids = set(ID.findall(html))
    return INNER_LINK.sub(lambda match: match[0] if match[1] in ids else "", html)


def open_uses(story):
    """The photo uses of a premium story (from `with_photo_uses`) that everybody sees. No query.

    They are the lead photo, those in the opening, and the first ones of a gallery.
    """
    html = story.body[: length_of_opening(story.body)]
    first = OPEN_PHOTOS if story.format == Article.Format.GALLERY else 0
    return [
        use
        for place, use in enumerate(story.all_uses)
        if place < first or use.placement == ArticlePhoto.Placement.LEAD or f'data-photo="{use.photo.uuid}"' in html
    ]


def closed(story):
    """The story (from `for_feed`) as everybody may see it: of a premium one a copy without the locked part. No query.

    The copy's `is_closed` says whether something is missing, `locked_words` and `locked_photos` how much.
    """
    if story.access == Article.Access.FREE:
        return story
    shown = copy(story)
    shown.body, shown.all_uses = opening_of(story.body), open_uses(story)
    shown.locked_words = _count(story.body) - _count(shown.body)
    if film := getattr(story, "video", None):
        shown.video = copy(film)
        shown.video.file = shown.video.captions = shown.video.external_url = shown.video.transcript = ""
    shown.locked_photos = len(story.all_uses) - len(shown.all_uses)
    shown.has_locked_part = shown.is_closed = bool(shown.locked_words or shown.locked_photos or film)
    return shown


def for_crawlers(story):
    """As `closed`, with all of the text, the locked part of it inside an element as JSON-LD names it. No query."""
    shown = closed(story)
    if shown.is_closed:
        end = length_of_opening(story.body)
        shown.body = f'{story.body[:end]}<div class="rest">{story.body[end:]}</div>'
        shown.is_closed, shown.locked_words = False, 0
    return shown


def rest_of(story):
    """A copy of a premium story (from `for_feed`) that has only what `closed` leaves out. No query."""
    rest = copy(story)
    end = length_of_opening(story.body)
    rest.body = story.body[end:]
    if OPENING.search(story.body[:end]):
        rest.dateline = ""  # it opens the text
    shown = open_uses(story)
    rest.all_uses = [use for use in story.all_uses if use not in shown]
    return rest


def with_cut(story):
    """A copy of a premium story whose text says where its opening ends, for previews; any other as it is. No query."""
    if story.access == Article.Access.FREE or not story.body:
        return story
    marked, end = copy(story), length_of_opening(story.body)
    marked.body = story.body[:end] + CUT + story.body[end:]
    return marked
