"""What a reader leaves behind: nothing, until they ask for something that needs it."""

import pytest

from tests.factories import make_paper
from tests.test_page_contract import addresses

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# How much what has been painted moves, summed as Chromium reports it.
SHIFT = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 400);
})"""


@pytest.fixture
def pages(live_server, settings):
    settings.SITE_URL = live_server.url
    return addresses(make_paper())


def test_it_sets_no_cookie_and_asks_no_other_host(browser, live_server, pages):
    """Every kind of page in turn, in one browser that keeps what it is given; only the sign-in form needs a cookie."""
    context = browser.new_context()
    page, asked = context.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    for address in pages.values():
        page.goto(live_server.url + address)
        page.mouse.wheel(0, 20_000)
        page.wait_for_load_state("networkidle")
    assert context.cookies() == []
    elsewhere = [url for url in asked if not url.startswith((live_server.url, "data:", "blob:"))]
    assert elsewhere == []
    assert (
        page.evaluate(
            "Object.keys(sessionStorage).concat(Object.keys(localStorage)).filter(k => !k.startsWith('read:'))"
        )
        == []
    )
    context.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_moves_once_it_is_painted(browser, live_server, pages, width):
    context = browser.new_context(viewport={"width": width, "height": 800})
    page, moved = context.new_page(), {}
    for kind, address in pages.items():
        page.goto(live_server.url + address)
        page.wait_for_load_state("networkidle")
        shift = page.evaluate(SHIFT)
        if shift > 0.01:
            moved[kind] = shift
    context.close()
    assert moved == {}
