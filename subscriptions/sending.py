"""Sending mails about orders: a row for each, claimed by one program at a time, so that none goes out twice.

As with newsletters (`newsletters.sending`): claimed and committed before the dialogue with the server, `data_at`
committed before the mail is handed over, `sent` after the server took it. What a killed program leaves without
`data_at` was certainly not handed over and is sent by another one; with it nobody knows, and the desk decides.
"""

import logging
import uuid
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from newsletters.mails import sender_address
from newsletters.posting import Lost, Refused, Unreachable, open_post
from newsletters.sending import LEASE, ClaimLost

from .mails import message_id_of, recipient, render
from .models import Mail

State = Mail.State
# Pauses after temporary refusals; then the mail is given up and shown at the desk.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 20, 60, 180, 480, 960))

logger = logging.getLogger(__name__)


def recover(at=None):
    """Looks at what programs left behind that died; returns (waiting again, unknown). Two queries."""
    left = Mail.objects.filter(state=State.SENDING, claimed_at__lt=(at or timezone.now()) - LEASE)
    again = left.filter(data_at=None).update(state=State.QUEUED, claim=None)
    return again, left.filter(data_at__isnull=False).update(
        state=State.UNKNOWN, error="The program ended while the server was taking the mail."
    )


@transaction.atomic
def claim():
    """The next mail, marked as this program's; None where nothing is due."""
    mail = Mail.objects.due().select_for_update(skip_locked=True).first()
    if mail is None:
        return None
    mail.state, mail.claim, mail.claimed_at, mail.data_at = State.SENDING, uuid.uuid4(), timezone.now(), None
    mail.attempts += 1
    mail.save(update_fields=["state", "claim", "claimed_at", "data_at", "attempts"])
    return mail


def send(mail, post):
    """Sends a claimed mail and writes what came of it. Unreachable where the server is away."""
    mine = Mail.objects.filter(pk=mail.pk, claim=mail.claim)

    def before_data():
        # Its own transaction: what is written here must stand whatever happens next.
        if not mine.filter(state=State.SENDING).update(data_at=timezone.now()):
            raise ClaimLost

    try:
        found = Mail.objects.select_related("order__plan", "licence").get(pk=mail.pk)
        if not (to := recipient(found)):
            mine.update(state=State.FAILED, error="There is no address to which it could go.")
            return
        post.post(render(found, message_id_of(found)), sender_address(), to, before_data)
    except ClaimLost:
        return
    except Unreachable as problem:
        _again(mine, str(problem), PAUSES[0], attempts=mail.attempts - 1)
        raise
    except Refused as refusal:
        if refusal.permanent or mail.attempts > len(PAUSES):
            mine.update(state=State.FAILED, error=str(refusal)[:500])
        else:
            _again(mine, str(refusal), PAUSES[mail.attempts - 1], attempts=mail.attempts)
    except Lost as problem:
        mine.update(state=State.UNKNOWN, error=str(problem)[:500])
    except Exception as problem:
        logger.exception("Mail %s could not be made.", mail.pk)
        mine.filter(data_at=None).update(state=State.FAILED, error=f"It could not be made: {problem}"[:500])
    else:
        mine.update(state=State.SENT, sent_at=timezone.now(), error="")


def _again(mine, said, pause, *, attempts):
    due = timezone.now() + pause
    mine.update(state=State.QUEUED, claim=None, data_at=None, due_at=due, error=said[:500], attempts=attempts)


def send_due():
    """Sends what is due; returns how many mails were tried. One query if there is none."""
    if not Mail.objects.due().exists():
        return 0
    tried = 0
    with open_post() as post:
        while (mail := claim()) is not None:
            tried += 1
            try:
                send(mail, post)
            except Unreachable as problem:
                logger.warning("Mails about orders wait: %s", problem)
                break
    return tried
