"""The desk of orders: lists, acts, export, roles, audit."""

import csv
import io
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.apps import apps
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone

from readers.models import AuditEntry
from readers.roles import make_roles
from subscriptions import export, ordering
from subscriptions.models import LicenceRequest, Mail, Order, Plan
from tests.factories import make_order, make_plan, make_staff

from .conftest import kinds

pytestmark = pytest.mark.django_db
LIST = reverse("admin:subscriptions_order_changelist")


@pytest.fixture
def desk(client):
    """Somebody with the role of the desk and no other right."""
    make_roles(apps)
    user = make_staff("subs", superuser=False)
    user.groups.add(Group.objects.get(name="Subscriptions desk"))
    client.force_login(user, "readers.signing_in.StaffBackend")
    return client


@pytest.fixture
def order(plan):
    return make_order(plan)


def form_of(row):
    return reverse(f"admin:subscriptions_{row._meta.model_name}_change", args=[row.pk])


def buttons(client, order):
    page = BeautifulSoup(client.get(form_of(order)).text, "html.parser")
    return [button["value"] for button in page.select("button[name=_act]")]


def fields_of(row):
    """What the form of a row posts when nothing was changed."""
    row = type(row).objects.get(pk=row.pk)
    if isinstance(row, LicenceRequest):
        return {"offer": row.offer, "desk_note": row.desk_note, "act_note": ""}
    names = ("name", "email", "postcode", "road_address", "detail_address", "delivery_note", "desk_note")
    return {name: getattr(row, name) for name in names} | {"telephone": row.telephone_words, "act_note": ""}


def do(client, row, act, note="", **fields):
    return client.post(form_of(row), fields_of(row) | {"act_note": note, "_act": act} | fields, follow=True)


def save(client, row, **fields):
    return client.post(form_of(row), fields_of(row) | {"_continue": "1"} | fields, follow=True)


def listed(client, **filters):
    page = BeautifulSoup(client.get(LIST, filters).text, "html.parser")
    return {row.get_text(strip=True) for row in page.select(".field-number")}


def test_it_finds_orders_by_state_plan_money_and_words(desk, order):
    other = make_order(make_plan("E-paper", gives_delivery=False), email="other@example.com", telephone="+8223123456")
    ordering.confirm(other, who="editor")
    assert listed(desk) == {order.reference, other.reference}
    for filters, found in (
        ({"state__exact": "new"}, order),
        ({"plan__id__exact": other.plan_id}, other),
        ({"money": "paid"}, other),
        ({"money": "unpaid"}, order),
        ({"q": "010-1234-5678"}, order),
        ({"q": "other@example.com"}, other),
        ({"q": order.reference.replace("-", " ").lower()}, order),
    ):
        assert listed(desk, **filters) == {found.reference}, filters
    assert listed(desk, asked_at__gte="2999-01-01 00:00:00+00:00") == set()
    ordering.cancel(other)
    assert listed(desk, money="owed") == {other.reference}
    assert listed(desk, money="ending") == set()


def test_its_list_costs_the_same_however_many_there_are(desk, order, django_assert_max_num_queries):
    with django_assert_max_num_queries(16):
        desk.get(LIST)
    for number in range(8):
        make_order(order.plan, email=f"r{number}@example.com")
    with django_assert_max_num_queries(16):
        desk.get(LIST)


def test_its_form_offers_what_the_state_allows_and_does_it(desk, order):
    assert buttons(desk, order) == ["confirm", "cancel", "refuse"]
    response = do(desk, order, "confirm", "Transfer of today", desk_note="Called, friendly.")
    order.refresh_from_db()
    assert (response.status_code, order.state, order.desk_note) == (200, "confirmed", "Called, friendly.")
    assert kinds(order)[-1] == "confirmed"
    assert buttons(desk, order) == ["start", "renew", "cancel", "refuse", "pay_back"]
    do(desk, order, "start")
    do(desk, order, "renew")
    order.refresh_from_db()
    assert (order.periods_paid, order.runs_until) == (2, ordering.last_day(order))
    do(desk, order, "cancel")
    assert buttons(desk, order) == ["renew", "end", "pay_back"]
    do(desk, order, "end")
    page = desk.get(form_of(order)).text
    for words in ("subs · Confirmed · Transfer of today", "subs · Ended"):
        assert words in page
    assert buttons(desk, order) == ["pay_back"]
    assert AuditEntry.objects.filter(model="subscriptions.order", note__contains="Confirm as paid").exists()


def test_a_refusal_without_a_reason_is_a_sentence(desk, order):
    assert "Write the reason" in do(desk, order, "refuse").text
    order.refresh_from_db()
    assert order.state == "new"
    do(desk, order, "refuse", "No carrier reaches it.")
    order.refresh_from_db()
    assert (order.state, kinds(order)[-1]) == ("refused", "refused")


def test_an_act_that_somebody_else_was_quicker_with_is_a_sentence(desk, order):
    ordering.confirm(order, who="somebody")
    response = do(desk, order, "confirm")
    assert "this cannot be done with it" in response.text
    order.refresh_from_db()
    assert order.periods_paid == 1


def test_an_act_that_does_not_exist_is_refused(desk, order):
    assert do(desk, order, "delete").status_code == 403
    assert do(desk, order, "place_order").status_code == 403


def test_nothing_else_of_an_order_can_be_written(desk, order):
    save(desk, order, desk_note="x", state="running", price="1", reference="X", paid_at_0="2026-01-01")
    order.refresh_from_db()
    assert (order.state, order.price, order.paid_at, order.desk_note) == ("new", 24000, None, "x")
    assert desk.get(reverse("admin:subscriptions_order_add")).status_code == 403
    assert desk.post(reverse("admin:subscriptions_order_delete", args=[order.pk]), {"post": "yes"}).status_code == 403


def test_a_reader_who_moves_is_written_down(desk, order):
    save(
        desk,
        order,
        telephone="02-312-3456",
        postcode="46241",
        road_address="부산 금정구 범어사로 11",
        detail_address="3층",
    )
    order.refresh_from_db()
    assert (order.telephone, order.address_words) == ("+8223123456", "부산 금정구 범어사로 11, 3층, 46241")
    assert order.email == "bomi@example.com"
    assert AuditEntry.objects.filter(model="subscriptions.order", changes__has_key="postcode").exists()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "<b>Bo</b>", "without the signs"),
        ("email", "", "Write your e-mail address"),
        ("telephone", "112", "Korean telephone number"),
        ("postcode", "99999", "There is no postcode"),
        ("postcode", "46241", "look at both again"),
        ("road_address", "", "Write street, number"),
        ("email", "OTHER+x@example.com", "has an order of this plan already"),
    ],
)
def test_what_a_reader_could_not_type_is_refused_at_the_desk_too(desk, order, field, value, said):
    make_order(order.plan, email="other@example.com")
    assert said in save(desk, order, **{field: value}).text
    assert Order.objects.get(pk=order.pk).desk_note == ""
    assert getattr(Order.objects.get(pk=order.pk), field) == getattr(order, field)


def test_an_order_without_delivery_has_no_address(desk):
    order = make_order(make_plan("E-paper", gives_delivery=False))
    assert "id_postcode" not in desk.get(form_of(order)).text
    save(desk, order, desk_note="x")
    assert Order.objects.get().desk_note == "x"


def test_several_are_done_at_once_and_each_that_cannot_be_says_so(desk, order):
    other = make_order(order.plan, email="other@example.com")
    ordering.cancel(other)
    response = desk.post(LIST, {"action": "confirm_chosen", "_selected_action": [order.pk, other.pk]}, follow=True)
    assert f"The order {other.reference} is" in response.text
    assert "Done with 1." in response.text
    assert set(Order.objects.values_list("state", flat=True)) == {"confirmed", "cancelled"}


def exported(client, *orders):
    response = client.post(LIST, {"action": "export_chosen", "_selected_action": [order.pk for order in orders]})
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert "no-store" in response["Cache-Control"]
    assert response.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_it_exports_the_chosen_for_spreadsheets(desk, order):
    other = make_order(order.plan, email="other@example.com", name="남궁 솔")
    make_order(order.plan, email="third@example.com")
    rows = exported(desk, order, other)
    assert {row["name"] for row in rows} == {"Yoo Bo-mi", "남궁 솔"}
    assert rows[0]["telephone"] == "010-1234-5678"
    assert AuditEntry.objects.filter(note__contains=order.reference, note__startswith="Exported").exists()


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t=", " =", "＝", "\r"])
def test_no_cell_of_an_export_is_a_formula(desk, order, sign):
    Order.objects.update(delivery_note=f'{sign}HYPERLINK("http://evil.example")')
    (row,) = exported(desk, order)
    assert row["delivery note"].startswith("'")


def test_numbers_stay_numbers():
    assert export.cell(24000) == "24000"
    assert export.cell("Yoo, Bo-mi") == "Yoo, Bo-mi"


@pytest.mark.parametrize("role", ["Reporter", "Section editor", "Chief editor", "Photo editor"])
def test_other_roles_see_no_orders(client, order, role):
    make_roles(apps)
    user = make_staff("other", superuser=False)
    user.groups.add(Group.objects.get(name=role))
    client.force_login(user, "readers.signing_in.StaffBackend")
    assert client.get(LIST).status_code == 403
    assert client.post(LIST, {"action": "export_chosen", "_selected_action": [order.pk]}).status_code == 403


def test_plans_are_the_web_managers_and_those_ordered_stay(client, desk, order):
    add = reverse("admin:subscriptions_plan_add")
    assert desk.get(add).status_code == 403
    user = make_staff("web", superuser=False)
    user.groups.add(Group.objects.get(name="Web manager"))
    client.force_login(user, "readers.signing_in.StaffBackend")
    fields = {"name": "Weekend", "slug": "weekend", "description": "Saturdays.", "price": 9000, "period": "month"}
    assert "tick at least one" in client.post(add, fields | {"position": 1}).text
    client.post(add, fields | {"position": 1, "gives_delivery": "on", "is_on_sale": "on"})
    assert Plan.objects.get(slug="weekend").gives_delivery
    address = reverse("admin:subscriptions_plan_delete", args=[order.plan_id])
    assert "take it off sale instead" in client.post(address, {"post": "yes"}, follow=True).text
    assert client.get(LIST).status_code == 403


def test_a_mail_that_failed_is_sent_again_by_a_button(desk, order):
    Mail.objects.update(state="failed", error="550")
    address = reverse("admin:subscriptions_mail_changelist")
    desk.post(address, {"action": "send_again", "_selected_action": list(Mail.objects.values_list("pk", flat=True))})
    assert set(Mail.objects.values_list("state", flat=True)) == {"queued"}


def test_what_is_anonymous_is_changed_by_nobody(desk, order):
    ordering.cancel(order)
    Order.objects.update(anonymised_at=timezone.now() - timedelta(days=1), email="", name="–")
    assert buttons(desk, order) == []
    assert desk.post(form_of(order), {"desk_note": "x", "act_note": ""}).status_code == 403


def test_the_desk_answers_licence_requests(desk, client):
    client.post("/orders/licence/", {})
    licence = LicenceRequest.objects.create(
        name="Cho", email="cho@example.com", kind="feed", purpose="A portal", medium="web"
    )
    assert "Write the answer first" in do(desk, licence, "offer", offer="").text
    do(desk, licence, "offer", offer="300,000 won for a year.")
    do(desk, licence, "offer", offer="250,000 won for a year.")
    licence.refresh_from_db()
    assert (licence.state, licence.offer) == ("offered", "250,000 won for a year.")
    assert [(mail.kind, mail.occasion) for mail in licence.mails.all()] == [
        ("licence_offer", ""),
        ("licence_offer", "1"),
    ]
    do(desk, licence, "agree", offer=licence.offer)
    do(desk, licence, "close", offer=licence.offer)
    assert [step.after for step in licence.steps.all()] == ["offered", "offered", "agreed", "closed"]
