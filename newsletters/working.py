"""What newsletters do by themselves: filled by their rules, sent at their times. Each web worker has a runner."""

import logging
import threading
import time

from django.conf import settings
from django.db import connection

from .composing import fill_due
from .sending import recover, send_due, start_due
from .signing_up import forget_unconfirmed

LOOK_SECONDS = 3
# One look sends no longer than this, so that the time of another letter is not missed.
SEND_SECONDS = 60
TIDY_SECONDS = 3600

logger = logging.getLogger(__name__)


def do_due_letters(*, seconds=SEND_SECONDS):
    """Fills, starts and sends whatever is due; returns (issues filled, issues started, mails tried).

    Six queries if there is nothing to do.
    """
    filled = fill_due()
    started = start_due()
    recover()
    return filled, started, send_due(seconds=seconds)


def keep_sending():
    """Starts the runner of this process, a thread, unless mails cannot leave this server."""
    if settings.MAIL_WORKS:
        threading.Thread(target=_run, name="newsletters", daemon=True).start()


def _run():
    tidied = 0
    while True:
        try:
            do_due_letters()
            if time.monotonic() - tidied > TIDY_SECONDS:
                tidied = time.monotonic()
                forget_unconfirmed()
        except Exception:  # the database or the mail server may be away for a while
            logger.warning("Newsletters could not be looked after.", exc_info=True)
        finally:
            connection.close()
        time.sleep(LOOK_SECONDS)
