"""Fixtures: loaded twice they double nothing; a paper that is dumped, emptied and loaded is the same paper."""

import io
import json
import re
from datetime import datetime, timedelta

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.serializers.base import DeserializationError
from django.db import connection, models
from django.utils import timezone

from articles import publishing
from rankings.models import Placement, StoryList
from rankings.placing import end, place
from sections.models import MenuItem, Section
from sections.moving import move_section
from tests.factories import draft, make_article, make_list, make_paper, make_section

pytestmark = pytest.mark.django_db

OWN_APPS = (
    "sections",
    "photos",
    "articles",
    "rankings",
    "newsletters",
    "editions",
    "subscriptions",
    "mypaper",
    "readers",
)
# Who is signed in, and what was done, belong to one server and not to the paper.
NOT_THE_PAPER = (
    *("readers.opensession", "readers.auditentry", "readers.preferences", "sections.purge"),
    # What a reader has not answered yet, and what mail services told.
    *("newsletters.signup", "newsletters.signup_newsletters", "newsletters.mailevent", "newsletters.pace"),
)


def own_models():
    """Every model of the paper."""
    models_of = (model for app in OWN_APPS for model in apps.get_app_config(app).get_models(include_auto_created=True))
    return [model for model in models_of if model._meta.label_lower not in NOT_THE_PAPER]


def dump(path):
    """The whole paper in a file, by natural keys, as an editor would keep it."""
    options = {"use_natural_foreign_keys": True, "use_natural_primary_keys": True, "exclude": NOT_THE_PAPER}
    call_command("dumpdata", *OWN_APPS, **options, output=str(path), verbosity=0)
    return path


def empty():
    """Removes every row of the paper, whatever protects it."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL newsroom.expunge = 'on'")
    for model in own_models():
        model._base_manager.all()._raw_delete("default")


def key_of(row):
    if row is None:
        return None
    return row.natural_key() if hasattr(row, "natural_key") else row.pk


def rows():
    """{model: {natural key: {field: value}}} of everything; relations as natural keys, numbers left out."""
    paper = {}
    for model in (model for model in own_models() if not model._meta.auto_created):
        found = []
        for row in model._base_manager.all():
            values = {"natural key": key_of(row)}
            for field in model._meta.concrete_fields:
                if field.primary_key or isinstance(field, models.GeneratedField):
                    continue
                value = key_of(getattr(row, field.name)) if field.is_relation else getattr(row, field.attname)
                if isinstance(value, datetime):  # JSON keeps thousandths of a second
                    value = value.replace(microsecond=value.microsecond // 1000 * 1000)
                values[field.name] = value
            for field in model._meta.many_to_many:
                if field.remote_field.through._meta.auto_created:
                    values[field.name] = sorted(key_of(other) for other in getattr(row, field.name).all())
            found.append({name: str(value) for name, value in values.items()})
        paper[model._meta.label_lower] = sorted(found, key=lambda values: sorted(values.items()))
    return paper


# ---- the fixtures that come with the paper


@pytest.mark.parametrize("names", [("menu",), ("menu", "lists"), ("menu", "lists", "demo/masthead", "demo/pages")])
def test_it_doubles_nothing_when_loaded_twice(names):
    call_command("loaddata", *names, verbosity=0)
    first = rows()
    assert sum(len(found) for found in first.values()) > 100
    call_command("loaddata", *names, verbosity=0)
    assert rows() == first


def test_it_keeps_what_editors_added_when_loaded_again():
    call_command("loaddata", "menu", "lists", verbosity=0)
    section = make_section("Weather")
    MenuItem.objects.create(menu="bar", section=section, position=99)
    StoryList.objects.filter(slug="ticker").update(size=15)
    call_command("loaddata", "menu", "lists", verbosity=0)
    assert MenuItem.objects.filter(section=section).exists()
    assert StoryList.objects.get(slug="ticker").size == 20, "a fixture puts its own rows back"


def test_it_gives_every_list_that_the_pages_ask_for():
    from articles.views.story import STORY_LISTS
    from rankings.fronts import BANDS, RAIL

    call_command("loaddata", "menu", "lists", verbosity=0)
    assert {*STORY_LISTS, *RAIL} <= set(StoryList.objects.values_list("slug", flat=True))
    assert set(BANDS) == set(StoryList.Layout.values)
    assert set(StoryList.objects.filter(front=None).values_list("slug", flat=True)) == set(RAIL)


def test_it_says_which_row_and_field_is_wrong(tmp_path):
    """Nothing half-written, and a message that helps."""
    rows = [
        {"model": "sections.section", "fields": {"name": "Weather", "slug": "weather", "path": "weather"}},
        {"model": "sections.section", "fields": {"name": "Snow", "slug": "snow", "path": "snow", "position": "first"}},
    ]
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(rows))
    with pytest.raises(DeserializationError, match=r"bad\.json.*sections\.section.*'first'"):
        call_command("loaddata", path, verbosity=0)
    assert not Section.objects.exists()


# ---- the whole paper


def test_it_is_the_same_paper_after_a_dump(tmp_path, client):
    paper = make_paper()
    before = rows()
    assert [label for label, found in before.items() if not found] == []
    pages = [
        *("/", "/business/", "/photos/darkroom/", "/topics/shipbuilding/", "/search/?q=welders", "/about/masthead/"),
        *(paper.story.get_absolute_url(), paper.gallery.get_absolute_url(), paper.video.get_absolute_url()),
        *(paper.seo.get_absolute_url(), paper.withdrawn.get_absolute_url(), paper.embargoed.get_absolute_url()),
    ]
    texts = {page: without_numbers(client.get(page)) for page in pages}
    dump(tmp_path / "paper.json")
    empty()
    assert all(not found for found in rows().values())
    call_command("loaddata", tmp_path / "paper.json", verbosity=0)
    after = rows()
    for label, found in before.items():
        assert after[label] == found, label
    assert after == before
    assert {page: without_numbers(client.get(page)) for page in pages} == texts
    for address in ("/economy/", "/www/biz/2021/02/129_304756.html"):
        assert client.get(address).status_code == 301


def without_numbers(response):
    """A page without the numbers of its stories, which are the database's own."""
    return response.status_code, re.sub(r'data-reads="\d+"|before=\d+', "", response.text)


def test_it_can_be_loaded_twice(tmp_path):
    make_paper()
    dump(tmp_path / "paper.json")
    empty()
    for _ in range(2):
        call_command("loaddata", tmp_path / "paper.json", verbosity=0)
    again = dump(tmp_path / "again.json")
    counts = [len(json.loads(path.read_text())) for path in (tmp_path / "paper.json", again)]
    assert counts[0] == counts[1]


def test_it_can_be_loaded_over_the_paper_that_it_is_a_dump_of(tmp_path):
    """The clock counts millionths of a second, JSON thousandths: that must move no public story."""
    make_paper()
    story = publishing.schedule(draft(headline="Published by the clock"))
    publishing.correct(story, "It was 400, not 40.")
    publishing.withdraw(story, "It was wrong.", at=story.publish_at + timedelta(seconds=1))
    before = rows()
    call_command("loaddata", dump(tmp_path / "paper.json"), verbosity=0)
    after = rows()
    for label in before:
        assert len(after[label]) == len(before[label]), label
    assert after["articles.correction"] == before["articles.correction"]


def test_it_survives_sections_in_any_order(tmp_path):
    """A subsection made before the section that it stands under now."""
    business = make_section("Business")
    companies = make_section("Companies", parent=business)
    finance = make_section("Finance")
    make_section("Companies", parent=finance)
    money = make_section("Money")
    companies.parent = money
    move_section(companies)
    other = Section.objects.get(path="finance/companies")
    trade = make_section("Trade")
    other.parent = trade
    move_section(other)
    parent = MenuItem.objects.create(menu="overlay", section=business)
    child = MenuItem.objects.create(menu="overlay", section=companies, parent=parent)
    newer = MenuItem.objects.create(menu="overlay", section=money)
    child.parent = newer
    child.save()
    before = rows()
    dump(tmp_path / "sections.json")
    empty()
    call_command("loaddata", tmp_path / "sections.json", verbosity=0)
    assert rows() == before


def test_it_keeps_cancelled_placements_apart_from_those_that_stand(tmp_path):
    tomorrow = timezone.now() + timedelta(days=1)
    top = make_list("top-10")
    first, second = draft(headline="Cancelled"), draft(headline="Stands")
    for _ in range(2):
        end(place(top, 1, first, starts=tomorrow))
    place(top, 1, second, starts=tomorrow)
    dump(tmp_path / "paper.json")
    for _ in range(2):
        call_command("loaddata", tmp_path / "paper.json", verbosity=0)
        standing = Placement.objects.in_force(tomorrow)
        assert [placement.article.headline for placement in standing] == ["Stands"]
        assert Placement.objects.count() == 3


def test_it_dumps_nothing_that_the_database_computes():
    make_article()
    out = io.StringIO()
    call_command("dumpdata", "articles", "--natural-foreign", "--natural-primary", stdout=out)
    (row,) = [row for row in json.loads(out.getvalue()) if row["model"] == "articles.article"]
    assert "search_vector" not in row["fields"]
    assert "pk" not in row
