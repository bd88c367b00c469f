"""The page of plans: what it shows and costs, and that it changes with its rows."""

import pytest
from bs4 import BeautifulSoup
from django.db import IntegrityError, connection, transaction
from django.test import Client

from sections.models import Page, Purge
from sections.surrogates import collecting
from subscriptions.models import Plan
from tests.factories import make_plan

pytestmark = pytest.mark.django_db


def read(address="/products/subscribe/"):
    return BeautifulSoup(Client().get(address).content, "html.parser")


def test_it_shows_the_plans_on_sale_with_prices_as_readers_see_them(plan, epaper):
    make_plan("Old", is_on_sale=False)
    make_plan("A year", price=240000, period="year", position=2, features="Two months for nothing\n\nEnds by itself")
    page = read()
    assert [head.get_text() for head in page.select(".plan h2")] == ["Print", "E-paper", "A year"]
    assert page.select(".plan .price")[0].get_text(strip=True) == "24,000 wona month"
    assert [line.get_text() for line in page.select(".plan li")][-2:] == ["Two months for nothing", "Ends by itself"]
    assert page.select(".plan a.button")[1]["href"] == "/orders/new/e-paper/"
    rows = {row.th.get_text(): [cell.get_text() for cell in row.select("td")] for row in page.select("tbody tr")}
    assert rows["The printed paper at your door"] == ["Yes", "No", "Yes"]
    assert rows["For a year"] == ["288,000 won", "142,800 won", "240,000 won"]


def test_it_has_the_words_of_its_static_page(plan):
    Page.objects.create(address="/products/subscribe/", title="A paper you can finish", body="<h2>How it ends</h2>")
    page = read()
    assert page.h1.get_text() == "A paper you can finish"
    assert "How it ends" in page.select_one(".prose").get_text()


def test_it_says_so_where_nothing_is_on_sale():
    assert "No subscription is on sale" in read().get_text()


def test_it_offers_no_form_where_no_mail_can_be_sent(plan, settings):
    settings.MAIL_WORKS = False
    page = read()
    assert page.select(".plan a.button") == []
    assert "cannot be ordered here" in page.get_text()


def test_it_is_the_same_for_everybody_and_may_be_kept(plan):
    response = Client().get("/products/subscribe/")
    assert response["Cache-Control"].startswith("public")
    assert not response.cookies
    assert "csrf" not in response.text


def test_it_costs_the_same_however_many_plans_there_are(plan, queries):
    with queries(5):
        Client().get("/products/subscribe/")
    for number in range(8):
        make_plan(f"Plan {number}")
    with queries(5):
        Client().get("/products/subscribe/")


def test_it_is_purged_when_a_plan_changes(plan):
    with collecting() as shown:
        Client().get("/products/subscribe/")
    assert {"plans", f"plan-{plan.pk}"} <= set(shown.all)
    Purge.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE subscriptions_plan SET price = 25000")
    assert {key for purge in Purge.objects.all() for key in purge.keys} == {"plans", f"plan-{plan.pk}"}


def test_a_plan_gives_something():
    with pytest.raises(IntegrityError), transaction.atomic():
        make_plan("Nothing", gives_delivery=False, gives_epaper=False, gives_premium=False)
    assert not Plan.objects.exists()


def test_both_pages_are_in_the_sitemap_and_have_a_lite_edition(plan):
    text = Client().get("/sitemaps/pages.xml").text
    for address in ("/products/subscribe/", "/products/content-sales/"):
        assert text.count(f"{address}</loc>") == 1
        assert Client().get(f"/lite{address}").status_code == 200
    assert "/orders/new/print/" in str(read("/lite/products/subscribe/"))
