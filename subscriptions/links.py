"""The signed link of an order: whoever holds it may see and cancel the order, without a login."""

from datetime import timedelta

from django.core import signing
from django.core.exceptions import ValidationError
from django.core.signing import b62_encode
from django.urls import reverse

from sections.pages import absolute

from .models import Order

SALT = "subscriptions.order"
# Every mail has a new one.
GOOD_FOR = timedelta(days=400)


def path_of(order):
    """The address of an order's page on this site, with a new token."""
    return reverse("order", args=[signing.dumps(order.reference, salt=SALT)])


def link_of(order):
    """The full address of an order's page."""
    return absolute(path_of(order))


class _Dated(signing.TimestampSigner):
    """Signs as of a moment, so that the same link comes out again."""

    def __init__(self, moment):
        super().__init__(salt=SALT)
        self.moment = moment

    def timestamp(self):
        return b62_encode(int(self.moment.timestamp()))


def return_link(order):
    """The full address of an order's page as a payment service is given it: the same whenever it is made."""
    return absolute(reverse("order", args=[_Dated(order.asked_at).sign_object(order.reference)]))


def order_of(token):
    """The Order of a token. ValidationError with a sentence where it is forged, damaged, too old, or leads nowhere.

    One query.
    """
    try:
        reference = signing.loads(token, salt=SALT, max_age=GOOD_FOR)
    except signing.SignatureExpired:
        raise ValidationError("This link has expired: the newest mail about your order has one that works.") from None
    except (signing.BadSignature, ValueError):
        raise ValidationError("This link is damaged: copy the whole of it from the mail.") from None
    found = Order.objects.select_related("plan").filter(reference=str(reference), anonymised_at=None).first()
    if found is None:
        raise ValidationError("This order is so long over that nothing about it can be shown any more.")
    return found
