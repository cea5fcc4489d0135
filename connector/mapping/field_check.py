"""What does not go with the type and the items of a Spotler field."""

from collections import abc
from datetime import UTC
from typing import Final

from connector.errors import Invalid
from connector.mapping.columns import Constant, CustomerType, Mapped
from connector.mapping.draft import SET, entries_of
from connector.mapping.findings import Finding, or_similar
from connector.mapping.model import MappingRow
from connector.mapping.values import Cell, chosen_labels, to_wire, to_yes_no
from connector.mapping.values.labels import label_key
from connector.spotler import Field

_TEXT_TYPES: Final = ("string", "email", "mobNr", "postcode")


def field_findings(where: str, row: MappingRow, field: Field) -> abc.Iterator[Finding]:
    """What is wrong with a row that maps this field."""
    is_set = field.type == SET
    if (row.item or row.items) and not is_set:
        yield Finding(where, f"{field.name} is not a list field and has no items", "Leave the item out.")
    if is_set:
        known = entries_of(field)
        for item in filter(None, (row.item, *row.items)):
            if label_key(item) not in known:
                remedy = or_similar(item, (option.name for option in field.options), "Add it in Spotler.")
                yield Finding(where, f"{field.name} has no item {item}", remedy, is_fatal=False)
    for expression in dict.fromkeys(row.columns.values()):
        what = f"{field.name}, which is of type {field.type}"
        match expression:
            case Mapped(collection) if not is_set:
                why = f"@map({collection}) cannot be sent to {what}"
                yield Finding(where, why, "It needs a list field.")
            case CustomerType() if field.type not in _TEXT_TYPES:
                yield Finding(where, f"$CustomerType cannot be sent to {what}", "It needs a text field.")
            case Constant(text) if not _constant_fits(text, row, field):
                yield Finding(where, f"the constant cannot be sent to {what}", "Write a value that fits the field.")


def _constant_fits(text: str, row: MappingRow, field: Field) -> bool:
    cell = Cell(text)
    try:
        if row.item:
            to_yes_no(cell)
        elif field.type == SET:
            entries = entries_of(field).keys()
            return entries >= set(chosen_labels(cell, entries))
        else:
            to_wire(field.type, cell, UTC)
    except Invalid:
        return False
    return True
