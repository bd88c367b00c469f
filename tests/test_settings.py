"""Settings: safe by default, and one clear sentence where something is missing or wrong."""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings

COMPLETE = {
    "SECRET_KEY": "a-long-secret-that-nobody-knows-0123456789-0123456789",
    "DATABASE_URL": "postgresql://nobody:x@127.0.0.1:1/newsroom",
    "SITE_URL": "https://www.example.com",
    "ALLOWED_HOSTS": "www.example.com, example.com",
}
LOCAL = {"NEWSROOM_ENV": "local", "DATABASE_URL": COMPLETE["DATABASE_URL"]}
SHOWN = [
    *("DEBUG", "ALLOWED_HOSTS", "SITE_URL", "SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"),
    *("SECURE_HSTS_SECONDS", "MEDIA_ACCEL", "PHOTO_MAX_PIXELS", "PAGE_MAX_AGE", "READ_FLUSH_SECONDS"),
    "CSRF_TRUSTED_ORIGINS",
]
PROGRAM = f"""
import json
from django.core.exceptions import ImproperlyConfigured
try:
    from newsroom import settings
except ImproperlyConfigured as error:
    raise SystemExit(f"REFUSED: {{error}}")
print(json.dumps({{name: getattr(settings, name) for name in {SHOWN}}}))
"""


def start(program=PROGRAM, **environment):
    """A fresh Python that reads the settings with these variables and no others."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", program] if isinstance(program, str) else [sys.executable, *program],
        env=kept | {"PYTHONDONTWRITEBYTECODE": "1"} | environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def without(name):
    return {key: value for key, value in COMPLETE.items() if key != name}


REFUSED = {
    "no secret": (without("SECRET_KEY"), "Set SECRET_KEY"),
    "blank secret": (COMPLETE | {"SECRET_KEY": "  "}, "Set SECRET_KEY"),
    "no database": (without("DATABASE_URL"), "Set DATABASE_URL"),
    "no site": (without("SITE_URL"), "Set SITE_URL"),
    "no hosts": (without("ALLOWED_HOSTS"), "Set ALLOWED_HOSTS"),
    "hosts of commas": (COMPLETE | {"ALLOWED_HOSTS": " , ,"}, "Set ALLOWED_HOSTS"),
    "nothing at all": ({}, "Set SECRET_KEY"),
    "debug in production": (COMPLETE | {"DEBUG": "1"}, "DEBUG shows secrets to readers"),
    "unknown environment": (COMPLETE | {"NEWSROOM_ENV": "staging"}, "NEWSROOM_ENV is 'staging'"),
    "unknown access to the e-paper": (
        COMPLETE | {"EPAPER_ACCESS": "some"},
        "EPAPER_ACCESS is 'some': write all, signed-in or subscribers.",
    ),
    "a sandbox in production": (COMPLETE | {"PAYMENTS": "sandbox"}, "PAYMENTS is 'sandbox', which takes no money"),
    "an unknown payment service": (COMPLETE | {"PAYMENTS": "coins"}, "PAYMENTS is 'coins': write sandbox or stripe"),
    "Stripe without its secret": (COMPLETE | {"PAYMENTS": "stripe"}, "Set STRIPE_SECRET_KEY"),
    "no address of a desk": (COMPLETE | {"SUBSCRIPTIONS_DESK": "the desk"}, "SUBSCRIPTIONS_DESK is 'the desk'"),
    "no time of day": (COMPLETE | {"EPAPER_AT": "five"}, "EPAPER_AT is 'five': write it like 05:00."),
    "no truth value": (COMPLETE | {"DEBUG": "maybe"}, "DEBUG is 'maybe': write 1 or 0."),
    "no number": (COMPLETE | {"PHOTO_MAX_PIXELS": "many"}, "PHOTO_MAX_PIXELS is 'many': write a whole number."),
    "negative": (COMPLETE | {"PAGE_MAX_AGE": "-5"}, "PAGE_MAX_AGE is '-5': write a whole number."),
    "half": (COMPLETE | {"READ_FLUSH_SECONDS": "1.5"}, "READ_FLUSH_SECONDS is '1.5': write a whole number."),
    "site without scheme": (COMPLETE | {"SITE_URL": "www.example.com"}, "SITE_URL is 'www.example.com'"),
    "site with a path": (COMPLETE | {"SITE_URL": "https://example.com/news"}, "SITE_URL is 'https://example.com/news'"),
    "site with a query": (COMPLETE | {"SITE_URL": "https://example.com?x=1"}, "SITE_URL is 'https://example.com?x=1'"),
    "hub without scheme": (
        COMPLETE | {"WEBSUB_HUB": "hub.example.com"},
        "WEBSUB_HUB is 'hub.example.com': write it like",
    ),
    "hub with a space": (COMPLETE | {"WEBSUB_HUB": "https://hub.example.com/a b"}, "WEBSUB_HUB is"),
    "hub with a line break": (COMPLETE | {"WEBSUB_HUB": "https://hub.example.com/\nX: y"}, "WEBSUB_HUB is"),
    "SQLite": (COMPLETE | {"DATABASE_URL": "sqlite:///db.sqlite3"}, "DATABASE_URL must name a PostgreSQL server"),
    "MySQL": (COMPLETE | {"DATABASE_URL": "mysql://u:p@h/d"}, "DATABASE_URL must name a PostgreSQL server"),
    "no address": (COMPLETE | {"DATABASE_URL": "newsroom"}, "DATABASE_URL must name a PostgreSQL server"),
    "unknown scheme": (COMPLETE | {"DATABASE_URL": "oracle9i://x"}, "DATABASE_URL must name a PostgreSQL server"),
    "odd port": (COMPLETE | {"DATABASE_URL": "postgresql://u:pass@h:port/d"}, "DATABASE_URL must name a PostgreSQL"),
    "mail without scheme": (COMPLETE | {"EMAIL_URL": "u:pass@mail.example.com:25"}, "EMAIL_URL must be a mail server"),
    "mail at an odd port": (COMPLETE | {"EMAIL_URL": "smtp://u:pass@mail.example.com:x"}, "EMAIL_URL must be"),
    "mail without host": (COMPLETE | {"EMAIL_URL": "smtps://"}, "EMAIL_URL must be"),
    "mail in brackets": (COMPLETE | {"EMAIL_URL": "smtp://u:pass@[::1"}, "EMAIL_URL must be"),
    "no sender": (COMPLETE | {"EMAIL_FROM": "The Times"}, "EMAIL_FROM is 'The Times'"),
    "sender with a line break": (COMPLETE | {"EMAIL_FROM": "a@example.com\nBcc: b@example.com"}, "EMAIL_FROM is"),
    "hook without secret": (COMPLETE | {"NEWSLETTER_HOOKS": "post"}, "NEWSLETTER_HOOKS must be"),
    "unknown mail service": (COMPLETE | {"MAIL_SERVICES": "pigeon"}, "MAIL_SERVICES may name"),
    "mail service without password": (
        COMPLETE | {"MAIL_SERVICES": "postmark"},
        "MAIL_SERVICES needs ANYMAIL_WEBHOOK_SECRET",
    ),
    "mail service with a short one": (
        COMPLETE | {"MAIL_SERVICES": "postmark", "ANYMAIL_WEBHOOK_SECRET": "user:short"},
        "MAIL_SERVICES needs ANYMAIL_WEBHOOK_SECRET",
    ),
    "mail service without its key": (
        COMPLETE | {"MAIL_SERVICES": "mailgun", "ANYMAIL_WEBHOOK_SECRET": "user:a-secret-of-16-characters"},
        "MAIL_SERVICES=mailgun needs ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY",
    ),
    "hook with a short one": (COMPLETE | {"NEWSLETTER_HOOKS": "post=short"}, "NEWSLETTER_HOOKS must be"),
    "login without secret": (COMPLETE | {"LOGIN_KAKAO": "client"}, "LOGIN_KAKAO must be a key and its secret"),
    "login with a blank": (COMPLETE | {"LOGIN_NAVER": "cli ent:secret"}, "LOGIN_NAVER must be"),
    "local with odd port": (LOCAL | {"PORT": "http"}, "PORT is 'http': write a whole number."),
}


@pytest.fixture(scope="module")
def refusals():
    """What each wrong environment says, asked for two at a time."""
    with ThreadPoolExecutor(2) as pool:
        started = {kind: pool.submit(start, **environment) for kind, (environment, _) in REFUSED.items()}
        return {kind: done.result() for kind, done in started.items()}


@pytest.mark.parametrize("kind", REFUSED)
def test_it_refuses_to_start_with_one_sentence(refusals, kind):
    _, sentence = REFUSED[kind]
    done = refusals[kind]
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"REFUSED: {sentence}"), done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert COMPLETE["SECRET_KEY"] not in done.stderr
    assert "pass@" not in done.stderr


def test_it_is_safe_in_production():
    done = start(**COMPLETE)
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert shown == {
        "DEBUG": False,
        "ALLOWED_HOSTS": ["www.example.com", "example.com"],
        "SITE_URL": "https://www.example.com",
        "SECURE_SSL_REDIRECT": True,
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SECURE_HSTS_SECONDS": 31_536_000,
        "MEDIA_ACCEL": "",
        "PHOTO_MAX_PIXELS": 60_000_000,
        "PAGE_MAX_AGE": 10,
        "READ_FLUSH_SECONDS": 5,
        "CSRF_TRUSTED_ORIGINS": ["https://www.example.com"],
    }


def test_it_is_production_unless_it_is_told_otherwise():
    done = start("from newsroom import settings; print(settings.ENV, settings.PRODUCTION)", **COMPLETE)
    assert done.stdout == "production True\n"


def test_it_needs_little_on_ones_own_machine(tmp_path):
    done = start(NEWSROOM_VAR=str(tmp_path), **LOCAL)
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert (shown["DEBUG"], shown["SECURE_SSL_REDIRECT"], shown["SESSION_COOKIE_SECURE"]) == (False, False, False)
    assert shown["SITE_URL"] == "http://127.0.0.1:8000"
    secret = tmp_path / "secret-key"
    assert len(secret.read_text()) >= 50
    assert secret.stat().st_mode & 0o077 == 0, "nobody else may read the secret"
    again = start(NEWSROOM_VAR=str(tmp_path), PORT="9000", **LOCAL)
    assert "http://127.0.0.1:9000" in again.stdout
    assert len(list(tmp_path.iterdir())) == 1


def test_it_makes_one_secret_for_all_who_start_at_once(tmp_path):
    program = "from newsroom import settings; print(settings.SECRET_KEY)"
    with ThreadPoolExecutor(4) as pool:
        started = [pool.submit(start, program, NEWSROOM_VAR=str(tmp_path), **LOCAL) for _ in range(4)]
        secrets = {done.result().stdout for done in started}
    assert len(secrets) == 1


def test_it_takes_every_way_of_saying_yes_and_no(tmp_path):
    for word, meaning in (("1", True), ("TRUE", True), ("Yes", True), ("on", True), ("0", False), ("off", False)):
        done = start(NEWSROOM_VAR=str(tmp_path), DEBUG=word, **LOCAL)
        assert json.loads(done.stdout)["DEBUG"] is meaning


def test_it_knows_the_mail_server():
    names = ("HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_TLS", "USE_SSL")
    program = f"from newsroom import settings as s; print([getattr(s, f'EMAIL_{{n}}') for n in {names}], s.MAIL_WORKS)"
    for url, said in (
        ("smtp+tls://me%40x:p%3As@mail.example.com", "['mail.example.com', 587, 'me@x', 'p:s', True, False] True"),
        ("smtps://mail.example.com", "['mail.example.com', 465, '', '', False, True] True"),
        ("smtp://127.0.0.1:2525", "['127.0.0.1', 2525, '', '', False, False] True"),
        ("", "['', 25, '', '', False, False] False"),
    ):
        assert start(program, EMAIL_URL=url, **COMPLETE).stdout.strip() == said


def test_it_lets_a_proxy_say_that_the_connection_is_safe():
    program = "from newsroom import settings; print(getattr(settings, 'SECURE_PROXY_SSL_HEADER', None))"
    assert start(program, **COMPLETE).stdout == "None\n"
    assert "HTTP_X_FORWARDED_PROTO" in start(program, BEHIND_PROXY="1", **COMPLETE).stdout


def test_it_hands_media_to_a_web_server_or_a_bucket():
    program = "from newsroom import settings; print(settings.MEDIA_ACCEL, settings.STORAGES['default'])"
    assert start(program, MEDIA_ACCEL="/protected/", **COMPLETE).stdout.startswith("/protected/ ")
    bucket = start(program, S3_BUCKET="pictures", S3_ENDPOINT="https://s3.example", **COMPLETE).stdout
    assert "'bucket_name': 'pictures'" in bucket
    assert "'querystring_auth': True" in bucket


@pytest.mark.parametrize("command", ["check", "migrate", "loaddata menu"])
def test_it_says_the_sentence_on_the_command_line_too(command):
    done = start(("manage.py", *command.split()), **without("SECRET_KEY"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Set SECRET_KEY: see the table of settings in README.md.\n"


def test_it_names_every_variable_in_the_readme():
    """The table that the sentences refer to has every variable that the settings read."""
    source = (settings.BASE_DIR / "newsroom" / "settings.py").read_text()
    read = set(re.findall(r'(?:text|flag|number|words|address|environ\.get)\("([A-Z][A-Z0-9_]+)"', source))
    readme = (settings.BASE_DIR / "README.md").read_text()
    assert {"SECRET_KEY", "DATABASE_URL", "PAGE_MAX_AGE"} <= read
    assert sorted(name for name in read if f"`{name}`" not in readme) == []
