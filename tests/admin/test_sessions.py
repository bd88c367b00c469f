"""Open sessions: who is signed in where, and ending that."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from readers import sessions
from readers.models import Action, AuditEntry, OpenSession
from tests.admin.posting import page, told
from tests.admin.test_sign_in import is_in, sign_in
from tests.factories import make_staff

pytestmark = pytest.mark.django_db

ACCOUNT = "/admin/account/"
END = "/admin/account/sessions/"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"


def signed_in(user="editor", agent=WINDOWS):
    client = Client(headers={"user-agent": agent})
    assert sign_in(username=user, client=client).status_code == 302
    return client


def rows(response):
    return [row.get_text(" ", strip=True) for row in page(response).select(".record tbody tr")]


def test_each_browser_is_listed_and_this_one_marked(editor, queries):
    desk, _ = signed_in(), signed_in(agent=PHONE)
    with queries(8):
        found = rows(desk.get(ACCOUNT))
    assert len(found) == 2
    mine, other = sorted(found, key=lambda row: "This browser" not in row)
    assert "Firefox on Windows 203.0.113.7" in mine
    assert "This browser" in mine
    assert "Safari on iPhone" in other
    assert "End the session of Safari on iPhone" in other


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (WINDOWS, "Firefox on Windows"),
        (PHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Linux"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8", "Unknown browser"),
        ("", "Unknown browser"),
    ],
)
def test_browsers_are_told_in_words(agent, words):
    assert OpenSession(browser=agent).browser_words() == words


def test_no_key_of_a_session_is_on_the_page(editor):
    desk, other = signed_in(), signed_in()
    text = desk.get(ACCOUNT).text
    assert other.session.session_key not in text
    assert desk.session.session_key not in text


def test_ending_one_signs_that_browser_out_at_once(editor):
    desk, phone, tablet = signed_in(), signed_in(agent=PHONE), signed_in()
    found = OpenSession.objects.get(session_id=phone.session.session_key)
    assert "1 session was ended." in told(desk.post(END, {"end": found.pk}, follow=True))
    assert [is_in(client) for client in (desk, phone, tablet)] == [True, False, True]
    entry = AuditEntry.objects.get(action=Action.SESSIONS_ENDED)
    assert entry.user == editor


def test_ending_all_others_keeps_this_one(editor):
    desk, phone, tablet = signed_in(), signed_in(agent=PHONE), signed_in()
    assert "2 sessions were ended." in told(desk.post(END, {"all": "1"}, follow=True))
    assert [is_in(client) for client in (desk, phone, tablet)] == [True, False, False]
    assert "no other session" in told(desk.post(END, {"all": "1"}, follow=True))


@pytest.mark.parametrize("end", ["", "x", "-1", "9" * 30, "٣", "999999"])
def test_what_is_no_session_ends_none(editor, end):
    desk, other = signed_in(), signed_in()
    assert desk.post(END, {"end": end}).status_code == 302
    assert is_in(desk)
    assert is_in(other)


def test_nobody_ends_a_session_of_somebody_else(editor):
    make_staff("cha", superuser=False)
    theirs, mine = signed_in("cha"), signed_in()
    found = OpenSession.objects.get(session_id=theirs.session.session_key)
    mine.post(END, {"end": found.pk})
    assert is_in(theirs)
    assert Client().post(END, {"all": "1"})["Location"].startswith(reverse("admin:login"))


def test_ending_needs_a_post(desk):
    assert desk.get(END).status_code == 405


def test_a_changed_password_ends_the_other_sessions(editor):
    desk, phone = signed_in(), signed_in(agent=PHONE)
    words = {"old_password": "password", "new_password1": "Nightjar-2026", "new_password2": "Nightjar-2026"}
    desk.post(reverse("admin:password_change"), words)
    assert [is_in(client) for client in (desk, phone)] == [True, False]
    assert len(rows(desk.get(ACCOUNT))) == 1
    assert Session.objects.count() == 1


def test_a_password_that_an_administrator_sets_ends_all_sessions(desk):
    user = make_staff("cha", superuser=False)
    theirs = signed_in("cha")
    assert len(sessions.open_sessions(user)) == 1
    url = reverse("admin:auth_user_password_change", args=[user.pk])
    words = {"password1": "Nightjar-2026", "password2": "Nightjar-2026", "set-password": "1"}
    assert desk.post(url, {**words, "usable_password": "true"}).status_code == 302
    user.refresh_from_db()
    assert sessions.open_sessions(user) == []
    assert not is_in(theirs)


def test_signing_out_takes_the_session_off_the_list(editor):
    desk, phone = signed_in(), signed_in(agent=PHONE)
    phone.post(reverse("admin:logout"))
    assert len(rows(desk.get(ACCOUNT))) == 1
    assert OpenSession.objects.count() == 1


def test_sessions_that_ran_out_are_not_listed(editor):
    desk, phone = signed_in(), signed_in(agent=PHONE)
    Session.objects.filter(pk=phone.session.session_key).update(expire_date=timezone.now() - timedelta(days=1))
    assert len(rows(desk.get(ACCOUNT))) == 1


def test_last_seen_is_written_once_a_minute(editor, time_machine, django_assert_num_queries):
    time_machine.move_to("2026-11-25 10:00:00+09:00", tick=False)
    desk = signed_in()
    time_machine.shift(timedelta(seconds=50))
    with django_assert_num_queries(2):  # session and user
        desk.get("/admin/jsi18n/")
    assert OpenSession.objects.get().last_seen.minute == 0
    time_machine.shift(timedelta(seconds=20))
    desk.get("/admin/jsi18n/")
    assert OpenSession.objects.get().last_seen.minute == 1


def test_a_session_from_before_the_list_is_listed_when_it_is_seen(desk):
    OpenSession.objects.all().delete()
    session = desk.session
    del session[sessions.SEEN]
    session.save()
    assert len(rows(desk.get(ACCOUNT))) == 1


def test_an_ended_session_is_not_brought_back(editor):
    """A request that was under way while its session was ended writes nothing."""
    desk = signed_in()
    session = desk.session
    session[sessions.SEEN] = ["", 0]
    sessions.end_sessions(editor)
    with pytest.raises(UpdateError):
        session.save()
    assert not is_in(desk)
    assert Session.objects.filter(pk=session.session_key).count() == 0


# ---- somebody else's


def test_an_administrator_ends_sessions_of_the_staff(client, editor):
    user = make_staff("cha", superuser=False)
    manager = make_staff("manager", superuser=False)
    manager.user_permissions.set(Permission.objects.filter(codename__in=["change_user", "view_user"]))
    first, second = signed_in("cha"), signed_in("cha", PHONE)
    client.force_login(manager)
    url = reverse("admin:readers_user_security", args=[user.pk])
    assert len(rows(client.get(url))) == 2
    client.post(url, {"end": OpenSession.objects.get(session_id=first.session.session_key).pk})
    assert [is_in(browser) for browser in (first, second)] == [False, True]
    client.post(url, {"all": "1"})
    assert not is_in(second)
    entry = AuditEntry.objects.filter(action=Action.SESSIONS_ENDED).first()
    assert (entry.user, entry.object_words) == (manager, "cha")
    superusers = reverse("admin:readers_user_security", args=[editor.pk])
    assert client.post(superusers, {"all": "1"}).status_code == 403


def test_an_account_that_is_not_there(desk):
    assert desk.get(reverse("admin:readers_user_security", args=[999999])).status_code == 302
