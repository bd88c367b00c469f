"""Which premium stories a reader has used the month's allowance for. It goes with the account."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from articles.models import Article


def this_month():
    """The first day of the month in Seoul, by which reads are counted."""
    return timezone.localdate().replace(day=1)


class PremiumReadQuerySet(models.QuerySet):
    """Premium stories that readers chose to read."""

    def of(self, user):
        """Those of a reader in this month, the newest first."""
        return self.filter(user=user, month=this_month()).order_by("-read_at", "-pk")

    def data_of(self, user):
        """What is known of a reader, as plain data. One query."""
        rows = self.filter(user=user).order_by("read_at").values_list("article__headline", "read_at")
        return [{"story": headline, "since": at.isoformat()} for headline, at in rows]

    def forget_old(self):
        """Deletes reads of months that are over, a thousand at a time; those that somebody deletes now are left."""
        old = self.filter(month__lt=this_month()).select_for_update(skip_locked=True).values_list("pk", flat=True)
        self.filter(pk__in=list(old[:1000])).delete()


class PremiumRead(models.Model):
    """A premium story that a reader has chosen to read in a month; reading it again costs nothing."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("reader"))
    article = models.ForeignKey(Article, models.CASCADE, related_name="+", verbose_name=_("article"))
    month = models.DateField(_("month"), default=this_month)
    read_at = models.DateTimeField(_("read at"), default=timezone.now)

    objects = PremiumReadQuerySet.as_manager()

    class Meta:
        verbose_name = _("premium story read")
        verbose_name_plural = _("premium stories read")
        default_permissions = ()
        constraints = [models.UniqueConstraint("user", "month", "article", name="premium_read_once")]
        indexes = [models.Index("month", name="premium_read_month")]

    def __str__(self):
        return str(self.article)
