"""What orders do by themselves: mails, first and last days, what payment services are told. A thread of each worker."""

import logging
import time

from django.conf import settings

from newsletters import outbox
from sections.runner import keep_doing

from . import ordering, payments, retention, sending
from .models import Mail

LOOK_SECONDS = 3
# Whoever has paid for today wants to read now; retention has years.
CALENDAR_SECONDS = 10
TIDY_SECONDS = 24 * 3600

logger = logging.getLogger(__name__)


def keep_orders():
    """Starts the runner of this process, a thread."""
    last = {}

    def is_time(name, seconds):
        if name in last and time.monotonic() - last[name] < seconds:
            return False
        last[name] = time.monotonic()
        return True

    def look():
        if settings.MAIL_WORKS:
            sending.send_due()
        if is_time("calendar", CALENDAR_SECONDS):
            outbox.recover(Mail)
            ordering.do_due()
            payments.tell_providers()
        if is_time("tidy", TIDY_SECONDS):
            retention.anonymise()

    keep_doing("orders", look, LOOK_SECONDS, logger, "Orders could not be looked after.")
