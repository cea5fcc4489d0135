"""The contact that is being put together for Spotler: its properties, and what was left out of it.

Warnings name columns and fields, never values, because they are logged and shown on job rows.
"""

from collections import abc
from datetime import tzinfo
from typing import Final

from connector.consent import Decision
from connector.errors import Invalid
from connector.mapping.convert import CLEAR, NO_VALUE, Cell, Converted, convert, to_labels, to_yes_no
from connector.mapping.fields import FieldCatalogue, FieldInfo, ToWire
from connector.mapping.model import EMAIL

#: The Spotler type of a list field: options that are on or off.
SET: Final = "set"


class Draft:
    """Collects properties by internal name; `finish` writes the list fields, whose items come from several places."""

    __slots__ = ("_bits", "_fields", "_to_wire", "_zone", "properties", "warnings")

    def __init__(self, fields: FieldCatalogue, to_wire: ToWire, zone: tzinfo) -> None:
        self.properties: dict[str, object] = {}
        self.warnings: list[str] = []
        self._bits: dict[str, dict[int, bool]] = {}
        self._fields = fields
        self._to_wire = to_wire
        self._zone = zone

    def find(self, name: str) -> FieldInfo | None:
        """The field; where it is missing, its row of the mapping is skipped with a warning."""
        field = self._fields.get(name)
        if field is None:
            self.warn(f"The field {name} does not exist in Spotler or is not visible, so it was not sent.")
        return field

    def warn(self, sentence: str) -> None:
        """Note something for people, once."""
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def put(self, field: FieldInfo, column: str, cell: Cell) -> None:
        """Convert a value and set a field that is no list field; leave it out if that is not possible."""
        converted = convert(field.type, cell, self._zone) if field.type else NO_VALUE
        if converted == CLEAR:
            self.properties[field.name] = CLEAR
        elif field.type is None or converted is NO_VALUE:
            self.warn(f"The column {column} cannot be converted for the field {field.name} ({field.type}); left out.")
        else:
            self._write(field, field.type, column, converted)

    def put_item(self, field: FieldInfo, item: str, column: str, cell: Cell) -> None:
        """Switch one item of a list field on or off; empty is off."""
        on = False if cell.is_empty else to_yes_no(cell)
        bit = entries_of(field).get(item.casefold())
        if bit is None:
            self.warn(f"The field {field.name} has no item {item} in Spotler, so it was not sent.")
        elif on is NO_VALUE:
            self.warn(f"The column {column} is not yes or no, so the item {item} of {field.name} was left out.")
        else:
            self._bits_of(field)[bit] = on

    def put_labels(self, field: FieldInfo, items: abc.Collection[str], column: str, cell: Cell) -> None:
        """Switch on the items of a list field that are chosen in a column, and off the others."""
        labels = to_labels(cell)
        if labels is NO_VALUE:
            self.warn(f"The column {column} cannot be converted for the field {field.name} ({field.type}); left out.")
            return
        entries = allowed_entries(field, items)
        chosen = {label.casefold() for label in labels}
        if chosen - entries.keys():
            self.warn(f"The column {column} has a choice that is no item of the field {field.name}; left out.")
        self._bits_of(field).update({bit: name in chosen for name, bit in entries.items()})

    def put_permissions(self, field: FieldInfo, items: abc.Collection[str], decision: Decision) -> int:
        """Switch permissions on and off as it was decided.

        Returns:
            how many permissions are off but could not be sent, because the field has no such item.
        """
        switches = decision.by_bit(field.options, items)
        if switches.unmatched:
            self.warn(f"Permissions that are no item of the field {field.name} were not sent: {switches.unmatched}.")
        self._bits_of(field).update(switches.bits)
        return switches.lost_refusals

    def finish(self) -> None:
        """Write the list fields, their items in the order of their bits."""
        for name, bits in self._bits.items():
            if bits:
                self.properties[name] = self._to_wire(SET, dict(sorted(bits.items())))

    def _write(self, field: FieldInfo, type_: str, column: str, converted: Converted) -> None:
        try:
            self.properties[field.name] = self._to_wire(type_, converted)
        except (ValueError, Invalid) as error:
            if field.name.casefold() == EMAIL:
                # A contact without its address would look like a success: let Spotler refuse it by name.
                self.properties[field.name] = converted
            else:
                why = f": {error.sentence}" if isinstance(error, Invalid) else "."
                self.warn(f"The column {column} does not fit the field {field.name} and was left out{why}")

    def _bits_of(self, field: FieldInfo) -> dict[int, bool]:
        return self._bits.setdefault(field.name, {})


def entries_of(field: FieldInfo) -> dict[str, int]:
    """The bits of a list field by the description of their items, folded for comparison."""
    return {option.name.strip().casefold(): option.bit for option in field.options}


def allowed_entries(field: FieldInfo, items: abc.Collection[str]) -> dict[str, int]:
    """The entries that the mapping lets the connector touch: the items it names, or all."""
    entries = entries_of(field)
    if not items:
        return entries
    allowed = {item.casefold() for item in items}
    return {name: bit for name, bit in entries.items() if name in allowed}
