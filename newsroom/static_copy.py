"""The emergency edition: home, section fronts and the newest stories as plain files that any web server can show.

Pages come from the page cache, so one that has not changed costs nothing; files are replaced whole, and only where
they differ. What is not public any more is deleted at the next run.
"""

import json
import logging
import os
import re
import threading
import time
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import connection

from articles.models import Article
from sections.models import Page, Section
from sections.runner import alone

LIST = ".published.json"
# What a page loads from this site: pictures in all sizes, films, styles, scripts, fonts.
LOADED = re.compile(r"""(?:src|href|srcset|poster)="([^"]*)"|url\(["']?([^"')]+)["']?\)""")
OWN = ("/media/", "/static/")
ALWAYS = ("/", "/robots.txt", "/feeds/paper.rss", "/no-such-page/")

logger = logging.getLogger(__name__)


class Copy:
    """A copy of the paper in a folder, made by asking a WSGI application for its pages."""

    def __init__(self, application, folder):
        self.application, self.folder = application, Path(folder)
        self.written, self.kept = 0, set()

    def publish(self, stories):
        """Writes the copy with so many of the newest stories; returns (files written, files deleted, files in all)."""
        self.folder.mkdir(parents=True, exist_ok=True)
        loaded = set()
        for address in addresses(stories):
            status, body = self.ask(address)
            if status == 200 or address == "/no-such-page/":
                self.keep("404.html" if status == 404 else file_of(address), body)
                loaded |= loads(body.decode(errors="replace"))
        while loaded:
            more = set()
            for address in sorted(loaded):
                name = address[1:]
                # What these addresses lead to never changes: another picture has another address.
                if name in self.kept or (address.startswith("/media/") and self.holds(name)):
                    continue
                body = self.fetch(address)
                if body is not None:
                    self.keep(name, body)
                    if name.endswith(".css"):
                        more |= {found for found in loads(body.decode()) if found.startswith("/static/")}
                        more |= beside(address, body.decode())
            loaded = more - loaded
        return self.written, self.clear(), len(self.kept)

    def ask(self, address):
        """(status, body) of an address of the paper."""
        said = []
        parts = urlsplit(settings.SITE_URL)
        path = unquote(address).encode().decode("latin-1")
        environ = {
            **{"REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": ""},
            **{"SERVER_NAME": parts.hostname, "SERVER_PORT": str(parts.port or 80), "SERVER_PROTOCOL": "HTTP/1.1"},
            **{"HTTP_HOST": parts.netloc, "HTTP_X_FORWARDED_PROTO": parts.scheme, "REMOTE_ADDR": "127.0.0.1"},
            **{"wsgi.url_scheme": parts.scheme, "wsgi.input": BytesIO(), "wsgi.errors": BytesIO()},
        }
        answer = self.application(environ, lambda status, headers, exc_info=None: said.append(status))
        body = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        return int(said[0][:3]), body

    def fetch(self, address):
        """The bytes of a picture or static file, None where there is none."""
        if address.startswith("/static/"):
            name = address.removeprefix("/static/")
            for path in (Path(settings.STATIC_ROOT) / name, finders.find(name)):
                with suppress(OSError, TypeError):
                    return Path(path).read_bytes()
            return None
        status, body = self.ask(address)
        return body if status == 200 else None

    def holds(self, name):
        """Whether a file of an earlier run is there; it then stays."""
        if (self.folder / name).is_file():
            self.kept.add(name)
            return True
        return False

    def keep(self, name, body):
        """Has a file hold these bytes; writes it only where it does not."""
        self.kept.add(name)
        path = self.folder / name
        with suppress(OSError):
            if path.read_bytes() == body:
                return
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        fresh.write_bytes(body)
        fresh.replace(path)
        self.written += 1

    def clear(self):
        """Deletes what an earlier run wrote and this one does not have; returns how many files."""
        known = self.folder / LIST
        before = set()
        with suppress(OSError, ValueError):
            before = set(json.loads(known.read_text()))
        gone = before - self.kept
        for name in gone:
            with suppress(OSError):
                (self.folder / name).unlink()
        if before != self.kept:
            known.write_text(json.dumps(sorted(self.kept)))
        return len(gone)


def addresses(stories):
    """The pages of the copy. Three queries."""
    yield from ALWAYS
    yield from (section.get_absolute_url() for section in Section.objects.all())
    yield from Page.objects.values_list("address", flat=True)
    newest = Article.objects.published().latest_first().only("address_date", "slug", "publish_at")
    yield from (story.get_absolute_url() for story in newest[:stories])


def file_of(address):
    """The name of the file for an address: a page is the index of its folder."""
    name = unquote(address.lstrip("/"))
    return f"{name}index.html" if not name or name.endswith("/") else name


def loads(text):
    """Paths of this site that a page or style sheet loads."""
    found = set()
    for attribute, style in LOADED.findall(text):
        for part in (attribute or style).split(","):
            path = part.strip().partition(" ")[0].partition("#")[0].partition("?")[0]
            if path.startswith(OWN) and ".." not in path:
                found.add(path)
    return found


def beside(address, text):
    """Paths that a style sheet names relative to itself."""
    base = address.rpartition("/")[0]
    names = (style for _, style in LOADED.findall(text) if style and not style.startswith(("/", "data:", "http")))
    return {os.path.normpath(f"{base}/{name.partition('?')[0].partition('#')[0]}") for name in names}


def publish_in_turn(application):
    """Makes the copy of STATIC_COPY unless another process is at it; returns what `Copy.publish` does, or None."""
    with alone("newsroom.static_copy") as is_free:
        return Copy(application, settings.STATIC_COPY).publish(settings.STATIC_COPY_STORIES) if is_free else None


def keep_copying(application):
    """Starts a thread that makes the copy every STATIC_COPY_SECONDS, where STATIC_COPY names a folder."""

    def run():
        while True:
            time.sleep(settings.STATIC_COPY_SECONDS)
            try:
                publish_in_turn(application)
            except Exception:  # the database may be away: the copy is there for that very moment
                logger.warning("The emergency edition could not be brought up to date.", exc_info=True)
            finally:
                connection.close()

    if settings.STATIC_COPY:
        threading.Thread(target=run, name="static-copy", daemon=True).start()
