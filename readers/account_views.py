"""A reader's account: what is in it, its sessions, its data as a file, and its end."""

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from . import second_factor, sessions
from .account_forms import DeleteForm, NameForm, PreferencesForm
from .accounts import kept_records, on_account_page, own_data
from .models import Preferences
from .requests import wants_json
from .social import SERVICES


@login_required
@require_safe
def home(request):
    """The account: name, address, password, preferences, open sessions. 6 queries and `on_account_page`'s."""
    return _home(request)


@login_required
@require_POST
def rename(request):
    """Changes the name that the reader is called by."""
    form = NameForm(request.POST, instance=request.user)
    if not form.is_valid():
        return _home(request, status=422, form=form)
    form.save()
    messages.success(request, "Your name was changed.")
    return redirect("account_home")


@login_required
@ensure_csrf_cookie
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request):
    """How the reader wants the paper, as JSON; by POST changes what is sent. 1 query, by POST 4.

    static/js/preferences.js asks for them; a form without script is led back to the account.
    """
    kept = _preferences(request.user)
    if request.method == "POST":
        form = PreferencesForm(request.POST)
        if not form.is_valid():
            if wants_json(request):
                return JsonResponse({"said": "There is no such choice."}, status=422)
            return _home(request, status=422, preferences=form)
        if chosen := form.chosen():
            kept, _made = Preferences.objects.update_or_create(user=request.user, defaults=chosen)
        if not wants_json(request):
            messages.success(request, "Your preferences were kept.")
            return redirect("account_home")
    return JsonResponse(_as_data(kept))


def _preferences(user):
    return Preferences.objects.filter(user=user).first() or Preferences(user=user)


def _as_data(kept):
    until = kept.ticker_closed_until
    return {
        **{"text-size": kept.text_size, "theme": kept.theme, "edition": kept.edition},
        "ticker": max(0, int((until - timezone.now()).total_seconds())) if until else 0,
        # False: the account has none yet.
        "kept": not kept._state.adding,
    }


def _home(request, status=200, form=None, preferences=None):
    kept, kinds = _preferences(request.user), second_factor.kinds_of(request.user)
    usual = {"text_size": "1", "theme": "light dark", "edition": "full"}
    context = {
        "form": form or NameForm(instance=request.user),
        "preferences": preferences
        or PreferencesForm(initial={name: getattr(kept, name) or value for name, value in usual.items()}),
        "services": [SERVICES[name][0] for name in settings.SOCIAL_LOGINS],
        "factor_on": bool(kinds),
        "passkeys": kinds.get("webauthn", 0),
        "open_sessions": sessions.open_sessions(request.user),
        "current": request.session.session_key,
    } | {name: load(request.user) for name, load in on_account_page.items()}
    return TemplateResponse(request, "account/home.html", context, status=status)


@login_required
@require_POST
def end(request):
    """Ends one of one's own sessions (`end`, its number), or all but this one (`all`)."""
    ended = sessions.end_asked(request.user, request.POST, but=request.session.session_key)
    messages.success(request, "Logged out there." if ended else "There was no other device to log out.")
    return redirect("account_home")


@login_required
@require_safe
def data(request):
    """All that the paper knows of the reader, as a JSON file. 5 queries and those of `own_data`."""
    user = request.user
    known = {
        "name": user.first_name,
        "email": user.email,
        "addresses": list(user.emailaddress_set.values("email", "verified")),
        "registered": user.date_joined.isoformat(),
        "last_login": user.last_login and user.last_login.isoformat(),
        "second_factor": second_factor.kinds_of(user),
        "preferences": _as_data(_preferences(user)),
        "connected": [
            {"service": row.provider, "number_there": row.uid, "since": row.date_joined.isoformat()}
            for row in user.socialaccount_set.order_by("pk")
        ],
        "devices": [
            {"browser": row.browser, "address": row.address, "since": row.since.isoformat()}
            for row in sessions.open_sessions(user)
        ],
    } | {name: load(user) for name, load in own_data.items()}
    headers = {"Content-Disposition": f'attachment; filename="my-data-{timezone.localdate()}.json"'}
    return JsonResponse(known, json_dumps_params={"indent": 2, "ensure_ascii": False}, headers=headers)


@login_required
@sensitive_post_parameters()
def delete(request):
    """Deletes the account at once, after asking for the password, and says so by mail."""
    form = DeleteForm(request.user, request.POST if request.method == "POST" else None)
    kept = [said for records in kept_records if (said := records(request.user))]
    if not form.is_valid():
        context = {"form": form, "kept": kept}
        return TemplateResponse(request, "account/delete.html", context, status=422 if form.is_bound else 200)
    user, address = request.user, request.user.email
    with transaction.atomic():
        sessions.end_sessions(user, but=request.session.session_key)
        user.delete()
    logout(request)
    get_adapter().send_mail("account/email/deleted", address, {})
    return TemplateResponse(request, "account/deleted.html", {"kept": kept})


@login_required
def connections(request):
    """Accounts elsewhere with which the reader logs in: connecting and disconnecting them. 2 queries."""
    from allauth.socialaccount.views import connections

    if request.user.is_staff or not (settings.SOCIAL_LOGINS or request.user.socialaccount_set.exists()):
        raise Http404("No other service is configured.")
    response = connections(request)
    if getattr(response, "context_data", None) is not None:
        rows = request.user.socialaccount_set.order_by("date_joined", "pk")
        response.context_data["connected"] = [(row.pk, SERVICES[row.provider][0], row.date_joined) for row in rows]
        response.context_data["errors"] = [
            error for errors in response.context_data["form"].errors.values() for error in errors
        ]
    return response


@require_safe
def login_cancelled(request):
    """Somebody has thought better of it at another service."""
    messages.info(request, "You were not logged in: you have stopped it at the other service.")
    return redirect("account_login")


def too_many(request, exception=None):
    """The answer to a form that was sent too often from one place or for one address."""
    return TemplateResponse(request, "account/too_many.html", {}, status=429, headers={"Retry-After": "300"})
