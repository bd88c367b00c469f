"""The desk's pages: dashboard, list by keyset, kept searches, acts on many, calendar, help."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from psycopg2.extras import DateTimeTZRange

from articles import publishing
from articles.admin.lists import count_roughly
from articles.admin.story import ArticleAdmin
from articles.models import Article, SavedFilter
from rankings.counting import write_batch
from sections.models import SectionEditor
from tests.admin.posting import page, told
from tests.factories import (
    draft,
    embargoed,
    make_article,
    make_list,
    make_photo,
    make_reporter,
    make_section,
    make_staff,
    withdrawn,
)

LIST = reverse("admin:articles_article_changelist")
CALENDAR = reverse("admin:articles_article_calendar")


def part(response, name):
    """The words of a part of the dashboard."""
    return page(response).find(id=name).parent.get_text(" ", strip=True)


def headlines(response):
    """The headlines of the list, in its order."""
    return [cell.get_text(strip=True) for cell in page(response).select("#result_list .field-headline")]


# ---- dashboard


def test_it_tells_what_the_day_asks_for(desk, editor):
    draft(headline="Mine", writer=editor)
    publishing.hand_in(draft(headline="Handed in"), "Please look.", by=make_staff("reporter"))
    soon = timezone.now() + timedelta(minutes=1)
    with time_machine.travel(timezone.localtime().replace(hour=12, minute=0)):
        soon = timezone.now() + timedelta(minutes=90)
        make_article(headline="Scheduled", publish_at=soon)
        story = make_article(headline="Public today", publish_at=timezone.now() - timedelta(hours=1))
        base = publishing.content_of(story)
        publishing.schedule_change(story, base | {"deck": "New."}, soon, base=base)
        ended = make_photo(expires_on=timezone.localdate(), alt_text="A quay", rights="agency")
        make_article(photos=[ended], headline="With a photo")
        write_batch({(story.pk, timezone.now().replace(minute=0, second=0, microsecond=0)): 41})
        shown = desk.get(reverse("admin:index"))
    assert "Mine" in part(shown, "d-mine")
    assert "Please look." in part(shown, "d-handed")
    assert "13:30 Scheduled" in part(shown, "d-today")
    assert "Public today a change" in part(shown, "d-today")
    assert "Public today" in part(shown, "d-public")
    assert "41 reads" in part(shown, "d-read")
    attention = part(shown, "d-attention")
    assert "A quay" in attention
    assert "Public today has no photo" in attention
    assert "With a photo" not in attention


def test_an_empty_paper_has_a_calm_dashboard(desk):
    assert "Nothing." in part(desk.get(reverse("admin:index")), "d-attention")


def test_a_booked_place_without_a_story_needs_attention(desk, editor):
    now = timezone.now()
    make_list("front-lead").placements.create(
        position=1, working_title="Budget", period=DateTimeTZRange(now + timedelta(hours=3), None), placed_by=editor
    )
    assert "Budget" in part(desk.get(reverse("admin:index")), "d-attention")


def test_the_dashboard_costs_the_same_whatever_the_paper_holds(desk, editor, queries):
    for n in range(3):
        draft(writer=editor)
        publishing.hand_in(draft())
        make_article(photos=[make_photo()], headline=f"{n}")
    with queries(16):
        desk.get(reverse("admin:index"))
    for n in range(30):
        draft(writer=editor)
        publishing.hand_in(draft())
        make_article(headline=f"{n}")
    with queries(16):
        desk.get(reverse("admin:index"))


def test_a_web_manager_gets_no_stories(client, db):
    user = make_staff("web", superuser=False)
    user.groups.add(Group.objects.get(name="Web manager"))
    make_article(headline="Not for you")
    client.force_login(user)
    response = client.get(reverse("admin:index"))
    assert response.status_code == 200
    assert "Not for you" not in response.content.decode()


# ---- the list


def walk(desk, first, way):
    """Every headline of the list, page by page in one direction, and how many pages that were."""
    found, address, pages = [], first, 0
    while address is not None:
        response = desk.get(LIST + address)
        shown = headlines(response)
        found = found + shown if way == "next" else shown + found
        link = page(response).find("a", rel=way)
        address = link["href"] if link else None
        pages += 1
        assert pages < 20
    return found, pages


def test_pages_walk_through_drafts_and_stories_of_the_same_moment(desk, monkeypatch):
    monkeypatch.setattr(ArticleAdmin, "list_per_page", 4)
    moment = timezone.now() - timedelta(days=1)
    for n in range(5):
        draft(headline=f"Draft {n}")
        make_article(headline=f"Same moment {n}", publish_at=moment)
        make_article(headline=f"Older {n}", publish_at=moment - timedelta(days=n + 1))
    wanted = [story.headline for story in Article.objects.order_by("-publish_at", "-id")]
    found, pages = walk(desk, "", "next")
    assert (found, pages) == (wanted, 4)
    oldest = Article.objects.order_by("publish_at", "id").first()
    back, _pages = walk(desk, f"?newer={oldest.pk}", "prev")
    assert back == wanted[:-1]


@pytest.mark.parametrize("query", ["older=abc", "older=99999999999999999999", "newer=-1", "older=1&newer=2", "older=7"])
def test_odd_places_in_the_list_end_in_a_page(desk, query):
    make_article(headline="Here")
    assert desk.get(f"{LIST}?{query}").status_code == 200


def test_counts_are_exact_for_few_and_estimated_for_many(db, monkeypatch):
    for _ in range(3):
        make_article()
    assert count_roughly(Article.objects.all()) == (3, True)
    assert count_roughly(Article.objects.none()) == (0, True)
    monkeypatch.setattr("articles.admin.lists.COUNTED", 2)
    assert count_roughly(Article.objects.all())[1] is False


def test_a_label_is_changed_in_the_list_by_those_who_may(desk):
    story = make_article()
    data = {
        **{"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": story.pk, "form-0-label": "Analysis"},
        "_save": "1",
    }
    desk.post(LIST, data)
    story.refresh_from_db()
    assert story.label == "Analysis"


def test_searches_are_kept_shared_and_dropped(desk, client, editor):
    keep = reverse("admin:articles_article_keep_search")
    desk.post(keep, {"name": "Drafts", "query": "state=draft&older=5&e=1", "shared": "on"})
    assert SavedFilter.objects.get().query == "state=draft"
    other = Client()
    other.force_login(make_staff("other"))
    shown = page(other.get(LIST)).select(".kept-searches a")
    assert [(link.get_text(), link["href"]) for link in shown] == [("Drafts", "?state=draft")]
    now = page(desk.get(f"{LIST}?state=draft")).select(".kept-searches a[aria-current]")
    assert [link.get_text() for link in now] == ["Drafts"]
    drop = reverse("admin:articles_article_drop_search", args=[SavedFilter.objects.get().pk])
    other.post(drop)
    assert SavedFilter.objects.exists(), "somebody else's search"
    desk.post(drop)
    assert not SavedFilter.objects.exists()


@pytest.mark.parametrize("name", ["", "x" * 200, " "])
def test_a_search_needs_a_name(desk, name):
    response = desk.post(reverse("admin:articles_article_keep_search"), {"name": name, "query": "a=b"}, follow=True)
    assert "Give the search a name" in told(response)
    assert not SavedFilter.objects.exists()


# ---- acts on many


def bulk(desk, act, stories, **fields):
    """The answer to an act on many stories."""
    chosen = {"action": act, "_selected_action": [story.pk for story in stories]}
    return desk.post(LIST, chosen | fields, follow=True)


def test_it_shows_what_will_change_before_it_does(desk):
    sports = make_section("Sports")
    story, there = make_article(headline="Moves"), make_article(section=sports, headline="Stays")
    response = bulk(desk, "move", [story, there], asked="1", section=sports.pk)
    shown = page(response).get_text(" ", strip=True)
    assert "National Sports" in shown
    assert "It is there already." in shown
    story.refresh_from_db()
    assert story.section.path == "national"
    response = bulk(desk, "move", [story, there], asked="1", section=sports.pk, sure="1")
    assert "1 story: moved" in told(response)
    story.refresh_from_db()
    assert story.section.path == "sports"


def test_topics_come_and_go_for_many(desk):
    one, two = make_article(tags=["Rain", "Seoul"]), make_article(tags=["Rain"])
    bulk(desk, "retag", [one, two], asked="1", sure="1", add="Weather, seoul", remove="rain")
    assert sorted(one.tags.names()) == ["Seoul", "Weather"]
    assert sorted(two.tags.names()) == ["Seoul", "Weather"]
    two.refresh_from_db()
    assert two.tag_text == "Seoul, Weather"


def test_drafts_are_given_to_another_reporter(desk):
    user = make_staff("moon")
    moon = make_reporter("Moon Ji-ho", user=user)
    story, public = draft(reporters=[make_reporter()]), make_article()
    response = bulk(desk, "reassign", [story, public], asked="1", reporter=moon.pk)
    assert "It was public" in page(response).get_text()
    bulk(desk, "reassign", [story, public], asked="1", sure="1", reporter=moon.pk)
    story.refresh_from_db()
    assert (story.byline_text, story.writer) == ("Moon Ji-ho", user)


def test_many_are_withdrawn_with_one_reason(desk, client):
    stories = [make_article(), make_article(), draft()]
    assert "2 stories: withdrawn" in told(
        bulk(desk, "withdraw", stories, asked="1", sure="1", reason="The agency took it back.")
    )
    assert client.get(stories[0].get_absolute_url()).status_code == 410


@pytest.mark.parametrize("act", ["move", "retag", "reassign", "withdraw", "hand_back"])
def test_an_act_that_lacks_its_answer_asks_again(desk, act):
    story = make_article()
    response = bulk(desk, act, [story], asked="1", sure="1", section="abc", reporter="²", add="", remove="", reason=" ")
    assert response.status_code == 200
    assert page(response).select(".errorlist, .errornote")


def test_stories_are_exported(desk):
    story = make_article(headline="=1+1", tags=["Seoul"], reporters=[make_reporter()])
    table = bulk(desk, "export_csv", [story]).content.decode("utf-8-sig")
    assert "'=1+1" in table, "no spreadsheet takes it for a formula"
    line = json.loads(bulk(desk, "export_lines", [story]).content)
    assert (line["headline"], line["tags"]) == ("=1+1", ["Seoul"])


# ---- calendar


def test_the_calendar_tells_planned_from_public(desk):
    day = timezone.localdate()
    draft(headline="Planned", planned_for=day)
    draft(headline="No day")
    embargoed(headline="Scheduled")
    make_article(headline="Public")
    withdrawn(headline="Withdrawn")
    for view in ("month", "week", "list"):
        shown = page(desk.get(CALENDAR, {"view": view}))
        board = shown.find(class_="planning")
        assert "No day" in board.find(class_="pile").get_text()
        assert "Planned" in " ".join(item.get_text() for item in board.select("[data-day] .plan"))
        assert "Planned" not in board.find(class_="pile").get_text()
    assert not Article.objects.published().filter(headline="Planned").exists()


def test_planning_writes_nothing_but_the_day(desk):
    story = draft()
    story.refresh_from_db()
    plan = reverse("admin:articles_article_plan", args=[story.pk])
    response = desk.post(plan, {"day": "2026-12-24"}, headers={"accept": "application/json"})
    assert "is planned for 2026-12-24" in response.json()["said"]
    story.refresh_from_db()
    assert (f"{story.planned_for}", story.status) == ("2026-12-24", "draft")
    desk.post(plan, {"day": ""})
    story.refresh_from_db()
    assert story.planned_for is None


@pytest.mark.parametrize("day", ["soon", "0001-01-01", "2026-13-01", "99999-01-01", "2026-02-30"])
def test_a_day_that_is_none_is_said(desk, day):
    story = draft()
    plan = reverse("admin:articles_article_plan", args=[story.pk])
    response = desk.post(plan, {"day": day}, headers={"accept": "application/json"})
    assert response.status_code == 400
    assert "Write the day like" in response.json()["said"]
    assert desk.get(CALENDAR, {"day": day, "view": "x"}).status_code == 200


def test_planning_stays_within_the_desk(client, db):
    user = make_staff("tech", superuser=False)
    user.groups.add(Group.objects.get(name="Section editor"))
    SectionEditor.objects.create(user=user, section=make_section("Business"))
    client.force_login(user)
    story = draft(headline="Elsewhere")
    assert "Elsewhere" not in client.get(CALENDAR).content.decode()
    assert client.post(reverse("admin:articles_article_plan", args=[story.pk]), {"day": ""}).status_code == 403


def test_the_calendar_costs_the_same_whatever_it_shows(desk, queries):
    for _ in range(40):
        draft(planned_for=timezone.localdate())
        make_article()
    with queries(12):
        desk.get(CALENDAR)


# ---- help


def test_help_names_every_field_of_a_story(desk):
    shown = page(desk.get(reverse("admin:style_guide"))).get_text(" ", strip=True)
    assert "Seoul time. “Schedule” keeps the story hidden until then" in shown
    assert desk.get(reverse("admin:keys")).status_code == 200
