"""The e-paper on the web: who may see what, what may be kept, what is not there."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from articles import publishing
from editions.building import build_edition
from editions.models import Edition
from sections.models import Purge
from tests.factories import make_section, make_staff

from .papers import make_edition, make_stories

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition():
    """An edition of several pages."""
    return make_edition(make_stories(make_section("National"), 7))


@pytest.fixture
def locked(settings):
    settings.EPAPER_ACCESS = "signed-in"


def body_of(response):
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_the_newest_edition_and_that_of_the_day(client, edition, queries):
    for address in ("/epaper/", edition.get_absolute_url()):
        with queries(7):
            response = client.get(address)
        assert response.status_code == 200
        assert "public" in response["Cache-Control"]
        text = response.text
        assert text.count('class="epaper-page"') == edition.pages
        for row in edition.stories.select_related("article"):
            assert f'href="{row.article.get_absolute_url()}"' in text
        assert f"{edition.get_absolute_url()}edition.pdf" in text
        assert not response.cookies


def test_files_of_an_open_paper(client, edition, queries):
    for name, kind in (("1-480.webp", "image/webp"), ("2-1800.webp", "image/webp"), ("edition.pdf", "application/pdf")):
        with queries(1):
            response = client.get(f"{edition.get_absolute_url()}{name}")
        assert (response.status_code, response["Content-Type"]) == (200, kind)
        assert "public" in response["Cache-Control"]
        assert body_of(response)[:4] in (b"RIFF", b"%PDF")
    room = f"/reading-room/{edition.date:%Y/%m/%d}/"
    assert client.get(room)["Location"] == edition.get_absolute_url()


def test_a_locked_paper_shows_its_first_page_and_the_list(client, edition, locked):
    text = client.get(edition.get_absolute_url()).text
    assert "1-960.webp" in text
    assert "2-960.webp" not in text
    assert "edition.pdf" not in text
    for row in edition.stories.select_related("article"):
        assert row.article.headline in text
    assert body_of(client.get(f"{edition.get_absolute_url()}1-960.webp"))[:4] == b"RIFF"


@pytest.mark.parametrize("name", ["2-960.webp", "2-480.webp", "edition.pdf"])
def test_a_locked_file_is_for_those_who_are_signed_in(edition, locked, name):
    stranger, reader = Client(), Client()
    reader.force_login(make_staff("reader", superuser=False, is_staff=False), "readers.accounts.ReaderBackend")
    room = f"/reading-room/{edition.date:%Y/%m/%d}/"
    for client in (stranger, reader):
        response = client.get(f"{edition.get_absolute_url()}{name}")
        assert (response.status_code, response["Location"]) == (302, f"{room}{name}")
        assert "no-store" in response["Cache-Control"]
    response = stranger.get(f"{room}{name}")
    assert response["Location"].startswith("/login/?next=%2Freading-room%2F")
    assert "no-store" in response["Cache-Control"]
    response = reader.get(f"{room}{name}")
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert "private" in response["Cache-Control"]
    assert "public" not in response["Cache-Control"]
    assert body_of(response)[:4] in (b"RIFF", b"%PDF")


def test_the_reading_room_shows_all_pages_to_those_who_are_signed_in(edition, locked):
    room = f"/reading-room/{edition.date:%Y/%m/%d}/"
    response = Client().get(room)
    assert response["Location"].startswith("/login/")
    reader = Client()
    reader.force_login(make_staff("reader", superuser=False, is_staff=False), "readers.accounts.ReaderBackend")
    response = reader.get(room)
    assert "no-store" in response["Cache-Control"]
    assert f"{room}2-960.webp" in response.text
    assert f"{room}edition.pdf" in response.text
    public = reader.get(edition.get_absolute_url())
    assert public.text == Client().get(edition.get_absolute_url()).text, "the public page is the same for everybody"


def test_files_have_no_public_address_of_their_own(client, edition):
    for name in edition.files[:3]:
        assert client.get(f"/media/{name}").status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        *("/epaper/2026/02/30/", "/epaper/2026/13/01/", "/epaper/0000/01/01/", "/epaper/9999/12/31/"),
        "/epaper/1999/01/01/",
        *("/epaper/2026/00/", "/epaper/9999/12/", "/epaper/1999/01/", "/epaper/x/", "/epaper/2026/2/3/"),
        *("/reading-room/2026/02/30/", "/reading-room/1999/01/01/edition.pdf", "/epaper/1999/01/01/1-480.webp"),
    ],
)
def test_what_is_not_there_is_not_found(client, edition, address):
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("name", ["0-480.webp", "99-480.webp", "1-481.webp", "1-480.png", "1-480.webp/"])
def test_there_are_no_other_pages(client, edition, name):
    assert client.get(f"{edition.get_absolute_url()}{name}").status_code == 404


def test_a_lost_file_is_not_found(client, edition):
    default_storage.delete(edition.picture(2, 960))
    response = client.get(f"{edition.get_absolute_url()}2-960.webp")
    assert response.status_code == 404


def test_a_withdrawn_edition_is_gone_and_the_one_before_is_the_newest(client, edition):
    before = Edition.objects.create(date=edition.date - timedelta(days=1), token="0" * 32, pages=1)
    edition.withdrawn_at = timezone.now()
    edition.save()
    for address in (edition.get_absolute_url(), f"{edition.get_absolute_url()}1-480.webp"):
        assert client.get(address).status_code == 404
    assert f"{before.date:%B} {before.date.day}" in client.get("/epaper/").text


def test_a_story_that_was_withdrawn_leaves_the_list(client, edition):
    story = edition.stories.first().article
    publishing.withdraw(story, "It was forged.")
    assert story.headline not in client.get(edition.get_absolute_url()).text


def test_a_paper_without_editions_says_so(client):
    response = client.get("/epaper/")
    assert response.status_code == 200
    assert "no edition yet" in response.text
    assert client.get("/epaper/cover")["Content-Type"] == "image/svg+xml"


def test_the_archive_lists_a_month(client, edition, queries):
    month = f"/epaper/{edition.date:%Y/%m}/"
    long_ago = Edition.objects.create(date=edition.date - timedelta(days=70), token="0" * 32, pages=2)
    with queries(5):
        text = client.get(month).text
    assert f'href="{edition.get_absolute_url()}"' in text
    assert f"/epaper/{long_ago.date:%Y/%m}/" in text
    assert f'href="{long_ago.get_absolute_url()}"' in client.get(f"/epaper/{long_ago.date:%Y/%m}/").text


def test_every_page_shows_the_newest_front_page(client, edition):
    text = client.get("/").text
    assert 'src="/epaper/cover"' in text
    assert 'href="/epaper/"' in text
    response = client.get("/epaper/cover")
    assert response["Content-Type"] == "image/webp"
    assert "public" in response["Cache-Control"]
    response.close()


def test_a_new_edition_purges_what_showed_the_former(edition):
    Purge.objects.all().delete()
    build_edition()
    keys = {key for purge in Purge.objects.all() for key in purge.keys}
    assert {"editions", f"edition-{edition.pk}"} <= keys


def test_the_lite_edition_lists_the_stories(client, edition):
    response = client.get(f"/lite{edition.get_absolute_url()}")
    assert response.status_code == 200
    assert edition.stories.first().article.headline in response.text
