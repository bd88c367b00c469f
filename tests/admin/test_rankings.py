"""Ranked lists in the admin: what stands where and why, placing and ending."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from rankings.counting import write_batch
from rankings.filling import refresh_all
from rankings.models import Front, Placement, ReadCount
from rankings.placing import place
from tests.admin.posting import errors, page, submit, told
from tests.factories import draft, make_article, make_list, make_staff


@pytest.fixture
def front_lead(db):
    """The list that opens the front page."""
    return make_list("front-lead", "Lead story", size=3, front=Front.objects.create(), layout="lead")


def places(story_list):
    """The address of a list's places."""
    return reverse("admin:rankings_storylist_places", args=[story_list.pk])


def shown(response):
    """(story, why) of every place that readers see."""
    rows = [row.find_all("td") for row in page(response).select(".record")[0].select("tbody tr")]
    return [(cells[1].get_text(strip=True), cells[2].get_text(strip=True)) for cells in rows if len(cells) == 3]


def test_a_story_is_placed_and_stands_on_the_front(desk, client, front_lead):
    story = make_article(headline="Shipyard hires")
    response = desk.post(
        places(front_lead), {"position": 1, "article": story.pk, "headline": "Work for 400"}, follow=True
    )
    assert "was placed at position 1" in told(response)
    assert shown(response)[0] == ("Work for 400", shown(response)[0][1])
    assert "Placed by editor from" in shown(response)[0][1]
    assert "Work for 400" in client.get("/").content.decode()
    assert Placement.objects.get().placed_by.username == "editor"


def test_another_story_ends_the_one_before(desk, front_lead):
    first, second = make_article(), make_article()
    for story in (first, second):
        desk.post(places(front_lead), {"position": 1, "article": story.pk})
    assert Placement.objects.in_force().get().article == second
    assert Placement.objects.get(article=first).period.upper is not None


def test_it_ends_at_a_moment_in_seoul(desk, front_lead):
    ends = timezone.localtime() + timedelta(days=1)
    data = {"position": 2, "article": make_article().pk, "ends_0": f"{ends:%Y-%m-%d}", "ends_1": f"{ends:%H:%M}"}
    response = desk.post(places(front_lead), data, follow=True)
    assert f"{ends:%Y-%m-%d %H:%M}" in page(response).get_text()
    assert Placement.objects.get().period.upper == ends.replace(second=0, microsecond=0)


def test_a_placement_is_ended_by_its_button(desk, front_lead, editor):
    placement = place(front_lead, 1, make_article(), by=editor)
    form = page(desk.get(places(front_lead))).find("form", action=lambda action: action and "/end/" in action)
    assert "Position 1 is free" in told(desk.post(form["action"], follow=True))
    assert not Placement.objects.in_force().exists()
    assert Placement.objects.filter(pk=placement.pk).exists()


def test_a_story_to_come_is_placed_but_not_shown(desk, front_lead):
    response = desk.post(places(front_lead), {"position": 1, "article": draft(headline="Soon").pk}, follow=True)
    assert "It is not public" in told(response)
    assert "Soon" not in [story for story, _ in shown(response)]
    assert "Draft" in page(response).get_text()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"position": "4"}, "has the positions 1 to 3"),
        ({"position": "0"}, "greater than or equal to 1"),
        ({"position": ""}, "required"),
        ({"article": ""}, "required"),
        ({"article": "abc"}, "Select a valid choice"),
        ({"article": "9" * 30}, "Select a valid choice"),
        ({"headline": "x" * 201}, "at most 200"),
        ({"headline": "a\0b"}, "Null characters"),
        ({"ends_0": "2020-01-01", "ends_1": "09:00"}, "must end after it begins"),
        ({"ends_0": "0001-01-01", "ends_1": "09:00"}, "from 1900 on"),
    ],
)
def test_a_placement_that_cannot_be_is_refused_and_keeps_what_was_typed(desk, front_lead, fields, sentence):
    data = {"position": "1", "article": make_article().pk, "headline": "Words to keep"} | fields
    response = desk.post(places(front_lead), data)
    assert response.status_code == 200
    assert sentence in errors(response)
    if "headline" not in fields:
        assert "Words to keep" in response.content.decode()
    assert not Placement.objects.exists()


def test_a_booked_place_is_refused(desk, front_lead, editor):
    place(front_lead, 1, make_article(), starts=timezone.now() + timedelta(hours=1), by=editor)
    response = desk.post(places(front_lead), {"position": 1, "article": make_article().pk})
    assert "is booked from" in errors(response)


def test_the_reason_of_each_place_is_told(desk):
    story_list = make_list("top-10", size=3)
    read, new = make_article(headline="Read"), make_article(headline="New")
    write_batch({(read.pk, timezone.now().replace(minute=0, second=0, microsecond=0)): 12})
    refresh_all()
    rows = shown(desk.get(places(story_list)))
    assert [story for story, _ in rows] == [read.headline, new.headline]
    assert "12 reads in 48 hours" in rows[0][1]
    assert "Newest" in rows[1][1]


def test_settings_of_a_list_are_changed_and_its_slug_is_not(desk, front_lead):
    url = reverse("admin:rankings_storylist_change", args=[front_lead.pk])
    submit(desk, url, "storylist_form", size="5", slug="other")
    front_lead.refresh_from_db()
    assert (front_lead.size, front_lead.slug) == (5, "front-lead")
    assert "greater than or equal to 1" in errors(submit(desk, url, "storylist_form", size="0"))


def test_a_list_with_placements_is_not_deleted(desk, front_lead, editor):
    place(front_lead, 1, make_article(), by=editor)
    url = reverse("admin:rankings_storylist_delete", args=[front_lead.pk])
    assert "cannot be deleted" in told(desk.post(url, {"post": "yes"}, follow=True))


def test_placing_and_ending_need_their_rights(client, front_lead, editor):
    placement = place(front_lead, 1, make_article(), by=editor)
    reader = make_staff("reader", superuser=False)
    client.force_login(reader)
    end = reverse("admin:rankings_storylist_end", args=[front_lead.pk, placement.pk])
    assert client.get(places(front_lead)).status_code == 403
    reader.user_permissions.add(Permission.objects.get(codename="view_storylist"))
    response = client.get(places(front_lead))
    assert response.status_code == 200
    assert not page(response).select("main form")
    assert client.post(places(front_lead), {"position": 1}).status_code == 403
    assert client.post(end).status_code == 403
    assert Placement.objects.in_force().exists()


def test_what_does_not_exist_and_what_only_posts_do(desk, front_lead):
    end = reverse("admin:rankings_storylist_end", args=[front_lead.pk, 999])
    assert desk.get(end).status_code == 405
    assert "no such placement" in told(desk.post(end, follow=True))
    missing = reverse("admin:rankings_storylist_places", args=[999])
    assert "doesn’t exist" in told(desk.get(missing, follow=True))


def test_counts_can_only_be_looked_at(desk, queries):
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    write_batch({(make_article().pk, hour - timedelta(hours=n)): n + 1 for n in range(20)})
    url = reverse("admin:rankings_readcount_changelist")
    with queries(8):
        assert len(page(desk.get(url)).select("#result_list tbody tr")) == ReadCount.objects.count()
    assert desk.get(reverse("admin:rankings_readcount_add")).status_code == 403


def test_pages_cost_the_same_whatever_their_size(desk, queries, editor):
    story_list = make_list("ticker", size=20)
    for n in range(20):
        story = make_article()
        if n < 8:
            place(story_list, n + 1, story, by=editor)
    refresh_all()
    with queries(13):
        assert len(shown(desk.get(places(story_list)))) == 20
    with queries(8):
        desk.get(reverse("admin:rankings_storylist_changelist"))
