"""What mail services tell: signed, counted once, in any order."""

import json
import time
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from newsletters import hooks, signing_up
from newsletters.models import Delivery, MailEvent, Subscription

from .conftest import make_issue, make_letter, make_reader

pytestmark = pytest.mark.django_db
SECRET = "a-secret-of-many-characters"
ADDRESS = "reader@example.com"


@pytest.fixture(autouse=True)
def configured(settings):
    settings.NEWSLETTER_HOOKS = {"post": SECRET, "other": SECRET[::-1]}


@pytest.fixture
def letter():
    return make_letter()


@pytest.fixture
def delivery(letter):
    """A mail that was sent to a reader."""
    reader = make_reader(ADDRESS, letter, confirmed_at=timezone.now() - timedelta(days=3))
    issue = make_issue(letter, state="sent", send_at=timezone.now(), day=timezone.localdate())
    return Delivery.objects.create(issue=issue, subscriber=reader, state="sent", message_id="<a.1@example.com>")


def event(kind="bounce", **fields):
    """An event of a moment ago."""
    at = fields.pop("at", timezone.now() - timedelta(seconds=1))
    return {"id": "1", "event": kind, "at": at.isoformat(), "message_id": "<a.1@example.com>"} | fields


def tell(*events, provider="post", secret=SECRET, at=None, body=None, **headers):
    """Sends events as the service would."""
    body = json.dumps({"events": events}).encode() if body is None else body
    stamp = str(int(time.time() if at is None else at))
    given = {
        "X-Newsroom-Timestamp": stamp,
        "X-Newsroom-Signature": hooks.signature(secret, stamp, body),
    } | headers
    address = f"/newsletters/hooks/{provider}/"
    return Client(enforce_csrf_checks=True).post(address, body, content_type="application/json", headers=given)


@pytest.mark.parametrize(("kind", "ending"), [("bounce", "bounce"), ("complaint", "complaint")])
def test_it_ends_the_letters_of_a_reader(delivery, kind, ending):
    other = make_letter("Other")
    Subscription.objects.create(
        newsletter=other, subscriber=delivery.subscriber, confirmed_at=timezone.now() - timedelta(days=3)
    )
    assert tell(event(kind)).json() == {"new": 1}
    assert set(Subscription.objects.values_list("ending", flat=True)) == {ending}
    assert not Subscription.objects.active().exists()


@pytest.mark.parametrize("kind", ["delivered", "soft_bounce"])
def test_it_ends_nothing_for_other_news(delivery, kind):
    assert tell(event(kind)).json() == {"new": 1}
    assert Subscription.objects.active().count() == 1


def test_it_finds_the_reader_by_the_address(delivery):
    assert tell(event(message_id="", address="Reader+x@Example.com")).status_code == 200
    assert not Subscription.objects.active().exists()


def test_it_counts_an_event_once(delivery):
    """A service that tells it again does not end what the reader has ordered again since."""
    tell(event())
    signing_up.start(delivery.subscriber, [delivery.issue.newsletter])
    assert tell(event()).json() == {"new": 0}
    assert Subscription.objects.active().count() == 1
    assert MailEvent.objects.count() == 1
    # Another service may use the same number.
    assert tell(event("delivered"), provider="other", secret=SECRET[::-1]).json() == {"new": 1}


def test_it_ends_only_what_was_confirmed_before(delivery):
    signing_up.end(delivery.subscriber)
    signing_up.start(delivery.subscriber, [delivery.issue.newsletter])
    assert tell(event(at=timezone.now() - timedelta(hours=1))).json() == {"new": 1}
    assert Subscription.objects.active().count() == 1


@pytest.mark.parametrize("order", [("delivered", "bounce"), ("bounce", "delivered")])
def test_it_does_not_mind_the_order(delivery, order):
    for number, kind in enumerate(order):
        tell(event(kind, id=str(number)))
    delivery.refresh_from_db()
    assert delivery.state == "failed"
    assert not Subscription.objects.active().exists()


def test_it_settles_what_nobody_knew(delivery):
    Delivery.objects.update(state="unknown")
    tell(event("delivered"))
    delivery.refresh_from_db()
    assert delivery.state == "sent"


@pytest.mark.parametrize(
    "how",
    [
        {"secret": "another-secret-of-many"},
        {"at": time.time() - 3600},
        {"at": time.time() + 3600},
        {"X-Newsroom-Signature": ""},
        {"X-Newsroom-Signature": "é" * 64},
        {"X-Newsroom-Timestamp": "soon"},
        {"X-Newsroom-Timestamp": ""},
        {"X-Newsroom-Timestamp": "9" * 40},
        {"provider": "other"},
    ],
)
def test_it_refuses_what_is_not_signed(delivery, how):
    how = dict(how)
    # Relative to now, whenever the test began.
    response = tell(event(), **how)
    assert response.status_code == 403
    assert response.json()["said"].endswith(".")
    assert Subscription.objects.active().count() == 1
    assert not MailEvent.objects.exists()


def test_it_refuses_a_body_that_was_changed(delivery):
    stamp, body = str(int(time.time())), json.dumps({"events": [event()]}).encode()
    headers = {"X-Newsroom-Timestamp": stamp, "X-Newsroom-Signature": hooks.signature(SECRET, stamp, body)}
    changed = body.replace(b"bounce", b"complaint")
    response = Client().post("/newsletters/hooks/post/", changed, content_type="application/json", headers=headers)
    assert response.status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b"null",
        b'{"events": 1}',
        b'{"events": ["x"]}',
        b'{"events": [{}]}',
        b"[" * 100_000,
        json.dumps({"events": [event(id="")]}).encode(),
        json.dumps({"events": [event(id="x" * 300)]}).encode(),
        json.dumps({"events": [event(id=5)]}).encode(),
        json.dumps({"events": [event(id="\0")]}).encode(),
        json.dumps({"events": [event("opened")]}).encode(),
        json.dumps({"events": [event() | {"at": "yesterday"}]}).encode(),
        json.dumps({"events": [event() | {"at": "2026-11-30"}]}).encode(),
        json.dumps({"events": [event()] * 2000}).encode(),
        # One good and one bad: nothing is written.
        json.dumps({"events": [event(), event("nonsense")]}).encode(),
    ],
    ids=range(17),
)
def test_it_answers_every_body_with_a_sentence(delivery, body):
    response = tell(body=body)
    assert response.status_code == 400
    assert response.json()["said"].endswith(".")
    assert Subscription.objects.active().count() == 1
    assert not MailEvent.objects.exists()


def test_it_knows_only_the_services_that_are_configured(delivery):
    assert tell(event(), provider="unknown").status_code == 404
    assert Client().get("/newsletters/hooks/post/").status_code == 405
    assert tell(body=b"x" * 1_100_000).status_code == 413


def test_it_takes_news_of_strangers(letter):
    assert tell(event(message_id="<none@x>", address="nobody@example.com"), event(id="2", address="?")).json() == {
        "new": 2
    }
