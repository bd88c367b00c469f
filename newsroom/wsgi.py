"""The WSGI entry point: `python -m newsroom.workers --interface wsgi newsroom.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")

application = get_wsgi_application()

# Only now can settings be read and models be imported.
from django.conf import settings  # noqa: E402

from articles.due import keep_working  # noqa: E402
from editions.building import keep_building  # noqa: E402
from newsletters.working import keep_sending  # noqa: E402
from newsroom.pagecache.wsgi import PageCache  # noqa: E402
from newsroom.static_copy import keep_copying  # noqa: E402
from subscriptions.working import keep_orders  # noqa: E402

if settings.PAGE_CACHE:
    application = PageCache(application).start()
keep_working()
keep_sending()
keep_building()
keep_orders()
keep_copying(application)
