"""Signing in: what is tried too often is refused, a second factor is asked for, and the audit log says who came.

Limits, all kept in the database and so the same for every worker:

- five wrong passwords or codes for a name from one address: that name pauses there for 15 minutes (django-axes);
- FROM_ADDRESS failures within an hour from one address, whatever the names: the address pauses;
- CODES_OF_USER wrong codes within an hour for one account, whatever the addresses: its codes are refused.
"""

import time
from datetime import timedelta

from axes.backends import AxesStandaloneBackend
from axes.exceptions import AxesBackendPermissionDenied
from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from axes.signals import user_locked_out
from django.contrib import admin
from django.contrib.auth import authenticate, login
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.core.exceptions import PermissionDenied
from django.db.models import Max
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from . import second_factor, sessions
from .audit import record
from .models import FAILURES, Action, AuditEntry, User
from .requests import client_address, limited_address, limited_range

HOUR = timedelta(hours=1)
FROM_ADDRESS = 50
CODES_OF_USER = 20
# Seconds within which the code must follow the password.
CODE_WITHIN = 600
WAITING = "code_wanted"


# ---- limits


class Guard(AxesStandaloneBackend):
    """The first authentication backend: refuses before any password is looked at."""

    def authenticate(self, request, username=None, password=None, **kwargs):
        """None, so that the next backend looks at the password; PermissionDenied where too much was tried."""
        if username is None:  # a reader
            return None
        if until := address_pauses_until(request):
            _refuse(request, until)
            raise PermissionDenied
        try:
            return super().authenticate(request, username=username, password=password, **kwargs)
        except AxesBackendPermissionDenied:
            request.was_refused = True
            raise


class StaffBackend(ModelBackend):
    """Staff by user name and password; nobody else."""

    def user_can_authenticate(self, user):
        """Whether the account is one of the staff and in use."""
        return user.is_staff and super().user_can_authenticate(user)


def is_reader(request, credentials=None):
    """Whether a sign-in comes from the readers' form, which asks for an e-mail address."""
    return credentials is not None and "username" not in credentials


def counted_name(request, credentials=None):
    """The name under which tries are counted, no longer than a name of an account can be."""
    name = (credentials or {}).get("username") or request.POST.get("username", "")
    return str(name).replace("\0", "")[:150]


def address_pauses_until(request):
    """The moment from which the request's address may try again; None where it may now. One query."""
    address = client_address(request)
    if address is None:
        return None
    failures = AuditEntry.objects.filter(action__in=FAILURES, address__range=limited_range(address))
    return _free_again(failures, FROM_ADDRESS)


def codes_pause_until(user):
    """The moment from which codes of this account are looked at again; None where they are now. One query."""
    return _free_again(AuditEntry.objects.filter(action=Action.WRONG_CODE, user=user), CODES_OF_USER)


def _free_again(failures, limit):
    newest = failures.filter(at__gt=timezone.now() - HOUR).order_by("-at").values_list("at", flat=True)
    counted = newest[limit - 1 : limit]
    return counted[0] + HOUR if counted else None


def _refuse(request, until=None):
    """Has the middleware of django-axes answer with `locked_page`."""
    request.axes_locked_out = request.was_refused = True
    request.pauses_until = until


def locked_page(request, response=None, credentials=None):
    """The page that says when to try again: 429, in the admin's look."""
    until = getattr(request, "pauses_until", None) or _axes_pauses_until(request, credentials)
    seconds = max(1, int((until - timezone.now()).total_seconds()))
    context = {
        **admin.site.each_context(request),
        "title": _("Too many tries"),
        "until": timezone.localtime(until + timedelta(seconds=59)),
    }
    answer = render(request, "admin/locked.html", context, status=429)
    answer["Retry-After"] = str(seconds)
    add_never_cache_headers(answer)
    return answer


def _axes_pauses_until(request, credentials):
    name = counted_name(request, credentials)
    tries = AccessAttempt.objects.filter(username=name, ip_address=limited_address(request))
    newest = tries.aggregate(at=Max("attempt_time"))["at"] or timezone.now()
    return newest + get_cool_off(request)


def password_is_right(request, password):
    """Whether this is the password of who is signed in. A wrong one counts like a wrong one at the sign-in."""
    found = authenticate(request, username=request.user.get_username(), password=password)
    return found is not None and found.pk == request.user.pk


# ---- the second step


class AsksForCode:
    """For a sign-in view: where the account has a second factor, the password alone signs nobody in."""

    def form_valid(self, form):
        """The usual answer, or the way to the page that asks for the code."""
        user = form.get_user()
        if not second_factor.is_on(user):
            return super().form_valid(form)
        self.request.session[WAITING] = {
            "user": user.pk,
            "hash": user.get_session_auth_hash(),
            "backend": user.backend,
            "next": self.get_redirect_url(),
            "until": int(time.time()) + CODE_WITHIN,
        }
        return redirect("staff_code")


def who_waits(request):
    """The user whose password was right and who owes the code; None where nobody does, or for too long. One query."""
    waiting = request.session.get(WAITING)
    if not waiting or waiting["until"] < time.time():
        return None
    user = User.objects.filter(pk=waiting["user"], is_active=True).first()
    known = user is not None and constant_time_compare(user.get_session_auth_hash(), waiting["hash"])
    return user if known else None


def try_code(request, user, code):
    """Whether the code is right; it is then taken, and cannot be used again. Refused tries end in `locked_page`."""
    name = {"username": user.get_username()}
    if until := address_pauses_until(request) or codes_pause_until(user):
        _refuse(request, until)
    elif not AxesProxyHandler.is_allowed(request, name):
        _refuse(request)
        request.axes_credentials = name
    elif second_factor.take_code(user, code):
        return True
    else:
        user_login_failed.send(__name__, credentials=name | {"second_factor": True}, request=request)
    return False


def finish(request, user):
    """Signs the user in who gave the code; returns the address to go to, or an empty text."""
    waiting = request.session.pop(WAITING)
    login(request, user, backend=waiting["backend"])
    return waiting["next"]


# ---- what is written down


def connect():
    """Has Django's and django-axes' signals of signing in and out write the audit log."""
    for signal, receiver in (
        (user_logged_in, _signed_in),
        (user_logged_out, _signed_out),
        (user_login_failed, _failed),
        (user_locked_out, _locked_out),
    ):
        signal.connect(receiver, dispatch_uid=f"readers.{receiver.__name__}")


def _signed_in(sender, request, user, **kwargs):
    if user.is_staff:
        record(Action.SIGNED_IN, request, user, user=user)
    sessions.note(request, user)


def _signed_out(sender, request, user, **kwargs):
    if user is not None and user.is_staff:
        record(Action.SIGNED_OUT, request, user, user=user)


def _failed(sender, credentials, request=None, **kwargs):
    """Refused tries are not written down: nobody shall fill the log, or prolong the pause, by knocking on."""
    if request is None or getattr(request, "was_refused", False) or is_reader(request, credentials):
        return
    name = counted_name(request, credentials)
    user = User.objects.filter(username=name).first()
    action = Action.WRONG_CODE if credentials.get("second_factor") else Action.FAILED
    record(action, request, user, user=user, user_name=name)
    if until := address_pauses_until(request):
        record(
            Action.LOCKED_OUT,
            request,
            user_name=name,
            note=_("The address pauses until %(moment)s (Seoul time).")
            % {"moment": f"{timezone.localtime(until):%Y-%m-%d %H:%M}"},
        )


def _locked_out(sender, request, username, **kwargs):
    if not getattr(request, "was_refused", False):
        user = User.objects.filter(username=username or "").first()
        record(Action.LOCKED_OUT, request, user, user=user, user_name=username or "")
