"""Subscriptions and licences: plans, orders with their history, mails about them, and what payment services told.

What is written over several rows is in `ordering`, `licensing`, `payments` and `sending`.
"""

import secrets
import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from articles.models import Article
from newsletters.models import OutgoingMail
from readers.addresses import AddressKey
from sections.surrogates import Shown

from .contacts import telephone_words
from .querysets import OPEN, MailQuerySet, OrderQuerySet, PlanQuerySet, RequestQuerySet

# Digits and letters that nobody takes for one another, written or spoken.
ALPHABET = "23456789ACDEFGHJKMNPQRTUVWXY"


def new_reference():
    """A number of an order that cannot be guessed (57 bits) and can be read over the telephone: 7KQ4-M2XP-93TD."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(3))


class PlanManager(models.Manager.from_queryset(PlanQuerySet)):
    def get_by_natural_key(self, slug):
        return self.get(slug=slug)


class Plan(Shown):
    """A subscription that can be ordered: what it gives, for how long, at what price."""

    class Period(models.TextChoices):
        MONTH = "month", _("Month")
        YEAR = "year", _("Year")

    name = models.CharField(
        max_length=60, verbose_name=_("name"), help_text=_("Readers choose by it: Print, a month; E-paper.")
    )
    slug = models.SlugField(
        max_length=60, unique=True, verbose_name=_("slug"), help_text=_("Word of its order form: /orders/new/print/.")
    )
    description = models.TextField(
        max_length=500, verbose_name=_("description"), help_text=_("What readers get, in one or two sentences.")
    )
    features = models.TextField(
        blank=True,
        max_length=1000,
        verbose_name=_("features"),
        help_text=_("What speaks for it, one a line, beside what is ticked below."),
    )
    price = models.PositiveIntegerField(
        validators=[MinValueValidator(100), MaxValueValidator(100_000_000)],
        verbose_name=_("price"),
        help_text=_("Won for a period, taxes and delivery included. Orders keep the price at which they were made."),
    )
    period = models.CharField(
        max_length=10,
        choices=Period,
        default=Period.MONTH,
        verbose_name=_("period"),
        help_text=_("How long it runs for that price."),
    )
    renews = models.BooleanField(
        default=True,
        verbose_name=_("renews itself"),
        help_text=_("On: the payment service takes the price again for every period until the reader ends it."),
    )
    gives_delivery = models.BooleanField(
        default=False,
        verbose_name=_("delivers the paper"),
        help_text=_("The printed paper comes to the door: the form asks for a Korean address."),
    )
    gives_epaper = models.BooleanField(
        default=False, verbose_name=_("opens the e-paper"), help_text=_("All pages of the e-paper can be read.")
    )
    gives_premium = models.BooleanField(
        default=False, verbose_name=_("opens premium stories"), help_text=_("Stories for subscribers can be read.")
    )
    is_best = models.BooleanField(
        default=False, verbose_name=_("recommended"), help_text=_("Framed on the page of plans.")
    )
    is_on_sale = models.BooleanField(
        default=True,
        verbose_name=_("on sale"),
        help_text=_("Off: nobody can order it; whoever has it keeps it."),
    )
    position = models.PositiveSmallIntegerField(
        default=0, verbose_name=_("position"), help_text=_("Order on the page where readers choose.")
    )

    objects = PlanManager()

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        ordering = ["position", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(gives_delivery=True) | Q(gives_epaper=True) | Q(gives_premium=True),
                name="plan_gives_something",
                violation_error_message=_("A plan gives something: tick at least one of the three."),
            )
        ]

    def __str__(self):
        return self.name

    @property
    def feature_lines(self):
        """Its features, one by one."""
        return [line.strip() for line in self.features.splitlines() if line.strip()]

    @property
    def price_of_year(self):
        """Won for twelve months."""
        return self.price * (1 if self.period == self.Period.YEAR else 12)

    def get_absolute_url(self):
        """The page where it stands among the others."""
        return reverse("plans")

    def natural_key(self):
        return (self.slug,)


class Request(models.Model):
    """Who asked for something, and under which number."""

    reference = models.CharField(
        max_length=20, unique=True, default=new_reference, editable=False, verbose_name=_("reference")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("account"),
    )
    name = models.CharField(max_length=80, verbose_name=_("name"), help_text=_("Of the reader; letters begin with it."))
    email = models.EmailField(
        max_length=254, blank=True, verbose_name=_("e-mail address"), help_text=_("Mails about it go there.")
    )
    telephone = models.CharField(
        max_length=20, blank=True, verbose_name=_("telephone"), help_text=_("Korean; written as you like.")
    )
    asked_at = models.DateTimeField(default=timezone.now, editable=False, verbose_name=_("ordered at"))
    ended_at = models.DateTimeField(null=True, blank=True, editable=False, verbose_name=_("ended at"))
    anonymised_at = models.DateTimeField(null=True, blank=True, editable=False, verbose_name=_("anonymised at"))
    desk_note = models.TextField(
        blank=True,
        max_length=4000,
        verbose_name=_("notes of the desk"),
        help_text=_("Seen by the desk alone, and by the reader who asks for all data."),
    )

    class Meta:
        abstract = True

    def __str__(self):
        return self.reference

    def natural_key(self):
        return (self.reference,)

    @property
    def telephone_words(self):
        """The telephone as Koreans write it."""
        return telephone_words(self.telephone)


class OrderManager(models.Manager.from_queryset(OrderQuerySet)):
    def get_by_natural_key(self, reference):
        return self.get(reference=reference)


class Order(Request):
    """A subscription that somebody ordered. Its state is changed by `ordering` alone."""

    class State(models.TextChoices):
        NEW = "new", _("New")
        CONFIRMED = "confirmed", _("Confirmed")
        RUNNING = "running", _("Running")
        ENDED = "ended", _("Ended")
        CANCELLED = "cancelled", _("Cancelled")
        REFUSED = "refused", _("Refused")

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="orders", verbose_name=_("plan"))
    # As they were when the order was made: a plan may become dearer, an order does not.
    price = models.PositiveIntegerField(verbose_name=_("price"))
    period = models.CharField(max_length=10, choices=Plan.Period, verbose_name=_("period"))
    renews = models.BooleanField(default=False, verbose_name=_("renews itself"))
    state = models.CharField(max_length=10, choices=State, default=State.NEW, verbose_name=_("state"))
    postcode = models.CharField(
        max_length=5, blank=True, verbose_name=_("postcode"), help_text=_("Where the paper goes: five digits.")
    )
    road_address = models.CharField(
        max_length=160,
        blank=True,
        verbose_name=_("road address"),
        help_text=_("Street, number, district and city, in Hangul or Latin letters."),
    )
    detail_address = models.CharField(
        max_length=120, blank=True, verbose_name=_("floor, flat, house"), help_text=_("Empty: there is only one door.")
    )
    delivery_note = models.CharField(
        max_length=300, blank=True, verbose_name=_("delivery notes"), help_text=_("Those who deliver read it.")
    )
    starts_on = models.DateField(verbose_name=_("starts on"))
    runs_until = models.DateField(null=True, blank=True, verbose_name=_("paid until"))
    periods_paid = models.PositiveSmallIntegerField(default=0, verbose_name=_("periods paid"))
    agreed_at = models.DateTimeField(default=timezone.now, verbose_name=_("agreed to the terms at"))
    cancel_asked_at = models.DateTimeField(null=True, blank=True, verbose_name=_("cancelled for the end of its term"))
    provider = models.CharField(max_length=20, blank=True, verbose_name=_("payment service"))
    payment = models.CharField(max_length=255, blank=True, verbose_name=_("payment"))
    provider_subscription = models.CharField(max_length=255, blank=True, verbose_name=_("subscription there"))
    paid_at = models.DateTimeField(null=True, blank=True, verbose_name=_("paid at"))
    # What the payment service is still to be told; a thread of each web worker does it.
    stop_asked_at = models.DateTimeField(null=True, blank=True, verbose_name=_("renewal to be stopped since"))
    stopped_at = models.DateTimeField(null=True, blank=True, verbose_name=_("renewal stopped at"))
    refund_asked_at = models.DateTimeField(null=True, blank=True, verbose_name=_("money to be paid back since"))
    refunded_at = models.DateTimeField(null=True, blank=True, verbose_name=_("paid back at"))

    objects = OrderManager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                AddressKey("email"),
                "plan",
                name="order_one_open",
                condition=Q(state__in=OPEN, anonymised_at=None),
                violation_error_message=_("This person has an order of this plan already."),
            ),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(runs_until__isnull=False, periods_paid__gt=0),
                name="order_running_is_paid",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN, ended_at=None) | (~Q(state__in=OPEN) & Q(ended_at__isnull=False)),
                name="order_end_has_time",
            ),
        ]
        indexes = [
            models.Index(AddressKey("email"), name="order_person"),
            models.Index("asked_at", "id", name="order_newest"),
            models.Index("state", "starts_on", "runs_until", name="order_open", condition=Q(state__in=OPEN)),
        ]

    natural_key = Request.natural_key
    natural_key.dependencies = ["subscriptions.plan", "readers.user"]

    @property
    def is_open(self):
        """Whether something is still to come of it."""
        return self.state in OPEN

    @property
    def can_be_cancelled(self):
        """Whether its reader can still cancel it."""
        return self.is_open and self.cancel_asked_at is None

    @property
    def address_words(self):
        """The address of delivery on one line; empty without delivery."""
        return ", ".join(part for part in (self.road_address, self.detail_address, self.postcode) if part)


class LicenceRequestManager(models.Manager.from_queryset(RequestQuerySet)):
    def get_by_natural_key(self, reference):
        return self.get(reference=reference)


class LicenceRequest(Request):
    """Somebody would like to print or show something of the paper; the desk answers with an offer."""

    class State(models.TextChoices):
        NEW = "new", _("New")
        OFFERED = "offered", _("Offer sent")
        AGREED = "agreed", _("Agreed")
        REFUSED = "refused", _("Refused")
        CLOSED = "closed", _("Closed")

    class Kind(models.TextChoices):
        STORIES = "stories", _("Stories")
        PHOTOS = "photos", _("Photos, drawings or films")
        FEED = "feed", _("A feed of stories")

    class Medium(models.TextChoices):
        NEWSPAPER = "newspaper", _("Newspaper or magazine")
        BOOK = "book", _("Book or teaching material")
        WEB = "web", _("Web site, app or newsletter")
        BROADCAST = "broadcast", _("Broadcast or film")
        INTERNAL = "internal", _("Press review within an organization")
        OTHER = "other", _("Something else")

    organisation = models.CharField(max_length=120, blank=True, verbose_name=_("organization"))
    kind = models.CharField(max_length=10, choices=Kind, verbose_name=_("what"))
    wanted = models.TextField(max_length=4000, blank=True, verbose_name=_("which stories or pictures"))
    articles = models.ManyToManyField(
        Article, blank=True, related_name="licence_requests", verbose_name=_("stories found in it")
    )
    purpose = models.TextField(max_length=2000, verbose_name=_("what for"))
    medium = models.CharField(max_length=10, choices=Medium, verbose_name=_("medium"))
    circulation = models.PositiveIntegerField(null=True, blank=True, verbose_name=_("circulation"))
    term = models.CharField(max_length=120, blank=True, verbose_name=_("term"))
    state = models.CharField(max_length=10, choices=State, default=State.NEW, verbose_name=_("state"))
    offer = models.TextField(
        blank=True,
        max_length=6000,
        verbose_name=_("answer"),
        help_text=_("What the asker gets by mail with “Send the offer” or “Refuse”: price, term, credit line."),
    )

    objects = LicenceRequestManager()

    class Meta:
        verbose_name = _("licence request")
        verbose_name_plural = _("licence requests")
        ordering = ["-asked_at", "-pk"]
        indexes = [models.Index("asked_at", "id", name="licence_newest")]

    natural_key = Request.natural_key
    natural_key.dependencies = ["articles.article", "readers.user"]


def one_subject(name):
    """A row is about an order or about a licence request, not about both."""
    return models.CheckConstraint(
        condition=Q(order__isnull=False, licence=None) | Q(order=None, licence__isnull=False), name=name
    )


class StepManager(models.Manager):
    def get_by_natural_key(self, uuid):
        return self.get(uuid=uuid)


class Step(models.Model):
    """One line of the history: who changed what, when, from which state to which, and why."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    order = models.ForeignKey(Order, models.CASCADE, null=True, related_name="steps", verbose_name=_("order"))
    licence = models.ForeignKey(
        LicenceRequest, models.CASCADE, null=True, related_name="steps", verbose_name=_("licence request")
    )
    at = models.DateTimeField(default=timezone.now, verbose_name=_("moment"))
    # "reader", "payment" (what a payment service told), "calendar", or the user name of somebody of the desk.
    who = models.CharField(max_length=150, verbose_name=_("who"))
    before = models.CharField(max_length=10, blank=True, verbose_name=_("from"))
    after = models.CharField(max_length=10, verbose_name=_("to"))
    note = models.CharField(max_length=500, blank=True, verbose_name=_("note"))

    objects = StepManager()

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("history")
        ordering = ["at", "pk"]
        default_permissions = ("view",)
        constraints = [one_subject("step_of_one_thing")]

    def __str__(self):
        return f"{self.before} → {self.after}"

    def natural_key(self):
        return (str(self.uuid),)

    natural_key.dependencies = ["subscriptions.order", "subscriptions.licencerequest"]

    @property
    def reader_words(self):
        """What happened, as a reader sees it."""
        words = {"new": "Ordered", "running": "Begun"}
        return words.get(self.after, self.after.capitalize())

    @property
    def after_words(self):
        """The state to which it led, in words of the desk."""
        states = Order.State if self.order_id else LicenceRequest.State
        return states(self.after).label if self.after in states.values else self.after


class MailManager(models.Manager.from_queryset(MailQuerySet)):
    def get_by_natural_key(self, uuid):
        return self.get(uuid=uuid)


class Mail(OutgoingMail):
    """A mail that goes out once, to the reader or to the desk. Its words are made when it is sent."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    order = models.ForeignKey(Order, models.CASCADE, null=True, related_name="mails", verbose_name=_("order"))
    licence = models.ForeignKey(
        LicenceRequest, models.CASCADE, null=True, related_name="mails", verbose_name=_("licence request")
    )
    kind = models.CharField(max_length=20, verbose_name=_("mail"))
    # Tells apart what may come more than once: the hour of a repeated order, the period of a renewal.
    occasion = models.CharField(max_length=40, blank=True, verbose_name=_("occasion"))

    objects = MailManager()

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        ordering = ["due_at", "pk"]
        default_permissions = ("view", "change")
        constraints = [
            one_subject("mail_of_one_thing"),
            models.UniqueConstraint(
                "order", "licence", "kind", "occasion", name="order_mail_once", nulls_distinct=False
            ),
        ]
        indexes = [
            models.Index("state", "due_at", name="order_mail_open", condition=Q(state__in=["queued", "sending"]))
        ]

    def __str__(self):
        return self.kind

    def natural_key(self):
        return (str(self.uuid),)

    natural_key.dependencies = ["subscriptions.order", "subscriptions.licencerequest"]


class PaymentEventManager(models.Manager):
    def get_by_natural_key(self, provider, event_id):
        return self.get(provider=provider, event_id=event_id)


class PaymentEvent(models.Model):
    """What a payment service told, once for each id that it gave; also what was refused, and why."""

    class Outcome(models.TextChoices):
        DONE = "done", _("Done")
        IGNORED = "ignored", _("Nothing to do")
        REFUSED = "refused", _("Refused")

    provider = models.CharField(max_length=20, verbose_name=_("payment service"))
    event_id = models.CharField(max_length=255, verbose_name=_("id"))
    kind = models.CharField(max_length=20, verbose_name=_("kind"))
    order = models.ForeignKey(Order, models.SET_NULL, null=True, related_name="events", verbose_name=_("order"))
    payment = models.CharField(max_length=255, blank=True, verbose_name=_("payment"))
    amount = models.BigIntegerField(null=True, verbose_name=_("amount"))
    currency = models.CharField(max_length=10, blank=True, verbose_name=_("currency"))
    happened_at = models.DateTimeField(verbose_name=_("happened at"))
    received_at = models.DateTimeField(default=timezone.now, verbose_name=_("received at"))
    outcome = models.CharField(max_length=10, choices=Outcome, verbose_name=_("outcome"))
    note = models.CharField(max_length=300, blank=True, verbose_name=_("note"))

    objects = PaymentEventManager()

    class Meta:
        verbose_name = _("payment event")
        verbose_name_plural = _("payment events")
        ordering = ["-received_at", "-pk"]
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint("provider", "event_id", name="payment_event_once")]

    def __str__(self):
        return f"{self.kind} {self.event_id}"

    def natural_key(self):
        return (self.provider, self.event_id)

    natural_key.dependencies = ["subscriptions.order"]
