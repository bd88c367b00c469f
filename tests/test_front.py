"""The front page."""

import pytest

from tests.factories import draft, embargoed, make_article, make_list, make_section, withdrawn
from rankings.filling import refresh_all

pytestmark = pytest.mark.django_db


def test_it_shows_the_newest_stories_of_a_section(client):
    make_article(headline="Council votes at dawn", section=make_section("National"))
    assert "Council votes at dawn" in client.get("/").text


@pytest.mark.parametrize("hidden", [draft, embargoed, withdrawn])
def test_it_hides_what_is_not_public(client, hidden):
    make_list("top-10")
    hidden(headline="Nobody may read this")
    refresh_all()
    assert "Nobody may read this" not in client.get("/").text


def test_it_stands_while_the_paper_is_empty(client):
    assert client.get("/").status_code == 200
