"""Whatever stands in an address or behind its question mark: a page, never a 500, nothing of it unescaped.

The addresses are made from the site's own map, so that a route that is added later is tried as well.
"""

import re
from pathlib import Path
from urllib.parse import quote_from_bytes

import pytest
from django.conf import settings as django_settings
from django.urls import get_resolver
from django.urls.resolvers import RoutePattern, URLResolver
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.test_page_contract import media_of_the_paper, pages, paper  # noqa: F401
from tests.test_pages_bad_input import ask

pytestmark = pytest.mark.django_db

ANSWERS = {200, 301, 302, 303, 304, 400, 404, 405, 410}
# The admin has tests of its own: what it does depends on who is signed in.
LEFT_OUT = ("admin/",)
many = settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def routes(patterns=None, before=""):
    """The regular expression of every address of the site, without anchors."""
    for pattern in patterns or get_resolver().url_patterns:
        own = pattern.pattern
        text = own.regex.pattern if isinstance(own, RoutePattern) else str(own)
        text = before + text.removeprefix("^").replace(r"\Z", "").removesuffix("$")
        if str(own) in LEFT_OUT:
            continue
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, text)
        else:
            yield text


def parameters():
    """Names of all parameters that the code reads, whatever page they belong to."""
    names = {"utm_source", "page", "x"}
    for app in ("articles", "newsroom", "photos", "rankings", "sections"):
        for path in (Path(django_settings.BASE_DIR) / app).rglob("*.py"):
            names |= set(re.findall(r"""GET(?:\.get|\.getlist)?[(\[]["']([\w-]+)""", path.read_text()))
    return sorted(names)


ROUTES = [re.compile(text) for text in routes()]
MARK = "<b id=evil>'\""
ODD = [
    *(
        "",
        "0",
        "-1",
        "9" * 30,
        "1e999",
        "NaN",
        "٣",
        "2021-02-30",
        "0000-00-00",
        "99999-01-01",
        "x" * 10_000,
        "' OR 1=1--",
    ),
    *(
        MARK,
        "]]>",
        "<!--",
        "{{ 7*7 }}",
        "%",
        "%s",
        "\\",
        "\r\nSet-Cookie: a=b",
        "\u202e",
        "기사",
        "🙂",
        "\ufffe",
        "../..",
    ),
]
VALUES = st.one_of(
    st.sampled_from(ODD).map(str.encode), st.binary(max_size=30), st.text(max_size=20).map(lambda t: t.encode())
)
PARAMETERS = st.lists(st.tuples(st.sampled_from(parameters()).map(str.encode), VALUES), max_size=4)


def quoted(pairs):
    """The pairs as a query string, with everything odd as it is but for the characters that end a value."""
    return "&".join(f"{name.decode()}={quote_from_bytes(value)}" for name, value in pairs).encode()


def check(response):
    assert response.status_code in ANSWERS, response.status_code
    if response.get("Content-Type", "").startswith("text/html") and not response.streaming:
        assert MARK not in response.text
    assert "Set-Cookie" not in response.headers
    location = response.get("Location", "/")
    assert location.startswith(("/", django_settings.SITE_URL))
    assert not location.startswith(("//", "/\\"))


@many
@given(data=st.data(), route=st.sampled_from(ROUTES), pairs=PARAMETERS)
def test_it_answers_every_address_of_the_map(paper, data, route, pairs):  # noqa: F811
    address = data.draw(st.from_regex(route, fullmatch=True))
    check(ask(f"/{address}", quoted(pairs)))


@many
@given(data=st.data(), pairs=PARAMETERS, lite=st.booleans())
def test_it_answers_every_parameter_of_every_page(paper, pages, data, pairs, lite):  # noqa: F811
    address = data.draw(st.sampled_from(sorted(pages.values()))).partition("?")[0]
    check(ask("/lite" * lite + address, quoted(pairs)))


@many
@given(data=st.data(), junk=VALUES, at=st.integers(0, 60), slash=st.booleans())
def test_it_answers_damaged_addresses(paper, pages, data, junk, at, slash):  # noqa: F811
    address = data.draw(st.sampled_from(sorted(pages.values()))).encode()
    check(ask(address[:at] + junk + address[at:] + b"/" * slash))
