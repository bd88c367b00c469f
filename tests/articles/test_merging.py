"""Two texts that come from one: what only one side changed is taken, the rest is left to choose."""

import pytest

from articles.merging import BOTH, THEIRS, blocks, merged, pieces

BASE = "<p>One.</p><p>Two.</p><p>Three.</p>"


def chosen(base, mine, theirs, **choices):
    """The merged text on one line."""
    return merged(pieces(base, mine, theirs), choices.get("choices", ())).replace("\n", "")


def open_ones(base, mine, theirs):
    """The pieces that somebody has to decide, by number."""
    return [number for number, piece in enumerate(pieces(base, mine, theirs)) if piece.is_open]


def test_blocks_are_the_elements_that_stand_in_no_other():
    html = '<h2>A</h2><ul><li>b<ul><li>c</li></ul></li></ul>\n<figure data-photo="x"></figure><hr><p>d<br>e</p>'
    assert len(blocks(html)) == 5
    assert "".join(blocks(html)) == html.replace("\n", "")


@pytest.mark.parametrize(
    ("mine", "theirs", "wanted"),
    [
        (BASE, BASE, BASE),
        (BASE, "<p>One!</p><p>Two.</p><p>Three.</p>", "<p>One!</p><p>Two.</p><p>Three.</p>"),
        ("<p>One.</p><p>Two.</p>", BASE, "<p>One.</p><p>Two.</p>"),
        (
            "<p>One, mine.</p><p>Two.</p><p>Three.</p>",
            "<p>One.</p><p>Two.</p><p>Three, theirs.</p>",
            "<p>One, mine.</p><p>Two.</p><p>Three, theirs.</p>",
        ),
        (
            "<p>Zero.</p><p>One.</p><p>Two.</p><p>Three.</p>",
            "<p>One.</p><p>Two.</p><p>Three.</p><p>Four.</p>",
            "<p>Zero.</p><p>One.</p><p>Two.</p><p>Three.</p><p>Four.</p>",
        ),
        ("<p>Same.</p><p>Two.</p><p>Three.</p>", "<p>Same.</p><p>Two.</p><p>Three.</p>", None),
    ],
)
def test_what_one_side_changed_is_taken(mine, theirs, wanted):
    assert open_ones(BASE, mine, theirs) == []
    assert chosen(BASE, mine, theirs) == (wanted or mine)


def test_what_both_changed_is_left_to_choose():
    mine, theirs = "<p>One.</p><p>Mine.</p><p>Three.</p>", "<p>One.</p><p>Theirs.</p><p>Three.</p>"
    (number,) = open_ones(BASE, mine, theirs)
    assert chosen(BASE, mine, theirs) == mine
    assert chosen(BASE, mine, theirs, choices={number: THEIRS}) == theirs
    both = "<p>One.</p><p>Theirs.</p><p>Mine.</p><p>Three.</p>"
    assert chosen(BASE, mine, theirs, choices={number: BOTH}) == both


def test_without_a_common_text_everything_is_left_to_choose():
    assert open_ones("", "<p>Mine.</p>", "<p>Theirs.</p>") == [0]


def test_nothing_executable_comes_in_by_a_posted_piece():
    assert "script" not in chosen(BASE, "<p>One.</p><script>x()</script>", BASE)
