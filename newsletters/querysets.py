"""What pages and the sender load of newsletters."""

from django.db import models
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone


class NewsletterQuerySet(models.QuerySet):
    """Newsletters."""

    def active(self):
        """Letters that are written at present."""
        return self.filter(is_active=True)

    def with_latest(self):
        """Adds `latest_day` and `latest_subject` of the newest public issue. Part of the query that loads them."""
        issues = self.model.issues.field.model.objects.public().filter(newsletter=OuterRef("pk"))
        return self.annotate(
            latest_day=Subquery(issues.values("day")[:1]), latest_subject=Subquery(issues.values("subject")[:1])
        )

    def with_readers(self):
        """Adds `readers`, the number of confirmed subscriptions."""
        rows = self.model.subscriptions.field.model.objects.active().filter(newsletter=OuterRef("pk"))
        counts = rows.order_by().values("newsletter").annotate(count=Count("pk")).values("count")
        return self.annotate(readers=Coalesce(Subquery(counts), 0))


class SubscriptionQuerySet(models.QuerySet):
    """Subscriptions."""

    def active(self):
        """Those that were confirmed and have not ended: whoever gets the letter."""
        return self.filter(confirmed_at__isnull=False, ended_at=None)

    def refused(self):
        """Those that ended because the address takes no mail, or because its owner called it spam."""
        return self.filter(ending__in=("bounce", "complaint"), ended_at__isnull=False)


class IssueQuerySet(models.QuerySet):
    """Issues."""

    def public(self):
        """Issues that are being sent or were sent, newest first: they stand in the archive."""
        return self.filter(state__in=("sending", "sent")).order_by("-day", "-pk")

    def due(self, at=None):
        """Issues whose moment to be sent has come."""
        return self.filter(state="ready", send_at__lte=at or timezone.now())


class DeliveryQuerySet(models.QuerySet):
    """Deliveries."""

    def open(self):
        """Those about which something is still to be done."""
        return self.filter(state__in=("queued", "sending"))

    def counts(self):
        """{state: number of deliveries in it}, every state that there is. One query."""
        return dict(self.order_by().values_list("state").annotate(count=Count("pk")))

    def data_of(self, user):
        """The digests that were made for a reader, as plain data. One query."""
        rows = self.filter(digest__user=user).order_by("day").values_list("day", "state")
        return [{"day": day.isoformat(), "state": state} for day, state in rows]

    def of_wanted(self):
        """Those whose reader still wants the letter; what somebody asked for himself is always wanted."""
        Subscription = self.model.wanted_by
        wanted = Subscription.objects.active().filter(
            subscriber=OuterRef("subscriber"), newsletter=OuterRef("issue__newsletter")
        )
        digests = self.model.digest.field.related_model.objects.deliverable().filter(pk=OuterRef("digest"))
        return self.filter(Q(sign_up__isnull=False) | models.Exists(wanted) | models.Exists(digests))
