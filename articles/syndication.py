"""Writing a feed: RSS 2.0 with Media RSS, Atom, JSON Feed 1.1. Plain data in, text out; nothing here asks the database.

Sources: RSS 2.0 (rssboard.org/rss-specification), Media RSS (rssboard.org/media-rss), RFC 4287 (Atom),
jsonfeed.org/version/1.1, W3C WebSub.
"""

import json
import re
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed, rfc3339_date

NAMESPACES = {
    "xmlns:content": "http://purl.org/rss/1.0/modules/content/",
    "xmlns:dc": "http://purl.org/dc/elements/1.1/",
    "xmlns:media": "http://search.yahoo.com/mrss/",
}
# Minutes that a reader of the feed may keep it before it asks again.
TTL = "10"
# Everything that XML 1.0 has no way to write, not even as a reference (section 2.2).
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Medium:
    """One file of a picture or film."""

    url: str
    type: str
    width: int = 0
    height: int = 0
    seconds: int = 0

    @property
    def kind(self):
        """`image` or `video`."""
        return self.type.partition("/")[0]


@dataclass(frozen=True)
class Media:
    """A picture or film in one or more files, of which the first suits everybody, with the words of its use."""

    files: tuple
    title: str
    caption: str = ""
    credit: str = ""
    thumbnail: Medium | None = None


@dataclass(frozen=True)
class Item:
    """One story of a feed. `guid` never changes; `authors` are (name, address); `html` is the full text if asked for.

    `summary` and all names are plain text.
    """

    guid: str
    title: str
    link: str
    published: datetime
    updated: datetime
    summary: str = ""
    lang: str = "en"
    authors: tuple = ()
    categories: tuple = ()
    media: tuple = ()
    html: str = ""


@dataclass(frozen=True)
class Feed:
    """A whole feed: addresses are absolute, `hub` is empty where none is told."""

    title: str
    description: str
    page: str
    url: str
    paper: str
    paper_url: str
    logo: str
    rights: str
    changed: datetime
    hub: str = ""
    items: list = field(default_factory=list)

    @property
    def lang(self):
        """The language that all stories share; English if they share none."""
        found = {item.lang for item in self.items}
        return found.pop() if len(found) == 1 else "en"


def clean(value):
    """The same text, tuple, list or dataclass without the characters that XML cannot write, at any depth."""
    if isinstance(value, str):
        return FORBIDDEN.sub("", value)
    if isinstance(value, tuple | list):
        return type(value)(clean(one) for one in value)
    if is_dataclass(value):
        return type(value)(**{one.name: clean(getattr(value, one.name)) for one in fields(value)})
    return value


def write(feed, form):
    """(content type, text) of a Feed as `rss`, `atom` or `json`."""
    feed = clean(feed)
    if form == "json":
        return "application/feed+json; charset=utf-8", write_json(feed)
    writer = {"rss": Rss, "atom": Atom}[form](
        title=feed.title,
        link=feed.page,
        description=feed.description,
        language=feed.lang,
        subtitle=feed.description,
        author_name=feed.paper,
        author_link=feed.paper_url,
        feed_url=feed.url,
        feed_guid=feed.url,
        feed_copyright=feed.rights,
        ttl=TTL,
        source=feed,
    )
    for item in feed.items:
        writer.add_item(
            title=item.title,
            link=item.link,
            description=item.summary,
            unique_id=item.guid,
            unique_id_is_permalink=False,
            pubdate=timezone.localtime(item.published),
            updateddate=timezone.localtime(item.updated),
            categories=item.categories,
            source=item,
        )
    return writer.content_type, writer.writeString("utf-8")


class Rss(Rss201rev2Feed):
    """RSS 2.0 with dc:creator, content:encoded, Media RSS and the Atom elements that RSS lacks."""

    def rss_attributes(self):
        """The namespaces of every element that an item may have, once for the whole document."""
        return super().rss_attributes() | NAMESPACES

    def latest_post_date(self):
        """When what the feed shows last changed; never the moment of writing, which would differ each time."""
        return timezone.localtime(self.feed["source"].changed)

    def add_root_elements(self, handler):
        """Adds hub and picture to the channel."""
        super().add_root_elements(handler)
        feed = self.feed["source"]
        if feed.hub:
            handler.addQuickElement("atom:link", None, {"rel": "hub", "href": feed.hub})
        handler.startElement("image", {})
        for name, value in (("url", feed.logo), ("title", feed.title), ("link", self.feed["link"])):
            handler.addQuickElement(name, value)
        handler.endElement("image")

    def add_item_elements(self, handler, item):
        """Adds reporters, the last update, the full text and the media."""
        super().add_item_elements(handler, item)
        story = item["source"]
        for name, _ in story.authors:
            handler.addQuickElement("dc:creator", name)
        if story.lang != self.feed["language"]:
            handler.addQuickElement("dc:language", story.lang)
        handler.addQuickElement("atom:updated", rfc3339_date(item["updateddate"]))
        if story.html:
            handler.addQuickElement("content:encoded", story.html)
        add_media(handler, story.media)


class Atom(Atom1Feed):
    """Atom with each reporter as an author, plain summaries and Media RSS."""

    def root_attributes(self):
        """Atom's own namespace and that of Media RSS."""
        return super().root_attributes() | {"xmlns:media": NAMESPACES["xmlns:media"]}

    def latest_post_date(self):
        """When what the feed shows last changed."""
        return timezone.localtime(self.feed["source"].changed)

    def add_root_elements(self, handler):
        """Adds hub and picture to the feed."""
        super().add_root_elements(handler)
        feed = self.feed["source"]
        if feed.hub:
            handler.addQuickElement("link", "", {"rel": "hub", "href": feed.hub})
        handler.addQuickElement("logo", feed.logo)

    def item_attributes(self, item):
        """The language of a story that is not the feed's."""
        lang = item["source"].lang
        return {} if lang == self.feed["language"] else {"xml:lang": lang}

    def add_item_elements(self, handler, item):
        """Adds reporters, summary, full text and media; Django would declare the plain summary to be HTML."""
        super().add_item_elements(handler, item | {"description": None})
        story = item["source"]
        for name, url in story.authors:
            handler.startElement("author", {})
            handler.addQuickElement("name", name)
            handler.addQuickElement("uri", url)
            handler.endElement("author")
        if story.summary:
            handler.addQuickElement("summary", story.summary, {"type": "text"})
        if story.html:
            handler.addQuickElement("content", story.html, {"type": "html"})
        add_media(handler, story.media)


def add_media(handler, media):
    """Adds one media:group for each picture or film."""
    for one in media:
        handler.startElement("media:group", {})
        for number, file in enumerate(one.files):
            facts = {"url": file.url, "type": file.type, "medium": file.kind, "isDefault": str(not number).lower()}
            sizes = {"width": file.width, "height": file.height, "duration": file.seconds}
            handler.addQuickElement("media:content", None, facts | {k: str(v) for k, v in sizes.items() if v})
        handler.addQuickElement("media:title", one.title, {"type": "plain"})
        if one.caption:
            handler.addQuickElement("media:description", one.caption, {"type": "plain"})
        if one.credit:
            handler.addQuickElement("media:credit", one.credit, {"role": "photographer", "scheme": "urn:ebu"})
        if one.thumbnail:
            size = {"width": str(one.thumbnail.width), "height": str(one.thumbnail.height)}
            handler.addQuickElement("media:thumbnail", None, {"url": one.thumbnail.url, **size})
        handler.endElement("media:group")


def write_json(feed):
    """A Feed as JSON Feed 1.1. No `<` stands in it, so it is harmless wherever it may be pasted."""
    whole = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.page,
        "feed_url": feed.url,
        "description": feed.description,
        "icon": feed.logo,
        "language": feed.lang,
        "authors": [{"name": feed.paper, "url": feed.paper_url}],
        **({"hubs": [{"type": "WebSub", "url": feed.hub}]} if feed.hub else {}),
        "items": [json_item(item) for item in feed.items],
    }
    return json.dumps(whole, ensure_ascii=False).replace("<", "\\u003c")


def json_item(item):
    """An Item as JSON Feed has it: empty fields left out."""
    films = [(one, one.files[0]) for one in item.media if one.files[0].kind == "video"]
    pictures = [one.files[0] for one in item.media if one.files[0].kind == "image"]
    filled = {
        "id": item.guid,
        "url": item.link,
        "title": item.title,
        "summary": item.summary,
        "image": pictures[0].url if pictures else "",
        "date_published": timezone.localtime(item.published).isoformat(timespec="seconds"),
        "date_modified": timezone.localtime(item.updated).isoformat(timespec="seconds"),
        "authors": [{"name": name, "url": url} for name, url in item.authors],
        "tags": item.categories,
        "language": item.lang,
        "attachments": [
            {"url": file.url, "mime_type": file.type, "title": film.title}
            | ({"duration_in_seconds": file.seconds} if file.seconds else {})
            for film, file in films
        ],
    }
    # One of the two must be there, be it empty.
    content = {"content_html": item.html} if item.html else {"content_text": item.summary or item.title}
    return content | {key: value for key, value in filled.items() if value}
