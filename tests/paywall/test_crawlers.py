"""Programs of search engines: verified by both directions of their addresses' names, never by what they say."""

import json
import socket

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from paywall import crawlers
from tests.factories import make_article, shown_photo
from tests.test_page_cache import reader  # noqa: F401
from tests.waiting import wait_until

from .test_wall import BODY, LOCKED, make_premium

pytestmark = pytest.mark.django_db
GOOGLE = {"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}
BING = {"user-agent": "Mozilla/5.0 (compatible; bingbot/2.0)"}
REAL, LIAR, LOST = "66.249.66.1", "203.0.113.9", "192.0.2.1"


@pytest.fixture(autouse=True)
def names(monkeypatch, settings):
    """Name servers that know one machine of Google's, one that only says it is, and nothing else."""
    settings.PREMIUM_FOR_VERIFIED_BOTS = True
    asked = []

    def by_address(address):
        asked.append(address)
        known = {REAL: "crawl-66-249-66-1.googlebot.com", LIAR: "crawl-66-249-66-1.googlebot.com"}
        known["198.51.100.7"] = "googlebot.com.evil.example"
        if address not in known:
            raise socket.herror(1, "Unknown host")
        return known[address], [], [address]

    def by_name(host, port):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (REAL, 0))]

    monkeypatch.setattr(socket, "gethostbyaddr", by_address)
    monkeypatch.setattr(socket, "getaddrinfo", by_name)
    monkeypatch.setattr(crawlers, "_answers", {})
    return asked


def fetch(address, path, headers=GOOGLE):
    """The answer once the name servers were asked."""
    Client(REMOTE_ADDR=address).get(path, headers=headers)
    assert wait_until(lambda: None not in crawlers._answers.values())
    return Client(REMOTE_ADDR=address).get(path, headers=headers)


def test_a_verified_program_reads_all_of_it_and_nothing_keeps_that():
    photo = shown_photo()
    story = make_premium(photos=[shown_photo(), photo])
    path = story.get_absolute_url()
    assert LOCKED not in Client(REMOTE_ADDR=REAL).get(path, headers=GOOGLE).text  # not known yet: nobody waits
    answer = fetch(REAL, path)
    page = BeautifulSoup(answer.text, "html.parser")
    assert (answer["Cache-Control"], answer["X-Robots-Tag"]) == ("no-store", "noarchive")
    assert page.select_one(".prose > .rest").get_text().count(LOCKED) == 200
    assert page.select(".wall") == []
    assert photo.token not in answer.text
    data = json.loads(page.select_one('script[type="application/ld+json"]').string)["@graph"][0]
    assert data["isAccessibleForFree"] is False
    assert data["hasPart"]["cssSelector"] == ".rest"


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        (LIAR, GOOGLE),
        (LOST, GOOGLE),
        ("198.51.100.7", GOOGLE),
        (REAL, BING),
        (REAL, {"user-agent": "Mozilla/5.0"}),
        (REAL, {}),
        ("no address", GOOGLE),
        (LIAR, GOOGLE | {"x-forwarded-for": REAL}),
    ],
)
def test_others_get_what_everybody_gets(address, headers):
    path = make_premium().get_absolute_url()
    assert fetch(address, path, headers).content == Client().get(path).content


def test_it_is_off_unless_it_is_asked_for(settings, names):
    settings.PREMIUM_FOR_VERIFIED_BOTS = False
    assert LOCKED not in fetch(REAL, make_premium().get_absolute_url()).text
    assert names == []


def test_name_servers_are_asked_once_and_only_for_stories(names):
    story = make_premium()
    path = story.get_absolute_url()
    for other in ("/", f"{path}print/", f"/lite{path}", "/feeds/paper.rss?text=full", f"/rest/{story.pk}/"):
        answer = fetch(REAL, other)
        assert LOCKED not in answer.text
    assert names == []
    for _ in range(3):
        fetch(REAL, path)
    assert names == [REAL]


def test_a_free_story_is_the_same_for_all():
    path = make_article(body=BODY).get_absolute_url()
    answer = fetch(REAL, path)
    assert answer.content == Client().get(path).content
    assert "public" in answer["Cache-Control"]


def test_the_page_cache_neither_keeps_nor_hides_it(reader):  # noqa: F811
    path = make_premium().get_absolute_url()
    google = {"user_agent": GOOGLE["user-agent"], "accept_encoding": ""}
    crawlers._answers[(REAL, "googlebot")] = (float("inf"), True)
    environ = {"PATH_INFO": path, "HTTP_USER_AGENT": GOOGLE["user-agent"], "REMOTE_ADDR": REAL}
    assert crawlers.may_read_all(environ)
    everybody = reader.get(path)
    ask = reader.cache
    reader.cache = lambda environ, start: ask(environ | {"REMOTE_ADDR": REAL}, start)
    whole = reader.get(path, **google)
    assert LOCKED.encode() in whole[2]
    assert whole[1]["cache-control"] == "no-store"
    reader.cache = ask
    for headers in ({}, google):
        assert reader.get(path, **headers)[2] == everybody[2]
    assert LOCKED.encode() not in everybody[2]
