"""E-mail addresses: which belong to the same person. One rule, in Python and in the database.

Capitals, whatever stands after a plus-sign and Gmail's dots make no other person; googlemail.com is Gmail, too.
"""

from django.db import models

# RFC 5321, 4.5.3.1.3 as corrected by erratum 1690: characters of an address.
LONGEST = 254
# Small letters of ASCII alone: what else is small differs between systems.
SMALL = {capital: capital + 32 for capital in range(ord("A"), ord("Z") + 1)}


def key_of(address):
    """What all spellings of a person's address have in common; the twin of `AddressKey`."""
    address = address.translate(SMALL)
    local, at, domain = address.rpartition("@")
    if not at:
        return address
    local = local.partition("+")[0] or local
    if domain in ("gmail.com", "googlemail.com"):
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


class AddressKey(models.Func):
    """What all spellings of a person's address have in common; the twin of `key_of`."""

    template = (
        r"""regexp_replace(regexp_replace(regexp_replace(lower((%(expressions)s) COLLATE "C"), """
        r"""'^([^+]+)[+].*@', '\1@'), '@googlemail[.]com$', '@gmail.com'), '[.](?=.*@gmail[.]com$)', '', 'g')"""
    )
    output_field = models.TextField()
