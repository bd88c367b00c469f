"""What keeps a count of reads honest: repeats of one reader, programs, floods. Nothing of it is stored.

A reader is a hash of address and browser under a salt that each worker makes anew every hour and forgets. It lies in
tables of a fixed size in the worker's memory: where two fall on the same place, the earlier one is forgotten, so that
a read may count twice but none is lost.
"""

import re
import secrets
import threading
import time
from array import array
from hashlib import blake2b

# Two megabytes a worker.
MARKS = 2**18
ADDRESSES = 2**16
HOUR, MINUTE = 3600, 60
# Words by which programs introduce themselves; a browser always says who it is.
PROGRAM = re.compile(
    r"bot|crawl|spider|slurp|scrap|fetch|preview|monitor|archiv|headless|lighthouse|https?:|curl|wget|python|java/|"
    r"libwww|go-http|okhttp|axios|node-|php|ruby|perl|phantom|facebookexternalhit|\A\s*\Z",
    re.IGNORECASE,
)


class Repeats:
    """The reads of the current hour, as marks."""

    def __init__(self):
        self._lock = threading.Lock()
        self._hour, self._salt, self._marks = None, b"", array("Q", bytes(8 * MARKS))

    def is_repeat(self, reader, story, now=None):
        """Whether this reader (address and browser as text) has read the story in this hour; remembers it if not."""
        hour = int((time.time() if now is None else now) // HOUR)
        with self._lock:
            if hour != self._hour:
                self._hour, self._salt, self._marks = hour, secrets.token_bytes(32), array("Q", bytes(8 * MARKS))
            text = f"{story} {reader}".encode(errors="replace")
            mark = int.from_bytes(blake2b(text, digest_size=8, key=self._salt).digest(), "big") | 1
            place = (mark >> 1) % MARKS
            known = self._marks[place] == mark
            self._marks[place] = mark
            return known


class Floods:
    """How many reads an address told in the current minute."""

    def __init__(self, most):
        self.most = most
        self._lock = threading.Lock()
        self._minute, self._salt, self._told = None, b"", array("L", bytes(array("L").itemsize * ADDRESSES))

    def is_flood(self, address, now=None):
        """Whether the address has told more reads in this minute than a house full of readers would."""
        minute = int((time.time() if now is None else now) // MINUTE)
        with self._lock:
            if minute != self._minute:
                self._minute, self._salt = minute, secrets.token_bytes(32)
                self._told = array("L", bytes(array("L").itemsize * ADDRESSES))
            digest = blake2b(address.encode(errors="replace"), digest_size=4, key=self._salt).digest()
            place = int.from_bytes(digest, "big") % ADDRESSES
            self._told[place] += 1
            return self._told[place] > self.most


def is_program(headers):
    """Whether a request (its headers) comes from a program, from a page that is only fetched ahead, or another site."""
    ahead = headers.get("Sec-Purpose", headers.get("Purpose", headers.get("X-Moz", "")))
    elsewhere = headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "same-site")
    return bool("prefetch" in ahead.lower() or elsewhere or PROGRAM.search(headers.get("User-Agent", "")))
