"""Counting reads: collected in each worker, written in batches, none of them twice.

A reader's browser sends one small request for a story and hour (static/js/reads.js keeps the mark). The
worker adds it up in memory and writes at most every READ_FLUSH_SECONDS, and once more when it ends; a worker
that is killed loses no more than those seconds.
"""

import atexit
import threading
import uuid
from collections import Counter

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from .filling import refresh_due

_lock = threading.Lock()
_waiting = Counter()
_pending = None
_timer = None


def count_read(article_id, at=None):
    """Adds one read of a story. Costs no query; a thread writes it within READ_FLUSH_SECONDS."""
    hour = (at or timezone.now()).replace(minute=0, second=0, microsecond=0)
    with _lock:
        _waiting[article_id, hour] += 1
        _start_timer()


def _start_timer():
    global _timer
    if _timer is None:
        _timer = threading.Timer(settings.READ_FLUSH_SECONDS, _flush_in_thread)
        _timer.daemon = True
        _timer.start()


def flush():
    """Writes what was collected; returns how many counts it touched. Failing keeps it and tries again later.

    A batch that may have been written keeps its id until the database has said so; what is read meanwhile waits.
    """
    global _timer, _pending
    touched = 0
    while True:
        with _lock:
            _timer = None
            if _pending is None and _waiting:
                _pending = uuid.uuid4(), dict(_waiting)
                _waiting.clear()
            pending = _pending
        if pending is None:
            return touched
        try:
            touched += write_batch(pending[1], pending[0])
        except Exception:
            with _lock:
                _start_timer()
            raise
        with _lock:
            if _pending is pending:
                _pending = None


def _flush_in_thread():
    # Whoever tells that stories were read also sees to it that the lists follow.
    try:
        flush()
        refresh_due()
    finally:
        connection.close()


def write_batch(batch, batch_id=None):
    """Adds {(article id, hour): reads} to the stored counts; returns how many counts it touched.

    The batch's id goes in with it, in one transaction: writing it again adds nothing. Stories that do not
    exist or are not public are left out. Two queries.
    """
    batch_id = batch_id or uuid.uuid4()
    now = timezone.now()
    articles, hours, reads = zip(*((*key, count) for key, count in sorted(batch.items())), strict=True)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO rankings_readbatch (uuid, written_at) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [str(batch_id), now],
        )
        if not cursor.rowcount:
            return 0
        # An upsert that adds to what stands there, for ids that may not exist: the ORM has no such statement.
        cursor.execute(
            """
            INSERT INTO rankings_readcount (article_id, hour, reads)
            SELECT a.id, given.hour, given.reads
            FROM unnest(%s::bigint[], %s::timestamptz[], %s::int[]) AS given (article, hour, reads)
            JOIN articles_article a ON a.id = given.article AND a.status = 'ready' AND a.publish_at <= %s
                AND (a.withdrawn_at IS NULL OR a.withdrawn_at > %s)
            ON CONFLICT (article_id, hour) DO UPDATE SET reads = rankings_readcount.reads + EXCLUDED.reads
            """,
            [list(articles), list(hours), list(reads), now, now],
        )
        return cursor.rowcount


def _at_exit():
    try:
        flush()
    except Exception:  # the database may be gone by now: nothing is left to tell
        return


atexit.register(_at_exit)
