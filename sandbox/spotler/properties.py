"""The properties of an account's contacts: their types, and how values go in and out.

A value is checked and brought into one canonical form on the way in. `null` counts as not given, an empty
string clears a field, and of a set only the bits that are named change.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sandbox.spotler.dates import iso, parse_day, parse_iso
from sandbox.spotler.errors import invalid_property
from sandbox.spotler.wire import number_as_text

#: The reserved set that holds subscriptions.
PERMISSIONS = "permissions"
EMAIL = "email"

#: Nobody published a limit; this is the one that the API has for every other text.
MAX_TEXT = 255
_INT_RANGE = range(-(2**31), 2**31)
_MONEY_RANGE = range(-(2**63), 2**63)
_WHOLE_NUMBER = re.compile(r"-?\d{1,19}")
_MAIL_ADDRESS = re.compile(r"[^@\s,;<>()\[\]\"]+@(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_]{2,}")
_DUTCH_POSTCODE = re.compile(r"[1-9]\d{3} ?[A-Za-z]{2}")
_PHONE = re.compile(r"(?:\+|00)?\d(?:[ ()./-]?\d){7,14}")
#: Of an entry of a set; the description may be sent along and is ignored.
_ENTRY_MEMBERS = {"bit", "enabled", "description"}
_GENDERS = {"M": "M", "F": "F", "MALE": "M", "FEMALE": "F"}

type Value = str | int | date | datetime | frozenset[int]


class Kind(StrEnum):
    """The published property types."""

    BIRTHDATE = "birthdate"
    DATE = "date"
    DATE_TIME = "dateTime"
    EMAIL = "email"
    GENDER = "gender"
    INT = "int"
    MOBILE_NUMBER = "mobNr"
    MONEY = "money"
    POSTCODE = "postcode"
    SET = "set"
    STRING = "string"


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a set. `rank` is the order in which it is shown."""

    bit: int
    description: str
    rank: int


@dataclass(frozen=True, slots=True)
class Property:
    """A property of the account; only sets have options. The API does not show one that is not visible."""

    name: str
    description: str
    kind: Kind
    options: tuple[Option, ...] = ()
    visible: bool = True

    def described(self) -> dict[str, object]:
        """As the list of properties shows it."""
        shown: dict[str, object] = {
            "name": self.name,
            "description": self.description,
            "type": self.kind.value,
        }
        if self.kind is Kind.SET:
            shown["entries"] = [
                {"bit": option.bit, "description": option.description, "rank": option.rank} for option in self.options
            ]
        return shown


def _text_or_number(value: object) -> str:
    return _text(number_as_text(value))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")  # noqa: TRY004 - a wrong value of the caller, not a wrong type of ours
    if len(value) > MAX_TEXT:
        raise ValueError(f"is longer than {MAX_TEXT} characters")
    return value


def _matching(pattern: re.Pattern[str], complaint: str) -> Callable[[object], str]:
    def convert(value: object) -> str:
        text = _text(value)
        if pattern.fullmatch(text) is None:
            raise ValueError(complaint)
        return text

    return convert


def _gender(value: object) -> str:
    gender = _GENDERS.get(_text(value))
    if gender is None:
        raise ValueError("is not M or F")
    return gender


def _number(allowed: range) -> Callable[[object], int]:
    def convert(value: object) -> int:
        if isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value):
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            if value not in allowed:
                raise ValueError("is out of range")
            return value
        raise ValueError("is not a whole number")

    return convert


def _birthdate(value: object) -> date:
    text = _text(value)
    day = parse_day(text) if len(text) == len("2000-01-31") else None
    if day is None:
        raise ValueError("is not a date of the form YYYY-MM-DD")
    return day


def _date(value: object) -> date:
    day = parse_day(_text(value))
    if day is None:
        raise ValueError("is not a date")
    return day


def _date_time(value: object) -> datetime:
    # The zone is never used: a timestamp without an offset is refused.
    moment = parse_iso(_text(value), ZoneInfo("UTC"), offset_required=True)
    if moment is None:
        raise ValueError("is not an ISO 8601 timestamp with an offset")
    return moment


_CONVERSIONS: dict[Kind, Callable[[object], Value]] = {
    Kind.BIRTHDATE: _birthdate,
    Kind.DATE: _date,
    Kind.DATE_TIME: _date_time,
    Kind.EMAIL: _matching(_MAIL_ADDRESS, "is not a valid address"),
    Kind.GENDER: _gender,
    Kind.INT: _number(_INT_RANGE),
    Kind.MOBILE_NUMBER: _matching(_PHONE, "is not a telephone number"),
    #: Whole cents, as every amount of the API.
    Kind.MONEY: _number(_MONEY_RANGE),
    Kind.POSTCODE: _matching(_DUTCH_POSTCODE, "is not a Dutch postcode"),
    Kind.STRING: _text_or_number,
}


def _switched(entry: object) -> tuple[int, bool]:
    """Bit and new state of one entry of a set."""
    if isinstance(entry, dict) and entry.keys() <= _ENTRY_MEMBERS:
        bit, enabled = entry.get("bit"), entry.get("enabled")
        if isinstance(bit, int) and not isinstance(bit, bool) and isinstance(enabled, bool):
            return bit, enabled
    raise ValueError("needs a number `bit` and a boolean `enabled` in every entry, and nothing else")


def _changed_bits(option_bits: frozenset[int], given: object, now: frozenset[int]) -> frozenset[int]:
    """The bits that are on after the ones named were switched."""
    bits = set(now)
    if isinstance(given, list):
        for bit, enabled in map(_switched, given):
            if bit not in option_bits:
                raise ValueError(f"has no bit {bit}")
            (bits.add if enabled else bits.discard)(bit)
        return frozenset(bits)
    raise ValueError("is not a list of bits")


class Schema:
    """The properties of one account."""

    def __init__(self, properties: Iterable[Property]) -> None:
        self.properties = {each.name: each for each in properties}
        self._sets = [each for each in self.properties.values() if each.kind is Kind.SET]
        self._bits = {each.name: frozenset(option.bit for option in each.options) for each in self._sets}

    def changed(self, current: Mapping[str, Value], given: Mapping[str, object], *, purge: bool) -> dict[str, Value]:
        """The values after `given` was written over `current`, or over nothing with `purge`.

        Raises `ContactRefused` (`INVALID_PROPERTY`) for an unknown name or a value of the wrong kind.
        """
        values: dict[str, Value] = {} if purge else dict(current)
        for name, value in given.items():
            known = self.properties.get(name)
            if known is None:
                raise invalid_property(f"Property {name} is unknown")
            if value is None:
                continue
            if value == "":
                values.pop(name, None)
                continue
            try:
                if known.kind is Kind.SET:
                    now = values.get(name)
                    enabled = now if isinstance(now, frozenset) else frozenset[int]()
                    values[name] = _changed_bits(self._bits[name], value, enabled)
                else:
                    values[name] = _CONVERSIONS[known.kind](value)
            except ValueError as problem:
                raise invalid_property(f"{name} {problem}") from None
        return values

    def permission_bits(self) -> frozenset[int]:
        """The bits of all permissions."""
        return self._bits.get(PERMISSIONS, frozenset())

    def mobile_property(self) -> str | None:
        """The property that makes a contact reachable by SMS."""
        return next((p.name for p in self.properties.values() if p.kind is Kind.MOBILE_NUMBER), None)

    def visible(self, name: str) -> Property | None:
        """The property with this name, if callers of the API may see it."""
        found = self.properties.get(name)
        return found if found is not None and found.visible else None

    def rendered(self, values: Mapping[str, Value], zone: ZoneInfo, *, dates_as_timestamps: bool) -> dict[str, object]:
        """Whatever there is: what has no value is left out, sets come with all their options."""
        shown: dict[str, object] = {}
        for name, value in values.items():
            if isinstance(value, datetime):
                shown[name] = iso(value, zone)
            elif isinstance(value, date):
                whole = dates_as_timestamps and self.properties[name].kind is Kind.DATE
                midnight = datetime(value.year, value.month, value.day, tzinfo=zone)
                shown[name] = iso(midnight, zone) if whole else value.isoformat()
            elif not isinstance(value, frozenset):
                shown[name] = value
        for each in self._sets:
            enabled = values.get(each.name)
            on = enabled if isinstance(enabled, frozenset) else frozenset[int]()
            shown[each.name] = [
                {"bit": option.bit, "enabled": option.bit in on, "description": option.description}
                for option in each.options
            ]
        return shown
