"""Who has a subscription that opens something, and what accounts tell of orders."""

from django.utils import timezone

from .links import path_of
from .models import LicenceRequest, Order
from .querysets import OPEN

# What a plan can open, by the name of its field.
WHAT = {"premium": "gives_premium", "epaper": "gives_epaper"}


def has_subscription(user, what):
    """Whether a reader has a running order of a plan that opens `what`: "premium" or "epaper". One query.

    By the account with which it was ordered, or by a mail address that the account has confirmed, however it is
    written. For nobody, and for who is not signed in, no query is made.
    """
    field = WHAT[what]
    if user is None or not user.is_authenticated or not user.is_active:
        return False
    return Order.objects.running().of_reader(user).filter(**{f"plan__{field}": True}).exists()


def data_of(user):
    """All that is kept of a reader's orders and licence requests, as plain data. 4 queries."""
    orders = Order.objects.of_reader(user).select_related("plan").prefetch_related("steps")
    licences = LicenceRequest.objects.of_reader(user).prefetch_related("steps")
    return [_plain(row) | {"plan": row.plan.name} for row in orders] + [_plain(row) for row in licences]


NOT_TOLD = {"id", "user", "plan", "anonymised_at"}


def _plain(row):
    values = {
        field.name: field.value_from_object(row) for field in row._meta.concrete_fields if field.name not in NOT_TOLD
    }
    steps = [{"at": step.at, "to": step.after, "note": step.note} for step in row.steps.all()]
    return values | {"steps": steps}


def list_of(user):
    """What the account page shows: (words, address) of each order, the newest first. One query."""
    orders = Order.objects.of_reader(user).filter(anonymised_at=None).select_related("plan")
    return [(f"{order.plan.name}: {_state_words(order)}", path_of(order)) for order in orders[:50]]


def _state_words(order):
    if order.state == Order.State.RUNNING:
        return f"{'ends' if order.cancel_asked_at else 'paid until'} {order.runs_until:%B} {order.runs_until.day}"
    return order.get_state_display().lower()


def kept_of(user):
    """A sentence about what stays when an account is deleted; empty where nothing does. One query."""
    states = set(Order.objects.of_reader(user).filter(anonymised_at=None).values_list("state", flat=True))
    if not states:
        return ""
    year = timezone.localdate().year + 5
    said = (
        "Records of your orders are kept, apart from the account, for five years after each has ended, as the law on "
        f"electronic commerce asks (of one that ends today, until {year}). Then your name and address are taken off."
    )
    if states & set(OPEN):
        said += " Subscriptions that run are not ended by this: end them first on their own pages, if you want that."
    return said
