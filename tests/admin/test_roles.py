"""Every role against every action: lists, forms, buttons, autocompletes, previews, and posts sent directly."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from articles.models import Article
from readers.roles import ROLES, codes_of
from sections.models import Section, SectionEditor
from tests.admin.posting import fields_of, page
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

FORM = "article_form"
STAFF = ["reporter", "photo_editor", "section_editor", "chief_editor", "web_manager", "administrator", "nobody"]
GROUPS = {role: role.replace("_", " ").capitalize() for role in STAFF if role != "nobody"}


@pytest.fixture
def staff(db):
    """One person of each role; the section editor has Business and with it Tech, the reporter has a byline."""
    people = {role: make_staff(role, superuser=False) for role in STAFF}
    for role, group in GROUPS.items():
        people[role].groups.add(Group.objects.get(name=group))
    business = make_section("Business")
    make_section("Tech", parent=business)
    make_section("Sports")
    SectionEditor.objects.create(user=people["section_editor"], section=business)
    make_reporter("Seo Ha-rin", user=people["reporter"])
    return people


@pytest.fixture
def browsers(staff):
    """A signed-in browser for each of them."""
    clients = {}
    for role, user in staff.items():
        clients[role] = Client()
        clients[role].force_login(user)
    return clients


def section(path):
    """The section of an address."""
    return Section.objects.get(path=path)


def stories(staff):
    """A story of each state in Business, one in Sports, and the reporter's own."""
    business, sports = section("business/tech"), section("sports")
    reporter = staff["reporter"]
    return {
        "draft": draft(section=business),
        "scheduled": embargoed(section=business),
        "public": make_article(section=business),
        "withdrawn": withdrawn(section=business),
        "elsewhere": draft(section=sports),
        "public elsewhere": make_article(section=sports),
        "own": draft(section=sports, writer=reporter),
        "signed": draft(section=sports, reporters=[reporter.reporter]),
        "own public": make_article(section=sports, writer=reporter),
    }


EVERYTHING = {
    *("draft", "scheduled", "public", "withdrawn", "elsewhere", "public elsewhere", "own", "signed", "own public")
}
SEEN = {
    "reporter": {"own", "signed", "own public"},
    "photo_editor": EVERYTHING,
    "section_editor": {"draft", "scheduled", "public", "withdrawn"},
    "chief_editor": EVERYTHING,
    "web_manager": set(),
    "administrator": EVERYTHING,
    "nobody": set(),
}
WRITTEN = SEEN | {"reporter": {"own", "signed"}, "photo_editor": set()}


def change(story):
    """The address of a story's form."""
    return reverse("admin:articles_article_change", args=[story.pk])


def test_the_groups_are_there_and_have_what_their_roles_need(db):
    for role in ROLES:
        held = {
            (permission.content_type.app_label, permission.codename)
            for permission in Group.objects.get(name=role).permissions.select_related("content_type")
        }
        missing = set(codes_of(role)) - held
        assert not missing, role


@pytest.mark.parametrize("role", STAFF)
def test_lists_show_what_the_role_reaches(role, staff, browsers):
    found = stories(staff)
    response = browsers[role].get(reverse("admin:articles_article_changelist"))
    if not SEEN[role]:
        assert response.status_code == 403
        return
    shown = response.content.decode()
    assert {name for name, story in found.items() if f">{story.headline}<" in shown} == SEEN[role]


@pytest.mark.parametrize("role", STAFF)
def test_forms_open_and_save_only_what_the_role_reaches(role, staff, browsers):
    found, browser = stories(staff), browsers[role]
    for name, story in found.items():
        response = browser.get(change(story))
        assert (response.status_code == 200) == (name in SEEN[role]), name
        # A form of somebody who may: the same bytes, sent by this browser.
        chief = Client()
        chief.force_login(make_staff(f"other-{name}"))
        fields = fields_of(chief.get(change(story)), FORM) | {"headline": f"Changed by {role}", "_save": "1"}
        browser.post(change(story), fields)
        story.refresh_from_db()
        assert (story.headline == f"Changed by {role}") == (name in WRITTEN[role]), name


@pytest.mark.parametrize("role", STAFF)
@pytest.mark.parametrize("act", ["hand_in", "publish", "schedule"])
def test_buttons_sent_directly_do_what_the_role_may(role, act, staff, browsers):
    found = stories(staff)
    for name in ("draft", "elsewhere", "own"):
        story = found[name]
        chief = Client()
        chief.force_login(make_staff(f"other-{name}"))
        fields = fields_of(chief.get(change(story)), FORM) | {"_act": act}
        if act == "schedule":
            fields |= {"publish_at_0": "2099-01-01", "publish_at_1": "09:00"}
        browsers[role].post(change(story), fields)
        story.refresh_from_db()
        may = name in WRITTEN[role] and (act == "hand_in" or role != "reporter")
        assert (story.status != Article.Status.DRAFT) == may, name


@pytest.mark.parametrize("role", STAFF)
@pytest.mark.parametrize("act", ["withdraw", "correct", "restore"])
def test_public_acts_are_for_those_who_publish_there(role, act, staff, browsers):
    found, browser = stories(staff), browsers[role]
    names = ["withdrawn"] if act == "restore" else ["public", "public elsewhere", "own public"]
    for name in names:
        story = found[name]
        url = reverse(f"admin:articles_article_{act}", args=[story.pk])
        before = (story.withdrawn_at, story.corrections.count())
        browser.post(url, {"reason": "Because.", "kind": "correction", "text": "It was 400."})
        story.refresh_from_db()
        done = (story.withdrawn_at, story.corrections.count()) != before
        publishes = role in ("section_editor", "chief_editor", "administrator")
        assert done == (publishes and name in SEEN[role]), name


@pytest.mark.parametrize("role", STAFF)
@pytest.mark.parametrize("act", ["move", "retag", "reassign", "withdraw", "hand_in", "publish"])
def test_acts_on_many_stories_stay_within_the_role(role, act, staff, browsers):
    found = stories(staff)
    before = {name: snapshot(story) for name, story in found.items()}
    other = make_reporter("Moon Ji-ho")
    data = {
        "action": act,
        "_selected_action": [story.pk for story in found.values()],
        **{"asked": "1", "sure": "1", "section": section("business").pk, "add": "Rain", "remove": ""},
        **{"reporter": other.pk, "reason": "Because."},
    }
    browsers[role].post(reverse("admin:articles_article_changelist"), data)
    changed = {name for name, story in found.items() if snapshot(Article.objects.get(pk=story.pk)) != before[name]}
    allowed = WRITTEN[role] if act not in ("publish", "withdraw") or role != "reporter" else set()
    assert changed <= allowed
    if role in ("chief_editor", "section_editor", "administrator"):
        assert changed


def snapshot(story):
    """What acts on many stories may change."""
    tags, bylines = sorted(story.tags.names()), list(story.bylines.values_list("reporter", flat=True))
    return (story.status, story.withdrawn_at, story.section_id, tags, bylines, story.writer_id)


@pytest.mark.parametrize("role", STAFF)
def test_previews_versions_and_links_stay_within_the_role(role, staff, browsers):
    for name, story in stories(staff).items():
        for view in ("preview", "versions"):
            status = browsers[role].get(reverse(f"admin:articles_article_{view}", args=[story.pk])).status_code
            assert (status == 200) == (name in SEEN[role]), (name, view)
        browsers[role].post(reverse("admin:articles_article_link", args=[story.pk]), {"note": "x", "days": "3"})
        may_change = WRITTEN[role] | (SEEN[role] if role == "photo_editor" else set())
        assert story.preview_links.exists() == (name in may_change), name


@pytest.mark.parametrize("role", STAFF)
def test_autocompletes_name_public_stories_and_those_that_the_role_reaches(role, staff, browsers):
    found = stories(staff)
    params = {"app_label": "articles", "model_name": "relatedarticle", "field_name": "related", "term": ""}
    response = browsers[role].get(reverse("admin:autocomplete"), params)
    if not SEEN[role]:
        assert response.status_code == 403
        return
    shown = {row["text"] for row in response.json()["results"]}
    public = {"public", "public elsewhere", "own public"}
    assert shown == {story.headline for name, story in found.items() if name in SEEN[role] | public}


def test_a_section_editor_publishes_in_the_given_sections_only(staff, browsers):
    """Also not by filing a public story elsewhere, or listing it there."""
    story = make_article(section=section("business"))
    fields = fields_of(browsers["section_editor"].get(change(story)), FORM)
    response = browsers["section_editor"].post(change(story), fields | {"section": section("sports").pk, "_save": "1"})
    assert "Select a valid choice" in response.content.decode()
    response = browsers["section_editor"].post(
        change(story), fields | {"also_in": [section("sports").pk], "_save": "1"}
    )
    assert "is not one of the available choices" in response.content.decode()
    story.refresh_from_db()
    assert story.section.path == "business"
    assert not story.also_in.exists()


def test_a_draft_may_be_handed_over_to_another_section(staff, browsers):
    story = draft(section=section("business"))
    fields = fields_of(browsers["section_editor"].get(change(story)), FORM)
    browsers["section_editor"].post(change(story), fields | {"section": section("sports").pk, "_save": "1"})
    story.refresh_from_db()
    assert story.section.path == "sports"
    assert browsers["section_editor"].get(change(story)).status_code == 302


def test_a_reporter_hands_in_and_then_only_looks(staff, browsers):
    add = reverse("admin:articles_article_add")
    fields = fields_of(browsers["reporter"].get(add), FORM)
    fields |= {"headline": "Rain", "body": "<p>It rains.</p>", "section": section("sports").pk, "_act": "hand_in"}
    browsers["reporter"].post(add, fields)
    story = Article.objects.get()
    assert (story.writer, story.status) == (staff["reporter"], "in_review")
    opened = page(browsers["reporter"].get(change(story)))
    assert not opened.select(".submit-row button, .submit-row input")
    browsers["reporter"].post(change(story), fields | {"headline": "Snow"})
    story.refresh_from_db()
    assert story.headline == "Rain"


def test_a_photo_editor_changes_the_photos_and_nothing_else(staff, browsers):
    photo = make_photo(render=True)
    story = draft(section=section("sports"), photos=[photo])
    response = browsers["photo_editor"].get(change(story))
    fields = fields_of(response, FORM)
    assert "headline" not in fields
    fields |= {"photo_uses-0-caption": "A quay at dusk.", "headline": "Mine now", "_save": "1"}
    browsers["photo_editor"].post(change(story), fields)
    story.refresh_from_db()
    assert story.headline != "Mine now"
    assert story.photo_uses.get().caption == "A quay at dusk."


PAPER = ["sections/menuitem", "sections/page", "sections/mastheadfact", "sections/crawler", "sections/redirect"]
REACHED = {
    "reporter": {"articles/article", "photos/photo"},
    "photo_editor": {"articles/article", "photos/photo"},
    "section_editor": {"articles/article", "photos/photo", "articles/tag", "rankings/storylist"},
    "chief_editor": {"articles/article", "photos/photo", "articles/tag", "articles/column", "rankings/storylist"},
    "web_manager": set(PAPER),
    "administrator": {
        "articles/article",
        "photos/photo",
        "articles/tag",
        "articles/column",
        "readers/user",
        "auth/group",
        *PAPER,
    },
    "nobody": set(),
}


@pytest.mark.parametrize("role", STAFF)
def test_other_pages_are_open_to_the_roles_that_need_them(role, staff, browsers):
    for model in {model for models in REACHED.values() for model in models}:
        status = browsers[role].get(f"/admin/{model}/").status_code
        looked_up = model in (
            "articles/tag",
            "articles/column",
            "articles/article",
            "photos/photo",
            "rankings/storylist",
        )
        if model in REACHED[role]:
            assert status == 200, model
        elif not looked_up:
            assert status == 403, model
        if model not in REACHED[role]:
            assert browsers[role].get(f"/admin/{model}/add/").status_code == 403 or model in (
                "rankings/storylist",
                "articles/article",
            ), model


@pytest.mark.parametrize("role", [role for role in STAFF if role != "administrator"])
def test_nobody_else_gives_rights(role, staff, browsers):
    user = staff[role]
    browsers[role].post(reverse("admin:readers_user_change", args=[user.pk]), {"is_superuser": "on", "groups": ["1"]})
    user.refresh_from_db()
    assert not user.is_superuser


@pytest.mark.parametrize("role", STAFF)
def test_places_of_lists_are_filled_by_those_who_publish_there(role, staff, browsers):
    whole = make_list("front-lead", title="Lead")
    own = make_list("business-lead", title="Business lead", section=section("business"))
    other = make_list("sports-lead", title="Sports lead", section=section("sports"))
    story = make_article(section=section("business"))
    for story_list in (whole, own, other):
        url = reverse("admin:rankings_storylist_places", args=[story_list.pk])
        browsers[role].post(url, {"position": "1", "article": story.pk})
        may = role in ("chief_editor", "administrator") or (role == "section_editor" and story_list == own)
        assert story_list.placements.exists() == may, story_list
        if may:
            placement = story_list.placements.get()
            browsers["reporter"].post(reverse("admin:rankings_storylist_end", args=[story_list.pk, placement.pk]))
            placement.refresh_from_db()
            assert placement.period.upper is None
