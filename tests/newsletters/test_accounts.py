"""Letters of readers with an account: chosen when registering, changed in the account, gone with it."""

import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from newsletters import signing_up
from newsletters.models import Delivery, SignUp, Subscriber, Subscription
from readers.models import User

from .conftest import make_letter, make_reader

pytestmark = pytest.mark.django_db
MINE = "/account/newsletters/"
PASSWORD = "a ferry at six in the fog"


@pytest.fixture(autouse=True)
def limits():
    """What the limits have counted in other tests is forgotten."""
    cache.clear()


@pytest.fixture
def letters():
    """Two letters that are written and one that is not any more."""
    make_letter("Old letter", is_active=False)
    return [make_letter("Morning briefing"), make_letter("Business", position=1)]


def register(client, *slugs, email="yuna@example.org"):
    fields = {"first_name": "Yuna", "email": email, "password1": PASSWORD, "terms": "on", "letters": slugs}
    return client.post("/register/", fields, follow=True)


def confirm(client, message=None):
    link = re.search(r"https?://[^/\s]+(/\S+confirm-email\S+)", (message or mail.outbox[-1]).body)[1]
    return client.post(link, follow=True)


def active(email="yuna@example.org"):
    rows = Subscription.objects.active().filter(subscriber__address=email)
    return sorted(rows.values_list("newsletter__slug", flat=True))


@pytest.fixture
def mine():
    """The browser of a reader whose address is confirmed."""
    user = User.objects.create_user("reader-1", "yuna@example.org", PASSWORD, first_name="Yuna")
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    client = Client()
    client.force_login(user, "readers.accounts.ReaderBackend")
    return client


def test_letters_chosen_when_registering_begin_with_the_confirmed_address(client, letters):
    page = client.get("/register/").text
    assert "Morning briefing: Daily" in page
    assert "Old letter" not in page
    register(client, "business")
    assert active() == []
    confirm(client)
    assert active() == ["business"]
    assert len(mail.outbox) == 1, "the mail that confirms the account confirms the letters"
    assert not Delivery.objects.exists()


def test_without_confirming_nothing_begins_and_nothing_is_kept(client, letters):
    register(client, "business")
    SignUp.objects.update(asked_at=timezone.now() - 2 * signing_up.FORGET_AFTER)
    Subscriber.objects.update(created_at=timezone.now() - 2 * signing_up.FORGET_AFTER)
    signing_up.forget_unconfirmed()
    assert not Subscriber.objects.exists()
    confirm(client)
    assert active() == []


def test_an_address_with_an_account_orders_nothing(client, mine, letters):
    known, free = register(client, "business"), register(Client(), "business", email="other@example.org")
    assert known.redirect_chain == free.redirect_chain
    assert active() == []
    assert list(SignUp.objects.values_list("subscriber__address", flat=True)) == ["other@example.org"]


@pytest.mark.parametrize("slug", ["old-letter", "nothing", "<b>", "x" * 300, "busi\0ness", "business\r\nBcc: x@y.org"])
def test_what_is_no_letter_is_refused_and_no_account_is_made(client, letters, slug):
    answer = register(client, slug)
    assert "not written any more" in answer.text
    assert not User.objects.exists()
    assert not mail.outbox


def test_an_address_that_takes_no_letters_is_told_so(client, letters):
    assert "This is no e-mail address" in register(client, "business", email='"ya"@example.org').text
    assert not User.objects.exists()


def test_letters_that_somebody_had_before_stay(client, letters):
    make_reader("yuna@example.org", letters[0])
    register(client, "business", email="Yuna+paper@example.org")
    confirm(client)
    assert active() == ["business", "morning-briefing"], "they go on to the address they went to"
    assert Subscriber.objects.get().user == User.objects.get()


def test_a_letter_that_was_ended_meanwhile_does_not_begin(client, letters):
    register(client, "business")
    signing_up.end(Subscriber.objects.get())
    confirm(client)
    assert active() == []


def test_the_account_lists_and_changes_them(mine, letters):
    assert 'value="business" checked' not in mine.get(MINE).text
    assert "Saved" in mine.post(MINE, {"letters": ["business", "morning-briefing"]}, follow=True).text
    assert active() == ["business", "morning-briefing"]
    assert 'value="business" checked' in mine.get(MINE).text
    mine.post(MINE, {"letters": ["business"]})
    assert active() == ["business"]
    mine.post(MINE, {})
    assert active() == []
    assert not mail.outbox
    assert not Delivery.objects.exists()


def test_a_choice_that_is_none_changes_nothing(mine, letters):
    mine.post(MINE, {"letters": ["business"]})
    for slug in ("old-letter", "nothing", "a\0b"):
        answer = mine.post(MINE, {"letters": ["morning-briefing", slug]})
        assert answer.status_code == 422
        assert "choose again" in answer.text
    assert active() == ["business"]


def test_an_account_without_a_confirmed_address_gets_none(mine, letters):
    User.objects.get().emailaddress_set.update(verified=False)
    assert "confirmed address only" in mine.post(MINE, {"letters": ["business"]}).text
    assert not Subscriber.objects.exists()


def test_it_is_for_the_reader_alone(letters):
    assert Client().get(MINE).headers["Location"].startswith("/login/")
    user = User.objects.create_user("reader-2", "other@example.org", PASSWORD)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user, "readers.accounts.ReaderBackend")
    assert strict.get(MINE).headers["Cache-Control"] == "no-store"
    assert strict.post(MINE, {"letters": ["business"]}).status_code == 403


def test_letters_follow_to_a_new_address(mine, letters):
    mine.post(MINE, {"letters": ["business"]})
    mine.post("/account/reauthenticate/", {"password": PASSWORD})
    mine.post("/account/email/", {"email": "new@example.org", "action_add": ""})
    confirm(mine, next(message for message in mail.outbox if message.to == ["new@example.org"]))
    assert (active(), active("new@example.org")) == ([], ["business"])


def test_they_are_part_of_the_readers_data_and_go_with_the_account(mine, letters):
    mine.post(MINE, {"letters": ["business"]})
    (told,) = mine.get("/account/data/").json()["letters"]
    assert (told["letter"], told["address"], told["ended"]) == ("Business", "yuna@example.org", None)
    mine.post("/account/delete/", {"proof": PASSWORD})
    assert not Subscriber.objects.exists()


def test_letters_ordered_elsewhere_belong_to_the_account_too(mine, letters):
    signing_up.start(make_reader("Yuna+x@example.org"), letters)
    assert 'value="business" checked' not in Client().get("/newsletters/").text
    Subscriber.objects.update(key="yuna@example.org")
    assert 'value="business" checked' in mine.get(MINE).text
    mine.post("/account/delete/", {"proof": PASSWORD})
    assert not Subscriber.objects.exists()
