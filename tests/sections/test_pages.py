"""Static pages."""

from datetime import date

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from django.core.management import call_command

from sections.models import Page
from tests.factories import make_section

pytestmark = pytest.mark.django_db


def test_it_shows_its_text(client, queries):
    Page.objects.create(
        address="/policy/terms/",
        title="Terms <of> Use",
        description="What you may do.",
        body="<h2>One</h2><p>Read.</p>",
        version="3",
        dated=date(2021, 2, 27),
    )
    with queries(6):
        page = BeautifulSoup(client.get("/policy/terms/").text, "html.parser")
    assert page.h1.get_text() == "Terms <of> Use"
    assert page.select_one(".page-head .meta").get_text() == "Version 3, in force since February 27, 2021"
    assert page.select_one(".prose h2").get_text() == "One"
    assert page.select_one('meta[name="description"]')["content"] == "What you may do."
    assert page.select_one('[rel="canonical"]')["href"].endswith("/policy/terms/")


def test_it_has_no_stamp_where_none_is_known(client):
    Page.objects.create(address="/about/", title="About")
    assert BeautifulSoup(client.get("/about/").text, "html.parser").select(".page-head .meta") == []


def test_it_is_marked_in_the_list_of_pages(client):
    call_command("loaddata", "menu", "demo/pages", verbosity=0)
    page = BeautifulSoup(client.get("/policy/privacy/").text, "html.parser")
    assert [a["href"] for a in page.select('.side-nav [aria-current="page"]')] == ["/policy/privacy/"]


def test_it_stands_behind_every_link_of_the_footer(client):
    call_command("loaddata", "menu", "demo/pages", verbosity=0)
    page = BeautifulSoup(client.get("/about/").text, "html.parser")
    links = {a["href"] for a in page.select("footer a") if a["href"].startswith("/")}
    assert len(links) > 10
    assert {link: client.get(link).status_code for link in links} == dict.fromkeys(links, 200)


@pytest.mark.parametrize(
    "address", ["about/", "/about", "/About/", "/a b/", "//", "/", "/about//x/", "/über/", "/a.b/"]
)
def test_it_refuses_other_addresses(address):
    with pytest.raises(ValidationError, match="Write the address like /policy/terms/"):
        Page(address=address, title="About").full_clean()


def test_it_takes_no_address_of_a_section():
    make_section("Politics", parent=make_section())
    for address in ("/national/", "/national/politics/"):
        with pytest.raises(ValidationError, match="A section has this address: choose another."):
            Page(address=address, title="X").full_clean()


def test_it_is_found_without_its_slash(client):
    Page.objects.create(address="/about/history/", title="History")
    assert client.get("/about/history").headers["Location"] == "/about/history/"


def test_it_gives_way_to_a_section(client):
    """Where both have one address all the same, the section is shown."""
    make_section()
    Page.objects.create(address="/national/", title="A page")
    assert "<h1>National</h1>" in client.get("/national/").text
