"""Forms of signing in and of one's own account."""

from django import forms
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from .signing_in import password_is_right

WRONG_PASSWORD = _("This is not your password: type it again.")


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}),
        help_text=_("Six digits from your authenticator app, or one of your recovery codes."),
    )


class OwnPassword(forms.Form):
    """Asks for the password of who is signed in; a wrong one counts like a wrong one at the sign-in."""

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, request, *args, **kwargs):
        self.request = request
        super().__init__(*args, **kwargs)

    def clean_password(self):
        if not password_is_right(self.request, self.cleaned_data["password"]):
            raise ValidationError(WRONG_PASSWORD)
        return self.cleaned_data["password"]


class SwitchOnForm(OwnPassword):
    """The first code of a new second factor, and the password: an open session alone shall not lock its owner out."""

    code = CodeForm.declared_fields["code"]
    field_order = ["code", "password"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["code"].help_text = _("The six digits that your app shows now.")
        self.fields["code"].widget.attrs.pop("autofocus")


class NewPasswordForm(AdminPasswordChangeForm):
    """A new password for oneself."""

    def __init__(self, user, *args, request, **kwargs):
        self.request = request
        super().__init__(user, *args, **kwargs)

    def clean_old_password(self):
        if not password_is_right(self.request, self.cleaned_data["old_password"]):
            raise ValidationError(WRONG_PASSWORD)
        return self.cleaned_data["old_password"]
