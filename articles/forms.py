"""Forms of the newsroom: a story and its rows, and the questions that acts on a story ask."""

from django import forms
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.core.files import File
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.text import slugify

from photos.models import new_token
from sections.admin_base import EditorForm, Explains, Lines, seoul

from .models import Article, ArticleVersion, Correction, Tag
from .topics import find_topics

LABELS = (
    *("Analysis", "Interview", "Exclusive", "Feature", "Explainer", "Review", "Editorial", "Column", "Map"),
    *("Fact check", "Obituary"),
)
TAG_LENGTH = 90
BODY_HELP = mark_safe(
    "HTML: <code>p h2 h3 blockquote ul ol li table a em strong</code>; "
    "<code>&lt;p class=&quot;pullquote&quot;&gt;</code> and <code>&lt;aside class=&quot;factbox&quot;&gt;</code>. "
    "Scripts, styles and frames are taken out when you save. "
    "A photo stands in the text as <code>&lt;figure data-photo=&quot;…&quot;&gt;&lt;/figure&gt;</code>: each photo "
    "below has its line, ready to put in. Photos that stand nowhere in the text follow at its end."
)
SUBSTANTIVE = (
    ArticleVersion.Kind.CLARIFICATION,
    ArticleVersion.Kind.CORRECTION,
    ArticleVersion.Kind.RETRACTION,
)
EDIT_KINDS = [
    (ArticleVersion.Kind.TYPO, "Typing mistake: readers are told nothing"),
    (ArticleVersion.Kind.UPDATE, "Update: moves “Updated”"),
    (ArticleVersion.Kind.CLARIFICATION, "Clarification: moves “Updated”, the note stands under the story"),
    (ArticleVersion.Kind.CORRECTION, "Correction: moves “Updated”, the note stands under the story"),
    (ArticleVersion.Kind.RETRACTION, "Retraction: moves “Updated”, the note stands under the story"),
]


class ArticleForm(EditorForm):
    """A story with the version it was opened at, so that nobody's words are written over unseen.

    `act` names the button that was pressed, empty for a plain save; `scheduled` says whether the story was
    waiting for its moment when the form was made.
    """

    sensitivity = forms.MultipleChoiceField(
        choices=Article.Sensitivity.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="What some readers may not want to meet unprepared.",
    )
    opened_version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    edit_kind = forms.ChoiceField(
        label="This edit is",
        choices=EDIT_KINDS,
        initial=ArticleVersion.Kind.TYPO,
        required=False,
        help_text="Decides what readers are told. A typing mistake moves nothing.",
    )
    edit_note = forms.CharField(
        label="Note",
        required=False,
        strip=True,
        max_length=2000,
        widget=Lines(attrs={"rows": 3}),
        help_text="For a clarification, correction or retraction: what was wrong, and what is right. Otherwise only "
        "the newsroom sees it, beside the version.",
    )

    class Meta:
        labels = {
            "publish_at": "Public from",
            "also_in": "Also listed in",
            "lang": "Language",
            "seo_title": "Title for search engines",
            "canonical_url": "First stood at",
        }
        help_texts = {
            "body": BODY_HELP,
            "publish_at": "Seoul time. “Schedule” keeps the story hidden until then, from everybody; “Publish now” "
            "needs no time here, and takes a past one as the date of the story.",
            "section": "Its home: decides the line above the headline and where it is listed. The address does not "
            "contain it, so moving a story breaks no link.",
            "date_precision": "“Day only” prints no hour: for old stories whose hour nobody knows.",
            "access": "Premium stories will show only their opening to readers who have not paid.",
            "column": "Prints the column's name and lists the piece on its page.",
            "source_url": "Where it stood first; linked under the story.",
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

    def clean(self):
        cleaned = super().clean()
        if self.instance.pk:
            self.refuse_stale()
        if "publish_at" in self.fields and "publish_at" not in self.errors:
            self.check_moment(self.cleaned_data["publish_at"])
        if self.cleaned_data.get("edit_kind") in SUBSTANTIVE and not self.cleaned_data.get("edit_note"):
            self.add_error("edit_note", "Write what was wrong and what is right: readers see it under the story.")
        return cleaned

    def clean_tags(self):
        tags = self.cleaned_data["tags"]
        if long := [tag for tag in tags if len(tag) > TAG_LENGTH]:
            raise ValidationError(f"Put commas between tags; “{long[0][:60]}…” is too long for one.")
        return find_topics(tags)

    def refuse_stale(self):
        """Refuses a form that was opened before the last save of the story. Locks the row: one query."""
        stored = (
            Article.objects.select_for_update().filter(pk=self.instance.pk).values("edit_version", "changed_at").get()
        )
        opened = self.cleaned_data.get("opened_version")
        if opened == stored["edit_version"]:
            return
        saves = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(Article))
        last = saves.filter(object_id=self.instance.pk).select_related("user").order_by("-action_time").first()
        who = str(last.user) if last else "Somebody"
        self.add_error(
            None,
            format_html(
                "{} saved this story at {} Seoul time, after you had opened it, so nothing of yours was saved. "
                'All that you typed is still here: <a href="{}" target="_blank">open the story as it stands now</a> '
                "in another tab, put your changes in there and save it.",
                *(
                    who,
                    seoul(stored["changed_at"]),
                    reverse("admin:articles_article_change", args=[self.instance.pk]),
                ),
            ),
        )

    def check_moment(self, moment):
        """Whether the moment of publication fits the button that was pressed."""
        if self.act == "schedule" or (self.scheduled and not self.act):
            if moment is None:
                self.add_error("publish_at", "Write when the story becomes public, in Seoul time.")
            elif moment <= timezone.now():
                self.add_error("publish_at", "This moment is past. Write one to come, or press “Publish now”.")


class VideoForm(EditorForm):
    """The film of a story. New files get a new address, as browsers keep the old ones."""

    class Meta:
        help_texts = {
            "file": "MP4 or WebM. A new file gets a new address.",
            "transcript": "What is said, as HTML paragraphs, for readers who cannot hear it and for search.",
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
                "Write the address as it was, from the first slash on: /www/biz/2021/02/129_304756.html."
            )
        return path


class WithdrawForm(Explains, forms.Form):
    """Why a story is taken back."""

    reason = forms.CharField(
        max_length=2000,
        widget=Lines(attrs={"rows": 4}),
        help_text="Readers see it at the story's address, which from now on says that the story was withdrawn.",
    )


class CorrectForm(Explains, forms.Form):
    """What is put right under a public story."""

    kind = forms.ChoiceField(choices=Correction.Kind.choices)
    text = forms.CharField(
        label="Note",
        max_length=5000,
        widget=Lines(attrs={"rows": 4}),
        help_text="Readers see it under the story, with today's date: what was wrong, and what is right.",
    )


class NothingAsked(Explains, forms.Form):
    """For an act that only has to be confirmed."""


class TagForm(EditorForm):
    """A topic. Renamed, it gets the address that goes with its new name."""

    class Meta:
        help_texts = {
            "name": "Renamed, the topic keeps its old name as another name, and its old address leads to the new one.",
            "slug": "Word of the address /topics/…/.",
        }


class AliasForm(EditorForm):
    """Another name of a topic or reporter; its address is made from the name unless one is written."""

    class Meta:
        help_texts = {"slug": "Leads to the page of the name in use. Empty: made from the name."}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["slug"].required = False

    def clean_name(self):
        return " ".join(self.cleaned_data["name"].split())

    def clean_slug(self):
        slug = self.cleaned_data["slug"] or slugify(self.cleaned_data.get("name", ""), allow_unicode=True)
        if not slug and "name" in self.cleaned_data:
            raise ValidationError("Write a word for the address: the name has neither letters nor digits.")
        return slug


class AliasFormSet(forms.BaseInlineFormSet):
    """The other names of one topic or reporter, which each of them knows before it is saved."""

    def _construct_form(self, i, **kwargs):
        form = super()._construct_form(i, **kwargs)
        setattr(form.instance, self.fk.name, self.instance)
        return form


class MergeForm(Explains, forms.Form):
    """Which of several topics stays."""

    into = forms.ModelChoiceField(Tag.objects.none(), label="Which name stays?", widget=forms.RadioSelect)

    def __init__(self, *args, topics, **kwargs):
        super().__init__(*args, initial={"into": topics[0].pk}, **kwargs)
        field = self.fields["into"]
        field.queryset = Tag.objects.filter(pk__in=[topic.pk for topic in topics])
        field.choices = [
            (topic.pk, f"{topic} ({topic.stories:,} stor{'y' if topic.stories == 1 else 'ies'})") for topic in topics
        ]
