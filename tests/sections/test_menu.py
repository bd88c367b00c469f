"""Menus: rows that an editor orders, under labels of their own."""

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, transaction

from sections.menu import load_frame
from sections.models import MenuItem, Section
from tests.factories import make_section

pytestmark = pytest.mark.django_db

BAR = [
    *("North Korea", "National", "Business", "Finance", "Lifestyle", "Entertainment & Art", "Opinion", "Sports"),
    *("World", "Video", "Photos"),
]
OVERLAY = {
    "National": [
        *("Politics", "Foreign Affairs", "Multicultural Community", "Defense", "Environment & Animals"),
        *("Law & Crime", "Society", "Health & Science"),
    ],
    "Business": ["Tech", "Bio", "Companies"],
    "Finance": ["Companies", "Economy", "Markets", "Cryptocurrency"],
    "Opinion": [
        *("Editorial", "Columns", "Thoughts of the Times", "Cartoon", "Today in History", "Blogs"),
        *("Tribune Service", "Blondie & Garfield", "Letter to President", "Letter to the Editor"),
    ],
    "Lifestyle": ["Travel & Food", "Trends", "People & Events", "Books", "Around Town", "Fortune Telling"],
    "Entertainment & Arts": ["K-pop", "Films", "Shows & Dramas", "Music", "Theater & Others"],
    "Sports": [],
    "World": ["SCMP", "Asia"],
    "Video": ["Korean Storytellers", "POPKORN", "Culture", "People", "News"],
    "Photos": ["Photo News", "Darkroom"],
}


@pytest.fixture
def frame():
    call_command("loaddata", "menu", verbosity=0)
    return load_frame()


def texts(entries):
    return [entry.text for entry in entries]


def test_it_has_the_bar_in_reading_order(frame):
    assert texts(frame.bar) == BAR


def test_it_has_ten_sections_and_45_subsections_in_the_overlay(frame):
    assert {entry.text: texts(entry.children) for entry in frame.overlay} == OVERLAY
    assert texts(frame.overlay) == list(OVERLAY)
    assert sum(len(entry.children) for entry in frame.overlay) == 45


def test_it_has_four_tiles_with_icons(frame):
    assert texts(frame.tiles) == ["North Korea", "Darkroom", "Learn Korean", "Learn English"]
    assert all(entry.icon for entry in frame.tiles)


def test_it_has_social_links_and_groups_in_the_footer(frame):
    assert texts(frame.social) == ["Facebook", "Twitter", "YouTube", "Instagram"]
    groups = ["About Us", "Products & Services", "Policy", "Family Site", "Explore"]
    assert texts(frame.footer) == groups
    assert all(entry.children and not entry.href for entry in frame.footer)


def test_it_labels_one_section_differently_in_each_menu(frame):
    entertainment = Section.objects.get(path="entertainment")
    labels = {
        menu: next(entry.text for entry in getattr(frame, menu) if entry.path == "entertainment")
        for menu in ("bar", "overlay")
    }
    assert labels == {"bar": "Entertainment & Art", "overlay": "Entertainment & Arts"}
    assert entertainment.name == "Entertainment & Arts"


def test_it_leads_where_its_sections_are(frame, client):
    entries = [*frame.bar, *frame.overlay, *(child for entry in frame.overlay for child in entry.children)]
    links = {entry.href for entry in entries}
    assert len(links) == 56
    assert {link: client.get(link).status_code for link in links} == dict.fromkeys(links, 200)


def test_it_gives_the_subsections_of_each_section(frame):
    assert texts(frame.subsections["finance"]) == OVERLAY["Finance"]
    assert frame.subsections["sports"] == []
    assert "north-korea" not in frame.subsections


def test_it_costs_two_queries(django_assert_num_queries):
    with django_assert_num_queries(2):
        load_frame()
    call_command("loaddata", "menu", verbosity=0)
    with django_assert_num_queries(2):
        frame = load_frame()
        assert frame.overlay[0].children[0].href == "/national/politics/"


def test_it_follows_the_editors_order(client):
    first, second = make_section("First"), make_section("Second")
    MenuItem.objects.create(menu="bar", section=first, position=2)
    MenuItem.objects.create(menu="bar", section=second, position=1, label="The other")
    MenuItem.objects.create(menu="bar", url="https://example.org/", label="Elsewhere", position=3)
    assert texts(load_frame().bar) == ["The other", "First", "Elsewhere"]
    assert [entry.href for entry in load_frame().bar] == ["/second/", "/first/", "https://example.org/"]


def test_it_follows_a_section_that_moves(frame):
    from sections.moving import move_section

    sports = Section.objects.get(path="sports")
    sports.slug = "games"
    move_section(sports)
    assert [entry.href for entry in load_frame().bar if entry.text == "Sports"] == ["/games/"]


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"url": ""}, "menu_item_has_label"),
        ({"url": "/about/"}, "menu_item_has_label"),
        ({"url": "/about/", "label": "X", "with_section": True}, "menu_item_section_or_url"),
    ],
)
def test_it_is_a_section_or_an_address_with_a_label(fields, constraint):
    section = make_section() if fields.pop("with_section", False) else None
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        MenuItem.objects.create(menu="bar", section=section, **fields)


def test_it_stands_once_in_a_menu():
    section = make_section()
    MenuItem.objects.create(menu="bar", section=section)
    MenuItem.objects.create(menu="tiles", section=section)
    with pytest.raises(IntegrityError, match="menu_item_once"), transaction.atomic():
        MenuItem.objects.create(menu="bar", section=section, position=9)


@pytest.mark.parametrize(
    ("menu", "parent_menu", "sentence"),
    [
        ("bar", "bar", "Only the overlay and the footer have a second level."),
        ("overlay", "footer", "Choose a first-level entry of the same menu."),
    ],
)
def test_it_has_a_second_level_only_where_it_is_shown(menu, parent_menu, sentence):
    parent = MenuItem.objects.create(menu=parent_menu, url="/a/", label="A")
    with pytest.raises(ValidationError, match=sentence):
        MenuItem(menu=menu, parent=parent, url="/b/", label="B").clean()


def test_it_has_no_third_level():
    parent = MenuItem.objects.create(menu="overlay", url="/a/", label="A")
    child = MenuItem.objects.create(menu="overlay", parent=parent, url="/b/", label="B")
    with pytest.raises(ValidationError, match="Choose a first-level entry of the same menu."):
        MenuItem(menu="overlay", parent=child, url="/c/", label="C").clean()


def test_it_leads_somewhere_but_for_headings_of_the_footer():
    with pytest.raises(ValidationError, match="Choose a section or write an address."):
        MenuItem(menu="overlay", label="A").clean()
    MenuItem(menu="footer", label="A").clean()


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "about/", "http:/x", "data:text/html,x", "ftp://a.example", "/a b/"]
)
def test_it_refuses_odd_addresses(url):
    with pytest.raises(ValidationError, match="Write /a/path/ of this site or a full https:// address."):
        MenuItem(menu="bar", url=url, label="X").full_clean()
