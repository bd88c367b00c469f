"""A column's own page, and the list of all columns."""

import pytest
from bs4 import BeautifulSoup

from articles.models import Column
from tests.factories import draft, embargoed, make_article, make_reporter, seoul, withdrawn

pytestmark = pytest.mark.django_db


@pytest.fixture
def column():
    writer = make_reporter("Gu Bo-ram", native_name="구보람")
    return Column.objects.create(
        name="Back Row", slug="back-row", reporter=writer, description="Films, seen from the last row."
    )


def read(client, address):
    response = client.get(address)
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def test_it_has_all_its_pieces_newest_first(client, column, queries):
    for number in range(24):
        make_article(headline=f"Piece {number}", column=column, publish_at=seoul(f"2021-02-{number + 1:02d} 12:00"))
    make_article(headline="Of no column")
    with queries(6):
        page = read(client, "/columns/back-row/")
    assert page.h1.get_text() == "Back Row"
    assert "Films, seen from the last row." in page.get_text()
    assert page.select_one(".page-head [rel=author]")["href"] == "/reporters/gu-bo-ram/"
    assert page.select_one(".page-head [lang=ko]").get_text() == "구보람"
    shown = [h3.get_text(strip=True) for h3 in page.select(".list h3")]
    assert shown == [f"Piece {number}" for number in range(23, 3, -1)]
    older = page.select_one(".pagination a[rel=next]")["href"]
    with queries(6):
        rest = read(client, "/columns/back-row/" + older)
    assert [h3.get_text(strip=True) for h3 in rest.select(".list h3")] == [f"Piece {n}" for n in (3, 2, 1, 0)]


@pytest.mark.parametrize("hidden", [draft, embargoed, withdrawn])
def test_it_is_not_there_before_a_piece_is_public(client, column, hidden):
    hidden(column=column)
    assert client.get("/columns/back-row/").status_code == 404
    assert "Back Row" not in client.get("/columns/").text


def test_it_is_404_for_columns_that_do_not_exist(client):
    assert client.get("/columns/nothing/").status_code == 404


def test_all_columns_stand_in_one_list(client, column, queries):
    late = Column.objects.create(name="Low Heat", slug="low-heat")
    make_article(headline="First", column=column, publish_at=seoul("2021-02-01 12:00"))
    make_article(headline="Second", column=column, publish_at=seoul("2021-02-02 12:00"))
    make_article(headline="Third", column=late, publish_at=seoul("2021-02-03 12:00"))
    embargoed(column=late, headline="To come")
    with queries(3):
        page = read(client, "/columns/")
    assert [a["href"] for a in page.select("main h2 a")] == ["/columns/low-heat/", "/columns/back-row/"]
    assert "2 pieces, the newest: Second" in " ".join(page.select_one("main").get_text().split())
    assert "To come" not in page.get_text()


def test_an_empty_list_says_so(client):
    assert "Nothing here yet" in client.get("/columns/").text
