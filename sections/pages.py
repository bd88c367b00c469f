"""Rendering a public page: the frame around it, its headers, and nothing that differs between readers."""

import json

from django.conf import settings
from django.template.response import SimpleTemplateResponse
from django.utils.cache import patch_cache_control
from django.utils.safestring import mark_safe

from .menu import load_frame


def absolute(path):
    """The full address of a path of this site."""
    return f"{settings.SITE_URL}{path}"


def render_page(template, context, *, canonical="", status=200, max_age=None):
    """A public page as a response, not yet rendered: the edition is chosen later (newsroom.middleware.LiteEdition).

    Two queries for the frame; the template itself makes none. `structured` in the context is a function of the frame
    that gives the things of schema.org that the page shows.

    The template gets no request, so no user, session or CSRF token can get into it. `max_age` is in
    seconds (PAGE_MAX_AGE by default); 0 forbids keeping it.
    """
    frame = load_frame()
    structured = context.get("structured")
    context = {
        "frame": frame,
        "path": canonical if canonical.startswith("/") else "/",
        "site_url": settings.SITE_URL,
        "canonical": absolute(canonical) if canonical.startswith("/") else canonical,
        **context,
        "structured": structured and json_ld(structured(frame)),
    }
    response = SimpleTemplateResponse(template, context, status=status)
    keep(response, max_age)
    say_usage(response, frame.content_usage)
    return response


def json_ld(things):
    """Things of schema.org as the text of a script element, which no word of them can end."""
    text = json.dumps({"@context": "https://schema.org", "@graph": things}, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return mark_safe(text)  # nothing in it is markup any more


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
