"""What a story lacks before readers may see it: errors stop it, advice does not.

These rules bind the acts of editors (`publishing.schedule`), never an import or a stored row.
"""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from sections.html import plain_text

from .linking import broken_internal_links
from .models import Article

ERROR, ADVICE = "error", "advice"
LONG_HEADLINE = 90
WITHOUT_TEXT = (Article.Format.VIDEO, Article.Format.CARTOON)
# Words that writers leave for what is still to come.
STAND_INS = ("TK", "TKTK", "XXX", "???", "lorem ipsum")


@dataclass(frozen=True)
class Finding:
    """One thing to mend, or to think about; `field` is where, empty for the story as a whole."""

    level: str
    text: str
    field: str = ""


def findings(story, at=None):
    """The Findings for a story that is to be public from a moment (now by default), errors first. Six queries."""
    at = at or timezone.now()
    uses = list(story.photo_uses.select_related("photo"))
    day = timezone.localtime(at).date()
    found = [*_words(story), *_photos(story, uses, day), *_links(story), *_filing(story)]
    return sorted(found, key=lambda finding: finding.level != ERROR)


def errors(story, at=None):
    """The sentences that stop a story from being published. Queries as `findings`."""
    return [finding.text for finding in findings(story, at) if finding.level == ERROR]


def _words(story):
    if not story.headline.strip():
        yield Finding(ERROR, _("Write a headline."), "headline")
    elif len(story.headline) > LONG_HEADLINE and not story.short_headline:
        yield Finding(
            ADVICE, _("The headline is long: write a short one for the ticker and narrow lists."), "short_headline"
        )
    if not story.body.strip() and story.format not in WITHOUT_TEXT:
        yield Finding(ERROR, _("Write the text."), "body")
    if not story.deck.strip():
        yield Finding(ADVICE, _("The deck is empty: cards and search engines show no sentence."), "deck")
    text = f"{story.headline} {story.deck} {plain_text(story.body)}"
    if left := next((word for word in STAND_INS if f" {word.lower()} " in f" {text.lower()} "), None):
        yield Finding(ADVICE, _("“%(word)s” stands in the text: is something still to come?") % {"word": left}, "body")


def _photos(story, uses, day):
    name = "photo_uses"
    if story.format in (Article.Format.GALLERY, Article.Format.CARTOON) and not uses:
        yield Finding(ERROR, _("Add at least one photo: this format shows nothing without."), name)
    elif not uses and story.format != Article.Format.VIDEO:
        yield Finding(ADVICE, _("The story has no photo."), name)
    for use in uses:
        values = {"photo": str(use.photo)}
        if reason := use.photo.blocked_reason(day):
            yield Finding(ERROR, _("Photo “%(photo)s”: %(reason)s") % (values | {"reason": reason}), name)
        if not use.shown_credit.strip():
            yield Finding(ERROR, _("Photo “%(photo)s” has no credit: write who made it.") % values, name)
        if not use.decorative and not use.shown_alt.strip():
            text = _("Photo “%(photo)s” has no alt text: say what it shows, or mark it as decorative.")
            yield Finding(ERROR, text % values, name)
        if use.photo.rights == use.photo.Rights.UNKNOWN:
            yield Finding(ADVICE, _("Photo “%(photo)s”: nobody has checked the rights.") % values, name)


def _links(story):
    for link in broken_internal_links(story.body):
        text = _("The link to %(link)s leads nowhere: mend it or take it out.")
        yield Finding(ERROR, text % {"link": link}, "body")


def _filing(story):
    if not story.byline_text and not story.bylines.exists() and not story.source:
        yield Finding(ADVICE, _("The story has no byline and no source."), "bylines")
    if not story.tags.exists():
        yield Finding(ADVICE, _("The story has no topics: nothing leads to it from related stories."), "tags")
    if story.format == Article.Format.VIDEO and not hasattr(story, "video"):
        yield Finding(ADVICE, _("Add the film: until then the page shows its photo alone."), "video")
