"""The whole corpus of real articles, imported and compared page by page with its source.

The corpus is no part of the project: NEWSROOM_CORPUS names its folder, ../shared/corpus by default.
"""

import os
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from articles.models import Article, ArticlePhoto, Reporter, Tag
from photos.models import Photo
from sections.html import sanitize
from sections.models import MenuItem, Section
from tests.corpus_pages import alts_of, check_page, is_same_html, read_records

FOLDER = Path(os.environ.get("NEWSROOM_CORPUS") or Path(__file__).resolve().parents[2] / "shared" / "corpus")
FILE = FOLDER / "articles.jsonl"
ARTICLES, PICTURES, USES = 512, 204, 233

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(
        not FILE.is_file(),
        reason=f"THE CORPUS IS MISSING: no {FILE}. Name its folder in NEWSROOM_CORPUS. "
        "Nothing here has been tested against real articles.",
    ),
]


@pytest.fixture(scope="module")
def records():
    return read_records(FILE)


def test_every_body_survives_the_sanitiser(records):
    """Opening and saving a story changes nothing in it."""
    changed = [
        record["id"] for record in records if not is_same_html(record["body_html"], sanitize(record["body_html"]))
    ]
    assert not changed


def plan_for_what_is_there():
    """Has the planner count the rows of this transaction: it took the tables for empty when it last looked."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@pytest.mark.slow
@pytest.mark.django_db
def test_the_corpus_loads_twice_and_every_page_is_right(records, client, capsys):
    """One test, because the import is what takes the time."""
    call_command("import_articles", FILE, no_renditions=True)
    assert f"{ARTICLES} imported, 0 updated, 0 unchanged, 0 kept, 0 refused; {PICTURES} new" in capsys.readouterr().out
    counts = count_rows()
    assert counts[:3] == (ARTICLES, PICTURES, USES)
    call_command("import_articles", FILE, no_renditions=True)
    assert f"0 imported, 0 updated, {ARTICLES} unchanged, 0 kept, 0 refused; 0 new" in capsys.readouterr().out
    assert count_rows() == counts
    assert not MenuItem.objects.exists()

    plan_for_what_is_there()
    # Pages name pictures without a look at the disk, so they need not be made for this.
    Photo.objects.update(rendered_at=timezone.now())
    assert list(wrong_pages(records, client)) == []
    assert list(broken_lists(client)) == []


def count_rows():
    models = (Article, Photo, ArticlePhoto, Section, Reporter, Tag)
    return tuple(model.objects.count() for model in models)


def wrong_pages(records, client):
    """(id, what is wrong) of each record whose page does not show what it says."""
    alts = alts_of(records)
    stories = {story.external_id: story for story in Article.objects.all()}
    for record in records:
        response = client.get(stories[record["id"]].get_absolute_url())
        try:
            assert response.status_code == 200
            check_page(response.content.decode(), record, alts)
        except AssertionError as error:
            yield record["id"], str(error)[:2000]


def broken_lists(client):
    """(address, status) of each page of a section, reporter or topic that does not open."""
    for model in (Section, Reporter, Tag):
        for row in model.objects.all():
            response = client.get(row.get_absolute_url())
            if response.status_code != 200:
                yield row.get_absolute_url(), response.status_code
