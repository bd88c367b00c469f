"""Taking pictures into the library: what comes in, and the sentences for what does not."""

import hashlib
import io
import struct
import zlib

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import ExifTags, Image, ImageCms

from photos.library import add_photo, check_image, difference_hash, replace_file
from photos.models import Photo
from photos.renditions import name, sizes
from tests.factories import image_bytes, make_article
from tests.photos.files import exif, fetch, jpeg, with_iim, xmp

pytestmark = pytest.mark.django_db


def encoded(image, image_format, **options):
    out = io.BytesIO()
    image.save(out, image_format, **options)
    return out.getvalue()


def add(data, name="a.jpg", **fields):
    return add_photo(io.BytesIO(data), name, **fields)


def rendition(photo, crop="full", extension="jpg"):
    """The largest picture of a crop, opened."""
    width = sizes(photo.width, photo.height, crop)[-1][0]
    with default_storage.open(name(photo, crop, width, extension)) as stream:
        image = Image.open(io.BytesIO(stream.read()))
    image.load()
    return image


def files():
    """Every file in the storage."""

    def walk(folder):
        try:
            folders, names = default_storage.listdir(folder)
        except FileNotFoundError:
            return []
        return [f"{folder}/{name}" for name in names] + [file for f in folders for file in walk(f"{folder}/{f}")]

    return walk(".")


# ---- what comes in


def test_it_stores_the_original_and_what_is_known_about_it():
    data = jpeg((300, 200))
    photo = add(data, "IMG_0001.JPG", alt_text="A quay.")
    photo.refresh_from_db()
    assert (photo.width, photo.height, photo.original_name) == (300, 200, "IMG_0001.JPG")
    assert photo.sha256 == hashlib.sha256(data).hexdigest()
    assert photo.file.read() == data
    assert photo.file.name.startswith("originals/")
    assert photo.token in photo.file.name
    assert "IMG" not in photo.file.name
    photo.file.close()


def test_it_reads_from_the_beginning_of_an_upload():
    upload = SimpleUploadedFile("a.jpg", jpeg())
    upload.read(10)
    assert add_photo(upload, "a.jpg", render=False).width == 60


def test_it_gives_names_that_cannot_be_guessed():
    first, second = (add(jpeg(), "a.jpg", render=False) for _ in range(2))
    assert first.token != second.token
    assert len(first.token) == 32
    assert first.uuid != second.uuid
    assert str(first.uuid).replace("-", "") != first.token


def test_it_needs_no_query_for_its_name():
    photo = add(jpeg(), "harbour.jpg", render=False)
    assert str(photo) == "harbour.jpg"
    photo.alt_text = "A harbour."
    assert str(photo) == "A harbour."


TURNED = [
    (1, (80, 40)),
    (2, (80, 40)),
    (3, (80, 40)),
    (4, (80, 40)),
    (5, (40, 80)),
    (6, (40, 80)),
    (7, (40, 80)),
    (8, (40, 80)),
]


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize(("orientation", "size"), TURNED)
def test_it_turns_a_picture_as_the_camera_was_held(orientation, size, image_format):
    """A red corner, top left for the reader, must be there in every picture that is made."""
    shown = Image.new("RGB", size, "white")
    shown.paste("red", (0, 0, size[0] // 2, size[1] // 2))
    held = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]
    stored = shown if held is None else shown.transpose(Image.Transpose(held))
    photo = add(encoded(stored, image_format, exif=exif(Orientation=orientation)))
    assert (photo.width, photo.height) == size
    made = rendition(photo)
    assert made.size == size
    reddish = [made.getpixel(point)[1] < 100 for point in ((4, 4), (size[0] - 5, 4), (4, size[1] - 5))]
    assert reddish == [True, False, False]


def test_it_puts_no_metadata_into_what_it_serves():
    """No place, no serial number: the original keeps them, and is never served. Whose it is, stays."""
    described = exif(Artist="Kim", BodySerialNumber="SN123", gps=True, Orientation=6)
    data = with_iim(jpeg((400, 300), exif=described, xmp=xmp(**{"photoshop:City": "Ulsan"})), city="Ulsan")
    with Image.open(io.BytesIO(data)) as image:
        assert image.getexif().get_ifd(ExifTags.IFD.GPSInfo), "the test's own file must have a place"
    photo = add(data)
    made = [file for file in files() if "/p/" in file]
    assert {file.rpartition(".")[2] for file in made} >= {"jpg", "webp"}
    for file in made:
        with default_storage.open(file) as stream:
            data = stream.read()
        with Image.open(io.BytesIO(data)) as image:
            assert not dict(image.getexif())
            assert not {"exif", "photoshop", "comment", "icc_profile"} & set(image.info)
        assert b"SN123" not in data
        assert b"Ulsan" not in data
    assert (photo.width, photo.height) == (300, 400)


def cmyk():
    return encoded(Image.new("CMYK", (60, 40), (0, 255, 255, 0)), "JPEG")


def grey16():
    return encoded(Image.new("I;16", (60, 40), 40_000), "PNG")


def grey16_with_a_clear_value():
    header = struct.pack(">IIBBBBB", 60, 40, 16, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x9c\x40" * 60) * 40)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    clear = chunk(b"tRNS", b"\xff\xff")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + clear + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def palette():
    image = Image.new("P", (60, 40), 1)
    image.putpalette([0, 0, 0, 255, 0, 0])
    return encoded(image, "PNG", transparency=0)


def palette_with_alpha():
    image = Image.new("RGBA", (60, 40), (255, 0, 0, 255)).quantize(4)
    return encoded(image, "PNG")


def animation(image_format):
    frames = [Image.new("RGB", (60, 40), color) for color in ("red", "green", "blue")]
    return encoded(frames[0], image_format, save_all=True, append_images=frames[1:], duration=100)


def profiled():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return jpeg(color="red", icc_profile=profile)


RED, GREY = (255, 0, 0), (156, 156, 156)
KINDS = {
    "RGB JPEG": (jpeg(color="red"), RED),
    "grey JPEG": (jpeg(mode="L", color=156), GREY),
    "progressive JPEG": (jpeg(color="red", progressive=True), RED),
    "CMYK JPEG": (cmyk(), RED),
    "JPEG with a profile": (profiled(), RED),
    "JPEG with a damaged profile": (jpeg(color="red", icc_profile=b"not a profile"), RED),
    "JPEG with an empty profile": (jpeg(color="red", icc_profile=b"\0" * 128), RED),
    "grey PNG of 16 bits": (grey16(), GREY),
    "grey PNG of 16 bits with a clear value": (grey16_with_a_clear_value(), GREY),
    "PNG of one bit": (encoded(Image.new("1", (60, 40), 1), "PNG"), (255, 255, 255)),
    "palette PNG": (palette(), RED),
    "palette PNG with alpha": (palette_with_alpha(), RED),
    "clear PNG": (encoded(Image.new("RGBA", (60, 40), (0, 0, 0, 0)), "PNG"), (255, 255, 255)),
    "half clear PNG": (encoded(Image.new("RGBA", (60, 40), (255, 0, 0, 128)), "PNG"), (255, 127, 127)),
    "grey PNG with alpha": (encoded(Image.new("LA", (60, 40), (156, 255)), "PNG"), GREY),
    "animated GIF": (animation("GIF"), RED),
    "animated WebP": (animation("WEBP"), RED),
    "animated PNG": (animation("PNG"), RED),
    "AVIF": (encoded(Image.new("RGB", (60, 40), "red"), "AVIF"), RED),
    "TIFF": (encoded(Image.new("RGB", (60, 40), "red"), "TIFF"), RED),
    "TIFF of 16 bits": (encoded(Image.new("I;16", (60, 40), 40_000), "TIFF"), GREY),
    "TIFF of 32 bits": (encoded(Image.new("I", (60, 40), 40_000), "TIFF"), GREY),
    "TIFF of floats": (encoded(Image.new("F", (60, 40), 156.0), "TIFF"), GREY),
    "LAB TIFF": (encoded(Image.new("LAB", (60, 40), (136, 209, 195)), "TIFF"), RED),
    "CMYK TIFF": (encoded(Image.new("CMYK", (60, 40), (0, 255, 255, 0)), "TIFF"), RED),
}


@pytest.mark.parametrize("kind", KINDS)
def test_it_makes_pictures_of_every_kind_of_file(kind):
    data, colour = KINDS[kind]
    photo = add(data)
    made = rendition(photo)
    assert made.mode == "RGB"
    assert made.size == (60, 40)
    assert all(abs(a - b) < 24 for a, b in zip(made.getpixel((30, 20)), colour, strict=True)), made.getpixel((30, 20))


# ---- what does not


def bomb(width, height):
    """A PNG of some hundred bytes that says it is that large."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + rows + chunk(b"IEND", b"")


NO_PICTURE = "This is not a picture that can be used. Upload a JPEG, PNG, WebP, AVIF or TIFF."
DAMAGED = "This picture is damaged or cut off: the upload or the export did not finish."
REFUSED = {
    "nothing": (b"", "This file is empty. Upload it again."),
    "a page": (b"<!doctype html><script>alert(1)</script>", NO_PICTURE),
    "an SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', NO_PICTURE),
    "a PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", NO_PICTURE),
    "a program": (b"MZ" + b"\0" * 200, NO_PICTURE),
    "text": ("울산".encode(), NO_PICTURE),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", NO_PICTURE),
    "a Photoshop file": (
        b"8BPS\0\x01" + b"\0" * 6 + b"\0\x03\0\0\0\x0a\0\0\0\x0a\0\x08\0\x03" + b"\0" * 20,
        NO_PICTURE,
    ),
    "a BMP": (encoded(Image.new("RGB", (10, 10)), "BMP"), NO_PICTURE),
    "an icon": (encoded(Image.new("RGB", (16, 16)), "ICO"), NO_PICTURE),
    "half a JPEG": (image_bytes((400, 300))[:900], DAMAGED),
    "half a PNG": (image_bytes((400, 300), image_format="PNG")[:300], DAMAGED),
    "half a WebP": (encoded(Image.effect_noise((200, 200), 90).convert("RGB"), "WEBP")[:4000], ""),
    "half an AVIF": (encoded(Image.effect_noise((200, 200), 90).convert("RGB"), "AVIF")[:2000], ""),
    "a JPEG of noise": (jpeg()[:300] + b"\xff" * 500, ""),
    "a bomb of 3.6 billion pixels": (
        bomb(60_000, 60_000),
        "This picture has far too many pixels; 60 million is the most.",
    ),
    "a bomb of 100 million pixels": (bomb(10_000, 10_000), ""),
    "a picture of 64 million pixels": (
        bomb(8_000, 8_000),
        "This picture has 8000 × 8000 pixels; 60 million is the most.",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_it_refuses_what_is_no_picture_with_a_sentence(kind):
    data, sentence = REFUSED[kind]
    with pytest.raises(ValidationError) as refused:
        add(data, "photo.jpg")
    (said,) = refused.value.messages
    assert said.startswith(sentence)
    assert said.endswith(".")
    assert Photo.objects.count() == 0
    assert files() == []


def test_it_refuses_files_that_are_too_large(settings):
    settings.PHOTO_MAX_BYTES = 2_000_000
    with pytest.raises(ValidationError, match="This file is larger than 2 MB. Save it as JPEG with less quality"):
        add(jpeg() + b"\0" * 2_000_000)


def test_it_takes_a_picture_up_to_the_limits(settings):
    data = jpeg((60, 40))
    settings.PHOTO_MAX_BYTES, settings.PHOTO_MAX_PIXELS = len(data), 2400
    assert add(data, render=False).pk
    settings.PHOTO_MAX_PIXELS = 2399
    with pytest.raises(ValidationError, match="60 × 40 pixels"):
        add(data)


def test_it_goes_by_the_bytes_not_by_the_name():
    assert add(jpeg(), "not-a-picture.html", render=False).width == 60
    for odd in ("no-ending", "a.j/pg", "울산.사진", ".", "a."):
        assert add(jpeg(), odd, render=False).file.name.endswith(".bin")
    assert add(jpeg(), "x" * 300 + ".jpg", render=False).original_name == "x" * 200


# ---- copies


def test_it_recognises_a_copy_by_its_look():
    drawn = Image.linear_gradient("L").rotate(30).convert("RGB")
    copies = [encoded(drawn, "JPEG", quality=quality) for quality in (95, 40)] + [
        encoded(drawn.resize((100, 100)), "PNG")
    ]
    hashes = [int(difference_hash(check_image(data)), 16) for data in copies]
    assert all((hashes[0] ^ other).bit_count() <= 6 for other in hashes)
    other = int(difference_hash(drawn.transpose(Image.Transpose.FLIP_LEFT_RIGHT)), 16)
    assert (hashes[0] ^ other).bit_count() > 12


# ---- replacing


def test_it_shows_another_file_at_new_addresses(client):
    photo = add(jpeg((300, 200), "red"), alt_text="A quay.")
    story = make_article(photos=[photo])
    before = photo.picture().src
    replace_file(photo, io.BytesIO(jpeg((200, 300), "blue")), "b.jpg")
    photo.refresh_from_db()
    assert (photo.width, photo.height, photo.alt_text) == (200, 300, "A quay.")
    assert photo.picture().src != before
    assert fetch(client, before).status_code == 404
    assert fetch(client, photo.picture().src).status_code == 200
    assert photo.picture().src in client.get(story.get_absolute_url()).text


def test_it_keeps_the_old_file_where_the_new_one_is_no_picture():
    photo = add(jpeg(), alt_text="A quay.")
    before = (photo.token, photo.file.name, photo.sha256)
    with pytest.raises(ValidationError):
        replace_file(photo, io.BytesIO(b"<html>"), "b.jpg")
    photo.refresh_from_db()
    assert (photo.token, photo.file.name, photo.sha256) == before
