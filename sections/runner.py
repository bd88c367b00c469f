"""Work that each web worker does by itself, again and again, in a thread of its own."""

import threading
import time

from django.db import connection


def keep_doing(name, act, seconds, logger, trouble):
    """Starts a thread that calls `act()` for ever, with a pause of so many seconds; `trouble` is logged if it fails."""
    threading.Thread(target=repeat, args=(act, seconds, logger, trouble), name=name, daemon=True).start()


def repeat(act, seconds, logger, trouble):
    """As `keep_doing`, in this thread."""
    while True:
        try:
            act()
        except Exception:  # the database, or whatever the work needs, may be away for a while
            logger.warning(trouble, exc_info=True)
        finally:
            connection.close()
        time.sleep(seconds)
