"""Editions in the admin: what was printed, build it anew, take it from readers."""

from django.contrib import admin, messages
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sections.admin_base import PaperAdmin, seoul

from .models import WIDTHS, Edition


@admin.register(Edition)
class EditionAdmin(PaperAdmin):
    list_display = ["date", "thumbnail", "state", "pages", "megabytes", "built", "pdf_link"]
    date_hierarchy = None
    ordering = ["-date"]
    fields = ["date"]
    actions = ["build", "withdraw", "show_again"]

    def get_readonly_fields(self, request, obj=None):
        return ["date", "thumbnail", "state", "pages", "megabytes", "built", "closed", "pdf_link"] if obj else []

    def get_fields(self, request, obj=None):
        return self.get_readonly_fields(request, obj) if obj else self.fields

    def get_changeform_initial_data(self, request):
        return {"date": timezone.localdate()}

    def has_delete_permission(self, request, obj=None):
        return False  # an edition is withdrawn; its record stays

    def save_model(self, request, obj, form, change):
        if not change:
            obj.wanted_at = timezone.now()
        super().save_model(request, obj, form, change)

    def get_actions(self, request):
        actions = super().get_actions(request)
        return actions if self.has_change_permission(request) else {}

    @admin.display(description=_("front page"))
    def thumbnail(self, edition):
        if not edition.is_public:
            return "–"
        return format_html(
            '<a href="{0}"><img src="{0}1-{1}.webp" width="60" height="85" alt="{2}" loading="lazy"></a>',
            edition.get_absolute_url(),
            WIDTHS[0],
            gettext("Front page of %(date)s") % {"date": edition.date},
        )

    @admin.display(description=_("state"))
    def state(self, edition):
        words = gettext("Not built yet")
        if edition.withdrawn_at:
            words = gettext("Withdrawn")
        elif edition.token:
            words = gettext("Public")
        if edition.wanted_at:
            words += " · " + gettext("waits to be built")
        if edition.error:
            words += " · " + gettext("Building failed: %(error)s") % {"error": edition.error[:300]}
        return words

    @admin.display(description=_("size"), ordering="size")
    def megabytes(self, edition):
        return f"{edition.size / 1_000_000:.1f} MB" if edition.size else "–"

    @admin.display(description=_("built at"), ordering="built_at")
    def built(self, edition):
        return seoul(edition.built_at)

    @admin.display(description=_("stories until"))
    def closed(self, edition):
        return seoul(edition.closes_at)

    @admin.display(description="PDF")
    def pdf_link(self, edition):
        if not edition.is_public:
            return "–"
        return format_html('<a href="{}edition.pdf">PDF</a>', edition.get_absolute_url())

    @admin.action(description=_("Build the chosen editions anew"), permissions=["change"])
    def build(self, request, queryset):
        self._act(request, queryset, gettext("Is built anew."), wanted_at=timezone.now())
        said = gettext("The pages are built by the web server in the background: look again in a minute.")
        self.message_user(request, said, messages.SUCCESS)

    @admin.action(description=_("Withdraw the chosen editions from readers"), permissions=["change"])
    def withdraw(self, request, queryset):
        count = self._act(
            request, queryset.filter(withdrawn_at=None), gettext("Was withdrawn."), withdrawn_at=timezone.now()
        )
        self.message_user(request, gettext("Withdrawn: %(count)s.") % {"count": count}, messages.SUCCESS)

    @admin.action(description=_("Show the chosen editions to readers again"), permissions=["change"])
    def show_again(self, request, queryset):
        count = self._act(request, queryset.exclude(withdrawn_at=None), gettext("Is shown again."), withdrawn_at=None)
        self.message_user(request, gettext("Shown again: %(count)s.") % {"count": count}, messages.SUCCESS)

    def _act(self, request, queryset, note, **values):
        editions = list(queryset)
        Edition.objects.filter(pk__in=[edition.pk for edition in editions]).update(**values)
        for edition in editions:
            self.log_change(request, edition, note)
        return len(editions)
