"""Telling the WebSub hub (https://www.w3.org/TR/websub/) that feeds have changed.

The acts of `publishing` write what is to be told into the outbox, in their own transaction; from its moment on the
runner tells it. Each web worker has a runner, and any number of them may run: a lock in the database lets one work.
What is told counts as told only once the hub has said yes, so a process that is killed loses nothing.
"""

import logging
from datetime import timedelta
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from sections.pages import absolute

from . import channels
from .models import Announcement

# Seconds that the hub may be silent.
TIMEOUT = 10
# The pause after a failure doubles, from half a minute to six hours; a day's news is no news after a day.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=6)
TRIES = 14

logger = logging.getLogger(__name__)


def announce_due(at=None):
    """Tells the hub of everything that is due at a moment (now by default); returns how many announcements were made.

    An announcement waits PAGE_MAX_AGE seconds beyond its moment: a hub that came sooner might get the old feed
    from an edge server. Stops at the first failure, which is tried again later, each time after a longer pause.
    """
    made = 0
    while settings.WEBSUB_HUB and (count := announce_next(at or timezone.now())):
        made += count
    return made


@transaction.atomic
def announce_next(at):
    """Tells of the one story that has waited longest; returns how many announcements that were.

    0 if nothing is due, if the hub did not take it, or if another process is at work.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('articles.announce'))")
        if not cursor.fetchone()[0]:
            return 0
    until = at - timedelta(seconds=settings.PAGE_MAX_AGE)
    due = Announcement.objects.filter(event=Announcement.Event.HUB, done_at=None, due_at__lte=until, tries__lt=TRIES)
    first = due.select_related("article", "article__section__parent", "article__column").first()
    if first is None:
        return 0
    # Several changes of one story are one message.
    rows = list(due.filter(article=first.article_id))
    error = post([absolute(address) for address in addresses_of(first.article)])
    for number, row in enumerate(rows):
        row.tries, row.error = row.tries + 1, error
        if error:
            # Apart by a microsecond, as no two of a story may be due at once.
            row.due_at = at + pause_after(row.tries) + timedelta(microseconds=number)
        else:
            row.done_at = at
        row.save(update_fields=["tries", "error", "due_at", "done_at"])
    if error:
        logger.warning("The hub was not told of story %s: %s", first.article_id, error)
    return 0 if error else len(rows)


def pause_after(tries):
    """How long to wait after that many failures."""
    return min(FIRST_PAUSE * 2 ** (tries - 1), LONGEST_PAUSE)


def addresses_of(article):
    """The paths of all feeds that change with a story, in every form. Six queries."""
    return [
        address
        for channel in channels.of_story(article)
        for address in (*channel.short.values(), *channel.full.values())
    ]


class _NoRedirects(HTTPRedirectHandler):
    """A redirect would turn the message into a mere visit, which tells the hub nothing."""

    def redirect_request(self, *args):
        return None


def post(addresses):
    """Tells the hub that these feeds have changed; returns why it failed, empty if the hub took it.

    WebSub leaves this message to the hub; `hub.url`, repeated, is what PubSubHubbub 0.3 (section 7.1) says and what
    the public hubs take.
    """
    body = urlencode([("hub.mode", "publish"), *(("hub.url", address) for address in addresses)]).encode()
    request = Request(settings.WEBSUB_HUB, body, {"User-Agent": f"Newsroom (+{settings.SITE_URL}/)"})
    try:
        build_opener(_NoRedirects).open(request, timeout=TIMEOUT).close()
    except HTTPError as error:
        error.close()
        return f"The hub answered {error.code}."
    except (OSError, HTTPException) as error:
        return f"The hub did not answer: {getattr(error, 'reason', error) or type(error).__name__}"[:500]
    return ""
