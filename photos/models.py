"""Photos: the original as it came in, what is known about it, and the pictures made from it."""

import re
import secrets
import uuid
from textwrap import shorten

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchQuery, SearchVector
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, F, Func, Q, Value, When
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import renditions


def new_token():
    """128 random bits: the part of a picture's address that cannot be guessed."""
    return secrets.token_hex(16)


def original_name(photo, filename):
    """Where an original lies in the storage; originals are never served."""
    suffix = filename.lower().rpartition(".")[2][:5] if "." in filename else ""
    suffix = suffix if suffix.isascii() and suffix.isalnum() else "bin"
    return f"originals/{photo.token[:2]}/{photo.token}.{suffix}"


class PhotoWords(Func):
    """All words of a photo in one text, by a function of our own (see the migration `0002_library`)."""

    function = "photos_photo_words"
    output_field = models.TextField()


VECTOR = SearchVector("words", config="simple")
EVERYTHING = 10_000_000


class PhotoQuerySet(models.QuerySet):
    """Photos of the library."""

    def without_renditions(self):
        """Photos whose pictures have not been made yet."""
        return self.filter(rendered_at=None)

    def expired(self, on):
        """Photos whose rights end before or on the date."""
        return self.filter(expires_on__lte=on)

    def usable(self, on=None):
        """Photos that may be shown on a date, today by default; the twin of `Photo.blocked_reason`."""
        day = on or timezone.localdate()
        return self.exclude(rights=self.model.Rights.NONE).exclude(expires_on__lte=day)

    def search(self, text):
        """Photos that have every one of the words, or words that begin with them, or, from three letters on, hold them.

        The order is left as it is.
        """
        found = self.model.objects.alias(vector=VECTOR)
        for word in text.split()[:10]:
            parts = re.sub(r"[^\w]+", " ", word).split()
            condition = Q(words__icontains=word) if len(word) >= 3 or not parts else Q(pk=None)
            if parts:
                prefixes = " & ".join(f"'{part}':*" for part in parts)
                condition |= Q(vector=SearchQuery(prefixes, config="simple", search_type="raw"))
            found = found.filter(condition)
        # With a limit of its own the subquery is planned by itself: for rare words the planner would otherwise walk
        # the whole library, newest first, in the hope of meeting some soon.
        return self.filter(pk__in=found.order_by().values("pk")[:EVERYTHING])

    def like(self, photo, distance=6):
        """Other photos of the same bytes, or that look the same: at most so many of the 64 bits of the hash differ.

        The nearest first, with `distance`. Reads the hashes of the whole library: 120 ms with 500,000 photos.
        """
        others = self.exclude(pk=photo.pk) if photo.pk else self
        if not photo.phash:
            return others.filter(sha256=photo.sha256).annotate(distance=Value(0))
        differing = Func(
            F("phash"),
            Value(photo.phash),
            template="bit_count(('x' || %(expressions)s)::bit(64))",
            arg_joiner=")::bit(64) # ('x' || ",
            output_field=models.IntegerField(),
        )
        known = others.annotate(distance=Case(When(phash="", then=Value(65)), default=differing))
        return known.filter(Q(sha256=photo.sha256) | Q(distance__lte=distance)).order_by("distance", "-pk")


class PhotoManager(models.Manager.from_queryset(PhotoQuerySet)):
    def get_queryset(self):
        return super().get_queryset().defer("words")

    def get_by_natural_key(self, uuid):
        return self.get(uuid=uuid)


class Photo(models.Model):
    """A picture of the library. Caption, credit and alt text may be overridden by each use in a story.

    Width and height are those that a reader sees, with the camera's orientation applied. Make new ones
    with `photos.library.add_photo`, which reads the file, its metadata and its size.
    """

    class Rights(models.TextChoices):
        OWN = "own", gettext_lazy("Our own")
        AGENCY = "agency", gettext_lazy("Agency, by contract")
        COURTESY = "courtesy", gettext_lazy("Courtesy, for this story")
        LICENSED = "licensed", gettext_lazy("Open licence")
        UNKNOWN = "unknown", gettext_lazy("Not checked")
        NONE = "none", gettext_lazy("No rights: must not be used")

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    token = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    file = models.FileField(upload_to=original_name, max_length=200, verbose_name=gettext_lazy("file"))
    original_name = models.CharField(max_length=200, blank=True, editable=False)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    sha256 = models.CharField(max_length=64, editable=False, db_index=True)
    phash = models.CharField(max_length=16, editable=False, blank=True)
    alt_text = models.CharField(
        max_length=500,
        blank=True,
        help_text=gettext_lazy("What the picture shows, for readers who cannot see it. Not the caption again."),
        verbose_name=gettext_lazy("alt text"),
    )
    caption = models.TextField(
        blank=True,
        help_text=gettext_lazy("Used under the picture where a story writes none of its own."),
        verbose_name=gettext_lazy("caption"),
    )
    credit = models.CharField(
        max_length=200,
        blank=True,
        help_text=gettext_lazy("Printed after every caption: Yonhap, Courtesy of ..."),
        verbose_name=gettext_lazy("credit"),
    )
    photographer = models.CharField(
        max_length=200,
        blank=True,
        verbose_name=gettext_lazy("photographer"),
        help_text=gettext_lazy("Who took it, if the credit names an agency only."),
    )
    taken_at = models.DateTimeField(null=True, blank=True, verbose_name=gettext_lazy("taken at"))
    place = models.CharField(
        max_length=200,
        blank=True,
        verbose_name=gettext_lazy("place"),
        help_text=gettext_lazy("Where it was taken; the library's search finds it."),
    )
    keywords = ArrayField(
        models.CharField(max_length=100), default=list, blank=True, verbose_name=gettext_lazy("keywords")
    )
    rights = models.CharField(
        max_length=10, choices=Rights, default=Rights.UNKNOWN, verbose_name=gettext_lazy("rights")
    )
    expires_on = models.DateField(
        null=True,
        blank=True,
        help_text=gettext_lazy("Last day of the licence is the day before."),
        verbose_name=gettext_lazy("expires on"),
    )
    agency = models.CharField(
        max_length=120,
        blank=True,
        help_text=gettext_lazy("Who sold or gave it: that is whom to ask when the rights end."),
        verbose_name=gettext_lazy("agency"),
    )
    territory = models.CharField(
        max_length=120,
        blank=True,
        help_text=gettext_lazy("Where it may be shown, if not everywhere: Korea only."),
        verbose_name=gettext_lazy("territory"),
    )
    licence = models.CharField(
        max_length=60,
        blank=True,
        help_text=gettext_lazy("SPDX name of an open licence: CC-BY-4.0."),
        verbose_name=gettext_lazy("licence"),
    )
    licence_url = models.URLField(
        blank=True,
        verbose_name=gettext_lazy("address of the licence"),
        help_text=gettext_lazy("Shown with the photo as a link, and written into the served files."),
    )
    focal_x = models.FloatField(
        default=0.5,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text=gettext_lazy("Part of the width, 0 to 1, that every crop must show."),
        verbose_name=gettext_lazy("focal x"),
    )
    focal_y = models.FloatField(
        default=0.5,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text=gettext_lazy("Part of the height, 0 to 1, that every crop must show."),
        verbose_name=gettext_lazy("focal y"),
    )
    avif = models.BooleanField(default=False, editable=False)
    rendered_at = models.DateTimeField(null=True, editable=False)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="photos"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # Everything that it can be found by, for the indexes of the search.
    words = models.GeneratedField(
        expression=PhotoWords(
            "alt_text", "caption", "credit", "photographer", "agency", "place", "original_name", "keywords"
        ),
        output_field=models.TextField(),
        db_persist=True,
        serialize=False,
        verbose_name=gettext_lazy("words"),
    )

    objects = PhotoManager()

    class Meta:
        verbose_name = gettext_lazy("photo")
        verbose_name_plural = gettext_lazy("photos")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(width__gt=0, height__gt=0), name="photo_has_size"),
            models.CheckConstraint(
                condition=Q(focal_x__range=(0, 1), focal_y__range=(0, 1)), name="photo_focal_point_inside"
            ),
        ]
        indexes = [
            GinIndex(SearchVector("words", config="simple"), name="photo_words"),
            # Parts of words, and Korean ones with their endings. Upper: Django's icontains asks for it.
            GinIndex(OpClass(Upper("words"), name="gin_trgm_ops"), name="photo_words_trigram"),
            models.Index("expires_on", name="photo_expiry", condition=Q(expires_on__isnull=False)),
        ]

    def __str__(self):
        return shorten(self.alt_text, 80, placeholder="…") or self.original_name or str(self.uuid)

    def natural_key(self):
        return (str(self.uuid),)

    def blocked_reason(self, on=None):
        """Why the photo must not be shown on a day (today by default), as a sentence; empty if it may."""
        if self.rights == self.Rights.NONE:
            return _("there are no rights to use it.")
        if self.expires_on and self.expires_on <= (on or timezone.localdate()):
            return _("the rights ended on %(day)s.") % {"day": self.expires_on}
        return ""

    def picture(self, crop="full"):
        """Addresses and sizes of the pictures of one crop, or None where none were made yet.

        Pure arithmetic: no query, no look at the disk.
        """
        return renditions.picture(self, crop) if self.rendered_at else None
