"""Comparing a story's page with the record that it was imported from.

Expectations are worked out from the record alone, by other means than the import's.
"""

import json
import re
from datetime import datetime
from zoneinfo import ZoneInfo

from bs4 import BeautifulSoup, NavigableString, Tag

SEOUL = ZoneInfo("Asia/Seoul")
NOT_BODY = "p.end-mark, p.meta, p.correction, section.author-card, nav"
CC = {
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC-BY-2.5": "https://creativecommons.org/licenses/by/2.5/",
    "CC-BY-3.0": "https://creativecommons.org/licenses/by/3.0/",
}


def read_records(path):
    """The records of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def soup(html):
    return BeautifulSoup(html, "html.parser")


def words(text):
    return " ".join(text.split())


def tree(node, figure=None):
    """Nested lists of a node's children: text as it stands, elements as [name, attributes, children].

    `tbody` without attributes and the page's boxes around tables count for nothing, as parsers put the
    one in and pages the other. `figure` turns figure elements into something else.
    """
    found = []
    for child in node.children:
        if isinstance(child, Tag):
            if figure and child.name == "figure":
                found.append(figure(child))
            elif (child.name == "tbody" and not child.attrs) or child.get("class") == ["table"]:
                found += tree(child, figure)
            else:
                found.append([child.name, dict(sorted(child.attrs.items())), tree(child, figure)])
        elif isinstance(child, NavigableString) and str(child):
            found.append(str(child))
    return joined(found)


def joined(nodes):
    """The nodes with neighbouring texts made one, and white space between blocks left out."""
    together = []
    for node in nodes:
        if isinstance(node, str) and together and isinstance(together[-1], str):
            together[-1] += node
        else:
            together.append(node)
    is_blocks = any(isinstance(node, list) and node[0] in BLOCKS for node in together)
    return [node for node in together if not (is_blocks and isinstance(node, str) and not node.strip())]


BLOCKS = {"p", "h2", "h3", "h4", "blockquote", "ul", "ol", "li", "dl", "dt", "dd", "pre", "hr", "figure"}
BLOCKS |= {"table", "caption", "thead", "tr", "th", "td"}


def is_same_html(one, other):
    """Whether two pieces of HTML mean the same."""
    return tree(soup(one)) == tree(soup(other))


def shown_figure(figure):
    """A figure of a page as caption, credit and alternative text."""
    caption, credit, image = figure.find("figcaption"), figure.select_one(".credit"), figure.find("img")
    credit_text = words(credit.extract().get_text()) if credit else ""
    return [
        "figure",
        words(caption.get_text()) if caption else "",
        credit_text,
        image["alt"] if image else None,
    ]


def expected_figure(photo, alts):
    """The same for a photo of a record; a missing alternative text may come from another use of the file."""
    return [
        "figure",
        words(photo["caption"]),
        words(photo["credit"]),
        photo["alt"].strip() or alts.get(photo["file"], ""),
    ]


def alts_of(records):
    """The first alternative text of each picture file."""
    found = {}
    for record in records:
        for photo in record["photos"]:
            if photo["alt"].strip():
                found.setdefault(photo["file"], photo["alt"].strip())
    return found


def expected_body(record, alts, without=""):
    """The tree that the page's text must have; `without` is a paragraph that the import lifts out."""
    placed = set()

    def figure(element):
        index = int(element["data-photo"])
        placed.add(index)
        return expected_figure(record["photos"][index], alts)

    body = tree(soup(record["body_html"].replace(without, "").strip()), figure)
    rest = [photo for index, photo in enumerate(record["photos"]) if index and index not in placed]
    return body + [expected_figure(photo, alts) for photo in rest], 0 in placed


def expected_stamps(record):
    """Posted and Updated as the page prints them."""
    published, updated = (datetime.fromisoformat(record[name]) for name in ("published_at", "updated_at"))
    if record["date_precision"] == "day":
        first = record["published_at"][:10]
        pattern = "%Y-%m-%d"
    else:
        pattern = "%Y-%m-%d %H:%M"
        first = published.astimezone(SEOUL).strftime(pattern)
    return [first] if updated == published else [first, updated.astimezone(SEOUL).strftime(pattern)]


def check_page(html, record, alts, *, without="", names=None):
    """Compares everything that a reader sees of a story with its record; asserts, naming what differs."""
    page = soup(html)
    story = page.select_one("#story")
    heading = page.h1
    for label in heading.select(".label"):
        assert words(label.extract().get_text()) == record.get("label", "")
    assert words(heading.get_text()) == words(record["title"])
    standfirst = page.select_one(".standfirst")
    assert words(standfirst.get_text() if standfirst else "") == words(record["deck"])
    kicker = words(page.select_one(".article-head .kicker").get_text())
    assert kicker == (record["kicker"] or record["subsection"] or record["section"])
    assert story.get("lang", "en") == record["lang"]

    body, lead_is_placed = expected_body(record, alts, without)
    hero = page.select_one("figure.hero")
    if record["photos"] and not lead_is_placed:
        assert shown_figure(hero) == expected_figure(record["photos"][0], alts)
    else:
        assert hero is None
    prose = page.select_one(".prose")
    origin = page.select_one("p.origin")
    tags = [words(link.get_text()).casefold() for link in page.select(".story-foot nav a[rel=tag]")]
    for other in prose.select(NOT_BODY):
        other.extract()
    for place in prose.select("span.place"):
        assert words(place.get_text()) == record["dateline"]
        place.next_sibling.replace_with(re.sub("^ — ", "", place.next_sibling))
        place.extract()
    # What the page says of footnotes for those who listen.
    for link in prose.select("[role=doc-noteref], [role=doc-backlink]"):
        for hidden in link.select(".vh"):
            hidden.extract()
        link.attrs = {name: value for name, value in link.attrs.items() if name not in ("role", "aria-label")}
    assert tree(prose, shown_figure) == body

    assert [time.get_text() for time in page.select(".story-meta time")] == expected_stamps(record)
    expected_names = names or [person["name"] for person in record["reporters"]]
    shown_names = [link.get_text() for link in page.select(".story-meta a.author")]
    assert [name.casefold() for name in shown_names] == [name.casefold() for name in expected_names]
    assert sorted(tags) == sorted({tag.casefold() for tag in record["tags"]})
    assert record["source"] in words(origin.get_text())
    assert f"Licence: {record['licence']}." in words(origin.get_text())
    addresses = [link["href"] for link in origin.select("a")]
    assert addresses == [record["source_url"], *filter(None, [CC.get(record["licence"])])]
