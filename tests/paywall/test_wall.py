"""The wall: the locked words of a premium story stand nowhere for everybody, and who may read them gets them."""

import json
import threading
from datetime import date, timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from bs4 import BeautifulSoup
from django.db import connection
from django.test import Client
from django.utils import timezone

from articles import publishing
from articles.models import Article
from newsroom.static_copy import Copy
from paywall import access
from paywall.models import PremiumRead
from readers.models import User
from subscriptions import ordering
from tests.factories import (
    draft,
    embargoed,
    make_article,
    make_list,
    make_photo,
    make_reporter,
    make_staff,
    make_video,
    seoul,
    subscribe,
    withdrawn,
)
from tests.test_page_cache import reader as cache_reader  # noqa: F401

pytestmark = pytest.mark.django_db
OPEN, LOCKED = "Openwords", "Lockedwords"
BODY = f"<p>{f'{OPEN} ' * 100}</p>" + "".join(f"<p>{f'{LOCKED} ' * 40}</p>" for _ in range(5))


def make_premium(**fields):
    return make_article(**{"access": "premium", "body": BODY} | fields)


def make_user(name="yuna", confirmed=True, **fields):
    user = User.objects.create_user(f"reader-{name}", f"{name}@example.org", None, **fields)
    EmailAddress.objects.create(user=user, email=user.email, verified=confirmed, primary=True)
    return user


def sign_in(user, **options):
    client = Client(**options)
    backend = "readers.signing_in.StaffBackend" if user.is_staff else "readers.accounts.ReaderBackend"
    client.force_login(user, backend)
    return client


@pytest.fixture
def story():
    return make_premium(headline="Who owns the tower", tags=["Towers"], reporters=[make_reporter()])


@pytest.fixture
def user():
    return make_user()


@pytest.fixture
def mine(user):
    return sign_in(user)


def rest(story):
    return f"/rest/{story.pk}/"


def text(story):
    return f"/rest/{story.pk}/text/"


# ---- what everybody gets


WITHOUT_HEADLINE = ("/", "/corrections/", "/sitemap.xml", "/robots.txt", "/products/rss/")


def every_address(story):
    """Every kind of address that could show a story."""
    own, day = story.get_absolute_url(), story.address_date
    feeds = [
        f"/feeds/{name}.{form}?text=full"
        for name in ("paper", "sections/national", "topics/towers", f"reporters/{story.credits[0].reporter.slug}")
        for form in ("rss", "atom", "json")
    ]
    pages = ["/", own, f"{own}print/", f"{own}changes/", "/national/", "/topics/towers/", "/reporters/seo-ha-rin/"]
    pages += [f"/{day:%Y/%m/%d}/", "/corrections/", f"/search/?q={OPEN}", "/search/?q=tower", rest(story)]
    others = ["/sitemap.xml", "/sitemaps/news.xml", "/robots.txt"]
    others += ["/feeds/search.rss?q=tower&text=full", "/products/rss/"]
    return [*pages, *(f"/lite{page}" for page in pages if not page.startswith("/rest")), *feeds, *others]


def test_locked_words_stand_nowhere_for_everybody(story):
    make_list("top-10", title="Top 10 Stories")
    publishing.record_version(story, kind="published", public_from=story.publish_at)
    Article.objects.filter(pk=story.pk).update(body=BODY + f"<p>{LOCKED} again</p>", headline="Who owns this tower")
    story.refresh_from_db()
    publishing.record_version(story, kind="updated", public_from=story.publish_at + timedelta(minutes=1))
    story = Article.objects.for_detail().get(pk=story.pk)
    for address in every_address(story):
        answer = Client().get(address)
        assert answer.status_code == 200, address
        words = b"".join(answer).decode() if answer.streaming else answer.text
        assert LOCKED not in words, address
        assert "tower" in words or address.removeprefix("/lite").split("?")[0] in WITHOUT_HEADLINE, address


def test_what_a_reader_follows_and_saves_shows_no_locked_words(mine, story):
    mine.post("/account/follow/?topic=towers", {"keep": "1"})
    mine.post(f"/account/save/?story={story.get_absolute_url()}", {"keep": "1"})
    for address in ("/account/for-you/", "/account/saved/", f"/account/save/?story={story.get_absolute_url()}"):
        assert "Who owns the tower" in mine.get(address).text
        assert LOCKED not in mine.get(address).text


def test_a_search_for_locked_words_shows_none(story):
    found = BeautifulSoup(Client().get(f"/search/?q={LOCKED}").text, "html.parser")
    card = found.select_one("main .card")
    assert "Who owns the tower" in card.get_text()
    assert LOCKED not in card.get_text()


def test_the_emergency_edition_has_the_opening_alone(story, tmp_path, settings):
    settings.ALLOWED_HOSTS = ["*"]
    Copy(lambda environ, start: _answer_of(environ, start), tmp_path).publish(10)
    files = [path.read_text(errors="replace") for path in tmp_path.rglob("*.html")]
    assert any(OPEN in file for file in files)
    assert not any(LOCKED in file for file in files)


def _answer_of(environ, start):
    """Django's test client as a WSGI application: it stays in the transaction of the test."""
    answer = Client().get(environ["PATH_INFO"], headers={"host": environ["HTTP_HOST"]})
    start(f"{answer.status_code} X", list(answer.headers.items()))
    return [b"".join(answer) if answer.streaming else answer.content]


def test_the_page_says_to_programs_what_is_locked(story):
    page = BeautifulSoup(Client().get(story.get_absolute_url()).text, "html.parser")
    data = json.loads(page.select_one('script[type="application/ld+json"]').string)["@graph"][0]
    assert data["isAccessibleForFree"] is False
    assert data["hasPart"] == {"@type": "WebPageElement", "isAccessibleForFree": False, "cssSelector": ".rest"}
    assert len(page.select(data["hasPart"]["cssSelector"])) == 1
    assert "wordCount" not in data
    assert "articleBody" not in data


def test_a_free_story_has_no_wall(client):
    page = client.get(make_article(body=BODY).get_absolute_url()).text
    assert LOCKED in page
    assert "wall.css" not in page
    assert "rest.js" not in page
    assert '"isAccessibleForFree": true' in page


def test_the_wall_leads_back_to_the_story(story):
    page = BeautifulSoup(Client().get(story.get_absolute_url()).text, "html.parser")
    links = {link.get_text(): link["href"] for link in page.select(".wall a")}
    assert links == {
        "Subscribe": "/products/subscribe/",
        "Register": f"/register/?next={story.get_absolute_url()}",
        "Login": f"/login/?next={story.get_absolute_url()}",
        "Continue reading": rest(story),
    }
    lite = BeautifulSoup(Client().get(f"/lite{story.get_absolute_url()}").text, "html.parser")
    assert lite.find("a", string="Continue reading")["href"] == rest(story)


def test_a_list_says_which_stories_are_premium(story):
    make_article(headline="Free one")
    cards = BeautifulSoup(Client().get("/national/").text, "html.parser").select(".card :is(h2, h3)")
    assert {(card.get_text().strip(), bool(card.select(".label"))) for card in cards} == {
        ("Premium Who owns the tower", True),
        ("Free one", False),
    }


def test_the_reading_time_is_that_of_all_of_it(story):
    assert "<dd>1 min</dd>" in Client().get(story.get_absolute_url()).text
    Article.objects.filter(pk=story.pk).update(body=BODY * 6)
    assert "<dd>8 min</dd>" in Client().get(story.get_absolute_url()).text


# ---- pictures and films


def media(client, address):
    answer = client.get(address)
    if answer.streaming:
        b"".join(answer)
    return answer.status_code, answer.get("Cache-Control", "")


def test_photos_of_the_locked_part_are_sent_to_those_who_may_read_it(mine, user):
    lead, early, late = (make_photo(render=True) for _ in range(3))
    body = (
        f'<p>{OPEN * 3}</p><figure data-photo="{early.uuid}"></figure>{BODY}<figure data-photo="{late.uuid}"></figure>'
    )
    story = make_premium(body=body, photos=[lead, early, late])
    page = Client().get(story.get_absolute_url()).text
    addresses = [photo.picture().src for photo in (lead, early, late)]
    assert [photo.token in page for photo in (lead, early, late)] == [True, True, False]
    assert [media(Client(), address)[0] for address in addresses] == [200, 200, 404]
    assert media(mine, addresses[2]) == (404, "no-store")
    listed = b"".join(Client().get(f"/sitemaps/articles-{story.address_date:%Y-%m}.xml")).decode()
    assert [photo.token in listed for photo in (lead, late)] == [True, False]
    mine.post(rest(story))
    assert late.token in mine.get(rest(story)).text
    assert late.token in mine.get(text(story)).text
    assert media(mine, addresses[2]) == (200, "no-store")
    assert media(mine, addresses[1])[0] == 200
    assert "public" in media(mine, addresses[1])[1]
    assert media(Client(), addresses[2])[0] == 404
    make_article(photos=[make_photo(), late])
    assert media(Client(), addresses[2])[0] == 200


def test_a_gallery_shows_its_first_photos_to_everybody(mine):
    photos = [make_photo(render=True) for _ in range(5)]
    story = make_premium(format="gallery", photos=photos, body="")
    page = Client().get(story.get_absolute_url()).text
    assert [photo.token in page for photo in photos] == [True] * 3 + [False] * 2
    assert [media(Client(), photo.picture().src)[0] for photo in photos] == [200] * 3 + [404] * 2
    own = f"{story.get_absolute_url()}photos/"
    assert [Client().get(f"{own}{photo.uuid.hex[:8]}/").status_code for photo in photos] == [200] * 3 + [404] * 2
    mine.post(text(story))
    found = mine.get(text(story)).text
    assert [photo.token in found for photo in photos] == [False] * 3 + [True] * 2
    assert all(photo.token in mine.get(rest(story)).text for photo in photos)


def test_a_film_is_sent_to_those_who_may_see_it(mine):
    story = make_premium(format="video", photos=[make_photo(render=True)], body="<p>Three minutes.</p>")
    film = make_video(story, transcript=f"<p>{LOCKED}</p>")
    for address in ("", "print/"):
        page = Client().get(story.get_absolute_url() + address).text
        assert LOCKED not in page
        assert film.token not in page
    for file in (film.file, film.captions):
        assert media(Client(), file.url)[0] == 404
    assert film.token not in Client().get("/feeds/paper.rss?text=full").text
    mine.post(rest(story))
    for address in (rest(story), text(story)):
        assert film.file.url in mine.get(address).text
        assert LOCKED in mine.get(address).text
    assert media(mine, film.file.url) == (200, "no-store")
    assert media(mine, film.captions.url) == (200, "no-store")


# ---- who reads on


def test_a_reader_chooses_stories_until_the_allowance_is_used_up(mine, user):
    stories = [make_premium(headline=f"Premium {number}") for number in range(4)]
    for number, story in enumerate(stories[:3]):
        before = mine.get(rest(story))
        assert LOCKED not in before.text
        assert f"{3 - number} {'is' if number == 2 else 'are'} left" in before.text
        assert mine.post(rest(story)).headers["Location"] == rest(story)
        after = mine.get(rest(story))
        assert LOCKED in after.text
        assert f"{2 - number} of 3 free premium stories left this month" in after.text
        assert after["Cache-Control"] == "no-store"
        assert after["X-Robots-Tag"] == "noindex"
    # Reading again costs nothing.
    mine.post(rest(stories[0]))
    assert PremiumRead.objects.count() == 3
    for answer in (mine.get(rest(stories[3])), mine.post(rest(stories[3]), follow=True), mine.post(text(stories[3]))):
        assert LOCKED not in answer.text
        assert "You have read your 3 premium stories of this month" in answer.text
        assert OPEN in answer.text or "/text/" in answer.request["PATH_INFO"]
    assert LOCKED in mine.get(rest(stories[0])).text
    assert PremiumRead.objects.count() == 3
    # Another reader has an allowance of his own.
    assert LOCKED not in sign_in(make_user("other")).get(rest(stories[0])).text


def test_looking_spends_nothing_whoever_looks(mine, story):
    for name in ("Sec-Purpose", "Purpose", "X-Moz"):
        for address in (rest(story), text(story)):
            for answer in (mine.get(address, headers={name: "prefetch"}), mine.head(address), mine.get(address)):
                assert answer.status_code == 200
                assert LOCKED not in answer.text
    assert not PremiumRead.objects.exists()


def test_a_form_of_another_site_spends_nothing(user, story):
    strict = sign_in(user, enforce_csrf_checks=True)
    for address in (rest(story), text(story)):
        assert strict.post(address).status_code == 403
    assert not PremiumRead.objects.exists()
    token = BeautifulSoup(strict.get(text(story)).text, "html.parser").select_one("[name=csrfmiddlewaretoken]")["value"]
    assert LOCKED in strict.post(text(story), {"csrfmiddlewaretoken": token}).text


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(mine, story, method):
    assert getattr(mine, method)(rest(story)).status_code == 405
    assert not PremiumRead.objects.exists()


def test_a_new_month_begins_at_midnight_in_seoul(story, user):
    other = make_premium()
    with time_machine.travel(seoul("2026-01-31 23:59"), tick=False):
        assert access.spend(user, story)
        assert access.allowance_of(user).left == 2
    with time_machine.travel(seoul("2026-02-01 00:00"), tick=False):
        assert access.allowance_of(user).left == 3
        assert not access.may_read(user, story)
        assert access.spend(user, other)
    assert list(PremiumRead.objects.values_list("article", "month")) == [(other.pk, date(2026, 2, 1))]


def test_readers_without_a_confirmed_address_have_no_allowance(story):
    mine = sign_in(make_user("new", confirmed=False))
    assert "Confirm your e-mail address" in mine.get(rest(story)).text
    assert LOCKED not in mine.post(text(story)).text
    assert not PremiumRead.objects.exists()


def test_without_an_allowance_subscribers_alone_read_on(settings, mine, story):
    settings.PREMIUM_FREE_A_MONTH = 0
    assert LOCKED not in mine.post(text(story)).text
    assert "for subscribers" in mine.get(rest(story)).text
    assert "premium stories a month" not in Client().get(story.get_absolute_url()).text
    assert "Premium stories" not in mine.get("/account/").text


def test_subscribers_read_everything_and_spend_nothing(mine, user, story):
    order = subscribe(user)
    for address in (rest(story), text(story)):
        assert LOCKED in mine.get(address).text
        mine.post(address)
    assert "all of them are open to you" in mine.get("/account/").text
    assert not PremiumRead.objects.exists()
    ordering.end(order, who="editor")
    assert LOCKED not in mine.get(rest(story)).text


def test_the_desk_reads_everything_other_staff_nothing(story):
    assert LOCKED in sign_in(make_staff()).get(rest(story)).text
    assert LOCKED not in sign_in(make_staff("intern", superuser=False)).get(rest(story)).text


def test_strangers_see_the_wall_and_spend_nothing(story):
    assert [Client().get(text(story)).status_code, Client().post(text(story)).status_code] == [403, 403]
    assert LOCKED not in Client().get(text(story)).text
    for answer in (Client().get(rest(story)), Client().post(rest(story), follow=True)):
        assert LOCKED not in answer.text
        assert f"/login/?next={rest(story)}" in answer.text
        assert "Continue reading" not in answer.text


def test_accounts_that_are_closed_read_nothing(mine, user, story):
    mine.post(rest(story))
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert LOCKED not in mine.get(rest(story)).text
    assert not access.spend(user, make_premium())
    user.delete()
    assert not access.spend(User(pk=user.pk), story)


def test_what_is_not_public_is_not_there(mine):
    hidden = [make(access="premium", body=BODY) for make in (draft, embargoed, withdrawn)]
    for pk in [*(story.pk for story in hidden), 0, 10**30]:
        for address in (f"/rest/{pk}/", f"/rest/{pk}/text/"):
            assert mine.get(address).status_code == 404
            assert mine.post(address).status_code == 404
    for odd in ("/rest/", "/rest/x/", "/rest/-1/", "/rest/1%00/", "/rest/1/2/", f"/rest/{'9' * 5000}/"):
        assert mine.get(odd).status_code in (400, 404)


def test_a_free_story_has_a_page_of_its_own(mine):
    story = make_article()
    assert mine.get(rest(story)).headers["Location"] == story.get_absolute_url()
    assert mine.get(text(story)).status_code == 404


def test_notes_and_marks_find_each_other(mine):
    body = f'<p>{OPEN * 2}<sup><a href="#fn1" id="fnref1">1</a></sup></p>{BODY}'
    body += '<ol><li id="fn1">Note. <a href="#fnref1">↩</a></li></ol>'
    story = make_premium(body=body)
    page = BeautifulSoup(Client().get(story.get_absolute_url()).text, "html.parser")
    assert [link["href"] for link in page.select('.prose a[href^="#"]')] == []
    assert page.select_one("#fnref1").name == "a"
    mine.post(rest(story))
    assert 'href="#fn1"' in mine.get(rest(story)).text


# ---- the account


def test_the_account_tells_what_was_read(mine, story, user):
    assert "0 of your 3 free premium stories" in mine.get("/account/").text
    mine.post(rest(story))
    page = mine.get("/account/").text
    assert "1 of your 3 free premium stories" in page
    assert "Who owns the tower" in page
    assert mine.get("/account/data/").json()["premium_stories_read"][0]["story"] == "Who owns the tower"
    publishing.withdraw(story, "It was wrong.")
    assert "Who owns the tower" not in mine.get("/account/").text
    user.delete()
    assert not PremiumRead.objects.exists()


def test_months_that_are_over_are_forgotten(user, story):
    last = timezone.localdate().replace(day=1) - timedelta(days=1)
    old = PremiumRead.objects.create(user=make_user("gone"), article=story, month=last.replace(day=1))
    access.spend(user, story)
    assert not PremiumRead.objects.filter(pk=old.pk).exists()


# ---- many at once


@pytest.mark.django_db(transaction=True)
def test_requests_at_once_spend_no_more_than_there_is(settings):
    settings.PREMIUM_FREE_A_MONTH = 3
    user = make_user()
    stories = [make_premium() for _ in range(10)]
    start, got = threading.Barrier(20), []

    def choose(story):
        try:
            start.wait(20)
            got.append((story.pk, access.spend(user, story)))
        finally:
            connection.close()

    threads = [threading.Thread(target=choose, args=(story,)) for story in stories * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(got) == 20
    chosen = set(PremiumRead.objects.values_list("article", flat=True))
    assert len(chosen) == PremiumRead.objects.count() == 3
    assert {pk for pk, may in got if may} == chosen


# ---- the page cache


def test_the_page_cache_keeps_one_page_for_all_and_no_rest(cache_reader, user, story):  # noqa: F811
    mine = sign_in(user)
    cookie = f"sessionid={mine.cookies['sessionid'].value}; reader=1"
    address = story.get_absolute_url()
    first = cache_reader.get(address)
    access.spend(user, story)
    assert LOCKED.encode() in cache_reader.get(rest(story), cookie=cookie)[2]
    assert LOCKED.encode() in cache_reader.get(text(story), cookie=cookie)[2]
    for cookies in ({}, {"cookie": cookie}, {"user_agent": "Googlebot/2.1"}):
        status, headers, body = cache_reader.get(address, **cookies)
        assert (status, body) == (first[0], first[2])
        assert "set-cookie" not in headers
        if "cookie" not in cookies:
            assert LOCKED.encode() not in cache_reader.get(rest(story), **cookies)[2]
    assert OPEN.encode() in first[2]
    assert LOCKED.encode() not in first[2]
    assert [made for made in cache_reader.made if made == address] == [address]
    # Another access makes another page at once.
    Article.objects.filter(pk=story.pk).update(access="free")
    assert cache_reader.made_again(address) == {address}
    assert LOCKED in cache_reader.read(address)


# ---- the desk


def test_a_preview_shows_all_of_it_and_where_the_opening_ends(story):
    desk = sign_in(make_staff())
    page = BeautifulSoup(desk.get(f"/admin/articles/article/{story.pk}/preview/").text, "html.parser")
    cut = page.select_one(".prose > .cut")
    assert OPEN in cut.find_previous_sibling("p").get_text()
    assert LOCKED in cut.find_next_sibling("p").get_text()
    assert page.select(".wall") == []
    link = story.preview_links.create(note="The lawyer", expires_at=timezone.now() + timedelta(days=1))
    assert LOCKED in Client().get(link.get_absolute_url()).text


def test_what_it_costs(mine, story, django_assert_num_queries):
    mine.get(rest(story))  # the frame is kept from here on, where it is kept at all
    for act, queries in ((lambda: mine.get(rest(story)), 10), (lambda: mine.get(text(story)), 10)):
        with django_assert_num_queries(queries):
            act()
