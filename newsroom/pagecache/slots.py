"""When each surrogate key last changed, in memory that every process of this host shares.

A file of 2 MB is mapped by all workers and commands. Every change raises the generation and writes it into the slot
of each key; a page remembers the generation at which its making began and is good while no slot of its keys is newer.
The page may have been read from the database after a change and before its purge: then it is only made once more.
Reading takes no lock and no system call; 65,536 slots are shared by all keys, so that two keys may purge each other.
"""

import fcntl
import json
import mmap
import os
import secrets
import time
from array import array
from contextlib import contextmanager, suppress
from pathlib import Path
from zlib import crc32

COUNT = 65_536
RING = 65_536
# Words of eight bytes at the beginning of the file.
EPOCH, GENERATION, SEEN, NEXT, READ_AT, FLOOD = range(6)
HEADER = 16
SIZE = (HEADER + RING + 3 * COUNT) * 8
NEVER = 2**63 - 1
# How good a page still is: as the strengths of sections.models.Purge say what a change does.
FRESH, OLD, PURGED, ERASED = range(4)
ALL = "all"


def slot_of(key):
    """The number of a key's slot."""
    return crc32(key.encode()) % COUNT


def slots_of(keys):
    """The slots of a page's keys, in order, with that of everything."""
    return array("H", sorted({slot_of(key) for key in (*keys, ALL)}))


def microseconds(moment):
    """A datetime as whole microseconds since 1970."""
    return int(moment.timestamp() * 1_000_000)


class Slots:
    """The shared memory in a folder. Any number of processes and threads may use it; it is made where it is missing."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._boundaries = self.folder / "boundaries.json"
        # Named by its size: a file that another version of the program has mapped must not be cut.
        with open(self.folder / f"slots-{SIZE}", "a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.fstat(file.fileno()).st_size < SIZE:
                file.truncate(SIZE)
            self._map = mmap.mmap(file.fileno(), SIZE)
            self._words = memoryview(self._map).cast("Q")
            if not self._words[EPOCH]:
                self._begin()
            # The map has a copy of the open file, which would keep the lock.
            fcntl.flock(file, fcntl.LOCK_UN)

    def _begin(self):
        """Forgets everything: no page that was kept before is good."""
        self._words[SEEN] = 0
        self._words[NEXT] = NEVER
        self._words[EPOCH] = secrets.randbits(62) | 1
        with suppress(FileNotFoundError):
            self._boundaries.unlink()

    @contextmanager
    def lock(self, wait=True):
        """Held by the one process that writes; gives False where another has it and there was no waiting."""
        with open(self.folder / "lock", "a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
                return
            yield True

    # ---- reading

    slots_of = staticmethod(slots_of)

    @property
    def epoch(self):
        """A number that is another one once everything was forgotten."""
        return self._words[EPOCH]

    @property
    def generation(self):
        """The number of changes so far."""
        return self._words[GENERATION]

    def state(self, slots, born):
        """How good a page is whose making began at the generation `born`."""
        for strength in (2, 1, 0):
            start = HEADER + RING + strength * COUNT
            words = self._words
            for slot in slots:
                if words[start + slot] > born:
                    return strength + 1
        return FRESH

    def is_due(self, now):
        """Whether the moment (seconds since 1970) of a change that was announced has come."""
        return self._words[NEXT] <= now * 1_000_000

    # ---- writing: the caller holds the lock

    def bump(self, keys, strength):
        """Marks what these keys stand for as changed."""
        generation = self._words[GENERATION] + 1
        start = HEADER + RING + strength * COUNT
        for key in keys:
            self._words[start + slot_of(key)] = generation
        self._words[GENERATION] = generation

    def forget(self):
        """Makes every page that was kept useless, and what was read of the database's purges unknown."""
        self._begin()

    @property
    def seen(self):
        """Purges of earlier transactions have all been read; 0 where nothing is known."""
        return self._words[SEEN]

    @seen.setter
    def seen(self, transaction):
        """Notes that they have, now."""
        self._words[SEEN] = transaction
        self._words[READ_AT] = int(time.time() * 1_000_000)

    @property
    def read_at(self):
        """When the database's purges were last read, in seconds since 1970."""
        return self._words[READ_AT] / 1_000_000

    @property
    def flood(self):
        """The number of the last purge when there were too many to be read one by one."""
        return self._words[FLOOD]

    @flood.setter
    def flood(self, number):
        """Notes it."""
        self._words[FLOOD] = number

    def was_read(self, number):
        """Whether the purge of this number was read lately."""
        return self._words[HEADER + number % RING] == number

    def mark_read(self, number):
        """Remembers that the purge of this number was read."""
        self._words[HEADER + number % RING] = number

    def boundaries(self):
        """[(microseconds since 1970, strength, keys)] of changes to come, the first one first."""
        try:
            return [tuple(line) for line in json.loads(self._boundaries.read_text())]
        except (FileNotFoundError, ValueError):
            return []

    def announce(self, lines):
        """Adds changes to come, each (microseconds since 1970, strength, keys)."""
        self._keep({(moment, strength, tuple(keys)) for moment, strength, keys in [*self.boundaries(), *lines]})

    def apply_due(self, now=None):
        """Marks what has come to its moment as changed; returns those lines."""
        limit = (now or time.time()) * 1_000_000
        lines = self.boundaries()
        due = [line for line in lines if line[0] <= limit]
        for _, strength, keys in due:
            self.bump(keys, strength)
        if due or self._words[NEXT] <= limit:
            self._keep(line for line in lines if line[0] > limit)
        return due

    def _keep(self, lines):
        lines = sorted(lines)
        fresh = self._boundaries.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps(lines))
        fresh.replace(self._boundaries)
        self._words[NEXT] = lines[0][0] if lines else NEVER
