"""Placing stories: the only way in which placements begin and end.

Several changes of a front are one act: all of them or none, at one moment, and taken back together.
"""

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from articles.querysets import NOT_ON_CARDS

from .models import Placement, StoryList

# What a placement says besides who stands where.
WORDS = ("fallback", "working_title", "headline", "deck", "photo", "reason")


# How far back a front's changes are compared, and can be taken back.
LATELY = timedelta(hours=12)


def clock():
    """The database's clock now, which moves on inside a transaction. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def _lock(story_list):
    return StoryList.objects.select_for_update().get(pk=story_list.pk)


@transaction.atomic
def place(story_list, position, article, *, starts=None, ends=None, by=None, act=None, **words):
    """Puts a story at a position of a list, from now or from `starts`; returns the Placement.

    What stands there now, or was to stand there without an end, ends at that moment. Raises ValidationError if the
    position does not exist, somebody has booked the period, or the picture must not be shown then. `act` is the act of
    several changes that this one belongs to.
    """
    story_list = _lock(story_list)
    if not 1 <= position <= story_list.size:
        raise ValidationError(
            gettext("%(list)s has the positions 1 to %(size)s.") % {"list": story_list.title, "size": story_list.size}
        )
    now = clock()
    starts = starts or now
    if ends and ends <= starts:
        raise ValidationError(gettext("A placement must end after it begins."))
    photo = words.get("photo")
    if photo and (reason := photo.blocked_reason(timezone.localdate(starts))):
        raise ValidationError(gettext("The picture “%(photo)s”: %(reason)s") % {"photo": photo, "reason": reason})
    standing = Placement.objects.filter(
        story_list=story_list, position=position, cancelled_at=None, period__contains=starts
    ).first()
    if standing and (standing.period.upper is None or starts <= now < standing.period.upper):
        _end(standing, starts, act)
    period = DateTimeTZRange(starts, ends)
    rival = Placement.objects.filter(
        story_list=story_list, position=position, cancelled_at=None, period__overlap=period
    ).first()
    if rival:
        begins = timezone.localtime(rival.period.lower)
        raise ValidationError(
            gettext("Position %(number)s of “%(list)s” is booked from %(begins)s for “%(story)s”: choose another.")
            % {
                "number": position,
                "list": story_list.title,
                "begins": f"{begins:%Y-%m-%d %H:%M}",
                "story": rival.headline or rival.article or rival.working_title,
            }
        )
    return Placement.objects.create(
        story_list=story_list, position=position, article=article, period=period, placed_by=by, act=act, **words
    )


@transaction.atomic
def end(placement, at=None):
    """Ends a placement that stands, or cancels one that has not begun."""
    _lock(placement.story_list)
    placement.refresh_from_db()
    _end(placement, at or clock())
    return placement


def _end(placement, at, act=None):
    placement.ended_in, placement.would_end = act, placement.period.upper
    if placement.period.lower >= at:
        # To the thousandth of a second, as a dump keeps it: it is part of the natural key.
        placement.cancelled_at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    elif placement.period.upper is None or placement.period.upper > at:
        placement.period = DateTimeTZRange(placement.period.lower, at)
    placement.save(update_fields=["period", "cancelled_at", "ended_in", "would_end"])


# ---- several changes of a front in one act


@dataclass
class Change:
    """One change of a front: a story for a place of a zone, or (`article` and `working_title` empty) its end."""

    zone: StoryList
    position: int
    article: object = None
    starts: datetime | None = None
    ends: datetime | None = None
    words: dict = field(default_factory=dict)

    @property
    def frees(self):
        """Whether the place is left to the zone's rule."""
        return self.article is None and not self.words.get("working_title")


class Overtaken(Exception):
    """Somebody else changed the front meanwhile."""


def state_of(front, *, lock=False):
    """(token, placements) of a front: what stands or is booked in its zones, and a word that is another one after
    every change of it. Two queries; with `lock` nobody else changes it before the transaction ends.
    """
    zones = StoryList.objects.filter(front=front).order_by("pk")
    ids = [zone.pk for zone in (zones.select_for_update() if lock else zones)]
    now = clock() if lock else timezone.now()
    lately = list(
        Placement.objects.filter(story_list__in=ids, cancelled_at=None)
        .filter(Q(period__upper_inf=True) | Q(period__endswith__gt=now - LATELY))
        .select_related("story_list", "placed_by", "article", "fallback")
        .defer(*(f"{of}__{name}" for of in ("article", "fallback") for name in NOT_ON_CARDS))
        .order_by("story_list", "position", "period")
    )
    # Those that ended by themselves a moment ago are looked at too: that is no change of the front.
    rows = [(p.pk, p.period.lower.isoformat(), p.period.upper and p.period.upper.isoformat()) for p in lately]
    token = hashlib.sha256(repr((ids, rows)).encode()).hexdigest()[:32]
    return token, [p for p in lately if p.period.upper is None or p.period.upper > now]


@transaction.atomic
def change_front(front, changes, token, *, by=None):
    """Makes all these Changes at one moment; returns the act, by which they are taken back together.

    Raises Overtaken if the front is not as `token` (of `state_of`) says (None: however it is, for a preview),
    ValidationError with a sentence for each change that cannot be made; then nothing is changed.
    """
    standing, _ = state_of(front, lock=True)
    if token is not None and standing != token:
        raise Overtaken
    act, at, wrong = _new_act(), clock(), []
    for change in changes:
        try:
            _make(change, at, act, by)
        except ValidationError as error:
            wrong += error.messages
    if wrong:
        raise ValidationError(wrong)
    return act


def _make(change, at, act, by):
    if not change.frees:
        place(
            *(change.zone, change.position, change.article),
            starts=max(change.starts, at) if change.starts else at,
            ends=change.ends,
            by=by,
            act=act,
            **change.words,
        )
        return
    moment = change.starts or at
    standing = Placement.objects.filter(
        story_list=change.zone, position=change.position, cancelled_at=None, period__contains=moment
    ).first()
    if standing:
        _end(standing, at, act)


def _new_act():
    # By time, so that the last one is known.
    return uuid.uuid1(node=uuid.getnode() & 0xFFFF)


def last_act(front):
    """The act in which a front was changed last, None without one in the last half day. One query."""
    recent = Q(period__upper_inf=True) | Q(period__endswith__gt=timezone.now() - LATELY)
    acts = Placement.objects.filter(recent, story_list__front=front).values_list("act", "ended_in")
    return max((act for pair in acts for act in pair if act), key=lambda act: act.time, default=None)


@transaction.atomic
def take_back(front, act, token, *, by=None):
    """Undoes an act: what it placed ends, what it ended stands there again from now on. Returns the new act.

    Raises Overtaken as `change_front`, ValidationError where the places are taken by now.
    """
    standing, _ = state_of(front, lock=True)
    if standing != token:
        raise Overtaken
    at, undoing = clock(), _new_act()
    mine = Placement.objects.filter(story_list__front=front)
    for placement in mine.filter(act=act, cancelled_at=None):
        if placement.period.upper is None or placement.period.upper > at:
            _end(placement, at, undoing)
    for ended in mine.filter(ended_in=act).select_related("story_list", "article"):
        if ended.would_end and ended.would_end <= at:
            continue
        starts = max(ended.period.lower, at) if ended.cancelled_at else at
        words = {name: getattr(ended, name) for name in WORDS}
        place(
            *(ended.story_list, ended.position, ended.article),
            starts=starts,
            ends=ended.would_end,
            by=by,
            act=undoing,
            **words,
        )
    return undoing
