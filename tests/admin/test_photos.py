"""The photo library: uploads good and bad, focal points, replacing, where a photo is used."""

import io
import struct
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from photos.models import Photo
from rankings.placing import place
from tests.admin.posting import errors, page, status, submit, told
from tests.factories import image_bytes, make_article, make_list, make_photo, make_reporter

ADD = reverse("admin:photos_photo_add")
LIST = reverse("admin:photos_photo_changelist")
FORM = "photo_form"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def change(photo):
    """The address of a photo's form."""
    return reverse("admin:photos_photo_change", args=[photo.pk])


def upload(desk, data, name="photo.jpg", **fields):
    """Adds a photo by its form."""
    return submit(desk, ADD, FORM, upload=SimpleUploadedFile(name, data), **fields)


def bomb():
    """A PNG whose header promises 3,600 million pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


def animation():
    """A GIF of two frames."""
    frames = [Image.new("P", (300, 200), color) for color in (1, 2)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    return out.getvalue()


def deep(mode="I;16"):
    """A PNG with 16 bits a pixel."""
    out = io.BytesIO()
    Image.new(mode, (300, 200), 40_000).save(out, "PNG")
    return out.getvalue()


def cmyk():
    """A JPEG as printers send it."""
    out = io.BytesIO()
    Image.new("CMYK", (300, 200), (10, 20, 30, 40)).save(out, "JPEG")
    return out.getvalue()


def described():
    """A JPEG with a caption and a photographer in its Exif block."""
    image, exif, out = Image.new("RGB", (300, 200)), Image.Exif(), io.BytesIO()
    exif[0x010E], exif[0x013B] = "Welders at dawn.", "Cha Ra-on"
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (image_bytes((300, 200)), "photo.jpg"),
        (image_bytes((300, 200), image_format="PNG"), "사진.png"),
        (image_bytes((300, 200), image_format="WEBP"), "no-extension"),
        (cmyk(), "printer.jpg"),
        (deep(), "scan.png"),
        (animation(), "moving.gif"),
        (image_bytes((1, 1)), "dot.jpg"),
        (image_bytes((300, 200)), "x" * 300 + ".jpg"),
    ],
)
def test_a_picture_is_added_with_its_renditions(desk, data, name):
    response = upload(desk, data, name, alt_text="A square.", credit="Hangang Times")
    assert "added successfully" in told(response), errors(response)
    photo = Photo.objects.get()
    assert photo.rendered_at
    assert photo.uploaded_by.username == "editor"
    small = page(desk.get(LIST)).select_one(".preview")
    assert status(desk, small["src"]) == 200


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (b"", "photo.jpg", "empty"),
        (b"<html><body>not a picture</body></html>", "photo.jpg", "not a picture"),
        (SVG, "drawing.svg", "not a picture"),
        (SVG, "photo.jpg", "not a picture"),
        (image_bytes()[:4000], "photo.jpg", "cut off"),
        (image_bytes(image_format="PNG")[:200], "photo.png", "cut off"),
        (bomb(), "photo.png", "picture"),
        (b"%PDF-1.4 nothing", "page.pdf", "not a picture"),
        (b"\0" * 5000, "photo.jpg", "not a picture"),
    ],
)
def test_a_file_that_is_no_picture_is_refused_at_the_field(desk, data, name, sentence):
    response = upload(desk, data, name, caption="Words to keep.")
    assert response.status_code == 200
    assert sentence in page(response).select_one(".field-upload .errorlist").get_text()
    assert "Words to keep." in response.content.decode()
    assert not Photo.objects.exists()


def test_a_file_is_needed(desk):
    assert "required" in errors(submit(desk, ADD, FORM, alt_text="A square."))


def test_a_file_that_is_too_large_is_refused(desk, settings):
    settings.PHOTO_MAX_BYTES = 1000
    assert "larger than" in errors(upload(desk, image_bytes()))


def test_a_picture_with_too_many_pixels_is_refused(desk, settings):
    settings.PHOTO_MAX_PIXELS = 1000
    assert "1600 × 1067 pixels" in errors(upload(desk, image_bytes()))


def test_a_picture_that_cannot_be_scaled_is_refused_and_nothing_is_written(desk, monkeypatch):
    def broken(photo):
        raise OSError("broken data stream")

    monkeypatch.setattr("photos.renditions.make", broken)
    response = upload(desk, image_bytes(), caption="Words to keep.")
    assert "No pictures can be made" in errors(response)
    assert "Words to keep." in response.content.decode()
    assert not Photo.objects.exists()


def test_the_file_fills_what_the_editor_left_empty(desk):
    upload(desk, described(), photographer="Somebody else")
    photo = Photo.objects.get()
    assert (photo.caption, photo.photographer) == ("Welders at dawn.", "Somebody else")


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("focal_x", "2", "less than or equal to 1"),
        ("focal_y", "nan", "Enter a number."),
        ("alt_text", "x" * 501, "at most 500"),
        ("caption", "A\0B", "Null characters"),
        ("expires_on", "1812-01-01", "from 1826 on"),
        ("taken_at_0", "0001-01-01", "from 1826 on"),
        ("licence_url", "javascript:x", "valid URL"),
        ("keywords", "x" * 101, "at most 100 characters"),
        ("rights", "stolen", "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(desk, field, value, sentence):
    photo = make_photo()
    fields = {field: value} | ({"taken_at_1": "00:00"} if field == "taken_at_0" else {})
    assert sentence in errors(submit(desk, change(photo), FORM, **fields))


def test_a_moved_focal_point_makes_new_pictures(desk):
    photo = make_photo(render=True)
    before = photo.picture("1x1").src
    submit(desk, change(photo), FORM, focal_x="0.1")
    photo.refresh_from_db()
    assert photo.picture("1x1").src != before
    assert status(desk, photo.picture("1x1").src) == 200


def test_a_moved_focal_point_without_the_original_is_a_sentence(desk):
    photo = make_photo(render=True)
    photo.file.storage.delete(photo.file.name)
    assert "missing or damaged" in errors(submit(desk, change(photo), FORM, focal_x="0.1"))
    photo.refresh_from_db()
    assert photo.focal_x == 0.5


def test_a_replaced_file_changes_the_picture_of_every_story(desk, client):
    photo = make_photo(render=True)
    story = make_article(photos=[photo])
    before = photo.token
    new = SimpleUploadedFile("new.png", image_bytes((800, 900), "red", "PNG"))
    submit(desk, change(photo), FORM, upload=new, caption="New words.")
    photo.refresh_from_db()
    assert (photo.width, photo.height, photo.caption) == (800, 900, "New words.")
    assert photo.token != before
    assert photo.token in client.get(story.get_absolute_url()).content.decode()


def test_a_bad_replacement_leaves_everything(desk):
    photo = make_photo(render=True)
    token = photo.token
    assert "not a picture" in errors(submit(desk, change(photo), FORM, upload=SimpleUploadedFile("a.jpg", SVG)))
    photo.refresh_from_db()
    assert photo.token == token


def test_the_form_shows_where_a_photo_is_used(desk, editor):
    photo = make_photo(render=True)
    make_article(headline="Shipyard hires", photos=[photo])
    make_reporter(portrait=photo)
    place(make_list("front-lead"), 1, make_article(), by=editor, photo=photo)
    text = page(desk.get(change(photo))).select_one(".field-where_used").get_text(" ", strip=True)
    for words in ("Shipyard hires", "Public", "Seo Ha-rin", "Front Lead", "place 1"):
        assert words in text


def test_a_photo_in_use_cannot_be_deleted(desk):
    used, portrait, free = make_photo(), make_photo(alt_text="A face."), make_photo(alt_text="Nobody's.")
    make_article(photos=[used])
    make_reporter(portrait=portrait)
    for photo, reason in ((used, "used in stories"), (portrait, "reporter's portrait")):
        url = reverse("admin:photos_photo_delete", args=[photo.pk])
        assert reason in told(desk.post(url, {"post": "yes"}, follow=True))
    chosen = {"action": "delete_selected", "_selected_action": [used.pk, free.pk], "post": "yes"}
    assert "used in stories" in told(desk.post(LIST, chosen, follow=True))
    assert Photo.objects.count() == 3
    desk.post(reverse("admin:photos_photo_delete", args=[free.pk]), {"post": "yes"})
    assert Photo.objects.count() == 2


def test_the_list_searches_and_filters(desk):
    make_photo(caption="Welders at dawn.", keywords=["shipyard"], rights="agency")
    make_photo(caption="A crane.", expires_on="2020-01-01")
    for query, count in {
        "q=welders": 1,
        "q=shipyard": 1,
        "q=nothing": 0,
        "rights__exact=agency": 1,
        "rights_end=ended": 1,
        "rights_end=soon": 0,
        "created_at__gte=x": 2,
    }.items():
        assert len(page(desk.get(f"{LIST}?{query}", follow=True)).select("#result_list tbody tr")) == count, query


def test_the_list_costs_the_same_whatever_its_size(desk, queries):
    for _ in range(12):
        make_photo()
    with queries(8):
        desk.get(LIST)
