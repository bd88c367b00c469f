"""The e-paper on the web: the newest edition, one of a day, the editions of a month, pictures of pages and the PDF.

/epaper/ is for everybody and may be kept; what only some may read lies at /reading-room/, which is never kept.
"""

from itertools import groupby

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from articles.dates import day_of, month_after
from articles.models import Article
from articles.querysets import NOT_ON_CARDS
from sections.pages import keep, render_page
from sections.surrogates import note, note_lists

from .access import may_read
from .models import WIDTHS, Edition, EditionStory

THUMBNAIL, ON_SCREEN, LARGE = WIDTHS


@require_safe
def newest(request):
    """The newest edition; a page that says so where there is none. 7 queries at most."""
    edition = _newest()
    if edition is None:
        return render_page("editions/none.html", {}, canonical="/epaper/")
    return _viewer(edition, canonical="/epaper/")


@require_safe
def edition(request, year, month, day):
    """The edition of a day, as far as everybody may see it; 404 without one. 6 queries."""
    found = _of_day(year, month, day)
    return _viewer(found, canonical=found.get_absolute_url())


@require_safe
def reading_room(request, year, month, day):
    """The whole edition of a day for those who may read it, who else asks is led to the sign-in. Never kept."""
    found = _of_day(year, month, day)
    if may_read():
        return _not_kept(redirect(found))
    if not may_read(user=request.user):
        return _to_sign_in(request)
    return _viewer(found, canonical=found.get_absolute_url(), room=True)


@require_safe
def month(request, year, month):
    """The editions of a month, the newest first; 404 without one. 4 queries."""
    first = day_of(year, month)
    if first is None:
        raise Http404("There is no such month.")
    _note_editions()
    after = month_after(first)
    editions = list(Edition.objects.published().filter(date__gte=first, date__lt=after))
    if not editions:
        raise Http404("There is no edition of that month.")
    public = Edition.objects.published()
    dates = {
        "earlier": public.filter(date__lt=first).values_list("date", flat=True).first(),
        "later": public.filter(date__gte=after).order_by("date").values_list("date", flat=True).first(),
    }
    return render_page(
        "editions/month.html",
        {"first": first, "editions": editions, "thumbnail": THUMBNAIL, **dates},
        canonical=f"/epaper/{first:%Y/%m}/",
    )


@require_safe
def cover(request):
    """A small picture of the newest edition's first page, for the foot of every page; the paper's mark without one.

    One query.
    """
    edition = _newest()
    if edition is not None and default_storage.exists(edition.picture(1, THUMBNAIL)):
        return _file(edition.picture(1, THUMBNAIL), "image/webp", public=True)
    with open(finders.find("img/mark.svg"), "rb") as mark:
        return keep(HttpResponse(mark.read(), content_type="image/svg+xml"))


@require_safe
def picture(request, year, month, day, page, width, room=False):
    """The picture of a page. One query, and the session's where not everybody may see it."""
    found = _of_day(year, month, day)
    page, width = int(page), int(width)
    if width not in WIDTHS or not 1 <= page <= found.pages:
        raise Http404("There is no such page.")
    return _guarded(request, found.picture(page, width), "image/webp", page=page, room=room)


@require_safe
def pdf(request, year, month, day, room=False):
    """An edition as PDF. One query, and the session's where not everybody may see it."""
    found = _of_day(year, month, day)
    return _guarded(request, found.pdf, "application/pdf", room=room, name=f"{found.date}.pdf")


def _guarded(request, file, content_type, *, page=None, room=False, name=""):
    if may_read(page):
        return _file(file, content_type, public=True, name=name)
    # Whoever keeps pages may not even look at who asks: that is done in the reading room.
    if not room:
        response = _not_kept(HttpResponseRedirect(request.path.replace("/epaper/", "/reading-room/", 1)))
    elif may_read(page, request.user):
        response = _file(file, content_type, public=False, name=name)
    else:
        response = _to_sign_in(request)
    return response


def _to_sign_in(request):
    """Leads on: to the login, or whoever is signed in already and may still not read, to the plans."""
    if request.user.is_authenticated:
        return _not_kept(redirect("plans"))
    return _not_kept(redirect(f"{reverse('account_login')}?{urlencode({'next': request.path})}"))


def _not_kept(response):
    patch_cache_control(response, private=True, no_store=True)
    return response


def _newest():
    _note_editions()
    return Edition.objects.published().first()


def _note_editions():
    note("editions")
    note_lists("editions")


def _of_day(year, month, day):
    _note_editions()
    date = day_of(year, month, day)
    found = Edition.objects.published().filter(date=date).first() if date else None
    if found is None:
        raise Http404("There is no edition of that day.")
    return found


def _viewer(edition, *, canonical, room=False):
    """An edition's pages with the stories on each. Four queries beside the frame's."""
    long = [f"article__{name}" for name in NOT_ON_CARDS]
    stories = (
        EditionStory.objects.filter(edition=edition, article__in=Article.objects.published())
        .select_related("article__section__parent")
        .defer(*long)
    )
    by_page = {page: list(found) for page, found in groupby(stories, key=lambda story: story.page)}
    for row in [row for rows in list(by_page.values()) for row in rows]:
        note(f"article-{row.article_id}")
    public = Edition.objects.published()
    base = f"/reading-room/{edition.date:%Y/%m/%d}/" if room else edition.get_absolute_url()
    pages = [
        {
            "number": number,
            "stories": by_page.get(number, []),
            "shown": room or may_read(number),
            "large": f"{base}{number}-{LARGE}.webp",
            "small": f"{base}{number}-{ON_SCREEN}.webp",
            "srcset": ", ".join(f"{base}{number}-{width}.webp {width}w" for width in WIDTHS),
        }
        for number in range(1, edition.pages + 1)
    ]
    context = {
        "edition": edition,
        "pages": pages,
        "all_shown": room or may_read(),
        "in_room": room,
        "for_subscribers": settings.EPAPER_ACCESS == "subscribers",
        "width": ON_SCREEN,
        "height": round(ON_SCREEN * 420 / 297),
        "room": f"/reading-room/{edition.date:%Y/%m/%d}/",
        "pdf": f"{base}edition.pdf",
        "earlier": public.filter(date__lt=edition.date).first(),
        "later": public.filter(date__gt=edition.date).order_by("date").first(),
    }
    response = render_page("editions/edition.html", context, canonical=canonical, max_age=0 if room else None)
    return _not_kept(response) if room else response


def _file(file, content_type, *, public, name=""):
    """A file of the storage, from where it lies; 404 where it was lost."""
    if settings.MEDIA_ACCEL:
        response = HttpResponse(headers={"X-Accel-Redirect": settings.MEDIA_ACCEL.rstrip("/") + "/" + file})
        response["Content-Type"] = content_type
    elif hasattr(default_storage, "bucket"):
        return _not_kept(HttpResponseRedirect(default_storage.url(file)))  # a signed address that soon expires
    else:
        try:
            stream = default_storage.open(file)
        except OSError:
            raise Http404("The file of this page was lost: build the edition again.") from None
        response = FileResponse(stream, content_type=content_type)
    if name:
        response["Content-Disposition"] = f'inline; filename="{name}"'
    return keep(response) if public else _not_kept(response)
