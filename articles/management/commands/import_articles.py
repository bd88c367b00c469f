"""Importing articles from a file in the JSON Lines form."""

import sys
import time
from pathlib import Path

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from articles.importing import Import, ImportRunning
from sections.models import Section

OUTCOMES = ("imported", "updated", "unchanged", "kept", "refused")


class Command(BaseCommand):
    help = (
        "Imports articles from a JSON Lines file. It may be run again at any time: what is unchanged is "
        "passed over, what was edited here is kept. Exit status 1 if any line was refused."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="One article a line, UTF-8.")
        parser.add_argument("--media", type=Path, help="Folder that pictures are named from. Default: the file's.")
        parser.add_argument("--source", default="", help="Name of the source, instead of each record's own.")
        parser.add_argument("--dry-run", action="store_true", help="Write nothing; report what would happen.")
        parser.add_argument(
            "--map",
            nargs="+",
            action="extend",
            default=[],
            metavar="SECTION=path",
            help="File a section of the source here: Technology/Design=business/tech, or Technology=business "
            "for all of its subsections that have no entry of their own.",
        )
        parser.add_argument("--no-renditions", action="store_true", help="Leave the pictures to make_renditions.")

    def handle(self, *, file, media, source, dry_run, map, no_renditions, verbosity, **options):
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        if media and not media.is_dir():
            raise CommandError(f"There is no folder {media}.")
        job = Import(file, media=media, source=source.strip(), mapping=read_mapping(map), dry_run=dry_run)
        bar = Bar(file.stat().st_size) if verbosity and sys.stderr.isatty() else None
        stopped = ""
        try:
            job.run(bar.show) if bar else job.run()
        except ImportRunning:
            raise CommandError("Another import is running: wait until it has ended.") from None
        except KeyboardInterrupt:
            stopped = "Stopped"
        except OSError as error:
            stopped = f"Stopped by an error ({error})"
        finally:
            if bar:
                bar.end()
        for line in report_lines(job.report, dry_run, verbosity):
            self.stdout.write(line)
        if stopped:
            raise CommandError(f"{stopped} after line {job.report.last_line}. Run it again to go on.")
        if not dry_run and not no_renditions:
            call_command("make_renditions", verbosity=verbosity, stdout=self.stdout, stderr=self.stderr)
        if job.report.refused:
            raise CommandError(f"{len(job.report.refused)} of the lines were refused, for the reasons above.")


def read_mapping(entries):
    """{"section/subsection" in lower case: Section} of --map. Raises CommandError for what cannot be used."""
    mapping = {}
    for entry in entries:
        name, _, path = (part.strip() for part in entry.rpartition("="))
        if not name:
            raise CommandError(f"--map {entry}: write it like Technology/Design=business/tech.")
        section = Section.objects.filter(path=path.strip("/")).first()
        if section is None:
            raise CommandError(f"--map {entry}: there is no section at {path or 'that address'}.")
        mapping[name.casefold()] = section
    return mapping


def report_lines(report, dry_run, verbosity):
    """The report as lines of text; without verbosity only what was refused or kept."""
    for title, problems in (("Refused", report.refused), ("Kept as it stands here", report.kept)):
        if problems:
            yield f"{title}:"
            yield from (f"  {problem}" for problem in problems)
    if not verbosity:
        return
    if report.notes:
        yield "Not taken over as it stands in the file:"
        yield from (f"  {note}" for note in report.notes)
    if report.unknown:
        names = ", ".join(f"{name} ({count})" for name, count in sorted(report.unknown.items()))
        yield f"Unknown fields, ignored: {names}."
    if report.sections:
        yield f"New sections, in no menu: {', '.join(report.sections)}."
    counts = ", ".join(f"{report.outcomes[outcome]} {outcome}" for outcome in OUTCOMES)
    yield f"{'Dry run, nothing was written: ' if dry_run else ''}{counts}; {report.photos} new photos."


class Bar:
    """A progress bar of one line on the terminal."""

    WIDTH, SECONDS = 30, 0.1

    def __init__(self, size):
        self.size, self.shown = size, 0.0

    def show(self, line, offset):
        """Draws how far the import has come, ten times a second at most."""
        now = time.monotonic()
        if now - self.shown < self.SECONDS and offset < self.size:
            return
        self.shown = now
        done = offset / self.size if self.size else 1
        bar = "#" * round(done * self.WIDTH)
        print(f"\r[{bar:<{self.WIDTH}}] {done:4.0%}, line {line}", end="", file=sys.stderr, flush=True)

    def end(self):
        """Leaves the bar's line."""
        print(file=sys.stderr)
