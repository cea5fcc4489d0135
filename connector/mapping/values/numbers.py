"""Numbers, as Dataverse sends them and as people write them.

A text is read the Dutch way (`1.234,50`) and the English way (`1,234.50`). It is a number if only one of them can read
it, or both read the same. `1.000` is a thousand or one: it is refused. A blank or an apostrophe may also separate the
thousands; `12,-` is a round amount.

| written | read |
|---|---|
| `1234`, `1234,5`, `1234.50`, `0.125`, `12,-` | as it is written |
| `1.234,50`, `1,234.50`, `1 234,50`, `1.234.567` | with groups of three |
| `1.234`, `12,345` | refused: two ways |
"""

import re
from decimal import ROUND_HALF_UP, Decimal, DecimalException
from typing import Final

from connector.errors import Invalid
from connector.mapping.values.cells import Cell
from connector.spotler.texts import clean_text

_CENT: Final = Decimal("0.01")
#: More digits than a Dataverse currency can have (fifteen and four decimals) are no amount of money.
_MONEY_LIMIT: Final = Decimal(10) ** 15
#: No number that people write is longer; keeps patterns away from whole documents.
_LONGEST: Final = 40

_EURO: Final = re.compile(r"(?:€|eur\b|euro\b)", re.IGNORECASE)
#: What word processors write instead of a minus, a blank and an apostrophe.
_PLAIN: Final = str.maketrans({"\u2212": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2019": "'"})

_NOT_AN_AMOUNT: Final = "The field takes an amount, such as 1234,50 or 1.234,50."
_NOT_WHOLE: Final = "The field takes a whole number, such as 1234."


def _reading(group: str, point: str) -> re.Pattern[str]:
    """How a number is written where `group` separates its digits and `point` its decimals."""
    grouped = rf"[1-9][0-9]{{0,2}}(?P<group>[{group} '])[0-9]{{3}}(?:(?P=group)[0-9]{{3}})*"
    part = r"(?P<part>[0-9]{1,10})|--?|[\u2013\u2014]"
    return re.compile(rf"(?P<sign>[+-]?) ?(?P<whole>[0-9]{{1,18}}|{grouped})(?:[{point}](?:{part}))?")


_READINGS: Final = (_reading(".", ","), _reading(",", "."))


def parse_number(text: str) -> Decimal | None:
    """The number that a text is; None if it is none.

    Raises:
        Invalid: it is one number to the Dutch and another one to the English.
    """
    text = clean_text(text).translate(_PLAIN)
    if len(text) > _LONGEST:
        return None
    found = {_value(match) for reading in _READINGS if (match := reading.fullmatch(text))}
    if len(found) > 1:
        raise Invalid("The number can be read in two ways; write it without a separator between thousands.")
    return found.pop() if found else None


def to_whole(cell: Cell) -> int:
    """A whole number, or a text that is one.

    Raises:
        Invalid: it is none.
    """
    value = cell.value
    if isinstance(value, str):
        number = parse_number(value)
        value = int(number) if number is not None and number == number.to_integral_value() else None
    if not isinstance(value, int) or isinstance(value, bool):
        raise Invalid(_NOT_WHOLE)
    return value


def to_money(cell: Cell) -> Decimal:
    """An amount in whole currency units with two decimals, halves away from zero; the currency is ignored.

    Raises:
        Invalid: it is none.
    """
    value = cell.value
    if isinstance(value, str):
        value = parse_number(_EURO.sub("", value, count=1))
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise Invalid(_NOT_AN_AMOUNT)
    try:
        # By way of text, because Decimal(0.1) would show the binary fraction.
        amount = value if isinstance(value, Decimal) else Decimal(str(value))
        if abs(amount) < _MONEY_LIMIT:
            return amount.quantize(_CENT, ROUND_HALF_UP)
    except (DecimalException, ValueError):  # NaN, infinity, more digits than Python turns into text
        pass
    raise Invalid(_NOT_AN_AMOUNT)


def _value(match: re.Match[str]) -> Decimal:
    whole = re.sub(r"\D", "", match["whole"])
    return Decimal(f"{match['sign']}{whole}.{match['part'] or 0}")
