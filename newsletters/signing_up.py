"""Asking for letters, confirming, ending: each link in a mail is signed, and each act is one transaction.

Whoever holds the link of a mail owns the mailbox; nothing else is asked. The form answers every address in the same
way and at the same cost: one row is written, and the mail goes out later (`sending`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from readers.accounts import account_of, confirmed_address
from readers.addresses import key_of

from .addresses import clean_address
from .models import Delivery, Newsletter, SignUp, Subscriber, Subscription

HOUR = timedelta(hours=1)
# How long the link of a confirmation mail and that of the preferences are good; ending works for ever (RFC 8058).
CONFIRM_FOR, PREFERENCES_FOR = timedelta(days=3), timedelta(days=180)
# What was never confirmed is forgotten after this time.
FORGET_AFTER = timedelta(days=7)
SALT = "newsletters."


class TooMany(Exception):
    """One client asked for more than a household does."""


# ---- links


def sign(purpose, value):
    """A token of letters and signs that are safe in an address; `read` gives the value back for this purpose alone."""
    return signing.dumps(value, salt=SALT + purpose)


def read(purpose, token, age=None):
    """The value of a token. ValidationError with a sentence where it is forged, damaged or too old."""
    try:
        return signing.loads(token, salt=SALT + purpose, max_age=age)
    except signing.SignatureExpired:
        raise ValidationError("This link has expired: ask for the letters again, and use the newest mail.") from None
    except (signing.BadSignature, ValueError):
        raise ValidationError("This link is damaged: copy the whole of it from the mail.") from None


# ---- asking and confirming


def counted_client(address, at=None):
    """The word under which a client's address is counted for a day; nothing of the address can be read from it."""
    if not address:
        return ""
    return salted_hmac("newsletters.client", f"{at or timezone.now():%Y-%m-%d} {address}").hexdigest()[:32]


@transaction.atomic
def ask(address, key, newsletters, *, client="", source="", user=None):
    """Asks for letters; returns whether a mail will go out. TooMany where the client asked too often in this hour.

    `address` and `key` are from `clean_address`. Nothing tells the asker whether the address was known. At most
    NEWSLETTER_MAILS_PER_HOUR mails an hour go to one person.
    """
    now = timezone.now()
    recent = SignUp.objects.filter(asked_at__gt=now - HOUR)
    word = counted_client(client)
    if word and recent.filter(client=word).count() >= settings.NEWSLETTER_SIGN_UPS_PER_HOUR:
        raise TooMany
    Subscriber.objects.get_or_create(key=key, defaults={"address": address, "user": user})
    # Whoever asks for the same person at the same moment waits here.
    subscriber = Subscriber.objects.select_for_update().get(key=key)
    if recent.filter(subscriber=subscriber).count() >= settings.NEWSLETTER_MAILS_PER_HOUR:
        return False
    subscriptions = {row.newsletter_id: row for row in subscriber.subscriptions.all()}
    if not any(row.is_active for row in subscriptions.values()) and subscriber.address != address:
        subscriber.address = address
        subscriber.save(update_fields=["address"])
    for newsletter in newsletters:
        row = subscriptions.get(newsletter.pk)
        if row is None:
            Subscription.objects.create(newsletter=newsletter, subscriber=subscriber, asked_at=now, source=source)
        elif not row.is_active:
            row.asked_at, row.source = now, source
            row.save(update_fields=["asked_at", "source"])
    sign_up = SignUp.objects.create(subscriber=subscriber, asked_at=now, client=word)
    sign_up.newsletters.set(newsletters)
    Delivery.objects.create(sign_up=sign_up, subscriber=subscriber, due_at=now)
    return True


def sign_up_of(token):
    """The SignUp that a link of a confirmation mail belongs to. ValidationError with a sentence for every other link.

    Two queries.
    """
    word = read("confirm", token, CONFIRM_FOR)
    found = SignUp.objects.select_related("subscriber").filter(uuid=word).prefetch_related("newsletters").first()
    if found is None:
        raise ValidationError("This link has expired: ask for the letters again.")
    if found.used_at:
        raise ValidationError("This link was used already. Whatever you ordered with it stands; you need do no more.")
    return found


@transaction.atomic
def confirm(token):
    """Confirms what a link stands for; returns its SignUp. ValidationError where the link is no good, or used."""
    sign_up = sign_up_of(token)
    # Of two clicks at the same moment the second finds nothing to do.
    if not SignUp.objects.filter(pk=sign_up.pk, used_at=None).update(used_at=timezone.now()):
        raise ValidationError("This link was used already. Whatever you ordered with it stands; you need do no more.")
    start(sign_up.subscriber, sign_up.newsletters.all())
    return sign_up


@transaction.atomic
def start(subscriber, newsletters, source=""):
    """Has a reader, whose address is proved, get these letters from now on; those he gets already stay as they are.

    They belong to the reader's account where there is one, and end with it.
    """
    now = timezone.now()
    if subscriber.user_id is None:
        account = account_of(subscriber.address)
        if account and not account.is_staff and confirmed_address(account):
            subscriber.user = account
            subscriber.save(update_fields=["user"])
    for newsletter in newsletters:
        row, _made = Subscription.objects.get_or_create(
            newsletter=newsletter, subscriber=subscriber, defaults={"asked_at": now, "source": source}
        )
        Subscription.objects.filter(pk=row.pk).exclude(confirmed_at__isnull=False, ended_at=None).update(
            confirmed_at=now, ended_at=None, ending=""
        )


# ---- readers with an account


@transaction.atomic
def ask_with_account(user, newsletters):
    """Notes which letters a new account asks for. Its own mail confirms them: none goes out for the letters.

    ValidationError where no letter can be sent to the address.
    """
    address, key = clean_address(user.email)
    subscriber, _made = Subscriber.objects.get_or_create(key=key, defaults={"address": address})
    SignUp.objects.create(subscriber=subscriber, user=user).newsletters.set(newsletters)


@transaction.atomic
def begin_with_account(user, address):
    """Begins what the account asked for, as its owner has just confirmed the address; returns how many sign-ups."""
    subscriber = Subscriber.objects.select_for_update().filter(key=key_of(address)).first()
    if subscriber is None:
        return 0
    subscriber.user = user
    if not subscriber.subscriptions.active().exists():
        subscriber.address = address
    subscriber.save(update_fields=["user", "address"])
    sign_ups = list(SignUp.objects.filter(subscriber=subscriber, user=user, used_at=None).order_by("pk"))
    for sign_up in sign_ups:
        start(subscriber, sign_up.newsletters.active(), source="account")
    SignUp.objects.filter(pk__in=[sign_up.pk for sign_up in sign_ups]).update(used_at=timezone.now())
    return len(sign_ups)


@transaction.atomic
def move_with_account(user, address):
    """Has the letters of an account follow to its new address, which was confirmed. Those that cannot go there stay."""
    for former in Subscriber.objects.filter(user=user).exclude(key=key_of(address)):
        letters = list(Newsletter.objects.filter(subscriptions__in=former.subscriptions.active()))
        if not letters:
            continue
        try:
            start(_subscriber_of(user, address), letters, source="account")
        except ValidationError:
            return
        end(former)


def letters_of(address):
    """Slugs of the letters that go to a person's address. One query."""
    rows = Subscription.objects.active().filter(subscriber__key=key_of(address))
    return set(rows.values_list("newsletter__slug", flat=True))


@transaction.atomic
def choose_with_account(user, address, newsletters):
    """Has an account get exactly these of the active letters at its confirmed address. ValidationError as above."""
    if newsletters or Subscriber.objects.filter(key=key_of(address)).exists():
        choose(_subscriber_of(user, address), newsletters)


def _subscriber_of(user, address):
    address, key = clean_address(address)
    subscriber, made = Subscriber.objects.get_or_create(key=key, defaults={"address": address, "user": user})
    if not made and subscriber.user_id != user.pk:
        subscriber.user = user
        subscriber.save(update_fields=["user"])
    return subscriber


def data_of(user):
    """The letters of an account as plain data. One query."""
    rows = Subscription.objects.filter(subscriber__user=user).order_by("asked_at", "pk")
    return [
        {
            "letter": name,
            "address": address,
            "asked": asked.isoformat(),
            "confirmed": confirmed and confirmed.isoformat(),
            "ended": ended and ended.isoformat(),
        }
        for name, address, asked, confirmed, ended in rows.values_list(
            "newsletter__name", "subscriber__address", "asked_at", "confirmed_at", "ended_at"
        )
    ]


# ---- ending


@transaction.atomic
def end(subscriber, newsletters=None, *, why=Subscription.Ending.READER, before=None):
    """Ends a reader's letters (all by default); returns how many ended. What waits to be sent of them is taken back.

    `before`: only what was confirmed before that moment, for news that comes late.
    """
    rows = Subscription.objects.filter(subscriber=subscriber, ended_at=None)
    waiting = Delivery.objects.filter(subscriber=subscriber, issue__isnull=False, state=Delivery.State.QUEUED)
    if newsletters is not None:
        rows, waiting = rows.filter(newsletter__in=newsletters), waiting.filter(issue__newsletter__in=newsletters)
    else:
        # Nor may a confirmation mail that was sent before begin anything again.
        SignUp.objects.filter(subscriber=subscriber, used_at=None).update(used_at=timezone.now())
    if before is not None:
        rows = rows.exclude(confirmed_at__gt=before)
    ended = rows.update(ended_at=timezone.now(), ending=why)
    if before is None or ended:
        waiting.delete()
    return ended


def end_link(subscriber_id, newsletter_id):
    """The token that ends one letter of a reader; newsletter 0: all of them."""
    return sign("end", [subscriber_id, newsletter_id])


@dataclass
class Ending:
    """What a link ends: its name, the address that then gets no more of it, and the act."""

    name: str
    address: str
    act: Callable
    subscriber: Subscriber | None = None


def end_of(token):
    """The Ending of a link of letters. ValidationError with a sentence for every other link."""
    subscriber, newsletter = _pair(read("end", token))
    found = Subscriber.objects.filter(pk=subscriber).first()
    letter = Newsletter.objects.filter(pk=newsletter).first() if newsletter else None
    if found is None or (newsletter and letter is None):
        raise ValidationError("This address gets no letters of ours any more.")
    chosen = [letter] if letter else None
    return Ending(letter.name if letter else "all letters", found.address, lambda: end(found, chosen), found)


def _pair(value):
    if isinstance(value, list) and len(value) == 2 and all(isinstance(part, int) for part in value):
        return value
    raise ValidationError("This link is damaged: copy the whole of it from the mail.")


def preferences_of(token):
    """The Subscriber whose preferences a link opens. ValidationError with a sentence for every other link."""
    found = Subscriber.objects.filter(pk=read("preferences", token, PREFERENCES_FOR)).first()
    if found is None:
        raise ValidationError("This address gets no letters of ours any more.")
    return found


@transaction.atomic
def choose(subscriber, newsletters):
    """Has a reader get exactly these of the active letters."""
    chosen = {newsletter.pk for newsletter in newsletters}
    start(subscriber, newsletters, source="preferences")
    end(subscriber, [row for row in Newsletter.objects.active() if row.pk not in chosen])


@transaction.atomic
def forget_unconfirmed(at=None):
    """Deletes old sign-ups, and addresses that never confirmed anything; returns how many rows went."""
    before = (at or timezone.now()) - FORGET_AFTER
    old = SignUp.objects.filter(asked_at__lt=before).delete()[0]
    strangers = Subscriber.objects.filter(created_at__lt=before, sign_ups=None).exclude(
        pk__in=Subscription.objects.filter(confirmed_at__isnull=False).values("subscriber")
    )
    return old + strangers.delete()[0]
