"""Two people saved one story: what differs, piece by piece, and the text that follows from what was chosen."""

from dataclasses import dataclass
from difflib import SequenceMatcher
from html.parser import HTMLParser

from sections.html import sanitize

from .comparing import compare, paragraphs_of, stretches

MINE, THEIRS, BOTH = "mine", "theirs", "both"
VOID = {"br", "hr", "col", "img"}


@dataclass
class Piece:
    """A run of blocks of a text. `is_open` where both texts differ and somebody has to choose; `choice` is proposed."""

    mine: str
    theirs: str
    is_open: bool = False
    choice: str = MINE

    @property
    def stretches(self):
        """What turns their words into mine."""
        return stretches(compare(paragraphs_of(self.theirs), paragraphs_of(self.mine)))

    def text(self, choice):
        """The HTML of the piece after a choice."""
        return {MINE: self.mine, THEIRS: self.theirs, BOTH: self.theirs + self.mine}[choice]


class _Blocks(HTMLParser):
    """Cuts sanitised HTML before each element that stands in no other one."""

    def __init__(self):
        super().__init__(convert_charrefs=False)
        self.depth, self.cuts = 0, []

    def place(self):
        line, column = self.getpos()
        return self.lines[line - 1] + column

    def cut(self, html):
        self.lines = [0]
        for row in html.split("\n"):
            self.lines.append(self.lines[-1] + len(row) + 1)
        self.feed(html)
        self.close()
        edges = [0, *self.cuts, len(html)]
        return [html[a:b] for a, b in zip(edges, edges[1:], strict=False) if html[a:b].strip()]

    def handle_starttag(self, tag, attrs):
        if self.depth == 0:
            self.cuts.append(self.place())
        if tag not in VOID:
            self.depth += 1

    def handle_endtag(self, tag):
        if tag not in VOID:
            self.depth = max(self.depth - 1, 0)


def blocks(html):
    """The blocks of a text: paragraphs, headings, lists, figures, as HTML; sanitised first."""
    return [block.strip() for block in _Blocks().cut(sanitize(html))]


def pieces(base, mine, theirs):
    """[Piece] of two texts that both come from `base`. What only one of them changed is not open: it is taken.

    Joined by their choices, pieces of which nothing is open are the merged text.
    """
    base, mine, theirs = blocks(base), blocks(mine), blocks(theirs)
    found = []
    # Blocks of the base that both left as they were hold the three texts together.
    anchors = _anchors(base, mine, theirs)
    b = m = t = 0
    for b2, m2, t2 in [*anchors, (len(base), len(mine), len(theirs))]:
        found += _between(base[b:b2], mine[m:m2], theirs[t:t2])
        if b2 < len(base):
            found.append(Piece(mine[m2], theirs[t2]))
        b, m, t = b2 + 1, m2 + 1, t2 + 1
    return found


def _between(base, mine, theirs):
    if len(base) == len(mine) == len(theirs) > 1:
        # Nobody added or took away a block: each is looked at by itself.
        return [piece for three in zip(base, mine, theirs, strict=True) for piece in _between(*([b] for b in three))]
    if not mine and not theirs:
        return []
    piece = Piece("\n".join(mine), "\n".join(theirs))
    if mine == theirs:
        return [piece]
    if mine == base:
        piece.choice = THEIRS
    elif theirs != base:
        piece.is_open = True
    return [piece]


def _anchors(base, mine, theirs):
    in_mine, in_theirs = _kept(base, mine), _kept(base, theirs)
    return [(place, in_mine[place], in_theirs[place]) for place in sorted(in_mine.keys() & in_theirs.keys())]


def _kept(base, text):
    """The places of the blocks of `base` that stayed, each with its place in `text`."""
    found = {}
    for block in SequenceMatcher(None, base, text, autojunk=False).get_matching_blocks():
        for n in range(block.size):
            found[block.a + n] = block.b + n
    return found


def merged(found, choices=()):
    """The text of pieces: of each the chosen side, by its number, or the proposed one."""
    choices = dict(choices)
    texts = (piece.text(choices.get(number, piece.choice)) for number, piece in enumerate(found))
    return "\n".join(text for text in texts if text)
