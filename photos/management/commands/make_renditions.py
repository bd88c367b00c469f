import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed

import django
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from photos import renditions
from photos.models import Photo


def make_one(pk):
    """Makes the pictures of one photo; returns (files written, reason if it failed)."""
    name = f"photo {pk}"
    try:
        photo = Photo.objects.get(pk=pk)
        name = photo.original_name or name
        return renditions.make(photo), ""
    except Exception as error:  # one bad file must not stop the others
        return 0, f"{name}: {error or type(error).__name__}"


def make_all(ids, processes):
    """What make_one returns for each photo, as it is done; one process alone is this one."""
    if processes <= 1:
        yield from map(make_one, ids)
        return
    # A forked worker must not share this process's connection.
    connections.close_all()
    with ProcessPoolExecutor(max_workers=processes, initializer=django.setup) as pool:
        for future in as_completed([pool.submit(make_one, pk) for pk in ids]):
            yield future.result()


class Command(BaseCommand):
    help = "Makes the pictures (all sizes and crops) of photos that have none yet."

    def add_arguments(self, parser):
        parser.add_argument("--all", action="store_true", help="Look at every photo: after sizes or crops changed.")
        parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="Default: one per core.")

    def handle(self, *, all, processes, verbosity, **options):
        photos = Photo.objects.all() if all else Photo.objects.without_renditions()
        ids = list(photos.order_by("pk").values_list("pk", flat=True))
        done, files, failed = 0, 0, []
        for written, reason in make_all(ids, processes):
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
