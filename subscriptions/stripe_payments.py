"""Stripe: Checkout Sessions (https://docs.stripe.com/payments/checkout), subscriptions where a plan renews itself.

Needs STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET and requirements/stripe.txt. In Stripe's dashboard the webhook is
SITE_URL/orders/hooks/stripe/ with the kinds of event that `KINDS` names. Won have no decimals: amounts are won.
"""

import hashlib
import json
from datetime import UTC, datetime

import stripe
from django.conf import settings

from .links import return_link
from .payments import Event, Forged, Trouble

ORIGINS = ("https://checkout.stripe.com",)
# Seconds that a message may be old.
TOLERANCE = 300


def client():
    """Stripe's client with the secret of the settings."""
    base = {"api": settings.STRIPE_API_BASE} if settings.STRIPE_API_BASE else None
    # A reader waits for it.
    http = stripe.RequestsClient(timeout=10)
    return stripe.StripeClient(settings.STRIPE_SECRET_KEY, base_addresses=base, max_network_retries=1, http_client=http)


def _asked(act, *args, key=None, **params):
    options = {"idempotency_key": key} if key else {}
    try:
        return act(*args, params=params, options=options)
    except stripe.StripeError as problem:
        raise Trouble(f"Stripe did not do it: {problem.user_message or type(problem).__name__}") from problem


def start(order, attempt):
    """The address of the Checkout Session of an order."""
    metadata = {"order": order.reference}
    price = {
        "currency": "krw",
        "unit_amount": order.price,
        "product_data": {"name": order.plan.name, "metadata": {"plan": order.plan.slug}},
    }
    params = {
        "mode": "payment",
        "client_reference_id": order.reference,
        "customer_email": order.email,
        "metadata": metadata,
        "success_url": f"{return_link(order)}?paid=1",
        "cancel_url": return_link(order),
        "line_items": [{"quantity": 1, "price_data": price}],
    }
    if order.renews:
        price["recurring"] = {"interval": order.period}
        params |= {"mode": "subscription", "subscription_data": {"metadata": metadata}}
    else:
        params["payment_intent_data"] = {"metadata": metadata}
    # The same words are the same session; where a word has changed meanwhile, Stripe wants another key.
    words = hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()[:12]
    session = _asked(
        client().v1.checkout.sessions.create, key=f"checkout-{order.reference}-{attempt}-{words}", **params
    )
    if not session.url:
        raise Trouble("This payment is done, or was closed: look at the order again in a minute.")
    return session.url


def refund(order):
    """Pays back the payment of an order; of a subscription the first one."""
    intent = order.payment
    if intent.startswith("in_"):
        invoice = _asked(client().v1.invoices.retrieve, intent, expand=["payments"])
        intent = next((row.payment.payment_intent for row in invoice.payments.data if row.payment.payment_intent), "")
        if not intent:
            raise Trouble(f"The invoice {order.payment} has no payment that could be paid back.")
    try:
        _asked(client().v1.refunds.create, key=f"refund-{order.reference}", payment_intent=intent)
    except Trouble as trouble:
        if getattr(trouble.__cause__, "code", "") != "charge_already_refunded":
            raise


def stop(order):
    """Ends the subscription of an order with its current period; at once where the order is over."""
    act = client().v1.subscriptions
    key = f"stop-{order.reference}"
    try:
        if order.is_open:
            _asked(act.update, order.provider_subscription, key=key, cancel_at_period_end=True)
        else:
            _asked(act.cancel, order.provider_subscription, key=key)
    except Trouble as trouble:
        if getattr(trouble.__cause__, "code", "") != "resource_missing":  # it is over there already
            raise


# ---- messages


def read_event(body, headers):
    """The Event of a message, None for kinds that mean nothing here; Forged where the signature is bad or old."""
    try:
        told = stripe.Webhook.construct_event(
            body, headers.get("Stripe-Signature", ""), settings.STRIPE_WEBHOOK_SECRET, TOLERANCE
        )
    except stripe.SignatureVerificationError:
        raise Forged("The signature is wrong, or too old.") from None
    read = KINDS.get(told.type)
    found = read(told.data.object.to_dict()) if read else None
    if found is None:
        return None
    return Event(id=told.id, happened_at=datetime.fromtimestamp(told.created, UTC), **found)


def _of_session(kind):
    def read(session):
        if kind == "paid" and session.get("payment_status") == "unpaid":
            return None  # a bank that takes its time: another event follows
        reference = (session.get("metadata") or {}).get("order") or session.get("client_reference_id") or ""
        return {
            "kind": kind,
            "reference": reference,
            "amount": session.get("amount_total"),
            "currency": session.get("currency") or "",
            "payment": session.get("payment_intent") or session.get("invoice") or "",
            "subscription": session.get("subscription") or "",
        }

    return read


def _of_invoice(invoice):
    if invoice.get("billing_reason") != "subscription_cycle":
        return None  # the first one is told by its session
    # Before and since API version 2025-03-31.
    parent = (invoice.get("parent") or {}).get("subscription_details") or {}
    details = invoice.get("subscription_details") or parent
    return {
        "kind": "renewed",
        "reference": (details.get("metadata") or {}).get("order") or "",
        "amount": invoice.get("amount_paid"),
        "currency": invoice.get("currency") or "",
        "payment": invoice.get("id") or "",
        "subscription": invoice.get("subscription") or parent.get("subscription") or "",
    }


def _of_subscription(subscription):
    reference = (subscription.get("metadata") or {}).get("order") or ""
    return {"kind": "stopped", "reference": reference, "subscription": subscription.get("id") or ""}


def _of_charge(charge):
    if not charge.get("refunded"):
        return None  # a part of it: the desk's own affair
    reference = (charge.get("metadata") or {}).get("order") or ""
    return {
        "kind": "refunded",
        "reference": reference,
        "amount": charge.get("amount_refunded"),
        "currency": charge.get("currency") or "",
        "payment": charge.get("payment_intent") or "",
    }


KINDS = {
    "checkout.session.completed": _of_session("paid"),
    "checkout.session.async_payment_succeeded": _of_session("paid"),
    "checkout.session.async_payment_failed": _of_session("failed"),
    "checkout.session.expired": _of_session("closed"),
    "invoice.paid": _of_invoice,
    "customer.subscription.deleted": _of_subscription,
    "charge.refunded": _of_charge,
}
