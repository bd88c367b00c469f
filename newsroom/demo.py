"""The demo paper: fixtures in newsroom/fixtures/demo, with their pictures and films, dated so that it is today's."""

import json
import os
from datetime import datetime
from pathlib import Path

from django.contrib.auth import get_user_model
from django.contrib.postgres.fields import DateTimeRangeField
from django.core import serializers
from django.core.files import File
from django.core.management import call_command
from django.db import connection, models, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from articles import publishing
from articles.models import Article, ArticleVersion, Video
from newsletters.models import Issue
from photos.models import Photo, new_token
from rankings.models import ReadCount
from subscriptions.models import Order

FOLDER = Path(__file__).parent / "fixtures" / "demo"
# The moment at which the demo's articles were "now"; loading moves every date by what has passed since.
WRITTEN_AT = datetime.fromisoformat("2026-11-25T09:00:00+09:00")
# In the order of their dependencies. The first three are fixtures of their own, good for any paper.
FIXTURES = (
    *("menu", "lists", "crawlers", "ads", "masthead", "pages", "photos", "people", "articles", "archive"),
    *("placements", "reads", "newsletters", "subscriptions"),
)
# When a row was made is the moment of loading already.
NOT_MOVED = ("created_at", "changed_at")
ACCOUNT, PASSWORD, EMAIL = "editor", "editor", "editor@hangangtimes.example"


@transaction.atomic
def load(now=None):
    """Loads the demo into an empty paper; returns the number of articles. Pictures are made afterwards."""
    now = timezone.localtime(now).replace(second=0, microsecond=0)
    call_command("loaddata", *FIXTURES[:3], verbosity=0)
    later = []
    for name in FIXTURES[3:]:
        with (FOLDER / f"{name}.json").open("rb") as stream:
            for row in serializers.deserialize("json", stream, handle_forward_references=True):
                _prepare(row.object, now)
                row.save()
                if row.deferred_fields:
                    later.append(row)
    for row in later:
        row.save_deferred_fields()
    earlier = json.loads((FOLDER / "earlier.json").read_text())
    for article in Article.objects.published():
        publishing.refresh_texts(article)
        _record_versions(article, earlier.get(article.slug, ()))
    with connection.cursor() as cursor:
        # Until the database comes by itself, it takes the tables for empty and plans accordingly.
        cursor.execute("ANALYZE")
    return Article.objects.count()


def _record_versions(article, earlier):
    """The versions that readers have seen: where a note tells of a change, one with the words before and one since.

    `earlier` are pairs of words as they stand and as they stood.
    """
    published = {"kind": ArticleVersion.Kind.PUBLISHED, "public_from": article.publish_at}
    note = article.corrections.first() if earlier else None
    if note is None:
        publishing.record_version(article, **published)
        return
    content = publishing.content_of(article)
    for now, before in earlier:
        content |= {name: content[name].replace(now, before) for name in ("headline", "deck", "body")}
    article.versions.create(number=1, content=content, **published)
    publishing.record_version(article, kind=note.kind, note=note.text, public_from=note.published_at)


def _years_before(day, years):
    """The same day of an earlier year; February 28 for a 29th that the year has not."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def moved(moment, now):
    """The moment, as far from `now` as it is from WRITTEN_AT.

    What was written a year ago or earlier keeps its hour and its distance from this day of its year: an
    anniversary stays one on whatever day the demo is loaded.
    """
    years = WRITTEN_AT.year - timezone.localtime(moment).year
    if not years:
        return moment + (now - WRITTEN_AT)
    local = timezone.localtime(moment)
    distance = local.date() - _years_before(WRITTEN_AT.date(), years)
    day = _years_before(now.date(), years) + distance
    return datetime.combine(day, local.time(), local.tzinfo)


def _prepare(row, now):
    """Moves a row's dates and brings its file into the storage."""
    for field in row._meta.concrete_fields:
        if isinstance(field, DateTimeRangeField):
            period = getattr(row, field.attname)
            ends = moved(period.upper, now) if period.upper else None
            setattr(row, field.attname, DateTimeTZRange(moved(period.lower, now), ends))
        elif isinstance(field, models.DateTimeField) and field.name not in NOT_MOVED and getattr(row, field.attname):
            setattr(row, field.attname, moved(getattr(row, field.attname), now))
    if isinstance(row, Article) and row.publish_at:
        row.address_date = timezone.localtime(row.publish_at).date()
    if isinstance(row, Issue):
        row.day = timezone.localdate(row.send_at)
    if isinstance(row, Order):
        days = timezone.localdate(now) - timezone.localdate(WRITTEN_AT)
        row.starts_on, row.runs_until = row.starts_on + days, row.runs_until and row.runs_until + days
    if isinstance(row, ReadCount):
        row.hour = row.hour.replace(minute=0)
    if isinstance(row, Photo):
        row.token = new_token()
        _store(row.file, "pictures", row.original_name)
    if isinstance(row, Video):
        row.token = new_token()
        for file in (row.file, row.captions):
            if file:
                _store(file, "films", file.name)


def _store(file, folder, name):
    with (FOLDER / folder / name).open("rb") as stream:
        file.save(name, File(stream), save=False)


def account(first=False):
    """The demo's account as (name, password), or None where it does not exist or must not.

    It is made when the demo is loaded (`first`). On an address that others can reach (NEWSROOM_PUBLIC=1)
    everybody would know the password, so there it is switched off; back on the own machine it works again.
    """
    User = get_user_model()
    public = os.environ.get("NEWSROOM_PUBLIC") == "1"
    if first and not User.objects.filter(username=ACCOUNT).exists():
        User.objects.create_superuser(ACCOUNT, EMAIL, PASSWORD)
    user = User.objects.filter(username=ACCOUNT, email=EMAIL).first()
    # With a password of its own it is no longer the demo's.
    if user is None or not user.check_password(PASSWORD):
        return None
    User.objects.filter(pk=user.pk).update(is_active=not public)
    return None if public else (ACCOUNT, PASSWORD)
