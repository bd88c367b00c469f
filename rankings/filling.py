"""Ranking: computed entries from reads and time, and lists filled from placements first."""

from datetime import timedelta
from math import log

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import FloatField, Sum
from django.db.models.expressions import RawSQL
from django.utils import timezone

from articles.models import Article

from .models import RankedStory, ReadCount, StoryList

# Repeats are dropped and stories withdrawn between two computations, so a little more than fits is kept.
SPARE = 10


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


def most_read(story_list, at):
    """(article id, score, reads) of the list's stories, best first.

    The score is the sum over hours of reads × 0.5 ^ (age in hours ÷ half-life), over the list's window. One query.
    """
    stories = candidates(story_list, at)
    if story_list.max_age_hours:
        stories = stories.filter(publish_at__gt=at - timedelta(hours=story_list.max_age_hours))
    # Exponential decay in SQL: the ORM has no exponent of an age.
    decay = RawSQL(
        "reads * exp(%s * extract(epoch FROM %s - hour) / 3600)",
        [-log(2) / story_list.half_life_hours, at],
        output_field=FloatField(),
    )
    return list(
        ReadCount.objects.filter(
            hour__gt=at - timedelta(hours=story_list.window_hours), hour__lte=at, article__in=stories.order_by()
        )
        .values("article")
        .annotate(score=Sum(decay), total=Sum("reads"))
        .order_by("-score", "-article")
        .values_list("article", "score", "total")[: story_list.size + SPARE]
    )


def newest(story_list, at):
    """Ids of the list's newest stories. One query."""
    stories = candidates(story_list, at)
    return list(stories.latest_first().values_list("pk", flat=True)[: story_list.size + SPARE])


@transaction.atomic
def refresh(story_list, at=None):
    """Computes one list; returns how many of its positions changed.

    Entries whose story stays at its position are left alone; others end now and a new one begins.
    """
    story_list = StoryList.objects.select_for_update().get(pk=story_list.pk)
    at = at or timezone.now()
    read = most_read(story_list, at) if story_list.fill == StoryList.Fill.READ else []
    scores = {pk: (score, total) for pk, score, total in read}
    # What is newest is looked for when the list is shown: nothing to compute.
    latest = newest(story_list, at) if story_list.fill == StoryList.Fill.READ else []
    order = fill(story_list.size + SPARE, scores, latest)
    standing = {row.position: row for row in RankedStory.objects.filter(story_list=story_list).in_force(at)}
    changed = 0
    for position in range(1, max(len(order), *standing, 0) + 1) if order or standing else ():
        article = order[position - 1] if position <= len(order) else None
        row = standing.get(position)
        if row and row.article_id == article:
            continue
        changed += 1
        if row:
            end(row, at)
        if article:
            score, total = scores.get(article, (0, 0))
            breakdown = {
                "reads": total,
                "score": round(score, 3),
                "window_hours": story_list.window_hours,
                "half_life_hours": story_list.half_life_hours,
                "max_age_hours": story_list.max_age_hours,
                "because": "read" if article in scores else "newest",
            }
            RankedStory.objects.create(
                story_list=story_list,
                position=position,
                article_id=article,
                period=DateTimeTZRange(at, None),
                score=score,
                breakdown=breakdown,
            )
    StoryList.objects.filter(pk=story_list.pk).update(computed_at=at)
    return changed


def end(row, at):
    """Ends a computed entry; one that began at this very moment never stood and goes."""
    if row.period.lower >= at:
        row.delete()
    else:
        RankedStory.objects.filter(pk=row.pk).update(period=DateTimeTZRange(row.period.lower, at))


def refresh_all(at=None):
    """Computes every list; returns {slug: changed positions}."""
    return {story_list.slug: refresh(story_list, at) for story_list in StoryList.objects.select_related("section")}


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
