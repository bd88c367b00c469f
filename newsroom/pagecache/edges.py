"""Telling the caches in front of this host (Varnish, a CDN) which surrogate keys have changed.

What is to be told stands in the rows of `Purge` until an edge has said yes, so nothing is lost when it is away or a
process is killed; any number of processes may tell at once. Without EDGE_PURGE_URL nothing is told, and pages may be
kept elsewhere for PAGE_MAX_AGE seconds only.
"""

import json
import logging
from datetime import timedelta
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from sections.models import Purge

# Seconds that an edge may be silent, and rows that are told at once.
TIMEOUT, MOST = 3, 500
# Keys in one message: header lines have a limit of 8 kB nearly everywhere.
KEYS = 200
# Seconds after which every host that runs has read a purge; they read four times a second.
SETTLED = 1

logger = logging.getLogger(__name__)


def headers_of(keys):
    """The headers that tell an edge what a page shows: none where no edge is purged."""
    if not settings.EDGE_PURGE_URL:
        return []
    return [("Surrogate-Key", " ".join([*keys, "all"])), ("Cache-Tag", ",".join([*keys, "all"]))]


def tell_edges(catch_up, now=None):
    """Has every edge forget what has changed; returns how many purges were told. Two queries, one if there were none.

    `catch_up()` has this host read the purges first: an edge asks for a page at once, and must not get the old one.
    Other hosts may read them later, so each purge is told a second time after SETTLED seconds. OSError where an edge
    did not take it: it is told again later.
    """
    return _tell(catch_up, now or timezone.now()) if settings.EDGE_PURGE_URL else 0


@transaction.atomic
def _tell(catch_up, now):
    again = Q(told_at=None) | Q(told_at__lt=now - timedelta(seconds=SETTLED))
    due = Purge.objects.filter(Q(due_at=None) | Q(due_at__lte=now), again, settled_at=None).order_by("pk")
    rows = list(due.select_for_update(skip_locked=True)[:MOST])
    if not rows:
        return 0
    catch_up()
    keys = sorted({key for row in rows for key in row.keys})
    for start in range(0, len(keys), KEYS):
        for address in settings.EDGE_PURGE_URL:
            post(address, keys[start : start + KEYS])
    for name in ("told_at", "settled_at"):
        before = [row.pk for row in rows if (row.told_at is None) == (name == "told_at")]
        if before:
            Purge.objects.filter(pk__in=before).update(**{name: now})
    return len(rows)


def post(address, keys):
    """Tells one edge of some keys. OSError if it does not take it."""
    headers = {"User-Agent": "Newsroom", **settings.EDGE_PURGE_HEADERS}
    body = None
    if settings.EDGE_PURGE_FORM == "cloudflare":
        headers["Content-Type"] = "application/json"
        body = json.dumps({"tags": keys}).encode()
    else:
        headers["Surrogate-Key"] = " ".join(keys)
    try:
        urlopen(Request(address, body, headers, method=settings.EDGE_PURGE_METHOD), timeout=TIMEOUT).close()
    except HTTPError as error:
        error.close()
        raise OSError(f"The edge {address} answered {error.code} to a purge.") from None
