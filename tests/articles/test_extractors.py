"""Programs that readers use to get a story out of its page: reader modes, archives, assistants.

Each must find headline, writers, dates and lead picture, the whole text, and little but the text. Captions belong to
the pictures and may come along; so may the deck.
"""

import difflib
import re
import warnings

import newspaper
import pytest
import trafilatura
from bs4 import BeautifulSoup
from django.core.management import call_command
from django.utils import timezone
from readability import Document

from articles.models import Article
from photos.models import Photo
from sections.html import plain_text
from tests.factories import make_article, make_reporter, make_section, seoul, shown_photo
from tests.test_corpus import FILE, plan_for_what_is_there

pytestmark = pytest.mark.django_db
# One in so many real stories may come out otherwise: links and tables that a program takes for a menu.
SPARED = {"trafilatura": 25, "newspaper4k": 25, "readability": 10}
# Parts of the words of a text that may be missing, and of foreign words that may come along.
MISSING, FOREIGN = 0.02, 0.02


def words(text):
    return re.findall(r"\w+", text.lower())


def by_trafilatura(html, url):
    data = trafilatura.bare_extraction(html, url=url, with_metadata=True, include_comments=False).as_dict()
    return {
        "headline": data["title"],
        "authors": data["author"] or "",
        "date": data["date"],
        "image": data["image"],
        "text": data["text"],
    }


def by_newspaper(html, url):
    article = newspaper.Article(url, language="en", fetch_images=False)
    article.download(input_html=html)
    article.parse()
    return {
        "headline": article.title,
        "authors": "; ".join(article.authors),
        "date": article.publish_date and article.publish_date.date().isoformat(),
        "image": article.top_image,
        "text": article.text,
    }


def by_readability(html, url):
    document = Document(html)
    return {"headline": document.short_title(), "text": BeautifulSoup(document.summary(), "html.parser").get_text(" ")}


EXTRACTORS = {"trafilatura": by_trafilatura, "newspaper4k": by_newspaper, "readability": by_readability}
extractor = pytest.mark.parametrize("extract", EXTRACTORS.values(), ids=EXTRACTORS)


def compare(story, text):
    """(part of the story's words that are missing, part of the text's words that are not the story's)."""
    body = words(plain_text(story.body))
    allowed = body + words(" ".join([story.headline, story.deck, story.dateline, story.byline_text, story.tag_text]))
    for use in story.photo_uses.select_related("photo"):
        allowed += words(" ".join([use.shown_caption, use.shown_credit, use.shown_alt]))
    found = words(text)
    matcher = difflib.SequenceMatcher(None, body, found, autojunk=False)
    common = sum(block.size for block in matcher.get_matching_blocks())
    foreign = [word for word in found if word not in set(allowed)]
    return 1 - common / max(len(body), 1), len(foreign) / max(len(found), 1)


def read(client, extract, story):
    address = story.get_absolute_url()
    html = client.get(address).text
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return extract(html, f"http://127.0.0.1:8000{address}")


SENTENCES = (
    "The ferry left the northern landing at six with nine people and a bicycle.",
    "By seven the fog had come down to the water, and the pilot steered by the bells of both banks.",
    "Nobody was hurt, the harbor office said, but a crate of oranges is still missing.",
    "The company has promised a second lantern, a roof for the bench and an answer to every letter.",
)


@pytest.fixture
def story():
    photos = [shown_photo(caption=f"The landing, {n}.", credit="Yonhap") for n in ("early", "late")]
    paragraphs = [f"<p>{' '.join(SENTENCES)} It was day {n} of the fog.</p>" for n in range(9)]
    paragraphs.insert(3, "<h2>What the pilot saw</h2>")
    paragraphs.insert(6, "<blockquote><p>You do not see a river like this, you remember it.</p></blockquote>")
    paragraphs.insert(
        8,
        "<table><caption>Crossings</caption><tbody><tr><th>Year</th><th>Boats</th></tr>"
        "<tr><td>1958</td><td>Eleven</td></tr></tbody></table><ul><li>One lantern</li><li>Two bells</li></ul>",
    )
    paragraphs.insert(5, f'<figure data-photo="{photos[1].uuid}"></figure>')
    section = make_section("Society", parent=make_section("National"))
    for number in range(12):
        make_article(headline=f"Unrelated headline number {number} about pumpkins", section=section, deck="Pumpkins.")
    return make_article(
        headline="Ferry sails into the fog and comes back with the pilot’s hat",
        deck="A crossing of eleven minutes took an hour.",
        body="".join(paragraphs),
        section=section,
        photos=photos,
        reporters=[make_reporter("Seo Ha-rin", bio="Bio of pumpkins."), make_reporter("Moon Ji-ho")],
        tags=["Ferries"],
        publish_at=seoul("2021-02-27 09:32"),
    )


@extractor
def test_it_gets_the_story_and_nothing_else(client, extract, story):
    found = read(client, extract, story)
    missing, foreign = compare(story, found["text"])
    assert missing <= MISSING, found["text"]
    assert foreign <= FOREIGN, found["text"]
    assert "umpkin" not in found["text"]
    assert found["headline"] == story.headline
    if "authors" in found:
        assert [name in found["authors"] for name in ("Seo Ha-rin", "Moon Ji-ho")] == [True, True]
        assert found["date"] == "2021-02-27"
        assert story.photo_uses.first().photo.token in found["image"]


@extractor
def test_it_gets_an_opinion_piece(client, extract, story):
    story.format = "opinion"
    story.save()
    missing, foreign = compare(story, read(client, extract, story)["text"])
    assert missing <= MISSING
    assert foreign <= FOREIGN


def test_it_gets_a_korean_story(client):
    sentence = "여객선은 여섯 시에 북쪽 나루를 떠났다. 안개가 강물까지 내려왔고 선장은 종소리로 배를 몰았다."
    body = "".join(f"<p>{sentence} {n}번째 날이었다.</p>" for n in range(8))
    story = make_article(headline="안개 속으로 떠난 배", lang="ko", body=body, deck="열한 분 거리에 한 시간이 걸렸다.")
    found = read(client, by_trafilatura, story)
    missing, foreign = compare(story, found["text"])
    assert (found["headline"], missing <= MISSING, foreign <= FOREIGN) == (story.headline, True, True)


@pytest.mark.corpus
@pytest.mark.slow
@pytest.mark.skipif(not FILE.is_file(), reason=f"THE CORPUS IS MISSING: no {FILE}")
def test_it_gets_real_stories(client):
    """Real texts, of all lengths and shapes."""
    call_command("import_articles", FILE, no_renditions=True, verbosity=0)
    plan_for_what_is_there()
    Photo.objects.update(rendered_at=timezone.now())
    stories = [
        story
        for story in Article.objects.published().order_by("pk")
        if len(plain_text(story.body).split()) > 120 and story.lang == "en"
    ]
    stories = stories[:: max(1, len(stories) // 64)]
    assert len(stories) >= 60
    failed = {}
    for name, extract in EXTRACTORS.items():
        for story in stories:
            missing, foreign = compare(story, read(client, extract, story)["text"])
            if missing > MISSING or foreign > FOREIGN:
                failed.setdefault(name, []).append((story.slug[:40], round(missing, 3), round(foreign, 3)))
    assert {name: rows for name, rows in failed.items() if len(rows) > len(stories) / SPARED[name]} == {}
