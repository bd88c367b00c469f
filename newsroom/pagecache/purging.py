"""Carries the database's purges into the shared memory of this host.

Triggers write a `Purge` in the transaction that changes something, so none is lost and none comes too early. Ids and
transactions do not end in the order in which they begin; so what is read again each time is everything since the
oldest transaction that was still running at the last reading (`pg_snapshot_xmin`), and a ring of numbers says what of
it is known already.
"""

import time
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from sections.models import Purge

from .slots import ALL, microseconds

# How long purges stay in the database for hosts that have not read them. One that was away longer forgets its pages.
KEPT = timedelta(hours=1)
# More than so many purges at once, as of a large import, are no longer read: every page is forgotten instead.
MANY = 50_000
# Seconds between two readings by the runner; whoever changes something through this host reads at once.
PAUSE = 0.25

QUERY = """
    SELECT current.xmin, purge.id, purge.keys, purge.strength, purge.due_at
    FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin) current
    LEFT JOIN sections_purge purge ON purge.transaction >= %s AND (%s OR purge.due_at > now())
    ORDER BY purge.id LIMIT %s
"""


def nowhere(keys, strength):
    """A store that need not be told what changed."""
    return True


def catch_up(slots, tell=nowhere):
    """Reads what has changed in the database and marks it in the slots; returns how many purges were new. One query.

    Whatever was committed before the call is marked when it returns. `tell(keys, strength)` is called for each purge,
    and again at the next call where it says False.
    """
    with slots.lock():
        return _read(slots, tell)


def catch_up_in_turn(slots, tell=nowhere):
    """As `catch_up`, unless another process of this host has just read or is reading; for runners."""
    if time.time() - slots.read_at < PAUSE * 0.8:
        return 0
    with slots.lock(wait=False) as mine:
        return _read(slots, tell) if mine else 0


def _read(slots, tell):
    since = slots.seen
    # A copy of another database, or one that was set back, counts its transactions anew.
    known = bool(since) and time.time() - slots.read_at < KEPT.total_seconds() / 2
    rows = _rows(since, known)
    if known and len(rows) > MANY:
        newest = Purge.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        if newest == slots.flood:  # the same ones, which a transaction that still runs keeps in sight
            slots.seen = since
            return 0
        slots.flood = newest
        known = False
        rows = _rows(0, known)
    oldest_running = rows[0][0]
    if not known or oldest_running < since:
        slots.forget()
        tell([ALL], Purge.Strength.ERASE)
    now, new, to_come, all_told = timezone.now(), 0, [], True
    for _, number, keys, strength, due_at in rows:
        if number is None or (known and slots.was_read(number)):
            continue
        if due_at and due_at > now:
            to_come.append((microseconds(due_at), strength, keys))
        else:
            slots.bump(keys, strength)
            if not tell(keys, strength):
                all_told = False
                continue
        slots.mark_read(number)
        new += 1
    if to_come:
        slots.announce(to_come)
    apply_due(slots, tell)
    slots.seen = oldest_running if all_told or not since else since
    return new


def apply_due(slots, tell, now=None):
    """Marks what has come to its moment as changed, and tells of it. The caller holds the lock."""
    for _, strength, keys in slots.apply_due(now):
        tell(keys, strength)


def _rows(since, known):
    with connection.cursor() as cursor:
        cursor.execute(QUERY, [since if known else 0, known, MANY + 1 if known else None])
        return cursor.fetchall()


def prune():
    """Deletes purges that every host has read and whose moment is past; returns how many. One query."""
    old = timezone.now() - KEPT
    read = Purge.objects.filter(written_at__lt=old).exclude(due_at__gt=old)
    if settings.EDGE_PURGE_URL:
        # What no edge has taken for a day is past its EDGE_MAX_AGE.
        read = read.filter(Q(settled_at__isnull=False) | Q(written_at__lt=old - timedelta(days=1)))
    return read._raw_delete("default")
