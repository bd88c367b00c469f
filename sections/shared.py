"""What many pages show alike, made once per change and kept in the memory of the process: the frame, lists, cards.

The page cache says what has changed since (`use`). Without it, as in tests and commands, everything is made anew.
"""

import threading
import time
from array import array
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass

from .surrogates import collecting, note, note_until

# More than the busiest pages show together; one takes about 8 kB with what was rendered of it.
MOST = 1_000

_slots = None
_kept = OrderedDict()
_lock = threading.Lock()
_thread = threading.local()


@dataclass(slots=True)
class Kept:
    """A thing with what it was made of."""

    value: object
    keys: tuple
    until: float
    slots: array
    epoch: int
    born: int
    checked: int = -1

    def is_good(self, slots):
        """Whether nothing that it shows has changed."""
        if self.epoch != slots.epoch or (self.until and self.until.timestamp() <= time.time()):
            return False
        generation = slots.generation
        if self.checked != generation:
            if slots.state(self.slots, self.born):
                return False
            self.checked = generation
        return True


def use(slots):
    """Has things kept as long as these slots (`newsroom.pagecache.slots`) say that they are good; None: not at all."""
    global _slots
    _slots = slots
    _kept.clear()


@contextmanager
def unshared():
    """Everything is made anew inside: for pages that show what is not public."""
    _thread.alone = True
    try:
        yield
    finally:
        _thread.alone = False


def _watch():
    return None if getattr(_thread, "alone", False) else _slots


def shared(name, make):
    """What `make()` gives, or what it gave before if nothing in it has changed; several threads may use it.

    The page that uses it shows what it shows: its keys are noted either way.
    """
    slots = _watch()
    if slots is None:
        return make()
    kept = _find(name, slots)
    if kept is None:
        epoch, born = slots.epoch, slots.generation
        with collecting() as collected:
            value = make()
        keys = tuple(collected.keys | (collected.lists or set()))
        kept = _keep(name, Kept(value, keys, collected.until, slots.slots_of(keys), epoch, born))
    note(*kept.keys)
    if kept.until:
        note_until(kept.until)
    return kept.value


def shared_each(name, ids, make, keys_of):
    """{id: thing} as `shared`, where `make(ids)` gives those that are not kept and `keys_of(thing)` what it shows."""
    slots = _watch()
    if slots is None:
        return make(list(ids)) if ids else {}
    found, missing = {}, []
    for pk in ids:
        kept = _find((name, pk), slots)
        if kept is None:
            missing.append(pk)
        else:
            note(*kept.keys)
            found[pk] = kept.value
    if missing:
        epoch, born = slots.epoch, slots.generation
        made = make(missing)
        for pk, value in made.items():
            keys = tuple(keys_of(value))
            _keep((name, pk), Kept(value, keys, None, slots.slots_of(keys), epoch, born))
        found |= made
    return found


def _find(name, slots):
    with _lock:
        kept = _kept.get(name)
        if kept is not None:
            _kept.move_to_end(name)
    return kept if kept is not None and kept.is_good(slots) else None


def _keep(name, kept):
    with _lock:
        _kept[name] = kept
        while len(_kept) > MOST:
            _kept.popitem(last=False)
    return kept
