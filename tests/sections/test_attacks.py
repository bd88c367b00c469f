"""Several hundred attack strings: nothing that runs is stored, and nothing runs on a page that shows them."""

import json
import re
from xml.etree import ElementTree

import lxml.html
import pytest
from django.conf import settings as django_settings

from articles.models import Article
from sections.html import ATTRIBUTES, CLASSES, ELEMENTS, SCHEMES, sanitize
from tests.attacks import ATTACKS
from tests.factories import make_article, make_photo, make_reporter, make_section

ALLOWED = {name for names in ATTRIBUTES.values() for name in names} | {"class"}
ADDRESS = re.compile(r"\s*([a-z][a-z0-9+.-]*)\s*:", re.IGNORECASE)


def test_there_are_several_hundred_different_ones():
    assert len(set(ATTACKS)) == len(ATTACKS) >= 300


def dangers(html):
    """What stands in a text that must not: elements, attributes, addresses."""
    if not html.strip():
        return []
    found = []
    # Which lxml does not take, and behind which a browser would see the scheme all the same.
    html = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", html)
    for element in lxml.html.fragment_fromstring(html, create_parent="div").iterdescendants():
        if not isinstance(element.tag, str) or element.tag not in ELEMENTS:
            found.append(str(element.tag))
            continue
        for name, value in element.attrib.items():
            if name not in ALLOWED or name.startswith("on"):
                found.append(f"{element.tag} {name}")
            if name == "class" and not set(value.split()) <= CLASSES.get(element.tag, set()):
                found.append(f"{element.tag} class {value}")
            scheme = ADDRESS.match(re.sub(r"[\x00-\x20]", "", value))
            if name in ("href", "cite", "src") and scheme and scheme[1].lower() not in SCHEMES:
                found.append(f"{element.tag} {value}")
    return found


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_that_runs_gets_through(attack):
    clean = sanitize(attack)
    assert dangers(clean) == []
    assert sanitize(clean) == clean, "what remains reads the same once more"


@pytest.mark.django_db
def test_nothing_that_runs_is_stored_on_any_way_in():
    section = make_section()
    for number in range(0, len(ATTACKS), 20):
        story = make_article(section=section, body="\n".join(ATTACKS[number : number + 20]))
        Article.objects.filter(pk=story.pk).update(body="".join(ATTACKS[number : number + 20]))
    for body in Article.objects.values_list("body", flat=True):
        assert dangers(body) == []


@pytest.fixture
def attacked(db):
    """Stories with attacks in every plain field, a few in each."""
    texts = [attack.replace("\0", "") for attack in ATTACKS]
    short = [text for text in texts if len(text) < 150]

    def nth(n, limit, wanted=short):
        return (wanted[n % len(wanted)] or "x")[:limit]

    section = make_section()
    stories = []
    for n in range(0, len(short), 9):
        photo = make_photo(caption=nth(n, 500), credit=nth(n + 1, 200), alt_text=nth(n + 2, 500))
        reporter = make_reporter(nth(n + 3, 150), slug=f"r{n}", title=nth(n + 4, 100))
        fields = {
            "headline": nth(n + 5, 200),
            "deck": nth(n + 6, 500),
            "label": nth(n + 7, 30),
            "kicker": nth(n + 8, 60),
        }
        tags = [nth(n + 9, 90).replace(",", " ")]
        stories.append(
            make_article(section=section, photos=[photo], reporters=[reporter], tags=tags, **fields, ai_use=nth(n, 300))
        )
    return stories


def test_plain_fields_are_words_on_pages_in_json_and_in_feeds(attacked, client):
    for story in attacked:
        html = client.get(story.get_absolute_url()).content.decode()
        page = lxml.html.document_fromstring(html)
        (data,) = page.xpath("//script[@type='application/ld+json']")
        assert json.loads(data.text_content())["@graph"]
        for element in page.iter():
            assert not any(name.startswith("on") for name in element.attrib), story.headline
        scripts = [script for script in page.xpath("//script") if script.get("type") != "application/ld+json"]
        assert all(script.get("src", "").startswith(django_settings.STATIC_URL) for script in scripts)
    for form in ("rss", "atom"):
        ElementTree.fromstring(client.get(f"/feeds/paper.{form}").content)
    assert json.loads(client.get("/feeds/paper.json").content)["items"]


@pytest.mark.browser
def test_nothing_runs_in_a_browser_without_its_policy(transactional_db, browser, live_server, settings):
    """The sanitiser alone: the header that would stop what gets through is switched off."""
    settings.SITE_URL = live_server.url
    section = make_section()
    stories = [
        make_article(section=section, body="".join(f"<p>{n}</p>{attack}" for attack in ATTACKS[n : n + 60]))
        for n in range(0, len(ATTACKS), 60)
    ]
    context = browser.new_context(base_url=live_server.url, bypass_csp=True)
    asked, spoken = [], []
    context.add_init_script("window.hits = 0; window.hit = () => { window.hits += 1; };")
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.on("dialog", lambda dialog: (spoken.append(dialog.message), dialog.dismiss()))
    for story in stories:
        page.goto(story.get_absolute_url())
        for link in page.locator("main article a").all()[:80]:
            link.dispatch_event("mouseover")
            link.dispatch_event("focus")
        assert page.evaluate("window.hits") == 0
        assert page.url.endswith(story.get_absolute_url())
    # The test's own marker works, and the policy is really off.
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=hit()>')")
    page.wait_for_function("window.hits === 1")
    context.close()
    assert spoken == []
    assert [url for url in asked if not url.startswith((live_server.url, "data:"))] == []
