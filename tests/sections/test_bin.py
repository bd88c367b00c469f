"""What is deleted in the admin is kept whole, and comes back."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from articles import publishing
from articles.models import Article, Tag
from sections.bin import bring_back, throw_away
from sections.models import Binned, Page
from tests.factories import draft, make_article, make_photo, make_reporter, make_staff

pytestmark = pytest.mark.django_db


def whole(story):
    """A story with everything that belongs to it."""
    return publishing.content_of(story) | {"versions": story.versions.count(), "notes": story.desk_notes.count()}


def test_a_draft_comes_back_with_all_that_belongs_to_it():
    story = draft(reporters=[make_reporter()], photos=[make_photo()], tags=["Rain"])
    publishing.hand_in(story, "Ready?", by=make_staff())
    publishing.finish_edit(story)
    before, guid = whole(story), story.guid
    binned = throw_away(story, by=make_staff("chief"))
    assert not Article.objects.exists()
    assert (binned.words, binned.deleted_by.username) == (before["headline"], "chief")
    back = bring_back(binned)
    assert back.guid == guid
    assert whole(Article.objects.get()) == before
    assert not Binned.objects.exists()


def test_what_was_public_does_not_even_go_into_the_bin():
    story = make_article()
    with pytest.raises(IntegrityError), transaction.atomic():
        throw_away(story)
    assert not Binned.objects.exists()
    assert Article.objects.exists()


def test_a_place_that_was_taken_meanwhile_is_said_and_nothing_is_written():
    page = Page.objects.create(address="/about/us/", title="Us", body="<p>We.</p>")
    binned = throw_away(page)
    Page.objects.create(address="/about/us/", title="Others", body="<p>They.</p>")
    with pytest.raises(ValidationError, match="cannot be brought back as it was"):
        bring_back(binned)
    assert Page.objects.get().title == "Others"
    assert Binned.objects.exists()


def test_it_comes_back_once():
    binned = throw_away(Page.objects.create(address="/about/us/", title="Us", body=""))
    bring_back(binned)
    binned = Binned(model=binned.model, words=binned.words, content=binned.content)
    with pytest.raises(ValidationError, match="there again already"):
        bring_back(binned)


def test_the_admin_throws_away_and_brings_back(client):
    client.force_login(make_staff())
    story = draft(headline="Rain")
    client.post(reverse("admin:articles_article_delete", args=[story.pk]), {"post": "yes"})
    binned = Binned.objects.get()
    shown = client.get(reverse("admin:sections_binned_changelist")).content.decode()
    assert "Rain" in shown
    assert client.get(reverse("admin:sections_binned_change", args=[binned.pk])).status_code == 200
    client.post(reverse("admin:sections_binned_restore", args=[binned.pk]))
    assert Article.objects.get().headline == "Rain"


def test_chosen_rows_of_a_list_go_into_the_bin_too(client):
    client.force_login(make_staff())
    topics = [Tag.objects.create(name=name, slug=name.lower()) for name in ("Rain", "Snow")]
    data = {"action": "delete_selected", "_selected_action": [topic.pk for topic in topics], "post": "yes"}
    client.post(reverse("admin:articles_tag_changelist"), data)
    assert not Tag.objects.exists()
    assert sorted(Binned.objects.values_list("words", flat=True)) == ["Rain", "Snow"]


def test_the_bin_is_for_those_who_may_see_it(client):
    binned = throw_away(draft())
    client.force_login(make_staff("reporter", superuser=False))
    assert client.get(reverse("admin:sections_binned_changelist")).status_code == 403
    assert client.post(reverse("admin:sections_binned_restore", args=[binned.pk])).status_code == 403
    assert not Article.objects.exists()
