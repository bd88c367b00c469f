"""Pages of the photo library beside Django's: uploading many files, framing a photo for a story, ending rights."""

import json
from datetime import timedelta

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, OuterRef, Subquery
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from articles import publishing
from articles.desks import desk_of
from articles.models import Article, ArticlePhoto
from photos import library, renditions
from photos.models import Photo
from sections.admin_base import EditorForm

SOON = timedelta(days=30)
SMALL = 480
LIKE_SHOWN = 6
FRAMES = ("3x2", "16x9", "4x3", "1x1")


class SharedForm(EditorForm):
    """What all files of an upload have in common."""

    class Meta:
        model = Photo
        fields = ["credit", "photographer", "rights", "agency", "territory", "licence", "licence_url", "expires_on"]
        fields += ["keywords"]
        widgets = {"expires_on": forms.DateInput(attrs={"type": "date"})}
        help_texts = {
            "credit": gettext_lazy("Printed after every caption; what a file says itself is kept where this is empty."),
            "rights": gettext_lazy("“No rights” keeps a photo out of every story."),
            "keywords": gettext_lazy("Words to find them by, separated by commas."),
        }


class WordsForm(EditorForm):
    """The words of one photo, written right after its upload."""

    class Meta:
        model = Photo
        fields = ["alt_text", "caption", "credit"]


def small_picture(photo):
    """The address of a picture of about 480 pixels, empty where none was made."""
    if not photo.rendered_at:
        return ""
    found = renditions.sizes(photo.width, photo.height, "3x2", renditions.own_box(photo, "3x2"))
    width = next((step for step, _height in reversed(found) if step <= SMALL), found[0][0])
    return settings.MEDIA_URL + renditions.name(photo, "3x2", width, "webp")


def like_in_words(photo):
    """Photos of the library that look the same, for a warning: `[{url, text, picture, same}]`. One query."""
    return [
        {
            "url": reverse("admin:photos_photo_change", args=[other.pk]),
            "text": str(other),
            "picture": small_picture(other),
            "same": other.sha256 == photo.sha256,
        }
        for other in Photo.objects.like(photo)[:LIKE_SHOWN]
    ]


class Desk:
    """The part of the photo admin that has pages of its own."""

    def get_urls(self):
        def own(route, view, name):
            return path(route, self.admin_site.admin_view(view), name=f"photos_photo_{name}")

        return [
            own("upload/", self.upload_view, "upload"),
            own("upload/file/", require_POST(self.file_view), "upload_file"),
            own("<int:pk>/words/", require_POST(self.words_view), "words"),
            own("<int:pk>/crop/<int:use>/", self.crop_view, "crop"),
            own("expiring/", require_GET(self.expiring_view), "expiring"),
            *super().get_urls(),
        ]

    def page(self, request, template, title, **context):
        """A page of the library in the admin's frame."""
        context = {
            **self.admin_site.each_context(request),
            **{"title": title, "opts": self.opts, "media": self.media},
            **context,
        }
        return TemplateResponse(request, f"admin/photos/photo/{template}.html", context)

    # ---- many files

    def upload_view(self, request):
        """Many files with what they have in common. A script sends each alone (`file_view`)."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        shared = SharedForm(request.POST if request.method == "POST" else None)
        results = []
        if request.method == "POST":
            if not shared.is_valid():
                pass
            elif files := request.FILES.getlist("file"):
                results = [self.take(request, file, shared) for file in files]
            else:
                shared.add_error(None, _("Choose one or more picture files."))
        return self.page(request, "upload", _("Upload photos"), shared=shared, results=results, most=50)

    def file_view(self, request):
        """Takes one file of an upload: JSON, 400 with a sentence in `said` for one that cannot be used."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        shared = SharedForm(request.POST)
        if not shared.is_valid():
            said = " ".join(f"{shared.fields[name].label}: {' '.join(told)}" for name, told in shared.errors.items())
            return JsonResponse({"said": said}, status=400)
        file = request.FILES.get("file")
        if file is None:
            return JsonResponse({"said": _("The file did not arrive: try again.")}, status=400)
        result = self.take(request, file, shared)
        return JsonResponse(result, status=400 if "said" in result else 200)

    def take(self, request, file, shared):
        """What became of a file: a dict with the new photo, or with `said`, the sentence why it was refused."""
        name = file.name[:200]
        try:
            photo = library.add_photo(file, file.name, uploaded_by=request.user, **shared.cleaned_data)
        except ValidationError as error:
            return {"name": name, "said": " ".join(error.messages)}
        except (OSError, ValueError, SyntaxError):
            said = _("No pictures can be made of this file: export it again as JPEG and try once more.")
            return {"name": name, "said": said}
        self.log_addition(request, photo, _("Uploaded %(name)s.") % {"name": name})
        return {
            "name": name,
            "id": photo.pk,
            "url": reverse("admin:photos_photo_change", args=[photo.pk]),
            "words": reverse("admin:photos_photo_words", args=[photo.pk]),
            "picture": small_picture(photo),
            "alt_text": photo.alt_text,
            "caption": photo.caption,
            "credit": photo.credit,
            "like": like_in_words(photo),
        }

    def words_view(self, request, pk):
        """Writes alt text, caption and credit of one photo: JSON with a sentence in `said`."""
        photo = self.get_object(request, str(pk))
        if photo is None or not self.has_change_permission(request, photo):
            raise PermissionDenied
        form = WordsForm(request.POST, instance=photo)
        if not form.is_valid():
            return JsonResponse({"said": " ".join(" ".join(told) for told in form.errors.values())}, status=400)
        form.save()
        if form.changed_data:
            self.log_change(request, photo, self.construct_change_message(request, form, None))
            renditions.make(photo, again=True)
        return JsonResponse({"said": _("Saved.")})

    # ---- a photo in one story

    def crop_view(self, request, pk, use):
        """Frames the photo for one story: a box for each ratio, by mouse, by keyboard or in numbers."""
        use = get_object_or_404(ArticlePhoto.objects.select_related("photo", "article"), pk=use, photo=pk)
        if not desk_of(request.user).may_illustrate(use.article):
            raise PermissionDenied
        problem = ""
        if request.method == "POST":
            try:
                boxes = json.loads(request.POST.get("boxes", ""))
                ratio, box = request.POST.get("ratio", ""), boxes
                if box is not None and not (isinstance(box, list) and len(box) == 4):
                    raise ValueError
                publishing.set_crop(use, ratio, box and [float(part) for part in box])
            except (ValueError, TypeError, OverflowError):
                problem = _("The frame must lie inside the photo.")
            except ValidationError as error:
                problem = " ".join(error.messages)
            except OSError:
                problem = _("The photo's file is missing or damaged: replace it in the library first.")
            else:
                self.log_change(request, use.photo, _("Framed for “%(story)s”.") % {"story": use.article})
                return redirect("admin:photos_photo_crop", pk, use.pk)
        frames = [self.frame_of(use, ratio) for ratio in FRAMES]
        return self.page(
            *(request, "crop", _("Frame the photo")),
            **{"use": use, "photo": use.photo, "frames": frames, "problem": problem},
            whole=settings.MEDIA_URL + renditions.name(use.photo, "full", self.shown_width(use.photo), "webp")
            if use.photo.rendered_at
            else "",
        )

    @staticmethod
    def shown_width(photo):
        found = renditions.sizes(photo.width, photo.height, "full")
        return next((step for step, _height in reversed(found) if step <= 800), found[0][0])

    @staticmethod
    def frame_of(use, ratio):
        """The box that a ratio has now, in parts of the photo, and whether it is this use's own."""
        photo, own = use.photo, (use.crop or {}).get(ratio)
        left, top, right, bottom = renditions.crop_box(
            photo.width, photo.height, renditions.RATIOS[ratio], photo.focal_x, photo.focal_y
        )
        usual = [left / photo.width, top / photo.height, right / photo.width, bottom / photo.height]
        return {
            "ratio": ratio,
            "name": ratio.replace("x", ":"),
            "value": renditions.RATIOS[ratio],
            "own": bool(own),
            "box": json.dumps([round(part, 3) for part in (own or usual)]),
        }

    # ---- rights

    def expiring_view(self, request):
        """Photos that stories show and whose rights have ended or end within 30 days, with each use. Two queries."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        until = timezone.localdate() + SOON
        uses = ArticlePhoto.objects.filter(photo=OuterRef("pk")).order_by().values("photo")
        photos = list(
            Photo.objects.filter(expires_on__lte=until)
            .annotate(shown_in=Subquery(uses.annotate(count=Count("pk")).values("count")))
            .filter(shown_in__gt=0)
            .order_by("expires_on", "pk")[:200]
        )
        rows = ArticlePhoto.objects.filter(photo__in=photos).select_related("article").defer("article__body")
        seen = desk_of(request.user).stories(Article.objects.filter(pk__in=rows.values("article")))
        allowed = set(seen.values_list("pk", flat=True))
        by_photo = {}
        for row in rows:
            by_photo.setdefault(row.photo_id, []).append((row.article, row.article_id in allowed))
        found = [(photo, by_photo.get(photo.pk, [])) for photo in photos]
        return self.page(request, "expiring", _("Rights that end"), found=found, today=timezone.localdate())
