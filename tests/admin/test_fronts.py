"""The desk of a front: several changes in one act, refused when somebody else was quicker, looked at beforehand."""

import json
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Group, Permission
from django.urls import reverse
from django.utils import timezone

from articles.models import Article
from rankings.models import Front, Placement
from rankings.placing import place
from readers.roles import make_roles
from sections.models import SectionEditor
from tests.admin.posting import fields_of, submit, told
from tests.factories import draft, embargoed, make_article, make_list, make_section, make_staff

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def front():
    return Front.objects.create()


@pytest.fixture
def top(front):
    return zone(front, "top")


def zone(front, slug, **fields):
    fields = {"size": 3, "fill": "latest", "repeats": False, "position": front.zones.count() + 1} | fields
    return make_list(slug, front=front, layout="cards", **fields)


def address(front, name):
    return reverse(f"admin:rankings_front_{name}", args=[front.pk])


def opened(desk, front):
    """(page, what the browser sends back with its changes)."""
    page = BeautifulSoup(desk.get(address(front, "desk")).text, "html.parser")
    return page, json.loads(page.select_one("#desk").string)


def publish(desk, front, *changes, given=None):
    given = given or opened(desk, front)[1]
    return desk.post(
        address(front, "publish"), json.dumps(given | {"changes": changes}), content_type="application/json"
    )


def at(zone, position, article=None, **more):
    return {"zone": zone.slug, "position": position, "article": article and article.pk} | more


def test_it_shows_every_place_and_why(desk, editor, front, top):
    stories = [make_article(headline=f"Story {n}", publish_at=timezone.now() - n * HOUR) for n in (1, 2, 3)]
    place(top, 2, stories[2], by=editor, headline="Words for the front")
    page, _ = opened(desk, front)
    places = [
        (row["data-position"], row.select_one("[data-words]").text, row.select_one("[data-why]").text)
        for row in page.select(".place")
    ]
    assert [row[:2] for row in places] == [("1", "Story 1"), ("2", "Words for the front"), ("3", "Story 2")]
    assert places[0][2] == "The newest that the zones above do not show"
    assert places[1][2].startswith("Placed by editor from")


def test_several_changes_are_one_act(desk, front, top):
    one, two = make_article(), make_article()
    response = publish(desk, front, at(top, 1, one, headline="For the front", reason="News"), at(top, 2, two))
    assert response.status_code == 200
    rows = list(Placement.objects.order_by("position"))
    assert [(row.article, row.headline, row.reason) for row in rows] == [(one, "For the front", "News"), (two, "", "")]
    assert rows[0].act == rows[1].act


def test_a_place_is_booked_for_a_story_to_come(desk, front, top):
    standin = make_article()
    publish(desk, front, at(top, 1, working_title="The verdict", fallback=standin.pk, starts="2099-01-01T09:00"))
    booked = Placement.objects.get()
    assert (booked.working_title, booked.fallback, booked.article) == ("The verdict", standin, None)
    assert timezone.localtime(booked.period.lower).isoformat() == "2099-01-01T09:00:00+09:00"
    assert "The verdict" in opened(desk, front)[0].select_one(".booked").text


def test_who_was_quicker_is_shown_beside_mine(desk, front, top):
    mine, theirs = make_article(headline="Mine"), make_article(headline="Theirs")
    _, given = opened(desk, front)
    place(top, 1, theirs, by=make_staff("Han"))
    response = publish(desk, front, at(top, 1, mine), given=given)
    assert response.status_code == 409
    found = response.json()
    assert [(row["key"], row["headline"]) for row in found["theirs"]] == [("top:1", "Theirs")]
    assert "Placed by Han" in found["theirs"][0]["why"]
    assert Placement.objects.count() == 1
    again = publish(desk, front, at(top, 1, mine), given={"token": found["token"], "seen": found["seen"]})
    assert again.status_code == 200
    assert Placement.objects.in_force().get().article == mine


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"position": 4}, "positions 1 to 3"),
        ({"position": 0}, "positions 1 to 3"),
        ({"position": "1"}, "Say at which place"),
        ({"position": None}, "Say at which place"),
        ({"zone": "none"}, "no zone “none”"),
        ({"zone": None}, "no zone"),
        ({"article": 2**70}, "not there any more"),
        ({"article": "x"}, "not there any more"),
        ({"article": 999_999}, "not there any more"),
        ({"photo": 999_999}, "not there any more"),
        ({"fallback": [1]}, "not there any more"),
        ({"starts": "soon"}, "“soon” is no time"),
        ({"ends": "2026-13-01T00:00"}, "is no time"),
        ({"ends": "2020-01-01T00:00"}, "must end after it begins"),
        ({"headline": "x" * 201}, "at most 200 characters"),
        ({"deck": "x" * 1_001}, "at most 1000 characters"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_and_nothing_is_changed(desk, front, top, change, said):
    response = publish(desk, front, at(top, 2, make_article()), at(top, 1, make_article()) | change)
    assert response.status_code == 400
    assert said in " ".join(response.json()["said"])
    assert not Placement.objects.exists()


@pytest.mark.parametrize(
    "body", ["", "[]", "1", "null", "{}", '{"changes": 1, "token": ""}', '{"changes": [1], "token": ""}']
)
def test_odd_posts_are_refused_in_a_sentence(desk, front, top, body):
    response = desk.post(address(front, "publish"), body, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["said"]
    assert desk.post(address(front, "preview"), {"changes": body, "at": body}).status_code == 200


def test_the_page_is_looked_at_before_it_is_published(desk, client, front, top):
    soon = embargoed(headline="Soon")
    changes = json.dumps([at(top, 1, soon, headline="Words for later")])
    now = desk.post(address(front, "preview"), {"changes": changes})
    assert "Words for later" not in now.text
    later = timezone.localtime(soon.publish_at + HOUR)
    then = desk.post(address(front, "preview"), {"changes": changes, "at": f"{later:%Y-%m-%dT%H:%M}"})
    assert "Words for later" in then.text
    assert (then["X-Frame-Options"], then["X-Robots-Tag"]) == ("SAMEORIGIN", "noindex")
    assert "no-store" in then["Cache-Control"]
    assert not Placement.objects.exists()
    client.logout()
    assert "Words for later" not in client.get("/").text


def test_a_preview_says_what_cannot_be(desk, front, top):
    response = desk.post(address(front, "preview"), {"changes": json.dumps([at(top, 9, make_article())])})
    assert "positions 1 to 3" in response.text


def test_what_was_published_last_is_taken_back(desk, front, top):
    story = make_article(headline="Placed")
    publish(desk, front, at(top, 1, story))
    page, given = opened(desk, front)
    assert "Take back what was published last" in page.text
    response = desk.post(address(front, "undo"), {"token": given["token"]}, follow=True)
    assert "were taken back" in told(response)
    assert not Placement.objects.in_force().exists()
    assert "Somebody has changed the front" in told(desk.post(address(front, "undo"), {"token": "x"}, follow=True))


def test_there_may_be_nothing_to_take_back(desk, front, top):
    assert "nothing to take back" in told(desk.post(address(front, "undo"), {"token": ""}, follow=True))


def test_stories_are_found_drafts_too(desk, front):
    make_article(headline="Harbour reopens")
    draft(headline="Harbour to come")
    found = desk.get(address(front, "stories"), {"q": "harbour"}).json()["found"]
    told = {row["headline"]: row["public"] for row in found}
    assert told == {"Harbour reopens": True, "Harbour to come": False}
    assert desk.get(address(front, "stories"), {"q": "“%_\\" * 99}).status_code == 200


def test_the_record_tells_who_placed_what(desk, editor, front, top):
    now = timezone.now()
    story = make_article(headline="It matters", publish_at=now - 20 * HOUR)
    place(top, 1, story, starts=now - timedelta(minutes=3), by=editor, reason="It matters most")
    text = BeautifulSoup(desk.get(address(front, "record")).text, "html.parser").get_text(" ", strip=True)
    assert "It matters most" in text
    assert "editor" in text
    for odd in ("2020-01-01T00:00", "x", "9999-99-99T99:99"):
        assert desk.get(address(front, "record"), {"at": odd}).status_code == 200


def test_everybody_changes_only_their_own_zones(client, front, django_user_model):
    from django.apps import apps

    make_roles(apps)
    business, sports = make_section("Business"), make_section("Sports")
    mine, others = zone(front, "mine", section=business), zone(front, "others", section=sports)
    story = make_article(section=business)
    reporter, editor = make_staff("r", superuser=False), make_staff("e", superuser=False)
    reporter.groups.add(Group.objects.get(name="Reporter"))
    editor.groups.add(Group.objects.get(name="Section editor"))
    SectionEditor.objects.create(user=editor, section=business)
    client.force_login(reporter)
    for name in ("desk", "stories", "record"):
        assert client.get(address(front, name)).status_code == 403
    for name in ("publish", "preview", "undo"):
        assert client.post(address(front, name)).status_code == 403
    client.force_login(editor)
    page, given = opened(client, front)
    assert [bool(z.select(".buttons")) for z in page.select(".zone")] == [True, False]
    assert publish(client, front, at(mine, 1, story), given=given).status_code == 200
    refused = publish(client, front, at(others, 1, story))
    assert refused.status_code == 400
    assert "may not change the zone “Others”" in refused.json()["said"][0]
    assert client.post(address(front, "undo"), {"token": ""}).status_code == 403
    client.logout()
    assert client.get(address(front, "desk")).status_code == 302
    assert Article.objects.count() == 1


def test_the_desk_costs_the_same_whatever_stands_there(desk, queries, front):
    for number in range(4):
        zone(front, f"zone-{number}", size=6)
    for number in range(6):
        place(front.zones.first(), number + 1, make_article())
    with queries(30):
        desk.get(address(front, "desk"))


def test_a_zone_is_made_and_set_from_the_desk_and_leads_back(desk, front, top):
    add = opened(desk, front)[0].find("a", string="Add a zone")["href"]
    given = fields_of(desk.get(add), "storylist_form")
    assert (given["front"], given["position"]) == (str(front.pk), str(top.position + 1))
    back = submit(desk, add, "storylist_form", "_save", False, title="Books", slug="books", size="3", layout="cards")
    assert back.url == address(front, "desk")
    assert [zone.slug for zone in front.zones.order_by("position")] == ["top", "books"]
    settings = opened(desk, front)[0].select_one("[data-zone=books] a[aria-label]")["href"]
    assert submit(desk, settings, "storylist_form", "_save", False, size="7").url == address(front, "desk")
    assert len(opened(desk, front)[0].select("[data-zone=books] .place")) == 7


def test_whoever_may_not_make_zones_is_not_led_to_them(client, front, top):
    person = make_staff("places", superuser=False)
    person.user_permissions.add(*Permission.objects.filter(codename__in=["view_front", "view_storylist"]))
    client.force_login(person, "readers.signing_in.StaffBackend")
    page, _ = opened(client, front)
    assert page.select("[data-zone=top]")
    assert not page.find("a", string="Add a zone")
    assert not page.select("[data-zone] a[aria-label]")
