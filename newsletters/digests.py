"""Daily digests of My paper as mails: switched on and off by their readers, and one delivery for a reader and day.

What is new is worked out for all readers of an hour together (`mypaper.news`), a batch of them in each transaction, so
neither queries nor memory grow with their number. A delivery keeps the time of which it has the news; `told_until` of
the reader moves on in the same transaction, so a story is in one digest and in no other. Which stories these are is
looked up again when the mail is made: what was withdrawn, and what the reader follows no more, is in no mail.
"""

from datetime import timedelta

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from mypaper.models import Digest
from mypaper.news import LONGEST, News
from readers.accounts import account_of

from .addresses import clean_address
from .composing import LATEST
from .models import Delivery, Subscriber, Subscription
from .signing_up import Ending, end, read, sign

BATCH = 1_000
# A story that was published on the hour is there by then, whatever the desk's transaction took.
SETTLED = timedelta(minutes=1)
# After this time nobody asks any more what became of a mail.
FORGET_AFTER = timedelta(days=30)


class Unconfirmed(Exception):
    """Nobody has proved that the address of the account is the reader's."""


class Suppressed(Exception):
    """Mails to the address came back, or its owner called them spam."""


# ---- the reader's choice


@transaction.atomic
def switch_on(user, hour):
    """Has a reader get the digest at an hour, with what is new from now on; one that is on only gets another hour.

    Unconfirmed or Suppressed where no mail may go to the address.
    """
    if not EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists():
        raise Unconfirmed
    if refused_among([user.email]):
        raise Suppressed
    now = timezone.now()
    digest, is_new = Digest.objects.select_for_update().get_or_create(user=user, defaults={"hour": hour})
    if is_new:
        return
    if not digest.is_on:
        digest.told_until = now
    digest.hour, digest.chosen_at, digest.ended_at, digest.ending = hour, now, None, ""
    digest.save()


@transaction.atomic
def switch_off(user, *, why=Digest.Ending.READER, before=None):
    """Ends a reader's digest; what waits to be sent is taken back.

    `before`: only what was chosen before that moment, for news that comes late.
    """
    rows = Digest.objects.wanted().filter(user=user)
    if before is not None:
        rows = rows.exclude(chosen_at__gt=before)
    if rows.update(ended_at=timezone.now(), ending=why):
        Delivery.objects.filter(digest__user=user, state=Delivery.State.QUEUED).delete()


@transaction.atomic
def stop(address, why, before=None):
    """Ends all that an address gets, letters and digest, because of what became of a mail to it. About 6 queries."""
    try:
        address, key = clean_address(address)
    except ValidationError:
        return
    for subscriber in Subscriber.objects.filter(key=key):
        end(subscriber, why=why, before=before)
    if user := account_of(address):
        switch_off(user, why=why, before=before)


def end_link(digest):
    """The token that ends a digest; it works for ever (RFC 8058)."""
    return sign("digest", digest.pk)


def end_of(token):
    """The Ending of a digest's link. ValidationError with a sentence for every other link."""
    pk = read("digest", token)
    found = Digest.objects.select_related("user").filter(pk=pk).first() if isinstance(pk, int) else None
    if found is None:
        raise ValidationError("The account that this digest was made for does not exist any more.")
    return Ending("your daily digest", found.user.email, lambda: switch_off(found.user))


# ---- who gets one


def refused_among(addresses):
    """Those of the addresses to which no mail may go: no mailboxes, or such as ended letters by themselves. 2 queries.

    Ordering a letter and confirming it proves a mailbox again.
    """
    keys = {}
    for address in addresses:
        try:
            keys[address] = clean_address(address)[1]
        except ValidationError:
            keys[address] = None
    theirs = Subscription.objects.filter(subscriber__key__in=[key for key in keys.values() if key])
    refused = {None, *theirs.refused().values_list("subscriber__key", flat=True)}
    refused -= set(theirs.active().values_list("subscriber__key", flat=True))
    return {address for address, key in keys.items() if key in refused}


def queue_due(at=None):
    """Queues the digests of every hour of today that has come; returns how many. At most 3 queries if none is due."""
    local = timezone.localtime(at)
    queued = 0
    for hour in Digest.Hour.values:
        until = local.replace(hour=hour, minute=0, second=0, microsecond=0)
        if not SETTLED <= local - until <= LATEST:
            continue
        news, found = None, 0
        while found is not None:
            queued += found
            news, found = _queue_some(until, news)
    return queued


@transaction.atomic
def _queue_some(until, news):
    """(News, number of digests queued) of one batch of readers of an hour; None for the number: nobody is left."""
    # Who has changed the hour and got today's already has the news of this hour tomorrow.
    rows = Digest.objects.due(until).exclude(deliveries__day=until.date()).order_by("pk")
    rows = rows.select_for_update(skip_locked=True)
    pks = list(rows.values_list("pk", flat=True)[:BATCH])
    if not pks:
        return news, None
    readers = list(Digest.objects.deliverable().filter(pk__in=pks).select_related("user"))
    since = min((row.told_until for row in readers), default=until)
    if news is None or not news.covers(since, until):
        news = News(since, until)
    readers = news.readers_among(readers)
    refused = refused_among([row.user.email for row in readers])
    made = [
        Delivery(digest=row, day=until.date(), since=max(row.told_until, until - LONGEST), until=until)
        for row in readers
        if row.user.email not in refused
    ]
    Delivery.objects.bulk_create(made, ignore_conflicts=True)
    Digest.objects.filter(pk__in=pks).update(told_until=until)
    return news, len(made)


def forget_old(at=None):
    """Deletes what is kept of old digests; returns how many rows went."""
    day = timezone.localdate(at) - FORGET_AFTER
    return Delivery.objects.filter(digest__isnull=False, day__lt=day).delete()[0]
