"""How a reader wants the paper: kept with the account, told to the reader's browsers alone."""

import pytest
from django.test import Client

from readers.models import Preferences, User

pytestmark = pytest.mark.django_db
ADDRESS = "/account/preferences/"
JSON = {"Accept": "application/json"}


@pytest.fixture
def user():
    """A reader."""
    return User.objects.create_user("reader-1", "yuna@example.org", None, first_name="Yuna")


def browser_of(user, **options):
    client = Client(**options)
    client.force_login(user, "readers.accounts.ReaderBackend")
    return client


def test_they_follow_the_account(user):
    one, other = browser_of(user), browser_of(user)
    assert one.get(ADDRESS).json()["kept"] is False
    one.post(ADDRESS, {"text-size": "1.35", "theme": "dark"}, headers=JSON)
    one.post(ADDRESS, {"edition": "lite"}, headers=JSON)
    answer = other.get(ADDRESS)
    assert answer.json() == {"text-size": "1.35", "theme": "dark", "edition": "lite", "ticker": 0, "kept": True}
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_ticker_stays_closed_for_the_rest_of_its_day(user):
    client = browser_of(user)
    client.post(ADDRESS, {"ticker": "3600"}, headers=JSON)
    assert 3590 < browser_of(user).get(ADDRESS).json()["ticker"] <= 3600
    client.post(ADDRESS, {"ticker": "0"}, headers=JSON)
    assert browser_of(user).get(ADDRESS).json()["ticker"] == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("text-size", "7"),
        ("text-size", "1.15;x"),
        ("theme", "<b>dark</b>"),
        ("theme", "dark\r\nSet-Cookie: a=b"),
        ("theme", "d\0ark"),
        ("edition", "x" * 5000),
        ("ticker", "-1"),
        ("ticker", "86401"),
        ("ticker", "9" * 400),
        ("ticker", "soon"),
    ],
)
def test_what_is_no_choice_is_refused_and_changes_nothing(user, name, value):
    client = browser_of(user)
    client.post(ADDRESS, {"theme": "light"}, headers=JSON)
    before = client.get(ADDRESS).json()
    answer = client.post(ADDRESS, {name: value, "text-size" if name != "text-size" else "theme": "1"}, headers=JSON)
    assert (answer.status_code, answer.json()) == (422, {"said": "There is no such choice."})
    assert client.post(ADDRESS, {name: value}).status_code == 422
    assert client.get(ADDRESS).json() == before


def test_without_script_a_form_does_it(user):
    client = browser_of(user)
    answer = client.post(ADDRESS, {"text-size": "1.15", "theme": "dark", "edition": "full"}, follow=True)
    assert "Your preferences were kept." in answer.text
    assert 'value="dark" id="id_theme_2" checked' in answer.text
    assert Preferences.objects.get().text_size == "1.15"


def test_they_are_the_readers_own(user):
    assert Client().get(ADDRESS).headers["Location"].startswith("/login/")
    strict = browser_of(user, enforce_csrf_checks=True)
    assert strict.post(ADDRESS, {"theme": "dark"}, headers=JSON).status_code == 403
    strict.get(ADDRESS)
    token = strict.cookies["csrftoken"].value
    assert strict.post(ADDRESS, {"theme": "dark"}, headers=JSON | {"X-CSRFToken": token}).status_code == 200
    assert browser_of(user).get("/account/data/").json()["preferences"]["theme"] == "dark"
    user.delete()
    assert not Preferences.objects.exists()


def test_public_pages_know_nothing_of_them(user):
    client = browser_of(user)
    client.post(ADDRESS, {"theme": "dark"}, headers=JSON)
    assert client.get("/").content == Client().get("/").content


def test_they_cost_little(user, queries):
    client = browser_of(user)
    client.post(ADDRESS, {"theme": "dark"}, headers=JSON)
    # Session and user, then their own row.
    with queries(3):
        client.get(ADDRESS, headers=JSON)
