"""The forms of readers, and those of the desk."""

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from readers import account_forms
from sections.admin_base import EditorForm, Explains, RowForm, SeoulDateTime

from . import signing_up
from .addresses import clean_address
from .models import Newsletter


class SignUpForm(forms.Form):
    """An address and the letters that it wants. `key` in its data is the person's (see `addresses`)."""

    email = forms.CharField(required=False, max_length=1000)
    letters = forms.ModelMultipleChoiceField(
        Newsletter.objects.active(),
        to_field_name="slug",
        error_messages={
            "required": "Choose at least one letter.",
            "invalid_choice": "One of these letters is not written any more: choose again.",
            "invalid_list": "Choose at least one letter.",
        },
    )
    # People do not see it; programs that fill in every field do.
    website = forms.CharField(required=False, max_length=1000)

    def clean_email(self):
        address, self.key = clean_address(self.cleaned_data["email"])
        return address

    def clean_letters(self):
        chosen = list(self.cleaned_data["letters"])
        if not chosen:
            raise ValidationError("Choose at least one letter.")
        return chosen

    @property
    def is_trap(self):
        """Whether a program filled it in."""
        return bool(self.data.get("website"))


class RegisterForm(account_forms.RegisterForm):
    """A new account that may order letters at once. 1 query more."""

    letters = forms.MultipleChoiceField(
        label="Newsletters",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "One of these letters is not written any more: choose again."},
    )
    field_order = ["first_name", "email", "password1", "letters", "terms"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.active = {row.slug: row for row in Newsletter.objects.active()}
        self.fields["letters"].choices = [(row.slug, f"{row.name}: {row.rhythm}") for row in self.active.values()]
        if not self.active:
            del self.fields["letters"]

    def clean(self):
        given = super().clean()
        if given.get("letters") and given.get("email"):
            try:
                clean_address(given["email"])
            except ValidationError as error:
                self.add_error("letters", error)
        return given

    @transaction.atomic
    def save(self, request):
        user = super().save(request)
        if chosen := self.cleaned_data.get("letters"):
            signing_up.ask_with_account(user, [self.active[slug] for slug in chosen])
        return user


class NewsletterForm(EditorForm):
    """A letter."""

    weekdays = forms.TypedMultipleChoiceField(
        label=_("Weekdays"),
        choices=Newsletter.Weekday.choices,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("The days on which the rule sends an issue."),
    )


class IssueStoryForm(RowForm):
    """A story of an issue; its words are few."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "text" in self.fields:
            self.fields["text"].widget.attrs["rows"] = 3


class ScheduleForm(Explains, forms.Form):
    """When an issue is to be sent."""

    at = forms.SplitDateTimeField(
        label=_("Send at"), widget=SeoulDateTime, help_text=_("Seoul time. Until then the issue can be taken back.")
    )

    def clean_at(self):
        at = self.cleaned_data["at"]
        if at <= timezone.now():
            raise ValidationError(gettext("This moment has passed: choose one to come, or send it now."))
        return at
