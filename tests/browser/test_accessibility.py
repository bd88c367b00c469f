"""Every kind of page for everybody: axe-core finds nothing, nothing scrolls sideways, the keyboard reaches all."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.factories import make_paper
from tests.test_page_contract import addresses

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# WCAG 2.2 A and AA, with the rules that axe holds for good practice.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS = {"runOnly": {"type": "tag", "values": RULES}, "rules": {"target-size": {"enabled": True}}}
# Which colours stand on each other in forced colours is the reader's choice, and axe reads those of the page.
FORCED = OPTIONS | {"rules": OPTIONS["rules"] | {"color-contrast": {"enabled": False}}}
SCHEMES = {
    "light": ({"color_scheme": "light"}, OPTIONS),
    "dark": ({"color_scheme": "dark"}, OPTIONS),
    "forced colours": ({"forced_colors": "active"}, FORCED),
    "telephone": ({"viewport": {"width": 412, "height": 823}, "is_mobile": True, "has_touch": True}, OPTIONS),
}
# 1280 px at 400 % are 320 px (WCAG 1.4.10).
WIDTHS = (320, 390, 820, 1440, 1920)


@pytest.fixture
def pages(live_server, settings, tmp_path):
    """(kind, address) of every page of a small paper, the lite edition included."""
    settings.SITE_URL = live_server.url
    kinds = addresses(make_paper())
    return [*kinds.items(), *((f"lite {kind}", f"/lite{address}") for kind, address in kinds.items())]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_has_no_barrier(browser, live_server, pages, scheme):
    settings, options = SCHEMES[scheme]
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"} | settings)
    page, found = context.new_page(), []
    for kind, address in pages:
        page.goto(live_server.url + address)
        for violation in Axe().run(page, options=options).response["violations"]:
            found += [(kind, violation["id"], node["html"][:200]) for node in violation["nodes"]]
    context.close()
    assert found == []


def test_it_never_scrolls_sideways(browser, live_server, pages):
    context = browser.new_context()
    page, found = context.new_page(), []
    for kind, address in pages:
        page.goto(live_server.url + address)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            wide = page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                found.append((kind, width, wide))
    context.close()
    assert found == []


# Letters and lines as far apart as a reader may set them (WCAG 1.4.12).
SPACED = "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }"


def test_it_can_be_read_with_words_far_apart(browser, live_server, pages):
    context = browser.new_context(bypass_csp=True)
    page, found = context.new_page(), []
    for kind, address in pages:
        page.goto(live_server.url + address)
        page.add_style_tag(content=SPACED)
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found.append((kind, width))
    context.close()
    assert found == []


# What Tab stops at, in order: whether it shows that it has the focus, and whether something lies upon it.
STOP = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  if (at.matches("video")) return { html: "", seen: true, shown: true }; // the browser draws its controls
  const box = (at.matches("input[type=radio]") ? at.closest("label") : at).getBoundingClientRect();
  const points = [[.5, .5], [.1, .5], [.9, .5], [.5, .1], [.5, .9]].map(([x, y]) =>
    document.elementFromPoint(box.left + box.width * x, box.top + box.height * y));
  const seen = points.some((point) => point && (at.contains(point) || point.contains(at)));
  const outlined = (element, part) => getComputedStyle(element, part).outlineStyle !== "none";
  const shown = [at, at.closest("label"), at.closest("article")]
    .some((element) => element && (outlined(element) || outlined(element, "::after")));
  return { html: at.outerHTML.slice(0, 120), seen, shown };
}"""


def test_it_can_be_walked_by_keyboard(browser, live_server, pages):
    """Each stop shows the focus and is not hidden, by the sticky bar for one (WCAG 2.4.7, 2.4.11)."""
    # Without the smooth scrolling, which would have to be waited for.
    context = browser.new_context(viewport={"width": 1280, "height": 700}, reduced_motion="reduce")
    page, found = context.new_page(), []
    for kind, address in pages:
        page.goto(live_server.url + address)
        first = None
        for _ in range(250):
            page.keyboard.press("Tab")
            stop = page.evaluate(STOP)
            if stop is None or stop["html"] == first:
                break
            first = first or stop["html"]
            if not (stop["seen"] and stop["shown"]):
                found.append((kind, stop))
    context.close()
    assert found == []
