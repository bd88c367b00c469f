"""The viewer in a real browser: pages turn by buttons, keys and swipe, and zoom; without script they stand in a row."""

import io

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from articles.models import Article
from tests.browser.conftest import open_page, paper  # noqa: F401
from tests.browser.test_accessibility import SCHEMES

from .papers import make_edition

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def edition(paper):  # noqa: F811
    """An edition of three pages, with real pictures."""
    made = make_edition(Article.objects.all()[:6])
    for page in range(1, 4):
        for width in (480, 960, 1800):
            out = io.BytesIO()
            Image.new("RGB", (width, round(width * 1.414)), "white").save(out, "WEBP")
            default_storage.delete(made.picture(page, width))
            default_storage.save(made.picture(page, width), ContentFile(out.getvalue()))
    return made


def where(page):
    return page.inner_text("[data-where]")


def test_pages_turn_and_zoom(open_page, edition):  # noqa: F811
    page = open_page(edition.get_absolute_url())
    assert where(page) == "Page 1 of 3"
    assert page.locator(".epaper-page:visible").count() == 1
    page.click("[data-turn='1']")
    assert where(page) == "Page 2 of 3"
    assert page.url.endswith("#page-2")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert where(page) == "Page 3 of 3"
    assert page.get_attribute("[data-turn='1']", "aria-disabled") == "true"
    page.keyboard.press("ArrowLeft")
    assert where(page) == "Page 2 of 3"
    before = page.locator(".epaper-page:visible img").bounding_box()["width"]
    page.click("[data-zoom]")
    assert page.get_attribute("[data-zoom]", "aria-pressed") == "true"
    assert page.locator(".epaper-page:visible img").bounding_box()["width"] > before * 1.5
    page.keyboard.press("Escape")
    assert page.locator(".epaper-page:visible img").bounding_box()["width"] == before
    page.click(".epaper-page:visible img")
    assert page.get_attribute("[data-zoom]", "aria-pressed") == "true"


def test_a_link_leads_to_a_page(open_page, edition):  # noqa: F811
    assert where(open_page(f"{edition.get_absolute_url()}#page-3")) == "Page 3 of 3"


def test_pages_turn_by_swipe(open_page, edition):  # noqa: F811
    page = open_page(edition.get_absolute_url(), viewport={"width": 390, "height": 844}, has_touch=True)
    swipe = """(across) => {
        const sheet = document.querySelector(".epaper-page.now [data-sheet]");
        for (const [type, x] of [["pointerdown", 200], ["pointerup", 200 + across]])
            sheet.dispatchEvent(new PointerEvent(type, { pointerType: "touch", clientX: x, clientY: 300 }));
    }"""
    page.evaluate(swipe, -120)
    assert where(page) == "Page 2 of 3"
    page.evaluate(swipe, 20)
    assert where(page) == "Page 2 of 3"
    page.evaluate(swipe, 120)
    assert where(page) == "Page 1 of 3"


def test_without_script_all_pages_stand_in_a_row(open_page, edition):  # noqa: F811
    page = open_page(edition.get_absolute_url(), java_script_enabled=False)
    assert page.locator(".epaper-page:visible").count() == 3
    assert not page.locator(".epaper-bar").is_visible()
    assert page.get_attribute("#page-2 a", "href").endswith("2-1800.webp")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_has_no_barrier(browser, live_server, edition, scheme):
    settings, options = SCHEMES[scheme]
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | settings)
    page, found = context.new_page(), []
    for address in (edition.get_absolute_url(), f"/epaper/{edition.date:%Y/%m}/", "/lite" + edition.get_absolute_url()):
        page.goto(live_server.url + address)
        for violation in Axe().run(page, options=options).response["violations"]:
            found += [(address, violation["id"], node["html"][:200]) for node in violation["nodes"]]
        for width in (320, 390, 820, 1440):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
    assert found == []
