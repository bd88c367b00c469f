"""Ranking: computed entries from reads and time, and lists filled from placements first."""

from datetime import timedelta
from math import log

from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models.expressions import RawSQL
from django.utils import timezone

from articles.models import Article

from .models import RankedStory, StoryList

# Repeats are dropped and stories withdrawn between two computations, so a little more than fits is kept.
SPARE = 10
# So many of the stories that are read most are looked through for those of a list.
MOST = 1_000


def fill(size, *sources):
    """The first `size` different items of the sources, in order. Items that are None are skipped."""
    chosen = {}
    for source in sources:
        for item in source:
            if len(chosen) == size:
                return list(chosen)
            if item is not None:
                chosen.setdefault(item)
    return list(chosen)


def candidates(story_list, at):
    """The articles that a list may show: public, of its section and format."""
    stories = Article.objects.published(at)
    if story_list.section_id:
        stories = stories.in_section(story_list.section)
    return stories.filter(format=story_list.format) if story_list.format else stories


def rule_of(story_list):
    """(window in hours, half-life in hours) of a list."""
    return story_list.window_hours, story_list.half_life_hours


def most_read(rules, at, stories=None):
    """{rule: [(article id, score, reads)]} of what is read most, best first; of `stories` only where given.

    A rule is (window in hours, half-life in hours). The score is the sum over hours of reads × 0.5 ^ (age in hours ÷
    half-life), over the window. Two queries, which read the counts of the longest window once; MOST for each rule.
    """
    rules = list(rules)
    if not rules:
        return {}
    weight = "CASE WHEN hour > %s THEN exp(%s * extract(epoch FROM %s - hour)::float8 / 3600) END"
    weights, parameters = [], []
    for number, (window, half_life) in enumerate(rules):
        weights.append(f"{weight} AS w{number}")
        parameters += [at - timedelta(hours=window), -log(2) / half_life, at]
    numbers = range(len(rules))
    # Lists with the same window have the same number of reads.
    first = [next(m for m in numbers if rules[m][0] == rules[n][0]) for n in numbers]
    sums = [f"sum(reads * w{n}) AS s{n}" for n in numbers]
    sums += [f"sum(reads) FILTER (WHERE w{n} IS NOT NULL) AS t{n}" for n in dict.fromkeys(first)]
    best = (
        f"(SELECT {n}, article_id, s{n}, t{first[n]} FROM sums WHERE s{n} IS NOT NULL "
        f"ORDER BY 3 DESC, 2 DESC LIMIT {MOST})"
        for n in numbers
    )
    start = at - timedelta(hours=max(window for window, _ in rules))
    only, of_stories = ("TRUE", ()) if stories is None else _article_in(stories)
    # The decay is computed for each hour, not for each count.
    sql = f"""
        WITH hours AS MATERIALIZED (
            SELECT hour, {", ".join(weights)}
            FROM generate_series(date_trunc('hour', %s), %s, interval '-1 hour') hour
        ), sums AS MATERIALIZED (
            SELECT article_id, {", ".join(sums)} FROM rankings_readcount JOIN hours USING (hour)
            WHERE hour > %s AND hour <= %s AND {only} GROUP BY article_id
        )
        {" UNION ALL ".join(best)}
    """
    found = {rule: [] for rule in rules}
    with transaction.atomic(), connection.cursor() as cursor:
        # The sums of a hundred thousand stories fit in memory.
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute(sql, [*parameters, at, start, start, at, *of_stories])
        for number, *row in cursor:
            found[rules[number]].append(tuple(row))
    return {rule: sorted(rows, key=lambda row: (-row[1], -row[0])) for rule, rows in found.items()}


def _article_in(stories):
    try:
        sql, parameters = stories.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return "FALSE", ()
    return f"article_id IN ({sql})", parameters


def most_read_of(story_list, at, everything):
    """(article id, score, reads) of the list's stories, best first, from what is read most of all. One query, or two.

    Only where too few of `everything` (what `most_read` gave for its window) belong to the list are its own counted.
    """
    stories = candidates(story_list, at)
    if story_list.max_age_hours:
        stories = stories.filter(publish_at__gt=at - timedelta(hours=story_list.max_age_hours))
    wanted = story_list.size + SPARE
    own = set(stories.filter(pk__in=[pk for pk, _, _ in everything]).values_list("pk", flat=True))
    found = [row for row in everything if row[0] in own]
    if len(found) < wanted and len(everything) == MOST:
        rule = rule_of(story_list)
        found = most_read([rule], at, stories)[rule]
    return found[:wanted]


def newest(story_list, at):
    """Ids of the list's newest stories. One query."""
    stories = candidates(story_list, at)
    return list(stories.latest_first().values_list("pk", flat=True)[: story_list.size + SPARE])


@transaction.atomic
def refresh(story_list, at=None, everything=None):
    """Computes one list; returns how many of its positions changed. `everything` is what `most_read` gave, if known.

    Entries whose story stays at its position are left alone; others end now and a new one begins. Eight queries.
    """
    story_list = StoryList.objects.select_for_update().get(pk=story_list.pk)
    at = at or timezone.now()
    scores, latest = {}, []
    # What is newest is looked for when the list is shown: nothing to compute.
    if story_list.fill == StoryList.Fill.READ:
        if everything is None:
            everything = most_read([rule_of(story_list)], at)[rule_of(story_list)]
        scores = {pk: (score, total) for pk, score, total in most_read_of(story_list, at, everything)}
        latest = newest(story_list, at)
    order = fill(story_list.size + SPARE, scores, latest)
    standing = {row.position: row for row in RankedStory.objects.filter(story_list=story_list).in_force(at)}
    ended, begun = [], []
    for position in range(1, max(len(order), *standing, 0) + 1) if order or standing else ():
        article = order[position - 1] if position <= len(order) else None
        row = standing.get(position)
        if row and row.article_id == article:
            continue
        ended += [row] if row else []
        begun += [_entry(story_list, position, article, at, scores)] if article else []
    end(ended, at)
    RankedStory.objects.bulk_create(begun)
    StoryList.objects.filter(pk=story_list.pk).update(computed_at=at)
    return len({row.position for row in (*ended, *begun)})


def _entry(story_list, position, article, at, scores):
    score, total = scores.get(article, (0, 0))
    breakdown = {
        "reads": total,
        "score": round(score, 3),
        "window_hours": story_list.window_hours,
        "half_life_hours": story_list.half_life_hours,
        "max_age_hours": story_list.max_age_hours,
        "because": "read" if article in scores else "newest",
    }
    return RankedStory(
        story_list=story_list,
        position=position,
        article_id=article,
        period=DateTimeTZRange(at, None),
        score=score,
        breakdown=breakdown,
    )


def end(rows, at):
    """Ends computed entries; those that began at this very moment never stood and go. Two queries at most."""
    never = [row.pk for row in rows if row.period.lower >= at]
    stood = [row.pk for row in rows if row.period.lower < at]
    if never:
        RankedStory.objects.filter(pk__in=never).delete()
    if stood:
        until = RawSQL("tstzrange(lower(period), %s)", [at])
        RankedStory.objects.filter(pk__in=stood).update(period=until)


def refresh_all(at=None):
    """Computes every list; returns {slug: changed positions}. What is read most is counted once."""
    at = at or timezone.now()
    lists = list(StoryList.objects.select_related("section"))
    read = most_read({rule_of(each) for each in lists if each.fill == StoryList.Fill.READ}, at)
    return {each.slug: refresh(each, at, read.get(rule_of(each))) for each in lists}


def refresh_due(at=None):
    """Computes every list if the last time is RANKING_SECONDS ago; returns whether it did.

    Any number of processes may call it at once: one does the work, the others go on. Two queries if nothing is due.
    """
    at = at or timezone.now()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('rankings.refresh'))")
        if not cursor.fetchone()[0]:
            return False
        since = at - timedelta(seconds=settings.RANKING_SECONDS)
        if not settings.RANKING_SECONDS or StoryList.objects.filter(computed_at__gt=since).exists():
            return False
        refresh_all(at)
    return True
