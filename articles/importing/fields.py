"""Reading a JSON Lines file line by line, and a line's fields with a check each. Asks no database."""

import json
import re
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

LONGEST_LINE = 10_000_000
# An address has a year of four digits; no newspaper is older than this.
FIRST_YEAR, LAST_YEAR = 1600, 9000


class Refused(Exception):
    """Something that cannot be imported: in which field, and why, in words for whoever made the file."""

    def __init__(self, field, reason):
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


def read_lines(stream, longest=LONGEST_LINE):
    """(number, bytes, offset behind it) of each line that is not blank.

    The bytes are None for a line longer than `longest`; more than that is never held.
    """
    number = 0
    while data := stream.readline(longest + 1):
        number += 1
        if len(data) > longest:
            while not data.endswith(b"\n") and (data := stream.readline(longest)):
                pass
            yield number, None, stream.tell()
        elif data.strip():
            yield number, data, stream.tell()


def parse(data):
    """The JSON object in a line's bytes, as Fields. Raises Refused."""
    if data is None:
        raise Refused("line", f"is longer than {LONGEST_LINE // 1_000_000} MB.")
    try:
        values = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Refused("line", f"byte {error.start + 1} is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise Refused("line", f"is not JSON: {error.msg} at character {error.pos + 1}.") from None
    except (RecursionError, ValueError) as error:  # nested too deeply; a number of thousands of digits
        raise Refused("line", f"cannot be read: {error}.") from None
    if not isinstance(values, dict):
        raise Refused("line", f"must be a JSON object, not {KINDS[type(values)]}.")
    return Fields(values)


# What PostgreSQL cannot store or XML (feeds) cannot carry.
CONTROL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
CONTROL_OR_BREAK = re.compile(f"[\t\n\r]|{CONTROL.pattern}")
KINDS = {str: "text", list: "a list", dict: "an object", int: "a number", float: "a number"}
KINDS |= {bool: "true or false", type(None): "null"}
MISSING = object()
is_web_address = URLValidator(schemes=["http", "https"])


class Fields:
    """The fields of a JSON object, each read with a check that raises Refused with the field's full name.

    `taken` collects the values that were read; `unknown` names the others.
    """

    def __init__(self, values, place=""):
        self.values, self.place, self.taken = values, place, {}

    def _take(self, name, kind, default):
        value = self.values.get(name, default)
        if value is MISSING:
            raise self.refusal(name, "is missing.")
        if not isinstance(value, kind):
            raise self.refusal(name, f"must be {KINDS[kind]}, not {KINDS[type(value)]}.")
        if name in self.values:
            self.taken[name] = value
        return value

    def refusal(self, name, reason):
        """A Refused for one of these fields."""
        return Refused(self.place + name, reason)

    def text(self, name, limit, *, default=MISSING, required=False, breaks=False):
        """The text of a field without white space around it; line breaks only with `breaks`."""
        return self._checked(name, self._take(name, str, default), limit, required, breaks)

    def _checked(self, name, value, limit, required=False, breaks=False):
        if bad := (CONTROL if breaks else CONTROL_OR_BREAK).search(value):
            raise self.refusal(name, f"has the character U+{ord(bad[0]):04X}, which it may not have.")
        value = value.strip()
        if required and not value:
            raise self.refusal(name, "is empty.")
        if len(value) > limit:
            raise self.refusal(name, f"has {len(value):,} characters; {limit:,} is the most.")
        return value

    def choice(self, name, choices, default=MISSING):
        """The value of a field that takes one of a few words."""
        value = self.text(name, 50, default=default)
        if value not in choices:
            raise self.refusal(name, f"is {value!r}; it must be one of: {', '.join(choices)}.")
        return value

    def moment(self, name):
        """The moment in a field."""
        value = self.text(name, 50, required=True)
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise self.refusal(name, f"is {value!r}, not a date and time in ISO 8601.") from None
        if moment.tzinfo is None:
            raise self.refusal(name, f"is {value!r}, without a time zone: write it like 2021-02-27T09:32:00+09:00.")
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise self.refusal(name, f"is {value!r}; the year must be between {FIRST_YEAR} and {LAST_YEAR}.")
        return moment

    def address(self, name, limit, default=MISSING):
        """The http or https address in a field, or nothing."""
        value = self.text(name, limit, default=default)
        try:
            if value:
                is_web_address(value)
        except ValidationError:
            raise self.refusal(name, f"is {value[:80]!r}, not an http or https address.") from None
        return value

    def texts(self, name, limit, default=MISSING):
        """The texts in a list, none of them empty."""
        values = self._take(name, list, default)
        for number, value in enumerate(values):
            if not isinstance(value, str):
                raise self.refusal(f"{name}[{number}]", f"must be text, not {KINDS[type(value)]}.")
        return [self._checked(f"{name}[{number}]", value, limit, required=True) for number, value in enumerate(values)]

    def objects(self, name):
        """The objects in a list, each as Fields."""
        values = self._take(name, list, MISSING)
        for number, value in enumerate(values):
            if not isinstance(value, dict):
                raise self.refusal(f"{name}[{number}]", f"must be an object, not {KINDS[type(value)]}.")
        found = [Fields(value, f"{self.place}{name}[{number}].") for number, value in enumerate(values)]
        self.taken[name] = [fields.taken for fields in found]
        return found

    @property
    def unknown(self):
        """Names of the fields that nothing has read, list numbers left out: photos[].size."""
        place = re.sub(r"\[\d+\]", "[]", self.place)
        return [place + name for name in self.values if name not in self.taken]
