"""Pages that are kept: answered without making them, and made anew exactly when what they show has changed."""

import gzip
import io
import threading
import time
from datetime import UTC, datetime, timedelta

import brotli
import pytest
import time_machine
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import OperationalError, close_old_connections, connection
from django.utils import timezone

from articles import publishing, topics
from articles.models import Article
from newsroom.pagecache import purging
from newsroom.pagecache.slots import ERASED, FRESH, OLD, PURGED, Slots, slots_of
from newsroom.pagecache.wsgi import PageCache
from rankings.placing import end, place
from sections.models import MastheadFact, MenuItem, Page, Purge, Section
from sections.surrogates import collecting, note, note_lists

from .factories import draft, make_article, make_list, make_reporter, make_section, shown_photo


class Reader:
    """Asks a WSGI application for pages as a server would; `made` are the addresses that the application made."""

    def __init__(self, folder, application=None):
        self.made = []
        self._application = application or WSGIHandler()
        self.cache = PageCache(self._make, folder)

    def _make(self, environ, start_response):
        query = environ.get("QUERY_STRING", "")
        self.made.append(environ["PATH_INFO"] + (f"?{query}" if query else ""))
        return self._application(environ, start_response)

    def get(self, address, method="GET", **headers):
        """(status, headers, body) of an address."""
        path, _, query = address.partition("?")
        environ = {
            **{"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "SCRIPT_NAME": ""},
            **{"HTTP_HOST": "testserver", "SERVER_NAME": "testserver", "SERVER_PORT": "80"},
            **{"wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": None},
            **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
        }
        said = []
        parts = self.cache(environ, lambda status, headers, exc_info=None: said.extend((status, headers)))
        body = b"".join(parts)
        if hasattr(parts, "close"):
            parts.close()
        return int(said[0][:3]), {name.lower(): value for name, value in said[1]}, body

    def read(self, *addresses):
        """The texts of pages, all of which must be there."""
        texts = []
        for address in addresses:
            status, _, body = self.get(address)
            assert status == 200, address
            texts.append(body.decode())
        return texts if len(texts) > 1 else texts[0]

    def keep(self, *addresses):
        """Has these pages kept, after everything so far was purged."""
        purging.catch_up(self.cache.slots)
        self.read(*addresses)

    def made_again(self, *addresses):
        """Those of the addresses that are not answered from the cache, once every purge was read."""
        purging.catch_up(self.cache.slots)
        self.made.clear()
        self.read(*addresses)
        return set(self.made)


@pytest.fixture
def reader(db, tmp_path, settings):
    """A Reader of the paper."""
    settings.ALLOWED_HOSTS = ["testserver"]
    # The transaction of the test must outlive its requests, as with Django's own test client.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    found = Reader(tmp_path)
    purging.catch_up(found.cache.slots)
    yield found
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def simple(text="A page.", status="200 OK", rules="public, max-age=10, s-maxage=10", keys=("thing-1",), further=()):
    """An application with one page."""

    def application(environ, start_response):
        note(*keys)
        note_lists()
        start_response(status, [("Content-Type", "text/html"), ("Cache-Control", rules), *further])
        return [(text() if callable(text) else text).encode()]

    return application


def change(reader, *keys, strength=1):
    with reader.cache.slots.lock():
        reader.cache.slots.bump(keys, strength)


# ---- what is sent


def test_a_page_is_made_once_and_sent_in_every_form(tmp_path):
    text = "Words of a page. " * 200
    reader = Reader(tmp_path, simple(text))
    plain, zipped, packed = (reader.get("/", accept_encoding=way) for way in ("", "gzip", "gzip, deflate, br"))
    assert reader.made == ["/"]
    assert plain[2] == gzip.decompress(zipped[2]) == brotli.decompress(packed[2]) == text.encode()
    assert [found[1].get("content-encoding") for found in (plain, zipped, packed)] == [None, "gzip", "br"]
    assert len({found[1]["etag"] for found in (plain, zipped, packed)}) == 3
    for _, headers, body in (plain, zipped, packed):
        assert headers["vary"] == "Accept-Encoding"
        assert headers["content-length"] == str(len(body))
        assert not headers["etag"].startswith("W/")
        assert headers["cache-control"] == "public, max-age=10, s-maxage=10"


def test_who_has_a_page_is_told_so_without_the_body(tmp_path):
    reader = Reader(tmp_path, simple())
    _, headers, _ = reader.get("/", accept_encoding="br")
    for known in (headers["etag"], f'"x", W/{headers["etag"]}', "*"):
        status, again, body = reader.get("/", accept_encoding="br", if_none_match=known)
        assert (status, body, again["etag"]) == (304, b"", headers["etag"])
    assert reader.get("/", if_none_match=headers["etag"])[0] == 200, "the plain form is another one"
    assert len(reader.made) == 1


def test_head_tells_what_get_would(tmp_path):
    reader = Reader(tmp_path, simple())
    _, headers, body = reader.get("/")
    status, told, nothing = reader.get("/", method="HEAD")
    assert (status, nothing, told) == (200, b"", headers)


def test_compression_that_is_refused_is_not_used(tmp_path):
    reader = Reader(tmp_path, simple())
    assert "content-encoding" not in reader.get("/", accept_encoding="br;q=0, gzip;q=0, *;q=0")[1]
    assert reader.get("/", accept_encoding="br;q=0, *")[1]["content-encoding"] == "gzip"


@pytest.mark.parametrize(
    "answer",
    [
        {"rules": "no-store"},
        {"rules": "private, max-age=10"},
        {"rules": "max-age=10"},
        {"status": "404 Not Found"},
        {"status": "301 Moved Permanently"},
        {"status": "500 Internal Server Error"},
        {"further": [("Set-Cookie", "a=b")]},
        {"further": [("Vary", "Accept-Encoding, Cookie")]},
    ],
    ids=str,
)
def test_what_is_not_for_everybody_is_not_kept(tmp_path, answer):
    reader = Reader(tmp_path, simple(**answer))
    reader.get("/"), reader.get("/")
    assert len(reader.made) == 2


def test_a_withdrawn_story_is_kept_as_what_it_is(reader):
    story = make_article()
    publishing.withdraw(story, "It was wrong.")
    assert [reader.get(story.get_absolute_url())[0] for _ in range(2)] == [410, 410]
    assert len(reader.made) == 1


# ---- whose page it is


def test_nothing_of_a_request_but_its_address_reaches_a_page(tmp_path):
    seen = []

    def application(environ, start_response):
        seen.append({name for name in environ if name.startswith("HTTP_")})
        return simple()(environ, start_response)

    reader = Reader(tmp_path, application)
    reader.get(
        "/", cookie="sessionid=1", authorization="x", accept_language="ko", range="bytes=0-1", if_none_match='"a"'
    )
    assert seen == [{"HTTP_HOST"}]


def test_headers_and_hosts_make_no_page(reader, settings):
    settings.ALLOWED_HOSTS = ["testserver", "www.example.com"]
    text = reader.read("/")
    for headers in (
        {"host": "www.example.com"},
        {"x_forwarded_host": "evil.example"},
        {"x_forwarded_proto": "https"},
        {"cookie": "sessionid=abc"},
        {"accept_language": "ko"},
        {"x_original_url": "/admin/"},
        {"user_agent": "<script>"},
    ):
        assert reader.get("/", **headers)[2].decode() == text
    assert len(reader.made) == 1
    assert reader.get("/", host="evil.example")[0] == 400
    assert reader.read("/") == text


def test_other_parameters_make_no_other_page(reader):
    make_article()
    text = reader.read("/")
    for query in ("utm_source=x", "fbclid=1&gclid=2", "before=", "Q=1", "q=a", "text=full", "x=%00", "a[]=1&a[]=2"):
        assert reader.get(f"/?{query}")[0] in (200, 400)
    assert len(reader.made) <= 2, "an address with a NUL character is answered by Django"
    assert reader.read("/") == text


def test_parameters_that_a_page_knows_make_another_one(reader):
    story = make_article(headline="Harbour reopens", section=make_section("business"))
    pages = [
        *("/search/?q=harbour", "/search/?q=harbour&sort=date", "/search/?q=other", "/feeds/paper.rss"),
        *("/feeds/paper.rss?text=full", "/products/rss/?q=harbour", "/business/"),
    ]
    texts = reader.read(*pages)
    assert reader.made == pages
    assert len(set(texts)) == len(pages)
    assert reader.read("/search/?utm=1&sort=date&q=harbour") == texts[1], "their order does not matter"
    assert reader.get(f"/business/?before={story.pk}")[0] == 404


def test_an_old_address_with_parameters_still_leads_on(reader):
    story = make_article()
    story.old_addresses.create(path="/news/view.php?id=12")
    for _ in range(2):
        status, headers, _ = reader.get("/news/view.php?id=12")
        assert (status, headers["location"]) == (301, story.get_absolute_url())


@pytest.mark.parametrize(
    "path", ["/admin/", "/login/", "/health/", "/reads/", "/preview/x/", "/lite/admin/", "/media/x"]
)
def test_what_is_for_one_reader_passes_by(tmp_path, path):
    seen = []

    def application(environ, start_response):
        seen.append(environ.get("HTTP_COOKIE"))
        return simple()(environ, start_response)

    reader = Reader(tmp_path, application)
    reader.get(path, cookie="a=b"), reader.get(path, cookie="a=b")
    assert seen == ["a=b", "a=b"]


def test_a_request_that_must_be_sent_to_https_is(reader, settings):
    settings.SECURE_SSL_REDIRECT, settings.BEHIND_PROXY = True, True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    secure = Reader(reader.cache.slots.folder / "secure")
    assert secure.get("/", x_forwarded_proto="https")[0] == 200
    assert secure.get("/", x_forwarded_proto="http")[0] == 301
    assert secure.get("/")[0] == 301


def test_the_views_read_no_parameter_that_the_cache_does_not_know(reader):
    """Every page of the paper, asked for with parameters that only other pages know, is the same."""
    story = make_article(tags=["Harbour"], reporters=[make_reporter("Kim Min-ji")])
    every = "&".join(f"{name}=1" for name in ("after", "format", "from", "letter", "q", "sort", "text", "to", "page"))
    for address in ("/", f"/{story.section.path}/", "/reporters/", "/archive/", story.get_absolute_url(), "/columns/"):
        assert Reader(reader.cache.slots.folder / "a").read(f"{address}?{every}") == reader.read(address)


# ---- how long it is good


def test_it_is_made_again_once_something_on_it_changed(tmp_path):
    count = iter(range(100))
    reader = Reader(tmp_path, simple(lambda: f"Version {next(count)}."))
    assert reader.read("/", "/") == ["Version 0.", "Version 0."]
    change(reader, "thing-2")
    assert reader.read("/") == "Version 0."
    for strength in (1, 2):
        change(reader, "thing-1", strength=strength)
        assert reader.read("/") == f"Version {strength}."
    change(reader, "all")
    assert reader.read("/") == "Version 3."


def test_a_change_while_it_is_made_makes_it_once_more(tmp_path):
    """What was read from the database before the change is not kept beyond it."""
    texts = ["Old.", "New."]

    def text():
        words = texts.pop(0)
        if words == "Old.":
            change(reader, "thing-1")
        return words

    reader = Reader(tmp_path, simple(text))
    assert reader.read("/") == "Old."
    assert reader.read("/", "/") == ["New.", "New."]


def test_an_old_page_is_shown_while_one_process_makes_the_new_one(tmp_path):
    count, go, started = iter(range(100)), threading.Event(), threading.Event()

    def text():
        number = next(count)
        if number:
            started.set()
            assert go.wait(10)
        return f"Version {number}."

    reader = Reader(tmp_path, simple(text))
    reader.read("/")
    change(reader, "thing-1", strength=0)
    found = []
    maker = threading.Thread(target=lambda: found.append(reader.read("/")))
    maker.start()
    assert started.wait(10)
    assert reader.read("/") == "Version 0."
    go.set()
    maker.join(10)
    assert found == ["Version 1."] == [reader.read("/")]
    assert len(reader.made) == 2


def test_a_stampede_makes_a_page_once(tmp_path):
    def text():
        time.sleep(0.3)
        return "A page."

    readers = [Reader(tmp_path, simple(text)) for _ in range(4)]
    found = []
    threads = [threading.Thread(target=lambda r=r: found.append(r.read("/"))) for r in readers for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert found == ["A page."] * 32
    assert sum(len(r.made) for r in readers) == 1


def test_it_is_made_again_after_an_hour_by_one_process(tmp_path, settings):
    reader = Reader(tmp_path, simple())
    with time_machine.travel(datetime(2026, 11, 30, 9, tzinfo=UTC), tick=False) as traveller:
        reader.read("/")
        traveller.shift(settings.PAGE_CACHE_SECONDS)
        reader.read("/")
        assert len(reader.made) == 1
        traveller.shift(1)
        reader.read("/", "/")
    assert len(reader.made) == 2


def test_processes_share_pages_and_purges(tmp_path):
    one, two = Reader(tmp_path, simple()), Reader(tmp_path, simple())
    one.read("/"), two.read("/"), two.read("/")
    assert (one.made, two.made) == (["/"], [])
    change(one, "thing-1")
    two.read("/"), one.read("/")
    assert (one.made, two.made) == (["/"], ["/"])


# ---- when the database, the disk or a file is not what it should be


def test_old_pages_stand_in_while_the_database_is_away(tmp_path):
    states = ["200 OK"]

    def application(environ, start_response):
        return simple(status=states[-1], keys=[environ["PATH_INFO"]])(environ, start_response)

    reader = Reader(tmp_path, application)
    reader.read("/a", "/b", "/c")
    states.append("503 Service Unavailable")
    change(reader, "/a", strength=0), change(reader, "/b", strength=1), change(reader, "/c", strength=2)
    assert [reader.get(path)[0] for path in ("/a", "/b", "/c", "/d")] == [200, 200, 503, 503]
    made = len(reader.made)
    reader.get("/a"), reader.get("/b")
    assert len(reader.made) == made, "it is not asked for every reader"
    states.append("200 OK")
    reader.cache._rest_until = 0
    reader.read("/a", "/b", "/c", "/d")
    assert reader.made[-4:] == ["/a", "/b", "/c", "/d"]


def test_while_the_database_is_away_a_page_says_so(client, monkeypatch, settings):
    def away(*args):
        raise OperationalError("connection refused")

    monkeypatch.setattr("newsroom.views.find_front", away)
    client.raise_request_exception = False
    response = client.get("/")
    assert (response.status_code, response["Retry-After"], response["Cache-Control"]) == (503, "5", "no-store")
    assert "try again in a few seconds" in response.text


def test_a_broken_file_is_no_page(tmp_path):
    reader = Reader(tmp_path, simple())
    text = reader.read("/")
    (file,) = reader.cache.store.folder.glob("??/*")
    whole = file.read_bytes()
    for broken in (
        b"",
        b"{}",
        whole[:40],
        whole[: len(whole) // 2],
        b"\xff" * 200,
        whole[:-200].replace(b"200 OK", b"2"),
    ):
        file.write_bytes(broken)
        reader.cache.store.drop_from_memory("/")
        assert reader.get("/", accept_encoding="br")[0] == 200
        assert reader.read("/") == text


def test_a_full_disk_costs_no_page(tmp_path, monkeypatch):
    reader = Reader(tmp_path, simple())

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(reader.cache.store, "put", full)
    assert reader.read("/", "/") == ["A page."] * 2


def test_it_takes_no_more_of_the_disk_than_it_may(tmp_path):
    reader = Reader(tmp_path, simple(lambda: "x" * 50_000))
    for number in range(40):
        reader.read(f"/{number}/")
    used = sum(file.stat().st_size for file in reader.cache.store.folder.glob("??/*"))
    reader.cache.store.limit = used // 2
    assert reader.cache.store.trim() >= 20
    assert sum(file.stat().st_size for file in reader.cache.store.folder.glob("??/*")) <= used // 2


def test_it_takes_no_more_of_the_memory_than_it_may(tmp_path, settings):
    settings.PAGE_CACHE_MEMORY_MB = 1
    reader = Reader(tmp_path, simple(lambda: "x" * 50_000))
    for number in range(60):
        reader.read(f"/{number}/", f"/{number}/")
    store = reader.cache.store
    assert sum(entry.size for entry in store._memory.values()) == store._memory_used <= 1_000_000
    assert len(store._memory) >= 15


def test_pages_of_another_version_of_the_program_are_none(tmp_path, monkeypatch):
    Reader(tmp_path, simple("Old.")).read("/")
    monkeypatch.setattr("newsroom.pagecache.wsgi.fingerprint", lambda: "another")
    assert Reader(tmp_path, simple("New.")).read("/") == "New."


# ---- what purges what


@pytest.fixture
def paper(reader):
    """A small paper: two sections that have nothing in common, each with a story, and every page about them."""
    people = [make_reporter(name) for name in ("Kim Min-ji", "Lee Do-yun")]
    sections = [make_section("business"), make_section("sports")]
    stories = [
        make_article(headline=words, section=section, tags=[tag], reporters=[person])
        for words, section, tag, person in zip(
            ("Harbour reopens", "Cup goes north"), sections, ("Harbour", "Football"), people, strict=True
        )
    ]
    return stories


def pages_of(story):
    tag = story.tags.get()
    return [
        story.get_absolute_url(),
        f"/{story.section.path}/",
        tag.get_absolute_url(),
        story.bylines.get().reporter.get_absolute_url(),
        f"/feeds/sections/{story.section.path}.rss",
    ]


def test_an_edit_purges_the_pages_that_show_the_story_and_no_others(reader, paper):
    one, other = paper
    reader.keep("/", *pages_of(one), *pages_of(other))
    one.headline = "Harbour reopens at dawn"
    one.save()
    publishing.finish_edit(one)
    assert reader.made_again(*pages_of(one), *pages_of(other)) == set(pages_of(one))
    assert all("at dawn" in text for text in reader.read(*pages_of(one)))


def test_a_new_story_purges_the_lists_it_stands_in_and_no_others(reader, paper):
    one, other = paper
    lists = pages_of(one)[1:]
    reader.keep("/archive/", *lists, *pages_of(other))
    fresh = draft(
        headline="Second quay opens", section=one.section, tags=["Harbour"], reporters=[one.bylines.get().reporter]
    )
    assert reader.made_again(*lists, *pages_of(other)) == set(), "a draft concerns nobody"
    publishing.schedule(fresh)
    assert reader.made_again(*lists, *pages_of(other)) == set(lists)
    assert all("Second quay opens" in text for text in reader.read(*lists))


def test_a_withdrawal_is_never_shown_again(reader, paper):
    one, other = paper
    reader.keep(*pages_of(one), *pages_of(other))
    publishing.withdraw(one, "It was wrong.")
    purging.catch_up(reader.cache.slots)
    reader.cache.application = simple(status="503 Service Unavailable")
    assert reader.get(one.get_absolute_url())[0] == reader.get(pages_of(one)[1])[0] == 503
    assert {reader.get(address)[0] for address in pages_of(other)} == {200}


def test_a_correction_stands_at_once(reader, paper):
    one, other = paper
    reader.keep(one.get_absolute_url(), "/corrections/", *pages_of(other))
    publishing.correct(one, "The quay is the northern one.")
    assert reader.made_again(one.get_absolute_url(), "/corrections/", *pages_of(other)) == {
        one.get_absolute_url(),
        "/corrections/",
    }
    assert "northern one" in reader.read(one.get_absolute_url())


def test_a_story_that_moves_leaves_one_list_for_another(reader, paper):
    one, other = paper
    culture = make_section("culture")
    pages = ["/business/", "/culture/", "/sports/"]
    reader.keep(*pages)
    one.section = culture
    one.save()
    assert reader.made_again(*pages) == {"/business/", "/culture/"}
    one.also_in.add(other.section)
    assert reader.made_again(*pages) == {"/sports/", "/culture/"}, "its own row has changed nothing for Business"


def test_topics_purge_their_lists(reader, paper):
    one, other = paper
    harbour, football = one.tags.get(), other.tags.get()
    pages = [harbour.get_absolute_url(), football.get_absolute_url()]
    reader.keep(*pages)
    one.tags.add(football)
    assert football.get_absolute_url() in reader.made_again(*pages)
    assert one.headline in reader.read(football.get_absolute_url())
    topics.rename_topic(harbour, "Ports")
    purging.catch_up(reader.cache.slots)
    assert "Ports" in reader.read(one.get_absolute_url())


@pytest.mark.parametrize("act", ["section", "menu", "masthead", "page"])
def test_the_frame_is_on_every_page(reader, paper, act):
    one, other = paper
    page = Page.objects.create(address="/about/", title="About", body="<p>Us.</p>")
    item = MenuItem.objects.create(menu="bar", label="Harbour news", url="/x/", position=1)
    fact = MastheadFact.objects.create(kind="editor", value="Han Seo-jun")
    reader.keep("/about/", *pages_of(one)[:2])
    if act == "section":
        Section.objects.filter(pk=one.section.pk).update(name="Trade")
        assert "/business/" in reader.made_again("/business/")
    elif act == "menu":
        item.label = "Port news"
        item.save()
        assert reader.made_again("/about/", "/business/") == {"/about/", "/business/"}
        assert "Port news" in reader.read("/about/")
    elif act == "masthead":
        fact.value = "Baek Ha-eun"
        fact.save()
        reader.made_again("/about/")
        assert "Baek Ha-eun" in reader.read("/about/")
    else:
        page.body = "<p>We.</p>"
        page.save()
        assert reader.made_again("/about/", "/business/") == {"/about/"}


def test_a_photo_purges_the_stories_that_show_it(reader, paper):
    one, other = paper
    photo = shown_photo()
    one.photo_uses.create(photo=photo, placement="lead", position=0)
    reader.keep(*pages_of(one), *pages_of(other))
    photo.caption = "The northern quay at dawn."
    photo.save()
    assert reader.made_again(*pages_of(one), *pages_of(other)) == set(pages_of(one))
    assert "northern quay at dawn" in reader.read(one.get_absolute_url())


def test_placing_purges_the_pages_that_show_the_list(reader, paper):
    one, other = paper
    top = make_list("ticker")
    reader.keep("/", "/business/", "/corrections/")
    placement = place(top, 1, other, headline="The cup, in short")
    assert reader.made_again("/", "/business/", "/corrections/") == {"/", "/business/"}
    assert "The cup, in short" in reader.read("/business/")
    end(placement)
    reader.made_again("/business/")
    assert "The cup, in short" not in reader.read("/business/")


def test_a_bulk_change_purges_everything(reader, paper):
    one, other = paper
    reader.keep(*pages_of(other))
    day = timezone.localdate()
    same = {"section": one.section, "status": "ready", "publish_at": timezone.now(), "address_date": day}
    Article.objects.bulk_create(Article(headline=f"Story {n}", slug=f"bulk-{n}", **same) for n in range(201))
    assert reader.made_again(*pages_of(other)) == set(pages_of(other))


# ---- moments


def test_an_embargo_ends_on_kept_pages_to_the_second(reader, paper):
    one, _ = paper
    at = timezone.now() + timedelta(hours=3)
    fresh = draft(headline="Second quay opens", section=one.section, tags=["Harbour"], reporters=[make_reporter()])
    publishing.schedule(fresh, at)
    lists = ["/business/", one.tags.get().get_absolute_url(), "/feeds/sections/business.rss"]
    with time_machine.travel(at - timedelta(seconds=2), tick=False) as traveller:
        assert reader.made_again(*lists) == set(lists)
        assert reader.get(fresh.get_absolute_url())[0] == 404
        for address in lists:
            assert reader.get(address)[1]["cache-control"] == "public, max-age=2, s-maxage=2"
            assert "Second quay" not in reader.read(address)
        traveller.move_to(at)
        reader.made.clear()
        # No job ran and the database was not asked: the moment was known.
        assert all("Second quay opens" in text for text in reader.read(*lists))
        assert reader.get(fresh.get_absolute_url())[0] == 200
        assert set(reader.made) == {*lists, fresh.get_absolute_url()}


def test_a_booked_place_begins_and_ends_on_kept_pages(reader, paper):
    one, other = paper
    top = make_list("ticker")
    begins = timezone.now() + timedelta(hours=1)
    place(top, 1, other, starts=begins, ends=begins + timedelta(hours=1), headline="The cup, in short")
    purging.catch_up(reader.cache.slots)
    for minutes, shown in ((-1, False), (0, True), (59, True), (60, False)):
        with time_machine.travel(begins + timedelta(minutes=minutes), tick=False):
            assert ("The cup, in short" in reader.read("/business/")) == shown
            assert ("The cup, in short" in reader.read("/business/")) == shown


def test_what_is_another_page_tomorrow_is_made_then(reader):
    make_article()
    with time_machine.travel(datetime(2026, 11, 30, 14, 59, 50, tzinfo=UTC), tick=False) as traveller:
        assert "November 30" in reader.read("/today-in-history/")
        assert reader.get("/today-in-history/")[1]["cache-control"] == "public, max-age=10, s-maxage=10"
        traveller.shift(timedelta(seconds=10))
        assert "December 1" in reader.read("/today-in-history/")


# ---- reading the database's purges


def test_what_is_not_committed_yet_is_read_later(transactional_db, tmp_path):
    """Transactions do not end in the order in which they begin."""
    slots = Slots(tmp_path)
    purging.catch_up(slots)
    slow = connection.copy()
    slow.set_autocommit(False)
    slow.cursor().execute("SELECT purge(array['thing-1'], 1)")
    connection.cursor().execute("SELECT purge(array['thing-2'], 1)")
    assert purging.catch_up(slots) == 1
    assert slots.state(slots_of(["thing-1"]), 0) == FRESH
    assert purging.catch_up(slots) == 0, "none is read twice"
    slow.commit()
    slow.close()
    assert purging.catch_up(slots) == 1
    assert slots.state(slots_of(["thing-1"]), 0) == PURGED
    assert purging.catch_up(slots) == 0


def test_a_host_that_was_away_for_long_forgets_its_pages(db, tmp_path):
    reader = Reader(tmp_path, simple())
    purging.catch_up(reader.cache.slots)
    reader.read("/")
    with time_machine.travel(timezone.now() + purging.KEPT):
        purging.catch_up(reader.cache.slots)
        reader.read("/")
    assert len(reader.made) == 2


def test_a_database_that_was_set_back_is_read_anew(db, tmp_path):
    slots = Slots(tmp_path)
    purging.catch_up(slots)
    epoch = slots.epoch
    with slots.lock():
        slots.seen = slots.seen + 1_000_000
    purging.catch_up(slots)
    assert slots.epoch != epoch


def test_after_a_flood_of_purges_every_page_is_forgotten(db, tmp_path, monkeypatch):
    """A large import in one transaction; what is to come is still known."""
    reader = Reader(tmp_path, simple())
    purging.catch_up(reader.cache.slots)
    reader.read("/")
    monkeypatch.setattr(purging, "MANY", 5)
    later = timezone.now() + timedelta(hours=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT purge(array['thing-' || n], 1) FROM generate_series(100, 200) n")
        cursor.execute("SELECT purge(array['thing-1'], 1, %s)", [later])
    purging.catch_up(reader.cache.slots)
    reader.read("/", "/")
    assert len(reader.made) == 2
    with time_machine.travel(later):
        reader.read("/")
    assert len(reader.made) == 3
    assert purging.catch_up(reader.cache.slots) == 0


def test_purges_are_kept_while_hosts_may_need_them(db):
    make_article(publish_at=timezone.now() + timedelta(days=3))
    expected = set(Purge.objects.filter(due_at__isnull=False).values_list("pk", flat=True))
    assert expected
    assert purging.prune() == 0
    Purge.objects.update(written_at=timezone.now() - timedelta(hours=2))
    assert purging.prune() > 0
    assert set(Purge.objects.values_list("pk", flat=True)) == expected


def test_killed_while_it_marks_nothing_is_lost(tmp_path, db, monkeypatch):
    """A process that ends between two slots has not said that it read the purge."""
    slots = Slots(tmp_path)
    purging.catch_up(slots)
    with connection.cursor() as cursor:
        cursor.execute("SELECT purge(array['thing-1'], 1)")

    class Killed(BaseException):
        pass

    def killed(*args):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Slots, "mark_read", killed)
        with pytest.raises(Killed):
            purging.catch_up(slots)
    assert purging.catch_up(Slots(tmp_path)) == 1


def test_it_says_how_good_a_page_is(tmp_path):
    slots = Slots(tmp_path)
    mine, born = slots_of(["a", "b"]), slots.generation
    assert slots.state(mine, born) == FRESH
    for strength, state in ((0, OLD), (1, PURGED), (2, ERASED)):
        slots.bump(["b"], strength)
        assert slots.state(mine, born) == state
    assert slots.state(mine, slots.generation) == FRESH
    assert slots.state(slots_of(["c"]), born) == FRESH


def test_outside_of_the_cache_nothing_is_collected():
    note("thing-1")
    with collecting() as collected:
        note("thing-2")
        assert collected.all == ["stories", "texts", "thing-2"]
        note_lists("tag-1-stories")
        assert collected.all == ["tag-1-stories", "thing-2"]
