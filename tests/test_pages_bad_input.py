"""Whatever anybody types: a page, never a 500."""

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from articles.models import OldAddress
from sections.moving import add_redirect
from tests.factories import make_article, make_reporter, make_section, seoul, shown_photo

pytestmark = pytest.mark.django_db

STORY = "/2021/02/27/rain/"
PAGES = [
    *(
        "/",
        "/national/",
        "/national/politics/",
        STORY,
        f"{STORY}print/",
        f"{STORY}changes/",
        "/corrections/",
        "/reporters/seo-ha-rin/",
        "/topics/ships/",
    ),
    *("/archive/", "/2021/", "/2021/02/", "/2021/02/27/", "/today-in-history/", "/columns/"),
    *("/search/", "/sitemap/", "/login/", "/health/", "/nowhere/", "/topics/", "/reporters/"),
    *("/products/rss/", "/feeds/paper.rss", "/feeds/sections/national/politics.atom", "/feeds/corrections.json"),
    *("/feeds/search.rss", "/feeds/search.json", "/feeds/nothing.atom"),
]


@pytest.fixture
def paper():
    section = make_section("Politics", parent=make_section("National"))
    story = make_article(
        slug="rain",
        section=section,
        publish_at=seoul("2021-02-27 09:32"),
        reporters=[make_reporter()],
        tags=["Ships"],
        photos=[shown_photo()],
    )
    OldAddress.objects.create(article=story, path="/old/rain.html")
    add_redirect("/economy/", "/national/")
    return story


def ask(path, query=b"", method="GET"):
    """The response to bytes as a server passes them on: nothing is quoted or mended on the way."""
    raw = path if isinstance(path, bytes) else path.encode()
    return Client(raise_request_exception=True).generic(
        method, "/", PATH_INFO=raw.decode("latin-1"), QUERY_STRING=query.decode("latin-1")
    )


def is_a_page(response):
    """A finished answer that a reader can look at, without what was asked standing in it as markup."""
    assert response.status_code in (200, 301, 400, 404, 410), response.status_code
    if response.status_code in (200, 404, 410) and response["Content-Type"].startswith("text/html"):
        assert BeautifulSoup(response.text, "html.parser").h1 or "There is no such picture." in response.text
    return True


# ---- things that were seen in logs

QUERIES = {
    "letters that are none": b"letter=%00&letter=%ff&letter=ab&letter=../&letter=%E3%84%B2",
    "NUL": b"q=a%00b&before=%00&page=%00",
    "raw NUL": b"q=a\0b&before=\0",
    "bytes that are no UTF-8": b"q=%ff%fe%80&before=%ff&page=%c3%28",
    "raw bytes that are no UTF-8": b"q=\xff\xfe\x80&before=\xff",
    "half a surrogate": b"q=%ed%a0%80&before=%ed%a0%80",
    "ten thousand letters": b"q=" + b"x" * 10_000 + b"&before=" + b"9" * 10_000 + b"&page=" + b"1" * 10_000,
    "ten thousand words": b"q=" + b"a+" * 5_000,
    "page 99999": b"page=99999",
    "negative": b"before=-1&page=-1",
    "huge": b"before=9223372036854775808&page=1e999",
    "SQL": b"q=%27%3B+DROP+TABLE+articles_article%3B--&before=1+OR+1%3D1&page=1%27",
    "markup": b"q=%3Cscript%3Ealert(1)%3C/script%3E&before=%22%3E%3Cb%3E&utm_source=%3Cscript%3E",
    "template tags": b"q=%7B%7B+settings.SECRET_KEY+%7D%7D%7B%25+debug+%25%7D&before=%7B%7B7*7%7D%7D",
    "unknown filters": b"order=evil&section=national&limit=1000000&debug=1&__proto__=x&format=json",
    "the same often": b"before=1&before=2&q=a&q=b&" + b"&".join([b"x=1"] * 900),
    "lists": b"q[]=a&q[0]=b&before[]=1",
    "no values": b"q&before&page&&&=&=x&x=",
    "only punctuation": b"?&=;#%",
    "broken escapes": b"q=%&before=%zz&page=%1",
    "a line break": b"q=a%0d%0aSet-Cookie:%20x=y&before=%0d%0a",
    "right to left": "q=\u202e\u202d\u2066&before=\u0661".encode(),
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_it_survives_odd_queries(paper, query):
    for page in PAGES:
        response = ask(page, query)
        assert is_a_page(response), page
        assert "<script>alert" not in response.text
        assert "Set-Cookie" not in str(response.headers)


PATHS = {
    "NUL": b"/\0/",
    "NUL in a slug": b"/2021/02/27/ra\0in/",
    "bytes that are no UTF-8": b"/\xff\xfe/",
    "bytes that are no UTF-8, no slash": b"/\xff\xfe",
    "overlong": b"/\xc0\xaf\xc0\xae/",
    "half a surrogate": b"/\xed\xa0\x80/",
    "ten thousand letters": b"/" + b"x" * 10_000 + b"/",
    "ten thousand letters, no slash": b"/" + b"x" * 10_000,
    "ten thousand levels": b"/x" * 5_000 + b"/",
    "a long slug of a story": b"/2021/02/27/" + b"x" * 10_000 + b"/",
    "a long slug of a reporter": b"/reporters/" + b"x" * 10_000 + b"/",
    "capitals of a topic": b"/topics/SHIPS/",
    "a topic in pieces": "/topics/\u1112\u1161\u11ab/".encode(),
    "a long slug of a topic": b"/topics/" + b"x" * 10_000 + b"/",
    "no such day": b"/2021/02/30/rain/",
    "no such month": b"/2021/00/10/rain/",
    "year zero": b"/0000/01/01/rain/",
    "the last year": b"/9999/12/31/rain/",
    "digits of another script": "/٢٠٢١/٠٢/٢٧/rain/".encode(),
    "line break": b"/national\n/",
    "line break at the end": b"/national/\n",
    "line break, no slash": b"/national\r\nSet-Cookie: x=y",
    "dots": b"/../../etc/passwd",
    "more dots": b"/%2e%2e/%2e%2e/etc/passwd/",
    "backslashes": b"\\..\\..\\windows\\win.ini",
    "two slashes": b"//national/",
    "only slashes": b"////////",
    "empty": b"",
    "markup": b"/<script>alert(1)</script>/",
    "SQL": b"/national'; DROP TABLE articles_article; --/",
    "template tags": b"/{{ 7*7 }}/{% debug %}/",
    "percent signs": b"/%/%%/%s%d%(x)s/",
    "a question mark": b"/national?x/",
    "a hash": b"/national#x/",
    "a space": b"/ /",
    "a feed of nothing": b"/feeds/.rss",
    "a feed of bytes": b"/feeds/topics/\xff.json",
    "a feed of markup": b"/feeds/topics/<script>alert(1)</script>.atom",
    "a feed in a thousand levels": b"/feeds/sections" + b"/x" * 1_000 + b".rss",
    "emoji": "/🦀/".encode(),
    "WordPress": b"/wp-login.php",
    "a repository": b"/.git/config",
    "an environment": b"/.env",
}


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_it_survives_odd_paths(paper, path):
    for method in ("GET", "HEAD"):
        response = ask(path, method=method)
        assert is_a_page(response) if method == "GET" else response.status_code < 500
        assert "<script>alert" not in response.text
        assert "\n" not in response.get("Location", "")


def test_it_shows_the_page_not_found_with_its_frame(paper):
    response = ask("/nowhere/")
    assert response.status_code == 404
    page = BeautifulSoup(response.text, "html.parser")
    assert page.h1.get_text() == "This page has flown"
    assert page.select_one("main form")["action"] == "/search/"
    assert page.select_one(".topnav")


def test_it_escapes_what_was_asked(paper):
    response = ask("/search/", b"q=%3Cscript%3Ealert(1)%3C/script%3E%22%20onfocus=%22alert(2)")
    page = BeautifulSoup(response.text, "html.parser")
    assert page.select_one("main input")["value"] == '<script>alert(1)</script>" onfocus="alert(2)'
    assert page.select("script:not([src])") == []
    assert not page.select_one("main input").has_attr("onfocus")


def test_it_survives_odd_headers(paper):
    odd = {
        "cookie": "sessionid=\xff; csrftoken=" + "x" * 5_000 + "; =; a=b=c; \x01",
        "if-none-match": '"' + "x" * 5_000,
        "if-modified-since": "yesterday",
        "accept-language": "x" * 5_000,
        "accept": "\xff",
        "range": "bytes=-9999999999999999999-",
        "x-forwarded-for": "'; DROP TABLE x; --",
        "content-length": "abc",
    }
    for page in PAGES:
        response = Client().get(page, headers=odd)
        assert response.status_code in (200, 404)


def test_it_survives_odd_sign_ins(paper):
    for fields in (
        {},
        {"username": "a\0b", "password": "c\0d"},
        {"username": "x" * 10_000, "password": "y" * 10_000},
        {"username": "<script>alert(1)</script>", "password": "x", "next": "<script>alert(1)</script>"},
    ):
        response = Client().post("/login/", fields)
        assert response.status_code == 200
        assert "<script>alert" not in response.text


# ---- the missing slash


@pytest.mark.parametrize(
    ("path", "query", "there"),
    [
        ("/national", b"", "/national/"),
        ("/national", b"before=5&q=%26%20a", "/national/?before=5&q=%26%20a"),
        ("/2021/02/27/rain", b"utm_source=x", "/2021/02/27/rain/?utm_source=x"),
        ("/기사", b"", "/%EA%B8%B0%EC%82%AC/"),
        ("/a?b", b"c=d", "/a%3Fb/?c=d"),
        ("/a#b", b"", "/a%23b/"),
        ("/100%", b"", "/100%25/"),
        ("//evil.example", b"", ""),
        ("//evil", b"", "/%2Fevil/"),
        ("///evil", b"q=1", "/%2F/evil/?q=1"),
        ("/\\evil", b"", "/%5Cevil/"),
        ("/\t/evil", b"", "/%09/evil/"),
    ],
)
def test_it_adds_the_slash_keeps_the_query_and_stays_on_the_site(paper, path, query, there):
    response = ask(path, query)
    assert (response.status_code, response.get("Location", "")) == ((301, there) if there else (404, ""))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.text(st.characters(exclude_characters="\0"), max_size=20), query=st.binary(max_size=12))
def test_it_never_leads_off_the_site(client, path, query):
    response = ask(f"/{path}", query)
    location = response.get("Location", "/")
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))


# ---- anything at all

STARTS = st.sampled_from(
    [
        *(b"/", b"/national/", b"/2021/02/27/", b"/2021/02/27/rain/", b"/reporters/", b"/topics/", b"/search/"),
        *(b"/feeds/", b"/feeds/topics/", b"/feeds/sections/national", b"/feeds/paper"),
        *(b"/media/p/ab/", b"/media/films/ab/" + b"ab" * 16, b"/reads/", b"/sitemap/", b"/old/", b"//", b"/./"),
    ]
)
NAMES = st.sampled_from([b"before=", b"q=", b"page=", b"q=%22", b"next=", b"letter=", b""])


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=STARTS, rest=st.one_of(st.binary(max_size=30), st.text(max_size=20).map(str.encode)), slash=st.booleans())
def test_it_survives_any_path(paper, start, rest, slash):
    response = ask(start + rest + b"/" * slash)
    assert response.status_code in (200, 301, 400, 404, 405, 410)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    page=st.sampled_from(PAGES),
    query=st.lists(
        st.tuples(NAMES, st.one_of(st.binary(max_size=30), st.text(max_size=20).map(str.encode))), max_size=4
    ),
)
def test_it_survives_any_query(paper, page, query):
    response = ask(page, b"&".join(name + value for name, value in query))
    assert response.status_code in (200, 400, 404)
