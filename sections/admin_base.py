"""What all pages of the admin share: times in Seoul, forms that explain themselves, lists that stay quick."""

from datetime import date

from django import forms
from django.apps import apps
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.actions import delete_selected
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import InlineModelAdmin
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import (
    AdminSplitDateTime,
    AdminTextareaWidget,
    AutocompleteMixin,
    AutocompleteSelect,
    AutocompleteSelectMultiple,
)
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.paginator import Paginator
from django.db import IntegrityError, models, transaction
from django.db.models.constraints import BaseConstraint
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property, lazy
from django.utils.translation import gettext, gettext_lazy

from readers import audit
from readers.models import Action

from . import bin
from .models import MastheadFact

# Lists show, and count, no more rows than this: older ones are found by search and filters.
LIST_LIMIT = 10_000
# An action on more rows than this would outlast the request.
ACTION_LIMIT = 200
CLASH = gettext_lazy(
    "This clashes with what somebody else saved at the same moment. Nothing was saved: look and save again."
)


def paper_name():
    """The name of the paper as the masthead has it. One query."""
    return MastheadFact.objects.value_of(MastheadFact.Kind.NAME) or settings.SITE_NAME


def seoul(moment):
    """A moment as 2026-11-25 09:32 in Seoul time; a dash where there is none."""
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if moment else "–"


def clash_sentence(error):
    """What a violated constraint says to an editor, or that somebody else was quicker."""
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    if name == "article_public_address_fixed":
        return gettext(
            "The story became public in the meantime: its address and publication time are fixed now. Save again."
        )
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            written = constraint.violation_error_message != BaseConstraint.default_violation_error_message
            if constraint.name == name and written:
                return constraint.get_violation_error_message()
    return CLASH


class Lines(AdminTextareaWidget):
    """A textarea whose line breaks come back as they were sent, so that an untouched text counts as unchanged."""

    def value_from_datadict(self, data, files, name):
        value = super().value_from_datadict(data, files, name)
        return value.replace("\r\n", "\n") if value else value


class SeoulDateTime(AdminSplitDateTime):
    """Date and time, with the zone in words."""

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        context["time_label"] = gettext("Seoul time:")
        for part, words in zip(context["widget"]["subwidgets"], (gettext("Day"), gettext("Seoul time")), strict=True):
            part["attrs"]["aria-label"] = words
        return context


class _Loaded(AutocompleteMixin):
    """Autocomplete that asks nothing for a row its form has `loaded`, and is not upset by odd posts."""

    loaded = None

    def optgroups(self, name, value, attr=None):
        value = [v for v in map(str, value) if v.isascii() and v.isdecimal()]
        if self.loaded is None or value != [str(self.loaded.pk)]:
            return super().optgroups(name, value, attr)
        blank = [] if self.is_required else [self.create_option(name, "", "", False, 0)]
        return [(None, [*blank, self.create_option(name, self.loaded.pk, str(self.loaded), True, 1)], 0)]


class Autocomplete(_Loaded, AutocompleteSelect):
    """One row of another model, found by typing."""


class AutocompleteMultiple(_Loaded, AutocompleteSelectMultiple):
    """Several rows of another model, found by typing; each has its own cross, so none clears them all."""

    def build_attrs(self, *args, **kwargs):
        # The script would put its cross between the list's items, where a list must have none.
        return super().build_attrs(*args, **kwargs) | {"data-allow-clear": "false"}


class Explains:
    """A form that shows, in the right places, what the write itself refused, and refuses impossible years."""

    refusal = None
    earliest_year = 1900

    def clean(self):
        cleaned = super().clean()
        for name, value in list(self.cleaned_data.items()):
            if isinstance(value, date) and value.year < self.earliest_year:
                self.add_error(name, gettext("Write a date from %(year)s on.") % {"year": self.earliest_year})
        if self.refusal:
            self.explain(self.refusal)
        return cleaned

    def explain(self, error):
        """Adds the messages of a ValidationError, each to its field where the form has it."""
        found = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
        for field, sentences in found.items():
            self.add_error(field if field in self.fields else None, sentences)


class EditorForm(Explains, forms.ModelForm):
    """The form of every model."""


class RowForm(EditorForm):
    """The form of an ordered row. One that got a position and nothing else was never meant to be."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            widget = getattr(field.widget, "widget", field.widget)
            if isinstance(widget, _Loaded) and self.instance._meta.get_field(name).is_cached(self.instance):
                widget.loaded = getattr(self.instance, name)

    def has_changed(self):
        return bool(set(self.changed_data) - (set() if self.instance.pk else {"position"}))


class BoundedPaginator(Paginator):
    """Pages over the first LIST_LIMIT rows: nothing counts a whole table or skips over it."""

    @cached_property
    def count(self):
        return self.object_list.order_by().values("pk")[:LIST_LIMIT].count()


def say_name(field):
    """Gives an input that has no label of its own the field's name for screen readers."""
    widget = getattr(field.widget, "widget", field.widget)
    if field.label:
        widget.attrs.setdefault("aria-label", field.label)


class RowFields:
    """Form fields as they are everywhere in this admin."""

    formfield_overrides = {
        models.TextField: {"widget": Lines},
        models.DateTimeField: {"form_class": forms.SplitDateTimeField, "widget": SeoulDateTime},
    }

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and hasattr(field.widget, "can_delete_related"):
            # A cross beside a choice is too near to deleting what was chosen.
            field.widget.can_delete_related = False
        if field and isinstance(self, InlineModelAdmin):
            say_name(field)  # the heads of a table are no labels
        return field

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", Autocomplete(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", AutocompleteMultiple(db_field, self.admin_site))
        return super().formfield_for_manytomany(db_field, request, **kwargs)


class PaperAdmin(RowFields, admin.ModelAdmin):
    """The admin of every model.

    What a write refuses is shown in the form, with everything typed still in it and nothing written; what
    must not be deleted says why.
    """

    form = EditorForm
    list_per_page = 50
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except ValidationError as error:
            request.refusal = error
        except IntegrityError as error:
            request.refusal = ValidationError(clash_sentence(error))
        # The transaction was rolled back: the same form again, which now knows what is wrong.
        return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        form.refusal = getattr(request, "refusal", None)
        return form

    def get_changelist_formset(self, request, **kwargs):
        formset = super().get_changelist_formset(request, **kwargs)
        for field in formset.form.base_fields.values():
            say_name(field)
        return formset

    def get_view_on_site_url(self, obj=None):
        if obj is None or not self.view_on_site or not hasattr(obj, "get_absolute_url"):
            return None
        return obj.get_absolute_url() or None

    def change_url(self, pk):
        """The address of a row's form."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[pk])

    def construct_change_message(self, request, form, formsets, add=False):
        """What Django's history says of a save; keeps what it changed for the audit log."""
        request.audit_changes = audit.changes_of(form, formsets)
        return super().construct_change_message(request, form, formsets, add)

    def log_addition(self, request, obj, message):
        """Writes an added row into Django's history and the audit log."""
        audit.record(Action.ADDED, request, obj, **self._audited(request, message))
        return super().log_addition(request, obj, message)

    def log_change(self, request, obj, message, action=Action.CHANGED):
        """Writes a change or an act into Django's history and the audit log; a save that changed nothing is none."""
        found = self._audited(request, message)
        if found["note"] or found["changes"]:
            audit.record(action, request, obj, **found)
        return super().log_change(request, obj, message)

    def log_deletions(self, request, queryset):
        """Writes rows that are about to be deleted into Django's history and the audit log."""
        for obj in queryset:
            audit.record(Action.DELETED, request, obj, changes=audit.values_of(obj))
        return super().log_deletions(request, queryset)

    @staticmethod
    def _audited(request, message):
        # Acts are logged with a sentence, saves with Django's list of changed fields.
        return {
            "changes": request.__dict__.pop("audit_changes", {}),
            "note": "" if isinstance(message, list) else message,
        }

    def delete_model(self, request, obj):
        """Puts a row into the bin, see `sections.bin`."""
        bin.throw_away(obj, by=request.user)

    def delete_queryset(self, request, queryset):
        """Puts rows into the bin, all or none."""
        with transaction.atomic():
            for obj in queryset:
                bin.throw_away(obj, by=request.user)

    def why_not_delete(self, obj):
        """A sentence that says why a row must not be deleted; empty if it may."""
        return ""

    def delete_view(self, request, object_id, extra_context=None):
        obj = self.get_object(request, unquote(object_id))
        if obj and self.has_delete_permission(request, obj) and (reason := self.why_not_delete(obj)):
            self.message_user(request, reason, messages.ERROR)
            return redirect(self.change_url(obj.pk))
        return super().delete_view(request, object_id, extra_context)

    def get_actions(self, request):
        actions = super().get_actions(request)
        if "delete_selected" in actions:
            actions["delete_selected"] = (delete_chosen, "delete_selected", gettext("Put the chosen into the bin"))
        return actions

    def response_action(self, request, queryset, **options):
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        across = request.POST.get("select_across") == "1" and queryset.order_by()[: ACTION_LIMIT + 1].count()
        if not all(pk.isascii() and pk.isdecimal() for pk in chosen) or (across or len(chosen)) > ACTION_LIMIT:
            said = gettext("Choose at most %(count)s rows at a time.") % {"count": ACTION_LIMIT}
            self.message_user(request, said, messages.ERROR)
            return None
        return super().response_action(request, queryset, **options)


def delete_chosen(modeladmin, request, queryset):
    """Deletes the chosen rows after a question, unless one of them must stay."""
    reasons = [reason for obj in queryset if (reason := modeladmin.why_not_delete(obj))]
    for reason in reasons[:10]:
        modeladmin.message_user(request, reason, messages.ERROR)
    return None if reasons else delete_selected(modeladmin, request, queryset)


# Evaluated whenever a page prints it, so that a new name in the masthead shows at once.
admin.site.site_header = lazy(paper_name, str)()
admin.site.site_title = admin.site.site_header
admin.site.index_title = gettext_lazy("The newsroom")
admin.site.empty_value_display = "–"
