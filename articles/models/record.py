"""The record of a story: its versions, its corrections, the addresses it once had."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from articles.querysets import CorrectionQuerySet, VersionQuerySet

from .article import Article


class ArticleVersionManager(models.Manager.from_queryset(VersionQuerySet)):
    def get_by_natural_key(self, guid, number):
        return self.get(article__guid=guid, number=number)


class ArticleVersion(models.Model):
    """A story as it stood: text, bylines and photo uses as JSON. Written by `articles.publishing`."""

    class Kind(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("First publication")
        TYPO = "typo", _("Typing mistake")
        UPDATE = "update", _("Update")
        CLARIFICATION = "clarification", _("Clarification")
        CORRECTION = "correction", _("Correction")
        RETRACTION = "retraction", _("Retraction")

    article = models.ForeignKey("articles.Article", models.CASCADE, related_name="versions", verbose_name=_("article"))
    number = models.PositiveIntegerField(verbose_name=_("number"))
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.DRAFT, verbose_name=_("kind"))
    note = models.TextField(blank=True, verbose_name=_("note"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="article_versions",
        verbose_name=_("author"),
    )
    content = models.JSONField(verbose_name=_("content"))
    public_from = models.DateTimeField(
        null=True, blank=True, help_text=_("Since when readers see it; empty: not yet."), verbose_name=_("public from")
    )
    base = models.JSONField(
        null=True,
        blank=True,
        help_text=_("Of a change that waits for its moment: the public story's content that it changes."),
        verbose_name=_("base"),
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ArticleVersionManager()

    class Meta:
        ordering = ["article", "-number"]
        constraints = [
            models.UniqueConstraint("article", "number", name="article_version_number_once"),
            models.UniqueConstraint(
                "article",
                condition=Q(base__isnull=False),
                name="article_version_one_waiting",
                violation_error_message=_("A change of this story waits already: call that one off first."),
            ),
        ]
        indexes = [
            models.Index("public_from", name="article_version_waiting", condition=Q(base__isnull=False)),
        ]

    def __str__(self):
        return f"version {self.number}"

    def natural_key(self):
        return (str(self.article.guid), self.number)

    natural_key.dependencies = ["articles.article", "readers.user"]


class CorrectionManager(models.Manager.from_queryset(CorrectionQuerySet)):
    def get_by_natural_key(self, guid, published_at):
        return self.get(article__guid=guid, published_at=published_at)


class Correction(models.Model):
    """A dated public note on a story: what was wrong or unclear, and what is right. Written by `publishing.correct`."""

    class Kind(models.TextChoices):
        CORRECTION = "correction", _("Correction")
        CLARIFICATION = "clarification", _("Clarification")
        RETRACTION = "retraction", _("Retraction")

    article = models.ForeignKey(
        "articles.Article", models.CASCADE, related_name="corrections", verbose_name=_("article")
    )
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.CORRECTION, verbose_name=_("kind"))
    text = models.TextField(
        help_text=_("Readers see this under the story: what was wrong, and what is right."), verbose_name=_("text")
    )
    published_at = models.DateTimeField(verbose_name=_("published at"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="corrections",
        verbose_name=_("author"),
    )

    objects = CorrectionManager()

    class Meta:
        ordering = ["-published_at", "-id"]
        constraints = [models.UniqueConstraint("article", "published_at", name="correction_moment_once")]
        indexes = [models.Index(F("published_at").desc(), F("id").desc(), name="correction_latest")]

    def __str__(self):
        return f"{self.get_kind_display()}: {self.text[:60]}"

    def natural_key(self):
        return (str(self.article.guid), self.published_at.isoformat())

    natural_key.dependencies = ["articles.article", "readers.user"]


class OldAddressManager(models.Manager):
    def get_by_natural_key(self, path):
        return self.get(path=path)

    def target(self, *paths):
        """The address of the story that once stood at one of the paths, or None. One query.

        A withdrawn story's address says why it was withdrawn; one that was never public has none yet.
        """
        known = self.filter(path__in=paths, article__in=Article.objects.once_public()).select_related("article").first()
        return known.article.get_absolute_url() if known else None


class OldAddress(models.Model):
    """A path at which a story stood before, here or in an older system. It redirects once the story is public."""

    article = models.ForeignKey(
        "articles.Article", models.CASCADE, related_name="old_addresses", verbose_name=_("article")
    )
    path = models.CharField(
        max_length=500, unique=True, help_text=_("As it was, with the slash in front."), verbose_name=_("path")
    )

    objects = OldAddressManager()

    class Meta:
        verbose_name = _("old address")
        ordering = ["path"]
        verbose_name_plural = _("old addresses")

    def __str__(self):
        return self.path

    def natural_key(self):
        return (self.path,)

    natural_key.dependencies = ["articles.article"]
