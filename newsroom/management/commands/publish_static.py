from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.management.base import BaseCommand

from newsroom.pagecache.wsgi import PageCache
from newsroom.static_copy import Copy


class Command(BaseCommand):
    help = (
        "Writes home, section fronts, static pages and the newest stories with their pictures as plain files, which "
        "any web server can show while the paper itself is down. Run again, it writes what has changed."
    )

    def add_arguments(self, parser):
        parser.add_argument("folder", help="where the files are written")
        parser.add_argument("--stories", type=int, default=200, help="how many of the newest stories (200)")

    def handle(self, folder, stories, verbosity, **options):
        application = PageCache(WSGIHandler()) if settings.PAGE_CACHE else WSGIHandler()
        written, deleted, total = Copy(application, folder).publish(stories)
        if verbosity:
            self.stdout.write(f"{total} files: {written} written, {deleted} deleted.")
