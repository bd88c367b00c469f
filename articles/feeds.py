"""The feeds and the page that lists them. `channels` says what a feed is of, `syndication` how it is written."""

import hashlib
import uuid
from dataclasses import replace
from datetime import UTC, datetime

from django.conf import settings
from django.db.models import Exists, Max, OuterRef
from django.db.models.functions import Greatest
from django.http import Http404, HttpResponse, HttpResponsePermanentRedirect
from django.template.loader import get_template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import http_date
from django.views.decorators.http import require_safe

from photos import renditions
from sections.html import for_elsewhere
from sections.models import MastheadFact, Redirect, Section
from sections.pages import absolute, render_page
from sections.surrogates import note_lists

from . import channels
from .body import photos_in, render_body
from .models import Alias, Article, Byline, Column, Correction, Reporter, Tag
from .querysets import NOT_ON_CARDS
from .syndication import Feed, Item, Media, Medium, write

FEED_SIZE = 30
# What an empty feed says of its last change.
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
THUMBNAIL = 480


@require_safe
def feed(request, name, form):
    """The newest stories of a channel as RSS, Atom or JSON Feed, with decks or (`?text=full`) with their text.

    404 for a channel that does not exist, 301 for one that has another name now, 304 for who has it already.
    Six queries.
    """
    at, full = timezone.now(), request.GET.get("text") == "full"
    if name == "corrections":
        note_lists("corrections")
        channel, (stories, items, changed) = channels.of_corrections(), load_corrections(at)
    else:
        channel, articles = find(name, request.GET.get("q", ""))
        if channel is None:
            return moved(request, name, form)
        stories, items, changed = load_stories(articles, at, full)
        # The name of a topic or column that has nothing public yet could give an embargo away.
        if not items and name.startswith(("topics/", "columns/")):
            raise Http404("There is no such feed.")
    return answer(request, describe(channel, form, full, items, changed), form, stories if full else [])


def answer(request, whole, form, texts):
    """The response with a Feed, which carries the texts of the stories `texts`; 304 before anything is written."""
    # Everything that decides the bytes: what items say, and what their texts are made of.
    made_of = [whole, form, [text_made_of(story) for story in texts]]
    tag, moment = f'"{hashlib.sha256(repr(made_of).encode()).hexdigest()[:32]}"', int(whole.changed.timestamp())
    response = get_conditional_response(request, etag=tag, last_modified=moment)
    if response is None:
        if texts:
            whole = replace(
                whole, items=[with_text(item, story) for item, story in zip(whole.items, texts, strict=True)]
            )
        content_type, text = write(whole, form)
        response = HttpResponse(text, content_type=content_type)
    response["ETag"], response["Last-Modified"] = tag, http_date(moment)
    if whole.hub:
        response["Link"] = f'<{whole.hub}>; rel="hub", <{whole.url}>; rel="self"'
    age = settings.PAGE_MAX_AGE
    patch_cache_control(response, **({"public": True, "max_age": age, "s_maxage": age} if age else {"no_store": True}))
    return response


def find(name, words):
    """(channel, its articles of any state) of the name in a feed's address, (None, None) for no channel. One query."""
    articles = Article.objects.all()
    match name.partition("/"):
        case ("paper", "", ""):
            note_lists("stories")
            return channels.of_paper(), articles
        case ("search", "", ""):
            channel = channels.of_search(words)
            return (channel, articles.search(channel.words)) if channel else (None, None)
        case ("sections", "/", path):
            section = Section.objects.with_parent().filter(path=path).first()
            if section:
                note_lists(f"section-{section.pk}-stories")
            return (channels.of_section(section), articles.in_section(section)) if section else (None, None)
        case ("reporters", "/", slug):
            reporter = Reporter.objects.filter(slug=slug).first()
            if reporter:
                note_lists(f"reporter-{reporter.pk}-stories")
            return (channels.of_reporter(reporter), articles.by(reporter)) if reporter else (None, None)
        case ("topics", "/", slug):
            tag = Tag.objects.filter(slug=slug).first()
            if tag:
                note_lists(f"tag-{tag.pk}-stories")
            return (channels.of_topic(tag), articles.tagged(tag)) if tag else (None, None)
        case ("columns", "/", slug):
            column = Column.objects.filter(slug=slug).first()
            if column:
                note_lists(f"column-{column.pk}-stories")
            return (channels.of_column(column), articles.filter(column=column)) if column else (None, None)
    return None, None


def moved(request, name, form):
    """A permanent redirect to the feed of what has another name now: nobody subscribes twice. One query.

    Raises Http404 where there never was such a feed.
    """
    channel = None
    match name.partition("/"):
        case ("sections", "/", path):
            new_path = Redirect.objects.filter(old_path=f"/{path}/").values_list("new_path", flat=True).first()
            section = Section.objects.with_parent().filter(path=new_path.strip("/")).first() if new_path else None
            channel = section and channels.of_section(section)
        case ("topics", "/", slug):
            alias = Alias.objects.filter(slug=slug, tag__isnull=False).select_related("tag").first()
            channel = alias and channels.of_topic(alias.tag)
        case ("reporters", "/", slug):
            alias = Alias.objects.filter(slug=slug, reporter__isnull=False).select_related("reporter").first()
            channel = alias and channels.of_reporter(alias.reporter)
    if channel is None:
        raise Http404("There is no such feed.")
    return HttpResponsePermanentRedirect(channel.address(form, full=request.GET.get("text") == "full"))


def load_stories(articles, at, full):
    """(public stories, their items, when what they show last changed) of a channel's articles. Four queries."""
    stories = articles.published(at).latest_first().for_feed()
    stories = list((stories if full else stories.defer(*NOT_ON_CARDS, "video__transcript"))[:FEED_SIZE])
    moments = [EPOCH, *(max(story.publish_at, story.changed_at) for story in stories)]
    # A story that was withdrawn changed the feed by leaving it.
    gone = articles.withdrawn(at)
    if len(stories) == FEED_SIZE:
        gone = gone.filter(publish_at__gte=stories[-1].publish_at)
    left = gone.order_by().aggregate(last=Max(Greatest("withdrawn_at", "changed_at")))["last"]
    return stories, [story_item(story) for story in stories], max(*moments, left or EPOCH)


def load_corrections(at):
    """(nothing, an item for each of the newest corrections of public stories, when they last changed). Two queries."""
    notes = list(
        Correction.objects.filter(published_at__lte=at, article__in=Article.objects.published(at))
        .select_related("article")
        .defer(*(f"article__{name}" for name in NOT_ON_CARDS))[:FEED_SIZE]
    )
    corrected = Article.objects.filter(pk__in=Correction.objects.order_by().values("article"))
    left = corrected.withdrawn(at).aggregate(last=Max(Greatest("withdrawn_at", "changed_at")))["last"]
    moments = [EPOCH, left or EPOCH, *(max(note.published_at, note.article.changed_at) for note in notes)]
    return [], [correction_item(note) for note in notes], max(moments)


def describe(channel, form, full, items, changed):
    """The Feed of a channel. One query."""
    facts = dict(MastheadFact.objects.in_force().values_list("kind", "value"))
    name = facts.get(MastheadFact.Kind.NAME, settings.SITE_NAME)
    return Feed(
        title=f"{channel.title} — {name}" if channel.title else name,
        description=channel.description or f"The newest stories: {channel.title or facts.get('motto') or name}",
        page=absolute(channel.page),
        url=absolute(channel.address(form, full)),
        paper=name,
        paper_url=absolute("/"),
        logo=absolute(static("img/feed.png")),
        rights=facts.get(MastheadFact.Kind.COPYRIGHT, f"Copyright © {name}. All rights reserved."),
        changed=changed.replace(microsecond=0),
        hub=settings.WEBSUB_HUB if channel.is_announced else "",
        items=items,
    )


# ---- one story


def story_item(story):
    """A story as a feed's item, without its text; it must come from `for_feed`."""
    writers = [credit for credit in story.credits if not credit.role] or story.credits
    filed = [story.section.name, *([story.column.name] if story.column else [])]
    return Item(
        guid=story.guid.urn,
        title=story.headline,
        link=absolute(story.get_absolute_url()),
        published=story.publish_at,
        updated=story.updated_at if story.was_updated else story.publish_at,
        summary=story.deck,
        lang=story.lang,
        authors=tuple((one.reporter.name, absolute(one.reporter.get_absolute_url())) for one in writers),
        categories=tuple(dict.fromkeys([*filed, *(tag["name"] for tag in story.tag_list)])),
        media=tuple(one for one in (picture_of(story), film_of(story)) if one),
    )


def correction_item(note):
    """A note under a story as a feed's item: an entry of its own, which stays as it is when another follows."""
    kind = note.get_kind_display()
    return Item(
        guid=uuid.uuid5(note.article.guid, note.published_at.astimezone(UTC).isoformat()).urn,
        title=f"{kind}: {note.article.headline}",
        link=absolute(note.article.get_absolute_url()),
        published=note.published_at,
        updated=note.published_at,
        summary=note.text,
        categories=(kind,),
    )


def picture_of(story):
    """The lead photo in all sizes, the JPEG first, which everything can show; None without pictures."""
    use = story.lead
    if use is None or not use.photo.rendered_at:
        return None
    photo, whole = use.framed, use.photo.picture()
    jpeg = Medium(absolute(whole.src), "image/jpeg", whole.width, whole.height)
    sizes = renditions.sizes(photo.width, photo.height, "3x2", renditions.own_box(photo, "3x2"))
    return Media(
        files=(jpeg, *(webp(photo, "full", *size) for size in renditions.sizes(photo.width, photo.height, "full"))),
        title=use.shown_alt or story.headline,
        caption=use.shown_caption,
        credit=use.shown_credit,
        thumbnail=webp(photo, "3x2", *next((size for size in sizes if size[0] >= THUMBNAIL), sizes[-1])),
    )


def webp(photo, crop, width, height):
    """One WebP picture of a photo."""
    path = settings.MEDIA_URL + renditions.name(photo, crop, width, "webp")
    return Medium(absolute(path), "image/webp", width, height)


def film_of(story):
    """The story's film; None without a file of ours, and where the story is for subscribers."""
    video = getattr(story, "video", None)
    if video is None or not video.file or story.access != Article.Access.FREE:
        return None
    poster = picture_of(story)
    kind = "video/webm" if video.file.name.endswith(".webm") else "video/mp4"
    file = Medium(absolute(settings.MEDIA_URL + video.file.name), kind, seconds=video.seconds)
    return Media((file,), story.headline, caption=story.deck, thumbnail=poster and poster.thumbnail)


def with_text(item, story):
    """The item with the story's full text, unless the story is for subscribers."""
    return replace(item, html=full_text(story)) if story.access == Article.Access.FREE else item


def full_text(story):
    """The story's page as HTML that needs nothing of this site: photos with captions, text, notes, origin."""
    gallery = story.format in (Article.Format.GALLERY, Article.Format.CARTOON)
    in_text = photos_in(story.body)
    lead = [story.lead] if story.lead and str(story.lead.photo.uuid) not in in_text else []
    film = film_of(story)
    context = {
        "story": story,
        "film": film and film.files[0],
        "opening": story.all_uses if gallery else [] if film else lead,
        "body": render_body(story, [] if gallery else story.all_uses, "components/feed_figure.html"),
    }
    html = get_template("articles/feed_text.html").render(context)
    return for_elsewhere(html, absolute(story.get_absolute_url()))


def text_made_of(story):
    """What `full_text` is made of besides the item, as plain values: when these are the same, so is the text."""
    uses = [
        (use.photo.uuid, use.photo.rendered_at, use.shown_caption, use.shown_credit, use.shown_alt, use.placement)
        for use in story.all_uses
    ]
    return story.pk, story.edit_version, uses, story.correction_list


# ---- the page


@require_safe
def service(request):
    """The RSS Service page: every feed there is, and the one of the words in `?q=`. Five queries."""
    search = channels.of_search(request.GET.get("q", ""))
    public = Article.objects.published()
    sections = list(Section.objects.with_parent().order_by("position", "name"))
    below = [
        [top, *(section for section in sections if section.parent_id == top.pk)]
        for top in sections
        if top.parent_id is None
    ]
    columns = Column.objects.filter(pk__in=public.filter(column__isnull=False).order_by().values("column"))
    credited = Byline.objects.filter(reporter=OuterRef("pk"), article__in=public)
    reporters = Reporter.objects.active().filter(Exists(credited))
    context = {
        "search": search,
        "made": [[search]],
        "whole": [[channels.of_paper()], [channels.of_corrections()]],
        "sections": [[channels.of_section(section) for section in group] for group in below],
        "columns": [[channels.of_column(column)] for column in columns],
        "reporters": [[channels.of_reporter(reporter)] for reporter in reporters],
        "hub": settings.WEBSUB_HUB,
        "size": FEED_SIZE,
    }
    return render_page("articles/feeds.html", context, canonical="/products/rss/")
