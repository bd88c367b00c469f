"""The photo library in the admin."""

from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef
from django.forms.widgets import Script
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from articles import publishing
from articles.models import ArticlePhoto, ArticleVersion, Reporter
from photos import library, renditions
from photos.forms import PhotoForm
from photos.models import Photo
from rankings.models import Placement
from sections.admin import edit_link
from sections.admin_base import PaperAdmin, seoul

from .pages import Desk, like_in_words

UNUSABLE = _("No pictures can be made of this file: export it again as JPEG and try once more.")
# Fields that the served pictures carry in them.
TOLD = {"caption", "credit", "alt_text", "photographer", "licence_url"}
USES_SHOWN = 50
# Pictures narrower than this are enough for the admin's columns.
PREVIEW = 480
WHOLE = 800
CROPS = [
    ("3x2", _("3:2, cards")),
    ("16x9", _("16:9, films")),
    ("4x3", _("4:3")),
    ("1x1", _("1:1, faces")),
]


def preview(photo, crop="3x2", kind="small"):
    """The photo as a small picture, or words where no pictures were made yet."""
    if photo.rendered_at is None:
        return gettext("no pictures yet")
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

    title, parameter_name = _("end of the rights"), "rights_end"

    def lookups(self, request, model_admin):
        return [("ended", _("Ended")), ("soon", _("Within 30 days"))]

    def queryset(self, request, queryset):
        today = timezone.localdate()
        if self.value() == "ended":
            return queryset.expired(today)
        if self.value() == "soon":
            return queryset.filter(expires_on__gt=today, expires_on__lte=today + timedelta(days=30))


class LackFilter(admin.SimpleListFilter):
    """What a photo lacks before it can be published, or that nothing shows it."""

    title, parameter_name = _("what is missing"), "lacks"

    def lookups(self, request, model_admin):
        return [("alt", _("No alt text")), ("credit", _("No credit")), ("use", _("Unused"))]

    def queryset(self, request, queryset):
        match self.value():
            case "alt":
                return queryset.filter(alt_text="")
            case "credit":
                return queryset.filter(credit="")
            case "use":
                used = (ArticlePhoto.objects, Reporter.objects, Placement.objects)
                names = ("photo", "portrait", "photo")
                shown = [Exists(rows.filter(**{name: OuterRef("pk")})) for rows, name in zip(used, names, strict=True)]
                return queryset.filter(*(~one for one in shown))


class MineFilter(admin.SimpleListFilter):
    title, parameter_name = _("uploaded by"), "mine"

    def lookups(self, request, model_admin):
        return [("yes", _("Me"))]

    def queryset(self, request, queryset):
        if self.value() == "yes":
            return queryset.filter(uploaded_by=request.user)


@admin.register(Photo)
class PhotoAdmin(Desk, PaperAdmin):
    form = PhotoForm
    list_display = ["small", "described", "credit", "badges"]
    list_display_links = ["small", "described"]
    list_filter = ["rights", ExpiryFilter, LackFilter, MineFilter, ("created_at", admin.DateFieldListFilter)]
    search_fields = ["words"]  # autocompletes ask for it; get_search_results does the work
    search_help_text = _("Caption, alt text, credit, photographer, agency, place, keyword or file name.")
    ordering = ["-id"]
    list_per_page = 48
    sortable_by = ()
    readonly_fields = ["pictures", "facts", "where_used", "looks_like"]
    words = (_("Words"), {"fields": ["alt_text", "caption", "credit"]})
    known = (_("What is known"), {"fields": ["photographer", "taken_at", "place", "keywords"]})
    rights = (
        _("Rights"),
        {"fields": ["rights", "agency", "territory", "expires_on", "licence", "licence_url"]},
    )

    class Media:
        css = {"all": ["css/admin/photos.css"]}
        js = [Script("js/admin/focal.js", type="module")]

    def get_search_results(self, request, queryset, search_term):
        """Photos that have all of the words, by index; parts of words from three letters on."""
        words = " ".join(search_term.split())[:200]
        return (queryset.search(words) if words else queryset), False

    def has_change_permission(self, request, obj=None):
        """Whoever may add photos may mend those that they uploaded themselves."""
        if super().has_change_permission(request, obj):
            return True
        own = obj is not None and obj.uploaded_by_id == request.user.pk
        return own and self.has_add_permission(request)

    def get_fieldsets(self, request, obj=None):
        if obj is None:
            return [(None, {"fields": ["upload"]}), self.words, self.known, self.rights]
        changes = ["upload"] if self.has_change_permission(request, obj) else []
        picture = {
            "fields": ["pictures", ("focal_x", "focal_y"), *changes, "facts"],
            "description": _(
                "The focal point is the part that every crop must show: click on it, or move it with the arrow keys."
            ),
        }
        used = (_("Where it is used"), {"fields": ["where_used", "looks_like"]})
        return [(_("Picture"), picture), self.words, self.known, self.rights, used]

    @admin.display(description=_("picture"))
    def small(self, photo):
        return preview(photo)

    @admin.display(description=_("what it shows"))
    def described(self, photo):
        return str(photo)

    @admin.display(description=_("state"))
    def badges(self, photo):
        """Rights, and what is missing, in a few words."""
        told = [("", photo.get_rights_display())]
        if reason := photo.blocked_reason():
            told.append(("bad", reason))
        elif photo.expires_on:
            told.append(("", gettext("until %(day)s") % {"day": photo.expires_on}))
        if not photo.alt_text:
            told.append(("bad", gettext("no alt text")))
        if not photo.credit:
            told.append(("bad", gettext("no credit")))
        return format_html_join(" ", '<span class="badge" data-kind="{}">{}</span>', told)

    @admin.display(description=_("focal point and crops"))
    def pictures(self, photo):
        """The whole picture with its focal point, and every crop as the point makes it."""
        if photo.rendered_at is None:
            return preview(photo)
        steps = renditions.sizes(photo.width, photo.height, "full")
        width, height = next((size for size in reversed(steps) if size[0] <= WHOLE), steps[0])
        whole = settings.MEDIA_URL + renditions.name(photo, "full", width, "webp")
        crops = ((renditions.RATIOS[crop], whole, label) for crop, label in CROPS)
        hint = gettext("Focal point: arrow keys move it")
        return format_html(
            '<div class="focal"><div class="focal-stage" data-focal data-width="{}" data-height="{}">'
            '<img src="{}" width="{}" height="{}" alt="{}">'
            '<button type="button" class="focal-point" data-point role="slider" aria-label="{}" aria-valuemin="0" '
            'aria-valuemax="100" aria-valuenow="50"></button></div><div class="focal-crops">{}</div></div>',
            *(photo.width, photo.height, whole, width, height, photo.alt_text, hint),
            format_html_join(
                "",
                '<figure><div data-crop-view="{}"><img src="{}" alt=""></div><figcaption>{}</figcaption></figure>',
                crops,
            ),
        )

    @admin.display(description=_("looks like"))
    def looks_like(self, photo):
        """Photos of the same bytes or the same look. One query."""
        told = [
            (other["url"], other["text"], gettext("the same file") if other["same"] else gettext("much alike"))
            for other in like_in_words(photo)
        ]
        return format_html_join("", '<div><a href="{}">{}</a> ({})</div>', told) or gettext("No other photo.")

    @admin.display(description=_("file"))
    def facts(self, photo):
        return gettext(
            "%(name)s, %(width)s × %(height)s pixels, added %(moment)s Seoul time by %(who)s, id %(uuid)s"
        ) % {
            "name": photo.original_name or gettext("no name"),
            "width": photo.width,
            "height": photo.height,
            "moment": seoul(photo.created_at),
            "who": photo.uploaded_by or "–",
            "uuid": photo.uuid,
        }

    @admin.display(description=_("stories and places"))
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
        place = gettext("place %(number)s")
        found = [
            *((edit_link(use.article, use.article.headline), use.article.state) for use in uses[:USES_SHOWN]),
            *((edit_link(one, one.name), gettext("portrait")) for one in photo.portraits.all()[:USES_SHOWN]),
            *(
                (edit_link(one.story_list, one.story_list), place % {"number": one.position})
                for one in placed[:USES_SHOWN]
            ),
        ]
        return format_html_join("", "<div>{} ({})</div>", found) or gettext("Nowhere yet.")

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
                publishing.remake_crops(obj)
            return
        obj.save()
        changed = set(form.changed_data)
        if changed & {"focal_x", "focal_y", *TOLD}:
            sentence = _("The photo's file is missing or damaged: upload it again under “Replace the file”.")
            with explaining(sentence):
                renditions.make(obj, again=bool(changed & TOLD))
                if changed & TOLD:
                    publishing.remake_crops(obj)

    def save_related(self, request, form, formsets, change):
        """A photo has no related rows to save."""

    def why_not_delete(self, photo):
        values = {"photo": photo}
        if photo.uses.exists():
            text = _("“%(photo)s” is used in stories, so it cannot be deleted: take it out of them first.")
        elif photo.portraits.exists():
            text = _("“%(photo)s” is a reporter's portrait, so it cannot be deleted: choose another portrait first.")
        elif photo.placements.exists():
            text = _("“%(photo)s” was placed on a front, so it must stay: it belongs to the record of that front.")
        elif ArticleVersion.objects.filter(content__photos__contains=[{"photo": str(photo.uuid)}]).exists():
            text = _("“%(photo)s” stands in an earlier version of a story, so it must stay: mark it “No rights”.")
        else:
            return ""
        return text % values
