"""Forms of the frame: what an editor may do to sections, menus, pages and redirects."""

import re

from django import forms
from django.core.exceptions import ValidationError

from .admin_base import EditorForm
from .models import MenuItem, Page, Section

OWN_PATH = re.compile(r"/(?!/)\S*")
TARGET = re.compile(r"/(?!/)\S*|https?://[^\s/]\S*")


class SectionForm(EditorForm):
    """A section; also looks whether a static page has its address."""

    class Meta:
        labels = {"position": "Place in lists of sections"}
        help_texts = {
            "slug": "Word of the address. Changing it moves the section and its subsections; every old address "
            "leads to the new one for good.",
            "parent": "Empty for a top section. Choosing another one moves the section; old addresses lead to the "
            "new one.",
            "position": "Order among its neighbours on the site map and the front; menus have an order of their own.",
        }

    def clean(self):
        cleaned = super().clean()
        parent, slug = self.cleaned_data.get("parent"), self.cleaned_data.get("slug")
        if slug and "parent" in self.cleaned_data:
            address = f"/{parent.path}/{slug}/" if parent else f"/{slug}/"
            if Page.objects.filter(address=address).exists():
                self.add_error("slug", f"The static page {address} has this address: choose another.")
        return cleaned


class FirstLevelField(forms.ModelChoiceField):
    """First-level entries of the menus that have a second level."""

    def label_from_instance(self, item):
        return f"{item.get_menu_display()}: {item.text}"


class MenuItemForm(EditorForm):
    """An entry of a menu; only entries that may stand above others are offered as such."""

    parent = FirstLevelField(
        MenuItem.objects.filter(parent=None, menu__in=[MenuItem.Menu.OVERLAY, MenuItem.Menu.FOOTER]).select_related(
            "section"
        ),
        required=False,
        label="Under",
        help_text="Only the overlay and the footer have a second level. Empty: first level.",
    )

    class Meta:
        help_texts = {
            "icon": "Drawn beside the words of tiles and social links; other menus show none.",
            "position": "Order within its menu, or below the entry above it; lower comes first.",
        }


class RedirectForm(EditorForm):
    """A redirect: both ends are checked, as a wrong one sends readers astray for good."""

    class Meta:
        help_texts = {
            "old_path": "The address that is no longer used, from the first slash on: /economy/.",
            "new_path": "Where readers land: /finance/ of this site, or a full https:// address. Browsers remember it.",
        }

    def clean_old_path(self):
        path = self.cleaned_data["old_path"]
        if not OWN_PATH.fullmatch(path):
            raise ValidationError("Write the address as it was, from the first slash on, without blanks: /economy/.")
        taken = path.strip("/")
        if Section.objects.filter(path=taken).exists() or Page.objects.filter(address=f"/{taken}/").exists():
            raise ValidationError("A section or page stands at this address, so nobody would ever be redirected.")
        return path

    def clean_new_path(self):
        path = self.cleaned_data["new_path"]
        if not TARGET.fullmatch(path):
            raise ValidationError("Write /an/address/ of this site, or a full https:// address, without blanks.")
        return path
