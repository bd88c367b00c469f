"""Taking a picture file into the library: check it, read what it says about itself, store it."""

import hashlib
import io

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.utils.translation import gettext
from PIL import Image

from . import metadata, renditions
from .models import Photo

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "GIF")
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)


def read_file(file):
    """The bytes of an uploaded file. Raises ValidationError when there are too many of them."""
    file.seek(0)
    data = file.read(settings.PHOTO_MAX_BYTES + 1)
    if len(data) > settings.PHOTO_MAX_BYTES:
        limit = settings.PHOTO_MAX_BYTES // 1_000_000
        raise ValidationError(
            gettext("This file is larger than %(limit)s MB. Save it as JPEG with less quality and try again.")
            % {"limit": limit}
        )
    return data


def check_image(data):
    """The opened, fully decoded image in these bytes.

    Raises ValidationError, in words for an editor, when they are no image that can be used: another kind
    of file, a truncated one, or one whose pixels would fill the memory.
    """
    if not data:
        raise ValidationError(gettext("This file is empty. Upload it again."))
    limit = settings.PHOTO_MAX_PIXELS // 1_000_000
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.UnidentifiedImageError:
        raise ValidationError(
            gettext("This is not a picture that can be used. Upload a JPEG, PNG, WebP, AVIF or TIFF.")
        ) from None
    except _BOMB:
        raise ValidationError(
            gettext(
                "This picture has far too many pixels; %(limit)s million is the most. Make it smaller and try again."
            )
            % {"limit": limit}
        ) from None
    except Exception:  # each decoder raises what it likes
        raise ValidationError(gettext("This picture is damaged: its header cannot be read. Export it again.")) from None
    width, height = image.size
    if width * height > settings.PHOTO_MAX_PIXELS:
        raise ValidationError(
            gettext(
                "This picture has %(width)s × %(height)s pixels; %(limit)s million is the most. "
                "Make it smaller and try again."
            )
            % {"width": width, "height": height, "limit": limit}
        )
    try:
        image.load()
    except Exception:
        raise ValidationError(
            gettext("This picture is damaged or cut off: the upload or the export did not finish.")
        ) from None
    return image


def difference_hash(image):
    """64 bits as 16 hexadecimal digits that stay nearly the same for resized or re-encoded copies (dHash)."""
    image = renditions.turned(image)
    # These two become grey only by way of another mode.
    if way := {"P": "RGBA", "LAB": "RGB"}.get(image.mode):
        image = image.convert(way)
    small = image.convert("L").resize((9, 8), Image.Resampling.BILINEAR)
    pixels = list(small.tobytes())
    bits = "".join("1" if pixels[9 * y + x] < pixels[9 * y + x + 1] else "0" for y in range(8) for x in range(8))
    return f"{int(bits, 2):016x}"


def describe(data):
    """The fields of a Photo that its file alone decides: size as shown, hashes, and its own metadata."""
    image = check_image(data)
    width, height = image.size
    if metadata.orientation(image) >= 5:
        width, height = height, width
    return {
        "width": width,
        "height": height,
        "sha256": hashlib.sha256(data).hexdigest(),
        "phash": difference_hash(image),
    }, metadata.read(image)


def add_photo(file, name, render=True, **fields):
    """Stores a picture file as a new Photo and returns it.

    Fields that are given and not empty win over what the file says about itself. `render=False` leaves
    the pictures to `manage.py make_renditions`. Raises ValidationError for a file that cannot be used;
    nothing is stored then.
    """
    data = read_file(file)
    facts, told = describe(data)
    given = {key: value for key, value in fields.items() if value not in ("", None, [])}
    photo = Photo(original_name=name[:200], **facts, **(told | given))
    photo.file.save(name, ContentFile(data), save=False)
    photo.save()
    if render:
        renditions.make(photo)
    return photo


def replace_file(photo, file, name):
    """Puts another file behind a Photo: every story that uses it shows the new picture at new addresses.

    Raises ValidationError for a file that cannot be used; the old one stays then.
    """
    from .models import new_token

    data = read_file(file)
    facts, _ = describe(data)
    for field, value in facts.items():
        setattr(photo, field, value)
    photo.token, photo.original_name, photo.rendered_at = new_token(), name[:200], None
    photo.file.save(name, ContentFile(data), save=False)
    photo.save()
    renditions.make(photo)
    return photo
