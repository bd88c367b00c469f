"""Every field of every form at the desk says what it is for."""

import pytest
from django.contrib import admin
from django.urls import reverse

from tests.factories import make_paper, make_staff

pytestmark = pytest.mark.django_db


def helpless(form):
    """The names of a form's visible fields without a help text."""
    return [name for name, field in form.fields.items() if not field.help_text and not field.widget.is_hidden]


def forms_of(response):
    """All forms of an admin page, each with a name."""
    yield "form", response.context["adminform"].form
    for inline in response.context["inline_admin_formsets"]:
        for form in [*inline.formset.forms, inline.formset.empty_form]:
            yield inline.formset.prefix, form


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model._meta.label)
def test_every_field_says_what_it_is_for(client, model):
    client.force_login(make_staff())
    make_paper()
    opts = model._meta
    addresses = [reverse(f"admin:{opts.app_label}_{opts.model_name}_add")]
    if row := model._default_manager.first():
        addresses.append(reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[row.pk]))
    silent = set()
    for address in addresses:
        response = client.get(address)
        if response.status_code != 200 or "adminform" not in (response.context or {}):
            continue  # a list without forms, or without adding
        for name, form in forms_of(response):
            silent |= {(name, field) for field in helpless(form) if field != "DELETE"}
    assert not silent
