"""Placing stories: the only way in which placements begin and end."""

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone
from django.utils.translation import gettext

from .models import Placement, StoryList


def clock():
    """The database's clock now, which moves on inside a transaction. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def _lock(story_list):
    return StoryList.objects.select_for_update().get(pk=story_list.pk)


@transaction.atomic
def place(story_list, position, article, *, starts=None, ends=None, by=None, **words):
    """Puts a story at a position of a list, from now or from `starts`; returns the Placement.

    What stands there without an end is ended at that moment. Raises ValidationError if the position does
    not exist or somebody has booked the period.
    """
    story_list = _lock(story_list)
    if not 1 <= position <= story_list.size:
        raise ValidationError(
            gettext("%(list)s has the positions 1 to %(size)s.") % {"list": story_list.title, "size": story_list.size}
        )
    starts = starts or clock()
    if ends and ends <= starts:
        raise ValidationError(gettext("A placement must end after it begins."))
    standing = Placement.objects.filter(
        story_list=story_list, position=position, cancelled_at=None, period__contains=starts
    ).first()
    if standing and standing.period.upper is None:
        _end(standing, starts)
    period = DateTimeTZRange(starts, ends)
    rival = Placement.objects.filter(
        story_list=story_list, position=position, cancelled_at=None, period__overlap=period
    ).first()
    if rival:
        begins = timezone.localtime(rival.period.lower)
        raise ValidationError(
            gettext("Position %(number)s is booked from %(begins)s: choose another.")
            % {"number": position, "begins": f"{begins:%Y-%m-%d %H:%M}"}
        )
    return Placement.objects.create(
        story_list=story_list, position=position, article=article, period=period, placed_by=by, **words
    )


@transaction.atomic
def end(placement, at=None):
    """Ends a placement that stands, or cancels one that has not begun."""
    _lock(placement.story_list)
    placement.refresh_from_db()
    _end(placement, at or clock())
    return placement


def _end(placement, at):
    if placement.period.lower >= at:
        # To the thousandth of a second, as a dump keeps it: it is part of the natural key.
        placement.cancelled_at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    elif placement.period.upper is None or placement.period.upper > at:
        placement.period = DateTimeTZRange(placement.period.lower, at)
    placement.save(update_fields=["period", "cancelled_at"])
