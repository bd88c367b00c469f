"""The mails about orders and licence requests: plain text, made when they are sent, from the row as it is then."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from newsletters.mails import IMPRINT, POLICY, host, sender, tidy
from sections.admin_base import paper_name
from sections.models import MastheadFact
from sections.pages import absolute

from .links import link_of

SUBJECTS = {
    "received": "Your order {reference}",
    "again": "You have ordered this already: {reference}",
    "confirmed": "Your order {reference} is confirmed",
    "started": "Your subscription has begun: {reference}",
    "due": "Your subscription {reference}: the next period",
    "cancelled": "Your order {reference} is cancelled",
    "ending": "Your subscription {reference} ends with its term",
    "ended": "Your subscription {reference} has ended",
    "refused": "About your order {reference}",
    "refunded": "Your money is on its way back: {reference}",
    "desk_new": "New order {reference}",
    "desk_cancelled": "Cancelled by the reader: {reference}",
    "licence_received": "Your license request {reference}",
    "licence_offer": "Our offer for your request {reference}",
    "licence_refused": "About your license request {reference}",
    "desk_licence": "New license request {reference}",
}


def is_for_desk(mail):
    """Whether a mail goes to the desk."""
    return mail.kind.startswith("desk_")


def recipient(mail):
    """The address to which a mail goes; empty where there is none (any more)."""
    return settings.SUBSCRIPTIONS_DESK if is_for_desk(mail) else (mail.order or mail.licence).email


def render(mail, message_id):
    """The mail as an EmailMessage (order with plan, or licence, must be loaded). 4 queries."""
    about = mail.order or mail.licence
    context = {
        "kind": mail.kind,
        "order": mail.order,
        "licence": mail.licence,
        "paper": paper_name(),
        "site_url": settings.SITE_URL,
        "facts": [fact for fact in MastheadFact.objects.in_force() if fact.kind in IMPRINT],
        "last": about.steps.last(),
        "pays_online": bool(settings.PAYMENTS),
        "transfer": settings.TRANSFER_TO,
        "plans": absolute(reverse("plans")),
    }
    if mail.order:
        model, context["link"] = "order", link_of(mail.order)
    else:
        model, context["stories"] = "licencerequest", list(mail.licence.articles.all())
    context["desk_link"] = absolute(reverse(f"admin:subscriptions_{model}_change", args=[about.pk]))
    message = EmailMessage(policy=POLICY)
    message["From"] = sender(context["paper"])
    message["To"] = Address("", *recipient(mail).rsplit("@", 1))
    message["Subject"] = SUBJECTS[mail.kind].format(reference=about.reference)
    message["Date"] = format_datetime(timezone.now())
    message["Message-ID"] = message_id
    if settings.SUBSCRIPTIONS_DESK and not is_for_desk(mail):
        message["Reply-To"] = Address("", *settings.SUBSCRIPTIONS_DESK.rsplit("@", 1))
    # Nobody's holiday answer is wanted.
    message["Auto-Submitted"] = "auto-generated"
    text = tidy(render_to_string(f"subscriptions/mail/{'order' if mail.order else 'licence'}.txt", context))
    message.set_content(text, charset="utf-8", cte="quoted-printable")
    return message


def message_id_of(mail):
    """The id of a mail: the same at every attempt, so that servers and mail programs know it again."""
    return f"<order.{mail.uuid.hex}@{host()}>"
