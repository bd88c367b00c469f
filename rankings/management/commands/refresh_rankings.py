from django.core.management.base import BaseCommand

from rankings.filling import refresh_all


class Command(BaseCommand):
    help = "Computes the ranked lists (Top 10, ticker ...) from reads and time. Run it every few minutes."

    def handle(self, verbosity, **options):
        changes = refresh_all()
        if verbosity:
            changed = ", ".join(f"{slug} {count}" for slug, count in changes.items() if count) or "none"
            self.stdout.write(f"{len(changes)} lists computed; positions changed: {changed}.")
