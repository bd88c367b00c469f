"""The search page."""

import pytest
from bs4 import BeautifulSoup

from articles import publishing
from articles.models import Article
from tests.factories import draft, embargoed, make_article, make_reporter, shown_photo, withdrawn

pytestmark = pytest.mark.django_db


def found(client, words):
    response = client.get("/search/", {"q": words})
    assert response.status_code == 200
    return [a.get_text() for a in BeautifulSoup(response.text, "html.parser").select(".list h3 a")]


@pytest.mark.parametrize(
    "fields",
    [
        {"headline": "Ferry sinks"},
        {"deck": "A ferry went down."},
        {"body": "<p>The ferries <b>left</b> at noon.</p>"},
        {"tags": ["Ferry"]},
        {"reporters": "Ferry Kim"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_it_finds_words_wherever_they_stand(client, fields):
    if "reporters" in fields:
        fields = {"reporters": [make_reporter(fields["reporters"])]}
    story = make_article(**{"headline": "Storm"} | fields)
    make_article(headline="Election")
    assert found(client, "ferry") == [story.headline]
    assert found(client, "FERRIES") == [story.headline]


def test_it_puts_the_best_match_first(client):
    make_article(headline="In the text", body="<p>Of a ferry.</p>")
    make_article(headline="A ferry in the headline")
    make_article(headline="In the deck", deck="A ferry.")
    make_article(headline="Among the topics", tags=["Ferry"])
    assert found(client, "ferry") == ["A ferry in the headline", "In the deck", "Among the topics", "In the text"]


def test_it_understands_phrases_or_and_minus(client):
    make_article(headline="Harbour bridge closes")
    make_article(headline="Bridge over the harbour opens")
    make_article(headline="Tunnel opens")
    assert found(client, '"harbour bridge"') == ["Harbour bridge closes"]
    assert sorted(found(client, "tunnel or closes")) == ["Harbour bridge closes", "Tunnel opens"]
    assert found(client, "bridge -closes") == ["Bridge over the harbour opens"]
    assert found(client, "bridge tunnel") == []


def test_it_finds_korean_words_and_their_parts(client):
    make_article(headline="조선소 용접공 채용", lang="ko", body="<p>울산에서 일한다.</p>")
    for words in ("용접공", "용접", "조선소 용접공", "울산에서"):
        assert found(client, words) == ["조선소 용접공 채용"]


def test_it_follows_names_that_change(client):
    story = make_article(reporters=[make_reporter("Seo Ha-rin")])
    assert found(client, "Ha-rin") == [story.headline]
    story.reporters.update(name="Ko Eun-bi")
    publishing.refresh_texts(story)
    assert found(client, "Eun-bi") == [story.headline]
    assert found(client, "Ha-rin") == []


@pytest.mark.parametrize("hidden", [draft, embargoed, withdrawn])
def test_it_finds_only_what_is_public(client, hidden):
    hidden(headline="Ferry sinks", tags=["Ferry"])
    assert found(client, "ferry") == []


def test_it_shows_the_words_again(client):
    page = BeautifulSoup(client.get("/search/", {"q": "  ferry   <b> "}).text, "html.parser")
    assert page.select_one("main input")["value"] == "ferry <b>"
    assert "Nothing was found for “ferry <b>”." in page.main.get_text()


@pytest.mark.parametrize("query", ["", "?q=", "?q=%20%20", "?other=1"])
def test_it_asks_for_words(client, queries, query):
    make_article()
    with queries(2):
        response = client.get(f"/search/{query}")
    assert "Write one or more words." in response.text


def test_it_counts_what_it_found(client):
    make_article(headline="Ferry sinks")
    assert "1 story for “ferry”" in client.get("/search/?q=ferry").text
    make_article(headline="Ferry found")
    assert "2 stories for “ferry”" in client.get("/search/?q=ferry").text


def test_it_shows_the_best_forty(client):
    for number in range(45):
        make_article(headline=f"Ferry {number}")
    assert len(found(client, "ferry")) == 40
    assert "The 40 best matches for “ferry”" in client.get("/search/?q=ferry").text


def test_it_is_no_page_for_search_engines(client):
    page = BeautifulSoup(client.get("/search/?q=x").text, "html.parser")
    assert page.select_one('meta[name="robots"]')["content"] == "noindex"


@pytest.mark.parametrize(
    "words",
    [
        *(
            "'",
            '"',
            '"unclosed',
            "'; DROP TABLE articles_article; --",
            "%",
            "_",
            "\\",
            "\\x00",
            "*",
            ":*",
            "a & b | !c",
        ),
        *("<script>alert(1)</script>", "(((((", ")", "-", "--", "or", "or or", "!" * 200, "🦀", "\u202e", "\ufffd"),
        *("x" * 10_000, "x " * 5_000, "-a " * 60, "a or " * 60, "\0", "ferry\0", "' OR '1'='1"),
    ],
)
def test_it_survives_every_question(client, words):
    make_article(headline="Ferry sinks")
    response = client.get("/search/", {"q": words})
    assert response.status_code in (200, 400)
    assert "<script>alert" not in response.text
    assert Article.objects.count() == 1


def test_it_takes_a_percent_sign_for_what_it_is(client):
    make_article(headline="Rates rise 3% again")
    make_article(headline="Rates rise")
    assert found(client, "3% again") == ["Rates rise 3% again"]
    assert found(client, "%") == ["Rates rise 3% again"]
    assert found(client, "_") == []


def test_it_costs_the_same_whatever_it_finds(client, queries):
    for number in range(3):
        make_article(headline=f"Ferry {number}", photos=[shown_photo()])
    with queries(4):
        client.get("/search/?q=ferry")
    for number in range(40):
        make_article(headline=f"Ferry {number}", tags=["A"], reporters=[], photos=[shown_photo()] if number < 9 else [])
    with queries(4):
        client.get("/search/?q=ferry")
