"""The pictures that are made from a photo: sizes, crops, names."""

import io
from types import SimpleNamespace

import pytest
from django.core.files.storage import default_storage
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from photos import renditions
from photos.library import add_photo
from photos.models import Photo
from photos.renditions import RATIOS, WIDTHS, avif_pays, crop_box, jpeg_size, name, sizes
from tests.factories import image_bytes, make_photo
from tests.photos.files import jpeg

SIDES = st.integers(1, 12_000)
PARTS = st.floats(0, 1)
CROPS = st.sampled_from(sorted(RATIOS))


def row(width=1600, height=1067, token="ab" * 16, focal=(0.5, 0.5), avif=False):
    """What a photo's row says, without the row."""
    x, y = focal
    return SimpleNamespace(width=width, height=height, token=token, focal_x=x, focal_y=y, avif=avif)


# ---- crops


@given(SIDES, SIDES, CROPS, PARTS, PARTS)
def test_it_crops_inside_the_photo_around_the_focal_point(width, height, crop, x, y):
    left, top, right, bottom = crop_box(width, height, RATIOS[crop], x, y)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert left <= round(width * x) <= right
    assert top <= round(height * y) <= bottom


@given(SIDES, SIDES, CROPS, PARTS, PARTS)
def test_it_crops_to_the_ratio(width, height, crop, x, y):
    left, top, right, bottom = crop_box(width, height, RATIOS[crop], x, y)
    if crop == "full":
        assert (left, top, right, bottom) == (0, 0, width, height)
    else:
        # Off by no more than rounding one side to whole pixels makes it.
        assert abs((right - left) - (bottom - top) * RATIOS[crop]) <= RATIOS[crop]


@given(SIDES, SIDES, CROPS)
def test_it_crops_as_little_as_it_can(width, height, crop):
    left, top, right, bottom = crop_box(width, height, RATIOS[crop], 0.5, 0.5)
    assert right - left == width or bottom - top == height


def test_it_keeps_the_focal_point_as_central_as_it_can():
    assert crop_box(1200, 600, 1.0, 0.5, 0.5) == (300, 0, 900, 600)
    assert crop_box(1200, 600, 1.0, 0.6, 0.5) == (420, 0, 1020, 600)
    assert crop_box(1200, 600, 1.0, 0.0, 0.5) == (0, 0, 600, 600)
    assert crop_box(1200, 600, 1.0, 1.0, 0.5) == (600, 0, 1200, 600)
    assert crop_box(600, 1200, 16 / 9, 0.5, 0.1) == (0, 0, 600, 338)


# ---- sizes


@given(SIDES, SIDES, CROPS)
def test_it_makes_nothing_larger_than_the_photo(width, height, crop):
    made = sizes(width, height, crop)
    left, top, right, bottom = crop_box(width, height, RATIOS[crop], 0.5, 0.5)
    assert made
    assert all(1 <= w <= right - left and 1 <= h <= bottom - top for w, h in made)
    assert all(w <= WIDTHS[crop][-1] for w, _ in made)


@given(SIDES, SIDES, CROPS)
def test_it_makes_each_size_once_smallest_first(width, height, crop):
    widths = [w for w, _ in sizes(width, height, crop)]
    assert widths == sorted(set(widths))


@given(st.integers(300, 12_000), st.integers(300, 12_000), CROPS)
def test_it_keeps_the_ratio_in_every_size(width, height, crop):
    left, top, right, bottom = crop_box(width, height, RATIOS[crop], 0.5, 0.5)
    for w, h in sizes(width, height, crop):
        assert abs(h - w * (bottom - top) / (right - left)) <= 0.5 + 1e-6 or h == 1


@given(SIDES, SIDES, CROPS)
def test_it_takes_one_of_the_sizes_for_the_jpeg(width, height, crop):
    assert jpeg_size(width, height, crop) in sizes(width, height, crop)


def test_it_makes_the_widths_of_the_page():
    assert sizes(3000, 2000, "full") == [(480, 320), (800, 533), (1200, 800), (1600, 1067)]
    assert sizes(3000, 2000, "3x2") == [(240, 160), (480, 320), (800, 533), (1200, 800)]
    assert sizes(600, 400, "full") == [(480, 320), (600, 400)]
    assert sizes(500, 333, "full") == [(500, 333)], "a step that is nearly the widest is no second copy"
    assert jpeg_size(3000, 2000, "full") == (1200, 800)
    assert jpeg_size(300, 200, "16x9") == (300, 169)


# ---- names


def test_it_has_names_that_follow_from_the_row():
    assert name(row(), "full", 800, "webp") == f"p/ab/{'ab' * 16}/full-800.webp"
    assert name(row(focal=(0.25, 0.5)), "3x2", 800, "webp") == f"p/ab/{'ab' * 16}/3x2-25-50-800.webp"


def test_it_has_new_names_for_a_moved_focal_point():
    before, after = renditions.picture(row(), "3x2"), renditions.picture(row(focal=(0.4, 0.5)), "3x2")
    assert before.src != after.src
    assert not set(before.webp.split()) & set(after.webp.split()) - {"240w,", "480w,", "800w,", "1200w"}
    assert renditions.picture(row()) == renditions.picture(row(focal=(0.4, 0.5))), "nothing is cropped from the whole"


def test_it_describes_a_picture_without_query_or_disk(django_assert_num_queries):
    pic = renditions.picture(row(avif=True), "3x2")
    assert (pic.width, pic.height) == (1200, 800)
    assert pic.src == f"/media/p/ab/{'ab' * 16}/3x2-50-50-1200.jpg"
    assert [entry.split()[1] for entry in pic.webp.split(", ")] == ["240w", "480w", "800w", "1200w"]
    assert pic.avif == pic.webp.replace(".webp", ".avif")
    assert renditions.picture(row(), "3x2").avif == ""


@pytest.mark.django_db
def test_it_has_no_picture_before_one_was_made():
    photo = make_photo(render=False)
    assert photo.picture() is None
    renditions.make(photo)
    assert photo.picture().src
    assert Photo.objects.get(pk=photo.pk).picture() == photo.picture()
    assert not Photo.objects.without_renditions().exists()


# ---- making


@pytest.mark.django_db
@pytest.mark.parametrize("size", [(640, 420), (300, 400), (50, 1), (1, 50), (1, 1)])
def test_it_makes_every_picture_that_pages_name(size):
    photo = make_photo(data=jpeg(size), focal_x=0.2)
    written = renditions.make(photo)
    named = 0
    for crop in RATIOS:
        pic = photo.picture(crop)
        sources = [entry.split() for entry in f"{pic.webp}, {pic.avif}".strip(", ").split(", ")]
        for address, width in [*sources, (pic.src, f"{pic.width}w")]:
            with default_storage.open(address.removeprefix("/media/")) as stream, Image.open(stream) as image:
                assert f"{image.width}w" == width
                if address == pic.src:
                    assert image.size == (pic.width, pic.height)
            named += 1
    assert written == named


@pytest.mark.django_db
def test_it_makes_them_once():
    photo = make_photo(data=jpeg((640, 420)))
    assert renditions.make(photo) > 0
    assert renditions.make(photo) == 0
    path = photo.picture().src.removeprefix("/media/")
    default_storage.delete(path)
    assert renditions.make(photo) == 1
    assert default_storage.exists(path)


@pytest.mark.django_db
def test_it_makes_only_the_crops_anew_when_the_focal_point_moves():
    photo = make_photo(data=jpeg((640, 420)))
    first = renditions.make(photo)
    photo.focal_x = 0.1
    again = renditions.make(photo)
    assert 0 < again < first


@pytest.mark.django_db
def test_it_shows_the_focal_point_in_every_crop():
    image = Image.new("RGB", (900, 300), "white")
    image.paste("red", (850, 0, 900, 300))
    out = io.BytesIO()
    image.save(out, "PNG")
    photo = add_photo(io.BytesIO(out.getvalue()), "a.png", focal_x=0.97)
    for crop in RATIOS:
        path = photo.picture(crop).src.removeprefix("/media/")
        with default_storage.open(path) as stream, Image.open(stream) as made:
            assert made.getpixel((made.width - 2, made.height // 2))[1] < 90, crop


@pytest.mark.parametrize(("avif", "pays"), [(84, True), (86, False), (120, False)])
def test_avif_pays_from_a_saving_of_fifteen_percent(monkeypatch, avif, pays):
    monkeypatch.setattr(renditions, "_encode", lambda image, extension: b"x" * {"webp": 100, "avif": avif}[extension])
    assert avif_pays(Image.new("RGB", (40, 40))) is pays


@pytest.mark.django_db
def test_it_says_when_the_file_is_missing():
    photo = make_photo(data=image_bytes((60, 40)))
    default_storage.delete(photo.file.name)
    with pytest.raises(OSError, match="No such file"):
        renditions.make(photo)
    photo.refresh_from_db()
    assert photo.rendered_at is None
