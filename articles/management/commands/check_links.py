"""manage.py check_links: looks for links that lead nowhere."""

from django.core.management.base import BaseCommand

from articles.linking import check_links


class Command(BaseCommand):
    help = "Looks at the links of stories, pages, menus and redirects; what is broken stands in the admin."

    def add_arguments(self, parser):
        parser.add_argument("--external", action="store_true", help="Also ask other sites, each link once a day.")
        parser.add_argument("--days", type=int, help="Only stories that changed within so many days.")

    def handle(self, *args, **options):
        found = check_links(days=options["days"], external=options["external"])
        self.stdout.write(f"Broken links: {found}.")
