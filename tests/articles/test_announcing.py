"""Telling the WebSub hub: what is told, when, once, and in spite of everything that hubs and servers do."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from articles import announcing, due, publishing
from articles.announcing import announce_due
from articles.models import Announcement, Article, Column
from sections import runner
from tests.factories import draft, embargoed, make_article, make_reporter, make_section, seoul

pytestmark = pytest.mark.django_db

# Longer than any pause for edge servers.
MINUTE = timedelta(minutes=1)


class Hub:
    """A real server on this machine that takes messages, or does what `behave` says instead."""

    def __init__(self):
        self.messages, self.requests = [], []
        self.behave = lambda request: request.send_response(204)
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                hub.requests.append(dict(self.headers))
                hub.messages.append(form)
                with suppress(BrokenPipeError, ConnectionResetError):
                    hub.behave(self)
                    self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/publish"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def hub(settings, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    settings.SITE_URL = "https://www.example.com"
    hub = Hub()
    settings.WEBSUB_HUB = hub.url
    yield hub
    hub.close()


def soon():
    """A moment at which everything that was done is due."""
    return timezone.now() + MINUTE


Row = namedtuple("Row", "due done tries error")


def rows(article=None):
    found = Announcement.objects.filter(article=article) if article else Announcement.objects.all()
    return [Row(row.due_at, row.done_at, row.tries, row.error) for row in found]


def told(hub):
    """The feeds that each message names, without the site."""
    return [[url.removeprefix("https://www.example.com") for url in message["hub.url"]] for message in hub.messages]


# ---- what the acts leave to be told


def test_it_tells_of_a_story_from_its_moment_on(hub):
    moment = timezone.now() + timedelta(hours=3)
    story = publishing.schedule(draft(), moment)
    assert [row.due for row in rows(story)] == [moment]
    assert announce_due(moment - timedelta(seconds=1)) == 0
    assert hub.messages == []
    assert announce_due(moment + MINUTE) == 1
    assert len(hub.messages) == 1


def test_it_moves_with_the_moment_of_a_scheduled_story(hub):
    now = timezone.now()
    story = publishing.schedule(draft(), now + timedelta(hours=3))
    publishing.schedule(story, now + timedelta(hours=5))
    assert [row.due for row in rows(story)] == [now + timedelta(hours=5)]
    publishing.schedule(story)
    assert [row.due for row in rows(story)] == [story.publish_at]
    publishing.schedule(story, story.publish_at)
    assert len(rows(story)) == 1


def test_it_tells_nothing_of_a_story_that_was_taken_back(hub):
    story = publishing.schedule(draft(), timezone.now() + timedelta(hours=3))
    publishing.take_back(story)
    assert rows() == []


ACTS = {
    "an edit": lambda story: publishing.finish_edit(story),
    "a correction": lambda story: publishing.correct(story, "Line 4, not line 5."),
    "a withdrawal": lambda story: publishing.withdraw(story, "It was wrong."),
    "a return": lambda story: publishing.restore(publishing.withdraw(story, "It was wrong.")),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_it_tells_of_what_happens_to_a_public_story(hub, act):
    story = make_article()
    assert rows() == []
    act(story)
    assert all(abs(row.due - timezone.now()) < MINUTE for row in rows(story))
    assert announce_due(soon()) == len(rows(story)) >= 1
    assert len(hub.messages) == 1
    assert "/feeds/paper.rss" in told(hub)[0]


def test_it_tells_of_a_withdrawal_at_its_moment(hub):
    story, later = make_article(), timezone.now() + timedelta(hours=2)
    publishing.withdraw(story, "The licence ends.", at=later)
    assert [row.due for row in rows()] == [later]


@pytest.mark.parametrize("hidden", [draft, embargoed])
def test_it_tells_nothing_of_edits_that_nobody_sees(hub, hidden):
    publishing.finish_edit(hidden())
    assert rows() == []


def test_it_leaves_nothing_to_be_told_where_an_act_is_refused(hub):
    with pytest.raises(publishing.ValidationError):
        publishing.withdraw(make_article(), " ")
    assert rows() == []


def test_it_leaves_nothing_to_be_told_without_a_hub(hub, settings):
    settings.WEBSUB_HUB = ""
    story = publishing.schedule(draft())
    for act in ACTS.values():
        if not story.withdrawn_at:
            act(story)
    assert rows() == []
    Announcement.objects.create(article=story, event="hub", due_at=timezone.now())
    assert announce_due(soon()) == 0
    assert hub.messages == []


def test_imports_are_not_told(hub, settings):
    """An archive is no news."""
    excerpt = settings.BASE_DIR / "tests" / "data" / "corpus-excerpt"
    call_command("import_articles", excerpt / "articles.jsonl", no_renditions=True, verbosity=0)
    assert Article.objects.published().exists()
    assert rows() == []


# ---- the message


def test_it_names_every_feed_that_changed(hub):
    story = make_article(
        section=make_section("Society", parent=make_section("National")),
        column=Column.objects.create(name="River notes", slug="river-notes"),
        reporters=[make_reporter("Seo Ha-rin")],
        tags=["Rain", "지하철"],
    )
    story.also_in.add(make_section("Local", parent=make_section("Weather")))
    publishing.correct(story, "Line 4, not line 5.")
    announce_due(soon())
    (addresses,) = told(hub)
    names = [
        *("paper", "sections/national", "sections/national/society", "sections/weather", "sections/weather/local"),
        *("reporters/seo-ha-rin", "topics/rain", "topics/%EC%A7%80%ED%95%98%EC%B2%A0", "columns/river-notes"),
        "corrections",
    ]
    assert sorted(addresses) == sorted(
        f"/feeds/{name}.{form}{text}"
        for name in names
        for form in ("rss", "atom", "json")
        for text in ("", "?text=full")
    )
    assert hub.messages[0]["hub.mode"] == ["publish"]
    assert hub.requests[0]["Content-Type"] == "application/x-www-form-urlencoded"
    # A hub tells feeds apart by the very address that they give as their own.
    for address in addresses:
        assert f'<https://www.example.com{address}>; rel="self"' in Client().get(address)["Link"]


def test_it_tells_several_changes_of_a_story_at_once(hub):
    story, other = make_article(), make_article()
    publishing.finish_edit(story)
    publishing.finish_edit(other)
    publishing.correct(story, "Line 4, not line 5.")
    assert announce_due(soon()) == 3
    assert len(hub.messages) == 2
    assert announce_due(soon()) == 0


def test_it_waits_until_no_edge_server_has_the_old_feed(hub, settings):
    settings.PAGE_MAX_AGE = 10
    now = timezone.now()
    publishing.schedule(draft(), now)
    assert announce_due(now + timedelta(seconds=9.9)) == 0
    assert announce_due(now + timedelta(seconds=10)) == 1


@pytest.mark.parametrize("status", [200, 202, 204])
def test_it_tells_nothing_twice(hub, status):
    hub.behave = lambda request: request.send_response(status)
    publishing.finish_edit(make_article())
    at = soon()
    assert announce_due(at) == 1
    ((_, done, tries, error),) = rows()
    assert (done, tries, error) == (at, 1, "")
    for days in (0, 1, 100):
        assert announce_due(at + timedelta(days=days)) == 0
    assert len(hub.messages) == 1


# ---- hubs that fail


def hang_up(request):
    request.connection.close()
    raise BrokenPipeError


def nonsense(request):
    request.wfile.write(b"nonsense\r\n\r\n")
    raise BrokenPipeError


def redirect(request):
    request.send_response(302)
    request.send_header("Location", "/elsewhere")


FAILURES = {
    "refuses": (lambda request: request.send_response(400), "The hub answered 400."),
    "breaks": (lambda request: request.send_response(500), "The hub answered 500."),
    "is busy": (lambda request: request.send_response(503), "The hub answered 503."),
    "redirects": (redirect, "The hub answered 302."),
    "hangs up": (hang_up, "The hub did not answer: "),
    "talks nonsense": (nonsense, "The hub did not answer: "),
    "is slow": (lambda request: time.sleep(1), "The hub did not answer: timed out"),
}


@pytest.mark.parametrize(("behave", "error"), FAILURES.values(), ids=FAILURES)
def test_it_tries_again_when_the_hub(hub, behave, error, monkeypatch):
    monkeypatch.setattr(announcing, "TIMEOUT", 0.2)
    ready, hub.behave = hub.behave, behave
    publishing.finish_edit(make_article())
    at = soon()
    assert announce_due(at) == 0
    ((due, done, tries, said),) = rows()
    assert (done, tries) == (None, 1)
    assert said.startswith(error)
    assert len(said) > len("The hub did not answer: ") or error.endswith(".")
    assert announce_due(at) == 0
    assert len(hub.messages) == 1
    hub.behave = ready
    assert announce_due(due + MINUTE) == 1
    assert [(row.tries, row.error) for row in rows()] == [(2, "")]


def test_it_tries_again_when_there_is_no_hub_at_all(hub):
    publishing.finish_edit(make_article())
    hub.close()
    assert announce_due(soon()) == 0
    ((_, done, tries, said),) = rows()
    assert (done, tries) == (None, 1)
    assert "refused" in said


def test_it_pauses_longer_after_each_failure_and_gives_up_after_a_day(hub):
    hub.behave = lambda request: request.send_response(500)
    publishing.finish_edit(make_article())
    start = at = soon()
    pauses = []
    for _ in range(30):
        announce_due(at)
        ((due, _, tries, _),) = rows()
        pauses.append(due - at)
        assert announce_due(due - timedelta(seconds=1)) == 0
        at = due + timedelta(seconds=10)
    pauses = [pause for pause in pauses if pause > timedelta(0)]
    assert len(hub.messages) == tries == len(pauses) == announcing.TRIES
    assert pauses[:4] == [timedelta(seconds=30), MINUTE, 2 * MINUTE, 4 * MINUTE]
    assert pauses == sorted(pauses)
    assert max(pauses) == timedelta(hours=6)
    assert timedelta(hours=20) < sum(pauses, timedelta()) < timedelta(hours=40)
    assert at > start


def test_it_does_not_hammer_a_hub_that_fails(hub):
    hub.behave = lambda request: request.send_response(500)
    for _ in range(5):
        publishing.finish_edit(make_article())
    announce_due(soon())
    assert len(hub.messages) == 1


def test_one_message_that_the_hub_refuses_holds_up_no_other(hub):
    bad, good = make_article(tags=["Bad"]), make_article()
    publishing.finish_edit(bad)
    publishing.finish_edit(bad)
    publishing.finish_edit(good)

    def refuse_bad(request):
        request.send_response(400 if any("bad" in url for url in hub.messages[-1]["hub.url"]) else 204)

    hub.behave = refuse_bad
    at = soon()
    assert announce_due(at) == 0
    assert announce_due(at) == 1
    assert rows(good)[0].done == at
    assert [row.done for row in rows(bad)] == [None, None]


# ---- several processes, and processes that are killed


@pytest.mark.django_db(transaction=True)
def test_one_process_at_a_time_tells(hub):
    hub.behave = lambda request: (time.sleep(0.4), request.send_response(204))
    publishing.finish_edit(make_article())

    def run(_):
        try:
            return announce_due(soon())
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(run, range(4))) == [0, 0, 0, 1]
    assert len(hub.messages) == 1


@pytest.mark.django_db(transaction=True)
def test_it_keeps_no_act_of_the_desk_waiting(hub):
    """While the hub takes its time, the story can be edited; that edit is told as well."""
    release = threading.Event()
    hub.behave = lambda request: (release.wait(5), request.send_response(204))
    story = make_article()
    publishing.finish_edit(story)

    def run():
        announce_due(soon())
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    while not hub.messages:
        time.sleep(0.01)
    began = time.monotonic()
    publishing.correct(story, "Line 4, not line 5.")
    assert time.monotonic() - began < 2
    release.set()
    thread.join()
    assert len(hub.messages) == 2
    assert all(row.done for row in rows())


def environment(hub):
    """The environment of another process on the same database, with this hub."""
    database = connection.settings_dict
    # The embedded server's host is the folder of its socket.
    host, port = quote(database["HOST"], safe=""), database["PORT"] or 5432
    address = f"postgresql://{database['USER']}@{host}:{port}/{database['NAME']}"
    own = {"DATABASE_URL": address, "WEBSUB_HUB": hub.url, "PAGE_MAX_AGE": "0", "no_proxy": "*"}
    return os.environ | own | ({"PGPASSWORD": database["PASSWORD"]} if database["PASSWORD"] else {})


@contextmanager
def process(hub, *command):
    child = subprocess.Popen([sys.executable, *command], env=environment(hub), stderr=subprocess.PIPE, text=True)
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def wait_for(condition, seconds=120):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "It did not happen."
        time.sleep(0.05)


@pytest.mark.django_db(transaction=True)
def test_it_tells_once_more_when_the_process_was_killed_before_the_hub_said_yes(hub):
    release = threading.Event()
    ready, hub.behave = hub.behave, lambda request: release.wait(20)
    publishing.finish_edit(make_article())
    with process(hub, "manage.py", "announce") as child:
        wait_for(lambda: hub.messages)
        assert announce_due(soon()) == 0  # the other is at it
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    release.set()
    assert [(row.done, row.tries) for row in rows()] == [(None, 0)]
    hub.behave = ready
    wait_for(lambda: announce_due(soon()) == 1)
    assert len(hub.messages) == 2
    assert announce_due(soon()) == 0


# ---- who runs it


@pytest.mark.django_db(transaction=True)
def test_the_web_server_tells_by_itself(hub):
    """Nobody asks for a page, and no other process is started."""
    publishing.schedule(draft(), timezone.now() + timedelta(seconds=1))
    with process(hub, "-c", "import newsroom.wsgi, time; time.sleep(60)"):
        wait_for(lambda: hub.messages)
        wait_for(lambda: rows()[0].done)
    assert rows()[0].done >= rows()[0].due


def test_the_web_server_has_one_runner():
    """Also without a hub: changes that wait for their moment are its work as well."""
    program = "import newsroom.wsgi, threading; print([t.name for t in threading.enumerate()].count('due-work'))"
    found = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | {"WEBSUB_HUB": ""}, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "1"


def test_the_runner_goes_on_after_an_error(hub, monkeypatch):
    """A database that is away for a while is not the end of it."""
    calls = []

    class Enough(BaseException):
        pass

    def fail():
        calls.append(1)
        raise OSError("The server is gone.")

    def sleep(seconds):
        assert seconds == due.LOOK_SECONDS
        if len(calls) == 3:
            raise Enough

    monkeypatch.setattr(due, "do_due_work", fail)
    monkeypatch.setattr(runner.connection, "close", lambda: None)
    monkeypatch.setattr(runner.time, "sleep", sleep)
    # The thread's own work, in this thread.
    monkeypatch.setattr(due, "keep_doing", lambda name, *work: runner.repeat(*work))
    with pytest.raises(Enough):
        due.keep_working()
    assert len(calls) == 3


def test_the_command_tells_and_says_how_many(hub, capsys, settings):
    settings.PAGE_MAX_AGE = 0
    publishing.finish_edit(make_article())
    call_command("announce")
    assert capsys.readouterr().out == "Announcements made: 1; failed so far: 0.\n"
    hub.behave = lambda request: request.send_response(500)
    publishing.finish_edit(make_article())
    call_command("announce")
    assert capsys.readouterr().out == "Announcements made: 0; failed so far: 1.\n"
    settings.WEBSUB_HUB = ""
    with pytest.raises(CommandError, match="set WEBSUB_HUB"):
        call_command("announce")


def test_it_costs_few_queries_a_story(hub, django_assert_num_queries):
    for _ in range(3):
        publishing.finish_edit(make_article(tags=["Rain"], publish_at=seoul("2021-02-27 09:00")))
    # Each: lock, the first, its rows, six of `channels.of_story`, the result; a savepoint around them. Then: nothing.
    with django_assert_num_queries(3 * 10 + 4):
        announce_due(soon())
