"""The admin in a real browser: writing, publishing, placing, and no word in the console about the policy."""

import re

import pytest
from django.core.management import call_command
from django.urls import reverse

from articles.models import Article
from rankings.models import StoryList
from sections.models import MenuItem
from tests.admin.browser import listen, write
from tests.factories import draft, make_article, make_photo, make_reporter, make_section, make_staff
from tests.waiting import wait_until

pytestmark = pytest.mark.browser


@pytest.fixture
def said():
    """What pages wrote to the console as an error or a warning."""
    return []


@pytest.fixture
def desk(transactional_db, browser, live_server, settings, said):
    """A page whose reader is signed in as an editor; nothing may be said in its console."""
    settings.SITE_URL = live_server.url
    call_command("loaddata", "menu", "lists", verbosity=0)
    make_staff()
    context = browser.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 900})
    context.on("page", lambda page: listen(page, said))
    page = context.new_page()
    page.goto("/admin/")
    page.fill("#id_username", "editor")
    page.fill("#id_password", "password")
    page.click("input[type=submit]")
    page.wait_for_selector("#user-tools")
    yield page
    context.close()
    assert said == []


def choose(page, field, words):
    """Finds a row by typing into an autocomplete, and chooses the first that is found."""
    page.locator(f".field-{field.rpartition('-')[2]} .select2-selection").first.click()
    page.locator(".select2-search__field").last.fill(words)
    page.locator(".select2-results__option--highlighted", has_text=words).click()


def test_a_story_is_written_published_and_opened(desk):
    make_reporter("Seo Ha-rin")
    make_photo(render=True, alt_text="A quay at dusk.")
    desk.goto(reverse("admin:articles_article_add"))
    desk.fill("#id_headline", "조선소, 용접공 400명 채용")
    write(desk, "First paragraph.\nSecond paragraph.")
    desk.fill("#id_label", "Exclusive")
    choose(desk, "section", "Tech")
    choose(desk, "reporter", "Seo Ha-rin")
    choose(desk, "photo", "A quay")
    desk.get_by_role("button", name="Save and hand in").click()
    desk.wait_for_selector(".messagelist .success")
    desk.get_by_role("button", name="Put into the text").click()
    assert "<figure data-photo=" in desk.locator("#id_body").input_value()
    desk.get_by_role("button", name="Publish now").click()
    desk.get_by_role("link", name="View it on the site").click()
    assert "조선소, 용접공 400명 채용" in desk.locator("h1").inner_text()
    assert desk.get_by_text("Seo Ha-rin").count()
    story = Article.objects.get()
    assert story.photo_uses.count() == 1
    picture = desk.locator("figure img")
    picture.scroll_into_view_if_needed()
    assert wait_until(lambda: picture.evaluate("image => image.naturalWidth > 0"))


def test_typed_words_are_not_left_behind_unasked(desk):
    story = draft()
    desk.goto(reverse("admin:articles_article_change", args=[story.pk]))
    desk.locator("#id_headline").press_sequentially("More ")
    asked = []
    desk.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    desk.get_by_role("link", name="Home").click()
    desk.wait_for_url(re.compile("/admin/$"))
    assert asked == ["beforeunload"]


def test_a_moment_is_picked_in_seoul_time(desk):
    story = draft()
    desk.goto(reverse("admin:articles_article_change", args=[story.pk]))
    row = desk.locator(".field-publish_at")
    row.locator(".date-icon").click()
    desk.locator(".calendarbox:visible .calendar-shortcuts a", has_text="Tomorrow").click()
    row.locator(".clock-icon").click()
    desk.locator(".clockbox:visible a", has_text="Noon").click()
    assert "Seoul time" in row.inner_text()
    desk.get_by_role("button", name="Schedule").click()
    desk.wait_for_selector(".messagelist .success")
    story.refresh_from_db()
    assert story.state == "Scheduled"
    assert story.publish_at.hour == 3  # noon in Seoul


def test_a_story_is_placed(desk):
    make_article(headline="Shipyard hires 400 welders")
    story_list = StoryList.objects.get(slug="front-lead")
    desk.goto(reverse("admin:rankings_storylist_places", args=[story_list.pk]))
    desk.fill("#id_position", "1")
    desk.locator(".select2-selection").click()
    desk.locator(".select2-search__field").fill("shipyard")
    desk.locator(".select2-results__option--highlighted", has_text="Shipyard").click()
    desk.get_by_role("button", name="Place it").click()
    desk.get_by_role("button", name="End position 1").click()
    assert "Position 1 is free" in desk.locator(".messagelist").inner_text()


def test_menu_entries_are_dragged(desk):
    desk.goto(reverse("admin:sections_menuitem_changelist") + "?menu__exact=tiles")
    names = desk.locator("#result_list .field-words")
    first, second = names.nth(0).inner_text(), names.nth(1).inner_text()
    handles = desk.locator(".admin-ordering-field-input-wrapper")
    start, end = handles.nth(0).bounding_box(), handles.nth(1).bounding_box()
    desk.mouse.move(start["x"] + 6, start["y"] + 12)
    desk.mouse.down()
    desk.mouse.move(end["x"] + 6, end["y"] + end["height"] + 8, steps=12)
    desk.mouse.up()
    assert [names.nth(0).inner_text(), names.nth(1).inner_text()] == [second, first]
    desk.locator("input[name=_save]").click()
    desk.wait_for_selector(".messagelist .success")
    assert MenuItem.objects.filter(menu="tiles").first().text == second


def test_a_reporter_is_added_in_a_window_of_its_own(desk):
    desk.goto(reverse("admin:articles_article_add"))
    with desk.expect_popup() as opened:
        desk.locator("#add_id_bylines-0-reporter").click()
    popup = opened.value
    popup.locator("#id_name").press_sequentially("Noh Tae-gyeom")
    assert popup.input_value("#id_slug") == "noh-tae-gyeom"
    with popup.expect_event("close"):
        popup.locator("input[name=_save]").click()
    assert "Noh Tae-gyeom" in desk.locator(".field-reporter").first.inner_text()


def test_every_page_keeps_to_the_policy(desk):
    """Lists, forms, questions before deleting, histories, password pages: the console stays silent."""
    photo = make_photo(render=True)
    story = make_article(photos=[photo], reporters=[make_reporter()], tags=["Seoul"], section=make_section("Business"))
    unseen = draft()
    for model in (
        *("articles/article", "articles/reporter", "articles/column", "articles/tag", "photos/photo"),
        *("sections/section", "sections/menuitem", "sections/mastheadfact", "sections/page", "sections/redirect"),
        *("rankings/storylist", "readers/user", "auth/group"),
    ):
        for path in (f"/admin/{model}/", f"/admin/{model}/add/"):
            assert desk.goto(path).status == 200
    for path in (
        *(f"/admin/articles/article/{story.pk}/{view}/" for view in ("change", "history", "withdraw", "correct")),
        *(f"/admin/articles/article/{unseen.pk}/{view}/" for view in ("change", "delete")),
        f"/admin/photos/photo/{photo.pk}/change/",
        *("/admin/articles/article/?q=seoul&state=public", "/admin/password_change/", "/admin/rankings/readcount/"),
        "/admin/articles/article/?o=1.2&in=business",
    ):
        assert desk.goto(path).status == 200
    desk.goto(f"/admin/photos/photo/{photo.pk}/change/")
    assert desk.locator(".focal-stage img").first.evaluate("image => image.naturalWidth > 0")
    desk.locator("#header .theme-toggle").click()
    desk.fill("#nav-filter", "photo")


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_the_screen(desk, width):
    desk.set_viewport_size({"width": width, "height": 844})
    photo = make_photo(render=True, caption="A long caption " * 12)
    story = make_article(photos=[photo], headline="A headline of " + "many words " * 14)
    for path in (
        *("/admin/", "/admin/articles/article/", f"/admin/articles/article/{story.pk}/change/"),
        *(f"/admin/photos/photo/{photo.pk}/change/", "/admin/photos/photo/", "/admin/sections/menuitem/"),
        *("/admin/rankings/storylist/1/places/", f"/admin/articles/article/{story.pk}/withdraw/"),
    ):
        desk.goto(path)
        assert desk.evaluate("document.documentElement.scrollWidth") <= width, path
