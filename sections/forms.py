"""Forms of the frame: what an editor may do to sections, menus, pages and redirects."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .admin_base import EditorForm, Explains, Lines
from .models import MenuItem, Page
from .moving import end_of, why_not_from, why_not_to


class SectionForm(EditorForm):
    """A section; also looks whether a static page has its address."""

    class Meta:
        labels = {"position": _("Place in lists of sections")}
        help_texts = {
            "slug": _(
                "Word of the address. Changing it moves the section and its subsections; every old address "
                "leads to the new one for good."
            ),
            "parent": _(
                "Empty for a top section. Choosing another one moves the section; old addresses lead to the new one."
            ),
            "position": _(
                "Order among its neighbours on the site map and the front; menus have an order of their own."
            ),
        }

    def clean(self):
        cleaned = super().clean()
        parent, slug = self.cleaned_data.get("parent"), self.cleaned_data.get("slug")
        if slug and "parent" in self.cleaned_data:
            address = f"/{parent.path}/{slug}/" if parent else f"/{slug}/"
            if Page.objects.filter(address=address).exists():
                self.add_error(
                    "slug",
                    gettext("The static page %(address)s has this address: choose another.") % {"address": address},
                )
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
        label=_("Under"),
        help_text=_("Only the overlay and the footer have a second level. Empty: first level."),
    )

    class Meta:
        help_texts = {
            "icon": _("Drawn beside the words of tiles and social links; other menus show none."),
            "position": _("Order within its menu, or below the entry above it; lower comes first."),
        }


class RedirectForm(EditorForm):
    """A redirect: both ends are checked, as a wrong one sends readers astray for good."""

    class Meta:
        help_texts = {
            "old_path": _("The address that is no longer used, from the first slash on: /economy/."),
            "new_path": _(
                "Where readers land: /finance/ of this site, or a full https:// address. Browsers remember it."
            ),
        }

    def clean_old_path(self):
        path = self.cleaned_data["old_path"]
        if problem := why_not_from(path):
            raise ValidationError(problem)
        return path

    def clean_new_path(self):
        path = self.cleaned_data["new_path"]
        if problem := why_not_to(path):
            raise ValidationError(problem)
        # Readers go there in one hop, whatever other redirects there are.
        return end_of(path, self.cleaned_data.get("old_path") or self.instance.old_path)


class PasteForm(Explains, forms.Form):
    """Many redirects as lines."""

    lines = forms.CharField(
        label=_("Redirects"),
        max_length=100_000,
        widget=Lines(attrs={"rows": 14, "spellcheck": "false"}),
        help_text=_("One a line: the old address, a blank, the new one. /economy/ /finance/"),
    )
