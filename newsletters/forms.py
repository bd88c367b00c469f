"""The forms of readers, and those of the desk."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sections.admin_base import EditorForm, Explains, RowForm, SeoulDateTime

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
