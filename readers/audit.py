"""Writing the audit log, and telling what a form changed.

Every admin model has it through `sections.admin_base.PaperAdmin`; other places call `record`.
"""

from datetime import date, datetime
from os.path import commonprefix

from django.core.exceptions import ValidationError
from django.core.files import File
from django.db.models import Manager, Model, QuerySet
from django.forms import ModelChoiceField
from django.utils import timezone
from django.utils.choices import flatten_choices

from .models import AuditEntry
from .requests import client_address

LONGEST = 500
HIDDEN = "•••"


def record(action, request=None, obj=None, *, user=None, user_name="", note="", changes=None):
    """Writes an entry and returns it. One query.

    `user` is the one who acts: without it the request's; `user_name` stands for somebody without an account.
    `changes` is {field: [before, after]} of plain values, as `changes_of` gives it.
    """
    if user is None and not user_name and request is not None and getattr(request, "user", None):
        user = request.user if request.user.is_authenticated else None
    entry = AuditEntry(
        action=action,
        user=user,
        user_name=_plain(user.get_username() if user else user_name)[:150],
        address=client_address(request) if request is not None else None,
        note=_plain(str(note)),
        changes=changes or {},
    )
    if obj is not None:
        entry.model = obj._meta.label_lower
        entry.object_id = str(obj.pk)
        entry.object_words = _plain(str(obj))[:300]
    entry.save(force_insert=True)
    return entry


def changes_of(form, formsets=()):
    """{field: [before, after]} of a valid form and of the rows in its formsets; passwords are hidden.

    One query for each changed field that names another row.
    """
    found = _changes_of_form(form, added=False)
    for formset in formsets or ():
        gone = formset.deleted_forms
        for row in formset.forms:
            name = f"{formset.model._meta.verbose_name} “{row.instance}”"
            if row in gone:
                if row in formset.initial_forms:
                    found[name] = [_plain(str(row.instance))[:LONGEST], None]
            elif row.has_changed():
                changes = _changes_of_form(row, added=row not in formset.initial_forms)
                found |= {f"{name}: {field}": pair for field, pair in changes.items()}
    return found


def values_of(obj):
    """{field: [value, None]} of a row that is about to be deleted. No query: rows it names stand as numbers."""
    unread = obj.get_deferred_fields()
    found = {}
    for field in obj._meta.concrete_fields:
        if not field.editable or field.primary_key or field.attname in unread or "password" in field.name:
            continue
        value = getattr(obj, field.attname)
        if value not in (None, ""):
            found[field.name] = _pair(value, None)
    return found


def _changes_of_form(form, added):
    found = {}
    for name in form.changed_data:
        if "password" in name:
            found["password"] = [None if added else HIDDEN, HIDDEN]
        elif name in form.fields and name in form.cleaned_data and name != "DELETE":
            field = form.fields[name]
            before = None if added else _chosen(field, form.get_initial_for_field(field, name))
            pair = _pair(before, _chosen(field, form.cleaned_data[name]))
            if pair[0] != pair[1]:
                found[name] = pair
    return found


def _chosen(field, value):
    """The value in the words of the choice or the row it stands for."""
    if isinstance(field, ModelChoiceField):
        return _rows(field, value)
    for key, words in flatten_choices(getattr(field, "choices", ())):
        if value not in (None, "") and str(key) == str(value):
            return str(words)
    return value


def _rows(field, value):
    if value in (None, "") or isinstance(value, Model | QuerySet):
        return value
    many = isinstance(value, list | tuple | set)
    if many and all(isinstance(item, Model) for item in value):
        return value
    try:
        return field.clean(value) if many else field.to_python(value)
    except ValidationError:  # the row is gone, or no longer one to choose
        return str(value)


def _pair(before, after):
    """Both values as JSON has them; of long texts the part where they differ."""
    before, after = _words(before), _words(after)
    texts = [value for value in (before, after) if isinstance(value, str)]
    if not any(len(text) > LONGEST for text in texts):
        return [before, after]
    start = max(0, len(commonprefix(texts)) - 60) if len(texts) == 2 else 0
    return [_cut(value, start) if isinstance(value, str) else value for value in (before, after)]


def _cut(text, start):
    opening, closing = "…" * (start > 0), "…" * (len(text) > start + LONGEST)
    room = LONGEST - len(opening) - len(closing)
    return f"{opening}{text[start : start + room]}{closing}"


def _words(value):
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return (timezone.localtime(value) if timezone.is_aware(value) else value).isoformat(" ", "minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Manager):
        value = value.all()
    if isinstance(value, list | tuple | set | QuerySet):
        return [_plain(str(item))[:LONGEST] for item in value]
    if isinstance(value, File):
        return value.name or None
    return _plain(str(value))


def _plain(text):
    """Text without the one character that PostgreSQL cannot keep."""
    return text.replace("\0", "")
