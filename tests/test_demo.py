"""The demo paper: complete, all its own, and of today on whatever day it is loaded."""

import calendar
import re
from collections import Counter
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.core.management import call_command
from django.utils import timezone

from articles.models import Article, Reporter, Tag
from newsroom import demo
from photos.models import Photo
from rankings.filling import refresh_all
from readers.models import User
from sections.html import plain_text
from sections.menu import load_frame
from sections.models import Page, Section
from tests.factories import seoul

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def _media(tmp_path_factory):
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker, _media):
    """The demo, loaded once for all tests of this file, and taken away at their end."""
    from django.db import transaction
    from django.test import override_settings

    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=str(_media)), transaction.atomic():
        demo.load()
        # Making 3,000 pictures would take minutes; pages only need to know that they are there.
        Photo.objects.update(rendered_at=timezone.now())
        refresh_all()
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def paper(loaded):
    """Every test sees the demo."""


def test_it_is_a_full_newspaper():
    public = Article.objects.published()
    words = [len(plain_text(article.body).split()) for article in public]
    assert len(words) >= 150
    assert sum(count >= 400 for count in words) >= 60
    assert min(words) >= 120
    formats = Counter(public.values_list("format", flat=True))
    assert formats["gallery"] >= 8
    assert formats["video"] >= 6
    assert formats["cartoon"] >= 4
    assert formats["opinion"] >= 20
    assert Reporter.objects.count() >= 16
    assert Photo.objects.count() >= 40
    assert public.filter(corrections__isnull=False).count() >= 5


def test_it_has_stories_in_every_section_and_subsection():
    paths = [item.path for entry in load_frame().overlay for item in (entry, *entry.children)]
    for path in [*paths, "north-korea"]:
        section = Section.objects.get(path=path)
        assert Article.objects.published().in_section(section).count() >= 2, path


def test_no_paragraph_stands_in_two_stories():
    paragraphs = Counter(
        text
        for body in Article.objects.values_list("body", flat=True)
        for text in re.findall(r"<p>(.{40,}?)</p>", body, re.DOTALL)
    )
    assert [text for text, count in paragraphs.items() if count > 1] == []


def test_it_is_of_today():
    newest = Article.objects.published().latest_first().first()
    assert timezone.now() - newest.publish_at < timedelta(hours=3)
    assert newest.address_date == timezone.localtime(newest.publish_at).date()
    assert Article.objects.filter(publish_at__gt=timezone.now()).count() == 1


def test_its_archive_goes_back_and_has_anniversaries(client):
    today = timezone.localdate()
    public = Article.objects.published()
    kept = public.filter(
        address_date__month=today.month, address_date__day=today.day, address_date__year__lt=today.year
    )
    assert kept.count() >= 6
    assert public.filter(address_date__year__lt=1960).exists()
    page = client.get("/today-in-history/").text
    assert all(story.headline in page for story in kept)


@pytest.mark.parametrize("loaded", ["2026-11-26", "2027-01-01", "2027-12-31", "2028-02-28", "2028-02-29", "2028-03-01"])
def test_an_anniversary_stays_one_on_whatever_day_it_is_loaded(loaded):
    now = seoul(f"{loaded} 23:50")
    for year in (1958, 1988, 2020, 2024, 2025):
        there = demo.moved(seoul(f"{year}-11-25 23:30"), now)
        assert (there.hour, there.minute) == (23, 30)
        assert there.year == now.year - (2026 - year)
        has_it = not loaded.endswith("02-29") or calendar.isleap(there.year)
        assert there.date() == now.date().replace(year=there.year, day=now.day if has_it else 28)
    # What is of today stays as far from now as it was.
    assert now - demo.moved(demo.WRITTEN_AT - timedelta(days=3), now) == timedelta(days=3)


def test_every_page_opens(client):
    addresses = ["/", "/sitemap/", "/search/?q=river", *Page.objects.values_list("address", flat=True)]
    rows = [
        *Section.objects.all(),
        *Reporter.objects.all(),
        *Tag.objects.filter(article_tags__content_object__in=Article.objects.published()).distinct()[:40],
    ]
    addresses += [row.get_absolute_url() for row in [*rows, *Article.objects.published()]]
    for address in addresses:
        response = client.get(address)
        assert response.status_code == 200, address


def test_the_front_shows_no_picture_twice_and_fills_its_lists(client):
    soup = BeautifulSoup(client.get("/").content, "html.parser")
    tokens = [re.search(r"/p/../(\w+)/", image["src"])[1] for image in soup.select("main img")]
    assert len(tokens) >= 30
    assert [token for token, count in Counter(tokens).items() if count > 1] == []
    assert len(soup.select(".ticker li")) == 20
    assert len(soup.select("#top-10 ~ ol li, [aria-labelledby=top-10] li")) == 10
    assert len(soup.select("[aria-labelledby=top-5-entertainment] li")) == 5
    assert len(soup.select(".shots figure")) == 5


def test_the_page_of_the_reference_kind_is_there(client):
    story = Article.objects.get(slug="five-towns-one-supply-chain")
    soup = BeautifulSoup(client.get(story.get_absolute_url()).content, "html.parser")
    assert soup.select_one(".kicker").get_text(strip=True) == "Manufacturing"
    credits = [credit.get_text() for credit in soup.select("#story .credit")]
    assert credits[0] == "Namsan News Agency"
    assert credits[1].startswith("Courtesy of")
    assert len(soup.select("#story .prose > h2")) >= 2
    assert "(at)" in soup.select_one("[data-mail]").get_text()
    assert soup.find("a", string="More articles by this reporter")
    assert [term.get_text() for term in soup.select(".story-meta dt")] == ["Posted", "Updated", "Reading time"]


def test_loading_again_changes_nothing(capsys):
    before = Article.objects.count()
    call_command("load_demo")
    assert Article.objects.count() == before


def test_the_account_is_off_where_others_can_reach_it(monkeypatch):
    assert demo.account(first=True) == ("editor", "editor")
    monkeypatch.setenv("NEWSROOM_PUBLIC", "1")
    assert demo.account() is None
    assert not User.objects.get(username="editor").is_active
    monkeypatch.delenv("NEWSROOM_PUBLIC")
    assert demo.account() == ("editor", "editor")


def test_a_changed_password_makes_the_account_ones_own(monkeypatch):
    demo.account(first=True)
    user = User.objects.get(username="editor")
    user.set_password("my own words")
    user.save()
    monkeypatch.setenv("NEWSROOM_PUBLIC", "1")
    assert demo.account() is None
    assert User.objects.get(username="editor").is_active
