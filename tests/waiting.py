"""Waiting for what comes about by itself, in a process or in a browser."""

import time


def wait_until(condition, seconds=20):
    """What `condition()` gave in the end: the first true answer, or the last one when the time is over.

    For pages too: Playwright's `wait_for_function` asks a second time from inside the page, where the
    Content-Security-Policy forbids it.
    """
    end = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < end:
        time.sleep(0.05)
    return met
