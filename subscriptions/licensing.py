"""Content licences: somebody asks, the desk answers with an offer or refuses. No money is taken here."""

import re
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from articles.dates import day_of
from articles.models import Article

from .models import LicenceRequest, Mail

State = LicenceRequest.State
# More stories than anybody names one by one: longer lists are answered by a person.
MOST = 100
ADDRESS = re.compile(r"(?:https?://(?P<host>[\w.:-]+))?(?:/lite)?/(\d{4})/(\d{2})/(\d{2})/([\w-]{1,120})/?", re.ASCII)


def stories_in(text):
    """The public stories whose addresses of this paper stand in a text, in that order. One query, none without any."""
    named = []
    for found in ADDRESS.finditer(text):
        host, *day, slug = found.groups()
        date = day_of(*day)
        if date and (host is None or host in _hosts()) and (date, slug) not in named:
            named.append((date, slug))
    if not named:
        return []
    wanted = Q()
    for date, slug in named[:MOST]:
        wanted |= Q(address_date=date, slug=slug)
    rows = Article.objects.published().filter(wanted).only("pk", "headline", "address_date", "slug", "lang")
    return sorted(rows, key=lambda story: named.index((story.address_date, story.slug)))


def _hosts():
    host = urlsplit(settings.SITE_URL).netloc
    return {host, host.removeprefix("www."), f"www.{host}"}


@transaction.atomic
def ask(*, user=None, **given):
    """Makes a request, with its stories and the mails to asker and desk; returns it."""
    licence = LicenceRequest.objects.create(user=user, **given)
    licence.articles.set(stories_in(given.get("wanted", "")))
    _step(licence, "reader", "", licence.state)
    _mail(licence, "licence_received")
    _mail(licence, "desk_licence")
    return licence


def offer(licence, *, who, note=""):
    """Sends the offer of the desk; also a second one, with other words. Returns the request."""
    return _answer(licence, State.OFFERED, (State.NEW, State.OFFERED), who, note, "licence_offer")


def refuse(licence, *, who, note=""):
    """Refuses, with the words of the answer; returns the request."""
    return _answer(licence, State.REFUSED, (State.NEW, State.OFFERED), who, note, "licence_refused")


def agree(licence, *, who, note=""):
    """Notes that the asker took the offer; returns the request."""
    return _answer(licence, State.AGREED, (State.OFFERED,), who, note)


def close(licence, *, who, note=""):
    """Notes that nothing more is to come; returns the request."""
    return _answer(licence, State.CLOSED, (State.NEW, State.OFFERED, State.AGREED), who, note)


@transaction.atomic
def _answer(licence, state, allowed, who, note, mail=""):
    licence = LicenceRequest.objects.select_for_update().get(pk=licence.pk)
    if licence.state not in allowed:
        raise ValidationError(
            _("The request %(request)s is “%(state)s”: this cannot be done with it.")
            % {"request": licence.reference, "state": licence.get_state_display()}
        )
    if mail and not licence.offer.strip():
        raise ValidationError({"offer": _("Write the answer first: it is what the asker gets.")})
    before, licence.state = licence.state, state
    licence.ended_at = timezone.now() if state in (State.REFUSED, State.CLOSED) else licence.ended_at
    licence.save()
    count = licence.steps.filter(after=state).count()
    _step(licence, who, before, state, note)
    if mail:
        _mail(licence, mail, str(count or ""))
    return licence


def _step(licence, who, before, after, note=""):
    licence.steps.create(who=who, before=before, after=after, note=str(note)[:500])


def _mail(licence, kind, occasion=""):
    Mail.objects.get_or_create(order=None, licence=licence, kind=kind, occasion=occasion)
