"""Pages in a Redis that several hosts share.

Each host learns of changes by itself (`purging`) and marks them in its own slots; it also marks them here, by a clock
that every change moves on. A page carries what the clock said before it was made, and is good for a host that reads it
while no key of it is newer; from then on the host's own slots say how good it is, without asking again.

The marks have no end and pages have one: with `maxmemory-policy volatile-lru` Redis throws away pages only.
"""

import json
import logging
import time

import redis

from .slots import ALL, ERASED, FRESH
from .store import Entry, Store, digest_of

PREFIX = "newsroom"
# Seconds that Redis may be silent, and after a failure is left alone.
TIMEOUT, REST = 0.25, 2
DAY = 24 * 3600

logger = logging.getLogger(__name__)


class RedisStore(Store):
    """Pages of one version of the program; where Redis is away, each process keeps its own."""

    def __init__(self, url, version, memory, slots):
        super().__init__(memory)
        self._redis = redis.Redis.from_url(url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT)
        self._version, self._slots = version, slots
        self._rest_until = 0
        # Whether a change could not be marked: then no page that Redis keeps is to be believed.
        self._owes = False

    def _ask(self, act):
        """What `act(redis)` gives, None where Redis does not answer."""
        if time.monotonic() < self._rest_until:
            return None
        try:
            if self._owes:
                self._mark([ALL], 2)
                self._owes = False
            return act(self._redis)
        except redis.RedisError as problem:
            self._rest_until = time.monotonic() + REST
            logger.warning("Redis does not answer: %s", problem)
            return None

    def _key(self, name):
        return f"{PREFIX}:page:{self._version}:{digest_of(name)}"

    def clock(self):
        """How many changes there were; None where Redis does not answer."""
        found = self._ask(lambda r: r.get(f"{PREFIX}:clock") or 0)
        return None if found is None else int(found)

    def purge(self, keys, strength):
        """Marks keys as changed now; False where Redis does not answer."""
        done = self._ask(lambda _: self._mark(keys, strength))
        self._owes = self._owes or done is None
        return done is not None

    def _mark(self, keys, strength):
        moment = self._redis.incr(f"{PREFIX}:clock")
        self._redis.hset(f"{PREFIX}:purged", mapping={f"{strength}:{key}": moment for key in keys})
        return moment

    def _read(self, name, encoding):
        epoch, born = self._slots.epoch, self._slots.generation
        found = self._ask(lambda r: r.hmget(self._key(name), "about", encoding or "identity"))
        if not found or None in found:
            return None
        about = json.loads(found[0])
        clock = about.pop("clock")
        if about.pop("name") != name:
            return None
        keys = [*about["keys"], ALL]
        fields = [f"{strength}:{key}" for strength in range(3) for key in keys]
        marks = self._ask(lambda r: r.hmget(f"{PREFIX}:purged", fields))
        if marks is None:
            return None
        floor = FRESH
        for strength in range(3):
            part = marks[strength * len(keys) : (strength + 1) * len(keys)]
            if any(int(mark) > clock for mark in part if mark):
                floor = strength + 1
        if floor == ERASED:
            return None
        return Entry.read(about, {encoding: found[1]}, epoch=epoch, born=born, floor=floor)

    def put(self, name, entry, clock=None):
        """Keeps an entry whose bodies hold every encoding for a day; in memory alone where Redis is away."""
        fields = {"about": entry.about(name=name, clock=clock)} | {
            form or "identity": body for form, body in entry.bodies.items()
        }

        def write(r):
            with r.pipeline() as pipe:
                pipe.hset(self._key(name), mapping=fields)
                pipe.expire(self._key(name), DAY)
                return pipe.execute()

        if clock is None or self._ask(write) is None:
            self._remember(name, entry)
        else:
            self.drop_from_memory(name)
