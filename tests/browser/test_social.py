"""Going to another service and coming back in a real browser: the policy of the pages lets forms lead there alone."""

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache

from readers.models import User
from tests.readers.services import profile_of, service  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def limits(transactional_db):
    """What the limits have counted in other tests is forgotten."""
    cache.clear()


@pytest.mark.parametrize("script", [True, False])
def test_a_reader_registers_at_another_service_and_comes_again(open_page, paper, service, script):  # noqa: F811
    service.profile = profile_of("google")
    page = open_page("/login/?next=/business/", java_script_enabled=script)
    page.get_by_role("button", name="Continue with Google").click()
    page.get_by_role("heading", name="Register").wait_for()
    assert page.get_by_label("E-mail address").input_value() == "yuna@example.org"
    page.get_by_label("I agree to").check()
    page.get_by_role("button", name="Register").click()
    page.get_by_role("heading", name="Business", level=1).wait_for()
    assert SocialAccount.objects.get().user == User.objects.get()
    page.wait_for_load_state("networkidle")
    page.context.clear_cookies()
    page.goto(page.url.replace("/business/", "/login/"))
    page.get_by_role("button", name="Continue with Google").click()
    page.get_by_role("heading", name="Your account").wait_for()
