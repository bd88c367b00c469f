"""Redirects: one hop, no circle, counted, and shown before they are made."""

import pytest
from django.test import Client
from django.urls import reverse

from articles.due import do_due_work
from sections.hits import write_hits
from sections.models import Page, Redirect
from sections.moving import add_redirect, plan_redirects
from tests.admin.posting import errors, page, submit, told
from tests.factories import make_section, make_staff

pytestmark = pytest.mark.django_db
ADD = reverse("admin:sections_redirect_add")
PASTE = reverse("admin:sections_redirect_paste")


@pytest.fixture
def desk():
    """A browser of somebody who may do everything."""
    client = Client()
    client.force_login(make_staff())
    return client


def test_uses_are_counted_without_a_query_and_written_later(client, django_assert_num_queries):
    write_hits()
    add_redirect("/old/", "/new/")
    with django_assert_num_queries(3):
        client.get("/old/")
    client.get("/old/")
    assert Redirect.objects.get().hits == 0
    assert do_due_work() == 2
    redirect = Redirect.objects.get()
    assert redirect.hits == 2
    assert redirect.last_hit_at
    assert write_hits() == 0


def test_the_list_tells_what_nobody_uses(desk, client):
    add_redirect("/never/", "/a/")
    add_redirect("/lately/", "/b/")
    client.get("/lately/")
    write_hits()
    for use, path in (("never", "/never/"), ("lately", "/lately/")):
        shown = page(desk.get(reverse("admin:sections_redirect_changelist"), {"use": use}))
        assert [cell.get_text() for cell in shown.select("#result_list .field-old_path")] == [path]


def test_a_chain_becomes_one_hop_and_loses_nobody(desk, client):
    add_redirect("/b/", "/c/")
    submit(desk, ADD, "redirect_form", old_path="/a/", new_path="/b/")
    assert client.get("/a/")["Location"] == "/c/"
    assert client.get("/b/")["Location"] == "/c/"


def test_a_circle_is_refused_in_a_sentence(desk):
    add_redirect("/b/", "/a/")
    response = submit(desk, ADD, "redirect_form", old_path="/a/", new_path="/b/")
    assert "This leads in a circle" in errors(response)
    assert Redirect.objects.count() == 1


def test_pasted_lines_say_what_they_will_do_before_they_do_it(desk, client):
    make_section("Finance")
    add_redirect("/b/", "/c/")
    lines = (
        "/economy/ /finance/\n\n/a/ /b/\nonly-one\n/finance/ /x/\n/economy/ /again/\n/x/ javascript:alert(1)\n/c/ /b/"
    )
    shown = page(desk.post(PASTE, {"lines": lines})).get_text(" ", strip=True)
    for sentence in (
        *("Write two addresses", "A section or page stands at this address", "stands in an earlier line already"),
        *("Write /an/address/", "This leads in a circle"),
    ):
        assert sentence in shown
    assert Redirect.objects.count() == 1, "nothing is written by looking"
    assert "Redirects written: 2." in told(desk.post(PASTE, {"lines": lines, "sure": "1"}, follow=True))
    assert client.get("/economy/")["Location"] == "/finance/"
    assert client.get("/a/")["Location"] == "/c/"


def test_lines_that_lead_on_to_each_other_end_in_one_hop(desk, client):
    desk.post(PASTE, {"lines": "/a/ /b/\n/b/ /c/", "sure": "1"})
    assert client.get("/a/")["Location"] == "/c/"


@pytest.mark.parametrize("lines", ["", "x" * 200_000, "/a\0/ /b/", "\u2028", "/" + "x" * 400 + " /b/"])
def test_odd_lines_are_no_error(desk, lines):
    assert desk.post(PASTE, {"lines": lines, "sure": "1"}).status_code in (200, 302)
    assert not Redirect.objects.exists()


def test_a_plan_costs_nothing_but_queries():
    assert plan_redirects("/a/ /b/")[0].problem == ""
    assert not Redirect.objects.exists()


def test_a_section_says_which_addresses_will_lead_on(desk):
    economy = make_section("Economy")
    make_section("Firms", economy)
    form = page(desk.get(reverse("admin:sections_section_change", args=[economy.pk])))
    assert "/economy/, /economy/firms/" in form.find(class_="field-will_redirect").get_text()


def test_a_page_that_moves_leaves_a_redirect_and_says_so(desk, client):
    about = Page.objects.create(address="/about/us/", title="Us", body="<p>We.</p>")
    form = reverse("admin:sections_page_change", args=[about.pk])
    response = submit(desk, form, "page_form", address="/about/the-paper/")
    assert "/about/us/ leads to /about/the-paper/" in told(response)
    assert client.get("/about/us/")["Location"] == "/about/the-paper/"


def test_it_is_for_those_who_may(client):
    client.force_login(make_staff("reporter", superuser=False))
    assert client.get(PASTE).status_code == 403
