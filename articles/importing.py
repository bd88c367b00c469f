"""Making stories of records in the JSON Lines form, one transaction each, as often as one likes.

A story is known by the name of its source and the id it has there. `Article.import_digest` holds two
halves: what the source said, and how the import left the story. So a second import passes over records
that are the same, and never touches a story that somebody has edited here since.
"""

import hashlib
import io
import json
from collections import Counter
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.text import slugify

from photos import library
from photos.models import Photo
from sections.models import Page, Section

from .import_form import Refused, parse, place_photos, read_lines, read_record
from .models import Article, ArticlePhoto, ArticleVersion, Byline, OldAddress, Reporter
from .publishing import free_slug, record_version, refresh_texts

# Begins the note of every version that an import makes.
NOTE = "Imported"
LOCK = 0x696D706F7274
HALF = 32
# What a record decides; the address and the moment of publication are apart, as they get fixed.
PLAIN_FIELDS = (
    *("kicker", "label", "deck", "dateline", "format", "lang", "date_precision"),
    *("source", "source_url", "licence", "canonical_url", "access"),
)
# What tells that somebody has edited a story.
STATE_FIELDS = (
    *PLAIN_FIELDS,
    *("headline", "short_headline", "body", "section_id", "column_id", "status", "slug", "publish_at"),
    *("withdrawn_at", "updated_at", "sensitivity", "ai_use", "seo_title"),
)


@dataclass
class Problem:
    """Something to say about one line."""

    line: int
    id: str
    field: str
    reason: str

    def __str__(self):
        return f"line {self.line}, {self.id or 'no id'}, {self.field}: {self.reason}"


@dataclass
class Report:
    """What an import did: numbers by outcome, what it refused or kept and why, and what else is worth a look."""

    outcomes: Counter = field(default_factory=Counter)
    refused: list = field(default_factory=list)
    kept: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    unknown: Counter = field(default_factory=Counter)
    sections: list = field(default_factory=list)
    photos: int = 0
    last_line: int = 0


@dataclass
class Step:
    """What one line adds to the paper besides its story; counts only when its transaction holds."""

    files: list = field(default_factory=list)
    sections: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    photos: int = 0


class Import:
    """One run over a file: `run()` does it, `report` tells what became of each line, also of a run cut short.

    `media` is the folder that picture files are named from; `source` is a name for the source that wins
    over the records' own; `mapping` leads from "section/subsection" or "section" in lower case to a Section.
    """

    def __init__(self, path, *, media=None, source="", mapping=None, dry_run=False):
        self.path, self.media, self.source = path, media or path.parent, source
        self.mapping, self.dry_run = mapping or {}, dry_run
        self.report, self.seen = Report(), {}

    def run(self, progress=lambda line, offset: None):
        """Imports every line of the file; calls `progress` after each with its number and the offset behind it.

        About 40 queries for each story that is new. A dry run is one transaction that is rolled back at its end.
        Raises ImportRunning while another process imports, OSError when the file or the storage fails.
        """
        with open(self.path, "rb") as stream, only_one(), rolled_back() if self.dry_run else nullcontext():
            for number, data, offset in read_lines(stream):
                self._line(number, data)
                self.report.last_line = number
                progress(number, offset)
        return self.report

    def _line(self, number, data):
        known_id, step = "", Step()
        try:
            fields = parse(data)
            if isinstance(fields.values.get("id"), str):
                known_id = fields.values["id"][:80]
            record = read_record(fields, self.media, need_source=not self.source)
            self._check_once(record, number)
            with files_of(step), transaction.atomic():
                outcome, changed = self._store(record, step)
        except Refused as refused:
            self._refuse(number, known_id, refused.field, refused.reason)
        except (DataError, IntegrityError) as error:
            self._refuse(number, known_id, "database", str(error).strip().splitlines()[0])
        else:
            self._count(number, record, step, outcome, changed)

    def _refuse(self, number, known_id, name, reason):
        self.report.outcomes["refused"] += 1
        self.report.refused.append(Problem(number, known_id, name, reason))

    def _count(self, number, record, step, outcome, changed):
        report = self.report
        report.outcomes[outcome] += 1
        report.unknown.update(record.unknown)
        report.sections += step.sections
        report.photos += step.photos
        if outcome == "kept":
            report.kept.append(Problem(number, record.id, "kept", changed))
        if outcome in ("imported", "updated"):
            for note in record.notes + step.notes:
                name, _, reason = note.partition(": ")
                report.notes.append(Problem(number, record.id, name, reason))

    def _check_once(self, record, number):
        key = (self._source_key(record), record.id)
        if key in self.seen:
            raise Refused("id", f"stands on line {self.seen[key]} already.")
        self.seen[key] = number

    def _source_key(self, record):
        name = self.source or record.source
        room = Article._meta.get_field("external_source").max_length
        return name if len(name) <= room else f"{name[: room - 9]}~{hashlib.sha256(name.encode()).hexdigest()[:8]}"

    def _store(self, record, step):
        """(outcome, what was edited here) of a record; writes what is new in it."""
        key = {"external_source": self._source_key(record), "external_id": record.id}
        article = Article.objects.select_for_update().filter(**key).first()
        if article is None:
            self._write(Article(**key), record, step)
            return "imported", ""
        if article.import_digest[:HALF] == record.digest[:HALF]:
            return "unchanged", ""
        if edited := edited_here(article):
            return "kept", edited
        self._write(article, record, step)
        return "updated", ""

    def _write(self, article, record, step):
        is_new = article.pk is None
        photos = self._photos(record, step)
        set_fields(article, record, step)
        article.section = self._section(record, step)
        article.body = place_photos(record.body, photos)
        article.save()
        set_bylines(article, record.reporters)
        set_photo_uses(article, record.photos, photos)
        article.tags.set(record.tags)
        add_old_addresses(article, record.legacy_paths)
        refresh_texts(article)
        if is_new:
            record_version(
                article,
                kind=ArticleVersion.Kind.PUBLISHED,
                note=f"{NOTE} from {article.external_source or 'a file'}.",
                public_from=article.publish_at,
            )
        else:
            moment = timezone.now() if article.is_public() else article.publish_at
            kind = ArticleVersion.Kind.UPDATE if article.is_public() else ArticleVersion.Kind.PUBLISHED
            record_version(article, kind=kind, note=f"{NOTE} again, changed at its source.", public_from=moment)
        digest = record.digest[:HALF] + state_of(article)
        Article.objects.filter(pk=article.pk).update(import_digest=digest)

    def _section(self, record, step):
        name, below = record.section.casefold(), record.subsection.casefold()
        mapped = self.mapping.get(f"{name}/{below}") or self.mapping.get(name)
        if mapped:
            return mapped
        section = find_or_make_section("section", record.section, None, step)
        return find_or_make_section("subsection", record.subsection, section, step) if below else section

    def _photos(self, record, step):
        photos = []
        for number, picture in enumerate(record.photos):
            try:
                data = read_picture(picture)
                photos.append(self._photo(data, picture, record, photos, step))
            except ValidationError as error:
                raise Refused(f"photos[{number}].file", " ".join(error.messages)) from None
        return photos

    def _photo(self, data, picture, record, used, step):
        """The library's Photo with these bytes, made if there is none that the story may still use."""
        # A story has each photo once, so a picture that stands twice in it needs a second row.
        same = Photo.objects.filter(sha256=hashlib.sha256(data).hexdigest()).exclude(pk__in=[one.pk for one in used])
        if photo := same.order_by("pk").first():
            fill_in(photo, picture)
            return photo
        # The caption belongs to the use: as the photo's own it would show under uses that have none.
        words = {"alt_text": picture.alt, "credit": picture.credit, "licence": record.licence}
        if record.licence:
            words["rights"] = Photo.Rights.LICENSED
        add = described_only if self.dry_run else library.add_photo
        photo = add(io.BytesIO(data), picture.path.name, render=False, **words)
        step.files.append("" if self.dry_run else photo.file.name)
        step.photos += 1
        return photo


class ImportRunning(Exception):
    """Another process is importing into this database."""


@contextmanager
def only_one():
    """Holds the database's import lock; two imports at once would make sections and photos twice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise ImportRunning
        try:
            yield
        finally:
            # A lost connection has lost its lock too.
            if connection.connection and not connection.connection.closed:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


@contextmanager
def rolled_back():
    """A transaction of which nothing stays."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def files_of(step):
    """Deletes the files that a step has stored if it fails."""
    try:
        yield
    except BaseException:
        for name in filter(None, step.files):
            default_storage.delete(name)
        raise


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


def set_fields(article, record, step):
    """Takes the words, terms and dates of a record over; a public story keeps its address and its moment."""
    for name in PLAIN_FIELDS:
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
    """The reporter of that name, whatever its case; a missing bio is filled in."""
    room = Reporter._meta.get_field("slug").max_length
    slug = slugify(person.name, allow_unicode=True)[:room]
    reporter, _ = Reporter.objects.get_or_create(slug=slug, defaults={"name": person.name, "bio": person.bio})
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
    """The section of that name or slug below `parent`, whatever its case; made, outside the menus, if missing.

    Raises Refused when its address cannot be used.
    """
    slug = slugify(name)
    same = Section.objects.filter(parent=parent).filter(Q(name__iexact=name) | Q(slug=slug))
    # A name is better than a slug, which "C" and "C++" share.
    found = sorted(same, key=lambda section: section.name.casefold() != name.casefold())
    if found:
        return found[0]
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


def state_of(article):
    """A digest of everything that an import has written of a story and an editor may change. Four queries."""
    state = [
        Article.objects.filter(pk=article.pk).values_list(*STATE_FIELDS).get(),
        *article.bylines.values_list("reporter", "role"),
        *article.photo_uses.values_list("photo", "placement", "caption", "credit", "alt_text", "decorative", "crop"),
        *article.article_tags.order_by("tag").values_list("tag"),
    ]
    return hashlib.sha256(json.dumps(state, default=str).encode()).hexdigest()[:HALF]


def edited_here(article):
    """What shows that somebody has edited an imported story since, in words; empty if nobody has."""
    last = article.versions.order_by("-number").first()
    if last and not last.note.startswith(NOTE):
        return f"version {last.number} was made here on {timezone.localtime(last.created_at):%Y-%m-%d}."
    return "" if state_of(article) == article.import_digest[HALF:] else "it was changed here since it was imported."
