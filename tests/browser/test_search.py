"""The search in a real browser, with and without script."""

import pytest

from tests.factories import make_article, make_section

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def ferries(paper):
    world = make_section("World")
    for number in range(23):
        make_article(headline=f"Ferry number {number}", section=world if number % 2 else paper.section)


@pytest.mark.parametrize("script", [True, False])
def test_it_is_asked_narrowed_and_paged(open_page, ferries, script):
    page = open_page("/", java_script_enabled=script)
    page.locator(".masthead").get_by_role("link", name="Search").first.click()
    page.locator("main input[name=q]").fill("ferry")
    page.locator("main input[name=q]").press("Enter")
    page.wait_for_url("**/search/?q=ferry*")
    assert page.locator("#results").inner_text() == "23 stories for “ferry”"
    page.get_by_role("link", name="Next", exact=True).click()
    page.wait_for_url("**after=*")
    assert page.locator(".list h3").count() == 3
    page.go_back()
    page.locator(".facets").get_by_role("link", name="World").click()
    page.wait_for_url("**section=world*")
    assert page.locator("#results").inner_text() == "11 stories for “ferry”"
    page.locator("main input[name=q]").fill("ferry 3")
    page.locator("main input[name=q]").press("Enter")
    page.wait_for_url("**section=world*")
    assert page.locator(".list h3").all_inner_texts()[0] == "Ferry number 3"


def test_its_filters_fold_on_a_telephone(open_page, ferries):
    page = open_page("/search/?q=ferry", viewport={"width": 390, "height": 844})
    link = page.locator(".facets").get_by_role("link", name="World")
    assert not link.is_visible()
    page.locator(".facets summary").click()
    link.click()
    page.wait_for_url("**section=world*")
