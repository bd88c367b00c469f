"""Accounts of the staff, and later of readers, in the admin; the audit log."""

import csv
import json
from datetime import datetime, time, timedelta

import allauth.account.admin  # both register their models, which has to be over before they are unregistered
import allauth.mfa.admin
import allauth.socialaccount.admin  # noqa: F401
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sections.admin_base import LIST_LIMIT, Autocomplete, Explains, PaperAdmin, RowFields, seoul
from sections.models import SectionEditor

from . import second_factor, sessions
from .audit import record
from .models import Action, AuditEntry, User
from .views import end_and_tell

RIGHTS = {"is_active", "is_staff", "is_superuser", "groups", "user_permissions"}


class OneAddress(Explains):
    """Says at the field that another account has the e-mail address, whatever its case."""

    def clean_email(self):
        email = self.cleaned_data["email"]
        if User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise ValidationError(gettext("Another account has this e-mail address."))
        return email


PERSON = {
    "first_name": _("Shown to colleagues: who holds a story, who wrote a note, who changed what."),
    "last_name": _("Shown after the first name."),
    "email": _("One account per address; colleagues who see accounts see it."),
}


class NewAccountForm(OneAddress, AdminUserCreationForm):
    """A new account with its first password."""

    class Meta(AdminUserCreationForm.Meta):
        help_texts = PERSON


class AccountForm(OneAddress, UserChangeForm):
    """An account."""

    class Meta(UserChangeForm.Meta):
        help_texts = PERSON


class SectionInline(RowFields, admin.TabularInline):
    """Sections in which the person may publish; their subsections go along."""

    model = SectionEditor
    extra = 0
    autocomplete_fields = ["section"]
    verbose_name_plural = _("sections given: where a section editor works and publishes")


@admin.register(User)
class StaffAdmin(PaperAdmin, UserAdmin):
    form = AccountForm
    add_form = NewAccountForm
    list_display = ["username", "full_name", "email", "is_staff", "is_active", "has_factor", "last_seen"]
    list_filter = ["is_staff", "is_superuser", "is_active", "groups"]
    search_fields = ["username", "first_name", "last_name", "email"]
    ordering = ["username"]
    add_fieldsets = [
        (None, {"fields": ["username", "email", "first_name", "last_name"]}),
        (_("Password"), {"fields": ["usable_password", "password1", "password2"]}),
    ]
    readonly_fields = ["last_seen", "joined"]
    inlines = [SectionInline]

    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Person"), {"fields": ["first_name", "last_name", "email"]}),
        (_("Rights"), {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]}),
        (_("Record"), {"fields": ["last_seen", "joined"]}),
    ]

    def get_queryset(self, request):
        """Accounts, with whether they have a second factor."""
        totp = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
        return super().get_queryset(request).annotate(has_totp=Exists(totp))

    @admin.display(description=_("name"), ordering="last_name")
    def full_name(self, user):
        return user.get_full_name() or "–"

    @admin.display(description=_("second factor"), boolean=True, ordering="has_totp")
    def has_factor(self, user):
        return user.has_totp

    @admin.display(description=_("last signed in (Seoul time)"), ordering="last_login")
    def last_seen(self, user):
        return seoul(user.last_login)

    @admin.display(description=_("joined (Seoul time)"), ordering="date_joined")
    def joined(self, user):
        return seoul(user.date_joined)

    def has_change_permission(self, request, obj=None):
        """Only a superuser changes a superuser's account."""
        guarded = obj is not None and obj.is_superuser and not request.user.is_superuser
        return not guarded and super().has_change_permission(request, obj)

    def get_readonly_fields(self, request, obj=None):
        return [*self.readonly_fields, *([] if request.user.is_superuser else ["is_superuser"])]

    def why_not_delete(self, user):
        if LogEntry.objects.filter(user=user).exists():
            text = gettext("%(user)s has worked here: switch off “active” instead, so that the record of it stays.")
            return text % {"user": user}
        return ""

    def log_change(self, request, obj, message, action=Action.CHANGED):
        changed = set(getattr(request, "audit_changes", ()))
        if "password" in changed:
            action = Action.PASSWORD_CHANGED
        elif changed & RIGHTS:
            action = Action.ROLE_CHANGED
        return super().log_change(request, obj, message, action)

    # ---- sessions and second factor of somebody else

    def get_inlines(self, request, obj):
        return self.inlines if obj else []

    def get_urls(self):
        view = self.admin_site.admin_view(self.security_view)
        return [path("<int:pk>/security/", view, name="readers_user_security"), *super().get_urls()]

    def security_view(self, request, pk):
        """The open sessions of an account and its second factor, with buttons that end and reset them."""
        user = self.get_object(request, str(pk))
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        if user is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
        if request.method == "POST":
            if "reset" in request.POST:
                self.reset_factor(request, user)
            else:
                end_and_tell(request, user)
            return redirect("admin:readers_user_security", pk)
        context = {
            **self.admin_site.each_context(request),
            **{"title": gettext("Sessions and second factor"), "subtitle": str(user), "opts": self.opts},
            **{"account": user, "factor_on": second_factor.is_on(user)},
            **{"open_sessions": sessions.open_sessions(user), "end_action": request.path},
            "current": request.session.session_key if user.pk == request.user.pk else None,
        }
        return TemplateResponse(request, "admin/readers/user/security.html", context)

    def reset_factor(self, request, user):
        """Switches the second factor of an account off, for somebody who lost phone and recovery codes."""
        with transaction.atomic():
            if done := second_factor.switch_off(user):
                record(Action.FACTOR_OFF, request, user)
        if done:
            said = gettext("The second factor of %(user)s is off until they switch it on again.") % {"user": user}
            self.message_user(request, said, messages.SUCCESS)


class RoleAdmin(PaperAdmin, GroupAdmin):
    """Groups and their rights, with what every admin has."""

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "name":
            kwargs["help_text"] = _("The role, as it is chosen in accounts.")
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def log_change(self, request, obj, message, action=Action.ROLE_CHANGED):
        return super().log_change(request, obj, message, action)


# ---- the audit log


class WhoAndWhenForm(forms.Form):
    user = forms.ModelChoiceField(
        User.objects.order_by(),
        label=_("Who"),
        required=False,
        widget=Autocomplete(AuditEntry._meta.get_field("user"), admin.site),
    )
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def clean(self):
        for name in ("since", "until"):
            if (day := self.cleaned_data.get(name)) and not 2000 <= day.year < 3000:
                self.add_error(name, _("Write a date from 2000 on."))


class WhoAndWhen(admin.ListFilter):
    """One form for a user, found by typing, and the days (Seoul time) from which to which."""

    title = _("who and when")
    template = "admin/readers/auditentry/who_and_when.html"

    def __init__(self, request, params, model, model_admin):
        super().__init__(request, params, model, model_admin)
        for name in self.expected_parameters():
            if name in params:
                self.used_parameters[name] = params.pop(name)[-1]
        self.form = WhoAndWhenForm(self.used_parameters, auto_id="filter_%s", use_required_attribute=False)
        others = {*self.expected_parameters(), "p"}
        self.others = [(name, value) for name in request.GET if name not in others for value in [request.GET[name]]]

    def has_output(self):
        return True

    def expected_parameters(self):
        return list(WhoAndWhenForm.base_fields)

    def choices(self, changelist):
        return []

    def queryset(self, request, queryset):
        valid, given = self.form.is_valid(), self.form.cleaned_data
        # What the page prints is loaded here; what is no account is not looked for again.
        self.form.fields["user"].widget.loaded = given.get("user")
        if not given.get("user"):
            self.form.data = self.form.data | {"user": ""}
        if not valid:
            return queryset.none()
        if given["user"]:
            queryset = queryset.filter(user=given["user"])
        if given["since"]:
            queryset = queryset.filter(at__gte=_midnight(given["since"]))
        if given["until"]:
            queryset = queryset.filter(at__lt=_midnight(given["until"]) + timedelta(days=1))
        return queryset


def _midnight(day):
    return timezone.make_aware(datetime.combine(day, time()))


class KindFilter(admin.SimpleListFilter):
    """The models that the admin knows; nothing asks the log, which is long."""

    title, parameter_name = _("kind"), "kind"

    def lookups(self, request, model_admin):
        models = [model._meta for model in model_admin.admin_site._registry if model is not AuditEntry]
        found = [(opts.label_lower, capfirst(str(opts.verbose_name_plural))) for opts in models]
        return sorted(found, key=lambda pair: pair[1])

    def queryset(self, request, queryset):
        return queryset.filter(model=self.value()) if self.value() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(PaperAdmin):
    list_display = ["shown_at", "who", "action", "kind", "what", "address"]
    list_display_links = ["shown_at"]
    list_filter = [WhoAndWhen, "action", KindFilter]
    search_fields = ["object_words"]
    search_help_text = _("Words of what was changed: a headline, a name.")
    fields = ["shown_at", "who", "address", "action", "kind", "shown_object", "note", "before_and_after"]
    readonly_fields = fields
    # Newest first, as the table's own order says: a list sorted otherwise would read the whole log.
    sortable_by = ()

    @property
    def media(self):
        return super().media + WhoAndWhenForm().media + forms.Media(css={"all": ["css/admin/account.css"]})

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def get_urls(self):
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/", view, name="readers_auditentry_export"), *super().get_urls()]

    @admin.display(description=_("moment (Seoul time)"))
    def shown_at(self, entry):
        return f"{timezone.localtime(entry.at):%Y-%m-%d %H:%M:%S}"

    @admin.display(description=_("who"))
    def who(self, entry):
        return entry.user_name or "–"

    @admin.display(description=_("kind"))
    def kind(self, entry):
        return entry.model_words() or "–"

    @admin.display(description=_("what"))
    def what(self, entry):
        return entry.object_words or entry.note[:80] or "–"

    @admin.display(description=_("what"))
    def shown_object(self, entry):
        words = entry.object_words or "–"
        try:
            url = reverse(f"admin:{entry.model.replace('.', '_')}_change", args=[entry.object_id])
        except NoReverseMatch:
            return words
        return words if entry.action == Action.DELETED else format_html('<a href="{}">{}</a>', url, words)

    @admin.display(description=_("before and after"))
    def before_and_after(self, entry):
        if not entry.changes:
            return "–"
        rows = [(name, _shown(before), _shown(after)) for name, (before, after) in entry.changes.items()]
        return format_html(
            '<table class="before-after"><thead><tr><th scope="col">{}</th><th scope="col">{}</th>'
            '<th scope="col">{}</th></tr></thead><tbody>{}</tbody></table>',
            *(gettext("Field"), gettext("Before"), gettext("After")),
            format_html_join("", '<tr><th scope="row">{}</th><td>{}</td><td>{}</td></tr>', rows),
        )

    def export_view(self, request):
        """The filtered list as CSV, newest first, at most LIST_LIMIT rows. Two queries."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        entries = self.get_changelist_instance(request).get_queryset(request)[:LIST_LIMIT]
        name = f"audit-log-{timezone.localdate()}.csv"
        return StreamingHttpResponse(
            self.csv_lines(entries),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
        )

    def csv_lines(self, entries):
        """The lines of the export, with a mark that tells spreadsheets that it is UTF-8."""
        writer = csv.writer(_Passed())
        yield "\ufeff" + writer.writerow(
            ["moment", "who", "address", "action", "kind", "number", "what", "note", "changes"]
        )
        for entry in entries.iterator(chunk_size=500):
            row = (
                *(timezone.localtime(entry.at).isoformat(), entry.user_name, entry.address or "", entry.action),
                *(entry.model, entry.object_id, entry.object_words, entry.note),
                json.dumps(entry.changes, ensure_ascii=False) if entry.changes else "",
            )
            # A spreadsheet takes what begins like this for a formula.
            yield writer.writerow([f"'{cell}" if cell[:1] in tuple("=+-@\t\r") else cell for cell in row])


class _Passed:
    """A file that hands back what is written to it."""

    def write(self, line):
        return line


def _shown(value):
    if value in (None, "", []):
        return "–"
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return ", ".join(value) if isinstance(value, list) else value


admin.site.unregister([EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken, Group])
admin.site.register(Group, RoleAdmin)
