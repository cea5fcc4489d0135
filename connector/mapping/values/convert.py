"""Which conversion belongs to which type of Spotler field; see the table of the package."""

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Final

from connector.errors import Invalid
from connector.mapping.values.cells import Cell, to_text
from connector.mapping.values.numbers import to_money, to_whole
from connector.mapping.values.times import to_date, to_moment
from connector.mapping.values.words import to_gender, to_yes_no
from connector.spotler import PropertyType, to_spotler
from connector.spotler.conversions import Value
from connector.spotler.models import WireValue


def to_wire(kind: str | None, cell: Cell, zone: tzinfo) -> WireValue:
    """The form in which Spotler takes a value, for every type but a list field; empty clears the field.

    Args:
        kind: the type of the field; None for one that the connector does not know.
        cell: the value.
        zone: the time zone in which a moment becomes a day.

    Raises:
        Invalid: the value does not fit the type; the sentence says what would.
    """
    return to_spotler(kind, convert(kind, cell, zone))


def typed(kind: str | None, text: str, zone: tzinfo) -> WireValue:
    """The form in which Spotler takes what somebody typed; for a list field, whether its item is to be on.

    Raises:
        Invalid: the text is blank, or does not fit the type; the sentence says what would.
    """
    cell = Cell(text)
    if cell.is_empty:
        raise Invalid("The value is empty; to empty a field use the operation Clear Contact Field.")
    if kind == PropertyType.SET:
        return to_yes_no(cell)
    return to_wire(kind, cell, zone)


def convert(kind: str | None, cell: Cell, zone: tzinfo) -> Value:
    """The value in the Python type of a Spotler type (all but list fields); None for nothing.

    Raises:
        Invalid: the value does not fit the type.
    """
    if cell.is_empty:
        return None
    converter = _CONVERTERS.get(kind)
    if converter is None:
        raise Invalid("The Spotler field has a type that this version of the connector does not know.")
    return converter(cell, zone)


_CONVERTERS: Final[Mapping[str | None, Callable[[Cell, tzinfo], Value]]] = {
    PropertyType.STRING: lambda cell, _: to_text(cell),
    PropertyType.EMAIL: lambda cell, _: to_text(cell),
    PropertyType.MOBILE: lambda cell, _: to_text(cell),
    PropertyType.POSTCODE: lambda cell, _: to_text(cell),
    PropertyType.GENDER: lambda cell, _: to_gender(cell),
    PropertyType.INT: lambda cell, _: to_whole(cell),
    PropertyType.MONEY: lambda cell, _: to_money(cell),
    PropertyType.DATE: to_date,
    PropertyType.BIRTHDATE: to_date,
    PropertyType.DATE_TIME: to_moment,
}
