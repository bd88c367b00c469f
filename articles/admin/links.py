"""The report of the link check in the admin."""

from django.contrib import admin
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from articles.desks import desk_of
from articles.models import Article, BrokenLink
from sections.admin_base import PaperAdmin, seoul
from sections.models import Section


class PlaceFilter(admin.SimpleListFilter):
    title, parameter_name = _("kind of place"), "kind"

    def lookups(self, request, model_admin):
        return [
            *(("articles.article", _("Stories")), ("sections.page", _("Pages"))),
            *(("sections.menuitem", _("Menus")), ("sections.redirect", _("Redirects"))),
        ]

    def queryset(self, request, queryset):
        if self.value():
            return queryset.filter(place__startswith=f"{self.value()}:")


class OfSectionFilter(admin.SimpleListFilter):
    title, parameter_name = _("section"), "in"

    def lookups(self, request, model_admin):
        return list(Section.objects.top().values_list("path", "name"))

    def queryset(self, request, queryset):
        if section := Section.objects.filter(path=self.value() or "").first():
            return queryset.filter(article__in=Article.objects.in_section(section).order_by().values("pk"))


@admin.register(BrokenLink)
class BrokenLinkAdmin(PaperAdmin):
    """Written by `manage.py check_links`; a link leaves the list once it is mended and the check has come by."""

    list_display = ["where", "link", "problem", "is_external", "since"]
    list_display_links = None
    list_filter = [PlaceFilter, OfSectionFilter, "is_external"]
    search_fields = ["words", "link"]
    ordering = ["-first_seen", "-id"]
    actions = None

    def get_queryset(self, request):
        links, desk = super().get_queryset(request), desk_of(request.user)
        if desk.is_everywhere or request.user.has_perm("sections.change_page"):
            return links
        return links.filter(article__in=desk.stories().order_by().values("pk"))

    @admin.display(description=_("where"))
    def where(self, link):
        model, _colon, pk = link.place.partition(":")
        try:
            address = reverse(f"admin:{model.replace('.', '_')}_change", args=[pk])
        except NoReverseMatch:
            return link.words
        return format_html('<a href="{}">{}</a>', address, link.words)

    @admin.display(description=_("since (Seoul time)"))
    def since(self, link):
        return seoul(link.first_seen)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
