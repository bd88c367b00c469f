"""Passkeys: a second step that also logs in by itself. Loads the library for them (fido2), so it is imported lazily.

Every passkey is made so that the device keeps it and checks its owner: it opens the account without a password.
"""

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import forms as allauth
from allauth.mfa.webauthn.internal import auth
from allauth.mfa.webauthn.views import AddWebAuthnView, ListWebAuthnView
from django import forms
from django.core.exceptions import ValidationError

from .account_forms import NAME

MOST = 20
WRONG = "The passkey did not fit: try it again."
# What reading an answer of another form than browsers give raises.
ODD = (AttributeError, KeyError, IndexError, OverflowError, TypeError, ValueError)


# Characters of an answer; browsers give a few thousand.
LONGEST = 20_000


class AnswerField(forms.JSONField):
    """What a browser answers, as data."""

    widget = forms.HiddenInput

    def to_python(self, value):
        """The data; ValidationError for anything else."""
        if isinstance(value, str) and len(value) > LONGEST:
            raise ValidationError(WRONG)
        try:
            return super().to_python(value)
        except (RecursionError, ValidationError):
            raise ValidationError(WRONG) from None

    def bound_data(self, data, initial):
        """Nothing: an answer is good once, so no page repeats it."""
        return None


def _name_field():
    return forms.CharField(
        label="Name of the passkey",
        max_length=60,
        required=False,
        validators=[NAME],
        help_text="So that you know it again: the device that has it, for instance.",
    )


class _Careful(forms.Form):
    """What is no answer of a browser is a wrong answer."""

    credential = AnswerField()

    def clean_credential(self):
        try:
            return super().clean_credential()
        except ODD as error:
            raise ValidationError(WRONG) from error


class AddForm(allauth.AddWebAuthnForm):
    """A passkey and its name."""

    name = _name_field()
    credential = AnswerField()
    passwordless = None
    field_order = ["name", "credential"]

    def clean(self):
        """The passkey; ValidationError where it is none, or is one too many."""
        if Authenticator.objects.filter(user=self.user, type=Authenticator.Type.WEBAUTHN).count() >= MOST:
            raise ValidationError(f"You have {MOST} passkeys: remove one first.")
        # Whoever has it needs nothing else, so the device must know its owner.
        self.cleaned_data["passwordless"] = True
        try:
            return super().clean()
        except ODD as error:
            raise ValidationError(WRONG) from error


class RenameForm(allauth.EditWebAuthnForm):
    """The name of a passkey."""

    name = _name_field()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["name"].required = True


class StepForm(_Careful, allauth.AuthenticateWebAuthnForm):
    """A passkey as the second step."""


class LoginForm(_Careful, allauth.LoginWebAuthnForm):
    """A passkey instead of a password."""


class ProveForm(_Careful, allauth.ReauthenticateWebAuthnForm):
    """A passkey before a sensitive act."""


class AddView(AddWebAuthnView):
    """Adds a passkey."""

    def get_context_data(self, **kwargs):
        """With what the browser needs to make one."""
        context = super().get_context_data(**kwargs)
        context["js_data"] = {"creation_options": auth.begin_registration(self.request.user, True)}
        return context


class ListView(ListWebAuthnView):
    """The passkeys, the oldest first."""

    def get_queryset(self):
        """Rows whose data have a name. One query."""
        return super().get_queryset().order_by("created_at", "pk")


add = AddView.as_view()
show = ListView.as_view()
