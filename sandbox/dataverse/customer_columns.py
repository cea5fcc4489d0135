"""Columns that the customer of the sandbox added to the standard tables: of types that the manifest does not have.

A mapping may name any column that a customer has.
"""

from dataclasses import replace
from typing import Final

from connector.dataverse.schema import Column, Kind, Table

#: The tables that they are on.
_EXTENDED: Final = frozenset({"contact", "lead", "account"})
_COLUMNS: Final = (
    # Shown to users as a date, yet a moment: midnight where the user lives. Dataverse made such columns by default.
    Column("new_membersince", Kind.DATE_TIME, "Member Since", is_day=True),
    Column("new_appointmenton", Kind.DATE_TIME_NO_ZONE, "Appointment On"),
    Column("new_cardvaliduntil", Kind.DATE, "Card Valid Until"),
    Column("new_hobbies", Kind.CHOICES, "Hobbies", options={1: "Garden", 2: "Kitchen", 3: "Music"}),
    Column("new_segment", Kind.CHOICE, "Segment", options={1: "Gold", 2: "Silver", 3: "Bronze"}),
    Column("new_discount", Kind.DECIMAL, "Discount"),
    Column("new_vip", Kind.YES_NO, "VIP"),
    Column("new_source", Kind.TEXT, "Source", length=30),
)


def with_own_columns(table: Table) -> Table:
    """A table of the manifest with what the customer added to it."""
    return replace(table, columns=(*table.columns, *_COLUMNS)) if table.name in _EXTENDED else table
