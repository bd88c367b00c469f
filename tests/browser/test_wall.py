"""Premium stories in a real browser: with and without script, by keyboard, without barriers."""

import pytest
from allauth.account.models import EmailAddress
from axe_playwright_python.sync_playwright import Axe
from django.core.cache import cache

from articles.models import Article
from paywall import access
from paywall.models import PremiumRead
from readers.models import User
from tests.factories import subscribe
from tests.waiting import wait_until

from .test_accessibility import FORCED, OPTIONS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BODY = f'<p>{"Open words. " * 45}<sup><a href="#fn1" id="fnref1">1</a></sup></p>' + "".join(
    f"<p>Locked paragraph {number}. {'Further words. ' * 30}</p>" for number in range(5)
)
BODY += '<ol><li id="fn1">The note. <a href="#fnref1">↩</a></li></ol>'


@pytest.fixture
def story(paper):
    """A premium story."""
    cache.clear()
    Article.objects.filter(pk=paper.pk).update(access="premium", body=BODY)
    return paper


@pytest.fixture
def user(transactional_db):
    """A reader with a confirmed address."""
    user = User.objects.create_user("reader-1", "yuna@example.org", "a ferry at six in the fog")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def barriers(page, options=OPTIONS):
    # Without fetching stylesheets by itself, which would look for those that others import beside the page.
    found = Axe().run(page, options=options | {"preload": False}).response["violations"]
    return [(violation["id"], node["html"][:200]) for violation in found for node in violation["nodes"]]


def log_in(page):
    page.get_by_label("E-mail address").fill("yuna@example.org")
    page.get_by_label("Password").fill("a ferry at six in the fog")
    page.get_by_role("button", name="Log in").or_(page.get_by_role("button", name="Login")).first.click()


def sees(page, words):
    return page.get_by_text(words).first.is_visible()


@pytest.mark.parametrize("look", [{"color_scheme": "light"}, {"color_scheme": "dark"}, {"forced_colors": "active"}])
def test_with_script_the_rest_takes_the_place_of_the_wall(open_page, story, user, look):
    options = FORCED if "forced_colors" in look else OPTIONS
    page = open_page(story.get_absolute_url(), reduced_motion="reduce", **look)
    assert sees(page, "This story goes on for subscribers")
    assert barriers(page, options) == []
    page.locator(".wall").get_by_role("link", name="Login").click()
    log_in(page)
    # Back at the story, which asks before it spends anything.
    page.wait_for_url(f"**{story.get_absolute_url()}")
    page.get_by_role("heading", name="Read this story to its end?").wait_for()
    assert barriers(page, options) == []
    assert not PremiumRead.objects.exists()
    page.get_by_role("button", name="Read this story").press("Enter")
    page.get_by_text("Locked paragraph 0").wait_for()
    assert page.locator("[role=status]").first.inner_text() == "2 of 3 free premium stories left this month."
    assert page.evaluate("document.activeElement.textContent").startswith("Locked paragraph 0")
    assert page.url.endswith(story.get_absolute_url())
    assert barriers(page, options) == []
    # The mark in the opening leads to its note, which has come with the rest.
    assert page.locator("#fnref1").get_attribute("href") == "#fn1"
    page.reload()
    page.get_by_text("Locked paragraph 4").wait_for()
    assert PremiumRead.objects.count() == 1


def test_without_script_the_rest_is_a_page(open_page, story, user):
    page = open_page(story.get_absolute_url(), java_script_enabled=False)
    page.get_by_role("link", name="Continue reading").click()
    page.locator(".wall").get_by_role("link", name="Login").click()
    log_in(page)
    page.wait_for_url(f"**/rest/{story.pk}/")
    page.get_by_role("button", name="Read this story").click()
    assert sees(page, "Locked paragraph 4")
    assert sees(page, "2 of 3 free premium stories left this month")
    page.get_by_role("link", name="The story’s page").click()
    assert page.url.endswith(story.get_absolute_url())
    assert not page.get_by_text("Locked paragraph").count()


def test_the_page_of_the_rest_has_no_barrier(open_page, story, user, live_server):
    page = open_page("/login/", reduced_motion="reduce")
    log_in(page)
    page.get_by_role("heading", name="Your account").wait_for()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for address in (f"/rest/{story.pk}/", "/account/"):
            page.goto(live_server.url + address)
            assert barriers(page) == []
        access.spend(user, story)
    for width in (320, 390, 820, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{live_server.url}/rest/{story.pk}/")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_subscriber_reads_on_without_asking(open_page, story, user):
    subscribe(user)
    page = open_page("/login/")
    log_in(page)
    page.get_by_role("heading", name="Your account").wait_for()
    page.goto(page.url.replace("/account/", story.get_absolute_url()))
    page.get_by_text("Locked paragraph 4").wait_for()
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    assert wait_until(lambda: not page.locator(".wall").count())
    assert not PremiumRead.objects.exists()
