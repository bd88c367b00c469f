"""What newsletters do by themselves: filled by their rules, sent at their times. Each web worker has a runner."""

import logging
import time

from django.conf import settings

from sections.runner import keep_doing

from . import outbox
from .composing import fill_due
from .digests import forget_old, queue_due
from .models import Delivery
from .sending import send_due, start_due
from .signing_up import forget_unconfirmed

LOOK_SECONDS = 3
# One look sends no longer than this, so that the time of another letter is not missed.
SEND_SECONDS = 60
TIDY_SECONDS = 3600

logger = logging.getLogger(__name__)


def do_due_letters(*, seconds=SEND_SECONDS):
    """Fills, starts and sends whatever is due; returns (issues filled, issues started, mails tried).

    At most nine queries if there is nothing to do.
    """
    filled = fill_due()
    started = start_due()
    queue_due()
    outbox.recover(Delivery)
    return filled, started, send_due(seconds=seconds)


def keep_sending():
    """Starts the runner of this process, a thread, unless mails cannot leave this server."""
    tidied = 0

    def look():
        nonlocal tidied
        do_due_letters()
        if time.monotonic() - tidied > TIDY_SECONDS:
            tidied = time.monotonic()
            forget_unconfirmed()
            forget_old()

    if settings.MAIL_WORKS:
        keep_doing("newsletters", look, LOOK_SECONDS, logger, "Newsletters could not be looked after.")
