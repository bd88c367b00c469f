"""Orders and licence requests as a file for spreadsheets."""

import csv
import io

from sections.admin_base import seoul

# Excel and its kind take a cell that begins so for a formula (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff0b", "\uff0d", "\uff1d", "\uff20")

ORDER_COLUMNS = {
    "reference": lambda order: order.reference,
    "state": lambda order: order.get_state_display(),
    "plan": lambda order: order.plan.name,
    "price": lambda order: order.price,
    "period": lambda order: order.get_period_display(),
    "ordered": lambda order: seoul(order.asked_at),
    "first day": lambda order: order.starts_on.isoformat(),
    "paid until": lambda order: order.runs_until.isoformat() if order.runs_until else "",
    "paid": lambda order: seoul(order.paid_at) if order.paid_at else "",
    "name": lambda order: order.name,
    "e-mail": lambda order: order.email,
    "telephone": lambda order: order.telephone_words,
    "postcode": lambda order: order.postcode,
    "road address": lambda order: order.road_address,
    "detail": lambda order: order.detail_address,
    "delivery note": lambda order: order.delivery_note,
    "notes": lambda order: order.desk_note,
}
LICENCE_COLUMNS = {
    "reference": lambda licence: licence.reference,
    "state": lambda licence: licence.get_state_display(),
    "asked": lambda licence: seoul(licence.asked_at),
    "name": lambda licence: licence.name,
    "organization": lambda licence: licence.organisation,
    "e-mail": lambda licence: licence.email,
    "telephone": lambda licence: licence.telephone_words,
    "what": lambda licence: licence.get_kind_display(),
    "which": lambda licence: licence.wanted,
    "what for": lambda licence: licence.purpose,
    "medium": lambda licence: licence.get_medium_display(),
    "circulation": lambda licence: licence.circulation or "",
    "term": lambda licence: licence.term,
    "notes": lambda licence: licence.desk_note,
}


def cell(value):
    """A value as a cell that no spreadsheet takes for a formula: an apostrophe goes before what looks like one."""
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) or text.startswith(FORMULA) else text


def as_csv(rows, columns):
    """The rows as bytes: UTF-8 with a byte order mark, without which Excel takes Hangul for something else."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(columns)
    writer.writerows([cell(read(row)) for read in columns.values()] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()
