"""What a reader keeps and follows. It goes with the account."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from articles.models import Article, Reporter, Tag
from sections.models import Section

from .querysets import FollowQuerySet, SavedStoryQuerySet


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
