"""The search page."""

import pytest
from bs4 import BeautifulSoup
from django.utils import timezone

from articles import publishing
from articles.models import Alias, Article, Tag
from tests.factories import draft, embargoed, make_article, make_reporter, make_section, seoul, shown_photo, withdrawn

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
    with queries(9):
        client.get("/search/?q=ferry")
    for number in range(40):
        make_article(headline=f"Ferry {number}", tags=["A"], reporters=[], photos=[shown_photo()] if number < 9 else [])
    for address in ("/search/?q=ferry", "/search/?q=ferry&section=national&format=story&from=2020-01-01&sort=date"):
        with queries(9):
            client.get(address)


def test_finding_nothing_costs_no_more(client, queries):
    make_article(headline="The tunnel under the harbour")
    with queries(9):
        assert "Did you mean" in client.get("/search/?q=tunel+harbuor").text


# ---- names


def test_it_finds_a_person_under_every_romanisation(client):
    """Aliases are spellings of one name, with or without hyphens; what stands only in the text is found too."""
    tag = Tag.objects.create(name="Yoo Ah-in")
    for name in ("Yu Ah-in", "You Ah-in", "유아인"):
        Alias.objects.create(name=name, slug=name.lower().replace(" ", "-"), tag=tag)
    make_article(headline="Tagged", tags=["Yoo Ah-in"], publish_at=seoul("2021-01-03 09:00"))
    make_article(headline="In the text", body="<p>He met Yoo Ah-in there.</p>", publish_at=seoul("2021-01-02 09:00"))
    make_article(headline="배우 유아인 인터뷰", lang="ko", publish_at=seoul("2021-01-01 09:00"))
    make_article(headline="Ah, in Yongin", body="<p>You and Yu.</p>")
    every = {"Tagged", "In the text", "배우 유아인 인터뷰"}
    for words in ("Yoo Ah-in", "yu ah-in", "You Ahin", "yoo ah in", "YUAHIN", "유아인"):
        assert set(found(client, words)) == every, words
    assert found(client, "yu ah-in met") == ["In the text"]
    page = read(client, q="You Ah-in")
    assert page.select_one(".named a")["href"] == "/topics/yoo-ah-in/"


def test_it_names_a_reporter_and_keeps_hidden_topics_to_itself(client):
    make_article(reporters=[make_reporter("Seo Ha-rin")])
    assert read(client, q="seo ha-rin").select_one(".named a")["href"] == "/reporters/seo-ha-rin/"
    embargoed(tags=["Secret merger"])
    assert read(client, q="secret merger").select(".named") == []


# ---- Korean


def test_it_finds_korean_words_with_endings_inside_others_and_beside_english(client):
    make_article(headline="현대조선소의 겨울", lang="ko", body="<p>서울특별시장이 말했다.</p>")
    make_article(headline="BTS 공연을 보다", lang="ko")
    make_article(headline="BTS in Busan")
    for words, headline in (
        ("조선소", "현대조선소의 겨울"),
        ("서울", "현대조선소의 겨울"),
        ("특별시장", "현대조선소의 겨울"),
    ):
        assert found(client, words) == [headline]
    assert found(client, "BTS 공연") == ["BTS 공연을 보다"]
    assert found(client, "겨울 -현대조선소") == []
    assert len(found(client, "bts")) == 2


# ---- filters, order, pages


def read(client, **parameters):
    response = client.get("/search/", parameters)
    assert response.status_code == 200
    return BeautifulSoup(response.text, "html.parser")


@pytest.fixture
def ferries():
    """Stories about ferries in two sections, of two reporters, in two formats and three years."""
    national, world = make_section("National"), make_section("World")
    politics = make_section("Politics", parent=national)
    seo, moon = make_reporter("Seo Ha-rin"), make_reporter("Moon Ji-ho")
    make_article(headline="Ferry one", section=politics, reporters=[seo], publish_at=seoul("2021-05-01 00:30"))
    make_article(headline="Ferry two", section=national, reporters=[seo, moon], publish_at=seoul("2022-05-01 23:30"))
    make_article(headline="Ferry three", section=world, format="gallery", publish_at=seoul("2023-05-01 12:00"))
    make_article(headline="Boats", section=world, body="<p>A ferry.</p>", publish_at=timezone.now())
    embargoed(headline="Ferry to come", section=world)


def counts(page):
    return {
        nav["aria-label"]: {a.contents[0].strip(): int(a.select_one("span").get_text()) for a in nav.select("li a")}
        for nav in page.select(".facets nav")
    }


def headlines(page):
    return [a.get_text() for a in page.select(".list h3 a")]


def test_it_counts_what_each_filter_would_leave(client, ferries):
    page = read(client, q="ferry")
    found = counts(page)
    assert found["Section"] == {"National": 2, "World": 2}
    assert found["Kind"] == {"Story": 3, "Gallery": 1}
    assert found["Reporter"] == {"Seo Ha-rin": 2, "Moon Ji-ho": 1}
    assert found["Date"]["Today"] == 1
    for link in page.select(".facets li a"):
        narrowed = BeautifulSoup(client.get("/search/" + link["href"]).text, "html.parser")
        assert len(headlines(narrowed)) == int(link.select_one("span").get_text()), link["href"]


def test_it_filters_by_section_reporter_kind_and_dates(client, ferries):
    assert set(headlines(read(client, q="ferry", section="national"))) == {"Ferry one", "Ferry two"}
    assert counts(read(client, q="ferry", section="national"))["Section"] == {"Politics": 1}
    assert headlines(read(client, q="ferry", section="national/politics")) == ["Ferry one"]
    assert headlines(read(client, q="ferry", reporter="moon-ji-ho")) == ["Ferry two"]
    assert headlines(read(client, q="ferry", format="gallery")) == ["Ferry three"]
    assert headlines(read(client, q="ferry", **{"from": "2022-05-01", "to": "2022-05-01"})) == ["Ferry two"]
    assert headlines(read(client, q="ferry", to="2021-05-01")) == ["Ferry one"]
    assert headlines(read(client, section="world")) == ["Boats", "Ferry three"]
    page = read(client, q="ferry", section="national", reporter="moon-ji-ho", sort="date")
    assert page.select_one("input[name=section]")["value"] == "national"
    removed = {a["href"] for a in page.select(".facets p a")}
    assert removed == {"?q=ferry&reporter=moon-ji-ho&sort=date", "?q=ferry&section=national&sort=date"}


@pytest.mark.parametrize(
    "odd",
    [
        {"section": "nowhere"},
        {"section": "../../etc"},
        {"reporter": "nobody"},
        {"format": "evil"},
        {"from": "2021-02-30"},
        {"to": "x" * 5_000},
        {"from": "9999-12-31"},
        {"sort": "evil"},
        {"from": "", "to": "", "section": "", "sort": ""},
    ],
    ids=str,
)
def test_it_answers_odd_filters_with_a_page(client, ferries, odd):
    assert read(client, q="ferry", **odd).h1


def test_it_sorts_by_date_where_that_is_asked_for(client, ferries):
    assert headlines(read(client, q="ferry", sort="date")) == ["Boats", "Ferry three", "Ferry two", "Ferry one"]
    assert headlines(read(client, q="ferry"))[-1] == "Boats"


@pytest.mark.parametrize("sort", ["relevance", "date"])
def test_its_pages_hold_every_match_once(client, sort):
    for number in range(45):
        make_article(
            headline=f"Ferry {number}" if number % 2 else f"Boat {number}", body="<p>The ferry.</p>" * (number % 7)
        )
    make_article(headline="Ferry 99", deck="Ferry", body="<p>Ferry ferry.</p>")
    whole = [story.headline for story in Article.objects.published().search("ferry")]
    seen, address = [], f"?q=ferry&sort={sort}"
    pages = []
    while address:
        page = BeautifulSoup(client.get("/search/" + address).text, "html.parser")
        pages.append(headlines(page))
        seen += headlines(page)
        link = page.select_one(".pagination a[rel=next]")
        address = link and link["href"]
    assert sorted(seen) == sorted(whole)
    assert len(set(seen)) == len(seen)
    if sort == "relevance":
        assert seen == whole
    back = BeautifulSoup(
        client.get("/search/" + page.select_one(".pagination a[rel=prev]")["href"]).text, "html.parser"
    )
    assert headlines(back) == pages[-2]


@pytest.mark.parametrize("cursor", ["1", "9-9", "x", "-1", "1-", "9" * 40, "0-0", "٣"])
def test_it_is_404_for_places_that_are_none(client, ferries, cursor):
    for sort in ("date", "relevance"):
        assert client.get("/search/", {"q": "ferry", "sort": sort, "after": cursor}).status_code == 404


# ---- snippets


def test_it_marks_the_words_in_a_piece_of_the_text(client):
    filling = "<p>" + "Words that say nothing at all. " * 40 + "</p>"
    make_article(headline="Storm", body=f"{filling}<p>Two ferries &amp; <em>a</em> &lt;b&gt; boat left.</p>{filling}")
    page = read(client, q="ferry")
    card = page.select_one(".list article")
    assert [mark.get_text() for mark in card.select("mark")] == ["ferries"]
    assert "Two ferries & a <b> boat left." in " ".join(card.get_text().split())
    assert card.select("em, b") == []


def test_it_marks_nothing_in_the_locked_part_of_a_premium_story(client):
    make_article(headline="Ferry", deck="What it costs.", body="<p>The ferry costs a secret sum.</p>", access="premium")
    page = read(client, q="ferry")
    assert "secret" not in page.get_text()
    assert "What it costs." in page.get_text()


# ---- nothing found


def test_it_asks_whether_another_spelling_was_meant(client):
    make_article(headline="The harbour tunnel opens", section=make_section("National"))
    page = read(client, q="harbor tunel", section="national")
    link = page.find(string="Did you mean ").find_next("a")
    assert link["href"] == "?q=harbour+tunnel&section=national"
    assert headlines(read(client, q=link.get_text())) == ["The harbour tunnel opens"]


@pytest.mark.parametrize("hidden", [draft, embargoed, withdrawn])
def test_it_suggests_nothing_that_readers_cannot_find(client, hidden):
    hidden(headline="The harbour tunnel opens", tags=["Tunnels"])
    assert "Did you mean" not in read(client, q="tunel").get_text()


@pytest.mark.parametrize("words", ["-ferry", "the", "없는말입니다", '"', "-"])
def test_it_has_a_page_for_questions_that_ask_for_nothing(client, words):
    make_article(headline="Boats")
    assert "Nothing was found" in read(client, q=words).get_text()
