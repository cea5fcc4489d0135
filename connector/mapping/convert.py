"""Conversions from a Dataverse value to the value of a Spotler type.

| Dataverse | Spotler |
|---|---|
| text | `str`, trimmed |
| choice | `str`: its label |
| gender | `M`, `F` or nothing |
| choice, multi-choice | `dict[int, bool]`: the items of a list field, matched by label ignoring case |
| yes/no | `true` / `false`, or one item on or off |
| whole number | `int` |
| decimal, currency | `Decimal` with two decimals |
| date, date-time | `date` (in the configured time zone) or `datetime` in UTC |
| lookup | `str`: the name of the referred row |

A row says nothing about the types of its columns, so the kind of value follows from the JSON type, the formatted value
beside it and the type of the Spotler field. Functions here never raise: `NO_VALUE` stands for "not convertible", and
`CLEAR` for "empty".
"""

import re
from collections import abc
from datetime import UTC, date, datetime, time, tzinfo
from decimal import ROUND_HALF_UP, Decimal, DecimalException
from enum import Enum
from typing import Final, Literal, NamedTuple

#: What Spotler reads as "make the field empty", whatever its type.
CLEAR: Final = ""

_CENT: Final = Decimal("0.01")
#: More digits than a Dataverse currency can have (fifteen and four decimals) are no amount of money.
_MONEY_LIMIT: Final = Decimal(10) ** 15

_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}")
_AMOUNT: Final = re.compile(r"[+-]?[0-9]{1,15}([.,][0-9]{1,10})?")
_CHOICES: Final = re.compile(r"-?[0-9]+(,-?[0-9]+)*")
_DATE_LENGTH: Final = len("2024-02-29")

_YES: Final = frozenset({"true", "yes", "ja", "1"})
_NO: Final = frozenset({"false", "no", "nee", "0"})

#: Values of the column gendercode of contacts.
_GENDERS: Final = {1: "M", 2: "F"}
_GENDER_WORDS: Final = {
    "m": "M", "male": "M", "man": "M", "f": "F", "v": "F", "female": "F", "vrouw": "F", "woman": "F",
}  # fmt: skip


class NoValue(Enum):
    """The type of `NO_VALUE`."""

    NO_VALUE = "not convertible"


NO_VALUE: Final = NoValue.NO_VALUE

type Unconvertible = Literal[NoValue.NO_VALUE]
type Converted = str | int | Decimal | date | datetime


class Cell(NamedTuple):
    """A value of a row, as the Web API shows it.

    Attributes:
        value: the JSON value.
        label: its formatted value: a choice's label, the labels of a multi-choice, the name of a lookup's row.
    """

    value: object
    label: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it; blanks are nothing."""
        return self.value is None or (isinstance(self.value, str) and not self.value.strip())


def convert(type_: str, cell: Cell, zone: tzinfo) -> Converted | Unconvertible:
    """The value of a Spotler type (all but `set`), `CLEAR`, or `NO_VALUE`."""
    if cell.is_empty:
        return CLEAR
    converter = _CONVERTERS.get(type_)
    return converter(cell, zone) if converter else NO_VALUE


def to_text(cell: Cell, _zone: tzinfo | None = None) -> str | Unconvertible:
    """Text, the label of a choice, or `true` / `false`."""
    value, label = cell
    if isinstance(value, str):
        # A text column has no formatted value; a multi-choice is shown as "1,2" with its labels beside it.
        return label.strip() if label and _CHOICES.fullmatch(value) else value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and label:
        return label.strip()
    return NO_VALUE


def to_whole(cell: Cell, _zone: tzinfo | None = None) -> int | Unconvertible:
    """A whole number, or a text that is one."""
    value = cell.value
    if isinstance(value, str):
        return int(value) if _WHOLE.fullmatch(value := value.strip()) else NO_VALUE
    return value if isinstance(value, int) and not isinstance(value, bool) else NO_VALUE


def to_money(cell: Cell, _zone: tzinfo | None = None) -> Decimal | Unconvertible:
    """An amount in whole currency units with two decimals, halves away from zero; the currency is ignored."""
    value = cell.value
    if isinstance(value, str):
        text = value.strip()
        if not _AMOUNT.fullmatch(text):
            return NO_VALUE
        value = Decimal(text.replace(",", "."))
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return NO_VALUE
    try:
        # By way of text, because Decimal(0.1) would show the binary fraction.
        amount = value if isinstance(value, Decimal) else Decimal(str(value))
        return amount.quantize(_CENT, ROUND_HALF_UP) if abs(amount) < _MONEY_LIMIT else NO_VALUE
    except (DecimalException, ValueError):  # NaN, infinity, more digits than Python turns into text
        return NO_VALUE


def to_date(cell: Cell, zone: tzinfo) -> date | Unconvertible:
    """A date; of a date-time the day that it was in the time zone."""
    parsed = _parse_time(cell.value)
    if not isinstance(parsed, datetime):
        return parsed
    try:
        return parsed.astimezone(zone).date()
    except (OverflowError, ValueError):  # the first and last day of the calendar
        return NO_VALUE


def to_date_time(cell: Cell, _zone: tzinfo | None = None) -> datetime | Unconvertible:
    """A moment in UTC; a date is its midnight, so that the day stays the same."""
    parsed = _parse_time(cell.value)
    if isinstance(parsed, datetime) or parsed is NO_VALUE:
        return parsed
    return datetime.combine(parsed, time(), UTC)


def to_gender(cell: Cell, _zone: tzinfo | None = None) -> str | Unconvertible:
    """`M`, `F`, or empty for any other choice."""
    value = cell.value
    if isinstance(value, int) and not isinstance(value, bool):
        return _GENDERS.get(value, CLEAR)
    return _GENDER_WORDS.get(value.strip().casefold(), CLEAR) if isinstance(value, str) else NO_VALUE


def to_yes_no(cell: Cell) -> bool | Unconvertible:
    """Yes or no, or a word for it."""
    value = cell.value
    if isinstance(value, bool):
        return value
    word = value.strip().casefold() if isinstance(value, str) else ""
    return True if word in _YES else False if word in _NO else NO_VALUE


def to_labels(cell: Cell) -> tuple[str, ...] | Unconvertible:
    """The label of a choice, the labels of a multi-choice, or the parts of a text with semicolons."""
    if cell.is_empty:
        return ()
    text = cell.label or cell.value
    if not isinstance(text, str) or isinstance(cell.value, bool | float | list | dict):
        return NO_VALUE
    return tuple(filter(None, (part.strip() for part in (text.split(";") if _may_be_several(cell) else [text]))))


def equals(cell: Cell, wanted: str) -> bool:
    """Whether a column has a value, given as text: the value itself or its label, ignoring case.

    A multi-choice has every value that is chosen in it.
    """
    value, wanted = cell.value, wanted.strip().casefold()
    if cell.is_empty:
        return False
    if isinstance(value, bool):
        return to_yes_no(Cell(wanted)) is value or (cell.label or "").strip().casefold() == wanted
    if label := (cell.label or "").strip().casefold():
        parts = label.split(";") if _may_be_several(cell) else ()
        if wanted in (label, *(part.strip() for part in parts)):
            return True
    if isinstance(value, str):
        text = value.strip().casefold()
        return text == wanted or bool(cell.label and _CHOICES.fullmatch(text) and wanted in text.split(","))
    if isinstance(value, int | float | Decimal) and _AMOUNT.fullmatch(wanted):
        # By way of text, because 0.1 is not quite a tenth.
        exact = Decimal(str(value)) if isinstance(value, float) else value
        return bool(exact == Decimal(wanted.replace(",", ".")))
    return False


def _may_be_several(cell: Cell) -> bool:
    """Whether a semicolon parts labels here: in a multi-choice of several, or in a text; one label may have its own."""
    return isinstance(cell.value, str) and (not cell.label or "," in cell.value)


def _parse_time(value: object) -> datetime | date | Unconvertible:
    """A date, or a moment with its offset (UTC if it has none)."""
    if not isinstance(value, str):
        return NO_VALUE
    text = value.strip()
    try:
        if len(text) == _DATE_LENGTH and text[4] == text[7] == "-":
            return date.fromisoformat(text)
        if len(text) > _DATE_LENGTH and text[4] == text[7] == "-" and text[_DATE_LENGTH] in "T ":
            moment = datetime.fromisoformat(text)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        pass
    return NO_VALUE


_CONVERTERS: Final[abc.Mapping[str, abc.Callable[[Cell, tzinfo], Converted | Unconvertible]]] = {
    "string": to_text,
    "email": to_text,
    "mobNr": to_text,
    "postcode": to_text,
    "gender": to_gender,
    "int": to_whole,
    "money": to_money,
    "date": to_date,
    "birthdate": to_date,
    "dateTime": to_date_time,
}
