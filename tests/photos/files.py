"""Picture files with what cameras and agencies write into them, made byte by byte."""

import io
import struct
from xml.sax.saxutils import escape

from PIL import ExifTags, Image

from photos.metadata import CAPTION, CHARSET, CITY, COUNTRY, CREATOR, CREDIT, DATE, KEYWORDS, PROVINCE, TIME

UTF8_MARK = {CHARSET: [b"\x1b%G"]}
NAMES = {
    "caption": CAPTION,
    "creator": CREATOR,
    "credit": CREDIT,
    "keywords": KEYWORDS,
    "city": CITY,
    "province": PROVINCE,
    "country": COUNTRY,
    "date": DATE,
    "time": TIME,
}


def fetch(client, address, **headers):
    """The response of a media address, read to its end, which closes it; its bytes are `response.data`."""
    response = client.get(address, headers=headers)
    response.data = response.getvalue()
    return response


def jpeg(size=(60, 40), color="teal", mode="RGB", **options):
    out = io.BytesIO()
    Image.new(mode, size, color).save(out, "JPEG", **options)
    return out.getvalue()


def with_segment(data, marker, payload):
    """A JPEG with one more segment behind its first two bytes."""
    return data[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload + data[2:]


def iim(encoding="utf-8", marked=True, **fields):
    """IIM datasets: iim(caption="...", keywords=["a", "b"])."""
    datasets = dict(UTF8_MARK) if marked else {}
    for name, value in fields.items():
        values = value if isinstance(value, list) else [value]
        datasets[NAMES[name]] = [v if isinstance(v, bytes) else v.encode(encoding) for v in values]
    return b"".join(
        b"\x1c" + bytes(key) + struct.pack(">H", len(value)) + value
        for key, values in datasets.items()
        for value in values
    )


def with_iim(data=None, block=None, **fields):
    """A JPEG with these datasets in a Photoshop segment, as agencies write them."""
    block = iim(**fields) if block is None else block
    resource = (
        b"8BIM" + struct.pack(">HH", 0x0404, 0) + struct.pack(">I", len(block)) + block + b"\0" * (len(block) % 2)
    )
    return with_segment(data or jpeg(), 0xED, b"Photoshop 3.0\0" + resource)


def exif(**fields):
    """An Exif block; `gps` adds a place, `orientation` a turn."""
    block = Image.Exif()
    for name in ("ImageDescription", "Artist", "Orientation"):
        if name in fields:
            block[ExifTags.Base[name]] = fields[name]
    detail = block.get_ifd(ExifTags.IFD.Exif)
    for name in ("DateTimeOriginal", "OffsetTimeOriginal", "BodySerialNumber"):
        if name in fields:
            detail[ExifTags.Base[name]] = fields[name]
    if fields.get("gps"):
        block.get_ifd(ExifTags.IFD.GPSInfo).update(
            {1: "N", 2: (37.0, 33.0, 58.0), 3: "E", 4: (126.0, 58.0, 40.0), 29: "2021:02:27"}
        )
    return block


def xmp(attributes="", **fields):
    """An XMP packet: xmp(**{"dc:description": "...", "dc:creator": ["a", "b"]})."""
    parts = []
    for name, value in fields.items():
        kind = {"dc:description": "Alt", "dc:creator": "Seq", "dc:subject": "Bag"}.get(name)
        if kind:
            values = value if isinstance(value, list) else [value]
            items = "".join(f'<rdf:li xml:lang="x-default">{escape(v)}</rdf:li>' for v in values)
            value = f"<rdf:{kind}>{items}</rdf:{kind}>"
        else:
            value = escape(value)
        parts.append(f"<{name}>{value}</{name}>")
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" '
        'xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/" '
        f'xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/" {attributes}>{"".join(parts)}</rdf:Description>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()
