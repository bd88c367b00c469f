"""E-mail addresses that letters can be sent to."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from readers.addresses import LONGEST, key_of


def clean_address(text):
    """(address, key) of an address as somebody typed it; the same person has the same key (`readers.addresses`).

    ValidationError with a sentence for what is no address. Letters that are not Latin are refused: some look like Latin
    ones, so that two addresses that look alike would be two people.
    """
    text = (text or "").strip()
    if not text:
        raise ValidationError("Write your e-mail address.")
    if len(text) > LONGEST:
        raise ValidationError(f"An e-mail address has {LONGEST} characters at most.")
    if not re.fullmatch(r"[!-~]+", text):
        raise ValidationError(
            "Write one e-mail address, in Latin letters, digits and signs without blanks; an international domain in "
            "its form that begins with xn--."
        )
    try:
        validate_email(text)
    except ValidationError:
        raise ValidationError("This is no e-mail address: write it like name@example.com.") from None
    local, _, domain = text.rpartition("@")
    # Quotes and comments are allowed by the standard and used by attackers alone.
    if not re.fullmatch(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}", local, re.ASCII) or domain.startswith("["):
        raise ValidationError("This is no e-mail address: write it like name@example.com.")
    return text, key_of(text)


def masked(address):
    """The address so that its owner knows it and nobody else: m…@example.com."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"
