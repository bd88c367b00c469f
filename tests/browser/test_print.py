"""A printed story looks like a clipping."""

import pytest

from tests.factories import make_article, make_photo, make_reporter

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def story(paper):
    return make_article(
        headline="A story to cut out",
        section=paper.section,
        photos=[make_photo(render=True)],
        reporters=[make_reporter("Seo Ha-rin")],
        body="<h2>One</h2>" + "<p>A paragraph that fills the columns of a page with words and words.</p>" * 40,
    )


LEFT_OUT = (
    ".topnav",
    ".ticker",
    ".menu",
    ".tools",
    ".aside-list",
    ".site-footer nav",
    ".section-nav",
    "form",
    ".related",
)


@pytest.mark.parametrize("end", ["", "print/"])
def test_it_prints_the_story_alone_in_columns(open_page, story, end):
    page = open_page(story.get_absolute_url() + end)
    page.emulate_media(media="print", color_scheme="dark")
    shown = [name for name in LEFT_OUT if any(part.is_visible() for part in page.locator(name).all())]
    assert shown == []
    for part in (".nameplate", "h1", ".byline", ".story-meta time", ".hero img", ".prose"):
        assert page.locator(part).first.is_visible(), part
    prose = page.locator(".prose").first
    assert prose.evaluate("element => getComputedStyle(element).columnCount") == "2"
    # Dark readers print on white paper, too.
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    assert len(page.pdf(format="A4")) > 10_000


def test_the_preview_leads_back_and_prints(open_page, story):
    page = open_page(f"{story.get_absolute_url()}print/")
    page.evaluate("window.print = () => { window.printed = true }")
    page.get_by_role("button", name="Print").click()
    assert page.evaluate("window.printed")
    page.get_by_role("link", name="Back to the story").click()
    page.wait_for_url(f"**{story.get_absolute_url()}")
