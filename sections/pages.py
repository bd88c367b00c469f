"""Rendering a public page: the frame around it, its headers, and nothing that differs between readers."""

from django.conf import settings
from django.template.response import SimpleTemplateResponse
from django.utils.cache import patch_cache_control

from .menu import load_frame


def absolute(path):
    """The full address of a path of this site."""
    return f"{settings.SITE_URL}{path}"


def render_page(template, context, *, canonical="", status=200, max_age=None):
    """A public page as a response, not yet rendered: the edition is chosen later (newsroom.middleware.LiteEdition).

    Two queries for the frame; the template itself makes none.

    The template gets no request, so no user, session or CSRF token can get into it. `max_age` is in
    seconds (PAGE_MAX_AGE by default); 0 forbids keeping it.
    """
    frame = load_frame()
    context = {
        "frame": frame,
        "path": canonical if canonical.startswith("/") else "/",
        "site_url": settings.SITE_URL,
        "canonical": absolute(canonical) if canonical.startswith("/") else canonical,
        **context,
    }
    response = SimpleTemplateResponse(template, context, status=status)
    keep(response, max_age)
    say_usage(response, frame.content_usage)
    return response


def keep(response, max_age=None):
    """Says how many seconds a public response may be kept (PAGE_MAX_AGE by default; 0: not at all); returns it."""
    max_age = settings.PAGE_MAX_AGE if max_age is None else max_age
    if max_age:
        patch_cache_control(response, public=True, max_age=max_age, s_maxage=max_age)
    else:
        patch_cache_control(response, no_store=True)
    return response


def say_usage(response, usage):
    """Puts the Content-Usage header (AIPREF drafts of the IETF) on a response, unless nothing is said.

    `usage` is `frame.content_usage`, or `Crawler.objects.content_usage()` where there is no frame.
    """
    if usage:
        response["Content-Usage"] = usage
