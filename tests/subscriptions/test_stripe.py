"""Stripe, with its own library: what it is asked over HTTP by a server on this computer, and its signed messages."""

import hashlib
import hmac
import json
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest
from django.conf import settings as paper
from django.test import Client

from subscriptions import ordering, payments
from subscriptions.links import path_of
from subscriptions.models import Order, PaymentEvent
from tests.factories import make_order, make_plan

stripe = pytest.importorskip("stripe")
pytestmark = pytest.mark.django_db
HOOK, SECRET = "/orders/hooks/stripe/", "whsec_a_secret_of_the_tests"


class Stripe(ThreadingHTTPServer):
    """A server that answers as Stripe does: the same answer to the same idempotency key, an error to other words."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked, self.by_key, self.fail = [], {}, None


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer("")

    def do_DELETE(self):
        self.answer("")

    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())

    def answer(self, body):
        server, key = self.server, self.headers.get("Idempotency-Key")
        path, _, query = self.path.partition("?")
        words = {name: value[0] for name, value in parse_qs(body or query).items()}
        server.asked.append((self.command, path, words, key, self.headers.get("Authorization")))
        status, answer = 200, self.made(path, len(server.asked))
        if server.fail:
            status, answer = server.fail
        elif key and self.command == "POST":
            before = server.by_key.setdefault(key, (body, answer))
            answer = before[1]
            if before[0] != body:
                error = {"type": "idempotency_error", "message": "Keys for idempotent requests ..."}
                status, answer = 400, {"error": error}
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def made(self, path, number):
        if path.startswith("/v1/invoices/"):
            payment = {"payment": {"type": "payment_intent", "payment_intent": "pi_of_invoice"}}
            return {
                "id": path.rpartition("/")[2],
                "object": "invoice",
                "payments": {"object": "list", "data": [payment]},
            }
        kind = {"/v1/checkout/sessions": "checkout.session", "/v1/refunds": "refund"}.get(path, "subscription")
        return {"id": f"id_{number}", "object": kind, "url": f"https://checkout.stripe.com/c/pay/{number}"}

    def log_message(self, *words):
        pass


@pytest.fixture
def server(settings):
    server = Stripe()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    settings.PAYMENTS, settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "stripe", "sk_test_1", SECRET
    settings.STRIPE_API_BASE = f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def order(plan):
    return make_order(plan)


@pytest.fixture
def once():
    """An order of a plan that is paid once."""
    return make_order(make_plan("A year", period="year", price=240000, renews=False))


def event(kind, thing, **own):
    """A message of Stripe's as bytes."""
    number = f"evt_{time.monotonic_ns()}"
    told = {"id": number, "object": "event", "type": kind, "created": int(time.time()), "data": {"object": thing}}
    return json.dumps({"api_version": "2026-01-28", "livemode": False, **told, **own}).encode()


def sign(body, at=None, secret=SECRET):
    """Stripe's scheme v1: https://docs.stripe.com/webhooks#verify-manually."""
    at = int(time.time()) if at is None else at
    return f"t={at},v1={hmac.new(secret.encode(), f'{at}.'.encode() + body, hashlib.sha256).hexdigest()}"


def tell(body, signature=None):
    signature = sign(body) if signature is None else signature
    return Client().post(HOOK, body, content_type="application/json", headers={"Stripe-Signature": signature})


def told(kind, thing):
    response = tell(event(kind, thing))
    assert response.status_code == 200
    return response.json()["outcome"]


def session(order, **own):
    """A Checkout Session as it is when it was paid."""
    mine = {
        **{"id": "cs_1", "object": "checkout.session", "payment_status": "paid", "currency": "krw"},
        **{"amount_total": order.price, "metadata": {"order": order.reference}},
        "client_reference_id": order.reference,
    }
    paid = {"invoice": "in_1", "subscription": "sub_1"} if order.renews else {"payment_intent": "pi_1"}
    return mine | paid | own


def now(order):
    return Order.objects.get(pk=order.pk)


def test_a_plan_that_renews_is_a_subscription_there(server, order):
    address = payments.start(order)
    assert address == "https://checkout.stripe.com/c/pay/1"
    ((method, path, words, key, who),) = server.asked
    assert (method, path, who) == ("POST", "/v1/checkout/sessions", "Bearer sk_test_1")
    assert key.startswith(f"checkout-{order.reference}-0-")
    assert words["mode"] == "subscription"
    assert words["line_items[0][price_data][unit_amount]"] == "24000"
    assert words["line_items[0][price_data][currency]"] == "krw"
    assert words["line_items[0][price_data][recurring][interval]"] == "month"
    assert words["subscription_data[metadata][order]"] == words["metadata[order]"] == order.reference
    assert words["customer_email"] == "bomi@example.com"


def test_a_plan_that_ends_is_one_payment_there(server, once):
    payments.start(once)
    words = server.asked[0][2]
    assert (words["mode"], words["payment_intent_data[metadata][order]"]) == ("payment", once.reference)
    assert "line_items[0][price_data][recurring][interval]" not in words


def test_whoever_asks_again_comes_to_the_same_payment(server, order):
    first = payments.start(order)
    time.sleep(1.1)  # links are signed with their second
    assert payments.start(now(order)) == first
    told("checkout.session.expired", session(order, payment_status="unpaid"))
    assert payments.start(order) != first
    order.plan.name = "Print, renamed"
    assert payments.start(order) not in (None, first)


def test_it_comes_back_to_the_page_of_the_order(server, order):
    payments.start(order)
    for name in ("success_url", "cancel_url"):
        path = server.asked[0][2][name].removeprefix(paper.SITE_URL)
        page = Client().get(path)
        assert (page.status_code, order.reference in page.text) == (200, True)
    assert (
        "Your payment is on its way"
        in Client().get(server.asked[0][2]["success_url"].removeprefix(paper.SITE_URL)).text
    )


def test_the_form_of_the_order_may_lead_there(server, order):
    path = path_of(order)
    policy = Client().get(path)["Content-Security-Policy"]
    assert "form-action 'self' https://checkout.stripe.com" in policy
    assert Client().post(path, {"act": "pay"})["Location"].startswith("https://checkout.stripe.com/")


@pytest.mark.parametrize(
    "fail",
    [
        (500, {"error": {"message": "no"}}),
        (401, {"error": {"message": "Invalid API Key sk_test_1"}}),
        (402, {"error": {}}),
    ],
)
def test_trouble_there_is_a_sentence_here(server, order, fail, monkeypatch):
    monkeypatch.setattr(stripe.HTTPClient, "_sleep_time_seconds", lambda *args, **kwargs: 0)
    server.fail = fail
    response = Client().post(path_of(order), {"act": "pay"})
    assert response.status_code == 503
    assert "sk_test" not in response.text


def test_a_payment_confirms_the_order(server, order):
    assert told("checkout.session.completed", session(order)) == "done"
    paid = now(order)
    assert (paid.state, paid.payment, paid.provider_subscription) == ("confirmed", "in_1", "sub_1")
    assert told("checkout.session.expired", session(order)) == "ignored"
    assert now(order).state == "confirmed"


def test_a_payment_that_takes_its_time_counts_when_it_is_there(server, once):
    assert told("checkout.session.completed", session(once, payment_status="unpaid")) == "ignored"
    assert now(once).state == "new"
    assert told("checkout.session.async_payment_succeeded", session(once)) == "done"
    assert now(once).state == "confirmed"
    assert told("checkout.session.async_payment_failed", session(once, payment_status="unpaid")) == "ignored"
    assert now(once).state == "confirmed"


def test_a_message_that_comes_again_does_nothing(server, order):
    body = event("checkout.session.completed", session(order))
    assert [tell(body).json()["outcome"] for _ in range(3)] == ["done", "known", "known"]
    assert PaymentEvent.objects.count() == 1


@pytest.mark.parametrize("old", [True, False])
def test_a_renewal_counts_another_period(server, order, old):
    told("checkout.session.completed", session(order))
    details = {"subscription": "sub_1", "metadata": {"order": order.reference}}
    invoice = {"id": "in_2", "object": "invoice", "billing_reason": "subscription_cycle", "amount_paid": 24000}
    invoice |= {"currency": "krw"}
    if old:
        invoice |= {"subscription": "sub_1", "subscription_details": {"metadata": {"order": order.reference}}}
    else:
        invoice |= {"parent": {"type": "subscription_details", "subscription_details": details}}
    first = invoice | {"id": "in_1", "billing_reason": "subscription_create"}
    assert told("invoice.paid", first) == "ignored", "its session tells of it"
    assert told("invoice.paid", invoice) == "done"
    assert told("invoice.paid", invoice) == "ignored", "the same invoice in another message"
    assert now(order).periods_paid == 2


def test_the_end_there_is_the_end_of_the_renewal(server, order):
    told("checkout.session.completed", session(order))
    ordering.do_due()
    gone = {"id": "sub_1", "object": "subscription", "metadata": {"order": order.reference}}
    assert told("customer.subscription.deleted", gone) == "done"
    assert now(order).cancel_asked_at


def test_a_refund_there_is_found_by_its_payment(server, once):
    told("checkout.session.completed", session(once))
    charge = {"id": "ch_1", "object": "charge", "refunded": True, "amount_refunded": 240000, "currency": "krw"}
    assert told("charge.refunded", charge | {"payment_intent": "pi_1", "refunded": False}) == "ignored"
    assert told("charge.refunded", charge | {"payment_intent": "pi_1"}) == "done"
    assert now(once).refunded_at


@pytest.mark.parametrize(
    "own",
    [
        {"amount_total": 1},
        {"currency": "usd"},
        {"metadata": {"order": "X"}},
        {"metadata": {}, "client_reference_id": None},
    ],
)
def test_what_does_not_fit_is_recorded_and_refused(server, order, own):
    assert told("checkout.session.completed", session(order, **own)) == "refused"
    assert now(order).state == "new"
    assert PaymentEvent.objects.get().outcome == "refused"


@pytest.mark.parametrize(
    "signature",
    [
        lambda body: "",
        lambda body: "t=1,v1=0",
        lambda body: sign(body, secret="whsec_another"),
        lambda body: sign(body + b" "),
        lambda body: sign(body, int(time.time()) - 400),
    ],
)
def test_a_bad_signature_is_400_and_nothing_is_written(server, order, signature):
    body = event("checkout.session.completed", session(order))
    assert tell(body, signature(body)).status_code == 400
    assert (now(order).state, PaymentEvent.objects.count()) == ("new", 0)


@pytest.mark.parametrize("body", [b"", b"{}", b"nonsense", b"[1]"])
def test_a_signed_message_that_cannot_be_read_is_400(server, order, body):
    assert tell(body).status_code == 400


def test_other_kinds_of_messages_are_none_of_ours(server, order):
    assert told("customer.created", {"id": "cus_1", "object": "customer"}) == "ignored"
    assert not PaymentEvent.objects.exists()


def test_a_cancelled_order_is_paid_back_and_stopped_there(server, order):
    told("checkout.session.completed", session(order))
    ordering.cancel(now(order))
    assert payments.tell_providers() == 2
    asked = [(method, path, words.get("payment_intent"), key) for method, path, words, key, _ in server.asked]
    assert asked == [
        ("GET", "/v1/invoices/in_1", None, None),
        ("POST", "/v1/refunds", "pi_of_invoice", f"refund-{order.reference}"),
        ("DELETE", "/v1/subscriptions/sub_1", None, f"stop-{order.reference}"),
    ]
    assert now(order).refunded_at
    assert payments.tell_providers() == 0


def test_a_running_order_that_is_cancelled_ends_with_its_period_there(server, order):
    told("checkout.session.completed", session(order))
    ordering.do_due()
    ordering.cancel(now(order))
    payments.tell_providers()
    assert [words for _, path, words, _, _ in server.asked] == [{"cancel_at_period_end": "True"}] or [
        words for _, path, words, _, _ in server.asked
    ] == [{"cancel_at_period_end": "true"}]


def test_what_is_done_there_already_is_done(server, once):
    told("checkout.session.completed", session(once))
    ordering.cancel(now(once))
    server.fail = (400, {"error": {"type": "invalid_request_error", "code": "charge_already_refunded", "message": "x"}})
    assert payments.tell_providers() == 1
    assert now(once).refunded_at


def test_the_library_is_imported_only_when_it_is_used():
    program = (
        "import django; django.setup(); import newsroom.urls, subscriptions.working, sys;"
        "print([name for name in sys.modules if name.partition('.')[0] == 'stripe'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=paper.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
        env=__import__("os").environ | {"DJANGO_SETTINGS_MODULE": "newsroom.settings", "NEWSROOM_ENV": "test"},
    )
    assert done.stdout.strip() == "[]", done.stderr
