"""The one definition of the HTML that may be stored: what the sanitiser lets through, on every way in.

The sanitiser is nh3 (https://nh3.readthedocs.io), which parses as browsers do. Photos stand in a text as
`<figure data-photo="uuid"></figure>`, embeds as `<figure data-embed="address"></figure>`: the page fills
both in when it renders, so no picture address, player or caption is ever stored inside a text.
"""

import re

import nh3
from django.db import models
from django.utils.html import escape

ELEMENTS = {
    *("p", "h2", "h3", "h4", "blockquote", "hr", "br", "pre", "figure", "aside"),
    *("ul", "ol", "li", "dl", "dt", "dd"),
    *("a", "em", "strong", "b", "i", "u", "s", "del", "ins", "code", "sup", "sub", "cite", "abbr", "q"),
    *("small", "mark", "span", "bdi", "time", "ruby", "rt", "rp"),
    *("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "colgroup", "col"),
}
ATTRIBUTES = {
    "*": {"lang", "dir", "id"},
    "a": {"href", "title"},
    "abbr": {"title"},
    "blockquote": {"cite"},
    "figure": {"data-photo", "data-embed"},
    "ol": {"start", "reversed", "type"},
    "th": {"scope", "colspan", "rowspan"},
    "td": {"colspan", "rowspan"},
    "col": {"span"},
    "time": {"datetime"},
}
SCHEMES = {"http", "https", "mailto", "tel"}
CLASSES = {"p": {"pullquote"}, "aside": {"factbox"}, "blockquote": {"pullquote"}, "figure": {"side"}}
# An id in a text must not take the place of one that the page itself uses.
OWN_IDS = re.compile(r"(fn|fnref|note|ref|sec)[\w.:-]{0,60}", re.ASCII)
SCHEME = re.compile(r"[\s\x00-\x1f]*([a-z][a-z0-9+.-]*):", re.IGNORECASE)
WEB_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)


def _attribute(element, attribute, value):
    if attribute == "id":
        return value if OWN_IDS.fullmatch(value) else None
    if attribute == "href" and (scheme := SCHEME.match(value)) and scheme[1].lower() not in SCHEMES:
        return None  # behind blanks that nh3 takes for a part of a path
    if attribute == "cite":  # nh3 looks at the scheme of links only
        return value if WEB_ADDRESS.fullmatch(value) else None
    if attribute == "class":  # nh3 alone would leave class="" where no word of it is allowed
        return value if CLASSES.get(element, set()).intersection(value.split()) else None
    return value


_cleaner = nh3.Cleaner(
    tags=ELEMENTS,
    attributes=ATTRIBUTES,
    allowed_classes=CLASSES,
    url_schemes=SCHEMES,
    attribute_filter=_attribute,
    link_rel=None,
    strip_comments=True,
)


# What a text holds besides once its photos are filled in, and what it then needs no more.
FILLED_IN = {
    "img": {"src", "alt", "width", "height"},
    "figcaption": set(),
    "video": {"src", "poster", "controls", "preload"},
}
ELSEWHERE = ATTRIBUTES | FILLED_IN | {"*": {"lang", "dir"}, "figure": set()}


def for_elsewhere(html, base):
    """A page's HTML for other sites and programs: every address in full, seen from `base`; no class, id or data."""
    return nh3.clean(
        html,
        tags=ELEMENTS | set(FILLED_IN),
        attributes=ELSEWHERE,
        url_schemes=SCHEMES,
        url_relative=("rewrite_with_base", base),
        link_rel=None,
    ).strip()


# A parser drops the line break after <pre>: one more with every time that a text is saved.
_PRE_START = re.compile(r"(<pre[^>]*>)\n+")
_ROUNDS = 5


def sanitize(html):
    """The HTML with every element, attribute and scheme outside the allow-list removed.

    NUL characters, which PostgreSQL cannot store, go too. Sanitising a second time changes nothing.
    """
    html = (html or "").replace("\0", "")
    # What remains of wrongly nested elements may read differently once more.
    for _ in range(_ROUNDS):
        before, html = html, _PRE_START.sub(r"\1", _cleaner.clean(html)).strip()
        if html == before:
            break
    return html


_BLOCK_END = re.compile(r"</(?:p|h[1-6]|li|dt|dd|td|th|tr|blockquote|pre|caption)>|<br>|<hr>", re.IGNORECASE)


# The sanitiser writes well-formed HTML, so stored text can be read with plain patterns.
TABLE = re.compile(r"<table.*?</table>", re.DOTALL)
CAPTION = re.compile(r"<caption[^>]*>(.*?)</caption>", re.DOTALL)
SCROLL = '<div class="table" role="region" aria-label="{}" tabindex="0">{}</div>'


def scrolling_tables(html):
    """Stored HTML with each table in a box that scrolls by itself, under the name that its caption gives it."""

    def scrolling(match):
        caption = CAPTION.search(match[0])
        return SCROLL.format(escape(plain_text(caption[1])) if caption else "Table", match[0])

    return TABLE.sub(scrolling, html)


def plain_text(html):
    """The words of a sanitised text, one space between blocks, character references resolved."""
    from html import unescape

    return " ".join(unescape(nh3.clean(_BLOCK_END.sub(" ", html or ""), tags=set())).split())


class HTMLField(models.TextField):
    """Text that is sanitised whenever it goes to the database: by form, save, update, bulk_create, loaddata.

    In migrations it is a plain TextField.
    """

    def get_db_prep_save(self, value, connection):
        if isinstance(value, str):
            value = sanitize(value)
        return super().get_db_prep_save(value, connection)

    def clean(self, value, model_instance):
        return super().clean(sanitize(value), model_instance)

    def deconstruct(self):
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs
