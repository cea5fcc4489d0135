"""Whether a column has the value that a filter asks for."""

from decimal import Decimal

from connector.errors import Invalid
from connector.mapping.values.cells import Cell
from connector.mapping.values.labels import label_key, parts_of
from connector.mapping.values.numbers import parse_number
from connector.mapping.values.words import to_yes_no


def equals(cell: Cell, wanted: str) -> bool:
    """Whether a column has a value, given as text: the value itself or its label, ignoring case.

    A multi-choice has every value that is chosen in it.
    """
    if cell.is_empty:
        return False
    has_label = bool(cell.label) and label_key(cell.label or "") == label_key(wanted)
    return has_label or _has_value(cell, wanted)


def _has_value(cell: Cell, wanted: str) -> bool:
    key, value = label_key(wanted), cell.value
    match value:
        case bool():
            return _is(value, wanted)
        case str() if cell.is_choices:
            chosen = value.split(",")
            return key in chosen or (len(chosen) > 1 and _has_run(parts_of(cell), key.split("; ")))
        case str():
            return label_key(value) == key
        case int() | float() | Decimal():
            # By way of text, because 0.1 is not quite a tenth.
            return _number(wanted) == (Decimal(str(value)) if isinstance(value, float) else value)
        case _:
            return False


def _is(value: bool, wanted: str) -> bool:
    try:
        return to_yes_no(Cell(wanted)) is value
    except Invalid:
        return False


def _number(text: str) -> Decimal | None:
    """The number; none where it can be read in two ways."""
    try:
        return parse_number(text)
    except Invalid:
        return None


def _has_run(parts: list[str], wanted: list[str]) -> bool:
    """Whether the wanted parts stand together; a label may have semicolons in it."""
    return any(parts[start : start + len(wanted)] == wanted for start in range(len(parts)))
