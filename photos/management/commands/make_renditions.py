import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed

from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from photos import renditions
from photos.models import Photo


def make_one(pk):
    """Makes the pictures of one photo in a worker process; returns (files written, reason if it failed)."""
    photo = Photo.objects.get(pk=pk)
    try:
        return renditions.make(photo), ""
    except Exception as error:  # one bad file must not stop the others
        return 0, f"{photo.original_name or photo.uuid}: {error or type(error).__name__}"


class Command(BaseCommand):
    help = "Makes the pictures (all sizes and crops) of photos that have none yet."

    def add_arguments(self, parser):
        parser.add_argument("--all", action="store_true", help="Look at every photo: after sizes or crops changed.")
        parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="Default: one per core.")

    def handle(self, *, all, processes, verbosity, **options):
        photos = Photo.objects.all() if all else Photo.objects.without_renditions()
        ids = list(photos.order_by("pk").values_list("pk", flat=True))
        # A forked worker must not share this process's connection.
        connections.close_all()
        done, files, failed = 0, 0, []
        with ProcessPoolExecutor(max_workers=max(1, processes)) as pool:
            for future in as_completed([pool.submit(make_one, pk) for pk in ids]):
                written, reason = future.result()
                done, files = done + 1, files + written
                if reason:
                    failed.append(reason)
                if verbosity and sys.stderr.isatty():
                    print(f"\r{done} of {len(ids)} photos", end="", file=sys.stderr, flush=True)
        if verbosity and ids and sys.stderr.isatty():
            print(file=sys.stderr)
        if verbosity:
            self.stdout.write(f"{files} pictures made of {len(ids)} photos.")
        if failed:
            raise CommandError("No pictures could be made of:\n  " + "\n  ".join(failed))
