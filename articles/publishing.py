"""Every act on a story that writes more than one row. Each is one transaction."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from .models import Announcement, Article, ArticleVersion, Correction

VERSION_FIELDS = ("headline", "short_headline", "label", "kicker", "deck", "dateline", "body", "lang", "format")


def clock():
    """Now, to the thousandth of a second: a dump keeps no more, and a story's moment must survive it."""
    now = timezone.now()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def free_slug(article, day):
    """A slug for the article that no other story of the day has: its own, or made from the headline."""
    base = (article.slug or slugify(article.headline, allow_unicode=True))[:110].strip("-") or "story"
    others = set(
        Article.objects.filter(address_date=day, slug__startswith=base)
        .exclude(pk=article.pk)
        .values_list("slug", flat=True)
    )
    return next(slug for slug in (base, *(f"{base}-{n}" for n in range(2, 10_000))) if slug not in others)


def content_of(article):
    """The story as a version keeps it: words, bylines, photo uses and tags, as JSON. Four queries."""
    return {
        **{field: getattr(article, field) for field in VERSION_FIELDS},
        "section": article.section.path,
        "bylines": [
            {"reporter": byline.reporter.slug, "name": byline.reporter.name, "role": byline.role}
            for byline in article.bylines.select_related("reporter")
        ],
        "photos": [
            {
                "photo": str(use.photo.uuid),
                "placement": use.placement,
                "caption": use.shown_caption,
                "credit": use.shown_credit,
                "alt_text": use.shown_alt,
                "decorative": use.decorative,
                "crop": use.crop,
            }
            for use in article.photo_uses.select_related("photo")
        ],
        "tags": sorted(article.tags.names()),
    }


def record_version(article, *, kind=ArticleVersion.Kind.DRAFT, note="", by=None, public_from=None):
    """Keeps the story as it stands as its next version; returns it, or the last one if nothing differs.

    Another kind (a draft that is published unchanged) or another note alone makes a version too.
    """
    content = content_of(article)
    last = article.versions.order_by("-number").first()
    if last and last.content == content and last.kind == kind and note in ("", last.note):
        return last
    number = (last.number if last else 0) + 1
    return article.versions.create(
        number=number, kind=kind, note=note, author=by, content=content, public_from=public_from
    )


def refresh_texts(article):
    """Writes the names of tags and reporters into the article's own columns, for search and cards."""
    bylines = article.bylines.select_related("reporter")
    names = [byline.reporter.name for byline in bylines if not byline.role] or [
        byline.reporter.name for byline in bylines
    ]
    tag_text, byline_text = ", ".join(sorted(article.tags.names())), join_names(names)
    if (article.tag_text, article.byline_text) != (tag_text, byline_text):
        article.tag_text, article.byline_text = tag_text, byline_text
        Article.objects.filter(pk=article.pk).update(tag_text=tag_text, byline_text=byline_text)


def tell_hub(article, at=None):
    """Notes that the feed hub is to be told of a story from a moment (now by default) on, where there is a hub."""
    if settings.WEBSUB_HUB:
        article.announcements.get_or_create(event=Announcement.Event.HUB, due_at=at or timezone.now())


def join_names(names):
    """The names as a sentence lists them: A; A and B; A, B and C."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


@transaction.atomic
def finish_edit(article, *, by=None, kind=None, note=""):
    """What follows every explicit save of a story with its photos and bylines: texts and a version.

    For a public story `kind` says what the edit was: a substantive one moves the “Updated” stamp and is kept as a
    version, which is returned; a typing mistake (also without a kind) does neither, and None is returned. What is
    changed in a scheduled story, readers see from its moment on.
    """
    refresh_texts(article)
    now = timezone.now()
    if article.is_scheduled(now):
        kind = kind or ArticleVersion.Kind.PUBLISHED
        return record_version(article, kind=kind, note=note, by=by, public_from=article.publish_at)
    if not article.is_public(now):
        return record_version(article, kind=kind or ArticleVersion.Kind.DRAFT, note=note, by=by)
    tell_hub(article)
    if kind in (None, ArticleVersion.Kind.TYPO):
        return None
    article.updated_at = now = clock()
    Article.objects.filter(pk=article.pk).update(updated_at=now)
    return record_version(article, kind=kind, note=note, by=by, public_from=now)


@transaction.atomic
def schedule(article, at=None, *, by=None):
    """Makes a story ready, to be public from `at` (now by default), and fixes its address.

    Raises ValidationError, one sentence for each thing that is missing, before anything is written.
    """
    at = at or clock()
    stored = Article.objects.select_for_update().get(pk=article.pk)
    if stored.was_public():
        if stored.publish_at == at:
            return article
        raise ValidationError("This story is public already: its publication time cannot change any more.")
    missing = []
    if not article.headline.strip():
        missing.append("Write a headline.")
    if not article.body.strip() and article.format not in (Article.Format.VIDEO, Article.Format.CARTOON):
        missing.append("Write the text.")
    if missing:
        raise ValidationError(missing)
    article.status = Article.Status.READY
    article.publish_at = at
    article.address_date = timezone.localtime(at).date()
    article.slug = free_slug(article, article.address_date)
    article.save(update_fields=["status", "publish_at", "address_date", "slug"])
    refresh_texts(article)
    # Versions that were to be seen from another moment move with the story.
    article.versions.filter(public_from__isnull=False, public_from=stored.publish_at).update(public_from=at)
    record_version(article, kind=ArticleVersion.Kind.PUBLISHED, by=by, public_from=at)
    article.announcements.filter(done_at=None).delete()
    tell_hub(article, at)
    return article


@transaction.atomic
def take_back(article):
    """Makes a scheduled story a draft again, with the moment and slug that it now has, and frees its address."""
    stored = Article.objects.select_for_update().get(pk=article.pk)
    if not stored.is_scheduled():
        raise ValidationError("Only a scheduled story can be made a draft again; a public one is withdrawn.")
    article.versions.filter(public_from=stored.publish_at).update(public_from=None)
    article.announcements.filter(done_at=None).delete()
    article.status, article.address_date = Article.Status.DRAFT, None
    article.save(update_fields=["status", "address_date", "publish_at", "slug"])
    return article


@transaction.atomic
def hand_in(article):
    """Gives a draft to the desk for review."""
    return _set_status(article, Article.Status.DRAFT, Article.Status.IN_REVIEW, "Only a draft can be handed in.")


@transaction.atomic
def hand_back(article):
    """Gives a story in review back to its writer."""
    message = "Only a story in review can be handed back."
    return _set_status(article, Article.Status.IN_REVIEW, Article.Status.DRAFT, message)


def _set_status(article, before, after, message):
    if not Article.objects.filter(pk=article.pk, status=before).update(status=after):
        raise ValidationError(message)
    article.status = after
    return article


@transaction.atomic
def withdraw(article, reason, at=None):
    """Takes a public story back: its address answers 410 with the reason, and nothing lists it any more."""
    at = at or clock()
    stored = Article.objects.select_for_update().get(pk=article.pk)
    if not stored.is_public(at):
        raise ValidationError("Only a public story can be withdrawn; change the status of this one instead.")
    if not reason.strip():
        raise ValidationError("Write the reason: readers see it at the story's address.")
    article.withdrawn_at, article.withdrawal_reason = at, reason
    article.save(update_fields=["withdrawn_at", "withdrawal_reason"])
    tell_hub(article, at)
    return article


@transaction.atomic
def restore(article):
    """Brings a withdrawn story back to its address."""
    if not article.withdrawn_at:
        raise ValidationError("This story was not withdrawn.")
    article.withdrawn_at, article.withdrawal_reason = None, ""
    article.save(update_fields=["withdrawn_at", "withdrawal_reason"])
    tell_hub(article)
    return article


@transaction.atomic
def correct(article, text, *, kind=Correction.Kind.CORRECTION, by=None, at=None):
    """Puts a dated note under a public story, moves its “Updated” stamp and keeps a version; returns the note."""
    at = at or clock()
    if not text.strip():
        raise ValidationError("Write what was wrong and what is right.")
    if not article.is_public(at):
        raise ValidationError("Only a public story is corrected in public; simply edit this one.")
    note = article.corrections.create(kind=kind, text=text, published_at=at, author=by)
    article.updated_at = at
    article.save(update_fields=["updated_at"])
    record_version(article, kind=kind, note=text, by=by, public_from=at)
    tell_hub(article, at)
    return note
