"""Pages of a list by keyset: `?before=<id>` shows what is older than that story.

Nothing counts the archive or skips over it, so the thousandth page costs what the first one costs.
"""

from dataclasses import dataclass

from django.db.models import BooleanField, Case, Subquery, Value, When
from django.http import Http404

from .models import Article

PAGE_SIZE = 20
LARGEST_ID = 2**63 - 1


@dataclass
class Page:
    """One page of a list, newest first.

    `older` and `newer` are query strings, empty where there is no such page; `others` are the further
    articles that were loaded with it, by id, those of the page included.
    """

    articles: list
    others: dict
    older: str
    newer: str
    is_first: bool


def read_cursor(text):
    """The id in `?before=`, None without one. Raises Http404 for anything that is no id."""
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or len(text) > 19 or int(text) > LARGEST_ID:
        raise Http404("There is no such page of this list.")
    return int(text)


def page_of(articles, before=None, *, size=PAGE_SIZE, also=()):
    """The Page of the articles (a query set of what may be listed) that begins after the story `before`.

    Loads cards; `also` are ids of further public articles to load in the same query. Two queries.
    Raises Http404 when nothing is older than `before`, or when that story is not public.
    """
    listed = articles.latest_first()
    newer = Value(0)
    if before is not None:
        listed = listed.older_than(before)
        # The story `size` places before the cursor is the newer page's cursor; none: that is the first page.
        newer = Subquery(articles.newer_than(before).order_by("publish_at", "pk").values("pk")[size - 1 : size])
    ids = listed.values("pk")[: size + 1]
    # A union, as the planner would read the whole table for the same thing written with OR.
    # Django 6 would order it as the model says, by columns that are not in it.
    wanted = ids.union(Article.objects.filter(pk__in=also).order_by().values("pk")).order_by() if also else ids
    found = (
        Article.objects.published()
        .filter(pk__in=wanted)
        .annotate(
            on_page=Case(When(pk__in=ids, then=True), default=False, output_field=BooleanField()),
            newer_cursor=newer,
        )
        .latest_first()
        .for_cards()
    )
    others = {article.pk: article for article in found}
    page = [article for article in others.values() if article.on_page]
    if before is not None and not page:
        raise Http404("There is no such page of this list.")
    shown = page[:size]
    return Page(
        articles=shown,
        others=others,
        older=f"?before={shown[-1].pk}" if len(page) > size else "",
        newer="" if before is None else f"?before={shown[0].newer_cursor}" if shown[0].newer_cursor else ".",
        is_first=before is None,
    )
