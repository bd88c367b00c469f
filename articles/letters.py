"""The letters of an index of names: A to Z, digits, Korean initials. Asks no database."""

import unicodedata
from itertools import groupby
from string import ascii_lowercase

# Unicode's order of Korean initials, from this character on; doubled ones stand under the simple letter.
FIRST_INITIAL, INITIALS = 0x1100, "ㄱㄱㄴㄷㄷㄹㅁㅂㅂㅅㅅㅇㅈㅈㅊㅋㅌㅍㅎ"
# Each letter as an address has it, and as readers see it.
LETTERS = {
    **{letter: letter.upper() for letter in ascii_lowercase},
    "0-9": "0–9",
    **{letter: letter for letter in dict.fromkeys(INITIALS)},
    "other": "Other",
}
# A list longer than this is parted by the first two letters.
UNPARTED = 80


def key_of(name):
    """What a name is sorted by: its letters and digits, without capitals and accents, Korean syllables taken apart."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", name).casefold()))


def letter_of(name):
    """The letter of LETTERS that a name stands under."""
    first = key_of(name[:10])[:1] or key_of(name)[:1]
    if "a" <= first <= "z":
        return first
    if first.isdecimal():
        return "0-9"
    position = ord(first) - FIRST_INITIAL if first else -1
    return INITIALS[position] if 0 <= position < len(INITIALS) else "other"


def in_groups(rows):
    """[(heading, rows)] of rows with a `name`, in the order of the alphabet.

    One group without a heading as long as they are few; else one for each beginning: Ga, Ge ...
    """
    rows = sorted(rows, key=lambda row: key_of(row.name))
    if len(rows) <= UNPARTED:
        return [("", rows)]
    beginnings = groupby(rows, key=lambda row: key_of(row.name)[:2])
    return [(unicodedata.normalize("NFC", letters).capitalize(), list(group)) for letters, group in beginnings]
