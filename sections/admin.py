"""The frame in the admin: sections, menus, masthead, static pages, redirects."""

import json
from collections import Counter
from datetime import timedelta

from admin_ordering.admin import OrderableAdmin
from django.apps import apps
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import F
from django.db.models.functions import Coalesce
from django.forms.widgets import Script
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from readers.audit import record
from readers.models import Action

from .admin_base import PaperAdmin, seoul
from .bin import bring_back
from .forms import MenuItemForm, PasteForm, RedirectForm, SectionForm
from .models import AdSeller, Binned, BreakingNews, Crawler, MastheadFact, MenuItem, Page, Redirect, Section
from .moving import add_redirect, add_redirects, addresses_of, move_section, plan_redirects

# How long a line of breaking news stands unless the editor says otherwise.
BREAKING_FOR = timedelta(hours=3)
# Buttons that put rows in order, beside dragging.
ORDER = Script("js/admin/order.js", type="module")


class DraggableAdmin(OrderableAdmin, PaperAdmin):
    """Rows that are put in order by dragging, or by writing their numbers."""

    ordering_field = "position"
    list_per_page = list_max_show_all = 300

    class Media:
        js = [ORDER]

    def check(self, **kwargs):
        # Entries are ordered within their menu, which django-admin-ordering cannot know.
        return [found for found in super().check(**kwargs) if found.id != "admin_ordering.W004"]


def edit_link(obj, text):
    """A link to a row's form in the admin."""
    return format_html('<a href="{}">{}</a>', reverse(admin_name(obj), args=[obj.pk]), text)


def admin_name(obj):
    """The name of the address of a row's form."""
    return f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change"


class LevelFilter(admin.SimpleListFilter):
    """Top sections or those below one."""

    title, parameter_name = _("level"), "level"

    def lookups(self, request, model_admin):
        return [("top", gettext("Sections")), ("below", gettext("Subsections"))]

    def queryset(self, request, queryset):
        if self.value() in ("top", "below"):
            return queryset.filter(parent__isnull=self.value() == "top")


@admin.register(Section)
class SectionAdmin(PaperAdmin):
    form = SectionForm
    list_display = ["tree_name", "address", "menus", "position"]
    list_display_links = ["tree_name"]
    list_editable = ["position"]
    list_filter = [LevelFilter]
    list_per_page = list_max_show_all = 300
    search_fields = ["name", "path"]
    search_help_text = _("Name or address.")
    autocomplete_fields = ["parent"]
    prepopulated_fields = {"slug": ["name"]}

    class Media:
        js = [ORDER]

    ordering = [
        Coalesce("parent__position", "position"),
        Coalesce("parent__path", "path"),
        F("parent").asc(nulls_first=True),
        "position",
        "name",
    ]
    fields = ["name", "slug", "parent", "will_redirect", "description", "position", "where_shown"]
    readonly_fields = ["where_shown", "will_redirect"]

    def get_fields(self, request, obj=None):
        return [name for name in self.fields if obj or name != "will_redirect"]

    @admin.display(description=_("if its address changes"))
    def will_redirect(self, section):
        """The addresses that will lead to the new ones, before anything is changed. One query."""
        return _("These will lead to the new address for good: %(addresses)s.") % {
            "addresses": ", ".join(addresses_of(section))
        }

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("parent").prefetch_related("menu_items")

    def get_prepopulated_fields(self, request, obj=None):
        return {} if obj else self.prepopulated_fields

    @admin.display(description=_("name"))
    def tree_name(self, section):
        return format_html('<span class="{}">{}</span>', "below" if section.parent_id else "top", section.name)

    @admin.display(description=_("address"))
    def address(self, section):
        return section.get_absolute_url()

    @admin.display(description=_("in the menus"))
    def menus(self, section):
        return ", ".join(dict.fromkeys(str(item.get_menu_display()) for item in section.menu_items.all())) or gettext(
            "none"
        )

    @admin.display(description=_("in the menus"))
    def where_shown(self, section):
        """Each entry that leads to the section, with the words it has there."""
        items = section.menu_items.all() if section.pk else ()
        lines = ((edit_link(item, item.get_menu_display()), item.label or section.name) for item in items)
        return format_html_join("", "<div>{}: “{}”</div>", lines) or gettext(
            "In no menu: readers find it by its address only."
        )

    def save_model(self, request, obj, form, change):
        if change:
            move_section(obj)
        else:
            obj.save()

    def why_not_delete(self, section):
        for rows, what, advice in (
            (section.articles, gettext("stories"), gettext("file them under another section first.")),
            (section.children, gettext("subsections"), gettext("move or delete them first.")),
            (section.story_lists, gettext("ranked lists"), gettext("give those another section first.")),
        ):
            if rows.exists():
                text = gettext("%(section)s has %(what)s, so it cannot be deleted: %(advice)s")
                return text % {"section": section, "what": what, "advice": advice}
        return ""


@admin.register(MenuItem)
class MenuItemAdmin(DraggableAdmin):
    form = MenuItemForm
    list_display = ["words", "menu", "leads_to", "icon", "position"]
    list_editable = ["position"]
    list_filter = ["menu"]
    list_select_related = ["section", "parent__section"]
    autocomplete_fields = ["section"]
    ordering = [
        "menu",
        Coalesce("parent__position", "position"),
        Coalesce("parent", "id"),
        F("parent").asc(nulls_first=True),
        "position",
        "id",
    ]
    fields = ["menu", "parent", "section", "url", "label", "icon", "position"]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("section")

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj:
            context["subtitle"] = f"{obj.get_menu_display()}: {obj.text}"
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.display(description=_("entry"))
    def words(self, item):
        return format_html('<span class="{}">{}</span>', "below" if item.parent_id else "top", item.text)

    @admin.display(description=_("leads to"))
    def leads_to(self, item):
        return item.href or gettext("nowhere: a heading")


@admin.register(BreakingNews)
class BreakingNewsAdmin(PaperAdmin):
    list_display = ["text", "begins", "ends", "url"]
    search_fields = ["text"]
    fields = ["text", "url", "starts_at", "ends_at"]

    @admin.display(description=_("from"), ordering="starts_at")
    def begins(self, line):
        return seoul(line.starts_at)

    @admin.display(description=_("until"), ordering="ends_at")
    def ends(self, line):
        return seoul(line.ends_at)

    def get_changeform_initial_data(self, request):
        return {"ends_at": timezone.now() + BREAKING_FOR} | super().get_changeform_initial_data(request)


@admin.register(MastheadFact)
class MastheadFactAdmin(DraggableAdmin):
    list_display = ["title", "value", "valid_from", "valid_until", "position"]
    list_editable = ["position"]
    list_filter = ["kind"]
    ordering = ["position", "id"]
    fields = ["kind", "label", "value", "lang", ("valid_from", "valid_until"), "position"]

    @admin.display(description=_("fact"))
    def title(self, fact):
        return fact.title


@admin.register(Page)
class PageAdmin(PaperAdmin):
    list_display = ["title", "address", "version", "dated"]
    search_fields = ["title", "address"]
    fields = ["title", "address", "description", "body", ("version", "dated")]

    def get_form(self, request, obj=None, change=False, **kwargs):
        kwargs["help_texts"] = {
            "body": _("HTML: p, h2, h3, ul, ol, table, blockquote, a. Scripts, styles and frames are taken out."),
            "address": _("The page moves with it, and the old address leads to the new one for good."),
            "description": _("For search engines."),
        }
        form = super().get_form(request, obj, change=change, **kwargs)
        if "body" in form.base_fields:
            form.base_fields["body"].widget.attrs |= {"rows": 28, "class": "vLargeTextField body-text"}
        return form

    def save_model(self, request, obj, form, change):
        """Saves the page; its old address leads to a new one."""
        super().save_model(request, obj, form, change)
        old = form.initial.get("address")
        if change and old and old != obj.address:
            add_redirect(old, obj.address)
            said = _("%(old)s leads to %(new)s from now on.") % {"old": old, "new": obj.address}
            self.message_user(request, said, messages.INFO)


class UseFilter(admin.SimpleListFilter):
    title, parameter_name = _("use"), "use"

    def lookups(self, request, model_admin):
        return [("never", _("Never used")), ("lately", _("Used in the last 30 days"))]

    def queryset(self, request, queryset):
        if self.value() == "never":
            return queryset.filter(hits=0)
        if self.value() == "lately":
            return queryset.filter(last_hit_at__gt=timezone.now() - timedelta(days=30))


@admin.register(Redirect)
class RedirectAdmin(PaperAdmin):
    form = RedirectForm
    list_display = ["old_path", "new_path", "hits", "last_used"]
    list_filter = [UseFilter]
    search_fields = ["old_path", "new_path"]
    fields = ["old_path", "new_path"]

    def get_fields(self, request, obj=None):
        return [*self.fields, *(["hits", "last_used"] if obj else [])]

    def get_readonly_fields(self, request, obj=None):
        return ["old_path", "hits", "last_used"] if obj else ["hits", "last_used"]

    @admin.display(description=_("last used (Seoul time)"), ordering="last_hit_at")
    def last_used(self, redirect):
        return seoul(redirect.last_hit_at)

    def get_urls(self):
        view = self.admin_site.admin_view(self.paste_view)
        return [path("paste/", view, name="sections_redirect_paste"), *super().get_urls()]

    def paste_view(self, request):
        """Many redirects as lines: first what each would do, then, once more confirmed, all that can be done."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = PasteForm(request.POST if request.method == "POST" else None)
        planned = plan_redirects(form.cleaned_data["lines"]) if form.is_bound and form.is_valid() else []
        if "sure" in request.POST and planned:
            count = add_redirects(planned)
            self.message_user(request, _("Redirects written: %(count)s.") % {"count": count}, messages.SUCCESS)
            return redirect("admin:sections_redirect_changelist")
        context = {
            **self.admin_site.each_context(request),
            **{"title": _("Paste redirects"), "opts": self.opts, "media": self.media + form.media},
            **{"form": form, "planned": planned, "possible": sum(not one.problem for one in planned)},
        }
        return TemplateResponse(request, "admin/sections/redirect/paste.html", context)

    def save_model(self, request, obj, form, change):
        """Writes the redirect without chains and loops."""
        obj.pk = add_redirect(obj.old_path, obj.new_path).pk


@admin.register(Binned)
class BinnedAdmin(PaperAdmin):
    """What was deleted: to be looked at, and brought back."""

    list_display = ["words", "kind", "deleted", "deleted_by"]
    list_select_related = ["deleted_by"]
    search_fields = ["words"]
    ordering = ["-deleted_at", "-id"]
    fields = readonly_fields = ["words", "kind", "deleted", "deleted_by", "goes_with"]
    actions = None

    @admin.display(description=_("kind"))
    def kind(self, binned):
        try:
            return apps.get_model(binned.model)._meta.verbose_name
        except LookupError:
            return binned.model

    @admin.display(description=_("deleted (Seoul time)"), ordering="deleted_at")
    def deleted(self, binned):
        return seoul(binned.deleted_at)

    @admin.display(description=_("goes with it"))
    def goes_with(self, binned):
        counted = Counter(row["model"] for row in json.loads(binned.content))
        return ", ".join(f"{count} × {model}" for model, count in counted.items())

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def render_change_form(self, request, context, *args, **kwargs):
        hidden = ("show_save", "show_save_and_continue", "show_save_and_add_another", "show_delete")
        return super().render_change_form(request, context | dict.fromkeys(hidden, False), *args, **kwargs)

    def get_urls(self):
        view = self.admin_site.admin_view(require_POST(self.restore_view))
        return [path("<int:pk>/restore/", view, name="sections_binned_restore"), *super().get_urls()]

    def restore_view(self, request, pk):
        """Brings a deleted thing back."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        binned = self.get_object(request, str(pk))
        if binned is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
        try:
            back = bring_back(binned)
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
            return redirect(self.change_url(pk))
        record(Action.BROUGHT_BACK, request, back)
        said = format_html('{} <a href="{}">{}</a>', _("It is back:"), reverse(admin_name(back), args=[back.pk]), back)
        self.message_user(request, said, messages.SUCCESS)
        return redirect("admin:sections_binned_changelist")


@admin.register(Crawler)
class CrawlerAdmin(DraggableAdmin):
    list_display = ["token", "operator", "purpose", "allowed", "train_ai", "search", "position"]
    list_editable = ["allowed", "train_ai", "search", "position"]
    list_filter = ["purpose", "allowed"]
    search_fields = ["token", "operator"]
    ordering = ["position", "id"]
    fields = ["token", "operator", "purpose", "allowed", ("train_ai", "search"), "note", "position"]

    def why_not_delete(self, crawler):
        if crawler.is_everybody:
            return gettext("The row * is what all other crawlers are told: change it instead.")
        return ""


@admin.register(AdSeller)
class AdSellerAdmin(DraggableAdmin):
    list_display = ["line", "relationship", "position"]
    list_editable = ["position"]
    list_filter = ["relationship"]
    ordering = ["position", "id"]
    fields = ["relationship", "domain", "account", "authority", "comment", "position"]

    @admin.display(description=_("line of ads.txt"))
    def line(self, seller):
        return seller.line
