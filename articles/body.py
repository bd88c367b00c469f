"""A story's text as the page shows it: photos and embeds in their places, tables that scroll by themselves."""

import re
from html import unescape

from django.template.loader import get_template
from django.utils.html import escape
from django.utils.safestring import mark_safe

from articles.players import player_of
from sections.html import WEB_ADDRESS, scrolling_tables
from sections.korean import mark_korean

# The sanitiser writes attributes in one form, so the stored text can be read with plain patterns.
FIGURE = re.compile(r'<figure[^>]*? ?data-(photo|embed)="([^"]*)"[^>]*>.*?</figure>', re.DOTALL)
# The first paragraph of the text itself; a pull quote before it is none.
OPENING = re.compile(r"<p(?=[ >])(?![^>]* class=)[^>]*>")
# A mark in the text that leads to a note, and the note's link back.
NOTE = re.compile(r'<a(?=[^>]* href="#(?:fn|note)(?!ref))([^>]*)>([^<]{1,8})</a>')
BACK = re.compile(r'<a(?=[^>]* href="#(?:fnref|ref))([^>]*)>')


def photos_in(body):
    """The uuids, as text, of the photos that stand in a body."""
    return [value for kind, value in FIGURE.findall(body) if kind == "photo"]


def render_body(article, uses, component="components/figure.html"):
    """The body's HTML with these photo uses (their photos loaded), each in the component. Makes no query.

    A figure whose photo the story no longer has is left out, as is an embed that is no address of the web.
    A film on YouTube or Vimeo becomes a player that a click loads, every other embed a link. Inline photos
    that stand nowhere in the text follow at its end, so that none is lost.
    """
    uses = {str(use.photo.uuid): use for use in uses}
    template = get_template(component)
    seen = set()

    def figure(match):
        kind, value = match[1], unescape(match[2])
        if kind == "embed":
            if not WEB_ADDRESS.fullmatch(value):
                return ""
            return get_template("components/embed.html").render({"url": value, "player": player_of(value)})
        use = uses.get(value)
        if use is None or value in seen:
            return ""
        seen.add(value)
        side = ' class="side"' in match[0].partition(">")[0]
        sizes = "(width >= 43rem) 19rem, 92vw" if side else "(width >= 43rem) 42.5rem, 92vw"
        return template.render({"use": use, "sizes": sizes, "class": "side" if side else ""})

    html = article.body if article.lang == "ko" else mark_korean(article.body)
    if article.dateline:
        place = f'<span class="place">{escape(article.dateline)}</span> — '
        html = OPENING.sub(lambda match: match[0] + place, html, count=1)
    html = FIGURE.sub(figure, html)
    html = scrolling_tables(html)
    html = NOTE.sub(r'<a\1 role="doc-noteref"><span class="vh">Footnote </span>\2</a>', html)
    html = BACK.sub(r'<a\1 role="doc-backlink" aria-label="Back to the text">', html)
    rest = [use for uuid, use in uses.items() if uuid not in seen and use.placement == use.Placement.INLINE]
    html += "".join(template.render({"use": use, "sizes": "(width >= 43rem) 42.5rem, 92vw"}) for use in rest)
    return mark_safe(html)  # sanitised when it was stored, see sections.html


def parts_of(story):
    """{body, hero, gallery}: a story's text as HTML, the photo above it and the photos beside it. No query.

    Galleries and cartoons show their photos by themselves, all others in the text.
    """
    gallery = story.all_uses if story.format in ("gallery", "cartoon") else []
    hero = None if gallery or not story.lead or str(story.lead.photo.uuid) in photos_in(story.body) else story.lead
    return {"body": render_body(story, [] if gallery else story.all_uses), "hero": hero, "gallery": gallery}
