"""The newsroom in the admin: stories and what belongs to them, reporters, columns, topics."""

from dataclasses import dataclass
from datetime import timedelta

import taggit.admin  # registers taggit's own Tag, which has to be over before it is unregistered
from admin_ordering.admin import OrderableAdmin
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.forms.widgets import Script
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html

from photos.admin import preview
from sections.admin_base import LIST_LIMIT, PaperAdmin, RowFields, RowForm, clash_sentence, seoul
from sections.models import Section

from . import publishing, topics
from .forms import (
    LABELS,
    SUBSTANTIVE,
    AliasForm,
    AliasFormSet,
    ArticleForm,
    CorrectForm,
    MergeForm,
    NothingAsked,
    OldAddressForm,
    TagForm,
    VideoForm,
    WithdrawForm,
)
from .models import (
    Alias,
    Article,
    ArticlePhoto,
    ArticleTag,
    Byline,
    Column,
    OldAddress,
    RelatedArticle,
    Reporter,
    Tag,
    Video,
)
from .querysets import NOT_ON_CARDS

VERSIONS_SHOWN = 50


@dataclass(frozen=True)
class Act:
    """A button of the story's form: it saves what was typed and then takes the story a step on."""

    name: str
    label: str
    done: str


ACTS = {
    act.name: act
    for act in (
        Act("hand_in", "Save and hand in", "handed in for review"),
        Act("hand_back", "Save and hand back", "handed back to its writer"),
        Act("schedule", "Schedule", "scheduled"),
        Act("publish", "Publish now", "published"),
        Act("take_back", "Save and back to draft", "taken off the schedule: it is a draft again"),
    )
}


def acts_for(story):
    """The acts that the state of a story allows, in the order of the buttons."""
    if story is None or story.status == Article.Status.DRAFT:
        names = ("hand_in", "schedule", "publish")
    elif story.status == Article.Status.IN_REVIEW:
        names = ("hand_back", "schedule", "publish")
    elif story.is_scheduled():
        names = ("take_back", "publish")
    else:
        names = ()
    return [ACTS[name] for name in names]


# ---- rows of the form


class Row(RowFields, OrderableAdmin):
    """Ordered rows of a story: dragged, or put in order by their numbers."""

    form = RowForm
    ordering_field = "position"
    early = False

    def get_extra(self, request, obj=None, **kwargs):
        return 0 if obj else self.extra


class BylineInline(Row, admin.TabularInline):
    model = Byline
    extra = 1
    early = True
    autocomplete_fields = ["reporter"]
    fields = ["reporter", "role", "position"]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("reporter")


class PhotoInline(Row, admin.StackedInline):
    model = ArticlePhoto
    verbose_name, verbose_name_plural = "photo", "photos"
    extra = 1
    early = True
    autocomplete_fields = ["photo"]
    readonly_fields = ["in_text"]
    fields = [("photo", "placement", "position"), "in_text", "caption", ("credit", "alt_text"), "decorative"]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("photo")

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "caption":
            field.widget.attrs["rows"] = 2
        if db_field.name in ("caption", "credit", "alt_text"):
            field.help_text = "Only in this story; empty: the photo's own."
        return field

    @admin.display(description="picture")
    def in_text(self, use):
        """The picture and the line that puts it into the text."""
        if not use.photo_id:
            return "Save the story: then the picture and its line for the text stand here."
        photo = use.photo
        line = f'<figure data-photo="{photo.uuid}"></figure>'
        known = f"Rights: {photo.get_rights_display()}. Credit: {photo.credit or 'none'}."
        return format_html(
            '{}<span class="in-text">'
            '<input class="figure-line" readonly value="{}" aria-label="Line for the text"> '
            '<button type="button" class="button" data-put-in="{}" hidden>Put into the text</button>'
            '<br>{}<br><span class="quiet">{}</span></span>',
            *(preview(photo), line, line, photo.caption or "The photo has no caption of its own.", known),
        )


class RelatedInline(Row, admin.TabularInline):
    model = RelatedArticle
    fk_name = "article"
    verbose_name, verbose_name_plural = "related story", "related stories"
    autocomplete_fields = ["related"]
    fields = ["related", "position"]

    def get_queryset(self, request):
        related = [f"related__{name}" for name in NOT_ON_CARDS]
        return super().get_queryset(request).select_related("related").defer(*related)


class VideoInline(RowFields, admin.StackedInline):
    model = Video
    form = VideoForm
    verbose_name = "film"
    extra = 0
    classes = ["collapse"]
    fields = ["file", "captions", "seconds", "external_url", "transcript"]


class OldAddressInline(RowFields, admin.TabularInline):
    model = OldAddress
    form = OldAddressForm
    extra = 0
    classes = ["collapse"]


# ---- filters, none of which asks the table of stories for its choices


class StateFilter(admin.SimpleListFilter):
    title, parameter_name = "state", "state"

    def lookups(self, request, model_admin):
        return [
            *(("draft", "Draft"), ("in_review", "In review"), ("scheduled", "Scheduled")),
            *(("public", "Public"), ("withdrawn", "Withdrawn")),
        ]

    def queryset(self, request, queryset):
        now = timezone.now()
        match self.value():
            case "public":
                return queryset.published(now)
            case "withdrawn":
                return queryset.withdrawn(now)
            case "scheduled":
                return queryset.filter(status=Article.Status.READY, publish_at__gt=now)
            case "draft" | "in_review" as status:
                return queryset.filter(status=status)


class SectionFilter(admin.SimpleListFilter):
    title, parameter_name = "section", "in"

    def lookups(self, request, model_admin):
        return list(Section.objects.top().values_list("path", "name"))

    def queryset(self, request, queryset):
        if not self.value():
            return queryset
        inside = Section.objects.filter(Q(path=self.value()) | Q(parent__path=self.value()))
        return queryset.filter(section__in=list(inside.order_by().values_list("pk", flat=True)))


class LabelFilter(admin.SimpleListFilter):
    title, parameter_name = "label", "label"

    def lookups(self, request, model_admin):
        return [(label, label) for label in LABELS] + [("none", "No label")]

    def queryset(self, request, queryset):
        if self.value():
            return queryset.filter(label="" if self.value() == "none" else self.value())


class DayFilter(admin.SimpleListFilter):
    title, parameter_name = "public from", "day"

    def lookups(self, request, model_admin):
        return [
            ("next", "Next 7 days"),
            ("today", "Today"),
            ("yesterday", "Yesterday"),
            ("week", "Last 7 days"),
        ]

    def queryset(self, request, queryset):
        today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        day = timedelta(days=1)
        periods = {
            "next": (timezone.now(), today + 8 * day),
            "today": (today, today + day),
            "yesterday": (today - day, today),
            "week": (today - 6 * day, today + day),
        }
        if period := periods.get(self.value()):
            return queryset.filter(publish_at__gte=period[0], publish_at__lt=period[1])


class StoryChangeList(ChangeList):
    """The list without the long columns."""

    def get_queryset(self, request, exclude_parameters=None):
        return super().get_queryset(request, exclude_parameters).defer(*NOT_ON_CARDS)


# ---- actions of the list


def _each(modeladmin, request, queryset, act, name):
    """Does an act to each chosen story, one transaction for each; says what was done and what was refused."""
    changed, done = 0, ACTS[name].done
    for story in queryset:
        try:
            act(story)
        except ValidationError as error:
            modeladmin.message_user(request, f"“{story}”: {' '.join(error.messages)}", messages.ERROR)
        else:
            modeladmin.log_change(request, story, done.capitalize() + ".", action=name)
            changed += 1
    if changed:
        stories = "1 story" if changed == 1 else f"{changed} stories"
        modeladmin.message_user(request, f"{stories} {done}.", messages.SUCCESS)


@admin.action(description="Hand in for review", permissions=["change"])
def hand_in(modeladmin, request, queryset):
    _each(modeladmin, request, queryset, publishing.hand_in, "hand_in")


@admin.action(description="Hand back to the writer", permissions=["change"])
def hand_back(modeladmin, request, queryset):
    _each(modeladmin, request, queryset, publishing.hand_back, "hand_back")


@admin.action(description="Publish now", permissions=["change"])
def publish(modeladmin, request, queryset):
    _each(
        modeladmin,
        request,
        queryset,
        lambda story: publishing.schedule(story, by=request.user),
        "publish",
    )


# ---- acts with a page of their own


@dataclass(frozen=True)
class AskingAct:
    """An act on a public or withdrawn story that asks something, or a confirmation, on a page of its own."""

    name: str
    title: str
    button: str
    explanation: str
    form: type
    done: str

    def fits(self, story):
        """Whether the story's state allows the act."""
        return story.is_withdrawn() if self.name == "restore" else story.is_public()


ASKING_ACTS = {
    act.name: act
    for act in (
        AskingAct(
            *("correct", "Correct", "Put the note under the story"),
            "The note stands under the story from now on and the story's “Updated” stamp moves. Mend the text itself "
            "in the story's form, where the same note can be written.",
            *(CorrectForm, "corrected in public"),
        ),
        AskingAct(
            *("withdraw", "Withdraw", "Withdraw the story"),
            "The story leaves every page, list, feed and search at once. Its address stays and tells readers why.",
            *(WithdrawForm, "withdrawn"),
        ),
        AskingAct(
            *("restore", "Restore", "Bring the story back"),
            "The story is public again at its address, and on every list, as if it had never been away.",
            *(NothingAsked, "brought back"),
        ),
    )
}


@admin.register(Article)
class ArticleAdmin(PaperAdmin):
    form = ArticleForm
    list_display = ["headline", "shown_state", "filed", "public_from", "reporters_text", "format"]
    list_filter = [StateFilter, DayFilter, SectionFilter, "format", LabelFilter]
    list_select_related = ["section__parent"]
    search_fields = ["headline"]  # autocompletes ask for it; get_search_results does the work
    search_help_text = (
        "Words of headline, deck, tags, bylines or text; “in quotes” for a phrase, -word to leave out. "
        f"The list ends after {LIST_LIMIT:,} stories: search or filter for older ones."
    )
    ordering = ["-publish_at", "-id"]
    actions = [hand_in, hand_back, publish]
    inlines = [BylineInline, PhotoInline, RelatedInline, VideoInline, OldAddressInline]
    autocomplete_fields = ["section", "also_in", "column"]
    readonly_fields = ["shown_state", "address", "shown_moment", "shown_updated"]
    words = [
        ("format", "lang"),
        "headline",
        "short_headline",
        ("label", "kicker"),
        "deck",
        "dateline",
        "body",
    ]
    filing = ["section", "also_in", "column", "tags"]
    terms = ["access", "sensitivity", "ai_use", "seo_title", "canonical_url"]
    origin = ["source", "source_url", "licence"]

    class Media:
        js = [Script("js/admin/story.js", type="module")]

    def get_changelist(self, request, **kwargs):
        return StoryChangeList

    def get_search_results(self, request, queryset, search_term):
        """Full text, or a part of the headline; in the order of the list, so that the newest come first."""
        words = " ".join(search_term.split())[:200]
        if not words:
            return queryset, False
        found = Article.objects.search(words).order_by().values("pk")  # without the rank, which nobody sorts by here
        return queryset.filter(pk__in=found), False

    # ---- the form

    def get_fieldsets(self, request, obj=None):
        publication = ["shown_state", *(["address"] if obj and obj.address_date else [])]
        if obj is not None and obj.was_public():
            publication += ["shown_moment", "shown_updated", "date_precision"]
        else:
            publication += ["publish_at", "slug", ("date_precision", "planned_for")]
        fieldsets = [
            ("Words", {"fields": [*self.words, "opened_version"]}),
            ("Filing", {"fields": self.filing}),
            ("Publication", {"fields": publication}),
            ("Terms", {"fields": self.terms}),
            ("Origin", {"fields": self.origin, "classes": ["collapse"]}),
        ]
        if obj is not None and obj.is_public():
            fieldsets.append(("This edit", {"fields": ["edit_kind", "edit_note"]}))
        return fieldsets

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        asks = obj is not None and obj.is_public()
        for name in () if asks else ("edit_kind", "edit_note"):
            form.base_fields.pop(name, None)
        return form

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        context |= {
            "acts": acts_for(obj),
            "asking_acts": [act for act in ASKING_ACTS.values() if obj and act.fits(obj)],
            "labels": LABELS,
        }
        if obj:
            versions = obj.versions.select_related("author").defer("content")[:VERSIONS_SHOWN]
            context["versions"] = list(versions)
            context["corrections"] = list(obj.corrections.select_related("author"))
            context["show_delete"] = not obj.was_public()
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.display(description="state", ordering="status")
    def shown_state(self, story):
        state = story.state
        reason = f": {story.withdrawal_reason}" if state == "Withdrawn" and story.withdrawal_reason else ""
        return format_html('<span class="state" data-state="{}">{}</span>{}', state.lower(), state, reason)

    @admin.display(description="section", ordering="section__path")
    def filed(self, story):
        section = story.section
        return f"{section.parent.name} / {section.name}" if section.parent_id else section.name

    @admin.display(description="public from (Seoul time)", ordering="publish_at")
    def public_from(self, story):
        return seoul(story.publish_at)

    @admin.display(description="reporters", ordering="byline_text")
    def reporters_text(self, story):
        return story.byline_text or "–"

    @admin.display(description="address")
    def address(self, story):
        return story.get_absolute_url() or "–"

    @admin.display(description="public since")
    def shown_moment(self, story):
        return f"{seoul(story.publish_at)} Seoul time: fixed, as is the address"

    @admin.display(description="last “Updated” stamp")
    def shown_updated(self, story):
        return (
            f"{seoul(story.updated_at)} Seoul time" if story.updated_at else "none: not updated since it was published"
        )

    def get_view_on_site_url(self, obj=None):
        return obj.get_absolute_url() if obj is not None and obj.is_public() else None

    # ---- saving

    def save_model(self, request, obj, form, change):
        if form.scheduled:
            # The moment of a scheduled story and its address move together, in `finish`.
            obj.publish_at, obj.slug = form.initial["publish_at"], form.initial["slug"]
        super().save_model(request, obj, form, change)

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        edited = not change or any(fs.has_changed() for fs in formsets) or bool(form.changed_data)
        self.finish(request, form, edited)

    def finish(self, request, form, edited):
        """What follows the save of all rows: the version, the texts of search and cards, and the act."""
        story, by, act = form.instance, request.user, ACTS.get(form.act)
        if act and act not in acts_for(story):
            raise ValidationError("The story is no longer where it was: look at its state and choose again.")
        if form.act in ("publish", "schedule") or (form.scheduled and form.act != "take_back"):
            self.set_moment(story, form, by)
        elif edited:
            self.record_edit(story, form, by)
        if form.act in ("hand_in", "hand_back"):
            getattr(publishing, form.act)(story)
        elif form.act == "take_back":
            story.publish_at, story.slug = form.cleaned_data["publish_at"], form.cleaned_data["slug"]
            publishing.take_back(story)
        if act:
            self.log_change(request, story, act.done.capitalize() + ".", action=act.name)

    def set_moment(self, story, form, by):
        """Schedules or publishes with what was typed; “Publish now” only keeps a moment that is past."""
        typed = form.cleaned_data["publish_at"]
        story.slug = form.cleaned_data["slug"]
        now = timezone.now()
        publishing.schedule(story, now if form.act == "publish" and (not typed or typed > now) else typed, by=by)

    def record_edit(self, story, form, by):
        """The version of an edit; what readers must be told of is told under the story."""
        kind, note = form.cleaned_data.get("edit_kind") or None, form.cleaned_data.get("edit_note", "")
        if kind in SUBSTANTIVE:
            publishing.refresh_texts(story)
            publishing.correct(story, note, kind=kind, by=by)
        else:
            publishing.finish_edit(story, by=by, kind=kind, note=note)

    def response_add(self, request, obj, post_url_continue=None):
        return self.after_act(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request, obj):
        return self.after_act(request, obj) or super().response_change(request, obj)

    def after_act(self, request, story):
        """Back to the story's form with a sentence on what was done; None after a plain save."""
        act = ACTS.get(request.POST.get("_act"))
        if act is None:
            return None
        self.say_done(request, story, act.done)
        return redirect(self.change_url(story.pk))

    def say_done(self, request, story, done):
        """One sentence on what became of a story, with the way to its page where there is one."""
        when = f" Readers see it from {seoul(story.publish_at)} Seoul time on." if story.is_scheduled() else ""
        link = (
            format_html(' <a href="{}">View it on the site</a>.', story.get_absolute_url()) if story.is_public() else ""
        )
        self.message_user(request, format_html("“{}” was {}.{}{}", story.headline, done, when, link), messages.SUCCESS)

    # ---- acts with a page of their own, and what must not be deleted

    def get_urls(self):
        own = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(self.act_view),
                {"act": act},
                name=f"articles_article_{name}",
            )
            for name, act in ASKING_ACTS.items()
        ]
        return own + super().get_urls()

    def act_view(self, request, pk, act):
        """Asks what the act needs to know, and does it."""
        story = self.get_object(request, str(pk))
        if not self.has_change_permission(request, story):
            raise PermissionDenied
        if story is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
        form = act.form(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                self.do_act(request, story, act, form.cleaned_data)
            except ValidationError as error:
                form.explain(error)
            else:
                self.say_done(request, story, act.done)
                return redirect(self.change_url(pk))
        context = {
            **self.admin_site.each_context(request),
            **{"title": act.title, "subtitle": story.headline, "opts": self.opts, "story": story},
            **{"act": act, "form": form, "media": self.media + form.media, "fits": act.fits(story)},
        }
        return TemplateResponse(request, "admin/articles/article/act.html", context)

    @transaction.atomic
    def do_act(self, request, story, act, answers):
        """Does the act with the answers of its form, and logs it."""
        if act.name == "correct":
            publishing.correct(story, answers["text"], kind=answers["kind"], by=request.user)
        elif act.name == "withdraw":
            publishing.withdraw(story, answers["reason"])
        else:
            publishing.restore(story)
        said = answers.get("reason") or answers.get("text") or ""
        self.log_change(request, story, f"{act.done.capitalize()}. {said}".strip(), action=act.name)

    def why_not_delete(self, story):
        if story.was_public():
            return f"“{story}” was public: it cannot be deleted. Withdraw it; its address then says so."
        return ""


# ---- people and topics


class LastingSlug:
    """The word of an address is made from the name once and stays when the name changes, so that links hold."""

    prepopulated_fields = {"slug": ["name"]}

    def get_readonly_fields(self, request, obj=None):
        return ["slug"] if obj else []

    def get_prepopulated_fields(self, request, obj=None):
        return {} if obj else self.prepopulated_fields


class AliasInline(RowFields, admin.TabularInline):
    """Other names, under which the search finds the page and at which its old addresses lead to it."""

    model = Alias
    form, formset = AliasForm, AliasFormSet
    extra = 1
    fields = ["name", "slug"]
    verbose_name, verbose_name_plural = "other name", "other names"


@admin.register(Reporter)
class ReporterAdmin(LastingSlug, PaperAdmin):
    list_display = ["name", "native_name", "title", "email", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name", "native_name", "email", "slug", "aliases__name"]
    search_help_text = "Name, another name, name in Korean or e-mail address."
    autocomplete_fields = ["portrait", "user"]
    inlines = [AliasInline]
    fieldsets = [
        (None, {"fields": [("name", "native_name"), "title", "email", "bio", "beats", "portrait"]}),
        ("Address and account", {"fields": ["slug", "is_active", "user"]}),
    ]

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        if change and "name" in form.changed_data:
            refresh(Article.objects.by(obj))

    def why_not_delete(self, reporter):
        if reporter.bylines.exists():
            return f"{reporter} has stories, so the page must stay: switch off “active” instead; the page then says so."
        return ""


@admin.register(Column)
class ColumnAdmin(PaperAdmin):
    list_display = ["name", "reporter", "slug"]
    list_select_related = ["reporter"]
    search_fields = ["name"]
    autocomplete_fields = ["reporter"]
    prepopulated_fields = {"slug": ["name"]}

    def why_not_delete(self, column):
        if column.articles.exists():
            return f"The column “{column}” has pieces, so it cannot be deleted: take them out of it first."
        return ""


@admin.action(description="Merge topics …", permissions=["merge"])
def merge(modeladmin, request, queryset):
    """Asks which of the chosen topics stays, and merges the others into it."""
    chosen = list(queryset.order_by("-stories", "name"))
    if len(chosen) < 2:
        modeladmin.message_user(request, "Choose two or more topics that are one and the same.", messages.ERROR)
        return None
    form = MergeForm(request.POST if "post" in request.POST else None, topics=chosen)
    if form.is_bound and form.is_valid():
        try:
            modeladmin.do_merge(request, form.cleaned_data["into"], chosen)
        except (ValidationError, IntegrityError) as error:
            form.explain(error if isinstance(error, ValidationError) else ValidationError(clash_sentence(error)))
        else:
            return None
    context = {
        **modeladmin.admin_site.each_context(request),
        **{"title": "Merge topics", "opts": modeladmin.opts, "form": form, "topics": chosen},
    }
    return TemplateResponse(request, "admin/articles/tag/merge.html", context)


@admin.register(Tag)
class TagAdmin(LastingSlug, PaperAdmin):
    form = TagForm
    list_display = ["name", "slug", "stories", "described"]
    search_fields = ["name", "aliases__name"]
    search_help_text = "Name or another name of the topic."
    ordering = ["name"]
    fields = ["name", "slug", "description"]
    inlines = [AliasInline]
    actions = [merge]

    def get_queryset(self, request):
        """Topics with the number of their stories, drafts included: counted for the rows that are shown."""
        rows = ArticleTag.objects.filter(tag=OuterRef("pk")).order_by().values("tag").annotate(count=Count("pk"))
        counted = Coalesce(Subquery(rows.values("count")), 0)
        return super().get_queryset(request).annotate(stories=counted)

    @admin.display(description="stories", ordering="stories")
    def stories(self, tag):
        return tag.stories

    @admin.display(description="has a description", boolean=True)
    def described(self, tag):
        return bool(tag.description)

    def has_merge_permission(self, request):
        return self.has_change_permission(request) and self.has_delete_permission(request)

    def save_model(self, request, obj, form, change):
        if not change or "name" not in form.changed_data:
            return super().save_model(request, obj, form, change)
        old_address, name = obj.get_absolute_url(), obj.name
        obj.name = form.initial["name"]
        super().save_model(request, obj, form, change)
        topics.rename_topic(obj, name)
        if obj.get_absolute_url() != old_address:
            moved = "The topic's address is now {}; {} leads there."
            self.message_user(request, moved.format(obj.get_absolute_url(), old_address), messages.INFO)

    @transaction.atomic
    def do_merge(self, request, into, chosen):
        """Merges the chosen topics into one of them, logs it, and says what was done."""
        others = [topic for topic in chosen if topic.pk != into.pk]
        names = ", ".join(f"“{topic}”" for topic in others)
        # While they are still there to be named.
        self.log_deletions(request, others)
        moved = topics.merge_topics(into, others)
        self.log_change(request, into, f"Merged {names} into it: {moved} stories.")
        stories = "1 story" if moved == 1 else f"{moved:,} stories"
        said = format_html(
            'Merged {} into <a href="{}">{}</a>: {} moved. Their addresses lead there from now on.',
            *(names, self.change_url(into.pk), into.name, stories),
        )
        self.message_user(request, said, messages.SUCCESS)

    def why_not_delete(self, tag):
        if tag.article_tags.exists():
            return (
                f"Stories carry the tag “{tag}”, so it cannot be deleted: take it off them first, or merge it into "
                "another topic."
            )
        return ""


def refresh(articles):
    """Writes a changed name into the search columns of the articles that show it. Three queries a story."""
    for article in articles.defer(*NOT_ON_CARDS).iterator(chunk_size=500):
        publishing.refresh_texts(article)


admin.site.unregister(taggit.models.Tag)
