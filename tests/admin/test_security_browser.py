"""Account, second factor, sessions and audit log in a real browser: they work, fit, and keep to the policy."""

import time

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.urls import reverse

from tests.admin.test_browser import desk, said  # noqa: F401
from tests.factories import make_reporter, make_staff

pytestmark = pytest.mark.browser


def code_of(secret, moments=0):
    """The code that an app shows now, or some half minutes from now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + moments))


def test_the_second_factor_from_switching_on_to_signing_in(desk):  # noqa: F811
    desk.get_by_role("link", name="Your account").click()
    desk.get_by_role("link", name="Switch it on").click()
    assert desk.locator("img.qr").evaluate("image => image.complete && image.naturalWidth > 0")
    secret = desk.locator(".secret").inner_text().replace(" ", "")
    desk.get_by_label("Code").fill(code_of(secret))
    desk.get_by_label("Your password").fill("password")
    desk.get_by_role("button", name="Switch it on").click()
    desk.locator(".codes li").first.wait_for()
    codes = desk.locator(".codes li").all_inner_texts()
    assert len(codes) == 10
    desk.get_by_role("button", name="Log out").click()
    desk.goto("/admin/")
    desk.fill("#id_username", "editor")
    desk.fill("#id_password", "password")
    desk.click("input[type=submit]")
    assert desk.get_by_label("Code").evaluate("field => field === document.activeElement")
    desk.get_by_label("Code").fill(code_of(secret, 1))
    desk.click("input[type=submit]")
    desk.wait_for_selector("#user-tools")


def test_the_log_is_filtered_by_typing_a_name(desk):  # noqa: F811
    make_staff("cha-ra-on")
    desk.goto("/admin/readers/auditentry/")
    desk.locator(".who-and-when .select2-selection").click()
    desk.locator(".select2-search__field").fill("edit")
    desk.locator(".select2-results__option--highlighted", has_text="editor").click()
    desk.get_by_role("button", name="Show").click()
    assert "Signed in" in desk.locator("#result_list").inner_text()
    desk.locator("#result_list th a").first.click()
    assert desk.locator(".field-action").inner_text().endswith("Signed in")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_is_wider_than_the_screen(desk, width, scheme, said):  # noqa: F811
    desk.set_viewport_size({"width": width, "height": 844})
    desk.emulate_media(color_scheme=scheme)
    reporter = make_reporter()
    user = make_staff("cha")
    change = reverse("admin:articles_reporter_change", args=[reporter.pk])
    desk.goto(change)
    desk.fill("#id_bio", "A long life " * 60)
    desk.click("input[name=_save]")
    entry = "/admin/readers/auditentry/"
    paths = [
        *("/admin/account/", "/admin/account/second-factor/", "/admin/password_change/", entry),
        f"/admin/readers/user/{user.pk}/security/",
    ]
    for path in paths:
        assert desk.goto(path).status == 200
        assert desk.evaluate("document.documentElement.scrollWidth") <= width, path
        small = desk.evaluate(
            "[...document.querySelectorAll('#content-main button, #content-main input:not([type=hidden])')]"
            ".filter(e => e.offsetHeight && e.type !== 'checkbox' && e.offsetHeight < 24).map(e => e.outerHTML)"
        )
        assert small == [], path
    desk.goto(entry)
    desk.locator("#result_list th a").first.click()
    assert "A long life" in desk.locator(".before-after").inner_text()
    assert desk.evaluate("document.documentElement.scrollWidth") <= width


def test_the_locked_page_keeps_to_the_policy(browser, transactional_db, live_server):
    make_staff()
    context = browser.new_context(base_url=live_server.url, viewport={"width": 390, "height": 844})
    page = context.new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    for _ in range(5):
        page.goto("/admin/")
        page.fill("#id_username", "editor")
        page.fill("#id_password", "wrong")
        page.click("input[type=submit]")
    assert "Try again after" in page.locator("[role=alert]").inner_text()
    # The browser itself reports the status 429.
    assert [text for text in complaints if "429" not in text] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
