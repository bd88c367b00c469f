"""The JSON Lines form of articles: reading it line by line, and checking what a line says.

One article a line, a JSON object in UTF-8, with the fields that `Record` describes. Nothing here asks the
database; `articles.importing` makes stories of the records.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_unicode_slug
from django.utils import timezone
from django.utils.text import slugify

from photos.models import Photo
from sections.html import ELEMENTS, plain_text, sanitize
from sections.models import Section

from .models import Article, OldAddress, Reporter, Tag
from .models.article import BODY_LIMIT

LONGEST_LINE = 10_000_000
DECK_LIMIT = 500
BIO_LIMIT = 2_000
CAPTION_LIMIT = 5_000
FILE_LIMIT = 500
# An address has a year of four digits; no newspaper is older than this.
FIRST_YEAR, LAST_YEAR = 1600, 9000


class Refused(Exception):
    """Something that cannot be imported: in which field, and why, in words for whoever made the file."""

    def __init__(self, field, reason):
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


def read_lines(stream, longest=LONGEST_LINE):
    """(number, bytes, offset behind it) of each line that is not blank; None for the bytes of too long a line.

    Never holds more than `longest` bytes.
    """
    number = 0
    while data := stream.readline(longest + 1):
        number += 1
        if len(data) > longest:
            while not data.endswith(b"\n") and (data := stream.readline(longest)):
                pass
            yield number, None, stream.tell()
        elif data.strip():
            yield number, data, stream.tell()


def parse(data):
    """The JSON object in a line's bytes, as Fields. Raises Refused."""
    if data is None:
        raise Refused("line", f"is longer than {LONGEST_LINE // 1_000_000} MB.")
    try:
        values = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Refused("line", f"byte {error.start + 1} is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise Refused("line", f"is not JSON: {error.msg} at character {error.pos + 1}.") from None
    except (RecursionError, ValueError) as error:  # nested too deeply; a number of thousands of digits
        raise Refused("line", f"cannot be read: {error}.") from None
    if not isinstance(values, dict):
        raise Refused("line", f"must be a JSON object, not {KINDS[type(values)]}.")
    return Fields(values)


# What PostgreSQL cannot store or XML (feeds) cannot carry.
CONTROL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
CONTROL_OR_BREAK = re.compile(f"[\t\n\r]|{CONTROL.pattern}")
KINDS = {str: "text", list: "a list", dict: "an object", int: "a number", float: "a number"}
KINDS |= {bool: "true or false", type(None): "null"}
MISSING = object()
is_web_address = URLValidator(schemes=["http", "https"])


class Fields:
    """The fields of a JSON object, each read with a check that raises Refused with the field's full name.

    `taken` collects the values that were read; `unknown` names the others.
    """

    def __init__(self, values, place=""):
        self.values, self.place, self.taken = values, place, {}

    def _take(self, name, kind, default):
        value = self.values.get(name, default)
        if value is MISSING:
            raise self.refusal(name, "is missing.")
        if not isinstance(value, kind):
            raise self.refusal(name, f"must be {KINDS[kind]}, not {KINDS[type(value)]}.")
        if name in self.values:
            self.taken[name] = value
        return value

    def refusal(self, name, reason):
        """A Refused for one of these fields."""
        return Refused(self.place + name, reason)

    def text(self, name, limit, *, default=MISSING, required=False, breaks=False):
        """The text of a field without white space around it; line breaks only with `breaks`."""
        return self._checked(name, self._take(name, str, default), limit, required, breaks)

    def _checked(self, name, value, limit, required=False, breaks=False):
        if bad := (CONTROL if breaks else CONTROL_OR_BREAK).search(value):
            raise self.refusal(name, f"has the character U+{ord(bad[0]):04X}, which it may not have.")
        value = value.strip()
        if required and not value:
            raise self.refusal(name, "is empty.")
        if len(value) > limit:
            raise self.refusal(name, f"has {len(value):,} characters; {limit:,} is the most.")
        return value

    def choice(self, name, choices, default=MISSING):
        """The value of a field that takes one of a few words."""
        value = self.text(name, 50, default=default)
        if value not in choices:
            raise self.refusal(name, f"is {value!r}; it must be one of: {', '.join(choices)}.")
        return value

    def moment(self, name):
        """The moment in a field."""
        value = self.text(name, 50, required=True)
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise self.refusal(name, f"is {value!r}, not a date and time in ISO 8601.") from None
        if moment.tzinfo is None:
            raise self.refusal(name, f"is {value!r}, without a time zone: write it like 2021-02-27T09:32:00+09:00.")
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise self.refusal(name, f"is {value!r}; the year must be between {FIRST_YEAR} and {LAST_YEAR}.")
        return moment

    def address(self, name, limit, default=MISSING):
        """The http or https address in a field, or nothing."""
        value = self.text(name, limit, default=default)
        try:
            if value:
                is_web_address(value)
        except ValidationError:
            raise self.refusal(name, f"is {value[:80]!r}, not an http or https address.") from None
        return value

    def texts(self, name, limit, default=MISSING):
        """The texts in a list, none of them empty."""
        values = self._take(name, list, default)
        for number, value in enumerate(values):
            if not isinstance(value, str):
                raise self.refusal(f"{name}[{number}]", f"must be text, not {KINDS[type(value)]}.")
        return [
            self._checked(f"{name}[{number}]", value, limit, required=True) for number, value in enumerate(values)
        ]

    def objects(self, name):
        """The objects in a list, each as Fields."""
        values = self._take(name, list, MISSING)
        for number, value in enumerate(values):
            if not isinstance(value, dict):
                raise self.refusal(f"{name}[{number}]", f"must be an object, not {KINDS[type(value)]}.")
        found = [Fields(value, f"{self.place}{name}[{number}].") for number, value in enumerate(values)]
        self.taken[name] = [fields.taken for fields in found]
        return found

    @property
    def unknown(self):
        """Names of the fields that nothing has read, list numbers left out: photos[].size."""
        place = re.sub(r"\[\d+\]", "[]", self.place)
        return [place + name for name in self.values if name not in self.taken]


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
    """One article as its source has it.

    The form's fields carry these names; `body_html` becomes `body`, with "By ..." lines lifted into
    `reporters`, but with the numbers of the pictures still in its placeholders. All fields of the form are
    required but `label`, `dateline`, `format`, `legacy_paths`, `canonical_url` and `access`. `digest` stands
    for everything that was read; `notes` and `unknown` are for the report.
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
    people = fields.objects("reporters")
    pictures = fields.objects("photos")
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
    people_read, pictures_read = [_person(person) for person in people], [_picture(one, media) for one in pictures]
    body, notes = read_body(fields, len(pictures), values["format"])
    body, names = lift_bylines(body, [person.name for person in people_read])
    if not body and values["format"] not in WITHOUT_TEXT:
        raise Refused("body_html", "is empty.")
    record = Record(
        **values,
        body=body,
        reporters=[*people_read, *(Person(name) for name in names)],
        photos=pictures_read,
        digest=_digest(fields.taken),
        notes=notes,
        unknown=[name for one in (fields, *people, *pictures) for name in one.unknown],
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


PLACEHOLDER = re.compile(r'<figure[^>]*? ?data-photo="([^"]*)"[^>]*>(.*?)</figure>', re.DOTALL)
EMBED = re.compile(r'<figure[^>]*? ?data-embed="([^"]*)"')
TAG = re.compile(r"<([a-zA-Z][a-zA-Z0-9-]*)")


def read_body(fields, pictures, story_format):
    """(sanitised body, notes) with the placeholders checked against the number of pictures. Raises Refused."""
    html = fields.text("body_html", BODY_LIMIT, breaks=True, required=story_format not in WITHOUT_TEXT)
    lost = {name.lower() for name in TAG.findall(html)} - ELEMENTS
    body = sanitize(html)
    seen = set()
    for index, inside in PLACEHOLDER.findall(body):
        if not re.fullmatch("0|[1-9][0-9]{0,3}", index) or int(index) >= pictures:
            raise Refused("body_html", f'data-photo="{index[:40]}" stands for no picture of `photos`.')
        if index in seen:
            raise Refused("body_html", f'data-photo="{index}" stands in it twice.')
        if inside.strip():
            raise Refused("body_html", f'the placeholder data-photo="{index}" is not empty.')
        seen.add(index)
    for address in EMBED.findall(body):
        if not re.match("https?://", address):
            raise Refused("body_html", f'data-embed="{address[:40]}" is not an http or https address.')
    return body, [f"body_html: elements left out: {', '.join(sorted(lost))}."] if lost else []


def place_photos(body, photos):
    """The body with the photos' uuids in its placeholders instead of their numbers."""
    return PLACEHOLDER.sub(lambda found: f'<figure data-photo="{photos[int(found[1])].uuid}"></figure>', body)


# A first paragraph, after nothing but pictures.
FIRST_PARAGRAPH = re.compile(r"((?:\s*<figure[^>]*></figure>)*)\s*<p(?:\s[^>]*)?>(.{1,600}?)</p>\s*", re.DOTALL)
PARTICLES = {"al", "bin", "da", "de", "del", "der", "di", "dos", "du", "el", "la", "le", "van", "von", "y"}
# Words of headings such as "By The Numbers".
NO_NAMES = {"a", "all", "an", "any", "its", "my", "our", "that", "the", "this", "your"}
LIFTED_LINES = 3


def lift_bylines(body, known):
    """(body without "By Name" paragraphs at its start, names that stood there and not in `known`).

    A paragraph with anything besides names (a title, a link, a sentence that begins with "By") stays where
    it is, so nothing gets lost.
    """
    lifted = []
    spelled = {name.casefold(): name for name in known}
    for _ in range(LIFTED_LINES):
        first = FIRST_PARAGRAPH.match(body)
        names = names_in(first[2], spelled) if first else []
        if not names:
            break
        body = first[1].strip() + body[first.end() :]
        lifted += [name for name in names if name.casefold() not in spelled]
        spelled |= {name.casefold(): name for name in names}
    return body, lifted


def names_in(html, spelled):
    """The names in a paragraph such as "By Noh Hyun-woo and Jane Roe"; none if it says anything else."""
    said = re.fullmatch(r"by\b:?\s+(.+)", plain_text(html), re.IGNORECASE)
    if not said or "<a" in html or "<figure" in html:
        return []
    names = [name.strip() for name in re.split(r",|;|&|\band\b", said[1]) if name.strip()]
    return names if all(name.casefold() in spelled or is_name(name) for name in names) else []


def is_name(text):
    """Whether a text looks like one person's name: two to five capitalised words, or a short one in Hangul."""
    words = text.split()
    if re.fullmatch("[가-힣]{2,5}", text):
        return True
    return (
        2 <= len(words) <= 5
        and all(re.fullmatch(r"[^\W\d_][\w.'’-]*", word) for word in words)
        and all(word[0].isupper() or word in PARTICLES for word in words)
        and not any(word.casefold() in NO_NAMES for word in words)
    )
