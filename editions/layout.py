"""Where everything stands on the pages of an edition.

A page has stacks, each some columns wide. Stories are put into them from the top; what makes a stack end exactly at the
foot of the page is, in this order: a story that fits what is left, a story that is cut and goes on further back,
pictures that may be cropped a little lower or higher, and short items. All heights are in lines of the common grid,
so text stands on the same lines in every column, and no hole is left.
"""

from dataclasses import dataclass, field
from math import ceil

# Points. A3 is 297 x 420 mm.
WIDTH, HEIGHT, MARGIN, TOP, GUTTER, LINE = 841.89, 1190.55, 36.0, 32.0, 14.0, 11.5
COLUMNS = 5
COLUMN = (WIDTH - 2 * MARGIN - (COLUMNS - 1) * GUTTER) / COLUMNS
FOLIO = 2.5 * LINE
ROWS = int((HEIGHT - TOP - MARGIN - FOLIO) / LINE)
# Sizes of headlines by the width of their story.
SIZES = {1: 14.5, 2: 22, 3: 29, 4: 36, 5: 46}
# The widths of the stacks of a page, in turn.
PATTERNS = ((3, 2), (2, 3), (2, 1, 2), (3, 2), (1, 2, 2))
BETWEEN = 2  # lines between two things of a stack, with a rule in their middle
AFTER_HEAD = 0.6  # of a line
LEAST_TEXT = 5  # lines a column of a story that is cut, on either side of the cut
LEAST_ROOM = 11  # lines that are worth beginning a story in
# Lines by which a text is longer for every cut into columns.
SLACK = 0.4
# What it costs to cut a story, to end a stack with short items, to put sections together; how many stories are looked
# at, and put together.
CUT_COSTS, BRIEFS_COST, OTHER_COST, NEAR, DEEPEST = 9, 4, 3.5, 11, 4
CROSSWORD = 28  # lines of the space that is left free, two columns wide
MASTHEAD, TEASERS = 7, 7


def span(columns):
    """The width of so many columns, in points."""
    return columns * COLUMN + (columns - 1) * GUTTER


@dataclass(eq=False)
class Story:
    """A story to print. `lines` is the length of its text in one column; `photo` is None or a Picture."""

    pk: int
    section: str
    lang: str
    kicker: str
    headline: str
    deck: str
    byline: str
    paragraphs: list
    photo: object = None
    whole_photo: bool = False  # a drawing is not cropped
    url: str = ""
    weight: float = 0
    lines: int = 0
    heads: dict = field(default_factory=dict)
    captions: dict = field(default_factory=dict)
    extra: int = 0  # lines more than planned, as the first cut did not hold it all


@dataclass
class Picture:
    """A photo as it is printed: the storage's file, its proportion, its words."""

    pk: int
    file: str
    ratio: float
    focal: tuple
    alt: str
    words: str
    credit: str


@dataclass(eq=False)
class Brief:
    """A short item, or the announcement of a story that stands on another page."""

    headline: str
    deck: str
    lang: str
    section: str = ""
    lines: dict = field(default_factory=dict)
    url: str = ""
    pk: int = 0


@dataclass(eq=False)
class Unit:
    """A story, or the rest of one, in a stack. `text` is lines a column, `photo` lines of the picture itself."""

    story: Story
    left: int  # lines of text that are still to be set, in one column
    rest_from: int = 0  # the page on which the story began
    width: int = 1
    head: int = 0
    photo: int = 0
    least: int = 0
    most: int = 0
    caption: int = 0
    text: int = 0
    goes_on: int = 0  # the page on which it goes on
    page: int = 0
    passed: int = 0  # pages on which others were preferred

    @property
    def patience(self):
        """What it costs to prefer another one: more with every page, and for the rest of a story."""
        return 0.25 + 0.6 * self.passed + bool(self.rest_from)

    @property
    def height(self):
        """Lines of all of it."""
        return self.head + (self.photo + self.caption if self.photo else 0) + self.text

    def fit(self, width):
        """Gives it the width of a stack, with its whole text and its picture as it is."""
        self.width, story = width, self.story
        self.head = self.story.heads[("rest" if self.rest_from else "head", width)]
        # Cutting a text into columns costs a little.
        self.text = max(1, ceil((self.left + SLACK * (width - 1)) / width))
        self.photo = self.least = self.most = self.caption = 0
        if story.photo and not self.rest_from:
            ratio = max(story.photo.ratio, 0.8) if not story.whole_photo else story.photo.ratio
            natural = span(width) / ratio / LINE
            if natural > 44:
                natural = 44
            self.photo = round(natural)
            self.least, self.most = ceil(natural * 0.7), int(natural * 1.3)
            if story.whole_photo:
                self.least = self.most = self.photo
            self.caption = story.captions[width] + 1
        return self

    @property
    def shortest(self):
        """Lines with the picture as low as it may be."""
        return self.height - (self.photo - self.least if self.photo else 0)

    @property
    def tallest(self):
        """Lines with the picture as high as it may be."""
        return self.height + (self.most - self.photo if self.photo else 0)

    def crop(self, height):
        """Makes it so many lines high, as far as its picture can."""
        if self.photo:
            self.photo = min(max(self.photo + height - self.height, self.least), self.most)

    def cut_at(self, height, least=LEAST_TEXT):
        """Cuts the text so that all is so many lines high; returns the rest as a Unit, None where that cannot be."""
        if self.photo and self.height - self.text + least > height:
            self.photo = self.least
        text = height - (self.height - self.text)
        # The last line of the last column says where the story goes on.
        kept = text * self.width - 1
        rest = self.left - kept
        if text < least or rest < LEAST_TEXT * 2:
            return None
        self.text, self.left = text, kept
        return Unit(self.story, rest + 1)


@dataclass
class Stack:
    """Columns from `column` on, `width` of them, between two lines of the page, with what stands in them."""

    column: int
    width: int
    top: int
    bottom: int
    things: list = field(default_factory=list)  # Unit, Brief or Space

    @property
    def used(self):
        """Lines that are taken, with those between things."""
        return sum(thing_height(thing, self.width) for thing in self.things) + BETWEEN * max(0, len(self.things) - 1)

    @property
    def room(self):
        """Lines that are left for one thing more."""
        return self.bottom - self.top - self.used - (BETWEEN if self.things else 0)


@dataclass
class Space:
    """Paper that is left free for advertising."""

    height: int


@dataclass
class Briefs:
    """Short items under one label."""

    items: list
    width: int

    @property
    def height(self):
        """Lines of all of them, with the label."""
        return 2 + sum(item.lines[self.width] for item in self.items) + len(self.items) - 1


def thing_height(thing, width):
    """Lines that a thing of a stack takes."""
    return thing.height


@dataclass
class Page:
    """A page: its number and stacks; of the first one also the stories that its foot announces."""

    number: int
    stacks: list
    teasers: list = field(default_factory=list)

    @property
    def units(self):
        """The stories on it."""
        return [thing for stack in self.stacks for thing in stack.things if isinstance(thing, Unit)]

    @property
    def sections(self):
        """The sections of the stories that begin or go on there, in order."""
        return list(dict.fromkeys(unit.story.section for unit in self.units))


class Planner:
    """Fills pages from stories. `front` and `inside` are Story lists in order, `spare` ones may be printed or not."""

    def __init__(self, front, inside, spare=(), briefs=(), crossword=True):
        self.front, self.spare, self.briefs = list(front), list(spare), list(briefs)
        self.order = list(dict.fromkeys(story.section for story in inside))
        self.queue = [Unit(story, story_length(story)) for story in inside]
        self.crossword = crossword
        self.pages = []

    def plan(self):
        """The pages."""
        self.front_page()
        while self.queue:
            self.inner_page()
        for page in self.pages:
            for stack in page.stacks:
                self.close(stack)
        return self.pages

    # ---- the front page

    def front_page(self):
        """The first page: in its wide stack the lead, beside it the next ones, all of them cut where they are long."""
        foot = TEASERS + 2 if len(self.front) + len(self.queue) > 6 else 0
        bottom = ROWS - foot
        stacks = [Stack(0, 3, MASTHEAD, bottom), Stack(3, 2, MASTHEAD, bottom)]
        if len(self.front) == 1 and not self.queue:
            stacks = [Stack(0, 5, MASTHEAD, bottom)]
        page = Page(1, stacks)
        self.pages.append(page)
        waiting = [Unit(story, story_length(story)) for story in self.front]
        rests = []
        for stack, quotas in zip(stacks, ((17, 12), (11, 11, 11)), strict=False):
            if not waiting:
                break
            count = min(len(quotas), len(waiting))
            for index in range(count):
                quota = quotas[index]
                if not waiting:
                    break
                unit = waiting[0].fit(stack.width)
                base = unit.height - unit.text
                room = stack.room
                last = index == count - 1 or room - base - quota - BETWEEN < LEAST_ROOM + 4
                if unit.shortest > room or (not last and unit.text > quota + 4):
                    rest = unit.cut_at(room if last else min(base + quota, room))
                    if rest is None:
                        break
                    rests.append(rest)
                elif last and unit.tallest >= room:
                    unit.crop(room)
                stack.things.append(waiting.pop(0))
                if last:
                    break
        for rest in rests:
            rest.rest_from = 1
        shown = {unit.story.pk for unit in page.units}
        back = [Unit(unit.story, story_length(unit.story)) for unit in waiting]
        self.queue = self._sorted(rests + back + self.queue)
        if foot:
            firsts = {}
            for unit in self.queue:
                if unit.story.pk not in shown and not unit.rest_from and unit.story.section not in firsts:
                    firsts[unit.story.section] = unit.story
            page.teasers = list(firsts.values())[:COLUMNS]

    def _sorted(self, units):
        def place(unit):
            section = unit.story.section
            return self.order.index(section) if section in self.order else len(self.order)

        # The rest of a story comes before others of its section.
        return sorted(units, key=lambda unit: (place(unit), not unit.rest_from, -unit.story.weight))

    # ---- the others

    def inner_page(self):
        """One page more."""
        number = len(self.pages) + 1
        widths = PATTERNS[(number - 2) % len(PATTERNS)]
        stacks, column = [], 0
        for width in widths:
            stacks.append(Stack(column, width, 0, ROWS))
            column += width
        page = Page(number, stacks)
        self.pages.append(page)
        if number == 2 and self.crossword:
            self._keep_free(stacks)
        rests = []
        # The widest stack chooses first: it holds the page's largest story.
        for stack in sorted(stacks, key=lambda stack: -stack.width):
            self._fill(stack, number, rests)
        for rest in rests:
            rest.rest_from = number
        for unit in self.queue:
            if unit.story.section in page.sections or unit.passed:
                unit.passed += 1
        self.queue = rests + self.queue

    def _keep_free(self, stacks):
        stack = next(stack for stack in reversed(stacks) if stack.width == 2)
        stack.bottom -= CROSSWORD + BETWEEN
        stacks.append(Stack(stack.column, 2, ROWS - CROSSWORD, ROWS, [Space(CROSSWORD)]))

    def _fill(self, stack, number, rests):
        while self.queue and stack.room >= LEAST_ROOM:
            if chosen := self._ending(stack):
                for unit in chosen:
                    self.queue.remove(unit)
                    stack.things.append(unit)
                return
            unit = self._next_for(stack)
            if unit is None:
                return
            self.queue.remove(unit)
            if unit.fit(stack.width).shortest > stack.room:
                rests.append(unit.cut_at(stack.room))
            elif unit.height > stack.room:
                unit.crop(stack.room)
            stack.things.append(unit)

    def _ending(self, stack):
        """Stories that together end a stack where it should end, none of them cut; [] where there are none.

        Tried are the next stories in their order, pictures as high or low as they may be, or left out. Best is what
        keeps sections together, leaves nothing out and needs no short items.
        """
        near = self._near(stack.width)
        for unit in near:
            unit.fit(stack.width)
        best = (CUT_COSTS, [], [])
        section = near[0].story.section

        def search(at, chosen, low, high, cost, without):
            nonlocal best
            if cost >= best[0] or low > stack.room + BETWEEN:
                return
            if chosen:
                room = stack.room + BETWEEN  # every thing is counted with the lines before it
                left = room - high
                ends = cost
                if left > 2 * len(chosen):
                    ends += BRIEFS_COST + left * 0.3 if left >= 7 + BETWEEN else CUT_COSTS
                    ends += CUT_COSTS if left > 24 else 0
                if ends < best[0]:
                    best = (ends, list(chosen), list(without))
            if len(chosen) == DEEPEST:
                return
            for index in range(at, len(near)):
                unit = near[index]
                skipped = sum(near[i].patience for i in range(at, index))
                other = 0 if unit.story.section == section else OTHER_COST
                more = cost + skipped + other
                chosen.append(unit)
                search(index + 1, chosen, low + unit.shortest + BETWEEN, high + unit.tallest + BETWEEN, more, without)
                if unit.photo and not unit.story.whole_photo:
                    bare = unit.height - unit.photo - unit.caption + BETWEEN
                    without.append(unit)
                    # The largest story of a page keeps its picture.
                    search(index + 1, chosen, low + bare, high + bare, more + (6 if len(chosen) == 1 else 3), without)
                    without.pop()
                chosen.pop()

        search(0, [], 0, 0, 0, [])
        _, chosen, without = best
        for unit in without:
            unit.photo = unit.least = unit.most = unit.caption = 0
        # The one with a picture stands on top, the rest of another story below what begins here.
        chosen.sort(key=lambda unit: (bool(unit.rest_from), not unit.photo))
        missing = stack.room + BETWEEN - sum(unit.height + BETWEEN for unit in chosen)
        for unit in sorted(chosen, key=lambda unit: -unit.photo):
            before = unit.height
            unit.crop(before + missing)
            missing -= unit.height - before
        return chosen

    def _near(self, width):
        """The next units that may stand in a stack."""
        if width == 1:  # narrow columns are for short texts
            return [u for u in self.queue[:24] if u.left <= 75 and not u.story.whole_photo][:NEAR] or self.queue[:NEAR]
        return self.queue[:NEAR]

    def _next_for(self, stack):
        """The next story for a stack that none ends: one that leaves room for others, else one that may be cut."""
        room, near = stack.room, self._near(stack.width)
        for unit in near:
            left = room - unit.fit(stack.width).height - BETWEEN
            if unit.shortest <= room and left >= LEAST_ROOM + 6:
                return unit
        for unit in near:
            if unit.rest_from and unit.left < 40 * stack.width:
                continue  # what was cut once is not cut again, unless it is very long
            trial = Unit(unit.story, unit.left, unit.rest_from).fit(stack.width)
            if trial.shortest > room and trial.cut_at(room) is not None:
                return unit
        return next((unit for unit in near if unit.fit(stack.width).shortest <= room), None)

    # ---- ends of stacks

    def close(self, stack):
        """Makes a stack end where it should: with pictures, spare stories, short items, and free space at last."""
        self._stretch(stack)
        while stack.room >= LEAST_ROOM and (unit := self._spare_for(stack)):
            stack.things.append(unit)
        self.finish(stack)

    def finish(self, stack):
        """What of that changes no text: pictures, short items, free space."""
        self._stretch(stack)
        if stack.room >= 5 and not any(isinstance(thing, Briefs) for thing in stack.things):
            items = self._briefs_for(stack.width, stack.room)
            if items:
                stack.things.append(Briefs(items, stack.width))
        if stack.room >= 8:
            stack.things.append(Space(stack.room))

    def _stretch(self, stack):
        for thing in stack.things:
            missing = stack.room + (BETWEEN if stack.things else 0)
            if isinstance(thing, Unit) and thing.photo and 0 < missing <= 12:
                thing.crop(thing.height + missing)

    def _spare_for(self, stack):
        found = None
        for story in self.spare[:40]:
            if stack.width == 1 and story.photo:
                continue
            unit = Unit(story, story_length(story)).fit(stack.width)
            if unit.shortest <= stack.room <= unit.tallest:
                found = unit
                break
            if found is None and unit.height <= stack.room:
                found = unit
        if found:
            self.spare.remove(found.story)
            self.briefs = [brief for brief in self.briefs if brief.pk != found.story.pk]
            if found.tallest >= stack.room:
                found.crop(stack.room)
        return found

    def _briefs_for(self, width, room):
        items, height = [], 2
        for brief in list(self.briefs):
            more = brief.lines[width] + (1 if items else 0)
            if height + more <= room:
                items.append(brief)
                height += more
            if room - height < 3:
                break
        self.briefs = [brief for brief in self.briefs if brief not in items]
        self.spare = [story for story in self.spare if story.pk not in {brief.pk for brief in items}]
        return items


def story_length(story):
    """Lines of a story's text in one column."""
    return max(1, story.lines + story.extra)
