"""Logging in with an account elsewhere, against a service on loopback."""

import re
import time
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.core.cache import cache
from django.test import Client

from readers.models import User
from readers.social import SERVICES

from .services import profile_of, service  # noqa: F401

pytestmark = pytest.mark.django_db
PASSWORD = "a ferry at six in the fog"
ALL = pytest.mark.parametrize("name", SERVICES)


@pytest.fixture(autouse=True)
def limits():
    """What the limits have counted in other tests is forgotten."""
    cache.clear()


@pytest.fixture
def user():
    """A reader with a password and a confirmed address."""
    user = User.objects.create_user("reader-1", "yuna@example.org", PASSWORD, first_name="Yuna")
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    return user


def begin(client, name, **fields):
    """The parameters with which somebody is led to the service."""
    answer = client.post(f"/account/with/{name}/", fields)
    assert answer.status_code == 302
    return {key: values[0] for key, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def come_back(client, name, **fields):
    state = begin(client, name, **fields)["state"]
    return client.get(f"/account/with/{name}/back/", {"code": "c0de", "state": state}, follow=True)


def register(client, **fields):
    fields = {"first_name": "Yuna", "email": "yuna@example.org", "terms": "on"} | fields
    return client.post("/account/with/register/", fields, follow=True)


def prove(client):
    """Gives the password once more, which sensitive acts ask for."""
    return client.post("/account/reauthenticate/", {"password": PASSWORD}, follow=True)


def who(client):
    return client.session.get("_auth_user_id")


def test_nothing_is_offered_without_keys(client):
    for path in ("/login/", "/register/"):
        answer = client.get(path)
        assert "Continue with" not in answer.text
        assert "form-action 'self';" in answer.headers["Content-Security-Policy"] + ";"
    assert client.post("/account/with/google/").status_code == 404
    assert client.get("/account/with/google/back/").status_code == 404


@ALL
def test_it_is_offered_with_keys_and_only_forms_may_lead_there(client, service, name):  # noqa: F811
    for path in ("/login/", "/register/"):
        answer = client.get(path)
        assert f"Continue with {SERVICES[name][0]}" in answer.text
        assert re.search(rf"form-action 'self'[^;]*{service.url}", answer.headers["Content-Security-Policy"])
    assert service.url not in client.get("/account/password/reset/").headers["Content-Security-Policy"]
    assert client.get(f"/account/with/{name}/").headers["Location"] == "/login/"
    assert Client(enforce_csrf_checks=True).post(f"/account/with/{name}/").status_code == 403


@ALL
def test_somebody_registers_logs_out_and_comes_again(client, service, name):  # noqa: F811
    service.profile = profile_of(name)
    page = come_back(client, name)
    assert "Register" in page.text
    assert 'value="yuna@example.org"' in page.text
    assert not User.objects.exists()
    assert "required" in register(client, terms="").text
    answer = register(client)
    if name == "naver":  # says nothing of whether the address is the reader's
        assert not who(client)
        assert "sent an email" in answer.text
        link = re.search(r"https?://[^/\s]+(/\S+confirm-email\S+)", mail.outbox[-1].body)[1]
        client.post(link, follow=True)
    else:
        assert not mail.outbox
    assert who(client)
    assert SocialAccount.objects.get().extra_data == {}, "nothing of the profile is kept"
    again = Client()
    come_back(again, name)
    assert who(again) == who(client)
    fields = dict(service.asked)["/token"]
    assert fields["redirect_uri"] == [f"http://127.0.0.1:8000/account/with/{name}/back/"]
    assert fields["client_secret"] == ["s3cret"]


@pytest.mark.parametrize("name", ["google", "kakao"])
def test_what_is_not_verified_has_to_be_confirmed(client, service, name):  # noqa: F811
    service.profile = profile_of(name, verified=False)
    come_back(client, name)
    register(client)
    assert not who(client)
    assert mail.outbox[0].to == ["yuna@example.org"]


def test_an_address_that_kakao_says_is_not_valid_any_more_is_not_verified(client, service):  # noqa: F811
    service.profile = profile_of("kakao")
    service.profile["kakao_account"]["is_email_valid"] = False
    come_back(client, "kakao")
    register(client)
    assert not who(client)


def test_without_an_address_one_is_asked_for(client, service):  # noqa: F811
    service.profile = profile_of("kakao", email=None)
    come_back(client, "kakao")
    assert "required" in register(client, email="").text
    register(client)
    assert not who(client)
    assert mail.outbox[0].to == ["yuna@example.org"]


def test_another_address_than_the_verified_one_has_to_be_confirmed(client, service):  # noqa: F811
    service.profile = profile_of("google", email="other@example.org")
    come_back(client, "google")
    register(client)
    assert not who(client)
    assert not User.objects.get().emailaddress_set.filter(verified=True).exists()


@ALL
def test_nobody_gets_into_an_account_by_its_address(client, user, service, name):  # noqa: F811
    service.profile = profile_of(name)
    answer = come_back(client, name)
    if name == "naver":
        known = register(client)
        other = Client()
        service.profile = profile_of(name, email="other@example.org", number="43")
        come_back(other, name)
        free = register(other, email="other@example.org")
        assert known.redirect_chain == free.redirect_chain, "a form does not say whether an address has an account"
        assert [message.subject for message in mail.outbox][0] == "You have an account already"
    else:
        assert "has an account here already" in answer.text
    assert not who(client)
    assert not SocialAccount.objects.filter(user=user).exists()


@ALL
def test_it_is_connected_by_who_is_logged_in_and_disconnected(client, user, service, name):  # noqa: F811
    service.profile = profile_of(name, email="elsewhere@example.org")
    client.post("/login/", {"login": user.email, "password": PASSWORD})
    assert f"Connect {SERVICES[name][0]}" in client.get("/account/with/").text
    come_back(client, name, process="connect")
    assert not SocialAccount.objects.exists(), "the password is asked for once more"
    assert "connected" in prove(client).text
    assert SocialAccount.objects.get().user == user
    assert mail.outbox[-1].to == [user.email], "the reader is told"
    assert "connected" in client.get("/account/data/").json()
    elsewhere = Client()
    come_back(elsewhere, name)
    assert who(elsewhere) == str(user.pk)
    client.post("/account/with/", {"account": SocialAccount.objects.get().pk})
    assert not SocialAccount.objects.exists()


def test_what_is_connected_with_one_reader_is_not_taken_by_another(client, user, service):  # noqa: F811
    service.profile = profile_of("google")
    other = User.objects.create_user("reader-2", "other@example.org", PASSWORD)
    SocialAccount.objects.create(user=other, provider="google", uid="42")
    client.post("/login/", {"login": user.email, "password": PASSWORD})
    come_back(client, "google", process="connect")
    assert "connected with another reader" in prove(client).text
    client.post("/account/with/", {"account": SocialAccount.objects.get().pk})
    assert SocialAccount.objects.get().user == other


@ALL
def test_staff_never(client, service, name):  # noqa: F811
    desk = User.objects.create_user("desk", "desk@example.org", PASSWORD, is_staff=True)
    SocialAccount.objects.create(user=desk, provider=name, uid="42")
    service.profile = profile_of(name, email="desk@example.org")
    assert come_back(client, name).status_code == 401
    assert not who(client)
    SocialAccount.objects.all().delete()
    at_the_desk = Client()
    at_the_desk.force_login(desk, "readers.signing_in.StaffBackend")
    come_back(at_the_desk, name, process="connect")
    assert at_the_desk.get("/account/with/").status_code == 404
    come_back(client, name)
    register(client, email="desk@example.org")
    assert not who(client)
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("there", ["https://bad.example/", "//bad.example/", "javascript:alert(1)", "/\\bad.example"])
def test_nobody_is_led_to_another_site(client, user, service, there):  # noqa: F811
    SocialAccount.objects.create(user=user, provider="google", uid="42")
    service.profile = profile_of("google")
    for fields in ({"next": there}, {"next": there, "process": "redirect"}):
        state = begin(client, "google", **fields)["state"]
        answer = client.get("/account/with/google/back/", {"code": "c0de", "state": state, "next": there})
        assert "bad.example" not in answer.headers["Location"]
        assert answer.headers["Location"].startswith("/")


def test_one_is_led_back_to_what_one_read(client, user, service):  # noqa: F811
    SocialAccount.objects.create(user=user, provider="google", uid="42")
    service.profile = profile_of("google")
    answer = come_back(client, "google", next="/register/")
    assert answer.redirect_chain[0][0] == "/register/"


def test_addresses_add_nothing_to_what_the_service_is_asked(client, service):  # noqa: F811
    answer = client.post("/account/with/google/?scope=drive&auth_params=redirect_uri%3Dhttps%3A%2F%2Fbad.example")
    assert "bad.example" not in answer.headers["Location"]
    assert "drive" not in answer.headers["Location"]


@ALL
def test_states_are_of_one_browser_and_one_use(client, service, name):  # noqa: F811
    service.profile = profile_of(name)
    back = f"/account/with/{name}/back/"
    state = begin(client, name)["state"]
    assert Client().get(back, {"code": "c0de", "state": state}).status_code == 401
    for forged in ("", "x", "a\0b"):
        assert client.get(back, {"code": "c0de", "state": forged}).status_code in (400, 401)
    client.get(back, {"code": "c0de", "state": state})
    assert client.get(back, {"code": "c0de", "state": state}).status_code == 401


@ALL
@pytest.mark.parametrize(
    "odd",
    [
        b"",
        b"<html>",
        [],
        {},
        {"response": None},
        {"id": "x" * 300},
        {"id": None},
        {"id": ["42"]},
        {"email": 7, "id": ""},
    ],
)
def test_odd_answers_of_a_service_are_a_page(client, service, name, odd):  # noqa: F811
    service.profile = {"response": odd} if name == "naver" and isinstance(odd, dict) else odd
    answer = come_back(client, name)
    assert answer.status_code == 401
    assert "did not tell who you are" in answer.text
    assert not User.objects.exists()


def test_an_odd_part_of_a_profile_is_a_page(client, service):  # noqa: F811
    for account in (7, {"profile": "Yuna"}):
        service.profile = {"id": 42, "kakao_account": account}
        assert come_back(Client(), "kakao").status_code == 401


@pytest.mark.parametrize("odd", [b"", b"{", {}, {"access_token": "t", "expires_in": "soon"}, {"error": "invalid"}])
def test_odd_tokens_are_a_page(client, service, odd):  # noqa: F811
    service.token, service.profile = odd, profile_of("google")
    assert come_back(client, "google").status_code == 401


def test_stopping_at_the_service_is_said(client, service):  # noqa: F811
    state = begin(client, "google")["state"]
    answer = client.get("/account/with/google/back/", {"error": "access_denied", "state": state}, follow=True)
    assert "you have stopped it" in answer.text
    state = begin(client, "google")["state"]
    answer = client.get("/account/with/google/back/", {"error": "<script>", "state": state}, follow=True)
    assert "<script>" not in answer.text.replace("<script src", "").replace('<script type="module"', "")


def test_the_token_of_google_is_read(client, service):  # noqa: F811
    said = {"iss": "https://accounts.google.com", "aud": "client-id", "sub": "42", "exp": time.time() + 60}
    said |= {"email": "yuna@example.org", "email_verified": True, "given_name": "Yuna"}
    service.token = {"access_token": "t", "id_token": jwt.encode(said, "k" * 32)}
    come_back(client, "google")
    register(client)
    assert who(client)
    service.token = {"access_token": "t", "id_token": jwt.encode(said | {"aud": "another paper"}, "k" * 32)}
    assert come_back(Client(), "google").status_code == 401


def test_what_a_name_cannot_be_is_refused(client, service):  # noqa: F811
    service.profile = profile_of("google")
    come_back(client, "google")
    for first_name in ("<b>", "A\r\nBcc: x@example.org", "x" * 81, "a\0b"):
        assert register(client, first_name=first_name).status_code == 200
    assert not User.objects.exists()


def test_a_second_step_is_asked_for_here_too(client, user, service):  # noqa: F811
    from readers import second_factor

    SocialAccount.objects.create(user=user, provider="google", uid="42")
    second_factor.TOTP.activate(user, second_factor.new_secret())
    service.profile = profile_of("google")
    come_back(client, "google")
    assert not who(client)
