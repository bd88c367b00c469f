"""Building an edition: what is in it, in which order, and what a failure leaves."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, default_storage
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles import publishing
from articles.models import Article
from editions import building
from editions.building import NothingToPrint, build_edition, build_wanted, next_day
from editions.content import load_content
from editions.models import WIDTHS, Edition
from editions.typesetter import Desk, TypesettingFailed
from newsroom import localpg
from rankings.models import StoryList
from rankings.placing import place
from sections.runner import alone
from tests.factories import (
    draft,
    embargoed,
    image_bytes,
    make_article,
    make_front,
    make_photo,
    make_reporter,
    make_section,
    withdrawn,
)
from tests.programs import environment
from tests.waiting import wait_until

from .papers import body, elements, make_stories, read, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def national():
    return make_section("National")


def test_it_prints_a_tagged_paper(national):
    photo = make_photo(render=True, alt_text="A ferry at dusk.", caption="The ferry leaves.", credit="Park Ji-ho")
    make_article(
        section=national,
        headline="Ferry leaves at six",
        deck="Nobody waved.",
        body=body(24, "Ende"),
        reporters=[make_reporter("Seo Ha-rin")],
        photos=[photo],
        dateline="MOKPO",
    )
    edition = build_edition()
    pdf = read(edition)
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].startswith("en")
    assert pdf.metadata.title.startswith("The Hangang Times, ")
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert "pdfuaid" in root["/Metadata"].get_data().decode()
    box = pdf.pages[0].mediabox
    assert [round(float(side) / 72 * 25.4) for side in (box.width, box.height)] == [297, 420]
    found = elements(edition)
    assert ("/Figure", "A ferry at dusk.") in found
    kinds = [kind for kind, _ in found]
    assert kinds.index("/H1") < kinds.index("/H2") < kinds.index("/P", kinds.index("/H2"))
    text = text_of(edition)
    for words in ("Ferry leaves at six", "Nobody waved.", "By Seo Ha-rin", "The ferry leaves. Park Ji-ho", "MOKPO —"):
        assert words in text
    assert text.count("Ende") == 1
    assert edition.pages == len(pdf.pages) == 1
    assert all(default_storage.exists(name) for name in edition.files)
    assert len(edition.files) == 1 + len(WIDTHS)


def test_the_front_is_that_of_the_day_and_sections_follow_the_menu(national):
    sports = make_section("Sports", position=9)
    make_front()
    make_stories(sports, 4)
    make_stories(national, 12)
    lead = make_article(section=sports, headline="Terns win the cup", body=body(60, "Endecup"))
    second = make_article(section=national, headline="Walls will rise", body=body(50, "Endewalls"))
    before = timezone.now() - timedelta(minutes=5)
    place(StoryList.objects.get(slug="front-lead"), 1, lead, starts=before, headline="Terns take it all")
    place(StoryList.objects.get(slug="front-top"), 1, second, starts=before)
    edition = build_edition()
    front = text_of(edition, 1)
    assert front.index("Terns take it all") < front.index("Walls will rise")
    assert "Terns win the cup" not in front
    rows = list(edition.stories.all())
    assert [row.article_id for row in rows[:2]] == [lead.pk, second.pk]
    pages = {row.article.section.name: row.page for row in reversed(rows) if row.page > 1}
    assert pages["National"] <= pages["Sports"]
    assert all(f"Ende{mark}" in text_of(edition) for mark in ("cup", "walls", "11"))


def test_what_is_cut_says_where_it_goes_on_and_from_where_it_comes(national):
    make_stories(national, 9, sentences=60)
    edition = build_edition()
    cut = [row for row in edition.stories.all() if row.goes_on]
    assert cut
    for row in cut:
        assert row.goes_on > row.page
        assert f"Continued on page {row.goes_on}" in text_of(edition, row.page)
        assert f"From page {row.page}" in text_of(edition, row.goes_on)
    text = text_of(edition)
    assert [text.count(f"Ende{number}") for number in range(9)] == [1] * 9
    for number in range(2, edition.pages + 1):
        page = text_of(edition, number)
        assert page.startswith(f"{number} National")
        assert str(edition.date.year) in page


def test_only_what_is_public_is_printed(national):
    make_stories(national, 2)
    hidden = [
        draft(section=national, headline="Drafted words", body=body()),
        embargoed(section=national, headline="Embargoed words", body=body()),
        withdrawn(section=national, headline="Withdrawn words", body=body()),
    ]
    edition = build_edition()
    text = text_of(edition)
    assert all(words not in text for words in ("Drafted", "Embargoed", "Withdrawn"))
    assert not edition.stories.filter(article__in=hidden).exists()


def test_of_a_premium_story_the_opening_is_printed_and_not_on_the_first_page(national):
    make_article(section=national, headline="For subscribers alone", body=body(30, "Secretend"), access="premium")
    make_stories(national, 3)
    edition = build_edition()
    assert "For subscribers alone" not in text_of(edition, 1)
    assert "For subscribers alone" in text_of(edition)
    assert "Subscribers read the whole story at" in " ".join(text_of(edition).split())
    assert "Secretend" not in text_of(edition)


def test_a_story_is_printed_once_in_editions_that_follow_each_other(national):
    now = timezone.now()
    first = make_article(section=national, headline="Yesterday only", body=body(), publish_at=now - timedelta(hours=30))
    earlier = build_edition(timezone.localdate() - timedelta(days=1), now - timedelta(hours=26))
    make_article(section=national, headline="Today only", body=body(), publish_at=now - timedelta(hours=2))
    today = build_edition()
    assert [row.article_id for row in earlier.stories.all()] == [first.pk]
    assert "Today only" in text_of(today)
    assert "Yesterday only" not in text_of(today)


def test_a_day_without_news_is_printed_from_those_before(national):
    make_article(section=national, headline="Old but good", body=body(), publish_at=timezone.now() - timedelta(days=4))
    assert "Old but good" in text_of(build_edition())


def test_a_paper_without_stories_is_not_printed():
    with pytest.raises(NothingToPrint):
        build_edition()
    edition = Edition.objects.get()
    assert (edition.token, edition.pages) == ("", 0)
    assert "publish one" in edition.error
    with pytest.raises(CommandError, match="publish one"):
        call_command("build_edition")


def test_a_huge_story_goes_over_many_pages_and_loses_nothing(national):
    marks = [f"Mark{number}" for number in range(400)]
    text = "".join(f"<p>{mark} {'words of the story ' * 30}</p>" for mark in marks)
    make_article(section=national, headline="All of it", body=text)
    edition = build_edition()
    printed = text_of(edition).split()
    assert [word for word in printed if word.startswith("Mark")] == marks
    assert edition.pages > 5


def test_many_short_stories_leave_no_hole(national):
    for number in range(60):
        make_article(section=national, headline=f"Brief number {number}", body=f"<p>One sentence, number {number}.</p>")
    edition = build_edition()
    text = text_of(edition)
    assert all(f"number {number}." in text for number in range(60))


def test_a_korean_story_is_printed_in_korean(national):
    make_article(
        section=national,
        lang="ko",
        headline="조선소 용접공 사백 명 채용",
        body="<p>울산의 조선소가 용접공을 뽑는다. 끝말.</p>",
    )
    text = text_of(build_edition()).replace(" ", "")
    assert "조선소용접공사백명채용" in text
    assert "울산의조선소가용접공을뽑는다.끝말." in text


@pytest.mark.parametrize("loss", ["gone", "broken"])
def test_a_photo_whose_file_is_lost_is_left_out(national, loss):
    photo = make_photo(render=True, alt_text="Lost.")
    make_article(section=national, headline="Still here", body=body(), photos=[photo])
    name = photo.picture().src.partition("/media/")[2]
    default_storage.delete(name)
    if loss == "broken":
        default_storage.save(name, ContentFile(image_bytes()[:900]))
    edition = build_edition()
    assert "Still here" in text_of(edition)
    assert "/Figure" not in [kind for kind, _ in elements(edition)]


def test_building_again_replaces_the_files(national):
    make_stories(national, 1)
    first = build_edition()
    make_article(section=national, headline="Came later", body=body())
    second = build_edition()
    assert second.pk == first.pk
    assert second.token != first.token
    assert not any(default_storage.exists(name) for name in first.files)
    assert all(default_storage.exists(name) for name in second.files)
    assert "Came later" in text_of(second)


@pytest.mark.parametrize("where", ["compile", "pictures", "save"])
def test_a_failure_leaves_the_former_edition(national, monkeypatch, where):
    make_stories(national, 1)
    first = build_edition()
    rows = list(first.stories.values_list("article", "page"))
    make_article(section=national, headline="Came later", body=body())

    def fail(*args, **kwargs):
        raise TypesettingFailed("out of ink") if where != "save" else OSError("disk full")

    if where == "save":
        monkeypatch.setattr(building, "as_pictures", fail)
    else:
        monkeypatch.setattr(Desk, where, fail)
    with pytest.raises((TypesettingFailed, OSError)):
        build_edition()
    after = Edition.objects.get()
    assert (after.token, after.pages, after.built_at) == (first.token, first.pages, first.built_at)
    assert after.error in ("out of ink", "disk full")
    assert list(after.stories.values_list("article", "page")) == rows
    folders = default_storage.listdir("editions")[0]
    left = [name for folder in folders for name in default_storage.listdir(f"editions/{folder}")[1]]
    assert len(left) == len(first.files)
    monkeypatch.undo()


def test_a_story_that_is_withdrawn_while_it_is_printed_is_not_in_it(national, monkeypatch):
    make_stories(national, 2)
    story = make_article(section=national, headline="Forged document", body=body())
    compile_pages = Desk.compile

    def slow(self, job):
        if Article.objects.get(pk=story.pk).withdrawn_at is None:
            publishing.withdraw(Article.objects.get(pk=story.pk), "It was forged.")
        return compile_pages(self, job)

    monkeypatch.setattr(Desk, "compile", slow)
    assert "Forged" not in text_of(build_edition())


# ---- by itself


def test_what_was_asked_for_is_built_by_the_runner(national):
    make_stories(national, 1)
    Edition.objects.create(date=timezone.localdate(), wanted_at=timezone.now())
    assert build_wanted() == 1
    edition = Edition.objects.get()
    assert edition.is_public
    assert edition.wanted_at is None
    assert build_wanted() == 0


def test_the_days_edition_is_built_at_its_hour(settings):
    morning = timezone.localtime().replace(hour=5, minute=30)
    assert next_day(morning) is None
    settings.EPAPER_AT = morning.time()
    assert next_day(morning) == morning.date()
    assert next_day(morning - timedelta(minutes=1)) is None
    edition = Edition.objects.create(date=morning.date(), error="No paper.")
    assert next_day(morning) is None, "a failure is not repeated all day long"
    edition.wanted_at = morning
    edition.save()
    assert next_day(morning) == morning.date()


def test_the_runner_says_why_it_failed_and_goes_on(caplog):
    Edition.objects.create(date=timezone.localdate(), wanted_at=timezone.now())
    assert build_wanted() == 1
    edition = Edition.objects.get()
    assert edition.wanted_at is None
    assert edition.error
    assert build_wanted() == 0


def test_one_process_at_a_time_builds(national):
    make_stories(national, 1)
    Edition.objects.create(date=timezone.localdate(), wanted_at=timezone.now())
    with alone("editions.build") as is_free:
        assert is_free
        assert build_wanted() == 0
    assert build_wanted() == 1


# ---- what killed programs leave


def make_old(names, hours=2):
    """As if files had been written so long ago."""
    at = time.time() - hours * 3600
    for name in names:
        os.utime(default_storage.path(name), (at, at))


@pytest.mark.django_db(transaction=True)
def test_the_next_building_deletes_what_a_killed_one_left(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path / "test-media")
    make_stories(make_section("National"), 12)
    program = [sys.executable, "manage.py", "build_edition"]
    env = environment(NEWSROOM_VAR=str(tmp_path))
    process = subprocess.Popen(program, cwd=localpg.PROJECT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    folder = Path(settings.MEDIA_ROOT) / "editions"
    assert wait_until(lambda: list(folder.glob("*/edition.pdf")), seconds=60), process.poll()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (left,) = folder.iterdir()
    assert not Edition.objects.exclude(token="").exists(), "it was killed before it was put in place"
    build_edition()
    assert left.exists(), "it could be a program that still works"
    make_old([f"editions/{left.name}/{path.name}" for path in left.iterdir()])
    edition = build_edition()
    assert not left.exists()
    assert all(default_storage.exists(name) for name in edition.files)


class Bucket(Storage):
    """A storage that has names and no folders, as S3 has."""

    def __init__(self):
        self.files = {}

    def _save(self, name, content):
        self.files[name] = (content.read(), timezone.now())
        return name

    def exists(self, name):
        return name in self.files

    def delete(self, name):
        self.files.pop(name, None)

    def get_modified_time(self, name):
        return self.files[name][1]

    def listdir(self, path):
        rest = [name.removeprefix(f"{path}/") for name in self.files if name.startswith(f"{path}/")]
        return sorted({name.partition("/")[0] for name in rest if "/" in name}), [n for n in rest if "/" not in n]


@pytest.mark.parametrize("kind", ["files", "bucket"])
def test_it_deletes_only_what_is_nobodys(national, monkeypatch, kind):
    storage = Bucket() if kind == "bucket" else default_storage
    monkeypatch.setattr(building, "default_storage", storage)
    assert building.delete_remains() == [], "nothing was ever built"
    edition = Edition.objects.create(date=timezone.localdate(), token="a" * 32, pages=1)
    kept = [*edition.files, "editions/readme.txt", f"editions/{'c' * 32}/edition.pdf", "editions/mine/1-480.webp"]
    gone = [f"editions/{'b' * 32}/edition.pdf", f"editions/{'b' * 32}/1-480.webp"]
    for name in (*kept, *gone, f"photos/{'d' * 32}/x.pdf"):
        storage.save(name, ContentFile(b"x"))
    old = [name for name in (*kept, *gone) if "c" * 32 not in name]
    if kind == "bucket":
        storage.files |= {name: (b"x", timezone.now() - timedelta(hours=2)) for name in old}
    else:
        make_old(old)
    assert sorted(building.delete_remains()) == sorted(gone)
    assert [name for name in (*kept, *gone) if storage.exists(name)] == kept
    assert storage.exists(f"photos/{'d' * 32}/x.pdf")


def test_a_storage_that_cannot_be_tidied_stops_no_edition(national, monkeypatch):
    make_stories(national, 1)
    monkeypatch.setattr(building, "delete_remains", lambda: 1 / 0)
    assert build_edition().is_public


# ---- the command


@pytest.mark.parametrize("word", ["2026-13-01", "yesterday", "20261", "2026-02-30"])
def test_the_command_refuses_what_is_no_date(word):
    with pytest.raises(CommandError, match="is no date"):
        call_command("build_edition", word)
    assert not Edition.objects.exists()


def test_the_command_refuses_a_day_to_come():
    with pytest.raises(CommandError, match="still to come"):
        call_command("build_edition", str(timezone.localdate() + timedelta(days=1)))


def test_the_command_builds_a_day(national, capsys):
    make_stories(national, 1)
    call_command("build_edition", str(timezone.localdate()))
    assert f"/epaper/{timezone.localdate():%Y/%m/%d}/" in capsys.readouterr().out


# ---- costs


def test_it_asks_the_same_number_of_questions_for_many_stories(national, queries):
    make_front()
    make_stories(national, 3)
    edition = Edition.objects.create(date=timezone.localdate())
    with CaptureQueriesContext(connection) as few:
        load_content(edition, timezone.now())
    make_stories(national, 30)
    with queries(len(few)):
        content = load_content(edition, timezone.now())
    assert len(content.front) + len(content.inside) == 33
    assert len(few) <= 18
