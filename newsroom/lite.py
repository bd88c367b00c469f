"""The lite edition: every page of the paper at /lite and the same address, without script, styles' weight or pictures.

The same views answer. Their templates are looked for in templates/lite first, so only what is left out or said
in fewer words has a file there; what remains is changed here, in the finished page.
"""

import re
from html import unescape

from django.utils.html import escape

PREFIX = "/lite"
# Addresses that are no pages: they are the same for both editions.
NOT_PAGES = "lite|static|media|feeds|admin|login|logout|register|account|reads|health|mail|reading-room|rest|orders"
PICTURE = re.compile(r'<picture[^>]*>.*?<img [^>]*?src="([^"]*)"[^>]*?>\s*</picture>', re.DOTALL)
IMAGE = re.compile(r'<img [^>]*?alt=""[^>]*?>\s*')
ALT = re.compile(r' alt="([^"]*)"')
ICON = re.compile(r'<svg class="(?:icon|mark)".*?</svg>\s*', re.DOTALL)
POSTER = re.compile(r'(<video [^>]*?) poster="[^"]*"')
EMPTY = re.compile(r'<(div|span) class="(?:media[^"]*|thumb)">\s*</\1>\s*')
LINK = re.compile(
    rf'(<(?:a|form)\b[^>]*? (?:href|action)=")(?:{PREFIX})?/(?!/|(?:{NOT_PAGES})(?:[/"])|[^"?#]*\.[a-z]+")'
)
BLANK = re.compile(r"\n\s*\n+|(?<=\n)[ \t]+")


def is_page(path):
    """Whether an address within the lite edition can be a page of the paper."""
    return not re.match(rf"/(?:{NOT_PAGES})(?:/|\Z)|.*\.[a-z]+\Z", path)


def to_lite(html):
    """A finished page with links to pictures in their places, no icons, and links that stay in the edition."""

    def link(match):
        alt = ALT.search(match[0])
        words = " ".join(unescape(alt[1]).split()) if alt else ""
        # A picture without words adds nothing to those beside it.
        return f'<a href="{match[1]}">Picture: {escape(words)}</a>' if words else ""

    for pattern, new in (
        (PICTURE, link),
        (IMAGE, ""),
        (ICON, ""),
        (POSTER, r"\1"),
        (EMPTY, ""),
        (LINK, rf"\1{PREFIX}/"),
        (BLANK, "\n"),
    ):
        html = pattern.sub(new, html)
    return html
