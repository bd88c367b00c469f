"""The forms of readers, and those of the desk."""

from datetime import timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from newsletters.addresses import clean_address
from sections.admin_base import EditorForm

from . import contacts, licensing
from .models import LicenceRequest

# The paper needs so many days until it comes to a new door; whoever moves may order some weeks before.
DAYS_TO_DELIVER, DAYS_AHEAD = 2, 90
TERMS = "I agree to the Terms of Service and the Privacy Statement"


class Cleaned(forms.CharField):
    """A text that one of the functions of `contacts` cleans."""

    def __init__(self, clean_with, **options):
        super().__init__(**options)
        self.clean_with = clean_with

    def clean(self, value):
        value = super().clean(value)
        return self.clean_with(value) if value else value


def filled(autocomplete, **attributes):
    """A text input that browsers can fill in."""
    return forms.TextInput(attrs={"autocomplete": autocomplete, **attributes})


class ContactForm(forms.Form):
    """Who asks. A reader who is signed in has confirmed an address already: `user` makes it that one."""

    name = Cleaned(contacts.clean_name, label="Name", max_length=80, widget=filled("name"))
    email = forms.CharField(
        label="E-mail address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text="Our answer goes there, and nothing else.",
    )
    telephone = Cleaned(
        contacts.clean_telephone,
        label="Telephone",
        max_length=30,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "type": "tel", "placeholder": " "}),
        help_text="In Korea, like 010-1234-5678 or 02-312-3456.",
    )

    def __init__(self, *args, user=None, **options):
        super().__init__(*args, label_suffix="", **options)
        self.user = user
        if user:
            self.initial = {"name": user.first_name} | self.initial
            del self.fields["email"]

    def clean_email(self):
        return clean_address(self.cleaned_data["email"])[0]

    @property
    def given(self):
        """What the write needs: everything typed but the consent."""
        given = {name: value for name, value in self.cleaned_data.items() if name != "terms"}
        return given | ({"email": self.user.email} if self.user else {})


class OrderForm(ContactForm):
    """An order of a plan; with delivery also where to."""

    postcode = Cleaned(
        contacts.clean_postcode,
        label="Postcode",
        max_length=10,
        widget=filled("postal-code", inputmode="numeric"),
        help_text="Five digits.",
    )
    road_address = Cleaned(
        contacts.clean_road_address,
        label="Road address",
        max_length=160,
        widget=filled("address-line1"),
        help_text="In Hangul or Latin letters: 서울 마포구 나루로 21, or 21 Naru-ro, Mapo-gu, Seoul.",
    )
    detail_address = Cleaned(
        contacts.clean_line,
        label="Floor, flat or house (if there is one)",
        max_length=120,
        required=False,
        widget=filled("address-line2"),
    )
    delivery_note = Cleaned(
        contacts.clean_line,
        label="For those who deliver (if they should know something)",
        max_length=300,
        required=False,
        help_text="A dog, a door code, a box for papers.",
    )
    starts_on = forms.DateField(
        label="First day",
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": "Write the day like 2026-12-01."},
    )
    terms = forms.BooleanField(label=TERMS, error_messages={"required": "An order needs your agreement: tick it."})

    DELIVERY = ("postcode", "road_address", "detail_address", "delivery_note")

    def __init__(self, plan, *args, **options):
        super().__init__(*args, **options)
        self.earliest = timezone.localdate() + timedelta(days=DAYS_TO_DELIVER if plan.gives_delivery else 0)
        self.latest = timezone.localdate() + timedelta(days=DAYS_AHEAD)
        self.initial = {"starts_on": self.earliest} | self.initial
        self.fields["starts_on"].widget.attrs |= {"min": f"{self.earliest}", "max": f"{self.latest}"}
        if not plan.gives_delivery:
            for name in self.DELIVERY:
                del self.fields[name]

    def clean_starts_on(self):
        day = self.cleaned_data["starts_on"]
        if not self.earliest <= day <= self.latest:
            raise ValidationError(f"Choose a day from {self.earliest} to {self.latest}.")
        return day

    def clean(self):
        given = super().clean()
        if given.get("postcode") and given.get("road_address"):
            try:
                contacts.check_place(given["postcode"], given["road_address"])
            except ValidationError as error:
                self.add_error("postcode", error)
        return given


class LicenceForm(ContactForm):
    """Who would like to print or show what, where, for how many and for how long."""

    organisation = Cleaned(
        contacts.clean_name,
        label="Organization (if you ask for one)",
        max_length=120,
        required=False,
        widget=filled("organization"),
    )
    kind = forms.ChoiceField(label="What you would like", choices=LicenceRequest.Kind)
    wanted = Cleaned(
        contacts.clean_lines,
        label="Which ones",
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Addresses of stories on this site, one a line; or words by which we find them.",
    )
    purpose = Cleaned(
        contacts.clean_lines,
        label="What for",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Where it is to appear, in which language, whole or in part.",
    )
    medium = forms.ChoiceField(label="Medium", choices=LicenceRequest.Medium)
    circulation = forms.IntegerField(
        label="Circulation, or readers a month (if known)",
        required=False,
        min_value=1,
        max_value=2_000_000_000,
        error_messages={
            "invalid": "Write a number.",
            **dict.fromkeys(("min_value", "max_value"), "Write how many copies or readers, as a number."),
        },
    )
    term = Cleaned(
        contacts.clean_line,
        label="For how long (if known)",
        max_length=120,
        required=False,
        help_text="One issue, a year, without end.",
    )
    terms = forms.BooleanField(label=TERMS, error_messages={"required": "A request needs your agreement: tick it."})

    field_order = ["name", "organisation", "email", "telephone"]

    def clean(self):
        given = super().clean()
        if given.get("kind") in ("stories", "photos") and "wanted" not in self.errors and not given.get("wanted"):
            self.add_error("wanted", "Say which: paste the address of a story, or describe it.")
        return given

    @property
    def stories(self):
        """The stories of this paper that were named so far."""
        return licensing.stories_in(self.cleaned_data.get("wanted") or "")


# ---- the desk


class ActForm(EditorForm):
    """A row with the note of an act, for the history, and for the reader where the act tells one."""

    act_note = forms.CharField(
        label=_("Note for this act"),
        max_length=500,
        required=False,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text=_("Stands in the history. A refusal needs one: the reader gets it as the reason."),
    )

    def clean_act_note(self):
        return contacts.clean_line(self.cleaned_data["act_note"])

    def clean(self):
        cleaned = super().clean()
        if self.data.get("_act") == "refuse" and not cleaned.get("act_note") and "offer" not in self.fields:
            self.add_error("act_note", gettext("Write the reason: the reader is told."))
        return cleaned


class DeskOrderForm(ActForm):
    """An order at the desk: readers move, and have other telephones. Cleaned as what readers type."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        if "telephone" in self.fields:
            self.initial["telephone"] = self.instance.telephone_words

    def clean_name(self):
        return contacts.clean_name(self.cleaned_data["name"])

    def clean_email(self):
        return clean_address(self.cleaned_data["email"])[0]

    def clean_telephone(self):
        return contacts.clean_telephone(self.cleaned_data["telephone"])

    def clean_postcode(self):
        return contacts.clean_postcode(self.cleaned_data["postcode"])

    def clean_road_address(self):
        return contacts.clean_road_address(self.cleaned_data["road_address"])

    def clean_detail_address(self):
        return contacts.clean_line(self.cleaned_data["detail_address"])

    def clean_delivery_note(self):
        return contacts.clean_line(self.cleaned_data["delivery_note"])

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("postcode") and cleaned.get("road_address"):
            try:
                contacts.check_place(cleaned["postcode"], cleaned["road_address"])
            except ValidationError as error:
                self.add_error("postcode", error)
        return cleaned
