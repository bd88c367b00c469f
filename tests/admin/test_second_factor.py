"""The second factor: after the password a code, each of which counts once."""

import base64
import time
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client
from django.urls import reverse

from readers import second_factor, signing_in
from readers.models import Action, AuditEntry
from tests.admin.posting import errors, page, told
from tests.admin.test_sign_in import LOGIN, is_in, sign_in
from tests.factories import make_staff

pytestmark = pytest.mark.django_db

CODE = "/admin/login/code/"
FACTOR = "/admin/account/second-factor/"
NOW = "2026-11-25 10:00:00+09:00"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code_of(secret, moments=0):
    """The code that an app shows now, or some half minutes from now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + moments))


@pytest.fixture
def codes(editor, time_machine):
    """The recovery codes of the editor, whose second factor was switched on a minute ago."""
    time_machine.move_to(NOW, tick=False)
    codes = second_factor.switch_on(editor, SECRET, code_of(SECRET))
    time_machine.shift(timedelta(minutes=1))
    return codes


def give(client, code):
    return client.post(CODE, {"code": code}, REMOTE_ADDR="203.0.113.7")


@pytest.fixture
def halfway(codes):
    """A browser whose password was right."""
    client = Client()
    assert sign_in(client=client)["Location"] == CODE
    return client


# ---- signing in


def test_the_password_alone_opens_nothing(halfway):
    assert not is_in(halfway)
    assert halfway.get(reverse("staff_account")).status_code == 302
    assert AuditEntry.objects.filter(action=Action.SIGNED_IN).count() == 0


def test_the_code_of_the_app_signs_in(codes):
    client = Client()
    sign_in(client=client)
    assert "Six digits" in page(client.get(CODE)).get_text()
    assert give(client, code_of(SECRET))["Location"] == reverse("admin:index")
    assert is_in(client)


def test_the_way_one_was_on_is_gone_on(codes):
    client, there = Client(), reverse("admin:articles_article_changelist")
    sign_in(client=client, next=there)
    assert give(client, code_of(SECRET))["Location"] == there


def test_signing_in_gives_the_session_another_key(halfway):
    before = halfway.session.session_key
    give(halfway, code_of(SECRET))
    assert halfway.session.session_key != before
    assert signing_in.WAITING not in halfway.session


@pytest.mark.parametrize("typed", ["{}", " {} ", "{:.3} {:.3}"])
def test_blanks_in_a_code_do_not_matter(halfway, typed):
    code = code_of(SECRET)
    assert give(halfway, typed.format(code) if typed.count("{") == 1 else f"{code[:3]} {code[3:]}").status_code == 302


def test_clocks_may_differ_by_half_a_minute(halfway):
    assert give(halfway, code_of(SECRET, 2)).status_code == 200
    assert give(halfway, code_of(SECRET, 1)).status_code == 302


def test_a_code_counts_once(halfway):
    code = code_of(SECRET)
    assert give(halfway, code).status_code == 302
    other = Client()
    sign_in(client=other)
    assert "wrong or was used before" in errors(give(other, code))
    assert not is_in(other)


def test_an_older_code_does_not_count_after_a_newer_one(halfway):
    assert give(halfway, code_of(SECRET, 1)).status_code == 302
    other = Client()
    sign_in(client=other)
    assert give(other, code_of(SECRET)).status_code == 200


def test_the_code_that_switched_it_on_does_not_sign_in(editor, time_machine):
    time_machine.move_to(NOW, tick=False)
    second_factor.switch_on(editor, SECRET, code_of(SECRET))
    client = Client()
    sign_in(client=client)
    assert give(client, code_of(SECRET)).status_code == 200


def test_a_recovery_code_signs_in_once(halfway, codes, editor):
    assert give(halfway, codes[3]).status_code == 302
    other = Client()
    sign_in(client=other)
    assert give(other, codes[3]).status_code == 200
    assert give(other, codes[4]).status_code == 302
    assert len(second_factor.recovery_codes(editor)) == 8


@pytest.mark.parametrize("typed", ["", "12345", "１２３４５６", "코드를 모름", "0" * 21, "-1", "\0"])
def test_odd_codes_are_refused_without_an_error(halfway, typed):
    assert give(halfway, typed).status_code == 200
    assert not is_in(halfway)


# ---- limits


def test_wrong_codes_count_like_wrong_passwords(halfway):
    assert [give(halfway, "000000").status_code for _ in range(5)] == [200, 200, 200, 200, 429]
    assert give(halfway, code_of(SECRET)).status_code == 429
    assert sign_in().status_code == 429
    assert not is_in(halfway)


def test_the_password_again_does_not_forgive_wrong_codes(codes):
    client, answers = Client(), []
    for _ in range(5):
        sign_in(client=client)
        answers.append(give(client, "000000").status_code)
    assert answers == [200, 200, 200, 200, 429]


def test_wrong_codes_from_everywhere_pause_the_account(codes, editor, monkeypatch):
    monkeypatch.setattr(signing_in, "CODES_OF_USER", 6)
    for n in range(6):
        client = Client(REMOTE_ADDR=f"203.0.113.{n}")
        client.post(LOGIN, {"username": "editor", "password": "password"})
        assert client.post(CODE, {"code": "000000"}).status_code == 200
    client = Client(REMOTE_ADDR="203.0.113.99")
    client.post(LOGIN, {"username": "editor", "password": "password"})
    assert client.post(CODE, {"code": code_of(SECRET)}).status_code == 429
    assert AuditEntry.objects.filter(action=Action.WRONG_CODE, user=editor).count() == 6


def test_the_code_must_follow_within_ten_minutes(halfway, time_machine):
    time_machine.shift(timedelta(minutes=10, seconds=1))
    assert give(halfway, code_of(SECRET))["Location"] == LOGIN
    assert not is_in(halfway)


def test_a_changed_password_or_a_closed_account_ends_the_wait(halfway, editor):
    editor.set_password("Nightjar-2026")
    editor.save()
    assert give(halfway, code_of(SECRET))["Location"] == LOGIN


def test_a_closed_account_is_let_in_by_no_code(halfway, editor):
    editor.is_active = False
    editor.save()
    assert give(halfway, code_of(SECRET))["Location"] == LOGIN


def test_nobody_comes_to_the_second_step_without_the_first(codes):
    assert Client().get(CODE)["Location"] == LOGIN
    assert give(Client(), code_of(SECRET))["Location"] == LOGIN


# ---- switching on and off


def test_it_is_switched_on_with_the_app_and_the_password(desk, editor, time_machine):
    time_machine.move_to(NOW, tick=False)
    shown = page(desk.get(FACTOR))
    secret = shown.select_one(".secret").get_text().replace(" ", "")
    kind, _, data = shown.select_one("img.qr")["src"].partition(",")
    assert kind == "data:image/svg+xml;base64"
    assert b"<svg" in base64.b64decode(data)
    assert "This is not your password" in errors(desk.post(FACTOR, {"code": code_of(secret), "password": "wrong"}))
    assert "not the code of now" in errors(desk.post(FACTOR, {"code": "000000", "password": "password"}))
    assert not second_factor.is_on(editor)
    done = desk.post(FACTOR, {"code": code_of(secret), "password": "password"})
    assert len(page(done).select(".codes li")) == 10
    assert "no-store" in done["Cache-Control"]
    assert second_factor.is_on(editor)
    assert secret not in str(dict(desk.session))


def test_the_secret_is_sealed_in_the_database(codes):
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert SECRET not in stored
    assert codes[0] not in stored


def test_it_cannot_be_switched_on_twice(codes, editor, time_machine):
    assert second_factor.switch_on(editor, SECRET, code_of(SECRET)) is None
    assert Authenticator.objects.count() == 2


def test_recovery_codes_are_shown_to_who_knows_the_password(desk, codes):
    shown = desk.post(FACTOR, {"password": "password", "act": "show"})
    assert [item.get_text() for item in page(shown).select(".codes li")] == codes
    refused = desk.post(FACTOR, {"password": "wrong", "act": "show"})
    assert page(refused).select(".codes li") == []
    assert "This is not your password" in errors(refused)


def test_new_recovery_codes_void_the_former_ones(desk, codes, editor):
    shown = desk.post(FACTOR, {"password": "password", "act": "renew"})
    fresh = [item.get_text() for item in page(shown).select(".codes li")]
    assert not set(fresh) & set(codes)
    assert not second_factor.take_code(editor, codes[0])
    assert second_factor.take_code(editor, fresh[0])


def test_switching_off_asks_for_the_password(desk, codes, editor):
    desk.post(FACTOR, {"password": "", "act": "off"})
    desk.post(FACTOR, {"password": "wrong", "act": "off"})
    assert second_factor.is_on(editor)
    assert "is off" in told(desk.post(FACTOR, {"password": "password", "act": "off"}, follow=True))
    assert sign_in()["Location"] == reverse("admin:index")


def test_the_account_says_how_it_stands(desk, editor):
    assert "Off: whoever knows your password" in page(desk.get(reverse("staff_account"))).get_text()
    second_factor.switch_on(editor, SECRET, code_of(SECRET))
    assert "10 recovery codes are left" in page(desk.get(reverse("staff_account"))).get_text()


def test_another_secret_key_opens_nothing_and_breaks_nothing(halfway, codes, settings, editor):
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another one"
    assert second_factor.recovery_codes(editor) == codes
    settings.SECRET_KEY_FALLBACKS = []
    assert not second_factor.take_code(editor, code_of(SECRET))
    assert second_factor.recovery_codes(editor) == []


# ---- somebody else's


def test_an_administrator_resets_it(desk, editor):
    user = make_staff("cha", superuser=False)
    second_factor.switch_on(user, SECRET, code_of(SECRET))
    url = reverse("admin:readers_user_security", args=[user.pk])
    assert url in str(page(desk.get(reverse("admin:readers_user_change", args=[user.pk]))))
    assert "is off until they switch it on again" in told(desk.post(url, {"reset": "1"}, follow=True))
    assert not second_factor.is_on(user)
    entry = AuditEntry.objects.get(action=Action.FACTOR_OFF)
    assert (entry.user, entry.object_id) == (editor, str(user.pk))


def test_nobody_else_does(client, editor):
    second_factor.switch_on(editor, SECRET, code_of(SECRET))
    client.force_login(make_staff("cha", superuser=False))
    url = reverse("admin:readers_user_security", args=[editor.pk])
    assert client.get(url).status_code == 403
    assert client.post(url, {"reset": "1"}).status_code == 403
    assert second_factor.is_on(editor)


def test_secrets_are_in_no_admin(desk):
    assert desk.get("/admin/mfa/authenticator/").status_code == 404
    assert desk.get("/admin/account/emailaddress/").status_code == 404
