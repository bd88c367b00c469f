from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from articles.announcing import announce_due
from articles.models import Announcement


class Command(BaseCommand):
    help = "Tells the WebSub hub of the feeds that changed. The web server does the same by itself."

    def handle(self, verbosity, **options):
        if not settings.WEBSUB_HUB:
            raise CommandError("There is no hub to tell: set WEBSUB_HUB to its address first.")
        made = announce_due()
        if verbosity:
            waiting = Announcement.objects.filter(done_at=None, tries__gt=0).count()
            self.stdout.write(f"Announcements made: {made}; failed so far: {waiting}.")
