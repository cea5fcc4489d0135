"""The way back: from a value of Spotler to a value that a Dataverse column takes.

    to_column(column, type, wire, zone)      any field but a list field
    item_to_column(column, enabled)          one item of a list field
    items_to_column(column, names)           the items of a list field that are on

| column | accepts | becomes |
|---|---|---|
| text, several lines | text, a gender, a whole number | the text; refused if it is too long, never cut |
| choice | text: the label of one choice, ignoring case; a gender | its number |
| choices | text: labels separated by semicolons; items that are on | their numbers: `1,2` |
| yes/no | text: a word for it; an item | `true`, `false` |
| whole number | a whole number, an amount without cents, a text that is written exactly so | the number |
| decimal, currency | an amount, a whole number | the number; refused if the column rounds it |
| date (DateOnly) | a date; a moment: its day in the time zone | `2024-05-31` |
| moment (UserLocal) | a moment; a date: its midnight in the time zone, see `_moment` | `2024-05-31T08:15:30Z` |
| moment without a zone (TimeZoneIndependent) | a moment: as clocks in the zone show it; a date: midnight | `…Z` |

No value empties the column. Everything else raises `Invalid`; its sentences never quote a value. States, lookups and
keys are never written.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from typing import Final

from connector.dataverse.schema.model import Column, Kind
from connector.errors import Invalid
from connector.mapping.values.cells import Cell
from connector.mapping.values.labels import chosen_labels, label_key
from connector.mapping.values.numbers import parse_number
from connector.mapping.values.times import MIDNIGHTS_DIFFER
from connector.mapping.values.words import to_gender, to_yes_no
from connector.spotler import PropertyType, from_spotler
from connector.spotler.conversions import Value
from connector.spotler.texts import clean_text
from connector.words import Sentence

#: A value as it is written into a column.
type ColumnValue = str | int | float | bool | None

#: The range of a whole number where the definition does not narrow it.
_WHOLE: Final = {Kind.INTEGER: 2**31 - 1, Kind.BIG_INTEGER: 2**63 - 1}
#: Dataverse takes no other characters below the blank than those that end lines, and no lone surrogates.
_NOT_STORED: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
#: The first year of a date in Dataverse.
_FIRST_YEAR: Final = 1753

#: The first year with the summer time of today (directive 94/21/EC); for earlier ones Dynamics may have other rules.
_SAME_RULES: Final = 1996

_WRONG_TYPE: Final = "A value of this Spotler field cannot be written into a column of this type."
_NO_CHOICE: Final = "The column has no choice with this label."


def to_column(column: Column, kind: str | None, wire: object, zone: tzinfo) -> ColumnValue:
    """The value for a column, of every field but a list field; None empties it.

    Args:
        column: its definition.
        kind: the type of the Spotler field.
        wire: what Spotler sent.
        zone: the time zone in which a moment becomes a day.

    Raises:
        Invalid: it does not fit the column, or is no value of that type.
    """
    value = from_spotler(kind, wire)
    if isinstance(value, str):
        value = clean_text(value)
    if value is None or value == "":
        return None
    converter = _CONVERTERS.get(column.kind)
    if converter is None:
        raise Invalid(_WRONG_TYPE)
    return converter(column, value, zone, kind)


def item_to_column(column: Column, *, enabled: bool) -> ColumnValue:
    """Whether an item is on, for a yes/no column.

    Raises:
        Invalid: the column is of another type.
    """
    if column.kind is not Kind.YES_NO:
        raise Invalid("An item of a list field fits a yes/no column only.")
    return enabled


def items_to_column(column: Column, names: Iterable[str]) -> ColumnValue:
    """The items that are on, as choices with these labels.

    Raises:
        Invalid: an item is no choice of the column, several items are on for one choice, or the column is no choice.
    """
    numbers = sorted({_number_of(column, name) for name in names})
    match column.kind:
        case Kind.CHOICES:
            return ",".join(map(str, numbers)) or None
        case Kind.CHOICE if len(numbers) <= 1:
            return numbers[0] if numbers else None
        case Kind.CHOICE:
            raise Invalid("Several items of the list field are on, and the column takes one choice.")
        case _:
            raise Invalid("A list field fits a column with choices only.")


def shown(column: Column, value: ColumnValue) -> Cell:
    """The value as the Web API would show it in a row of that column, so that it can be converted again."""
    match column.kind, value:
        case Kind.CHOICE | Kind.STATE | Kind.STATUS, int():
            return Cell(value, column.options.get(value))
        case Kind.CHOICES, str():
            return Cell(value, "; ".join(column.options.get(int(each), "") for each in value.split(",")))
        case Kind.INTEGER | Kind.BIG_INTEGER, int():
            return Cell(value, str(value))
        case _:
            return Cell(value, None, column.kind is Kind.DATE_TIME_NO_ZONE, column.is_day)


def _text(column: Column, value: Value, _zone: tzinfo, _kind: str | None) -> ColumnValue:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise Invalid(_WRONG_TYPE)
    if _NOT_STORED.search(value):
        raise Invalid("The text has a character that Dataverse does not store.")
    if len(value.encode("utf-16-le")) // 2 > column.length:  # Dataverse counts as .NET does
        raise Invalid(
            Sentence("The text is longer than the column takes ({length}); it was not cut.", length=column.length)
        )
    return value


def _whole(column: Column, value: Value, _zone: tzinfo, _kind: str | None) -> ColumnValue:
    number: object = value
    if isinstance(value, Decimal):
        number = int(value) if value == value.to_integral_value() else None
    elif isinstance(value, str):
        number = _written_whole(value)
    if not isinstance(number, int) or isinstance(number, bool):
        raise Invalid("The column takes a whole number.")
    limit = _WHOLE[column.kind]
    return number if _within(column, number, limit) else _out_of_range(column)


def _written_whole(text: str) -> int | None:
    if re.fullmatch("-?[1-9][0-9]{0,18}", text, re.ASCII):
        return int(text)
    # A telephone number or a code that begins with 0 or + would come back without it.
    parsed = parse_number(text) if re.fullmatch("-?[1-9].*|0", text, re.DOTALL) else None
    return int(parsed) if parsed is not None and parsed == parsed.to_integral_value() else None


def _amount(column: Column, value: Value, _zone: tzinfo, _kind: str | None) -> ColumnValue:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Invalid(_WRONG_TYPE)
    amount = Decimal(value)
    if not _within(column, amount, 10**15):
        return _out_of_range(column)
    exponent = amount.normalize().as_tuple().exponent
    if column.precision is not None and isinstance(exponent, int) and -exponent > column.precision:
        raise Invalid(
            Sentence(
                "The amount has more decimals than the column keeps ({precision}); it was not rounded.",
                precision=column.precision,
            )
        )
    if amount == amount.to_integral_value():
        return int(amount)
    number = float(amount)
    if Decimal(repr(number)) != amount:  # JSON numbers are read as floating-point numbers on the way
        raise Invalid("The amount has more digits than can be written exactly.")
    return number


def _yes_no(_column: Column, value: Value, _zone: tzinfo, _kind: str | None) -> ColumnValue:
    if not isinstance(value, str):
        raise Invalid(_WRONG_TYPE)
    try:
        return to_yes_no(Cell(value))
    except Invalid:
        raise Invalid("The column takes yes or no, or a word for it.") from None


def _choice(column: Column, value: Value, _zone: tzinfo, kind: str | None) -> ColumnValue:
    if not isinstance(value, str):
        raise Invalid(_WRONG_TYPE)
    if kind != PropertyType.GENDER:
        return _number_of(column, value)
    fitting = [number for number, label in column.options.items() if to_gender(Cell(number, label)) == value]
    if len(fitting) != 1:
        raise Invalid("The column has no choice, or several, for this gender.")
    return fitting[0]


def _choices(column: Column, value: Value, _zone: tzinfo, _kind: str | None) -> ColumnValue:
    if not isinstance(value, str):
        raise Invalid(_WRONG_TYPE)
    known = {label_key(label) for label in column.options.values()}
    return items_to_column(column, chosen_labels(Cell(value), known))


def _day(_column: Column, value: Value, zone: tzinfo, _kind: str | None) -> ColumnValue:
    return _checked(_day_of(value, zone)).isoformat()


def _moment(column: Column, value: Value, zone: tzinfo, _kind: str | None) -> ColumnValue:
    if isinstance(value, datetime):
        return _written(value.astimezone(UTC))
    day = _day_of(value, zone)
    # Where the clocks skip midnight this is the first moment of the day.
    midnight = datetime.combine(day, time(), zone).astimezone(UTC)
    # A moment that is the same day by every rule that Dynamics may have for the past.
    return _written(midnight + MIDNIGHTS_DIFFER if column.is_day and day.year < _SAME_RULES else midnight)


def _wall_clock(_column: Column, value: Value, zone: tzinfo, _kind: str | None) -> ColumnValue:
    if isinstance(value, datetime):
        return _written(value.astimezone(zone))
    return _written(datetime.combine(_day_of(value, zone), time()))


def _day_of(value: Value, zone: tzinfo) -> date:
    """The day; midnight in UTC stands for a date that was sent as a moment."""
    if isinstance(value, datetime):
        local = value if value.astimezone(UTC).time() == time() else value.astimezone(zone)
        return local.date()
    if not isinstance(value, date):
        raise Invalid(_WRONG_TYPE)
    return value


def _written(moment: datetime) -> str:
    """The form of both kinds of times; fractions of a second are not kept."""
    _checked(moment)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _checked[D: date](day: D) -> D:
    if day.year < _FIRST_YEAR:
        raise Invalid(Sentence("Dataverse has no dates before {year}.", year=str(_FIRST_YEAR)))
    return day


def _number_of(column: Column, label: str) -> int:
    wanted = label_key(label)
    found = [number for number, each in column.options.items() if label_key(each) == wanted]
    if len(found) > 1:
        raise Invalid("The column has several choices with this label.")
    if not found:
        raise Invalid(_NO_CHOICE)
    return found[0]


def _within(column: Column, number: int | Decimal, limit: int) -> bool:
    low = -limit - 1 if column.minimum is None else max(-limit - 1, column.minimum)
    high = limit if column.maximum is None else min(limit, column.maximum)
    return low <= number <= high


def _out_of_range(column: Column) -> ColumnValue:
    raise Invalid(Sentence("The number is outside the range of the column {name}.", name=column.name))


_CONVERTERS: Final[Mapping[Kind, Callable[[Column, Value, tzinfo, str | None], ColumnValue]]] = {
    Kind.TEXT: _text,
    Kind.MEMO: _text,
    Kind.INTEGER: _whole,
    Kind.BIG_INTEGER: _whole,
    Kind.DECIMAL: _amount,
    Kind.MONEY: _amount,
    Kind.YES_NO: _yes_no,
    Kind.CHOICE: _choice,
    Kind.CHOICES: _choices,
    Kind.DATE: _day,
    Kind.DATE_TIME: _moment,
    Kind.DATE_TIME_NO_ZONE: _wall_clock,
}
