"""Every kind of page is correct HTML: the Nu checker, warnings included, finds nothing."""

import pytest
from django.test import Client

from tests.html_setup import check
from tests.test_page_contract import media_of_the_paper, pages, paper  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.html]


def test_it_is_correct_html(pages, tmp_path):  # noqa: F811
    for kind, address in pages.items():
        for edition in ("", "/lite"):
            name = f"{kind} {edition[1:]}".strip().replace(" ", "-")
            (tmp_path / f"{name}.html").write_text(Client().get(edition + address).text)
    assert check(tmp_path) == []


def test_it_finds_what_is_wrong(tmp_path):
    """The checker itself runs and speaks up."""
    (tmp_path / "bad.html").write_text("<!doctype html><html lang=en><title>A</title><p id=a></p><p id=a></p>")
    assert [(file, "Duplicate ID" in message) for file, _, message in check(tmp_path)][:1] == [("bad.html", True)]
