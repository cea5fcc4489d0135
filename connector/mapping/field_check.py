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
from connector.words import Sentence

_TEXT_TYPES: Final = ("string", "email", "mobNr", "postcode")


def field_findings(where: str, row: MappingRow, field: Field) -> abc.Iterator[Finding]:
    """What is wrong with a row that maps this field."""
    is_set = field.type == SET
    if (row.item or row.items) and not is_set:
        why = Sentence("{field} is not a list field and has no items", field=field.name)
        yield Finding(where, why, Sentence("Leave the item out."))
    if is_set:
        known = entries_of(field)
        for item in filter(None, (row.item, *row.items)):
            if label_key(item) not in known:
                names = (option.name for option in field.options)
                remedy = or_similar(item, names, Sentence("Add it in Spotler."))
                why = Sentence("{field} has no item {item}", field=field.name, item=item)
                yield Finding(where, why, remedy, is_fatal=False)
    for expression in dict.fromkeys(row.columns.values()):
        match expression:
            case Mapped(collection) if not is_set:
                yield Finding(where, _cannot(f"@map({collection})", field), Sentence("It needs a list field."))
            case CustomerType() if field.type not in _TEXT_TYPES:
                yield Finding(where, _cannot("$CustomerType", field), Sentence("It needs a text field."))
            case Constant(text) if not _constant_fits(text, row, field):
                why = _cannot(Sentence("the constant"), field)
                yield Finding(where, why, Sentence("Write a value that fits the field."))


def _cannot(what: str, field: Field) -> Sentence:
    return Sentence(
        "{what} cannot be sent to {field}, which is of type {type}",
        what=what,
        field=field.name,
        type=str(field.type),
    )


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
