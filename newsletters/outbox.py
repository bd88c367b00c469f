"""Mails as rows (OutgoingMail), each claimed by one program at a time: nobody is mailed twice or left out.

A mail is `queued`; a sender claims it (row lock, SKIP LOCKED), which makes it `sending`, and commits that before it
talks to the mail server. When the server has taken sender and recipient, `data_at` is written and committed, only then
is the mail handed over, and `sent` is written when the server has taken it.

What a program that is killed leaves behind is `sending`; after LEASE any other program looks at it:

- without `data_at` the mail was not handed over, which is certain: it is queued again. Should the first program live
  after all, its own write of `data_at` finds that the claim is gone, and it stops before it hands anything over;
- with `data_at` nobody here can know whether the server has taken it. It becomes `unknown`, is shown at the desk, and
  is never sent again by itself: this is the one window that remains, from that write to the write of `sent`, about one
  answer of the server. A killed program leaves at most one such mail. What the mail service tells later
  (`hooks`) settles it, or an editor does; the mail keeps its message id, by which the server's log tells of it.
"""

import logging
import uuid
from datetime import timedelta

from django.utils import timezone

from .mails import sender_address
from .models import OutgoingMail
from .posting import Lost, Refused, Unreachable

# Longer than one mail can take: every step of the dialogue has a limit of its own (posting.TIMEOUT).
LEASE = timedelta(minutes=5)
# After this long a mail is tried again that could not be sent for no reason of its own.
PAUSE = timedelta(minutes=1)
LONGEST_ERROR = OutgoingMail._meta.get_field("error").max_length
State = OutgoingMail.State

logger = logging.getLogger(__name__)


class ClaimLost(Exception):
    """Another program took the mail over."""


def recover(model, at=None):
    """Looks at what programs left behind that died; returns (queued again, unknown). Two queries."""
    left = model.objects.filter(state=State.SENDING, claimed_at__lt=(at or timezone.now()) - LEASE)
    again = left.filter(data_at=None).update(state=State.QUEUED, claim=None)
    unknown = left.filter(data_at__isnull=False).update(
        state=State.UNKNOWN, error="The program ended while the server was taking the mail."
    )
    if unknown:
        logger.warning("Of %s mails nobody knows whether they were sent: see the mails at the desk.", unknown)
    return again, unknown


def mark(row, at, *also):
    """Makes a locked row this program's, and returns it; `also` names fields to be written with it. One query."""
    row.state, row.claim, row.claimed_at, row.data_at, row.error = State.SENDING, uuid.uuid4(), at, None, ""
    row.attempts += 1
    row.save(update_fields=["state", "claim", "claimed_at", "data_at", "error", "attempts", *also])
    return row


def hand_over(row, make, post, pauses):
    """Sends a claimed mail and writes what came of it; returns the Refused where it was refused for good, else None.

    `make` returns (address, EmailMessage), or None where there is nothing to send any more: then the row goes. After a
    refusal for the moment it is tried again after each of `pauses`. Unreachable where the server is away, or takes
    nothing from this paper.
    """
    mine = _mine(row)

    def before_data():
        # Its own transaction: what is written here must stand whatever happens next.
        if not mine.filter(state=State.SENDING).update(data_at=timezone.now()):
            raise ClaimLost

    try:
        made = make()
        if made is None:
            mine.filter(data_at=None).delete()
            return None
        address, mail = made
        post.post(mail, sender_address(), address, before_data)
    except ClaimLost:
        pass
    except Unreachable as problem:
        put_back(row, problem)
        raise
    except Refused as refusal:
        of_all = refusal.whom == "sender"
        if refusal.permanent and not of_all:
            mine.update(state=State.FAILED, error=_said(refusal))
            return refusal
        if row.attempts <= len(pauses):
            _queue(row, refusal, pauses[row.attempts - 1], row.attempts)
        else:
            mine.update(state=State.FAILED, error=_said(refusal))
        if of_all:
            raise Unreachable(str(refusal)) from None
    except Lost as problem:
        mine.update(state=State.UNKNOWN, error=_said(problem))
    except Exception as problem:
        # A mail that cannot be made: nothing was handed over.
        logger.exception("%s %s could not be made.", type(row).__name__, row.pk)
        mine.filter(data_at=None).update(state=State.FAILED, error=_said(f"It could not be made: {problem}"))
    else:
        # Also where it took so long that it was given up as unknown: now it is known.
        mine.update(state=State.SENT, sent_at=timezone.now(), error="")
    return None


def put_back(row, why):
    """Queues a claimed mail again that is not to blame: this attempt does not count. One query."""
    _queue(row, why, PAUSE, max(row.attempts - 1, 0))


def _queue(row, why, pause, attempts):
    due = timezone.now() + pause
    _mine(row).update(state=State.QUEUED, claim=None, data_at=None, due_at=due, error=_said(why), attempts=attempts)


def _mine(row):
    return type(row).objects.filter(pk=row.pk, claim=row.claim)


def _said(why):
    return str(why)[:LONGEST_ERROR]
