"""What a reader keeps and follows. It goes with the account."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from articles.models import Article, Reporter, Tag
from sections.models import Section

from .querysets import DigestQuerySet, FollowQuerySet, SavedStoryQuerySet


class SavedStory(models.Model):
    """A story that a reader wants to find again."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("reader"))
    article = models.ForeignKey(Article, models.CASCADE, related_name="+", verbose_name=_("article"))
    saved_at = models.DateTimeField(_("saved at"), auto_now_add=True)

    objects = SavedStoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved story")
        verbose_name_plural = _("saved stories")
        default_permissions = ()
        constraints = [models.UniqueConstraint("user", "article", name="saved_story_once")]

    def __str__(self):
        return str(self.article)


class Follow(models.Model):
    """A section, a reporter or a topic of which a reader wants to see everything."""

    # The names of the fields that say what is followed, one of them set.
    KINDS = ("section", "reporter", "tag")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("reader"))
    section = models.ForeignKey(Section, models.CASCADE, null=True, related_name="+", verbose_name=_("section"))
    reporter = models.ForeignKey(Reporter, models.CASCADE, null=True, related_name="+", verbose_name=_("reporter"))
    tag = models.ForeignKey(Tag, models.CASCADE, null=True, related_name="+", verbose_name=_("topic"))
    since = models.DateTimeField(_("since"), auto_now_add=True)

    objects = FollowQuerySet.as_manager()

    class Meta:
        verbose_name = _("follow")
        verbose_name_plural = _("follows")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(section__isnull=False, reporter=None, tag=None)
                    | Q(section=None, reporter__isnull=False, tag=None)
                    | Q(section=None, reporter=None, tag__isnull=False)
                ),
                name="follow_one_thing",
            ),
            models.UniqueConstraint("user", "section", "reporter", "tag", name="follow_once", nulls_distinct=False),
        ]

    def __str__(self):
        return self.what.name

    @property
    def kind(self):
        """The name of the field that says what is followed."""
        return next(kind for kind in self.KINDS if getattr(self, f"{kind}_id"))

    @property
    def what(self):
        """The section, reporter or topic."""
        return getattr(self, self.kind)


class DigestManager(models.Manager.from_queryset(DigestQuerySet)):
    def get_by_natural_key(self, username):
        return self.get(user__username=username)


class Digest(models.Model):
    """A reader's daily mail of what is new of everything that the reader follows. Off unless the reader wants it.

    The row stays when it ends: it says up to which moment stories were told, so that none is told twice.
    """

    class Hour(models.IntegerChoices):
        """Hours of the day in Seoul."""

        EARLY = 6, "06:00"
        MORNING = 7, "07:00"
        LATER = 8, "08:00"
        NOON = 12, "12:00"
        EVENING = 18, "18:00"
        NIGHT = 21, "21:00"

    class Ending(models.TextChoices):
        READER = "reader", _("The reader ended it")
        BOUNCE = "bounce", _("The address does not take mail")
        COMPLAINT = "complaint", _("The reader called it spam")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="digest", verbose_name=_("reader")
    )
    hour = models.PositiveSmallIntegerField(_("hour"), choices=Hour, default=Hour.MORNING)
    chosen_at = models.DateTimeField(_("chosen at"), default=timezone.now)
    # Stories up to this moment are in a digest already, or were there before the reader wanted any.
    told_until = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(_("ended at"), null=True)
    ending = models.CharField(_("why it ended"), max_length=10, choices=Ending, blank=True)

    objects = DigestManager()

    class Meta:
        verbose_name = _("daily digest")
        verbose_name_plural = _("daily digests")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at=None, ending="") | (Q(ended_at__isnull=False) & ~Q(ending="")),
                name="digest_end_has_reason",
            )
        ]
        indexes = [models.Index("hour", "told_until", name="digest_due", condition=Q(ended_at=None))]

    def __str__(self):
        return f"digest {self.pk}"

    def natural_key(self):
        return (self.user.username,)

    natural_key.dependencies = ["readers.user"]

    @property
    def is_on(self):
        """Whether the reader wants it; the twin of `DigestQuerySet.wanted`."""
        return self.ended_at is None
