"""What the editor of a text looks up: stories to link, photos to put in, files that are dropped."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import JsonResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from articles.desks import desk_of
from articles.models import Article
from articles.querysets import NOT_ON_CARDS
from photos import library
from photos.admin.pages import small_picture
from photos.models import Photo
from sections.admin_base import seoul

FOUND = 12


class Picking:
    """The part of the story's admin that answers the editor's questions, all as JSON."""

    def get_urls(self):
        def own(route, view, name):
            return path(route, self.admin_site.admin_view(view), name=f"articles_article_{name}")

        return [
            own("find-stories/", require_GET(self.find_stories), "find_stories"),
            own("find-photos/", require_GET(self.find_photos), "find_photos"),
            own("add-photo/", require_POST(self.add_photo), "add_photo"),
            *super().get_urls(),
        ]

    def find_stories(self, request):
        """Stories that have an address and that the user may name: `{found: [{headline, address, said}]}`."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        stories = desk_of(request.user).choosable(Article.objects.filter(address_date__isnull=False))
        stories, _many = self.get_search_results(request, stories, request.GET.get("q", ""))
        found = stories.select_related("section__parent").defer(*NOT_ON_CARDS).latest_first()[:FOUND]
        rows = [
            {
                "headline": story.headline,
                "address": story.get_absolute_url(),
                "said": f"{story.filed_under} · {seoul(story.publish_at)} · {story.state}",
            }
            for story in found
        ]
        return JsonResponse({"found": rows})

    def find_photos(self, request):
        """Photos of the library, newest first: `{found: [{id, uuid, text, caption, picture, said}]}`."""
        if not request.user.has_perm("photos.view_photo"):
            raise PermissionDenied
        admin = self.admin_site.get_model_admin(Photo)
        photos, _many = admin.get_search_results(request, Photo.objects.order_by("-id"), request.GET.get("q", "")[:200])
        return JsonResponse({"found": [in_words(photo) for photo in photos[:FOUND]]})

    def add_photo(self, request):
        """Takes a dropped picture `file` into the library; the photo, or 400 with a sentence in `said`."""
        if not request.user.has_perm("photos.add_photo"):
            raise PermissionDenied
        file = request.FILES.get("file")
        try:
            if file is None:
                raise ValidationError(_("Choose a picture file."))
            photo = library.add_photo(file, file.name, uploaded_by=request.user)
        except ValidationError as error:
            return JsonResponse({"said": " ".join(error.messages)}, status=400)
        except (OSError, ValueError, SyntaxError):
            said = _("No pictures can be made of this file: export it again as JPEG and try once more.")
            return JsonResponse({"said": said}, status=400)
        return JsonResponse(in_words(photo))


def in_words(photo):
    """What the editor shows of a photo."""
    return {
        "id": photo.pk,
        "uuid": str(photo.uuid),
        "text": str(photo),
        "caption": photo.caption,
        "picture": small_picture(photo),
        "said": " · ".join(filter(None, [photo.credit, photo.get_rights_display(), photo.blocked_reason()])),
    }
