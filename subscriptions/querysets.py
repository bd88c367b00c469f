"""Which plans, orders and mails a page or a program is about."""

from datetime import timedelta

from django.db import models
from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.functions import Cast
from django.utils import timezone

from readers.addresses import AddressKey

# What an order is while something is still to come of it: one of a plan for one person.
OPEN = ("new", "confirmed", "running")
# A payment that renews itself is told of some time after the last day that was paid for.
GRACE_DAYS = 3
# Whoever transfers the money is told so many days before the last day that is paid for.
REMIND_DAYS = 7


class PlanQuerySet(models.QuerySet):
    """Plans."""

    def on_sale(self):
        """Those that can be ordered, in the order of the page."""
        return self.filter(is_on_sale=True)


class RequestQuerySet(models.QuerySet):
    """Orders or licence requests, by whose they are."""

    def of_person(self, address):
        """Those of whoever has this mail address, however it is written."""
        return self.alias(person=AddressKey("email")).filter(person=AddressKey(Value(address)))

    def of_reader(self, user):
        """Those of an account: ordered with it, or for a mail address that it has confirmed."""
        addresses = user.emailaddress_set.filter(verified=True).annotate(key=AddressKey("email")).values("key")
        rows = self.model.objects.order_by()
        by_address = rows.alias(person=AddressKey("email")).filter(person__in=addresses)
        # Two ways that each have an index; as one condition with OR the database would read every order.
        return self.filter(pk__in=rows.filter(user=user).values("pk").union(by_address.values("pk")))


class OrderQuerySet(RequestQuerySet):
    """Orders."""

    def open(self):
        """Those of which something is still to come."""
        return self.filter(state__in=OPEN)

    def running(self, day=None):
        """Those that give what their plan gives on a day (today): paid for, with a grace where they renew."""
        day = day or timezone.localdate()
        grace = day - timedelta(days=GRACE_DAYS)
        paid = Q(runs_until__gte=day) | Q(runs_until__gte=grace, renews=True, cancel_asked_at=None)
        return self.filter(paid, state="running", starts_on__lte=day)

    def to_remind(self, day):
        """Those whose next period is to be transferred by their reader, who was not told of it yet."""
        told = Exists(
            self.model.mails.rel.related_model.objects.filter(
                order=OuterRef("pk"), kind="due", occasion=Cast(OuterRef("runs_until"), models.CharField())
            )
        )
        soon = day + timedelta(days=REMIND_DAYS)
        rows = self.filter(state="running", renews=True, provider_subscription="", cancel_asked_at=None)
        return rows.filter(~told, runs_until__lte=soon, runs_until__gte=day)

    def owed(self):
        """Those whose money is to be paid back by the desk."""
        return self.filter(refund_asked_at__isnull=False, refunded_at=None)


class MailQuerySet(models.QuerySet):
    """Mails."""

    def due(self, at=None):
        """Those that can be sent now, the oldest first."""
        return self.filter(state="queued", due_at__lte=at or timezone.now()).order_by("due_at", "pk")
