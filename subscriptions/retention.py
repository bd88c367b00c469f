"""How long personal data of orders is kept.

Records of contracts and of payments: five years (Act on Consumer Protection in Electronic Commerce, article 6, and
article 6 of its enforcement decree). What never became a contract, and requests without an agreement: one year.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from .models import LicenceRequest, Mail, Order, Step
from .querysets import OPEN

KEEP_CONTRACTS = timedelta(days=5 * 366)
KEEP_REQUESTS = timedelta(days=365)
ANONYMOUS = {"name": "–", "email": "", "telephone": "", "desk_note": "", "user": None}


def due(at=None):
    """(orders, licence requests) whose time is over: rows without names are left of them, for the accounts."""
    now = at or timezone.now()
    contracts, requests = now - KEEP_CONTRACTS, now - KEEP_REQUESTS
    old = Q(ended_at__lt=contracts) | Q(ended_at__lt=requests, paid_at=None)
    orders = Order.objects.exclude(state__in=OPEN).filter(old, anonymised_at=None)
    # A request that nobody ever closed counts from the day on which it came.
    agreed = Q(pk__in=Step.objects.filter(after=LicenceRequest.State.AGREED).values("licence"))
    old = Q(asked_at__lt=contracts) | (~agreed & Q(asked_at__lt=requests))
    return orders, LicenceRequest.objects.filter(old, anonymised_at=None)


@transaction.atomic
def anonymise(at=None):
    """Takes names, addresses, notes and mails off what is due; returns (orders, licence requests)."""
    orders, licences = (list(rows.values_list("pk", flat=True)) for rows in due(at))
    Mail.objects.filter(Q(order__in=orders) | Q(licence__in=licences)).delete()
    Step.objects.filter(Q(order__in=orders) | Q(licence__in=licences)).update(note="")
    Order.objects.filter(pk__in=orders).update(
        **ANONYMOUS,
        **{"postcode": "", "road_address": "", "detail_address": "", "delivery_note": ""},
        anonymised_at=timezone.now(),
    )
    LicenceRequest.objects.filter(pk__in=licences).update(
        **ANONYMOUS,
        **{"organisation": "", "wanted": "", "purpose": "–", "term": "", "offer": ""},
        anonymised_at=timezone.now(),
    )
    return len(orders), len(licences)
