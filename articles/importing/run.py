"""Going through a file: each line a transaction of its own, and a report of what became of it."""

import hashlib
from collections import Counter
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

from django.core.files.storage import default_storage
from django.db import DataError, IntegrityError, connection, transaction

from articles.models import (
    Article,
    ArticlePhoto,
    ArticleTag,
    ArticleVersion,
    Byline,
    OldAddress,
    Reporter,
    Tag,
)
from photos.models import Photo
from sections.models import Section
from sections.runner import alone

from .changes import edited_here, is_same_source
from .fields import Refused, parse, read_lines
from .filing import Step, find_or_make_section, write_story
from .record import read_record

# The work that only one process may be at.
LOCK = "articles.import"


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
    """What an import did: numbers by outcome, what it refused or kept and why, and what else to look at."""

    outcomes: Counter = field(default_factory=Counter)
    refused: list = field(default_factory=list)
    kept: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    unknown: Counter = field(default_factory=Counter)
    sections: list = field(default_factory=list)
    photos: int = 0
    last_line: int = 0


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
        """Imports every line of the file; `progress` gets the number of each and the offset behind it.

        About 40 queries for each story that is new. A dry run is one transaction, rolled back at its end.
        Raises ImportRunning while another process imports, OSError when the file or the storage fails.
        """
        with open(self.path, "rb") as stream, only_one(), rolled_back() if self.dry_run else nullcontext():
            for number, data, offset in read_lines(stream):
                self._line(number, data)
                self.report.last_line = number
                progress(number, offset)
            if self.report.outcomes["imported"]:
                renew_statistics()
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
        known = Article.objects.select_for_update().filter(**key).first()
        if known and is_same_source(known, record):
            return "unchanged", ""
        if known and (edited := edited_here(known)):
            return "kept", edited
        section = self._section(record, step)
        write_story(known or Article(**key), record, section, step, store_files=not self.dry_run)
        return "updated" if known else "imported", ""

    def _section(self, record, step):
        name, below = record.section.casefold(), record.subsection.casefold()
        mapped = self.mapping.get(f"{name}/{below}") or self.mapping.get(name)
        if mapped:
            return mapped
        section = find_or_make_section("section", record.section, None, step)
        return find_or_make_section("subsection", record.subsection, section, step) if below else section


class ImportRunning(Exception):
    """Another process is importing into this database."""


@contextmanager
def only_one():
    """Holds the database's import lock; two imports at once would make sections and photos twice."""
    with alone(LOCK) as is_free:
        if not is_free:
            raise ImportRunning
        yield


def renew_statistics():
    """Lets PostgreSQL count the rows again: without that the pages are slow until it does so by itself."""
    models = (
        Article,
        ArticlePhoto,
        ArticleVersion,
        Byline,
        OldAddress,
        Photo,
        Reporter,
        Section,
        Tag,
        ArticleTag,
    )
    tables = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in models)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {tables}")


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
