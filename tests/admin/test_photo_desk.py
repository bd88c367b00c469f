"""The photo library's own pages: grid and search, upload of many, focal point, frames, rights, near-duplicates."""

import io
import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image, ImageDraw

from articles import publishing
from photos import renditions
from photos.library import add_photo, replace_file
from photos.models import Photo
from tests.admin.browser import desk_page
from tests.admin.posting import page, submit
from tests.factories import (
    draft,
    image_bytes,
    make_article,
    make_photo,
    make_reporter,
    make_section,
    make_staff,
    shown_photo,
)

LIST = reverse("admin:photos_photo_changelist")
UPLOAD = reverse("admin:photos_photo_upload")
FILE = reverse("admin:photos_photo_upload_file")


def picture(color="teal", size=(800, 534), **options):
    """A picture file as a browser sends it."""
    return SimpleUploadedFile(f"{color}.jpg", image_bytes(size, color, **options), "image/jpeg")


def drawn(seed, size=(640, 480), image_format="JPEG"):
    """A picture with shapes, so that its look differs from that of another seed."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for n in range(12):
        x, y = (seed * 97 + n * 53) % 100 / 100 * size[0], (seed * 31 + n * 71) % 100 / 100 * size[1]
        draw.ellipse((x, y, x + size[0] / 5, y + size[1] / 5), fill=(n * 20, (seed * 40) % 255, 255 - n * 15))
    out = io.BytesIO()
    image.save(out, image_format)
    return out.getvalue()


def found(desk, **query):
    """What the library shows for a question."""
    return [cell.get_text(strip=True) for cell in page(desk.get(LIST, query)).select("#result_list .field-described")]


# ---- the library


@pytest.mark.parametrize("words", ["quay", "QUAY dusk", "Yonhap", "부산", "서울", "harbor-7", "Ki", "rains"])
def test_photos_are_found_by_any_of_their_words(desk, words):
    shown_photo(
        **{"alt_text": "A quay at dusk.", "caption": "Where it rains.", "credit": "Yonhap", "photographer": "Kim Su"},
        **{"keywords": ["부산항만", "서울시청"], "original_name": "harbor-7.jpg"},
    )
    shown_photo(alt_text="Something else.", credit="Other")
    assert found(desk, q=words) == ["A quay at dusk."]


@pytest.mark.parametrize("words", ["' & |", ":*", "\\", "()", "a\0", "x" * 5000, "!!!", "한"])
def test_odd_words_end_in_a_page(desk, words):
    shown_photo()
    assert desk.get(LIST, {"q": words}).status_code in (200, 400)


def test_filters_tell_what_is_missing_and_what_is_unused(desk, editor):
    shown_photo(alt_text="Used").uses.create(article=make_article())
    shown_photo(alt_text="Portrait")
    make_reporter(portrait=Photo.objects.get(alt_text="Portrait"))
    shown_photo(alt_text="Free", credit="", uploaded_by=editor)
    shown_photo(alt_text="", original_name="no-alt.jpg")
    assert found(desk, lacks="use") == ["no-alt.jpg", "Free"]
    assert found(desk, lacks="credit") == ["Free"]
    assert found(desk, lacks="alt") == ["no-alt.jpg"]
    assert found(desk, mine="yes") == ["Free"]


def test_cards_say_what_keeps_a_photo_out(desk):
    shown_photo(rights="none", credit="", alt_text="")
    badges = page(desk.get(LIST)).select("[data-kind=bad]")
    assert [badge.get_text() for badge in badges] == ["there are no rights to use it.", "no alt text", "no credit"]


def test_the_library_costs_the_same_whatever_its_size(desk, queries):
    for _ in range(3):
        shown_photo()
    with queries(10):
        desk.get(LIST)
    for _ in range(40):
        shown_photo()
    with queries(10):
        desk.get(LIST)


# ---- upload


def test_a_file_gets_what_all_share_and_says_what_it_is(desk, editor):
    answer = desk.post(FILE, {"file": picture(), "credit": "Yonhap", "rights": "agency", "keywords": "Rain, Seoul"})
    photo = Photo.objects.get()
    assert answer.json()["id"] == photo.pk
    assert (photo.credit, photo.rights, photo.keywords, photo.uploaded_by) == (
        "Yonhap",
        "agency",
        ["Rain", "Seoul"],
        editor,
    )
    assert default_storage.exists(answer.json()["picture"].removeprefix("/media/"))


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("cut.jpg", image_bytes((900, 600))[:-2000], "damaged or cut off"),
        ("fake.jpg", b"<script>alert(1)</script>", "not a picture"),
        ("fake.svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "not a picture"),
        ("empty.png", b"", "did not arrive"),
        ("bomb.png", None, "pixels"),
    ],
)
def test_a_bad_file_is_refused_in_a_sentence_and_stops_no_other(desk, settings, name, data, sentence):
    if data is None:
        settings.PHOTO_MAX_PIXELS = 1_000
        data = image_bytes((100, 100), image_format="PNG")
    answer = desk.post(FILE, {"file": SimpleUploadedFile(name, data), "credit": "Yonhap", "rights": "own"})
    assert answer.status_code == 400
    assert sentence in answer.json()["said"] or "empty" in answer.json()["said"]
    assert not Photo.objects.exists()
    settings.PHOTO_MAX_PIXELS = 60_000_000
    assert desk.post(FILE, {"file": picture(), "rights": "own"}).status_code == 200


@pytest.mark.parametrize("mode", ["CMYK", "I;16", "P", "LA", "RGBA", "1"])
def test_pictures_of_every_mode_become_right_ones(desk, mode):
    out = io.BytesIO()
    kind = "JPEG" if mode == "CMYK" else "PNG"
    Image.new(mode, (300, 200)).save(out, kind)
    answer = desk.post(FILE, {"file": SimpleUploadedFile(f"x.{kind.lower()}", out.getvalue()), "rights": "own"})
    assert answer.status_code == 200
    photo = Photo.objects.get()
    with default_storage.open(renditions.name(photo, "full", 300, "webp")) as stream, Image.open(stream) as made:
        assert (made.mode, made.size) == ("RGB", (300, 200))


def test_an_animated_picture_is_shown_by_its_first_frame(desk):
    out = io.BytesIO()
    frames = [Image.new("RGB", (300, 200), color) for color in ("red", "blue")]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    assert desk.post(FILE, {"file": SimpleUploadedFile("x.gif", out.getvalue()), "rights": "own"}).status_code == 200
    photo = Photo.objects.get()
    with default_storage.open(renditions.name(photo, "full", 300, "webp")) as stream, Image.open(stream) as made:
        assert made.convert("RGB").getpixel((5, 5))[0] > 200


def test_without_a_script_many_files_come_in_one_post(desk):
    files = [picture("red"), picture("blue"), SimpleUploadedFile("fake.jpg", b"no")]
    response = desk.post(UPLOAD, {"file": files, "credit": "Yonhap", "rights": "own"})
    rows = page(response).select(".upload-list li")
    assert len(rows) == 3
    assert "not a picture" in rows[2].get_text()
    assert Photo.objects.filter(credit="Yonhap").count() == 2
    assert "Choose one or more picture files." in desk.post(UPLOAD, {"rights": "own"}).content.decode()


def test_what_all_share_is_checked_before_any_file_is_taken(desk):
    answer = desk.post(FILE, {"file": picture(), "rights": "own", "licence_url": "javascript:x"})
    assert answer.status_code == 400
    assert not Photo.objects.exists()


def test_words_are_written_right_after_the_upload(desk):
    words = desk.post(FILE, {"file": picture(), "rights": "own"}).json()["words"]
    assert desk.post(words, {"alt_text": "A quay.", "caption": "Busan.", "credit": "Yonhap"}).json()["said"] == "Saved."
    photo = Photo.objects.get()
    assert (photo.alt_text, photo.caption, photo.credit) == ("A quay.", "Busan.", "Yonhap")
    assert desk.post(words, {"alt_text": "x" * 600}).status_code == 400


def test_uploads_are_for_those_who_may_add_and_words_for_who_uploaded(db):
    reporter = make_staff("reporter", superuser=False)
    client = Client()
    client.force_login(reporter)
    assert client.get(UPLOAD).status_code == 403
    assert client.post(FILE, {"file": picture(), "rights": "own"}).status_code == 403
    reporter.user_permissions.set(Permission.objects.filter(codename__in=["add_photo", "view_photo"]))
    client.force_login(type(reporter).objects.get(pk=reporter.pk))
    words = client.post(FILE, {"file": picture(), "rights": "own"}).json()["words"]
    assert client.post(words, {"alt_text": "Mine."}).status_code == 200
    other = make_photo(render=True)
    assert client.post(reverse("admin:photos_photo_words", args=[other.pk]), {"alt_text": "x"}).status_code == 403
    form = reverse("admin:photos_photo_change", args=[other.pk])
    assert not page(client.get(form)).select("input[name=alt_text]")
    mine = reverse("admin:photos_photo_change", args=[Photo.objects.get(alt_text="Mine.").pk])
    assert page(client.get(mine)).select("input[name=alt_text], textarea[name=alt_text]")


# ---- near-duplicates


def test_it_warns_of_the_same_file_and_of_the_same_look(desk):
    first = make_photo(data=drawn(1), alt_text="The first")
    make_photo(data=drawn(5), alt_text="Another")
    same = SimpleUploadedFile("same.jpg", drawn(1))
    smaller = SimpleUploadedFile("small.webp", drawn(1, (320, 240), "WEBP"))
    for file, is_same in ((same, True), (smaller, False)):
        like = desk.post(FILE, {"file": file, "rights": "own"}).json()["like"]
        texts = {one["text"]: one["same"] for one in like}
        assert texts["The first"] is is_same
        assert "Another" not in texts
    shown = page(desk.get(reverse("admin:photos_photo_change", args=[first.pk]))).find(class_="field-looks_like")
    assert "the same file" in shown.get_text()
    assert "much alike" in shown.get_text()


# ---- frames


def crop_page(use):
    """Where a photo is framed for a story."""
    return reverse("admin:photos_photo_crop", args=[use.photo_id, use.pk])


def test_a_frame_for_one_story_is_shown_there_and_nowhere_else(desk, client):
    photo = make_photo(render=True, data=drawn(3, (1600, 1067)))
    one = make_article(photos=[photo])
    make_article(photos=[photo], section=make_section("Sports"))
    use = one.photo_uses.get()
    assert desk.post(crop_page(use), {"ratio": "3x2", "boxes": "[0.5, 0.2, 1, 0.7]"}).status_code == 302
    use.refresh_from_db()
    own = use.framed.picture("3x2").src
    assert "3x2-500-200-1000-700" in own
    assert own in client.get("/national/").content.decode()
    assert "3x2-50-50-" in client.get("/sports/").content.decode()
    assert "3x2-500-200" not in client.get("/sports/").content.decode().partition("<main")[2].partition("<aside")[0]
    with Image.open(io.BytesIO(b"".join(Client().get(own)))) as made:
        assert abs(made.width / made.height - 1.5) < 0.02
    desk.post(crop_page(use), {"ratio": "3x2", "boxes": "null"})
    use.refresh_from_db()
    assert use.crop is None


@pytest.mark.parametrize(
    ("ratio", "boxes", "sentence"),
    [
        ("3x2", "[0, 0, 2, 1]", "inside the photo"),
        ("3x2", "[0.5, 0, 0.4, 1]", "inside the photo"),
        ("3x2", "[0, 0, 0.01, 0.01]", "make it larger"),
        ("3x2", '["x", 0, 1, 1]', "inside the photo"),
        ("3x2", "{}", "inside the photo"),
        ("3x2", "", "inside the photo"),
        ("3x2", "[1e999, 0, 1, 1]", "inside the photo"),
        ("3x2", "[NaN, 0, 1, 1]", "inside the photo"),
        ("full", "[0, 0, 1, 1]", "no such ratio"),
        ("9x9", "[0, 0, 1, 1]", "no such ratio"),
    ],
)
def test_a_frame_that_is_none_is_said_and_nothing_is_written(desk, ratio, boxes, sentence):
    use = make_article(photos=[make_photo(render=True)]).photo_uses.get()
    response = desk.post(crop_page(use), {"ratio": ratio, "boxes": boxes})
    assert sentence in response.content.decode()
    use.refresh_from_db()
    assert use.crop is None


def test_a_replaced_file_keeps_the_frames(desk):
    use = draft(photos=[make_photo(render=True, data=drawn(3, (1600, 1067)))]).photo_uses.select_related("photo").get()
    publishing.set_crop(use, "1x1", [0, 0, 0.5, 0.75])
    photo = Photo.objects.get()
    replace_file(photo, io.BytesIO(drawn(4, (1600, 1067))), "new.jpg")
    publishing.remake_crops(photo)
    use = type(use).objects.select_related("photo").get()
    assert default_storage.exists(use.framed.picture("1x1").src.removeprefix("/media/"))


def test_a_version_put_back_keeps_the_frame(desk):
    story = draft(photos=[make_photo(render=True)])
    publishing.set_crop(story.photo_uses.select_related("photo").get(), "1x1", [0, 0, 0.5, 0.75])
    version = publishing.finish_edit(story)
    story.photo_uses.all().delete()
    publishing.restore_version(story, version)
    assert story.photo_uses.get().crop == {"1x1": [0, 0, 0.5, 0.75]}


# ---- what served pictures say


def test_served_pictures_say_whose_they_are_and_follow_the_words(desk):
    photo = make_photo(
        **{"render": True, "caption": "A quay & a crane.", "credit": "Yonhap <서울>", "photographer": "Kim Su"},
        **{"licence_url": "https://creativecommons.org/licenses/by/4.0/", "alt_text": "A quay."},
    )

    def told(width, extension):
        with default_storage.open(renditions.name(photo, "full", width, extension)) as stream:
            data = stream.read()
        with Image.open(io.BytesIO(data)) as image:
            xmp = image.info["xmp"]
        return (xmp if isinstance(xmp, str) else xmp.decode()), len(data)

    for extension in ("webp", "jpg", *(["avif"] if photo.avif else [])):
        xmp, _size = told(1200, extension)
        for words in ("A quay &amp; a crane.", "© Yonhap &lt;서울&gt;", "Kim Su", "by/4.0/", "A quay."):
            assert words in xmp, extension
        assert len(xmp.encode()) < 1500
    form = reverse("admin:photos_photo_change", args=[photo.pk])
    submit(desk, form, "photo_form", caption="Another caption.")
    assert "Another caption." in told(1200, "webp")[0]


def test_no_picture_carries_what_xml_forbids(db):
    photo = make_photo(render=True, caption="Bell \x07 and \ufffe", credit="x")
    with default_storage.open(renditions.name(photo, "full", 1200, "jpg")) as stream, Image.open(stream) as image:
        image.getxmp()


# ---- rights


def test_rights_that_end_are_listed_with_their_stories(desk):
    day = timezone.localdate() + timedelta(days=10)
    soon = make_photo(expires_on=day, alt_text="A quay", agency="Yonhap")
    make_photo(expires_on=day, alt_text="Unused")
    make_article(headline="Shows it", photos=[soon])
    shown = page(desk.get(reverse("admin:photos_photo_expiring"))).get_text(" ", strip=True)
    assert "A quay" in shown
    assert "Shows it" in shown
    assert "Unused" not in shown


def test_a_photo_of_an_earlier_version_is_not_deleted(desk):
    photo = make_photo()
    story = make_article(photos=[photo])
    publishing.finish_edit(story, kind="update")
    story.photo_uses.all().delete()
    desk.post(reverse("admin:photos_photo_delete", args=[photo.pk]), {"post": "yes"})
    assert Photo.objects.exists()


@pytest.mark.browser
def test_many_files_are_dropped_named_and_framed_by_keyboard(
    transactional_db, browser, live_server, settings, tmp_path
):
    paths = []
    for n in range(4):
        paths.append(tmp_path / f"p{n}.jpg")
        paths[-1].write_bytes(drawn(n, (900, 600)))
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    with desk_page(browser, live_server, settings) as desk:
        desk.goto(UPLOAD)
        desk.fill("#id_credit", "Yonhap")
        desk.set_input_files("#upload-files", [*paths, tmp_path / "bad.jpg"])
        desk.get_by_text("5 of 5, 1 refused").wait_for()
        row = desk.locator(".upload-list li").first
        row.get_by_label("Alt text").fill("Circles.")
        row.get_by_role("button", name="Save the words").click()
        row.get_by_text("Saved.").wait_for()
        # The one that was refused is told of by the browser too.
        desk.said[:] = [words for words in desk.said if "400" not in words]
        photo = Photo.objects.get(alt_text="Circles.")
        assert Photo.objects.filter(credit="Yonhap").count() == 4
        desk.goto(reverse("admin:photos_photo_change", args=[photo.pk]))
        point = desk.get_by_role("slider", name="Focal point")
        point.focus()
        for _ in range(3):
            point.press("Shift+ArrowLeft")
        point.press("ArrowUp")
        assert (desk.input_value("#id_focal_x"), desk.input_value("#id_focal_y")) == ("0.20", "0.49")
        desk.locator("[data-focal] img").click(position={"x": 10, "y": 10})
        assert float(desk.input_value("#id_focal_x")) < 0.1
        desk.locator("input[name=_continue]").click()
        desk.wait_for_selector(".messagelist .success")
        use = draft(photos=[photo]).photo_uses.get()
        desk.goto(reverse("admin:photos_photo_crop", args=[photo.pk, use.pk]))
        frame = desk.locator(".framing").first
        box = frame.locator("[data-box]")
        box.focus()
        for _ in range(30):
            box.press("Shift+ArrowLeft")
        box.press("ArrowRight")
        frame.get_by_role("button", name="Use this frame").click()
        desk.get_by_text("framed for this story").wait_for()
    use.refresh_from_db()
    left, _top, right, _bottom = use.crop["3x2"]
    assert (round(left, 2), round(right - left, 2)) == (0.01, 0.7)
    assert json.dumps(use.crop)


def test_hashes_of_the_same_look_are_near(db):
    first = add_photo(io.BytesIO(drawn(1)), "a.jpg", render=False)
    second = add_photo(io.BytesIO(drawn(1, (333, 250), "PNG")), "b.png", render=False)
    third = add_photo(io.BytesIO(drawn(8)), "c.jpg", render=False)
    near = list(Photo.objects.like(first))
    assert near == [second]
    assert near[0].distance <= 6
    assert third not in near
