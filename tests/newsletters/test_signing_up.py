"""From the form to the mail, to confirming and ending; and everything that is wrong with a form or a link."""

from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from newsletters import signing_up
from newsletters.addresses import clean_address
from newsletters.models import Delivery, SignUp, Subscriber, Subscription
from newsletters.sending import send_due
from newsletters.working import do_due_letters

from .conftest import link_in, make_issue, make_letter, make_reader, ready

pytestmark = pytest.mark.django_db
ADDRESS = "reader@example.com"


@pytest.fixture
def letter(db):
    return make_letter()


def order(address=ADDRESS, *letters, client=None, **fields):
    """Sends the form."""
    client = client or Client(enforce_csrf_checks=True)
    return client.post("/letters/order/", {"email": address, "letters": letters or ["morning-briefing"]} | fields)


def words(response):
    """What a page says in its main part."""
    return BeautifulSoup(response.content, "html.parser").main.get_text(" ", strip=True)


# ---- the whole way


def test_it_leads_from_the_form_to_the_letter_and_out_again(letter, mailbox):
    culture = make_letter("K-culture")
    make_letter("Business")
    response = order(ADDRESS, "morning-briefing", "k-culture")
    assert (response.status_code, response["Location"]) == (303, "/letters/asked/")
    assert "Look into your mailbox" in Client().get("/letters/asked/").text
    send_due()
    (mail,) = mailbox.to(ADDRESS)
    assert mail["Subject"] == "Confirm your letters from The Hangang Times"
    assert "Morning briefing" in mail.get_body(("plain",)).get_content()
    # A program that opens every link confirms nothing.
    link, browser = link_in(mail, "confirm"), Client(enforce_csrf_checks=True)
    for _ in range(3):
        assert "Confirm your letters" in words(browser.get(link))
        browser.head(link)
    assert not Subscription.objects.active().exists()
    assert "Thank you" in words(browser.post(link))
    assert set(Subscription.objects.active().values_list("newsletter", flat=True)) == {letter.pk, culture.pk}
    ready(make_issue(letter))
    do_due_letters()
    issue = mailbox.to(ADDRESS)[1]
    assert issue["Subject"] == "Two stories for today"
    end = link_in(issue, "end")
    assert "Unsubscribe from Morning briefing" in words(browser.get(end))
    assert Subscription.objects.active().count() == 2
    assert "You are unsubscribed" in words(browser.post(end))
    assert [row.newsletter for row in Subscription.objects.active()] == [culture]
    # It is ended once; doing it again is no error.
    assert browser.post(end).status_code == 200
    assert not browser.cookies


def test_it_ends_with_the_one_click_of_mail_programs(letter, mailbox):
    """RFC 8058: a POST to the address in List-Unsubscribe, without cookies, ends it at once."""
    make_reader(ADDRESS, letter)
    ready(make_issue(letter))
    do_due_letters()
    (mail,) = mailbox.to(ADDRESS)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = mail["List-Unsubscribe"].strip("<>").removeprefix("http://127.0.0.1:8000")
    response = Client(enforce_csrf_checks=True).post(address, {"List-Unsubscribe": "One-Click"})
    assert response.status_code == 200
    row = Subscription.objects.get()
    assert (row.is_active, row.ending) == (False, "reader")


def test_it_lets_a_reader_choose_without_signing_in(letter, mailbox):
    make_letter("Business")
    reader = make_reader(ADDRESS, letter)
    link = f"/letters/preferences/{signing_up.sign('preferences', reader.pk)}/"
    page = BeautifulSoup(Client().get(link).content, "html.parser")
    assert [box["value"] for box in page.select("input[name=letters][checked]")] == ["morning-briefing"]
    assert ADDRESS not in page.get_text(), "a forwarded mail gives the address away to nobody"
    assert Client().post(link, {"letters": ["business"]}).status_code == 200
    assert [row.newsletter.slug for row in reader.subscriptions.active()] == ["business"]
    assert Client().post(link, {"letters": ["nonsense"]}).status_code == 400
    assert "Deleted" in words(Client().post(link, {"act": "forget"}))
    assert not Subscriber.objects.exists()
    assert Client().get(link).status_code == 410


# ---- nobody learns who reads what


def test_it_answers_every_address_the_same(letter, mailbox):
    make_reader("confirmed@example.com", letter)
    order("waiting@example.com")
    answers = {
        (response.status_code, response["Location"], bytes(response.content), response["Cache-Control"])
        for response in map(order, ("new@example.com", "waiting@example.com", "confirmed@example.com"))
    }
    assert len(answers) == 1
    send_due()
    assert mailbox.counts == {"new@example.com": 1, "waiting@example.com": 2, "confirmed@example.com": 1}


def test_it_costs_the_same_for_every_address(letter):
    make_reader("confirmed@example.com", letter)

    def cost(address):
        with CaptureQueriesContext(connection) as made:
            order(address)
        return len(made)

    assert abs(cost("new@example.com") - cost("confirmed@example.com")) <= 5
    assert cost("confirmed@example.com") <= 20


def test_it_mails_one_person_three_times_an_hour(letter, mailbox):
    answers = {order()["Location"] for _ in range(5)}
    assert answers == {"/letters/asked/"}
    order("READER+news@example.com")
    send_due()
    assert sum(mailbox.counts.values()) == 3
    with time_machine.travel(timezone.now() + timedelta(hours=1, minutes=1)):
        order()
    assert SignUp.objects.count() == 4


def test_it_takes_twenty_orders_an_hour_from_one_client(letter):
    for number in range(20):
        assert order(f"r{number}@example.com").status_code == 303
    response = order("r20@example.com")
    assert response.status_code == 429
    assert "try again later" in words(response)
    assert not Subscriber.objects.filter(key="r20@example.com").exists()
    assert order("r21@example.com", client=Client(REMOTE_ADDR="192.0.2.9")).status_code == 303
    assert not SignUp.objects.filter(client__contains="127.0").exists(), "no address of a client is kept"


def test_it_ignores_programs_that_fill_in_every_field(letter):
    assert order(website="https://spam.example/").status_code == 303
    assert not Subscriber.objects.exists()


# ---- one person, one subscription


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("Reader@Example.COM", "reader@example.com"),
        ("reader+news@example.com", "reader@example.com"),
        (" reader@example.com ", "reader@example.com"),
        ("re.a.der+x@gmail.com", "reader@gmail.com"),
        ("reader@googlemail.com", "reader@gmail.com"),
        ("re.ader@example.com", "re.ader@example.com"),
        ("+reader@example.com", "+reader@example.com"),
    ],
)
def test_it_knows_the_same_person(address, key):
    assert clean_address(address) == (address.strip(), key)


def test_it_makes_one_reader_of_all_spellings(letter, mailbox):
    for address in ("re.ader@gmail.com", "Reader+a@gmail.com", "reader@googlemail.com"):
        order(address)
    assert Subscriber.objects.count() == Subscription.objects.count() == 1
    # Until something is confirmed, the newest spelling is the one that is mailed to.
    assert Subscriber.objects.get().address == "reader@googlemail.com"


def test_it_never_moves_a_confirmed_reader_to_another_spelling(letter, mailbox):
    make_reader(ADDRESS, letter)
    order("reader+elsewhere@example.com")
    send_due()
    assert set(mailbox.counts) == {ADDRESS}


BAD = [
    "",
    "reader",
    "reader@",
    "@example.com",
    "a b@example.com",
    "a@example.com, b@example.com",
    "a@example.com\r\nBcc: victim@example.com",
    "a@example.com%0d%0aBcc:victim@example.com",
    "a\0@example.com",
    '"a b"@example.com',
    "a@[127.0.0.1]",
    "<script>@example.com",
    "rеader@example.com",  # a Cyrillic letter
    "reader@exаmple.com",
    "reader＠example.com",
    "ｒeader@example.com",
    "x" * 300 + "@example.com",
    "x" * 65 + "@example.com",
    "a" * 5_000,
]


@pytest.mark.parametrize("address", BAD)
def test_it_refuses_what_is_no_address_with_a_sentence(letter, address):
    response = order(address)
    assert response.status_code == 400
    page = BeautifulSoup(response.content, "html.parser")
    said = page.select_one("#email-error").get_text()
    assert said.endswith(".")
    assert page.select_one("[name=email]")["aria-describedby"] == "email-error"
    assert response["Cache-Control"] == "no-store"
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize("letters", [[], ["nonsense"], ["morning-briefing", "resting"], ["1' OR 1=1"], ["\0"]])
def test_it_refuses_letters_that_nobody_can_order(letter, letters):
    make_letter("Resting", is_active=False)
    response = Client().post("/letters/order/", {"email": ADDRESS, "letters": letters})
    assert response.status_code == 400
    assert BeautifulSoup(response.content, "html.parser").select_one("#letters-error").get_text().endswith(".")
    assert not Subscriber.objects.exists()


def test_it_says_so_where_no_mail_can_leave(letter, settings):
    settings.MAIL_WORKS = False
    assert "cannot be ordered here at present" in Client().get("/newsletters/").text
    assert order().status_code == 503
    assert not Subscriber.objects.exists()


# ---- bad links


@pytest.mark.parametrize("kind", ["confirm", "end", "preferences"])
@pytest.mark.parametrize("token", ["x", "a:b:c", "x" * 3000, "%00", "é", "MQ:1abc:forged"])
def test_it_answers_forged_links_with_a_sentence(letter, kind, token):
    for ask in (Client().get, Client().post):
        response = ask(f"/letters/{kind}/{token}/")
        assert response.status_code in (400, 410)
        assert response.status_code == 400 or "This link does not work" in words(response)


def test_it_takes_a_link_for_its_own_purpose_alone(letter):
    reader = make_reader(ADDRESS, letter)
    ended = signing_up.sign("end", [reader.pk, letter.pk])
    assert Client().post(f"/letters/preferences/{ended}/").status_code == 410
    assert Client().post(f"/letters/confirm/{ended}/").status_code == 410
    for odd in ("x", [1], [1, 2, 3], ["a", "b"], None, {"a": 1}):
        assert Client().post(f"/letters/end/{signing_up.sign('end', odd)}/").status_code == 410
    assert reader.subscriptions.active().count() == 1


def test_it_confirms_once_and_for_three_days(letter, mailbox):
    order()
    send_due()
    link = link_in(mailbox.to(ADDRESS)[0], "confirm")
    with time_machine.travel(timezone.now() + timedelta(days=3, minutes=1)):
        late = Client().post(link)
    assert late.status_code == 410
    assert "expired" in words(late)
    assert Client().post(link).status_code == 200
    Client().post(link_in(mailbox.to(ADDRESS)[0], "end"))
    again = Client().post(link)
    assert again.status_code == 410
    assert "used already" in words(again)
    assert not Subscription.objects.active().exists(), "an old link does not bring back what was ended"


def test_it_begins_nothing_after_the_owner_has_said_no(letter, mailbox):
    """The mail that asks has a link for those who did not order."""
    order()
    send_due()
    (mail,) = mailbox.to(ADDRESS)
    Client().post(link_in(mail, "end"))
    assert Client().post(link_in(mail, "confirm")).status_code == 410
    assert not Subscription.objects.active().exists()


def test_it_can_be_ordered_again_after_it_was_ended(letter, mailbox):
    reader = make_reader(ADDRESS, letter)
    signing_up.end(reader)
    order()
    send_due()
    Client().post(link_in(mailbox.to(ADDRESS)[0], "confirm"))
    row = Subscription.objects.get()
    assert row.is_active
    assert row.ending == ""


def test_it_forgets_who_never_confirmed(letter):
    order("stranger@example.com")
    kept = make_reader(ADDRESS, letter)
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        signing_up.forget_unconfirmed()
    assert list(Subscriber.objects.all()) == [kept]
    assert not SignUp.objects.exists()
    assert not Delivery.objects.exists()
