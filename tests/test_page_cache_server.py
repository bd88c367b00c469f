"""The page cache in the real web server: two workers, a database that goes away, processes that are killed."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from http.client import HTTPConnection
from urllib.parse import quote, urlencode

import psutil
import pytest
from django.db import connection

from articles import publishing
from newsroom import localpg
from rankings.models import ReadCount
from sections.models import Page
from tests.factories import draft, make_article, make_staff
from tests.waiting import wait_until


class Line:
    """A TCP port that leads to the database of the tests, and can be cut."""

    def __init__(self):
        self.port, self._open = None, []
        self.restore()

    def restore(self):
        """Leads to the database (again)."""
        self._listener = socket.create_server(("127.0.0.1", self.port or 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=[self._listener], daemon=True).start()

    def cut(self):
        """Ends every connection and refuses new ones, as a server that is stopped does."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._open.clear()

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
                server = self._connect()
            except OSError:
                return
            self._open += [client, server]
            for ends in ((client, server), (server, client)):
                threading.Thread(target=self._carry, args=ends, daemon=True).start()

    @staticmethod
    def _connect():
        server = connection.settings_dict
        host, port = server["HOST"] or "127.0.0.1", int(server["PORT"] or 5432)
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        found = socket.socket(socket.AF_UNIX)
        found.connect(f"{host}/.s.PGSQL.{port}")
        return found

    @staticmethod
    def _carry(source, target):
        with suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class Site:
    """Two workers of the web server on a port, with a page cache of their own."""

    def __init__(self, folder, **own):
        self.line = Line()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        server = connection.settings_dict
        who = quote(server["USER"], safe="") + (f":{quote(server['PASSWORD'], safe='')}" if server["PASSWORD"] else "")
        own |= {
            "DATABASE_URL": f"postgresql://{who}@127.0.0.1:{self.line.port}/{quote(server['NAME'], safe='')}",
            "NEWSROOM_ENV": "test",
            "PAGE_CACHE": str(folder),
            "SITE_URL": f"http://127.0.0.1:{self.port}",
        }
        options = "--interface wsgi --workers 2 --blocking-threads 4 --workers-kill-timeout 5 --respawn-failed-workers"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "newsroom.workers", *options.split(), "--log-level", "error", "--host", "127.0.0.1"]
            + ["--port", str(self.port), "newsroom.wsgi:application"],
            cwd=localpg.PROJECT,
            env=os.environ | own,
            stderr=subprocess.DEVNULL,
        )
        assert wait_until(lambda: self.answers("/health/"), seconds=30)

    def answers(self, address):
        """Whether it answers an address with 200."""
        with suppress(OSError):
            return self.get(address)[0] == 200

    def get(self, address, method="GET", body=None, **headers):
        """(status, headers, text) of an address, by a connection of its own: any worker may take it."""
        line = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            line.request(method, address, body, {name.replace("_", "-"): value for name, value in headers.items()})
            response = line.getresponse()
            return response.status, response.headers, response.read().decode()
        finally:
            line.close()

    @property
    def workers(self):
        """The process ids of the workers."""
        found = []
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # a zombie among them
                if "resource_tracker" not in " ".join(child.cmdline()):
                    found.append(child.pid)
        return found

    def end(self):
        """Ends every process of it."""
        family = [self.process, *psutil.Process(self.process.pid).children(recursive=True)]
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        for member in family:
            with suppress(psutil.NoSuchProcess, ProcessLookupError):
                member.kill()
        self.process.wait()
        self.line.cut()


@pytest.fixture
def site(transactional_db, tmp_path):
    found = Site(tmp_path / "cache")
    yield found
    found.end()
    connection.close()


@pytest.fixture
def signed_in(client):
    client.force_login(make_staff("boss"))
    return "; ".join(f"{name}={value.value}" for name, value in client.cookies.items())


def test_what_an_editor_changes_is_on_the_next_page_of_every_worker(site, signed_in):
    page = Page.objects.create(address="/about/", title="About", body="<p>Us.</p>")
    form = f"/admin/sections/page/{page.pk}/change/"
    for number in range(25):
        _, headers, html = site.get(form, cookie=signed_in)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', html)[1]
        cookie = f"{signed_in}; {headers['Set-Cookie'].partition(';')[0]}"
        fields = dict(re.findall(r'<input[^>]*? name="(\w+)"[^>]*? value="([^"]*)"', html))
        fields |= {"csrfmiddlewaretoken": token, "title": f"Title {number}", "body": "<p>Us.</p>", "_save": "1"}
        status, _, text = site.get(
            form,
            "POST",
            urlencode(fields),
            cookie=cookie,
            content_type="application/x-www-form-urlencoded",
            referer=f"http://127.0.0.1:{site.port}{form}",
            origin=f"http://127.0.0.1:{site.port}",
        )
        assert status == 302, text
        for _ in range(8):
            assert f"<h1>Title {number}</h1>" in site.get("/about/")[2]


def test_what_another_program_changes_is_seen_within_a_second(site):
    story = make_article(headline="Harbour reopens")
    address = f"/{story.section.path}/"
    assert wait_until(lambda: "Harbour reopens" in site.get(address)[2], seconds=5)
    for number in range(5):
        fresh = draft(headline=f"Quay number {number} opens", section=story.section)
        publishing.schedule(fresh)
        done = time.monotonic()
        assert wait_until(lambda words=fresh.headline: words in site.get(address)[2], seconds=5)
        assert time.monotonic() - done < 1


def test_readers_keep_their_pages_while_the_database_is_away(site):
    story, other = make_article(headline="Harbour reopens"), make_article(headline="Cup goes north")
    kept = ["/", f"/{story.section.path}/", story.get_absolute_url()]
    time.sleep(1)
    assert [site.get(address)[0] for address in kept] == [200] * 3
    site.line.cut()
    for _ in range(5):
        assert [site.get(address)[0] for address in kept] == [200] * 3
        status, headers, text = site.get(other.get_absolute_url())
        assert (status, headers["Retry-After"]) == (503, "5")
        assert "try again" in text
    site.line.restore()
    back = time.monotonic()
    assert wait_until(lambda: site.get(other.get_absolute_url())[0] == 200, seconds=10)
    assert time.monotonic() - back < 2
    publishing.withdraw(story, "It was wrong.")
    assert wait_until(lambda: site.get(story.get_absolute_url())[0] == 410, seconds=5)


def test_killed_workers_lose_no_purge(site):
    story = make_article(headline="Harbour reopens")
    address = story.get_absolute_url()
    stop, wrong = threading.Event(), []

    def read():
        while not stop.is_set():
            with suppress(OSError):
                status, _, text = site.get(address)
                if status != 200 or "</html>" not in text:
                    wrong.append((status, text[-200:]))

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    try:
        for number in range(3):
            os.kill(site.workers[0], signal.SIGKILL)
            story.headline = f"Harbour reopens, part {number}"
            story.save()
            publishing.finish_edit(story)

            def shows(words=story.headline):
                with suppress(OSError):
                    return words in site.get(address)[2]

            assert wait_until(shows, seconds=10)
            assert wait_until(lambda: len(site.workers) >= 2, seconds=10)
            assert all(shows() is not False for _ in range(20))
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert wrong == []


def test_a_killed_worker_loses_its_last_seconds_of_reads_and_counts_none_twice(transactional_db, tmp_path):
    """What READ_FLUSH_SECONDS promises, under load and with the database away for a moment."""
    site = Site(tmp_path / "cache", READ_FLUSH_SECONDS="1", READS_PER_MINUTE="1000000", RANKING_SECONDS="0")
    try:
        stories = [make_article() for _ in range(5)]
        told = []

        def tell(number):
            browser = f"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/{number}"
            address = {"user_agent": browser, "content_type": "text/plain"}
            with suppress(OSError):
                status, _, _ = site.get("/reads/", "POST", str(stories[number % 5].pk), **address)
                if status == 204:
                    told.append(time.monotonic())

        for number in range(300):
            tell(number)
        assert wait_until(lambda: counted() == 300, seconds=10), counted()
        site.line.cut()
        for number in range(300, 400):
            tell(number)
        time.sleep(2)
        site.line.restore()
        assert wait_until(lambda: counted() == 400, seconds=15), "nothing is lost while the database is away"
        for number in range(400, 700):
            tell(number)
        killed = time.monotonic()
        os.kill(site.workers[0], signal.SIGKILL)
        assert wait_until(lambda: len(site.workers) >= 2, seconds=10)
        time.sleep(3)
        at_risk = sum(moment > killed - 1.5 for moment in told)
        assert 700 - at_risk <= counted() <= 700
    finally:
        site.end()
        connection.close()


def counted():
    """Reads that the database knows."""
    return sum(ReadCount.objects.values_list("reads", flat=True))
