"""The page cache as a WSGI application around Django's: a page that is kept is answered before Django hears of it.

What may be kept is decided by the answer: 200 or 410, public for shared caches, without a cookie. What makes a page is
its path and the parameters that pages know (PARAMETERS); whatever else a request says (host, cookies, further
parameters, any header) reaches neither the name under which a page is kept nor the view that makes it.
"""

import contextlib
import hashlib
import logging
import os
import threading
import time
from email.utils import parsedate_to_datetime
from fcntl import LOCK_EX, LOCK_NB, flock
from urllib.parse import parse_qsl, urlencode
from zlib import crc32

from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.http.request import split_domain_port, validate_host

from paywall.crawlers import may_read_all
from sections import shared
from sections.surrogates import collecting

from . import edges, purging
from .slots import ERASED, FRESH, OLD, PURGED, Slots, slots_of
from .store import DiskStore, Entry, compressed

# First words of addresses that are answered for one reader, or are no pages: the cache has nothing to do with them.
NOT_KEPT = {
    *("admin", "login", "logout", "register", "account", "letters", "mail", "preview", "reads", "health", "media"),
    *("static", "rest", "reading-room", "orders"),
}
# The parameters that make another page, by the first word of the address; of all other addresses only USUAL does.
USUAL = {"before"}
PARAMETERS = {
    "search": {"after", "format", "from", "q", "reporter", "section", "sort", "to"},
    "feeds": {"q", "text"},
    "products": {"q"},
    "topics": USUAL | {"letter"},
}
LONGEST = 2_000
# Requests that change nothing that a page shows, and come by the thousand.
WITHOUT_CHANGE = ("/reads/",)
# A page is made by one process; the others wait for it so many seconds before they make it themselves.
PATIENCE = 10
LOCKS = 256
# Larger answers are sent while they are made.
LARGEST = 4_000_000
# After a failure to make pages, those that are old are shown for so many seconds before the next try.
REST = 1
# How long an old page may stand in while the database does not answer.
DAY = 24 * 3600
LONGEST_OUTAGE = DAY
# How long a cache in front may show an old page while it fetches the new one.
STALE = 30
NEVER = 2**31
# What a request may tell the view of a page that everybody gets.
HIDDEN = (
    *("HTTP_COOKIE", "HTTP_AUTHORIZATION", "HTTP_ACCEPT_ENCODING", "HTTP_ACCEPT_LANGUAGE", "HTTP_RANGE"),
    *("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_IF_RANGE"),
)

logger = logging.getLogger(__name__)


class Answer:
    """What the application said."""

    def __init__(self, application, environ):
        self.status, self.headers = "", []
        self.parts = application(environ, self._start)

    def _start(self, status, headers, exc_info=None):
        self.status, self.headers = status, headers

    def header(self, name):
        """The value of a header, empty without it."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    def read(self):
        """The body if it is no larger than what is kept, else None: it then still has to be sent."""
        whole, size = [], 0
        for part in self.parts:
            whole.append(part)
            size += len(part)
            if size > LARGEST:
                self.parts = _Rest(whole, self.parts)
                return None
        self.close()
        self.parts = [b"".join(whole)]
        return self.parts[0]

    def close(self):
        """Tells the application that its answer was read."""
        if hasattr(self.parts, "close"):
            self.parts.close()


class _Rest:
    """What was read of an answer, then what follows."""

    def __init__(self, whole, parts):
        self._whole, self._parts = whole, parts

    def __iter__(self):
        yield from self._whole
        yield from self._parts

    def close(self):
        if hasattr(self._parts, "close"):
            self._parts.close()


class PageCache:
    """The application with its pages kept in a folder of this host."""

    def __init__(self, application, folder=None):
        folder = folder or settings.PAGE_CACHE
        self.application = application
        self.slots = Slots(folder)
        megabyte = 1_000_000
        memory = settings.PAGE_CACHE_MEMORY_MB * megabyte
        if settings.REDIS_URL:
            # Only where it is asked for: the library is an extra.
            from .redis import RedisStore

            self.store = RedisStore(settings.REDIS_URL, fingerprint(), memory, self.slots)
        else:
            pages = self.slots.folder / f"pages-{fingerprint()}"
            self.store = DiskStore(pages, settings.PAGE_CACHE_MB * megabyte, memory)
        self._locks = self.slots.folder / "locks"
        self._locks.mkdir(exist_ok=True)
        self._rest_until = 0
        self._boundaries = (0, [])

    def __call__(self, environ, start_response):
        method = environ["REQUEST_METHOD"]
        if method not in ("GET", "HEAD"):
            return self._act(environ, start_response)
        name, clean = name_of(environ)
        if name is None or not is_own(environ):
            return self.application(environ, start_response)
        if may_read_all(environ):  # a page that is not for everybody
            return self.application(environ, start_response)
        now = time.time()
        if self.slots.is_due(now):
            with self.slots.lock():
                purging.apply_due(self.slots, self.store.purge, now)
        encoding = encoding_of(environ.get("HTTP_ACCEPT_ENCODING", ""))
        entry, state = self._find(name, encoding, now)
        if state != FRESH:
            if method == "HEAD" and entry is None:
                return self.application(environ, start_response)
            entry, answer = self._make(name, clean, environ, encoding, entry, state)
            if answer is not None:
                start_response(answer.status, answer.headers)
                return answer.parts
        return self._send(entry, encoding, environ, start_response)

    def _act(self, environ, start_response):
        """A request that may change something: what it changed is purged before it is answered."""
        answer = Answer(self.application, environ)
        if environ.get("PATH_INFO") not in WITHOUT_CHANGE:
            try:
                self.catch_up()
                edges.tell_edges(self.catch_up)
            except DatabaseError:
                logger.warning("What a request changed could not be purged yet: the database does not answer.")
            except OSError as problem:
                logger.warning("%s It is told again.", problem)
        start_response(answer.status, answer.headers)
        return answer.parts

    def catch_up(self):
        """Has this host know of every change that the database has finished; returns how many were new."""
        return purging.catch_up(self.slots, self.store.purge)

    def _find(self, name, encoding, now):
        """(entry, how good it is) of a name; (None, ERASED) without one."""
        for _ in range(2):
            entry = self.store.get(name, encoding)
            if entry is None:
                return None, ERASED
            state = self._state(entry, now)
            if state == FRESH:
                return entry, FRESH
            # Another process may have made it since this one read it.
            self.store.drop_from_memory(name)
        return (None, ERASED) if state == ERASED else (entry, state)

    def _state(self, entry, now):
        generation = self.slots.generation
        if entry.checked != generation:
            known = entry.epoch == self.slots.epoch
            entry.state = max(entry.floor, self.slots.state(entry.slots, entry.born)) if known else ERASED
            entry.checked = generation
        if entry.until and entry.until <= now:
            return max(entry.state, PURGED)
        if entry.state == FRESH and now - entry.made_at > settings.PAGE_CACHE_SECONDS:
            return OLD
        return entry.state

    def _make(self, name, clean, environ, encoding, old, state):
        """(entry, None) of a page made by this or another process, or (None, answer) where it cannot be kept."""
        usable = old is not None and time.time() - old.made_at < LONGEST_OUTAGE
        if usable and time.monotonic() < self._rest_until:
            return old, None
        with self._turn(name, wait=state != OLD) as mine:
            if not mine and state == OLD:
                return old, None
            entry, found = self._find(name, encoding, time.time())
            if found == FRESH:
                return entry, None
            entry, answer = self._render(name, clean, environ)
        if answer is not None and answer.status.startswith("5"):
            self._rest_until = time.monotonic() + REST
            if usable:
                answer.close()
                return old, None
        return entry, answer

    def _render(self, name, clean, environ):
        """As `_make`, by this process at once."""
        clock, epoch, born, made_at = self.store.clock(), self.slots.epoch, self.slots.generation, time.time()
        for query in dict.fromkeys((clean, environ.get("QUERY_STRING", ""))):
            asked = {key: value for key, value in environ.items() if key not in HIDDEN}
            asked |= {"REQUEST_METHOD": "GET", "QUERY_STRING": query}
            with collecting() as collected:
                answer = Answer(self.application, asked)
                # Addresses of older systems may have any parameter, so only a page is a page without them.
                if query == clean and answer.status.startswith("200") or query == environ.get("QUERY_STRING", ""):
                    body = answer.read() if may_be_kept(answer) and query == clean else None
                    break
                answer.read()
        if body is None:
            return None, answer
        keys = collected.all
        until = collected.until.timestamp() if collected.until else 0
        if until == 0 and (age := shortest_life(answer)):
            until = made_at + age
        entry = Entry(
            status=answer.status,
            headers=[(key, value) for key, value in answer.headers if key.lower() not in OWN_HEADERS],
            keys=keys,
            epoch=epoch,
            born=born,
            made_at=made_at,
            until=until,
            etag=hashlib.blake2b(body, digest_size=12).hexdigest(),
            bodies=compressed(body),
            slots=slots_of(keys),
        )
        try:
            self.store.put(name, entry, clock)
        except OSError as problem:
            logger.warning("A page could not be kept: %s", problem)
        return entry, None

    @contextlib.contextmanager
    def _turn(self, name, wait):
        """Held while a page is made, by one thread of all processes; gives False where another has it too long."""
        with open(self._locks / str(crc32(name.encode()) % LOCKS), "a") as file:
            end = time.monotonic() + (PATIENCE if wait else 0)
            mine = False
            while not mine:
                try:
                    flock(file, LOCK_EX | LOCK_NB)
                    mine = True
                except BlockingIOError:
                    if time.monotonic() >= end:
                        break
                    time.sleep(0.005)
            yield mine

    def _send(self, entry, encoding, environ, start_response):
        etag = f'"{entry.etag}-{encoding}"' if encoding else f'"{entry.etag}"'
        headers = [
            *entry.headers,
            ("Cache-Control", self._life(entry)),
            *edges.headers_of(entry.keys),
            ("Vary", "Accept-Encoding"),
            ("ETag", etag),
        ]
        if is_known(environ, etag, entry):
            start_response("304 Not Modified", [line for line in headers if line[0] not in ("Content-Type",)])
            return []
        body = entry.bodies[encoding]
        if encoding:
            headers.append(("Content-Encoding", encoding))
        headers.append(("Content-Length", str(len(body))))
        start_response(entry.status, headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _life(self, entry):
        """Cache-Control for browsers and shared caches: never beyond the next change that is known to come."""
        left = NEVER
        if ends := self._ends(entry):
            left = max(0, int(ends - time.time()))
        age = min(settings.PAGE_MAX_AGE, left)
        if not settings.EDGE_PURGE_URL:
            return f"public, max-age={age}, s-maxage={age}"
        edge = min(settings.EDGE_MAX_AGE, left)
        # What is to change at a moment must not be shown beyond it.
        stale = STALE if edge < left else 0
        return f"public, max-age={age}, s-maxage={edge}, stale-while-revalidate={stale}, stale-if-error={stale and DAY}"

    def _ends(self, entry):
        """The moment (seconds since 1970) of the next change to come of what the page shows; 0 for none."""
        boundaries = self._upcoming()
        ends = [entry.until] if entry.until else []
        if boundaries:
            keys = set(entry.keys)
            ends += [moment / 1_000_000 for moment, _, of in boundaries if not keys.isdisjoint(of)][:1]
        return min(ends, default=0)

    def _upcoming(self):
        """Changes to come within the longest life of a page elsewhere."""
        longest = settings.EDGE_MAX_AGE if settings.EDGE_PURGE_URL else settings.PAGE_MAX_AGE
        end = time.time() + longest + STALE
        if not self.slots.is_due(end):
            return []
        read_at, lines = self._boundaries
        if time.monotonic() - read_at > purging.PAUSE:
            lines = self.slots.boundaries()
            self._boundaries = (time.monotonic(), lines)
        return [line for line in lines if line[0] <= end * 1_000_000]

    def look_after(self):
        """Reads purges and prunes, for ever: the runner of this process, a daemon thread."""
        trimmed = 0
        while True:
            try:
                purging.catch_up_in_turn(self.slots, self.store.purge)
                edges.tell_edges(self.catch_up)
                if time.monotonic() - trimmed > 60:
                    trimmed = time.monotonic()
                    with self.slots.lock(wait=False) as mine:
                        if mine:
                            self.store.trim()
                    purging.prune()
            except Exception:  # the database, the disk or an edge may be away for a while
                logger.warning("The page cache could not look after its pages.", exc_info=True)
                close_old_connections()
            time.sleep(purging.PAUSE)

    def start(self):
        """Starts the runner, and has this process keep what pages share; returns the cache."""
        shared.use(self.slots)
        threading.Thread(target=self.look_after, name="page-cache", daemon=True).start()
        return self


# Headers that are written anew with every answer.
OWN_HEADERS = {"cache-control", "vary", "etag", "content-length", "content-encoding", "set-cookie"}


def name_of(environ):
    """(name, query) of the page that a request asks for, with the parameters that pages know; (None, "") for none."""
    path = environ.get("PATH_INFO", "")
    first = path[1:].partition("/")[0]
    query = environ.get("QUERY_STRING", "")
    if first in NOT_KEPT or len(path) + len(query) > LONGEST or environ.get("SCRIPT_NAME"):
        return None, ""
    if first == "lite":
        first = path[6:].partition("/")[0]
        if first in NOT_KEPT:
            return None, ""
    if query:
        try:
            asked = parse_qsl(query, keep_blank_values=False, errors="strict", max_num_fields=100)
        except ValueError:
            return None, ""
        # Of a repeated parameter the last one counts, as in Django.
        known = PARAMETERS.get(first, USUAL)
        query = urlencode(sorted((key, value) for key, value in dict(asked).items() if key in known))
    return f"{path}?{query}" if query else path, query


def is_own(environ):
    """Whether a request reached this site by a name and a way that Django would take; if not, Django says so."""
    host, _ = split_domain_port(environ.get("HTTP_HOST", ""))
    if not host or not validate_host(host, settings.ALLOWED_HOSTS):
        return False
    if settings.SECURE_SSL_REDIRECT:
        forwarded = settings.BEHIND_PROXY and environ.get("HTTP_X_FORWARDED_PROTO", "").partition(",")[0].strip()
        return (forwarded or environ.get("wsgi.url_scheme")) == "https"
    return True


def encoding_of(accepted):
    """The best form of a page for an Accept-Encoding header: br, gzip or nothing."""
    offered = {}
    for part in accepted.lower().split(","):
        coding, _, quality = part.partition(";")
        offered[coding.strip()] = quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return next((coding for coding in ("br", "gzip") if offered.get(coding, offered.get("*", False))), "")


def may_be_kept(answer):
    """Whether everybody may get this answer."""
    rules = answer.header("cache-control").lower()
    return (
        answer.status[:3] in ("200", "410")
        and "public" in rules
        and not any(word in rules for word in ("no-store", "private", "no-cache"))
        and not answer.header("set-cookie")
        and "cookie" not in answer.header("vary").lower()
    )


def shortest_life(answer):
    """Seconds that the view gives its page where it gives it less than others; 0 otherwise."""
    for rule in answer.header("cache-control").split(","):
        name, _, value = rule.strip().partition("=")
        if name == "s-maxage" and value.isdigit() and int(value) < settings.PAGE_MAX_AGE:
            return int(value)
    return 0


def is_known(environ, etag, entry):
    """Whether the reader's program has this very page already (RFC 9110, 13.1)."""
    if known := environ.get("HTTP_IF_NONE_MATCH"):
        return known.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in known.split(","))
    since = environ.get("HTTP_IF_MODIFIED_SINCE")
    changed = next((value for name, value in entry.headers if name == "Last-Modified"), "")
    if since and changed:
        with contextlib.suppress(ValueError, TypeError):
            return parsedate_to_datetime(changed) <= parsedate_to_datetime(since)
    return False


def fingerprint():
    """A word for the program as it stands: pages that another version of it made are no pages of this one."""
    state = hashlib.blake2b(digest_size=8)
    apps = ("articles", "sections", "rankings", "newsletters", "editions", "photos", "paywall", "subscriptions")
    roots = [settings.BASE_DIR / name for name in ("templates", "newsroom", *apps)]
    files = [path for root in roots for path in root.rglob("*") if path.suffix in (".html", ".py")]
    manifest = settings.STATIC_ROOT / "staticfiles.json"
    for path in [*sorted(files), manifest]:
        with contextlib.suppress(OSError):
            stat = os.stat(path)
            state.update(f"{path.name}:{stat.st_mtime_ns}:{stat.st_size};".encode())
    premium = settings.PREMIUM_FREE_A_MONTH, settings.PREMIUM_OPEN_WORDS
    state.update(f"{settings.SITE_URL} {settings.EPAPER_ACCESS} {premium} {settings.DATABASES['default']}".encode())
    return state.hexdigest()
