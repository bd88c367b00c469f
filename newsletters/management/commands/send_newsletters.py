from django.core.management.base import BaseCommand

from newsletters.working import do_due_letters


class Command(BaseCommand):
    help = "Fills the newsletters whose time has come and sends what is due, once; the web server does it by itself."

    def handle(self, verbosity, **options):
        filled, started, mails = do_due_letters(seconds=None)
        if verbosity:
            self.stdout.write(f"Issues filled: {filled}. Issues begun: {started}. Mails: {mails}.")
