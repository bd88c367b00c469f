"""What mail services tell of mails, in one small form of our own: signed, counted once, in any order.

    POST /newsletters/hooks/<provider>/
    X-Newsroom-Timestamp: 1764500000                 seconds since 1970, five minutes off at most
    X-Newsroom-Signature: hex of HMAC-SHA256(secret of the provider, "<timestamp>.<body>")

    {"events": [{"id": "any text, the same for the same event", "event": "bounce", "at": "2026-11-30T09:00:00+09:00",
                 "message_id": "<...>", "address": "reader@example.com"}]}

`event` is delivered, bounce (for good), soft_bounce, complaint or unsubscribed (with the service itself).
`message_id` or `address` says of which mail. What services say in forms of their own: `services`.
"""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from .digests import stop
from .models import Delivery, MailEvent, Subscription

CLOCKS_DIFFER = 300
MOST_EVENTS = 1_000
ENDINGS = {
    MailEvent.Kind.BOUNCE: Subscription.Ending.BOUNCE,
    MailEvent.Kind.COMPLAINT: Subscription.Ending.COMPLAINT,
    MailEvent.Kind.UNSUBSCRIBED: Subscription.Ending.READER,
}


class Forged(Exception):
    """The message does not prove that the provider wrote it."""


@dataclass
class Told:
    """One event as a provider told it."""

    event_id: str
    kind: str
    at: datetime
    message_id: str
    address: str


def signature(secret, timestamp, body):
    """What the header X-Newsroom-Signature must say of these bytes."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def verify(provider, timestamp, given, body, now=None):
    """Raises Forged with a sentence unless the provider signed the body within the last minutes; KeyError: unknown."""
    secret = settings.NEWSLETTER_HOOKS[provider]
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 13):
        raise Forged("X-Newsroom-Timestamp must be the seconds since 1970.")
    if abs((now or time.time()) - int(timestamp)) > CLOCKS_DIFFER:
        raise Forged("The message is too old, or the clocks differ by more than five minutes.")
    if not hmac.compare_digest(signature(secret, timestamp, body).encode(), given.lower().encode(errors="replace")):
        raise Forged("X-Newsroom-Signature does not fit the message.")


def read_events(body):
    """The events of a body as a list of Told. ValidationError with a sentence where it is something else."""
    try:
        rows = json.loads(body)["events"]
        if not isinstance(rows, list) or len(rows) > MOST_EVENTS:
            raise ValidationError(f"“events” must be a list of {MOST_EVENTS} events at most.")
        return [_told(row) for row in rows]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ValidationError(
            "The body must be JSON: {“events”: [{“id”, “event”, “at”, and “message_id” or “address”}]}."
        ) from None


def _told(row):
    texts = {name: row.get(name) or "" for name in ("id", "event", "at", "message_id", "address")}
    if any(not isinstance(value, str) or "\0" in value for value in texts.values()):
        raise ValidationError("Every value of an event must be a text.")
    if not 0 < len(texts["id"]) <= 200:
        raise ValidationError("Every event needs an “id” of 200 characters at most.")
    if texts["event"] not in MailEvent.Kind.values:
        raise ValidationError(f"“event” must be one of {', '.join(MailEvent.Kind.values)}.")
    at = datetime.fromisoformat(texts["at"])
    if at.tzinfo is None or not 2000 <= at.year <= 2200:
        raise ValidationError("“at” must be a moment with its zone, like 2026-11-30T09:00:00+09:00.")
    return Told(texts["id"], texts["event"], min(at, timezone.now()), texts["message_id"][:200], texts["address"])


@transaction.atomic
def take(provider, events):
    """Takes events, all or none; returns how many were new. About four queries for each new one.

    The order does not matter: a delivery that is told of never takes back a refusal, and a refusal ends only what was
    confirmed before it happened.
    """
    return sum(_take(provider, event) for event in events)


def _take(provider, told):
    _event, is_new = MailEvent.objects.get_or_create(
        provider=provider, event_id=told.event_id, defaults={"kind": told.kind, "happened_at": told.at}
    )
    if not is_new:
        return 0
    delivery, address = _whom(told)
    if delivery is not None:
        rows = Delivery.objects.filter(pk=delivery.pk)
        if told.kind == MailEvent.Kind.BOUNCE:
            rows.exclude(state__in=["queued", "sending"]).update(
                state=Delivery.State.FAILED, error="The mailbox refused it, as the mail service tells."
            )
        else:
            # Whatever else is told of it, the mail was sent.
            rows.filter(state=Delivery.State.UNKNOWN).update(state=Delivery.State.SENT, sent_at=told.at, error="")
    if told.kind in ENDINGS:
        stop(address, ENDINGS[told.kind], before=told.at)
    return 1


def _whom(told):
    """(Delivery or None, address) of which a service told."""
    if told.message_id:
        word = f"<{told.message_id.strip('<> ')}>"
        rows = Delivery.objects.select_related("subscriber", "digest__user")
        delivery = rows.filter(message_id=word).first()
        if delivery is not None:
            return delivery, delivery.address
    return None, told.address
