"""Builds the e-paper of a day."""

import time
from datetime import date

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from editions.building import NothingToPrint, StoryGone, build_edition
from editions.typesetter import TypesettingFailed


class Command(BaseCommand):
    help = "Builds the e-paper of a day (today in Seoul by default) anew: PDF and pictures of its pages."

    def add_arguments(self, parser):
        parser.add_argument("date", nargs="?", help="the day, as 2026-11-30")

    def handle(self, *, date: str | None = None, **options):
        day = self.day_of(date)
        began = time.monotonic()
        try:
            edition = build_edition(day)
        except (NothingToPrint, StoryGone, TypesettingFailed, OSError) as error:
            raise CommandError(f"The edition was not built: {error}") from error
        seconds = time.monotonic() - began
        self.stdout.write(
            f"The edition of {edition} has {edition.pages} pages and {edition.size / 1_000_000:.1f} MB"
            f" ({edition.stories.count()} stories, {seconds:.0f} seconds): {edition.get_absolute_url()}"
        )

    @staticmethod
    def day_of(word):
        """The date that was typed, None for today."""
        if not word:
            return None
        try:
            day = date.fromisoformat(word)
        except ValueError:
            raise CommandError(f"{word!r} is no date: write it like 2026-11-30.") from None
        if day > timezone.localdate():
            raise CommandError(f"{day} is still to come: an edition is built from what was published.")
        return day
