"""Galleries and films in a real browser: by keyboard, by swipe, without script, and nothing from elsewhere unasked."""

import re

import pytest

from tests.factories import make_article, make_photo, make_video

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def gallery(paper):
    photos = [make_photo(render=True, caption=f"Caption {n}.", alt_text=f"Picture {n}") for n in (1, 2, 3)]
    return make_article(headline="A night in the yard", format="gallery", photos=photos)


def addresses(gallery):
    return [use.get_absolute_url() for use in gallery.photo_uses.select_related("article", "photo")]


def test_the_viewer_is_walked_by_keyboard(open_page, gallery):
    page = open_page(gallery.get_absolute_url())
    first, second, third = addresses(gallery)
    page.locator("[data-view]").first.focus()
    page.keyboard.press("Enter")
    viewer = page.locator("dialog.viewer")
    assert viewer.is_visible()
    assert "Photo 1 of 3" in viewer.locator("#viewer-count").text_content()
    for key, count, address in (
        ("ArrowRight", 2, second),
        ("End", 3, third),
        ("Home", 1, first),
        ("ArrowRight", 2, second),
    ):
        page.keyboard.press(key)
        assert f"Photo {count} of 3" in viewer.locator("#viewer-count").text_content()
        assert page.url.endswith(address)
    assert "Caption 2." in viewer.locator(".viewer-words").text_content()
    page.keyboard.press("Escape")
    assert not viewer.is_visible()
    page.wait_for_url(f"**{gallery.get_absolute_url()}")
    assert page.evaluate("document.activeElement.pathname") == second


def test_the_viewer_follows_a_swipe_and_its_buttons(open_page, gallery):
    page = open_page(gallery.get_absolute_url())
    page.locator("[data-view]").first.click()
    count = page.locator("#viewer-count")
    box = page.locator(".viewer-photo").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 600, y)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, y + 10, steps=5)
    page.mouse.up()
    assert "Photo 2 of 3" in count.text_content()
    page.get_by_role("button", name="Next photo").click()
    assert "Photo 3 of 3" in count.text_content()
    page.get_by_role("button", name="Previous photo").click()
    assert "Photo 2 of 3" in count.text_content()
    sizes = [button.bounding_box() for button in page.locator(".viewer-bar button").all()]
    assert all(size["width"] >= 44 and size["height"] >= 44 for size in sizes)
    page.locator(".viewer [data-close]").click()
    assert not page.locator("dialog.viewer").is_visible()


def test_a_gallery_works_without_script(open_page, gallery):
    page = open_page(gallery.get_absolute_url(), java_script_enabled=False)
    page.locator(".essay figure a").first.click()
    assert page.url.endswith(addresses(gallery)[0])
    page.get_by_role("link", name="Next").click()
    assert page.url.endswith(addresses(gallery)[1])
    page.get_by_role("link", name="All photos").click()
    assert gallery.get_absolute_url() in page.url


def test_arrow_keys_lead_from_photo_page_to_photo_page(open_page, gallery):
    first, second, _ = addresses(gallery)
    page = open_page(first)
    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**{second}")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(f"**{first}")


@pytest.fixture
def film(paper):
    story = make_article(headline="Rain", format="video", photos=[make_photo(render=True)])
    make_video(story)
    return story


def test_our_own_film_is_loaded_by_a_click(browser, live_server, film):
    context = browser.new_context()
    page, asked = context.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(live_server.url + film.get_absolute_url())
    page.wait_for_load_state("networkidle")
    assert not [url for url in asked if re.search(r"\.(mp4|webm|vtt)", url)]
    page.locator("[data-play]").click()
    assert page.locator("video track").count() == 1
    assert page.evaluate("document.activeElement.tagName") == "VIDEO"
    page.wait_for_timeout(300)
    assert [url for url in asked if ".mp4" in url]
    context.close()


def test_another_sites_player_comes_after_a_click_only(browser, live_server, film):
    film.video.file, film.video.captions, film.video.external_url = (
        "",
        "",
        "https://www.youtube.com/watch?v=aaaaaaaaaaa",
    )
    film.video.save()
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, elsewhere = context.new_page(), []

    def answer(route):
        elsewhere.append(route.request.url)
        route.fulfill(body="<p>player</p>", content_type="text/html")

    page.route(re.compile(rf"^(?!{re.escape(live_server.url)})https?:"), answer)
    page.goto(live_server.url + film.get_absolute_url())
    page.wait_for_load_state("networkidle")
    assert elsewhere == []
    room = "(({ width, height }) => [width, height])(document.querySelector('.player').getBoundingClientRect())"
    before = page.evaluate(room)
    page.locator("[data-play]").click()
    frame = page.locator("iframe")
    assert frame.get_attribute("src").startswith("https://www.youtube-nocookie.com/embed/aaaaaaaaaaa?")
    assert frame.get_attribute("title") == "Rain (YouTube)"
    page.wait_for_timeout(300)
    assert {re.match(r"https://[^/]+", url)[0] for url in elsewhere} == {"https://www.youtube-nocookie.com"}
    assert page.evaluate(room) == before
    context.close()
