"""Passkeys with the virtual authenticator of Chromium, under the policy that the pages really have."""

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.cache import cache

from readers.models import User
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "a ferry at six in the fog"


@pytest.fixture(autouse=True)
def limits(transactional_db):
    """What the limits have counted in other tests is forgotten."""
    cache.clear()


@pytest.fixture
def user(transactional_db):
    """A reader with a confirmed address."""
    user = User.objects.create_user("reader-1", "yuna@example.org", PASSWORD, first_name="Yuna")
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    return user


def with_authenticator(page):
    """A device that keeps passkeys and knows its owner. Gives the session by which it is told what to do."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    return session, session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


def log_in(page):
    page.get_by_label("E-mail address").fill("yuna@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Login", exact=True).click()


def test_a_reader_makes_one_and_logs_in_with_it(open_page, user):
    page = open_page("/login/?next=/business/")
    session, device = with_authenticator(page)
    log_in(page)
    page.get_by_role("heading", name="Business", level=1).wait_for()
    page.goto(page.url.replace("/business/", "/account/two-factor/"))
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Name of the passkey").fill("My phone")
    page.get_by_role("button", name="Make a passkey").click()
    page.get_by_text("The passkey was added.").wait_for()
    assert Authenticator.objects.get(type="webauthn").data["name"] == "My phone"
    assert any("passkey was added" in message.subject for message in mail.outbox), "the reader is told"
    base = page.url.partition("/account/")[0]

    # With the passkey alone.
    page.wait_for_load_state("networkidle")
    page.context.clear_cookies()
    page.goto(base + "/login/?next=/business/")
    page.get_by_role("button", name="Log in with a passkey").click()
    page.get_by_role("heading", name="Business", level=1).wait_for()
    page.goto(base + "/account/")
    page.get_by_text("1 passkey", exact=False).first.wait_for()

    # As the second step after the password.
    page.wait_for_load_state("networkidle")
    page.context.clear_cookies()
    page.goto(base + "/login/")
    log_in(page)
    page.get_by_role("heading", name="Second step").wait_for()
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("heading", name="Your account").wait_for()

    # A device that does not know its owner opens nothing.
    page.wait_for_load_state("networkidle")
    page.context.clear_cookies()
    page.goto(base + "/login/")
    session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    page.get_by_role("button", name="Log in with a passkey").click()
    page.get_by_text("It was stopped, or took too long: try it again.").wait_for()
    session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": True})

    # Renamed and removed, after proving oneself with it.
    page.get_by_role("button", name="Log in with a passkey").click()
    page.get_by_role("heading", name="Your account").wait_for()
    page.goto(base + "/account/two-factor/passkeys/")
    page.get_by_role("link", name="Remove My phone").click()
    if page.get_by_role("heading", name="Is it you?").is_visible():
        page.goto(base + "/account/two-factor/passkeys/reauthenticate/?next=/account/two-factor/passkeys/")
        page.get_by_role("button", name="Use a passkey").click()
        page.get_by_role("link", name="Remove My phone").click()
    page.get_by_role("button", name="Remove").click()
    assert wait_until(lambda: not Authenticator.objects.exists())


def test_without_script_no_button_promises_anything(open_page, user):
    page = open_page("/login/", java_script_enabled=False)
    assert not page.get_by_role("button", name="Log in with a passkey").is_visible()
    log_in(page)
    page.goto(page.url.replace("/account/", "/account/two-factor/passkeys/add/"))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    assert page.get_by_text("Passkeys need JavaScript").is_visible()
    assert not page.get_by_role("button", name="Make a passkey").is_visible()


def test_pages_with_passwords_leave_the_console_empty(open_page, user):
    """`open_page` fails for Chromium's notes about forms as for anything else in the console."""
    page = open_page("/login/")
    log_in(page)
    page.get_by_role("heading", name="Your account").wait_for()
    base = page.url.partition("/account/")[0]
    for path in ("/account/password/change/", "/account/reauthenticate/", "/account/delete/", "/account/email/"):
        page.goto(base + path)
