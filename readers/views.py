"""Signing in at the desk, and one's own account: password, second factor, open sessions."""

from django.contrib import admin, messages
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.db import transaction
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from . import second_factor, sessions, signing_in
from .audit import record
from .forms import CodeForm, NewPasswordForm, OwnPassword, SwitchOnForm
from .models import Action

# The secret that is being set up, until a code proves that the app has it.
SETTING_UP = "new_totp_secret"


class StaffSignIn(signing_in.AsksForCode, LoginView):
    """The sign-in of the admin, in its look."""

    template_name = "admin/login.html"
    authentication_form = AdminAuthenticationForm
    next_page = reverse_lazy("admin:index")

    def dispatch(self, request, *args, **kwargs):
        """The form; who is signed in already goes on to the desk."""
        request.current_app = admin.site.name
        if request.method == "GET" and admin.site.has_permission(request):
            return redirect("admin:index")
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs):
        context = {
            **admin.site.each_context(self.request),
            **{"title": _("Log in"), "subtitle": None, "app_path": self.request.get_full_path()},
            "username": self.request.user.get_username(),
        }
        return super().get_context_data(**context, **kwargs)


@never_cache
@sensitive_post_parameters()
def code(request):
    """Asks for the code after a right password, and signs in whoever gives it."""
    user = signing_in.who_waits(request)
    if user is None:
        return redirect("admin:login")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        if signing_in.try_code(request, user, form.cleaned_data["code"]):
            there = signing_in.finish(request, user)
            return redirect(there or ("admin:index" if user.is_staff else "front"))
        form.add_error("code", _("This code is wrong or was used before: type the one that the app shows now."))
    context = {**admin.site.each_context(request), "title": _("Second step"), "form": form}
    return TemplateResponse(request, "admin/sign_in_code.html", context)


def account(request):
    """One's own account: what can be done, and the open sessions. 3 queries."""
    on = second_factor.is_on(request.user)
    return _page(
        request,
        "admin/account.html",
        _("Your account"),
        factor_on=on,
        codes_left=len(second_factor.recovery_codes(request.user)) if on else 0,
        open_sessions=sessions.open_sessions(request.user),
        current=request.session.session_key,
        end_action=reverse_lazy("staff_sessions"),
    )


@require_POST
def end(request):
    """Ends one of one's own sessions (`end`, its number), or all but this one (`all`)."""
    end_and_tell(request, request.user)
    return redirect("staff_account")


def end_and_tell(request, user):
    """Ends what the buttons of the list of sessions ask for, writes it down and says so."""
    mine = request.session.session_key if user.pk == request.user.pk else None
    with transaction.atomic():
        ended = sessions.end_asked(user, request.POST, but=mine)
        if ended is None:
            return
        if ended:
            record(Action.SESSIONS_ENDED, request, user, changes={"sessions": [ended, 0]})
    if ended:
        said = ngettext("%(count)s session was ended.", "%(count)s sessions were ended.", ended) % {"count": ended}
        messages.success(request, said)
    else:
        messages.info(request, _("There was no other session to end."))


@method_decorator(sensitive_post_parameters(), name="dispatch")
class PasswordChange(PasswordChangeView):
    """A new password for oneself; it ends all other sessions."""

    template_name = "admin/new_password.html"
    form_class = NewPasswordForm
    success_url = reverse_lazy("staff_account")
    title = gettext_lazy("Change your password")

    def get_form_kwargs(self):
        """What the form is made of, and the request, whose address is counted."""
        return super().get_form_kwargs() | {"request": self.request}

    def get_context_data(self, **kwargs):
        return super().get_context_data(**admin.site.each_context(self.request), **kwargs)

    @transaction.atomic
    def form_valid(self, form):
        """Saves the password, and ends the sessions that were opened with the former one."""
        sessions.end_sessions(self.request.user, but=self.request.session.session_key)
        response = super().form_valid(form)
        record(Action.PASSWORD_CHANGED, self.request, self.request.user)
        messages.success(self.request, _("Your password was changed. All other sessions were ended."))
        return response


@sensitive_post_parameters()
def factor(request):
    """Switching the second factor on, or what can be done with it while it is on."""
    return _manage(request) if second_factor.is_on(request.user) else _set_up(request)


def _set_up(request):
    secret = request.session.get(SETTING_UP)
    if secret is None:
        secret = request.session[SETTING_UP] = second_factor.new_secret()
    form = SwitchOnForm(request, request.POST if request.method == "POST" else None)
    if form.is_valid():
        if codes := _switch_on(request, secret, form.cleaned_data["code"]):
            messages.success(request, _("The second factor is on: from now on, signing in asks for a code."))
            return _show_codes(request, codes)
        form.add_error("code", _("This is not the code of now: look at the app again, and at the clock of your phone."))
    return _page(
        request,
        "admin/second_factor_set_up.html",
        _("Switch on the second factor"),
        form=form,
        picture=second_factor.picture(request.user, secret),
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
    )


@transaction.atomic
def _switch_on(request, secret, code):
    codes = second_factor.switch_on(request.user, secret, code)
    if codes:
        del request.session[SETTING_UP]
        record(Action.FACTOR_ON, request, request.user)
    return codes


def _manage(request):
    form = OwnPassword(request, request.POST if request.method == "POST" else None)
    if form.is_valid():
        act = request.POST.get("act")
        if act == "show":
            return _show_codes(request, second_factor.recovery_codes(request.user))
        if act == "renew":
            with transaction.atomic():
                codes = second_factor.renew_codes(request.user)
                record(Action.CODES_RENEWED, request, request.user)
            messages.success(request, _("These are new codes; the former ones are void."))
            return _show_codes(request, codes or [])
        if act == "off":
            with transaction.atomic():
                second_factor.switch_off(request.user)
                record(Action.FACTOR_OFF, request, request.user)
            messages.success(request, _("The second factor is off: signing in asks for the password alone."))
            return redirect("staff_account")
    return _page(request, "admin/second_factor.html", _("Your second factor"), form=form)


def _show_codes(request, codes):
    return _page(request, "admin/recovery_codes.html", _("Your recovery codes"), codes=codes)


def _page(request, template, title, **context):
    return TemplateResponse(request, template, {**admin.site.each_context(request), "title": title, **context})
