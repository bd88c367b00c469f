"""Rows are put in order by buttons as well as by dragging, with the keyboard alone."""

import pytest
from django.urls import reverse

from sections.models import MenuItem
from tests.admin.browser import desk_page, save_story
from tests.factories import draft, make_photo, make_reporter

pytestmark = pytest.mark.browser


@pytest.fixture
def page(transactional_db, browser, live_server, settings):
    """A browser of somebody who may do everything."""
    with desk_page(browser, live_server, settings) as page:
        yield page


def test_menu_entries_move_by_keyboard_and_say_where_they_are(page):
    page.goto(reverse("admin:sections_menuitem_changelist") + "?menu__exact=tiles")
    names = page.locator("#result_list .field-words")
    first, second = names.nth(0).inner_text(), names.nth(1).inner_text()
    down = page.get_by_role("button", name="Move down").first
    down.press("Enter")
    assert [names.nth(0).inner_text(), names.nth(1).inner_text()] == [second, first]
    assert page.evaluate("document.activeElement.textContent") == "↓", "the focus goes along"
    total = names.count()
    assert page.locator(".order-status").inner_text() == f"Moved to place 2 of {total}"
    page.get_by_role("button", name="Move up").first.press("Enter")
    assert page.locator(".order-status").inner_text() == "It is the first already."
    page.locator("input[name=_save]").click()
    page.wait_for_selector(".messagelist .success")
    assert MenuItem.objects.filter(menu="tiles").first().text == second


def test_rows_of_a_story_move_too(page):
    story = draft(reporters=[make_reporter("A"), make_reporter("B")], photos=[make_photo(), make_photo()])
    first = story.photo_uses.first().photo_id
    page.goto(reverse("admin:articles_article_change", args=[story.pk]))
    page.locator("#bylines-group").get_by_role("button", name="Move down").first.press("Space")
    page.locator("#photo_uses-group").get_by_role("button", name="Move down").first.press("Enter")
    save_story(page)
    assert [byline.reporter.name for byline in story.bylines.all()] == ["B", "A"]
    assert story.photo_uses.last().photo_id == first
