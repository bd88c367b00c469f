"""What only the newsroom sees of a story: notes, unsaved words, who is in it, links for outsiders."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from articles.querysets import PreviewLinkQuerySet
from photos.models import new_token


class DeskNote(models.Model):
    """A step of a story's life before it is public, or a word about it, with who took it. Never public."""

    class Step(models.TextChoices):
        NOTE = "note", _("Note")
        HANDED_IN = "handed_in", _("Handed in")
        HANDED_BACK = "handed_back", _("Handed back")
        SCHEDULED = "scheduled", _("Scheduled")
        TAKEN_BACK = "taken_back", _("Taken off the schedule")
        PUBLISHED = "published", _("Published")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        RESTORED = "restored", _("Brought back")

    article = models.ForeignKey(
        "articles.Article", models.CASCADE, related_name="desk_notes", verbose_name=_("article")
    )
    step = models.CharField(max_length=12, choices=Step, default=Step.NOTE, verbose_name=_("step"))
    text = models.TextField(blank=True, verbose_name=_("text"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="desk_notes",
        verbose_name=_("author"),
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self):
        return self.get_step_display()


class Scratch(models.Model):
    """What somebody typed into a story's form and has not saved: one row per person and story, never a version.

    `key` names the form of a story that does not exist yet; `data` are the posted fields as lists of texts.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="scratches", verbose_name=_("user"))
    article = models.ForeignKey(
        "articles.Article", models.CASCADE, null=True, blank=True, related_name="scratches", verbose_name=_("article")
    )
    key = models.UUIDField(null=True, blank=True, verbose_name=_("key"))
    headline = models.CharField(max_length=200, blank=True, verbose_name=_("headline"))
    data = models.JSONField(default=dict, verbose_name=_("data"))
    opened_version = models.PositiveIntegerField(null=True, blank=True, verbose_name=_("opened version"))
    saved_at = models.DateTimeField(default=timezone.now, verbose_name=_("saved at"))

    class Meta:
        ordering = ["-saved_at"]
        constraints = [
            models.UniqueConstraint("user", "article", name="scratch_of_story_once"),
            models.UniqueConstraint("user", "key", name="scratch_of_new_story_once"),
            models.CheckConstraint(
                condition=Q(article__isnull=False, key__isnull=True) | Q(article__isnull=True, key__isnull=False),
                name="scratch_of_one_form",
            ),
        ]

    def __str__(self):
        return self.headline or str(_("Unsaved story"))


class Presence(models.Model):
    """Somebody has a story open in the admin: since when, and when that was last heard."""

    article = models.ForeignKey("articles.Article", models.CASCADE, related_name="presences", verbose_name=_("article"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="presences", verbose_name=_("user"))
    since = models.DateTimeField(default=timezone.now, verbose_name=_("since"))
    seen_at = models.DateTimeField(default=timezone.now, verbose_name=_("seen at"))

    class Meta:
        ordering = ["since"]
        constraints = [models.UniqueConstraint("article", "user", name="presence_once")]

    def __str__(self):
        return f"{self.user_id} in {self.article_id}"


class PreviewLink(models.Model):
    """An address at which somebody without an account sees a story before it is public, until it ends."""

    article = models.ForeignKey(
        "articles.Article", models.CASCADE, related_name="preview_links", verbose_name=_("article")
    )
    token = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    note = models.CharField(_("for whom"), max_length=120, blank=True)
    expires_at = models.DateTimeField(_("ends"))
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="preview_links",
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = PreviewLinkQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self):
        return self.note or self.token[:8]

    def get_absolute_url(self):
        return reverse("preview", args=[self.token])

    def is_open(self, at=None):
        """Whether the link still leads to the story."""
        return self.revoked_at is None and self.expires_at > (at or timezone.now())


class SavedFilter(models.Model):
    """A search of a list of the admin under a name: its query string, kept by one person or for everybody."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_filters", verbose_name=_("user")
    )
    name = models.CharField(max_length=60, verbose_name=_("name"))
    query = models.CharField(max_length=1000, verbose_name=_("query"))
    shared = models.BooleanField(_("for everybody"), default=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                "user",
                "name",
                name="saved_filter_once",
                violation_error_message=_("You have a saved search of this name."),
            )
        ]

    def __str__(self):
        return self.name


class BrokenLink(models.Model):
    """A link that readers meet and that leads nowhere. Written by `articles.linking.check_links`."""

    place = models.CharField(max_length=80, help_text="app.model:id of what has the link.", verbose_name=_("place"))
    words = models.CharField(_("where"), max_length=200)
    article = models.ForeignKey(
        "articles.Article", models.CASCADE, null=True, related_name="broken_links", verbose_name=_("article")
    )
    link = models.CharField(_("link"), max_length=1000)
    problem = models.CharField(_("what is wrong"), max_length=300)
    is_external = models.BooleanField(_("to another site"), default=False)
    first_seen = models.DateTimeField(_("first seen"))
    last_seen = models.DateTimeField(_("last seen"))

    class Meta:
        ordering = ["-first_seen", "-id"]
        verbose_name = _("broken link")
        verbose_name_plural = _("broken links")
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(fields=["place", "link"], name="broken_link_once")]

    def __str__(self):
        return self.link


class CheckedLink(models.Model):
    """When a link to another site was last asked, and what came of it."""

    link = models.CharField(max_length=1000, unique=True, verbose_name=_("link"))
    problem = models.CharField(max_length=300, blank=True, verbose_name=_("problem"))
    checked_at = models.DateTimeField(verbose_name=_("checked at"))

    class Meta:
        default_permissions = ()

    def __str__(self):
        return self.link
