"""Korean words in texts of other languages: `lang="ko"`, so that voices and line breaks are right (WCAG 3.1.2)."""

import re

from django.utils.html import escape
from django.utils.safestring import mark_safe

_LETTERS = "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff"
# Words of a phrase stand together, with the blanks and dots between them.
WORDS = re.compile(rf"[{_LETTERS}]+(?:[ ·]+[{_LETTERS}]+)*")
PIECE = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)([^>]*)>|[^<]+|<")
VOID = {"br", "hr", "img", "col", "source", "track", "input", "wbr"}


def _mark(text):
    return WORDS.sub(lambda match: f'<span lang="ko">{match[0]}</span>', text)


def mark_korean(html):
    """Well-formed HTML whose Korean words are marked, but for those inside elements that name their language."""
    if not WORDS.search(html):
        return html
    pieces, named = [], []  # `named`: of each open element, whether it or one around it names a language
    for piece in PIECE.finditer(html):
        end, name, attributes = piece.groups()
        if name is None:
            pieces.append(piece[0] if named and named[-1] else _mark(piece[0]))
            continue
        pieces.append(piece[0])
        if end:
            if named:
                named.pop()
        elif name.lower() not in VOID:
            named.append(bool(named and named[-1]) or " lang=" in attributes)
    return "".join(pieces)


def korean(text):
    """A plain text as HTML with its Korean words marked."""
    return mark_safe(_mark(escape(text)))  # escaped before it is marked
