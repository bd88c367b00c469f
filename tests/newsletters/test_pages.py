"""Readers' pages: what they show and cost, and the mails that this computer alone sees."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.conf import settings as paper_settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from newsletters.models import Issue
from newsletters.working import do_due_letters
from newsroom.expunging import expunge_story
from sections.models import Purge
from tests.factories import make_article, make_staff, shown_photo, withdrawn

from .conftest import make_issue, make_letter, make_reader, ready

pytestmark = pytest.mark.django_db


@pytest.fixture
def letter():
    return make_letter()


def sent(letter, *articles, days=0, **fields):
    """An issue in the archive."""
    at = timezone.now() - timedelta(days=days)
    fields = {"state": "sent", "send_at": at, "day": timezone.localdate(at), "sent_at": at} | fields
    return make_issue(letter, *articles, **fields)


def read(address):
    return BeautifulSoup(Client().get(address).content, "html.parser")


def test_it_lists_the_letters_that_can_be_ordered(letter):
    make_letter("Resting", is_active=False)
    make_letter("K-culture", position=2)
    sent(letter, days=1, subject="Yesterday")
    page = read("/newsletters/")
    assert [heading.get_text(strip=True) for heading in page.select("h2 label")] == ["Morning briefing", "K-culture"]
    assert page.select_one(".latest a")["href"].startswith("/newsletters/morning-briefing/2")
    assert page.select_one("form.letters-form")["method"] == "post"
    assert page.select("form.letters-form [name=csrfmiddlewaretoken]") == []
    assert Client().get("/newsletters/")["Cache-Control"].startswith("public")


def test_it_leads_back_to_the_letters_where_the_form_was_not_sent(letter):
    response = Client().get("/letters/order/")
    assert (response.status_code, response["Location"]) == (302, "/newsletters/")


def test_it_keeps_what_was_typed(letter):
    make_letter("K-culture")
    response = Client().post("/letters/order/", {"email": 'not "an" address', "letters": ["k-culture"]})
    page = BeautifulSoup(response.content, "html.parser")
    assert page.select_one("[name=email]")["value"] == 'not "an" address'
    assert [box["value"] for box in page.select("[name=letters][checked]")] == ["k-culture"]


def test_it_shows_an_issue_as_it_stands_now(letter):
    photo = shown_photo()
    story, gone = make_article(headline="Stays", photos=[photo]), withdrawn(headline="Gone")
    issue = sent(letter, story, gone, intro="Good morning.")
    issue.stories.filter(article=story).update(headline="Its words here", picture=True)
    page = read(issue.get_absolute_url())
    assert [heading.get_text(strip=True) for heading in page.select("main h2")] == ["Its words here"]
    assert page.select_one("main .card img")
    assert "Gone" not in page.main.get_text()
    assert page.select_one("link[rel=canonical]")["href"] == paper_settings.SITE_URL + issue.get_absolute_url()
    assert "/letters/" not in str(page), "no link of a reader"


def test_it_has_an_archive_for_each_letter(letter):
    for days in range(3):
        sent(letter, days=days, subject=f"Issue {days}")
    make_issue(letter, subject="A draft")
    ready(make_issue(letter, subject="To come"), send_at=timezone.now() + timedelta(days=1), day="2100-01-01")
    page = read("/newsletters/morning-briefing/")
    assert [heading.get_text() for heading in page.select(".issues h2")] == ["Issue 0", "Issue 1", "Issue 2"]
    older = read(Issue.objects.get(subject="Issue 1").get_absolute_url())
    assert older.find("a", string="The issue before")["href"] == Issue.objects.get(subject="Issue 2").get_absolute_url()


@pytest.mark.parametrize(
    "address",
    [
        "/newsletters/nothing/",
        "/newsletters/hooks/",
        "/newsletters/morning-briefing/2020-01-01/",
        "/newsletters/morning-briefing/2020-13-41/",
        "/newsletters/morning-briefing/0000-00-00/",
    ],
)
def test_it_answers_404_for_what_is_not_there(letter, address):
    assert Client().get(address).status_code == 404


@pytest.mark.parametrize(
    ("address", "budget"),
    [("/newsletters/", 6), ("/newsletters/morning-briefing/", 7), ("issue", 10)],
)
def test_it_costs_the_same_however_much_there_is(letter, queries, address, budget):
    issue = sent(letter, *(make_article(photos=[shown_photo()]) for _ in range(2)))
    address = issue.get_absolute_url() if address == "issue" else address
    with queries(budget):
        assert Client().get(address).status_code == 200
    for number in range(12):
        sent(make_letter(f"Letter {number}"))
        sent(letter, days=number + 1)
        issue.stories.create(article=make_article(photos=[shown_photo()]), position=number)
    with queries(budget):
        Client().get(address)


def test_it_is_in_the_sitemap(letter):
    issue = sent(letter)
    sent(make_letter("Draft only"), state="draft")
    text = Client().get("/sitemaps/newsletters.xml").text
    assert f"<loc>{paper_settings.SITE_URL}/newsletters/morning-briefing/</loc>" in text
    assert issue.get_absolute_url() in text
    assert "draft-only" not in text
    assert "/newsletters/</loc>" in Client().get("/sitemaps/pages.xml").text


def keys():
    """The surrogate keys that were purged."""
    return {key for purge in Purge.objects.all() for key in purge.keys}


def test_it_purges_the_pages_that_show_a_letter(letter, mailbox):
    assert {"newsletters", f"newsletter-{letter.pk}"} <= keys()
    for number in range(5):
        make_reader(f"r{number}@example.com", letter)
    issue = ready(make_issue(letter))
    assert f"issue-{issue.pk}" in keys()
    Purge.objects.all().delete()
    do_due_letters()
    assert f"issue-{issue.pk}" in keys()
    assert Purge.objects.count() <= 3, "once for each step, not for every mail"
    Purge.objects.all().delete()
    issue.stories.first().delete()
    assert keys() == {f"issue-{issue.pk}"}
    with connection.cursor() as cursor:
        cursor.execute("UPDATE newsletters_issue SET subject = 'Mended'")
    assert "newsletters" in keys()


def test_it_lets_a_story_be_expunged(letter):
    story = make_article(headline="Never again")
    issue = sent(letter, story, make_article(headline="Stays"))
    issue.stories.filter(article=story).update(text="Never again, in our words.")
    expunge_story(story, by=make_staff(), reason="Court order 2026-1")
    text = Client().get(issue.get_absolute_url()).text
    assert "Stays" in text
    assert "Never again" not in text


# ---- the lite edition, and pages for one reader


def test_it_can_be_ordered_in_the_lite_edition(letter):
    page = read("/lite/newsletters/")
    assert page.select_one("form.letters-form")["action"] == "/lite/letters/order/"
    response = Client().post("/lite/letters/order/", {"email": "a@example.com", "letters": ["morning-briefing"]})
    assert (response.status_code, response["Location"]) == (303, "/lite/letters/asked/")
    assert "Look into your mailbox" in Client().get("/lite/letters/asked/").text


def test_its_personal_pages_are_kept_by_nobody(letter):
    for address in ("/letters/asked/", "/letters/end/x/"):
        response = Client().get(address)
        assert response["Cache-Control"] == "no-store"
        assert response["Referrer-Policy"] == "no-referrer"
        assert "noindex" in response.text
        assert not response.cookies


# ---- mails of the embedded default


@pytest.fixture
def folder(settings, tmp_path, letter):
    """A mail in the folder; the path of its page."""
    settings.EMAIL_HOST, settings.EMAIL_FILE_PATH = "", tmp_path / "mail"
    assert Client().get("/mail/").status_code == 200
    make_reader("reader@example.com", letter)
    ready(make_issue(letter, subject="Look at <me>"))
    do_due_letters()
    (path,) = settings.EMAIL_FILE_PATH.iterdir()
    return f"/mail/{path.stem}/"


def test_it_shows_the_mails_to_this_computer(folder):
    page = read("/mail/")
    assert page.select_one(".chosen a")["href"] == folder
    page = read(folder)
    assert page.h1.get_text() == "Look at <me>"
    assert page.select_one('.mail-text a[href*="/letters/end/"]')
    html = Client().get(f"{folder}html/")
    assert "style-src 'unsafe-inline'" in html["Content-Security-Policy"]
    assert "script-src 'none'" in html["Content-Security-Policy"]
    assert "Look at &lt;me&gt;" in html.text


@pytest.mark.parametrize(
    "ask",
    [
        {"REMOTE_ADDR": "192.0.2.7"},
        {"REMOTE_ADDR": ""},
        {"HTTP_HOST": "rebound.example"},
    ],
)
def test_it_shows_the_mails_to_nobody_else(folder, ask):
    for address in ("/mail/", folder, f"{folder}html/"):
        assert Client(**ask).get(address).status_code == 404


def test_it_shows_no_mails_in_production(folder, settings):
    settings.SHOW_MAILS = False
    for address in ("/mail/", folder, f"{folder}html/"):
        assert Client().get(address).status_code == 404


@pytest.mark.parametrize("name", ["..", ".", "%2e%2e", "nothing", "..%2f..%2fetc%2fpasswd", ".hidden", "x" * 200])
def test_it_shows_only_mails(folder, name):
    assert Client().get(f"/mail/{name}/").status_code in (301, 404)
