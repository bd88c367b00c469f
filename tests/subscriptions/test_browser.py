"""A reader in a real browser: plans, order, payment in the sandbox, mail, the page of the order, cancelling."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from subscriptions import ordering
from subscriptions.links import path_of
from subscriptions.models import LicenceRequest, Order
from subscriptions.sandbox import start
from subscriptions.sending import send_due
from tests.admin.browser import desk_page
from tests.browser.test_accessibility import OPTIONS
from tests.factories import make_order, make_plan

from .conftest import link_in, make_reader, text_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ADDRESS = "bomi@example.com"


@pytest.fixture(autouse=True)
def paper(live_server, settings, mailbox):
    """A paper with a payment service and two plans."""
    settings.SITE_URL, settings.PAYMENTS = live_server.url, "sandbox"
    make_plan("E-paper", price=11900, gives_delivery=False, position=1, is_best=True, features="Download for the train")
    return make_plan(features="Delivered before seven\nA stop while you are away")


@pytest.fixture
def open_page(browser, live_server):
    """Opens a page whose console has to stay silent."""
    contexts, said = [], []

    def open_page(script=True, **options):
        context = browser.new_context(base_url=live_server.url, java_script_enabled=script, **options)
        contexts.append(context)
        page = context.new_page()
        # The answer to a form with a mistake is a 422, which Chromium mentions.
        page.on("console", lambda message: "422" in message.text or said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []


def fill(page):
    page.get_by_label("Name").fill("남궁 솔")
    page.get_by_label("Telephone").fill("010-1234-5678")
    page.get_by_label("Postcode").fill("03925")
    page.get_by_label("Road address").fill("서울 마포구 나루로 21")
    page.get_by_label("I agree to").check()


@pytest.mark.parametrize("script", [True, False])
def test_a_reader_without_account_orders_pays_and_cancels(open_page, mailbox, script):
    page = open_page(script)
    page.goto("/products/subscribe/")
    page.get_by_role("link", name="Choose Print").click()
    fill(page)
    page.get_by_label("E-mail address").fill("nonsense")
    page.get_by_role("button", name="Order for 24,000 won").click()
    assert "This is no e-mail address" in page.locator(".error").inner_text()
    assert page.get_by_label("Road address").input_value() == "서울 마포구 나루로 21"
    page.get_by_label("E-mail address").fill(ADDRESS)
    page.get_by_role("button", name="Order for 24,000 won").click()
    page.get_by_role("heading", name="Look into your mailbox").wait_for()
    send_due()
    page.goto(link_in(mailbox.to(ADDRESS)[0]))
    page.get_by_role("heading", name="Not paid yet").wait_for()
    page.get_by_role("button", name="Pay 24,000 won").click()
    page.get_by_role("heading", name="Sandbox payment").wait_for()
    page.get_by_role("button", name="Declined").click()
    page.get_by_role("heading", name="Not paid yet").wait_for()
    page.get_by_role("button", name="Pay 24,000 won").click()
    page.get_by_role("button", name="Paid", exact=True).click()
    page.get_by_role("heading", name="Confirmed").wait_for()
    send_due()
    mail = mailbox.to(ADDRESS)[1]
    assert "is paid and confirmed" in text_of(mail)
    page.goto(link_in(mail))
    page.get_by_role("button", name="Cancel the order").click()
    page.get_by_role("heading", name="Cancelled").wait_for()
    assert "goes back to you within three working days" in page.locator("main").inner_text()
    order = Order.objects.get()
    assert (order.state, bool(order.refund_asked_at)) == ("cancelled", True)


def test_a_reader_with_account_finds_the_form_filled_in_and_the_order_in_the_account(open_page, live_server, client):
    make_reader(first_name="Bo-mi")
    page = open_page()
    page.goto("/orders/new/e-paper/")
    page.get_by_role("link", name="Log in, if you have one").click()
    page.get_by_label("E-mail address").fill(ADDRESS)
    page.get_by_label("Password").fill("a ferry at six in the fog")
    page.get_by_role("button", name="Login").click()
    page.get_by_role("heading", name="Order E-paper").wait_for()
    assert page.get_by_label("Name").input_value() == "Bo-mi"
    page.get_by_label("Telephone").fill("02-312-3456")
    page.get_by_label("I agree to").check()
    page.get_by_role("button", name="Order for 11,900 won").click()
    page.get_by_role("button", name="Pay 11,900 won").click()
    page.get_by_role("button", name="Paid", exact=True).click()
    page.get_by_role("heading", name="Confirmed").wait_for()
    ordering.do_due()
    page.goto("/account/")
    page.get_by_role("link", name="E-paper: paid until").click()
    page.get_by_role("button", name="End it on").click()
    page.get_by_role("heading", name="Ends on").wait_for()


def test_somebody_asks_for_a_licence(open_page, mailbox):
    page = open_page(script=False)
    page.goto("/products/content-sales/")
    page.get_by_role("link", name="Ask for an offer").click()
    page.get_by_label("Name").fill("Cho Mi-rae")
    page.get_by_label("E-mail address").fill("mirae@example.com")
    page.get_by_label("Telephone").fill("031-234-5678")
    page.get_by_label("What you would like").select_option("A feed of stories")
    page.get_by_label("What for").fill("A portal for schools.")
    page.get_by_label("I agree to").check()
    page.get_by_role("button", name="Ask for an offer").click()
    page.get_by_role("heading", name="Your request has arrived").wait_for()
    assert LicenceRequest.objects.get().kind == "feed"


def test_the_desk_confirms_with_a_button(browser, live_server, settings):
    order = make_order()
    with desk_page(browser, live_server, settings) as desk:
        desk.goto(f"/admin/subscriptions/order/{order.pk}/change/")
        desk.get_by_label("Note for this act").fill("Transfer of today")
        desk.get_by_role("button", name="Confirm as paid").click()
        desk.wait_for_selector(".messagelist .success")
        order.refresh_from_db()
        assert order.state == "confirmed"
        desk.goto(f"/admin/subscriptions/order/{order.pk}/change/")
        assert desk.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_its_pages_have_no_barrier(browser, live_server, paper, scheme):
    order = make_order(paper)
    paths = ["/products/subscribe/", "/products/content-sales/", "/orders/new/print/", "/orders/licence/"]
    paths += ["/orders/asked/", path_of(order), start(order, 0).removeprefix(live_server.url)]
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce", base_url=live_server.url)
    page, found = context.new_page(), []

    def look(path):
        for violation in Axe().run(page, options=OPTIONS).response["violations"]:
            found.extend((path, violation["id"], node["html"][:200]) for node in violation["nodes"])
        for width in (320, 820, 1440):
            page.set_viewport_size({"width": width, "height": 800})
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found.append((path, width))

    for path in paths:
        page.goto(path)
        look(path)
    page.goto("/orders/new/print/")
    page.get_by_role("button", name="Order for").click()
    look("the form with mistakes")
    context.close()
    assert found == []
