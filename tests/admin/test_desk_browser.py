"""The desk in a real browser: a story's life through three pairs of hands, and nothing typed is lost."""

import re
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from articles import publishing
from articles.models import Article, Presence, Scratch
from sections.models import SectionEditor
from tests.admin.browser import choose, desk_page, roles, save_story, write
from tests.factories import draft, make_article, make_photo, make_reporter, make_section, make_staff
from tests.waiting import wait_until

pytestmark = pytest.mark.browser
ADD = reverse("admin:articles_article_add")


def change(story):
    """The address of a story's form."""
    return reverse("admin:articles_article_change", args=[story.pk])


@pytest.fixture
def hands(transactional_db, browser, live_server, settings):
    """`with hands(role) as page:` is a browser of somebody of that role."""
    roles()
    made = {}

    @contextmanager
    def open_as(role, **options):
        if role not in made:
            user = made[role] = make_staff(role.lower().replace(" ", "-"), superuser=False, first_name=role)
            user.groups.add(Group.objects.get(name=role))
        with desk_page(browser, live_server, settings, user=made[role], **options) as page:
            yield page

    open_as.user = lambda role: made[role]
    return open_as


@pytest.fixture
def page(transactional_db, browser, live_server, settings):
    """A browser of somebody who may do everything."""
    with desk_page(browser, live_server, settings) as page:
        yield page


def body(page):
    """What would be posted as the story's text."""
    return page.locator("#id_body").input_value()


def test_a_story_goes_through_three_pairs_of_hands(hands):
    business = make_section("Business")
    make_section("Tech", parent=business)
    with hands("Reporter") as page:
        page.goto(ADD)
        page.fill("#id_headline", "조선소, 용접공 400명 채용")
        write(page, "First paragraph.\nSecond paragraph.")
        choose(page, "section", "Tech")
        assert not page.get_by_role("button", name="Publish now").count()
        page.get_by_role("button", name="Save and hand in").click()
        page.wait_for_selector(".messagelist .success")
    story = Article.objects.get()
    assert story.status == "in_review"
    with hands("Section editor") as page:
        SectionEditor.objects.create(user=hands.user("Section editor"), section=business)
        page.goto("/admin/")
        page.get_by_role("region", name="Handed in to me").get_by_role("link", name=story.headline).click()
        page.fill("#id_desk_note", "Who says so?")
        page.get_by_role("button", name="Save and hand back").click()
        page.wait_for_selector(".messagelist .success")
    with hands("Reporter") as page:
        page.goto("/admin/")
        assert page.get_by_text("Who says so?").is_visible()
        page.get_by_role("link", name=story.headline).click()
        page.locator(".ProseMirror p").last.click()
        page.keyboard.press("End")
        page.keyboard.type(" The yard said so.")
        page.get_by_role("button", name="Save and hand in").click()
        page.wait_for_selector(".messagelist .success")
    with hands("Section editor") as page:
        page.goto(change(story))
        page.get_by_role("button", name="Publish now").click()
        page.get_by_role("link", name="View it on the site").click()
        assert "The yard said so." in page.locator("article").inner_text()
    with hands("Chief editor", viewport={"width": 390, "height": 844}) as page:
        page.goto(change(story))
        page.locator(".ProseMirror p").first.click()
        page.keyboard.press("Home")
        page.keyboard.type("In Ulsan: ")
        page.select_option("#id_edit_kind", "correction")
        page.fill("#id_edit_note", "It was in Ulsan.")
        save_story(page)
        page.get_by_role("link", name="Withdraw …").click()
        page.fill("#id_reason", "The yard takes it back.")
        page.get_by_role("button", name="Withdraw the story").click()
        page.wait_for_selector(".messagelist .success")
    story.refresh_from_db()
    assert story.corrections.get().text == "It was in Ulsan."
    assert story.body.startswith("<p>In Ulsan: First paragraph.</p>")
    assert story.is_withdrawn()


def test_what_was_typed_comes_back_after_the_browser_was_closed(page, browser, live_server):
    story = draft(headline="As saved")
    page.goto(change(story))
    page.fill("#id_headline", "As typed")
    with page.expect_response(lambda response: "New+words" in (response.request.post_data or "")):
        write(page, "New words. ")
    assert wait_until(lambda: page.locator("[data-saving]").text_content())
    state = page.context.storage_state()
    other = browser.new_context(base_url=live_server.url, storage_state=state)
    again = other.new_page()
    again.goto(change(story))
    assert again.input_value("#id_headline") == "As saved"
    again.get_by_role("button", name="Take them back").click()
    assert again.input_value("#id_headline") == "As typed"
    again.wait_for_selector(".ProseMirror")
    save_story(again)
    other.close()
    story.refresh_from_db()
    assert story.headline == "As typed"
    assert "New words." in story.body
    assert not Scratch.objects.exists()
    assert story.versions.count() == 1, "unsaved words are no version"


def test_words_of_a_story_that_was_never_saved_come_back(page):
    make_section("Business")
    page.goto(ADD)
    with page.expect_response(re.compile("/scratch/")):
        page.fill("#id_headline", "Never saved")
    page.once("dialog", lambda dialog: dialog.accept())
    page.goto("/admin/")
    page.goto(ADD)
    page.get_by_role("button", name="Take them back").click()
    assert page.input_value("#id_headline") == "Never saved"
    assert not Article.objects.exists()


def test_without_a_connection_words_stay_in_the_browser(page):
    story = draft(headline="As saved")
    page.goto(change(story))
    page.wait_for_selector(".ProseMirror")
    page.route("**/scratch/", lambda route: route.abort())
    page.fill("#id_headline", "Typed in a tunnel")
    page.get_by_text("No connection: what you type is kept in this browser").wait_for()
    assert not Scratch.objects.exists()
    page.unroute("**/scratch/")
    page.once("dialog", lambda dialog: dialog.accept())
    page.goto(change(story))
    bar = page.locator(".note-bar", has_text="never reached the newsroom")
    bar.get_by_role("button", name="Take them back").click()
    page.wait_for_selector(".errornote")
    assert page.input_value("#id_headline") == "Typed in a tunnel"
    # What the browser says of a request that did not get through.
    page.said[:] = [words for words in page.said if "net::ERR_FAILED" not in words]


def test_two_in_one_story_see_each_other(page, hands):
    story = draft()
    make_staff("min-ji", first_name="Min-ji")
    Presence.objects.create(article=story, user=make_staff("ji-ho", first_name="Ji-ho"))
    page.goto(change(story))
    assert re.search(r"Ji-ho is editing since \d\d:\d\d", page.locator("[data-presence]").inner_text())


def test_a_conflict_is_solved_piece_by_piece(page):
    story = draft(
        headline="As it was", body="<p>First.</p><p>Second.</p><p>Third.</p>", deck="The deck.", section=make_section()
    )
    publishing.finish_edit(story)
    page.goto(change(story))
    page.wait_for_selector(".ProseMirror")
    # Somebody else saves meanwhile.
    story.headline, story.body = "As Min-ji wrote it", "<p>First, by Min-ji.</p><p>Second.</p><p>Third by Min-ji.</p>"
    story.save()
    publishing.finish_edit(story, by=make_staff("min-ji"))
    page.fill("#id_deck", "My deck.")
    page.locator(".ProseMirror p").nth(1).click()
    page.keyboard.press("End")
    page.keyboard.type(" And mine.")
    page.locator(".ProseMirror p").nth(2).click()
    page.keyboard.press("End")
    page.keyboard.type(" Mine too.")
    page.locator("input[name=_continue]").click()
    conflict = page.locator(".conflict")
    assert "Min-ji" in conflict.inner_text()
    assert conflict.locator("#conflict-headline input[value=theirs]").is_checked(), "I did not touch the headline"
    page.get_by_role("button", name="Put the chosen pieces together").click()
    page.wait_for_selector(".messagelist .success")
    story.refresh_from_db()
    assert (story.headline, story.deck) == ("As Min-ji wrote it", "My deck.")
    assert "First, by Min-ji." in story.body
    assert "Second. And mine." in story.body
    assert "Third. Mine too." in story.body


def test_the_page_is_seen_beside_the_form_before_anything_is_saved(page):
    story = make_article(headline="As readers see it", photos=[make_photo(render=True)])
    page.goto(change(story))
    page.wait_for_selector(".ProseMirror")
    page.fill("#id_headline", "As it would be")
    page.get_by_role("button", name="Preview", exact=True).click()
    frame = page.frame_locator("iframe[name=preview]")
    assert frame.locator("h1").inner_text() == "As it would be"
    assert frame.get_by_text("Preview with what you have not saved yet.").is_visible()
    for name in ("Phone", "Tablet", "Desktop"):
        page.get_by_role("button", name=name).click()
        assert page.get_by_role("button", name=name).get_attribute("aria-pressed") == "true"
    story.refresh_from_db()
    assert story.headline == "As readers see it"


def test_a_photo_a_link_a_footnote_and_a_table_are_put_in_by_keyboard(page):
    photo = make_photo(render=True, alt_text="A quay at dusk.")
    other = make_article(headline="Shipyard hires 400 welders")
    make_section("Business")
    page.goto(ADD)
    page.fill("#id_headline", "Rain")
    choose(page, "section", "Business")
    write(page, "Words before")
    page.keyboard.press("Control+Alt+p")
    page.locator(".editor-dialog [type=search]").fill("quay")
    page.locator(".found-list button", has_text="A quay at dusk.").click()
    assert f'<figure data-photo="{photo.uuid}"></figure>' in body(page)
    page.locator(".ProseMirror p").first.click()
    page.keyboard.press("End")
    page.keyboard.type(" and ")
    page.keyboard.press("Control+k")
    page.locator(".editor-dialog [type=search]").fill("welders")
    page.locator(".found-list button", has_text="Shipyard").click()
    assert f'<a href="{other.get_absolute_url()}">Shipyard hires 400 welders</a>' in body(page)
    page.keyboard.press("Control+Alt+f")
    page.locator(".editor-dialog textarea").fill("Says the yard.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert re.search(r'<sup><a href="#fn1"[^>]* id="fnref1"|<sup><a [^>]*href="#fn1"', body(page))
    assert re.search(r'<li id="fn1">Says the yard. <a href="#fnref1">↩</a></li>', body(page))
    page.locator("[data-tool=table]").click()
    page.keyboard.type("Day")
    assert re.search(r"<thead><tr><th>Day</th>", body(page))
    save_story(page)
    story = Article.objects.get(headline="Rain")
    assert story.photo_uses.get().photo == photo
    page.locator(".ProseMirror .atom button", has_text="At the side").click()
    assert 'class="side"' in body(page)
    assert page.locator(".ProseMirror .atom img").count() == 1


def test_words_are_found_and_replaced(page):
    story = draft(body="<p>Rain in Seoul. The rain stays.</p><p>No rain.</p>")
    page.goto(change(story))
    page.locator(".ProseMirror").click()
    page.keyboard.press("Control+Shift+f")
    panel = page.locator(".find-panel")
    panel.get_by_label("Find", exact=True).fill("rain")
    assert "1 of 3" in panel.inner_text()
    panel.get_by_label("Replace with").fill("snow")
    panel.get_by_role("button", name="Replace all").click()
    assert body(page).count("snow") == 3
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    assert "rain" in body(page)


def test_a_story_is_planned_by_keyboard(page):
    story = draft(headline="To be planned")
    page.goto(reverse("admin:articles_article_calendar"))
    item = page.locator(".plan", has_text="To be planned")
    item.locator("summary").press("Enter")
    item.locator("input[type=date]").fill("2026-12-24")
    item.get_by_role("button", name="Plan").press("Enter")
    page.wait_for_selector(".messagelist .success")
    story.refresh_from_db()
    assert f"{story.planned_for}" == "2026-12-24"


def test_a_reporter_sees_only_what_is_theirs(hands):
    make_article(headline="Somebody else's")
    with hands("Reporter") as page:
        make_reporter("Seo Ha-rin", user=hands.user("Reporter"))
        page.goto("/admin/articles/article/")
        assert page.locator("#result_list tbody tr").count() == 0


def test_on_a_tablet_a_link_leads_to_the_filters(hands):
    """Beside a wide list they stand in sight; below a narrow one the keyboard goes on from the link among them."""
    draft()
    with hands("Chief editor") as page:
        page.goto(reverse("admin:articles_article_changelist"))
        page.set_viewport_size({"width": 1440, "height": 900})
        link = page.locator(".to-filters a")
        assert not link.is_visible()
        page.set_viewport_size({"width": 820, "height": 900})
        link.press("Enter")
        page.keyboard.press("Tab")
        assert page.locator("#changelist-filter summary").first.evaluate("found => found === document.activeElement")
