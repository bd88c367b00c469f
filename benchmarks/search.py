"""The search over 200,000 stories: the corpus of real articles, repeated.

    DATABASE_URL=postgresql://user@host/empty_database python -m benchmarks.search [CORPUS_FOLDER]

Fills the database once (about 15 minutes) and can be run again on it. Prints for each question the median and the
slowest of ten calls of the whole page in milliseconds, and the median as a multiple of the front page's.
"""

import os
import statistics
import sys
import time
from pathlib import Path

import django

WANTED = 200_000
RUNS = 10
QUESTIONS = {
    "rare word": "q=stratigraphy",
    "common word": "q=people",
    "very common words": "q=new+government+year",
    "phrase": "q=%22climate+change%22",
    "minus": "q=climate+-change",
    "either": "q=election+or+volcano",
    "Korean, one syllable": "q=%EA%B0%95",
    "Korean, two syllables": "q=%EC%84%9C%EC%9A%B8",
    "Korean, four syllables": "q=%EC%84%9C%EC%9A%B8%EC%8B%9C%EC%9E%A5",
    "mixed": "q=Samsung+%EC%84%9C%EC%9A%B8",
    "misspelt": "q=enviromental+goverment",
    "nothing at all": "q=zzqxj",
    "in a section": "q=people&section=world",
    "of a year": "q=people&from=2019-01-01&to=2019-12-31",
    "by date": "q=people&sort=date",
    "filters alone": "section=world&format=story",
}


def fill(folder):
    """Imports the corpus into an empty database and repeats it there, dates spread over twenty years."""
    from django.core.management import call_command
    from django.db import connection

    from articles.models import Article

    call_command("migrate", verbosity=0)
    if Article.objects.count() >= WANTED:
        return
    if Article.objects.exists():
        sys.exit("This database holds other stories: name an empty one in DATABASE_URL.")
    call_command("loaddata", "menu", "lists", verbosity=0)
    call_command("import_articles", Path(folder) / "articles.jsonl", no_renditions=True, verbosity=0)
    copies = -(-WANTED // Article.objects.count()) - 1
    own = {
        "id",
        "guid",
        "headline",
        "slug",
        "publish_at",
        "address_date",
        "external_id",
        "withdrawn_at",
        "search_vector",
    }
    same = ", ".join(field.column for field in Article._meta.concrete_fields if field.column not in own)
    print(f"Repeating the corpus {copies} times ...", flush=True)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO articles_article (
                guid, headline, slug, publish_at, address_date, external_id, {same})
            SELECT gen_random_uuid(), headline || ' ' || n, left(slug, 100) || '-' || id || '-' || n, at,
                (at AT TIME ZONE 'Asia/Seoul')::date, id || '-' || n, {same}
            FROM articles_article, generate_series(1, {copies}) n,
                LATERAL (SELECT now() - (n * 7300.0 / {copies} + id % 19) * interval '1 day' AS at) moment
            WHERE status = 'ready'"""
        )
        for table, column, rest in (
            ("articles_byline", "article_id", "reporter_id, role, position"),
            ("articles_articletag", "content_object_id", "tag_id"),
        ):
            cursor.execute(
                f"""
                INSERT INTO {table} ({column}, {rest})
                SELECT copy.id, {rest} FROM {table} JOIN articles_article copy
                ON split_part(copy.external_id, '-', 1) = {column}::text AND copy.external_id ~ '^[0-9]+-[0-9]+$'"""
            )
        cursor.execute("ANALYZE")
        cursor.execute("VACUUM articles_article")


def measure(client, address):
    """(median, slowest) seconds of a page, and its number of queries."""
    from django.db import connection

    queries = []

    def count(execute, *arguments):
        queries.append(arguments[0])
        return execute(*arguments)

    with connection.execute_wrapper(count):
        assert client.get(address).status_code == 200, address
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        client.get(address)
        times.append(time.perf_counter() - start)
    return statistics.median(times), max(times), len(queries)


def main(folder):
    """Fills the database where that is needed, measures, and prints."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
    os.environ.setdefault("NEWSROOM_ENV", "test")
    django.setup()
    from bs4 import BeautifulSoup
    from django.test import Client

    fill(folder)
    client = Client()
    base, _, _ = measure(client, "/")
    print(f"{'front page':24} {base * 1000:7.0f} ms")
    addresses = {name: f"/search/?{query}" for name, query in QUESTIONS.items()}
    address = addresses["common word"]
    for page in range(2, 51):
        link = BeautifulSoup(client.get(address).text, "html.parser").select_one(".pagination a[rel=next]")
        address = f"/search/{link['href']}"
        if page in (2, 50):
            addresses[f"page {page}"] = address
    for name, address in addresses.items():
        median, slowest, queries = measure(client, address)
        print(
            f"{name:24} {median * 1000:7.0f} ms  slowest {slowest * 1000:5.0f}  {median / base:5.1f} x the front page"
            f"  {queries} queries",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[2] / "shared" / "corpus")
