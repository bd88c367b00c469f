"""Sending over a real SMTP server: killed programs, several at once, refusals, rates. Nobody twice, nobody left out."""

import signal
import smtplib
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from newsletters import outbox, sending, signing_up
from newsletters.models import Delivery, Issue, Subscription
from newsletters.working import do_due_letters
from tests.waiting import wait_until

from .conftest import make_issue, make_letter, make_reader, ready

ADDRESS = "reader@example.com"


@pytest.fixture
def letter(db):
    return make_letter()


def readers(letter, count):
    """So many readers; their addresses."""
    return [make_reader(f"r{number}@example.com", letter).address for number in range(count)]


def lease_over():
    """As if LEASE had passed since every claim."""
    Delivery.objects.filter(state="sending").update(claimed_at=timezone.now() - outbox.LEASE * 2)


def states():
    return Delivery.objects.counts()


# ---- an ordinary issue


@pytest.mark.django_db
def test_it_mails_everybody_once(letter, mailbox):
    addresses = readers(letter, 5)
    make_reader("waiting@example.com", letter, confirmed_at=None)
    make_reader("gone@example.com", letter, ended_at=timezone.now(), ending="reader")
    make_reader("other@example.com", make_letter("Other"))
    issue = ready(make_issue(letter))
    assert do_due_letters() == (0, 1, 5)
    assert mailbox.counts == dict.fromkeys(addresses, 1)
    issue.refresh_from_db()
    assert issue.state == "sent"
    assert do_due_letters() == (0, 0, 0)
    assert len({mail["Message-ID"] for _, mail in mailbox.mails}) == 5


@pytest.mark.django_db
def test_it_waits_for_its_moment(letter, mailbox):
    readers(letter, 1)
    issue = ready(make_issue(letter), send_at=timezone.now() + timedelta(hours=1))
    assert do_due_letters() == (0, 0, 0)
    assert Client().get(f"/newsletters/{letter.slug}/{issue.day}/").status_code == 404
    Issue.objects.update(send_at=timezone.now())
    do_due_letters()
    assert Client().get(f"/newsletters/{letter.slug}/{issue.day}/").status_code == 200


@pytest.mark.django_db
def test_it_keeps_the_rate(letter, mailbox, settings):
    settings.NEWSLETTER_RATE = 20
    readers(letter, 11)
    ready(make_issue(letter))
    began = time.monotonic()
    do_due_letters()
    assert time.monotonic() - began >= 10 / 20
    assert len(mailbox.mails) == 11


@pytest.mark.django_db
def test_it_mails_nobody_who_has_just_unsubscribed(letter, mailbox):
    readers(letter, 1)
    reader = make_reader(ADDRESS, letter)
    ready(make_issue(letter))
    sending.start_due()
    assert Delivery.objects.count() == 2
    # By the program that knows of deliveries, and by one that does not.
    signing_up.end(reader)
    assert Delivery.objects.count() == 1
    Subscription.objects.update(ended_at=timezone.now(), ending="reader")
    do_due_letters()
    assert mailbox.mails == []
    assert Issue.objects.get().state == "sent"


@pytest.mark.django_db
def test_it_has_one_row_for_an_issue_and_reader(letter):
    from django.db import IntegrityError, transaction

    reader, issue = make_reader(ADDRESS, letter), make_issue(letter)
    Delivery.objects.create(issue=issue, subscriber=reader)
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.create(issue=issue, subscriber=reader)


# ---- refusals


@pytest.mark.django_db
def test_it_tries_again_later_what_was_refused_for_now(letter, mailbox):
    make_reader(ADDRESS, letter)
    mailbox.refuse[ADDRESS] = "451 4.7.1 greylisted"
    issue = ready(make_issue(letter))
    do_due_letters()
    row = Delivery.objects.get()
    assert (row.state, row.attempts) == ("queued", 1)
    assert row.due_at > timezone.now() + timedelta(seconds=50)
    assert "greylisted" in row.error
    mailbox.refuse.clear()
    do_due_letters()
    assert mailbox.mails == []
    Delivery.objects.update(due_at=timezone.now())
    do_due_letters()
    assert mailbox.counts == {ADDRESS: 1}
    issue.refresh_from_db()
    assert issue.state == "sent"


@pytest.mark.django_db
def test_it_gives_up_after_the_last_pause(letter, mailbox):
    make_reader(ADDRESS, letter)
    mailbox.refuse_mail[ADDRESS] = "452 4.2.2 mailbox full"
    ready(make_issue(letter))
    for _ in range(len(sending.PAUSES) + 2):
        do_due_letters()
        Delivery.objects.filter(state="queued").update(due_at=timezone.now())
    row = Delivery.objects.get()
    assert (row.state, row.attempts) == ("failed", len(sending.PAUSES) + 1)
    assert Issue.objects.get().state == "sent"
    assert Subscription.objects.active().count() == 1


@pytest.mark.django_db
def test_it_ends_what_a_mailbox_refuses_for_good_twice(letter, mailbox):
    make_reader(ADDRESS, letter)
    mailbox.refuse[ADDRESS] = "550 5.1.1 no such user"
    for number in range(2):
        assert Subscription.objects.active().count() == 1
        ready(make_issue(letter), day=timezone.localdate() - timedelta(days=number))
        do_due_letters()
    assert Subscription.objects.get().ending == "bounce"
    assert states() == {"failed": 2}


@pytest.mark.django_db
def test_it_blames_no_reader_for_what_a_server_thinks_of_the_paper(letter, mailbox):
    make_reader(ADDRESS, letter)
    mailbox.refuse[ADDRESS] = "550 5.7.1 blocked for spam"
    for number in range(3):
        ready(make_issue(letter), day=timezone.localdate() - timedelta(days=number))
        do_due_letters()
    assert Subscription.objects.active().count() == 1


@pytest.mark.django_db
def test_it_waits_where_the_server_is_away(letter, mailbox, settings):
    readers(letter, 3)
    ready(make_issue(letter))
    there, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    assert do_due_letters() == (0, 1, 1)
    assert states() == {"queued": 3}
    settings.EMAIL_PORT = there
    Delivery.objects.update(due_at=timezone.now())
    do_due_letters()
    assert sum(mailbox.counts.values()) == len(mailbox.counts) == 3


@pytest.mark.django_db
def test_it_blames_nobody_for_a_letter_that_cannot_be_made(letter, mailbox, monkeypatch):
    readers(letter, 3)
    ready(make_issue(letter))
    monkeypatch.setattr("newsletters.mails.render_issue", lambda issue: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        do_due_letters()
    assert states() == {"queued": 3}


@pytest.mark.django_db
def test_it_knows_that_it_does_not_know(letter, mailbox):
    """The connection breaks after the mail was handed over: it is not sent again by itself, but by the desk."""
    readers(letter, 2)
    mailbox.drop_at_data.add("r0@example.com")
    ready(make_issue(letter))
    do_due_letters()
    assert states() == {"unknown": 1, "sent": 1}
    mailbox.drop_at_data.clear()
    do_due_letters()
    assert mailbox.counts == {"r1@example.com": 1}
    before = Delivery.objects.get(state="unknown").message_id
    assert sending.settle(Delivery.objects.all(), was_sent=False) == 1
    do_due_letters()
    assert mailbox.counts == {"r0@example.com": 1, "r1@example.com": 1}
    assert mailbox.to("r0@example.com")[0]["Message-ID"] == before
    assert Issue.objects.get().state == "sent"


# ---- claims


@pytest.mark.django_db
def test_it_hands_nothing_over_once_the_claim_is_lost(letter, mailbox):
    """A program that stood still for longer than LEASE, and goes on when another has taken its mail over."""
    readers(letter, 1)
    ready(make_issue(letter))
    sending.start_due()
    late, _wait = sending.claim()
    lease_over()
    assert outbox.recover(Delivery) == (1, 0)
    do_due_letters()
    with sending.open_post() as post:
        sending.Sender(post).send(late)
    assert mailbox.counts == {"r0@example.com": 1}
    assert states() == {"sent": 1}


@pytest.mark.django_db
def test_it_believes_a_late_program_that_its_mail_was_taken(letter, mailbox, monkeypatch):
    readers(letter, 1)
    ready(make_issue(letter))
    sending.start_due()
    late, _wait = sending.claim()
    data = smtplib.SMTP.data

    def slow(self, message):
        answer = data(self, message)
        lease_over()
        assert outbox.recover(Delivery) == (0, 1)
        return answer

    monkeypatch.setattr(smtplib.SMTP, "data", slow)
    with sending.open_post() as post:
        sending.Sender(post).send(late)
    assert states() == {"sent": 1}


# ---- programs that are killed, and several at once: real processes, a real server that counts


@pytest.mark.django_db(transaction=True)
def test_it_goes_on_after_a_kill_in_the_middle(mailbox, send_in_process):
    letter = make_letter()
    addresses = readers(letter, 60)
    ready(make_issue(letter))
    mailbox.wait = 0.02
    kills = 0
    while kills < 3:
        before = len(mailbox.mails)
        process = send_in_process()
        assert wait_until(lambda before=before: len(mailbox.mails) >= before + 8, seconds=60), process.poll()
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills += 1
        lease_over()
    mailbox.wait = 0
    process = send_in_process()
    assert process.wait(timeout=120) == 0
    found = states()
    assert set(found) <= {"sent", "unknown"}
    assert max(mailbox.counts.values()) == 1, "nobody is mailed twice"
    unknown = set(Delivery.objects.filter(state="unknown").values_list("subscriber__address", flat=True))
    assert len(unknown) <= kills, "a killed program leaves at most one mail of which nobody knows"
    assert set(addresses) - set(mailbox.counts) <= unknown, "whoever got nothing is named"
    # The desk looks into the server's log and settles them.
    for row in Delivery.objects.filter(state="unknown").select_related("subscriber"):
        was_sent = row.subscriber.address in mailbox.counts
        sending.settle(Delivery.objects.filter(pk=row.pk), was_sent=was_sent)
    do_due_letters()
    assert mailbox.counts == dict.fromkeys(addresses, 1)
    assert Issue.objects.get().state == "sent"


@pytest.mark.django_db(transaction=True)
def test_it_sends_what_was_certainly_not_handed_over(mailbox, send_in_process):
    """Killed while the server thinks about the recipient."""
    letter = make_letter()
    addresses = readers(letter, 4)
    ready(make_issue(letter))
    mailbox.hold_at_rcpt.add("r2@example.com")
    process = send_in_process()
    assert wait_until(lambda: mailbox.held, seconds=60)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert states() == {"sent": 2, "sending": 1, "queued": 1}
    mailbox.hold_at_rcpt.clear()
    # Before the lease is over nobody touches it.
    do_due_letters()
    assert states() == {"sent": 3, "sending": 1}
    lease_over()
    do_due_letters()
    assert mailbox.counts == dict.fromkeys(addresses, 1)
    assert states() == {"sent": 4}


@pytest.mark.django_db(transaction=True)
def test_it_does_not_send_again_what_the_server_may_have_taken(mailbox, send_in_process):
    """Killed after the server has the mail and before it has said so: the window that remains."""
    letter = make_letter()
    addresses = readers(letter, 3)
    ready(make_issue(letter))
    mailbox.hold_after_data.add("r1@example.com")
    process = send_in_process()
    assert wait_until(lambda: mailbox.held, seconds=60)
    process.send_signal(signal.SIGKILL)
    process.wait()
    mailbox.hold_after_data.clear()
    lease_over()
    do_due_letters()
    assert states() == {"sent": 2, "unknown": 1}
    assert mailbox.counts == dict.fromkeys(addresses, 1)


@pytest.mark.django_db(transaction=True)
def test_several_programs_share_the_work(mailbox, send_in_process):
    letter = make_letter()
    addresses = readers(letter, 80)
    ready(make_issue(letter))
    mailbox.wait = 0.01
    programs = [send_in_process() for _ in range(3)]
    assert [program.wait(timeout=120) for program in programs] == [0, 0, 0]
    assert mailbox.counts == dict.fromkeys(addresses, 1)
    assert states() == {"sent": 80}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT claim) FROM newsletters_delivery")
        assert cursor.fetchone() == (80,)
