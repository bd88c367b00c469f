"""The policy for crawlers: rows that robots.txt, the header of every page and a page for people repeat."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, OperationalError, connection, transaction

from sections.models import AdSeller, Crawler, MastheadFact, Page
from tests.factories import make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def policy():
    call_command("loaddata", "crawlers", verbosity=0)


def text(client, address):
    response = client.get(address)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    return response.text


def groups(robots):
    """{token: [rules]} of a robots.txt."""
    found, tokens, rules = {}, [], []
    for line in [*robots.splitlines(), ""]:
        if line.startswith("User-agent: "):
            tokens.append(line.removeprefix("User-agent: "))
        elif line and not line.startswith(("# What", "Sitemap:")):
            rules.append(line)
        elif not line:
            found |= dict.fromkeys(tokens, rules)
            tokens, rules = [], []
    return found


# ---- robots.txt


def test_the_three_voices_say_the_same(client, policy):
    robots = text(client, "/robots.txt")
    rules = groups(robots)
    page = BeautifulSoup(client.get("/policy/crawlers/").text, "html.parser")
    told = {row.th.get_text(): [cell.get_text() for cell in row.select("td")] for row in page.select("tbody tr")}
    assert len(told) == Crawler.objects.count() > 20
    for crawler in Crawler.objects.all():
        own = rules[crawler.token]
        assert (own == ["Disallow: /"]) is not crawler.allowed
        if crawler.allowed:
            assert f"# Content-Usage: {crawler.content_usage}" in own
        row = told[str(crawler)]
        assert row[2:4] == [
            "Yes" if crawler.allowed else "No",
            {"y": "Yes", "n": "No", "": "Not said"}[crawler.train_ai],
        ]
    for address in ("/", "/policy/crawlers/", "/search/", "/nowhere/"):
        assert client.get(address)["Content-Usage"] == "train-ai=n, search=y"
    assert list(rules)[-1] == "*"


def test_every_page_says_what_the_row_for_all_others_says(client, queries):
    assert "Content-Usage" not in client.get("/sitemap/").headers
    Crawler.objects.create(token="*", train_ai="y", search="")
    with queries(2):
        assert client.get("/sitemap/")["Content-Usage"] == "train-ai=y"
    MastheadFact.objects.create(kind="name", value="The Naru Post", position=3)
    with queries(2):
        response = client.get("/sitemap/")
    assert response["Content-Usage"] == "train-ai=y"
    assert "The Naru Post" in response.text


def test_robots_txt_names_the_sitemaps_and_hides_no_page(client, policy):
    robots = text(client, "/robots.txt")
    assert len(robots.encode()) < 500 * 1024
    sitemaps = re.findall(r"^Sitemap: https?://[^/]+(\S+)$", robots, re.MULTILINE)
    assert [client.get(path).status_code for path in sitemaps] == [200, 200]
    # What says noindex must be read to be heard.
    assert not re.search(r"^Disallow: /(search|lite|topics)", robots, re.MULTILINE)
    assert "Disallow: /admin/" in robots


def test_robots_txt_answers_without_rows_and_without_a_database(client, monkeypatch):
    assert groups(text(client, "/robots.txt"))["*"][0] == "Disallow: /admin/"

    def gone(*arguments, **options):
        raise OperationalError("the server has gone away")

    with connection.execute_wrapper(gone):
        robots = text(client, "/robots.txt")
    assert groups(robots)["GPTBot"] == ["Disallow: /"]
    assert "Disallow: /admin/" in groups(robots)["Googlebot"]


@pytest.mark.parametrize("token", ["Evil\nAllow: /", "a b", "", "Ünicode", "a\r", "x" * 61, "a#b", "a:b"])
def test_no_row_smuggles_a_line_in(token):
    with pytest.raises(ValidationError):
        Crawler(token=token).full_clean()
    if len(token) <= 60:
        with pytest.raises(IntegrityError), transaction.atomic():
            Crawler.objects.create(token=token)


def test_a_crawler_has_one_row():
    Crawler.objects.create(token="Googlebot")
    with pytest.raises(IntegrityError), transaction.atomic():
        Crawler.objects.create(token="googlebot")


def test_the_page_without_rows_says_so(client):
    assert "There are no rules for programs yet." in client.get("/policy/crawlers/").text


# ---- security.txt (RFC 9116)


def fields(text):
    return [line.partition(": ")[::2] for line in text.splitlines()]


def test_security_txt_never_lapses(client, settings):
    settings.SECURITY_CONTACT = "mailto:security@example.com"
    for now in (datetime(2026, 11, 25, 23, 59, tzinfo=UTC), datetime(2031, 2, 28, 0, 0, tzinfo=UTC)):
        with time_machine.travel(now, tick=False):
            found = fields(text(client, "/.well-known/security.txt"))
        names = [name for name, _ in found]
        assert names.count("Contact") == names.count("Expires") == 1
        expires = datetime.fromisoformat(dict(found)["Expires"])
        assert timedelta(days=150) < expires - now < timedelta(days=365)
        assert dict(found)["Canonical"].endswith("/.well-known/security.txt")
        assert dict(found)["Contact"] == "mailto:security@example.com"


def test_security_txt_names_the_mastheads_address_and_the_policy(client, settings):
    settings.SECURITY_CONTACT = ""
    assert client.get("/.well-known/security.txt").status_code == 404
    MastheadFact.objects.create(kind="email", value="desk@example.com")
    Page.objects.create(address="/policy/security/", title="Security")
    found = dict(fields(text(client, "/.well-known/security.txt")))
    assert found["Contact"] == "mailto:desk@example.com"
    assert found["Policy"].endswith("/policy/security/")
    assert client.get("/security.txt")["Location"] == "/.well-known/security.txt"


# ---- ads.txt (IAB 1.1)


def test_ads_txt_lists_sellers_owner_and_contact(client):
    assert text(client, "/ads.txt").startswith("placeholder.example.com, placeholder, DIRECT, placeholder\n")
    AdSeller.objects.create(relationship="RESELLER", domain="b.example", account="2", authority="f0", position=2)
    AdSeller.objects.create(domain="a.example", account="1", comment="Ours", position=1)
    AdSeller.objects.create(relationship="OWNERDOMAIN", domain="paper.example")
    MastheadFact.objects.create(kind="email", value="desk@example.com")
    assert text(client, "/ads.txt").splitlines() == [
        "a.example, 1, DIRECT # Ours",
        "b.example, 2, RESELLER, f0",
        "OWNERDOMAIN=paper.example",
        "CONTACT=desk@example.com",
    ]


@pytest.mark.parametrize(
    "odd",
    [
        {"domain": "a.example\nb.example"},
        {"domain": "a.example, 1, DIRECT"},
        {"account": "1, 2"},
        {"account": ""},
        {"comment": "a\nb.example, 1, DIRECT"},
        {"authority": "x y"},
        {"relationship": "OWNERDOMAIN"},
    ],
    ids=str,
)
def test_no_seller_smuggles_a_line_in(odd):
    row = {"domain": "a.example", "account": "1"} | odd
    with pytest.raises(ValidationError):
        AdSeller(**row).full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        AdSeller.objects.create(**row)


# ---- the admin


def test_the_desk_changes_the_policy(client, policy):
    client.force_login(make_staff())
    assert client.get("/admin/sections/crawler/").status_code == 200
    row = Crawler.objects.get(token="CCBot")
    fields = {
        "token": "CCBot",
        "operator": "CC",
        "purpose": "training",
        "allowed": "on",
        "train_ai": "n",
        "position": 1,
    }
    response = client.post(f"/admin/sections/crawler/{row.pk}/change/", fields)
    assert response.status_code == 302
    assert "Disallow: /admin/" in groups(text(client, "/robots.txt"))["CCBot"]
    response = client.post(f"/admin/sections/crawler/{row.pk}/change/", fields | {"token": "CC Bot"})
    assert "Write the crawler&#x27;s own word" in response.text
    everybody = Crawler.objects.get(token="*")
    client.post(f"/admin/sections/crawler/{everybody.pk}/delete/", {"post": "yes"})
    assert Crawler.objects.filter(token="*").exists()
    response = client.post(
        "/admin/sections/adseller/add/",
        {"relationship": "DIRECT", "domain": "a.example", "account": "1", "position": 1},
    )
    assert response.status_code == 302
    assert "a.example, 1, DIRECT" in text(client, "/ads.txt")
