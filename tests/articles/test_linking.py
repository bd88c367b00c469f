"""The link check: what leads nowhere on this site, what other sites answer, and that it never asks our own network."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from articles.linking import broken_internal_links, check_links, external_problem
from articles.models import BrokenLink, CheckedLink, Column, OldAddress
from sections.models import MenuItem, Page
from sections.moving import add_redirect
from tests.factories import (
    draft,
    embargoed,
    make_alias,
    make_article,
    make_reporter,
    make_section,
    make_staff,
    withdrawn,
)

pytestmark = pytest.mark.django_db


def text(*links):
    """A text with these links."""
    return "".join(f'<p><a href="{link}">x</a></p>' for link in links)


def test_everything_that_stands_is_found(settings):
    reporter = make_reporter()
    make_alias(reporter, "Suh Ha-rin")
    story = make_article(tags=["Rain"], reporters=[reporter])
    OldAddress.objects.create(article=story, path="/www/biz/1.html")
    Page.objects.create(address="/about/us/", title="Us", body="")
    Column.objects.create(name="River notes", slug="river-notes")
    add_redirect("/economy/", "/national/")
    links = [
        *(story.get_absolute_url(), f"{settings.SITE_URL}{story.get_absolute_url()}", "/national/", "/about/us/"),
        *("/reporters/seo-ha-rin/", "/reporters/suh-ha-rin/", "/topics/rain/", "/columns/river-notes/", "/economy/"),
        *("/", "/search/?q=x", "/2021/02/", "/feeds/paper.rss", "/www/biz/1.html", embargoed().get_absolute_url()),
        *("mailto:a@example.com", "https://elsewhere.example.com/x", "#note1", "/national", "//other.example.com/"),
    ]
    assert broken_internal_links(text(*links) + '<p id="note1">x</p>') == []


@pytest.mark.parametrize(
    "link",
    [
        *("/nowhere/", "/2020/01/01/nothing/", "/reporters/nobody/", "/topics/none/", "/columns/none/", "#nothing"),
        *("/2020/13/45/nothing/", "/www/biz/2.html", "/nowhere", "/national/none/"),
    ],
)
def test_what_does_not_stand_is_found(link):
    make_section()
    assert broken_internal_links(text(link, "/national/")) == [link]


def test_a_draft_has_no_address_and_a_withdrawn_story_is_told():
    gone = withdrawn()
    draft()
    assert broken_internal_links(text(gone.get_absolute_url())) == [gone.get_absolute_url()]


@pytest.mark.parametrize("link", ["http://[", "/%00/", "/%ff/", "/" + "x" * 3000, "https://[::1/", "javascript:x"])
def test_odd_links_are_no_error(link):
    broken_internal_links(text(link))


def test_many_links_cost_few_queries(django_assert_max_num_queries):
    links = [make_article(slug=f"s-{n}").get_absolute_url() for n in range(30)] + [f"/none-{n}/" for n in range(30)]
    with django_assert_max_num_queries(8):
        assert len(broken_internal_links(text(*links))) == 30


def test_the_check_remembers_and_forgets_what_was_mended(capsys):
    story = make_article(body=text("/nowhere/", "/national/"))
    draft(body=text("/of-a-draft/"))
    Page.objects.create(address="/about/us/", title="Us", body=text("/gone/"))
    MenuItem.objects.create(menu="footer", url="/menu-gone/", label="Gone")
    add_redirect("/old/", "/also-gone/")
    call_command("check_links")
    assert capsys.readouterr().out == "Broken links: 4.\n"
    assert set(BrokenLink.objects.values_list("link", flat=True)) == {
        "/nowhere/",
        "/gone/",
        "/menu-gone/",
        "/also-gone/",
    }
    first = BrokenLink.objects.get(link="/nowhere/").first_seen
    check_links()
    assert BrokenLink.objects.get(link="/nowhere/").first_seen == first
    story.body = text("/national/")
    story.save()
    check_links()
    assert not BrokenLink.objects.filter(link="/nowhere/").exists()


def test_the_report_leads_to_what_is_to_be_mended():
    story = make_article(headline="Rain", body=text("/nowhere/"))
    check_links()
    desk = Client()
    desk.force_login(make_staff())
    shown = desk.get(reverse("admin:articles_brokenlink_changelist"), {"kind": "articles.article"}).content.decode()
    assert reverse("admin:articles_article_change", args=[story.pk]) in shown
    assert "nothing stands at this address" in shown
    assert "/nowhere/: nothing stands" in desk.get(reverse("admin:index")).content.decode()


# ---- other sites


@pytest.fixture
def site(settings):
    """A web site on this machine, which may be asked for once."""
    asked = []

    class Answers(BaseHTTPRequestHandler):
        def do_HEAD(self):
            asked.append((self.command, self.path))
            status = {"/there": 200, "/gone": 404, "/get-only": 405, "/away": 302, "/loop": 302, "/paid": 403}
            code = status.get(self.path, 500)
            if self.command == "GET" and self.path == "/get-only":
                code = 200
            self.send_response(code)
            if self.path in ("/away", "/loop"):
                self.send_header("Location", "/there" if self.path == "/away" else "/loop")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_HEAD

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    settings.LINKS_TO_PRIVATE_HOSTS = True
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        *(("/there", ""), ("/get-only", ""), ("/away", ""), ("/paid", "")),
        *(
            ("/gone", "the site answers 404"),
            ("/other", "the site answers 500"),
            ("/loop", "redirected without an end"),
        ),
    ],
)
def test_it_says_what_other_sites_answer(site, path, problem):
    found = external_problem(site[0] + path)
    assert problem in found
    assert bool(problem) == bool(found)


def test_a_site_that_is_not_there_is_said(settings):
    settings.LINKS_TO_PRIVATE_HOSTS = True
    assert "does not answer" in external_problem("http://127.0.0.1:9/")


@pytest.mark.parametrize(
    "link",
    [
        *("http://127.0.0.1/", "http://localhost:5432/", "http://10.0.0.1/", "http://169.254.169.254/latest/"),
        *("http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://0.0.0.0/", "file:///etc/passwd", "gopher://x/"),
        "http://0x7f000001/",
    ],
)
def test_it_never_asks_our_own_network(link, monkeypatch):
    monkeypatch.setattr("articles.linking._ask", lambda *args: pytest.fail("it was asked"))
    assert external_problem(link)


def test_it_never_follows_a_redirect_into_our_own_network(monkeypatch):
    monkeypatch.setattr("articles.linking.socket.getaddrinfo", lambda host, *args, **kw: [(0, 0, 0, "", (host, 80))])
    monkeypatch.setattr("articles.linking._ask", lambda address, method: (302, "http://127.0.0.1/"))
    assert "not on the public web" in external_problem("http://93.184.216.34/")


def test_each_link_is_asked_once_a_day(site):
    address, asked = site
    make_article(body=text(f"{address}/gone", f"{address}/there"))
    make_article(body=text(f"{address}/gone"))
    assert check_links(external=True) == 2
    assert CheckedLink.objects.count() == 2
    count = len(asked)
    check_links(external=True)
    assert len(asked) == count
    check_links()
    assert BrokenLink.objects.filter(is_external=True).count() == 2, "a check of our own links leaves the others"
