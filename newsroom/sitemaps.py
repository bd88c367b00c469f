"""Sitemaps for search engines: sitemaps.org 0.9 with Google's extensions for pictures and news.

What they list is public, of this site, canonical and answered with 200. Files are made of plain rows, never of model
instances, and those of the articles are sent while they are read: a file of 50,000 stories costs no memory.
"""

import re
from datetime import UTC, date, timedelta
from itertools import groupby, islice
from typing import NamedTuple
from urllib.parse import quote

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Max, OuterRef
from django.db.models.functions import Greatest, JSONObject, Least, Now, TruncMonth
from django.urls import resolve, reverse
from django.utils import timezone
from django.utils.html import escape

from articles.dates import month_after
from articles.models import Article, ArticlePhoto, ArticleTag, Byline, Column
from newsletters.models import Issue, Newsletter
from photos import renditions
from sections.models import Page, Section
from sections.pages import absolute

# sitemaps.org: at most 50,000 addresses and 50 MB a file. Pictures are limited so that the second follows from the
# first: the longest address in Latin letters, its date and five pictures take less than 1,000 bytes.
PER_FILE = 50_000
IMAGES = 5
# Google News: at most 1,000 stories a file, of the last two days by the clock.
NEWS_PER_FILE = 1_000
NEWS_AGE = timedelta(hours=48)
# A topic with fewer stories and no description says nothing that a story does not.
THIN = 3
# Entries that are put together before they are sent.
CHUNK = 2_000

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
IMAGE = "http://www.google.com/schemas/sitemap-image/1.1"
NEWS = "http://www.google.com/schemas/sitemap-news/0.9"
# What XML 1.0 has no place for, not even escaped.
NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Pages that are neither rows nor stories; those that nothing answers are left out.
OTHER_PAGES = (
    *("/", "/topics/", "/archive/", "/columns/", "/reporters/", "/corrections/"),
    *("/policy/crawlers/", "/sitemap/", "/newsletters/", "/products/subscribe/"),
    "/products/content-sales/",
)


# ---- XML


def document(root, entries, **namespaces):
    """The text of a sitemap in pieces: `root` (urlset, sitemapindex) around the entries."""
    extra = "".join(f' xmlns:{prefix}="{name}"' for prefix, name in namespaces.items())
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{SITEMAP}"{extra}>\n'
    entries = iter(entries)
    while piece := "".join(islice(entries, CHUNK)):
        yield piece
    yield f"</{root}>\n"


def entry(path, changed="", extra="", tag="url"):
    """One address of this site, with its last change as text where that is known."""
    changed = changed and f"<lastmod>{changed}</lastmod>"
    return f"<{tag}><loc>{escape(absolute(path))}</loc>{changed}{extra}</{tag}>\n"


def words(text):
    """Text for an XML element, without the characters that XML cannot hold."""
    return escape(NO_XML.sub("", text))


def w3c(moment):
    """A moment or date as W3C writes it, with its zone: UTC, whose offset is whole in every year; empty for None."""
    if isinstance(moment, date) and not hasattr(moment, "hour"):
        return moment.isoformat()
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment else ""


# ---- stories


def listed():
    """Public stories that have their canonical address here, with the moment of their last public change.

    That is the “Updated” stamp or the publication: a typing mistake that is put right moves nothing.
    """
    changed = Least(Greatest("publish_at", "updated_at"), Now())
    return Article.objects.published().filter(canonical_url="").order_by().annotate(changed=changed)


def months():
    """[(first day, stories, last change)] of every month that has stories, newest first. One query over all stories."""
    rows = listed().annotate(month=TruncMonth("address_date")).values("month")
    rows = rows.annotate(stories=Count("pk"), latest=Max("changed")).order_by("-month")
    return rows.values_list("month", "stories", "latest")


def of_month(first):
    """Listed stories of the month that begins on the date, in the order of their addresses."""
    return (
        listed().filter(address_date__gte=first, address_date__lt=month_after(first)).order_by("address_date", "slug")
    )


class Picture(NamedTuple):
    """What the address of a picture follows from."""

    token: str
    width: int
    height: int

    @property
    def path(self):
        """The path of the JPEG of the whole picture."""
        width, _ = renditions.jpeg_size(self.width, self.height, "full")
        return f"{settings.MEDIA_URL}{renditions.name(self, 'full', width, 'jpg')}"


def story_entries(stories):
    """The entries of listed stories, with their pictures, the lead first. One query, read piece by piece."""
    uses = ArticlePhoto.objects.filter(article=OuterRef("pk"), photo__rendered_at__isnull=False).open()
    photo = JSONObject(token="photo__token", width="photo__width", height="photo__height")
    photos = ArraySubquery(uses.order_by("-placement", "position", "pk").values(json=photo)[:IMAGES])
    rows = stories.values_list("address_date", "slug", "date_precision", "publish_at", "changed", photos)
    for day, of_day in groupby(rows.iterator(chunk_size=CHUNK), key=lambda row: row[0]):
        root = day_path(day)
        for _, slug, precision, published, changed, pictures in of_day:
            at = day if precision == Article.Precision.DAY and changed == published else changed
            images = (
                f"<image:image><image:loc>{absolute(Picture(**p).path)}</image:loc></image:image>" for p in pictures
            )
            yield entry(f"{root}{quote(slug)}/", w3c(at), "".join(images))


def day_path(day):
    """The path of a day, which the addresses of its stories begin with."""
    return reverse("day", args=[f"{day:%Y}", f"{day:%m}", f"{day:%d}"])


def news(now=None):
    """[(address date, slug, moment, precision, language, headline)] of the last 48 hours, newest first. One query."""
    since = (now or timezone.now()) - NEWS_AGE
    stories = listed().filter(publish_at__gte=since).latest_first()
    return list(stories.values_list("address_date", "slug", "publish_at", "date_precision", "lang", "headline"))


def news_entries(rows, name):
    """The entries of rows of `news`; `name` is the paper's."""
    for day, slug, published, precision, lang, headline in rows:
        at = day if precision == Article.Precision.DAY else published
        lang = lang if lang in ("zh-cn", "zh-tw") else lang.partition("-")[0]
        yield entry(
            f"{day_path(day)}{quote(slug)}/",
            extra="<news:news><news:publication>"
            f"<news:name>{words(name)}</news:name><news:language>{words(lang)}</news:language></news:publication>"
            f"<news:publication_date>{w3c(at)}</news:publication_date><news:title>{words(headline)}</news:title>"
            "</news:news>",
        )


# ---- everything else: lists of (path, date or moment of the last change, or None)


def pages():
    """The front page, the lists of the site and its static pages. One query."""
    static = {page.address: page.dated for page in Page.objects.all()}
    return list({**{path: None for path in OTHER_PAGES if is_answered(path)}, **static}.items())


def is_answered(path):
    """Whether an address has a view of its own."""
    return resolve(path).url_name != "by_path"


def sections():
    """Every section, with its newest story or that of its subsections. Two queries."""
    newest = dict(listed().values("section").annotate(newest=Max("publish_at")).values_list("section", "newest"))
    rows = list(Section.objects.values_list("pk", "parent", "path"))
    for pk, parent, _ in rows:
        if parent and pk in newest:
            newest[parent] = max(newest[pk], newest.get(parent, newest[pk]))
    return [(reverse("by_path", args=[path]), newest.get(pk)) for pk, _, path in rows]


def columns():
    """Columns with public stories. One query."""
    if not is_answered("/columns/x/"):
        return []
    rows = Column.objects.filter(articles__in=listed()).annotate(newest=Max("articles__publish_at")).order_by("slug")
    return [(f"/columns/{quote(slug)}/", newest) for slug, newest in rows.values_list("slug", "newest")]


def reporters():
    """Reporters with public stories. One query."""
    rows = Byline.objects.filter(article__in=listed()).order_by("reporter__slug").values_list("reporter__slug")
    return [(reverse("reporter", args=[slug]), newest) for slug, newest in rows.annotate(Max("article__publish_at"))]


def newsletters():
    """The archive of every letter that has issues, and the issues, newest first. Two queries."""
    issues = list(Issue.objects.public().values_list("newsletter__slug", "day"))
    newest = dict(reversed(issues))
    letters = Newsletter.objects.filter(slug__in=newest).values_list("slug", flat=True)
    rows = [(reverse("newsletter", args=[slug]), newest[slug]) for slug in letters]
    return rows + [(reverse("newsletter_issue", args=[slug, f"{day:%Y-%m-%d}"]), day) for slug, day in issues]


def topics():
    """Topics with public stories that are not thin. One query."""
    rows = ArticleTag.objects.of_public().order_by("tag__slug")
    rows = rows.values_list("tag__slug", "tag__description").annotate(Count("pk"), Max("publish_at"))
    return [
        (reverse("topic", args=[slug]), newest)
        for slug, description, stories, newest in rows
        if stories >= THIN or description
    ]


LISTS = {
    "pages": pages,
    "sections": sections,
    "columns": columns,
    "topics": topics,
    "reporters": reporters,
    "newsletters": newsletters,
}


# ---- files


def file_path(name, part=1):
    """The path of a file of a sitemap: /sitemaps/topics.xml, /sitemaps/topics-2.xml."""
    return f"/sitemaps/{name}-{part}.xml" if part > 1 else f"/sitemaps/{name}.xml"


def part_of(rows, part, size):
    """The rows of a list or query set that stand in one file."""
    return rows[(part - 1) * size : part * size]


def parts(count, size):
    """The numbers of the files that so many rows fill."""
    return range(1, -(-count // size) + 1)


def index_entries():
    """The entries of the index: every file but that for news. 9 queries, and one for each month in several files."""
    for name, rows_of in LISTS.items():
        rows = rows_of()
        for part in parts(len(rows), PER_FILE):
            latest = max((w3c(changed) for _, changed in part_of(rows, part, PER_FILE)), default="")
            yield entry(file_path(name, part), latest, tag="sitemap")
    for first, stories, latest in months():
        for part in parts(stories, PER_FILE):
            if stories > PER_FILE:
                latest = part_of(of_month(first), part, PER_FILE).aggregate(latest=Max("changed"))["latest"]
            yield entry(file_path(f"articles-{first:%Y-%m}", part), w3c(latest), tag="sitemap")


def news_index_entries(rows):
    """The entries of the index of news, where they fill several files."""
    for part in parts(len(rows), NEWS_PER_FILE):
        latest = max(published for _, _, published, *_ in part_of(rows, part, NEWS_PER_FILE))
        yield entry(f"/sitemaps/news-{part}.xml", w3c(latest), tag="sitemap")
