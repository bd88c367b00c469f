"""Pictures and films as files: public with a public story, unknown before and after."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.files.storage import default_storage
from django.utils import timezone

from articles import publishing
from articles.models import Article, ArticlePhoto, Video
from rankings.placing import end, place
from tests.factories import (
    draft,
    embargoed,
    image_bytes,
    make_article,
    make_list,
    make_photo,
    make_reporter,
    make_staff,
    make_video,
    withdrawn,
)
from tests.photos.files import fetch

pytestmark = pytest.mark.django_db

FILM = b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 8


@pytest.fixture
def photo():
    return make_photo(render=True, data=image_bytes((120, 80)))


@pytest.fixture
def film():
    return make_video(make_article(format="video"), FILM)


def addresses(photo):
    return [
        entry.split()[0]
        for crop in ("full", "3x2", "1x1")
        for entry in (photo.picture(crop).src, *photo.picture(crop).webp.split(", "))
    ]


# ---- who may see what


def test_it_serves_the_pictures_of_a_public_story(client, photo):
    make_article(photos=[photo])
    for address in addresses(photo):
        response = fetch(client, address)
        assert response.status_code == 200
        assert response["Content-Type"] == ("image/jpeg" if address.endswith("jpg") else "image/webp")
        assert response["Cache-Control"] == "public, max-age=86400"
        assert response.data[:3] in (b"\xff\xd8\xff", b"RIF")
        assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("hidden", [None, draft, embargoed, withdrawn])
def test_it_knows_no_picture_of_a_story_that_is_not_public(client, photo, hidden):
    if hidden:
        ArticlePhoto.objects.create(article=hidden(), photo=photo)
    for address in addresses(photo):
        response = fetch(client, address)
        assert response.status_code == 404
        assert response["Cache-Control"] == "no-store"


def test_it_serves_from_the_moment_of_publication_on(client, photo):
    story = draft(photos=[photo])
    (address, *_) = addresses(photo)
    assert fetch(client, address).status_code == 404
    publishing.schedule(story)
    assert fetch(client, address).status_code == 200
    publishing.withdraw(story, "Rights.", at=timezone.now() + timedelta(microseconds=1))
    assert fetch(client, address).status_code == 404


def test_it_serves_what_one_public_story_of_several_uses(client, photo):
    for make in (draft, embargoed, withdrawn, make_article):
        ArticlePhoto.objects.create(article=make(), photo=photo)
    assert fetch(client, addresses(photo)[0]).status_code == 200


def test_it_serves_portraits(client, photo):
    make_reporter(portrait=photo)
    assert fetch(client, addresses(photo)[0]).status_code == 200


def test_it_serves_the_picture_of_a_placement_as_long_as_it_stands(client, photo):
    placement = place(make_list("front-lead"), 1, make_article(), photo=photo)
    assert fetch(client, addresses(photo)[0]).status_code == 200
    end(placement)
    assert fetch(client, addresses(photo)[0]).status_code == 404


def test_it_never_serves_an_original(client, photo):
    make_article(photos=[photo])
    for address in (
        f"/media/{photo.file.name}",
        f"/media/p/{photo.token[:2]}/{photo.token}/../../../{photo.file.name}",
        f"/media/p/{photo.token[:2]}/{photo.token}/..%2f..%2f..%2f{photo.file.name.replace('/', '%2f')}",
        f"/media/p/{photo.token[:2]}/{photo.token}/",
        f"/media/p/{photo.token[:2]}/{photo.token}/full-9999.jpg",
        f"/media/p/{photo.token[:2]}/{photo.token}/full.png",
        "/media/",
        "/media/originals/",
    ):
        assert fetch(client, address).status_code == 404, address


@pytest.mark.parametrize(
    "part", ["full-480.jpg", "full-480.jpg\n", "full-480.jpg%00", "FULL-480.JPG", "x" * 500 + ".jpg"]
)
def test_it_knows_no_other_names(client, part):
    assert fetch(client, f"/media/p/ab/{'ab' * 16}/{part}").status_code in (400, 404)


def test_it_serves_films_and_captions_of_public_stories(client, film):
    response = fetch(client, film.file.url)
    assert (response.status_code, response["Content-Type"], response.data) == (200, "video/mp4", FILM)
    assert response["Accept-Ranges"] == "bytes"
    captions = fetch(client, film.captions.url)
    assert captions["Content-Type"] == "text/vtt; charset=utf-8"
    assert captions.data.startswith(b"WEBVTT")


@pytest.mark.parametrize("hidden", [draft, embargoed, withdrawn])
def test_it_knows_no_film_of_a_story_that_is_not_public(client, hidden):
    video = make_video(hidden(format="video"))
    for file in (video.file, video.captions):
        response = fetch(client, file.url)
        assert (response.status_code, response["Cache-Control"]) == (404, "no-store")


def test_it_lets_the_desk_see_what_is_not_public_yet(client, photo):
    """Previews need pictures; nothing between may keep them."""
    video = make_video(draft(format="video", photos=[photo]))
    client.force_login(make_staff())
    for address in (addresses(photo)[0], video.file.url):
        response = fetch(client, address)
        assert (response.status_code, response["Cache-Control"]) == (200, "no-store")
        assert "Cookie" in response["Vary"]


def test_it_shows_nothing_to_others_who_signed_in(client, photo):
    reader = make_staff("reader", superuser=False, is_staff=False)
    reader.user_permissions.set(Permission.objects.filter(codename="view_photo"))
    for user in (reader, make_staff("clerk", superuser=False)):
        client.force_login(user)
        assert fetch(client, addresses(photo)[0]).status_code == 404


def test_it_looks_at_no_session_for_what_is_public(client, photo, django_assert_num_queries):
    make_article(photos=[photo])
    client.force_login(make_staff())
    with django_assert_num_queries(1):
        response = fetch(client, addresses(photo)[0])
    assert response["Cache-Control"] == "public, max-age=86400"
    assert "Cookie" not in response.get("Vary", "")
    assert not response.cookies


def test_it_costs_one_query(client, photo, film, django_assert_num_queries):
    ArticlePhoto.objects.create(article=film.article, photo=photo)
    for address in (addresses(photo)[0], film.file.url):
        with django_assert_num_queries(1):
            assert fetch(client, address).status_code == 200
    Article.objects.filter(pk=film.article_id).update(withdrawn_at=timezone.now())
    # Whether a premium story shows the photo is asked only where nothing else does.
    for address, queries in ((addresses(photo)[0], 2), (film.file.url, 1)):
        with django_assert_num_queries(queries):
            assert fetch(client, address).status_code == 404


def test_it_answers_404_where_the_file_is_lost(client, photo):
    make_article(photos=[photo])
    address = addresses(photo)[0]
    default_storage.delete(address.removeprefix("/media/"))
    response = fetch(client, address)
    assert (response.status_code, response["Cache-Control"]) == (404, "no-store")


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_it_only_reads(client, photo, method):
    make_article(photos=[photo])
    assert getattr(client, method)(addresses(photo)[0]).status_code == 405


def test_it_answers_head(client, photo, film):
    make_article(photos=[photo])
    for address, size in ((addresses(photo)[0], None), (film.file.url, len(FILM))):
        response = client.head(address)
        assert response.status_code == 200
        assert response.getvalue() == b""
        assert size is None or int(response["Content-Length"]) == size


# ---- ranges of films


@pytest.mark.parametrize(
    ("asked", "part", "said"),
    [
        ("bytes=0-", slice(0, None), f"bytes 0-{len(FILM) - 1}/{len(FILM)}"),
        ("bytes=0-0", slice(0, 1), f"bytes 0-0/{len(FILM)}"),
        ("bytes=100-199", slice(100, 200), f"bytes 100-199/{len(FILM)}"),
        ("bytes=2000-999999", slice(2000, None), f"bytes 2000-{len(FILM) - 1}/{len(FILM)}"),
        ("bytes=-10", slice(-10, None), f"bytes {len(FILM) - 10}-{len(FILM) - 1}/{len(FILM)}"),
        ("bytes=-999999", slice(0, None), f"bytes 0-{len(FILM) - 1}/{len(FILM)}"),
    ],
)
def test_it_serves_the_part_that_a_player_asks_for(client, film, asked, part, said):
    response = fetch(client, film.file.url, range=asked)
    assert (response.status_code, response["Content-Range"], response["Content-Type"]) == (206, said, "video/mp4")
    assert response.data == FILM[part]
    assert int(response["Content-Length"]) == len(response.data)
    assert response["Cache-Control"] == "public, max-age=86400"


@pytest.mark.parametrize("asked", [f"bytes={len(FILM)}-", "bytes=999999-9999999", "bytes=-0"])
def test_it_refuses_parts_that_are_not_there(client, film, asked):
    response = fetch(client, film.file.url, range=asked)
    assert (response.status_code, response["Content-Range"]) == (416, f"bytes */{len(FILM)}")
    assert "max-age" not in response.get("Cache-Control", "")


@pytest.mark.parametrize(
    "asked",
    [
        *("", "bytes=", "bytes=-", "bytes=a-b", "items=0-5", "bytes=0-5,10-15", "bytes= 0-5", "bytes=5-2"),
        *("bytes=" + "9" * 400 + "-", "bytes=0-5\x80", "bytes=٣-٥", "0-5"),
    ],
)
def test_it_serves_the_whole_where_it_does_not_understand(client, film, asked):
    response = fetch(client, film.file.url, range=asked)
    assert (response.status_code, response.data) == (200, FILM)


def test_it_serves_long_films_in_pieces(client):
    video = make_video(make_article(format="video"), b"x" * 2_500_000)
    response = fetch(client, video.file.url, range="bytes=100-")
    assert response.status_code == 206
    assert len(response.data) == 2_000_000
    assert response["Content-Range"] == "bytes 100-2000099/2500000"


# ---- handing over to the web server


def test_it_lets_the_web_server_send_the_bytes(client, photo, film, settings):
    settings.MEDIA_ACCEL = "/protected/"
    make_article(photos=[photo])
    for address, kind in ((addresses(photo)[0], "image/jpeg"), (film.file.url, "video/mp4")):
        response = fetch(client, address)
        assert response["X-Accel-Redirect"] == f"/protected/{address.removeprefix('/media/')}"
        assert (response["Content-Type"], response.data) == (kind, b"")
        assert response["Cache-Control"] == "public, max-age=86400"


def test_it_hands_over_nothing_that_is_not_public(client, photo, settings):
    settings.MEDIA_ACCEL = "/protected"
    response = fetch(client, addresses(photo)[0])
    assert response.status_code == 404
    assert "X-Accel-Redirect" not in response


def test_it_keeps_films_under_names_that_cannot_be_guessed(film):
    assert film.token in film.file.name
    assert len(film.token) == 32
    assert "film.mp4" not in film.file.name
    assert Video.objects.get().length == "3:07"
