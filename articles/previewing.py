"""A story's real page before it is public: for the desk with unsaved words, for outsiders by a link that ends."""

import re
from contextlib import contextmanager

from django.db import transaction
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from sections.shared import unshared

from .models import Article
from .publishing import clock, free_slug


@contextmanager
def rolled_back():
    """Whatever is written inside is gone afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def preview(pk, render, note=""):
    """The response that `render` makes of a story (loaded as its page loads it) as if it were public, rendered.

    Has to be called inside a transaction that is rolled back: the story is made public in it. The page says that it
    is a preview (`note` says of what), is kept nowhere, counts no read, and may stand in a frame of this site.
    """
    story = Article.objects.get(pk=pk)
    if not story.is_public():
        was_public, story.status = story.was_public(), Article.Status.READY
        story.withdrawn_at, story.withdrawal_reason = None, ""
        if not was_public:
            story.publish_at = clock()
            story.address_date = timezone.localtime(story.publish_at).date()
            story.slug = free_slug(story, story.address_date)
        story.save()
    with unshared():
        return as_preview(render(Article.objects.filter(pk=pk).for_detail().get()), note)


def as_preview(response, note=""):
    """A page that is not rendered yet, rendered and marked as a preview, for a frame of this site and no cache."""
    response.render()
    html = response.content.decode()
    bar = format_html('<p class="preview-bar" role="note">{}</p>', note or _("Preview: not what readers see now."))
    head = format_html(
        '<meta name="robots" content="noindex, nofollow"><link rel="stylesheet" href="{}">', static("css/preview.css")
    )
    html = html.replace("</head>", f"{head}</head>", 1)
    html = re.sub(r"(<body[^>]*>)", lambda match: match[1] + bar, html, count=1)
    html = re.sub(r' data-reads?(?:="[^"]*")?', "", html)
    response.content = html.encode()
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["X-Robots-Tag"] = "noindex"
    response._csp_replace = {"frame-ancestors": ["'self'"]}
    return response
