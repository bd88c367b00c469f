"""Surrogate keys: what a page shows, noted while it is made, so that exactly the pages that show a thing are purged.

Rows of the models that are `Shown` note themselves when they are loaded, as `article-12`; lists are noted where they
are asked for. The page cache (newsroom.pagecache) collects; outside of it nothing is noted and nothing costs anything.
Triggers of the database write the same keys into `Purge` whenever something changes, whatever program changed it.

    article-12, section-3, reporter-4, tag-5, column-6, page-7    the row itself
    section-3-stories (reporter-, tag-, column-)                  which stories stand there
    section-3-near, tag-5-near                                    the same for boxes beside a story: may be old a moment
    day-2026-11-23, month-2026-11, year-2026                      the archive
    stories, texts                                                which stories there are, and what all of them say
    list-top-10                                                   a ranked list
    menu, masthead, crawlers, ads, corrections, all               the rest
"""

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from django.db import models

# What a page depends on that does not say which stories it lists.
EVERYTHING = ("stories", "texts")

_collected = ContextVar("surrogate_keys", default=None)


@dataclass
class Collected:
    """What was noted: keys, those of lists apart, and the moment from which on the page is another one."""

    keys: set = field(default_factory=set)
    lists: set | None = None
    until: object = None

    @property
    def all(self):
        """Every key of the page, in order."""
        return sorted(self.keys | (set(EVERYTHING) if self.lists is None else self.lists))


@contextmanager
def collecting():
    """Collects what is noted inside; gives the Collected."""
    collected = Collected()
    token = _collected.set(collected)
    try:
        yield collected
    finally:
        _collected.reset(token)


def note(*keys):
    """Notes that the page shows these things."""
    if (collected := _collected.get()) is not None:
        collected.keys.update(keys)


def note_lists(*keys):
    """Notes which lists of stories the page shows; of a page that never says so, every new story makes another one."""
    if (collected := _collected.get()) is not None:
        collected.lists = (collected.lists or set()).union(keys)


def note_until(moment):
    """Notes that the page is another one from a moment on."""
    if (collected := _collected.get()) is not None:
        collected.until = min(filter(None, (collected.until, moment)))


class Shown(models.Model):
    """A model whose rows note themselves as shown when they are loaded for a page."""

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db, field_names, values):
        """The row as Django makes it; its key is noted."""
        row = super().from_db(db, field_names, values)
        note(f"{cls._meta.model_name}-{row.pk}")
        return row
