"""Work whose moment comes by itself: changes of public stories that waited, and news for the feed hub.

Publishing is none of it: a story is public by query, to the second. Each web worker has a runner, and any number of
them may run.
"""

import logging

from sections.hits import write_hits
from sections.runner import keep_doing

from .announcing import announce_due
from .publishing import apply_due_changes

LOOK_SECONDS = 5

logger = logging.getLogger(__name__)


def do_due_work():
    """Does whatever is due, and writes what was collected; returns how much that was. Two queries if it was nothing."""
    return write_hits() + apply_due_changes() + announce_due()


def keep_working():
    """Starts the runner of this process: a thread that looks every few seconds for what is due."""
    keep_doing("due-work", do_due_work, LOOK_SECONDS, logger, "What is due could not be done.")
