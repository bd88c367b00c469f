"""Serving pictures and films: only what a public page uses, never an original.

What stands in the locked part of a premium story goes to those who may read it, and into no cache.
"""

import re

from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import Exists, OuterRef
from django.http import FileResponse, HttpResponse, HttpResponseNotFound, HttpResponseRedirect
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from articles.models import Article, ArticlePhoto, PreviewLink, Reporter, Video
from articles.opening import open_uses
from paywall.access import may_read
from rankings.models import Placement

from .models import Photo

TYPES = {"webp": "image/webp", "avif": "image/avif", "jpg": "image/jpeg", "mp4": "video/mp4", "webm": "video/webm"}
TYPES["vtt"] = "text/vtt; charset=utf-8"
# A picture keeps its address as long as it keeps its bytes; a day bounds how long a withdrawn one lingers.
MAX_AGE = 86_400


@require_safe
def picture(request, token, name):
    """A picture made from a photo, while a public story, reporter or placement shows the photo.

    One query; three for photos of premium stories that are not the lead.
    """
    uses = ArticlePhoto.objects.open().filter(photo=OuterRef("pk"), article__in=Article.objects.published())
    portraits = Reporter.objects.filter(portrait=OuterRef("pk"))
    placed = Placement.objects.in_force().filter(photo=OuterRef("pk"))
    shown = Photo.objects.filter(token=token).filter(Exists(uses) | Exists(portraits) | Exists(placed))
    allowed = shown.exists() or _premium_picture(request, token) or _may_preview(request)
    return _file(request, f"p/{token[:2]}/{token}/{name}", allowed)


def _premium_picture(request, token):
    """True where the opening of a premium story shows the photo, "private" where the reader may read on."""
    rows = Article.objects.published().premium().filter(photos__token=token).order_by()
    stories = list(rows.only("access", "body", "format").with_photo_uses())
    if any(use.photo.token == token for story in stories for use in open_uses(story)):
        return True
    return _may_read(request, stories)


def _may_read(request, stories):
    """ "private" where the reader may read one of the stories; the session is looked at only if there are any."""
    known = stories and settings.SESSION_COOKIE_NAME in request.COOKIES
    return "private" if known and any(may_read(request.user, story) for story in stories) else None


@require_safe
def preview_picture(request, link, token, name):
    """A picture of a story that a preview link of the desk shows, or one that is public; never kept. Two queries."""
    stories = PreviewLink.objects.open().filter(token=link).values("article")
    shown = ArticlePhoto.objects.filter(photo__token=token, article__in=stories)
    if shown.exists():
        return _file(request, f"p/{token[:2]}/{token}/{name}", "private")
    return picture(request, token, name)


@require_safe
def preview_film(request, link, token, extension):
    """The film or captions of a story that a preview link of the desk shows, or of a public one. Two queries."""
    stories = PreviewLink.objects.open().filter(token=link).values("article")
    if Video.objects.filter(token=token, article__in=stories).exists():
        return _file(request, f"films/{token[:2]}/{token}.{extension}", "private")
    return film(request, token, extension)


@require_safe
def film(request, token, extension):
    """The film or captions of a public story. One query."""
    stories = list(Article.objects.published().filter(video__token=token).only("access"))
    is_free = any(story.access == Article.Access.FREE for story in stories)
    allowed = is_free or _may_read(request, stories) or _may_preview(request)
    return _file(request, f"films/{token[:2]}/{token}.{extension}", allowed)


def _may_preview(request):
    """Whether a member of the staff asks; looks at the session only when the file is not public."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    return "private" if request.user.is_staff and request.user.has_perm("photos.view_photo") else None


def _file(request, name, allowed):
    if not allowed:
        return _not_found()
    private = allowed == "private"
    extension = name.rpartition(".")[2]
    if settings.MEDIA_ACCEL:
        response = HttpResponse(headers={"X-Accel-Redirect": settings.MEDIA_ACCEL.rstrip("/") + "/" + name})
        response["Content-Type"] = TYPES[extension]
    elif hasattr(default_storage, "bucket"):
        response = HttpResponseRedirect(default_storage.url(name))
        private = True  # a signed address that soon expires
    else:
        try:
            stream = default_storage.open(name)
        except OSError:
            return _not_found()
        response = _ranged(request, stream, TYPES[extension])
    if private or response.status_code == 416:
        patch_cache_control(response, no_store=True)
    else:
        patch_cache_control(response, public=True, max_age=MAX_AGE)
    return response


def _not_found():
    """What may be public in a minute must not be remembered as missing."""
    return HttpResponseNotFound("There is no such picture.", headers={"Cache-Control": "no-store"})


RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


def _ranged(request, stream, content_type):
    """The file, or the one range of bytes that was asked for (RFC 9110, 14.2); players need it to seek."""
    size = stream.size
    match = RANGE.fullmatch(request.headers.get("Range", ""))
    first, last = match.groups() if match else ("", "")
    if not (first or last) or (first and last and int(last) < int(first)):  # no range at all: the whole
        return FileResponse(stream, content_type=content_type, headers={"Accept-Ranges": "bytes"})
    if first:
        start, stop = int(first), min(int(last) + 1 if last else size, size)
    else:
        start, stop = max(size - int(last), 0), size
    if start >= stop:
        stream.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    stream.seek(start)
    data = stream.read(min(stop - start, 2_000_000))
    stream.close()
    response = HttpResponse(data, status=206, content_type=content_type)
    response["Content-Range"] = f"bytes {start}-{start + len(data) - 1}/{size}"
    response["Accept-Ranges"] = "bytes"
    return response
