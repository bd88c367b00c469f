"""The forms of readers' accounts, where they differ from django-allauth's."""

from datetime import timedelta

from allauth.account import forms as allauth
from allauth.socialaccount import forms as social
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils import timezone

from .accounts import account_of, readers_only
from .models import Preferences, User

# A name is a name: no address that a mail of ours would carry to a stranger, and nothing that breaks a header.
NAME = RegexValidator(
    r"\A[^<>@/\\\x00-\x1f\x7f]+\Z", "Write your name with letters: it cannot have signs like @ / < >."
)


class Registering(forms.Form):
    """What every new account is asked. What the form answers is the same whether the address has an account already."""

    first_name = forms.CharField(
        label="Name", max_length=80, validators=[NAME], widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    terms = forms.BooleanField(label="I agree to the Terms of Service and the Privacy Statement")
    field_order = ["first_name", "email", "password1", "terms"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "E-mail address"
        self.fields["email"].help_text = "We send one message to confirm it."
        self.label_suffix = ""

    def validate_unique_email(self, value):
        """The address; notes where it has an account already, also in another spelling."""
        value = super().validate_unique_email(value)
        self.account_already_exists = self.account_already_exists or account_of(value) is not None
        return value


class RegisterForm(Registering, allauth.SignupForm):
    """A new account with an address and a password."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = (
            "Twelve characters or more; a short sentence works well. "
            "Or leave it empty, and log in with a code that comes by mail."
        )


class SocialRegisterForm(Registering, social.SignupForm):
    """A new account of somebody who comes from another service."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.order_fields(["first_name", "email", "terms"])
        service = self.sociallogin.provider.name
        self.fields["email"].help_text = f"We send one message to confirm it, unless {service} has done so."


class LoginForm(allauth.LoginForm):
    """E-mail address and password."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "E-mail address"
        # The link stands below the form.
        self.fields["password"].help_text = ""
        self.fields["remember"].label = "Keep me logged in on this device"
        self.label_suffix = ""


class AskingForAddress(forms.Form):
    """A form with nothing but an address."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "E-mail address"
        self.label_suffix = ""


class ResetPasswordForm(AskingForAddress, allauth.ResetPasswordForm):
    """Asks for a new password; the desk's are set at the desk."""

    def clean_email(self):
        """The address; `users` are the readers who get a mail."""
        email = super().clean_email()
        self.users = readers_only(self.users)
        return email


class RequestCodeForm(AskingForAddress, allauth.RequestLoginCodeForm):
    """Asks for a code by mail."""

    def clean_email(self):
        """The address; the user who gets a code is a reader or nobody."""
        email = super().clean_email()
        if self._user and self._user.is_staff:
            self._user = None
        return email


class DeleteForm(forms.Form):
    """Asks whether it is meant: with the password, or with the address where there is no password."""

    proof = forms.CharField(max_length=254)

    def __init__(self, user, *args, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)
        self.user = user
        field = self.fields["proof"]
        if user.has_usable_password():
            field.label = "Your password"
            field.widget = forms.PasswordInput(attrs={"autocomplete": "current-password"})
        else:
            field.label = "Your e-mail address"
            field.widget = forms.EmailInput(attrs={"autocomplete": "email"})

    def clean_proof(self):
        """Nothing; ValidationError where it is wrong."""
        given = self.cleaned_data["proof"]
        if self.user.has_usable_password():
            if not self.user.check_password(given):
                raise ValidationError("This is not your password: type it again.")
        elif given.strip().lower() != self.user.email.lower():
            raise ValidationError("This is not the address of your account: type it again.")
        return given


class NameForm(forms.ModelForm):
    """The name that a reader is called by."""

    first_name = forms.CharField(
        label="Name", max_length=80, validators=[NAME], widget=forms.TextInput(attrs={"autocomplete": "name"})
    )

    class Meta:
        model = User
        fields = ["first_name"]


class PreferencesForm(forms.Form):
    """How a reader wants the paper. Whatever is not sent stays as it is."""

    text_size = forms.ChoiceField(choices=Preferences.TextSize, required=False, widget=forms.RadioSelect)
    theme = forms.ChoiceField(label="Appearance", choices=Preferences.Theme, required=False, widget=forms.RadioSelect)
    edition = forms.ChoiceField(choices=Preferences.Edition, required=False, widget=forms.RadioSelect)
    # Seconds for which the ticker stays closed: clocks of browsers go wrong.
    ticker = forms.IntegerField(min_value=0, max_value=86_400, required=False)

    def add_prefix(self, field_name):
        """The names that the browser's own store has."""
        return field_name.replace("_", "-")

    def chosen(self):
        """What was sent, as {field of Preferences: value}."""
        given = {name: self.cleaned_data[name] for name in self.fields if self.cleaned_data[name] not in ("", None)}
        if (seconds := given.pop("ticker", None)) is not None:
            given["ticker_closed_until"] = timezone.now() + timedelta(seconds=seconds) if seconds else None
        return given
