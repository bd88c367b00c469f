"""Reporters, columns and topics in the admin."""

import taggit.admin  # registers taggit's own Tag, which has to be over before it is unregistered
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from articles import publishing, topics
from articles.forms import AliasForm, AliasFormSet, MergeForm, TagForm, stories_in_words
from articles.models import Alias, Article, ArticleTag, Column, Reporter, Tag
from articles.querysets import NOT_ON_CARDS
from sections.admin_base import PaperAdmin, RowFields, clash_sentence


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
    verbose_name, verbose_name_plural = _("other name"), _("other names")


@admin.register(Reporter)
class ReporterAdmin(LastingSlug, PaperAdmin):
    list_display = ["name", "native_name", "title", "email", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name", "native_name", "email", "slug", "aliases__name"]
    search_help_text = _("Name, another name, name in Korean or e-mail address.")
    autocomplete_fields = ["portrait", "user"]
    inlines = [AliasInline]
    fieldsets = [
        (None, {"fields": [("name", "native_name"), "title", "email", "bio", "beats", "portrait"]}),
        (_("Address and account"), {"fields": ["slug", "is_active", "user"]}),
    ]

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        if change and "name" in form.changed_data:
            refresh(Article.objects.by(obj))

    def why_not_delete(self, reporter):
        if reporter.bylines.exists():
            text = gettext(
                "%(reporter)s has stories, so the page must stay: switch off “active” instead; the page then says so."
            )
            return text % {"reporter": reporter}
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
            text = gettext("The column “%(column)s” has pieces, so it cannot be deleted: take them out of it first.")
            return text % {"column": column}
        return ""


@admin.action(description=_("Merge topics …"), permissions=["merge"])
def merge(modeladmin, request, queryset):
    """Asks which of the chosen topics stays, and merges the others into it."""
    chosen = list(queryset.order_by("-stories", "name"))
    if len(chosen) < 2:
        modeladmin.message_user(
            request, gettext("Choose two or more topics that are one and the same."), messages.ERROR
        )
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
    search_help_text = _("Name or another name of the topic.")
    ordering = ["name"]
    fields = ["name", "slug", "description"]
    inlines = [AliasInline]
    actions = [merge]

    def get_queryset(self, request):
        """Topics with the number of their stories, drafts included: counted for the rows that are shown."""
        rows = ArticleTag.objects.filter(tag=OuterRef("pk")).order_by().values("tag").annotate(count=Count("pk"))
        counted = Coalesce(Subquery(rows.values("count")), 0)
        return super().get_queryset(request).annotate(stories=counted)

    @admin.display(description=_("stories"), ordering="stories")
    def stories(self, tag):
        return tag.stories

    @admin.display(description=_("has a description"), boolean=True)
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
            moved = gettext("The topic's address is now {}; {} leads there.")
            self.message_user(request, moved.format(obj.get_absolute_url(), old_address), messages.INFO)

    @transaction.atomic
    def do_merge(self, request, into, chosen):
        """Merges the chosen topics into one of them, logs it, and says what was done."""
        others = [topic for topic in chosen if topic.pk != into.pk]
        names = ", ".join(f"“{topic}”" for topic in others)
        # While they are still there to be named.
        self.log_deletions(request, others)
        moved = topics.merge_topics(into, others)
        self.log_change(
            request, into, gettext("Merged %(names)s into it: %(moved)s stories.") % {"names": names, "moved": moved}
        )
        stories = stories_in_words(moved)
        said = format_html(
            gettext('Merged {} into <a href="{}">{}</a>: {} moved. Their addresses lead there from now on.'),
            *(names, self.change_url(into.pk), into.name, stories),
        )
        self.message_user(request, said, messages.SUCCESS)

    def why_not_delete(self, tag):
        if tag.article_tags.exists():
            text = gettext(
                "Stories carry the tag “%(tag)s”, so it cannot be deleted: take it off them first, or merge it into "
                "another topic."
            )
            return text % {"tag": tag}
        return ""


def refresh(articles):
    """Writes a changed name into the search columns of the articles that show it. Three queries a story."""
    for article in articles.defer(*NOT_ON_CARDS).iterator(chunk_size=500):
        publishing.refresh_texts(article)


admin.site.unregister(taggit.models.Tag)
