"""An archive of any size for measurements: stories of 700 words, with topics, bylines, photos and reads.

    python -m benchmarks.seed 10000 [DATABASE]

The rows are made by the database itself from a few thousand paragraphs, without triggers, and indexed afterwards; the
search index is part of the time that is printed.
"""

import os
import random
import sys
import time
from multiprocessing.pool import ThreadPool

import django
from psycopg2.extras import execute_values

WORDS = 700
PARAGRAPHS, PER_STORY = 4_096, 10
TAGS, REPORTERS, PHOTOS = 400, 60, 500
AT_ONCE = 5_000
SYLLABLES = [consonant + vowel for consonant in "bdghjklmnprstv" for vowel in "aeiou"]


def vocabulary(rng, count=12_000):
    """Made-up words, no two alike."""
    found = {}
    while len(found) < count:
        found.setdefault("".join(rng.choices(SYLLABLES, k=rng.randint(1, 4))))
    return list(found)


def paragraphs():
    """Paragraphs of about 70 words; some words are everywhere and most are rare, as in any language."""
    rng = random.Random(1961)
    words = vocabulary(rng)
    weights = [1 / (rank + 10) for rank in range(len(words))]
    for _ in range(PARAGRAPHS):
        chosen = rng.choices(words, weights, k=WORDS // PER_STORY)
        yield f"<p>{' '.join(chosen).capitalize()}.</p>"


def connect(name):
    """Makes Django use a database of this name on the server of the settings; creates it where it is missing."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
    os.environ.setdefault("NEWSROOM_ENV", "local")
    django.setup()
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if not cursor.fetchone():
            cursor.execute(f'CREATE DATABASE "{name}"')
    connection.close()
    connection.settings_dict["NAME"] = name
    return connection


def seed(name, count):
    """Fills the database with so many stories unless it has them; returns the seconds that it took."""
    connection = connect(name)
    from django.core.management import call_command
    from django.db import transaction

    from articles.models import Article, Reporter, Tag
    from rankings.filling import refresh_all
    from sections.models import Section

    call_command("migrate", verbosity=0)
    if found := Article.objects.count():
        if found < count:
            raise SystemExit(f"{name} holds a part of an archive: drop that database and begin again.")
        return 0
    call_command("loaddata", "menu", "lists", "demo/masthead", verbosity=0)
    began = time.perf_counter()
    sections = list(Section.objects.values_list("pk", flat=True))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE UNLOGGED TABLE pool (number int PRIMARY KEY, text text)")
        execute_values(cursor, "INSERT INTO pool VALUES %s", enumerate(paragraphs()))
        indexes = _drop_indexes(cursor, "articles_article")
        Tag.objects.bulk_create(Tag(name=f"Topic {n}", slug=f"topic-{n}") for n in range(1, TAGS + 1))
        Reporter.objects.bulk_create(
            Reporter(name=f"Reporter {n}", slug=f"reporter-{n}") for n in range(1, REPORTERS + 1)
        )
        _photos()
    # The search index of the texts is most of the work, and one connection of the database uses one core.
    with ThreadPool(os.cpu_count()) as workers:
        for start in workers.imap(lambda start: _stories(start, count, sections), range(0, count, AT_ONCE)):
            print(f"{min(start + AT_ONCE, count):,} stories", flush=True)
        workers.map(_index, indexes)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        _parts(cursor)
        cursor.execute("DROP TABLE pool")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    refresh_all()
    return time.perf_counter() - began


def _drop_indexes(cursor, table):
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexname NOT IN "
        "(SELECT conname FROM pg_constraint)",
        [table],
    )
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f'DROP INDEX "{name}"')
    return [statement for _, statement in found]


def _index(statement):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute(statement)


def _photos():
    from photos.models import Photo

    for number in range(PHOTOS):
        Photo.objects.create(
            **{"file": "originals/none.jpg", "sha256": f"{number:064x}", "width": 1600, "height": 1067},
            **{"alt_text": f"Scene {number}.", "caption": f"Scene {number}.", "credit": "Bench", "avif": True},
            rendered_at="2026-01-01T00:00:00Z",
        )


def _stories(start, count, sections):
    """AT_ONCE stories from a number on, story 0 the newest, over the years that such an archive takes."""
    from django.db import connection, transaction

    from articles.models import Article

    days = max(30, count / 60)
    fixed = {
        **{"status": "ready", "format": "story", "lang": "en", "date_precision": "minute", "access": "free"},
        **{"deck": "What it is about, in a sentence that a card has room for.", "edit_version": 1},
    }
    columns, values = [], []
    for field in Article._meta.concrete_fields:
        if field.primary_key or field.generated or field.column in ("search_vector",):
            continue
        given = {
            "guid": "gen_random_uuid()",
            "headline": "'Story ' || n || ' about ' || substr(first.text, 4, 40)",
            "slug": "'story-' || n",
            "body": "texts.body",
            "publish_at": "moment.at",
            "address_date": "(moment.at AT TIME ZONE 'Asia/Seoul')::date",
            "section_id": "(%(sections)s::bigint[])[1 + n %% array_length(%(sections)s::bigint[], 1)]",
            "tag_text": "'Topic ' || 1 + n %% 400",
            "byline_text": "'Reporter ' || 1 + n %% 60",
            "created_at": "moment.at",
            "changed_at": "moment.at",
        }.get(field.column)
        if given is None:
            if field.null:
                continue
            default = fixed.get(field.column, field.get_default())
            given = "'{}'" if isinstance(default, (list, dict)) and not default else _literal(default)
        columns.append(f'"{field.column}"')
        values.append(given)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            f"""
        INSERT INTO articles_article ({", ".join(columns)})
        SELECT {", ".join(values)} FROM generate_series(%(start)s, %(end)s - 1) n
        JOIN pool first ON first.number = abs(hashint4(n::int)) %% %(pool)s,
        LATERAL (SELECT now() - interval '1 minute' - n * (%(days)s / %(count)s) * interval '1 day' AS at) moment,
        LATERAL (
            SELECT string_agg(text, '') AS body FROM generate_series(1, {PER_STORY}) k
            JOIN pool ON pool.number = abs(hashint4((n * 16 + k)::int)) %% %(pool)s
        ) texts
        """,
            {
                "start": start,
                "end": min(start + AT_ONCE, count),
                "pool": PARAGRAPHS,
                "days": days,
                "count": count,
                "sections": sections,
            },
        )
    return start


def _literal(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return (
        str(value) if isinstance(value, (int, float)) else "'" + str(value).replace("'", "''").replace("%", "%%") + "'"
    )


def _parts(cursor):
    """Topics, a byline and a lead photo for every story; ten counts for each, of thirty days, most of the newest."""
    cursor.execute(
        """
        INSERT INTO articles_articletag (content_object_id, publish_at, tag_id)
        SELECT a.id, a.publish_at, tags.ids[1 + (a.id * (k + 1) + k) % array_length(tags.ids, 1)]
        FROM articles_article a, generate_series(0, 2) k, (SELECT array_agg(id) AS ids FROM articles_tag) tags
        ON CONFLICT DO NOTHING
        """
    )
    cursor.execute(
        """
        INSERT INTO articles_byline (article_id, publish_at, reporter_id, role, position)
        SELECT a.id, a.publish_at, people.ids[1 + a.id % array_length(people.ids, 1)], '', 0
        FROM articles_article a, (SELECT array_agg(id) AS ids FROM articles_reporter) people
        """
    )
    cursor.execute(
        """
        INSERT INTO articles_articlephoto (
            article_id, photo_id, placement, position, caption, credit, alt_text, decorative)
        SELECT a.id, pictures.ids[1 + a.id % array_length(pictures.ids, 1)], 'lead', 0, '', '', '', false
        FROM articles_article a, (SELECT array_agg(id) AS ids FROM photos_photo) pictures
        """
    )
    # Hour by hour, as they come in.
    cursor.execute(
        """
        INSERT INTO rankings_readcount (article_id, hour, reads)
        SELECT a.id, date_trunc('hour', now()) - h * interval '1 hour', 1 + 2000 / (1 + chosen.rank)
        FROM (SELECT count(*) AS all, count(*) / 72 AS hourly FROM articles_article) stories,
        generate_series(0, 719) h, generate_series(0, stories.hourly - 1) i,
        LATERAL (SELECT floor(stories.all * power(i::float / stories.hourly, 3))::bigint + h % 7 AS rank) chosen
        JOIN (SELECT id, row_number() OVER (ORDER BY publish_at DESC) - 1 AS rank FROM articles_article) a
        ON a.rank = chosen.rank
        ORDER BY h DESC
        ON CONFLICT DO NOTHING
        """
    )


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    database = sys.argv[2] if len(sys.argv) > 2 else f"newsroom_bench_{wanted}"
    seconds = seed(database, wanted)
    print(f"{database}: {wanted:,} stories in {seconds:.1f} s")
