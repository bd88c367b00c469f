"""Fronts: zones filled by editors and by rule, as they stand, stood and will stand."""

from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from articles import publishing
from articles.models import RelatedArticle, Tag
from rankings.filling import refresh_all
from rankings.fronts import cards_at, fill_front, find_front, has_record, held_places
from rankings.models import Front, Placement, StoryList
from rankings.placing import Change, Overtaken, change_front, end, last_act, place, state_of, take_back
from tests.factories import draft, embargoed, make_article, make_list, make_section, make_staff, shown_photo, withdrawn

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def front():
    return Front.objects.create()


def zone(front, slug, layout="cards", **fields):
    """A zone of the front; without repeats, filled with the newest, unless told otherwise."""
    fields = {"fill": "latest", "repeats": False, "size": 3, "position": front.zones.count() + 1} | fields
    return make_list(slug, front=front, layout=layout, **fields)


def standing(front, at=None, **options):
    """{zone: headlines} of a front."""
    page = fill_front(front, at, **options)
    return {z.story_list.slug: [entry.headline for entry in z.entries] for z in page.zones}


def make_stories(count, **fields):
    now = timezone.now()
    return [make_article(headline=f"Story {n}", publish_at=now - n * HOUR, **fields) for n in range(1, count + 1)]


def publish(front, *changes, by=None):
    token, _ = state_of(front)
    return change_front(front, changes, token, by=by)


# ---- what fills a zone


def test_zones_fill_with_the_newest_of_their_section_and_repeat_nothing(front):
    business, tech = make_section("Business"), make_section("Tech", parent=make_section("Business"))
    make_stories(2, section=business)
    make_article(headline="From below", section=tech)
    make_article(headline="Elsewhere")
    zone(front, "lead", "lead", size=1)
    zone(front, "business", section=business)
    assert standing(front) == {"lead": ["Elsewhere"], "business": ["From below", "Story 1", "Story 2"]}


@pytest.mark.parametrize("size", [5, 20])
@pytest.mark.parametrize("format", ["story", "video"])
@pytest.mark.parametrize("in_section", [True, False])
def test_a_zone_of_a_format_fills_with_that_format(front, format, in_section, size):
    life, films = make_section("Life"), make_section("Films", parent=make_section("Life"))
    for hour, section in enumerate((life, films, make_section("World"))):
        for kind in ("story", "video"):
            make_article(
                headline=f"{section.name} {kind}",
                format=kind,
                section=section,
                publish_at=timezone.now() - (9 - hour) * HOUR,
            )
    zone(front, "zone", format=format, section=life if in_section else None, size=size)
    found = [f"Films {format}", f"Life {format}"]
    assert standing(front) == {"zone": found if in_section else [f"World {format}", *found]}


def test_large_zones_are_filled_to_their_size(front):
    make_stories(40)
    zone(front, "all", size=35)
    assert len(standing(front)["all"]) == 35


def test_a_new_story_stands_there_without_any_computation(front):
    zone(front, "newest")
    assert standing(front) == {"newest": []}
    make_article(headline="Just now")
    assert standing(front) == {"newest": ["Just now"]}


def test_what_editors_place_wins_over_everything(front):
    stories = make_stories(5)
    top, below = zone(front, "top", "secondary", size=2), zone(front, "below", size=3)
    place(top, 1, stories[4], headline="Words for the front")
    place(below, 2, stories[4])
    assert standing(front) == {"top": ["Words for the front", "Story 1"], "below": ["Story 2", "Story 5", "Story 3"]}


def test_a_placement_shows_its_own_picture(front, client):
    zone(front, "top", size=1)
    story, other = make_article(photos=[shown_photo()]), shown_photo()
    place(StoryList.objects.get(), 1, story, photo=other)
    page = BeautifulSoup(client.get("/").text, "html.parser")
    assert other.token in page.select_one("main img")["src"]
    assert story.photos.get().token not in str(page.main)


@pytest.mark.parametrize("layout", ["lead", "secondary", "wide", "half", "pictures", "cards", "video", "feature"])
def test_a_story_without_a_picture_gets_one_from_its_place(front, client, layout):
    zone(front, "zone", layout, size=1)
    photo = shown_photo()
    place(StoryList.objects.get(), 1, make_article(headline="No picture of its own"), photo=photo)
    page = BeautifulSoup(client.get("/").text, "html.parser")
    assert photo.token in page.select_one("main img")["src"]


def test_the_lead_brings_its_related_stories_which_stand_nowhere_else(front):
    stories = make_stories(6)
    lead, top = zone(front, "lead", "lead", size=1), zone(front, "top", "secondary", size=3)
    for position, other in enumerate([stories[1], embargoed(), stories[2], stories[3]]):
        RelatedArticle.objects.create(article=stories[0], related=other, position=position)
    place(top, 1, stories[3])
    page = fill_front(front)
    assert [story.headline for story in page.zones[0].related] == ["Story 2", "Story 3"]
    assert standing(front) == {"lead": ["Story 1"], "top": ["Story 4", "Story 5", "Story 6"]}
    assert lead.size == 1


def test_it_costs_the_same_whatever_stands_there(front, queries):
    for number in range(8):
        section = make_section(f"Section {number}")
        make_stories(4, section=section)
        zone(front, f"zone-{number}", section=section)
    zone(front, "lead", "lead", size=1)
    place(StoryList.objects.get(slug="lead"), 1, make_article())
    with queries(3):
        fill_front(front)


# ---- booked places


def test_a_booked_place_waits_for_its_story_and_shows_another_meanwhile(front):
    top = zone(front, "top", size=1)
    newest, standin, soon = (
        make_article(headline="Newest"),
        make_article(headline="Stand-in"),
        embargoed(headline="Soon"),
    )
    place(top, 1, soon, fallback=standin)
    assert standing(front) == {"top": ["Stand-in"]}
    with time_machine.travel(soon.publish_at + timedelta(seconds=1)):
        assert standing(front) == {"top": ["Soon"]}
    assert newest.is_public()


def test_a_place_is_booked_before_the_story_exists(front):
    top = zone(front, "top", size=1)
    make_article(headline="Newest")
    booked = place(top, 1, None, working_title="The verdict")
    assert standing(front) == {"top": ["Newest"]}
    booked.article = make_article(headline="Guilty", publish_at=timezone.now() - 2 * HOUR)
    booked.save()
    assert standing(front) == {"top": ["Guilty"]}


@pytest.mark.parametrize("hide", [draft, embargoed, withdrawn])
def test_what_is_not_public_stands_nowhere(front, hide):
    top = zone(front, "top", size=2)
    hidden = hide(headline="Nobody may read this")
    make_article(headline="Public")
    place(top, 1, hidden)
    assert standing(front) == {"top": ["Public"]}


# ---- several changes in one act


def test_changes_are_made_at_one_moment_or_not_at_all(front):
    stories = make_stories(3)
    top, below = zone(front, "top", size=2), zone(front, "below", size=2)
    act = publish(front, Change(top, 1, stories[2]), Change(below, 2, stories[1], words={"headline": "Second"}))
    rows = Placement.objects.filter(act=act)
    assert {row.period.lower for row in rows} == {rows[0].period.lower}
    with pytest.raises(ValidationError, match="positions 1 to 2") as refused:
        publish(front, Change(top, 1, stories[0]), Change(below, 3, stories[0]), Change(below, 0, stories[0]))
    assert len(refused.value.messages) == 2
    assert standing(front)["top"][0] == "Story 3"


def test_a_clash_is_named(front):
    top = zone(front, "top", size=1)
    now = timezone.now()
    place(top, 1, make_article(headline="The budget"), starts=now + HOUR, ends=now + 2 * HOUR)
    with pytest.raises(ValidationError, match="Position 1 of “Top” is booked .* for “The budget”"):
        publish(front, Change(top, 1, make_article(), starts=now + HOUR / 2))
    with pytest.raises(ValidationError, match="must end after it begins"):
        publish(front, Change(top, 1, make_article(), starts=now + 5 * HOUR, ends=now + 4 * HOUR))


def test_nobody_overwrites_what_another_changed_meanwhile(front):
    top = zone(front, "top", size=2)
    mine, theirs = make_article(headline="Mine"), make_article(headline="Theirs")
    token, _ = state_of(front)
    place(top, 2, theirs)
    with pytest.raises(Overtaken):
        change_front(front, [Change(top, 1, mine)], token)
    assert Placement.objects.count() == 1
    token, _ = state_of(front)
    change_front(front, [Change(top, 1, mine)], token)
    assert standing(front) == {"top": ["Mine", "Theirs"]}


def test_a_preview_takes_the_front_as_it_is(front):
    top = zone(front, "top", size=2)
    place(top, 2, make_article(headline="Theirs"))
    change_front(front, [Change(top, 1, make_article(headline="Mine"))], None)
    assert standing(front) == {"top": ["Mine", "Theirs"]}


def test_what_ends_by_itself_is_no_change_by_another(front):
    top = zone(front, "top", size=1)
    now = timezone.now()
    place(top, 1, make_article(), ends=now + timedelta(minutes=5))
    token, _ = state_of(front)
    with time_machine.travel(now + timedelta(minutes=10)):
        assert state_of(front)[0] == token


def test_a_place_is_freed(front):
    top = zone(front, "top", size=1)
    make_article(headline="Newest")
    old = make_article(headline="Old", publish_at=timezone.now() - 9 * HOUR)
    publish(front, Change(top, 1, old))
    assert standing(front) == {"top": ["Old"]}
    publish(front, Change(top, 1))
    assert standing(front) == {"top": ["Newest"]}


def test_an_act_is_taken_back_whole(front):
    stories = make_stories(4)
    top = zone(front, "top", size=3)
    publish(front, Change(top, 1, stories[3], words={"headline": "The first"}), Change(top, 2, stories[2]))
    before = standing(front)
    act = publish(front, Change(top, 1, stories[0]), Change(top, 2), Change(top, 3, stories[3]))
    assert last_act(front) == act
    token, _ = state_of(front)
    with pytest.raises(Overtaken):
        take_back(front, act, "another")
    take_back(front, act, token)
    assert standing(front) == before
    assert Placement.objects.count() == 6, "nothing is rewritten"


def test_taking_back_keeps_the_end_that_a_place_had(front):
    top = zone(front, "top", size=1)
    ends = timezone.now() + 3 * HOUR
    publish(front, Change(top, 1, make_article(), ends=ends))
    act = publish(front, Change(top, 1))
    take_back(front, act, state_of(front)[0])
    assert Placement.objects.in_force().get().period.upper == ends


def test_two_at_once_are_one_after_the_other(transactional_db):
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection

    front = Front.objects.create()
    top, stories = zone(front, "top", size=1), make_stories(2)
    token, _ = state_of(front)

    def change(story):
        try:
            return change_front(front, [Change(top, 1, story)], token)
        except Overtaken:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(change, stories))
    assert sum(act is not None for act in done) == 1
    assert Placement.objects.in_force().count() == 1


# ---- the record


def test_it_stood_with_the_headlines_of_then(front):
    top = zone(front, "top", size=2)
    story = make_article(headline="Two hurt in fire", publish_at=timezone.now() - 5 * HOUR)
    publishing.record_version(story, kind="published", public_from=story.publish_at)
    placed = place(top, 1, story, starts=timezone.now() - 4 * HOUR)
    story.headline = "Three hurt in fire"
    story.save()
    publishing.finish_edit(story, kind="update")
    assert standing(front) == {"top": ["Three hurt in fire"]}
    assert standing(front, timezone.now() - HOUR) == {"top": ["Two hurt in fire"]}
    end(placed)
    assert standing(front, timezone.now() - HOUR)["top"][0] == "Two hurt in fire"


def test_it_stood_without_what_came_later(front):
    zone(front, "newest")
    make_article(headline="Early", publish_at=timezone.now() - 5 * HOUR)
    make_article(headline="Late", publish_at=timezone.now() - HOUR)
    assert standing(front, timezone.now() - 2 * HOUR) == {"newest": ["Early"]}
    assert standing(front, timezone.now() - 6 * HOUR) == {"newest": []}


def test_readers_never_see_what_was_withdrawn_since(front):
    top = zone(front, "top", size=1)
    story = make_article(headline="It was wrong", publish_at=timezone.now() - 5 * HOUR)
    place(top, 1, story, starts=timezone.now() - 4 * HOUR)
    publishing.withdraw(story, "It was wrong.")
    moment = timezone.now() - HOUR
    assert standing(front, moment) == {"top": []}
    assert standing(front, moment, readers=False) == {"top": ["It was wrong"]}
    assert held_places(front, moment - HOUR, moment) == []


def test_the_desk_sees_what_will_stand_there(front):
    zone(front, "newest", size=1)
    make_article(headline="Now")
    soon = embargoed(headline="Soon")
    later = soon.publish_at + HOUR
    assert standing(front, later, readers=False) == {"newest": ["Soon"]}
    assert standing(front, later) == {"newest": ["Now"]}


def test_it_tells_how_long_each_story_held_its_place(front):
    top = zone(front, "top", size=1)
    now = timezone.now().replace(second=0, microsecond=0)
    editor = make_staff("Han")
    first, second = (make_article(headline=words, publish_at=now - 9 * HOUR) for words in ("First", "Second"))
    place(top, 1, first, starts=now - 5 * HOUR, by=editor, reason="It matters most")
    place(top, 1, second, starts=now - 2 * HOUR)
    rows = held_places(front, now - 6 * HOUR, now)
    assert [(row.headline, row.minutes(now), row.position) for row in rows] == [("First", 180, 1), ("Second", 120, 1)]
    assert (rows[0].placement.placed_by, rows[0].placement.reason) == (editor, "It matters most")


def test_a_rank_that_an_editor_covered_held_nothing(front):
    top = zone(front, "top", size=1, fill="read")
    now = timezone.now()
    read, placed = make_stories(2)
    with time_machine.travel(now - 3 * HOUR):
        make_article(headline="Ranked", publish_at=now - 9 * HOUR)
        refresh_all()
    place(top, 1, placed, starts=now - 4 * HOUR)
    assert [row.headline for row in held_places(front, now - 4 * HOUR, now)] == ["Story 2"]
    assert read.is_public()


def test_whether_anything_is_known(front):
    top = zone(front, "top")
    moment = timezone.now() - HOUR
    assert not has_record(front, timezone.now())
    place(top, 1, make_article(), starts=moment)
    assert has_record(front, timezone.now())
    assert not has_record(front, moment - HOUR)


def test_the_record_costs_the_same_whatever_it_holds(front, queries):
    zone(front, "top", size=10)
    stories = make_stories(10)
    for position, story in enumerate(stories, 1):
        place(StoryList.objects.get(), position, story)
    with queries(2):
        held_places(front, timezone.now() - HOUR, timezone.now() + HOUR)
    with queries(2):
        cards_at([story.pk for story in stories], timezone.now() - HOUR)


# ---- the pages


def test_the_front_as_it_stood_is_a_page(front, client, settings):
    top = zone(front, "top", size=1)
    now = timezone.localtime()
    place(top, 1, make_article(headline="Old lead", publish_at=now - 9 * HOUR), starts=now - 3 * HOUR, ends=now - HOUR)
    settings.FRONT_ARCHIVE = True
    response = client.get(f"/front/{now - 2 * HOUR:%Y/%m/%d/%H%M}/")
    page = BeautifulSoup(response.text, "html.parser")
    assert "Old lead" in page.main.get_text()
    assert "2 h 00 min" in page.select_one(".held").get_text() or "1 h" in page.select_one(".held").get_text()
    assert page.select_one("meta[name=robots]")["content"] == "noindex"
    assert client.get(f"/front/{now - 5 * HOUR:%Y/%m/%d/%H%M}/").status_code == 404, "nothing is known of it"
    settings.FRONT_ARCHIVE = False
    assert client.get(f"/front/{now - 2 * HOUR:%Y/%m/%d/%H%M}/").status_code == 404


@pytest.mark.parametrize(
    "moment", ["2026/13/01/0900", "2026/02/30/0900", "2026/11/23/2460", "2099/01/01/0000", "0000/01/01/0000"]
)
def test_there_is_no_page_of_other_moments(front, client, settings, moment):
    settings.FRONT_ARCHIVE = True
    zone(front, "top")
    assert client.get(f"/front/{moment}/").status_code == 404


def test_a_section_and_a_topic_have_fronts(client):
    business = make_section("Business")
    stories = make_stories(4, section=business, tags=["Harbour"])
    of_section = Front.objects.create(section=business)
    of_topic = Front.objects.create(tag=Tag.objects.get())
    place(zone(of_section, "biz-lead", "lead", size=1), 1, stories[3], headline="Section lead")
    place(zone(of_topic, "topic-top", size=1), 1, stories[2], headline="Topic lead")
    section = BeautifulSoup(client.get("/business/").text, "html.parser")
    assert section.select_one("section.lead h2").get_text(strip=True) == "Section lead"
    assert [a.get_text(strip=True) for a in section.select("[aria-labelledby=latest] h3 a")] == [
        "Story 1",
        "Story 2",
        "Story 3",
    ]
    topic = BeautifulSoup(client.get("/topics/harbour/").text, "html.parser")
    assert topic.select_one("[aria-labelledby=topic-top] h3").get_text(strip=True) == "Topic lead"
    assert "Topic lead" not in client.get(f"/topics/harbour/?before={stories[0].pk}").text


def test_there_is_one_front_of_each_thing(front):
    assert find_front() == front
    business = make_section("Business")
    of_section = Front.objects.create(section=business)
    assert find_front(section=business) == of_section
    assert find_front(section=make_section("Sports")) is None
    for fields in ({}, {"section": business}, {"section": make_section("World"), "tag": Tag.objects.create(name="x")}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Front.objects.create(**fields)


def test_a_zone_has_a_layout(front):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_list("bare", front=front)


@pytest.mark.parametrize(
    ("layout", "count", "rows"),
    [
        *(("half", 1, ["wide"]), ("half", 2, [2]), ("half", 3, [2, "wide"]), ("half", 4, [4])),
        *(("quarter", 1, ["cards"]), ("quarter", 2, [2]), ("quarter", 4, [4]), ("quarter", 5, [3, 2])),
        *(("quarter", 9, [3, 3, 3]), ("quarter", 13, [4, 3, 3, 3])),
    ],
)
def test_blocks_that_share_a_row_leave_no_place_of_it_empty(front, layout, count, rows):
    make_stories(count)
    for number in range(count):
        zone(front, f"block-{number}", layout, size=1)
    ((_band, found),) = fill_front(front).bands
    assert [len(zones) if name == layout else name for name, zones in found] == rows
    shown = [zone.story_list.slug for _name, zones in found for zone in zones]
    assert shown == [f"block-{number}" for number in range(count)]


def test_a_block_without_a_neighbour_is_as_wide_as_its_row(front, client):
    make_stories(6)
    zone(front, "one", "quarter", size=2)
    zone(front, "two", "quarter", size=2)
    zone(front, "three", "half", size=2)
    page = BeautifulSoup(client.get("/").text, "html.parser")
    assert len(page.select(".g2 > section")) == 2
    assert page.select_one("section[aria-labelledby=three] .block-grid")
