"""Signing in at the desk: what is tried too often is refused, from wherever it comes."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from readers import signing_in
from readers.models import Action, AuditEntry, User
from readers.requests import client_address, limited_address, limited_range
from tests.admin.posting import errors, page, submit, told
from tests.factories import make_staff

pytestmark = pytest.mark.django_db

LOGIN = "/admin/login/"


def sign_in(password="password", username="editor", address="203.0.113.7", client=None, where=LOGIN, **more):
    """The answer to a name and a password."""
    data = {"username": username, "password": password, **more}
    return (client or Client()).post(where, data, REMOTE_ADDR=address)


def fail(times, **how):
    return [sign_in("wrong", **how).status_code for _ in range(times)]


def is_in(client):
    return client.get(reverse("admin:index")).status_code == 200


# ---- one name from one address


def test_a_right_password_signs_in(editor):
    client = Client()
    assert sign_in(client=client)["Location"] == reverse("admin:index")
    assert is_in(client)


def test_the_way_one_was_on_is_gone_on(editor):
    there = reverse("admin:articles_article_changelist")
    assert sign_in(next=there)["Location"] == there
    assert sign_in(next="https://evil.example/")["Location"] == reverse("admin:index")


def test_who_is_signed_in_is_not_asked_again(desk):
    assert desk.get(LOGIN)["Location"] == reverse("admin:index")


def test_the_address_of_the_page_is_djangos(client, editor):
    assert reverse("admin:login") == LOGIN
    response = client.get(reverse("admin:index"))
    assert response["Location"] == f"{LOGIN}?next=/admin/"
    assert page(client.get(response["Location"])).select_one("#login-form input[name=next]")["value"] == "/admin/"


def test_the_fifth_wrong_password_locks_the_name(editor):
    assert fail(5) == [200, 200, 200, 200, 429]
    right = sign_in()
    assert right.status_code == 429
    assert not is_in(right.client)


def test_the_locked_page_says_when_to_try_again(editor, time_machine):
    time_machine.move_to("2026-11-25 10:00:30+09:00", tick=False)
    fail(5)
    time_machine.move_to("2026-11-25 10:03:00+09:00", tick=False)
    response = sign_in()
    assert "Try again after 10:16 (Seoul time)." in page(response).select_one("[role=alert]").get_text()
    assert response["Retry-After"] == "750"
    assert "no-store" in response["Cache-Control"]
    assert page(response).select_one("#site-name")


def test_the_pause_is_over_after_fifteen_minutes_whatever_was_tried_in_it(editor, time_machine):
    time_machine.move_to("2026-11-25 10:00:00+09:00", tick=False)
    fail(5)
    time_machine.shift(timedelta(minutes=14))
    assert fail(3) == [429] * 3
    time_machine.shift(timedelta(minutes=1, seconds=1))
    assert sign_in().status_code == 302


def test_others_and_other_places_stay_open(editor):
    make_staff("colleague")
    fail(5)
    assert sign_in(username="colleague").status_code == 302
    assert sign_in(address="203.0.113.8").status_code == 302


def test_signing_in_forgets_former_mistakes(editor):
    fail(4)
    assert sign_in().status_code == 302
    assert fail(4) == [200] * 4


def test_names_without_an_account_answer_alike(editor):
    assert fail(5, username="nobody") == fail(5)


def test_a_new_browser_does_not_help(editor):
    for n in range(5):
        Client(headers={"user-agent": f"Browser/{n}"}).post(
            LOGIN, {"username": "editor", "password": "wrong"}, REMOTE_ADDR="203.0.113.7"
        )
    assert sign_in().status_code == 429


def test_no_password_is_kept(editor):
    sign_in("s3cret-word")
    assert "s3cret-word" not in str(AccessAttempt.objects.values())
    assert "s3cret-word" not in str(AuditEntry.objects.values())


# ---- many names from one address


def test_an_address_that_tries_many_names_pauses(editor, monkeypatch):
    monkeypatch.setattr(signing_in, "FROM_ADDRESS", 6)
    assert [code for n in range(6) for code in fail(1, username=f"name-{n}")] == [200] * 6
    response = sign_in()
    assert response.status_code == 429
    assert "Try again after" in page(response).get_text()
    assert sign_in(address="203.0.113.8").status_code == 302
    assert AuditEntry.objects.filter(action=Action.LOCKED_OUT).count() == 1


def test_an_address_may_try_again_after_an_hour(editor, monkeypatch, time_machine):
    monkeypatch.setattr(signing_in, "FROM_ADDRESS", 3)
    time_machine.move_to("2026-11-25 10:00:00+09:00", tick=False)
    for n in range(3):
        fail(1, username=f"name-{n}")
    time_machine.shift(timedelta(minutes=59))
    assert sign_in().status_code == 429
    time_machine.shift(timedelta(minutes=2))
    assert sign_in().status_code == 302


def test_an_ipv6_household_counts_as_one_address(editor, monkeypatch):
    monkeypatch.setattr(signing_in, "FROM_ADDRESS", 3)
    for n in range(3):
        fail(1, username=f"name-{n}", address=f"2001:db8:1:2::{n + 1}")
    assert sign_in(address="2001:db8:1:2:ffff::9").status_code == 429
    assert sign_in(address="2001:db8:1:3::1").status_code == 302
    assert fail(5, address="2001:db8:9::1")[-1] == 429
    assert sign_in(address="2001:db8:9::2").status_code == 429


def test_refused_tries_do_not_fill_the_log(editor):
    fail(9)
    actions = list(AuditEntry.objects.values_list("action", flat=True))
    assert sorted(actions) == sorted([Action.FAILED] * 5 + [Action.LOCKED_OUT])


# ---- whose address it is


def asked(address="198.51.100.1", **meta):
    return RequestFactory().get("/", REMOTE_ADDR=address, **meta)


def test_a_client_cannot_choose_its_address(settings):
    settings.BEHIND_PROXY = False
    assert client_address(asked(HTTP_X_FORWARDED_FOR="203.0.113.7")) == "198.51.100.1"


@pytest.mark.parametrize(
    ("sent", "believed"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("1.2.3.4, 203.0.113.7", "203.0.113.7"),
        ("203.0.113.7,  2001:db8::1 ", "2001:db8::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("unknown", "198.51.100.1"),
        ("1.2.3.4, ", "198.51.100.1"),
        ("", "198.51.100.1"),
    ],
)
def test_behind_a_proxy_its_last_word_counts(settings, sent, believed):
    settings.BEHIND_PROXY = True
    assert client_address(asked(HTTP_X_FORWARDED_FOR=sent)) == believed


def test_a_forged_header_does_not_open_a_locked_name(editor, settings):
    settings.BEHIND_PROXY = True
    for n in range(5):
        Client().post(
            LOGIN,
            {"username": "editor", "password": "wrong"},
            HTTP_X_FORWARDED_FOR=f"10.0.0.{n}, 203.0.113.7",
        )
    response = Client().post(
        LOGIN, {"username": "editor", "password": "password"}, HTTP_X_FORWARDED_FOR="10.0.0.9, 203.0.113.7"
    )
    assert response.status_code == 429


def test_a_request_without_an_address_is_no_error(editor):
    request = asked("")
    request.user = AnonymousUser()
    assert client_address(request) is limited_address(request) is None
    assert sign_in(address="").status_code == 302
    assert limited_range("203.0.113.7") == ("203.0.113.7", "203.0.113.7")


# ---- odd input


@pytest.mark.parametrize(
    "name", ["", "x" * 151, "x" * 10_000, "a\0b", "편집장", "ed\u202eitor", "'; DROP TABLE readers_user; --"]
)
def test_odd_names_are_refused_without_an_error(editor, name):
    assert sign_in("wrong", username=name).status_code == 200


# ---- passwords


def test_a_short_or_common_password_is_refused(desk, editor):
    url = reverse("admin:auth_user_password_change", args=[editor.pk])
    said = errors(submit(desk, url, "user_form", password1="Nightjar-26", password2="Nightjar-26"))
    assert "at least 12 characters" in said
    said = errors(submit(desk, url, "user_form", password1="q1w2e3r4t5y6", password2="q1w2e3r4t5y6"))
    assert "too common" in said


def test_ones_own_password_is_changed(desk, editor):
    url = reverse("admin:password_change")
    words = {"new_password1": "Nightjar-2026", "new_password2": "Nightjar-2026"}
    wrong = desk.post(url, {"old_password": "wrong", **words})
    assert "This is not your password" in errors(wrong)
    assert AuditEntry.objects.filter(action=Action.FAILED, user=editor).count() == 1
    assert "Your password was changed." in told(desk.post(url, {"old_password": "password", **words}, follow=True))
    assert User.objects.get().check_password("Nightjar-2026")
    assert is_in(desk)
    entry = AuditEntry.objects.get(action=Action.PASSWORD_CHANGED)
    assert "Nightjar" not in str(entry.changes)
    assert timezone.now() - entry.at < timedelta(minutes=1)


def test_guessing_the_old_password_is_limited_too(desk, editor):
    url = reverse("admin:password_change")
    words = {"old_password": "wrong", "new_password1": "Nightjar-2026", "new_password2": "Nightjar-2026"}
    assert [desk.post(url, words).status_code for _ in range(5)] == [200, 200, 200, 200, 429]
    assert desk.post(url, words | {"old_password": "password"}).status_code == 429
    assert User.objects.get().check_password("password")
