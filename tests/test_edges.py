"""Caches in front of the paper: told at once what changed, again where they were away; tried with a real Varnish."""

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import time_machine
from django.utils import timezone

from articles import publishing
from newsroom import localpg
from newsroom.pagecache import edges, purging
from sections.models import Purge
from tests.factories import draft, make_article
from tests.test_page_cache import Reader, simple
from tests.test_page_cache_server import Site
from tests.waiting import wait_until


class Edge:
    """A cache that is told things; `status` is what it answers."""

    def __init__(self):
        self.told, self.status = [], 200
        edge = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                edge.told.append((self.command, dict(self.headers), body))
                self.send_response(edge.status)
                self.end_headers()

            do_PURGE = do_POST = answer

            def log_message(self, *args):
                """Nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def keys(self):
        return {key for _, headers, _ in self.told for key in headers.get("Surrogate-Key", "").split()}


@pytest.fixture
def edge(settings):
    found = Edge()
    settings.EDGE_PURGE_URL = [f"http://127.0.0.1:{found.server.server_port}/"]
    yield found
    found.server.shutdown()
    found.server.server_close()


def tell(now=None):
    return edges.tell_edges(lambda: None, now)


def told_so_far(edge):
    tell()
    tell(timezone.now() + timedelta(seconds=2))
    edge.told.clear()


def test_it_is_told_what_changed(db, edge):
    story = make_article()
    told_so_far(edge)
    story.headline = "Another"
    story.save()
    assert tell() > 0
    assert edge.told[0][0] == "PURGE"
    assert f"article-{story.pk}" in edge.keys
    edge.told.clear()
    assert tell() == 0
    assert edge.told == []


def test_it_is_told_of_moments_when_they_come(db, edge):
    fresh = draft()
    at = timezone.now() + timedelta(hours=3)
    publishing.schedule(fresh, at)
    told_so_far(edge)
    assert tell(at - timedelta(seconds=1)) == 0
    assert tell(at) > 0
    assert f"section-{fresh.section_id}-stories" in edge.keys


def test_what_an_edge_did_not_take_is_told_again(db, edge):
    told_so_far(edge)
    make_article()
    waiting = Purge.objects.filter(told_at=None).count()
    edge.status = 503
    with pytest.raises(OSError, match="answered 503 to a purge"):
        tell()
    assert Purge.objects.filter(told_at=None).count() == waiting
    edge.status = 200
    assert tell() == waiting
    assert Purge.objects.filter(told_at=None).count() == 0


def test_what_no_edge_was_told_is_not_pruned(db, edge):
    make_article()
    Purge.objects.update(written_at=timezone.now() - timedelta(hours=2))
    assert purging.prune() == 0
    tell()
    assert purging.prune() == 0, "it is told once more"
    tell(timezone.now() + timedelta(seconds=2))
    assert purging.prune() > 0


def test_this_host_reads_a_purge_before_an_edge_hears_of_it(db, edge):
    told_so_far(edge)
    make_article()
    told = []
    assert edges.tell_edges(lambda: told.append(len(edge.told))) > 0
    assert told == [0]


def test_a_purge_is_told_again_when_every_host_knows(db, edge):
    told_so_far(edge)
    story = make_article()
    first, now = tell(), timezone.now()
    assert tell(now + timedelta(seconds=0.5)) == 0
    edge.told.clear()
    assert tell(now + timedelta(seconds=2)) >= first
    assert f"article-{story.pk}" in edge.keys
    assert tell(now + timedelta(seconds=4)) == 0


def test_a_content_network_gets_its_own_form(db, edge, settings):
    settings.EDGE_PURGE_METHOD, settings.EDGE_PURGE_FORM = "POST", "cloudflare"
    settings.EDGE_PURGE_HEADERS = {"Authorization": "Bearer secret"}
    story = make_article()
    tell()
    method, headers, body = edge.told[0]
    assert (method, headers["Authorization"], headers["Content-Type"]) == ("POST", "Bearer secret", "application/json")
    assert f"article-{story.pk}" in json.loads(body)["tags"]


def test_many_keys_are_told_in_parts(db, edge, monkeypatch):
    monkeypatch.setattr(edges, "KEYS", 3)
    make_article()
    tell()
    assert len(edge.told) > 1
    assert all(len(headers["Surrogate-Key"].split()) <= 3 for _, headers, _ in edge.told)


def test_without_an_edge_nothing_is_told_or_said(db, tmp_path, settings):
    settings.EDGE_PURGE_URL = []
    make_article()
    assert tell() == 0
    headers = Reader(tmp_path, simple()).get("/")[1]
    assert not {"surrogate-key", "cache-tag"} & set(headers)
    assert headers["cache-control"] == "public, max-age=10, s-maxage=10"


def test_pages_say_what_they_show_and_how_long_it_holds(tmp_path, settings):
    settings.EDGE_PURGE_URL = ["http://127.0.0.1:1/"]
    reader = Reader(tmp_path, simple(keys=["article-1", "section-2"]))
    headers = reader.get("/")[1]
    assert headers["surrogate-key"] == "article-1 section-2 all"
    assert headers["cache-tag"] == "article-1,section-2,all"
    rules = "public, max-age=10, s-maxage=3600, stale-while-revalidate=30, stale-if-error=86400"
    assert headers["cache-control"] == rules
    # What changes at a known moment is kept until then only.
    with reader.cache.slots.lock():
        moment = int((time.time() + 1_000) * 1_000_000)
        reader.cache.slots.announce([(moment, 1, ["section-2"])])
    reader.cache._boundaries = (0, [])
    rules = reader.get("/")[1]["cache-control"]
    assert rules in {
        f"public, max-age=10, s-maxage={left}, stale-while-revalidate=0, stale-if-error=0" for left in (999, 1000)
    }
    with time_machine.travel(timezone.now() + timedelta(seconds=995)):
        reader.cache._boundaries = (0, [])
        assert "max-age=4" in reader.get("/")[1]["cache-control"] or "max-age=5" in reader.get("/")[1]["cache-control"]


# ---- a real Varnish


@pytest.fixture
def varnish(transactional_db, tmp_path):
    """(port of Varnish, the paper behind it)."""
    program = shutil.which("varnishd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        if os.environ.get("NEWSROOM_REQUIRE_SERVERS"):
            pytest.fail("Varnish is not installed.")
        pytest.skip("Varnish is not installed.")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    site = Site(tmp_path / "cache", EDGE_PURGE_URL=f"http://127.0.0.1:{port}/")
    rules = tmp_path / "paper.vcl"
    text = (localpg.PROJECT / "docs" / "varnish.vcl").read_text()
    assert '.port = "8000";' in text
    rules.write_text(text.replace('.port = "8000";', f'.port = "{site.port}";'))
    options = ["-j", "none", "-F", "-a", f"127.0.0.1:{port}", "-f", str(rules), "-n", str(tmp_path / "varnish")]
    with open(tmp_path / "varnish.log", "wb") as log:
        process = subprocess.Popen([program, *options, "-s", "malloc,32m"], stdout=log, stderr=log)
    direct, site.port = site.port, port
    try:
        assert wait_until(lambda: site.answers("/health/"), seconds=30), (tmp_path / "varnish.log").read_text()
        yield site
    finally:
        process.terminate()
        process.wait(10)
        site.port = direct
        site.end()


def test_varnish_shows_what_changed_at_once_and_keeps_the_rest(varnish):
    story, other = make_article(headline="Harbour reopens"), make_article(headline="Cup goes north")
    time.sleep(1)

    def hit(address):
        return len(varnish.get(address)[1]["X-Varnish"].split()) == 2

    for address in (story.get_absolute_url(), other.get_absolute_url()):
        varnish.get(address)
        assert hit(address)
    status, headers, _ = varnish.get(story.get_absolute_url())
    assert "Surrogate-Key" not in headers, "readers need not know"
    publishing.correct(story, "The quay is the northern one.")
    done = time.monotonic()
    assert wait_until(lambda: "northern one" in varnish.get(story.get_absolute_url())[2], seconds=5)
    assert time.monotonic() - done < 1
    assert hit(story.get_absolute_url())
    publishing.withdraw(story, "It was wrong.")
    assert wait_until(lambda: varnish.get(story.get_absolute_url())[0] == 410, seconds=1)
    assert varnish.get("/admin/")[0] == 302
