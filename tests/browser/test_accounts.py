"""A reader's way in a real browser: registering, saving, following, leaving; no barrier on any of the pages."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.cache import cache

from readers.models import User
from tests.waiting import wait_until

from .test_accessibility import OPTIONS
from .test_logged_in import click_in_place

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def post(mailbox, settings):
    """The paper's mails go to a real SMTP server."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    return mailbox


@pytest.fixture(autouse=True)
def limits(transactional_db):
    """What the limits have counted in other tests is forgotten."""
    cache.clear()


def barriers(page):
    found = Axe().run(page, options=OPTIONS).response["violations"]
    return [(violation["id"], node["html"][:200]) for violation in found for node in violation["nodes"]]


def register(page, post):
    page.get_by_label("Name").fill("Yuna")
    page.get_by_label("E-mail address").fill("yuna@example.org")
    page.get_by_label("Password").fill("a ferry at six in the fog")
    page.get_by_label("I agree to").check()
    page.get_by_role("button", name="Register").click()
    assert wait_until(lambda: post.to("yuna@example.org"))
    words = post.to("yuna@example.org")[-1].get_body(("plain",)).get_content()
    page.goto(re.search(r"https?://\S+confirm-email\S+", words)[0])
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("heading", name="Your account").wait_for()


@pytest.mark.parametrize("script", [True, False])
def test_a_reader_registers_saves_follows_and_leaves(open_page, paper, post, script):
    page = open_page("/register/", java_script_enabled=script, reduced_motion="reduce")
    register(page, post)
    page.goto(page.url.replace("/account/", paper.get_absolute_url()))
    if script:  # in place
        click_in_place(page, "Save")
        page.get_by_role("status").filter(has_text="Saved.").wait_for()
        page.goto(page.url.replace(paper.get_absolute_url(), "/account/saved/"))
    else:
        page.get_by_role("link", name="Save", exact=True).click()
        page.get_by_role("button", name="Save it").click()
    page.get_by_role("heading", name="Five towns, one supply chain").wait_for()
    page.goto(page.url.replace("/account/saved/", "/business/"))
    if script:
        click_in_place(page, "Follow Business")
        page.get_by_role("status").filter(has_text="You follow Business now.").wait_for()
        page.goto(page.url.replace("/business/", "/account/for-you/"))
    else:
        page.get_by_role("link", name="Follow Business").click()
        page.get_by_role("button", name="Follow").click()
    page.get_by_role("heading", name="Headline number 20 with").wait_for()
    page.goto(page.url.replace("for-you/", "delete/"))
    page.get_by_label("Your password").fill("a ferry at six in the fog")
    page.get_by_role("button", name="Delete the account").click()
    page.get_by_role("heading", name="Your account was deleted").wait_for()
    assert not User.objects.exists()


def test_cached_pages_show_who_is_logged_in_by_script_alone(open_page, paper, post):
    page = open_page("/register/")
    masthead = page.locator(".site-header")
    register(page, post)
    page.goto(page.url.replace("/account/", "/"))
    masthead.get_by_role("link", name="Your account").click()
    page.get_by_role("button", name="Log out").click()
    page.goto(page.url)
    assert masthead.get_by_role("link", name="Login").is_visible()


def test_the_pages_have_no_barrier(browser, live_server, paper, post):
    # A context of its own: axe asks for more than the policy of the pages allows, which the console tells.
    context = browser.new_context(reduced_motion="reduce")
    page, base, found = context.new_page(), live_server.url, {}
    for path in ("/login/", "/register/", "/account/password/reset/", "/account/login/code/"):
        page.goto(base + path)
        found[path] = barriers(page)
    page.goto(base + "/register/")
    page.get_by_label("Name").fill("Y")
    page.get_by_label("E-mail address").fill("y@example.org")
    page.get_by_label("Password").fill("short")
    page.get_by_label("I agree to").check()
    page.get_by_role("button", name="Register").click()
    assert page.get_by_label("Password").get_attribute("aria-invalid") == "true"
    found["mistakes"] = barriers(page)
    register(page, post)
    page.goto(base + "/account/follow/?section=business")
    page.get_by_role("button", name="Follow").click()
    own = (
        "",
        "for-you/",
        "saved/",
        "history/",
        "delete/",
        "two-factor/",
        "two-factor/passkeys/",
        "newsletters/",
        "reauthenticate/",
    )
    for path in (f"/account/{name}" for name in own):
        page.goto(base + path)
        found[path] = barriers(page)
        for width in (320, 820, 1440):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
    assert {path: seen for path, seen in found.items() if seen} == {}
    context.close()
