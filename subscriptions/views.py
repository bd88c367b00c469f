"""Plans and content sales for everybody; order forms, the page of an order and its payment for one reader.

What stands under /products/ is the same for all and kept by caches. What stands under /orders/ is kept by nobody.
Whoever is not signed in gets the link of an order by mail alone, so that no form tells who has a subscription.
"""

import logging
from ipaddress import ip_address

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rankings.lists import show_lists
from readers.requests import limited_address
from sections.models import Page
from sections.pages import render_page
from sections.surrogates import note, note_lists

from . import licensing, ordering, payments
from .forms import LicenceForm, OrderForm
from .links import order_of, path_of
from .models import Order, Plan

LARGEST_HOOK = 500_000
TOO_MANY = "Too many forms came from your network within an hour: try again later, or call us."

logger = logging.getLogger(__name__)


# ---- for everybody


@require_safe
def plans(request):
    """The plans on sale, side by side; the static page of this address, if there is one, below. 5 queries."""
    note_lists("plans")
    rows = list(Plan.objects.on_sale())
    context = {"plans": rows, "page": _words("/products/subscribe/", "Subscribe"), "lists": show_lists("ticker")}
    context["is_open"] = settings.MAIL_WORKS
    return render_page("subscriptions/plans.html", context, canonical="/products/subscribe/")


@require_safe
def content_sales(request):
    """What can be licensed, in the words of the static page of this address, and the way to the form. 5 queries."""
    note_lists()
    context = {"page": _words("/products/content-sales/", "Content Sales"), "lists": show_lists("ticker")}
    return render_page("subscriptions/content_sales.html", context, canonical="/products/content-sales/")


def _words(address, title):
    note("pages")
    return Page.objects.filter(address=address).first() or Page(address=address, title=title)


# ---- ordering


@require_http_methods(["GET", "HEAD", "POST"])
def order_plan(request, slug):
    """The order form of a plan; a good one leads to the page of the order, or to the mailbox. 422, 429, 503."""
    plan = Plan.objects.on_sale().filter(slug=slug).first()
    if plan is None:
        raise Http404("This plan is not on sale.")
    reader = _reader(request)
    form = OrderForm(plan, request.POST if request.method == "POST" else None, user=reader, initial=_typed_last(reader))
    context = {"plan": plan, "form": form, "reader": reader, "login": _login(request)}
    if (refused := _refusal(request, form)) is not None:
        status, context["said"] = refused
        return _page(request, "subscriptions/order_form.html", context, status)
    try:
        order = ordering.place_order(plan, user=reader, **form.given)
    except ordering.Duplicate as duplicate:
        order = duplicate.order
        if reader:
            context["known"] = path_of(order)
            context["said"] = "You have this subscription already, or an order of it that is still open."
            return _page(request, "subscriptions/order_form.html", context, 409)
        ordering.tell_again(order)
    except ValidationError as error:
        context["said"] = error.messages[0]
        return _page(request, "subscriptions/order_form.html", context, 503)
    return redirect(path_of(order) if reader else "order_asked")


@require_http_methods(["GET", "HEAD", "POST"])
def ask_licence(request):
    """The form of content sales; a good one leads to a page that says what follows. 422, 429, 503."""
    reader = _reader(request)
    form = LicenceForm(request.POST if request.method == "POST" else None, user=reader)
    context = {"form": form, "reader": reader}
    if (refused := _refusal(request, form)) is not None:
        status, context["said"] = refused
        if form.is_bound:
            context["stories"] = form.stories
        return _page(request, "subscriptions/licence_form.html", context, status)
    licensing.ask(user=reader, **form.given)
    return redirect("licence_asked")


def _refusal(request, form):
    """(status, sentence) where the form is to be shown, None where it can be taken."""
    if not settings.MAIL_WORKS:
        return 503, "Orders cannot be taken here at present, as no mail can be sent. Please call us."
    if not form.is_bound:
        return 200, ""
    if not form.is_valid():
        return 422, ""
    return (429, TOO_MANY) if _is_too_many(request) else None


def _is_too_many(request):
    """Counts a form that was sent; whether one network address sent more within an hour than an office does."""
    word = f"orders:{limited_address(request)}:{timezone.now():%Y%m%d%H}"
    cache.add(word, 0, 3600)
    try:
        return cache.incr(word) > settings.ORDERS_PER_HOUR
    except ValueError:  # it was thrown out between the two
        return False


def _reader(request):
    """The reader who is signed in; None for everybody else, the staff included."""
    user = request.user
    return user if user.is_authenticated and not user.is_staff and user.email else None


def _typed_last(reader):
    """What a reader wrote in the last order, for the next form. One query, none without a reader."""
    last = reader and Order.objects.of_reader(reader).filter(anonymised_at=None).first()
    if not last:
        return {}
    address = {name: getattr(last, name) for name in OrderForm.DELIVERY}
    return {"name": last.name, "telephone": last.telephone_words} | address


def _login(request):
    return f"{reverse('account_login')}?{urlencode({'next': request.path})}"


def _page(request, template, context, status=200):
    return TemplateResponse(request, template, context, status=status)


@require_safe
def order_asked(request):
    """What everybody is told who ordered without an account, whatever the address was."""
    said = (
        "A message is on its way to your address. The link in it leads to your order, where you can pay, look at its "
        "state and cancel. If this subscription runs for the address already, no second one was made, and the message "
        "says so."
    )
    return _page(request, "subscriptions/said.html", {"title": "Look into your mailbox", "said": said})


@require_safe
def licence_asked(request):
    """What everybody is told who asked for a licence."""
    said = (
        "Within two working days you get a price, or the reason why the piece cannot be given. A copy of your request "
        "is on its way to your address."
    )
    return _page(request, "subscriptions/said.html", {"title": "Your request has arrived", "said": said})


# ---- the page of an order


@require_http_methods(["GET", "HEAD", "POST"])
def order_page(request, token):
    """The state of an order for the holder of its link; by POST it is paid (`pay`) or cancelled (`cancel`)."""
    try:
        order = order_of(token)
    except ValidationError as error:
        context = {"title": "This link does not work", "said": error.messages[0]}
        return _page(request, "subscriptions/said.html", context, 410)
    said, status = "", 200
    if request.method == "POST":
        try:
            if request.POST.get("act") == "pay":
                return HttpResponseRedirect(payments.start(order), status=303)
            if request.POST.get("act") == "cancel":
                ordering.cancel(order)
                return redirect(path_of(order))
            said, status = "This page knows two acts, paying and cancelling: use its buttons.", 400
        except ValidationError as error:
            said, status = error.messages[0], 409
        except payments.Trouble as trouble:
            logger.warning("Order %s could not be paid: %s", order.reference, trouble)
            said, status = "The payment service does not answer. Your order stands: try to pay it in some minutes.", 503
        order.refresh_from_db()
    service = payments.provider()
    context = {
        "order": order,
        "steps": [step for step in order.steps.all() if step.before != step.after],
        "refusal": order.steps.filter(after=Order.State.REFUSED).values_list("note", flat=True).first(),
        "said": said,
        "may_pay": service is not None and order.state == Order.State.NEW,
        "waits": "paid" in request.GET and order.state == Order.State.NEW,
        "transfer": settings.TRANSFER_TO,
    }
    response = _page(request, "subscriptions/order.html", context, status)
    if service is not None and service.ORIGINS:
        # Browsers look at where a form leads in the end.
        response._csp_update = {"form-action": list(service.ORIGINS)}
    return response


# ---- payment services


@csrf_exempt
@require_POST
def payment_hook(request, name):
    """Takes what a payment service tells: 200 with the outcome, also a second time; 400 where it is not signed well.

    What is refused (an unknown order, another amount) is recorded and answered with 200, too: sent again it would be
    no better.
    """
    if name != settings.PAYMENTS:
        raise Http404("No such payment service is configured.")
    if len(request.body) > LARGEST_HOOK:
        return _told(413, said="The message is too large.")
    try:
        event = payments.provider(name).read_event(request.body, request.headers)
    except payments.Forged as forged:
        return _told(400, said=str(forged))
    except (ValueError, KeyError, TypeError, AttributeError):
        return _told(400, said="The message cannot be read.")
    if event is None:
        return _told(200, outcome="ignored")
    taken = payments.take(name, event)
    return _told(200, outcome=taken.outcome if taken else "known")


def _told(status, **words):
    return JsonResponse(words, status=status, headers={"Cache-Control": "no-store"})


@require_http_methods(["GET", "HEAD", "POST"])
def sandbox(request, token):
    """The page of the sandbox, on this computer alone: one chooses how the payment ends, the paper is told so."""
    if settings.PAYMENTS != "sandbox" or not _is_near(request):
        raise Http404("Nothing stands at this address.")
    service = payments.provider("sandbox")
    try:
        reference, attempt = service.read_token(token)
    except payments.Forged as forged:
        return _page(request, "subscriptions/said.html", {"title": "Sandbox", "said": str(forged)}, 410)
    order = Order.objects.select_related("plan").filter(reference=reference).first()
    if order is None:
        raise Http404("There is no such order.")
    said, status = "", 200
    if request.method == "POST":
        kind = service.CHOICES.get(request.POST.get("choice", ""))
        try:
            if kind:
                service.deliver(service.message(order, kind, attempt))
                return redirect(path_of(order) + ("?paid=1" if kind == "paid" else ""))
            said, status = "Choose one of the three.", 400
        except payments.Trouble as trouble:
            said, status = str(trouble), 503
    return _page(request, "subscriptions/sandbox.html", {"order": order, "said": said}, status)


def _is_near(request):
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
