"""A reader and an editor in a real browser, with mails read from a real SMTP server."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from newsletters import signing_up
from newsletters.models import IssueStory, SignUp, Subscription
from newsletters.sending import send_due
from newsletters.working import do_due_letters
from tests.admin.browser import desk_page
from tests.browser.test_accessibility import OPTIONS
from tests.factories import make_article

from .conftest import link_in, make_issue, make_letter, make_reader, ready

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ADDRESS = "reader@example.com"


@pytest.fixture
def page(browser, live_server, settings):
    """A page in which no script runs and whose console has to stay silent."""
    settings.SITE_URL = live_server.url
    said = []
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    # The answer to a form with a mistake is a 400, which Chromium mentions.
    page.on("console", lambda message: "400" in message.text or said.append(message.text))
    yield page
    assert context.cookies() == []
    context.close()
    assert said == []


def test_a_reader_orders_confirms_reads_and_leaves(page, mailbox):
    letter = make_letter()
    make_letter("K-culture", position=1)
    page.goto("/newsletters/")
    page.get_by_label("K-culture").check()
    page.get_by_label("Your e-mail address").fill("nonsense")
    page.get_by_role("button", name="Order").click()
    assert "This is no e-mail address" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("K-culture").is_checked()
    page.get_by_label("Your e-mail address").fill(ADDRESS)
    page.get_by_role("button", name="Order").click()
    page.get_by_role("heading", name="Look into your mailbox").wait_for()
    send_due()
    page.goto(link_in(mailbox.to(ADDRESS)[0], "confirm"))
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("heading", name="Thank you").wait_for()
    assert Subscription.objects.active().count() == 2
    ready(make_issue(letter, make_article(headline="In the letter")))
    do_due_letters()
    mail = mailbox.to(ADDRESS)[1]
    page.goto(link_in(mail, "preferences"))
    page.get_by_label("K-culture").uncheck()
    page.get_by_role("button", name="Save").click()
    assert "Saved" in page.get_by_role("status").inner_text()
    page.goto(link_in(mail, "end"))
    page.get_by_role("button", name="Unsubscribe").click()
    page.get_by_role("heading", name="You are unsubscribed").wait_for()
    assert not Subscription.objects.active().exists()


def test_an_editor_puts_stories_in_order_and_looks(browser, live_server, settings, mailbox):
    with desk_page(browser, live_server, settings) as desk:
        issue = make_issue(make_letter(), make_article(headline="First"), make_article(headline="Second"))
        desk.goto(reverse("admin:newsletters_issue_change", args=[issue.pk]))
        desk.locator("#stories-group").get_by_role("button", name="Move down").first.press("Enter")
        desk.get_by_role("button", name="Save, then look and send").click()
        frame = desk.frame_locator("iframe").first
        frame.locator("h2").first.wait_for()
        assert frame.locator("h2").all_inner_texts() == ["Second", "First"]
        assert [row.article.headline for row in IssueStory.objects.order_by("position")] == ["Second", "First"]
        desk.get_by_role("button", name="Send a test to me").click()
        desk.wait_for_selector(".messagelist .success")
        assert mailbox.counts == {"editor@example.com": 1}
        wide = desk.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_its_pages_have_no_barrier(browser, live_server, settings, scheme):
    settings.SITE_URL = live_server.url
    letter = make_letter()
    reader = make_reader(ADDRESS, letter)
    ready(make_issue(letter), state="sent")
    signing_up.ask("new@example.com", "new@example.com", [letter])
    links = [
        f"confirm/{signing_up.sign('confirm', str(SignUp.objects.get().uuid))}",
        f"end/{signing_up.end_link(reader.pk, letter.pk)}",
        f"preferences/{signing_up.sign('preferences', reader.pk)}",
        *("asked", "end/x"),
    ]
    addresses = ["/newsletters/", "/newsletters/morning-briefing/", "/mail/", *(f"/letters/{link}/" for link in links)]
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce")
    page, found = context.new_page(), []
    for address in addresses:
        page.goto(live_server.url + address)
        for violation in Axe().run(page, options=OPTIONS).response["violations"]:
            found += [(address, violation["id"], node["html"][:200]) for node in violation["nodes"]]
        for width in (320, 820, 1440):
            page.set_viewport_size({"width": width, "height": 800})
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found.append((address, width))
    context.close()
    assert found == []
