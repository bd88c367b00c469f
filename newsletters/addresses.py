"""E-mail addresses: which can be mailed to, and which belong to the same person."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

LONGEST = 254  # RFC 5321, 4.5.3.1.3 as corrected by erratum 1690
# Providers that deliver a name with and without dots to the same mailbox, by the domain that stands for all of theirs.
WITHOUT_DOTS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}


def clean_address(text):
    """(address, key) of an address as somebody typed it; the same person has the same key.

    Capitals, whatever stands after a plus-sign, and Gmail's dots make no other person. ValidationError with a sentence
    for what is no address. Letters that are not Latin are refused: some look like Latin ones, so that two addresses
    that look alike would be two people.
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
    domain = domain.lower()
    key = local.lower()
    key = key.partition("+")[0] or key
    if domain in WITHOUT_DOTS:
        domain, key = WITHOUT_DOTS[domain], key.replace(".", "")
    return text, f"{key}@{domain}"


def masked(address):
    """The address so that its owner knows it and nobody else: m…@example.com."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"
