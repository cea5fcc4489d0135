"""Values that people type into a job ("Set Contact Field"), for a field of Spotler.

Every type has a few accepted forms, Dutch and international ones; anything else is refused with a sentence that names
them, so an invalid value is never sent.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from connector.errors import Invalid
from connector.spotler.conversions import Value, to_spotler
from connector.spotler.fields import PropertyType
from connector.spotler.models import WireValue

_ON: Final = frozenset({"true", "ja", "1"})
_OFF: Final = frozenset({"false", "nee", "0"})
_GENDERS: Final = {"m": "M", "man": "M", "male": "M", "v": "F", "f": "F", "vrouw": "F", "female": "F"}

_INT: Final = re.compile(r"[+-]?[0-9]{1,18}")
_AMOUNT: Final = re.compile(r"[+-]?[0-9]{1,15}(?:[.,][0-9]{1,2})?")
_ISO_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ].*)?")
_DUTCH_DATE: Final = re.compile(r"([0-9]{1,2})(?P<separator>[-/])([0-9]{1,2})(?P=separator)([0-9]{4})")


def parse_text(kind: str | None, text: str) -> WireValue:
    """The form in which Spotler takes what somebody typed.

    Args:
        kind: the type of the field, a `PropertyType`.
        text: as typed.

    Returns:
        The value to send; for a list field whether its item is to be on, since the text does not name the item.

    Raises:
        Invalid: the text is blank, or has none of the accepted forms.
    """
    text = text.strip()
    if not text:
        raise Invalid("The value is empty; to empty a field use the operation Clear Contact Field.")
    if kind == PropertyType.SET:
        return parse_boolean(text)
    return to_spotler(kind, _PARSERS[kind](text) if kind in _PARSERS else text)


def parse_boolean(text: str) -> bool:
    """Whether an item of a list is switched on or off.

    Raises:
        Invalid: it is none of the accepted words.
    """
    word = text.strip().lower()
    if word in _ON:
        return True
    if word in _OFF:
        return False
    raise Invalid("An item of a list takes true, ja or 1, or false, nee or 0.")


def _int(text: str) -> int:
    if not _INT.fullmatch(text):
        raise Invalid("The field takes a whole number: digits, with or without a sign.")
    return int(text)


def _amount(text: str) -> Decimal:
    if not _AMOUNT.fullmatch(text):
        raise Invalid("The field takes an amount such as 1234,50 or 1234.50, without thousands separators.")
    return Decimal(text.replace(",", "."))


def _date(text: str) -> date:
    """A date; of a moment, its date as written."""
    try:
        if iso := _ISO_DATE.fullmatch(text):
            if len(text) > len("2024-05-01"):
                return datetime.fromisoformat(text).date()
            return date(int(iso[1]), int(iso[2]), int(iso[3]))
        if dutch := _DUTCH_DATE.fullmatch(text):
            return date(int(dutch[4]), int(dutch[3]), int(dutch[1]))
    except ValueError:
        pass
    raise Invalid("The field takes a date such as 2024-05-31, 31-05-2024 or 31/05/2024.")


def _moment(text: str) -> datetime:
    """A moment; without offset it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("The field takes a moment such as 2024-05-31T14:30:00+02:00.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _gender(text: str) -> str:
    gender = _GENDERS.get(text.lower())
    if gender is None:
        raise Invalid("The field takes M, V, F, man, vrouw, male or female.")
    return gender


_PARSERS: Final[Mapping[str | None, Callable[[str], Value]]] = {
    PropertyType.INT: _int,
    PropertyType.MONEY: _amount,
    PropertyType.DATE: _date,
    PropertyType.BIRTHDATE: _date,
    PropertyType.DATE_TIME: _moment,
    PropertyType.GENDER: _gender,
}
