"""The life of an order: its states, history, mails, dates, its page behind a signed link."""

from datetime import date, timedelta

import pytest
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from newsletters import outbox
from subscriptions import links, ordering
from subscriptions.models import ALPHABET, Mail, Order
from subscriptions.sending import claim, send, send_due
from tests.factories import make_order, make_plan

from .conftest import kinds, rendered, text_of

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


@pytest.fixture
def order(plan):
    return make_order(plan)


@pytest.fixture
def running(order):
    ordering.confirm(order, who="editor")
    return ordering.start(order, who="editor")


def states(order):
    return [(step.who, step.before, step.after) for step in order.steps.all()]


def test_its_reference_can_be_read_over_the_telephone_and_not_guessed(plan):
    found = {make_order(plan, email=f"r{number}@example.com").reference for number in range(20)}
    assert len(found) == 20
    assert all(len(part) == 4 and set(part) <= set(ALPHABET) for reference in found for part in reference.split("-"))
    assert not set("01OILSBZ") & set(ALPHABET)


def test_its_way_is_written_down_and_its_reader_is_told(order):
    ordering.confirm(order, who="editor", note="Transfer of today")
    ordering.start(order, who="calendar")
    done = ordering.end(order, who="editor")
    assert states(order) == [
        *(("reader", "", "new"), ("editor", "new", "confirmed"), ("calendar", "confirmed", "running")),
        ("editor", "running", "ended"),
    ]
    assert order.steps.all()[1].note == "Transfer of today"
    assert kinds(order) == ["received", "desk_new", "confirmed", "started", "ended"]
    assert done.ended_at


ACTS = {
    "confirm": ["new"],
    "start": ["confirmed"],
    "renew": ["confirmed", "running"],
    "cancel": ["new", "confirmed", "running"],
    "refuse": ["new", "confirmed"],
    "end": ["running"],
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("state", Order.State.values)
def test_an_act_that_its_state_forbids_changes_nothing(order, act, state):
    ended = None if state in ("new", "confirmed", "running") else timezone.now()
    fields = {"periods_paid": 0 if state == "new" else 1} | ({"runs_until": TODAY()} if state == "running" else {})
    Order.objects.filter(pk=order.pk).update(state=state, ended_at=ended, **fields)
    before = kinds(order), states(order)
    do = lambda: getattr(ordering, act)(order, who="editor", note="A reason")  # noqa: E731
    if state in ACTS[act]:
        do()
        assert states(order) != before[1]
    else:
        with pytest.raises(ValidationError, match=order.reference):
            do()
        assert (kinds(order), states(order)) == before
        assert Order.objects.get().state == state


@pytest.mark.parametrize(
    ("period", "periods", "first", "last"),
    [
        ("month", 1, date(2026, 1, 31), date(2026, 2, 27)),
        ("month", 1, date(2028, 1, 31), date(2028, 2, 28)),
        ("month", 1, date(2026, 11, 5), date(2026, 12, 4)),
        ("month", 2, date(2026, 12, 1), date(2027, 1, 31)),
        ("month", 3, date(2026, 1, 31), date(2026, 4, 29)),
        ("year", 1, date(2028, 2, 29), date(2029, 2, 27)),
        ("year", 2, date(2026, 3, 1), date(2028, 2, 29)),
    ],
)
def test_a_period_ends_on_the_day_before_the_same_day(period, periods, first, last):
    assert ordering.last_day(Order(period=period, periods_paid=periods, starts_on=first)) == last


def test_the_calendar_starts_and_ends_orders(order, plan):
    ordering.confirm(order, who="editor")
    later = make_order(plan, email="later@example.com", starts_on=TODAY() + timedelta(days=5))
    ordering.confirm(later, who="editor")
    assert ordering.do_due() == 1
    order.refresh_from_db()
    later.refresh_from_db()
    assert (order.state, later.state) == ("running", "confirmed")
    assert ordering.do_due(order.runs_until + timedelta(days=1)) == 1, "the other one begins; a renewal may come late"
    assert ordering.do_due(order.runs_until + timedelta(days=4)) == 1
    order.refresh_from_db()
    assert (order.state, kinds(order)[-1]) == ("ended", "ended")


def test_whoever_transfers_the_money_is_reminded_once_for_each_period(running, settings):
    settings.TRANSFER_TO = "Hana 123-456"
    week_before = running.runs_until - timedelta(days=7)
    assert ordering.do_due(week_before - timedelta(days=1)) == 0
    assert [ordering.do_due(week_before) for _ in range(3)] == [1, 0, 0]
    assert "transfer 24,000 won to Hana 123-456" in " ".join(text_of(rendered(running, "due")).split())
    renewed = ordering.renew(running, who="editor")
    assert ordering.do_due(week_before + timedelta(days=1)) == 0
    assert ordering.do_due(renewed.runs_until) == 1
    assert kinds(running).count("due") == 2


def test_nobody_is_reminded_who_has_cancelled_or_whose_money_is_taken(running):
    Order.objects.update(provider_subscription="sub_1")
    assert ordering.do_due(running.runs_until) == 0
    Order.objects.update(provider_subscription="", cancel_asked_at=timezone.now())
    assert ordering.do_due(running.runs_until) == 0


def test_what_does_not_renew_ends_with_its_last_day():
    order = make_order(make_plan("A year", period="year", renews=False))
    ordering.confirm(order, who="editor")
    ordering.do_due()
    order.refresh_from_db()
    assert ordering.do_due(order.runs_until) == 0
    assert ordering.do_due(order.runs_until + timedelta(days=1)) == 1


def test_what_nobody_pays_lapses(order):
    Order.objects.update(asked_at=timezone.now() - timedelta(days=31))
    assert ordering.do_due() == 1
    assert Order.objects.get().state == "cancelled"


def test_a_reader_cancels_at_once_what_does_not_run_and_gets_the_money_back(order):
    ordering.confirm(order, who="editor")
    done = ordering.cancel(order)
    assert (done.state, bool(done.refund_asked_at)) == ("cancelled", True)
    assert kinds(order)[-2:] == ["cancelled", "desk_cancelled"]
    assert "within three working days" in text_of(rendered(order, "cancelled"))
    ordering.pay_back(order, who="editor")
    assert kinds(order)[-1] == "refunded"
    with pytest.raises(ValidationError):
        ordering.pay_back(order, who="editor")


def test_a_running_one_ends_with_its_term(running):
    ordering.cancel(running)
    running.refresh_from_db()
    assert (running.state, running.refund_asked_at) == ("running", None)
    assert kinds(running)[-2:] == ["ending", "desk_cancelled"]
    with pytest.raises(ValidationError, match="cancelled already"):
        ordering.cancel(running)
    assert ordering.do_due(running.runs_until + timedelta(days=1)) == 1


def test_a_refusal_needs_a_reason_which_the_reader_gets(order):
    with pytest.raises(ValidationError, match="reason"):
        ordering.refuse(order, who="editor", note="  ")
    ordering.refuse(order, who="editor", note="No carrier reaches this street.")
    assert "No carrier reaches this street." in text_of(rendered(order, "refused"))


def test_the_database_knows_the_rules(order):
    for change in ({"state": "running"}, {"state": "ended"}, {"ended_at": timezone.now()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Order.objects.filter(pk=order.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.create(
            plan=order.plan, price=1, email="BOMI+x@example.com", name="x", starts_on=TODAY(), period="month"
        )


# ---- its page


def open_link(path, **post):
    return Client().post(path, post) if post else Client().get(path)


def test_its_page_tells_the_state_and_cancels_by_a_post(order):
    path = links.path_of(order)
    assert "Your order has arrived" in open_link(path).text
    Client().get(f"{path}?act=cancel")
    assert Order.objects.get().state == "new", "looking changes nothing"
    response = open_link(path, act="cancel")
    assert response.status_code == 302
    assert "Cancelled" in open_link(response["Location"]).text
    again = open_link(path, act="cancel")
    assert again.status_code == 409
    assert "cannot be done" in again.text
    assert open_link(path, act="nonsense").status_code == 400


def test_its_page_says_where_to_transfer_the_money(order, settings):
    settings.TRANSFER_TO = "Hana 123-456"
    assert "Hana 123-456" in open_link(links.path_of(order)).text
    assert "Hana 123-456" in text_of(rendered(order, "received"))


@pytest.mark.parametrize("how", ["forged", "cut", "nothing", "another purpose", "expired", "gone", "anonymous"])
def test_a_link_that_is_no_good_says_so(order, how, monkeypatch):
    token = links.path_of(order).split("/")[-2]
    tokens = {
        "forged": signing.dumps(order.reference, key="guessed", salt=links.SALT),
        "cut": token[:-3],
        "nothing": "x",
        "another purpose": signing.dumps(order.reference, salt="newsletters.confirm"),
    }
    if how == "expired":
        monkeypatch.setattr(links, "GOOD_FOR", timedelta(seconds=-1))
    if how == "gone":
        order.delete()
    if how == "anonymous":
        Order.objects.update(anonymised_at=timezone.now())
    path = f"/orders/by-link/{tokens.get(how, token)}/"
    for response in (open_link(path), open_link(path, act="cancel")):
        assert response.status_code == 410
        assert "Yoo Bo-mi" not in response.text
    assert not Order.objects.filter(state="cancelled").exists()


def test_its_page_is_for_nobody_else(order):
    response = open_link(links.path_of(order))
    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "same-origin"
    assert Client(enforce_csrf_checks=True).post(links.path_of(order), {"act": "cancel"}).status_code == 403


# ---- mails


def test_no_mail_goes_out_twice(order, mailbox):
    assert send_due() == 2
    assert send_due() == 0
    assert mailbox.counts["bomi@example.com"] == 1


def test_what_a_killed_program_left_is_sent_only_if_it_surely_was_not(order, mailbox):
    claim()
    lost, later = claim(), timezone.now() + outbox.LEASE * 2
    Mail.objects.filter(pk=lost.pk).update(data_at=timezone.now())
    assert outbox.recover(Mail, later) == (1, 1)
    assert send_due() == 1
    assert sorted(Mail.objects.values_list("state", flat=True)) == ["sent", "unknown"]


def test_a_slow_program_hands_nothing_over_that_another_one_took(order, mailbox):
    mail = claim()
    Mail.objects.filter(pk=mail.pk).update(state="queued", claim=None)
    from newsletters.posting import open_post

    with open_post() as post:
        send(mail, post)
    assert mailbox.mails == []


def test_mails_wait_for_a_server_that_is_away_or_refuses(order, mailbox, settings):
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    assert send_due() == 1
    assert Mail.objects.due(timezone.now() + timedelta(hours=1)).count() == 2
    settings.EMAIL_PORT = port
    mailbox.refuse["bomi@example.com"] = "550 5.1.1 unknown"
    Mail.objects.update(due_at=timezone.now())
    send_due()
    assert Mail.objects.get(kind="received").state == "failed"


def test_without_an_address_the_desk_gets_no_mail(order, mailbox, settings):
    settings.SUBSCRIPTIONS_DESK = ""
    send_due()
    assert list(mailbox.counts) == ["bomi@example.com"]
    assert Mail.objects.get(kind="desk_new").state == "failed"
