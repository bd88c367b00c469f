"""What a picture file says about itself: IPTC-IIM, XMP and Exif (IPTC Photo Metadata Standard 2025.1).

XMP wins over IIM, IIM over Exif, field by field. Broken metadata is ignored, never an error: a photo
must not be lost because a camera wrote a bad tag.
"""

import re
from datetime import datetime
from xml.sax.saxutils import escape

from defusedxml import ElementTree
from django.utils import timezone
from PIL import ExifTags, IptcImagePlugin

# (record, dataset) of IIM, see the IPTC standard
CAPTION, CREATOR, CREDIT, KEYWORDS = (2, 120), (2, 80), (2, 110), (2, 25)
CITY, PROVINCE, COUNTRY, DATE, TIME, CHARSET = (2, 90), (2, 95), (2, 101), (2, 55), (2, 60), (1, 90)
NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "iptc": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "rights": "http://ns.adobe.com/xap/1.0/rights/",
}
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
FIRST_YEAR, LAST_YEAR = 1800, 2200
LIMITS = {"caption": 5000, "alt_text": 500, "credit": 200, "photographer": 200, "place": 200, "licence_url": 200}


def orientation(image):
    """How the camera was held, as Exif counts it from 1 to 8; 1, upright, where that cannot be read."""
    try:
        value = image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # whatever a damaged Exif block raises
        return 1
    return value if value in range(1, 9) else 1


def read(image):
    """The fields of a Photo that the metadata fills: caption, credit, photographer, taken_at ... Only filled ones."""
    found = {}
    for source in (_exif, _iim, _xmp):
        try:
            found |= {field: value for field, value in source(image).items() if value}
        except Exception:  # each reader meets bytes that no standard foresees
            continue
    return {field: value[: LIMITS[field]] if field in LIMITS else value for field, value in found.items()}


def _decode(data, utf8):
    if utf8:
        return data.decode("utf-8", "replace")
    for encoding in ("utf-8", "cp949"):
        # CP949 reads nearly any bytes, so it only counts where Hangul comes out.
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8" or re.search("[가-힣]{2}", text):
            return text
    return data.decode("latin-1")


def _clean(text):
    return re.sub(r"[\0-\x08\x0b-\x1f\x7f]", "", text).strip()


def _moment(text):
    """The moment in an ISO, Exif or IIM date; without a zone it is taken as Seoul time. None if unreadable."""
    match = re.match(
        r"(\d{4})[:-]?(\d\d)[:-]?(\d\d)(?:[T ]?(\d\d):?(\d\d)(?::?(\d\d))?)?(?:\.\d+)?([+-]\d\d:?\d\d|Z)?", text
    )
    if not match:
        return None
    year, month, day, hour, minute, second, zone = match.groups()
    # A clock that was never set says 0001 or 9999, which the database cannot give back in every zone.
    if not FIRST_YEAR <= int(year) <= LAST_YEAR:
        return None
    try:
        naive = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))
        if zone:
            zone = "+00:00" if zone == "Z" else zone if ":" in zone else f"{zone[:3]}:{zone[3:]}"
            return datetime.fromisoformat(f"{naive.isoformat()}{zone}")
        return timezone.make_aware(naive)
    except ValueError:
        return None


def _iim(image):
    info = IptcImagePlugin.getiptcinfo(image) or {}
    utf8 = b"\x1b%G" in (_first(info.get(CHARSET)) or b"")

    def text(dataset, separator=", "):
        values = info.get(dataset) or []
        values = values if isinstance(values, list) else [values]
        return separator.join(filter(None, (_clean(_decode(value, utf8)) for value in values)))

    return {
        "caption": text(CAPTION),
        "photographer": text(CREATOR),
        "credit": text(CREDIT),
        "keywords": [word[:100] for word in text(KEYWORDS, "\n").split("\n") if word],
        "place": ", ".join(filter(None, (text(CITY), text(PROVINCE), text(COUNTRY)))),
        "taken_at": _moment(text(DATE) + ("T" + text(TIME) if text(TIME) else "")),
    }


def _first(value):
    return value[0] if isinstance(value, list) else value


def _exif(image):
    exif = image.getexif()
    detail = exif.get_ifd(ExifTags.IFD.Exif)

    def text(value):
        if isinstance(value, str):
            # Pillow reads Exif text as Latin-1 whatever it is.
            value = value.encode("latin-1", "replace") if not re.search("[^\0-\xff]", value) else value.encode()
        return _clean(_decode(value, False)) if isinstance(value, bytes) else ""

    zone = text(detail.get(ExifTags.Base.OffsetTimeOriginal, ""))
    return {
        "caption": text(exif.get(ExifTags.Base.ImageDescription, "")),
        "photographer": text(exif.get(ExifTags.Base.Artist, "")),
        "taken_at": _moment(text(detail.get(ExifTags.Base.DateTimeOriginal, "")) + zone),
    }


def _xmp(image):
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    if not packet:
        return {}
    packet = packet.encode() if isinstance(packet, str) else packet
    root = ElementTree.fromstring(packet.strip(b"\0 \r\n\t"))

    def values(name):
        prefix, local = name.split(":")
        tag = f"{{{NAMESPACES[prefix]}}}{local}"
        found = [d.get(tag) for d in root.iter(f"{{{NAMESPACES['rdf']}}}Description") if d.get(tag)]
        for element in root.iter(tag):
            items = element.findall(".//rdf:li", NAMESPACES)
            found += [item.text for item in items] if items else [element.text]
        return [_clean(value) for value in found if value and _clean(value)]

    def text(name):
        return next(iter(values(name)), "")

    return {
        "caption": text("dc:description"),
        "photographer": ", ".join(values("dc:creator")),
        "credit": text("photoshop:Credit"),
        "keywords": [word[:100] for word in values("dc:subject")],
        "place": ", ".join(filter(None, (text("photoshop:City"), text("photoshop:State"), text("photoshop:Country")))),
        "taken_at": _moment(text("photoshop:DateCreated")) if text("photoshop:DateCreated") else None,
        "alt_text": text("iptc:AltTextAccessibility"),
        "licence_url": text("rights:WebStatement") if text("rights:WebStatement").startswith("http") else "",
    }


# ---- what served pictures say

LONGEST_WORDS = 400
_PACKET = """<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>\
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" \
xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/" \
xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/">{}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>"""


def packet(photo, *, brief=False):
    """The XMP packet of a picture made from a photo: creator, credit, copyright, licence; None where nothing is known.

    Unless it is to be `brief` also what the picture shows: caption and alt text, cut to 400 characters. Names are
    those of the IPTC Photo Metadata Standard 2025.1; place, time and camera are left out on purpose.
    """

    def text(element, value):
        return f"<{element}>{escape(value)}</{element}>" if value else ""

    def words(element, value):
        return (
            value and f'<{element}><rdf:Alt><rdf:li xml:lang="x-default">{escape(value)}</rdf:li></rdf:Alt></{element}>'
        )

    creator = photo.photographer or ""
    owner = photo.credit or photo.photographer
    parts = [
        creator and f"<dc:creator><rdf:Seq><rdf:li>{escape(creator)}</rdf:li></rdf:Seq></dc:creator>",
        text("photoshop:Credit", photo.credit),
        words("dc:rights", f"© {owner}" if owner else ""),
        text("xmpRights:WebStatement", photo.licence_url),
    ]
    if not brief:
        parts += [
            words("dc:description", photo.caption[:LONGEST_WORDS]),
            words("Iptc4xmpCore:AltTextAccessibility", photo.alt_text[:LONGEST_WORDS]),
        ]
    told = "".join(part for part in parts if part)
    # Characters that no XML may hold, in whatever way they came into the row.
    return _PACKET.format(FORBIDDEN.sub("", told)).encode() if told else None
