"""Ordering, from outside: the form, what it refuses, who is told what, and the mails that follow."""

import threading
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from subscriptions.models import Mail, Order
from subscriptions.sending import send_due
from tests.factories import make_order, make_plan, make_staff

from .conftest import kinds, link_in, make_reader, sign_in, text_of, typed

FORM = "/orders/new/print/"


def post(client=None, address=FORM, **fields):
    return (client or Client()).post(address, typed(**fields))


def errors(response):
    """What the page says is wrong."""
    return [error.get_text(" ", strip=True) for error in BeautifulSoup(response.text, "html.parser").select(".error")]


def test_it_takes_an_order_without_account_and_mails_the_link(plan, mailbox, settings):
    settings.SUBSCRIPTIONS_DESK = "desk@example.com"
    response = post(name="남궁 솔", road_address="서울 마포구 나루로 21", delivery_note="Ring twice")
    assert (response.status_code, response["Location"]) == (302, "/orders/asked/")
    order = Order.objects.get()
    assert (order.name, order.telephone, order.postcode, order.state) == ("남궁 솔", "+821012345678", "03925", "new")
    assert (order.price, order.period, order.user) == (24000, "month", None)
    assert send_due() == 2
    (mail,), (desk,) = mailbox.to("bomi@example.com"), mailbox.to("desk@example.com")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Reply-To"] == "desk@example.com"
    assert order.reference in mail["Subject"]
    assert f"/admin/subscriptions/order/{order.pk}/change/" in text_of(desk)
    page = Client().get(link_in(mail))
    assert page.status_code == 200
    assert order.reference in page.text
    assert "서울 마포구 나루로 21, 302, 03925" in page.text
    assert page["Cache-Control"] == "no-store"


def test_its_mail_repeats_nothing_that_a_stranger_typed(plan, mailbox):
    post(name="BUY PILLS", road_address="1 Buy-my-pills-ro, Seoul", delivery_note="pills.example")
    send_due()
    assert "pills" not in text_of(mailbox.to("bomi@example.com")[0]).lower()


def test_a_reader_who_is_signed_in_finds_the_form_filled_in_and_comes_to_the_order(plan, client):
    user = make_reader(first_name="Bo-mi")
    page = BeautifulSoup(sign_in(client, user).get(FORM).text, "html.parser")
    assert page.select_one("[name=name]")["value"] == "Bo-mi"
    assert page.select_one("[name=email]") is None
    assert "bomi@example.com" in page.main.get_text()
    response = post(client, email="somebody.else@example.com")
    order = Order.objects.get()
    assert (order.user, order.email) == (user, "bomi@example.com")
    assert order.reference in client.get(response["Location"]).text


def test_the_form_knows_what_a_reader_wrote_last_time(plan, epaper, client):
    sign_in(client, make_reader())
    make_order(plan, email="someone.else@example.com", telephone="+8223123456")
    make_order(epaper, telephone="+821099998888")
    make_order(make_plan("Weekend"), name="Yoo Bo-mi", delivery_note="Ring twice")
    page = BeautifulSoup(client.get(FORM).text, "html.parser")
    values = {field["name"]: field.get("value") for field in page.select("main input[name]")}
    assert (values["telephone"], values["postcode"], values["delivery_note"]) == (
        "010-1234-5678",
        "03925",
        "Ring twice",
    )


def test_the_staff_order_like_everybody_else(plan, client):
    client.force_login(make_staff(), "readers.signing_in.StaffBackend")
    assert post(client)["Location"] == "/orders/asked/"
    assert Order.objects.get().user is None


def test_a_plan_without_delivery_asks_for_no_address(epaper):
    page = BeautifulSoup(Client().get("/orders/new/e-paper/").text, "html.parser")
    assert page.select_one("[name=postcode]") is None
    today = f"{timezone.localdate()}"
    response = post(address="/orders/new/e-paper/", postcode=None, road_address=None, starts_on=today)
    assert response.status_code == 302
    assert Order.objects.get().road_address == ""


WRONG = {
    "no name": {"name": ""},
    "a name of markup": {"name": "<script>alert(1)</script>"},
    "a name with a line break": {"name": "Bo\r\nBcc: x@example.com"},
    "a name with NUL": {"name": "Bo\0mi"},
    "a name of look-alikes": {"name": "Yоо Bo-mi"},
    "a long name": {"name": "B" * 81},
    "no address": {"email": ""},
    "no mail address": {"email": "bomi"},
    "two mail addresses": {"email": "a@example.com, b@example.com"},
    "a mail address with a line break": {"email": "a@example.com\nBcc: b@example.com"},
    "a mail address of look-alikes": {"email": "bоmi@example.com"},
    "a long mail address": {"email": "b" * 250 + "@example.com"},
    "no telephone": {"telephone": ""},
    "a telephone elsewhere": {"telephone": "+1 202 555 0147"},
    "no postcode": {"postcode": ""},
    "a postcode of nowhere": {"postcode": "99999"},
    "a postcode of elsewhere": {"postcode": "46241"},
    "no road": {"road_address": "here"},
    "a road with NUL": {"road_address": "21 Naru-ro\0, Seoul"},
    "a long road": {"road_address": "21 Naru-ro " * 20},
    "markup for the carrier": {"delivery_note": "<img src=x onerror=alert(1)>"},
    "no day": {"starts_on": ""},
    "an odd day": {"starts_on": "2026-02-31"},
    "words for a day": {"starts_on": "tomorrow"},
    "today": {"starts_on": f"{timezone.localdate()}"},
    "a day that is past": {"starts_on": "2020-01-01"},
    "a day too far away": {"starts_on": f"{timezone.localdate() + timedelta(days=91)}"},
    "no consent": {"terms": None},
}


@pytest.mark.parametrize("fields", WRONG.values(), ids=WRONG)
def test_it_refuses_with_a_sentence_and_writes_nothing(plan, fields):
    response = post(**fields)
    assert response.status_code == 422
    (said,) = errors(response)
    assert said.endswith((".", "?"))
    assert not Order.objects.exists()
    assert not Mail.objects.exists()
    assert "<script>alert" not in response.text
    assert "<img src=x" not in response.text


def test_it_keeps_what_was_typed(plan):
    page = BeautifulSoup(post(telephone="1", name='Bo "Bo" Yoo').text, "html.parser")
    assert page.select_one("[name=name]")["value"] == 'Bo "Bo" Yoo'
    assert page.select_one("[name=telephone]")["aria-invalid"] == "true"


@pytest.mark.parametrize("address", ["/orders/new/nothing/", "/orders/new/old/"])
def test_it_answers_404_for_what_is_not_on_sale(plan, address):
    make_plan("Old", is_on_sale=False)
    assert Client().get(address).status_code == Client().post(address, typed()).status_code == 404


def test_it_wants_the_token_of_its_own_page(plan):
    assert Client(enforce_csrf_checks=True).post(FORM, typed()).status_code == 403
    assert not Order.objects.exists()


@pytest.mark.parametrize("address", ["bomi@example.com", "BOMI@Example.com", "bomi+second@example.com"])
def test_one_person_has_one_order_of_a_plan_and_a_stranger_is_not_told(plan, mailbox, address):
    known = post(email="new@example.com")
    first = make_order(plan)
    response = post(email=address, name="Somebody else")
    assert (response.status_code, response["Location"]) == (known.status_code, known["Location"])
    assert Order.objects.filter(plan=plan, name="Yoo Bo-mi", email="bomi@example.com").count() == 1
    assert not Order.objects.filter(name="Somebody else").exists()
    assert kinds(first) == ["received", "desk_new", "again"]
    post(email=address)
    assert kinds(first).count("again") == 1, "one mail in an hour"
    send_due()
    mail = mailbox.to("bomi@example.com")[-1]
    assert "no second one was made" in text_of(mail)
    assert first.reference in Client().get(link_in(mail)).text


def test_a_reader_who_is_signed_in_is_led_to_the_order_that_is_there(plan, client):
    make_order(plan, email="Bomi+paper@example.com")
    response = post(sign_in(client, make_reader()))
    assert response.status_code == 409
    assert "You have this subscription already" in errors(response)[0]
    assert BeautifulSoup(response.text, "html.parser").select_one(".error a")["href"].startswith("/orders/by-link/")
    assert Order.objects.count() == 1


def test_another_plan_or_an_order_that_is_over_is_no_duplicate(plan, epaper):
    from subscriptions import ordering

    ordering.cancel(make_order(plan))
    post()
    post(address="/orders/new/e-paper/", starts_on=f"{timezone.localdate()}")
    assert Order.objects.open().count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_orders_at_the_same_moment_one_is_made():
    make_plan()
    go, answers = threading.Barrier(6), []

    def send(number):
        go.wait()
        answers.append(post(email=("Bomi@example.com", "bomi+2@example.com")[number % 2]).status_code)
        connection.close()

    threads = [threading.Thread(target=send, args=(number,)) for number in range(6)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert answers == [302] * 6
    order = Order.objects.get()
    assert kinds(order) == ["received", "desk_new", "again"]


def test_one_network_address_may_send_so_many_forms(plan, settings):
    settings.ORDERS_PER_HOUR = 2
    for number in range(2):
        assert post(email=f"r{number}@example.com").status_code == 302
    response = post(email="r3@example.com")
    assert (response.status_code, Order.objects.count()) == (429, 2)
    assert "try again later" in errors(response)[0]
    assert Client(REMOTE_ADDR="203.0.113.9").post(FORM, typed(email="r4@example.com")).status_code == 302
    cache.clear()
    assert post(email="r3@example.com").status_code == 302


def test_nothing_can_be_ordered_where_no_mail_can_be_sent(plan, settings):
    settings.MAIL_WORKS = False
    assert Client().get(FORM).status_code == post().status_code == 503
    assert not Order.objects.exists()


@pytest.mark.parametrize("address", [FORM, "/orders/asked/", "/orders/licence/", "/orders/licence/asked/"])
def test_nobody_keeps_its_pages(plan, address):
    response = Client().get(address)
    assert response["Cache-Control"] == "no-store"
    assert '<meta name="robots" content="noindex">' in response.text
    assert Client().get(f"/lite{address}").status_code == 301
