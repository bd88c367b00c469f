"""Writing one story: its fields, people, photos, old addresses, and the section it goes to."""

import hashlib
import io
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.text import slugify

from articles.models import Article, ArticlePhoto, ArticleVersion, Byline, OldAddress, Reporter
from articles.publishing import free_slug, record_version, refresh_texts
from articles.topics import find_topics
from photos import library
from photos.models import Photo
from sections.models import Page, Section

from .body import place_photos
from .changes import NOTE, seal
from .fields import Refused

# What a record decides under the same name; the moment and the address get fixed, so they are apart.
RECORD_FIELDS = (
    *("kicker", "label", "deck", "dateline", "format", "lang", "date_precision"),
    *("source", "source_url", "licence", "canonical_url", "access"),
)


@dataclass
class Step:
    """What a record adds to the paper besides its story; counts only when its transaction holds."""

    files: list = field(default_factory=list)
    sections: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    photos: int = 0


def write_story(article, record, section, step, *, store_files=True):
    """Makes a story, new or known, say what its record says. About 40 queries; call it in a transaction.

    `step` collects what is made besides it, also when it fails. Without `store_files`, rows of photos are
    made without their files. Raises Refused.
    """
    is_new = article.pk is None
    photos = find_or_make_photos(record, step, store_files)
    set_fields(article, record, step)
    article.section = section
    article.body = place_photos(record.body, photos)
    article.save()
    set_bylines(article, record.reporters)
    set_photo_uses(article, record.photos, photos)
    article.tags.set(find_topics(record.tags))
    add_old_addresses(article, record.legacy_paths)
    refresh_texts(article)
    keep_version(article, is_new)
    seal(article, record)


def keep_version(article, is_new):
    """Keeps the imported story as a version, public since the story is or, for an update, from now on."""
    kind, moment = ArticleVersion.Kind.PUBLISHED, article.publish_at
    if not is_new and article.is_public():
        kind, moment = ArticleVersion.Kind.UPDATE, timezone.now()
    source = article.external_source or "a file"
    note = f"{NOTE} from {source}." if is_new else f"{NOTE} again from {source}, where it was changed."
    record_version(article, kind=kind, note=note, public_from=moment)


def set_fields(article, record, step):
    """Takes the words, terms and dates of a record over; a public story keeps its address and its moment."""
    for name in RECORD_FIELDS:
        setattr(article, name, getattr(record, name))
    article.headline = record.title
    if article.pk and article.is_public():
        if article.publish_at != record.published_at:
            step.notes.append("published_at: changed at the source; a public story keeps its moment and address.")
    else:
        article.status, article.publish_at = Article.Status.READY, record.published_at
        article.address_date = timezone.localtime(record.published_at).date()
        article.slug = record.url_slug
        article.slug = free_slug(article, article.address_date)
        if article.slug != record.url_slug:
            step.notes.append(f"url_slug: the address is {article.slug}.")
    article.updated_at = record.updated_at if record.updated_at > article.publish_at else None


def set_bylines(article, people):
    """Credits these people, in order, and nobody else; reporters that do not exist yet are made."""
    article.bylines.all().delete()
    reporters = {}
    for person in people:
        reporter = find_or_make_reporter(person)
        reporters[reporter.pk] = reporter
    Byline.objects.bulk_create(
        Byline(article=article, reporter=reporter, position=position)
        for position, reporter in enumerate(reporters.values())
    )


def find_or_make_reporter(person):
    """The reporter of that name or alias, whatever its case; a missing bio is filled in."""
    room = Reporter._meta.get_field("slug").max_length
    slug = slugify(person.name, allow_unicode=True)[:room]
    reporter = Reporter.objects.known_as(slug)
    if reporter is None:
        reporter = Reporter.objects.create(slug=slug, name=person.name, bio=person.bio)
    if person.bio and not reporter.bio:
        Reporter.objects.filter(pk=reporter.pk).update(bio=person.bio)
    return reporter


def set_photo_uses(article, pictures, photos):
    """Gives the story these photos in order, the first one as its lead, with the words of each use."""
    article.photo_uses.all().delete()
    ArticlePhoto.objects.bulk_create(
        ArticlePhoto(
            article=article,
            photo=photo,
            position=position,
            placement=ArticlePhoto.Placement.INLINE if position else ArticlePhoto.Placement.LEAD,
            caption=picture.caption,
            credit=picture.credit,
            alt_text=picture.alt,
        )
        for position, (picture, photo) in enumerate(zip(pictures, photos, strict=True))
    )


def add_old_addresses(article, paths):
    """Makes these paths lead to the story. Raises Refused for one that leads to another story."""
    taken = dict(OldAddress.objects.filter(path__in=paths).values_list("path", "article"))
    for number, path in enumerate(paths):
        if taken.get(path, article.pk) != article.pk:
            raise Refused(f"legacy_paths[{number}]", f"{path} leads to another story already.")
    OldAddress.objects.bulk_create(OldAddress(article=article, path=path) for path in paths if path not in taken)


def find_or_make_section(name_of_field, name, parent, step):
    """The section of that name or slug below `parent`, whatever its case.

    One that is missing is made, outside the menus. Raises Refused when it can have no address.
    """
    slug = slugify(name)
    same = Section.objects.filter(parent=parent).filter(Q(name__iexact=name) | Q(slug=slug))
    # A name is better than a slug, which "C" and "C++" share.
    found = sorted(same, key=lambda section: section.name.casefold() != name.casefold())
    if found:
        return found[0]
    if not slug:
        raise Refused(name_of_field, f"{name!r} has no Latin letter for an address. Use --map.")
    problems = []
    for free in (slug, f"{slug}-section"):  # a name such as Media, whose address belongs to the site
        section = Section(name=name, slug=free, parent=parent)
        section.path = section.computed_path()
        problems = problems_of(section)
        if not problems:
            section.save()
            step.sections.append(section.path)
            return section
    reason = " ".join(problems)
    raise Refused(name_of_field, f"{name!r} cannot become a section: {reason} Use --map.")


def problems_of(section):
    """Why a new section cannot have its address, as sentences."""
    try:
        section.full_clean()
    except ValidationError as error:
        return error.messages
    taken = Page.objects.filter(address=f"/{section.path}/").exists()
    return [f"The address /{section.path}/ is that of a page."] if taken else []


def find_or_make_photos(record, step, store_files):
    """The Photo of each picture of a record. Raises Refused for a file that cannot be used."""
    photos = []
    for number, picture in enumerate(record.photos):
        try:
            photos.append(find_or_make_photo(picture, record.licence, photos, step, store_files))
        except ValidationError as error:
            raise Refused(f"photos[{number}].file", " ".join(error.messages)) from None
    return photos


def find_or_make_photo(picture, licence, used, step, store_files):
    """The library's Photo with the bytes of a picture, made if there is none; never one of those in `used`.

    Raises ValidationError for a file that cannot be used.
    """
    data = read_picture(picture)
    # A story has each photo once, so a picture that stands twice in it needs a second row.
    same = Photo.objects.filter(sha256=hashlib.sha256(data).hexdigest()).exclude(pk__in=[one.pk for one in used])
    if photo := same.order_by("pk").first():
        fill_in(photo, picture)
        return photo
    # The caption belongs to the use: as the photo's own it would show under uses that have none.
    words = {"alt_text": picture.alt, "credit": picture.credit, "licence": licence}
    words["rights"] = Photo.Rights.LICENSED if licence else ""
    add = library.add_photo if store_files else described_only
    photo = add(io.BytesIO(data), picture.path.name, render=False, **words)
    step.files += [photo.file.name] if store_files else []
    step.photos += 1
    return photo


def read_picture(picture):
    """The bytes of a record's picture. Raises ValidationError when they cannot be read or are too many."""
    try:
        with picture.path.open("rb") as file:
            return library.read_file(file)
    except OSError as error:
        raise ValidationError(f"{picture.file} cannot be read: {error.strerror}.") from None


def described_only(file, name, render=False, **words):
    """A Photo row as `library.add_photo` would make it, whose file is not stored."""
    facts, told = library.describe(library.read_file(file))
    words = {key: value for key, value in words.items() if value}
    return Photo.objects.create(file=f"dry-run/{name}", original_name=name[:200], **facts, **(told | words))


def fill_in(photo, picture):
    """Gives a photo of the library the words that it lacks: its alt text and credit."""
    words = {"alt_text": picture.alt, "credit": picture.credit}
    missing = {name: value for name, value in words.items() if value and not getattr(photo, name)}
    if missing:
        Photo.objects.filter(pk=photo.pk).update(**missing)
