"""Content sales: the page, the form, which stories are found in it, and who is told."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.utils import timezone

from sections.models import Page
from subscriptions.licensing import stories_in
from subscriptions.models import LicenceRequest, Mail
from subscriptions.sending import send_due
from tests.factories import draft, make_article, withdrawn

from .conftest import asked, make_reader, sign_in, text_of

pytestmark = pytest.mark.django_db
FORM = "/orders/licence/"


def post(client=None, **fields):
    return (client or Client()).post(FORM, asked(**fields))


def test_its_page_has_the_words_of_the_static_page_and_leads_to_the_form():
    Page.objects.create(address="/products/content-sales/", title="Content Sales", body="<p>An old trade.</p>")
    response = Client().get("/products/content-sales/")
    page = BeautifulSoup(response.text, "html.parser")
    assert "An old trade." in page.main.get_text()
    assert page.select_one("main a.button")["href"] == FORM
    assert response["Cache-Control"].startswith("public")
    assert not response.cookies


def test_it_takes_a_request_and_mails_asker_and_desk(mailbox, settings):
    settings.SUBSCRIPTIONS_DESK, settings.SITE_URL = "desk@example.com", "https://www.times.example"
    story = make_article(headline="Five towns")
    response = post(
        wanted=f"https://times.example{story.get_absolute_url()}?x=1", organisation="Hanbit", circulation="240"
    )
    assert response["Location"] == "/orders/licence/asked/"
    licence = LicenceRequest.objects.get()
    assert (list(licence.articles.all()), licence.circulation, licence.telephone) == ([story], 240, "+82312345678")
    send_due()
    mail = mailbox.to("mirae@example.com")[0]
    assert "Five towns" in text_of(mail)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "schools" not in text_of(mail), "nothing that a stranger could have typed"
    assert f"/admin/subscriptions/licencerequest/{licence.pk}/" in text_of(mailbox.to("desk@example.com")[0])


def test_it_shows_which_stories_it_found_where_something_else_is_wrong():
    story = make_article(headline="Five towns")
    page = BeautifulSoup(post(wanted=f"The one at {story.get_absolute_url()}", telephone="").text, "html.parser")
    assert page.select_one(".found a")["href"] == story.get_absolute_url()


def test_a_reader_who_is_signed_in_is_answered_at_the_account(client):
    user = make_reader("mi@example.com")
    post(sign_in(client, user), email="else@example.com")
    assert LicenceRequest.objects.get().email == "mi@example.com"
    assert LicenceRequest.objects.get().user == user


def test_it_finds_public_stories_of_this_paper_alone(settings):
    settings.SITE_URL = "https://www.times.example"
    first, second = make_article(), make_article()
    hidden = [draft(), withdrawn(), make_article(publish_at=timezone.now() + timedelta(hours=1))]
    addresses = [story.get_absolute_url() for story in (second, first)]
    text = (
        f"https://www.times.example{addresses[0]} and (http://times.example/lite{addresses[1]}) "
        f"https://evil.example{make_article().get_absolute_url()} /2026/02/31/none/ {addresses[0]}"
    )
    text += " ".join(f"/2026/01/01/{story.slug}/" for story in hidden)
    assert stories_in(text) == [second, first]


def test_it_looks_for_a_hundred_stories_in_one_query(queries):
    story = make_article()
    with queries(1):
        assert stories_in(" ".join(f"/2026/01/01/s{number}/" for number in range(500)) + story.get_absolute_url()) == []
    with queries(0):
        assert stories_in("The ferries, please") == []


WRONG = {
    "no name": {"name": ""},
    "a name of markup": {"name": "<b>Cho</b>"},
    "a name with a line break": {"name": "Cho\nBcc: x@example.com"},
    "no mail address": {"email": "mirae"},
    "no telephone": {"telephone": "12"},
    "no kind": {"kind": ""},
    "an odd kind": {"kind": "everything"},
    "no stories": {"wanted": " "},
    "too many words": {"wanted": "x" * 4001},
    "no purpose": {"purpose": ""},
    "markup for a purpose": {"purpose": "<script>alert(1)</script>"},
    "NUL in the purpose": {"purpose": "A\0b"},
    "words turned round": {"purpose": "A \u202e b"},
    "an odd medium": {"medium": "smoke"},
    "words for a number": {"circulation": "many"},
    "less than nothing": {"circulation": "-1"},
    "more than the world": {"circulation": "99999999999999999999"},
    "a term of two lines": {"term": "A year\nor two"},
    "no consent": {"terms": None},
}


@pytest.mark.parametrize("fields", WRONG.values(), ids=WRONG)
def test_it_refuses_with_a_sentence_and_writes_nothing(fields):
    response = post(**fields)
    assert response.status_code == 422
    assert len(BeautifulSoup(response.text, "html.parser").select(".error")) == 1
    assert not LicenceRequest.objects.exists()
    assert not Mail.objects.exists()


def test_a_feed_needs_no_list_of_stories():
    assert post(kind="feed", wanted=None).status_code == 302
