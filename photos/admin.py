"""The photo library in the admin."""

from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from articles.models import ArticlePhoto, Reporter
from rankings.models import Placement
from sections.admin import edit_link
from sections.admin_base import PaperAdmin, seoul

from . import library, renditions
from .forms import PhotoForm
from .models import Photo

UNUSABLE = "No pictures can be made of this file: export it again as JPEG and try once more."
USES_SHOWN = 50
# Pictures narrower than this are enough for the admin's columns.
PREVIEW = 480
CROPS = [
    ("full", "whole picture"),
    ("3x2", "3:2, cards"),
    ("16x9", "16:9, films"),
    ("4x3", "4:3"),
    ("1x1", "1:1, faces"),
]


def preview(photo, crop="3x2", kind="small"):
    """The photo as a small picture, or words where no pictures were made yet."""
    if photo.rendered_at is None:
        return "no pictures yet"
    found = renditions.sizes(photo.width, photo.height, crop)
    step, height = next((size for size in reversed(found) if size[0] <= PREVIEW), found[0])
    address = settings.MEDIA_URL + renditions.name(photo, crop, step, "webp")
    return format_html(
        '<img class="preview preview-{}" src="{}" width="{}" height="{}" alt="{}" loading="lazy">',
        *(kind, address, step, height, photo.alt_text),
    )


@contextmanager
def explaining(sentence):
    """Turns what Pillow and the storage raise for a file that cannot be used into a ValidationError."""
    try:
        yield
    except (OSError, ValueError, SyntaxError) as error:
        raise ValidationError(sentence) from error


class ExpiryFilter(admin.SimpleListFilter):
    """Photos that may no longer be used, or not for long."""

    title, parameter_name = "end of the rights", "rights_end"

    def lookups(self, request, model_admin):
        return [("ended", "Ended"), ("soon", "Within 30 days")]

    def queryset(self, request, queryset):
        today = timezone.localdate()
        if self.value() == "ended":
            return queryset.expired(today)
        if self.value() == "soon":
            return queryset.filter(expires_on__gt=today, expires_on__lte=today + timedelta(days=30))


@admin.register(Photo)
class PhotoAdmin(PaperAdmin):
    form = PhotoForm
    list_display = ["small", "described", "credit", "rights", "size", "added"]
    list_display_links = ["small", "described"]
    list_filter = ["rights", ExpiryFilter, ("created_at", admin.DateFieldListFilter)]
    search_fields = ["caption", "alt_text", "credit", "photographer", "place", "keywords", "original_name"]
    search_help_text = "Caption, alt text, credit, photographer, place, keyword or file name."
    ordering = ["-id"]
    list_per_page = 40
    readonly_fields = ["pictures", "facts", "where_used"]
    words = ("Words", {"fields": ["alt_text", "caption", "credit"]})
    known = ("What is known", {"fields": ["photographer", "taken_at", "place", "keywords"]})
    rights = ("Rights", {"fields": ["rights", "expires_on", "licence", "licence_url"]})

    def get_fieldsets(self, request, obj=None):
        if obj is None:
            return [(None, {"fields": ["upload"]}), self.words, self.known, self.rights]
        changes = ["upload"] if self.has_change_permission(request, obj) else []
        picture = {
            "fields": ["pictures", ("focal_x", "focal_y"), *changes, "facts"],
            "description": "The focal point is the part that every crop must show: 0.5 and 0.5 is the middle.",
        }
        used = ("Where it is used", {"fields": ["where_used"]})
        return [("Picture", picture), self.words, self.known, self.rights, used]

    @admin.display(description="picture")
    def small(self, photo):
        return preview(photo)

    @admin.display(description="what it shows", ordering="alt_text")
    def described(self, photo):
        return str(photo)

    @admin.display(description="pixels")
    def size(self, photo):
        return f"{photo.width} × {photo.height}"

    @admin.display(description="added (Seoul time)", ordering="id")
    def added(self, photo):
        return seoul(photo.created_at)

    @admin.display(description="crops")
    def pictures(self, photo):
        """The whole picture and each crop, with the name of the ratio."""
        if photo.rendered_at is None:
            return preview(photo)
        shown = ((preview(photo, crop, "crop"), label) for crop, label in CROPS)
        return format_html(
            '<div class="crops">{}</div>',
            format_html_join("", "<figure>{}<figcaption>{}</figcaption></figure>", shown),
        )

    @admin.display(description="file")
    def facts(self, photo):
        name = photo.original_name or "no name"
        added = f"added {seoul(photo.created_at)} Seoul time" + (
            f" by {photo.uploaded_by}" if photo.uploaded_by else ""
        )
        return f"{name}, {photo.width} × {photo.height} pixels, {added}, id {photo.uuid}"

    @admin.display(description="stories and places")
    def where_used(self, photo):
        """Stories, portraits and placements that show the photo. Three queries."""
        uses = ArticlePhoto.objects.filter(photo=photo).select_related("article").order_by("-article")
        uses = uses.only(
            "placement",
            "article__headline",
            "article__status",
            "article__publish_at",
            "article__withdrawn_at",
        )
        placed = Placement.objects.in_force().filter(photo=photo).select_related("story_list")
        found = [
            *((edit_link(use.article, use.article.headline), use.article.state) for use in uses[:USES_SHOWN]),
            *((edit_link(one, one.name), "portrait") for one in Reporter.objects.filter(portrait=photo)[:USES_SHOWN]),
            *((edit_link(one.story_list, one.story_list), f"position {one.position}") for one in placed[:USES_SHOWN]),
        ]
        return format_html_join("", "<div>{} ({})</div>", found) or "Nowhere yet."

    def save_form(self, request, form, change):
        """A new photo is made by the library, which fills the fields that were left empty from the file."""
        if change:
            return super().save_form(request, form, change)
        fields = {name: value for name, value in form.cleaned_data.items() if name != "upload"}
        file = form.cleaned_data["upload"]
        with explaining(UNUSABLE):
            return library.add_photo(file, file.name, uploaded_by=request.user, **fields)

    def save_model(self, request, obj, form, change):
        if not change:
            return
        if file := form.cleaned_data.get("upload"):
            with explaining(UNUSABLE):
                library.replace_file(obj, file, file.name)
            return
        obj.save()
        if {"focal_x", "focal_y"}.intersection(form.changed_data):
            with explaining("The photo's file is missing or damaged: upload it again under “Replace the file”."):
                renditions.make(obj)

    def save_related(self, request, form, formsets, change):
        """A photo has no related rows to save."""

    def why_not_delete(self, photo):
        if photo.uses.exists():
            return f"“{photo}” is used in stories, so it cannot be deleted: take it out of them first."
        if photo.portraits.exists():
            return f"“{photo}” is a reporter's portrait, so it cannot be deleted: give the reporter another one first."
        if photo.placements.exists():
            return f"“{photo}” was placed on a front, so it cannot be deleted: it belongs to the record of that front."
        return ""
