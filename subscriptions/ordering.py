"""The life of an order: every act is one function in one transaction, with a line of history and the mails it needs.

    new → confirmed (paid, or the desk said so) → running → ended
    new, confirmed → cancelled (by its reader) or refused (by the desk)

`who` is "reader", "payment", "calendar" or a user name of the desk. An act that the state forbids raises
ValidationError with a sentence, and nothing is written.
"""

from calendar import monthrange
from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from .models import Mail, Order, Plan
from .querysets import GRACE_DAYS

State = Order.State
# What was neither paid nor confirmed lapses after this time.
LAPSES_AFTER = timedelta(days=30)


class Duplicate(Exception):
    """The person has an order of this plan; `order` is it."""

    def __init__(self, order):
        super().__init__("There is an order of this plan for this person already.")
        self.order = order


# ---- making one


def place_order(plan, *, user=None, **given):
    """Makes an order of a plan, with the mails to reader and desk; returns it.

    `given` are name, email, telephone, starts_on and, for delivery, the parts of the address. Duplicate where the
    person has one of this plan already, also when both were sent at the same moment.
    """
    for _try in range(3):
        try:
            with transaction.atomic():
                order = Order.objects.create(
                    plan=plan, user=user, price=plan.price, period=plan.period, renews=plan.renews, **given
                )
                _step(order, "reader", "", order.state)
                _mail(order, "received")
                _mail(order, "desk_new")
                return order
        except IntegrityError:
            found = Order.objects.open().of_person(given["email"]).filter(plan=plan).first()
            if found:
                raise Duplicate(found) from None
    raise ValidationError("The order could not be taken at this moment: send it again.")


def tell_again(order, at=None):
    """Sends the link of an order to its reader again, at most once an hour, as somebody ordered the same."""
    _mail(order, "again", f"{at or timezone.now():%Y-%m-%d %H}")


# ---- what is done with one


@transaction.atomic
def confirm(order, *, who, note="", paid_at=None, **payment):
    """Takes an order on as paid; returns it. `payment` are provider, payment and provider_subscription."""
    order = _locked(order, State.NEW)
    for name, value in payment.items():
        setattr(order, name, value)
    order.paid_at = paid_at or timezone.now()
    order.periods_paid += 1
    _change(order, State.CONFIRMED, who, note)
    _mail(order, "confirmed")
    return order


@transaction.atomic
def start(order, *, who, note="", day=None):
    """Has a confirmed order run from a day (today) on, for as long as was paid; returns it."""
    order = _locked(order, State.CONFIRMED)
    order.starts_on = day or timezone.localdate()
    order.runs_until = last_day(order)
    _change(order, State.RUNNING, who, note)
    _mail(order, "started")
    return order


@transaction.atomic
def renew(order, *, who, note=""):
    """Counts another period as paid; returns the order."""
    order = _locked(order, State.CONFIRMED, State.RUNNING)
    order.periods_paid += 1
    if order.state == State.RUNNING:
        order.runs_until = last_day(order)
    _change(order, order.state, who, note or _("Another period was paid."))
    return order


@transaction.atomic
def cancel(order, *, who="reader", note=""):
    """Cancels: at once what does not run yet, with the money paid back; else for the end of the term. Returns it."""
    order = _locked(order, State.NEW, State.CONFIRMED, State.RUNNING)
    if order.cancel_asked_at:
        raise ValidationError(_("This subscription is cancelled already: it ends with its term."))
    _stop_renewal(order)
    if order.state == State.RUNNING:
        order.cancel_asked_at = timezone.now()
        _change(order, State.RUNNING, who, note or _("Cancelled for the end of its term."))
        _mail(order, "ending")
    else:
        _give_back(order)
        _change(order, State.CANCELLED, who, note)
        _mail(order, "cancelled")
    if who == "reader":
        _mail(order, "desk_cancelled")
    return order


@transaction.atomic
def refuse(order, *, who, note):
    """Refuses an order with a reason that its reader is told, and has the money paid back; returns it."""
    order = _locked(order, State.NEW, State.CONFIRMED)
    if not note.strip():
        raise ValidationError(_("Write the reason: the reader is told."))
    _stop_renewal(order)
    _give_back(order)
    _change(order, State.REFUSED, who, note)
    _mail(order, "refused")
    return order


@transaction.atomic
def end(order, *, who, note=""):
    """Ends a running order at once; returns it."""
    order = _locked(order, State.RUNNING)
    _stop_renewal(order)
    _change(order, State.ENDED, who, note)
    _mail(order, "ended")
    return order


@transaction.atomic
def pay_back(order, *, who, note=""):
    """Has the payment service pay the money of an order back, or notes that the desk did; returns it."""
    order = _locked(order, *State)
    if not order.paid_at or order.refunded_at:
        raise ValidationError(_("There is nothing to pay back: it was not paid, or the money went back already."))
    if order.payment and order.refund_asked_at:
        raise ValidationError(_("The payment service is told already: it pays back by itself."))
    if order.payment:
        order.refund_asked_at = timezone.now()
    else:
        order.refund_asked_at = order.refund_asked_at or timezone.now()
        order.refunded_at = timezone.now()
        _mail(order, "refunded")
    _change(order, order.state, who, note or _("Money back."))
    return order


@transaction.atomic
def was_paid_back(order, *, who, note=""):
    """Notes that the money of an order went back; returns the order. What was noted before stays."""
    order = _locked(order, *State)
    if order.refunded_at is None:
        order.refund_asked_at = order.refund_asked_at or timezone.now()
        order.refunded_at = timezone.now()
        _change(order, order.state, who, note or _("The money was paid back."))
        _mail(order, "refunded")
    return order


@transaction.atomic
def stopped_renewing(order, *, who):
    """Notes that the payment service takes nothing any more: the order ends with what is paid. Returns it."""
    order = _locked(order, *State)
    if order.stopped_at is None:
        order.stopped_at = timezone.now()
        asked = order.stop_asked_at or order.cancel_asked_at
        order.renews = False
        if order.state == State.RUNNING and not asked:
            order.cancel_asked_at = timezone.now()
            _mail(order, "ending")
        _change(order, order.state, who, _("The payment service takes nothing any more."))
    return order


@transaction.atomic
def paid_too_late(order, *, who, note, paid_at, **payment):
    """Notes the money for an order that is over, and has it paid back; returns the order."""
    order = _locked(order, State.ENDED, State.CANCELLED, State.REFUSED)
    for name, value in payment.items():
        setattr(order, name, value)
    order.paid_at = paid_at
    _give_back(order)
    _stop_renewal(order)
    _change(order, order.state, who, note)
    return order


def add_note(order, *, who, note):
    """Writes a line into the history without changing anything else."""
    _step(order, who, order.state, order.state, note)


# ---- what the calendar does


def do_due(today=None):
    """Starts, reminds of, ends and cancels what the calendar says; returns how many orders. Four queries if none."""
    today = today or timezone.localdate()
    acts = 0
    for order in Order.objects.filter(state=State.CONFIRMED, starts_on__lte=today):
        acts += _if_still(start, order, day=today)
    for order in Order.objects.to_remind(today):
        _mail(order, "due", str(order.runs_until))
        acts += 1
    grace = today - timedelta(days=GRACE_DAYS)
    over = Q(runs_until__lt=grace) | Q(runs_until__lt=today, renews=False)
    over |= Q(runs_until__lt=today, cancel_asked_at__isnull=False)
    for order in Order.objects.filter(over, state=State.RUNNING):
        acts += _if_still(end, order)
    for order in Order.objects.filter(state=State.NEW, asked_at__lt=timezone.now() - LAPSES_AFTER):
        acts += _if_still(cancel, order, note=_("It was not paid in time."))
    return acts


def _if_still(act, order, **words):
    """Does it unless another program was quicker."""
    try:
        act(order, who="calendar", **words)
    except ValidationError:
        return 0
    return 1


def last_day(order):
    """The last day that the paid periods of an order reach: of a month from January 31 on it is February 27 or 28."""
    months = order.periods_paid * (12 if order.period == Plan.Period.YEAR else 1)
    year, month = divmod(order.starts_on.year * 12 + order.starts_on.month - 1 + months, 12)
    day = min(order.starts_on.day, monthrange(year, month + 1)[1])
    return date(year, month + 1, day) - timedelta(days=1)


# ---- parts of acts


def _locked(order, *states):
    """The row as it is now, locked; ValidationError unless it is in one of these states."""
    found = Order.objects.select_for_update(of=("self",)).select_related("plan").get(pk=order.pk)
    if found.state not in states:
        raise ValidationError(
            _("The order %(order)s is “%(state)s”: this cannot be done with it.")
            % {"order": found.reference, "state": found.get_state_display()}
        )
    return found


def _change(order, state, who, note):
    before, order.state = order.state, state
    if not order.is_open and order.ended_at is None:
        order.ended_at = timezone.now()
    order.save()
    _step(order, who, before, state, note)


def _stop_renewal(order):
    if order.provider_subscription and order.stopped_at is None:
        order.stop_asked_at = order.stop_asked_at or timezone.now()


def _give_back(order):
    if order.paid_at and order.refunded_at is None:
        order.refund_asked_at = order.refund_asked_at or timezone.now()


def _step(order, who, before, after, note=""):
    order.steps.create(who=who, before=before, after=after, note=str(note)[:500])


def _mail(order, kind, occasion=""):
    Mail.objects.get_or_create(order=order, licence=None, kind=kind, occasion=occasion)
