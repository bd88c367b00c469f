"""Open sessions, of staff and of readers: noting them, listing them, ending them."""

import time

from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import IntegrityError
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from .models import OpenSession
from .requests import client_address

# "Last seen" is written at most this often.
SEEN_SECONDS = 60
SEEN = "seen"


def note(request, user):
    """Writes down that the user is signed in with this session, and that now. Two queries."""
    if not request.session.session_key:
        request.session.save()
    key = request.session.session_key
    row = OpenSession(
        session_id=key,
        user=user,
        address=client_address(request),
        browser=request.META.get("HTTP_USER_AGENT", "")[:300].replace("\0", ""),
    )
    try:
        OpenSession.objects.bulk_create(
            [row],
            update_conflicts=True,
            unique_fields=["session"],
            update_fields=["user", "address", "browser", "last_seen"],
        )
    except IntegrityError:  # somebody ended the session at this moment
        return
    request.session[SEEN] = [key, int(time.time())]


def keep_seen(request):
    """Notes the session unless that was done within the last minute; no query then."""
    key, at = request.session.get(SEEN, ("", 0))
    # A password change gives the session another key.
    if key != request.session.session_key or time.time() - at >= SEEN_SECONDS:
        note(request, request.user)


def open_sessions(user):
    """The sessions in which the user is signed in now, the one seen last first. One query.

    A session opened with a former password is none: its next request is refused.
    """
    rows = OpenSession.objects.filter(user=user, session__expire_date__gt=timezone.now())
    valid = user.get_session_auth_hash()
    return [
        row
        for row in rows.select_related("session").order_by("-last_seen", "-pk")
        if constant_time_compare(row.session.get_decoded().get(HASH_SESSION_KEY, ""), valid)
    ]


def end_sessions(user, only=None, but=None):
    """Ends the sessions of the user: all, `only` the one with that number, or all `but` the one with that key.

    Returns how many. The very next request of those browsers is signed out.
    """
    rows = OpenSession.objects.filter(user=user)
    if only is not None:
        rows = rows.filter(pk=only)
    if but is not None:
        rows = rows.exclude(session_id=but)
    keys = list(rows.values_list("session_id", flat=True))
    Session.objects.filter(pk__in=keys).delete()
    return len(keys)


def end_asked(user, asked, but=None):
    """Ends what the buttons of a list of sessions ask for: `end`, the number of one, or `all` but the one with a key.

    Returns how many, None where nothing was asked for.
    """
    number = asked.get("end", "")
    only = int(number) if number.isascii() and number.isdecimal() and len(number) < 19 else None
    if only is None and "all" not in asked:
        return None
    return end_sessions(user, only=only, but=but)
