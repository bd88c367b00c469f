"""The text of an imported story: sanitised, its placeholders checked, "By Name" lines lifted out."""

import re

from articles.models.article import BODY_LIMIT
from sections.html import ELEMENTS, plain_text, sanitize

from .fields import Refused

PLACEHOLDER = re.compile(r'<figure[^>]*? ?data-photo="([^"]*)"[^>]*>(.*?)</figure>', re.DOTALL)
EMBED = re.compile(r'<figure[^>]*? ?data-embed="([^"]*)"')
TAG = re.compile(r"<([a-zA-Z][a-zA-Z0-9-]*)")


def read_body(fields, pictures, known, required):
    """(sanitised body, names lifted out of it, notes) of the field `body_html`. Raises Refused.

    `pictures` is how many the record has, `known` are the names of its reporters.
    """
    html = fields.text("body_html", BODY_LIMIT, breaks=True)
    body = sanitize(html)
    if len(body) > BODY_LIMIT:  # elements left open get closed, which can double it
        raise Refused("body_html", f"has more than {BODY_LIMIT:,} characters once its elements are closed.")
    check_placeholders(body, pictures)
    body, names = lift_bylines(body, known)
    if required and not body:
        raise Refused("body_html", "is empty.")
    lost = {name.lower() for name in TAG.findall(html)} - ELEMENTS
    return body, names, [f"body_html: elements left out: {', '.join(sorted(lost))}."] if lost else []


def check_placeholders(body, pictures):
    """Raises Refused if a placeholder stands for nothing, stands there twice, or is not empty."""
    seen = set()
    for index, inside in PLACEHOLDER.findall(body):
        if not re.fullmatch("0|[1-9][0-9]{0,3}", index) or int(index) >= pictures:
            raise Refused("body_html", f'data-photo="{index[:40]}" stands for no picture of `photos`.')
        if index in seen:
            raise Refused("body_html", f'data-photo="{index}" stands in it twice.')
        if inside.strip():
            raise Refused("body_html", f'the placeholder data-photo="{index}" is not empty.')
        seen.add(index)
    for address in EMBED.findall(body):
        if not re.match("https?://", address):
            raise Refused("body_html", f'data-embed="{address[:40]}" is not an http or https address.')


def place_photos(body, photos):
    """The body with the photos' uuids in its placeholders instead of their numbers."""
    return PLACEHOLDER.sub(lambda found: f'<figure data-photo="{photos[int(found[1])].uuid}"></figure>', body)


# A first paragraph, after nothing but pictures.
FIRST_PARAGRAPH = re.compile(r"((?:\s*<figure[^>]*></figure>)*)\s*<p(?:\s[^>]*)?>(.{1,600}?)</p>\s*", re.DOTALL)
PARTICLES = {"al", "bin", "da", "de", "del", "der", "di", "dos", "du", "el", "la", "le", "van", "von", "y"}
# Words of headings such as "By The Numbers".
NO_NAMES = {"a", "all", "an", "any", "its", "my", "our", "that", "the", "this", "your"}
LIFTED_LINES = 3


def lift_bylines(body, known):
    """(body without "By Name" paragraphs at its start, names that stood there and not in `known`).

    A paragraph with anything besides names (a title, a link, a sentence that begins with "By") stays where
    it is, so nothing gets lost.
    """
    lifted = []
    spelled = {name.casefold(): name for name in known}
    for _ in range(LIFTED_LINES):
        first = FIRST_PARAGRAPH.match(body)
        names = names_in(first[2], spelled) if first else []
        if not names:
            break
        body = first[1].strip() + body[first.end() :]
        lifted += [name for name in names if name.casefold() not in spelled]
        spelled |= {name.casefold(): name for name in names}
    return body, lifted


def names_in(html, spelled):
    """The names in a paragraph such as "By Noh Hyun-woo and Jane Roe"; none if it says anything else."""
    said = re.fullmatch(r"by\b:?\s+(.+)", plain_text(html), re.IGNORECASE)
    if not said or "<a" in html or "<figure" in html:
        return []
    names = [name.strip() for name in re.split(r",|;|&|\band\b", said[1]) if name.strip()]
    # What follows a comma may be a title as well as a name, so only known names count there.
    is_list = "," in said[1] or ";" in said[1]
    is_known = [name.casefold() in spelled or (not is_list and is_name(name)) for name in names]
    return names if all(is_known) else []


def is_name(text):
    """Whether a text looks like a person's name: two to five capitalised words, or a short one in Hangul."""
    words = text.split()
    if re.fullmatch("[가-힣]{2,5}", text):
        return True
    return (
        2 <= len(words) <= 5
        and all(re.fullmatch(r"[^\W\d_][\w.'’-]*", word) for word in words)
        and all(word[0].isupper() or word in PARTICLES for word in words)
        and not any(word.casefold() in NO_NAMES for word in words)
    )
