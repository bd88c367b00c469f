"""Passkeys and second steps: what is refused, and that no web worker carries libraries for them. The way that works is
in tests/browser/test_passkeys.py."""

import json
import os
import subprocess
import sys
from urllib.parse import quote

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client

from readers.models import User

pytestmark = pytest.mark.django_db
PASSWORD = "a ferry at six in the fog"
AT = "/account/two-factor/passkeys/"

LOADED = """
import sys, newsroom.wsgi
from django.test import Client
from django.urls import resolve
resolve("/account/two-factor/passkeys/add/")
assert Client().get("/login/").status_code == 200
print(*sorted({"fido2", "cryptography", "requests", "jwt", "qrcode"} & set(sys.modules)), "end")
"""


@pytest.fixture(autouse=True)
def limits():
    """What the limits have counted in other tests is forgotten."""
    cache.clear()


@pytest.fixture
def mine():
    """The browser of a reader who has just given the password."""
    user = User.objects.create_user("reader-1", "yuna@example.org", PASSWORD, first_name="Yuna")
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    client = Client()
    client.force_login(user, "readers.accounts.ReaderBackend")
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    return client


def test_web_workers_do_not_carry_the_libraries():
    server = connection.settings_dict
    who = quote(server["USER"], safe="") + (f":{quote(server['PASSWORD'], safe='')}" if server["PASSWORD"] else "")
    where = f"{quote(server['HOST'] or '127.0.0.1', safe='')}:{server['PORT'] or 5432}/{quote(server['NAME'], safe='')}"
    env = os.environ | {"DATABASE_URL": f"postgresql://{who}@{where}", "NEWSROOM_ENV": "test"}
    command = [sys.executable, "-c", LOADED]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=env, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "end", done.stderr[-2000:]


JUNK = [
    "",
    "{",
    "null",
    "7",
    "[]",
    "{}",
    '"x"',
    '{"id": "a", "rawId": "!", "type": "public-key", "response": {}}',
    '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "e30",'
    ' "attestationObject": "oA"}}',
    '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "e30", "authenticatorData": "AA",'
    ' "signature": "AA", "userHandle": "AA"}}',
    '{"response": {"userHandle": 7}}',
    '{"response": {"userHandle": "' + "A" * 400 + '"}}',
    '{"response": []}',
    "[" * 3000,
    '"\\u0000"',
]


@pytest.mark.parametrize("credential", JUNK)
def test_what_is_no_passkey_is_refused_with_a_sentence(mine, credential):
    mine.get(AT + "add/")
    assert mine.post(AT + "add/", {"name": "Phone", "credential": credential}).status_code == 200
    assert not Authenticator.objects.exists()
    stranger = Client()
    assert "challenge" in json.dumps(stranger.get(AT + "login/", headers={"Accept": "application/json"}).json())
    answer = stranger.post(AT + "login/", {"credential": credential}, follow=True)
    assert answer.status_code == 200
    assert "_auth_user_id" not in stranger.session


def test_adding_one_asks_for_the_password_first():
    user = User.objects.create_user("reader-2", "other@example.org", PASSWORD)
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    client = Client()
    client.force_login(user, "readers.accounts.ReaderBackend")
    assert "/reauthenticate/" in client.get(AT + "add/").headers["Location"]
    assert Client().get(AT).headers["Location"].startswith("/login/")


def test_staff_have_theirs_at_the_desk():
    desk = User.objects.create_user("desk", "desk@example.org", PASSWORD, is_staff=True)
    client = Client()
    client.force_login(desk, "readers.signing_in.StaffBackend")
    for path in (AT, AT + "add/", "/account/two-factor/", "/account/two-factor/totp/activate/"):
        assert client.get(path).status_code == 403


def test_nobody_touches_the_passkeys_of_another(mine):
    other = User.objects.create_user("reader-2", "other@example.org", PASSWORD)
    row = Authenticator.objects.create(user=other, type="webauthn", data={"name": "Phone", "credential": {}})
    for path in (f"{AT}{row.pk}/remove/", f"{AT}{row.pk}/edit/"):
        assert mine.get(path).status_code == 404
        assert mine.post(path, {"name": "Mine"}).status_code == 404
    assert "Phone" not in mine.get(AT).text


def test_without_script_it_is_said(mine):
    assert "Passkeys need JavaScript" in mine.get(AT + "add/").text


def test_pages_of_passwords_say_whose_they_are(mine):
    for path in ("/account/password/change/", "/account/reauthenticate/"):
        assert 'value="yuna@example.org" autocomplete="username"' in mine.get(path).text


@pytest.mark.parametrize("path", ["/login/", "/register/", "/account/login/code/", "/account/password/reset/"])
def test_one_logs_in_and_never_signs(client, path):
    text = client.get(path).text.lower()
    for word in ("sign in", "sign-in", "sign out", "sign up", "signed"):
        assert word not in text
