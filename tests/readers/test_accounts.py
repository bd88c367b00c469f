"""Readers' accounts, from outside: registering, logging in and out, changing, leaving."""

import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from readers.accounts import account_of
from readers.models import User

pytestmark = pytest.mark.django_db

PASSWORD = "a ferry at six in the fog"


@pytest.fixture(autouse=True)
def limits():
    """What the limits have counted in other tests is forgotten."""
    cache.clear()


def register(client, email="yuna@example.org", **data):
    fields = {"first_name": "Yuna", "email": email, "password1": PASSWORD, "terms": "on"} | data
    return client.post("/register/", fields, follow=True)


def link_in(message):
    """The path of the first link of a mail."""
    return re.search(r"https?://[^/\s]+(/\S+)", message.body)[1]


def confirm(client, message):
    client.get(link_in(message))
    return client.post(link_in(message), follow=True)


def reader(email="yuna@example.org", **values):
    user = User.objects.create_user(f"reader-{email}", email, PASSWORD, first_name="Yuna", **values)
    user.emailaddress_set.create(email=email, verified=True, primary=True)
    return user


def log_in(client, email="yuna@example.org", password=PASSWORD, **data):
    return client.post("/login/", {"login": email, "password": password} | data, follow=True)


def prove(client):
    """Gives the password once more, which sensitive acts ask for."""
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})


def who(client):
    return client.session.get("_auth_user_id")


def test_one_registers_confirms_and_is_in(client):
    answer = register(client)
    assert "on its way to your address" in answer.text
    assert not who(client)
    message = mail.outbox[0]
    assert message.to == ["yuna@example.org"]
    assert confirm(client, message).status_code == 200
    assert who(client)
    assert "Yuna" in client.get("/account/").text
    assert client.get("/account/").headers["Cache-Control"] == "no-store"


def test_without_confirming_nobody_gets_in(client):
    register(client)
    other = Client()
    log_in(other)
    assert not who(other)


def test_one_without_a_password_logs_in_with_a_code(client):
    register(client, password1="")
    confirm(client, mail.outbox[0])
    assert not User.objects.get().has_usable_password()
    fresh = Client()
    fresh.post(reverse("account_request_login_code"), {"email": "yuna@example.org"})
    code = re.search(r"^([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})$", mail.outbox[-1].body, re.M)[1]
    wrong = fresh.post(reverse("account_confirm_login_code"), {"code": "WRONG1"}, follow=True)
    assert not who(fresh)
    assert "Incorrect code" in wrong.text
    fresh.post(reverse("account_confirm_login_code"), {"code": code}, follow=True)
    assert who(fresh)


@pytest.mark.parametrize(
    "email", ["yuna@example.org", "Yuna@Example.org", "yuna+news@example.org", "YUNA+x+y@example.org"]
)
def test_one_address_is_one_account_and_nobody_learns_of_it(client, email):
    reader()
    taken, free = register(client, email), register(Client(), "somebody.else@example.org")
    assert (taken.status_code, taken.redirect_chain) == (free.status_code, free.redirect_chain)
    assert User.objects.count() == 2
    assert [message.subject for message in mail.outbox] == [
        "You have an account already",
        "Please confirm your e-mail address",
    ]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("first_name", "", "required"),
        ("first_name", "See https://bad.example/", "cannot have signs"),
        ("first_name", "A\r\nBcc: x@example.org", "cannot have signs"),
        ("first_name", "x" * 81, "at most 80"),
        ("email", "no address", "valid email"),
        ("email", "a@b\r\nBcc: c@example.org", "valid email"),
        ("email", "yuna@ｅxample.org", "plain letters"),
        ("email", "yuná@example.org", "valid email"),
        ("email", "a" * 250 + "@example.org", "at most 254"),
        ("password1", "short", "at least 12"),
        ("password1", "administrator", "too common"),
        ("password1", "183749264512", "entirely numeric"),
        ("terms", "", "required"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_made(client, field, value, said):
    answer = register(client, **{field: value})
    assert said in answer.text
    assert not User.objects.exists()
    assert not mail.outbox


def test_a_domain_that_looks_like_another_is_written_as_it_is(client):
    register(client, "yuna@exаmple.org")  # the а is Cyrillic
    assert mail.outbox[0].to == ["yuna@xn--exmple-4nf.org"]


def test_the_answers_to_unknown_addresses_and_wrong_passwords_are_the_same(client):
    reader()
    one = log_in(Client(), password="wrong wrong wrong")
    other = log_in(Client(), "nobody@example.org", "wrong wrong wrong")
    said = "not correct"
    assert said in one.text
    assert without_token(one).replace("yuna@", "nobody@") == without_token(other)


def without_token(answer):
    return re.sub(r'(name="csrfmiddlewaretoken" value=")[^"]*', r"\1", answer.text)


def test_a_forgotten_password_is_set_anew_and_ends_other_sessions(client):
    reader()
    elsewhere = Client()
    log_in(elsewhere)
    client.post(reverse("account_reset_password"), {"email": "yuna@example.org"})
    path = link_in(mail.outbox[-1])
    there = client.get(path, follow=True).redirect_chain[-1][0]
    fresh = "another sentence of mine"
    client.post(there, {"password1": fresh, "password2": fresh}, follow=True)
    assert elsewhere.get("/account/").status_code == 302
    log_in(client, password=fresh)
    assert who(client)
    # The link works once.
    assert "already been used" in Client().get(path, follow=True).text


def test_unknown_addresses_get_the_same_page_and_a_mail(client):
    reader()
    known = client.post(reverse("account_reset_password"), {"email": "yuna@example.org"}, follow=True)
    unknown = client.post(reverse("account_reset_password"), {"email": "nobody@example.org"}, follow=True)
    assert known.redirect_chain == unknown.redirect_chain
    assert known.text == unknown.text
    assert [message.to for message in mail.outbox] == [["yuna@example.org"], ["nobody@example.org"]]


def test_too_many_tries_are_refused_for_a_while(client):
    reader()
    for _ in range(5):
        log_in(Client(), password="wrong wrong wrong")
    answer = log_in(client)
    assert "Too many" in answer.text
    assert not who(client)


@pytest.mark.parametrize("there", ["https://bad.example/", "//bad.example/", "javascript:alert(1)", "/\\bad.example"])
def test_nobody_is_led_to_another_site(client, there):
    reader()
    answer = client.post("/login/", {"login": "yuna@example.org", "password": PASSWORD, "next": there})
    assert answer.headers["Location"] == "/account/"


def test_one_is_led_back_to_what_one_read(client):
    reader()
    answer = client.post("/login/", {"login": "yuna@example.org", "password": PASSWORD, "next": "/business/"})
    assert answer.headers["Location"] == "/business/"


def test_hosts_of_requests_reach_no_mail(client, settings):
    client.post(
        "/register/",
        {"first_name": "Y", "email": "y@example.org", "password1": PASSWORD, "terms": "on"},
        headers={"Host": "bad.example", "X-Forwarded-Host": "bad.example"},
    )
    assert "bad.example" not in mail.outbox[0].body
    assert settings.SITE_URL in mail.outbox[0].body


# ---- staff and readers are separate


def staff(**values):
    return User.objects.create_user("desk", "desk@example.org", PASSWORD, is_staff=True, **values)


def test_staff_do_not_get_in_at_the_readers_door(client):
    staff()
    assert "not correct" in log_in(client, "desk@example.org").text
    client.post(reverse("account_reset_password"), {"email": "desk@example.org"})
    client.post(reverse("account_request_login_code"), {"email": "desk@example.org"})
    assert {message.subject for message in mail.outbox} == {"There is no account for this address"}
    assert not who(client)


def test_readers_do_not_get_in_at_the_desk(client):
    reader()
    answer = client.post("/admin/login/", {"username": "yuna@example.org", "password": PASSWORD})
    assert answer.status_code == 200
    client.post("/admin/login/", {"username": User.objects.get().username, "password": PASSWORD})
    assert not who(client)
    log_in(client)
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/admin/login/")


def test_a_readers_session_is_nobodys_once_the_reader_joins_the_staff(client):
    user = reader(is_superuser=True)
    log_in(client)
    User.objects.filter(pk=user.pk).update(is_staff=True)
    assert client.get("/admin/").status_code == 302
    assert client.get("/account/").status_code == 302


# ---- the account


def test_the_address_changes_once_the_new_one_is_confirmed(client):
    reader()
    log_in(client)
    client.post(reverse("account_email"), {"email": "new@example.org", "action_add": ""})
    assert not mail.outbox, "an open browser alone does not change the address"
    prove(client)
    client.post(reverse("account_email"), {"email": "new@example.org", "action_add": ""})
    assert User.objects.get().email == "yuna@example.org"
    confirm(client, next(message for message in mail.outbox if message.to == ["new@example.org"]))
    assert User.objects.get().email == "new@example.org"
    assert any(message.to == ["yuna@example.org"] for message in mail.outbox), "the former address is told"


@pytest.mark.parametrize("taken", ["desk@example.org", "desk+x@example.org", "other@example.org"])
def test_an_address_of_another_account_is_not_taken(client, taken):
    staff()
    reader("other@example.org")
    mine = reader()
    log_in(client)
    prove(client)
    client.post(reverse("account_email"), {"email": taken, "action_add": ""})
    for message in mail.outbox:
        if message.to == [taken] and "confirm" in message.body:
            confirm(client, message)
    mine.refresh_from_db()
    assert mine.email == "yuna@example.org"


def test_other_sessions_are_listed_and_ended(client):
    reader()
    elsewhere = Client(HTTP_USER_AGENT="Mozilla/5.0 (Windows NT 10.0) Firefox/140.0")
    log_in(elsewhere)
    log_in(client)
    assert "Firefox on Windows" in client.get("/account/").text
    client.post("/account/sessions/", {"all": "1"})
    assert elsewhere.get("/account/").status_code == 302
    assert client.get("/account/").status_code == 200


def test_somebody_elses_session_cannot_be_ended(client):
    other = reader("other@example.org")
    theirs = Client()
    log_in(theirs, "other@example.org")
    reader()
    log_in(client)
    client.post("/account/sessions/", {"end": other.open_sessions.get().pk})
    assert theirs.get("/account/").status_code == 200


def test_one_gets_all_of_ones_data(client):
    reader()
    log_in(client)
    answer = client.get("/account/data/")
    assert "attachment" in answer.headers["Content-Disposition"]
    known = answer.json()
    assert (known["name"], known["email"], len(known["devices"])) == ("Yuna", "yuna@example.org", 1)


def test_an_account_is_deleted_at_once(client):
    reader()
    log_in(client)
    elsewhere = Client()
    log_in(elsewhere)
    assert client.post("/account/delete/", {"proof": "wrong"}).status_code == 422
    assert User.objects.count() == 1
    answer = client.post("/account/delete/", {"proof": PASSWORD})
    assert "was deleted" in answer.text
    assert not User.objects.exists()
    assert elsewhere.get("/account/").status_code == 302
    assert mail.outbox[-1].to == ["yuna@example.org"]
    # The address is free again.
    assert account_of("yuna@example.org") is None


def test_a_name_is_changed(client):
    reader()
    log_in(client)
    assert client.post("/account/name/", {"first_name": "<b>"}).status_code == 422
    client.post("/account/name/", {"first_name": "Yuna Han"})
    assert User.objects.get().first_name == "Yuna Han"


def test_the_second_step(client, settings):
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

    reader()
    log_in(client)
    prove(client)
    page = client.get(reverse("mfa_activate_totp"), follow=True)
    secret = page.context["form"].secret

    def code():
        return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))

    client.post(reverse("mfa_activate_totp"), {"code": code()}, follow=True)
    assert "On" in client.get("/account/").text
    fresh = Client()
    assert "authenticator code" in log_in(fresh).text
    assert not who(fresh)
    fresh.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert not who(fresh)
    cache.clear()  # a code counts once; this test cannot wait for the next one
    fresh.post(reverse("mfa_authenticate"), {"code": code()})
    assert who(fresh)


# ---- pages for everybody


def test_a_mark_without_meaning_tells_scripts_of_cached_pages(client):
    reader()
    log_in(client)
    assert client.cookies["reader"].value == "1"
    assert client.get("/").headers.get("Set-Cookie") is None
    client.post("/logout/")
    assert client.cookies["reader"].value == ""
    assert not who(client)


@pytest.mark.parametrize("path", ["/login/", "/register/", "/account/password/reset/", "/account/login/code/"])
def test_forms_are_in_no_cache(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert 'name="robots" content="noindex"' in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/account/",
        "/account/data/",
        "/account/delete/",
        "/account/email/",
        "/account/two-factor/",
        "/account/sessions/",
    ],
)
def test_what_is_ones_own_asks_who_one_is(client, path):
    answer = client.get(path)
    assert answer.status_code in (302, 405)
    if answer.status_code == 302:
        assert answer.headers["Location"].startswith("/login/?next=")
