"""The calendar of the archive. A story belongs to the day on which it was published in Seoul (`address_date`)."""

import calendar
from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta

from django.db import connection
from django.db.models import Count

from .models import Article

# Weeks begin on Sunday, as calendars in Korea do.
WEEKS = calendar.Calendar(firstweekday=6)


@dataclass
class Month:
    """A month as a calendar shows it: `weeks` of seven (date or None outside the month, number of stories)."""

    first: date
    weeks: list
    count: int


def day_of(year, month=1, day=1):
    """The date of an address, None where there is no such day, or no year of four digits before and after it."""
    try:
        return date(int(year), int(month), int(day)) if 1_000 < int(year) < MAXYEAR else None
    except ValueError:
        return None


def month_after(first):
    """The first day of the month that follows."""
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def month_of(first, counts):
    """The Month that begins on this day, with these {date: number of stories}."""
    weeks = [
        [(day if day.month == first.month else None, counts.get(day, 0)) for day in week]
        for week in WEEKS.monthdatescalendar(first.year, first.month)
    ]
    inside = [count for week in weeks for day, count in week if day]
    return Month(first, weeks, sum(inside))


def counts_by_day(start, end):
    """{date: number of public stories} of the days from `start` to before `end`. One query over those days' stories."""
    found = Article.objects.published().filter(address_date__gte=start, address_date__lt=end)
    return dict(found.order_by().values_list("address_date").annotate(Count("pk")))


def months():
    """First days of all months that have public stories, newest first.

    One query that steps from month to month in the index of addresses: it costs as much as there are months,
    not as there are stories.
    """
    public = Article.objects.published().filter(address_date__isnull=False).order_by().values("address_date")
    sql, parameters = public.query.sql_with_params()
    # A recursive query, which the ORM has no words for.
    step = "SELECT max(address_date) AS day FROM public"
    query = f"""
        WITH RECURSIVE public AS NOT MATERIALIZED ({sql}), months AS (
            ({step})
            UNION ALL
            SELECT ({step} WHERE address_date < date_trunc('month', months.day)::date) FROM months
            WHERE months.day IS NOT NULL
        )
        SELECT date_trunc('month', day)::date FROM months WHERE day IS NOT NULL
    """
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return [day for (day,) in cursor.fetchall()]


def neighbours(start, end):
    """The nearest days with public stories before `start` and from `end` on, None where there are none. One query."""
    public = Article.objects.published()
    earlier = public.filter(address_date__lt=start).order_by("-address_date").values_list("address_date")[:1]
    later = public.filter(address_date__gte=end).order_by("address_date").values_list("address_date")[:1]
    near = [day for (day,) in earlier.union(later).order_by()]
    return next((day for day in near if day < start), None), next((day for day in near if day >= end), None)


ONE_DAY = timedelta(days=1)
