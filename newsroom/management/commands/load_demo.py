from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.utils import timezone

from articles.models import Article
from editions.models import Edition
from newsroom import demo


class Command(BaseCommand):
    help = "Loads the demo paper, The Hangang Times, if the database holds no story yet, and names its account."

    def handle(self, verbosity, **options):
        first = not Article.objects.exists()
        if first:
            self.stdout.write("Loading the demo paper ...")
            count = demo.load()
            call_command("make_renditions", verbosity=verbosity, stdout=self.stdout)
            call_command("refresh_rankings", verbosity=0)
            # The web server builds it as soon as it runs.
            Edition.objects.create(date=timezone.localdate(), wanted_at=timezone.now())
            self.stdout.write(f"The Hangang Times has {count} stories.")
        account = demo.account(first)
        if account:
            self.stdout.write("Sign in at /admin/ as {} with the password {}.".format(*account))
        elif first:
            self.stdout.write("The demo account is off here: make your own with `manage.py createsuperuser`.")
