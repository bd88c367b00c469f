"""A small paper in a real browser."""

import pytest
from django.core.management import call_command

from rankings.filling import refresh_all
from tests.factories import make_article, make_list, make_photo, make_reporter, make_section
from tests.newsletters.conftest import mailbox  # noqa: F401 - a real SMTP server


@pytest.fixture
def paper(transactional_db, live_server, settings):
    """A paper with menus, a ticker and a few stories; gives the story whose page is opened most."""
    settings.SITE_URL = live_server.url
    call_command("loaddata", "menu", verbosity=0)
    business = make_section("Business")
    photos = [make_photo(render=True), make_photo(render=True)]
    reporter = make_reporter("Noh Tae-gyeom", email="noh@example.com")
    story = make_article(
        headline="Five towns, one supply chain",
        label="Analysis",
        section=business,
        photos=photos,
        reporters=[reporter],
        tags=["Semiconductors"],
        body="<p>A paragraph with a very long word: " + "supercalifragilistic" * 6 + ".</p>"
        "<table><tbody><tr>" + "<td>a cell of some width</td>" * 12 + "</tr></tbody></table>",
    )
    for number in range(24):
        make_article(headline=f"Headline number {number} with words enough to be cut off", section=business)
    make_list("ticker", title="Headlines", size=20)
    make_list("top-10", title="Top 10 Stories")
    refresh_all()
    return story


@pytest.fixture
def open_page(browser, live_server, paper):
    """Opens pages in contexts of their own and fails the test for anything written to the console."""
    contexts, said = [], []

    def open_page(path="/", *, context=None, **options):
        if context is None:
            context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
            contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(live_server.url + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []
