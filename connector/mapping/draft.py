"""The contact that is being put together for Spotler: its properties, and what was left out of it.

Warnings name columns and fields, never values, because they are logged and shown on job rows.
"""

from collections import abc
from datetime import tzinfo
from typing import Final

from connector.consent import Decision
from connector.errors import Invalid
from connector.mapping.model import EMAIL
from connector.mapping.values import Cell, chosen_labels, to_wire, to_yes_no
from connector.mapping.values.cells import to_text
from connector.mapping.values.labels import label_key
from connector.spotler import CLEARED, Field, Fields, PropertyType, clean_address, to_spotler
from connector.words import Sentence

#: The Spotler type of a list field: options that are on or off.
SET: Final = PropertyType.SET


class Draft:
    """Collects properties by internal name; `finish` writes the list fields, whose items come from several places."""

    __slots__ = ("_bits", "_fields", "_zone", "properties", "warnings")

    def __init__(self, fields: Fields, zone: tzinfo) -> None:
        self.properties: dict[str, object] = {}
        self.warnings: list[str] = []
        self._bits: dict[str, dict[int, bool]] = {}
        self._fields = fields
        self._zone = zone

    def find(self, name: str) -> Field | None:
        """The field; where it is missing, its row of the mapping is skipped with a warning."""
        field = self._fields.get(name)
        if field is None:
            self.warn(
                Sentence("The field {name} does not exist in Spotler or is not visible, so it was not sent.", name=name)
            )
        return field

    def warn(self, sentence: str) -> None:
        """Note something for people, once."""
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def put(self, field: Field, column: str, cell: Cell) -> None:
        """Convert a value and set a field that is not a list field; leave it out if that is not possible.

        Raises:
            Invalid: it is the address of the contact, and has an invisible character in it.
        """
        is_address = field.name.casefold() == EMAIL
        try:
            value = _address(cell) if is_address else to_wire(field.type, cell, self._zone)
        except Invalid as error:
            self._leave_out(field, column, error)
        else:
            self.properties[field.name] = clean_address(str(value)) if is_address else value

    def put_item(self, field: Field, item: str, column: str, cell: Cell) -> None:
        """Switch one item of a list field on or off; empty is off."""
        bit = entries_of(field).get(label_key(item))
        if bit is None:
            self.warn(
                Sentence(
                    "The field {name} has no item {item} in Spotler, so it was not sent.", name=field.label, item=item
                )
            )
            return
        try:
            self._bits_of(field)[bit] = not cell.is_empty and to_yes_no(cell)
        except Invalid:
            self.warn(
                Sentence(
                    "The column {column} is not yes or no, so the item {item} of {name} was left out.",
                    column=column,
                    item=item,
                    name=field.label,
                )
            )

    def put_labels(self, field: Field, items: abc.Collection[str], column: str, cell: Cell) -> None:
        """Switch on the items of a list field that are chosen in a column, and off the others."""
        try:
            chosen = set(chosen_labels(cell, entries_of(field).keys()))
        except Invalid as error:
            self._leave_out(field, column, error)
            return
        entries = allowed_entries(field, items)
        if chosen - entries.keys():
            self.warn(
                Sentence(
                    "The column {column} has a choice that is not an item of the field {name}; left out.",
                    column=column,
                    name=field.label,
                )
            )
        self._bits_of(field).update({bit: name in chosen for name, bit in entries.items()})

    def put_permissions(self, field: Field, items: abc.Collection[str], decision: Decision) -> int:
        """Switch permissions on and off as it was decided.

        Returns:
            how many permissions are off but could not be sent, because the field has no such item.
        """
        switches = decision.by_bit(field.options, items)
        if switches.unmatched:
            self.warn(
                Sentence(
                    "Permissions that are no item of the field {name} were not sent: {unmatched}.",
                    name=field.label,
                    unmatched=switches.unmatched,
                )
            )
        self._bits_of(field).update(switches.bits)
        return switches.lost_refusals

    def finish(self) -> None:
        """Write the list fields, their items in the order of their bits."""
        for name, bits in self._bits.items():
            if bits:
                self.properties[name] = to_spotler(SET, dict(sorted(bits.items())))

    def _leave_out(self, field: Field, column: str, error: Invalid) -> None:
        self.warn(
            Sentence(
                "Column {column} was left out of {name}: {problem}",
                column=column,
                name=field.label,
                problem=error.sentence,
            )
        )

    def _bits_of(self, field: Field) -> dict[int, bool]:
        return self._bits.setdefault(field.name, {})


def entries_of(field: Field) -> dict[str, int]:
    """The bits of a list field by the key of their items (`label_key`)."""
    return {label_key(option.name): option.bit for option in field.options}


def allowed_entries(field: Field, items: abc.Collection[str]) -> dict[str, int]:
    """The entries that the mapping lets the connector touch: the items it names, or all."""
    entries = entries_of(field)
    if not items:
        return entries
    allowed = {label_key(item) for item in items}
    return {name: bit for name, bit in entries.items() if name in allowed}


def _address(cell: Cell) -> str:
    """The address as it is: a contact without one would look right, and Spotler refuses a wrong one by name."""
    return CLEARED if cell.is_empty else to_text(cell)
