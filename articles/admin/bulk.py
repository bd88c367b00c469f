"""Acts on many stories of the list: each asks what it needs, shows what will change, and only then does it."""

import csv
import json
from dataclasses import dataclass

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from articles import publishing, readiness
from articles.desks import desk_of
from articles.forms import SavedFilterForm, stories_in_words
from articles.models import Article, Byline, Reporter, SavedFilter
from articles.querysets import NOT_ON_CARDS
from articles.topics import find_topics, names_in
from readers.models import Action
from sections.admin_base import Explains, Lines, seoul
from sections.models import Section

from .lists import tidy_query

# ---- what acts ask


class MoveForm(Explains, forms.Form):
    """Where to."""

    section = forms.ModelChoiceField(Section.objects.none(), label=gettext_lazy("New section"))

    def __init__(self, *args, desk, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["section"].queryset = desk.listable().order_by("path")


class RetagForm(Explains, forms.Form):
    """Which topics come, which go."""

    add = forms.CharField(label=gettext_lazy("Topics to add"), required=False, max_length=500)
    remove = forms.CharField(label=gettext_lazy("Topics to take off"), required=False, max_length=500)

    def __init__(self, *args, desk, **kwargs):
        super().__init__(*args, **kwargs)

    def clean(self):
        cleaned = super().clean()
        if not cleaned.get("add") and not cleaned.get("remove"):
            raise ValidationError(_("Write a topic to add or to take off, several with commas between them."))
        if any(len(name) > 90 for name in names_in(cleaned.get("add", ""))):
            raise ValidationError(_("Put commas between topics: one of these is too long."))
        return cleaned


class ReassignForm(Explains, forms.Form):
    """To whom."""

    reporter = forms.ModelChoiceField(
        Reporter.objects.filter(is_active=True),
        label=gettext_lazy("Reporter"),
        help_text=gettext_lazy("Takes the place of the bylines; the reporter's account may then write the story."),
    )

    def __init__(self, *args, desk, **kwargs):
        super().__init__(*args, **kwargs)


class ReasonForm(Explains, forms.Form):
    """Why."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=2000,
        widget=Lines(attrs={"rows": 3}),
        help_text=gettext_lazy("Readers see it at each story's address."),
    )

    def __init__(self, *args, desk, **kwargs):
        super().__init__(*args, **kwargs)


class NoteForm(Explains, forms.Form):
    """What is to be done."""

    note = forms.CharField(
        label=gettext_lazy("Note for the writers"),
        max_length=2000,
        widget=Lines(attrs={"rows": 3}),
        help_text=gettext_lazy("What is to be done: it stands in each story's record."),
    )

    def __init__(self, *args, desk, **kwargs):
        super().__init__(*args, **kwargs)


class NothingForm(Explains, forms.Form):
    """For an act that only has to be confirmed."""

    def __init__(self, *args, desk, **kwargs):
        super().__init__(*args, **kwargs)


# ---- the acts


@dataclass(frozen=True)
class Change:
    """What an act will do to one story: before and after in words, or why not."""

    story: Article
    before: str = ""
    after: str = ""
    refusal: str = ""


class BulkAct:
    """An act on many stories: `plan` says what it will do to one, `do` does it. Both refuse with a ValidationError."""

    form = NothingForm
    name = title = button = done = what = ""

    def plan(self, story, given, desk):
        """(before, after) in words."""
        raise NotImplementedError

    def do(self, story, given, by):
        """Does it, in the transaction of the caller."""
        raise NotImplementedError

    def changes(self, stories, given, desk):
        """A Change for each story."""
        found = []
        for story in stories:
            try:
                found.append(Change(story, *self.plan(story, given, desk)))
            except ValidationError as error:
                found.append(Change(story, refusal=" ".join(error.messages)))
        return found


class Move(BulkAct):
    """Files stories under another section."""

    name, title, button = "move", gettext_lazy("Move to another section …"), gettext_lazy("Move them")
    done, what, form = gettext_lazy("moved"), gettext_lazy("Section"), MoveForm

    def plan(self, story, given, desk):
        if not desk.may_write(story):
            raise ValidationError(_("You may not change this story."))
        if story.section_id == given["section"].pk:
            raise ValidationError(_("It is there already."))
        return str(story.section), str(given["section"])

    def do(self, story, given, by):
        story.section = given["section"]
        story.save(update_fields=["section"])
        publishing.finish_edit(story, by=by)


class Retag(BulkAct):
    """Adds topics and takes others off."""

    name, title, button = "retag", gettext_lazy("Change topics …"), gettext_lazy("Change the topics")
    done, what, form = gettext_lazy("filed under other topics"), gettext_lazy("Topics"), RetagForm

    def wanted(self, story, given):
        """The names that the story has, and those that it will have."""
        have = {name.lower(): name for name in story.tags.names()}
        want = {**have, **{name.lower(): name for name in names_in(given["add"])}}
        for name in names_in(given["remove"]):
            want.pop(name.lower(), None)
        return sorted(have.values()), sorted(want.values())

    def plan(self, story, given, desk):
        if not desk.may_write(story):
            raise ValidationError(_("You may not change this story."))
        have, want = self.wanted(story, given)
        if have == want:
            raise ValidationError(_("Nothing changes."))
        return ", ".join(have) or "–", ", ".join(want) or "–"

    def do(self, story, given, by):
        story.tags.set(find_topics(self.wanted(story, given)[1]))
        # The story counts as saved, so that a form that was opened before is not saved over it unseen.
        story.save(update_fields=["tag_text"])
        publishing.finish_edit(story, by=by)


class Reassign(BulkAct):
    """Gives stories to another reporter; what was public is refused, as readers saw its byline."""

    name, title, button = "reassign", gettext_lazy("Give to another reporter …"), gettext_lazy("Give them over")
    done, what, form = gettext_lazy("given over"), gettext_lazy("Reporter"), ReassignForm

    def plan(self, story, given, desk):
        if not desk.may_write(story):
            raise ValidationError(_("You may not change this story."))
        if story.was_public():
            raise ValidationError(_("It was public: change the byline in its form, where readers can be told."))
        return story.byline_text or "–", given["reporter"].name

    def do(self, story, given, by):
        story.bylines.all().delete()
        Byline.objects.create(article=story, reporter=given["reporter"])
        story.writer = given["reporter"].user or story.writer
        story.save(update_fields=["writer"])
        publishing.finish_edit(story, by=by)


class Withdraw(BulkAct):
    """Takes public stories back, each with the same reason."""

    name, title, button = "withdraw", gettext_lazy("Withdraw …"), gettext_lazy("Withdraw them")
    done, what, form = gettext_lazy("withdrawn"), gettext_lazy("State"), ReasonForm

    def plan(self, story, given, desk):
        if not desk.may_publish(story):
            raise ValidationError(_("You may not withdraw this story."))
        if not story.is_public():
            raise ValidationError(_("It is not public."))
        return _("Public"), _("Withdrawn: readers see the reason at its address")

    def do(self, story, given, by):
        publishing.withdraw(story, given["reason"], by=by)


class HandIn(BulkAct):
    """Hands drafts in."""

    name, title, button = "hand_in", gettext_lazy("Hand in for review …"), gettext_lazy("Hand them in")
    done, what = gettext_lazy("handed in for review"), gettext_lazy("State")

    def plan(self, story, given, desk):
        if not desk.may_write(story):
            raise ValidationError(_("You may not change this story."))
        if story.status != Article.Status.DRAFT:
            raise ValidationError(_("Only a draft can be handed in."))
        return _("Draft"), _("In review")

    def do(self, story, given, by):
        publishing.hand_in(story, by=by)


class HandBack(BulkAct):
    """Hands stories in review back."""

    name, title, button = "hand_back", gettext_lazy("Hand back to the writer …"), gettext_lazy("Hand them back")
    done, what, form = gettext_lazy("handed back"), gettext_lazy("State"), NoteForm

    def plan(self, story, given, desk):
        if not desk.may_hand_back(story):
            raise ValidationError(_("You may not hand this story back."))
        if story.status != Article.Status.IN_REVIEW:
            raise ValidationError(_("Only a story in review can be handed back."))
        return _("In review"), _("Draft")

    def do(self, story, given, by):
        publishing.hand_back(story, given["note"], by=by)


class Publish(BulkAct):
    """Publishes what nothing stops."""

    name, title, button = "publish", gettext_lazy("Publish now …"), gettext_lazy("Publish them")
    done, what = gettext_lazy("published"), gettext_lazy("State")

    def plan(self, story, given, desk):
        if not desk.may_publish(story):
            raise ValidationError(_("You may not publish this story."))
        if story.was_public():
            raise ValidationError(_("This story is public already: its publication time cannot change any more."))
        if missing := readiness.errors(story):
            raise ValidationError(missing)
        return story.state, _("Public")

    def do(self, story, given, by):
        publishing.schedule(story, by=by)


BULK_ACTS = {act.name: act for act in (Move(), Retag(), Reassign(), Withdraw(), HandIn(), HandBack(), Publish())}


def action_of(act):
    """The act as an action of the list."""

    @admin.action(description=act.title, permissions=["change"])
    def action(modeladmin, request, queryset):
        return modeladmin.bulk_view(request, queryset, act)

    action.__name__ = act.name
    return action


@admin.action(description=gettext_lazy("Export as a table (CSV)"), permissions=["view"])
def export_csv(modeladmin, request, queryset):
    """The chosen stories as a table: what the list shows, and where they stand."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="stories.csv"'
    response.write("\ufeff")  # or spreadsheets take the Korean for something else
    table = csv.writer(response)
    table.writerow(["headline", "state", "section", "public from (Seoul)", "reporters", "topics", "label", "address"])
    for story in queryset.select_related("section"):
        row = [story.headline, story.state_code, story.section.path, seoul(story.publish_at), story.byline_text]
        table.writerow([tame(cell) for cell in (*row, story.tag_text, story.label, story.get_absolute_url())])
    return response


def tame(cell):
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return f"'{cell}" if cell and cell[0] in "=+-@\t\r" else cell


@admin.action(description=gettext_lazy("Export with text (JSON Lines)"), permissions=["view"])
def export_lines(modeladmin, request, queryset):
    """The chosen stories, one JSON object a line, with what their versions keep."""
    response = HttpResponse(content_type="application/x-ndjson; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="stories.jsonl"'
    whole = Article.objects.filter(pk__in=[story.pk for story in queryset]).select_related("section")
    for story in whole:
        record = {
            "guid": str(story.guid),
            "state": story.state_code,
            "publish_at": story.publish_at.isoformat() if story.publish_at else None,
            "address": story.get_absolute_url(),
            **publishing.content_of(story),
        }
        response.write(json.dumps(record, ensure_ascii=False) + "\n")
    return response


class Bulk:
    """The part of the story's admin that acts on many stories, and keeps searches."""

    actions = [*(action_of(act) for act in BULK_ACTS.values()), export_csv, export_lines]

    def bulk_view(self, request, queryset, act):
        """Asks, shows what will change, and does it: a page for each, by the same form. The stories' pks go along."""
        desk = desk_of(request.user)
        # The query of the list leaves columns out that an act may save.
        pks = list(queryset.order_by().values_list("pk", flat=True))
        stories = list(
            Article.objects.filter(pk__in=pks).select_related("section__parent").defer(*NOT_ON_CARDS[1:]).order_by("pk")
        )
        asked = "asked" in request.POST
        form = act.form(request.POST if asked else None, desk=desk)
        changes = []
        if (asked or not form.fields) and (not asked or form.is_valid()):
            given = form.cleaned_data if asked else {}
            changes = act.changes(stories, given, desk)
            if "sure" in request.POST and asked:
                return self.do_bulk(request, act, [change for change in changes if not change.refusal], given)
        context = {
            **self.admin_site.each_context(request),
            **{"title": str(act.title).rstrip("… "), "opts": self.opts, "media": self.media + form.media},
            **{"act": act, "form": form, "stories": stories, "changes": changes},
            "possible": sum(not change.refusal for change in changes),
            "checkbox": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/articles/article/bulk.html", context)

    def do_bulk(self, request, act, changes, given):
        """Does the act to each story, a transaction for each; says what was done and what was refused."""
        done = 0
        for change in changes:
            try:
                with transaction.atomic():
                    story = (
                        Article.objects.select_for_update(of=("self",))
                        .select_related("section")
                        .get(pk=change.story.pk)
                    )
                    act.do(story, given, request.user)
                    action = act.name if act.name in Action.values else Action.CHANGED
                    self.log_change(request, story, f"{str(act.done).capitalize()}.", action=action)
            except ValidationError as error:
                self.message_user(request, f"“{change.story}”: {' '.join(error.messages)}", messages.ERROR)
            else:
                done += 1
        said = _("%(stories)s: %(done)s.") % {"stories": stories_in_words(done), "done": act.done}
        self.message_user(request, said, messages.SUCCESS if done else messages.WARNING)
        return None

    # ---- searches that are kept

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("searches/", view(require_POST(self.keep_search)), name="articles_article_keep_search"),
            path("searches/<int:pk>/drop/", view(require_POST(self.drop_search)), name="articles_article_drop_search"),
            *super().get_urls(),
        ]

    def keep_search(self, request):
        """Keeps the search that the list shows under a name; one of the same name is replaced."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        query = tidy_query(request.POST.get("query", "")[:1000])
        name = request.POST.get("name", "").strip()[:60]
        old = SavedFilter.objects.filter(user=request.user, name=name).first()
        form = SavedFilterForm(request.POST, instance=old or SavedFilter(user=request.user))
        form.instance.query = query
        if form.is_valid():
            form.save()
            self.message_user(request, _("The search is kept as “%(name)s”.") % {"name": name}, messages.SUCCESS)
        else:
            self.message_user(request, _("Give the search a name of at most 60 characters."), messages.ERROR)
        return redirect(f"{self.list_url()}?{query}")

    def drop_search(self, request, pk):
        """Forgets a kept search of one's own."""
        SavedFilter.objects.filter(user=request.user, pk=pk).delete()
        return redirect(self.list_url())

    def list_url(self):
        """The address of the list."""
        return reverse("admin:articles_article_changelist")
