"""Work that each web worker does by itself, again and again, in a thread of its own; and work for one process alone."""

import threading
import time
from contextlib import contextmanager, suppress

from django.db import Error, connection


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


@contextmanager
def alone(name):
    """Yields whether no other process, of whatever host, is at the work of this name; it then is this one's meanwhile.

    A transaction that does nothing else, on a connection of its own, holds the lock: it ends with this process, however
    that ends, it holds behind a pooler (which lends a connection for one transaction), and the work commits as it
    likes. Where that connection is lost before the work ends, another process may begin: the work must bear that.
    """
    own = connection.copy()
    try:
        own.set_autocommit(False)
        with own.cursor() as cursor:
            # However long the work takes, the server must not end the transaction.
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [name])
            (is_free,) = cursor.fetchone()
        yield is_free
    finally:
        # Given back in words: the server notices a connection that is merely closed a little later.
        with suppress(Error):
            own.rollback()
        own.close()
