"""What differs between two versions of a story, word by word."""

import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from html import unescape
from itertools import groupby

import nh3

KEPT, ADDED, REMOVED = "kept", "added", "removed"
# Ends a paragraph among the words of a text.
BREAK = "\n"
# Words of one text times words of the other that difflib, whose cost may grow with the square, is given at once.
SMALL = 90_000
BLOCK_END = re.compile(r"</(?:p|h[1-6]|li|dt|dd|tr|blockquote|pre|caption|figure)>|<hr>", re.IGNORECASE)
SPACE = re.compile(r"</t[dh]>|<br>", re.IGNORECASE)


@dataclass
class Stretch:
    """Paragraphs of a comparison, all of them changed or none; each is a list of (what, text)."""

    is_changed: bool
    paragraphs: list


def paragraphs_of(html):
    """The texts of the paragraphs, headings, items and rows of a stored body."""
    lines = BLOCK_END.sub(BREAK, SPACE.sub(" ", html.replace("\n", " ")))
    texts = (" ".join(line.split()) for line in unescape(nh3.clean(lines, tags=set())).split(BREAK))
    return [text for text in texts if text]


def differences(old, new, *, body=True):
    """[(title, [Stretch])] of each part of a story that differs between two contents (see `publishing.content_of`).

    Without `body` its text and the words of its photos are left out.
    """
    parts = [
        ("Label", *(_line(content, "label") for content in (old, new))),
        ("Kicker", *(_line(content, "kicker") for content in (old, new))),
        ("Headline", *(_line(content, "headline") for content in (old, new))),
        ("Deck", *(_line(content, "deck") for content in (old, new))),
        ("Byline", *(_bylines(content) for content in (old, new))),
        ("Dateline", *(_line(content, "dateline") for content in (old, new))),
    ]
    if body:
        parts.append(("Captions", *(_captions(content) for content in (old, new))))
        parts.append(("Text", *(paragraphs_of(content.get("body", "")) for content in (old, new))))
    return [(title, stretches(compare(before, after))) for title, before, after in parts if before != after]


def _line(content, name):
    text = " ".join(content.get(name, "").split())
    return [text] if text else []


def _bylines(content):
    names = [line["name"] + (f" ({line['role']})" if line["role"] else "") for line in content.get("bylines", ())]
    return [", ".join(names)] if names else []


def _captions(content):
    texts = (" ".join(f"{use['caption']} {use['credit']}".split()) for use in content.get("photos", ()))
    return [text for text in texts if text]


def stretches(paragraphs):
    """The paragraphs of a comparison as stretches that are changed and stretches that are not."""

    def is_changed(paragraph):
        return any(what != KEPT for what, _ in paragraph)

    return [Stretch(changed, list(group)) for changed, group in groupby(paragraphs, is_changed)]


def compare(old, new):
    """The difference of two lists of paragraphs (plain text), as paragraphs of (what, words).

    Without what is ADDED the words are those of `old`, without what is REMOVED those of `new`. Costs little more
    for a long text than for a short one: paragraphs are compared first, then the words of those that differ,
    and a part that has nothing in common with its counterpart is shown replaced as a whole.
    """
    pieces, gone, come = [], [], []
    # What went and what came between two paragraphs that stayed are compared with each other.
    for what, before, after in [*_match(old, new), (KEPT, [], [])]:
        if what != KEPT:
            gone, come = gone + before, come + after
            continue
        pieces += [*_compare_words(_words(gone), _words(come)), (KEPT, _words(before))]
        gone, come = [], []
    return _in_paragraphs(pieces)


def _words(paragraphs):
    return [word for text in paragraphs for word in (*text.split(), BREAK)]


def _compare_words(old, new):
    found = [(what, before if what != ADDED else after) for what, before, after in _match(old, new)]
    kept = sum(len(words) for what, words in found if what == KEPT)
    # A few words that both happen to have would only make the new text harder to read.
    return found if kept * 3 >= min(len(old), len(new)) else [(REMOVED, old), (ADDED, new)]


def _in_paragraphs(pieces):
    paragraphs, current = [], []
    for what, words in pieces:
        while words:
            end = words.index(BREAK) if BREAK in words else len(words)
            if end:
                current.append((what, " ".join(words[:end])))
            if end < len(words) and current:
                paragraphs.append(current)
                current = []
            words = words[end + 1 :]
    return paragraphs + ([current] if current else [])


def _match(old, new):
    """(KEPT, part, part), (REMOVED, part, []) and (ADDED, [], part) that lead from one sequence to the other."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    if start:
        yield KEPT, old[:start], new[:start]
    yield from _match_middle(old[start : len(old) - end], new[start : len(new) - end])
    if end:
        yield KEPT, old[len(old) - end :], new[len(new) - end :]


def _match_middle(old, new):
    if not old or not new:
        if old:
            yield REMOVED, old, []
        if new:
            yield ADDED, [], new
    elif len(old) * len(new) <= SMALL:
        for tag, a, b, c, d in SequenceMatcher(None, old, new).get_opcodes():
            if tag == "equal":
                yield KEPT, old[a:b], new[c:d]
            else:
                yield from _match_middle(old[a:b], []) if a < b else ()
                yield from _match_middle([], new[c:d]) if c < d else ()
    elif anchors := _anchors(old, new):
        a = c = 0
        for b, d in [*anchors, (len(old), len(new))]:
            yield from _match(old[a:b], new[c:d])
            if b < len(old):
                yield KEPT, old[b : b + 1], new[d : d + 1]
            a, c = b + 1, d + 1
    else:
        yield REMOVED, old, []
        yield ADDED, [], new


def _anchors(old, new):
    """Places (in old, in new) of what stands once in both, as many as come in the same order in both."""
    once = [{item for item, count in Counter(items).items() if count == 1} for items in (old, new)]
    places = {item: place for place, item in enumerate(old) if item in once[0] and item in once[1]}
    pairs = [(places[item], place) for place, item in enumerate(new) if item in places]
    # The longest ascending row of them: patience sorting.
    tops, piles, before = [], [], []
    for number, (place, _) in enumerate(pairs):
        pile = bisect_left(tops, place)
        before.append(piles[pile - 1] if pile else None)
        tops[pile : pile + 1], piles[pile : pile + 1] = [place], [number]
    row, number = [], piles[-1] if piles else None
    while number is not None:
        row.append(pairs[number])
        number = before[number]
    return row[::-1]
