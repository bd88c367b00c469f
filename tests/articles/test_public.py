"""What is public, and that nothing else shows anywhere."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.utils import timezone

from articles import publishing
from articles.models import Article, OldAddress, RelatedArticle
from rankings.filling import refresh_all
from rankings.models import StoryList
from rankings.placing import place
from tests.factories import (
    draft,
    embargoed,
    make_article,
    make_list,
    make_reporter,
    make_section,
    make_staff,
    seoul,
    shown_photo,
    withdrawn,
)

pytestmark = pytest.mark.django_db

MICRO = timedelta(microseconds=1)
SECRET = "Cabinet falls on Thursday"


def in_review(**fields):
    return make_article(status=Article.Status.IN_REVIEW, publish_at=None, **fields)


def draft_with_address(**fields):
    """A draft that has everything a public story has, but its status."""
    at = timezone.now() - timedelta(hours=1)
    return make_article(
        status=Article.Status.DRAFT, publish_at=at, address_date=timezone.localtime(at).date(), **fields
    )


HIDDEN = pytest.mark.parametrize("hidden", [draft, draft_with_address, in_review, embargoed, withdrawn])


def address_of(article):
    return article.get_absolute_url() or f"/2021/02/27/{article.slug}/"


def test_it_is_public_from_its_moment_on():
    at = seoul("2021-02-27 09:32")
    story = make_article(publish_at=at)
    assert not Article.objects.published(at=at - MICRO).filter(pk=story.pk).exists()
    assert Article.objects.published(at=at).filter(pk=story.pk).exists()
    assert not story.is_public(at - MICRO)
    assert story.is_public(at)


def test_it_is_gone_from_the_moment_of_its_withdrawal():
    at = seoul("2021-02-27 09:32")
    story = publishing.withdraw(make_article(publish_at=at), "It was wrong.", at=at + timedelta(days=1))
    last = at + timedelta(days=1)
    assert Article.objects.published(at=last - MICRO).filter(pk=story.pk).exists()
    assert not Article.objects.published(at=last).filter(pk=story.pk).exists()
    assert not Article.objects.withdrawn(at=last - MICRO).filter(pk=story.pk).exists()
    assert Article.objects.withdrawn(at=last).filter(pk=story.pk).exists()
    assert story.is_public(last - MICRO)
    assert not story.is_public(last)


@HIDDEN
def test_it_is_not_public(hidden):
    story = hidden()
    assert not Article.objects.published().exists()
    assert not story.is_public()


def test_it_names_each_state():
    assert [make().state for make in (draft, in_review, embargoed, withdrawn, make_article)] == [
        *("Draft", "In review", "Scheduled", "Withdrawn", "Public")
    ]


@pytest.mark.parametrize("hidden", [draft, draft_with_address, in_review, embargoed])
def test_it_has_no_page_before(client, hidden):
    response = client.get(address_of(hidden(headline=SECRET)))
    assert response.status_code == 404
    assert SECRET not in response.text


def test_it_says_at_a_withdrawn_address_what_happened(client):
    story = withdrawn(headline=SECRET, body="<p>The forged document.</p>", deck="Forged.")
    response = client.get(story.get_absolute_url())
    assert response.status_code == 410
    assert "The main witness took back what he had said." in response.text
    for words in (SECRET, "The forged document.", "Forged."):
        assert words not in response.text


def test_it_stays_until_a_withdrawal_to_come(client):
    story = publishing.withdraw(make_article(), "Rights end.", at=timezone.now() + timedelta(hours=1))
    assert client.get(story.get_absolute_url()).status_code == 200


def test_it_can_come_back(client):
    story = publishing.restore(withdrawn())
    assert client.get(story.get_absolute_url()).status_code == 200


@HIDDEN
def test_it_has_no_print_preview(client, hidden):
    response = client.get(f"{address_of(hidden(headline=SECRET))}print/")
    assert response.status_code == (410 if hidden is withdrawn else 404)
    assert SECRET not in response.text


@HIDDEN
def test_it_is_on_no_page_of_the_paper(client, hidden):
    """Every kind of page that could list it, every relation that could lead to it."""
    business = make_section("Business")
    companies = make_section("Companies", parent=business)
    life = make_section("Lifestyle")
    reporter = make_reporter()
    fields = {"section": companies, "reporters": [reporter], "tags": ["Cabinet"]}
    story = hidden(headline=SECRET, deck=SECRET, photos=[shown_photo(alt_text=SECRET)], **fields)
    story.also_in.add(life)
    shown = make_article(headline="A public story", **fields)
    RelatedArticle.objects.create(article=shown, related=story)
    for slug in ("front-lead", "front-top", "opinion", "darkroom", "ticker", "top-10", "top-5-entertainment"):
        make_list(slug)
    for slug in ("front-lead", "ticker", "top-10"):
        place(make_list(f"{slug}-placed"), 1, story)
    for story_list in StoryList.objects.all():
        if not story_list.placements.exists():
            place(story_list, 2, story, headline=SECRET)
    refresh_all()
    pages = [
        *("/", "/business/", "/business/companies/", "/lifestyle/", "/topics/cabinet/", "/search/?q=Cabinet"),
        *(f"/search/?q={SECRET}", reporter.get_absolute_url(), shown.get_absolute_url()),
        *(f"{shown.get_absolute_url()}print/", f"/business/?before={shown.pk}", "/sitemap/"),
    ]
    texts = {page: client.get(page) for page in pages}
    assert all(response.status_code in (200, 404) for response in texts.values())
    echo = f"/search/?q={SECRET}"
    assert [page for page, response in texts.items() if SECRET in response.text] == [echo]
    assert "Nothing was found" in texts[echo].text
    assert all(story.slug not in response.text for response in texts.values())
    # The same pages do show what is public.
    assert "A public story" in texts["/business/"].text
    assert "A public story" in texts["/topics/cabinet/"].text


@HIDDEN
def test_it_cannot_be_read_by_its_old_address(client, hidden):
    OldAddress.objects.create(article=hidden(), path="/www/biz/2021/02/129_304756.html")
    response = client.get("/www/biz/2021/02/129_304756.html", follow=True)
    # The old address of a withdrawn story leads to the reason of its withdrawal.
    assert response.status_code == (410 if hidden is withdrawn else 404)


@HIDDEN
def test_it_gives_no_topic_a_page(client, hidden):
    """The name of a topic can give an embargo away."""
    hidden(tags=["Hanbit merger"])
    response = client.get("/topics/hanbit-merger/")
    assert response.status_code == 404
    assert "Hanbit" not in response.text


@HIDDEN
def test_it_is_no_place_where_a_page_begins(client, hidden):
    """A cursor must not tell whether, or when, a hidden story stands in a list."""
    section = make_section()
    old = make_article(section=section, publish_at=seoul("2020-01-01 10:00"))
    assert client.get(f"/national/?before={hidden(section=section).pk}").status_code == 404
    assert client.get(f"/national/?before={make_article(section=section).pk}").status_code == 200
    assert client.get(f"/national/?before={old.pk}").status_code == 404


@HIDDEN
def test_it_is_visible_to_staff_who_may_see_articles(hidden):
    story = hidden()
    assert not Article.objects.visible_to(AnonymousUser()).exists()
    assert not Article.objects.visible_to(make_staff("reader", superuser=False, is_staff=False)).exists()
    assert not Article.objects.visible_to(make_staff("clerk", superuser=False)).exists()
    assert Article.objects.visible_to(make_staff()).get() == story


def test_it_cannot_be_withdrawn_before_it_is_public():
    for hidden in (draft, in_review, embargoed, withdrawn):
        with pytest.raises(ValidationError, match="Only a public story can be withdrawn"):
            publishing.withdraw(hidden(), "Because.")
