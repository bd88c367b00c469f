"""Newsletters: letters with their readers, issues with their stories, and one delivery for each issue and reader.

A reader is an e-mail address; nobody needs an account. What is written over several rows is in `signing_up`,
`composing` and `sending`.
"""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from articles.models import Article
from mypaper.models import Digest
from rankings.models import StoryList
from sections.surrogates import Shown

from .querysets import DeliveryQuerySet, IssueQuerySet, NewsletterQuerySet, SubscriptionQuerySet

# Words that stand where the word of a letter's address would.
RESERVED_SLUGS = ("hooks",)


def one_line(text):
    """Refuses what would begin another line of a mail's head, and what no mail program can show there."""
    if any(ord(character) < 32 or ord(character) == 127 or character in "\u2028\u2029\x85" for character in text):
        raise ValidationError(_("Write it in one line, without control characters."))


def free_slug(slug):
    """Refuses words that the site needs itself."""
    if slug in RESERVED_SLUGS:
        raise ValidationError(_("This word is needed by the site: choose another."))


class NewsletterManager(models.Manager.from_queryset(NewsletterQuerySet)):
    def get_by_natural_key(self, slug):
        return self.get(slug=slug)


class Newsletter(Shown):
    """A letter that readers can subscribe to: made by hand, or filled from a story list at a time of day."""

    class Weekday(models.IntegerChoices):
        """Days as ISO 8601 counts them."""

        MONDAY = 1, _("Monday")
        TUESDAY = 2, _("Tuesday")
        WEDNESDAY = 3, _("Wednesday")
        THURSDAY = 4, _("Thursday")
        FRIDAY = 5, _("Friday")
        SATURDAY = 6, _("Saturday")
        SUNDAY = 7, _("Sunday")

    name = models.CharField(
        max_length=80,
        validators=[one_line],
        verbose_name=_("name"),
        help_text=_("Readers choose by it, and it stands over every issue."),
    )
    slug = models.SlugField(
        max_length=60,
        unique=True,
        validators=[free_slug],
        verbose_name=_("slug"),
        help_text=_("Word of its address: /newsletters/morning-briefing/."),
    )
    description = models.TextField(
        max_length=500, verbose_name=_("description"), help_text=_("What readers get, in one or two sentences.")
    )
    rhythm = models.CharField(
        max_length=80, verbose_name=_("rhythm"), help_text=_("When it comes, in words: Every morning at seven.")
    )
    opening = models.TextField(
        blank=True,
        max_length=1000,
        verbose_name=_("opening words"),
        help_text=_("The introduction of issues that are filled by the rule."),
    )
    story_list = models.ForeignKey(
        StoryList,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="newsletters",
        verbose_name=_("filled from"),
        help_text=_("Its stories make an issue by themselves at the time below; empty: issues are made by hand."),
    )
    size = models.PositiveSmallIntegerField(
        default=6,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
        verbose_name=_("stories"),
        help_text=_("How many stories of the list an issue takes, 1 to 20."),
    )
    time_of_day = models.TimeField(
        null=True,
        blank=True,
        verbose_name=_("time of day"),
        help_text=_("Seoul time at which the rule fills and sends an issue, unless one of that day exists."),
    )
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(choices=Weekday),
        default=list,
        blank=True,
        verbose_name=_("weekdays"),
        help_text=_("The days on which the rule sends an issue."),
    )
    is_active = models.BooleanField(
        default=True,
        verbose_name=_("active"),
        help_text=_("Off: nobody can subscribe and the rule rests; the archive stays."),
    )
    position = models.PositiveSmallIntegerField(
        default=0, verbose_name=_("position"), help_text=_("Order on the page where readers choose.")
    )

    objects = NewsletterManager()

    class Meta:
        verbose_name = _("newsletter")
        verbose_name_plural = _("newsletters")
        ordering = ["position", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(story_list=None) | (Q(time_of_day__isnull=False) & ~Q(weekdays=[])),
                name="newsletter_rule_has_time",
                violation_error_message=_("A letter that fills itself needs a time of day and weekdays."),
            )
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        """The address of its archive."""
        return reverse("newsletter", args=[self.slug])

    def natural_key(self):
        return (self.slug,)

    natural_key.dependencies = ["rankings.storylist"]


class SubscriberManager(models.Manager):
    def get_by_natural_key(self, key):
        return self.get(key=key)


class Subscriber(models.Model):
    """Somebody who gets, or asked for, a letter: one row for a person, see `addresses.clean_address`."""

    address = models.EmailField(
        max_length=254,
        verbose_name=_("e-mail address"),
        help_text=_("As it was typed; letters go to it."),
    )
    key = models.CharField(
        max_length=254, unique=True, editable=False, error_messages={"unique": _("This person is known already.")}
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        editable=False,
        related_name="subscribers",
        verbose_name=_("account"),
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False, verbose_name=_("known since"))

    objects = SubscriberManager()

    class Meta:
        verbose_name = _("subscriber")
        verbose_name_plural = _("subscribers")
        ordering = ["-created_at", "-pk"]

    def __str__(self):
        return self.address

    def natural_key(self):
        return (self.key,)

    natural_key.dependencies = ["readers.user"]


class SubscriptionManager(models.Manager.from_queryset(SubscriptionQuerySet)):
    def get_by_natural_key(self, newsletter, key):
        return self.get(newsletter__slug=newsletter, subscriber__key=key)


class Subscription(models.Model):
    """A letter that a reader asked for. It counts from the moment of its confirmation until it ends."""

    class Ending(models.TextChoices):
        READER = "reader", _("The reader ended it")
        BOUNCE = "bounce", _("The address does not take mail")
        COMPLAINT = "complaint", _("The reader called it spam")
        DESK = "desk", _("The paper ended it")

    newsletter = models.ForeignKey(
        Newsletter, models.PROTECT, related_name="subscriptions", verbose_name=_("newsletter")
    )
    subscriber = models.ForeignKey(
        Subscriber, models.CASCADE, related_name="subscriptions", verbose_name=_("subscriber")
    )
    asked_at = models.DateTimeField(default=timezone.now, verbose_name=_("asked at"))
    confirmed_at = models.DateTimeField(null=True, blank=True, verbose_name=_("confirmed at"))
    ended_at = models.DateTimeField(null=True, blank=True, verbose_name=_("ended at"))
    ending = models.CharField(max_length=10, choices=Ending, blank=True, verbose_name=_("why it ended"))
    source = models.CharField(max_length=40, blank=True, verbose_name=_("source"))

    objects = SubscriptionManager()

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        ordering = ["newsletter", "-asked_at"]
        constraints = [
            models.UniqueConstraint("newsletter", "subscriber", name="subscription_once"),
            models.CheckConstraint(condition=Q(ended_at=None) | ~Q(ending=""), name="subscription_end_has_reason"),
        ]
        indexes = [
            models.Index(
                "newsletter",
                "subscriber",
                name="subscription_active",
                condition=Q(confirmed_at__isnull=False, ended_at=None),
            )
        ]

    def __str__(self):
        return f"subscription {self.pk}"

    def natural_key(self):
        return (self.newsletter.slug, self.subscriber.key)

    natural_key.dependencies = ["newsletters.newsletter", "newsletters.subscriber"]

    @property
    def is_active(self):
        """Whether the reader gets the letter; the twin of `SubscriptionQuerySet.active`."""
        return self.confirmed_at is not None and self.ended_at is None


class SignUp(models.Model):
    """One filled-in form: which letters somebody asked for, until the mail about it was answered. Kept some days."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    # The new account with which they were asked for: confirming its address confirms them.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, editable=False, related_name="+")
    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="sign_ups", verbose_name=_("subscriber"))
    newsletters = models.ManyToManyField(Newsletter, related_name="sign_ups", verbose_name=_("newsletters"))
    asked_at = models.DateTimeField(default=timezone.now, db_index=True, verbose_name=_("asked at"))
    used_at = models.DateTimeField(null=True, verbose_name=_("used at"))
    # A hash of the client's address that is another one on every day: only good for counting.
    client = models.CharField(max_length=32, blank=True)

    class Meta:
        indexes = [models.Index("client", "asked_at", name="sign_up_client")]

    def __str__(self):
        return f"sign-up {self.pk}"


class IssueManager(models.Manager.from_queryset(IssueQuerySet)):
    def get_by_natural_key(self, uuid):
        return self.get(uuid=uuid)


class Issue(Shown):
    """One issue of a letter. It is sent once, and stands in the archive under its day from then on."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        READY = "ready", _("Ready")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    newsletter = models.ForeignKey(
        Newsletter,
        models.PROTECT,
        related_name="issues",
        verbose_name=_("newsletter"),
        help_text=_("Its readers get the issue."),
    )
    subject = models.CharField(
        max_length=150,
        validators=[one_line],
        verbose_name=_("subject"),
        help_text=_("Of the mail, and headline of the issue in the archive. Telephones show about 40 characters."),
    )
    intro = models.TextField(
        blank=True,
        max_length=2000,
        verbose_name=_("introduction"),
        help_text=_("Your own words before the stories; an empty line begins a new paragraph."),
    )
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT, editable=False, verbose_name=_("state"))
    send_at = models.DateTimeField(null=True, blank=True, editable=False, verbose_name=_("send at"))
    day = models.DateField(null=True, blank=True, editable=False, verbose_name=_("day"))
    by_rule = models.BooleanField(default=False, editable=False, verbose_name=_("filled by the rule"))
    sent_at = models.DateTimeField(null=True, blank=True, editable=False, verbose_name=_("sent at"))
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = IssueManager()

    class Meta:
        verbose_name = _("issue of a newsletter")
        verbose_name_plural = _("issues of newsletters")
        ordering = ["-created_at", "-pk"]
        permissions = [("send_issue", "Can schedule and send issues")]
        constraints = [
            models.UniqueConstraint(
                "newsletter",
                "day",
                name="issue_one_a_day",
                violation_error_message=_("The letter has an issue of that day already."),
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(send_at__isnull=False, day__isnull=False), name="issue_ready_has_time"
            ),
        ]
        indexes = [models.Index("state", "send_at", name="issue_to_send", condition=Q(state__in=["ready", "sending"]))]

    def __str__(self):
        return self.subject

    def get_absolute_url(self):
        """Its address in the archive, empty before it is sent (the newsletter must be loaded)."""
        if self.state not in (self.State.SENDING, self.State.SENT):
            return ""
        return reverse("newsletter_issue", args=[self.newsletter.slug, f"{self.day:%Y-%m-%d}"])

    def natural_key(self):
        return (str(self.uuid),)

    natural_key.dependencies = ["newsletters.newsletter"]


class IssueStoryManager(models.Manager):
    def get_by_natural_key(self, issue, guid):
        return self.get(issue__uuid=issue, article__guid=guid)


class IssueStory(models.Model):
    """A story in an issue, with the words that it has there."""

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="stories", verbose_name=_("issue"))
    article = models.ForeignKey(
        Article,
        models.PROTECT,
        related_name="newsletter_uses",
        verbose_name=_("story"),
        help_text=_("It is sent only if it is public at that moment."),
    )
    position = models.PositiveSmallIntegerField(
        default=0, verbose_name=_("position"), help_text=_("Order in the issue.")
    )
    headline = models.CharField(
        max_length=200,
        blank=True,
        verbose_name=_("headline"),
        help_text=_("Only in this issue; empty: the story's own."),
    )
    text = models.TextField(
        blank=True,
        max_length=1000,
        verbose_name=_("text"),
        help_text=_("Only in this issue; empty: the story's deck."),
    )
    picture = models.BooleanField(
        default=False, verbose_name=_("picture"), help_text=_("Shows the story's lead photo over its headline.")
    )

    objects = IssueStoryManager()

    class Meta:
        verbose_name = _("story of an issue")
        verbose_name_plural = _("stories of an issue")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                "issue",
                "article",
                name="issue_story_once",
                violation_error_message=_("The issue has this story already."),
            )
        ]

    def __str__(self):
        return str(self.position)

    def natural_key(self):
        return (str(self.issue.uuid), str(self.article.guid))

    natural_key.dependencies = ["newsletters.issue", "articles.article"]


class OutgoingMail(models.Model):
    """A mail to one reader on its way out; `outbox` says what its states mean."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waits")
        SENDING = "sending", _("Is being sent")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Refused")
        UNKNOWN = "unknown", _("Unknown: the program ended in the middle")

    state = models.CharField(max_length=10, choices=State, default=State.QUEUED, verbose_name=_("state"))
    due_at = models.DateTimeField(default=timezone.now, verbose_name=_("due at"))
    attempts = models.PositiveSmallIntegerField(default=0, verbose_name=_("attempts"))
    # Who is at it and since when; from `data_at` on the mail may have reached the server.
    claim = models.UUIDField(null=True, editable=False)
    claimed_at = models.DateTimeField(null=True, editable=False)
    data_at = models.DateTimeField(null=True, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True, verbose_name=_("sent at"))
    error = models.CharField(max_length=500, blank=True, verbose_name=_("what the server said"))

    class Meta:
        abstract = True


class DeliveryManager(models.Manager.from_queryset(DeliveryQuerySet)):
    def get_by_natural_key(self, issue, key, username, day):
        return self.get(issue__uuid=issue, subscriber__key=key, digest__user__username=username, day=day)


class Delivery(OutgoingMail):
    """A mail to one reader: of an issue, the one that asks for confirmation, or a day's digest of an account."""

    wanted_by = Subscription

    issue = models.ForeignKey(
        Issue, models.CASCADE, null=True, related_name="deliveries", verbose_name=_("issue"), editable=False
    )
    sign_up = models.OneToOneField(SignUp, models.CASCADE, null=True, related_name="delivery", editable=False)
    subscriber = models.ForeignKey(
        Subscriber, models.CASCADE, null=True, related_name="deliveries", verbose_name=_("subscriber"), editable=False
    )
    digest = models.ForeignKey(
        Digest, models.CASCADE, null=True, related_name="deliveries", verbose_name=_("daily digest"), editable=False
    )
    # Of a digest: its day in Seoul, and the time of which it has the news, `since` excluded and `until` included.
    day = models.DateField(null=True, editable=False, verbose_name=_("day"))
    since = models.DateTimeField(null=True, editable=False)
    until = models.DateTimeField(null=True, editable=False)
    message_id = models.CharField(max_length=200, blank=True, db_index=True, verbose_name=_("message id"))

    objects = DeliveryManager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint("issue", "subscriber", name="delivery_once"),
            models.UniqueConstraint("digest", "day", name="digest_once_a_day"),
            models.CheckConstraint(
                condition=(
                    Q(issue=None, sign_up__isnull=False, subscriber__isnull=False, digest=None)
                    | Q(issue__isnull=False, sign_up=None, subscriber__isnull=False, digest=None)
                    | (
                        Q(issue=None, sign_up=None, subscriber=None, digest__isnull=False)
                        & Q(day__isnull=False, since__isnull=False, until__isnull=False)
                    )
                ),
                name="delivery_of_one_thing",
            ),
        ]
        indexes = [
            models.Index("issue", "due_at", "id", name="delivery_queue", condition=Q(state="queued")),
            models.Index("due_at", "id", name="delivery_asked", condition=Q(state="queued", sign_up__isnull=False)),
            models.Index("due_at", "id", name="delivery_digest", condition=Q(state="queued", digest__isnull=False)),
            models.Index("claimed_at", name="delivery_claimed", condition=Q(state="sending")),
        ]

    def __str__(self):
        return f"delivery {self.pk}"

    def natural_key(self):
        if self.digest_id:
            return (None, None, *self.digest.natural_key(), str(self.day))
        return (str(self.issue.uuid) if self.issue_id else None, self.subscriber.key, None, None)

    natural_key.dependencies = ["newsletters.issue", "newsletters.subscriber", "mypaper.digest"]

    @property
    def address(self):
        """Where the mail goes (the subscriber, or the digest with its user, must be loaded)."""
        return self.subscriber.address if self.subscriber_id else self.digest.user.email


class Pace(models.Model):
    """When the next mail may go out, so that all programs together keep the rate. One row, made by the first mail."""

    next_at = models.DateTimeField(default=timezone.now)

    def __str__(self):
        return str(self.next_at)


class MailEvent(models.Model):
    """What a mail service told of a mail; its id keeps it from counting twice."""

    class Kind(models.TextChoices):
        DELIVERED = "delivered", _("Delivered")
        BOUNCE = "bounce", _("Refused for good")
        SOFT_BOUNCE = "soft_bounce", _("Refused for now")
        COMPLAINT = "complaint", _("Called spam")
        UNSUBSCRIBED = "unsubscribed", _("Unsubscribed at the mail service")

    provider = models.CharField(max_length=40)
    event_id = models.CharField(max_length=200)
    kind = models.CharField(max_length=12, choices=Kind)
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint("provider", "event_id", name="mail_event_once")]

    def __str__(self):
        return f"{self.kind} {self.event_id}"
