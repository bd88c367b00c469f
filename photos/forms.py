"""The form of a photo: a file that is looked at before anything is stored, and what is known about it."""

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sections.admin_base import EditorForm

from .library import check_image, read_file
from .models import Photo


class PhotoForm(EditorForm):
    """A photo with its file: needed for a new one, put in place of the old one otherwise."""

    earliest_year = 1826  # the year of the oldest photograph that is left

    upload = forms.FileField(label=_("File"), widget=forms.FileInput(attrs={"accept": "image/*"}))

    class Meta:
        model = Photo
        exclude = ["file"]
        help_texts = {
            "rights": _("Stands beside the photo in the form of every story that uses it."),
            "keywords": _("Words to find it by, separated by commas."),
            "taken_at": _("Filled from the file where the camera wrote it."),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "upload" not in self.fields:  # somebody who may look but not change
            return
        size = gettext("JPEG, PNG, WebP, AVIF or TIFF, at most %(limit)s MB.") % {
            "limit": settings.PHOTO_MAX_BYTES // 1_000_000
        }
        upload = self.fields["upload"]
        if self.instance.pk:
            upload.label, upload.required = gettext("Replace the file"), False
            upload.help_text = gettext("Every story that uses the photo shows the new picture.") + f" {size}"
        else:
            told = gettext("What you leave empty below is filled from what the file says about itself.")
            upload.help_text = f"{size} {told}"

    def clean_upload(self):
        file = self.cleaned_data["upload"]
        if file:
            check_image(read_file(file))
        return file
