"""The plan of the pages holds for any number and length of stories: nothing overlaps, nothing is lost, no hole."""

from hypothesis import given
from hypothesis import strategies as st

from editions.layout import (
    BETWEEN,
    LEAST_TEXT,
    ROWS,
    SIZES,
    Brief,
    Briefs,
    Picture,
    Planner,
    Space,
    Story,
    Unit,
    story_length,
)
from editions.printing import chains_of, frames_of

# The most lines that may be left over in a stack; they are spread between what stands there.
LEFT_OVER = 7


def make_story(pk, lines, section="National", photo=None, head=5):
    """A Story that was measured already; `photo` is its proportion."""
    story = Story(pk, section, "en", "", f"Story {pk}", "", "", [["p", []]], lines=lines)
    story.photo = Picture(1, "file.jpg", photo, (0.5, 0.5), "", "", "") if photo else None
    for width in SIZES:
        story.heads["head", width] = head + (3 if width == 1 else 0)
        story.heads["rest", width] = 4
        story.captions[width] = 2
    return story


def make_brief(pk):
    brief = Brief("Head", "Deck", "en", pk=pk)
    brief.lines = {1: 6, 2: 4, 3: 3, 4: 3, 5: 2}
    return brief


stories = st.lists(
    st.builds(
        lambda lines, section, photo, head: (lines, section, photo, head),
        st.one_of(st.integers(1, 30), st.integers(30, 200), st.integers(200, 3_000)),
        st.sampled_from(["National", "Business", "Opinion", "Sports"]),
        st.sampled_from([None, None, 0.4, 0.75, 1.0, 1.5, 1.78, 3.5]),
        st.integers(3, 14),
    ),
    max_size=45,
)


def check(pages, everything):
    for page in pages:
        assert len(page.stacks) >= 1
        for stack in page.stacks:
            room = stack.bottom - stack.top - stack.used
            assert room >= 0, f"page {page.number} is too full by {-room} lines"
            assert 0 <= stack.top < stack.bottom <= ROWS
            assert stack.things or stack.bottom - stack.top < 8
            assert room <= LEFT_OVER + BETWEEN, f"a hole of {room} lines on page {page.number}"
            for thing in stack.things:
                if isinstance(thing, Unit):
                    assert thing.head > 0
                    assert thing.text > 0, "a headline without text"
                    assert thing.least <= thing.photo <= thing.most
    chains = chains_of(pages)
    assert set(chains) >= {story.pk for story in everything}
    for units in chains.values():
        story = units[0].story
        assert sum(frames_of(units)) >= story_length(story), "a text was cut off"
        assert not units[-1].goes_on
        for before, after in zip(units, units[1:], strict=False):
            assert before.goes_on == after.page > before.page == after.rest_from
            assert before.text >= LEAST_TEXT


@given(stories, st.integers(0, 5), st.integers(0, 60))
def test_any_day_fills_its_pages(rows, on_front, briefs):
    found = [make_story(number, *row) for number, row in enumerate(rows)]
    front, inside = found[:on_front], found[on_front:]
    order = ["National", "Business", "Opinion", "Sports"]
    inside.sort(key=lambda story: order.index(story.section))
    spare = [make_story(1_000 + number, 40 + 7 * number, photo=1.5 if number % 2 else None) for number in range(20)]
    pages = Planner(front, inside, spare, [make_brief(2_000 + number) for number in range(briefs)]).plan()
    check(pages, found)


def test_a_story_alone_fills_its_page_and_the_rest_is_free():
    pages = Planner([make_story(1, 40, photo=1.5)], []).plan()
    assert len(pages) == 1
    check(pages, [])
    assert isinstance(pages[0].stacks[0].things[-1], Space)


def test_one_long_story_goes_on_from_page_to_page():
    story = make_story(1, 2_000)
    pages = Planner([story], []).plan()
    check(pages, [story])
    assert len(pages) > 3


def test_a_space_of_a_crossword_is_left_free():
    found = [make_story(number, 100) for number in range(20)]
    pages = Planner(found[:3], found[3:]).plan()
    spaces = [thing for stack in pages[1].stacks for thing in stack.things if isinstance(thing, Space)]
    assert [space.height for space in spaces][:1] == [28]


def test_sections_stand_in_their_order():
    found = [make_story(number, 90, section=name) for name in ("National", "Sports") for number in range(8)]
    for number, story in enumerate(found):
        story.pk = number
    pages = Planner([], found).plan()
    begins = [page.sections[0] for page in pages if page.sections]
    assert begins == sorted(begins), begins


def test_short_items_are_printed_once():
    pages = Planner([make_story(1, 30)], [], [], [make_brief(number) for number in range(40)]).plan()
    items = [item.pk for p in pages for s in p.stacks for t in s.things if isinstance(t, Briefs) for item in t.items]
    assert len(items) == len(set(items)) > 5
