"""The rows of a story's form: bylines, photos, related stories, film, old addresses."""

from admin_ordering.admin import OrderableAdmin
from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles.forms import OldAddressForm, PhotoUseForm, VideoForm
from articles.models import ArticlePhoto, Byline, OldAddress, RelatedArticle, Video
from articles.querysets import NOT_ON_CARDS
from photos.admin import preview
from sections.admin_base import RowFields, RowForm


class OfStory(RowFields):
    """Rows that go with the story: whoever may write it may write them (see `ArticleAdmin.get_object`)."""

    def has_view_permission(self, request, obj=None):
        return True

    def has_change_permission(self, request, obj=None):
        return obj is None or getattr(request, "may_write", True)

    def has_add_permission(self, request, obj=None):
        return self.has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        return self.has_change_permission(request, obj)


class Row(OfStory, OrderableAdmin):
    """Ordered rows of a story: dragged, or put in order by their numbers."""

    form = RowForm
    ordering_field = "position"
    early = False

    def get_extra(self, request, obj=None, **kwargs):
        return 0 if obj else self.extra


class BylineInline(Row, admin.TabularInline):
    model = Byline
    extra = 1
    early = True
    autocomplete_fields = ["reporter"]
    fields = ["reporter", "role", "position"]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("reporter")


class PhotoInline(Row, admin.StackedInline):
    model = ArticlePhoto
    form = PhotoUseForm
    verbose_name, verbose_name_plural = gettext_lazy("photo"), gettext_lazy("photos")
    extra = 1
    early = True
    autocomplete_fields = ["photo"]
    readonly_fields = ["in_text"]
    fields = [("photo", "placement", "position"), "in_text", "caption", ("credit", "alt_text"), "decorative"]

    def has_change_permission(self, request, obj=None):
        return obj is None or getattr(request, "may_illustrate", True)

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("photo")

    @admin.display(description=gettext_lazy("picture"))
    def in_text(self, use):
        """The picture and the line that puts it into the text."""
        if not use.photo_id:
            return _("Save the story: then the picture and its line for the text stand here.")
        photo = use.photo
        line = f'<figure data-photo="{photo.uuid}"></figure>'
        known = _("Rights: %(rights)s. Credit: %(credit)s.") % {
            "rights": photo.get_rights_display(),
            "credit": photo.credit or _("none"),
        }
        frame = ""
        if use.pk:
            address = reverse("admin:photos_photo_crop", args=[photo.pk, use.pk])
            frame = format_html(' <a href="{}">{}</a>', address, _("Frame it for this story …"))
        return format_html(
            '{}<span class="in-text" data-photo="{}">'
            '<input class="figure-line" readonly value="{}" aria-label="{}"> '
            '<button type="button" class="button" data-put-in="{}" hidden>{}</button>{}'
            '<br>{}<br><span class="quiet">{}</span></span>',
            *(preview(use.framed), photo.uuid, line, _("Line for the text"), photo.uuid, _("Put into the text"), frame),
            *(photo.caption or _("The photo has no caption of its own."), known),
        )


class RelatedInline(Row, admin.TabularInline):
    model = RelatedArticle
    fk_name = "article"
    verbose_name, verbose_name_plural = gettext_lazy("related story"), gettext_lazy("related stories")
    autocomplete_fields = ["related"]
    fields = ["related", "position"]

    def get_queryset(self, request):
        related = [f"related__{name}" for name in NOT_ON_CARDS]
        return super().get_queryset(request).select_related("related").defer(*related)


class VideoInline(OfStory, admin.StackedInline):
    model = Video
    form = VideoForm
    verbose_name = gettext_lazy("film")
    extra = 0
    classes = ["collapse"]
    fields = ["file", "captions", "seconds", "external_url", "transcript"]


class OldAddressInline(OfStory, admin.TabularInline):
    model = OldAddress
    form = OldAddressForm
    extra = 0
    classes = ["collapse"]
