"""Pictures made from a photo: which sizes there are, what they are called, and how they are made.

Sizes and names follow from the photo's row alone, so a page knows every address without a query and
without a look at the disk. Names carry the photo's token, which cannot be guessed, and the focal point
of a crop, so that a moved focal point gives new addresses. A photo that is framed for one use carries
`own_crops`, a box (left, top, right, bottom, in parts of the photo) for some ratios; its names carry the box.

Every picture says in its XMP packet whose it is and what it shows (`metadata.packet`), and nothing of where
and with which camera it was taken.
"""

import io
from dataclasses import dataclass

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image, ImageCms

from . import metadata

RATIOS = {"full": None, "3x2": 3 / 2, "16x9": 16 / 9, "4x3": 4 / 3, "1x1": 1.0}
WIDTHS = {
    "full": (480, 800, 1200, 1600),
    "3x2": (240, 480, 800, 1200),
    "16x9": (1200,),
    "4x3": (1200,),
    "1x1": (160, 480, 1200),
}
# One JPEG per crop is enough: the few programs that read no WebP are crawlers and mail readers.
JPEG_WIDTH = 1200
WEBP_QUALITY, JPEG_QUALITY, AVIF_QUALITY = 76, 82, 58
# Smaller ones say only whose they are: the words would weigh as much as the picture.
WHOLE_WORDS = 480
# AVIF costs about ten times as long to make; it is kept where it saves at least this part of the WebP.
AVIF_SAVING = 0.15
# ... and only of the crops that pages show large or often.
AVIF_CROPS = ("full", "3x2")


@dataclass(frozen=True)
class Picture:
    """What an `img` or `picture` element needs for one crop of a photo."""

    src: str
    width: int
    height: int
    webp: str
    avif: str


def crop_box(width, height, ratio, focal_x, focal_y):
    """The largest box (left, top, right, bottom) of the ratio that keeps the focal point as central as it can."""
    if ratio is None:
        return 0, 0, width, height
    box_width, box_height = min(width, round(height * ratio)), min(height, round(width / ratio))
    left = min(max(round(width * focal_x - box_width / 2), 0), width - box_width)
    top = min(max(round(height * focal_y - box_height / 2), 0), height - box_height)
    return left, top, left + box_width, top + box_height


def own_box(photo, crop):
    """The box of a crop in parts of the photo, if the photo is framed for a use; else None."""
    return (getattr(photo, "own_crops", None) or {}).get(crop)


def in_pixels(width, height, crop, box):
    """A box of parts as (left, top, right, bottom) in pixels, of exactly the ratio and inside the photo."""
    left, top = round(box[0] * width), round(box[1] * height)
    wide = max(1, round((box[2] - box[0]) * width))
    tall = round(wide / RATIOS[crop])
    if top + tall > height:
        tall = height - top
        wide = min(round(tall * RATIOS[crop]), width - left)
    return left, top, left + max(1, wide), top + max(1, tall)


def sizes(width, height, crop, box=None):
    """(width, height) of every picture of a crop, smallest first; never larger than the photo, or the `box` of it."""
    if box:
        left, top, right, bottom = in_pixels(width, height, crop, box)
    else:
        left, top, right, bottom = crop_box(width, height, RATIOS[crop], 0.5, 0.5)
    full, tall = right - left, bottom - top
    widest = min(full, WIDTHS[crop][-1])
    # A step that is nearly the widest one would only be a second copy of it.
    steps = [step for step in WIDTHS[crop] if step < widest * 0.9] + [widest]
    return [(step, max(1, round(tall * step / full))) for step in steps]


def jpeg_size(width, height, crop, box=None):
    """(width, height) of the one JPEG of a crop."""
    steps = sizes(width, height, crop, box)
    return next((size for size in reversed(steps) if size[0] <= JPEG_WIDTH), None) or steps[0]


def name(photo, crop, width, extension):
    """The name of one picture in the storage, also the end of its address."""
    if box := own_box(photo, crop):
        where = "-" + "-".join(f"{round(part * 1000)}" for part in box)
    else:
        where = "" if crop == "full" else f"-{round(photo.focal_x * 100)}-{round(photo.focal_y * 100)}"
    return f"p/{photo.token[:2]}/{photo.token}/{crop}{where}-{width}.{extension}"


def files_of(photo):
    """The names of all pictures that were made of a photo, whatever its focal points were. Asks the storage once."""
    folder = f"p/{photo.token[:2]}/{photo.token}"
    try:
        return [f"{folder}/{file}" for file in default_storage.listdir(folder)[1]]
    except FileNotFoundError:
        return []


def picture(photo, crop="full"):
    """The Picture of one crop of a photo."""

    def srcset(extension):
        return ", ".join(
            f"{settings.MEDIA_URL}{name(photo, crop, width, extension)} {width}w"
            for width, _ in sizes(photo.width, photo.height, crop, box)
        )

    box = own_box(photo, crop)
    width, height = jpeg_size(photo.width, photo.height, crop, box)
    return Picture(
        src=f"{settings.MEDIA_URL}{name(photo, crop, width, 'jpg')}",
        width=width,
        height=height,
        webp=srcset("webp"),
        avif=srcset("avif") if photo.avif and crop in AVIF_CROPS else "",
    )


TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def turned(image):
    """The image turned as the camera says. Pillow's own function fails where the rest of the Exif is damaged."""
    image.load()  # a TIFF turns itself while it loads
    turn = TURNS.get(metadata.orientation(image))
    return image if turn is None else image.transpose(turn)


def upright(image):
    """The image as a reader should see it: turned as the camera says, in sRGB, without any metadata."""
    profile = image.info.get("icc_profile")
    image = turned(image)
    if image.mode.startswith("I") or image.mode == "F":  # 16 and 32 bits a pixel
        image = (
            image.point(lambda value: value / 256).convert("L") if image.getextrema()[1] > 255 else image.convert("L")
        )
    if profile and image.mode in ("RGB", "CMYK", "L"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            image = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            pass  # a damaged profile: the plain colours are the best guess
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        paper = Image.new("RGB", image.size, "white")
        image = image.convert("RGBA")
        paper.paste(image, mask=image.getchannel("A"))
        image = paper
    return image.convert("RGB")


def _encode(image, extension, xmp=None):
    out = io.BytesIO()
    told = {"xmp": xmp} if xmp else {}
    if extension == "webp":
        image.save(out, "WEBP", quality=WEBP_QUALITY, method=4, **told)
    elif extension == "avif":
        image.save(out, "AVIF", quality=AVIF_QUALITY, speed=8, **told)
    else:
        image.save(out, "JPEG", quality=JPEG_QUALITY, progressive=True, optimize=True, **told)
    return out.getvalue()


def avif_pays(image):
    """Whether AVIF is so much smaller than WebP for this image that the time to make it is well spent."""
    sample = image.copy()
    sample.thumbnail((800, 800))
    return len(_encode(sample, "avif")) < len(_encode(sample, "webp")) * (1 - AVIF_SAVING)


def _open(photo):
    with photo.file.open("rb") as stream, Image.open(stream) as image:
        image.draft("RGB", (3200, 3200))  # JPEG decodes at a fraction of the size where that is enough
        return upright(image)


def make(photo, *, again=False):
    """Makes every picture of a photo, marks its row as rendered and returns how many files were written.

    Files that exist already are left alone, as their names say what is in them; with `again` they are written anew,
    because what the photo says of itself has changed. Browsers keep the old ones for a day at most. The photo's file
    must be an image that `photos.library.check_image` accepts; raises OSError when it is missing or damaged.
    """
    image = _open(photo)
    photo.avif = avif_pays(image)
    written = 0
    for crop, ratio in RATIOS.items():
        cropped = image.crop(crop_box(*image.size, ratio, photo.focal_x, photo.focal_y))
        written += _write(photo, crop, cropped, None, again)
    photo.rendered_at = timezone.now()
    type(photo).objects.filter(pk=photo.pk).update(rendered_at=photo.rendered_at, avif=photo.avif)
    return written


def make_own(photo, *, again=False):
    """Makes the pictures of a photo that is framed for a use (`own_crops`); returns how many files were written."""
    boxes = {crop: box for crop, box in (photo.own_crops or {}).items() if crop in RATIOS and RATIOS[crop] and box}
    if not boxes:
        return 0
    image = _open(photo)
    return sum(
        _write(photo, crop, image.crop(in_pixels(*image.size, crop, box)), box, again) for crop, box in boxes.items()
    )


def _write(photo, crop, cropped, box, again):
    """Writes the files of one crop."""
    written = 0
    jpeg = jpeg_size(photo.width, photo.height, crop, box)
    avif = ["avif"] if photo.avif and crop in AVIF_CROPS else []
    for size in sizes(photo.width, photo.height, crop, box):
        extensions = ["webp", *avif, *(["jpg"] if size == jpeg else [])]
        names = {extension: name(photo, crop, size[0], extension) for extension in extensions}
        missing = {e: file for e, file in names.items() if again or not default_storage.exists(file)}
        if not missing:
            continue
        scaled = cropped.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
        xmp = metadata.packet(photo, brief=size[0] < WHOLE_WORDS)
        for extension, file in missing.items():
            data = _encode(scaled, extension, xmp)
            if again:
                default_storage.delete(file)
            default_storage.save(file, ContentFile(data))
            written += 1
    return written
