"""The emergency edition: the paper as plain files, complete, and no older than it has to be."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from articles import publishing
from newsroom.static_copy import Copy, file_of, loads, publish_in_turn
from rankings.filling import refresh_all
from sections.models import Page, Section
from sections.runner import alone
from tests.factories import make_article, make_photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def paper(settings):
    """A paper with three stories, one of them illustrated."""
    settings.PAGE_CACHE = None
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    call_command("loaddata", "menu", "lists", verbosity=0)
    Page.objects.create(address="/about/", title="About", body="<p>Us.</p>")
    section = Section.objects.get(path="business")
    stories = [make_article(headline=f"Story {n}", section=section) for n in (1, 2)]
    stories.append(make_article(headline="Illustrated", section=section, photos=[make_photo(render=True)]))
    refresh_all()
    yield stories
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def copy(tmp_path):
    return lambda stories=200: Copy(WSGIHandler(), tmp_path / "copy").publish(stories)


def files(tmp_path):
    return {
        str(path.relative_to(tmp_path / "copy")): path.read_bytes()
        for path in (tmp_path / "copy").rglob("*")
        if path.is_file()
    }


def test_it_holds_what_readers_see(paper, copy, client, tmp_path):
    copy()
    found = files(tmp_path)
    addresses = ["/", "/business/", "/about/", "/robots.txt", *(story.get_absolute_url() for story in paper)]
    for address in addresses:
        assert found[file_of(address)] == client.get(address).content, address
    assert b"Nothing stands" in found["404.html"] or b"404" in found["404.html"]


def test_any_web_server_shows_it_with_everything_a_page_loads(paper, copy, tmp_path):
    copy()
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "copy"))
    handler.func.log_message = lambda *args: None
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    try:
        page = urlopen(base + paper[2].get_absolute_url()).read().decode()
        loaded = loads(page)
        assert any(path.startswith("/media/") for path in loaded)
        assert any(path.endswith(".css") for path in loaded)
        for path in loaded:
            assert urlopen(base + path).read(), path
        with pytest.raises(HTTPError):
            urlopen(base + "/nothing/")
    finally:
        server.shutdown()
        server.server_close()


def test_again_it_writes_only_what_changed(paper, copy, tmp_path):
    written, _, total = copy()
    assert written == total
    assert copy() == (0, 0, total)
    paper[0].headline = "Another headline"
    paper[0].save()
    written, deleted, total = copy()
    assert 0 < written < total
    assert deleted == 0
    assert b"Another headline" in files(tmp_path)[file_of(paper[0].get_absolute_url())]


def test_what_is_not_public_any_more_goes_with_its_pictures(paper, copy, tmp_path):
    copy()
    pictures = {name for name in files(tmp_path) if name.startswith("media/")}
    assert pictures
    publishing.withdraw(paper[2], "It was wrong.")
    refresh_all()
    copy()
    found = files(tmp_path)
    assert file_of(paper[2].get_absolute_url()) not in found
    assert not pictures & set(found)
    assert not any(b"Illustrated" in text for text in found.values())


def test_it_holds_as_many_stories_as_it_is_told(paper, copy, tmp_path):
    copy(1)
    found = files(tmp_path)
    assert sum(file_of(story.get_absolute_url()) in found for story in paper) == 1


def test_it_leaves_files_alone_that_it_did_not_write(paper, copy, tmp_path):
    copy()
    (tmp_path / "copy" / "mine.txt").write_text("Mine.")
    copy()
    assert (tmp_path / "copy" / "mine.txt").read_text() == "Mine."


def test_the_command_says_what_it_did(paper, tmp_path, capsys):
    call_command("publish_static", tmp_path / "copy", stories=2)
    assert " files: " in capsys.readouterr().out
    assert (tmp_path / "copy" / "index.html").is_file()


def test_one_process_at_a_time_makes_it(paper, tmp_path, settings):
    settings.STATIC_COPY = str(tmp_path / "copy")
    with alone("newsroom.static_copy"):
        assert publish_in_turn(WSGIHandler()) is None
    written, _, total = publish_in_turn(WSGIHandler())
    assert written == total > 10


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('<img src="/media/p/a.webp">', {"/media/p/a.webp"}),
        ('<source srcset="/media/a.webp 320w, /media/b.webp 640w">', {"/media/a.webp", "/media/b.webp"}),
        ('<link href="/static/css/main.css?v=1#x">', {"/static/css/main.css"}),
        ('<a href="/business/">', set()),
        ('<img src="/media/../../etc/passwd">', set()),
        ('<img src="https://elsewhere.example/media/a.webp">', set()),
    ],
)
def test_it_finds_what_a_page_loads(text, found):
    assert loads(text) == found
