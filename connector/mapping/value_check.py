"""Filters and constants of a mapping, compared with the columns that they are about."""

from collections import abc
from typing import Final

from connector.dataverse.schema.model import Column, Kind
from connector.errors import Invalid
from connector.mapping.findings import Wrong, or_similar
from connector.mapping.values import Cell, equals, to_yes_no
from connector.mapping.values.numbers import parse_number
from connector.words import Sentence

_NUMBERS: Final = frozenset({Kind.INTEGER, Kind.BIG_INTEGER, Kind.DECIMAL, Kind.MONEY})
_CHOICES: Final = frozenset({Kind.CHOICE, Kind.CHOICES, Kind.STATE, Kind.STATUS})


def wrong_filter(column: Column, wanted: str) -> abc.Iterator[Wrong]:
    """Why a filter would exclude every record, which then loses its permissions."""
    if column.kind in _NUMBERS and _number(wanted) is None:
        remedy = Sentence("Write it without a separator between thousands.")
        yield Sentence("the filter can be read as two numbers"), remedy
    if not _is_choice(column, wanted):
        yield _no_choice(column, wanted)


def wrong_constant(column: Column, text: str) -> abc.Iterator[Wrong]:
    """Why a text cannot be written into a column of a new record."""
    if column.kind is Kind.YES_NO and not _is_yes_or_no(text):
        yield Sentence("the text cannot be written to {name}", name=column.name), Sentence("Write true or false.")
    if column.kind in _NUMBERS and not _number(text):
        yield Sentence("the text cannot be written to {name}", name=column.name), Sentence("Write a number.")
    if not _is_choice(column, text):
        yield _no_choice(column, text)


def _no_choice(column: Column, text: str) -> Wrong:
    remedy = or_similar(text, column.options.values(), Sentence("Write the value or the label of a choice."))
    return Sentence("{name} has no choice {text}", name=column.name, text=text), remedy


def _is_choice(column: Column, text: str) -> bool:
    """Whether it is one of the column's choices, as far as they are known; whatever it is where there are none."""
    if column.kind not in _CHOICES or not column.options or (column.kind is Kind.CHOICES and ";" in text):
        return True
    values = column.options.items()
    return any(
        equals(Cell(str(value) if column.kind is Kind.CHOICES else value, label), text) for value, label in values
    )


def _number(text: str) -> bool | None:
    """Whether it is a number; None if it can be read as two."""
    try:
        return parse_number(text) is not None
    except Invalid:
        return None


def _is_yes_or_no(text: str) -> bool:
    try:
        to_yes_no(Cell(text))
    except Invalid:
        return False
    return True
