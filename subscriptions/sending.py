"""Sending mails about orders: a row for each, as `newsletters.outbox` says."""

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from newsletters import outbox
from newsletters.posting import Unreachable, open_post

from .mails import message_id_of, recipient, render
from .models import Mail

# Pauses after temporary refusals; then the mail is given up and shown at the desk.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 20, 60, 180, 480, 960))

logger = logging.getLogger(__name__)


@transaction.atomic
def claim():
    """The next mail, marked as this program's; None where nothing is due."""
    mail = Mail.objects.due().select_for_update(skip_locked=True).first()
    return mail and outbox.mark(mail, timezone.now())


def send(mail, post):
    """Sends a claimed mail and writes what came of it. Unreachable where the server is away."""

    def make():
        found = Mail.objects.select_related("order__plan", "licence").get(pk=mail.pk)
        if not (address := recipient(found)):
            raise LookupError("There is no address to which it could go.")
        return address, render(found, message_id_of(found))

    outbox.hand_over(mail, make, post, PAUSES)


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
