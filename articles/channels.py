"""The feeds that there are: what each is of, and its addresses. `articles.feeds` answers at them."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

FORMS = ("rss", "atom", "json")
LONGEST_SEARCH = 200


@dataclass(frozen=True)
class Channel:
    """What a feed is of.

    `name` stands in the feed's address, between /feeds/ and the ending; `title` is empty for the paper as a
    whole; `page` is the path at which people find the same; `words` are those of a search.
    """

    name: str
    title: str
    page: str
    description: str = ""
    words: str = ""

    def address(self, form, full=False):
        """The path of the feed in one of FORMS, with the decks of the stories or with their full text."""
        query = ({"q": self.words} if self.words else {}) | ({"text": "full"} if full else {})
        return reverse("feed", args=[self.name, form]) + (f"?{urlencode(query)}" if query else "")

    @property
    def short(self):
        """{form: path} of the feeds with decks."""
        return {form: self.address(form) for form in FORMS}

    @property
    def full(self):
        """{form: path} of the feeds with the full text."""
        return {form: self.address(form, full=True) for form in FORMS}

    @property
    def is_announced(self):
        """Whether a hub can be told of it: nobody knows beforehand what people will search for."""
        return not self.words


def of_paper():
    """The channel of everything that the paper publishes."""
    return Channel("paper", "", reverse("front"))


def of_section(section):
    """The channel of a section or subsection; its parent must be loaded."""
    title = f"{section.parent.name}: {section.name}" if section.parent_id else section.name
    return Channel(f"sections/{section.path}", title, section.get_absolute_url(), section.description)


def of_reporter(reporter):
    """The channel of all stories that credit a reporter."""
    return Channel(f"reporters/{reporter.slug}", reporter.name, reporter.get_absolute_url())


def of_topic(tag):
    """The channel of a topic."""
    return Channel(f"topics/{tag.slug}", tag.name, tag.get_absolute_url(), tag.description)


def of_column(column):
    """The channel of a column."""
    return Channel(f"columns/{column.slug}", column.name, column.get_absolute_url(), column.description)


def of_search(words):
    """The channel of a search; None without words."""
    words = " ".join(words.replace("\0", " ").split())[:LONGEST_SEARCH]
    page = f"{reverse('search')}?{urlencode({'q': words})}"
    return Channel("search", f"Search for “{words}”", page, words=words) if words else None


def of_corrections():
    """The channel of the notes under stories: corrections, clarifications, retractions."""
    return Channel(
        "corrections", "Corrections", reverse("corrections"), "What was wrong in a story, and what is right."
    )


def of_story(article):
    """Every channel that changes with a story. Six queries."""
    sections = {section.path: section for section in article.also_in.select_related("parent")}
    sections[article.section.path] = article.section
    sections |= {section.parent.path: section.parent for section in sections.values() if section.parent_id}
    return [
        of_paper(),
        *(of_section(section) for _, section in sorted(sections.items())),
        *(of_reporter(reporter) for reporter in article.reporters.all()),
        *(of_topic(tag) for tag in article.tags.order_by("name")),
        *([of_column(article.column)] if article.column_id else []),
        *([of_corrections()] if article.corrections.exists() else []),
    ]
