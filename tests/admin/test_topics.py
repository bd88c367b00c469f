"""Topics in the admin: other names, renaming, merging."""

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.urls import reverse

from articles.models import Alias, Article, ArticleTag, Reporter, Tag
from articles.topics import merge_topics
from mypaper.models import Follow
from rankings.models import Front
from tests.admin.posting import errors, fields_of, page, submit, told
from tests.factories import draft, embargoed, make_alias, make_article, make_reporter, make_section, make_staff

LIST = reverse("admin:articles_tag_changelist")
ADD = reverse("admin:articles_tag_add")


def change(obj):
    """The address of a row's form."""
    return reverse(f"admin:articles_{obj._meta.model_name}_change", args=[obj.pk])


def topic(name, *tags, **fields):
    """A topic with one story, which is also filed under `tags`."""
    make_article(tags=[name, *tags], **fields)
    return Tag.objects.get(name=name)


def choose(client, *topics):
    """The page that asks which of the chosen topics stays."""
    return client.post(LIST, {"action": "merge", "_selected_action": [tag.pk for tag in topics]}, follow=True)


def merge(client, stays, *others, answer=None):
    """Merges as an editor does: chooses in the list, picks the name that stays, presses the button."""
    data = fields_of(choose(client, stays, *others), "merge_form")
    data |= {"_selected_action": [tag.pk for tag in (stays, *others)], "into": stays.pk if answer is None else answer}
    return client.post(LIST, data, follow=True)


# ---- merging


def test_it_asks_which_name_stays(desk):
    ships, vessels = topic("Ships"), topic("Vessels")
    topic("Vessel", "Vessels")
    response = choose(desk, ships, vessels)
    form = page(response).find("form", id="merge_form")
    assert [label.get_text(strip=True) for label in form.select("label")] == ["Vessels (2 stories)", "Ships (1 story)"]
    assert form.select_one("[checked]")["value"] == str(vessels.pk)
    assert form.legend.get_text(strip=True) == "Which name stays?"
    assert "This cannot be undone." in page(response).get_text()
    assert Tag.objects.count() == 3, "asking changes nothing"


def test_it_moves_every_story_once(desk, client):
    ships = topic("Ships", headline="One")
    boats = topic("Boats", "Ships", "Yachts", headline="Two")
    yachts = topic("Yachts", "Boats", "Ports", headline="Three")
    hidden = draft(tags=["Yachts"])
    merge(desk, ships, boats, yachts)
    assert set(Tag.objects.values_list("name", flat=True)) == {"Ships", "Ports"}
    assert ArticleTag.objects.filter(tag=ships).count() == 4
    assert hidden.article_tags.get().tag == ships
    text = client.get("/topics/ships/").text
    assert all(headline in text for headline in ("One", "Two", "Three"))


def test_it_keeps_the_search_texts_true(desk, client):
    ships = topic("Ships")
    topic("boats", "Zinc", "Ärzte", "Ships")
    merge(desk, ships, Tag.objects.get(name="boats"))
    assert set(Article.objects.values_list("tag_text", flat=True)) == {"Ships", "Ships, Zinc, Ärzte"}
    assert len(page(client.get("/search/?q=ships")).select(".list article")) == 2


def test_it_leads_from_every_old_address_in_one_step(desk, client):
    ships, boats = topic("Ships"), topic("Boats")
    make_alias(boats, "Yachts")
    make_alias(ships, "Vessels")
    merge(desk, ships, boats)
    for slug in ("boats", "yachts", "vessels"):
        assert client.get(f"/topics/{slug}/").headers["Location"] == "/topics/ships/"
    again = topic("Fleet")
    merge(desk, again, ships)
    for slug in ("ships", "boats", "yachts", "vessels"):
        assert client.get(f"/topics/{slug}/").headers["Location"] == "/topics/fleet/"


@pytest.mark.parametrize(
    ("own", "others", "kept"), [("Mine.", "Theirs.", "Mine."), ("", "Theirs.", "Theirs."), ("", "", "")]
)
def test_it_keeps_a_description(desk, own, others, kept):
    ships, boats, yachts = topic("Ships"), topic("Boats"), topic("Yachts")
    Tag.objects.filter(pk=ships.pk).update(description=own)
    Tag.objects.filter(pk=yachts.pk).update(description=others)
    merge(desk, ships, boats, yachts)
    assert Tag.objects.get().description == kept


def test_it_writes_down_who_did_it(desk, editor):
    ships, boats = topic("Ships"), topic("Boats")
    response = merge(desk, ships, boats)
    assert "Merged “Boats” into Ships : 1 story moved." in told(response)
    entries = {entry.object_id: entry for entry in LogEntry.objects.filter(user=editor)}
    assert "Merged “Boats”" in entries[str(ships.pk)].get_change_message()
    assert (entries[str(boats.pk)].object_repr, entries[str(boats.pk)].is_deletion()) == ("Boats", True)


def test_it_needs_two_topics(desk):
    ships = topic("Ships")
    assert "Choose two or more topics" in told(choose(desk, ships))
    boats = topic("Boats")
    form = fields_of(choose(desk, ships, boats), "merge_form")
    form["_selected_action"] = [ships.pk, boats.pk]
    boats.article_tags.all().delete()
    boats.delete()
    response = desk.post(LIST, form, follow=True)
    assert "Choose two or more topics" in told(response)
    assert LogEntry.objects.count() == 0


@pytest.mark.parametrize("into", ["", "0", "x", "99999999999999999999"])
def test_it_needs_one_of_them_to_stay(desk, into):
    ships, boats, other = topic("Ships"), topic("Boats"), topic("Other")
    for answer in (into, str(other.pk)):
        response = merge(desk, ships, boats, answer=answer)
        assert "is required" in errors(response) or "Select a valid choice" in errors(response)
        assert Tag.objects.count() == 3


@pytest.mark.parametrize("rights", [["change_tag"], ["delete_tag"], []])
def test_it_is_for_those_who_may_change_and_delete_topics(client, rights, db):
    ships, boats = topic("Ships"), topic("Boats")
    user = make_staff("writer", superuser=False)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_tag", *rights]))
    client.force_login(user)
    assert "Merge topics" not in client.get(LIST).content.decode()
    data = {"action": "merge", "post": "yes", "into": ships.pk, "_selected_action": [ships.pk, boats.pk]}
    client.post(LIST, data)
    assert Tag.objects.count() == 2
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_tag", "change_tag", "delete_tag"]))
    client.post(LIST, data)
    assert Tag.objects.get() == ships


def test_it_costs_the_same_whatever_the_topics_hold(db, queries):
    for number in (2, 20):
        ships, boats = topic(f"Ships {number}"), topic(f"Boats {number}")
        for n in range(number):
            make_article(tags=[f"Boats {number}", f"Topic {n}"])
            make_alias(boats, f"Yacht {number} {n}")
        with queries(18):
            assert merge_topics(ships, [boats]) == number + 1


def test_everything_that_knows_a_topic_is_moved():
    """A new table with topics must be moved by a merge too."""
    foreign = {model for model in apps.get_models() for field in model._meta.fields if field.related_model is Tag}
    assert foreign == {Alias, ArticleTag, Front, Follow}


def test_a_topic_whose_page_the_desk_made_is_not_merged_away(db):
    ships, boats = topic("Ships"), topic("Boats")
    Front.objects.create(tag=boats)
    with pytest.raises(ValidationError, match="The page of “Boats” was made by the desk"):
        merge_topics(ships, [boats])
    assert merge_topics(boats, [ships]) == 1


# ---- names


def test_a_topic_has_one_spelling(desk):
    tag = topic("Shipbuilding")
    assert "another spelling" in errors(submit(desk, ADD, "tag_form", name="SHIPBUILDING", slug="other"))
    url = reverse("admin:articles_tag_delete", args=[tag.pk])
    assert "take it off them first" in told(desk.post(url, {"post": "yes"}, follow=True))


def test_a_renamed_topic_keeps_its_old_name_and_address(desk, client):
    tag = topic("Shipbuilding")
    response = submit(desk, change(tag), "tag_form", name=" Ship  yards ", description="Who builds ships.")
    assert "address is now /topics/ship-yards/" in told(response)
    tag.refresh_from_db()
    assert (tag.name, tag.slug, tag.description) == ("Ship yards", "ship-yards", "Who builds ships.")
    assert Article.objects.get().tag_text == "Ship yards"
    assert client.get("/topics/shipbuilding/").headers["Location"] == "/topics/ship-yards/"
    assert "Also known as Shipbuilding" in page(client.get("/topics/ship-yards/")).get_text()


def test_a_topic_gets_its_old_name_back(desk, client):
    tag = topic("Ships")
    for name in ("Vessels", "Ships"):
        assert not errors(submit(desk, change(tag), "tag_form", name=name))
    assert list(tag.aliases.values_list("name", "slug")) == [("Vessels", "vessels")]
    assert client.get("/topics/ships/").status_code == 200
    assert client.get("/topics/vessels/").status_code == 301


def test_other_capitals_are_no_other_name(desk, client):
    tag = topic("ai")
    submit(desk, change(tag), "tag_form", name="AI")
    assert (Tag.objects.get().slug, Alias.objects.count(), Article.objects.get().tag_text) == ("ai", 0, "AI")


def test_a_name_with_the_same_address_keeps_it(desk, client):
    tag = topic("C++")
    submit(desk, change(tag), "tag_form", name="C")
    assert (Tag.objects.get().slug, tag.aliases.get().name) == ("c", "C++")
    assert client.get("/topics/c/").status_code == 200


def test_other_names_are_written_beside_the_name(desk, client):
    tag = topic("Yoo Ah-in")
    rows = {"aliases-0-name": " Yu  Ah-in ", "aliases-0-slug": ""}
    assert not errors(submit(desk, change(tag), "tag_form", **rows))
    assert list(tag.aliases.values_list("name", "slug")) == [("Yu Ah-in", "yu-ah-in")]
    reporter = make_reporter("Noh Tae-gyeom")
    submit(desk, change(reporter), "reporter_form", **{"aliases-0-name": "노태겸", "aliases-0-slug": ""})
    assert reporter.aliases.get().slug == "노태겸"
    for url, word in ((LIST, "yu ah"), (reverse("admin:articles_reporter_changelist"), "노태")):
        assert "1 tag" in (text := page(desk.get(url, {"q": word})).get_text()) or "1 reporter" in text


@pytest.mark.parametrize(
    ("name", "slug", "sentence"),
    [
        ("ships", "", "“ships” is the topic “Ships” itself"),
        ("Vessels", "ships", "“Vessels” is the topic “Ships” itself"),
        ("BOATS", "", "“Boats” is another name of the topic “Ships”"),
        ("Vessels", "boats", "“Boats” is another name of the topic “Ships”"),
        ("???", "", "Write a word for the address"),
        ("Vessels", "a b/c", "valid"),
        ("x" * 151, "", "at most 150 characters"),
    ],
)
def test_what_another_name_may_not_be(desk, name, slug, sentence):
    make_alias(topic("Ships"), "Boats")
    tag = topic("Ports")
    for url, changes in ((change(tag), {}), (ADD, {"name": "Quays", "slug": "quays"})):
        rows = {"aliases-0-name": name, "aliases-0-slug": slug}
        assert sentence in errors(submit(desk, url, "tag_form", **changes, **rows))
    assert (Alias.objects.count(), Tag.objects.count()) == (1, 2)


def test_another_name_stands_once_in_a_form(desk):
    tag = topic("Ships")
    rows = {f"aliases-{n}-{field}": "boats" for n in (0, 1) for field in ("name", "slug")}
    response = submit(desk, change(tag), "tag_form", **rows, **{"aliases-TOTAL_FORMS": "2"})
    assert "Another alias has this name." in errors(response)
    assert not Alias.objects.exists()


def test_two_reporters_may_share_a_name_but_no_address(desk):
    make_reporter("Kim Min-ji")
    other = make_reporter("Kim Min-jee")
    rows = {"aliases-0-name": "Kim Min-ji", "aliases-0-slug": ""}
    assert "is the reporter “Kim Min-ji” itself" in errors(submit(desk, change(other), "reporter_form", **rows))
    rows["aliases-0-slug"] = "kim-min-ji-the-younger"
    assert not errors(submit(desk, change(other), "reporter_form", **rows))
    assert Reporter.objects.get(aliases__slug="kim-min-ji-the-younger") == other


@pytest.mark.parametrize("name", ["Boats", "BOATS "])
def test_a_topic_may_not_have_another_ones_other_name(desk, name):
    make_alias(topic("Ships"), "Boats")
    assert "“Boats” is another name of the topic “Ships”" in errors(
        submit(desk, ADD, "tag_form", name=name, slug="free")
    )
    assert "another name of the topic “Ships”" in errors(submit(desk, ADD, "tag_form", name="New", slug="boats"))
    assert "another name of the topic “Ships”" in errors(submit(desk, change(topic("Ports")), "tag_form", name=name))


def test_a_story_is_filed_under_the_name_in_use(desk):
    make_alias(topic("Yoo Ah-in"), "Yu Ah-in")
    story = draft(section=make_section("Sports"))
    url = reverse("admin:articles_article_change", args=[story.pk])
    assert not errors(submit(desk, url, "article_form", tags="yu  ah-IN"))
    story.refresh_from_db()
    assert (list(story.tags.names()), story.tag_text) == (["Yoo Ah-in"], "Yoo Ah-in")
    assert Tag.objects.count() == 1
    submit(desk, url, "article_form", tags="Yu Ah-in, Han River, yoo ah-in, Films")
    assert set(story.tags.names()) == {"Yoo Ah-in", "Han River", "Films"}


def test_the_list_counts_the_stories_of_each_topic(desk, queries):
    for n in range(30):
        topic(f"Topic {n:02}", "Ships")
    embargoed(tags=["Ships"])
    with queries(9):
        response = desk.get(LIST, {"o": "-3"})
    rows = page(response).select("#result_list tbody tr")
    assert rows[0].select_one(".field-name").get_text() == "Ships"
    assert rows[0].select_one(".field-stories").get_text() == "31"
