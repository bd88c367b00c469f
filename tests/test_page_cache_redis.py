"""Pages in a Redis that two hosts share: one makes a page, both show it, and none shows what has changed."""

import os
import shutil
import socket
import subprocess
import time

import pytest
import redis

from newsroom.pagecache import purging
from newsroom.pagecache.wsgi import PageCache
from tests.test_page_cache import Reader, change, simple
from tests.waiting import wait_until


class Server:
    """A Redis on a port, which can be stopped and started."""

    def __init__(self, folder):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url, self._folder = f"redis://127.0.0.1:{self.port}/0", folder
        self.start()

    def start(self):
        self._process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
            + ["--save", "", "--appendonly", "yes", "--appendfsync", "always"],
            stdout=subprocess.DEVNULL,
        )
        client = redis.Redis.from_url(self.url)
        assert wait_until(lambda: self._answers(client))

    @staticmethod
    def _answers(client):
        try:
            return client.ping()
        except redis.RedisError:
            return False

    def kill(self):
        self._process.kill()
        self._process.wait()


@pytest.fixture
def server(tmp_path, settings):
    if shutil.which("redis-server") is None:
        if os.environ.get("NEWSROOM_REQUIRE_SERVERS"):
            pytest.fail("Redis is not installed.")
        pytest.skip("Redis is not installed.")
    (tmp_path / "redis").mkdir()
    found = Server(tmp_path / "redis")
    settings.REDIS_URL = found.url
    yield found
    found.kill()


@pytest.fixture
def hosts(server, tmp_path):
    """Two hosts with folders of their own."""
    count = iter(range(1_000))
    application = simple(lambda: f"Version {next(count)}.")
    return Reader(tmp_path / "one", application), Reader(tmp_path / "two", application)


def tell(host, *keys, strength=1):
    """A change, as a host learns of it."""
    change(host, *keys, strength=strength)
    return host.cache.store.purge(keys, strength)


def fresh_memory(host):
    """Another process of the same host."""
    host.cache = PageCache(host._make, host.cache.slots.folder)
    return host


def test_one_host_makes_a_page_for_all(hosts):
    one, two = hosts
    text = one.read("/")
    assert two.read("/", "/") == [text, text]
    assert (one.made, two.made) == (["/"], [])
    assert two.get("/", accept_encoding="br")[1]["content-encoding"] == "br"
    assert two.made == []


@pytest.mark.parametrize("strength", [1, 2])
def test_what_changed_is_shown_by_none(hosts, strength):
    one, two = hosts
    one.read("/"), two.read("/")
    tell(one, "thing-1", strength=strength)
    assert one.read("/") == "Version 1."
    change(two, "thing-1", strength=strength)
    assert two.read("/") == "Version 1."
    assert two.made == []


def test_a_host_that_comes_later_does_not_believe_old_pages(hosts):
    one, two = hosts
    one.read("/")
    tell(one, "thing-1")
    assert two.read("/") == "Version 1."


def test_an_old_page_is_made_again_by_one(hosts):
    one, two = hosts
    one.read("/")
    tell(one, "thing-1", strength=0)
    assert fresh_memory(two).read("/") == "Version 1."
    assert one.read("/") == "Version 1."


def test_a_change_while_a_page_is_made_makes_it_once_more(server, tmp_path):
    texts = ["Old.", "New."]

    def text():
        words = texts.pop(0)
        if words == "Old.":
            tell(reader, "thing-1")
        return words

    reader = Reader(tmp_path / "one", simple(text))
    assert reader.read("/") == "Old."
    assert fresh_memory(reader).read("/", "/") == ["New.", "New."]


def test_without_redis_pages_are_there_all_the_same(hosts, server):
    one, two = hosts
    one.read("/", "/")
    server.kill()
    assert one.read("/") == "Version 0."
    assert two.read("/", "/") == ["Version 1.", "Version 1."], "it keeps its own meanwhile"
    change(two, "thing-1")
    assert two.read("/") == "Version 2."


def test_what_changed_while_redis_was_away_is_not_shown_when_it_is_back(hosts, server):
    one, two = hosts
    one.read("/")
    server.kill()
    assert tell(two, "thing-1") is False
    server.start()
    two.cache.store._rest_until = 0
    assert two.read("/") == "Version 1."
    assert fresh_memory(one).read("/") == "Version 1."


def test_a_purge_that_redis_did_not_hear_is_told_again(hosts, server, db):
    from django.db import connection

    one, _ = hosts
    purging.catch_up(one.cache.slots, one.cache.store.purge)
    with connection.cursor() as cursor:
        cursor.execute("SELECT purge(array['thing-1'], 1)")
    server.kill()
    assert purging.catch_up(one.cache.slots, one.cache.store.purge) == 0
    server.start()
    one.cache.store._rest_until = 0
    assert purging.catch_up(one.cache.slots, one.cache.store.purge) == 1
    assert purging.catch_up(one.cache.slots, one.cache.store.purge) == 0


def test_redis_that_is_silent_costs_a_moment_only(hosts, server):
    one, _ = hosts
    one.read("/")
    server._process.send_signal(19)  # SIGSTOP
    try:
        began = time.monotonic()
        for number in range(5):
            one.read(f"/{number}/")
        assert time.monotonic() - began < 3
    finally:
        server._process.send_signal(18)
