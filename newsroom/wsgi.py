"""The WSGI entry point: `granian --interface wsgi newsroom.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")

application = get_wsgi_application()

# Only now can models be imported.
from articles.due import keep_working  # noqa: E402

keep_working()
