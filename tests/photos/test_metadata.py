"""What a picture file says about itself, read at upload."""

import io
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from photos import metadata
from photos.library import add_photo
from tests.factories import seoul
from tests.photos.files import exif, iim, jpeg, with_iim, with_segment, xmp

# Pillow warns of what it then passes over; outside tests nobody sees that.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


def read(data):
    with Image.open(io.BytesIO(data)) as image:
        return metadata.read(image)


def test_it_reads_what_an_agency_writes():
    data = with_iim(
        caption="Welders at a yard in Ulsan, Saturday.",
        creator="Kim Ferry",
        credit="Yonhap",
        keywords=["ships", "labour"],
        city="Ulsan",
        province="",
        country="South Korea",
        date="20210227",
        time="093200+0900",
    )
    assert read(data) == {
        "caption": "Welders at a yard in Ulsan, Saturday.",
        "photographer": "Kim Ferry",
        "credit": "Yonhap",
        "keywords": ["ships", "labour"],
        "place": "Ulsan, South Korea",
        "taken_at": datetime(2021, 2, 27, 9, 32, tzinfo=timezone(timedelta(hours=9))),
    }


@pytest.mark.parametrize(
    ("text", "encoding", "marked"),
    [
        ("울산 조선소에서 용접공이 일하고 있다.", "utf-8", True),
        ("울산 조선소에서 용접공이 일하고 있다.", "utf-8", False),
        ("울산 조선소에서 용접공이 일하고 있다.", "cp949", False),
        ("Café d’Orléans à Montréal", "utf-8", True),
        ("Café Müller à Montréal", "latin-1", False),
        ("Plain words", "ascii", False),
    ],
)
def test_it_reads_captions_in_every_encoding(text, encoding, marked):
    assert read(with_iim(encoding=encoding, marked=marked, caption=text))["caption"] == text


def test_it_reads_xmp():
    packet = xmp(
        **{
            "dc:description": "Welders & a crane.",
            "dc:creator": ["Kim Ferry", "Lee Quay"],
            "dc:subject": ["ships", "조선소"],
            "photoshop:Credit": "Yonhap",
            "photoshop:City": "Ulsan",
            "photoshop:Country": "South Korea",
            "photoshop:DateCreated": "2021-02-27T09:32:00+09:00",
            "Iptc4xmpCore:AltTextAccessibility": "Two welders below a crane.",
            "xmpRights:WebStatement": "https://creativecommons.org/licenses/by/4.0/",
        }
    )
    assert read(jpeg(xmp=packet)) == {
        "caption": "Welders & a crane.",
        "photographer": "Kim Ferry, Lee Quay",
        "keywords": ["ships", "조선소"],
        "credit": "Yonhap",
        "place": "Ulsan, South Korea",
        "taken_at": seoul("2021-02-27 09:32"),
        "alt_text": "Two welders below a crane.",
        "licence_url": "https://creativecommons.org/licenses/by/4.0/",
    }


def test_it_reads_xmp_that_stands_in_attributes():
    packet = xmp('photoshop:Credit="Yonhap" photoshop:City="Ulsan" photoshop:DateCreated="2021-02-27"')
    assert read(jpeg(xmp=packet)) == {"credit": "Yonhap", "place": "Ulsan", "taken_at": seoul("2021-02-27 00:00")}


@pytest.mark.parametrize("image_format", ["PNG", "WEBP", "TIFF", "AVIF"])
def test_it_reads_xmp_in_other_formats(image_format):
    packet, out, options = xmp(**{"dc:description": "부산항."}), io.BytesIO(), {}
    if image_format == "PNG":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", packet.decode())
    elif image_format == "TIFF":
        options["tiffinfo"] = {700: packet}
    else:
        options["xmp"] = packet
    Image.new("RGB", (20, 20)).save(out, image_format, **options)
    assert read(out.getvalue()) == {"caption": "부산항."}


def test_it_reads_exif():
    data = jpeg(exif=exif(ImageDescription="Quay", Artist="Kim Ferry", DateTimeOriginal="2021:02:27 09:32:10"))
    assert read(data) == {
        "caption": "Quay",
        "photographer": "Kim Ferry",
        "taken_at": seoul("2021-02-27 09:32:10"),
    }


def test_it_knows_the_zone_of_a_camera():
    data = jpeg(exif=exif(DateTimeOriginal="2021:02:27 00:32:10", OffsetTimeOriginal="-05:00"))
    assert read(data)["taken_at"] == datetime(2021, 2, 27, 5, 32, 10, tzinfo=UTC)


def test_it_believes_xmp_before_iim_before_exif():
    described = exif(ImageDescription="Exif", Artist="Exif", DateTimeOriginal="2001:01:01 00:00:00")
    data = with_iim(jpeg(exif=described, xmp=xmp(**{"dc:description": "XMP"})), caption="IIM", creator="IIM")
    assert read(data) == {"caption": "XMP", "photographer": "IIM", "taken_at": seoul("2001-01-01 00:00")}


def test_it_knows_nothing_about_a_plain_picture():
    assert read(jpeg()) == {}


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2021:02:27 09:32:10", seoul("2021-02-27 09:32:10")),
        ("2021-02-27T09:32:10.55+09:00", seoul("2021-02-27 09:32:10")),
        ("2021-02-27T00:32:10Z", seoul("2021-02-27 09:32:10")),
        ("20210227", seoul("2021-02-27 00:00")),
        ("20210227T093210+0900", seoul("2021-02-27 09:32:10")),
        ("2021-02-27T09:32", seoul("2021-02-27 09:32")),
        ("2021-02-27", seoul("2021-02-27 00:00")),
        ("0000:00:00 00:00:00", None),
        ("0001:01:01 00:00:00", None),
        ("2021:13:01 00:00:00", None),
        ("2021:02:30 00:00:00", None),
        ("2021:02:27 25:00:00", None),
        ("2021-02-27T09:32:10+99:99", None),
        ("9999:12:31 23:59:59", None),
        ("1899:12:31 23:59:59", seoul("1899-12-31 23:59:59")),
        ("    :  :     :  :  ", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_it_reads_dates_as_they_come(text, moment):
    assert read(jpeg(exif=exif(DateTimeOriginal=text))).get("taken_at") == moment
    assert read(jpeg(xmp=xmp(**{"photoshop:DateCreated": text}))).get("taken_at") == moment


def test_it_cuts_what_is_longer_than_its_column():
    packet = xmp(**{"dc:description": "x" * 9_000, "photoshop:Credit": "y" * 900, "dc:subject": ["z" * 900]})
    told = read(jpeg(xmp=packet))
    assert (len(told["caption"]), len(told["credit"]), len(told["keywords"][0])) == (5_000, 200, 100)


def test_it_drops_control_characters():
    assert read(with_iim(caption=b"One\0 \x07two\x1b\nthree "))["caption"] == "One two\nthree"


def test_it_takes_no_licence_address_but_one_of_the_web():
    assert "licence_url" not in read(jpeg(xmp=xmp(**{"xmpRights:WebStatement": "javascript:alert(1)"})))


BROKEN = {
    "cut IIM": with_iim(block=iim(caption="x" * 50)[:20]),
    "IIM that names a size it has not": with_iim(block=b"\x1c\x02\x78\xff\xff" + b"x"),
    "IIM with an endless size": with_iim(block=b"\x1c\x02\x78\x88\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff"),
    "IIM of zeros": with_iim(block=b"\0" * 30),
    "empty Photoshop segment": with_segment(jpeg(), 0xED, b"Photoshop 3.0\0"),
    "Photoshop segment cut off": with_segment(jpeg(), 0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\xff\xff\xff\xff"),
    "XMP that is no XML": jpeg(xmp=b"<x:xmpmeta><rdf:RDF>"),
    "XMP with an entity bomb": jpeg(
        xmp=b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><x>&b;</x>'
    ),
    "XMP that asks for a file": jpeg(xmp=b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'),
    "XMP in UTF-16 that is none": jpeg(xmp=b"\xff\xfe<\0x"),
    "Exif without a header": with_segment(jpeg(), 0xE1, b"Exif\0\0"),
    "Exif of noise": with_segment(jpeg(), 0xE1, b"Exif\0\0MM\0*\0\0\0\x08" + bytes(range(256))),
    "Exif that points outside": with_segment(jpeg(), 0xE1, b"Exif\0\0II*\0\xff\xff\xff\x7f"),
    "Exif with a loop": with_segment(
        jpeg(), 0xE1, b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0"
    ),
    "Exif with an orientation that is text": with_segment(
        jpeg(), 0xE1, b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\x04\0\0\0abc\0\0\0\0\0"
    ),
    "Exif with seven orientations": with_segment(
        jpeg(), 0xE1, b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x02\0\0\0\x06\0\x06\0\0\0\0\0"
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_it_loses_no_photo_to_broken_metadata(data):
    photo = add_photo(io.BytesIO(data), "broken.jpg")
    assert {photo.width, photo.height} == {60, 40}
    assert photo.rendered_at
    photo.refresh_from_db()


def test_it_keeps_the_good_half_of_broken_metadata():
    data = with_iim(jpeg(xmp=b"<x:xmpmeta>"), caption="Still there.")
    assert read(data) == {"caption": "Still there."}


@given(st.binary(max_size=200))
def test_it_survives_any_bytes_in_its_place(noise):
    for data in (
        with_iim(block=noise),
        with_segment(jpeg(), 0xE1, b"Exif\0\0" + noise),
        with_segment(jpeg(), 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + noise),
    ):
        with Image.open(io.BytesIO(data)) as image:
            assert isinstance(metadata.read(image), dict)
            assert metadata.orientation(image) in range(1, 9)


@pytest.mark.django_db
def test_it_gives_way_to_words_of_the_editor():
    data = with_iim(caption="Of the agency.", credit="Yonhap")
    photo = add_photo(io.BytesIO(data), "a.jpg", render=False, caption="Of the editor.", credit="")
    photo.refresh_from_db()
    assert (photo.caption, photo.credit) == ("Of the editor.", "Yonhap")
