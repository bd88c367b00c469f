"""Formatting for the reader's pages: icons, pictures and dates. Nothing here touches the database."""

from functools import cache

from django import template
from django.contrib.staticfiles import finders
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from sections.html import scrolling_tables
from sections.korean import korean as marked

register = template.Library()


@cache
def _icon(name):
    path = finders.find(f"icons/{name}.svg")
    if path is None:
        return ""
    with open(path) as file:
        svg = file.read()
    inner = svg[svg.index(">") + 1 : svg.rindex("</svg>")]
    view_box = svg.partition('viewBox="')[2].partition('"')[0]
    return mark_safe(f'<svg class="icon" viewBox="{view_box}" aria-hidden="true">{inner}</svg>')


@register.simple_tag
def icon(name):
    """The line icon of that name from static/icons, inline; nothing if there is none."""
    return _icon(name)


@register.simple_block_tag
def said_twice(content, name):
    """The words of a block as the page's `title` or `description`, and again for those who share the page.

    Shared, a title does without the name of the paper, which is said beside it.
    """
    words = mark_safe(" ".join(content.split()))  # escaped by the template that holds the block
    if name == "title":
        shared = mark_safe(words.rpartition(" — ")[0] or words)
        return format_html('<title>{}</title>\n  <meta property="og:title" content="{}">', words, shared)
    tags = '<meta name="description" content="{0}">\n  <meta property="og:description" content="{0}">'
    return format_html(tags, words)


class OnceNode(template.Node):
    """The content of {% once %}."""

    def __init__(self, owner, words, nodes):
        self.owner, self.words, self.nodelist = owner, words, nodes

    def render(self, context):
        """The content, from the owner where it was rendered for it before."""
        owner = self.owner.resolve(context)
        rendered = getattr(owner, "rendered", None)
        if rendered is None:
            return self.nodelist.render(context)
        key = (context.template.engine, *(word.resolve(context) for word in self.words))
        if key not in rendered:
            rendered[key] = self.nodelist.render(context)
        return rendered[key]


@register.tag
def once(parser, token):
    """{% once owner "name" more ... %}: content that follows from the owner and the further words alone.

    It is rendered once for each owner that lives longer than a page: the frame, a list. The words must have few values.
    """
    _, owner, *words = token.split_contents()
    nodes = parser.parse(("endonce",))
    parser.delete_first_token()
    return OnceNode(parser.compile_filter(owner), [parser.compile_filter(word) for word in words], nodes)


@register.filter
def prose(html):
    """Stored HTML as a page shows it: tables that are too wide scroll by themselves."""
    return mark_safe(scrolling_tables(html))  # sanitised when it was stored


@register.filter
def picture(photo, crop="full"):
    """The Picture of a photo in one crop (see photos.renditions), None without one."""
    return photo.picture(crop) if photo else None


@register.filter
def held_for(held):
    """How long a story held a place: 3 h 20 min."""
    hours, minutes = divmod(held.minutes(), 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


@register.filter
def won(amount):
    """An amount of money as readers see it: 24,000."""
    return f"{amount:,}"


@register.filter
def stamp(moment, precision="minute"):
    """A moment as the article page prints it: 2021-02-27 09:32, or 2021-02-27 where no hour is known."""
    if not moment:
        return ""
    return timezone.localtime(moment).strftime("%Y-%m-%d" if precision == "day" else "%Y-%m-%d %H:%M")


@register.filter
def moment(moment, precision="minute"):
    """A moment as lists print it: Oct. 16, 05:10; with the year instead of the hour once it is past."""
    if not moment:
        return ""
    local = timezone.localtime(moment)
    if local.year != timezone.localtime().year:
        return date_format(local, "N j, Y")
    return date_format(local, "N j" if precision == "day" else "N j, H:i")


@register.filter
def machine(moment, precision="minute"):
    """A moment for `datetime` attributes: ISO 8601 with Seoul's offset, or the date alone."""
    if not moment:
        return ""
    local = timezone.localtime(moment)
    return local.date().isoformat() if precision == "day" else local.isoformat(timespec="minutes")


@register.filter
def korean(text, lang="en"):
    """A plain text, escaped, with its Korean words marked as such unless all of it is Korean."""
    return text if lang == "ko" else marked(text or "")


@register.filter
def spelled(address):
    """An e-mail address as people read it and address collectors do not: noh (at) example.com."""
    return address.replace("@", " (at) ")


@register.filter
def lang_of(name):
    """`ko` for a name in Korean letters, empty for others: what its `lang` must say on an English page."""
    return "ko" if any("ㄱ" <= letter <= "ㆎ" or "가" <= letter <= "힣" for letter in name) else ""


@register.filter
def licence_url(name):
    """The address of a Creative Commons licence by its SPDX name, empty for others."""
    parts = name.lower().split("-")
    if parts[:1] == ["cc0"]:
        return "https://creativecommons.org/publicdomain/zero/1.0/"
    if parts[:2] == ["cc", "by"] and len(parts) >= 3:
        return f"https://creativecommons.org/licenses/{'-'.join(parts[1:-1])}/{parts[-1]}/"
    return ""


@register.filter
def get(mapping, key):
    """The value of a dict under a key that has a hyphen, None without one."""
    return (mapping or {}).get(key)
