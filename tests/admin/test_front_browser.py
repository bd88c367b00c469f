"""The desk of a front in a browser: dragging, buttons and keyboard do the same."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from rankings.models import Front, Placement, StoryList
from rankings.placing import place
from tests.admin.browser import desk_page
from tests.factories import make_article, make_photo
from tests.waiting import wait_until

pytestmark = pytest.mark.browser


@pytest.fixture
def page(transactional_db, browser, live_server, settings):
    """The desk of the front page, with five stories."""
    with desk_page(browser, live_server, settings) as page:
        for number in range(1, 6):
            make_article(headline=f"Story {number}", publish_at=timezone.now() - timedelta(hours=number))
        place(StoryList.objects.get(slug="front-top"), 1, make_article(headline="Placed"))
        page.goto(reverse("admin:rankings_front_desk", args=[Front.objects.get().pk]))
        page.wait_for_selector(".found li")
        yield page
        # The preview asks the database until its page is there.
        page.wait_for_load_state("networkidle")


def spot(page, position, zone="front-top"):
    return page.locator(f'[data-zone="{zone}"] [data-position="{position}"]')


def words(page, position):
    return spot(page, position).locator("[data-words]").inner_text()


def publish(page):
    page.get_by_role("button", name="Publish the changes").click()
    page.wait_for_selector(".messagelist .success")


def standing():
    rows = Placement.objects.in_force().filter(story_list__slug="front-top").order_by("position")
    return {row.position: str(row) for row in rows}


def in_preview(page, text):
    return wait_until(lambda: page.frame_locator("[name=front-preview]").get_by_text(text).count())


def test_a_story_is_dragged_to_a_place_and_seen_before_it_is_published(page):
    page.locator(".found li", has_text="Story 4").drag_to(spot(page, 2))
    assert words(page, 2) == "Story 4"
    assert page.locator("[data-count]").inner_text() == "1 change"
    assert in_preview(page, "Story 4")
    assert standing() == {1: "Placed"}
    publish(page)
    assert standing() == {1: "Placed", 2: "Story 4"}


def test_the_keyboard_does_the_same(page):
    page.get_by_label("Find a story", exact=True).fill("Story 5")
    assert wait_until(lambda: page.locator(".found li").count() == 1)
    page.get_by_role("button", name="Place “Story 5”").press("Enter")
    page.locator("select[name=zone]").select_option("front-top")
    page.get_by_role("spinbutton", name="Place").fill("3")
    page.get_by_label("Headline here").fill("Words for the front")
    page.get_by_label("Why (for the record)").fill("News")
    page.get_by_role("button", name="Take it over").press("Enter")
    # A key does not wait for the dialog to close.
    assert wait_until(lambda: words(page, 3) == "Words for the front")
    page.get_by_role("button", name="Move place 3 of Top stories up").press("Enter")
    assert wait_until(lambda: words(page, 2) == "Words for the front")
    page.get_by_role("button", name="Free place 1 of Top stories").press("Space")
    publish(page)
    assert standing() == {2: "Words for the front"}


def test_placed_stories_change_places_by_dragging(page):
    page.locator(".found li", has_text="Story 2").drag_to(spot(page, 2))
    spot(page, 1).drag_to(spot(page, 2))
    assert [words(page, 1), words(page, 2)] == ["Story 2", "Placed"]
    page.get_by_role("button", name="Undo", exact=True).click()
    assert [words(page, 1), words(page, 2)] == ["Placed", "Story 2"]
    publish(page)
    assert standing() == {1: "Placed", 2: "Story 2"}


def test_everything_is_dropped_at_once(page):
    page.locator(".found li", has_text="Story 2").drag_to(spot(page, 2))
    page.get_by_role("button", name="Free place 1 of Top stories").click()
    page.get_by_role("button", name="Drop all").click()
    assert words(page, 1) == "Placed"
    assert page.get_by_role("button", name="Publish the changes").is_disabled()


def test_both_are_shown_when_somebody_was_quicker(page):
    page.locator(".found li", has_text="Story 2").drag_to(spot(page, 1))
    place(StoryList.objects.get(slug="front-top"), 1, make_article(headline="Theirs"))
    page.get_by_role("button", name="Publish the changes").click()
    dialog = page.get_by_role("dialog", name="The front has changed meanwhile")
    row = dialog.locator("tbody tr")
    row.wait_for()
    assert "Theirs" in row.inner_text()
    assert "Story 2" in row.inner_text()
    assert standing() == {1: "Theirs"}
    dialog.get_by_role("button", name="Keep my changes and publish them").click()
    page.wait_for_selector(".messagelist .success")
    assert standing() == {1: "Story 2"}
    # The browser says of every answer of 409 that it failed.
    page.said[:] = [line for line in page.said if "409" not in line]


def test_a_place_is_booked_for_a_time_to_come(page):
    page.get_by_role("button", name="Book a place for a story to come").click()
    page.get_by_label("Working title").fill("The verdict")
    page.locator("select[name=zone]").select_option("front-lead")
    page.get_by_label("From (Seoul time").fill("2099-01-01T09:00")
    page.get_by_role("button", name="Take it over").click()
    publish(page)
    assert "The verdict" in page.locator('[data-zone="front-lead"] .booked').inner_text()
    page.get_by_label("At (Seoul time").fill("2099-01-02T09:00")
    page.get_by_role("button", name="Show").click()
    assert in_preview(page, "2099-01-02 09:00")


def test_a_place_has_a_picture_of_its_own_and_keeps_it_where_it_goes(page):
    photo = make_photo(render=True, alt_text="A lighthouse in the fog")
    page.get_by_role("button", name="Place “Story 3”").click()
    page.locator("select[name=zone]").select_option("front-top")
    page.get_by_role("spinbutton", name="Place").fill("2")
    page.get_by_label("Find a picture for this place").fill("lighthouse")
    assert wait_until(lambda: page.get_by_label("Picture here").locator("option:checked").inner_text() == str(photo))
    assert wait_until(lambda: page.locator("[data-photo-look]").evaluate("image => image.naturalWidth") > 0)
    page.locator("[name=ends]").fill("2099-01-01T18:00")
    page.get_by_role("button", name="Take it over").click()
    assert wait_until(lambda: words(page, 2) == "Story 3")
    publish(page)
    page.get_by_role("button", name="Move place 2 of Top stories up").click()
    page.get_by_role("button", name="Publish the changes").click()
    assert wait_until(lambda: standing() == {1: "Story 3", 2: "Placed"})
    page.wait_for_load_state()
    moved = Placement.objects.in_force().get(position=1, story_list__slug="front-top")
    assert (moved.photo, timezone.localtime(moved.period.upper).isoformat()) == (photo, "2099-01-01T18:00:00+09:00")
    page.get_by_role("button", name="Change place 1 of Top stories").click()
    assert page.get_by_label("Picture here").locator("option:checked").inner_text() == str(photo)
