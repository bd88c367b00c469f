"""The corrections page, and what changed between the versions of a story."""

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from articles import publishing
from articles.comparing import ADDED, REMOVED, compare, differences
from articles.models import ArticleVersion, Correction
from tests.factories import draft, embargoed, make_article, make_reporter, seoul, withdrawn

pytestmark = pytest.mark.django_db
Kind = ArticleVersion.Kind


def read(client, address, status=200):
    response = client.get(address)
    assert response.status_code == status
    return BeautifulSoup(response.content, "html.parser")


def note(story, text="It was 400, not 40.", at="2021-03-01 12:00", kind="correction"):
    return Correction.objects.create(article=story, text=text, kind=kind, published_at=seoul(at))


# ---- the list


def test_it_lists_every_note_with_date_kind_and_story(client, queries):
    story = make_article(headline="Rain", publish_at=seoul("2021-02-27 09:32"))
    note(story, "The rain fell on <Monday>.", "2021-03-01 12:00")
    note(story, "Which rain.", "2021-03-02 12:00", kind="clarification")
    gone = withdrawn(headline="Forged", publish_at=seoul("2021-02-27 10:00"))
    note(gone, "We were wrong.", "2021-03-03 12:00", kind="retraction")
    with queries(4):
        page = read(client, "/corrections/")
    shown = [" ".join(item.get_text(" ").split()) for item in page.select(".notes li")]
    assert shown[0].startswith("Retraction , 2021-03-03 12:00 Forged We were wrong. The story was withdrawn.")
    assert shown[1] == "Clarification , 2021-03-02 12:00 Rain Which rain."
    assert shown[2] == "Correction , 2021-03-01 12:00 Rain The rain fell on <Monday>."
    assert page.select(".notes a")[1]["href"] == story.get_absolute_url()
    assert client.get(gone.get_absolute_url()).status_code == 410
    assert page.select_one("link[type='application/rss+xml'][href*='corrections']")


@pytest.mark.parametrize("hidden", [draft, embargoed])
def test_it_gives_nothing_away(client, hidden):
    note(hidden(headline="Secret"), "A secret was wrong.")
    note(make_article(headline="Later"), "Not yet.", at="2051-01-01 00:00")
    page = read(client, "/corrections/")
    assert "Nothing has been corrected yet." in page.get_text()


def test_its_pages_hold_every_note_once(client, queries):
    story = make_article()
    for number in range(65):
        note(story, f"Note {number}.", at=f"2021-03-01 {number // 60:02d}:{number % 60:02d}")
    seen, address = [], "/corrections/"
    while address:
        with queries(4):
            page = read(client, address)
        seen += [item.select("p")[1].get_text() for item in page.select(".notes li")]
        older = page.select_one(".pagination [rel=next]")
        address = older and "/corrections/" + older["href"]
    assert seen == [f"Note {number}." for number in reversed(range(65))]
    newer = page.select_one(".pagination [rel=prev]")["href"]
    assert "Note 34." in read(client, "/corrections/" + newer).get_text()


@pytest.mark.parametrize("cursor", ["0", "-1", "x", "9" * 30, "99999999"])
def test_it_is_404_for_pages_that_are_none(client, cursor):
    note(make_article())
    assert client.get("/corrections/", {"before": cursor}).status_code == 404


# ---- what changed


@pytest.fixture
def story():
    story = make_article(
        headline="Yard hires 40 welders",
        body="<p>The yard hires 40 welders.</p><p>It is a large yard.</p><p>Nobody was asked.</p>",
        publish_at=seoul("2021-02-27 09:32"),
        reporters=[make_reporter("Seo Ha-rin")],
    )
    publishing.record_version(story, kind=Kind.PUBLISHED, public_from=story.publish_at)
    return story


def edit(story, kind=Kind.UPDATE, note="", **fields):
    for name, value in fields.items():
        setattr(story, name, value)
    story.save()
    return publishing.finish_edit(story, kind=kind, note=note)


def changed(page):
    return [(element.name, element.get_text()) for element in page.select(".prose :is(ins, del)")]


def test_it_shows_word_by_word_what_a_correction_changed(client, story, queries):
    edit(
        story,
        headline="Yard hires 400 welders",
        body="<p>The yard hires 400 welders.</p><p>It is a large yard.</p><p>Nobody was asked.</p>",
        note="A figure.",
    )
    with queries(4):
        page = read(client, f"{story.get_absolute_url()}changes/")
    assert changed(page) == [("del", "removed: 40"), ("ins", "added: 400")] * 2
    assert [h3.get_text() for h3 in page.select("main h3")] == ["Headline", "Text"]
    assert "2 paragraphs as before" in page.get_text()
    assert "A figure." in page.get_text()
    assert [h2.get_text().partition(",")[0] for h2 in page.select("main h2")] == ["Update", "First publication"]
    assert page.select_one("meta[name=robots]")["content"] == "noindex"
    assert page.select_one("link[rel=canonical]")["href"].endswith(story.get_absolute_url())


def test_the_story_leads_there_once_something_changed(client, story, queries):
    address = f"{story.get_absolute_url()}changes/"
    assert not read(client, story.get_absolute_url()).select(f'a[href="{address}"]')
    read(client, address, status=404)
    edit(story, kind=Kind.TYPO, headline="Yard hires fourty welders")
    edit(story, kind=None, headline="Yard hires 40 welders now")
    read(client, address, status=404)
    edit(story, headline="Yard hires 400 welders")
    with queries(8):
        assert read(client, story.get_absolute_url()).select(f'a[href="{address}"]')
    assert changed(read(client, address)) == [("del", "removed: 40"), ("ins", "added: 400")]


def test_what_is_not_public_yet_is_no_version(client, story):
    edit(story, headline="Yard hires 400 welders")
    story.versions.filter(number=2).update(public_from=seoul("2051-01-01 00:00"))
    read(client, f"{story.get_absolute_url()}changes/", status=404)


def test_markup_in_a_story_stays_text(client, story):
    edit(story, headline="Yard <b>hires</b>", deck="<script>alert(1)</script>")
    response = client.get(f"{story.get_absolute_url()}changes/")
    assert "<script>alert" not in response.text
    assert "<b>hires" not in response.text


def test_the_locked_part_of_a_premium_story_stays_locked(client, story):
    edit(story, access="premium", headline="Other", body="<p>A secret sum.</p>")
    page = read(client, f"{story.get_absolute_url()}changes/")
    assert "secret" not in page.get_text()
    assert [h3.get_text() for h3 in page.select("main h3")] == ["Headline"]


def test_a_withdrawn_story_shows_no_versions(client, story):
    edit(story, headline="Other")
    publishing.withdraw(story, "It was forged.")
    assert "It was forged." in read(client, f"{story.get_absolute_url()}changes/", status=410).get_text()


TEXTS = st.lists(
    st.lists(st.sampled_from(["a", "b", "c", "d", "rain", "yard"]), min_size=1, max_size=8).map(" ".join), max_size=6
)


@given(old=TEXTS, new=TEXTS)
def test_a_comparison_loses_and_invents_no_word(old, new):
    paragraphs = compare(old, new)
    for gone, texts in ((ADDED, old), (REMOVED, new)):
        words = " ".join(text for paragraph in paragraphs for what, text in paragraph if what != gone).split()
        assert words == " ".join(texts).split()


def test_a_long_text_costs_little_more_than_a_short_one(monkeypatch):
    """What difflib is given, whose cost grows with the square, stays small however long the texts are."""
    import articles.comparing as comparing

    given_to_difflib = []
    matcher = comparing.SequenceMatcher

    def counting(isjunk, old, new):
        given_to_difflib.append(len(old) * len(new))
        return matcher(isjunk, old, new)

    monkeypatch.setattr(comparing, "SequenceMatcher", counting)
    work = {}
    for size in (200, 2_000):
        given_to_difflib.clear()
        old = "".join(f"<p>Paragraph {n} of a very long text with words in it.</p>" for n in range(size))
        new = old.replace("very long", "rather long")
        differences({"body": old}, {"body": new})
        work[size] = sum(given_to_difflib)
    assert work[2_000] <= 20 * max(work[200], 1)
    assert max(given_to_difflib, default=0) <= comparing.SMALL
