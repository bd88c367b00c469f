"""The WSGI entry point: `granian --interface wsgi newsroom.wsgi:application`."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")

application = get_wsgi_application()

if settings.WEBSUB_HUB:
    # Only now can models be imported. Each worker has a runner; one of them at a time does the work.
    from articles.announcing import keep_announcing

    keep_announcing()
