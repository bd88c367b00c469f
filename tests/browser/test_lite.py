"""The lite edition as a preference, and the appearance that is kept, in a real browser."""

import pytest

from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def path(page):
    return page.evaluate("location.pathname + location.hash")


def test_the_lite_edition_once_chosen_is_that_of_every_page(open_page, paper):
    address = paper.get_absolute_url()
    page = open_page(address)
    page.get_by_role("link", name="Lite edition of this page").click()
    page.wait_for_url(f"**/lite{address}")
    assert page.locator("h1").inner_text().endswith(paper.headline)
    # An address of the full edition, opened later, leads to the lite one.
    page.goto(page.url.partition("/lite")[0] + "/business/")
    page.wait_for_url("**/lite/business/")
    page.get_by_role("link", name="Full edition of this page").click()
    page.wait_for_url(lambda url: "/lite" not in url and "#" not in url)
    assert path(page) == "/business/"
    page.goto(page.url.partition("/business")[0] + address)
    assert path(page) == address


def test_the_lite_edition_works_without_script(open_page, paper, live_server):
    page = open_page("/", java_script_enabled=False)
    page.get_by_role("link", name="Lite edition of this page").click()
    assert path_of(page) == "/lite/"
    page.get_by_role("link", name="Business").first.click()
    assert path_of(page) == "/lite/business/"
    page.goto(f"{live_server.url}/lite{paper.get_absolute_url()}")
    page.get_by_role("link", name="Full edition of this page").click()
    assert path_of(page) == f"{paper.get_absolute_url()}#full"


def path_of(page):
    """Without script the browser cannot be asked."""
    return "/" + page.url.split("/", 3)[3]


SIZE = "document.documentElement.style.getPropertyValue('--reading')"


def test_size_and_appearance_are_kept_from_page_to_page(open_page, paper, live_server):
    page = open_page(paper.get_absolute_url())
    page.locator("#size-l").check()
    page.locator("#theme-dark").check()
    for address in ("/business/", f"{paper.get_absolute_url()}print/", "/search/"):
        page.goto(live_server.url + address)
        assert page.evaluate("document.documentElement.style.colorScheme") == "dark"
        assert page.evaluate(SIZE) == "1.15"


def test_a_long_read_shows_how_far_one_has_come(open_page, paper):
    paper.body = "<p>" + "words and more words. " * 500 + "</p>"
    paper.save()
    page = open_page(paper.get_absolute_url())
    width = "parseFloat(getComputedStyle(document.body, '::before').transform.slice(7) || 1)"
    assert page.evaluate(width) == 0
    page.evaluate("scrollTo({ top: document.body.scrollHeight, behavior: 'instant' })")
    assert wait_until(lambda: page.evaluate(width) > 0.9)
