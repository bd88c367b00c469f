"""Editions at the desk: asked for, withdrawn and shown again by those who may."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone

from editions.building import build_wanted
from editions.models import Edition
from readers.models import AuditEntry
from tests.factories import make_section, make_staff

from .papers import make_stories

pytestmark = pytest.mark.django_db
LIST = "/admin/editions/edition/"


@pytest.fixture
def desk(client):
    chief = make_staff("chief", superuser=False)
    chief.groups.add(Group.objects.get(name="Chief editor"))
    client.force_login(chief)
    return client


def act(client, action, *editions):
    data = {"action": action, "_selected_action": [edition.pk for edition in editions]}
    return client.post(LIST, data, follow=True)


def test_a_day_is_added_and_built_in_the_background(desk):
    make_stories(make_section("National"), 1)
    today = timezone.localdate()
    response = desk.post(f"{LIST}add/", {"date": today.isoformat()}, follow=True)
    assert response.status_code == 200
    edition = Edition.objects.get()
    assert edition.wanted_at is not None
    assert not edition.is_public
    assert "waits to be built" in desk.get(LIST).text
    build_wanted()
    text = desk.get(LIST).text
    assert "Public" in text
    assert f"{edition.get_absolute_url()}1-480.webp" in text
    assert desk.get(reverse("admin:editions_edition_change", args=[edition.pk])).status_code == 200


@pytest.mark.parametrize(("days", "words"), [(1, "still to come"), (0, "has an edition")])
def test_it_refuses_a_day_that_cannot_be(desk, days, words):
    Edition.objects.create(date=timezone.localdate())
    response = desk.post(f"{LIST}add/", {"date": (timezone.localdate() + timedelta(days=days)).isoformat()})
    assert words in response.text
    assert Edition.objects.count() == 1


def test_editions_are_withdrawn_shown_again_and_built_anew(desk, client):
    edition = Edition.objects.create(date=timezone.localdate(), token="0" * 32, pages=1)
    act(desk, "withdraw", edition)
    edition.refresh_from_db()
    assert edition.withdrawn_at
    assert client.get(edition.get_absolute_url()).status_code == 404
    act(desk, "show_again", edition)
    edition.refresh_from_db()
    assert edition.is_public
    act(desk, "build", edition)
    edition.refresh_from_db()
    assert edition.wanted_at
    assert AuditEntry.objects.filter(model="editions.edition", object_id=str(edition.pk)).count() == 3


def test_a_failure_is_told(desk):
    Edition.objects.create(date=timezone.localdate(), error="No <paper>.")
    assert "Building failed: No &lt;paper&gt;." in desk.get(LIST).text


@pytest.mark.parametrize(
    ("group", "status"), [("Chief editor", 200), ("Web manager", 200), ("Administrator", 200), ("Reporter", 403)]
)
def test_who_may(client, group, status):
    user = make_staff("somebody", superuser=False)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)
    assert client.get(LIST).status_code == status
    edition = Edition.objects.create(date=timezone.localdate())
    assert client.get(reverse("admin:editions_edition_delete", args=[edition.pk])).status_code == 403
