"""What goes into an edition: the front of the day, and what was published since the edition before."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from articles.models import Article
from articles.opening import closed
from photos import renditions
from photos.models import Photo
from rankings.fronts import fill_front, find_front
from sections.models import Section

from .access import premium_in_full
from .layout import Brief, Picture, Story
from .text import clean, paragraphs_of, words_of

# Where no edition came before, and how far back one reaches at most.
USUAL, LONGEST = timedelta(hours=24), timedelta(hours=72)
MOST = 160
# Older stories with which the last page is filled, and how old they may be.
SPARE, SPARE_AGE = 60, timedelta(days=7)
# Zones of the front from which its printed page is made, in this order.
FRONT_STORIES = 5

# Where the rest of a premium story stands.
REST, REST_KO = "Subscribers read the whole story at {}.", "전문은 구독자에게 {}에서 제공합니다."


@dataclass
class Content:
    """The stories of an edition, each in order, and the moments between which they were published."""

    front: list
    inside: list
    spare: list
    briefs: list
    since: datetime
    until: datetime


def closing_moment(edition, now=None):
    """Until when stories go in: now for today's edition; for an older one as before, or the end of its day."""
    now = now or timezone.now()
    if edition.date >= timezone.localdate(now):
        return now
    end = timezone.make_aware(datetime.combine(edition.date + timedelta(days=1), time()))
    return edition.closes_at if edition.closes_at and edition.closes_at < end else end - timedelta(microseconds=1)


def load_content(edition, until):
    """The Content of an edition that closes at a moment: only what is public then and now. About 14 queries."""
    before = type(edition).objects.filter(date__lt=edition.date, closes_at__isnull=False).order_by("-date").first()
    since = max(before.closes_at if before else until - USUAL, until - LONGEST)
    placed = _front_entries(until)
    public = Article.objects.published()
    fresh = public.published(until).filter(publish_at__gt=since)
    ids = [*placed, *fresh.latest_first().values_list("pk", flat=True)[:MOST]]
    rows = {row.pk: row for row in public.filter(pk__in=ids).order_by().for_feed()}
    older = public.published(until).filter(publish_at__gt=until - SPARE_AGE).exclude(pk__in=ids)
    if before:  # what was printed is not printed again
        older = older.exclude(pk__in=edition.printed_before())
    spare = list(older.latest_first().for_feed()[:SPARE])
    order = {path: number for number, path in enumerate(Section.objects.top().values_list("path", flat=True))}
    stories = {pk: story_of(row, placed.get(pk)) for pk, row in rows.items()}
    ranks = {pk: number for number, pk in enumerate(placed)}

    def place(pk):
        row = rows[pk]
        return order.get(row.section.top_path, len(order)), ranks.get(pk, len(ranks)), -len(row.body), row.pk

    front = [pk for pk in placed if pk in rows and _suits_front(rows[pk])][:FRONT_STORIES]
    if not front:
        front = sorted((pk for pk in rows if _suits_front(rows[pk])), key=lambda pk: (not rows[pk].lead, place(pk)))
        front = front[:FRONT_STORIES]
    for pk in rows:
        stories[pk].weight = 1000 - ranks[pk] if pk in ranks else len(rows[pk].body) / 1000
    return Content(
        front=[stories[pk] for pk in front],
        # What stands on the front for longer than the paper is old was printed before.
        inside=[stories[pk] for pk in sorted(rows, key=place) if pk not in front and rows[pk].publish_at > since],
        spare=[story_of(row) for row in spare if row.access != Article.Access.PREMIUM],
        briefs=[brief_of(row) for row in spare if row.deck],
        since=since,
        until=until,
    )


def _front_entries(until):
    """{story id: Entry} of what stood on the front page at a moment, the most important first. Seven queries."""
    home = find_front()
    page = fill_front(home, until) if home else None
    found = {}
    for zone in page.zones if page else ():
        for entry in zone.entries:
            if not zone.path.startswith("opinion") and entry.article.format != Article.Format.VIDEO:
                found.setdefault(entry.article.pk, entry)
    own = [entry for entry in found.values() if entry.photo]
    # Of a placement's picture a page knows only where it lies.
    photos = {photo.token: photo for photo in Photo.objects.filter(token__in=[entry.photo.token for entry in own])}
    for entry in own:
        entry.photo = photos.get(entry.photo.token)
    return found


def _suits_front(row):
    """Whether a story may stand on the first page, which everybody sees: one with a text that is free."""
    return row.format == Article.Format.STORY and row.access != Article.Access.PREMIUM and len(row.body) > 200


def story_of(row, entry=None):
    """A row of `for_feed` as a Story; an Entry of a front gives the words and the picture that it has there.

    Of a premium story only the opening, where not everybody who reads the edition has paid.
    """
    row = row if premium_in_full() else closed(row)
    lang = "ko" if row.lang == "ko" else "en"
    headline = clean(entry.headline if entry else row.headline) or clean(row.headline) or "–"
    byline = clean(row.byline_text)
    source = clean(row.source)
    return Story(
        pk=row.pk,
        section=clean(row.section.parent.name if row.section.parent_id else row.section.name),
        lang=lang,
        kicker=clean(f"{row.label_beside_kicker} / {row.kicker_text}" if row.label_beside_kicker else row.kicker_text),
        headline=headline,
        deck=clean(entry.deck if entry else row.deck),
        byline=(f"By {byline}" if lang == "en" and byline else byline) or source,
        paragraphs=paragraphs_of(row.body, row.dateline) + (_to_the_rest(lang) if row.is_closed else []),
        photo=_picture(row, entry.photo if entry else None),
        whole_photo=row.format == Article.Format.CARTOON,
        url=row.get_absolute_url(),
    )


def _to_the_rest(lang):
    """The paragraph that ends the opening of a premium story."""
    words = REST_KO if lang == "ko" else REST
    return [["p", words_of(words.format(urlsplit(settings.SITE_URL).hostname), "i")]]


def brief_of(row):
    """A row of `for_feed` as a Brief."""
    lang = "ko" if row.lang == "ko" else "en"
    section = row.section.parent or row.section
    return Brief(clean(row.headline), clean(row.deck), lang, clean(section.name), url=row.get_absolute_url(), pk=row.pk)


def _picture(row, own):
    use = row.lead
    photo = own or (use.photo if use else None)
    if photo is None or not photo.rendered_at or not photo.width or not photo.height:
        return None
    words = use if use and use.photo.pk == photo.pk else None
    width, _ = renditions.jpeg_size(photo.width, photo.height, "full")
    shown = clean(words.shown_caption if words else photo.caption)
    alt = clean(words.shown_alt if words else photo.alt_text) or shown or clean(row.headline)
    return Picture(
        pk=photo.pk,
        file=renditions.name(photo, "full", width, "jpg"),
        ratio=photo.width / photo.height,
        focal=(photo.focal_x, photo.focal_y),
        alt=alt,
        words=shown,
        credit=clean(words.shown_credit if words else photo.credit),
    )
