"""Counting how often redirects are followed: collected in each worker, written by its runner every few seconds.

A worker that is killed loses what it has collected since; a busy redirect costs one write in that time.
"""

import threading
from collections import Counter

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from .models import Redirect

_lock = threading.Lock()
_waiting = Counter()


def count_hit(pk):
    """Adds one use of a redirect. No query."""
    with _lock:
        _waiting[pk] += 1


@transaction.atomic
def write_hits():
    """Writes the uses that this process has collected; returns how many. One query for each redirect that was used."""
    with _lock:
        batch = dict(_waiting)
        _waiting.clear()
    now = timezone.now()
    for pk in sorted(batch):  # in one order, so that no two workers wait for each other
        Redirect.objects.filter(pk=pk).update(hits=F("hits") + batch[pk], last_hit_at=now)
    return sum(batch.values())
