"""Readers' pages of newsletters, what mail services tell, and the mails of the embedded default.

None of these pages but that of an account's letters knows who is signed in. The forms of the others carry no CSRF token
and set no cookie: the one on the public page only has a mail sent to the address typed, which every program can ask for
as well, within the limits of `signing_up.ask`; the rest is answered for the signed link in the address, which another
site does not know.
"""

from datetime import date
from email import message_from_bytes, policy
from ipaddress import ip_address
from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import escape
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rankings.lists import show_lists
from readers.accounts import confirmed_address
from readers.requests import limited_address
from sections.pages import render_page
from sections.surrogates import note_lists

from . import digests, hooks, services, signing_up
from .addresses import masked
from .composing import load_stories
from .forms import SignUpForm
from .models import Issue, Newsletter

# Issues that the page of a letter lists: two years of a daily one.
LISTED = 750
LARGEST_HOOK = 1_000_000
FILES_SHOWN = 100


def lists():
    """What stands beside every page: the ticker."""
    return show_lists("ticker")


# ---- public pages


@require_safe
def newsletters(request):
    """The letters, with a form to order several at once. 5 queries."""
    note_lists("newsletters")
    return _choose(None)


def _choose(form, status=200, said=""):
    rows = list(Newsletter.objects.active().with_latest())
    chosen = set(form.data.getlist("letters")) if form else set()
    context = {
        "rows": rows,
        "chosen": chosen or ({rows[0].slug} if rows and not form else set()),
        "typed": form.data.get("email", "")[:254] if form else "",
        "errors": form.errors if form else {},
        "said": said,
        "is_open": settings.MAIL_WORKS,
        "lists": lists(),
    }
    max_age = 0 if form else None
    return render_page(
        "newsletters/newsletters.html", context, canonical="/newsletters/", status=status, max_age=max_age
    )


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def order(request):
    """Takes the form: 303 to what everybody is told, or the form again with what is wrong (400, 429, 503)."""
    if request.method != "POST":
        return _see("newsletters", 302)
    form = SignUpForm(request.POST)
    if form.is_trap:
        return _see("letter_asked")
    if not form.is_valid():
        return _choose(form, 400)
    if not settings.MAIL_WORKS:
        return _choose(form, 503, "Letters cannot be ordered at present. Please try again another day.")
    given = form.cleaned_data
    try:
        signing_up.ask(
            given["email"],
            form.key,
            given["letters"],
            client=limited_address(request) or "",
            source=(request.POST.get("source") or "newsletters")[:40].replace("\0", ""),
        )
    except signing_up.TooMany:
        return _choose(form, 429, "Too many letters were ordered from your network within an hour: try again later.")
    return _see("letter_asked")


@require_safe
def newsletter(request, slug):
    """The archive of a letter, newest issue first. 5 queries."""
    found = Newsletter.objects.filter(slug=slug).first()
    if found is None:
        raise Http404("There is no such letter.")
    note_lists("newsletters")
    issues = list(found.issues.public().only("subject", "day", "state", "newsletter")[:LISTED])
    for issue in issues:
        issue.newsletter = found
    context = {"newsletter": found, "issues": issues, "lists": lists()}
    return render_page("newsletters/newsletter.html", context, canonical=found.get_absolute_url())


@require_safe
def issue(request, slug, day):
    """An issue as it stands in the archive: the stories of it that are public now. 7 queries."""
    try:
        moment = date.fromisoformat(day)
    except ValueError:
        raise Http404("There is no such day.") from None
    rows = Issue.objects.public().select_related("newsletter")
    found = rows.filter(newsletter__slug=slug, day=moment).first()
    if found is None:
        raise Http404("The letter has no issue of that day.")
    note_lists("newsletters")
    context = {
        "issue": found,
        "newsletter": found.newsletter,
        "stories": load_stories(found),
        "earlier": rows.filter(newsletter=found.newsletter_id, day__lt=moment).first(),
        "lists": lists(),
    }
    return render_page("newsletters/issue.html", context, canonical=found.get_absolute_url())


# ---- pages for the holder of a link


def _see(name, status=303):
    response = HttpResponseRedirect(reverse(name), status=status)
    response["Cache-Control"] = "no-store"
    return response


def _page(context, status=200):
    """A page for one reader: kept by nobody, indexed by nobody, its address told to nobody."""
    context = {"lists": lists(), "token": "", **context}
    response = render_page("newsletters/personal.html", context, status=status, max_age=0)
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _no_good(error):
    return _page({"title": "This link does not work", "said": error.messages[0], "offer": True}, 410)


@require_safe
def asked(request):
    """What everybody sees who ordered letters, whatever the address was."""
    said = (
        "If the address can get mail, a message is on its way to it. Open the link in it within three days: only then "
        "do the letters begin. Look among the advertisements and the spam, too."
    )
    return _page({"title": "Look into your mailbox", "said": said})


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request, token):
    """Asks whether the letters are wanted, and begins them on a POST: programs that open every link confirm nothing."""
    try:
        if request.method != "POST":
            sign_up = signing_up.sign_up_of(token)
            context = {"title": "Confirm your letters", "kind": "confirm", "names": list(sign_up.newsletters.all())}
            return _page(context | {"masked": masked(sign_up.subscriber.address), "token": token})
        sign_up = signing_up.confirm(token)
    except ValidationError as error:
        return _no_good(error)
    return _page(
        {
            "title": "Thank you",
            "said": "Your letters begin with the next issue. Every one has a link at its foot that ends it.",
            "names": list(sign_up.newsletters.all()),
            "preferences": signing_up.sign("preferences", sign_up.subscriber_id),
        }
    )


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def end(request, token, of="letters"):
    """Ends a letter, or a digest, on a POST, at once and without a question (RFC 8058); a GET shows the button."""
    try:
        ending = {"letters": signing_up.end_of, "digest": digests.end_of}[of](token)
    except ValidationError as error:
        return _no_good(error)
    if request.method != "POST":
        context = {"title": f"Unsubscribe from {ending.name}", "kind": "end", "name": ending.name}
        return _page(context | {"masked": masked(ending.address), "action": request.path})
    ending.act()
    preferences = signing_up.sign("preferences", ending.subscriber.pk) if ending.subscriber else ""
    return _page(
        {
            "title": "You are unsubscribed",
            "said": f"{masked(ending.address)} gets no more mail from {ending.name}. One that is being sent at this "
            "very moment may still arrive.",
            "preferences": preferences,
        }
    )


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request, token):
    """Which letters a reader gets: ticked ones begin, others end, or everything about the address is deleted."""
    try:
        subscriber = signing_up.preferences_of(token)
    except ValidationError as error:
        return _no_good(error)
    if request.method == "POST" and request.POST.get("act") == "forget":
        address = masked(subscriber.address)
        subscriber.delete()
        return _page({"title": "Deleted", "said": f"Nothing about {address} is kept here any more."})
    said = ""
    letters = list(Newsletter.objects.active())
    if request.method == "POST":
        wanted = set(request.POST.getlist("letters"))
        if not wanted <= {letter.slug for letter in letters}:
            return _page({"title": "This did not work", "said": "One of these letters is not written any more."}, 400)
        signing_up.choose(subscriber, [letter for letter in letters if letter.slug in wanted])
        said = "Saved: you get the letters that are ticked."
    chosen = set(subscriber.subscriptions.active().values_list("newsletter__slug", flat=True))
    context = {"title": "Your letters", "kind": "preferences", "rows": letters, "chosen": chosen, "said": said}
    return _page(context | {"masked": masked(subscriber.address), "token": token})


# ---- readers with an account


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account_letters(request):
    """Which letters the reader gets at the confirmed address of the account: ticked ones begin, others end.

    3 queries beside those of the session.
    """
    address = confirmed_address(request.user)
    letters = list(Newsletter.objects.active())
    said, status = "", 200
    if request.method == "POST" and address:
        wanted = set(request.POST.getlist("letters"))
        try:
            if not wanted <= {letter.slug for letter in letters}:
                raise ValidationError("One of these letters is not written any more: choose again.")
            chosen = [letter for letter in letters if letter.slug in wanted]
            signing_up.choose_with_account(request.user, address, chosen)
        except ValidationError as error:
            said, status = error.messages[0], 422
        else:
            messages.success(request, "Saved: you get the letters that are ticked.")
            return redirect("account_letters")
    chosen = signing_up.letters_of(address) if address else set()
    context = {"rows": letters, "chosen": chosen, "address": address, "said": said}
    return TemplateResponse(request, "newsletters/account.html", context, status=status)


# ---- mail services


@csrf_exempt
@require_POST
def hook(request, provider):
    """Takes what a mail service tells, see `hooks`: the number of new events, or a sentence with 400, 403 or 413."""
    if provider not in settings.NEWSLETTER_HOOKS:
        raise Http404("No such mail service is configured.")
    if len(request.body) > LARGEST_HOOK:
        return _told(413, said="The message is too large: send fewer events at a time.")
    try:
        timestamp, given = (request.headers.get(f"X-Newsroom-{name}", "") for name in ("Timestamp", "Signature"))
        hooks.verify(provider, timestamp, given, request.body)
        return _told(200, new=hooks.take(provider, hooks.read_events(request.body)))
    except hooks.Forged as forged:
        return _told(403, said=str(forged))
    except ValidationError as error:
        return _told(400, said=error.messages[0])


@csrf_exempt
@require_http_methods(["HEAD", "POST"])
def service_hook(request, service):
    """Takes what a mail service tells in its own form, see `services`; or a sentence with 400, 403 or 413."""
    if service not in settings.MAIL_SERVICES:
        raise Http404("No such mail service is configured.")
    if len(request.body) > LARGEST_HOOK:
        return _told(413, said="The message is too large: send fewer events at a time.")
    try:
        response = services.answer(service, request)
    except hooks.Forged as forged:
        return _told(403, said=str(forged))
    except services.Unreadable as unreadable:
        return _told(400, said=str(unreadable))
    response["Cache-Control"] = "no-store"
    return response


def _told(status, **words):
    return JsonResponse(words, status=status, headers={"Cache-Control": "no-store"})


# ---- the mails of the embedded default


def _folder(request):
    """The folder of mails, for this computer alone; 404 for everybody else, and in production."""
    try:
        is_near = ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        is_near = False
    # A page that another site has opened by a name of its own is no page of this computer.
    name = request.get_host().rpartition(":")[0] or request.get_host()
    if not (settings.SHOW_MAILS and is_near and name in ("127.0.0.1", "localhost", "[::1]", "testserver")):
        raise Http404("Nothing stands at this address.")
    return Path(settings.EMAIL_FILE_PATH)


def _read(request, name):
    path = _folder(request) / f"{name}.eml"
    if name.startswith(".") or not path.is_file():
        raise Http404("There is no such mail.")
    return message_from_bytes(path.read_bytes(), policy=policy.default)


@require_safe
def mails(request):
    """The newest mails that were written into var/mail."""
    paths = sorted(_folder(request).glob("[!.]*.eml"), key=lambda path: path.stat().st_mtime, reverse=True)
    found = [(path.stem, message_from_bytes(path.read_bytes(), policy=policy.default)) for path in paths[:FILES_SHOWN]]
    rows = [{"name": name, "to": mail["To"], "subject": mail["Subject"], "date": mail["Date"]} for name, mail in found]
    return _page({"title": "Mails", "kind": "mails", "mails": rows})


@require_safe
def mail(request, name):
    """One mail: its head, its text with links, and its HTML part in a frame."""
    found = _read(request, name)
    text = found.get_body(("plain",))
    context = {
        "title": str(found["Subject"]),
        "kind": "mail",
        "name": name,
        "heads": [(head, value) for head, value in found.items() if head not in ("MIME-Version", "Content-Type")],
        "text": text.get_content() if text else "",
        "has_html": found.get_body(("html",)) is not None,
    }
    response = _page(context)
    response._csp_update = {"frame-src": ["'self'"]}
    return response


@require_safe
def mail_html(request, name):
    """The HTML part of a mail as a mail program would show it."""
    part = _read(request, name).get_body(("html",))
    return framed(part.get_content() if part else escape("This mail has no HTML part."))


def framed(html):
    """A letter's HTML for a frame of this site: its own styles, pictures of this site, nothing else."""
    response = HttpResponse(html, headers={"Cache-Control": "no-store", "X-Frame-Options": "SAMEORIGIN"})
    response._csp_replace = {
        "style-src": ["'unsafe-inline'"],
        "script-src": ["'none'"],
        "frame-ancestors": ["'self'"],
        "img-src": ["'self'", settings.SITE_URL],
    }
    response["Referrer-Policy"] = "no-referrer"
    return response
