"""Sitemaps for search engines: what they list, where they end, and that any words leave them well-formed."""

import re
from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from articles.models import Article, Tag
from newsroom import sitemaps
from tests.factories import (
    draft,
    embargoed,
    make_article,
    make_list,
    make_reporter,
    make_section,
    seoul,
    shown_photo,
    withdrawn,
)

pytestmark = pytest.mark.django_db
MAP, NEWS, IMAGE = (f"{{{name}}}" for name in (sitemaps.SITEMAP, sitemaps.NEWS, sitemaps.IMAGE))
NOW = seoul("2026-11-25 09:00")


def read(client, address):
    response = client.get(address)
    assert response.status_code == 200, address
    assert response["Content-Type"] == "application/xml"
    return etree.fromstring(response.getvalue())


def paths(tree):
    found = [loc.text for loc in tree.iter(f"{MAP}loc")]
    assert all(address.startswith("http://127.0.0.1") for address in found)
    return [re.sub(r"^http://[^/]+", "", address) for address in found]


def test_the_index_leads_to_every_address_of_the_paper(client):
    section = make_section("Politics", parent=make_section("National"))
    make_list("ticker")
    reporter = make_reporter("Seo Ha-rin")
    for number in range(3):
        fields = {
            "headline": f"서울 {number}",
            "slug": f"서울-{number}",
            "publish_at": seoul(f"2021-0{number + 1}-27 09:32"),
        }
        make_article(section=section, tags=["Ships", "울산"], reporters=[reporter], **fields)
    make_article(tags=["Thin"])
    files = paths(read(client, "/sitemap.xml"))
    assert {"/sitemaps/pages.xml", "/sitemaps/articles-2021-01.xml", "/sitemaps/topics.xml"} <= set(files)
    listed = [path for file in files for path in paths(read(client, file))]
    assert len(listed) == len(set(listed))
    assert {
        "/",
        "/national/politics/",
        "/reporters/seo-ha-rin/",
        "/topics/ships/",
        "/archive/",
        "/corrections/",
    } <= set(listed)
    assert "/topics/thin/" not in listed
    assert "/topics/%EC%9A%B8%EC%82%B0/" in listed
    for path in listed:
        response = client.get(path)
        assert response.status_code == 200, path
        assert "noindex" not in response.text
        assert f'rel="canonical" href="http://127.0.0.1:8000{path}"' in response.text, path


def test_it_lists_only_what_is_public_and_of_this_site(client):
    at = seoul("2021-02-27 09:32")
    shown = make_article(slug="shown", publish_at=at)
    make_article(slug="elsewhere", publish_at=at, canonical_url="https://other.example/a/")
    withdrawn(slug="gone", publish_at=at)
    embargoed(slug="to-come")
    draft(slug="draft")
    assert paths(read(client, "/sitemaps/articles-2021-02.xml")) == [shown.get_absolute_url()]
    assert paths(read(client, "/sitemap.xml")).count("/sitemaps/articles-2021-02.xml") == 1
    soon = f"/sitemaps/articles-{embargoed().publish_at:%Y-%m}.xml"
    assert client.get(soon).status_code in (200, 404)
    assert "to-come" not in client.get(soon).getvalue().decode()


def test_the_last_change_has_a_zone_and_moves_for_substance_only(client):
    story = make_article(publish_at=seoul("2021-02-27 09:32"))
    address = "/sitemaps/articles-2021-02.xml"

    def changed():
        return read(client, address).findtext(f"{MAP}url/{MAP}lastmod")

    assert datetime.fromisoformat(changed()) == seoul("2021-02-27 09:32")
    story.headline = "A typing mistake less"
    story.save()
    assert datetime.fromisoformat(changed()) == seoul("2021-02-27 09:32")
    Article.objects.filter(pk=story.pk).update(updated_at=seoul("2021-03-01 10:00"))
    assert datetime.fromisoformat(changed()) == seoul("2021-03-01 10:00")


def test_it_names_a_storys_pictures(client):
    photos = [shown_photo() for _ in range(2)]
    make_article(publish_at=seoul("2021-02-27 09:32"), photos=photos)
    images = [loc.text for loc in read(client, "/sitemaps/articles-2021-02.xml").iter(f"{IMAGE}loc")]
    assert [photo.token in image for photo, image in zip(photos, images, strict=True)] == [True, True]
    assert all(image.endswith(".jpg") for image in images)


def test_a_full_file_is_followed_by_another(client, monkeypatch):
    monkeypatch.setattr(sitemaps, "PER_FILE", 3)
    for number in range(4):
        make_article(slug=f"s-{number}", publish_at=seoul(f"2021-02-0{number + 1} 09:00"))
    files = [path for path in paths(read(client, "/sitemap.xml")) if "2021-02" in path]
    assert files == ["/sitemaps/articles-2021-02.xml", "/sitemaps/articles-2021-02-2.xml"]
    assert [len(paths(read(client, file))) for file in files] == [3, 1]
    assert client.get("/sitemaps/articles-2021-02-3.xml").status_code == 404
    assert sitemaps.parts(50_000, 50_000) == range(1, 2)
    assert sitemaps.parts(50_001, 50_000) == range(1, 3)


@pytest.mark.parametrize(
    "path",
    ["articles-2021-13", "articles-0000-01", "articles-9999-12", "articles-2021-02-1", "articles-1950-01", "news-2",
     "nothing", "topics-9"],
)  # fmt: skip
def test_it_is_404_for_files_that_are_none(client, path):
    make_article(publish_at=seoul("2021-02-27 09:32"))
    assert client.get(f"/sitemaps/{path}.xml").status_code == 404


# ---- news


@pytest.fixture
def now():
    with time_machine.travel(NOW, tick=False):
        yield NOW


def news(client, address="/sitemaps/news.xml"):
    return {url.findtext(f"{NEWS}news/{NEWS}title"): url for url in read(client, address).iter(f"{MAP}url")}


def test_news_are_of_the_last_48_hours(client, now):
    make_article(headline="Just in", publish_at=now - timedelta(hours=47, minutes=59, seconds=59), updated_at=now)
    make_article(headline="Just out", publish_at=now - timedelta(hours=48, seconds=1), updated_at=now)
    embargoed(headline="To come")
    withdrawn(headline="Gone", publish_at=now - timedelta(hours=3))
    make_article(headline="Elsewhere", canonical_url="https://other.example/")
    make_article(headline="한국어", lang="ko", publish_at=now - timedelta(hours=1))
    found = news(client)
    assert set(found) == {"Just in", "한국어"}
    first = found["Just in"].find(f"{NEWS}news")
    # The first publication, not the update.
    published = datetime.fromisoformat(first.findtext(f"{NEWS}publication_date"))
    assert published == now - timedelta(hours=47, minutes=59, seconds=59)
    assert first.findtext(f"{NEWS}publication/{NEWS}name") == "The Hangang Times"
    languages = [element.text for url in found.values() for element in url.iter(f"{NEWS}language")]
    assert sorted(languages) == ["en", "ko"]


def test_no_news_are_an_empty_file(client):
    tree = read(client, "/sitemaps/news.xml")
    assert tree.tag == f"{MAP}urlset"
    assert len(tree) == 0


def test_many_news_are_split_under_an_index(client, monkeypatch):
    monkeypatch.setattr(sitemaps, "NEWS_PER_FILE", 2)
    for number in range(2):
        make_article(headline=f"Story {number}")
    assert len(news(client)) == 2
    make_article(headline="One more")
    tree = read(client, "/sitemaps/news.xml")
    assert tree.tag == f"{MAP}sitemapindex"
    assert paths(tree) == ["/sitemaps/news-1.xml", "/sitemaps/news-2.xml"]
    assert [len(news(client, path)) for path in paths(tree)] == [2, 1]


# ---- any words, any number


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30))
def test_it_is_well_formed_whatever_a_headline_holds(db, text):
    Article.objects.filter(status="ready").update(withdrawn_at=seoul("2050-01-01 00:00"))
    story = make_article()
    Article.objects.filter(pk=story.pk).update(headline=f"]]>{text}🙂서울<&")
    titles = news(Client())
    assert any(title.startswith("]]>") and title.endswith("🙂서울<&") for title in titles)


def test_it_costs_the_same_with_many_stories(client, queries):
    for count in (3, 30):
        for number in range(count):
            make_article(slug=f"s-{count}-{number}", publish_at=seoul("2021-02-27 09:32"), photos=[shown_photo()])
        make_article(tags=["Ships"], reporters=[make_reporter(f"Reporter {count}")])
        with queries(2):
            read(client, "/sitemaps/articles-2021-02.xml")
        with queries(2):
            read(client, "/sitemaps/news.xml")
        with queries(8):
            read(client, "/sitemap.xml")
    assert Tag.objects.count() == 1
