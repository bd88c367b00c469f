"""What mail services tell in forms of their own, as django-anymail reads them; only where one is configured.

    POST /newsletters/hooks/services/<name>/         with the user and password of ANYMAIL_WEBHOOK_SECRET

It checks who tells (each service signs in its own way, or gives the password alone), and sends a signal for every
event, which goes to `hooks.take` as what our own form tells does. Openings and clicks are not kept.
"""

import hashlib
import json
import logging
import warnings
from importlib import import_module

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone

from . import hooks
from .models import MailEvent

VIEWS = {
    "amazon-ses": "amazon_ses.AmazonSESTrackingWebhookView",
    "mailgun": "mailgun.MailgunTrackingWebhookView",
    "postmark": "postmark.PostmarkTrackingWebhookView",
    "sendgrid": "sendgrid.SendGridTrackingWebhookView",
}
KINDS = {
    "delivered": MailEvent.Kind.DELIVERED,
    "deferred": MailEvent.Kind.SOFT_BOUNCE,
    "bounced": MailEvent.Kind.SOFT_BOUNCE,
    "rejected": MailEvent.Kind.SOFT_BOUNCE,
    "complained": MailEvent.Kind.COMPLAINT,
    "unsubscribed": MailEvent.Kind.UNSUBSCRIBED,
}
# Why a service gave a mail up, or did not take it: what says something about the mailbox or its owner.
REASONS = {
    "bounced": MailEvent.Kind.BOUNCE,
    "invalid": MailEvent.Kind.BOUNCE,
    "spam": MailEvent.Kind.COMPLAINT,
    "unsubscribed": MailEvent.Kind.UNSUBSCRIBED,
}
# What anymail raises for a message of another form; ImproperlyConfigured: one that belongs to another of its addresses.
UNREADABLE = (
    *(ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError),
    ImproperlyConfigured,
)

logger = logging.getLogger(__name__)


class Unreadable(Exception):
    """The message is none of the service's."""


def connect():
    """Has every event come to `take`; called at start where a service is configured."""
    from anymail.exceptions import AnymailNotSupportedWarning
    from anymail.signals import tracking

    # That its makers cannot try SendGrid any more is no news with every message.
    warnings.filterwarnings("ignore", category=AnymailNotSupportedWarning)
    tracking.connect(take, dispatch_uid="newsletters")


def take(sender, event, esp_name, **kwargs):
    """Takes one event that anymail has read."""
    kind = kind_of(event)
    if kind is None:
        return
    address, message_id = event.recipient or "", event.message_id or ""
    at = min(event.timestamp or timezone.now(), timezone.now())
    # Not every service numbers what it tells; the same event is told with the same words.
    number = event.event_id or json.dumps([kind, address, message_id, event.timestamp], default=str)
    # One notice of Amazon's may be about several people.
    word = hashlib.sha256(f"{number} {kind} {address}".encode()).hexdigest()
    hooks.take(esp_name.lower().replace(" ", "-"), [hooks.Told(word, kind, at, message_id[:200], address)])


def kind_of(event):
    """The kind of an event of anymail; None for what is not kept."""
    kind = KINDS.get(event.event_type)
    if kind == MailEvent.Kind.SOFT_BOUNCE and event.event_type != "deferred" and not _is_for_now(event.esp_event):
        # Of a bounce SendGrid says no more than that.
        reason = event.reject_reason or ("bounced" if event.event_type == "bounced" else None)
        kind = REASONS.get(reason, kind)
    return kind


def _is_for_now(raw):
    """Whether a service says in its own words that a refusal is no lasting one; anymail has one word for both."""
    bounce = raw.get("bounce")
    return (
        raw.get("Type") == "SoftBounce"  # Postmark
        or raw.get("type") == "blocked"  # SendGrid
        or (isinstance(bounce, dict) and bounce.get("bounceType") != "Permanent")  # Amazon
    )


def answer(name, request):
    """What the service of a name is answered. All events of its message are taken, or none.

    `hooks.Forged` where it does not prove who it is, Unreadable where nobody could understand it.
    """
    from anymail.exceptions import AnymailError, AnymailWebhookValidationFailure

    module, _, view = VIEWS[name].partition(".")
    view = getattr(import_module(f"anymail.webhooks.{module}"), view).as_view()
    try:
        with transaction.atomic():
            return view(request)
    except AnymailWebhookValidationFailure:
        raise hooks.Forged("The password or the signature does not fit.") from None
    except (AnymailError, *UNREADABLE) as error:
        logger.warning("A message of %s could not be read.", name, exc_info=True)
        raise Unreadable(f"This is no message of {name}.") from error
