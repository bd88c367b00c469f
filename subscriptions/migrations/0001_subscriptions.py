import uuid

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import readers.addresses
import subscriptions.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("articles", "0008_purge"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LicenceRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "reference",
                    models.CharField(
                        default=subscriptions.models.new_reference,
                        editable=False,
                        max_length=20,
                        unique=True,
                        verbose_name="reference",
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="Of the reader; letters begin with it.", max_length=80, verbose_name="name"
                    ),
                ),
                (
                    "email",
                    models.EmailField(
                        blank=True, help_text="Mails about it go there.", max_length=254, verbose_name="e-mail address"
                    ),
                ),
                (
                    "telephone",
                    models.CharField(
                        blank=True, help_text="Korean; written as you like.", max_length=20, verbose_name="telephone"
                    ),
                ),
                (
                    "asked_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="ordered at"),
                ),
                ("ended_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="ended at")),
                (
                    "anonymised_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="anonymised at"),
                ),
                (
                    "desk_note",
                    models.TextField(
                        blank=True,
                        help_text="Seen by the desk alone, and by the reader who asks for all data.",
                        max_length=4000,
                        verbose_name="notes of the desk",
                    ),
                ),
                ("organisation", models.CharField(blank=True, max_length=120, verbose_name="organization")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("stories", "Stories"),
                            ("photos", "Photos, drawings or films"),
                            ("feed", "A feed of stories"),
                        ],
                        max_length=10,
                        verbose_name="what",
                    ),
                ),
                ("wanted", models.TextField(blank=True, max_length=4000, verbose_name="which stories or pictures")),
                ("purpose", models.TextField(max_length=2000, verbose_name="what for")),
                (
                    "medium",
                    models.CharField(
                        choices=[
                            ("newspaper", "Newspaper or magazine"),
                            ("book", "Book or teaching material"),
                            ("web", "Web site, app or newsletter"),
                            ("broadcast", "Broadcast or film"),
                            ("internal", "Press review within an organization"),
                            ("other", "Something else"),
                        ],
                        max_length=10,
                        verbose_name="medium",
                    ),
                ),
                ("circulation", models.PositiveIntegerField(blank=True, null=True, verbose_name="circulation")),
                ("term", models.CharField(blank=True, max_length=120, verbose_name="term")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("offered", "Offer sent"),
                            ("agreed", "Agreed"),
                            ("refused", "Refused"),
                            ("closed", "Closed"),
                        ],
                        default="new",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "offer",
                    models.TextField(
                        blank=True,
                        help_text="What the asker gets by mail with “Send the offer” or “Refuse”: price, term, credit line.",
                        max_length=6000,
                        verbose_name="answer",
                    ),
                ),
                (
                    "articles",
                    models.ManyToManyField(
                        blank=True,
                        related_name="licence_requests",
                        to="articles.article",
                        verbose_name="stories found in it",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="account",
                    ),
                ),
            ],
            options={
                "verbose_name": "licence request",
                "verbose_name_plural": "licence requests",
                "ordering": ["-asked_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "reference",
                    models.CharField(
                        default=subscriptions.models.new_reference,
                        editable=False,
                        max_length=20,
                        unique=True,
                        verbose_name="reference",
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="Of the reader; letters begin with it.", max_length=80, verbose_name="name"
                    ),
                ),
                (
                    "email",
                    models.EmailField(
                        blank=True, help_text="Mails about it go there.", max_length=254, verbose_name="e-mail address"
                    ),
                ),
                (
                    "telephone",
                    models.CharField(
                        blank=True, help_text="Korean; written as you like.", max_length=20, verbose_name="telephone"
                    ),
                ),
                (
                    "asked_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="ordered at"),
                ),
                ("ended_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="ended at")),
                (
                    "anonymised_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="anonymised at"),
                ),
                (
                    "desk_note",
                    models.TextField(
                        blank=True,
                        help_text="Seen by the desk alone, and by the reader who asks for all data.",
                        max_length=4000,
                        verbose_name="notes of the desk",
                    ),
                ),
                ("price", models.PositiveIntegerField(verbose_name="price")),
                (
                    "period",
                    models.CharField(
                        choices=[("month", "Month"), ("year", "Year")], max_length=10, verbose_name="period"
                    ),
                ),
                ("renews", models.BooleanField(default=False, verbose_name="renews itself")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("confirmed", "Confirmed"),
                            ("running", "Running"),
                            ("ended", "Ended"),
                            ("cancelled", "Cancelled"),
                            ("refused", "Refused"),
                        ],
                        default="new",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "postcode",
                    models.CharField(
                        blank=True,
                        help_text="Where the paper goes: five digits.",
                        max_length=5,
                        verbose_name="postcode",
                    ),
                ),
                (
                    "road_address",
                    models.CharField(
                        blank=True,
                        help_text="Street, number, district and city, in Hangul or Latin letters.",
                        max_length=160,
                        verbose_name="road address",
                    ),
                ),
                (
                    "detail_address",
                    models.CharField(
                        blank=True,
                        help_text="Empty: there is only one door.",
                        max_length=120,
                        verbose_name="floor, flat, house",
                    ),
                ),
                (
                    "delivery_note",
                    models.CharField(
                        blank=True,
                        help_text="Those who deliver read it.",
                        max_length=300,
                        verbose_name="delivery notes",
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="starts on")),
                ("runs_until", models.DateField(blank=True, null=True, verbose_name="paid until")),
                ("periods_paid", models.PositiveSmallIntegerField(default=0, verbose_name="periods paid")),
                (
                    "agreed_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="agreed to the terms at"),
                ),
                (
                    "cancel_asked_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="cancelled for the end of its term"),
                ),
                ("provider", models.CharField(blank=True, max_length=20, verbose_name="payment service")),
                ("payment", models.CharField(blank=True, max_length=255, verbose_name="payment")),
                (
                    "provider_subscription",
                    models.CharField(blank=True, max_length=255, verbose_name="subscription there"),
                ),
                ("paid_at", models.DateTimeField(blank=True, null=True, verbose_name="paid at")),
                (
                    "stop_asked_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="renewal to be stopped since"),
                ),
                ("stopped_at", models.DateTimeField(blank=True, null=True, verbose_name="renewal stopped at")),
                (
                    "refund_asked_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="money to be paid back since"),
                ),
                ("refunded_at", models.DateTimeField(blank=True, null=True, verbose_name="paid back at")),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="account",
                    ),
                ),
            ],
            options={
                "verbose_name": "order",
                "verbose_name_plural": "orders",
                "ordering": ["-asked_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Mail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("kind", models.CharField(max_length=20, verbose_name="mail")),
                ("occasion", models.CharField(blank=True, max_length=40, verbose_name="occasion")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Waiting"),
                            ("sending", "Being sent"),
                            ("sent", "Sent"),
                            ("failed", "Failed"),
                            ("unknown", "Unknown"),
                        ],
                        default="queued",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="due at")),
                ("claim", models.UUIDField(null=True)),
                ("claimed_at", models.DateTimeField(null=True)),
                ("data_at", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("sent_at", models.DateTimeField(null=True, verbose_name="sent at")),
                ("error", models.CharField(blank=True, max_length=500, verbose_name="error")),
                (
                    "licence",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mails",
                        to="subscriptions.licencerequest",
                        verbose_name="licence request",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mails",
                        to="subscriptions.order",
                        verbose_name="order",
                    ),
                ),
            ],
            options={
                "verbose_name": "mail",
                "verbose_name_plural": "mails",
                "ordering": ["due_at", "pk"],
                "default_permissions": ("view", "change"),
            },
        ),
        migrations.CreateModel(
            name="PaymentEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("provider", models.CharField(max_length=20, verbose_name="payment service")),
                ("event_id", models.CharField(max_length=255, verbose_name="id")),
                ("kind", models.CharField(max_length=20, verbose_name="kind")),
                ("payment", models.CharField(blank=True, max_length=255, verbose_name="payment")),
                ("amount", models.BigIntegerField(null=True, verbose_name="amount")),
                ("currency", models.CharField(blank=True, max_length=10, verbose_name="currency")),
                ("happened_at", models.DateTimeField(verbose_name="happened at")),
                ("received_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="received at")),
                (
                    "outcome",
                    models.CharField(
                        choices=[("done", "Done"), ("ignored", "Nothing to do"), ("refused", "Refused")],
                        max_length=10,
                        verbose_name="outcome",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="note")),
                (
                    "order",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="events",
                        to="subscriptions.order",
                        verbose_name="order",
                    ),
                ),
            ],
            options={
                "verbose_name": "payment event",
                "verbose_name_plural": "payment events",
                "ordering": ["-received_at", "-pk"],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Plan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "name",
                    models.CharField(
                        help_text="Readers choose by it: Print, a month; E-paper.", max_length=60, verbose_name="name"
                    ),
                ),
                (
                    "slug",
                    models.SlugField(
                        help_text="Word of its order form: /orders/new/print/.",
                        max_length=60,
                        unique=True,
                        verbose_name="slug",
                    ),
                ),
                (
                    "description",
                    models.TextField(
                        help_text="What readers get, in one or two sentences.",
                        max_length=500,
                        verbose_name="description",
                    ),
                ),
                (
                    "features",
                    models.TextField(
                        blank=True,
                        help_text="What speaks for it, one a line, beside what is ticked below.",
                        max_length=1000,
                        verbose_name="features",
                    ),
                ),
                (
                    "price",
                    models.PositiveIntegerField(
                        help_text="Won for a period, taxes and delivery included. Orders keep the price at which they were made.",
                        validators=[
                            django.core.validators.MinValueValidator(100),
                            django.core.validators.MaxValueValidator(100000000),
                        ],
                        verbose_name="price",
                    ),
                ),
                (
                    "period",
                    models.CharField(
                        choices=[("month", "Month"), ("year", "Year")],
                        default="month",
                        help_text="How long it runs for that price.",
                        max_length=10,
                        verbose_name="period",
                    ),
                ),
                (
                    "renews",
                    models.BooleanField(
                        default=True,
                        help_text="On: the payment service takes the price again for every period until the reader ends it.",
                        verbose_name="renews itself",
                    ),
                ),
                (
                    "gives_delivery",
                    models.BooleanField(
                        default=False,
                        help_text="The printed paper comes to the door: the form asks for a Korean address.",
                        verbose_name="delivers the paper",
                    ),
                ),
                (
                    "gives_epaper",
                    models.BooleanField(
                        default=False,
                        help_text="All pages of the e-paper can be read.",
                        verbose_name="opens the e-paper",
                    ),
                ),
                (
                    "gives_premium",
                    models.BooleanField(
                        default=False,
                        help_text="Stories for subscribers can be read.",
                        verbose_name="opens premium stories",
                    ),
                ),
                (
                    "is_best",
                    models.BooleanField(
                        default=False, help_text="Framed on the page of plans.", verbose_name="recommended"
                    ),
                ),
                (
                    "is_on_sale",
                    models.BooleanField(
                        default=True,
                        help_text="Off: nobody can order it; whoever has it keeps it.",
                        verbose_name="on sale",
                    ),
                ),
                (
                    "position",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Order on the page where readers choose.", verbose_name="position"
                    ),
                ),
            ],
            options={
                "verbose_name": "plan",
                "verbose_name_plural": "plans",
                "ordering": ["position", "name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("gives_delivery", True), ("gives_epaper", True), ("gives_premium", True), _connector="OR"
                        ),
                        name="plan_gives_something",
                        violation_error_message="A plan gives something: tick at least one of the three.",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="order",
            name="plan",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="orders",
                to="subscriptions.plan",
                verbose_name="plan",
            ),
        ),
        migrations.CreateModel(
            name="Step",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="moment")),
                ("who", models.CharField(max_length=150, verbose_name="who")),
                ("before", models.CharField(blank=True, max_length=10, verbose_name="from")),
                ("after", models.CharField(max_length=10, verbose_name="to")),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="note")),
                (
                    "licence",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="subscriptions.licencerequest",
                        verbose_name="licence request",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="subscriptions.order",
                        verbose_name="order",
                    ),
                ),
            ],
            options={
                "verbose_name": "step",
                "verbose_name_plural": "history",
                "ordering": ["at", "pk"],
                "default_permissions": ("view",),
            },
        ),
        migrations.AddIndex(
            model_name="licencerequest",
            index=models.Index(models.F("asked_at"), models.F("id"), name="licence_newest"),
        ),
        migrations.AddIndex(
            model_name="mail",
            index=models.Index(
                models.F("state"),
                models.F("due_at"),
                condition=models.Q(("state__in", ["queued", "sending"])),
                name="order_mail_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="mail",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("licence", None), ("order__isnull", False)),
                    models.Q(("licence__isnull", False), ("order", None)),
                    _connector="OR",
                ),
                name="mail_of_one_thing",
            ),
        ),
        migrations.AddConstraint(
            model_name="mail",
            constraint=models.UniqueConstraint(
                models.F("order"),
                models.F("licence"),
                models.F("kind"),
                models.F("occasion"),
                name="order_mail_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentevent",
            constraint=models.UniqueConstraint(models.F("provider"), models.F("event_id"), name="payment_event_once"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(readers.addresses.AddressKey("email"), name="order_person"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(models.F("asked_at"), models.F("id"), name="order_newest"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                models.F("state"),
                models.F("starts_on"),
                models.F("runs_until"),
                condition=models.Q(("state__in", ("new", "confirmed", "running"))),
                name="order_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(
                readers.addresses.AddressKey("email"),
                models.F("plan"),
                condition=models.Q(("anonymised_at", None), ("state__in", ("new", "confirmed", "running"))),
                name="order_one_open",
                violation_error_message="This person has an order of this plan already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "running"), _negated=True),
                    models.Q(("periods_paid__gt", 0), ("runs_until__isnull", False)),
                    _connector="OR",
                ),
                name="order_running_is_paid",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at", None), ("state__in", ("new", "confirmed", "running"))),
                    models.Q(
                        models.Q(("state__in", ("new", "confirmed", "running")), _negated=True),
                        ("ended_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="order_end_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="step",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("licence", None), ("order__isnull", False)),
                    models.Q(("licence__isnull", False), ("order", None)),
                    _connector="OR",
                ),
                name="step_of_one_thing",
            ),
        ),
    ]
