"""What a line must say: the fields of the form, and the checks that concern several of them.

Nothing here asks the database; picture files are looked for on the disk.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.validators import validate_unicode_slug
from django.utils import timezone
from django.utils.text import slugify

from articles.models import Article, OldAddress, Reporter, Tag
from photos.models import Photo
from sections.models import Section

from .body import read_body
from .fields import Refused

DECK_LIMIT = 500
BIO_LIMIT = 2_000
CAPTION_LIMIT = 5_000
FILE_LIMIT = 500


@dataclass
class Person:
    """A reporter as a record names one."""

    name: str
    bio: str = ""


@dataclass
class Picture:
    """A use of a picture: its file and the words of this use."""

    file: str
    path: Path
    caption: str
    credit: str
    alt: str


@dataclass
class Record:
    """One article as its source has it, checked.

    The fields of the form have these names, and only `label`, `dateline`, `format`, `legacy_paths`,
    `canonical_url` and `access` may be missing. `body_html` is the exception: here it is `body`, sanitised,
    its "By Name" lines lifted into `reporters`, but with the numbers of the pictures still in its
    placeholders. `digest` stands for everything that was read; `notes` and `unknown` are for the report.
    """

    id: str
    url_slug: str
    section: str
    subsection: str
    kicker: str
    label: str
    title: str
    deck: str
    dateline: str
    body: str
    format: str
    reporters: list
    tags: list
    published_at: datetime
    updated_at: datetime
    date_precision: str
    lang: str
    photos: list
    source: str
    source_url: str
    licence: str
    canonical_url: str
    access: str
    legacy_paths: list
    digest: str
    notes: list
    unknown: list


def read_record(fields, media, need_source=True):
    """The Record in the Fields of a line; picture files are looked for in the folder `media`. Raises Refused.

    Costs one look at the disk for each picture.
    """
    values = {
        "id": _id(fields),
        "url_slug": _slug(fields),
        "section": fields.text("section", _room(Section, "name"), required=True),
        "subsection": fields.text("subsection", _room(Section, "name")),
        "kicker": fields.text("kicker", _room(Article, "kicker")),
        "label": fields.text("label", _room(Article, "label"), default=""),
        "title": fields.text("title", _room(Article, "headline"), required=True),
        "deck": fields.text("deck", DECK_LIMIT, breaks=True),
        "dateline": fields.text("dateline", _room(Article, "dateline"), default=""),
        "format": fields.choice("format", Article.Format.values, default=Article.Format.STORY),
        "tags": _tags(fields),
        "published_at": fields.moment("published_at"),
        "updated_at": fields.moment("updated_at"),
        "date_precision": fields.choice("date_precision", Article.Precision.values),
        "lang": _lang(fields),
        "source": fields.text("source", _room(Article, "source"), required=need_source),
        "source_url": fields.address("source_url", _room(Article, "source_url")),
        "licence": fields.text("licence", _room(Article, "licence")),
        "canonical_url": fields.address("canonical_url", _room(Article, "canonical_url"), default=""),
        "access": fields.choice("access", Article.Access.values, default=Article.Access.FREE),
        "legacy_paths": _legacy_paths(fields),
    }
    lists = fields.objects("reporters"), fields.objects("photos")
    people, photos = [_person(one) for one in lists[0]], [_picture(one, media) for one in lists[1]]
    needs_text = values["format"] not in WITHOUT_TEXT
    body, names, notes = read_body(fields, len(photos), [person.name for person in people], needs_text)
    record = Record(
        **values,
        body=body,
        reporters=people + [Person(name) for name in names],
        photos=photos,
        digest=_digest(fields.taken),
        notes=notes,
        unknown=[name for one in (fields, *lists[0], *lists[1]) for name in one.unknown],
    )
    _check_dates(record)
    return record


# Formats that may consist of pictures or a film alone.
WITHOUT_TEXT = (Article.Format.GALLERY, Article.Format.VIDEO, Article.Format.CARTOON)


def _room(model, field):
    return model._meta.get_field(field).max_length


def _digest(taken):
    return hashlib.sha256(json.dumps(taken, sort_keys=True).encode()).hexdigest()


def _id(fields):
    value = fields.text("id", _room(Article, "external_id"), required=True)
    if any(character.isspace() for character in value):
        raise Refused("id", f"is {value!r}; it may not have spaces.")
    return value


def _slug(fields):
    value = fields.text("url_slug", 2_000)
    try:
        if value:
            validate_unicode_slug(value)
    except ValidationError:
        raise Refused("url_slug", f"is {value[:80]!r}; it may have letters, digits and hyphens only.") from None
    return value


def _lang(fields):
    value = fields.text("lang", _room(Article, "lang"), required=True)
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", value):
        raise Refused("lang", f"is {value!r}, not a language such as en or ko.")
    return value


def _tags(fields):
    names = [" ".join(name.split()) for name in fields.texts("tags", _room(Tag, "name"))]
    for number, name in enumerate(names):
        if not slugify(name, allow_unicode=True):
            raise Refused(f"tags[{number}]", f"is {name!r}, which has no letter or digit for an address.")
    return names


def _legacy_paths(fields):
    paths = fields.texts("legacy_paths", _room(OldAddress, "path"), default=[])
    for number, path in enumerate(paths):
        if not re.fullmatch(r"/[^/\s]\S*", path):
            raise Refused(f"legacy_paths[{number}]", f"is {path!r}; it must begin with one slash and have no spaces.")
    return list(dict.fromkeys(paths))


def _person(fields):
    name = " ".join(fields.text("name", _room(Reporter, "name"), required=True).split())
    if not slugify(name, allow_unicode=True):
        raise fields.refusal("name", f"is {name!r}, which has no letter or digit for an address.")
    return Person(name, fields.text("bio", BIO_LIMIT, default="", breaks=True))


def _picture(fields, media):
    name = fields.text("file", FILE_LIMIT, required=True)
    return Picture(
        name,
        _path(fields, media, name),
        fields.text("caption", CAPTION_LIMIT, breaks=True),
        fields.text("credit", _room(Photo, "credit")),
        fields.text("alt", _room(Photo, "alt_text")),
    )


def _path(fields, media, name):
    try:
        folder = media.resolve()
        path = (folder / name).resolve()
        if not path.is_relative_to(folder):
            raise fields.refusal("file", f"is {name!r}, which leads out of the folder of the pictures.")
        if path.is_file():
            return path
    except (OSError, RuntimeError):  # a name too long, a folder that may not be read, links in a circle
        pass
    raise fields.refusal("file", f"is {name!r}: there is no such file in {media}.")


def _check_dates(record):
    if record.updated_at < record.published_at:
        raise Refused("updated_at", "is before published_at.")
    written = record.published_at.date()
    if record.date_precision == Article.Precision.DAY and timezone.localtime(record.published_at).date() != written:
        # Only the day counts, so it must stay the same day in the paper's own time.
        record.published_at = timezone.make_aware(datetime.combine(written, time.min))
        record.notes.append(f"published_at: {written} begins at another moment in Seoul; the day was kept.")
    record.published_at = record.published_at.astimezone(UTC)
    record.updated_at = record.updated_at.astimezone(UTC)
