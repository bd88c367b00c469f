"""The desk of subscriptions and licences: lists with filters, acts, notes, export; plans."""

from datetime import timedelta

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q
from django.http import HttpResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, gettext_lazy, ngettext
from django.utils.translation import gettext_lazy as _

from readers import audit
from readers.models import Action
from sections.admin_base import PaperAdmin, seoul

from . import export, licensing, ordering
from .forms import ActForm, DeskOrderForm, OrderForm
from .models import LicenceRequest, Mail, Order, PaymentEvent, Plan

STATE = Order.State


@admin.register(Plan)
class PlanAdmin(PaperAdmin):
    list_display = ["name", "won", "period", "gives", "is_on_sale", "position"]
    list_editable = ["position"]
    prepopulated_fields = {"slug": ["name"]}
    fieldsets = [
        (None, {"fields": ["name", "slug", "description", "features"]}),
        (_("Price"), {"fields": ["price", "period", "renews"]}),
        (_("What it gives"), {"fields": ["gives_delivery", "gives_epaper", "gives_premium"]}),
        (_("On the page of plans"), {"fields": ["is_on_sale", "is_best", "position"]}),
    ]

    def get_prepopulated_fields(self, request, obj=None):
        return {} if obj else self.prepopulated_fields

    def get_readonly_fields(self, request, obj=None):
        return ["slug"] if obj else []

    @admin.display(description=_("price"), ordering="price")
    def won(self, plan):
        return f"{plan.price:,}"

    @admin.display(description=_("gives"))
    def gives(self, plan):
        names = (
            ("gives_delivery", gettext("Delivery")),
            ("gives_epaper", gettext("E-paper")),
            ("gives_premium", gettext("Premium stories")),
        )
        return ", ".join(words for name, words in names if getattr(plan, name))

    def why_not_delete(self, plan):
        if plan.orders.exists():
            return gettext("“%(plan)s” was ordered: take it off sale instead.") % {"plan": plan}
        return ""


class RequestAdmin(PaperAdmin):
    """What the desks of orders and of licences share: one row is changed by acts, and by notes alone.

    `acts` are {name: (label, function, states)}; the buttons of the form post their names.
    """

    form = ActForm
    change_form_template = "admin/subscriptions/order/change_form.html"
    date_hierarchy = None
    acts = {}
    columns = {}

    def has_add_permission(self, request):
        return False  # they come from readers

    def has_delete_permission(self, request, obj=None):
        return False  # the law wants the records; the command anonymise_orders ends them

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and (obj is None or obj.anonymised_at is None)

    def get_readonly_fields(self, request, obj=None):
        return [name for _, part in self.fieldsets for name in part["fields"] if name not in self.written]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        row = self.get_object(request, object_id)
        offered = []
        if row and self.has_change_permission(request, row):
            offered = [{"name": name, "label": act[0]} for name, act in self.acts.items() if self.is_offered(name, row)]
        return super().change_view(request, object_id, form_url, (extra_context or {}) | {"acts": offered})

    def is_offered(self, name, row):
        """Whether an act can be done with a row."""
        return row.state in self.acts[name][2]

    def save_model(self, request, obj, form, change):
        written = {name: getattr(obj, name) for name in form.fields if name != "act_note"}
        type(obj).objects.filter(pk=obj.pk).update(**written)
        name = request.POST.get("_act")
        if name:
            self.act(request, obj, name, form.cleaned_data.get("act_note", ""))

    def act(self, request, obj, name, note=""):
        """Does an act and writes it into the audit log."""
        if name not in self.acts or not self.has_change_permission(request, obj):
            raise PermissionDenied
        label, function, _states = self.acts[name]
        function(obj, who=request.user.get_username(), note=note)
        self.log_change(request, obj, f"{label}. {note}".strip())

    def act_on_chosen(self, request, queryset, name):
        """Does an act with each of the chosen; says what could not be done."""
        done = 0
        for row in queryset:
            try:
                self.act(request, row, name)
                done += 1
            except ValidationError as error:
                self.message_user(request, " ".join(error.messages), messages.ERROR)
        if done:
            said = ngettext("Done with %(count)s.", "Done with %(count)s.", done) % {"count": done}
            self.message_user(request, said, messages.SUCCESS)

    @admin.action(description=gettext_lazy("Export the chosen as CSV"), permissions=["view"])
    def export_chosen(self, request, queryset):
        rows = list(queryset)
        note = gettext("Exported: %(list)s") % {"list": ", ".join(row.reference for row in rows)}
        audit.record(Action.CHANGED, request, rows[0] if len(rows) == 1 else None, note=note[:4000])
        response = HttpResponse(export.as_csv(rows, self.columns), content_type="text/csv; charset=utf-8")
        name = f"{self.opts.model_name}s-{timezone.localdate()}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["Cache-Control"] = "no-store"
        return response

    @admin.display(description=_("history"))
    def history(self, row):
        steps = row.steps.all()
        return format_html(
            "<ol>{}</ol>",
            format_html_join(
                "",
                "<li>{} · {} · {}{}</li>",
                (
                    (seoul(step.at), step.who, step.after_words, f" · {step.note}" if step.note else "")
                    for step in steps
                ),
            ),
        )

    @admin.display(description=_("mails"))
    def mails_sent(self, row):
        mails = row.mails.all()
        if not mails:
            return "–"
        return format_html(
            "<ol>{}</ol>",
            format_html_join(
                "",
                "<li>{} · {} · {}{}</li>",
                (
                    (
                        mail.kind,
                        mail.get_state_display(),
                        seoul(mail.sent_at or mail.due_at),
                        f" · {mail.error}" * bool(mail.error),
                    )
                    for mail in mails
                ),
            ),
        )

    @admin.display(description=_("reference"), ordering="reference")
    def number(self, row):
        return format_html('<span class="nowrap">{}</span>', row.reference)

    @admin.display(description=_("telephone"))
    def called(self, row):
        return row.telephone_words or "–"

    @admin.display(description=_("ordered at"), ordering="asked_at")
    def asked(self, row):
        return seoul(row.asked_at)


class MoneyFilter(admin.SimpleListFilter):
    """What is to be done about money."""

    title = _("money")
    parameter_name = "money"

    def lookups(self, request, model_admin):
        return [
            ("unpaid", _("Not paid")),
            ("paid", _("Paid")),
            ("owed", _("To be paid back")),
            ("ending", _("Paid until within 14 days")),
        ]

    def queryset(self, request, queryset):
        if self.value() == "unpaid":
            return queryset.filter(paid_at=None)
        if self.value() == "paid":
            return queryset.filter(paid_at__isnull=False)
        if self.value() == "owed":
            return queryset.filter(refund_asked_at__isnull=False, refunded_at=None)
        if self.value() == "ending":
            soon = timezone.localdate() + timedelta(days=14)
            return queryset.filter(state=STATE.RUNNING, runs_until__lte=soon)
        return queryset


@admin.register(Order)
class OrderAdmin(RequestAdmin):
    list_display = ["number", "name", "plan", "state", "first_day", "last", "is_paid", "asked"]
    list_filter = ["state", "plan", MoneyFilter, ("asked_at", admin.DateFieldListFilter), "starts_on"]
    list_select_related = ["plan"]
    search_fields = ["reference", "name", "email", "telephone"]
    actions = ["confirm_chosen", "start_chosen", "end_chosen", "export_chosen"]
    columns = export.ORDER_COLUMNS
    form = DeskOrderForm
    written = ("name", "email", "telephone", *OrderForm.DELIVERY, "desk_note", "act_note")
    fieldsets = [
        (None, {"fields": ["reference", "plan", "state", "terms_words", "asked", "account"]}),
        (_("Reader"), {"fields": ["name", "email", "telephone", *OrderForm.DELIVERY]}),
        (
            _("Term and money"),
            {"fields": ["first_day", "last", "ends", "paid", "money_words", "events_words"]},
        ),
        (_("The desk"), {"fields": ["desk_note", "act_note"]}),
        (_("Record"), {"fields": ["history", "mails_sent"]}),
    ]
    acts = {
        "confirm": (_("Confirm as paid"), ordering.confirm, (STATE.NEW,)),
        "start": (_("Start today"), ordering.start, (STATE.CONFIRMED,)),
        "renew": (_("Another period is paid"), ordering.renew, (STATE.CONFIRMED, STATE.RUNNING)),
        "cancel": (_("Cancel for the reader"), ordering.cancel, (STATE.NEW, STATE.CONFIRMED, STATE.RUNNING)),
        "end": (_("End at once"), ordering.end, (STATE.RUNNING,)),
        "refuse": (_("Refuse"), ordering.refuse, (STATE.NEW, STATE.CONFIRMED)),
        "pay_back": (_("Pay the money back"), ordering.pay_back, tuple(STATE)),
    }

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("plan", "user")

    def get_search_results(self, request, queryset, search_term):
        # Telephones are kept in E.164, references are read out without their dashes.
        found, distinct = super().get_search_results(request, queryset, search_term)
        digits = "".join(letter for letter in search_term if letter.isdecimal())
        letters = "".join(letter for letter in search_term.upper() if letter.isalnum())
        if len(digits) >= 7:
            found |= queryset.filter(telephone__contains=digits.lstrip("0"))
        if len(letters) == 12 and letters.isascii():
            found |= queryset.filter(reference="-".join((letters[:4], letters[4:8], letters[8:])))
        return found, distinct

    def get_fieldsets(self, request, obj=None):
        # Only a plan that delivers has an address.
        if obj is None or obj.plan.gives_delivery:
            return self.fieldsets
        return [
            (title, {"fields": [name for name in part["fields"] if name not in OrderForm.DELIVERY]})
            for title, part in self.fieldsets
        ]

    def is_offered(self, name, order):
        if not super().is_offered(name, order) or (name == "cancel" and order.cancel_asked_at):
            return False
        if name == "pay_back":
            return bool(order.paid_at) and not order.refunded_at and not (order.payment and order.refund_asked_at)
        return True

    @admin.display(description=_("account"))
    def account(self, order):
        return order.user.email if order.user else "–"

    @admin.display(description=_("terms"))
    def terms_words(self, order):
        renews = gettext("renews itself") if order.renews else gettext("ends by itself")
        return f"{order.price:,} ₩ · {order.get_period_display()} · {renews}"

    @admin.display(description=_("starts on"), ordering="starts_on")
    def first_day(self, order):
        return format_html('<span class="nowrap">{}</span>', f"{order.starts_on:%Y-%m-%d}")

    @admin.display(description=_("paid until"), ordering="runs_until")
    def last(self, order):
        return (
            format_html('<span class="nowrap">{}</span>', f"{order.runs_until:%Y-%m-%d}") if order.runs_until else "–"
        )

    @admin.display(description=_("paid"), boolean=True)
    def is_paid(self, order):
        return order.paid_at is not None

    @admin.display(description=_("cancelled for the end of its term"))
    def ends(self, order):
        return seoul(order.cancel_asked_at)

    @admin.display(description=_("paid at"), ordering="paid_at")
    def paid(self, order):
        return seoul(order.paid_at)

    @admin.display(description=_("money"))
    def money_words(self, order):
        said = [f"{order.provider} {order.payment}".strip()] if order.payment else []
        if order.refunded_at:
            said.append(gettext("paid back at %(moment)s") % {"moment": seoul(order.refunded_at)})
        elif order.refund_asked_at:
            said.append(gettext("to be paid back since %(moment)s") % {"moment": seoul(order.refund_asked_at)})
        return " · ".join(said) or "–"

    @admin.display(description=_("payment events"))
    def events_words(self, order):
        rows = [
            (seoul(event.received_at), event.kind, event.get_outcome_display(), f" · {event.note}" * bool(event.note))
            for event in order.events.all()
        ]
        return format_html("<ol>{}</ol>", format_html_join("", "<li>{} · {} · {}{}</li>", rows)) if rows else "–"

    @admin.action(description=gettext_lazy("Confirm the chosen as paid"), permissions=["change"])
    def confirm_chosen(self, request, queryset):
        self.act_on_chosen(request, queryset, "confirm")

    @admin.action(description=gettext_lazy("Start the chosen today"), permissions=["change"])
    def start_chosen(self, request, queryset):
        self.act_on_chosen(request, queryset, "start")

    @admin.action(description=gettext_lazy("End the chosen at once"), permissions=["change"])
    def end_chosen(self, request, queryset):
        self.act_on_chosen(request, queryset, "end")


@admin.register(LicenceRequest)
class LicenceRequestAdmin(RequestAdmin):
    list_display = ["number", "name", "organisation", "kind", "medium", "state", "asked"]
    list_filter = ["state", "kind", "medium", ("asked_at", admin.DateFieldListFilter)]
    search_fields = ["reference", "name", "organisation", "email", "telephone"]
    actions = ["close_chosen", "export_chosen"]
    columns = export.LICENCE_COLUMNS
    written = ("offer", "desk_note", "act_note")
    fieldsets = [
        (None, {"fields": ["reference", "state", "asked"]}),
        (_("Who"), {"fields": ["name", "organisation", "email", "called"]}),
        (_("What"), {"fields": ["kind", "wanted", "stories", "purpose", "medium", "circulation", "term"]}),
        (_("The desk"), {"fields": ["offer", "desk_note", "act_note"]}),
        (_("Record"), {"fields": ["history", "mails_sent"]}),
    ]
    LICENCE = LicenceRequest.State
    acts = {
        "offer": (_("Send the offer"), licensing.offer, (LICENCE.NEW, LICENCE.OFFERED)),
        "agree": (_("Was agreed"), licensing.agree, (LICENCE.OFFERED,)),
        "refuse": (_("Refuse"), licensing.refuse, (LICENCE.NEW, LICENCE.OFFERED)),
        "close": (_("Close"), licensing.close, (LICENCE.NEW, LICENCE.OFFERED, LICENCE.AGREED)),
    }

    @admin.display(description=_("stories found in it"))
    def stories(self, licence):
        rows = [
            (story.get_absolute_url(), story.headline)
            for story in licence.articles.published().only("headline", "address_date", "slug")
        ]
        if not rows:
            return "–"
        return format_html("<ul>{}</ul>", format_html_join("", '<li><a href="{}">{}</a></li>', rows))

    @admin.action(description=gettext_lazy("Close the chosen"), permissions=["change"])
    def close_chosen(self, request, queryset):
        self.act_on_chosen(request, queryset, "close")


class ReadOnly(PaperAdmin):
    """A record that programs write."""

    list_display_links = None

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(PaymentEvent)
class PaymentEventAdmin(ReadOnly):
    """What payment services told."""

    list_display = ["received", "provider", "kind", "order", "amount", "currency", "outcome", "note"]
    list_filter = ["outcome", "kind", "provider"]
    list_select_related = ["order"]
    search_fields = ["event_id", "payment", "order__reference"]

    @admin.display(description=_("received at"), ordering="received_at")
    def received(self, event):
        return seoul(event.received_at)


@admin.register(Mail)
class MailAdmin(ReadOnly):
    """What became of every mail; those that failed are sent again by a button."""

    list_display = ["about", "kind", "state", "attempts", "due", "sent", "error"]
    list_filter = ["state", "kind"]
    list_select_related = ["order", "licence"]
    search_fields = ["order__reference", "licence__reference"]
    ordering = ["-due_at", "-pk"]
    actions = ["send_again"]

    @admin.display(description=_("about"))
    def about(self, mail):
        return mail.order or mail.licence

    @admin.display(description=_("due at"), ordering="due_at")
    def due(self, mail):
        return seoul(mail.due_at)

    @admin.display(description=_("sent at"), ordering="sent_at")
    def sent(self, mail):
        return seoul(mail.sent_at)

    @admin.action(description=gettext_lazy("Failed and unknown ones: send them again"), permissions=["settle"])
    def send_again(self, request, queryset):
        stuck = Mail.objects.filter(pk__in=[mail.pk for mail in queryset]).filter(
            Q(state=Mail.State.FAILED) | Q(state=Mail.State.UNKNOWN)
        )
        count = stuck.update(state=Mail.State.QUEUED, claim=None, data_at=None, due_at=timezone.now(), attempts=0)
        self.message_user(request, gettext("%(count)s mails are sent again.") % {"count": count}, messages.SUCCESS)

    def has_settle_permission(self, request):
        """Whether somebody may have a mail sent again."""
        return request.user.has_perm("subscriptions.change_mail")
