"""Sending newsletters: issues become one delivery for each reader; what is due goes out at the paper's pace.

What a delivery's states mean, and why nobody is mailed twice, is in `outbox`.
"""

import logging
import time
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from mypaper.news import News

from . import digests, mails, outbox
from .models import Delivery, Issue, Pace, Subscription
from .posting import Unreachable, open_post

# Pauses after temporary refusals; then the mail is given up. A day's letter is none on the day after.
PAUSES = (
    *(timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=20), timedelta(hours=1), timedelta(hours=3)),
    timedelta(hours=8),
)
# So many issues that a mailbox refused for good, one after the other, end its letters.
REFUSALS = 2
# A letter is rendered again after so many seconds, as a story may be withdrawn meanwhile.
FRESH = 20

logger = logging.getLogger(__name__)


def start_due(at=None):
    """Queues the mails of every issue whose moment has come; returns how many issues. One query if there is none.

    In one transaction for each issue: either every reader of that moment has a row, or none.
    """
    started = 0
    for pk in Issue.objects.due(at).values_list("pk", flat=True):
        with transaction.atomic():
            issue = Issue.objects.select_for_update(skip_locked=True).due(at).filter(pk=pk).first()
            if issue is None:
                continue
            with connection.cursor() as cursor:
                # Rows from rows, however many: the ORM would carry them all through memory.
                cursor.execute(
                    """
                    INSERT INTO newsletters_delivery
                        (issue_id, subscriber_id, state, due_at, attempts, message_id, error)
                    SELECT %s, subscriber_id, 'queued', %s, 0, '', ''
                    FROM newsletters_subscription
                    WHERE newsletter_id = %s AND confirmed_at IS NOT NULL AND ended_at IS NULL
                    ORDER BY id
                    ON CONFLICT (issue_id, subscriber_id) DO NOTHING
                    """,
                    [issue.pk, timezone.now(), issue.newsletter_id],
                )
            issue.state = Issue.State.SENDING
            issue.save(update_fields=["state"])
            started += 1
    return started


def finish_done():
    """Marks issues of which no mail is open any more as sent; returns how many. One query."""
    open_mails = Delivery.objects.open().filter(issue=OuterRef("pk"))
    done = Issue.objects.filter(~Exists(open_mails), state=Issue.State.SENDING)
    return done.update(state=Issue.State.SENT, sent_at=timezone.now())


@transaction.atomic
def claim(at=None):
    """(Delivery, seconds): the next mail, marked as this program's; or None and how long to wait (None: nothing due).

    Mails that somebody asked for come first, then the oldest issue, then digests. One row paces all senders together.
    """
    now = at or timezone.now()
    queue = Delivery.objects.filter(state=Delivery.State.QUEUED, due_at__lte=now).order_by("due_at", "pk")
    asked = queue.filter(sign_up__isnull=False).select_for_update(skip_locked=True).first()
    if asked is not None:
        return _mark(asked, now), 0
    if not queue.exists():
        return None, None
    Pace.objects.get_or_create(pk=1, defaults={"next_at": now})
    pace = Pace.objects.select_for_update().get(pk=1)
    if pace.next_at > now:
        return None, (pace.next_at - now).total_seconds()
    found = _next(queue)
    if found is None:
        return None, None
    if not is_wanted(found):
        found.delete()  # its reader has ended it meanwhile
        return None, 0
    pace.next_at = max(now, pace.next_at) + timedelta(seconds=1 / settings.NEWSLETTER_RATE)
    pace.save(update_fields=["next_at"])
    return _mark(found, now), 0


def _next(queue):
    """The mail of an issue or a digest that is to go out next, locked; None where there is none."""
    issue = Issue.objects.filter(Exists(queue.filter(issue=OuterRef("pk"))), state=Issue.State.SENDING)
    issue = issue.order_by("send_at", "pk").first()
    if issue is not None:
        rows = queue.filter(issue=issue).select_related("subscriber")
    else:
        rows = queue.filter(digest__isnull=False).select_related("digest__user")
    found = rows.select_for_update(skip_locked=True, of=("self",)).first()
    if found is not None and issue is not None:
        found.issue = issue
    return found


def is_wanted(delivery):
    """Whether its reader still wants a delivery of an issue or a digest, and may be mailed to. Up to 3 queries."""
    if not Delivery.objects.of_wanted().filter(pk=delivery.pk).exists():
        return False
    return not (delivery.digest_id and digests.refused_among([delivery.address]))


def _mark(delivery, now):
    delivery.message_id = message_id_of(delivery)
    return outbox.mark(delivery, now, "message_id")


def message_id_of(delivery):
    """The id of a delivery's mail: the same at every attempt, so that servers and mail programs know it again."""
    of = delivery.issue.uuid.hex if delivery.issue_id else "digest" if delivery.digest_id else "confirm"
    return f"<{of}.{delivery.pk}@{mails.host()}>"


class Sender:
    """Sends what is due, one mail after the other, over one connection."""

    def __init__(self, post):
        self.post = post
        self._common, self._made_at = {}, 0

    def common(self, delivery):
        """What is the same for many readers, made again after FRESH seconds: an issue's Letter, or News for digests."""
        if time.monotonic() - self._made_at > FRESH:
            self._common = {}
        made = self._common.get(delivery.issue_id)
        if made is None or not (delivery.issue_id or made.covers(delivery.since, delivery.until)):
            if delivery.issue_id:
                made = mails.render_issue(Issue.objects.select_related("newsletter").get(pk=delivery.issue_id))
            else:
                made = News(delivery.since, delivery.until)
            self._common, self._made_at = {delivery.issue_id: made}, time.monotonic()
        return made

    def mail_of(self, delivery):
        """The mail of a claimed delivery; None for a digest of which nothing is left."""
        if delivery.sign_up_id:
            return mails.confirmation_mail(delivery.sign_up, delivery.message_id)
        if delivery.issue_id:
            return mails.issue_mail(self.common(delivery), delivery.subscriber, delivery.message_id)
        reasons = self.common(delivery).of(delivery.digest.user, delivery.since)
        return mails.digest_mail(delivery.digest, reasons, delivery.until, delivery.message_id)

    def send(self, delivery):
        """Sends a claimed delivery and writes what came of it. Unreachable where the server is away."""

        def make():
            mail = self.mail_of(delivery)
            return mail and (delivery.address, mail)

        try:
            if not delivery.sign_up_id:
                self.common(delivery)
        except Exception:
            # The letter itself cannot be made now: no reader is to blame.
            outbox.put_back(delivery, "The letter could not be made.")
            raise
        refusal = outbox.hand_over(delivery, make, self.post, PAUSES)
        if refusal and refusal.whom == "recipient" and not refusal.is_policy:
            end_if_refused(delivery)


def end_if_refused(delivery):
    """Ends what a mailbox gets that has refused the last REFUSALS issues, or digests, for good."""
    last = Delivery.objects.filter(subscriber=delivery.subscriber_id, digest=delivery.digest_id, sign_up=None)
    last = last.exclude(state__in=[Delivery.State.QUEUED, Delivery.State.SENDING])
    states = list(last.order_by("-pk").values_list("state", flat=True)[:REFUSALS])
    if states == [Delivery.State.FAILED] * REFUSALS:
        digests.stop(delivery.address, Subscription.Ending.BOUNCE)


def send_due(*, seconds=None, sleep=time.sleep):
    """Sends everything that is due, at NEWSLETTER_RATE mails a second; returns how many were tried.

    Stops after so many seconds, or where the mail server is away: the rest is tried again later. Any number of programs
    may do it at once.
    """
    ends = None if seconds is None else time.monotonic() + seconds
    tried = 0
    with open_post() as post:
        sender = Sender(post)
        while ends is None or time.monotonic() < ends:
            delivery, wait = claim()
            if delivery is None:
                if wait is None:
                    break
                sleep(min(wait, 1))
                continue
            tried += 1
            try:
                sender.send(delivery)
            except Unreachable as problem:
                logger.warning("Mails wait: %s", problem)
                break
    finish_done()
    return tried


# ---- what the desk settles


@transaction.atomic
def settle(deliveries, *, was_sent):
    """Settles unknown deliveries: they were sent, or are sent again under their message id; returns how many."""
    rows = deliveries.filter(state=Delivery.State.UNKNOWN)
    if was_sent:
        return rows.update(state=Delivery.State.SENT, sent_at=F("data_at"), error="")
    issues = list(rows.values_list("issue", flat=True).distinct())
    count = rows.update(state=Delivery.State.QUEUED, claim=None, data_at=None, due_at=timezone.now(), error="")
    Issue.objects.filter(Q(pk__in=[pk for pk in issues if pk]), state=Issue.State.SENT).update(
        state=Issue.State.SENDING
    )
    return count
