"""The audit log: every change with its before and after, written once and never changed."""

import csv
import io
import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from articles.models import Article, Reporter, Tag
from readers import audit
from readers.models import Action, AuditEntry, User
from sections.models import MenuItem
from tests.admin.posting import errors, page, submit
from tests.admin.test_sign_in import sign_in
from tests.factories import draft, make_alias, make_article, make_reporter, make_section, make_staff

pytestmark = pytest.mark.django_db

LIST = "/admin/readers/auditentry/"
EXPORT = f"{LIST}export/"


def change(obj):
    """The address of a row's form."""
    return reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change", args=[obj.pk])


def entries(action, **fields):
    return list(AuditEntry.objects.filter(action=action, **fields))


def only(action, **fields):
    """The one entry of that action."""
    (entry,) = entries(action, **fields)
    return entry


@pytest.fixture
def auditor(db):
    """Somebody whose only right is to read the log."""
    user = make_staff("auditor", superuser=False)
    user.user_permissions.add(Permission.objects.get(codename="view_auditentry"))
    return user


# ---- what is written


def test_a_change_has_before_and_after(desk, editor):
    reporter = make_reporter("Seo Ha-rin", title="Economy reporter")
    submit(desk, change(reporter), "reporter_form", title="Economy editor", email="seo@example.com")
    entry = only(Action.CHANGED)
    assert entry.changes == {"title": ["Economy reporter", "Economy editor"], "email": ["", "seo@example.com"]}
    assert (entry.user, entry.user_name, entry.address) == (editor, "editor", "127.0.0.1")
    assert (entry.model, entry.object_id, entry.object_words) == (
        "articles.reporter",
        str(reporter.pk),
        str(reporter),
    )


def test_rows_of_other_models_are_named_in_words(desk):
    business, sports = make_section("Business"), make_section("Sports")
    story = draft(section=business)
    submit(desk, change(story), "article_form", section=sports.pk, also_in=[business.pk], tags="Seoul, Rain")
    changes = only(Action.CHANGED).changes
    assert changes["section"] == ["Business", "Sports"]
    assert changes["also_in"] == [[], ["Business"]]
    assert sorted(changes["tags"][1]) == ["Rain", "Seoul"]


def test_choices_and_moments_are_told_in_words(desk):
    story = draft()
    data = {"publish_at_0": "2030-01-02", "publish_at_1": "09:30:00", "date_precision": "day"}
    submit(desk, change(story), "article_form", **data)
    changes = only(Action.CHANGED).changes
    assert changes["publish_at"] == [None, "2030-01-02 09:30+09:00"]
    assert changes["date_precision"] == ["Minute", "Day only"]


def test_rows_of_a_form_are_told_too(desk):
    reporter = make_reporter("Seo Ha-rin")
    make_alias(reporter, "Suh Ha-rin")
    make_alias(reporter, "Seo Harin")
    # By name: Seo Harin, Suh Ha-rin.
    data = {"aliases-0-name": "Suh Harin", "aliases-1-DELETE": "on", "aliases-2-name": "S. Ha-rin"}
    submit(desk, change(reporter), "reporter_form", **data)
    changes = only(Action.CHANGED).changes
    assert changes == {
        "alias “Suh Harin”: name": ["Seo Harin", "Suh Harin"],
        "alias “Suh Ha-rin”": ["Suh Ha-rin", None],
        "alias “S. Ha-rin”: name": [None, "S. Ha-rin"],
    }


def test_an_added_row_is_told_with_what_was_typed(desk):
    submit(desk, reverse("admin:articles_reporter_add"), "reporter_form", name="Noh Tae-gyeom", slug="noh")
    entry = only(Action.ADDED)
    assert entry.object_id == str(Reporter.objects.get().pk)
    assert entry.changes["name"] == [None, "Noh Tae-gyeom"]


def test_a_deleted_row_is_told_with_what_it_was(desk):
    reporter = make_reporter("Noh Tae-gyeom", title="Sports reporter")
    desk.post(change(reporter).replace("change", "delete"), {"post": "yes"})
    entry = only(Action.DELETED)
    assert (entry.object_id, entry.object_words) == (str(reporter.pk), "Noh Tae-gyeom")
    assert entry.changes["title"] == ["Sports reporter", None]


def test_rows_deleted_from_the_list_are_told_one_by_one(desk):
    chosen = [make_reporter(f"Reporter {n}", slug=f"r-{n}").pk for n in range(3)]
    data = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
    desk.post(reverse("admin:articles_reporter_changelist"), data)
    assert {entry.object_id for entry in entries(Action.DELETED)} == set(map(str, chosen))


def test_what_is_changed_in_the_list_is_told(desk):
    items = [MenuItem.objects.create(menu="tiles", label=f"Tile {n}", url=f"/{n}/", position=n) for n in range(2)]
    submit(desk, reverse("admin:sections_menuitem_changelist"), "changelist-form", **{"form-0-position": "7"})
    entry = only(Action.CHANGED)
    assert entry.object_id in {str(item.pk) for item in items}
    assert entry.changes["position"][1] == 7


def test_a_save_that_changed_nothing_is_none(desk):
    submit(desk, change(make_reporter()), "reporter_form")
    assert entries(Action.CHANGED) == []


def test_a_refused_save_leaves_nothing(desk):
    reporter = make_reporter()
    submit(desk, change(reporter), "reporter_form", name="")
    assert entries(Action.CHANGED) == []


def test_acts_are_told_by_name(desk):
    story = draft()
    submit(desk, change(story), "article_form", "act:hand_in")
    submit(desk, change(story), "article_form", "act:publish", headline="Shipyard hires")
    desk.post(reverse("admin:articles_article_withdraw", args=[story.pk]), {"reason": "It was a forgery."})
    assert only(Action.HANDED_IN).object_id == str(story.pk)
    assert only(Action.PUBLISHED).object_words == "Shipyard hires"
    assert "It was a forgery." in only(Action.WITHDRAWN).note
    assert only(Action.CHANGED).changes["headline"][1] == "Shipyard hires"


def test_acts_of_the_list_are_told(desk):
    story = draft()
    data = {"action": "publish", "_selected_action": [story.pk], "asked": "1", "sure": "1"}
    desk.post(reverse("admin:articles_article_changelist"), data)
    assert only(Action.PUBLISHED).object_id == str(story.pk)


def test_merged_topics_are_told(desk):
    make_article(tags=["Shipbuilding", "Shipyards"])
    stays, goes = Tag.objects.order_by("name")
    data = {"action": "merge", "_selected_action": [stays.pk, goes.pk], "post": "1", "into": stays.pk}
    desk.post(reverse("admin:articles_tag_changelist"), data)
    assert only(Action.DELETED).object_words == "Shipyards"
    assert "Merged" in only(Action.CHANGED).note


def test_long_texts_are_cut_to_where_they_differ(desk):
    body = "<p>" + "The same words. " * 100 + "{}" + " And more words." * 100 + "</p>"
    story = draft(body=body.format("before"))
    submit(desk, change(story), "article_form", body=body.format("after"))
    before, after = only(Action.CHANGED).changes["body"]
    assert len(before) <= 500
    assert len(after) <= 500
    assert "before" in before
    assert "after" in after


def test_changed_rights_are_told_as_that(desk):
    user, group = make_staff("cha", superuser=False), Group.objects.create(name="Photo desk")
    submit(desk, change(user), "user_form", groups=[group.pk], first_name="Ra-on")
    entry = only(Action.ROLE_CHANGED)
    assert entry.object_words == "cha"
    assert entry.changes == {"groups": [[], ["Photo desk"]], "first_name": ["", "Ra-on"]}
    right = Permission.objects.get(codename="change_photo")
    submit(desk, change(group), "group_form", permissions=[right.pk])
    assert only(Action.ROLE_CHANGED, model="auth.group").changes["permissions"][1] == [str(right)]


def test_no_password_is_ever_written(desk):
    user = make_staff("cha", superuser=False)
    url = reverse("admin:auth_user_password_change", args=[user.pk])
    submit(desk, url, "user_form", "set-password", password1="Nightjar-2026", password2="Nightjar-2026")
    assert only(Action.PASSWORD_CHANGED).changes == {"password": ["•••", "•••"]}
    words = {"username": "min-ji", "email": "m@example.com", "usable_password": "true"}
    words |= {"password1": "Nightjar-2027", "password2": "Nightjar-2027"}
    submit(desk, reverse("admin:readers_user_add"), "user_form", **words)
    user.delete()
    desk.post(reverse("admin:readers_user_delete", args=[User.objects.get(username="min-ji").pk]), {"post": "yes"})
    assert only(Action.ADDED).object_words == "min-ji"
    assert only(Action.DELETED).object_words == "min-ji"
    assert "Nightjar" not in str(AuditEntry.objects.values())
    assert "md5$" not in str(AuditEntry.objects.values())


def test_coming_and_going_is_told(editor):
    sign_in("wrong")
    client = sign_in().client
    client.post(reverse("admin:logout"), REMOTE_ADDR="203.0.113.9")
    found = AuditEntry.objects.order_by("at").values_list("action", "user_name", "address")
    assert list(found) == [
        ("failed", "editor", "203.0.113.7"),
        ("signed_in", "editor", "203.0.113.7"),
        ("signed_out", "editor", "203.0.113.9"),
    ]


def test_an_unknown_name_is_kept_as_it_was_typed(db):
    sign_in("wrong", username="admin")
    entry = only(Action.FAILED)
    assert (entry.user, entry.user_name) == (None, "admin")


# ---- that it stays


@pytest.mark.parametrize("change", [{"user_name": "nobody"}, {"changes": {}}, {"at": None}, {"user_id": 1}])
def test_the_database_refuses_to_change_it(editor, change):
    entry = audit.record(Action.CHANGED, obj=editor, user=editor, changes={"a": [1, 2]})
    change = {name: timezone.now() if name == "at" else value for name, value in change.items()}
    if "user_id" in change:
        change = {"user_id": make_staff("other").pk}
    with pytest.raises(IntegrityError, match="only be added to"), transaction.atomic():
        AuditEntry.objects.filter(pk=entry.pk).update(**change)


def test_the_database_refuses_to_delete_it(editor):
    audit.record(Action.CHANGED, user=editor)
    with pytest.raises(IntegrityError, match="only be added to"), transaction.atomic():
        AuditEntry.objects.all().delete()


def test_a_deleted_account_keeps_its_name_in_it(editor):
    audit.record(Action.CHANGED, user=editor)
    editor.delete()
    entry = only(Action.CHANGED)
    assert (entry.user, entry.user_name) == (None, "editor")


def test_the_admin_has_no_way_to_change_it(desk, editor):
    entry = audit.record(Action.CHANGED, user=editor, note="Before")
    assert desk.post(change(entry), {"note": "After"}).status_code == 403
    assert desk.post(change(entry).replace("change", "delete"), {"post": "yes"}).status_code == 403
    assert desk.get(f"{LIST}add/").status_code == 403
    data = {"action": "delete_selected", "_selected_action": [entry.pk], "post": "yes"}
    desk.post(LIST, data)
    assert AuditEntry.objects.get(pk=entry.pk).note == "Before"


# ---- who sees it


def test_only_who_may_see_it_does(client, auditor):
    client.force_login(make_staff("cha", superuser=False))
    entry = AuditEntry.objects.first()
    for url in (LIST, EXPORT, change(entry)):
        assert client.get(url).status_code == 403
    client.force_login(auditor)
    for url in (LIST, EXPORT, change(entry)):
        response = client.get(url)
        assert response.status_code == 200
        assert response.getvalue()


def write(count, **fields):
    """Entries of the last minutes, the newest last."""
    now = timezone.now()
    made = [
        AuditEntry(
            at=now - timedelta(minutes=count - n),
            **{"action": "changed", "model": "articles.article", "object_words": f"Story {n}"} | fields,
        )
        for n in range(count)
    ]
    return AuditEntry.objects.bulk_create(made)


def shown(response):
    """The words of what each row of the list is about."""
    return [cell.get_text() for cell in page(response).select("td.field-what")]


def test_the_newest_stands_first(desk):
    write(3)
    assert shown(desk.get(LIST, {"kind": "articles.article"})) == ["Story 2", "Story 1", "Story 0"]


def test_the_list_costs_the_same_whatever_its_size(desk, editor, queries):
    write(60, user=editor, user_name="editor")
    with queries(6):
        assert len(shown(desk.get(LIST))) == 50


def test_it_is_filtered_by_who_what_kind_and_words(desk, editor):
    other = make_staff("cha")
    write(1, user=other, user_name="cha", object_words="Rain in Seoul")
    write(1, user=editor, model="articles.tag", action="deleted", object_words="Snow")
    assert shown(desk.get(LIST, {"user": other.pk})) == ["Rain in Seoul"]
    assert shown(desk.get(LIST, {"action__exact": "deleted"})) == ["Snow"]
    assert shown(desk.get(LIST, {"kind": "articles.tag"})) == ["Snow"]
    assert shown(desk.get(LIST, {"q": "in seo"})) == ["Rain in Seoul"]
    assert shown(desk.get(LIST, {"q": "snow", "user": other.pk})) == []


def test_it_is_filtered_by_days_in_seoul(desk):
    at = timezone.datetime.fromisoformat("2026-03-02T00:30:00+09:00")
    AuditEntry.objects.create(at=at, action="changed", object_words="Half past midnight")
    found = {
        ("2026-03-02", "2026-03-02"): ["Half past midnight"],
        ("2026-03-01", "2026-03-01"): [],
        ("", "2026-03-02"): ["Half past midnight"],
        ("2026-03-03", "2026-03-04"): [],
    }
    for (since, until), words in found.items():
        assert shown(desk.get(LIST, {"since": since, "until": until})) == words


@pytest.mark.parametrize(
    "query",
    [{"user": "x"}, {"user": "99999999999999999999"}, {"since": "yesterday"}, {"until": "9999-12-31"}, {"p": "x"}],
)
def test_odd_filters_are_no_error(desk, query):
    assert desk.get(LIST, query, follow=True).status_code == 200
    response = desk.get(EXPORT, query)
    assert response.status_code in (200, 302)
    if response.status_code == 200:
        response.getvalue()


def test_the_filter_keeps_the_others_and_says_what_is_wrong(desk, editor):
    response = desk.get(LIST, {"kind": "articles.tag", "user": editor.pk, "since": "x"})
    form = page(response).select_one("form.who-and-when")
    assert form.select_one("input[type=hidden][name=kind]")["value"] == "articles.tag"
    assert form.select_one("select[name=user] option[selected]").get_text() == "editor"
    assert form.select_one("select")["class"] == ["admin-autocomplete"]
    assert "valid date" in errors(response)
    assert "autocomplete.js" in response.text


def test_an_entry_shows_before_and_after(desk, editor):
    reporter = make_reporter("Seo Ha-rin")
    entry = audit.record(
        Action.CHANGED,
        obj=reporter,
        user=editor,
        changes={"title": ["", "<b>Editor</b>"], "is_active": [True, False], "groups": [[], ["A", "B"]]},
    )
    table = page(desk.get(change(entry))).select_one(".before-after")
    rows = [[cell.get_text() for cell in row.select("th, td")] for row in table.select("tbody tr")]
    assert sorted(rows) == [["groups", "–", "A, B"], ["is_active", "yes", "no"], ["title", "–", "<b>Editor</b>"]]
    assert page(desk.get(change(entry))).find("a", string="Seo Ha-rin")["href"] == change(reporter)


def test_an_entry_about_a_model_that_is_gone_opens(desk):
    (entry,) = write(1, model="old.thing", object_id="7")
    assert "old.thing" in page(desk.get(change(entry))).get_text()


def csv_of(response):
    return list(csv.DictReader(io.StringIO(response.getvalue().decode("utf-8-sig"))))


def test_the_filtered_list_is_downloaded(desk, editor, queries):
    write(2, changes={"headline": ["가", "나"]}, user=editor, user_name="editor")
    write(1, model="articles.tag")
    href = page(desk.get(LIST, {"kind": "articles.article"})).find("a", string="Download as CSV")["href"]
    with queries(6):
        response = desk.get(href)
        rows = csv_of(response)
    assert response["Content-Type"].startswith("text/csv")
    assert "attachment" in response["Content-Disposition"]
    assert [row["what"] for row in rows] == ["Story 1", "Story 0"]
    assert json.loads(rows[0]["changes"]) == {"headline": ["가", "나"]}


def test_a_download_has_an_end(desk, monkeypatch):
    monkeypatch.setattr("readers.admin.LIST_LIMIT", 3)
    write(5)
    assert len(csv_of(desk.get(EXPORT))) == 3


def test_a_download_runs_no_formula(desk):
    write(1, object_words='=HYPERLINK("https://evil.example")', note="-1+1")
    row = csv_of(desk.get(EXPORT, {"kind": "articles.article"}))[0]
    assert row["what"].startswith("'=")
    assert row["note"].startswith("'-")


def test_the_story_itself_is_untouched_by_the_log(desk):
    """The log is written in the transaction of the change: one without the other cannot be."""
    story = draft(headline="Before")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit, "record", lambda *args, **kwargs: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            submit(desk, change(story), "article_form", headline="After")
    assert Article.objects.get().headline == "Before"
