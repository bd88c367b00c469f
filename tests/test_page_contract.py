"""What every public page keeps: the same bytes for everybody, nothing inline, links that lead somewhere."""

import re
from urllib.parse import urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup
from django.contrib.staticfiles import finders
from django.db import transaction
from django.test import Client, override_settings

from tests.factories import make_paper

pytestmark = pytest.mark.django_db

INLINE_OK = "application/ld+json"


@pytest.fixture(scope="module")
def paper(django_db_setup, django_db_blocker, tmp_path_factory):
    """One paper for all tests of this file; what one of them writes is gone after it, the paper after the last."""
    folder = str(tmp_path_factory.mktemp("media"))
    with django_db_blocker.unblock(), transaction.atomic():
        with override_settings(MEDIA_ROOT=folder):
            made = make_paper()
        made.media_root = folder
        yield made
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def media_of_the_paper(paper, own_media, settings):
    settings.MEDIA_ROOT = paper.media_root


def addresses(paper):
    """The address of one page of each kind, by a word for it."""
    story = paper.story.get_absolute_url()
    return {
        "front": "/",
        "section": "/business/",
        "subsection": "/business/manufacturing/",
        "later page": f"/national/?before={paper.plain[0].pk}",
        "story": story,
        "plain story": paper.plain[0].get_absolute_url(),
        "Korean story": paper.korean.get_absolute_url(),
        "premium story": paper.premium.get_absolute_url(),
        "opinion": paper.opinion.get_absolute_url(),
        "gallery": paper.gallery.get_absolute_url(),
        "photo": paper.gallery.photo_uses.select_related("article", "photo").first().get_absolute_url(),
        "video": paper.video.get_absolute_url(),
        "cartoon": paper.cartoon.get_absolute_url(),
        "what changed": f"{story}changes/",
        "corrections": "/corrections/",
        "print preview": f"{story}print/",
        "reporter": paper.seo.get_absolute_url(),
        "former reporter": paper.moon.get_absolute_url(),
        "topic": "/topics/shipbuilding/",
        "Korean topic": "/topics/울산/",
        "archive": "/archive/",
        "year": f"/{paper.story.address_date:%Y}/",
        "month": f"/{paper.story.address_date:%Y/%m}/",
        "day": f"/{paper.story.address_date:%Y/%m/%d}/",
        "today in history": "/today-in-history/",
        "columns": "/columns/",
        "column": "/columns/river-notes/",
        "reporters": "/reporters/",
        "topics": "/topics/",
        "letter": "/topics/?letter=s",
        "Korean letter": "/topics/?letter=ㅇ",
        "search": "/search/",
        "results": "/search/?q=welders",
        "no results": "/search/?q=nothingofthekind",
        "static page": "/policy/terms/",
        "RSS service": "/products/rss/",
        "plans": "/products/subscribe/",
        "content sales": "/products/content-sales/",
        "crawlers": "/policy/crawlers/",
        "newsletters": "/newsletters/",
        "newsletter": "/newsletters/morning-briefing/",
        "issue": paper.issue.get_absolute_url(),
        "site map": "/sitemap/",
        "not found": "/nowhere/at/all/",
        "withdrawn": paper.withdrawn.get_absolute_url(),
    }


@pytest.fixture
def pages(paper):
    return addresses(paper)


KINDS = [
    *("front", "section", "subsection", "later page", "story", "plain story", "Korean story", "premium story"),
    *("opinion", "gallery"),
    *(
        "photo",
        "video",
        "cartoon",
        "print preview",
        "what changed",
        "corrections",
        "reporter",
        "former reporter",
        "topic",
        "Korean topic",
    ),
    *("archive", "year", "month", "day", "today in history", "columns", "column"),
    *("reporters", "topics", "letter", "Korean letter", "search", "results"),
    *(
        "no results",
        "static page",
        "crawlers",
        "newsletters",
        "newsletter",
        "issue",
        "RSS service",
        "plans",
        "content sales",
        "site map",
        "not found",
        "withdrawn",
    ),
]
every_kind = pytest.mark.parametrize("kind", KINDS)
STATUS = {"not found": 404, "withdrawn": 410}


def test_it_knows_every_kind_of_page(pages):
    assert sorted(pages) == sorted(KINDS)


def read(address):
    return BeautifulSoup(Client().get(address).text, "html.parser")


@every_kind
def test_it_is_the_same_bytes_for_everybody(paper, pages, kind):
    stranger, staff = Client(), Client(headers={"accept-language": "ko,en;q=0.5", "user-agent": "Other/1.0"})
    staff.force_login(paper.editor)
    staff.cookies["hide:ticker"] = "1"
    responses = [stranger.get(pages[kind]), staff.get(pages[kind]), stranger.get(pages[kind])]
    first = responses[0]
    assert first.status_code == STATUS.get(kind, 200)
    for response in responses:
        assert response.content == first.content
        assert dict(response.headers) == dict(first.headers)
        assert not response.cookies
    assert "Cookie" not in first.get("Vary", "")
    assert "Accept-Language" not in first.get("Vary", "")
    assert "csrf" not in first.text.lower()


@every_kind
def test_it_has_nothing_inline(pages, kind):
    response = Client().get(pages[kind])
    policy = response["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src 'self';" in f"{policy};"
    assert "style-src 'self';" in f"{policy};"
    assert "default-src 'none'" in policy
    page = BeautifulSoup(response.text, "html.parser")
    assert page.select("style, iframe, object, embed, base") == []
    assert [script for script in page.select("script:not([src])") if script.get("type") != INLINE_OK] == []
    for element in page.find_all(True):
        odd = [name for name in element.attrs if name == "style" or name.startswith("on")]
        assert odd == [], element


@every_kind
def test_it_loads_nothing_from_elsewhere(pages, kind):
    page = read(pages[kind])
    loaded = [
        *(element["src"] for element in page.select("[src]")),
        *(part.split()[0] for element in page.select("[srcset]") for part in element["srcset"].split(", ")),
        *(link["href"] for link in page.select("link[href]") if link["rel"] not in (["canonical"], ["alternate"])),
        *(video["poster"] for video in page.select("[poster]")),
    ]
    assert loaded
    assert [address for address in loaded if not re.match(r"/(static|media)/|/epaper/cover$", address)] == []


@every_kind
def test_it_has_one_outline(pages, kind):
    """One h1, and no level is skipped on the way down."""
    page = read(pages[kind])
    levels = [int(heading.name[1]) for heading in page.select("h1, h2, h3, h4, h5, h6")]
    assert levels.count(1) == 1
    main = [int(heading.name[1]) for heading in page.select("header h1, main h1, main h2, main h3, main h4")]
    assert main[0] == 1
    steps = [(a, b) for a, b in zip(levels, levels[1:], strict=False) if b > a + 1]
    assert steps == []
    assert all(heading.get_text(strip=True) for heading in page.select("h1, h2, h3, h4"))


@every_kind
def test_it_can_be_understood_by_machines(pages, kind):
    page = read(pages[kind])
    assert page.html["lang"] == "en"
    assert page.title.get_text().endswith("The Hangang Times") or kind == "front"
    assert len(page.select("main")) == 1
    assert page.select_one("main")["id"] == "main"
    canonical = page.select('link[rel="canonical"]')
    if kind in STATUS:
        assert page.select_one('meta[name="robots"]')["content"] == "noindex"
        assert canonical == []
    else:
        assert len(canonical) == 1
        assert canonical[0]["href"].startswith("http://127.0.0.1:8000/")
        assert canonical[0]["href"].isascii()


@every_kind
def test_it_has_no_id_twice(pages, kind):
    ids = [element["id"] for element in read(pages[kind]).select("[id]")]
    assert sorted(ids) == sorted(set(ids))


@every_kind
def test_it_names_what_it_refers_to(pages, kind):
    """aria-labelledby, for and in-page links lead to something on the page."""
    page = read(pages[kind])
    ids = {element["id"] for element in page.select("[id]")} | {""}
    refers = [name for element in page.select("[aria-labelledby]") for name in element["aria-labelledby"].split()]
    refers += [label["for"] for label in page.select("label[for]")]
    refers += [link["href"][1:] for link in page.select('a[href^="#"]')]
    assert set(refers) <= ids


@every_kind
def test_it_gives_every_picture_a_size_and_a_text(pages, kind):
    for image in read(pages[kind]).select("img"):
        assert int(image["width"]) > 0
        assert int(image["height"]) > 0
        assert image.has_attr("alt")
        assert image.get("loading") == "lazy" or image.get("fetchpriority") == "high" or "/static/" in image["src"]


@every_kind
def test_it_gives_every_control_a_name(pages, kind):
    page = read(pages[kind])
    for element in page.select("a[href], button"):
        name = element.get_text(strip=True) or element.get("aria-label") or element.select_one("img[alt]:not([alt=''])")
        assert name or element.get("aria-hidden") == "true", element
    for field in page.select("input:not([type=hidden])"):
        assert field.find_parent("label") or field.get("aria-label"), field


@every_kind
def test_it_says_how_long_it_may_be_kept(pages, kind, settings):
    response = Client().get(pages[kind])
    assert response["Cache-Control"] in ("public, max-age=10, s-maxage=10", "no-store")
    assert settings.PAGE_MAX_AGE == 10


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in STATUS])
def test_it_is_not_sent_again_unchanged(pages, kind):
    first = Client().get(pages[kind])
    assert first["ETag"]
    again = Client().get(pages[kind], headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert Client().get(pages[kind], headers={"if-none-match": '"other"'}).status_code == 200


@every_kind
def test_it_answers_head(pages, kind):
    shown, head = Client().get(pages[kind]), Client().head(pages[kind])
    assert (head.status_code, head.content) == (shown.status_code, b"")
    assert head["Content-Length"] == str(len(shown.content))


@every_kind
def test_it_only_reads(pages, kind):
    for method in ("post", "put", "patch", "delete"):
        assert getattr(Client(), method)(pages[kind]).status_code == 405, method


def test_it_leads_nowhere_that_does_not_exist(paper, pages):
    """Every link and file of the paper, from the front page on, until nothing new turns up."""
    seen, waiting, broken = set(), list(pages.values()), []
    expected = {pages["not found"], pages["withdrawn"]}
    client = Client()
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        seen.add(address)
        if address.startswith("/static/"):
            if not finders.find(address.removeprefix("/static/")):
                broken.append(address)
            continue
        response = client.get(address)
        if response.status_code in (302, 303):  # to the login, or to the page of a form
            waiting.append(response["Location"].partition("?")[0])
            continue
        if response.status_code != 200 and address not in expected:
            broken.append((address, response.status_code))
        if response.streaming:
            response.getvalue()
        elif response["Content-Type"].startswith("text/html"):
            waiting += found_in(address, response.text)
    assert broken == []
    assert len([address for address in seen if address.startswith("/media/")]) > 15
    assert len([address for address in seen if re.match(r"/20\d\d/", address)]) > 30
    assert len([address for address in seen if address.startswith("/feeds/")]) > 300
    assert {"/login/", "/register/", "/products/subscribe/", "/learn-korean/"} <= seen


def found_in(address, text):
    """The addresses of this site in a page."""
    page = BeautifulSoup(text, "html.parser")
    found = [element[name] for name in ("href", "src", "poster", "action") for element in page.select(f"[{name}]")]
    found += [part.split()[0] for element in page.select("[srcset]") for part in element["srcset"].split(", ")]
    for link in found:
        parts = urlsplit(urljoin(f"http://127.0.0.1:8000{address}", link))
        if parts.netloc == "127.0.0.1:8000" and not parts.path.startswith("/admin/"):
            yield parts.path + (f"?{parts.query}" if parts.query else "")


def test_it_refers_to_static_files_that_exist():
    """Styles and scripts name further files: those must be there too."""
    for sheet in ("css/main.css", "css/print.css", "js/main.js", "js/early.js"):
        text = open_static(sheet)
        names = re.findall(r'@import "([^"]+)"|import "\./([^"]+)"|url\("?([^")]+)"?\)', text)
        for name in (part for match in names for part in match if part and not part.startswith("data:")):
            assert finders.find(urljoin(f"/{sheet}", name).lstrip("/")), f"{sheet} names {name}"


def open_static(name):
    with open(finders.find(name), encoding="utf-8") as file:
        return file.read()


# ---- pages that are not for everybody


def test_it_keeps_forms_out_of_every_cache(paper):
    response = Client().get("/login/")
    assert "no-store" in response["Cache-Control"]
    assert "public" not in response["Cache-Control"]
    assert "csrfmiddlewaretoken" in response.text


def test_it_says_that_it_is_alive(paper):
    response = Client().get("/health/")
    assert (response.status_code, response.text, response["Cache-Control"]) == (200, "ok", "no-store")
