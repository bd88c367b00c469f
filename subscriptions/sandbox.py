"""A payment service that takes no money: its page on this computer lets one choose how a payment ends.

What was chosen is told to the paper as a real service would: by a signed message to its webhook, over HTTP. Settings
refuse it in production.
"""

import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from uuid import uuid4

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.crypto import salted_hmac

from .payments import CURRENCY, Event, Forged, Trouble

ORIGINS = ()
HEADER = "X-Sandbox-Signature"
# A message may be so many seconds old.
TOLERANCE = 300
SALT = "subscriptions.sandbox"
CHOICES = {"paid": "paid", "declined": "failed", "closed": "closed"}


def start(order, attempt):
    """The address of the page where one chooses."""
    token = signing.dumps([order.reference, attempt], salt=SALT)
    return settings.SITE_URL + reverse("sandbox", args=[token])


def read_token(token):
    """(reference, attempt) of a page's token; Forged for every other."""
    try:
        return signing.loads(token, salt=SALT, max_age=24 * 3600)
    except signing.BadSignature:
        raise Forged("This payment page has expired: go back to your order and begin again.") from None


def refund(order):
    """Nothing was taken, so nothing is to be done."""


def stop(order):
    """Nothing is taken, so nothing is to be done."""


# ---- messages


def message(order, kind, /, attempt=0, **own):
    """What the service tells about an order, as JSON bytes; `own` replaces parts of it."""
    subscription = f"sub_{order.reference}" if order.renews else ""
    told = {
        "id": f"evt_{uuid4().hex}",
        "kind": kind,
        "order": order.reference,
        "at": int(time.time()),
        "amount": order.price,
        "currency": CURRENCY,
        "payment": f"pay_{order.reference}_{attempt}",
        "subscription": subscription,
    }
    return json.dumps(told | own).encode()


def sign(body, at=None):
    """The value of the signature's header for a body."""
    at = int(time.time()) if at is None else at
    return f"t={at},v1={_mac(at, body)}"


def _mac(at, body):
    key = salted_hmac("subscriptions.sandbox.webhook", "key", algorithm="sha256").digest()
    return hmac.new(key, f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def deliver(body):
    """Sends a message to the paper's own webhook; Trouble with a sentence where it was not taken."""
    request = urllib.request.Request(
        settings.SITE_URL + reverse("payment_hook", args=["sandbox"]),
        data=body,
        headers={"Content-Type": "application/json", HEADER: sign(body)},
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=10):
            pass
    except (urllib.error.URLError, OSError) as problem:
        raise Trouble(f"The paper's webhook did not take the message: {problem}") from problem


def read_event(body, headers):
    """The Event of a message; Forged where the signature is bad or old."""
    try:
        parts = dict(part.split("=", 1) for part in headers.get(HEADER, "").split(","))
        at, given = int(parts["t"]), parts["v1"]
    except (ValueError, KeyError):
        raise Forged("The message is not signed.") from None
    if not hmac.compare_digest(_mac(at, body).encode(), given.encode()) or abs(time.time() - at) > TOLERANCE:
        raise Forged("The signature is wrong, or too old.")
    told = json.loads(body)
    return Event(
        id=told["id"],
        kind=told["kind"],
        reference=told["order"],
        happened_at=datetime.fromtimestamp(told["at"], UTC),
        amount=told["amount"],
        currency=told["currency"],
        payment=told["payment"],
        subscription=told["subscription"],
    )
