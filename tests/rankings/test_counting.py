"""Counting reads: every one once, none of them anybody's."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone

from articles import publishing
from articles.models import Article
from rankings import counting, repeats, views
from rankings.counting import count_read, flush, write_batch
from rankings.models import ReadBatch, ReadCount
from tests.factories import draft, embargoed, make_article, seoul

pytestmark = pytest.mark.django_db

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36"
NOON = seoul("2021-02-27 12:00")


def counts():
    return {(row.article_id, row.hour): row.reads for row in ReadCount.objects.all()}


@pytest.fixture(autouse=True)
def no_memory(monkeypatch):
    """What was told in other tests is forgotten, and nothing waits from them."""
    monkeypatch.setattr(views, "_repeats", repeats.Repeats())
    monkeypatch.setattr(views, "_floods", repeats.Floods(300))
    monkeypatch.setattr(counting, "_pending", None)
    counting._waiting.clear()


@pytest.fixture
def client():
    """A reader with a browser."""
    return Client(headers={"User-Agent": BROWSER})


@pytest.fixture(autouse=True)
def no_timer(monkeypatch):
    """Nothing is written by itself: each test says when."""
    started = []

    class Timer(threading.Timer):
        def start(self):
            started.append(self)

    monkeypatch.setattr(counting.threading, "Timer", Timer)
    return started


# ---- the beacon


def test_it_counts_a_read(client):
    story = make_article()
    response = client.post("/reads/", str(story.pk), content_type="text/plain;charset=UTF-8")
    assert (response.status_code, response.content) == (204, b"")
    assert flush() == 1
    assert list(counts().values()) == [1]


def test_it_needs_no_token_and_leaves_no_trace():
    response = Client(enforce_csrf_checks=True).post("/reads/", "1", content_type="text/plain")
    assert response.status_code == 204
    assert not response.cookies
    assert response["Cache-Control"] == "no-store"
    assert "Cookie" not in response.get("Vary", "")


def test_it_costs_no_query(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        client.post("/reads/", "15", content_type="text/plain")


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"x", b"-1", b"1.5", b"1e3", b" 1", b"1 ", b"0x10", b"\0", b"1\0", b"\xff\xfe", b"NaN", b"null", b"[1]"),
        *("٣".encode(), "²".encode(), b"9" * 19, b"9" * 20, b"9" * 10_000, b'{"id": 1}', b"<script>", b"1,2"),
    ],
)
def test_it_takes_no_other_body(client, body):
    assert client.post("/reads/", body, content_type="text/plain").status_code == 400
    assert not counting._waiting
    assert flush() == 0


@pytest.mark.parametrize("body", [str(2**63 - 1), "0", "00", "999999999999"])
def test_it_ignores_stories_that_do_not_exist(client, body):
    make_article()
    client.post("/reads/", body, content_type="text/plain")
    assert flush() == 0
    assert counts() == {}


@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "patch", "options"])
def test_it_only_takes_posts(client, method):
    assert getattr(client, method)("/reads/").status_code == 405


def tell(client, story, **options):
    return client.post("/reads/", str(story.pk), content_type="text/plain", **options).status_code


def told():
    flush()
    return sum(counts().values())


def test_repeats_of_a_reader_within_the_hour_count_once(client):
    story, other = make_article(), make_article()
    assert [tell(client, story) for _ in range(3)] == [204] * 3
    tell(client, other)
    tell(client, story, headers={"User-Agent": BROWSER.replace("120", "121")})
    tell(client, story, REMOTE_ADDR="203.0.113.9")
    assert told() == 4


def test_a_reader_counts_again_in_the_next_hour():
    marks = repeats.Repeats()
    assert [marks.is_repeat("a", 1, now) for now in (0, 3_599, 3_600, 3_601)] == [False, True, False, True]


def test_no_mark_can_be_traced_to_a_reader():
    """The salt is another one in every worker and hour, and what was marked before is gone."""
    one, two = repeats.Repeats(), repeats.Repeats()
    one.is_repeat("203.0.113.9 Firefox", 1, 0)
    two.is_repeat("203.0.113.9 Firefox", 1, 0)
    assert set(one._marks) & set(two._marks) == {0}
    before = set(one._marks)
    one.is_repeat("203.0.113.9 Firefox", 1, 3_600)
    assert set(one._marks) & before == {0}


def test_marks_take_no_more_memory_however_many_readers_come():
    marks = repeats.Repeats()
    size = len(marks._marks)
    for number in range(1_000):
        marks.is_repeat(f"reader {number}", 1, 0)
    assert len(marks._marks) == size == repeats.MARKS


@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        {"User-Agent": "curl/8.5.0"},
        {"User-Agent": "python-requests/2.32"},
        {"User-Agent": "facebookexternalhit/1.1"},
        {"User-Agent": ""},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
        {"X-Moz": "prefetch"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
def test_programs_and_pages_fetched_ahead_do_not_count(client, headers):
    assert tell(client, make_article(), headers={"User-Agent": BROWSER} | headers) == 204
    assert told() == 0


@pytest.mark.parametrize(
    "browser",
    [
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "Mozilla/5.0 (Linux; Android 14; SM-S911N) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36 KAKAOTALK",
    ],
)
def test_browsers_count(client, browser):
    tell(client, make_article(), headers={"User-Agent": browser, "Sec-Fetch-Site": "same-origin"})
    assert told() == 1


def test_a_flood_from_one_address_is_stopped(client):
    stories = [make_article() for _ in range(3)]
    told_off = [client.post("/reads/", str(n), content_type="text/plain") for n in range(10**6, 10**6 + 302)]
    assert [response.status_code for response in told_off] == [204] * 300 + [429] * 2
    assert told_off[-1]["Retry-After"] == "60"
    assert tell(client, stories[0]) == 429
    assert tell(client, stories[0], REMOTE_ADDR="203.0.113.9") == 204
    assert told() == 1


def test_a_flood_is_over_in_the_next_minute():
    floods = repeats.Floods(2)
    assert [floods.is_flood("a", now) for now in (0, 1, 2, 60)] == [False, False, True, False]


# ---- collecting and writing


def test_it_adds_up_by_story_and_hour():
    first, second = make_article(), make_article()
    for minutes in (0, 1, 59):
        count_read(first.pk, NOON + timedelta(minutes=minutes))
    count_read(first.pk, NOON + timedelta(minutes=60))
    count_read(second.pk, NOON)
    assert flush() == 3
    hour = timedelta(hours=1)
    assert counts() == {(first.pk, NOON): 3, (first.pk, NOON + hour): 1, (second.pk, NOON): 1}
    assert flush() == 0


def test_it_adds_to_what_was_counted_before():
    story = make_article()
    for _ in range(2):
        count_read(story.pk, NOON)
        flush()
    assert counts() == {(story.pk, NOON): 2}


def test_it_counts_one_batch_once():
    story, batch = make_article(), uuid.uuid4()
    assert write_batch({(story.pk, NOON): 5}, batch) == 1
    assert write_batch({(story.pk, NOON): 5}, batch) == 0
    assert counts() == {(story.pk, NOON): 5}
    assert ReadBatch.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_it_counts_one_batch_once_when_it_is_written_twice_at_once():
    story, batch = make_article(), uuid.uuid4()

    def write(_):
        try:
            return write_batch({(story.pk, NOON): 5}, batch)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(write, range(4))) == [0, 0, 0, 1]
    assert counts() == {(story.pk, NOON): 5}


def gone():
    """Withdrawn before this test's transaction began, which is the database's now."""
    story = make_article(publish_at=NOON)
    return publishing.withdraw(story, "It was wrong.", at=NOON + timedelta(hours=1))


@pytest.mark.parametrize("hidden", [draft, embargoed, gone])
def test_it_counts_nothing_for_what_is_not_public(hidden):
    story = make_article()
    assert write_batch({(hidden().pk, NOON): 5, (story.pk, NOON): 2}) == 1
    assert counts() == {(story.pk, NOON): 2}


def test_it_costs_two_queries(django_assert_num_queries):
    stories = [make_article() for _ in range(5)]
    with django_assert_num_queries(4):  # with the savepoint around them
        write_batch({(story.pk, NOON): 1 for story in stories})


def test_it_touches_no_article():
    before = Article.objects.filter(pk=make_article().pk).values().get()
    write_batch({(before["id"], NOON): 5})
    assert Article.objects.values().get() == before


def test_it_keeps_reads_that_could_not_be_written(monkeypatch):
    story = make_article()

    def fail(*args):
        raise DatabaseError("The server is gone.")

    count_read(story.pk, NOON)
    with monkeypatch.context() as broken:
        broken.setattr(counting, "write_batch", fail)
        with pytest.raises(DatabaseError):
            flush()
    count_read(story.pk, NOON)
    assert flush() == 2, "the batch that failed, and what was read since"
    assert counts() == {(story.pk, NOON): 2}


def test_a_batch_whose_answer_was_lost_counts_once(monkeypatch):
    """The database may have written it before the connection broke."""
    story, real = make_article(), counting.write_batch

    def write_and_break(*args):
        real(*args)
        raise DatabaseError("The connection broke.")

    count_read(story.pk, NOON)
    with monkeypatch.context() as broken:
        broken.setattr(counting, "write_batch", write_and_break)
        with pytest.raises(DatabaseError):
            flush()
    flush()
    assert counts() == {(story.pk, NOON): 1}


def test_it_tries_again_by_itself_after_a_failure(monkeypatch, no_timer):
    """Reads that wait are written although nobody reads anything more."""
    story = make_article()
    count_read(story.pk, NOON)

    def fail(*args):
        raise DatabaseError("The server is gone.")

    with monkeypatch.context() as broken:
        broken.setattr(counting, "write_batch", fail)
        with pytest.raises(DatabaseError):
            flush()
    assert len(no_timer) == 2
    assert flush() == 1


def test_it_writes_within_the_seconds_promised(settings, no_timer):
    settings.READ_FLUSH_SECONDS = 7
    for _ in range(3):
        count_read(1, NOON)
    assert [timer.interval for timer in no_timer] == [7]
    assert all(timer.daemon for timer in no_timer)
    flush()
    count_read(1, NOON)
    assert len(no_timer) == 2


def test_it_loses_nothing_when_many_threads_count():
    story = make_article()
    threads = [threading.Thread(target=lambda: [count_read(story.pk, NOON) for _ in range(500)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    flush()
    assert counts() == {(story.pk, NOON): 4_000}


def test_it_counts_for_this_hour_without_a_moment():
    story = make_article()
    count_read(story.pk)
    flush()
    ((_, hour),) = counts()
    assert (hour.minute, hour.second, hour.microsecond) == (0, 0, 0)
    assert timezone.now() - hour < timedelta(minutes=61)


def test_it_writes_when_the_worker_ends(monkeypatch):
    story = make_article()
    count_read(story.pk, NOON)
    counting._at_exit()
    assert counts() == {(story.pk, NOON): 1}

    def fail():
        raise DatabaseError("The server is gone.")

    monkeypatch.setattr(counting, "flush", fail)
    counting._at_exit()
