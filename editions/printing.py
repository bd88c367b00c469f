"""An edition's pages: stories are measured, planned (`layout`), cut to their columns, and set with Typst."""

import io
from dataclasses import dataclass
from pathlib import Path

from django.core.files.storage import default_storage
from PIL import Image

from . import layout
from .layout import COLUMN, FOLIO, GUTTER, HEIGHT, LINE, MARGIN, SIZES, TOP, WIDTH, Briefs, Planner, Space, Unit, span
from .text import clean
from .typesetter import Desk

# The size of the first headline, in points.
LEAD_SIZE = 40
# Pixels of a printed picture to the point: 170 to the inch.
SHARPNESS = 170 / 72
LARGEST_PICTURE = 40_000_000
# A story that does not fit after the first cut gets more room, this often at most.
TRIES = 6


@dataclass
class Printed:
    """The PDF, and what EditionStory rows say of its stories, in reading order."""

    pdf: bytes
    places: list
    pages: int
    desk: Desk
    job: dict

    def pictures(self, ppi):
        """Gives the pages as PNG, in bytes each."""
        return self.desk.pictures(self.job, ppi)


class Printer:
    """Prints one edition in a folder of its own."""

    def __init__(self, folder, *, paper, motto, date):
        self.desk, self.folder = Desk(folder), Path(folder)
        self.paper, self.motto, self.date = clean(paper), clean(motto), date
        self.cut_pictures = {}

    def print(self, content):
        """The edition as Printed. Raises TypesettingFailed with Typst's own words."""
        stories = [*content.front, *content.inside]
        spare = content.spare
        for story in (*stories, *spare):
            if story.photo and not can_be_read(story.photo.file):
                story.photo = None  # the story stands without it
        self.lead = content.front[0].pk if content.front else None
        self._measure([*stories, *spare], content.briefs)
        for _ in range(TRIES):
            planner = Planner(content.front, content.inside, spare, content.briefs)
            pages = planner.plan()
            chains = chains_of(pages)
            cuts, late = self._cut(chains)
            if not late:
                break
            for story in late:
                story.extra += late[story]
        self._level(chains, cuts)
        for page in pages:
            for stack in page.stacks:
                planner.finish(stack)
        job = self._job(pages, cuts, chains)
        pdf = self.desk.compile(job)
        return Printed(pdf, self.places(pages), len(pages), self.desk, job)

    # ---- measuring

    def _measure(self, stories, briefs):
        """Writes into stories and briefs how many lines they take."""
        widths = list(SIZES)
        heads, captions = [], []
        for story in stories:
            for width in widths:
                heads.append(self._head(story, width))
                heads.append(self._head(story, width, rest=True))
                if story.photo:
                    photo = {"words": story.photo.words, "credit": story.photo.credit, "width": span(width)}
                    captions.append(photo)
        found = self.desk.measure(
            width=COLUMN,
            heads=heads,
            captions=captions,
            briefs=[self._brief(brief, width) for brief in briefs for width in widths],
            fills=[self._fill(story, [100_000]) for story in stories],
        )
        lines = iter(found["heads"])
        captioned = iter(found["captions"])
        for story, fill in zip(stories, found["fills"], strict=True):
            story.lines = 100_000 - fill["spare"][0]
            for width in widths:
                for kind in ("head", "rest"):
                    story.heads[kind, width] = next(lines) + 1
                if story.photo:
                    story.captions[width] = next(captioned)
        lines = iter(found["briefs"])
        for brief in briefs:
            brief.lines = {width: next(lines) for width in widths}

    def _head(self, story, width, rest=False):
        words = self._words(story, width, rest)
        size = 13 if rest else self._size(story, width)
        return {"story": words, "size": size, "width": span(width)}

    def _size(self, story, width):
        """The size of a headline: the first story of the paper has the largest."""
        return LEAD_SIZE if story.pk == self.lead and width == 3 else SIZES[width]

    @staticmethod
    def _words(story, width, rest=False, page=0):
        if rest:
            said = f"From page {page or 99}" if story.lang == "en" else f"{page or 99}면에서 이어짐"
            return {"kicker": said, "headline": story.headline, "deck": "", "byline": "", "lang": story.lang}
        deck = story.deck if width > 1 else ""
        return {
            **{"kicker": story.kicker, "headline": story.headline, "deck": deck},
            **{"byline": story.byline, "lang": story.lang},
        }

    @staticmethod
    def _brief(brief, width):
        return {"headline": brief.headline, "deck": brief.deck, "lang": brief.lang, "width": span(width)}

    @staticmethod
    def _fill(story, frames):
        return {"paragraphs": story.paragraphs, "lang": story.lang, "frames": frames}

    # ---- cutting

    def _cut(self, chains):
        """{story id: cuts} of every text, and {Story: lines} of those that did not fit in their frames."""
        fills = [self._fill(units[0].story, frames_of(units)) for units in chains.values()]
        found = self.desk.measure(width=COLUMN, fills=fills)["fills"]
        cuts, late = {}, {}
        for units, fill in zip(chains.values(), found, strict=True):
            story = units[0].story
            cuts[story.pk] = fill
            paragraph, word = fill["ends"][-1] if fill["ends"] else (0, 0)
            if paragraph < len(story.paragraphs):
                left = sum(len(words) for _, words in story.paragraphs[paragraph:]) - word
                late[story] = max(1, left // 6)
        return cuts, late

    def _level(self, chains, cuts):
        """Takes lines away from texts that turned out shorter than planned, so that columns end together."""
        shorter = {}
        for units in chains.values():
            last = units[-1]
            spare = sum(cuts[last.story.pk]["spare"][-last.width :])
            if (lines := spare // last.width) and last.text > lines:
                shorter[id(last)] = (units, lines)
        if not shorter:
            return
        for units, lines in shorter.values():
            units[-1].text -= lines
        again, late = self._cut(chains)
        for units, lines in shorter.values():
            if units[-1].story in late:
                units[-1].text += lines
        if late:
            again, _ = self._cut(chains)
        cuts.update(again)

    # ---- placing

    def _job(self, pages, cuts, chains):
        numbers = {story.pk: page.number for page in reversed(pages) for story in (u.story for u in page.units)}
        texts = texts_of(chains, cuts)
        items = [self._page(page, pages, texts, numbers) for page in pages]
        long_date = f"{self.date:%A, %B} {self.date.day}, {self.date.year}"
        return {
            "title": f"{self.paper}, {long_date}",
            "paper": self.paper,
            "page": {"width": WIDTH, "height": HEIGHT},
            "pages": items,
        }

    def _page(self, page, pages, texts, numbers):
        self.items = []
        date = f"{self.date:%A, %B} {self.date.day}, {self.date.year}"
        right = WIDTH - 2 * MARGIN
        if page.number > 1:
            names = " · ".join(page.sections[:3]) or self.paper
            self._put("folio", MARGIN, TOP, right, number=f"{page.number}", section=names, date=date)
            self._rule(MARGIN, TOP + 14, right)
        else:
            size = min(76, 76 * 20 / max(20, len(self.paper)))
            self._put("masthead", MARGIN, TOP, right, name=self.paper, size=size)
            self._rule(MARGIN, TOP + 74, right)
            words = [date, self.motto, f"Page 1 of {len(pages)}"]
            self._put("dateline", MARGIN, TOP + 79, right, words=words)
            self._rule(MARGIN, TOP + 94, right, 1.5)
        for stack in page.stacks:
            self._stack(page, stack, texts)
        tops = {}
        for stack in page.stacks:
            if stack.column:
                tops.setdefault(stack.column, []).append(stack)
        for column, stacks in tops.items():
            top, bottom = min(stack.top for stack in stacks), max(stack.bottom for stack in stacks)
            x = MARGIN + column * (COLUMN + GUTTER) - GUTTER / 2
            self._rule(x, y_of(top), (bottom - top) * LINE, 0.4, down=True)
        if page.teasers:
            self._teasers(page, numbers)
        return self.items

    def _put(self, kind, x, y, width, **facts):
        self.items.append({"type": kind, "x": x, "y": y, "width": width, **facts})

    def _rule(self, x, y, length, thick=0.6, down=False):
        self.items.append({"type": "rule", "x": x, "y": y, "length": length, "thick": thick, "down": down})

    def _teasers(self, page, numbers):
        y = y_of(page.stacks[0].bottom + 1)
        self._rule(MARGIN, y - LINE * 0.6, WIDTH - 2 * MARGIN, 1.5)
        room = (layout.TEASERS - 0.5) * LINE
        teasers = [
            {
                **{"kicker": story.section, "headline": story.headline, "lang": story.lang, "width": COLUMN},
                "jump": f"Page {numbers[story.pk]}" if story.lang == "en" else f"{numbers[story.pk]}면",
            }
            for story in page.teasers
        ]
        lines = self.desk.measure(width=COLUMN, teasers=teasers)["teasers"]
        for index, (words, height) in enumerate(zip(teasers, lines, strict=True)):
            if height * LINE > room:
                words["headline"] = words["headline"][:48].rpartition(" ")[0] + " …"
            x = MARGIN + index * (COLUMN + GUTTER)
            self._put("teaser", x, y, **words)
            if index:
                self._rule(x - GUTTER / 2, y, room, 0.4, down=True)

    def _stack(self, page, stack, texts):
        x, width = MARGIN + stack.column * (COLUMN + GUTTER), span(stack.width)
        missing = stack.bottom - stack.top - stack.used
        gaps = max(1, len(stack.things) - 1)
        row = stack.top
        for index, thing in enumerate(stack.things):
            if index:
                # What is left over is spread, a line here and a line there.
                share = missing * index // gaps - missing * (index - 1) // gaps if len(stack.things) > 1 else 0
                self._rule(x, y_of(row + (layout.BETWEEN + max(0, share)) / 2), width)
                row += layout.BETWEEN + max(0, share)
            if isinstance(thing, Space):
                words = "This space is for advertising."
                self._put("space", x, y_of(row), width, height=thing.height * LINE, words=words)
            elif isinstance(thing, Briefs):
                self._briefs(thing, x, row, width)
            else:
                self._story(page, thing, x, row, width, texts)
            row += thing.height

    def _briefs(self, briefs, x, row, width):
        self._put("label", x, y_of(row), width, words="From the past days", size=10)
        row += 2
        for brief in briefs.items:
            self._put("brief", x, y_of(row), width, headline=brief.headline, deck=brief.deck, lang=brief.lang)
            row += brief.lines[briefs.width] + 1

    def _story(self, page, unit, x, row, width, texts):
        story, rest = unit.story, bool(unit.rest_from)
        size = 13 if rest else self._size(story, unit.width)
        words = self._words(story, unit.width, rest, unit.rest_from)
        self._put("head", x, y_of(row) + 2, width, story=words, size=size, level=3 if rest else 2)
        row += unit.head
        if unit.photo:
            height = unit.photo * LINE - 2
            photo = story.photo
            self._put(
                *("photo", x, y_of(row), width),
                **{"height": height, "file": self._picture(story, width, height)},
                **{"alt": photo.alt, "words": photo.words, "credit": photo.credit},
            )
            row += unit.photo + unit.caption
        for index, pieces in enumerate(texts[id(unit)]):
            left = x + index * (COLUMN + GUTTER)
            if pieces:
                self._put("text", left, y_of(row), COLUMN, pieces=pieces, lang=story.lang)
        if unit.goes_on:
            left = x + (unit.width - 1) * (COLUMN + GUTTER)
            said = f"Continued on page {unit.goes_on}" if story.lang == "en" else f"{unit.goes_on}면에 계속"
            self._put("jump", left, y_of(row + unit.text - 1), COLUMN, words=said)

    def _picture(self, story, width, height):
        """The photo cut to the proportion of its place around its focal point, as a JPEG in the folder; its name."""
        name = f"{story.pk}-{round(width)}-{round(height)}.jpg"
        if name in self.cut_pictures:
            return name
        with default_storage.open(story.photo.file) as stream, Image.open(stream) as image:
            image = image.convert("RGB")
            ratio = width / height
            wide, tall = min(image.width, round(image.height * ratio)), min(image.height, round(image.width / ratio))
            left = min(max(round(image.width * story.photo.focal[0] - wide / 2), 0), image.width - wide)
            top = min(max(round(image.height * story.photo.focal[1] - tall / 2), 0), image.height - tall)
            image = image.crop((left, top, left + max(1, wide), top + max(1, tall)))
            image.thumbnail((width * SHARPNESS, height * SHARPNESS))
            image.save(self.folder / name, "JPEG", quality=84, optimize=True)
        self.cut_pictures[name] = True
        return name

    @staticmethod
    def places(pages):
        """What EditionStory rows say: a dict for each story, in reading order."""
        found = {}
        for page in pages:
            for stack in page.stacks:
                for thing in stack.things:
                    if isinstance(thing, Briefs):
                        for item in thing.items:
                            found.setdefault(item.pk, {"article_id": item.pk, "page": page.number, "is_brief": True})
                    elif isinstance(thing, Unit) and thing.story.pk in found:
                        place = found[thing.story.pk]
                        place.setdefault("goes_on", page.number)
                    elif isinstance(thing, Unit):
                        pk, photo = thing.story.pk, thing.story.photo
                        photo = photo.pk if photo and thing.photo else None
                        found[pk] = {"article_id": pk, "page": page.number, "photo_id": photo}
        return list(found.values())


def can_be_read(file):
    """Whether the storage has the picture, and it is whole."""
    try:
        with default_storage.open(file) as stream, Image.open(stream) as image:
            image.load()
    except OSError:
        return False
    return True


def y_of(row):
    """Where a line of the grid begins, in points from the top of the page."""
    return TOP + FOLIO + row * LINE


def chains_of(pages):
    """{story id: [Unit]} in reading order; tells each unit where it goes on, and from where it comes."""
    chains = {}
    for page in pages:
        for unit in page.units:
            before = chains.setdefault(unit.story.pk, [])
            unit.page = page.number
            if before:
                before[-1].goes_on, unit.rest_from = page.number, before[-1].page
            before.append(unit)
    return chains


def frames_of(units):
    """Lines of every column that a story's text fills; the last one of a part that goes on says where."""
    frames = []
    for unit in units:
        frames += [unit.text] * (unit.width - 1) + [unit.text - 1 if unit.goes_on else unit.text]
    return frames


def texts_of(chains, cuts):
    """{id of a unit: [pieces of each of its columns]}."""
    texts = {}
    for pk, units in chains.items():
        story, ends = units[0].story, iter(cuts[pk]["ends"])
        at = (0, 0)
        for unit in units:
            columns = []
            for _ in range(unit.width):
                end = tuple(next(ends, at))
                columns.append(pieces_between(story.paragraphs, at, end))
                at = end
            texts[id(unit)] = columns
    return texts


def pieces_between(paragraphs, start, end):
    """The paragraphs, or parts of them, from one (paragraph, word) to another."""
    pieces = []
    for number in range(start[0], min(end[0] + 1, len(paragraphs))):
        kind, words = paragraphs[number]
        first = start[1] if number == start[0] else 0
        last = end[1] if number == end[0] else len(words)
        if words[first:last]:
            facts = {"opens": first == 0, "goes-on": last < len(words)}
            pieces.append({"kind": kind, "words": words[first:last], **facts})
    return pieces


def as_pictures(png, widths):
    """{width: WebP bytes} of a page that was rendered as PNG."""
    with Image.open(io.BytesIO(png)) as page:
        page = page.convert("RGB")
        found = {}
        for width in widths:
            size = (width, round(page.height * width / page.width))
            out = io.BytesIO()
            page.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0).save(out, "WEBP", quality=74, method=2)
            found[width] = out.getvalue()
    return found
