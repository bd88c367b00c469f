"""Forms of the newsroom: a story and its rows, and the questions that acts on a story ask."""

from datetime import timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.core.files import File
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from photos.models import new_token
from sections.admin_base import EditorForm, Explains, Lines, RowForm, SeoulDateTime

from .models import Article, ArticleVersion, Correction, PreviewLink, SavedFilter, Tag
from .topics import find_topics

LABELS = (
    *("Analysis", "Interview", "Exclusive", "Feature", "Explainer", "Review", "Editorial", "Column", "Map"),
    *("Fact check", "Obituary"),
)
TAG_LENGTH = 90
SUBSTANTIVE = (
    ArticleVersion.Kind.CLARIFICATION,
    ArticleVersion.Kind.CORRECTION,
    ArticleVersion.Kind.RETRACTION,
)
EDIT_KINDS = [
    (ArticleVersion.Kind.TYPO, _("Typing mistake: readers are told nothing")),
    (ArticleVersion.Kind.UPDATE, _("Update: moves “Updated”")),
    (ArticleVersion.Kind.CLARIFICATION, _("Clarification: moves “Updated”, the note stands under the story")),
    (ArticleVersion.Kind.CORRECTION, _("Correction: moves “Updated”, the note stands under the story")),
    (ArticleVersion.Kind.RETRACTION, _("Retraction: moves “Updated”, the note stands under the story")),
]
KEPT_IN_FORM = _(
    "Somebody saved this story after you had opened it, so nothing of yours was saved. All that you typed is still in "
    "the form. What differs is listed above: take what you want of each text, then save."
)


class ArticleForm(EditorForm):
    """A story with the version it was opened at, so that nobody's words are written over unseen.

    `act` names the button that was pressed, empty for a plain save; `scheduled` says whether the story was
    waiting for its moment when the form was made; `is_stale` that somebody saved it meanwhile. `recovering` is set
    for unsaved words that are shown again, which must not be saved by that.
    """

    recovering = False
    is_stale = False

    sensitivity = forms.MultipleChoiceField(
        label=_("Sensitivity"),
        choices=Article.Sensitivity.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("What some readers may not want to meet unprepared."),
    )
    opened_version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    opened_number = forms.IntegerField(required=False, widget=forms.HiddenInput)
    scratch_key = forms.UUIDField(required=False, widget=forms.HiddenInput)
    desk_note = forms.CharField(
        label=_("Note for the desk"),
        required=False,
        max_length=2000,
        widget=Lines(attrs={"rows": 2}),
        help_text=_("Only the newsroom sees it, in the story's record. Needed when a story is handed back."),
    )
    edit_kind = forms.ChoiceField(
        label=_("This edit is"),
        choices=EDIT_KINDS,
        initial=ArticleVersion.Kind.TYPO,
        required=False,
        help_text=_("Decides what readers are told. A typing mistake moves nothing."),
    )
    edit_note = forms.CharField(
        label=_("Note"),
        required=False,
        strip=True,
        max_length=2000,
        widget=Lines(attrs={"rows": 3}),
        help_text=_(
            "For a clarification, correction or retraction: what was wrong, and what is right. Otherwise only the "
            "newsroom sees it, beside the version."
        ),
    )
    change_at = forms.SplitDateTimeField(
        label=_("Readers see it from"),
        required=False,
        widget=SeoulDateTime,
        help_text=_("Seoul time, for “Schedule this change”: until then readers see the story as it is now."),
    )

    class Meta:
        labels = {
            "publish_at": _("Public from"),
            "also_in": _("Also listed in"),
            "lang": _("Language"),
            "seo_title": _("Title for search engines"),
            "canonical_url": _("First stood at"),
        }
        help_texts = {
            "body": _(
                "Everything that must not be on a page (scripts, styles, frames) is taken out when you save. Photos "
                "that stand nowhere in the text follow at its end."
            ),
            "publish_at": _(
                "Seoul time. “Schedule” keeps the story hidden until then, from everybody; “Publish now” needs no "
                "time here, and takes a past one as the date of the story."
            ),
            "section": _(
                "Its home: decides the line above the headline and where it is listed. The address does not contain "
                "it, so moving a story breaks no link."
            ),
            "date_precision": _("“Day only” prints no hour: for old stories whose hour nobody knows."),
            "planned_for": _("For the desk's calendar only: the story does not become public by it."),
            "access": _("Premium stories will show only their opening to readers who have not paid."),
            "column": _("Prints the column's name and lists the piece on its page."),
            "source_url": _("Where it stood first; linked under the story."),
            "format": _("Decides the form of the page: opinion shows the writer's portrait, a gallery its photos."),
        }
        widgets = {
            "headline": forms.TextInput(attrs={"class": "headline-text"}),
            "deck": Lines(attrs={"rows": 3}),
            "body": Lines(attrs={"rows": 28, "class": "vLargeTextField body-text", "spellcheck": "true"}),
            "label": forms.TextInput(attrs={"list": "usual-labels", "class": "vTextField"}),
            "lang": forms.TextInput(attrs={"list": "usual-languages", "size": 10}),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.act = str(self.data.get("_act", ""))
        self.scheduled = bool(self.instance.pk) and self.instance.is_scheduled()
        if self.instance.pk:
            self.initial["opened_version"] = self.instance.edit_version

    @property
    def changed_data(self):
        """What was changed; what the form only remembers by is none of it."""
        return [name for name in super().changed_data if name not in ("opened_version", "opened_number", "scratch_key")]

    def clean(self):
        cleaned = super().clean()
        if self.recovering:
            self.add_error(None, gettext("These are your unsaved words. Nothing is saved yet: look, and save them."))
            return cleaned
        if self.instance.pk:
            self.refuse_stale()
        if "publish_at" in self.fields and "publish_at" not in self.errors:
            self.check_moment(self.cleaned_data["publish_at"])
        if self.cleaned_data.get("edit_kind") in SUBSTANTIVE and not self.cleaned_data.get("edit_note"):
            self.add_error(
                "edit_note", gettext("Write what was wrong and what is right: readers see it under the story.")
            )
        if self.act == "hand_back" and not self.cleaned_data.get("desk_note"):
            self.add_error("desk_note", gettext("Write what is to be done: the writer sees it in the story's record."))
        if self.act == "schedule_change":
            self.check_change(self.cleaned_data.get("change_at"))
        return cleaned

    def clean_tags(self):
        tags = self.cleaned_data["tags"]
        if long := [tag for tag in tags if len(tag) > TAG_LENGTH]:
            raise ValidationError(
                gettext("Put commas between tags; “%(tag)s…” is too long for one.") % {"tag": long[0][:60]}
            )
        return find_topics(tags)

    def refuse_stale(self):
        """Refuses a form that was opened before the last save of the story. Locks the row: one query."""
        stored = Article.objects.select_for_update().filter(pk=self.instance.pk).values("edit_version").get()
        if self.cleaned_data.get("opened_version") != stored["edit_version"]:
            self.is_stale = True
            self.add_error(None, KEPT_IN_FORM)

    def check_moment(self, moment):
        """Whether the moment of publication fits the button that was pressed."""
        if self.act == "schedule" or (self.scheduled and not self.act):
            if moment is None:
                self.add_error("publish_at", gettext("Write when the story becomes public, in Seoul time."))
            elif moment <= timezone.now():
                self.add_error("publish_at", gettext("This moment is past. Write one to come, or press “Publish now”."))

    def check_change(self, moment):
        """Whether the moment of a change that is to wait is there, and still to come."""
        if moment is None and "change_at" not in self.errors:
            self.add_error("change_at", gettext("Write from when on readers see the change, in Seoul time."))
        elif moment and moment <= timezone.now():
            self.add_error("change_at", gettext("This moment is past. Write one to come, or press “Save”."))


class PhotoUseForm(RowForm):
    """A photo in a story, with the words of this use."""

    class Meta:
        help_texts = {
            "caption": _("Only in this story; empty: the photo's own."),
            "credit": _("Only in this story; empty: the photo's own."),
            "alt_text": _("Only in this story; empty: the photo's own."),
            "placement": _("The lead stands above the text and on cards; all others where the text has them."),
        }
        widgets = {"caption": Lines(attrs={"rows": 2})}


class VideoForm(EditorForm):
    """The film of a story. New files get a new address, as browsers keep the old ones."""

    class Meta:
        help_texts = {
            "file": _("MP4 or WebM. A new file gets a new address."),
            "transcript": _("What is said, as HTML paragraphs, for readers who cannot hear it and for search."),
        }

    def save(self, commit=True):
        if self.instance.pk and {"file", "captions"}.intersection(self.changed_data):
            self.move_files()
        return super().save(commit)

    def move_files(self):
        """Gives the film a new token and copies the file that stays to its new name."""
        self.instance.token = new_token()
        for name in ("file", "captions"):
            kept = getattr(self.instance, name)
            if kept and name not in self.changed_data and kept.storage.exists(kept.name):
                with kept.storage.open(kept.name, "rb") as stream:
                    kept.save(kept.name, File(stream), save=False)


class OldAddressForm(EditorForm):
    """A former address of a story."""

    def clean_path(self):
        path = self.cleaned_data["path"]
        if not path.startswith("/") or path.startswith("//") or " " in path:
            raise ValidationError(
                gettext("Write the address as it was, from the first slash on: /www/biz/2021/02/129_304756.html.")
            )
        return path


class WithdrawForm(Explains, forms.Form):
    """Why a story is taken back."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        widget=Lines(attrs={"rows": 4}),
        help_text=_("Readers see it at the story's address, which from now on says that the story was withdrawn."),
    )


class CorrectForm(Explains, forms.Form):
    """What is put right under a public story."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Correction.Kind.choices)
    text = forms.CharField(
        label=_("Note"),
        max_length=5000,
        widget=Lines(attrs={"rows": 4}),
        help_text=_("Readers see it under the story, with today's date: what was wrong, and what is right."),
    )


class NothingAsked(Explains, forms.Form):
    """For an act that only has to be confirmed."""


class TagForm(EditorForm):
    """A topic. Renamed, it gets the address that goes with its new name."""

    class Meta:
        help_texts = {
            "name": _("Renamed, the topic keeps its old name as another name; its old address leads to the new one."),
            "slug": _("Word of the address /topics/…/."),
        }


class AliasForm(EditorForm):
    """Another name of a topic or reporter; its address is made from the name unless one is written."""

    class Meta:
        help_texts = {"slug": _("Leads to the page of the name in use. Empty: made from the name.")}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["slug"].required = False

    def clean_name(self):
        return " ".join(self.cleaned_data["name"].split())

    def clean_slug(self):
        slug = self.cleaned_data["slug"] or slugify(self.cleaned_data.get("name", ""), allow_unicode=True)
        if not slug and "name" in self.cleaned_data:
            raise ValidationError(gettext("Write a word for the address: the name has neither letters nor digits."))
        return slug


class AliasFormSet(forms.BaseInlineFormSet):
    """The other names of one topic or reporter, which each of them knows before it is saved."""

    def _construct_form(self, i, **kwargs):
        form = super()._construct_form(i, **kwargs)
        setattr(form.instance, self.fk.name, self.instance)
        return form


class MergeForm(Explains, forms.Form):
    """Which of several topics stays."""

    into = forms.ModelChoiceField(Tag.objects.none(), label=_("Which name stays?"), widget=forms.RadioSelect)

    def __init__(self, *args, topics, **kwargs):
        super().__init__(*args, initial={"into": topics[0].pk}, **kwargs)
        field = self.fields["into"]
        field.queryset = Tag.objects.filter(pk__in=[topic.pk for topic in topics])
        field.choices = [(topic.pk, f"{topic} ({stories_in_words(topic.stories)})") for topic in topics]


class PreviewLinkForm(EditorForm):
    """A link for somebody without an account, with the days that it lasts."""

    days = forms.IntegerField(
        label=_("Days that it lasts"),
        initial=3,
        min_value=1,
        max_value=30,
        help_text=_("After that, or when you end it, the link leads nowhere."),
    )

    class Meta:
        model = PreviewLink
        fields = ["note"]
        help_texts = {"note": _("A name that tells your links apart: the lawyer, the interviewee.")}

    def save(self, commit=True):
        self.instance.expires_at = timezone.now() + timedelta(days=self.cleaned_data["days"])
        return super().save(commit)


class SavedFilterForm(EditorForm):
    """A search of the list under a name."""

    class Meta:
        model = SavedFilter
        fields = ["name", "shared"]


class RestoreVersionForm(Explains, forms.Form):
    """What an earlier version, put back into a public story, is for readers."""

    kind = forms.ChoiceField(label=_("This edit is"), choices=EDIT_KINDS, initial=ArticleVersion.Kind.UPDATE)
    note = forms.CharField(label=_("Note"), required=False, max_length=2000, widget=Lines(attrs={"rows": 3}))

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("kind") in SUBSTANTIVE and not cleaned.get("note"):
            self.add_error("note", gettext("Write what was wrong and what is right: readers see it under the story."))
        return cleaned


def stories_in_words(number):
    """1 story, 2 stories, 1,200 stories."""
    return ngettext("%(number)s story", "%(number)s stories", number) % {"number": f"{number:,}"}
