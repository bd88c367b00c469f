"""Editions of the e-paper: one a day, with the stories that are printed in it. Files lie in the storage."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from articles.models import Article
from photos.models import Photo
from sections.surrogates import Shown

# Where editions lie in the storage.
FOLDER = "editions"
# Widths of a page's pictures, in pixels: a list's thumbnail, a page on a screen, a page to zoom into.
WIDTHS = (480, 960, 1800)


class EditionQuerySet(models.QuerySet):
    """Editions."""

    def published(self):
        """Editions that readers see: those that were built and not withdrawn."""
        return self.exclude(token="").filter(withdrawn_at=None)

    def wanted(self):
        """Editions that somebody asked to be built, the one that has waited longest first."""
        return self.filter(wanted_at__isnull=False).order_by("wanted_at")


class EditionManager(models.Manager.from_queryset(EditionQuerySet)):
    def get_by_natural_key(self, date):
        return self.get(date=date)


class Edition(Shown):
    """The paper of a day as it is printed. Built anew it gets a new token, so files are never half old, half new."""

    date = models.DateField(
        unique=True,
        verbose_name=_("date"),
        error_messages={"unique": _("This day has an edition: choose it in the list and build it anew.")},
        help_text=_("The day of the paper, in Seoul. Its pages are built soon after it is saved."),
    )
    closes_at = models.DateTimeField(null=True, editable=False, verbose_name=_("closed at"))
    built_at = models.DateTimeField(null=True, editable=False, verbose_name=_("built at"))
    wanted_at = models.DateTimeField(null=True, editable=False, verbose_name=_("asked for at"))
    withdrawn_at = models.DateTimeField(null=True, editable=False, verbose_name=_("withdrawn at"))
    token = models.CharField(max_length=32, blank=True, editable=False)
    pages = models.PositiveSmallIntegerField(default=0, editable=False, verbose_name=_("pages"))
    size = models.PositiveIntegerField(default=0, editable=False, verbose_name=_("size of the PDF in bytes"))
    error = models.TextField(blank=True, editable=False, verbose_name=_("why it could not be built"))
    articles = models.ManyToManyField(Article, through="EditionStory", related_name="editions")

    objects = EditionManager()

    class Meta:
        verbose_name = _("edition")
        verbose_name_plural = _("editions")
        ordering = ["-date"]

    def __str__(self):
        return f"{self.date:%Y-%m-%d}"

    def natural_key(self):
        return (self.date.isoformat(),)

    def get_absolute_url(self):
        """The address of its first page."""
        return f"/epaper/{self.date:%Y/%m/%d}/"

    def clean(self):
        if self.date and self.date > timezone.localdate():
            raise ValidationError({"date": _("This day is still to come: choose today or a day before.")})

    @property
    def is_public(self):
        """Whether readers see it; the twin of `EditionQuerySet.published`."""
        return bool(self.token) and self.withdrawn_at is None

    @property
    def folder(self):
        """Where its files lie in the storage."""
        return f"{FOLDER}/{self.token}"

    @property
    def files(self):
        """The names of all its files; none before it is built."""
        if not self.token:
            return []
        pictures = [self.picture(page, width) for page in range(1, self.pages + 1) for width in WIDTHS]
        return [self.pdf, *pictures]

    @property
    def pdf(self):
        """The name of its PDF in the storage."""
        return f"{self.folder}/edition.pdf"

    def picture(self, page, width):
        """The name of a page's picture in the storage."""
        return f"{self.folder}/{page}-{width}.webp"

    def printed_before(self):
        """The stories of editions of the week before, as a query of their ids."""
        return EditionStory.objects.filter(
            edition__date__lt=self.date, edition__date__gte=self.date - timedelta(days=8)
        ).values("article")


class EditionStoryManager(models.Manager):
    def get_by_natural_key(self, date, guid):
        return self.get(edition__date=date, article__guid=guid)


class EditionStory(models.Model):
    """A story of an edition, with the pages on which it stands."""

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="stories", verbose_name=_("edition"))
    article = models.ForeignKey(Article, models.CASCADE, related_name="printed", verbose_name=_("article"))
    # Hidden from the photo: having been printed is no use that keeps it in the library.
    photo = models.ForeignKey(
        Photo, models.SET_NULL, null=True, related_name="+", verbose_name=_("photo"), help_text=_("Printed with it.")
    )
    page = models.PositiveSmallIntegerField(verbose_name=_("page"))
    goes_on = models.PositiveSmallIntegerField(null=True, verbose_name=_("goes on on page"))
    position = models.PositiveSmallIntegerField(default=0, verbose_name=_("position"))
    is_brief = models.BooleanField(default=False, verbose_name=_("short item"))

    objects = EditionStoryManager()

    class Meta:
        verbose_name = _("story of an edition")
        verbose_name_plural = _("stories of editions")
        ordering = ["page", "position"]
        constraints = [models.UniqueConstraint("edition", "article", name="edition_story_once")]

    def __str__(self):
        return f"page {self.page}"

    def natural_key(self):
        return (self.edition.date.isoformat(), str(self.article.guid))

    natural_key.dependencies = ["editions.edition", "articles.article", "photos.photo"]
