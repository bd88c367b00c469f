"""Whether an imported story was changed since, at its source or here.

`Article.import_digest` holds two halves: what the source said, and how the import left the story.
"""

import hashlib
import json

from django.utils import timezone

from articles.models import Article
from articles.topics import MARK, filing_mark

# Begins the note of every version that an import makes.
NOTE = "Imported"
HALF = 32
# What tells that somebody has edited a story; bookkeeping such as `edit_version` moves with every save.
STATE_FIELDS = (
    *("headline", "short_headline", "kicker", "label", "deck", "dateline", "body", "format", "lang"),
    *(
        "section_id",
        "column_id",
        "status",
        "slug",
        "publish_at",
        "withdrawn_at",
        "updated_at",
        "date_precision",
    ),
    *("access", "sensitivity", "ai_use", "seo_title", "canonical_url", "source", "source_url", "licence"),
)


def is_same_source(article, record):
    """Whether the source says what it said at the last import."""
    return article.import_digest[:HALF] == record.digest[:HALF]


def seal(article, record):
    """Remembers what the source said and how the story stands now. Four queries."""
    digest = record.digest[:HALF] + _state_of(article)
    Article.objects.filter(pk=article.pk).update(import_digest=digest)


def edited_here(article):
    """What shows that somebody has edited the story since its import, in words; empty if nobody has.

    At most five queries.
    """
    versions = article.versions.order_by("-number")
    last, imported = versions.first(), versions.filter(note__startswith=NOTE).first()
    if last and (imported is None or last.content != imported.content):
        return f"version {last.number} was made here on {timezone.localtime(last.created_at):%Y-%m-%d}."
    if _state_of(article) != article.import_digest[HALF:]:
        return "it was changed here since it was imported."
    return ""


def _state_of(article):
    uses = article.photo_uses.order_by("position", "pk")
    *fields, filed = Article.objects.filter(pk=article.pk).values_list(*STATE_FIELDS, filing_mark()).get()
    state = [
        fields,
        *article.bylines.values_list("reporter", "role"),
        *uses.values_list("photo", "placement", "caption", "credit", "alt_text", "decorative", "crop"),
    ]
    return hashlib.sha256(json.dumps(state, default=str).encode()).hexdigest()[: HALF - MARK] + filed
