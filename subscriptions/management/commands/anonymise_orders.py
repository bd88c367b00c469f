from django.core.management.base import BaseCommand

from subscriptions import retention


class Command(BaseCommand):
    help = "Takes the personal data off orders and licence requests whose time is over; the web server does it daily."

    def add_arguments(self, parser):
        parser.add_argument("--dry-run", action="store_true", help="only say how many there are")

    def handle(self, *args, dry_run, **options):
        counts = [rows.count() for rows in retention.due()] if dry_run else retention.anonymise()
        if options["verbosity"]:
            said = "would lose" if dry_run else "lost"
            self.stdout.write(f"{counts[0]} orders and {counts[1]} licence requests {said} their personal data.")
