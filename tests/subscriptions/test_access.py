"""Who has a subscription, what accounts tell of orders, and how long personal data is kept."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from readers.models import User
from subscriptions import ordering, retention
from subscriptions.access import has_subscription
from subscriptions.models import LicenceRequest, Mail, Order, Step
from tests.editions.papers import make_edition, make_stories
from tests.factories import make_order, make_plan, make_section, make_staff

from .conftest import make_reader, sign_in

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def running(plan=None, **fields):
    """An order that runs."""
    order = make_order(plan, **fields)
    ordering.confirm(order, who="editor")
    return ordering.start(order, who="editor")


def test_it_is_told_in_one_query(plan, queries):
    user = make_reader()
    running(plan)
    with queries(1):
        assert has_subscription(user, "premium")
    with queries(0):
        assert not has_subscription(AnonymousUser(), "premium")
        assert not has_subscription(None, "epaper")


@pytest.mark.parametrize("address", ["bomi@example.com", "BoMi@Example.com", "bomi+paper@example.com"])
def test_by_a_confirmed_mail_address_however_it_is_written(plan, address):
    running(plan, email=address)
    assert has_subscription(make_reader(), "premium")


def test_not_by_an_address_that_is_not_confirmed(plan):
    running(plan)
    assert not has_subscription(make_reader(verified=False), "premium")


def test_by_the_account_whatever_its_address_became(plan):
    user = make_reader("old@example.com")
    running(plan, user=user, email="old@example.com")
    user.emailaddress_set.all().delete()
    user.emailaddress_set.create(email="new@example.com", verified=True, primary=True)
    assert has_subscription(user, "premium")


def test_not_by_anybody_elses(plan):
    running(plan, email="bomi@example.org")
    running(make_plan("Other"), user=make_reader("else@example.com"), email="else@example.com")
    assert not has_subscription(make_reader(), "premium")


def test_by_what_the_plan_gives():
    running(make_plan("E-paper", gives_delivery=False, gives_premium=False))
    user = make_reader()
    assert has_subscription(user, "epaper")
    assert not has_subscription(user, "premium")


def test_only_while_it_runs(plan):
    user = make_reader()
    order = make_order(plan)
    assert not has_subscription(user, "premium")
    ordering.confirm(order, who="editor")
    assert not has_subscription(user, "premium")
    ordering.start(order, who="editor")
    assert has_subscription(user, "premium")
    ordering.cancel(order)
    assert has_subscription(user, "premium"), "until the end of what is paid"
    today = timezone.localdate()
    for until, renews, has in ((today, False, True), (today - DAY, False, False), (today - DAY, True, False)):
        Order.objects.update(runs_until=until, renews=renews)
        assert has_subscription(user, "premium") is has
    Order.objects.update(cancel_asked_at=None)
    assert has_subscription(user, "premium"), "a renewal may be told late"
    Order.objects.update(runs_until=today - 4 * DAY)
    assert not has_subscription(user, "premium")
    ordering.end(order, who="editor")
    assert not has_subscription(user, "premium")


def test_not_for_an_account_that_is_switched_off(plan):
    running(plan)
    user = make_reader()
    user.is_active = False
    assert not has_subscription(user, "premium")


# ---- the e-paper


def test_the_e_paper_opens_to_subscribers_alone(plan, client, settings):
    settings.EPAPER_ACCESS = "subscribers"
    edition = make_edition(make_stories(make_section("National"), 7))
    room = f"/reading-room/{edition.date:%Y/%m/%d}/"
    assert "as a subscriber" in Client().get(edition.get_absolute_url()).text
    assert Client().get(room)["Location"].startswith("/login/")
    user = make_reader()
    sign_in(client, user)
    assert client.get(room)["Location"] == "/products/subscribe/", "no loop between login and reading room"
    running(plan)
    response = client.get(room)
    assert (response.status_code, "no-store" in response["Cache-Control"]) == (200, True)
    client.force_login(make_staff(), "readers.signing_in.StaffBackend")
    assert client.get(room).status_code == 200


# ---- accounts


def test_the_account_page_leads_to_the_orders(plan, epaper, client):
    user = make_reader()
    sign_in(client, user)
    assert "Your subscriptions" not in client.get("/account/").text
    running(plan)
    make_order(epaper, email="BOMI+x@example.com")
    make_order(plan, email="else@example.com")
    page = BeautifulSoup(client.get("/account/").text, "html.parser")
    links = page.select("a[href^='/orders/by-link/']")
    assert [link.get_text().partition(":")[0] for link in links] == ["E-paper", "Print"]
    assert client.get(links[0]["href"]).status_code == 200


def test_the_data_of_an_account_has_its_orders(plan, client):
    order = running(plan)
    make_order(plan, email="else@example.com")
    (told,) = sign_in(client, make_reader()).get("/account/data/").json()["orders"]
    assert (told["reference"], told["plan"], told["road_address"]) == (
        order.reference,
        "Print",
        "21 Naru-ro, Mapo-gu, Seoul",
    )
    assert [step["to"] for step in told["steps"]] == ["new", "confirmed", "running"]


def test_deleting_an_account_keeps_the_records_and_says_so(plan, client):
    user = make_reader()
    sign_in(client, user)
    assert "Records of your orders" not in client.get("/account/delete/").text
    order = running(plan, user=user)
    text = client.get("/account/delete/").text
    assert "Records of your orders are kept" in text
    assert "Subscriptions that run are not ended" in text
    assert "Nothing of it is kept" not in text
    response = client.post("/account/delete/", {"proof": "a ferry at six in the fog"})
    assert "Records of your orders are kept" in response.text
    assert not User.objects.filter(pk=user.pk).exists()
    order.refresh_from_db()
    assert (order.user, order.state, order.email) == (None, "running", "bomi@example.com")


# ---- how long it is kept


def years_ago(order, days):
    Order.objects.filter(pk=order.pk).update(ended_at=timezone.now() - timedelta(days=days))


def test_personal_data_goes_after_the_time_that_the_law_asks_for(plan):
    kept, gone, unpaid, open_one = (make_order(plan, email=f"r{number}@example.com") for number in range(4))
    for order in (kept, gone):
        ordering.confirm(order, who="editor")
        ordering.start(order, who="editor")
        ordering.end(order, who="editor", note="Called by Bo-mi")
    ordering.cancel(unpaid)
    years_ago(kept, 5 * 365 - 1)
    years_ago(gone, 5 * 366 + 1)
    years_ago(unpaid, 366)
    Order.objects.filter(pk=open_one.pk).update(asked_at=timezone.now() - timedelta(days=9 * 365))
    call_command("anonymise_orders", "--dry-run", verbosity=0)
    assert Order.objects.filter(anonymised_at=None).count() == 4
    call_command("anonymise_orders", verbosity=0)
    call_command("anonymise_orders", verbosity=0)
    assert set(Order.objects.filter(anonymised_at=None)) == {kept, open_one}
    gone.refresh_from_db()
    assert (gone.name, gone.email, gone.telephone, gone.postcode, gone.road_address) == ("–", "", "", "", "")
    assert (gone.price, gone.periods_paid, gone.state) == (24000, 1, "ended"), "the accounts need these"
    assert not Mail.objects.filter(order=gone).exists()
    assert not Step.objects.filter(order=gone).exclude(note="").exists()


def test_requests_without_an_agreement_go_after_a_year():
    old, agreed, new = (
        LicenceRequest.objects.create(
            name="Cho", email="cho@example.com", kind="feed", purpose="A portal", medium="web", asked_at=at
        )
        for at in (timezone.now() - 366 * DAY, timezone.now() - 366 * DAY, timezone.now())
    )
    agreed.steps.create(who="editor", after="agreed")
    assert retention.anonymise() == (0, 1)
    old.refresh_from_db()
    assert (old.name, old.email, old.purpose) == ("–", "", "–")
    assert set(LicenceRequest.objects.filter(anonymised_at=None)) == {agreed, new}
