"""Accounts, rights, reporters and topics in the admin."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from articles.models import Article, Column, Reporter
from readers.models import User
from tests.admin.posting import errors, page, submit, told
from tests.factories import make_article, make_photo, make_reporter, make_staff

MODELS = [
    *("articles_article", "articles_reporter", "articles_column", "articles_tag", "photos_photo"),
    *("sections_section", "sections_menuitem", "sections_mastheadfact", "sections_page", "sections_redirect"),
    *("rankings_storylist", "rankings_readcount", "readers_user", "auth_group"),
]


def change(obj):
    """The address of a row's form."""
    return reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change", args=[obj.pk])


# ---- rights


@pytest.mark.parametrize("model", MODELS)
def test_staff_without_rights_sees_nothing(client, model, db):
    client.force_login(make_staff("newcomer", superuser=False))
    assert "permission to view or edit anything" in page(client.get(reverse("admin:index"))).get_text()
    assert client.get(reverse(f"admin:{model}_changelist")).status_code == 403
    assert client.get(reverse(f"admin:{model}_add")).status_code == 403
    assert client.post(reverse(f"admin:{model}_changelist"), {"action": "delete_selected"}).status_code == 403


@pytest.mark.parametrize("act", ["withdraw", "correct", "restore"])
def test_acts_need_the_right_to_change(client, act, db):
    story = make_article()
    reader = make_staff("reader", superuser=False)
    reader.user_permissions.set(Permission.objects.filter(codename__in=["view_article", "every_section"]))
    client.force_login(reader)
    url = reverse(f"admin:articles_article_{act}", args=[story.pk])
    assert client.post(url, {"reason": "Because.", "kind": "correction", "text": "x"}).status_code == 403
    response = client.post(reverse("admin:articles_article_changelist"), {"action": "publish", "_selected_action": [1]})
    assert response.status_code in (200, 302, 403)
    assert story.is_public()


@pytest.mark.parametrize("model", MODELS)
def test_readers_are_sent_to_sign_in(client, model, db):
    url = reverse(f"admin:{model}_changelist")
    client.force_login(make_staff("reader", superuser=False, is_staff=False))
    assert client.get(url)["Location"].startswith(reverse("admin:login"))


def test_pictures_of_unpublished_stories_are_for_those_who_may_see_photos(client, db):
    photo = make_photo(render=True)
    client.force_login(make_staff("newcomer", superuser=False))
    assert client.get(photo.picture().src).status_code == 404


@pytest.mark.parametrize("model", MODELS)
def test_every_list_and_empty_form_opens(desk, model):
    assert desk.get(reverse(f"admin:{model}_changelist")).status_code == 200
    assert desk.get(reverse(f"admin:{model}_add")).status_code == (403 if model == "rankings_readcount" else 200)


def test_the_policy_of_the_public_pages_holds_here_too(desk):
    policy = desk.get(reverse("admin:index"))["Content-Security-Policy"]
    directives = {part.strip() for part in policy.split(";")}
    assert {"script-src 'self'", "style-src 'self'", "default-src 'none'"} <= directives
    assert "unsafe" not in policy


# ---- accounts


def test_an_account_is_made_with_one_address_for_each(desk):
    url = reverse("admin:readers_user_add")
    words = {
        "username": "min-ji",
        "usable_password": "true",
        "password1": "Nightjar-2026",
        "password2": "Nightjar-2026",
    }
    response = submit(desk, url, "user_form", **words, email="Editor@Example.com")
    assert "Another account has this e-mail address." in errors(response)
    submit(desk, url, "user_form", **words, email="min-ji@example.com")
    user = User.objects.get(username="min-ji")
    assert not user.is_staff
    submit(desk, change(user), "user_form", is_staff="on")
    user.refresh_from_db()
    assert user.is_staff
    taken = submit(desk, change(user), "user_form", email="EDITOR@example.com")
    assert "Another account" in page(taken).select_one(".field-email .errorlist").get_text()


def test_an_account_needs_an_address(desk, editor):
    assert "required" in errors(submit(desk, change(editor), "user_form", email=""))


def test_groups_give_rights(desk, client):
    group = Group.objects.create(name="Photo desk")
    group.permissions.set(Permission.objects.filter(codename__endswith="_photo"))
    user = make_staff("cha", superuser=False)
    submit(desk, change(user), "user_form", groups=[group.pk])
    client.force_login(user)
    assert client.get(reverse("admin:photos_photo_changelist")).status_code == 200
    assert client.get(reverse("admin:articles_article_changelist")).status_code == 403


def test_only_a_superuser_touches_a_superuser(client, editor):
    manager = make_staff("manager", superuser=False)
    manager.user_permissions.set(Permission.objects.filter(content_type__app_label="readers"))
    client.force_login(manager)
    assert client.post(change(editor), {"username": "gone"}).status_code == 403
    password = reverse("admin:auth_user_password_change", args=[editor.pk])
    assert client.get(password).status_code == 403
    submit(client, change(manager), "user_form", is_superuser="on", email=manager.email)
    manager.refresh_from_db()
    assert not manager.is_superuser


def test_an_account_that_worked_here_stays(desk, editor):
    worked, idle = make_staff("worked"), make_staff("idle")
    LogEntry.objects.create(user=worked, object_repr="A story", action_flag=2)
    for user in (worked, idle):
        desk.post(reverse("admin:readers_user_delete", args=[user.pk]), {"post": "yes"})
    assert User.objects.filter(username="worked").exists()
    assert not User.objects.filter(username="idle").exists()


# ---- reporters, columns, topics


def test_a_renamed_reporter_is_renamed_under_every_story(desk, client):
    reporter = make_reporter("Seo Ha-rin")
    story = make_article(reporters=[reporter])
    submit(desk, change(reporter), "reporter_form", name="Seo Ha-ram", slug="other")
    reporter.refresh_from_db()
    assert reporter.slug == "seo-ha-rin"
    assert Article.objects.get().byline_text == "Seo Ha-ram"
    assert "Seo Ha-ram" in client.get(story.get_absolute_url()).content.decode()


def test_a_reporter_with_stories_and_a_column_with_pieces_stay(desk):
    reporter = make_reporter()
    column = Column.objects.create(name="River notes", slug="river-notes", reporter=reporter)
    make_article(reporters=[reporter], column=column)
    for obj, sentence in ((reporter, "switch off “active”"), (column, "has pieces")):
        assert sentence in told(desk.post(change(obj).replace("change", "delete"), {"post": "yes"}, follow=True))
    assert Reporter.objects.exists()
    assert Column.objects.exists()


def test_taggits_own_tags_are_not_offered(desk):
    assert "taggit" not in desk.get(reverse("admin:index")).content.decode()


@pytest.mark.parametrize(
    ("field", "model", "found"),
    [
        (("articles", "byline", "reporter"), "Seo", "Seo Ha-rin"),
        (("articles", "articlephoto", "photo"), "teal", "A teal square."),
        (("articles", "article", "section"), "natio", "National"),
        (("articles", "relatedarticle", "related"), "shipy", "Shipyard hires"),
        (("rankings", "placement", "article"), "shipyard", "Shipyard hires"),
    ],
)
def test_choices_are_found_by_typing(desk, field, model, found, queries):
    make_article(headline="Shipyard hires", reporters=[make_reporter()], photos=[make_photo()])
    app_label, model_name, field_name = field
    query = {"app_label": app_label, "model_name": model_name, "field_name": field_name, "term": model}
    with queries(6):
        results = desk.get(reverse("admin:autocomplete"), query).json()["results"]
    assert [result["text"] for result in results] == [found]


@pytest.mark.parametrize("model", ["articles_reporter", "articles_column", "articles_tag", "readers_user"])
def test_lists_cost_the_same_whatever_their_size(desk, queries, model):
    for n in range(12):
        reporter = make_reporter(f"Reporter {n}", slug=f"r-{n}")
        Column.objects.create(name=f"Column {n}", slug=f"c-{n}", reporter=reporter)
        make_staff(f"staff-{n}")
    make_article(tags=[f"Topic {n}" for n in range(12)])
    with queries(9):
        desk.get(reverse(f"admin:{model}_changelist"))
