"""The legal expunge: nothing of the content is left anywhere, and the log says that it happened."""

import json

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.core.serializers import serialize
from django.db import IntegrityError, transaction
from django.urls import reverse

from articles import publishing
from articles.models import Article
from editions.building import build_edition, build_wanted
from editions.models import Edition
from newsroom.expunging import permit
from photos.models import Photo
from readers.models import AuditEntry
from sections.bin import bring_back
from sections.models import Binned, Redirect
from tests.admin.posting import submit
from tests.editions.papers import text_of
from tests.factories import draft, make_article, make_photo, make_reporter, make_section, make_staff, make_video

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "Zyxwvut"


def expunge(kind, obj, **options):
    """Runs the command as the administrator “editor”."""
    options = {"by": "editor", "reason": "Seoul Central District Court, 2026-1", "no_input": True} | options
    call_command("expunge", kind, str(obj.pk), **options)


def everything():
    """The database's whole content as one text."""
    from django.apps import apps

    rows = [json.dumps(serialize("json", model._base_manager.all())) for model in apps.get_models()]
    return "\n".join(rows)


def test_nothing_of_a_public_story_is_left(client):
    boss = make_staff()
    photo = make_photo(render=True, caption=f"{SECRET} at the door.")
    shared = make_photo(render=True)
    make_article(photos=[shared], headline="Another story")
    story = make_article(
        headline=f"{SECRET} arrested", reporters=[make_reporter()], photos=[photo, shared], body=f"<p>{SECRET} was.</p>"
    )
    film = make_video(story).file.name
    client.force_login(boss)
    form = reverse("admin:articles_article_change", args=[story.pk])
    submit(client, form, "article_form", deck=f"{SECRET} denies it.", kind="typo")
    assert AuditEntry.objects.filter(changes__icontains=SECRET)
    publishing.correct(Article.objects.get(pk=story.pk), f"{SECRET} denied.", by=boss)
    Redirect.objects.create(old_path="/zyx/", new_path=story.get_absolute_url())
    assert SECRET in everything()
    address, pictures = story.get_absolute_url(), [photo.file.name, photo.picture().src.partition("/media/")[2]]
    assert all(default_storage.exists(file) for file in [film, *pictures])

    expunge("story", story, photos=True)

    assert SECRET not in everything()
    assert not Article.objects.filter(pk=story.pk).exists()
    assert client.get(address).status_code == 404
    assert not any(default_storage.exists(file) for file in [film, *pictures])
    assert list(Photo.objects.all()) == [shared]
    assert default_storage.exists(shared.file.name)
    entry = AuditEntry.objects.get(action="expunged")
    assert (entry.user, entry.object_id, entry.note) == (boss, str(story.pk), "Seoul Central District Court, 2026-1")
    # That somebody changed the story is still there to see.
    assert AuditEntry.objects.filter(model="articles.article", object_id=str(story.pk)).count() > 1
    assert LogEntry.objects.filter(object_id=str(story.pk)).exists()


def test_what_lies_in_the_bin_is_brought_back_first(client):
    client.force_login(make_staff())
    story = draft(headline=f"{SECRET} arrested")
    client.post(reverse("admin:articles_article_delete", args=[story.pk]), {"post": "yes"})
    with pytest.raises(CommandError, match="brought back first"):
        expunge("story", story)
    bring_back(Binned.objects.get())
    expunge("story", story)
    assert SECRET not in everything()


def test_a_photo_in_use_is_kept_and_its_users_are_named():
    make_staff()
    photo = make_photo()
    story = make_article(photos=[photo])
    with pytest.raises(CommandError, match=f"story {story.pk}"):
        expunge("photo", photo)
    assert Photo.objects.get() == photo
    story.photo_uses.all().delete()
    expunge("photo", photo)
    assert not Photo.objects.exists()
    assert not default_storage.exists(photo.file.name)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"by": "nobody"}, "no account nobody"),
        ({"by": "chief"}, "Only an administrator"),
        ({"reason": "  "}, "Write the reason"),
        ({"no_input": False}, "Nothing was deleted"),
    ],
)
def test_it_refuses(options, words, monkeypatch):
    make_staff()
    make_staff("chief", superuser=False)
    monkeypatch.setattr("builtins.input", lambda words: "yes")
    story = make_article()
    with pytest.raises(CommandError, match=words):
        expunge("story", story, **options)
    assert Article.objects.get() == story
    assert not AuditEntry.objects.exists()


def test_the_log_gives_up_words_alone_even_then():
    make_staff()
    AuditEntry.objects.create(action="changed", user_name="somebody", object_words="Something")
    for change in ({"user_name": "another"}, {"action": "added"}):
        with transaction.atomic():
            permit()
            with pytest.raises(IntegrityError), transaction.atomic():
                AuditEntry.objects.update(**change)


def test_printed_editions_lose_their_files_and_are_built_anew():
    make_staff()
    section = make_section("Courts")
    story = make_article(section=section, headline=f"{SECRET} arrested", body="<p>He was.</p>")
    make_article(section=section, headline="Another story", body="<p>It stays.</p>")
    edition = build_edition()
    assert SECRET in text_of(edition)
    expunge("story", story)
    assert not any(default_storage.exists(name) for name in edition.files)
    after = Edition.objects.get()
    assert not after.is_public
    assert build_wanted() == 1
    after.refresh_from_db()
    assert after.is_public
    assert SECRET not in text_of(after)
    assert "Another story" in text_of(after)


def test_printed_editions_of_a_photo_lose_their_files():
    make_staff()
    photo = make_photo(render=True)
    story = make_article(photos=[photo], body="<p>It stays.</p>")
    edition = build_edition()
    assert edition.stories.get().photo == photo
    story.photo_uses.all().delete()
    expunge("photo", photo)
    assert not any(default_storage.exists(name) for name in edition.files)
    assert Edition.objects.get().wanted_at
