"""Stories in the admin: the form, what its buttons do, and what must not be written over unseen."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.forms.widgets import Script
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles import publishing, readiness
from articles.desks import desk_of
from articles.forms import LABELS, SUBSTANTIVE, ArticleForm
from articles.models import Article, DeskNote
from articles.previewing import preview
from articles.views.story import preview_page
from sections.admin import ORDER
from sections.admin_base import PaperAdmin, seoul

from . import bulk, calendar, conflicts, picking, scratches, versions
from .acts import ACTS, ASKING_ACTS, LOOKS, acts_for
from .lists import (
    DayFilter,
    LabelFilter,
    MineFilter,
    SectionFilter,
    StateFilter,
    StoryChangeList,
    saved_filters,
)
from .rows import BylineInline, OldAddressInline, PhotoInline, RelatedInline, VideoInline

VERSIONS_SHOWN, NOTES_SHOWN = 50, 30


class NotSaved(Exception):
    """Rolls a save back whose result was only to be looked at; `then` makes the response afterwards."""

    def __init__(self, then):
        self.then = then


def fields_in_words(request):
    """[(label, help text)] of every field of a story's form that has something to say, in the form's order."""
    form = ArticleAdmin(Article, admin.site).get_form(request)()
    return [(bound.label, bound.help_text) for bound in form if bound.help_text and not bound.is_hidden]


@admin.register(Article)
class ArticleAdmin(scratches.Scratches, versions.Versions, bulk.Bulk, calendar.Calendar, picking.Picking, PaperAdmin):
    form = ArticleForm
    list_display = ["headline", "shown_state", "label", "filed", "public_from", "reporters_text"]
    list_editable = ["label"]
    list_filter = [StateFilter, MineFilter, DayFilter, SectionFilter, "format", LabelFilter]
    list_select_related = ["section__parent"]
    search_fields = ["headline"]  # autocompletes ask for it; get_search_results does the work
    search_help_text = gettext_lazy(
        "Words of headline, deck, tags, bylines or text; “in quotes” for a phrase, -word to leave out."
    )
    sortable_by = ()
    ordering = ["-publish_at", "-id"]
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
    hidden = ["opened_version", "opened_number", "scratch_key"]

    class Media:
        css = {"all": ["css/admin/editor.css", "css/admin/story.css"]}
        js = [Script("js/admin/story.js", type="module"), Script("js/admin/editor.js", type="module"), ORDER]

    # ---- who may do what

    def get_queryset(self, request):
        stories, desk = super().get_queryset(request), desk_of(request.user)
        match = request.resolver_match
        # Related stories, placements and links may name any public story.
        return desk.choosable(stories) if match and match.url_name == "autocomplete" else desk.stories(stories)

    def has_view_permission(self, request, obj=None):
        return super().has_view_permission(request, obj) and (obj is None or desk_of(request.user).may_see(obj))

    def has_change_permission(self, request, obj=None):
        desk = desk_of(request.user)
        if obj is None:
            return super().has_change_permission(request) or request.user.has_perm("articles.illustrate_article")
        return desk.may_illustrate(obj)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and (obj is None or desk_of(request.user).may_delete(obj))

    def get_readonly_fields(self, request, obj=None):
        desk = desk_of(request.user)
        if obj is None or desk.may_write(obj):
            return self.readonly_fields
        # Somebody who may change the photos only.
        written = [*self.filing, *self.terms, *self.origin, "publish_at", "slug", "date_precision", "planned_for"]
        words = [name for row in self.words for name in (row if isinstance(row, tuple) else (row,))]
        return [*self.readonly_fields, *words, *written]

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "section":
            kwargs["queryset"] = desk_of(request.user).fileable(getattr(request, "story", None))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_object(self, request, object_id, from_field=None):
        request.story = story = super().get_object(request, object_id, from_field)
        desk = desk_of(request.user)
        # As it was opened: what the form changes in it must not change who may save the form.
        request.may_write = story is not None and desk.may_write(story)
        request.may_illustrate = story is not None and desk.may_illustrate(story)
        return story

    # ---- the list

    def get_changelist(self, request, **kwargs):
        return StoryChangeList

    def changelist_view(self, request, extra_context=None):
        query = request.META.get("QUERY_STRING", "")
        kept = saved_filters(request.user, query) if request.method == "GET" else ()
        return super().changelist_view(request, {"saved_filters": kept, **(extra_context or {})})

    def get_changelist_formset(self, request, **kwargs):
        formset = super().get_changelist_formset(request, **kwargs)
        attrs = {"list": "usual-labels", "size": 12, "class": "label-text"}
        formset.form.base_fields["label"].widget.attrs |= attrs
        return formset

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
        may_write = obj is None or desk_of(request.user).may_write(obj)
        fieldsets = [
            (_("Words"), {"fields": [*self.words, *self.hidden]}),
            (_("Filing"), {"fields": self.filing}),
            (_("Publication"), {"fields": publication}),
            (_("Terms"), {"fields": self.terms}),
            (_("Origin"), {"fields": self.origin, "classes": ["collapse"]}),
        ]
        if obj is not None and obj.is_public() and may_write:
            fieldsets.append((_("This edit"), {"fields": ["edit_kind", "edit_note", "change_at"], "classes": ["last"]}))
        elif obj is None or not obj.was_public():
            fieldsets.append((_("For the desk"), {"fields": ["desk_note"], "classes": ["last"]}))
        return fieldsets

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        used = {name for _title, options in self.get_fieldsets(request, obj) for name in options["fields"] if name}
        for name in ("edit_kind", "edit_note", "change_at", "desk_note"):
            if name not in used:
                form.base_fields.pop(name, None)
        form.recovering = getattr(request, "recovering", False)
        if "body" in form.base_fields:
            form.base_fields["body"].widget.attrs |= {
                "data-editor": "",
                "data-label": _("Text of the story"),
                "data-stories": reverse("admin:articles_article_find_stories"),
                "data-photos": reverse("admin:articles_article_find_photos"),
                "data-upload": reverse("admin:articles_article_add_photo"),
            }
        if "also_in" in form.base_fields:
            form.base_fields["also_in"].queryset = self.listable(request, obj)
        return form

    def listable(self, request, story):
        """Sections in which the user may list the story, and those that list it already."""
        sections = desk_of(request.user).listable()
        if story is None or desk_of(request.user).is_everywhere:
            return sections
        return type(sections)(sections.model).filter(Q(pk__in=sections) | Q(also_listed=story.pk)).distinct()

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        desk, form = desk_of(request.user), context["adminform"].form
        may_write = obj is None or desk.may_write(obj)
        context |= {
            "acts": acts_for(desk, obj) if may_write else [],
            "asking_acts": [act for act in ASKING_ACTS.values() if obj and act.fits(desk, obj)],
            "labels": LABELS,
            "may_write": may_write,
            "has_saved_state": change,
        }
        if obj:
            rows = obj.versions.select_related("author").defer("content", "base")
            kept = list(rows.filter(base__isnull=True)[:VERSIONS_SHOWN])
            form.initial["opened_number"] = kept[0].number if kept else 0
            context |= {
                "versions": kept,
                "corrections": list(obj.corrections.select_related("author")),
                "desk_notes": list(obj.desk_notes.select_related("author")[:NOTES_SHOWN]),
                "preview_links": list(obj.preview_links.open().select_related("created_by")),
                "waiting": rows.waiting().first(),
                "findings": [] if obj.was_public() else readiness.findings(obj, obj.publish_at),
                "show_delete": desk.may_delete(obj) and not obj.was_public(),
            }
            if getattr(form, "is_stale", False):
                context["conflict"] = conflicts.Conflict(self, request, obj.pk, form)
        context |= self.unsaved(request, obj, form)
        response = super().render_change_form(request, context, add, change, form_url, obj)
        response._csp_update = {"frame-src": ["'self'"]}
        return response

    @admin.display(description=gettext_lazy("state"), ordering="status")
    def shown_state(self, story):
        code = story.state_code
        reason = f": {story.withdrawal_reason}" if code == "withdrawn" and story.withdrawal_reason else ""
        return format_html('<span class="state" data-state="{}">{}</span>{}', code, story.state, reason)

    @admin.display(description=gettext_lazy("section"), ordering="section__path")
    def filed(self, story):
        return story.filed_under

    @admin.display(description=gettext_lazy("public from (Seoul time)"), ordering="publish_at")
    def public_from(self, story):
        return seoul(story.publish_at)

    @admin.display(description=gettext_lazy("reporters"), ordering="byline_text")
    def reporters_text(self, story):
        return story.byline_text or "–"

    @admin.display(description=gettext_lazy("address"))
    def address(self, story):
        return story.get_absolute_url() or "–"

    @admin.display(description=gettext_lazy("public since"))
    def shown_moment(self, story):
        return _("%(moment)s Seoul time: fixed, as is the address") % {"moment": seoul(story.publish_at)}

    @admin.display(description=gettext_lazy("last “Updated” stamp"))
    def shown_updated(self, story):
        if story.updated_at:
            return _("%(moment)s Seoul time") % {"moment": seoul(story.updated_at)}
        return _("none: not updated since it was published")

    def get_view_on_site_url(self, obj=None):
        return obj.get_absolute_url() if obj is not None and obj.is_public() else None

    # ---- saving

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        if request.method == "POST":
            if response := self.before_post(request, object_id):
                return response
            conflicts.resolve(self, request, object_id)
            if request.POST.get("_act") in ("schedule_change", "compare") and (obj := self.stored(request, object_id)):
                request.before = publishing.content_of(obj)
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except NotSaved as looked:
            return looked.then()

    def stored(self, request, object_id):
        """The story as it is in the database, if the user sees it."""
        return self.get_object(request, object_id) if object_id else None

    def save_model(self, request, obj, form, change):
        if not isinstance(form, ArticleForm):  # a label, in the list
            if not desk_of(request.user).may_write(obj):
                raise PermissionDenied
            return super().save_model(request, obj, form, change)
        if not change:
            obj.writer = request.user
        if form.scheduled and "publish_at" in form.fields:
            # The moment of a scheduled story and its address move together, in `finish`.
            obj.publish_at, obj.slug = form.initial["publish_at"], form.initial["slug"]
        super().save_model(request, obj, form, change)

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        if not isinstance(form, ArticleForm):
            return
        if form.act in LOOKS or form.act == "schedule_change":
            self.look(request, form, getattr(request, "before", None))
        edited = not change or any(fs.has_changed() for fs in formsets) or bool(form.changed_data)
        self.finish(request, form, edited)
        scratches.forget(request.user, form)

    def look(self, request, form, before):
        """Makes what was asked for of the story as it would be, and rolls everything back."""
        story, by = form.instance, request.user
        if form.act == "preview":
            publishing.refresh_texts(story)
            response = preview(story.pk, preview_page, _("Preview with what you have not saved yet."))
            raise NotSaved(lambda: response)
        content = publishing.content_of(Article.objects.get(pk=story.pk))
        if form.act == "compare":
            raise NotSaved(lambda: self.compare_unsaved(request, story, before, content))
        if ACTS["schedule_change"] not in acts_for(desk_of(by), story):
            raise PermissionDenied
        given = form.cleaned_data
        raise NotSaved(
            lambda: self.keep_change(
                request, story, content, before, given["change_at"], given["edit_kind"], given["edit_note"]
            )
        )

    def finish(self, request, form, edited):
        """What follows the save of all rows: the version, the texts of search and cards, and the act."""
        story, by, act = form.instance, request.user, ACTS.get(form.act)
        desk = desk_of(by)
        if act and act not in acts_for(desk, story):
            if act in acts_for(desk, None) and not desk.may_publish(story):
                raise ValidationError(
                    _("You publish in the sections given to you: hand the story in, or file it under one of those.")
                )
            raise ValidationError(_("The story is no longer where it was: look at its state and choose again."))
        note = form.cleaned_data.get("desk_note", "")
        if form.act in ("publish", "schedule") or (form.scheduled and form.act != "take_back"):
            self.set_moment(story, form, by)
        elif edited:
            self.record_edit(request, story, form, by)
        if form.act in ("hand_in", "hand_back"):
            getattr(publishing, form.act)(story, note, by=by)
        elif form.act == "take_back":
            story.publish_at, story.slug = form.cleaned_data["publish_at"], form.cleaned_data["slug"]
            publishing.take_back(story, by=by)
        elif note:
            publishing.note_step(story, DeskNote.Step.NOTE, note, by)
        if act:
            self.log_change(request, story, f"{act.done.capitalize()}.", action=act.name)

    def set_moment(self, story, form, by):
        """Schedules or publishes with what was typed; “Publish now” only keeps a moment that is past."""
        typed = form.cleaned_data.get("publish_at", story.publish_at)
        story.slug = form.cleaned_data.get("slug", story.slug)
        now = timezone.now()
        publishing.schedule(story, now if form.act == "publish" and (not typed or typed > now) else typed, by=by)

    def record_edit(self, request, story, form, by):
        """The version of an edit; what readers must be told of is told under the story."""
        kind, note = form.cleaned_data.get("edit_kind") or None, form.cleaned_data.get("edit_note", "")
        if kind in SUBSTANTIVE:
            publishing.refresh_texts(story)
            publishing.correct(story, note, kind=kind, by=by)
        else:
            publishing.finish_edit(story, by=by, kind=kind, note=note)
        if both := publishing.rebase_change(story):
            self.message_user(
                request,
                _(
                    "A change of this story waits for its moment and changes the same parts (%(parts)s): there it "
                    "will take the place of what you have just saved. Look at it under “Versions”."
                )
                % {"parts": ", ".join(both)},
                messages.WARNING,
            )

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
        if not desk_of(request.user).may_see(story):
            return redirect("admin:articles_article_changelist")
        return redirect(self.change_url(story.pk))

    def say_done(self, request, story, done):
        """One sentence on what became of a story, with the way to its page where there is one."""
        when, link = "", ""
        if story.is_scheduled():
            when = _(" Readers see it from %(moment)s Seoul time on.") % {"moment": seoul(story.publish_at)}
        if story.is_public():
            link = format_html(' <a href="{}">{}</a>.', story.get_absolute_url(), _("View it on the site"))
        said = format_html(_("“{}” was {}."), story.headline, done)
        self.message_user(request, format_html("{}{}{}", said, when, link), messages.SUCCESS)

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
        if story is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
        desk = desk_of(request.user)
        if not desk.may_publish(story):
            raise PermissionDenied
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
            **{"act": act, "form": form, "media": self.media + form.media, "fits": act.fits(desk, story)},
        }
        return TemplateResponse(request, "admin/articles/article/act.html", context)

    @transaction.atomic
    def do_act(self, request, story, act, answers):
        """Does the act with the answers of its form, and logs it."""
        act.do(story, answers, request.user)
        said = answers.get("reason") or answers.get("text") or ""
        self.log_change(request, story, f"{act.done.capitalize()}. {said}".strip(), action=act.name)

    def why_not_delete(self, story):
        if story.was_public():
            return _("“%(story)s” was public: it cannot be deleted. Withdraw it; its address then says so.") % {
                "story": story
            }
        return ""
