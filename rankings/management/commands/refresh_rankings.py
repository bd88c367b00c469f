from django.core.management.base import BaseCommand

from rankings.filling import refresh_all


class Command(BaseCommand):
    help = (
        "Computes the ranked lists (Top 10, ticker ...) from reads and time. "
        "The web server does the same while stories are read."
    )

    def handle(self, verbosity, **options):
        changes = refresh_all()
        if verbosity:
            changed = ", ".join(f"{slug} {count}" for slug, count in changes.items() if count) or "none"
            self.stdout.write(f"{len(changes)} lists computed; positions changed: {changed}.")
