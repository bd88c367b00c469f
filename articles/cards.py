"""Stories as cards: loaded in one query, and kept by the process as long as nothing in them changes."""

from django.db.models import DateTimeField
from django.utils import timezone

from sections.prepared import Given, Prepared, given_ids
from sections.shared import shared_each

from .models import Article

_CARDS = Prepared(
    lambda: (
        Article.objects.published(Given("at", DateTimeField())).filter(pk__in=given_ids("ids")).order_by().for_cards()
    ),
    plan_once=True,
)


def load_cards(ids):
    """{id: Article} of those of the stories that are public, each with what a card shows; in no order.

    One query for those that the process does not keep.
    """
    return shared_each("card", ids, _load, _keys)


def _load(ids):
    return {card.pk: card for card in _CARDS(ids=ids, at=timezone.now())}


def _keys(card):
    yield f"article-{card.pk}"
    yield f"section-{card.section_id}"
    if card.section.parent_id:
        yield f"section-{card.section.parent_id}"
    if card.column_id:
        yield f"column-{card.column_id}"
