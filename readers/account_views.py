"""A reader's account: what is in it, its sessions, its data as a file, and its end."""

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from . import second_factor, sessions
from .account_forms import DeleteForm, NameForm
from .accounts import kept_records, own_data, own_lists


@login_required
@require_safe
def home(request):
    """The account: name, address, password, second factor, open sessions. 5 queries and those of `own_lists`."""
    return _home(request, NameForm(instance=request.user))


@login_required
@require_POST
def rename(request):
    """Changes the name that the reader is called by."""
    form = NameForm(request.POST, instance=request.user)
    if not form.is_valid():
        return _home(request, form, status=422)
    form.save()
    messages.success(request, "Your name was changed.")
    return redirect("account_home")


def _home(request, form, status=200):
    context = {
        "form": form,
        "factor_on": second_factor.is_on(request.user),
        "open_sessions": sessions.open_sessions(request.user),
        "current": request.session.session_key,
        "own_lists": [found for load in own_lists if (found := load(request.user))],
    }
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
    """All that the paper knows of the reader, as a JSON file. 3 queries and those of `own_data`."""
    user = request.user
    known = {
        "name": user.first_name,
        "email": user.email,
        "addresses": list(user.emailaddress_set.values("email", "verified")),
        "registered": user.date_joined.isoformat(),
        "last_login": user.last_login and user.last_login.isoformat(),
        "second_factor": second_factor.is_on(user),
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


def too_many(request, exception=None):
    """The answer to a form that was sent too often from one place or for one address."""
    return TemplateResponse(request, "account/too_many.html", {}, status=429, headers={"Retry-After": "300"})
