"""Sections: two levels, one path each, and what the database refuses."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction

from newsroom.urls import urlpatterns
from sections.models import RESERVED_SLUGS, Page, Section
from tests.factories import make_article, make_section

pytestmark = pytest.mark.django_db


def test_it_has_a_path():
    business = make_section("Business")
    companies = make_section("Companies", parent=business)
    assert (business.path, companies.path) == ("business", "business/companies")
    assert companies.get_absolute_url() == "/business/companies/"
    assert (business.top_path, companies.top_path) == ("business", "business")
    assert (str(business), str(companies)) == ("Business", "Business / Companies")


def test_it_shares_its_slug_with_no_sibling():
    business, finance = make_section("Business"), make_section("Finance")
    make_section("Companies", parent=business)
    make_section("Companies", parent=finance)
    for parent, slug in ((None, "business"), (business, "companies")):
        with pytest.raises(IntegrityError), transaction.atomic():
            Section.objects.create(name="Again", slug=slug, parent=parent)
        # bulk_create goes around save(): the database still refuses.
        path = f"{parent.path}/{slug}" if parent else slug
        with pytest.raises(IntegrityError), transaction.atomic():
            Section.objects.bulk_create([Section(name="Again", slug=slug, parent=parent, path=path)])
    assert Section.objects.filter(slug="companies").count() == 2
    # A path that differs does not help; this is checked when the transaction ends.
    again = Section(name="Again", slug="companies", parent=business, path="x/companies")
    with pytest.raises(IntegrityError, match="section_slug_unique_per_parent"):
        write_and_check(again)


@transaction.atomic
def write_and_check(section):
    Section.objects.bulk_create([section])
    connection.check_constraints()


def test_it_says_that_a_slug_is_taken():
    make_section("Business")
    with pytest.raises(ValidationError, match="Another section here has this slug."):
        Section(name="Again", slug="business", path="x").full_clean(exclude=["path"])


def test_it_cannot_have_a_path_that_does_not_follow_its_slug():
    section = make_section()
    for path in ("other", "national/politics"):
        with pytest.raises(IntegrityError, match="section_path_follows_slug"), transaction.atomic():
            Section.objects.filter(pk=section.pk).update(path=path)


@pytest.mark.parametrize("slug", [*sorted(RESERVED_SLUGS), "2021", "0", "1999"])
def test_it_takes_no_address_of_the_site(slug):
    with pytest.raises(ValidationError, match=f"The address /{slug}/ belongs to the site: choose another."):
        Section(name="X", slug=slug).clean()


def test_it_may_use_such_a_word_below_a_section():
    national = make_section()
    Section(name="Search", slug="search", parent=national).clean()


def test_it_takes_no_address_of_a_static_page():
    Page.objects.create(address="/ethics/", title="Ethics")
    Page.objects.create(address="/national/ethics/", title="Ethics")
    for parent in (None, make_section()):
        with pytest.raises(ValidationError, match="A page has this address"):
            Section(name="Ethics", slug="ethics", parent=parent).clean()


def test_it_reserves_every_first_word_of_the_site():
    """Whatever stands first in an address of urls.py can be the slug of no section."""
    included = [part for each in urlpatterns if not str(each.pattern) for part in getattr(each, "url_patterns", [])]
    parts = [*urlpatterns, *included]
    words = {str(part.pattern).strip("^").partition("/")[0] for part in parts}
    words = {word for word in words if word.isalpha()}
    assert {"search", "login", "admin", "media"} <= words
    assert words <= RESERVED_SLUGS


def test_it_has_two_levels():
    national = make_section()
    politics = make_section("Politics", parent=national)
    with pytest.raises(ValidationError, match="Sections have two levels"):
        Section(name="Parties", slug="parties", parent=politics).clean()
    national.parent = make_section("World")
    with pytest.raises(ValidationError, match="This section has subsections, so it must stay a top section."):
        national.clean()
    politics.parent = politics
    with pytest.raises(ValidationError, match="Sections have two levels"):
        politics.clean()


def test_it_cannot_go_while_anything_is_filed_there():
    national = make_section()
    make_section("Politics", parent=national)
    with pytest.raises(models.ProtectedError):
        national.delete()
    with pytest.raises(models.ProtectedError):
        make_article(section=make_section("World")).section.delete()
