"""What is typed into the search field, as a query of PostgreSQL's full-text search.

Words are joined by and; "quotation marks" hold a phrase together, -minus leaves a word out, OR between words
takes either side. Korean words, which carry endings, match as beginnings: 조선소 finds 조선소의.
"""

import re
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_

from django.contrib.postgres.search import SearchQuery

HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
# More words than anybody types; what is pasted beyond them is left out.
LONGEST = 30
LONGEST_NAME = 5  # words of a name that is looked for among the aliases


@dataclass(frozen=True)
class Term:
    """One thing asked for: a word or a phrase, or one of several spellings of a name."""

    text: str
    minus: bool = False
    phrase: bool = False
    spellings: tuple = ()


def squeezed(name):
    """A name without capitals, blanks, hyphens and other signs: Ah-in, Ah in and Ahin are one."""
    return "".join(character for character in name.lower() if character.isalnum())


def read_terms(words, names=None):
    """The question as alternatives, each a list of Terms. `names`: {squeezed name: its spellings}."""
    alternatives, plain = [[]], []

    def end_plain():
        alternatives[-1].extend(_with_names(plain, names or {}))
        plain.clear()

    for minus, quoted, word in re.findall(r'(?<!\S)(-?)(?:"([^"]*)"|(\S+))', words)[:LONGEST]:
        text = (quoted or word).strip('"')
        if not any(character.isalnum() for character in text):
            continue
        if quoted or minus:
            end_plain()
            alternatives[-1].append(Term(text, minus=bool(minus), phrase=bool(quoted)))
        elif text.lower() == "or":
            end_plain()
            alternatives.append([])
        else:
            plain.append(text)
    end_plain()
    return [terms for terms in alternatives if terms]


def name_keys(words):
    """Squeezed forms of all runs of words in the question that could be a name."""
    plain = [term.text for terms in read_terms(words) for term in terms if not term.minus]
    runs = (plain[i : i + n] for n in range(1, LONGEST_NAME + 1) for i in range(len(plain) - n + 1))
    return {squeezed("".join(run)) for run in runs}


def _with_names(words, names):
    """Terms of plain words; the longest runs of them that are a name with several spellings are one Term."""
    place = 0
    while place < len(words):
        for size in range(min(LONGEST_NAME, len(words) - place), 0, -1):
            run = words[place : place + size]
            spellings = names.get(squeezed("".join(run)), ())
            if len(spellings) > 1:
                yield Term(" ".join(run), spellings=tuple(spellings))
                break
        else:
            size = 1
            yield Term(words[place])
        place += size


def is_question(alternatives):
    """Whether the question asks for something: words to be left out alone do not."""
    return any(not term.minus for terms in alternatives for term in terms)


def ts_query(alternatives):
    """The question as one SearchQuery: in the words' English stems, or as they are for texts in other languages."""
    stems, plain = (
        reduce(or_, (reduce(and_, (_query(term, config) for term in terms)) for terms in alternatives))
        for config in ("english", "simple")
    )
    return stems | plain


def _query(term, config):
    if term.spellings:
        return reduce(or_, (_query(Term(text, phrase=True), config) for text in (term.text, *term.spellings)))
    if HANGUL.search(term.text):
        # \w+ leaves nothing that PostgreSQL could take for an operator.
        beginnings = [f"'{piece}':*" for piece in re.findall(r"\w+", term.text)]
        query = SearchQuery((" <-> " if term.phrase else " & ").join(beginnings), search_type="raw", config="simple")
    else:
        query = SearchQuery(term.text, search_type="phrase" if term.phrase else "plain", config=config)
    return ~query if term.minus else query


def korean_parts(alternatives):
    """Korean words of a plain question that are long enough to be found inside others; none if one is not."""
    if len(alternatives) != 1 or any(term.minus or term.phrase or term.spellings for term in alternatives[0]):
        return []
    words = [term.text for term in alternatives[0]]
    return words if all(re.fullmatch("[\uac00-\ud7a3]{3,}", word) for word in words) else []
