"""`manage.py import_articles`, against a small excerpt with every oddity of real archives."""

import io
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from articles import publishing
from articles.importing import Import
from articles.importing.body import lift_bylines
from articles.importing.run import LOCK
from articles.management.commands import import_articles
from articles.models import Article, ArticlePhoto, ArticleVersion, OldAddress, Reporter, Tag
from articles.topics import merge_topics
from photos.models import Photo
from sections.html import sanitize
from sections.models import MenuItem, Section
from sections.runner import alone
from tests.corpus_pages import alts_of, check_page, is_same_html, read_records
from tests.factories import (
    image_bytes,
    make_alias,
    make_article,
    make_photo,
    make_reporter,
    make_section,
    make_staff,
)

EXCERPT = Path(__file__).resolve().parents[1] / "data" / "corpus-excerpt"
FILE = EXCERPT / "articles.jsonl"
RECORDS = {record["id"]: record for record in read_records(FILE)}
COUNT, PICTURES = 12, 6

pytestmark = pytest.mark.django_db


def run(path=FILE, **options):
    """What the command prints, and its error if it ends with one."""
    out = io.StringIO()
    try:
        call_command("import_articles", path, stdout=out, **{"no_renditions": True} | options)
    except CommandError as error:
        return out.getvalue(), str(error)
    return out.getvalue(), ""


def record(**fields):
    """A record with everything that the form asks for; a field that is None is left out."""
    base = {
        "id": "one",
        "url_slug": "one-story",
        "section": "World",
        "subsection": "Asia",
        "kicker": "",
        "title": "One story",
        "deck": "",
        "body_html": "<p>It rained.</p>",
        "reporters": [],
        "tags": [],
        "published_at": "2020-05-01T09:00:00+09:00",
        "updated_at": "2020-05-01T09:00:00+09:00",
        "date_precision": "minute",
        "lang": "en",
        "photos": [],
        "source": "Test wire",
        "licence": "",
        "source_url": "",
    }
    return {name: value for name, value in (base | fields).items() if value is not None}


@pytest.fixture
def write(tmp_path):
    """Writes records (or raw lines) into a file beside a folder of pictures, and gives its path."""

    def write(*lines, pictures=()):
        path = tmp_path / "in" / "articles.jsonl"
        path.parent.mkdir(exist_ok=True)
        for name in pictures:
            (path.parent / name).write_bytes(image_bytes((60, 40), color=name.partition(".")[0]))
        raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
        path.write_bytes(b"\n".join(raw) + b"\n")
        return path

    return write


def photo(name="red.jpg", **words):
    return {"file": name, "caption": "", "credit": "", "alt": ""} | words


def stored_files(settings):
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def get(known_id):
    return Article.objects.get(external_id=known_id)


# ---- the excerpt


def test_it_imports_everything(settings):
    out, error = run()
    assert not error
    assert f"{COUNT} imported, 0 updated, 0 unchanged, 0 kept, 0 refused; {PICTURES} new photos." in out
    assert (Article.objects.count(), Photo.objects.count()) == (COUNT, PICTURES)
    assert len(stored_files(settings)) == PICTURES
    assert set(Photo.objects.values_list("rights", "licence")) == {("licensed", "CC0-1.0")}
    assert all(story.is_public() for story in Article.objects.all())


def test_every_page_shows_what_its_record_says(client):
    run()
    Photo.objects.update(rendered_at=timezone.now())
    # Of premium stories everybody sees the opening alone (tests/paywall).
    Article.objects.update(access="free")
    alts = alts_of(RECORDS.values())
    for known_id, source in RECORDS.items():
        story = get(known_id)
        response = client.get(story.get_absolute_url())
        assert response.status_code == 200, known_id
        lifted = {}
        if known_id == "ht-2016-by":
            lifted = {
                "without": "<p><em>By Noh Hyun-woo and Yoon Se-ah</em></p>",
                "names": ["Noh Hyun-woo", "Yoon Se-ah"],
            }
        check_page(response.content.decode(), source, alts, **lifted)


def test_the_comparison_notices_a_difference(client):
    """A test that compares is worth something only if it can fail."""
    run()
    source = RECORDS["ht-2015-table"]
    page = client.get(get("ht-2015-table").get_absolute_url()).content.decode()
    check_page(page, source, {})
    for right, wrong in (
        ("9,120", "9,12"),
        ("2015-10-06", "2015-10-07"),
        ("Seo Ha-rin</a>", "Seo</a>"),
        ("BY-3.0", "BY-4"),
    ):
        assert right in page
        with pytest.raises(AssertionError):
            check_page(page.replace(right, wrong), source, {})


@pytest.mark.parametrize("known_id", RECORDS)
def test_the_sanitiser_keeps_every_element(known_id):
    body = RECORDS[known_id]["body_html"]
    assert is_same_html(body, sanitize(body))


def test_sections_are_made_below_each_other_and_outside_the_menus():
    run()
    paths = set(Section.objects.values_list("path", flat=True))
    assert {"society/events", "people/events", "culture/events", "science/weather"} <= paths
    assert Section.objects.get(name="Media").path == "media-section"  # /media/ belongs to the site
    assert not MenuItem.objects.exists()


def test_existing_sections_are_found_whatever_their_case():
    business = make_section("BUSINESS")
    food = make_section("food & drink", parent=business, slug="food")
    run()
    assert get("ht-2014-market").section == food
    assert Section.objects.filter(parent=business).count() == 2  # and Transport


def test_sections_can_be_mapped():
    target = make_section("Companies", parent=make_section("Money"))
    sport = make_section("Sport")
    out, error = run(map=["Business/Food=money/companies", "SCIENCE=sport"])
    assert not error
    assert get("ht-2014-market").section == target
    assert get("ht-2011-day").section.path == "business/transport"
    assert {get(known_id).section for known_id in ("ht-2012-ko", "ht-2016-long")} == {sport}


@pytest.mark.parametrize("entry", ["Business", "=business", "Business=nowhere"])
def test_a_mapping_that_cannot_be_used_stops_before_anything_is_written(entry):
    make_section("Business")
    out, error = run(map=[entry])
    assert entry in error
    assert not Article.objects.exists()


def test_a_line_with_the_names_becomes_bylines():
    run()
    story = get("ht-2016-by")
    assert [byline.reporter.name for byline in story.bylines.all()] == ["Noh Hyun-woo", "Yoon Se-ah"]
    assert story.body.startswith("<p>By the time the city wakes")
    assert story.byline_text == "Noh Hyun-woo and Yoon Se-ah"


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("<p>By Baek Byung-yeul</p>", ["Baek Byung-yeul"]),
        ("<p><strong>BY: Max de Vries &amp; Ana Ruiz</strong></p>", ["Max de Vries", "Ana Ruiz"]),
        ("<p>By Jo Known, STAFF and Kim Known</p>", []),
        ("<p>By 홍길동</p>", ["홍길동"]),
        ("<p>By staff</p>", []),  # known from the record, so lifted without a new name
        ("<p>By Jane Roe</p><p>By Max Moritz</p>", ["Jane Roe", "Max Moritz"]),
    ],
)
def test_lines_of_names_are_lifted(line, names):
    assert lift_bylines(f"{line}\n<p>Text.</p>", ["Staff", "Jo Known", "Kim Known"]) == (
        "<p>Text.</p>",
        names,
    )


@pytest.mark.parametrize(
    "line",
    [
        "<p>By the end of this month, it will rain.</p>",
        "<p>By The Numbers</p>",
        "<p>By Denise Turner Roth, GSA Administrator</p>",
        '<p>By <a href="mailto:jane@example.com">Jane Roe</a></p>',
        "<blockquote><p>By Jane Roe</p></blockquote>",
        "<h2>By Jane Roe</h2>",
        "<p>Jane Roe</p>",
        "<p>Bystanders Saw Nothing</p>",
    ],
)
def test_anything_else_stays_in_the_text(line):
    body = f"{line}<p>Text.</p>"
    assert lift_bylines(body, []) == (body, [])


def test_a_lifted_line_leaves_the_picture_above_it():
    body = '<figure data-photo="0"></figure>\n<p>By Jane Roe</p><p>Text.</p>'
    assert lift_bylines(body, []) == (
        '<figure data-photo="0"></figure><p>Text.</p>',
        ["Jane Roe"],
    )


def test_reporters_are_one_person_whatever_the_case(write):
    bio = {"name": "Alan DeLevie", "bio": "Digital Service"}
    run(
        write(
            record(reporters=[{"name": "Alan deLevie"}]),
            record(id="two", url_slug="two", reporters=[bio, bio]),
        )
    )
    person = Reporter.objects.get()
    assert (person.name, person.slug, person.bio) == ("Alan deLevie", "alan-delevie", "Digital Service")
    assert get("two").bylines.count() == 1
    assert Reporter.objects.count() == 1


def test_names_of_other_alphabets_have_addresses(client):
    run()
    for name in ("노하린", "Pierre-Yves Müller-Han"):
        assert client.get(Reporter.objects.get(name=name).get_absolute_url()).status_code == 200


def test_a_bio_written_here_is_kept(write):
    Reporter.objects.create(name="Seo Ha-rin", slug="seo-ha-rin", bio="Writes about the river.")
    run()
    assert Reporter.objects.get(slug="seo-ha-rin").bio == "Writes about the river."


def test_tags_have_one_spelling():
    run()
    names = list(Tag.objects.values_list("name", flat=True))
    assert len(names) == len({name.casefold() for name in names})
    assert get("ht-2011-day").tags.filter(name="Han River").exists()


def test_it_files_under_the_name_in_use(write):
    """Aliases of topics and of reporters are the names in use."""
    story = make_article(tags=["Yoo Ah-in"], reporters=[make_reporter("Noh Tae-gyeom")])
    make_alias(story.tags.get(), "Yu Ah-in")
    make_alias(story.reporters.get(), "No Tae-kyum")
    run(write(record(tags=["yu  ah-in", "Films"], reporters=[{"name": "No Tae-Kyum"}])))
    imported = get("one")
    assert (imported.tag_text, imported.byline_text) == ("Films, Yoo Ah-in", "Noh Tae-gyeom")
    assert (Tag.objects.count(), Reporter.objects.count()) == (2, 1)


def test_a_merge_of_topics_is_no_edit_of_the_stories(write):
    """The source's next version still comes in, but not over what somebody has edited."""
    run(write(record(tags=["Boats", "Rain"]), record(id="two", tags=["Boats"])))
    get("two").tags.add("Storm")
    make_article(tags=["Ships"])
    merge_topics(Tag.objects.get(name="Ships"), [Tag.objects.get(name="Boats")])
    out, _ = run(write(record(tags=["Boats", "Rain"]), record(id="two", tags=["Boats"])))
    assert "2 unchanged" in out
    out, _ = run(write(record(tags=["Boats"], title="New"), record(id="two", tags=["Boats"], title="New")))
    assert "1 updated, 0 unchanged, 1 kept" in out
    assert (get("one").headline, get("one").tag_text) == ("New", "Ships")


def test_days_without_an_hour_stay_the_same_day():
    run()
    story = get("ht-2011-day")
    assert (story.date_precision, str(story.address_date)) == ("day", "2011-11-30")


def test_a_day_that_begins_elsewhere_is_kept_too(write):
    moment = "2020-05-01T00:00:00+13:00"
    out, _ = run(write(record(date_precision="day", published_at=moment, updated_at=moment)))
    assert str(get("one").address_date) == "2020-05-01"
    assert "line 1, one, published_at:" in out


def test_the_address_has_the_date_in_seoul(write):
    run(write(record(published_at="2020-05-01T20:00:00Z", updated_at="2020-05-01T20:00:00+00:00")))
    story = get("one")
    assert story.get_absolute_url() == "/2020/05/02/one-story/"
    assert story.updated_at is None


def test_slugs_of_one_day_are_told_apart_and_long_ones_cut(write):
    lines = [
        record(),
        record(id="two"),
        record(id="three", url_slug="x" * 300),
        record(id="four", url_slug=""),
    ]
    out, error = run(write(*lines))
    assert not error
    assert [get(n).slug for n in ("one", "two", "four")] == ["one-story", "one-story-2", "one-story-3"]
    assert get("three").slug == "x" * 110
    assert "line 2, two, url_slug: the address is one-story-2." in out


def test_the_optional_fields_arrive(client):
    out, _ = run()
    story = get("ht-2017-options")
    assert (story.label, story.dateline, story.format, story.access) == (
        "Opinion",
        "YEOUIDO",
        "opinion",
        "premium",
    )
    assert story.canonical_url == "https://archive.example/stories/leave-the-last-pier-standing"
    old = client.get("/www/opinion/2017/05/202_228801.html")
    assert (old.status_code, old["Location"]) == (301, story.get_absolute_url())
    assert "Unknown fields, ignored: desk (1)." in out


def test_unknown_fields_inside_lists_are_counted(write):
    people = [{"name": "Jane Roe", "email": "j@example.com"}, {"name": "Max Moritz", "email": ""}]
    out, error = run(write(record(reporters=people, photos=[photo(size=3)]), pictures=["red.jpg"]))
    assert not error
    assert "Unknown fields, ignored: photos[].size (1), reporters[].email (2)." in out


def test_search_finds_by_headline_reporter_and_tag(client):
    run()
    for words in ("heron", "Noh Hyun-woo", "Weather", "한강"):
        assert b"Nothing was found" not in client.get("/search/", {"q": words}).content, words


def test_a_version_is_kept_of_the_first_issue():
    run()
    story = get("ht-2014-market")
    version = story.versions.get()
    assert (version.kind, version.public_from, version.author) == ("published", story.publish_at, None)
    assert version.note == "Imported from Hangang Times archive."
    assert len(version.content["photos"]) == 3


# ---- pictures


def test_a_picture_used_twice_is_one_photo_with_its_own_words_each_time():
    run()
    first, second = (get(n).photo_uses.select_related("photo") for n in ("ht-2014-market", "ht-2014-market-again"))
    assert first.get(position=1).photo == second.get().photo
    assert first.get(position=1).shown_caption == "Mackerel, the cheapest of the day."
    assert second.get().shown_caption == ""
    assert second.get().shown_alt == "Three dark fish on a pink table"
    assert [use.placement for use in first] == ["lead", "inline", "inline"]


def test_a_photo_of_the_library_is_used_and_keeps_its_words(write):
    known = make_photo(data=image_bytes((60, 40), color="red"), alt_text="A red field.", credit="")
    run(write(record(photos=[photo(alt="Red", credit="Jane Roe")]), pictures=["red.jpg"]))
    assert Photo.objects.count() == 1
    known.refresh_from_db()
    assert (known.alt_text, known.credit) == ("A red field.", "Jane Roe")
    assert get("one").photo_uses.get().shown_alt == "Red"


def test_a_picture_that_stands_twice_in_one_story_is_shown_twice(write, client):
    body = '<figure data-photo="0"></figure><p>It rained.</p><figure data-photo="1"></figure>'
    words = [photo(caption="Before"), photo(caption="After")]
    path = write(
        record(body_html=body, photos=words),
        record(id="two", url_slug="two", photos=words),
        pictures=["red.jpg"],
    )
    _, error = run(path)
    assert not error
    assert Photo.objects.count() == 2
    page = client.get(get("one").get_absolute_url()).content.decode()
    assert "Before" in page
    assert "After" in page


def test_renditions_are_made_at_the_end_unless_left_for_later(monkeypatch):
    called = []
    monkeypatch.setattr(import_articles, "call_command", lambda name, **options: called.append(name))
    run(no_renditions=True)
    assert called == []
    run(no_renditions=False)
    assert called == ["make_renditions"]


def test_media_names_another_folder_of_pictures(write, tmp_path):
    path = write(record(photos=[photo()]), pictures=["red.jpg"])
    (tmp_path / "elsewhere").mkdir()
    (path.parent / "red.jpg").rename(tmp_path / "elsewhere" / "red.jpg")
    assert "photos[0].file" in run(path)[0]
    assert run(path, media=tmp_path / "elsewhere")[1] == ""


# ---- again, half, and for show


def test_importing_again_changes_nothing(settings):
    run()
    before = list(Article.objects.order_by("pk").values_list("pk", "edit_version", "changed_at"))
    files = sorted(stored_files(settings))
    out, error = run()
    assert not error
    assert f"0 imported, 0 updated, {COUNT} unchanged, 0 kept, 0 refused; 0 new photos." in out
    assert list(Article.objects.order_by("pk").values_list("pk", "edit_version", "changed_at")) == before
    assert sorted(stored_files(settings)) == files
    assert ArticleVersion.objects.count() == COUNT


def test_an_import_that_was_stopped_goes_on():
    def stop(line, offset):
        if line == 5:
            raise KeyboardInterrupt

    job = Import(FILE)
    with pytest.raises(KeyboardInterrupt):
        job.run(stop)
    assert Article.objects.count() == job.report.last_line == 5
    out, error = run()
    assert not error
    assert f"{COUNT - 5} imported, 0 updated, 5 unchanged" in out
    assert (Article.objects.count(), Photo.objects.count()) == (COUNT, PICTURES)


def test_stopping_it_says_how_to_go_on(monkeypatch):
    def stop(self, progress=None):
        self.report.last_line = 3
        raise KeyboardInterrupt

    monkeypatch.setattr(Import, "run", stop)
    out, error = run()
    assert error == "Stopped after line 3. Run it again to go on."
    assert "0 imported" in out


def test_a_dry_run_reports_the_same_and_writes_nothing(settings, write):
    lines = [record(photos=[photo()]), record(id="two"), record(), record(id="three", title="")]
    path = write(*lines, pictures=["red.jpg"])
    dry, dry_error = run(path, dry_run=True)
    assert not any(model.objects.exists() for model in (Article, Photo, Section, Tag, Reporter))
    assert not stored_files(settings)
    real, real_error = run(path)
    assert dry.replace("Dry run, nothing was written: ", "") == real
    assert dry_error == real_error != ""
    assert "2 imported" in real


def test_a_dry_run_does_not_touch_what_exists():
    run()
    before = list(Article.objects.order_by("pk").values_list("pk", "edit_version"))
    out, _ = run(dry_run=True)
    assert f"{COUNT} unchanged" in out
    assert list(Article.objects.order_by("pk").values_list("pk", "edit_version")) == before


def test_two_imports_at_once_are_refused():
    with alone(LOCK):
        out, error = run()
    assert error == "Another import is running: wait until it has ended."
    assert run()[1] == ""


# ---- changes at the source, and here


def test_a_change_at_the_source_updates_the_story(write):
    run(write(record(tags=["Rain"], photos=[photo()], reporters=[{"name": "Jane Roe"}]), pictures=["red.jpg"]))
    story = get("one")
    changed = record(
        title="It did not rain",
        url_slug="other-slug",
        tags=["Sun"],
        photos=[photo("blue.jpg", caption="Blue")],
        reporters=[{"name": "Max Moritz"}],
        updated_at="2020-05-03T10:00:00+09:00",
    )
    out, error = run(write(changed, pictures=["blue.jpg"]))
    assert not error
    assert "0 imported, 1 updated" in out
    again = get("one")
    assert (again.pk, again.guid, again.headline) == (story.pk, story.guid, "It did not rain")
    assert again.get_absolute_url() == "/2020/05/01/one-story/"
    assert again.updated_at == datetime.fromisoformat("2020-05-03T10:00:00+09:00")
    assert (again.tag_text, again.byline_text) == ("Sun", "Max Moritz")
    assert again.photo_uses.get().caption == "Blue"
    assert list(again.versions.values_list("number", "kind")) == [(2, "update"), (1, "published")]
    assert "1 unchanged" in run(write(changed))[0]


def test_a_public_story_keeps_its_moment_when_the_source_changes_it(write):
    run(write(record()))
    out, error = run(write(record(published_at="2020-04-01T09:00:00+09:00")))
    assert not error
    assert get("one").publish_at == datetime.fromisoformat("2020-05-01T09:00:00+09:00")
    assert "line 1, one, published_at: changed at the source" in out


def test_a_story_to_come_moves_with_its_source(write):
    moments = [(timezone.now() + timedelta(days=days)).isoformat() for days in (3, 6)]
    for moment in moments:
        _, error = run(write(record(published_at=moment, updated_at=moment)))
        assert not error
    story = get("one")
    assert story.publish_at == datetime.fromisoformat(moments[1])
    assert story.address_date == timezone.localtime(story.publish_at).date()
    assert not Article.objects.published().exists()


def edit_headline(story):
    story.headline = "Better"
    story.save()


def edit_as_person(story):
    story.body = "<p>It poured.</p>"
    story.save()
    publishing.finish_edit(story, by=make_staff(), kind="update")


def edit_access(story):
    Article.objects.filter(pk=story.pk).update(access="premium")


def edit_tags(story):
    story.tags.add("Storm")


def edit_caption(story):
    ArticlePhoto.objects.filter(article=story).update(caption="Ours")


def withdraw(story):
    publishing.withdraw(story, "It was not true.")


def correct(story):
    publishing.correct(story, "It rained on Tuesday.")


@pytest.mark.parametrize(
    "edit", [edit_headline, edit_as_person, edit_access, edit_tags, edit_caption, withdraw, correct]
)
def test_what_was_edited_here_is_kept(write, edit):
    run(write(record(photos=[photo()]), pictures=["red.jpg"]))
    edit(get("one"))
    before = Article.objects.values().get(), list(ArticlePhoto.objects.values())
    out, error = run(write(record(title="New at the source", photos=[photo()])))
    assert not error
    assert "1 kept" in out
    assert "line 1, one, kept: " in out
    assert (Article.objects.values().get(), list(ArticlePhoto.objects.values())) == before
    # It is still worth a word the next time.
    assert "1 kept" in run(write(record(title="New at the source", photos=[photo()])))[0]


def test_a_save_that_changes_nothing_is_no_edit(write):
    run(write(record()))
    get("one").save()
    publishing.finish_edit(get("one"))
    assert "1 updated" in run(write(record(title="New at the source")))[0]


def test_the_same_id_of_another_source_is_another_story(write):
    run(write(record()))
    out, _ = run(write(record(source="Other wire")))
    assert "1 imported" in out
    out, _ = run(write(record(source="Anything")), source="Other wire")
    assert "1 updated" in out
    assert Article.objects.count() == 2


def test_long_names_of_sources_are_told_apart(write):
    for last in "ab":
        run(write(record(source="A name far too long for the column that keeps it, so it gets cut " + last)))
    assert Article.objects.count() == 2
    out, _ = run(write(record(source="A name far too long for the column that keeps it, so it gets cut a")))
    assert "1 unchanged" in out


# ---- bad lines

TWO_PHOTOS = [photo(), photo("blue.jpg")]
BAD = [
    ({"title": None}, "title: is missing."),
    ({"title": "   "}, "title: is empty."),
    ({"title": 7}, "title: must be text, not a number."),
    ({"title": "x" * 201}, "title: has 201 characters; 200 is the most."),
    ({"title": "Two\nlines"}, "title: has the character U+000A"),
    ({"title": "Half \ud83d"}, "title: has the character U+D83D"),
    ({"deck": "Nothing\0here"}, "deck: has the character U+0000"),
    ({"deck": "x" * 501}, "deck: has 501 characters; 500 is the most."),
    ({"body_html": "<p>\x08</p>"}, "body_html: has the character U+0008"),
    ({"body_html": ""}, "body_html: is empty."),
    ({"body_html": "<script>alert(1)</script>"}, "body_html: is empty."),
    ({"body_html": "<p>By Jane Roe</p>"}, "body_html: is empty."),
    ({"body_html": "x" * 500_001}, "body_html: has 500,001 characters"),
    (
        {"body_html": "<b>" * 100_000},
        "body_html: has more than 500,000 characters once its elements are closed.",
    ),
    ({"body_html": '<figure data-photo="0"></figure>'}, 'body_html: data-photo="0" stands for no picture'),
    (
        {"body_html": '<figure data-photo="2"></figure>', "photos": TWO_PHOTOS},
        'body_html: data-photo="2" stands for no',
    ),
    (
        {"body_html": '<figure data-photo="-1"></figure>', "photos": TWO_PHOTOS},
        'body_html: data-photo="-1" stands',
    ),
    (
        {"body_html": '<figure data-photo="1"></figure>' * 2, "photos": TWO_PHOTOS},
        'body_html: data-photo="1" stands in it',
    ),
    (
        {"body_html": "<figure data-photo='0'>words</figure>", "photos": TWO_PHOTOS},
        "body_html: the placeholder",
    ),
    ({"body_html": '<figure data-embed="javascript:alert(1)"></figure>'}, "body_html: data-embed="),
    ({"id": ""}, "id: is empty."),
    ({"id": 12}, "id: must be text, not a number."),
    ({"id": "a b"}, "id: is 'a b'; it may not have spaces."),
    ({"url_slug": "a/b"}, "url_slug: is 'a/b'; it may have letters, digits and hyphens only."),
    ({"section": ""}, "section: is empty."),
    ({"section": "경제"}, "section: '경제' has no Latin letter for an address. Use --map."),
    ({"subsection": "x" * 61}, "subsection: has 61 characters"),
    ({"kicker": "x" * 61}, "kicker: has 61 characters"),
    ({"label": "x" * 31}, "label: has 31 characters"),
    ({"format": "poem"}, "format: is 'poem'; it must be one of: story, opinion, gallery, video, cartoon."),
    ({"access": True}, "access: must be text, not true or false."),
    ({"lang": "english"}, "lang: is 'english', not a language"),
    ({"published_at": "2020-05-01T09:00:00"}, "published_at: is '2020-05-01T09:00:00', without a time zone"),
    ({"published_at": "yesterday"}, "published_at: is 'yesterday', not a date and time"),
    ({"published_at": "0001-01-01T00:00:00+14:00"}, "published_at: is '0001-01-01T00:00:00+14:00'; the year"),
    ({"published_at": None}, "published_at: is missing."),
    ({"updated_at": "2020-04-30T09:00:00+09:00"}, "updated_at: is before published_at."),
    ({"date_precision": "year"}, "date_precision: is 'year'; it must be one of: minute, day."),
    ({"reporters": "Jane Roe"}, "reporters: must be a list, not text."),
    ({"reporters": ["Jane Roe"]}, "reporters[0]: must be an object, not text."),
    ({"reporters": [{"name": "Jane"}, {"bio": ""}]}, "reporters[1].name: is missing."),
    ({"reporters": [{"name": "???"}]}, "reporters[0].name: is '???', which has no letter or digit"),
    ({"reporters": [{"name": "Jane", "bio": None}]}, "reporters[0].bio: must be text, not null."),
    ({"tags": ["Rain", 3]}, "tags[1]: must be text, not a number."),
    ({"tags": ["Rain", ""]}, "tags[1]: is empty."),
    ({"tags": ["!!!"]}, "tags[0]: is '!!!', which has no letter or digit"),
    ({"tags": ["x" * 101]}, "tags[0]: has 101 characters"),
    ({"photos": {}}, "photos: must be a list, not an object."),
    ({"photos": [{"file": "red.jpg"}]}, "photos[0].caption: is missing."),
    ({"photos": [photo(), photo("gone.jpg")]}, "photos[1].file: is 'gone.jpg': there is no such file"),
    (
        {"photos": [photo("../secret.jpg")]},
        "photos[0].file: is '../secret.jpg', which leads out of the folder",
    ),
    (
        {"photos": [photo("/etc/hostname")]},
        "photos[0].file: is '/etc/hostname', which leads out of the folder",
    ),
    ({"photos": [photo(".")]}, "photos[0].file: is '.': there is no such file"),
    ({"photos": [photo("x" * 400)]}, "photos[0].file: is 'xxx"),
    ({"photos": [photo("articles.jsonl")]}, "photos[0].file: This is not a picture that can be used."),
    ({"photos": [photo(credit="x" * 201)]}, "photos[0].credit: has 201 characters"),
    ({"photos": [photo(alt="x" * 501)]}, "photos[0].alt: has 501 characters"),
    ({"source": ""}, "source: is empty."),
    (
        {"source_url": "javascript:alert(1)"},
        "source_url: is 'javascript:alert(1)', not an http or https address.",
    ),
    ({"canonical_url": "example.com"}, "canonical_url: is 'example.com', not an http or https address."),
    ({"legacy_paths": ["www/a.html"]}, "legacy_paths[0]: is 'www/a.html'; it must begin with one slash"),
    ({"legacy_paths": ["//evil.example/"]}, "legacy_paths[0]: is '//evil.example/'"),
    ({"legacy_paths": "/a"}, "legacy_paths: must be a list, not text."),
]


@pytest.mark.parametrize(("fields", "reason"), BAD, ids=[reason[:40] for _, reason in BAD])
def test_a_bad_line_is_refused_with_its_reason_and_loses_nothing_else(write, settings, tmp_path, fields, reason):
    (tmp_path / "secret.jpg").write_bytes(image_bytes((60, 40)))
    known = {"id": "two", "url_slug": "two", "section": "Fresh"} | fields
    path = write(record(), record(**known), record(id="three", url_slug="three"), pictures=["red.jpg", "blue.jpg"])
    out, error = run(path)
    assert error == "1 of the lines were refused, for the reasons above."
    shown_id = known["id"] if isinstance(known["id"], str) and known["id"] else "no id"
    assert f"  line 2, {shown_id}, {reason}" in out
    assert "2 imported" in out
    assert set(Article.objects.values_list("external_id", flat=True)) == {"one", "three"}
    assert not Section.objects.filter(name="Fresh").exists()
    assert (Photo.objects.count(), stored_files(settings)) == (0, [])
    assert not Reporter.objects.exists()
    assert not Tag.objects.exists()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "line 2, no id, line: is not JSON: Expecting property name"),
        (b"not json", "line 2, no id, line: is not JSON: Expecting value at character 1."),
        (b'["a list"]', "line 2, no id, line: must be a JSON object, not a list."),
        (b"null", "line 2, no id, line: must be a JSON object, not null."),
        (b'{"id": "\xff"}', "line 2, no id, line: byte 9 is not UTF-8."),
        (b"[" * 100_000, "line 2, no id, line: cannot be read: "),
        (b'{"id": ' + b"9" * 5000 + b"}", "line 2, no id, line: cannot be read: "),
        (b'{"id": "two"}', "line 2, two, url_slug: is missing."),
        (b'{"id": "' + b"x" * 10_000_001 + b'"}', "line 2, no id, line: is longer than 10 MB."),
    ],
    ids=lambda value: value[:20] if isinstance(value, bytes) else None,
)
def test_a_line_that_cannot_be_read_loses_nothing_else(write, line, reason):
    out, error = run(write(record(), line, record(id="three", url_slug="three")))
    assert error
    assert reason in out
    assert Article.objects.count() == 2


def test_blank_lines_a_bom_and_windows_line_ends_do_no_harm(write):
    one, two = (json.dumps(record(id=name, url_slug=name)).encode() for name in ("one", "two"))
    out, error = run(write(b"\xef\xbb\xbf" + one + b"\r", b"", b"   \r", two + b"\r"))
    assert not error
    assert "2 imported" in out


def test_a_file_that_is_empty_is_no_error(write):
    out, error = run(write(b""))
    assert not error
    assert "0 imported" in out


def test_the_second_line_with_an_id_is_refused(write):
    out, error = run(write(record(), record(title="Other")))
    assert "line 2, one, id: stands on line 1 already." in out
    assert get("one").headline == "One story"


def test_a_path_of_another_story_is_refused_and_its_picture_not_kept(write, settings):
    OldAddress.objects.create(article=make_article(), path="/www/a.html")
    path = write(record(legacy_paths=["/b", "/www/a.html"], photos=[photo()]), pictures=["red.jpg"])
    out, error = run(path)
    assert "line 1, one, legacy_paths[1]: /www/a.html leads to another story already." in out
    assert (Photo.objects.count(), stored_files(settings)) == (0, [])


def test_a_truncated_picture_is_refused(write):
    path = write(record(photos=[photo()]), pictures=["red.jpg"])
    whole = image_bytes((400, 400), color="red")
    (path.parent / "red.jpg").write_bytes(whole[: len(whole) // 2])
    out, error = run(path)
    assert "line 1, one, photos[0].file: This picture is damaged or cut off" in out


def test_a_link_that_leads_out_of_the_folder_is_refused(write, tmp_path):
    path = write(record(photos=[photo("link.jpg")]))
    (tmp_path / "secret.jpg").write_bytes(image_bytes((60, 40)))
    (path.parent / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    assert "photos[0].file: is 'link.jpg', which leads out of the folder" in run(path)[0]


def test_elements_that_are_not_kept_are_named(write):
    html = '<h1>Big</h1><p class="x" onclick="y()">It rained.</p><iframe src="https://example.com"></iframe>'
    out, error = run(write(record(body_html=html)))
    assert not error
    assert "line 1, one, body_html: elements left out: h1, iframe." in out
    assert get("one").body == "Big<p>It rained.</p>"


def test_a_gallery_may_go_without_text(write):
    _, error = run(write(record(format="gallery", body_html="", photos=[photo()]), pictures=["red.jpg"]))
    assert not error


def test_files_and_folders_that_do_not_exist(tmp_path):
    assert run(tmp_path / "none.jsonl")[1].startswith("There is no file")
    assert run(tmp_path)[1].startswith("There is no file")
    assert run(media=tmp_path / "none")[1].startswith("There is no folder")


def test_without_verbosity_only_problems_are_printed(write):
    assert run(verbosity=0)[0] == ""
    out, _ = run(write(record(title="")), verbosity=0)
    assert out == "Refused:\n  line 1, one, title: is empty.\n"


def test_the_bar_is_drawn_on_a_terminal_only(monkeypatch, capsys):
    run()
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    run()
    assert "[##############################] 100%, line 12\n" in capsys.readouterr().err
