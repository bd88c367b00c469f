"""Accounts of the staff, and later of readers, in the admin."""

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.exceptions import ValidationError

from sections.admin_base import Explains, PaperAdmin, seoul

from .models import User


class OneAddress(Explains):
    """Says at the field that another account has the e-mail address, whatever its case."""

    def clean_email(self):
        email = self.cleaned_data["email"]
        if User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise ValidationError("Another account has this e-mail address.")
        return email


class NewAccountForm(OneAddress, AdminUserCreationForm):
    """A new account with its first password."""


class AccountForm(OneAddress, UserChangeForm):
    """An account."""


@admin.register(User)
class StaffAdmin(PaperAdmin, UserAdmin):
    form = AccountForm
    add_form = NewAccountForm
    list_display = ["username", "full_name", "email", "is_staff", "is_active", "last_seen"]
    list_filter = ["is_staff", "is_superuser", "is_active", "groups"]
    search_fields = ["username", "first_name", "last_name", "email"]
    ordering = ["username"]
    add_fieldsets = [
        (None, {"fields": ["username", "email", "first_name", "last_name"]}),
        ("Password", {"fields": ["usable_password", "password1", "password2"]}),
    ]
    readonly_fields = ["last_seen", "joined"]

    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Person", {"fields": ["first_name", "last_name", "email"]}),
        ("Rights", {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]}),
        ("Record", {"fields": ["last_seen", "joined"]}),
    ]

    @admin.display(description="name", ordering="last_name")
    def full_name(self, user):
        return user.get_full_name() or "–"

    @admin.display(description="last signed in (Seoul time)", ordering="last_login")
    def last_seen(self, user):
        return seoul(user.last_login)

    @admin.display(description="joined (Seoul time)", ordering="date_joined")
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
            return f"{user} has worked here: switch off “active” instead, so that the record of it stays."
        return ""
