"""Payments: what signed messages of a service do to orders, in every order and number, and what they must not do."""

import json
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from subscriptions import ordering, payments, sandbox
from subscriptions.links import path_of
from subscriptions.models import Mail, Order, PaymentEvent, Step
from tests.factories import make_order, make_plan

from .conftest import kinds, rendered, text_of

pytestmark = pytest.mark.django_db
HOOK = "/orders/hooks/sandbox/"


@pytest.fixture(autouse=True)
def sandboxed(settings):
    settings.PAYMENTS = "sandbox"


@pytest.fixture
def order(plan):
    return make_order(plan)


def tell(body, signature=None):
    """The webhook's answer to a message."""
    signature = sandbox.sign(body) if signature is None else signature
    return Client().post(HOOK, data=body, content_type="application/json", headers={sandbox.HEADER: signature})


def told(order, kind, /, **own):
    """The outcome of a message about an order."""
    response = tell(sandbox.message(order, kind, **own))
    assert response.status_code == 200
    return response.json()["outcome"]


def now(order):
    return Order.objects.get(pk=order.pk)


def everything():
    """All that a message could have written."""
    return (
        list(Order.objects.order_by("pk").values()),
        *(model.objects.count() for model in (Mail, Step, PaymentEvent)),
    )


def test_a_payment_confirms_an_order_and_its_reader_is_told(order):
    assert told(order, "paid") == "done"
    paid = now(order)
    assert (paid.state, paid.provider, paid.periods_paid) == ("confirmed", "sandbox", 1)
    assert paid.payment.startswith("pay_")
    assert kinds(order)[-1] == "confirmed"
    assert order.steps.last().who == "payment"


def test_a_message_that_comes_again_does_nothing(order):
    body = sandbox.message(order, "paid")
    tell(body)
    before = everything()
    for _ in range(3):
        response = tell(body)
        assert (response.status_code, response.json()) == (200, {"outcome": "known"})
    assert everything() == before


@pytest.mark.django_db(transaction=True)
def test_a_message_that_comes_several_times_at_once_counts_once():
    order = make_order(make_plan())
    body, go, answers = sandbox.message(order, "paid"), threading.Barrier(6), []

    def send():
        go.wait()
        answers.append(tell(body).json()["outcome"])
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(6)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(answers) == ["done"] + ["known"] * 5
    assert (now(order).periods_paid, kinds(order).count("confirmed")) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_two_messages_about_one_order_at_once_are_done_one_after_the_other():
    order = make_order(make_plan())
    bodies = [sandbox.message(order, kind) for kind in ("paid", "closed", "failed", "paid")]
    go, answers = threading.Barrier(4), []

    def send(body):
        go.wait()
        answers.append(tell(body).status_code)
        connection.close()

    threads = [threading.Thread(target=send, args=(body,)) for body in bodies]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert answers == [200] * 4
    assert (now(order).state, now(order).periods_paid) == ("confirmed", 1)


BAD = {
    "no signature": lambda body: "",
    "nonsense": lambda body: "v1",
    "a wrong one": lambda body: f"t={int(time.time())},v1={'0' * 64}",
    "letters of no alphabet": lambda body: f"t={int(time.time())},v1=é",
    "one of another body": lambda body: sandbox.sign(body + b" "),
    "one too old": lambda body: sandbox.sign(body, int(time.time()) - sandbox.TOLERANCE - 5),
    "one of the future": lambda body: sandbox.sign(body, int(time.time()) + sandbox.TOLERANCE + 5),
    "a new time on an old one": lambda body: sandbox.sign(body, 1).replace("t=1,", f"t={int(time.time())},"),
}


@pytest.mark.parametrize("signature", BAD.values(), ids=BAD)
def test_a_message_that_is_not_signed_well_is_400_and_writes_nothing(order, signature):
    before = everything()
    body = sandbox.message(order, "paid")
    response = tell(body, signature(body))
    assert response.status_code == 400
    assert response.json()["said"]
    assert everything() == before


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"not json", b'{"id": 1}', b"\xff\xfe"])
def test_a_signed_message_that_cannot_be_read_is_400_and_writes_nothing(order, body):
    before = everything()
    assert tell(body).status_code == 400
    assert everything() == before


def test_a_message_of_a_megabyte_is_refused(order):
    assert tell(b"x" * 600_000).status_code == 413


def test_a_hook_of_a_service_that_is_not_configured_is_404(order, settings):
    for name in ("stripe", "other"):
        assert Client().post(f"/orders/hooks/{name}/").status_code == 404
    assert Client().get(HOOK).status_code == 405
    settings.PAYMENTS = ""
    body = sandbox.message(order, "paid")
    assert tell(body).status_code == 404


@pytest.mark.parametrize(
    "own",
    [
        {"amount": 23999},
        {"amount": 0},
        {"amount": None},
        {"currency": "USD"},
        {"currency": ""},
        {"order": "XXXX-YYYY-2222"},
    ],
)
def test_what_does_not_fit_is_recorded_and_refused(order, own):
    assert told(order, "paid", **own) == "refused"
    event = PaymentEvent.objects.get()
    assert (event.outcome, bool(event.note)) == ("refused", True)
    assert (now(order).state, now(order).paid_at) == ("new", None)
    assert "confirmed" not in kinds(order)


@pytest.mark.parametrize("late", ["failed", "closed"])
def test_what_comes_late_makes_no_paid_order_unpaid(order, late):
    told(order, "paid")
    before = now(order)
    assert told(order, late) == "ignored"
    after = now(order)
    assert (after.state, after.paid_at, after.periods_paid) == (before.state, before.paid_at, 1)


@pytest.mark.parametrize("kind", ["failed", "closed"])
def test_an_order_whose_payment_failed_can_be_paid_again(order, kind):
    first = payments.start(order)
    assert payments.start(order).split("/")[-2].split(":")[0] == first.split("/")[-2].split(":")[0], "the same attempt"
    assert told(order, kind) == "done"
    assert payments.start(order).split("/")[-2].split(":")[0] != first.split("/")[-2].split(":")[0]
    assert told(order, "paid", attempt=1) == "done"
    assert now(order).state == "confirmed"


def test_renewals_count_whatever_comes_first(order):
    assert told(order, "renewed", payment="pay_second") == "done"
    assert told(order, "paid", payment="pay_first") == "done"
    ordering.do_due()
    assert told(order, "renewed", payment="pay_third") == "done"
    renewed = now(order)
    assert (renewed.state, renewed.periods_paid) == ("running", 3)
    assert renewed.runs_until == ordering.last_day(renewed)


def test_one_payment_that_two_messages_tell_counts_once(order):
    told(order, "paid")
    assert told(order, "paid") == "ignored"
    assert now(order).periods_paid == 1


def test_a_second_payment_is_for_the_desk():
    order = make_order(make_plan("A year", renews=False))
    told(order, "paid")
    assert told(order, "paid", payment="pay_other") == "refused"
    assert "second payment" in PaymentEvent.objects.first().note
    assert now(order).periods_paid == 1


def test_money_for_an_order_that_is_over_goes_back(order):
    ordering.cancel(order)
    assert told(order, "paid") == "done"
    late = now(order)
    assert (late.state, bool(late.paid_at), late.periods_paid) == ("cancelled", True, 0)
    assert late.refund_asked_at
    assert payments.tell_providers() == 2, "the money, and the renewal"
    assert now(order).refunded_at
    assert payments.tell_providers() == 0


def test_an_order_that_is_paid_and_cancelled_is_told_to_the_service(order, monkeypatch):
    told(order, "paid")
    ordering.cancel(order)
    asked = []

    def trouble(row):
        asked.append(row.reference)
        raise payments.Trouble("away")

    monkeypatch.setattr(sandbox, "refund", trouble)
    monkeypatch.setattr(sandbox, "stop", trouble)
    assert payments.tell_providers() == 0
    assert asked == [order.reference] * 2
    assert now(order).refunded_at is None, "it is tried again"
    monkeypatch.undo()
    assert payments.tell_providers() == 2
    assert kinds(order)[-1] == "refunded"
    assert now(order).stopped_at


def test_a_running_one_that_is_cancelled_takes_nothing_more_and_runs_to_its_end(order):
    told(order, "paid")
    ordering.do_due()
    ordering.cancel(now(order))
    assert payments.tell_providers() == 1
    done = now(order)
    assert (done.state, bool(done.stopped_at), done.refund_asked_at) == ("running", True, None)
    assert ordering.do_due(done.runs_until + timedelta(days=1)) == 1
    assert payments.tell_providers() == 0


def test_a_service_that_stops_by_itself_ends_the_renewal(order):
    told(order, "paid")
    ordering.do_due()
    assert told(order, "stopped") == "done"
    stopped = now(order)
    assert (stopped.state, bool(stopped.cancel_asked_at)) == ("running", True)
    assert kinds(order)[-1] == "ending"


def test_an_order_that_was_stopped_before_its_payment_is_told_still_runs_what_is_paid(order):
    assert told(order, "stopped") == "done"
    assert told(order, "paid") == "done"
    ordering.do_due()
    paid = now(order)
    assert (paid.state, paid.renews) == ("running", False)
    assert ordering.do_due(paid.runs_until + timedelta(days=1)) == 1


def test_a_refund_at_the_service_is_noted(order):
    assert told(order, "refunded") == "ignored"
    told(order, "paid")
    assert told(order, "refunded") == "done"
    assert now(order).refunded_at
    assert kinds(order)[-1] == "refunded"


# ---- the pages


def test_the_page_of_an_order_leads_to_the_payment(order):
    path = path_of(order)
    assert "Not paid yet" in Client().get(path).text
    response = Client().post(path, {"act": "pay"})
    assert response.status_code == 303
    page = Client().get(response["Location"].removeprefix("http://127.0.0.1:8000"))
    assert "24,000 won" in page.text
    told(order, "paid")
    again = Client().post(path, {"act": "pay"})
    assert (again.status_code, "nothing to pay" in again.text) == (409, True)


def test_a_service_that_is_away_is_a_sentence(order, monkeypatch):
    def away(order, attempt):
        raise payments.Trouble("secret words of the service")

    monkeypatch.setattr(sandbox, "start", away)
    response = Client().post(path_of(order), {"act": "pay"})
    assert response.status_code == 503
    assert "does not answer" in response.text
    assert "secret words" not in response.text
    assert now(order).state == "new"


def page_of_sandbox(order):
    return payments.start(order).removeprefix("http://127.0.0.1:8000")


def test_the_sandbox_is_for_this_computer_alone(order, settings):
    path = page_of_sandbox(order)
    assert Client().get(path).status_code == 200
    assert Client(REMOTE_ADDR="203.0.113.9").get(path).status_code == 404
    assert Client().post(path, {"choice": "everything"}).status_code == 400
    assert Client().get("/orders/sandbox/forged/").status_code == 410
    settings.PAYMENTS = ""
    assert Client().get(path).status_code == 404


def test_a_message_that_cannot_be_delivered_is_a_sentence(order, settings):
    path = page_of_sandbox(order)
    settings.SITE_URL = "http://127.0.0.1:1"
    response = Client().post(path, {"choice": "paid"})
    assert (response.status_code, "did not take the message" in response.text) == (503, True)
    assert now(order).state == "new"


def test_its_mail_says_how_it_begins(order):
    assert "It begins when it is paid" in text_of(rendered(order, "received"))


def test_a_message_is_json_as_a_service_sends_it(order):
    assert set(json.loads(sandbox.message(order, "paid"))) >= {"id", "kind", "order", "amount", "currency"}
