"""Payments: what every payment service must be able to do, and what its messages do to orders.

PAYMENTS names the service: empty (by invoice or transfer, confirmed by the desk), `sandbox` or `stripe`. A service is a
module with these functions, none of which touches an order:

    start(order, attempt)      the address to send the reader to; the same for the same attempt
    read_event(body, headers)  the Event of a message, None for kinds that mean nothing here; Forged for a bad signature
    refund(order)              pays the money back; safe to call again
    stop(order)                takes nothing any more after the current period; safe to call again
    ORIGINS                    the hosts to which `start` leads, for the Content-Security-Policy

They raise Trouble where the service does not answer.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from . import ordering
from .models import Order, PaymentEvent

MODULES = {"sandbox": "subscriptions.sandbox", "stripe": "subscriptions.stripe_payments"}
CURRENCY = "KRW"
Outcome = PaymentEvent.Outcome
State = Order.State

logger = logging.getLogger(__name__)


class Forged(Exception):
    """The message was not signed by the service, or too long ago."""


class Trouble(Exception):
    """The service did not answer, or refused; nothing here has changed."""


@dataclass(frozen=True)
class Event:
    """A message of a payment service, as far as orders are concerned.

    `kind`: paid, renewed (a further period), failed, closed (the reader left), refunded, stopped (nothing is taken any
    more). `payment` and `subscription` are the service's own ids.
    """

    id: str
    kind: str
    reference: str
    happened_at: datetime
    amount: int | None = None
    currency: str = ""
    payment: str = ""
    subscription: str = ""


def provider(name=None):
    """The module of a payment service (the configured one); None for the desk. Imported only when it is used."""
    name = settings.PAYMENTS if name is None else name
    return import_module(MODULES[name]) if name else None


def start(order):
    """The address where the reader pays an order. Trouble, or ValidationError where there is nothing to pay.

    Whoever asks again is led to the same payment, until it failed or was closed.
    """
    service = provider()
    if service is None or order.state != State.NEW:
        raise ValidationError("There is nothing to pay for this order.")
    attempt = order.events.filter(kind__in=("failed", "closed")).count()
    return service.start(order, attempt)


@transaction.atomic
def take(name, event):
    """Does what an event says, once; returns its PaymentEvent, or None where it was taken before."""
    row, is_new = PaymentEvent.objects.get_or_create(
        provider=name,
        event_id=event.id[:255],
        defaults={
            "kind": event.kind,
            "payment": event.payment[:255],
            "amount": event.amount,
            "currency": event.currency[:10].upper(),
            "happened_at": event.happened_at,
            "outcome": Outcome.IGNORED,
        },
    )
    if not is_new:
        return None
    order = _order_of(name, event)
    row.order = order
    if order is None:
        row.outcome, row.note = Outcome.REFUSED, f"There is no order {event.reference[:40]}.".replace("\0", "")
    else:
        row.outcome, row.note = _apply(order, name, event)
    if row.outcome == Outcome.REFUSED:
        logger.warning("Payment event %s of %s was refused: %s", row.event_id, name, row.note)
    row.save()
    return row


def _order_of(name, event):
    """The order that an event is about, locked: by its reference, else by the payment or subscription."""
    rows = Order.objects.select_for_update()
    if event.reference:
        return rows.filter(reference=event.reference.replace("\0", "")).first()
    for field, value in (("payment", event.payment), ("provider_subscription", event.subscription)):
        if value and (found := rows.filter(provider=name, **{field: value}).first()):
            return found
    return None


def _apply(order, name, event):
    """(outcome, note) of an event for its order."""
    if event.kind in ("paid", "renewed"):
        return _paid(order, name, event)
    if event.kind == "refunded":
        if not order.paid_at:
            return Outcome.IGNORED, "It was not paid."
        ordering.was_paid_back(order, who="payment")
        return Outcome.DONE, ""
    if event.kind == "stopped":
        ordering.stopped_renewing(order, who="payment")
        return Outcome.DONE, ""
    # Failed or closed. What is paid stays paid, whatever comes late.
    if order.state == State.NEW:
        ordering.add_note(
            order, who="payment", note={"failed": "The payment failed.", "closed": "Not paid."}.get(event.kind, "")
        )
        return Outcome.DONE, ""
    return Outcome.IGNORED, "It came after a payment, or after the end."


def _paid(order, name, event):
    if (event.amount, event.currency.upper()) != (order.price, CURRENCY):
        return Outcome.REFUSED, f"{event.amount} {event.currency[:10]} instead of {order.price} {CURRENCY}."
    known = PaymentEvent.objects.filter(
        provider=name, order=order, payment=event.payment, kind__in=("paid", "renewed"), outcome=Outcome.DONE
    )
    if event.payment and known.exists():
        return Outcome.IGNORED, "This payment was told before."
    payment = {"provider": name, "payment": event.payment, "provider_subscription": event.subscription}
    if order.state == State.NEW:
        ordering.confirm(order, who="payment", paid_at=event.happened_at, **payment)
        return Outcome.DONE, ""
    if not order.is_open:
        note = "Paid after its end: the money goes back."
        if order.paid_at and order.payment != event.payment:
            return Outcome.REFUSED, "A further payment after its end: pay it back at the payment service."
        ordering.paid_too_late(order, who="payment", note=note, paid_at=event.happened_at, **payment)
        return Outcome.DONE, note
    if event.subscription and event.subscription == order.provider_subscription:
        ordering.renew(order, who="payment")
        return Outcome.DONE, ""
    return Outcome.REFUSED, "The order is paid already: pay this second payment back at the payment service."


def tell_providers():
    """Has payment services pay back and stop what was asked for; returns how many were told. Two queries if none."""
    told = 0
    refunds = Order.objects.owed().exclude(payment="")
    stops = Order.objects.filter(stop_asked_at__isnull=False, stopped_at=None)
    for rows, act, after in (
        (refunds, "refund", ordering.was_paid_back),
        (stops, "stop", ordering.stopped_renewing),
    ):
        for order in rows[:100]:
            try:
                getattr(provider(order.provider), act)(order)
            except (Trouble, KeyError, ImportError) as problem:
                logger.warning("%s of order %s is tried again: %s", act.title(), order.reference, problem)
                continue
            after(order, who="payment")
            told += 1
    return told
