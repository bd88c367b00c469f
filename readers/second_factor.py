"""The second factor of signing in: codes of an authenticator app (TOTP), and recovery codes.

The rows are those of django-allauth (`allauth.mfa`), so that its own pages can be mounted beside these functions.
"""

import logging
from base64 import b64encode, urlsafe_b64encode
from io import BytesIO

from allauth.mfa.adapter import DefaultMFAAdapter, get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.conf import settings
from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from .models import User

log = logging.getLogger(__name__)

# The moment (in half minutes) of the newest code that was taken: none up to it is taken again.
TAKEN = "taken"


class Unreadable(ValueError):
    """What was sealed with a SECRET_KEY that is not known any more."""


class SealedSecrets(DefaultMFAAdapter):
    """Seals the secrets with SECRET_KEY before they are stored, so that a copy of the database opens no account."""

    def _get_site_name(self):
        # A request may say that its host is anybody's.
        return settings.SITE_NAME

    def generate_authenticator_name(self, user, type):
        """The name of a passkey that was given none."""
        return f"Passkey {Authenticator.objects.filter(user=user, type=type).count() + 1}"

    def encrypt(self, text):
        """The sealed text."""
        return _sealer().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text):
        """The text; Unreadable where SECRET_KEY has changed and is not in SECRET_KEY_FALLBACKS either."""
        from cryptography.fernet import InvalidToken

        try:
            return _sealer().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            raise Unreadable("This was sealed with another SECRET_KEY.") from None


def _sealer():
    # Loaded when somebody signs in with a code: every worker would carry it, for readers who never do.
    from cryptography.fernet import Fernet, MultiFernet

    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = (salted_hmac("readers.second_factor", "", secret=key, algorithm="sha256").digest() for key in keys)
    return MultiFernet([Fernet(urlsafe_b64encode(digest)) for digest in digests])


def is_on(user):
    """Whether the user must give a code to sign in. One query."""
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()


def kinds_of(user):
    """The kinds of second steps that a reader has, as {kind: how many}. One query."""
    rows = Authenticator.objects.filter(user=user).order_by().values_list("type")
    return dict(rows.annotate(count=Count("pk")))


def new_secret():
    """A secret for an authenticator app."""
    return generate_totp_secret()


def picture(user, secret):
    """The QR code that an authenticator app reads, as the source of an image."""
    import qrcode
    from qrcode.image.svg import SvgPathImage

    out = BytesIO()
    qrcode.make(get_adapter().build_totp_url(user, secret), image_factory=SvgPathImage).save(out)
    return "data:image/svg+xml;base64," + b64encode(out.getvalue()).decode()


def moment_of(secret, code):
    """The moment, in half minutes, whose code this is; None if it is none of now."""
    digits = "".join(code.split())
    for moment in yield_hotp_counters_from_time():
        if constant_time_compare(format_hotp_value(hotp_value(secret, moment)), digits):
            return moment
    return None


@transaction.atomic
def switch_on(user, secret, code):
    """Switches the second factor on; returns the recovery codes, or None where the code is wrong or it is on."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    moment = moment_of(secret, code)
    if moment is None or is_on(user):
        return None
    row = TOTP.activate(user, secret).instance
    row.data[TAKEN] = moment
    row.save()
    return _fresh_codes(user)


@transaction.atomic
def renew_codes(user):
    """New recovery codes; those there were are void. None where the second factor is off."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    return _fresh_codes(user) if is_on(user) else None


def _fresh_codes(user):
    Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).delete()
    return RecoveryCodes.activate(user).get_unused_codes()


def recovery_codes(user):
    """The recovery codes that were not used yet; empty where there are none or they cannot be read. One query."""
    row = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    try:
        return row.wrap().get_unused_codes() if row else []
    except Unreadable:
        log.error("The recovery codes of %s were sealed with another SECRET_KEY.", user)
        return []


def switch_off(user):
    """Switches the second factor off; False where it was off."""
    return Authenticator.objects.filter(user=user).delete()[0] > 0


@transaction.atomic
def take_code(user, code):
    """Whether the code of the app or the recovery code is right. It is not taken a second time."""
    rows = {row.type: row for row in Authenticator.objects.select_for_update().filter(user=user)}
    totp, codes = rows.get(Authenticator.Type.TOTP), rows.get(Authenticator.Type.RECOVERY_CODES)
    if totp is None:
        return False
    try:
        moment = moment_of(get_adapter().decrypt(totp.data["secret"]), code)
        if moment is not None and moment > totp.data.get(TAKEN, 0):
            totp.data[TAKEN], totp.last_used_at = moment, timezone.now()
            totp.save()
            return True
        if moment is None and codes is not None and RecoveryCodes(codes).validate_code(code):
            return True
    except Unreadable:
        log.error("The second factor of %s was sealed with another SECRET_KEY: reset it.", user)
    return False
