"""Renaming and moving sections, and the redirects that stay behind."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from sections.models import Redirect, Section
from sections.moving import add_redirect, move_section
from tests.factories import make_article, make_section

pytestmark = pytest.mark.django_db


@pytest.fixture
def business():
    section = make_section("Business")
    make_section("Companies", parent=section)
    make_section("Tech", parent=section)
    return section


def paths():
    return list(Section.objects.order_by("path").values_list("path", flat=True))


def redirects():
    return dict(Redirect.objects.values_list("old_path", "new_path"))


def move(section, **changes):
    for field, value in changes.items():
        setattr(section, field, value)
    return move_section(section)


def test_it_renames_a_section_with_its_children(client, business):
    story = make_article(section=business.children.get(slug="tech"))
    address = story.get_absolute_url()
    move(business, slug="economy", name="Economy")
    assert paths() == ["economy", "economy/companies", "economy/tech"]
    assert redirects() == {
        "/business/": "/economy/",
        "/business/companies/": "/economy/companies/",
        "/business/tech/": "/economy/tech/",
    }
    for old, new in redirects().items():
        response = client.get(old)
        assert (response.status_code, response.headers["Location"]) == (301, new)
        assert client.get(new).status_code == 200
    assert client.get(address).status_code == 200, "a story's address does not name its section"


def test_it_moves_a_subsection_to_another_section(client, business):
    finance = make_section("Finance")
    move(business.children.get(slug="tech"), parent=finance)
    assert paths() == ["business", "business/companies", "finance", "finance/tech"]
    assert redirects() == {"/business/tech/": "/finance/tech/"}


def test_it_makes_a_subsection_a_section_and_back(client, business):
    tech = business.children.get(slug="tech")
    move(tech, parent=None)
    assert "tech" in paths()
    move(tech, parent=business)
    assert "business/tech" in paths()
    assert redirects() == {"/tech/": "/business/tech/"}
    assert client.get("/business/tech/").status_code == 200


def test_it_needs_one_hop_however_often_a_section_moves(client, business):
    for slug in ("economy", "money", "trade"):
        move(business, slug=slug)
    for old in ("/business/", "/economy/", "/money/"):
        response = client.get(old, follow=True)
        assert response.redirect_chain == [("/trade/", 301)]
        assert response.status_code == 200
    assert client.get("/business/tech/").headers["Location"] == "/trade/tech/"
    assert set(redirects().values()) == {"/trade/", "/trade/tech/", "/trade/companies/"}


def test_it_makes_no_loop_when_a_section_comes_back(client, business):
    move(business, slug="economy")
    move(business, slug="business")
    assert redirects()["/economy/"] == "/business/"
    assert "/business/" not in redirects()
    assert client.get("/business/").status_code == 200
    assert client.get("/economy/", follow=True).redirect_chain == [("/business/", 301)]


def test_it_lets_a_new_section_take_an_address_that_is_free_again(client, business):
    move(business, slug="economy")
    make_section("Business")
    assert client.get("/business/").status_code == 200


def test_it_lets_two_sections_trade_places(client):
    first, second = make_section("First"), make_section("Second")
    move(first, slug="between")
    move(second, slug="first")
    move(first, slug="second")
    for address, name in (("/first/", "Second"), ("/second/", "First")):
        assert f"<h1>{name}</h1>" in client.get(address).text
    assert client.get("/between/").headers["Location"] == "/second/"


def test_it_names_the_section_that_has_the_address(business):
    finance = make_section("Finance")
    make_section("Tech", parent=finance)
    before = paths()
    with pytest.raises(ValidationError) as refused:
        move(business, slug="finance")
    assert refused.value.message_dict == {"slug": ["The section Finance already has the address /finance/."]}
    tech = business.children.get(slug="tech")
    with pytest.raises(ValidationError, match="The section finance / Tech already has the address /finance/tech/."):
        move(tech, parent=finance)
    assert paths() == before
    assert redirects() == {}


def test_it_writes_all_or_nothing(business, monkeypatch):
    def fail(*args):
        raise RuntimeError("The disk is full.")

    monkeypatch.setattr("sections.moving.add_redirect", fail)
    before = paths()
    with pytest.raises(RuntimeError):
        move(business, slug="economy")
    assert paths() == before


def test_it_leaves_no_redirect_where_the_address_stays(business):
    move(business, name="Business & Work", description="Work.")
    assert Section.objects.get(path="business").name == "Business & Work"
    assert redirects() == {}


def test_it_keeps_moved_stories_in_their_section(client, business):
    make_article(section=business.children.get(slug="tech"), headline="Chips are up")
    move(business, slug="economy")
    for address in ("/economy/", "/economy/tech/"):
        assert "Chips are up" in client.get(address).text


def test_it_redirects_from_one_address_to_one_other():
    add_redirect("/a/", "/b/")
    add_redirect("/b/", "/c/")
    add_redirect("/a/", "/d/")
    assert redirects() == {"/a/": "/d/", "/b/": "/c/"}
    with pytest.raises(IntegrityError, match="redirect_no_loop"), transaction.atomic():
        Redirect.objects.create(old_path="/e/", new_path="/e/")


def test_it_points_back_without_a_loop():
    add_redirect("/a/", "/b/")
    add_redirect("/b/", "/a/")
    assert redirects() == {"/b/": "/a/"}
    add_redirect("/c/", "/b/")
    add_redirect("/a/", "/c/")
    chains = [new for new in redirects().values() if new in redirects()]
    assert chains == []


def test_it_takes_where_a_redirect_leads_for_an_address_in_use():
    """Something stands at /b/ again, so its own redirect goes."""
    add_redirect("/b/", "/c/")
    add_redirect("/a/", "/b/")
    assert redirects() == {"/a/": "/b/"}
