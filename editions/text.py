"""A story's words as the typesetter takes them: paragraphs of words, with no character that its fonts lack.

Typst gets all words as strings in a JSON file and never reads them as markup, so nothing needs escaping. A glyph
that is missing would make a PDF/UA invalid; such characters are left out.
"""

import re
import unicodedata
from functools import lru_cache
from html.parser import HTMLParser

from .typesetter import can_print

KINDS = {"h2": "h", "h3": "h", "h4": "h", "li": "li", "blockquote": "q"}
BLOCKS = {"p", "div", "tr", "dt", "dd", "pre", "caption", *KINDS}
# What is no text of the story, or cannot be set in a column.
LEFT_OUT = {"figure", "script", "style"}
RAISED = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
BOLD, ITALIC = {"strong", "b"}, {"em", "i", "cite"}
# A word that is longer is set in pieces, as no column is that wide.
LONGEST = 24


def clean(text):
    """The text in one line, without characters that cannot be printed."""
    text = unicodedata.normalize("NFC", text or "")
    kept = (character for character in text if character.isspace() or _is_plain(character))
    return " ".join("".join(kept).split())


@lru_cache(maxsize=20_000)
def _is_plain(character):
    if " " <= character <= "~" or "가" <= character <= "힣":
        return True
    # Controls, formats (also those that turn the direction), private and unassigned ones, marks without a letter.
    if unicodedata.category(character) in ("Cc", "Cf", "Co", "Cn", "Cs", "Mn", "Me", "Mc", "Zl", "Zp"):
        return False
    return can_print(character)


def words_of(text, style=""):
    """[[style, word]] of a text; words that are wider than a column come in pieces."""
    words = []
    for word in clean(text).split():
        words += [[style, word[at : at + LONGEST]] for at in range(0, len(word), LONGEST)]
    return words


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.words, self.kind = [], [], "p"
        self.open, self.hidden, self.in_note, self.glued = [], 0, False, False

    def close_block(self):
        if self.words:
            self.found.append([self.kind, self.words])
        self.words, self.glued = [], False
        self.kind = next((KINDS[tag] for tag in reversed(self.open) if tag in KINDS), "p")

    def handle_starttag(self, tag, attrs):
        # Marks of notes and their ways back lead nowhere on paper.
        self.in_note = tag == "a" and dict(attrs).get("href", "").startswith("#") or self.in_note
        if tag in LEFT_OUT:
            self.hidden += 1
        if tag in BLOCKS:
            self.open.append(tag)
            self.close_block()
            if tag == "li":
                self.words.append(["", "•"])
        elif tag in BOLD | ITALIC | {"sup"}:
            self.open.append(tag)
        elif tag in ("td", "th") and self.words:
            self.words.append(["", "·"])
        if tag in ("br", "td", "th"):
            self.glued = False

    def handle_endtag(self, tag):
        self.in_note = self.in_note and tag != "a"
        if tag in LEFT_OUT:
            self.hidden = max(0, self.hidden - 1)
        if tag in self.open:
            del self.open[len(self.open) - 1 - self.open[::-1].index(tag)]
        if tag in BLOCKS:
            self.close_block()

    def handle_data(self, data):
        if self.hidden or self.in_note or not data:
            return
        if "sup" in self.open:
            data = data.translate(RAISED)
        style = "b" if BOLD & set(self.open) else "i" if ITALIC & set(self.open) else ""
        words = words_of(data, style)
        # “<em>word</em>,” has no blank before the comma.
        joins = words and self.words and self.glued and not data[0].isspace()
        if joins and len(self.words[-1][1]) + len(words[0][1]) <= LONGEST:
            self.words[-1][1] += words.pop(0)[1]
        self.words += words
        self.glued = not data[-1].isspace()


def paragraphs_of(html, dateline=""):
    """[[kind, words]] of a sanitised body: p, h (subhead), li, q (quotation). Pictures and embeds are left out."""
    reader = _Reader()
    reader.feed(html or "")
    reader.close()
    reader.close_block()
    found = [paragraph for paragraph in reader.found if re.search(r"\w", " ".join(word for _, word in paragraph[1]))]
    if place := clean(dateline):
        first = next((paragraph for paragraph in found if paragraph[0] == "p"), None)
        if first is not None:
            first[1][:0] = words_of(f"{place} —", "b")
    return found
