"""Sections, menus, masthead, pages and redirects in the admin, and what readers see of it."""

import pytest
from django.core.management import call_command
from django.urls import reverse

from sections.models import MastheadFact, MenuItem, Page, Redirect, Section
from tests.admin.posting import errors, fields_of, page, submit, told
from tests.factories import make_article, make_list, make_section

SECTIONS = reverse("admin:sections_section_changelist")


def change(obj):
    """The address of a row's form."""
    return reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change", args=[obj.pk])


def add(model):
    """The address of the empty form of a model."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")


def delete(obj):
    """The address of the question before a row is deleted."""
    return change(obj).replace("change", "delete")


def test_the_tree_is_listed_in_order(desk):
    world = make_section("World", position=1)
    business = make_section("Business", position=2)
    make_section("Tech", business, position=2)
    make_section("Bio", business, position=1)
    make_section("Asia", world)
    names = [cell.get_text() for cell in page(desk.get(SECTIONS)).select("#result_list .field-tree_name")]
    assert names == ["World", "Asia", "Business", "Bio", "Tech"]


@pytest.mark.parametrize(("level", "names"), [("top", ["World"]), ("below", ["Asia"]), ("x", ["World", "Asia"])])
def test_the_tree_is_filtered_by_level(desk, level, names):
    make_section("Asia", make_section("World"))
    response = desk.get(f"{SECTIONS}?level={level}")
    assert [cell.get_text() for cell in page(response).select("#result_list .field-tree_name")] == names


def test_a_moved_section_leaves_redirects_for_itself_and_below(desk, client):
    economy = make_section("Economy")
    make_section("Firms", economy)
    submit(desk, change(economy), "section_form", name="Business", slug="business")
    assert client.get("/business/firms/").status_code == 200
    response = client.get("/economy/firms/")
    assert (response.status_code, response["Location"]) == (301, "/business/firms/")


def test_a_subsection_moves_under_another_section(desk, client):
    business, finance = make_section("Business"), make_section("Finance")
    firms = make_section("Firms", business)
    submit(desk, change(firms), "section_form", parent=finance.pk)
    assert client.get("/business/firms/")["Location"] == "/finance/firms/"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"slug": "finance"}, "Another section here has this slug."),
        ({"slug": "admin"}, "belongs to the site"),
        ({"slug": "2026"}, "belongs to the site"),
        ({"slug": "about-us"}, "The static page /about-us/ has this address"),
        ({"slug": "x" * 10_000}, "at most 60 characters"),
        ({"slug": "경제"}, "Enter a valid"),
        ({"name": "A\0B"}, "Null characters"),
        ({"position": "-1"}, "greater than or equal to 0"),
        ({"parent": "self"}, "has none above"),
    ],
)
def test_a_section_that_cannot_be_is_refused_at_the_field(desk, fields, sentence):
    make_section("Finance")
    Page.objects.create(address="/about-us/", title="About")
    section = make_section("Business")
    fields = {name: section.pk if value == "self" else value for name, value in fields.items()}
    assert sentence in errors(submit(desk, change(section), "section_form", **fields))
    assert not Redirect.objects.exists()


def test_a_clash_below_a_moved_section_is_a_sentence(desk):
    """The move itself finds it, not the form; nothing is half moved."""
    business = make_section("Business")
    finance = make_section("Finance")
    firms = make_section("Firms", business)
    Section.objects.filter(pk=finance.pk).update(path="finance")
    make_section("Firms", finance)
    assert "has this slug" in errors(submit(desk, change(firms), "section_form", parent=finance.pk))
    firms.refresh_from_db()
    assert firms.path == "business/firms"


def test_a_section_with_stories_cannot_be_deleted(desk):
    section, parent, ranked = make_section("Business"), make_section("World"), make_section("Sports")
    empty = make_section("Empty")
    make_article(section=section)
    make_section("Asia", parent)
    make_list("top-5-sports", section=ranked)
    for found, reason in ((section, "has stories"), (parent, "has subsections"), (ranked, "has ranked lists")):
        assert reason in told(desk.post(delete(found), {"post": "yes"}, follow=True))
    chosen = {"action": "delete_selected", "_selected_action": [section.pk, empty.pk], "post": "yes"}
    assert "has stories" in told(desk.post(SECTIONS, chosen, follow=True))
    desk.post(delete(empty), {"post": "yes"})
    assert set(Section.objects.filter(parent=None).values_list("slug", flat=True)) == {"business", "world", "sports"}


def test_places_are_changed_in_the_list(desk):
    first, second = make_section("Business", position=1), make_section("World", position=2)
    data = fields_of(desk.get(SECTIONS), "changelist-form") | {"form-0-position": "3", "_save": "Save"}
    desk.post(SECTIONS, data)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.position, second.position) == (3, 2)


def test_a_section_says_which_menus_show_it(desk):
    section = make_section("Entertainment & Arts", slug="entertainment")
    MenuItem.objects.create(menu="bar", section=section, label="Entertainment & Art")
    text = page(desk.get(change(section))).select_one(".field-where_shown").get_text(" ", strip=True)
    assert "Bar under the masthead" in text
    assert "“Entertainment & Art”" in text


def test_a_menu_entry_shows_on_the_site(desk, client):
    section = make_section("Business")
    submit(desk, add(MenuItem), "menuitem_form", menu="bar", section=section.pk, label="Money & work")
    assert "Money &amp; work" in client.get("/").content.decode()


def test_menu_entries_are_ordered_in_the_list(desk):
    call_command("loaddata", "menu", verbosity=0)
    url = reverse("admin:sections_menuitem_changelist") + "?menu__exact=tiles"
    data = fields_of(desk.get(url), "changelist-form")
    last = int(data["form-TOTAL_FORMS"]) - 1
    desk.post(url, data | {f"form-{last}-position": "0", "_save": "Save"})
    first = MenuItem.objects.filter(menu="tiles").first()
    assert str(first.pk) == data[f"form-{last}-id"]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"menu": "bar", "label": "Nowhere"}, "Choose a section or write an address."),
        ({"menu": "bar", "label": "Bad", "url": "javascript:alert(1)"}, "Write /a/path/"),
        ({"menu": "bar", "url": "/about/"}, "Write a label"),
        ({"menu": "bar", "section": "S", "url": "/about/"}, "not both"),
        ({"menu": "bar", "section": "S", "parent": "P"}, "Only the overlay and the footer"),
        ({"menu": "footer", "section": "S", "parent": "P"}, "Choose a first-level entry of the same menu."),
        ({"menu": "tower", "section": "S"}, "Select a valid choice"),
    ],
)
def test_a_menu_entry_that_cannot_be_is_refused(desk, fields, sentence):
    section = make_section("Business")
    parent = MenuItem.objects.create(menu="overlay", section=section)
    fields = {name: {"S": section.pk, "P": parent.pk}.get(value, value) for name, value in fields.items()}
    assert sentence in errors(submit(desk, add(MenuItem), "menuitem_form", **fields))
    assert MenuItem.objects.count() == 1


def test_the_paper_is_renamed_in_the_masthead(desk, client):
    fact = MastheadFact.objects.create(kind="name", value="The Hangang Times")
    submit(desk, change(fact), "mastheadfact_form", value="The Imjin Post")
    assert "The Imjin Post" in client.get("/").content.decode()
    site = page(desk.get(reverse("admin:index")))
    assert site.select_one("#site-name").get_text(strip=True) == "The Imjin Post"
    assert "The Imjin Post" in site.title.get_text()


def test_a_fact_must_end_after_it_begins(desk):
    dates = {"valid_from": "2026-02-01", "valid_until": "2026-01-01"}
    response = submit(desk, add(MastheadFact), "mastheadfact_form", kind="editor", value="Noh", **dates)
    assert "must end after it begins" in errors(response)


def test_a_page_is_written_sanitised_and_read(desk, client):
    body = '<h2>Who</h2><p onclick="x()">We.</p><script>x()</script>'
    submit(desk, add(Page), "page_form", title="About us", address="/about/us/", body=body)
    text = client.get("/about/us/").content.decode()
    assert "<h2>Who</h2>" in text
    assert "x()" not in text
    assert "lower case" in errors(submit(desk, add(Page), "page_form", title="A", address="/About"))


def test_redirects_have_no_chains_or_loops(desk, client):
    make_section("Finance")
    for old, new in (("/a/", "/b/"), ("/b/", "/finance/")):
        submit(desk, add(Redirect), "redirect_form", old_path=old, new_path=new)
    assert client.get("/a/")["Location"] == "/finance/"
    assert client.get("/b/")["Location"] == "/finance/"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("economy", "/finance/", "from the first slash on"),
        ("//evil.example/", "/finance/", "from the first slash on"),
        ("/economy/", "javascript:alert(1)", "full https:// address"),
        ("/economy/", "//evil.example/", "full https:// address"),
        ("/economy/", "/economy/", "in a circle"),
        ("/finance/", "/economy/", "A section or page stands at this address"),
        ("/a\0b/", "/finance/", "Null characters"),
        ("/x" * 5000, "/finance/", "at most 300 characters"),
    ],
)
def test_a_redirect_that_leads_astray_is_refused(desk, old, new, sentence):
    make_section("Finance")
    assert sentence in errors(submit(desk, add(Redirect), "redirect_form", old_path=old, new_path=new))
    assert not Redirect.objects.exists()


@pytest.mark.parametrize("model", ["section", "menuitem", "mastheadfact", "page", "redirect"])
def test_lists_cost_the_same_whatever_their_size(desk, queries, model):
    call_command("loaddata", "menu", "demo/masthead", "demo/pages", verbosity=0)
    with queries(9):
        assert desk.get(reverse(f"admin:sections_{model}_changelist")).status_code == 200
