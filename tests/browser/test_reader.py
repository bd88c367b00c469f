"""What HTML alone cannot prove, in a real Chromium."""

import time

import pytest

from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DAY = 24 * 60 * 60 * 1000


def test_the_overlay_opens_and_closes_by_keyboard(open_page):
    page = open_page("/")
    page.keyboard.press("Tab")  # the skip link
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("dialog#menu").is_visible()
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    for _ in range(120):  # the focus stays inside
        page.keyboard.press("Tab")
    assert page.evaluate(
        "document.activeElement === document.body || document.activeElement.closest('dialog') !== null"
    )
    page.keyboard.press("Escape")
    assert not page.locator("dialog#menu").is_visible()
    assert page.evaluate("document.activeElement.hash") == "#menu"


def test_the_overlay_shows_two_levels_tiles_and_social_links(open_page):
    page = open_page("/")
    page.get_by_role("link", name="All menu").click()
    menu = page.locator("dialog#menu")
    assert menu.locator(".sitemap > section").count() == 10
    assert menu.locator(".sitemap li").count() == 45
    assert menu.locator(".tile").count() == 4
    assert menu.get_by_role("link", name="YouTube").is_visible()


def test_the_overlay_works_without_script(open_page):
    page = open_page("/", java_script_enabled=False)
    page.get_by_role("link", name="All menu").click()
    assert page.locator("#menu").is_visible()
    page.get_by_role("link", name="Close").click()
    assert not page.locator("#menu").is_visible()


def test_the_ticker_stays_closed_for_24_hours_and_opens_again(open_page, paper):
    page = open_page("/")
    ticker = page.locator(".ticker")
    assert ticker.locator("li").count() == 20
    page.get_by_role("button", name="Close for 24 hours").click()
    assert not page.locator(".ticker-columns").is_visible()
    page.goto(page.url + paper.get_absolute_url()[1:])
    assert not page.locator(".ticker-columns").is_visible()
    until = page.evaluate("+localStorage.getItem('hide:ticker')")
    assert abs(until - (time.time() * 1000 + DAY)) < 60_000
    page.evaluate("localStorage.setItem('hide:ticker', Date.now() - 1)")
    page.reload()
    assert page.locator(".ticker-columns").is_visible()


def test_opening_the_ticker_forgets_the_24_hours(open_page):
    page = open_page("/")
    page.get_by_role("button", name="Close for 24 hours").click()
    page.locator(".ticker summary").click()
    assert page.locator(".ticker-columns").is_visible()
    page.reload()
    assert page.locator(".ticker-columns").is_visible()


def test_the_ticker_has_odd_ranks_first_and_no_motion(open_page):
    page = open_page("/")
    ranks = page.locator(".ticker .rank").all_text_contents()
    assert [int(rank) for rank in ranks] == [*range(1, 21, 2), *range(2, 21, 2)]
    assert page.evaluate("document.querySelector('.ticker').getAnimations({subtree: true}).length") == 0


def test_the_text_size_is_kept(open_page, paper):
    page = open_page(paper.get_absolute_url())
    size = "parseFloat(getComputedStyle(document.querySelector('.prose')).fontSize)"
    before = page.evaluate(size)
    page.locator("#size-xl").check()
    larger = page.evaluate(size)
    assert larger > before * 1.2
    page.reload()
    assert page.evaluate(size) == larger
    assert page.locator("#size-xl").is_checked()


def test_the_text_size_changes_without_script(open_page, paper):
    page = open_page(paper.get_absolute_url(), java_script_enabled=False)
    before = page.locator(".prose p").first.bounding_box()["height"]
    page.locator("#size-xl").check()
    assert page.locator(".prose p").first.bounding_box()["height"] > before


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/business/",
        "story",
        "/search/?q=towns",
        "/reporters/noh-tae-gyeom/",
        "/sitemap/",
        "/products/rss/?q=" + "x" * 99,
    ],
)
@pytest.mark.parametrize("width", [320, 390])
def test_no_page_scrolls_sideways(open_page, paper, path, width):
    page = open_page(paper.get_absolute_url() if path == "story" else path, viewport={"width": width, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_story_can_be_read_without_script(open_page, paper):
    page = open_page(paper.get_absolute_url(), java_script_enabled=False)
    assert page.get_by_role("heading", name="Five towns, one supply chain").is_visible()
    assert page.get_by_text("A paragraph with a very long word").is_visible()
    assert page.get_by_text("noh (at) example.com").is_visible()
    assert page.locator(".hero img").is_visible()


def test_pictures_arrive_in_sizes_that_fit(open_page, paper):
    page = open_page(paper.get_absolute_url(), viewport={"width": 390, "height": 800})
    image = page.locator(".hero img")
    assert wait_until(lambda: image.evaluate("image => image.complete"))
    assert image.evaluate("image => image.naturalWidth") > 0
    assert "-480." in image.evaluate("image => image.currentSrc")


def test_the_date_line_tells_seoul_time(open_page):
    page = open_page("/", timezone_id="America/New_York")
    shown = page.locator("[data-now]").text_content()
    zone = "{timeZone: 'Asia/Seoul', hour: '2-digit', minute: '2-digit'}"
    expected = page.evaluate(f"new Intl.DateTimeFormat('en-GB', {zone}).format(new Date())")
    assert shown.endswith(expected) or shown[:-2].endswith(expected[:-2])
    assert "| " in shown


def test_a_reporters_address_becomes_a_link(open_page, paper):
    page = open_page(paper.get_absolute_url())
    assert page.get_by_role("link", name="noh@example.com").get_attribute("href") == "mailto:noh@example.com"


def test_a_link_is_copied(open_page, paper):
    page = open_page(paper.get_absolute_url(), permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("link", name="Copy link").click()
    page.get_by_text("Link copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").endswith(paper.get_absolute_url())


def test_appearance_is_chosen_and_kept(open_page, paper):
    page = open_page("/", color_scheme="light")
    background = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(background)
    page.locator("#theme-dark").check()
    dark = page.evaluate(background)
    assert dark != light
    page.goto(page.url + paper.get_absolute_url()[1:])
    assert page.evaluate(background) == dark


def test_nothing_comes_from_another_host(open_page, paper, live_server):
    page = open_page("/")
    hosts = []
    page.on("request", lambda request: hosts.append(request.url))
    page.goto(live_server.url + paper.get_absolute_url())
    page.wait_for_load_state("networkidle")
    assert hosts
    assert [url for url in hosts if not url.startswith(live_server.url)] == []


def test_reading_a_story_is_counted_once_an_hour(open_page, paper):
    page = open_page(paper.get_absolute_url())
    with page.expect_request("**/reads/", timeout=15_000) as told:
        pass
    assert told.value.post_data == str(paper.pk)
    assert told.value.headers.get("cookie") is None
    again = []
    page.on("request", lambda request: again.append(request.url) if request.url.endswith("/reads/") else None)
    page.reload()
    page.wait_for_timeout(6_000)
    assert again == []
