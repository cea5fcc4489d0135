"""Values of Python and their form in Spotler, by the type of the contact field.

    type                              in Python                        sent
    string, email, mobNr, postcode    str                              text in NFC, without blanks at its ends
    int                               int                              number
    money                             Decimal or int, in whole units   number, in whole cents
    date, birthdate                   date                             2024-05-01
    dateTime                          datetime with a zone             2024-05-01T08:15:30.000+00:00
    gender                            "M" or "F"                       M or F
    set                               mapping of bit to bool           [{"bit": 1, "enabled": true}]

No value and an empty text clear a field, except a set: clearing one would unsubscribe somebody from everything at once.
Sentences of errors never quote the value.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Final

from connector.errors import Invalid
from connector.spotler.dates import SPOTLER_ZONE, parse_date
from connector.spotler.fields import PropertyType
from connector.spotler.models import WireValue
from connector.spotler.texts import clean_address, clean_text, is_blank
from connector.spotler.wire import Json, flag_of, int_of, objects
from connector.words import Sentence

#: A value as the connector handles it; None is no value.
type Value = str | int | Decimal | date | datetime | Mapping[int, bool] | None

#: What is sent to empty a field. Null would leave it as it is.
CLEARED: Final = ""
#: Spotler's units in one unit of currency: it counts money in cents.
MONEY_UNIT: Final = 100
#: The longest text of a contact field. Nobody has published one; this is the limit of every other text of the API
#: (names of audiences, properties of products), see docs/to-verify.md.
TEXT_LENGTH: Final = 255

#: Numbers travel as JSON and are read by Java: 64 bits are certain, more is not.
_LARGEST: Final = 2**63 - 1
#: The address syntax of the HTML standard ("valid e-mail address"), with at least one dot in the domain; letters and
#: digits of other scripts count as letters (RFC 6531).
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL: Final = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})+")
#: The longest address that can be mailed (RFC 5321, 4.5.3.1.3, without the angle brackets).
_EMAIL_LENGTH: Final = 254
#: Spotler takes Dutch postal codes only; foreign ones belong in a text field.
_POSTCODE: Final = re.compile(r"[1-9][0-9]{3} ?[A-Za-z]{2}")
#: Digits of a telephone number: at most 15 by ITU-T E.164.
_MOBILE: Final = re.compile(r"\+?[0-9]{6,15}")
_GENDERS: Final = {"m": "M", "male": "M", "f": "F", "female": "F"}


def to_spotler(kind: str | None, value: object) -> WireValue:
    """The form in which Spotler takes a value.

    Args:
        kind: the type of the field, a `PropertyType`; None for one that the connector does not know.
        value: in the Python type of the table above; None or blank text clears the field.

    Raises:
        Invalid: the value does not fit the type; the sentence says what would.
    """
    writer = None if kind is None else _WRITERS.get(kind)
    if writer is None:
        raise Invalid("The Spotler field has a type that this version of the connector does not know.")
    if value is None or (isinstance(value, str) and is_blank(value)):
        if kind == PropertyType.SET:
            raise Invalid("A list field cannot be cleared as a whole; name its items.")
        return CLEARED
    return writer(value)


def from_spotler(kind: str | None, wire: object) -> Value:
    """The Python value of what Spotler sent; None for no value.

    Raises:
        Invalid: it does not have the form of its type.
    """
    if wire is None or wire == CLEARED:
        return None
    value = _READERS[PropertyType(kind)](wire) if kind is not None and kind in PropertyType else _unknown(wire)
    if value is None:
        raise Invalid(Sentence("Spotler sent a value that is no {what}.", what=kind or "text"))
    return value


def _write_text(value: object) -> str:
    if not isinstance(value, str):
        raise Invalid("The field takes text.")
    text = clean_text(value)
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Invalid("The text has a character that cannot be sent (a lone surrogate); type the text again.")
    if len(text) > TEXT_LENGTH:
        raise Invalid(Sentence("The field takes at most {most} characters.", most=TEXT_LENGTH))
    return text


def _write_email(value: object) -> str:
    text = clean_address(_write_text(value))
    shape = "".join("a" if not each.isascii() and unicodedata.category(each)[0] in "LMN" else each for each in text)
    if len(text) > _EMAIL_LENGTH or not _EMAIL.fullmatch(shape):
        raise Invalid("The field takes one valid e-mail address.")
    return text


def _write_mobile(value: object) -> str:
    text = re.sub(r"^(\+[0-9]+)\s*\(0\)", r"\1", _write_text(value))  # the (0) of +31 (0)6 is not dialled
    text = re.sub(r"[\s().\-/]", "", text)
    if not _MOBILE.fullmatch(text):
        raise Invalid("The field takes a telephone number, best in the form +31612345678.")
    return text


def _write_postcode(value: object) -> str:
    text = _write_text(value).upper()
    if not _POSTCODE.fullmatch(text):
        raise Invalid("The field takes Dutch postal codes only (1234 AB); use a text field for foreign ones.")
    return text


def _write_gender(value: object) -> str:
    gender = _GENDERS.get(_write_text(value).lower())
    if gender is None:
        raise Invalid("The field takes M or F.")
    return gender


def _write_int(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _LARGEST:
        raise Invalid("The field takes a whole number.")
    return value


def _write_money(value: object) -> int:
    if not isinstance(value, int | Decimal) or isinstance(value, bool):
        raise Invalid("The field takes an amount.")
    try:
        cents = int((Decimal(value) * MONEY_UNIT).quantize(Decimal(1), ROUND_HALF_UP))
    except (InvalidOperation, ValueError, OverflowError):
        raise Invalid("The field takes an amount of ordinary size.") from None
    return _write_int(cents)


def _write_date(value: object) -> str:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise Invalid("The field takes a date; a moment has one only in a time zone.")
    return value.isoformat()


def _write_moment(value: object) -> str:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise Invalid("The field takes a moment with its time zone.")
    try:
        return value.astimezone(UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError):
        raise Invalid("The moment is outside the calendar.") from None


def _write_set(value: object) -> WireValue:
    if not isinstance(value, Mapping) or not value or not all(isinstance(each, bool) for each in value.values()):
        raise Invalid("A list field takes items that are on or off.")
    return [{"bit": bit, "enabled": enabled} for bit, enabled in value.items()]


def _read_text(wire: object) -> str | None:
    if isinstance(wire, str):
        return wire
    return str(wire) if isinstance(wire, int) and not isinstance(wire, bool) else None


def _read_gender(wire: object) -> str | None:
    return _GENDERS.get(wire.strip().lower()) if isinstance(wire, str) else None


def _read_int(wire: object) -> int | None:
    return int_of({"": wire}, "")


def _read_money(wire: object) -> Decimal | None:
    cents = _read_int(wire)
    return None if cents is None else Decimal(cents) / MONEY_UNIT


def _read_date(wire: object) -> date | None:
    """The date part of ISO text; a number is midnight in the Netherlands, in milliseconds."""
    if isinstance(wire, int | float) and not isinstance(wire, bool) and math.isfinite(wire):
        try:
            return datetime.fromtimestamp(wire / 1000, SPOTLER_ZONE).date()
        except (ValueError, OverflowError, OSError):
            return None
    try:
        return date.fromisoformat(wire[: len("2024-05-01")]) if isinstance(wire, str) else None
    except ValueError:
        return None


def _read_set(wire: object) -> Mapping[int, bool] | None:
    """The items. One that is neither on nor off says nothing; one that comes as both is off, which is an opt-out."""
    if not isinstance(wire, list):
        return None
    states: dict[int, bool] = {}
    for each in objects(wire):
        bit, on = int_of(each, "bit"), _switch(each)
        if bit is not None and on is not None:
            states[bit] = on and states.get(bit, True)
    return states


def _switch(item: Json) -> bool | None:
    enabled = item.get("enabled")
    known = isinstance(enabled, bool) or (isinstance(enabled, str) and enabled.strip().lower() in ("true", "false"))
    return flag_of(item, "enabled") if known else None


def _unknown(wire: object) -> str | None:
    """A value of a type that is not known: readable if it is text."""
    return wire if isinstance(wire, str) else None


_WRITERS: Final[Mapping[str, Callable[[object], WireValue]]] = {
    PropertyType.STRING: _write_text,
    PropertyType.EMAIL: _write_email,
    PropertyType.MOBILE: _write_mobile,
    PropertyType.POSTCODE: _write_postcode,
    PropertyType.GENDER: _write_gender,
    PropertyType.INT: _write_int,
    PropertyType.MONEY: _write_money,
    PropertyType.DATE: _write_date,
    PropertyType.BIRTHDATE: _write_date,
    PropertyType.DATE_TIME: _write_moment,
    PropertyType.SET: _write_set,
}

_READERS: Final[Mapping[PropertyType, Callable[[object], Value]]] = {
    PropertyType.STRING: _read_text,
    PropertyType.EMAIL: _read_text,
    PropertyType.MOBILE: _read_text,
    PropertyType.POSTCODE: _read_text,
    PropertyType.GENDER: _read_gender,
    PropertyType.INT: _read_int,
    PropertyType.MONEY: _read_money,
    PropertyType.DATE: _read_date,
    PropertyType.BIRTHDATE: _read_date,
    PropertyType.DATE_TIME: parse_date,
    PropertyType.SET: _read_set,
}
