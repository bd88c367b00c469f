"""What scripts do for logged-in readers alone: preferences that follow the account, saving and following in place."""

import pytest
from django.test import Client

from mypaper.models import Follow, SavedStory
from readers.models import Preferences, User
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def user(transactional_db):
    """A reader."""
    return User.objects.create_user("reader-1", "yuna@example.org", None, first_name="Yuna")


@pytest.fixture
def open_as(browser, live_server, open_page):
    """Opens a page in a browser in which the reader is logged in, as in a device of its own."""
    contexts = []

    def open_as(user, path="/", **options):
        client = Client()
        client.force_login(user, "readers.accounts.ReaderBackend")
        client.get("/account/")
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
        contexts.append(context)
        for name in ("sessionid", "reader", "csrftoken"):
            context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        return open_page(path, context=context)

    yield open_as
    for context in contexts:
        context.close()


def click_in_place(page, name):
    """Clicks a link that does by itself what the page behind it would: not before the script is there."""
    page.locator(f'button[aria-label="Undo: {name}"]').wait_for(state="attached")
    page.get_by_role("link", name=name, exact=True).click()


def scheme(page):
    return page.evaluate("document.documentElement.style.colorScheme")


def test_what_is_chosen_on_one_device_holds_on_the_other(open_as, user, paper):
    one = open_as(user, paper.get_absolute_url())
    one.locator("#theme-dark").check()
    one.locator("#size-xl").check()
    one.locator("[data-hide=ticker]").click()
    wait_until(lambda: (row := Preferences.objects.filter(theme="dark").first()) and row.ticker_closed_until)
    kept = Preferences.objects.get()
    assert (kept.theme, kept.text_size, kept.ticker_closed_until is not None) == ("dark", "1.35", True)
    other = open_as(user, paper.get_absolute_url())
    assert wait_until(lambda: scheme(other) == "dark")
    assert other.locator("#size-xl").is_checked()
    # From the next page on all of it is there before the first paint.
    asked = []
    other.on("request", lambda request: asked.append(request.url))
    other.reload()
    assert not other.locator(".ticker").evaluate("box => box.open")
    other.wait_for_load_state("networkidle")
    assert not [url for url in asked if "preferences/" in url]


def test_a_change_is_not_lost_by_leaving_the_page_at_once(open_as, user, paper):
    page = open_as(user)
    assert wait_until(lambda: page.evaluate("localStorage.getItem('kept')"))
    page.get_by_role("link", name="Lite edition of this page").click()
    assert wait_until(lambda: Preferences.objects.filter(edition="lite").exists())
    other = open_as(user)
    assert wait_until(lambda: other.evaluate("localStorage.getItem('edition')") == "lite")
    other.goto(other.url)
    assert wait_until(lambda: "/lite/" in other.url)
    other.get_by_role("link", name="Full edition of this page").click()
    assert wait_until(lambda: Preferences.objects.filter(edition="full").exists())


def test_a_new_account_begins_with_what_the_browser_has(open_as, user, paper):
    page = open_as(user, "/login/")  # leads on to the account
    page.evaluate("localStorage.clear(); localStorage.setItem('theme', 'dark')")
    Preferences.objects.all().delete()
    page.goto(page.url)
    assert wait_until(lambda: Preferences.objects.filter(theme="dark").exists())


def test_the_form_of_the_account_changes_the_browser(open_as, user, paper):
    page = open_as(user, "/account/")
    form = page.get_by_role("region", name="How you read")
    form.get_by_label("Lite").check()
    form.get_by_label("Dark").check()
    form.get_by_role("button", name="Save").click()
    page.get_by_text("Your preferences were kept.").wait_for()
    assert wait_until(lambda: page.evaluate("localStorage.getItem('edition')") == "lite")
    assert scheme(page) == "dark"
    # Pages that have no lite edition stay where they are.
    page.goto(page.url)
    page.get_by_role("heading", name="Your account").wait_for()
    assert page.url.endswith("/account/")


def test_logged_out_the_browser_keeps_what_it_shows_and_asks_nothing(open_as, user, paper):
    page = open_as(user)
    page.locator("#theme-dark").check()
    assert wait_until(lambda: Preferences.objects.filter(theme="dark").exists())
    page.goto(page.url + "account/")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_load_state("networkidle")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload(wait_until="networkidle")
    assert scheme(page) == "dark"
    assert not [url for url in asked if "preferences" in url or "in-place" in url]
    assert page.evaluate("localStorage.getItem('kept')") is None


def test_saving_and_following_take_one_click_and_can_be_undone(open_as, user, paper):
    page = open_as(user, paper.get_absolute_url())
    click_in_place(page, "Save")
    page.get_by_role("status").filter(has_text="Saved.").wait_for()
    assert SavedStory.objects.count() == 1
    undo = page.get_by_role("button", name="Undo: Save")
    assert undo.evaluate("button => button === document.activeElement")
    undo.click()
    page.get_by_role("status").filter(has_text="Taken off your list.").wait_for()
    assert not SavedStory.objects.exists()
    assert page.get_by_role("link", name="Save", exact=True).is_visible()
    page.goto(page.url.replace(paper.get_absolute_url(), "/business/"))
    click_in_place(page, "Follow Business")
    page.get_by_role("status").filter(has_text="You follow Business now.").wait_for()
    assert Follow.objects.get().section.path == "business"


def test_without_an_answer_the_link_leads_to_its_page(open_as, user, paper):
    page = open_as(user, paper.get_absolute_url())
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("link", name="Save", exact=True).click()
    page.get_by_role("heading", name="Login").wait_for()


def test_what_was_read_is_noted_in_the_browser_alone(open_as, user, paper):
    page = open_as(user, paper.get_absolute_url())
    sent = []
    page.on("request", lambda request: sent.append((request.method, request.url, request.post_data)))
    assert wait_until(lambda: page.evaluate("localStorage.getItem('history')"), 10)
    assert [told[2] for told in sent if told[0] == "POST"] == [str(paper.pk)], "the count of reads, which names nobody"
    page.goto(page.url.replace(paper.get_absolute_url(), "/account/history/"))
    page.get_by_role("link", name=paper.headline).click()
    page.wait_for_url(f"**{paper.get_absolute_url()}")
    page.go_back()
    page.get_by_role("button", name="Keep no history").click()
    page.get_by_role("button", name="Forget all of it").click()
    page.get_by_text("Nothing yet.").wait_for()
    page.goto(page.url.replace("/account/history/", paper.get_absolute_url()))
    page.wait_for_timeout(6_000)
    assert page.evaluate("localStorage.getItem('history')") is None
    page.goto(page.url.replace(paper.get_absolute_url(), "/account/history/"))
    page.get_by_role("button", name="Keep a history again").wait_for()
