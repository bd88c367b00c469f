"""Every act on a story that writes more than one row. Each is one transaction."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from photos import renditions
from photos.models import Photo

from . import readiness
from .models import Announcement, Article, ArticlePhoto, ArticleVersion, Byline, Correction, DeskNote, Reporter

# Pictures narrower than this would be blown up on a telephone.
NARROWEST = 240
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
    last = article.versions.filter(base__isnull=True).order_by("-number").first()
    if last and last.content == content and last.kind == kind and note in ("", last.note):
        return last
    return article.versions.create(
        number=_next_number(article), kind=kind, note=note, author=by, content=content, public_from=public_from
    )


def _next_number(article):
    return (article.versions.aggregate(last=Max("number"))["last"] or 0) + 1


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

    Raises ValidationError, one sentence for each thing that stops it (see `readiness`), before anything is written.
    """
    at = at or clock()
    stored = Article.objects.select_for_update().get(pk=article.pk)
    if stored.was_public():
        if stored.publish_at == at:
            return article
        raise ValidationError(_("This story is public already: its publication time cannot change any more."))
    if missing := readiness.errors(article, at):
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
    note_step(article, DeskNote.Step.SCHEDULED if article.is_scheduled() else DeskNote.Step.PUBLISHED, by=by)
    return article


def note_step(article, step, text="", by=None):
    """Writes down that a story took a step, for the desk only."""
    return article.desk_notes.create(step=step, text=text, author=by)


@transaction.atomic
def take_back(article, *, by=None):
    """Makes a scheduled story a draft again, with the moment and slug that it now has, and frees its address."""
    stored = Article.objects.select_for_update().get(pk=article.pk)
    if not stored.is_scheduled():
        raise ValidationError(_("Only a scheduled story can be made a draft again; a public one is withdrawn."))
    article.versions.filter(public_from=stored.publish_at).update(public_from=None)
    article.announcements.filter(done_at=None).delete()
    article.status, article.address_date = Article.Status.DRAFT, None
    article.save(update_fields=["status", "address_date", "publish_at", "slug"])
    note_step(article, DeskNote.Step.TAKEN_BACK, by=by)
    return article


@transaction.atomic
def hand_in(article, note="", *, by=None):
    """Gives a draft to the desk for review, with a note if there is something to say."""
    _set_status(article, Article.Status.DRAFT, Article.Status.IN_REVIEW, _("Only a draft can be handed in."))
    note_step(article, DeskNote.Step.HANDED_IN, note, by)
    return article


@transaction.atomic
def hand_back(article, note="", *, by=None):
    """Gives a story in review back to its writer, with a note that says what to do."""
    message = _("Only a story in review can be handed back.")
    _set_status(article, Article.Status.IN_REVIEW, Article.Status.DRAFT, message)
    note_step(article, DeskNote.Step.HANDED_BACK, note, by)
    return article


def _set_status(article, before, after, message):
    if not Article.objects.filter(pk=article.pk, status=before).update(status=after):
        raise ValidationError(message)
    article.status = after


@transaction.atomic
def withdraw(article, reason, at=None, *, by=None):
    """Takes a public story back: its address answers 410 with the reason, and nothing lists it any more."""
    at = at or clock()
    stored = Article.objects.select_for_update().get(pk=article.pk)
    if not stored.is_public(at):
        raise ValidationError(_("Only a public story can be withdrawn; put a draft into the bin instead."))
    if not reason.strip():
        raise ValidationError(_("Write the reason: readers see it at the story's address."))
    article.withdrawn_at, article.withdrawal_reason = at, reason
    article.save(update_fields=["withdrawn_at", "withdrawal_reason"])
    tell_hub(article, at)
    note_step(article, DeskNote.Step.WITHDRAWN, reason, by)
    return article


@transaction.atomic
def restore(article, *, by=None):
    """Brings a withdrawn story back to its address."""
    if not article.withdrawn_at:
        raise ValidationError(_("This story was not withdrawn."))
    article.withdrawn_at, article.withdrawal_reason = None, ""
    article.save(update_fields=["withdrawn_at", "withdrawal_reason"])
    tell_hub(article)
    note_step(article, DeskNote.Step.RESTORED, by=by)
    return article


@transaction.atomic
def correct(article, text, *, kind=Correction.Kind.CORRECTION, by=None, at=None):
    """Puts a dated note under a public story, moves its “Updated” stamp and keeps a version; returns the note."""
    at = at or clock()
    if not text.strip():
        raise ValidationError(_("Write what was wrong and what is right."))
    if not article.is_public(at):
        raise ValidationError(_("Only a public story is corrected in public; simply edit this one."))
    note = article.corrections.create(kind=kind, text=text, published_at=at, author=by)
    article.updated_at = at
    article.save(update_fields=["updated_at"])
    record_version(article, kind=kind, note=text, by=by, public_from=at)
    tell_hub(article, at)
    return note


# ---- photos framed for one story


def set_crop(use, ratio, box):
    """Frames a photo for one use: the box (left, top, right, bottom, in parts of the photo) of a ratio; None: as usual.

    Makes the pictures first, so that no page names one that is not there. Raises ValidationError for a box that is
    none, or too small to be shown.
    """
    if ratio not in renditions.RATIOS or renditions.RATIOS[ratio] is None:
        raise ValidationError(_("There is no such ratio."))
    crops = dict(use.crop or {})
    crops.pop(ratio, None)
    if box is not None:
        crops[ratio] = [round(float(part), 3) for part in box]
        left, top, right, bottom = crops[ratio]
        if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
            raise ValidationError(_("The frame must lie inside the photo."))
        if (right - left) * use.photo.width < NARROWEST:
            message = _("This frame shows less than %(width)s pixels of the photo: make it larger.")
            raise ValidationError(message % {"width": NARROWEST})
    use.crop = crops or None
    renditions.make_own(use.framed)
    type(use).objects.filter(pk=use.pk).update(crop=use.crop)
    return use


def remake_crops(photo):
    """Makes the pictures of every use that frames the photo anew, after its file or its words changed."""
    for use in photo.uses.exclude(crop=None).select_related("photo"):
        renditions.make_own(use.framed, again=True)


# ---- versions put back, and changes that wait for their moment


def put_content(article, content):
    """Writes a version's words, bylines, photo uses and tags into the story. At most 12 queries.

    What has gone since (a reporter, a photo) is left out; what the version does not know stays as it is.
    """
    for field in VERSION_FIELDS:
        if field in content:
            setattr(article, field, content[field])
    article.save(update_fields=[field for field in VERSION_FIELDS if field in content])
    if "bylines" in content:
        wanted = {line["reporter"]: line["role"] for line in content["bylines"]}
        reporters = {reporter.slug: reporter for reporter in Reporter.objects.filter(slug__in=wanted)}
        article.bylines.all().delete()
        Byline.objects.bulk_create(
            Byline(article=article, reporter=reporters[slug], role=role, position=place)
            for place, (slug, role) in enumerate(wanted.items())
            if slug in reporters
        )
    if "photos" in content:
        _put_photos(article, content["photos"])
    if "tags" in content:
        article.tags.set(content["tags"])
    refresh_texts(article)


def _put_photos(article, uses):
    photos = {str(photo.uuid): photo for photo in Photo.objects.filter(uuid__in=[use["photo"] for use in uses])}
    article.photo_uses.all().delete()
    ArticlePhoto.objects.bulk_create(
        ArticlePhoto(
            article=article,
            photo=photo,
            position=place,
            placement=use["placement"],
            decorative=use["decorative"],
            crop=use.get("crop"),
            # Words that are the photo's own follow it, as they did before.
            caption=_own(use["caption"], photo.caption),
            credit=_own(use["credit"], photo.credit),
            alt_text="" if use["decorative"] else _own(use["alt_text"], photo.alt_text),
        )
        for place, use in enumerate(uses)
        if (photo := photos.get(use["photo"]))
    )


def _own(words, of_photo):
    return "" if words == of_photo else words


@transaction.atomic
def restore_version(article, version, *, by=None, kind=None, note=""):
    """Makes a story's words, bylines, photos and tags those of an earlier version, as a new edit; returns its version.

    For a public story `kind` and `note` say what readers are told, as in `finish_edit`.
    """
    Article.objects.select_for_update().get(pk=article.pk)
    put_content(article, version.content)
    if article.is_public() and kind in Correction.Kind.values:
        correct(article, note, kind=kind, by=by)
        return article.versions.order_by("-number").first()
    return finish_edit(article, by=by, kind=kind, note=note)


@transaction.atomic
def schedule_change(article, content, at, *, base, kind=ArticleVersion.Kind.UPDATE, note="", by=None):
    """Keeps a changed content of a public story, which readers see from `at` on; returns the waiting version.

    `base` is the content that readers see now. Raises ValidationError for a story that is not public, a moment that
    is past, a content that changes nothing, and where a change waits already.
    """
    Article.objects.select_for_update().get(pk=article.pk)
    if not article.is_public():
        raise ValidationError(_("Only a public story is changed at a time to come; simply edit this one."))
    if at <= timezone.now():
        raise ValidationError(_("This moment is past. Write one to come."))
    if content == base:
        raise ValidationError(_("Nothing differs from what readers see now."))
    if kind in Correction.Kind.values and not note.strip():
        raise ValidationError(_("Write what was wrong and what is right: readers see it under the story."))
    if article.versions.waiting().exists():
        raise ValidationError(_("A change of this story waits already: call that one off first."))
    return article.versions.create(
        number=_next_number(article), kind=kind, note=note, author=by, content=content, base=base, public_from=at
    )


def cancel_change(article):
    """Calls off the change that waits; returns whether there was one."""
    return bool(article.versions.waiting().delete()[0])


@transaction.atomic
def rebase_change(article):
    """Brings what was just edited in a public story into the change that waits, unless that changes the same part.

    Returns the names of the parts that both change, in which the waiting change will win.
    """
    waiting = article.versions.waiting().select_for_update().first()
    if waiting is None:
        return []
    now, both = content_of(article), []
    for part, value in now.items():
        if value == waiting.base.get(part):
            continue
        if waiting.content.get(part) == waiting.base.get(part):
            waiting.content[part] = value
        elif waiting.content.get(part) != value:
            both.append(part)
    waiting.base = now
    waiting.save(update_fields=["content", "base"])
    return both


def apply_due_changes(at=None, article=None):
    """Puts every waiting change whose moment has come before the readers; returns how many. One query if none.

    Any process may call it at any time: each change is applied once, in its own transaction.
    """
    at = at or timezone.now()
    due = ArticleVersion.objects.waiting().filter(public_from__lte=at)
    if article is not None:
        due = due.filter(article=article)
    return sum(_apply_change(pk) for pk in due.order_by("public_from", "pk").values_list("pk", flat=True))


@transaction.atomic
def _apply_change(pk):
    version = ArticleVersion.objects.select_for_update().waiting().filter(pk=pk).first()
    if version is None:  # another process was quicker
        return 0
    article = Article.objects.select_for_update().get(pk=version.article_id)
    put_content(article, version.content)
    moment = version.public_from
    if version.kind != ArticleVersion.Kind.TYPO:
        article.updated_at = moment
        article.save(update_fields=["updated_at"])
    if version.kind in Correction.Kind.values:
        article.corrections.create(kind=version.kind, text=version.note, published_at=moment, author=version.author)
    version.base = None
    version.save(update_fields=["base"])
    tell_hub(article)
    return 1
