"""Where finished pages are kept: files of this host, written whole or not at all, and the busiest ones in memory."""

import gzip
import hashlib
import json
import os
import shutil
import threading
import time
from array import array
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import brotli

from .slots import slots_of

# Each of these is kept, so that answering needs no work: identity, gzip, brotli.
ENCODINGS = ("", "gzip", "br")
# Brotli's levels above 5 take many times longer for a few per cent.
BROTLI_QUALITY, GZIP_LEVEL = 5, 6
DAY = 24 * 3600
# What of an entry is not written to the disk with what it says about itself.
PASSING = ("bodies", "slots", "checked", "state", "floor")


@dataclass
class Entry:
    """A page as it is sent: everything but the moment's own headers.

    `born` is the generation of the slots at which its making began, `until` the moment (seconds since 1970) from which
    on it is another page, 0 for never.
    """

    status: str
    headers: list
    keys: list
    epoch: int
    born: int
    made_at: float
    until: float
    etag: str
    bodies: dict = field(repr=False, default_factory=dict)
    slots: array = field(repr=False, default=None)
    # Where `checked` is the generation, the page is as good as `state` says, and no better than `floor`.
    checked: int = -1
    state: int = 0
    floor: int = 0

    def about(self, **more):
        """What is written of it beside its bodies, as JSON."""
        kept = {name: value for name, value in vars(self).items() if name not in PASSING}
        return json.dumps(kept | more)

    @classmethod
    def read(cls, about, bodies, **more):
        """The entry of which `about` (read from JSON) was written."""
        headers = [tuple(header) for header in about["headers"]]
        return cls(**about | {"headers": headers} | more, bodies=bodies, slots=slots_of(about["keys"]))

    @property
    def size(self):
        """Its bytes in memory, about."""
        return 2_000 + sum(map(len, self.bodies.values())) + 40 * len(self.keys)


def compressed(body):
    """{encoding: bytes} of a page in every form that is kept."""
    return {
        "": body,
        "gzip": gzip.compress(body, GZIP_LEVEL, mtime=0),
        "br": brotli.compress(body, mode=brotli.MODE_TEXT, quality=BROTLI_QUALITY),
    }


def digest_of(name):
    """A short word for the name of a page."""
    return hashlib.blake2b(name.encode(), digest_size=16).hexdigest()


class Store:
    """Where pages are kept, with the busiest ones in this process's memory: `memory` bytes of them."""

    def __init__(self, memory):
        self._memory = OrderedDict()
        self._memory_limit, self._memory_used = memory, 0
        self._lock = threading.Lock()

    def clock(self):
        """What time it is for the store: taken before a page is made, given with it to `put`."""
        return 0

    def purge(self, keys, strength):
        """Tells the store what changed, where it has to know; False where it cannot be told now."""
        return True

    def trim(self):
        """Keeps within its limits; returns how many pages went."""
        return 0

    def get(self, name, encoding):
        """The Entry kept under a name with its body in an encoding, or None."""
        with self._lock:
            entry = self._memory.get(name)
            if entry is not None and encoding in entry.bodies:
                self._memory.move_to_end(name)
                return entry
        entry = self._read(name, encoding)
        if entry is not None:
            self._remember(name, entry)
        return entry

    def drop_from_memory(self, name):
        """Has the next reading of a name look where all processes keep their pages."""
        with self._lock:
            self._forget(name)

    def _forget(self, name):
        old = self._memory.pop(name, None)
        if old is not None:
            self._memory_used -= old.size

    def _remember(self, name, entry):
        with self._lock:
            self._forget(name)
            if entry.size > self._memory_limit // 8:
                return
            self._memory[name] = entry
            self._memory_used += entry.size
            while self._memory_used > self._memory_limit:
                _, gone = self._memory.popitem(last=False)
                self._memory_used -= gone.size


class DiskStore(Store):
    """Pages as files in a folder; `limit` bytes at most, beyond that the ones that were not used for longest go."""

    def __init__(self, folder, limit, memory):
        super().__init__(memory)
        self.folder = Path(folder)
        self.limit = limit
        self.folder.mkdir(parents=True, exist_ok=True)

    def _path(self, name):
        # No Path: it keeps each name's parts in memory.
        digest = digest_of(name)
        return os.path.join(self.folder, digest[:2], digest)

    def _read(self, name, encoding):
        path = self._path(name)
        try:
            with open(path, "rb") as file:
                about = json.loads(file.readline())
                sizes = about.pop("sizes")
                if about.pop("name") != name:
                    return None
                for form in ENCODINGS:
                    if form == encoding:
                        body = file.read(sizes[form])
                        break
                    file.seek(sizes[form], os.SEEK_CUR)
                if len(body) != sizes[encoding]:
                    return None
            # What is in use is not thrown away: once a minute is often enough to say so.
            if time.time() - os.stat(path).st_mtime > 60:
                os.utime(path)
        except (OSError, ValueError, KeyError):
            return None
        return Entry.read(about, {encoding: body})

    def put(self, name, entry, clock=0):
        """Keeps an entry whose bodies hold every encoding. OSError where the disk does not take it."""
        about = entry.about(name=name, sizes={form: len(body) for form, body in entry.bodies.items()})
        path = self._path(name)
        fresh = f"{path}.{os.getpid()}-{threading.get_ident()}"
        with suppress(FileExistsError):
            os.mkdir(os.path.dirname(path))
        try:
            with open(fresh, "wb") as file:
                file.write(about.encode() + b"\n")
                for form in ENCODINGS:
                    file.write(entry.bodies[form])
            os.replace(fresh, path)
        except OSError:
            with suppress(OSError):
                os.unlink(fresh)
            raise
        self.drop_from_memory(name)

    def trim(self):
        """Deletes what was not used for longest until the folder is within its limit; returns how many files went.

        Folders beside it, which belong to other versions of the program, go once they were not used for a day.
        """
        found, total, gone = [], 0, 0
        for other in self.folder.parent.glob("pages-*"):
            used = max(file.stat().st_mtime for file in [other, *other.glob("??")])
            if other != self.folder and time.time() - used > DAY:
                shutil.rmtree(other, ignore_errors=True)
        for part in self.folder.glob("??"):
            for file in os.scandir(part):
                with suppress(OSError):
                    stat = file.stat()
                    found.append((stat.st_mtime, stat.st_size, file.path))
                    total += stat.st_size
        for _, size, path in sorted(found):
            if total <= self.limit:
                break
            with suppress(OSError):
                os.unlink(path)
                gone += 1
            total -= size
        return gone
