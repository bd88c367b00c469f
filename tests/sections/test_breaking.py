"""Breaking news: a line over every page, for as long as the desk says."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from sections.models import BreakingNews
from tests.factories import make_article

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def say(text="Storm reaches Busan", **fields):
    now = timezone.now()
    return BreakingNews.objects.create(**{"text": text, "starts_at": now, "ends_at": now + HOUR} | fields)


def test_it_stands_over_every_page_and_its_lite_edition(client):
    story = make_article()
    say(url="/2026/11/30/storm/")
    for address in ("/", story.get_absolute_url(), "/search/", "/archive/", "/lite/", "/no-such-page/"):
        text = client.get(address).text
        assert '<a href="/2026/11/30/storm/">Storm reaches Busan</a>' in text.replace("/lite/2026", "/2026"), address


def test_it_may_have_no_link(client):
    say()
    assert "<span>Storm reaches Busan</span>" in client.get("/").text


@pytest.mark.parametrize("moved", [-2 * HOUR, 2 * HOUR])
def test_it_is_not_there_before_and_after(client, moved):
    say()
    with time_machine.travel(timezone.now() + moved):
        assert "Storm reaches" not in client.get("/").text


def test_the_newest_of_several_is_shown(client):
    say("The older one", starts_at=timezone.now() - HOUR / 2)
    say("The newer one", starts_at=timezone.now() - HOUR / 4)
    text = client.get("/").text
    assert "The newer one" in text
    assert "The older one" not in text


def test_it_is_escaped(client):
    say("<script>alert(1)</script>")
    assert "<script>alert" not in client.get("/").text


def test_it_must_end_after_it_begins():
    now = timezone.now()
    with pytest.raises(IntegrityError), transaction.atomic():
        say(starts_at=now, ends_at=now)


def test_it_costs_no_query(client, queries):
    with queries(5):
        client.get("/")
    say()
    with queries(5):
        client.get("/")
