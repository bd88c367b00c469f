"""Daily digests: what stands in them, who gets one and when, and that nobody gets a story or a mail twice."""

import re
import signal
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import signing
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles import publishing
from articles.models import Byline, Tag
from articles.topics import merge_topics
from mypaper.models import Digest, Follow
from mypaper.news import News
from newsletters import digests, hooks, outbox, sending, signing_up
from newsletters.models import Delivery, MailEvent
from newsletters.working import do_due_letters
from readers.models import User
from tests.factories import draft, make_account, make_article, make_reporter, make_section
from tests.waiting import wait_until

from .conftest import make_issue, make_letter, make_reader, ready

pytestmark = pytest.mark.django_db
SEOUL = ZoneInfo("Asia/Seoul")
ADDRESS = "yuna@example.org"
SECRET = "The locked part that only subscribers read."


def seven(days=0):
    """Seven in the morning in Seoul, so many days from today; digests of that hour are due two minutes later."""
    today = timezone.localtime(timezone=SEOUL).replace(hour=7, minute=0, second=0, microsecond=0)
    return today + timedelta(days=days)


# Yesterday's hour: whatever the clock says now, it has passed.
DUE = -1
LATER = timedelta(minutes=2)


def make_digest(user=None, *follows, hour=7, since=None):
    """An account that has a digest, switched on two days before yesterday's hour unless it says otherwise."""
    user = user or make_account(ADDRESS)
    since = since or seven(DUE) - timedelta(days=2)
    for what in follows:
        Follow.objects.create(user=user, **{kind_of(what): what})
    return Digest.objects.create(user=user, hour=hour, chosen_at=since, told_until=since)


def make_tag(name):
    return Tag.objects.create(name=name, slug=name.lower())


def kind_of(what):
    return {"Section": "section", "Reporter": "reporter", "Tag": "tag"}[type(what).__name__]


def story(headline="Harbour reopens", hours=1, **fields):
    """A story that was published so many hours before yesterday's hour."""
    return make_article(headline=headline, publish_at=seven(DUE) - timedelta(hours=hours), **fields)


def queue(days=DUE, **fields):
    return digests.queue_due(seven(days) + timedelta(**fields) + LATER)


def send():
    return sending.send_due()


def text_of(mail):
    return mail.get_body(("plain",)).get_content().replace("\r\n", "\n")


def html_of(mail):
    return mail.get_body(("html",)).get_content()


def link_of(mail):
    """The path of the link that ends the digest."""
    return re.fullmatch(r"<https?://[^/]+(/letters/digest/[^/>]+/)>", mail["List-Unsubscribe"])[1]


@pytest.fixture
def section():
    return make_section("Business")


@pytest.fixture
def mail(section, mailbox):
    """A digest as it arrives."""
    person = make_reporter("Lee Min-ho")
    make_digest(None, section, person)
    story("Harbour <b>reopens</b> & more", section=section, reporters=[person], deck="A deck with “quotes”.")
    story("Only for some", 2, section=section, access="premium", body=f"<p>Open.</p><p>{SECRET}</p>")
    assert queue() == 1
    send()
    return mailbox.to(ADDRESS)[0]


# ---- what stands in it


def test_it_has_what_is_new_and_says_why(mail):
    text = text_of(mail)
    assert mail["Subject"] == "For you: Harbour <b>reopens</b> & more"
    assert "2 new stories of what you follow" in text
    assert re.search(
        r"Harbour <b>reopens</b> & more\nA deck with “quotes”.\nYou follow Business and Lee Min-ho\n", text
    )
    assert re.search(r"Only for some\n.*\nYou follow Business\nhttp://127.0.0.1:8000/\d{4}/", text)
    assert text.index("Harbour") < text.index("Only for some"), "the newest first"
    assert "Harbour &lt;b&gt;reopens&lt;/b&gt; &amp; more" in html_of(mail)
    assert "You follow Business and Lee Min-ho" in html_of(mail)


def test_it_never_has_the_locked_part(mail):
    assert SECRET not in mail.as_string()
    assert "(for subscribers)" in text_of(mail)


def test_it_has_the_head_of_a_list_mail(mail, mailbox, settings):
    assert str(mail["To"]) == ADDRESS
    assert mail["List-Id"] == "<digest.newsletters.127.0.0.1>"
    assert re.fullmatch(rf"<{settings.SITE_URL}/letters/digest/[\w:.-]+/>", mail["List-Unsubscribe"])
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(r"<digest\.\d+@127\.0\.0\.1>", mail["Message-ID"])
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    for part in (text_of(mail), html_of(mail)):
        assert f"{settings.SITE_URL}/account/for-you/#digest" in part
        assert link_of(mail) in part


def test_it_shows_some_and_leads_to_the_rest(section, mailbox):
    make_digest(None, section)
    for number in range(15):
        story(f"Story {number}", 1 + number / 10, section=section)
    queue()
    send()
    text = text_of(mailbox.to(ADDRESS)[0])
    assert "15 new stories" in text
    assert re.findall(r"\nStory (\d+)\n", text) == [str(number) for number in range(12)]
    assert "3 more stories: http://127.0.0.1:8000/account/for-you/" in text


@pytest.mark.parametrize("name", ["Lee\r\nBcc: victim@example.com", "Lee\nMin-ho", "Lee\u2028Min-ho", "<b>Lee</b>"])
def test_names_are_one_line_and_no_markup(mailbox, name):
    person = make_reporter()
    type(person).objects.update(name=name)
    make_digest(None, person)
    article = story(reporters=[person])
    type(article).objects.update(headline=f"About {name}")
    queue()
    send()
    mail = mailbox.to(ADDRESS)[0]
    head = mailbox.raw[0].partition(b"\r\n\r\n")[0].decode()
    assert not re.search(r"^Bcc", head, re.MULTILINE)
    assert mail["Subject"] == f"For you: About {' '.join(name.split())}"
    assert f"You follow {' '.join(name.split())}\n" in text_of(mail)
    assert "<b>" not in html_of(mail)


def test_it_has_what_for_you_has(section, mailbox):
    """The news of a reader are the stories of the page “For you”, of the time of the digest."""
    tech, sport = make_section("Tech", parent=section), make_section("Sports")
    person, tag = make_reporter(), make_tag("Ships")
    own = story("In it", section=section)
    below = story("Below it", section=tech)
    listed = story("Also listed below it", section=sport)
    listed.also_in.add(tech)
    by, about, other = story(reporters=[person]), story(tags=["Ships"]), story("Other", section=sport)
    story("Old", 24 * 6, section=section)
    user = make_account()
    for what in (section, person, tag):
        Follow.objects.create(user=user, **{kind_of(what): what})
    since = seven(DUE) - timedelta(days=1)
    news = News(since, seven(DUE))
    assert set(news.of(user, since)) == {own.pk, below.pk, listed.pk, by.pk, about.pk}
    of_page = Follow.objects.stories_for(user).filter(publish_at__gt=since).values_list("pk", flat=True)
    assert set(of_page) == set(news.of(user, since))
    assert other.pk not in news.of(user, since)
    Follow.objects.filter(user=user).delete()
    Follow.objects.create(user=user, section=tech)
    assert set(news.of(user, since)) == {below.pk, listed.pk}


def test_it_follows_the_topic_that_others_were_merged_into(mailbox):
    ships, boats = make_tag("Ships"), make_tag("Boats")
    make_digest(None, boats)
    story("About boats", tags=["Boats"])
    story("About ships", 2, tags=["Ships"])
    assert queue() == 1
    merge_topics(ships, [boats])
    send()
    text = text_of(mailbox.to(ADDRESS)[0])
    assert "About boats" in text
    assert "About ships" in text
    assert text.count("You follow Ships") == 2


def test_what_happened_between_queueing_and_sending_counts(section, mailbox):
    user, sport = make_account(ADDRESS), make_section("Sports")
    make_digest(user, section, sport)
    gone, kept = story("Gone", section=section), story("Kept", 2, section=section)
    story("Not followed any more", section=sport)
    late = draft(section=section, headline="Secret")
    assert queue() == 1
    publishing.withdraw(gone, "It was wrong.")
    Follow.objects.filter(section=sport).delete()
    person = make_reporter("Kim So-ra")
    Byline.objects.create(article=kept, reporter=person)
    Follow.objects.create(user=user, reporter=person)
    send()
    text = text_of(mailbox.to(ADDRESS)[0])
    assert re.findall(r"\n(Gone|Kept|Not followed any more|Secret)\n", text) == ["Kept"]
    assert "You follow Business and Kim So-ra" in text
    assert late.headline not in text


def test_nothing_is_sent_where_nothing_is_left(section, mailbox):
    make_digest(None, section)
    article = story(section=section)
    assert queue() == 1
    publishing.withdraw(article, "It was wrong.")
    send()
    assert mailbox.mails == []
    assert not Delivery.objects.exists()


def test_a_story_withdrawn_while_digests_go_out_is_in_no_later_one(section, mailbox):
    """Whatever the sender keeps of the news for the next readers."""
    article = story(section=section)
    for number in range(2):
        make_digest(make_account(f"r{number}@example.com"), section)
    assert queue() == 2
    with sending.open_post() as post:
        sender = sending.Sender(post)
        sender.send(sending.claim()[0])
        publishing.withdraw(article, "It was wrong.")
        sender.send(wait_for_claim())
    assert len(mailbox.mails) == 1


def wait_for_claim():
    return wait_until(lambda: sending.claim()[0], seconds=5)


def test_what_is_not_public_is_in_none(section, mailbox):
    make_digest(None, section)
    draft(section=section, headline="Secret")
    make_article(section=section, headline="Secret", publish_at=seven(DUE) + timedelta(days=30))
    assert queue() == 0
    do_due_letters()
    assert mailbox.mails == []


# ---- when it comes


def test_no_story_is_in_two_digests_and_none_is_left_out(section, mailbox):
    make_digest(None, section, since=seven(-4))
    # On the second, one side and the other.
    for number, at in enumerate((seven(-3) - timedelta(seconds=1), seven(-3), seven(-3) + timedelta(seconds=1))):
        make_article(headline=f"Story {number}", section=section, publish_at=at)
    for day in (-3, -2, -1):
        queue(day)
        queue(day, minutes=5)
        send()
    mails = mailbox.to(ADDRESS)
    assert [sorted(re.findall(r"\nStory (\d)\n", text_of(mail))) for mail in mails] == [["0", "1"], ["2"]]


def test_days_are_seoul_s(section):
    """The hour is Seoul's all the year, also when it is the day before in London and another season elsewhere."""
    for month in (1, 7):
        at = datetime(timezone.localdate().year - 1, month, 15, 6, 0, tzinfo=SEOUL)
        digest = make_digest(make_account(f"m{month}@example.com"), section, hour=6, since=at - timedelta(days=1))
        make_article(section=section, publish_at=at - timedelta(hours=1))
        assert digests.queue_due(at - timedelta(seconds=1)) == 0
        assert digests.queue_due(at + LATER) == 1
        row = Delivery.objects.get(digest=digest)
        assert (str(row.day), row.until) == (f"{at:%Y-%m-%d}", at)
        assert timezone.localtime(at, ZoneInfo("UTC")).day == 14
        digest.delete()


def test_it_comes_once_a_day_whatever_the_reader_changes(section, mailbox):
    user = make_account(ADDRESS)
    make_digest(user, section)
    story(section=section)
    assert queue() == 1
    Digest.objects.update(hour=12)
    make_article(section=section, publish_at=seven(DUE) + timedelta(hours=1))
    queue(hours=5)
    assert Delivery.objects.count() == 1
    assert Digest.objects.get().told_until == seven(DUE)


def test_a_day_that_was_taken_keeps_its_news_for_the_next_one(section):
    make_digest(None, section)
    story(section=section)
    queue()
    Digest.objects.update(hour=12)
    make_article(section=section, publish_at=seven(DUE) + timedelta(hours=1))
    queue(hours=5)
    assert queue(0, hours=5) == 1


def test_a_server_that_was_away_catches_up_or_leaves_it_for_the_next_day(section):
    make_digest(None, section)
    story(section=section)
    assert queue(hours=4) == 0
    assert queue(0) == 1
    row = Delivery.objects.get()
    assert row.since < seven(DUE) - timedelta(hours=1)
    assert row.until == seven(0)


def test_it_goes_back_a_week_at_most(section):
    make_digest(None, section, since=seven(DUE) - timedelta(days=60))
    story("Old", 24 * 10, section=section)
    assert queue() == 0
    story("New", 24 * 6, section=section)
    Digest.objects.update(told_until=seven(DUE) - timedelta(days=60))
    assert queue() == 1


def test_it_tells_nothing_of_the_time_before_it_was_switched_on(section):
    make_digest(None, section, since=seven(DUE) - timedelta(minutes=30))
    story(section=section)
    assert queue() == 0


# ---- who gets one


def account(**fields):
    user = make_account(ADDRESS)
    User.objects.filter(pk=user.pk).update(**fields)
    return user


def unconfirmed():
    user = make_account(ADDRESS)
    user.emailaddress_set.update(verified=False)
    return user


def changed():
    """Somebody whose confirmed address is another one."""
    user = make_account("old@example.org")
    User.objects.filter(pk=user.pk).update(email=ADDRESS)
    return user


def bounced(ending="bounce", address="Yuna+letters@Example.org"):
    reader = make_reader(address, make_letter())
    type(reader).objects.update(key="yuna@example.org")
    signing_up.end(reader, why=ending)
    return make_account(ADDRESS)


NOBODY = {
    "inactive": lambda: account(is_active=False),
    "staff": lambda: account(is_staff=True),
    "unconfirmed": unconfirmed,
    "changed": changed,
    "bounced": bounced,
    "complained": lambda: bounced("complaint"),
}


@pytest.mark.parametrize("who", NOBODY.values(), ids=NOBODY)
@pytest.mark.parametrize("when", ["before", "while it waits"])
def test_it_goes_to_nobody_who_may_not_be_mailed(section, mailbox, who, when):
    story(section=section)
    if when == "before":
        make_digest(who(), section)
        assert queue() == 0
    else:
        user = make_account("waits@example.org")
        make_digest(user, section)
        assert queue() == 1
        other = who()
        Digest.objects.update(user=other)
        Follow.objects.update(user=other)
    do_due_letters()
    assert mailbox.mails == []
    assert not Delivery.objects.exists()


def test_a_letter_that_is_confirmed_again_proves_the_mailbox(section):
    user = bounced()
    make_digest(user, section)
    story(section=section)
    letter = make_letter("Other")
    signing_up.start(signing_up.Subscriber.objects.get(), [letter])
    assert queue() == 1


def test_bounces_and_complaints_end_it(section):
    for number, kind in enumerate(("bounce", "complaint")):
        digest = make_digest(make_account(f"r{number}@example.com"), section)
        row = Delivery.objects.create(
            **{"digest": digest, "day": seven(DUE).date(), "since": seven(DUE), "until": seven(DUE)},
            **{"state": "sent", "message_id": f"<digest.{number}@x>"},
        )
        told = {"event_id": str(number), "kind": kind, "message_id": row.message_id, "address": ""}
        hooks.take("post", [hooks.Told(at=timezone.now(), **told)])
        digest.refresh_from_db()
        assert digest.ending == kind
    assert MailEvent.objects.count() == 2


def test_a_bounce_of_a_letter_ends_the_digest_of_the_same_person(section):
    digest = make_digest(None, section)
    hooks.take("post", [hooks.Told("1", "bounce", timezone.now(), "", "Yuna@Example.org")])
    digest.refresh_from_db()
    assert digest.ending == "bounce"


def test_old_news_of_a_mailbox_end_nothing_that_was_chosen_since(section):
    digest = make_digest(None, section, since=timezone.now())
    hooks.take("post", [hooks.Told("1", "bounce", timezone.now() - timedelta(hours=1), "", ADDRESS)])
    digest.refresh_from_db()
    assert digest.is_on


def test_a_mailbox_that_refuses_twice_gets_no_more(section, mailbox):
    make_digest(None, section, since=seven(-4))
    mailbox.refuse[ADDRESS] = "550 5.1.1 no such user"
    for day in (-3, -2):
        assert Digest.objects.wanted().count() == 1
        make_article(section=section, publish_at=seven(day) - timedelta(hours=1))
        assert queue(day) == 1
        send()
    assert Digest.objects.get().ending == "bounce"
    assert Delivery.objects.counts() == {"failed": 2}


def test_letters_come_first_and_all_keep_one_rate(section, mailbox, settings):
    settings.NEWSLETTER_RATE = 20
    letter = make_letter()
    story(section=section)
    for number in range(5):
        make_digest(make_account(f"d{number}@example.com"), section)
        make_reader(f"r{number}@example.com", letter)
    assert queue() == 5
    ready(make_issue(letter))
    began = timezone.now()
    do_due_letters()
    assert timezone.now() - began >= timedelta(seconds=9 / 20)
    assert [address[0] for address, _ in mailbox.mails] == list("rrrrrddddd")


# ---- the switch


@pytest.fixture
def user():
    return make_account(ADDRESS)


@pytest.fixture
def mine(user):
    """The reader's browser."""
    client = Client()
    client.force_login(user, "readers.accounts.ReaderBackend")
    return client


def test_it_is_off_until_the_reader_wants_it(mine, user, section):
    Follow.objects.create(user=user, section=section)
    assert not Digest.objects.exists()
    assert "It is off." in mine.get("/account/for-you/").text
    assert mine.get("/account/digest/").headers["Location"] == "/account/for-you/#digest"
    assert not Digest.objects.exists(), "looking at it switches nothing on"
    assert mine.post("/account/digest/", {"hour": "18"}).headers["Location"] == "/account/for-you/#digest"
    page = mine.get("/account/for-you/").text
    assert "it comes at 18:00 Seoul time" in page
    assert "every day at 18:00 Seoul time" in page
    assert (Digest.objects.get().hour, Digest.objects.get().is_on) == (18, True)
    mine.post("/account/digest/", {"hour": "7"})
    assert Digest.objects.get().hour == 7
    mine.post("/account/digest/", {"keep": "0"})
    assert "Your daily digest is off." in mine.get("/account/for-you/").text
    assert Digest.objects.get().ending == "reader"


@pytest.mark.parametrize("hour", ["", "5", "07:00", "-1", "7\0", "7.0", "９", "<b>", "7" * 5000])
def test_it_takes_only_its_hours(mine, user, section, hour):
    assert mine.post("/account/digest/", {"hour": hour}).status_code == 302
    assert not Digest.objects.exists()
    assert "Choose one of the hours" in mine.get("/account/for-you/").text


def test_it_is_nobody_elses(client):
    answer = client.post("/account/digest/", {"hour": "7"})
    assert answer.headers["Location"].startswith("/login/?next=")
    assert not Digest.objects.exists()


def test_no_other_site_can_switch_it(user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(user, "readers.accounts.ReaderBackend")
    assert client.post("/account/digest/", {"hour": "7"}).status_code == 403


def test_it_cannot_be_switched_on_for_an_address_that_is_not_proved(mine, user, section):
    user.emailaddress_set.update(verified=False)
    mine.post("/account/digest/", {"hour": "7"})
    assert "Confirm the address of your account first" in mine.get("/account/for-you/").text
    assert not Digest.objects.exists()


def test_it_cannot_be_switched_on_for_an_address_that_takes_no_mail(section):
    user = bounced()
    client = Client()
    client.force_login(user, "readers.accounts.ReaderBackend")
    client.post("/account/digest/", {"hour": "7"})
    assert "came back or was called spam" in client.get("/account/for-you/").text
    assert not Digest.objects.exists()


def test_it_begins_anew_when_it_is_switched_on_again(user, section):
    digest = make_digest(user, section)
    digests.switch_off(user)
    story(section=section)
    digests.switch_on(user, 7)
    digest.refresh_from_db()
    assert digest.told_until > timezone.now() - timedelta(minutes=1)
    # Another hour alone forgets nothing.
    Digest.objects.update(told_until=seven(-3))
    digests.switch_on(user, 8)
    digest.refresh_from_db()
    assert digest.told_until == seven(-3)


def test_switching_it_off_takes_back_what_waits(user, section, mailbox):
    make_digest(user, section)
    story(section=section)
    assert queue() == 1
    digests.switch_off(user)
    do_due_letters()
    assert mailbox.mails == []


def test_it_is_part_of_ones_data_and_goes_with_the_account(mine, user, section, mailbox):
    make_digest(user, section)
    story(section=section)
    queue()
    send()
    known = mine.get("/account/data/").json()
    assert known["digest"][0]["hour"] == 7
    assert known["digests"] == [{"day": f"{seven(DUE):%Y-%m-%d}", "state": "sent"}]
    mine.post("/account/delete/", {"proof": ADDRESS})
    assert not Digest.objects.exists()
    assert not Delivery.objects.exists()


def test_old_ones_are_forgotten(user, section):
    make_digest(user, section)
    story(section=section)
    queue()
    assert digests.forget_old() == 0
    assert digests.forget_old(timezone.now() + timedelta(days=32)) == 1


# ---- the link that ends it


def test_one_click_ends_it(mail):
    """As a mail program does it (RFC 8058): no cookie, no question."""
    client = Client(enforce_csrf_checks=True)
    link = link_of(mail)
    for _ in range(2):
        answer = client.post(link, {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert "You are unsubscribed" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert ADDRESS not in answer.text
    assert Digest.objects.get().ending == "reader"


def test_programs_that_open_every_link_end_nothing(mail):
    for method in ("get", "head"):
        assert getattr(Client(), method)(link_of(mail)).status_code == 200
    page = Client().get(link_of(mail)).text
    assert f'action="{link_of(mail)}"' in page
    assert Digest.objects.get().is_on


@pytest.mark.parametrize("how", ["cut", "forged", "other key", "other purpose", "other value", "text"])
def test_it_refuses_other_links(mail, how):
    digest = Digest.objects.get()
    token = link_of(mail).split("/")[3]
    bad = {
        "cut": token[:-3],
        "forged": ("A" if token[0] != "A" else "B") + token[1:],
        "other key": signing.dumps(digest.pk, key="another", salt="newsletters.digest"),
        "other purpose": signing_up.sign("preferences", digest.pk),
        "other value": signing_up.sign("digest", {"pk": digest.pk}),
        "text": "x",
    }[how]
    for act in (Client().get, Client().post):
        answer = act(f"/letters/digest/{bad}/")
        assert answer.status_code == 410
        assert "This link does not work" in answer.text
    assert Client().post(f"/letters/end/{token}/").status_code == 410
    assert Digest.objects.get().is_on


def test_the_link_of_an_account_that_is_gone_says_so(mail):
    link = link_of(mail)
    User.objects.all().delete()
    assert "does not exist any more" in Client().post(link).text


# ---- many readers


def many(count, section):
    """So many accounts with digests, made fast."""
    users = User.objects.bulk_create(User(username=f"u{n}", email=f"u{n}@example.com") for n in range(count))
    from allauth.account.models import EmailAddress

    EmailAddress.objects.bulk_create(EmailAddress(user=u, email=u.email, primary=True, verified=True) for u in users)
    Follow.objects.bulk_create(Follow(user=u, section=section) for u in users)
    since = seven(DUE) - timedelta(days=2)
    Digest.objects.bulk_create(Digest(user=u, chosen_at=since, told_until=since) for u in users)


def test_queries_do_not_grow_with_readers(section, monkeypatch):
    story(section=section)
    monkeypatch.setattr(digests, "BATCH", 20)
    counts = []
    for number in (20, 40):
        Delivery.objects.all().delete()
        User.objects.all().delete()
        many(number, section)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert queue() == number
        counts.append(len(queries))
    assert counts[1] - counts[0] <= 12, "so much for another batch, however many readers it has"


def test_it_costs_little_if_nothing_is_due(django_assert_max_num_queries):
    with django_assert_max_num_queries(9):
        digests.queue_due(seven(0) + timedelta(hours=2))


# ---- programs that are killed, and several at once


@pytest.mark.django_db(transaction=True)
def test_it_goes_on_after_a_kill_and_several_share_the_work(mailbox, send_in_process):
    section = make_section("Business")
    story(section=section)
    many(40, section)
    addresses = [f"u{n}@example.com" for n in range(40)]
    assert queue() == 40
    mailbox.wait = 0.02
    process = send_in_process()
    assert wait_until(lambda: len(mailbox.mails) >= 8, seconds=60), process.poll()
    process.send_signal(signal.SIGKILL)
    process.wait()
    Delivery.objects.filter(state="sending").update(claimed_at=timezone.now() - outbox.LEASE * 2)
    programs = [send_in_process() for _ in range(2)]
    assert [program.wait(timeout=120) for program in programs] == [0, 0]
    assert max(mailbox.counts.values()) == 1, "nobody is mailed twice"
    unknown = Delivery.objects.filter(state="unknown").values_list("digest__user__email", flat=True)
    assert len(unknown) <= 1
    assert set(addresses) - set(mailbox.counts) <= set(unknown), "whoever got nothing is named"
    assert set(Delivery.objects.counts()) <= {"sent", "unknown"}


@pytest.mark.django_db(transaction=True)
def test_two_programs_queue_each_reader_once(mailbox, monkeypatch):
    from concurrent.futures import ThreadPoolExecutor

    section = make_section("Business")
    story(section=section)
    many(60, section)
    monkeypatch.setattr(digests, "BATCH", 7)

    def one(_number):
        try:
            return queue()
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(one, range(3))) == 60
    assert Delivery.objects.count() == 60
    assert not Digest.objects.filter(told_until__lt=seven(DUE)).exists()


def test_a_batch_that_fails_leaves_everybody_to_the_next(section, monkeypatch):
    story(section=section)
    many(5, section)
    monkeypatch.setattr(digests, "refused_among", lambda addresses: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        queue()
    monkeypatch.undo()
    assert not Delivery.objects.exists()
    assert queue() == 5


def test_the_desk_sees_what_became_of_them(section, mailbox):
    make_digest(None, section)
    story(section=section)
    queue()
    send()
    client = Client()
    client.force_login(
        User.objects.create_superuser("chief", "chief@example.org", None), "readers.signing_in.StaffBackend"
    )
    page = client.get("/admin/newsletters/delivery/?q=yuna").text
    assert ADDRESS in page
    assert f"Daily digest of {timezone.localtime(seven(DUE)).date()}" in page or "Daily digest of" in page


def test_tags_that_nobody_follows_bring_nothing(section):
    make_digest(None, make_tag("Boats"))
    story(tags=["Ships"])
    assert Tag.objects.count() == 2
    assert queue() == 0
