"""The rules of a mapping that a JSON Schema cannot say."""

from collections import abc
from dataclasses import dataclass
from typing import Final

from connector.mapping.columns import (
    Constant,
    CustomerType,
    Expression,
    Mapped,
    Name,
    Path,
    Plain,
    is_special,
)
from connector.mapping.model import EMAIL, TABLES, Direction, MappingRow

#: A path into a mapping document, e.g. `("rows", 2, "contact")`.
type Spot = tuple[str | int, ...]

#: Fields that are not properties of a contact but its identity in Spotler.
_KEYS: Final = ("externalid", "encryptedid")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a mapping, and where."""

    spot: Spot
    text: str

    def __str__(self) -> str:
        """E.g. `row 3, contact: goes deeper than one level`; rows count from 1, as people do."""
        match self.spot:
            case ("rows", int(index), *rest):
                where = ", ".join((f"row {index + 1}", *(str(part) for part in rest)))
            case _:
                where = ", ".join(map(str, self.spot)) or "the document"
        return f"{where}: {self.text}"


def broken_rules(rows: abc.Sequence[tuple[int, MappingRow]]) -> list[Problem]:
    """The rules that the rows break; each row comes with its index in the document."""
    return [
        *(problem for index, row in rows for problem in _row_problems(index, row)),
        *_double_fields(rows),
        *_double_columns(rows),
        *_tables_without_address(rows),
    ]


def _row_problems(index: int, row: MappingRow) -> abc.Iterator[Problem]:
    def problem(key: str, text: str) -> Problem:
        return Problem(("rows", index, key), text)

    if row.constant and (row.direction is not Direction.TO_DATAVERSE or row.filter):
        yield problem("spotler", "is a constant, which needs the direction <- and no filter")
    if not row.field and not row.filter and not row.constant:
        yield problem("spotler", "is missing; only a row with a filter may leave it out")
    if row.field.casefold() in _KEYS:
        yield problem("spotler", "is the key of the contact in Spotler and cannot be mapped")
    if row.items and row.item:
        yield problem("items", "cannot stand beside field:item, which already names the item")
    if not row.field and row.items:
        yield problem("items", "needs a Spotler field")
    if len({item.casefold() for item in row.items}) < len(row.items):
        yield problem("items", "names an item twice")
    for table, expression in row.columns.items():
        if why := _column_problem(expression, row):
            yield problem(table, why)


def _column_problem(expression: Expression, row: MappingRow) -> str:
    """Why the column does not go with the rest of its row; empty if it does."""
    if row.filter and is_special(expression):
        return "is not a column, so the filter has nothing to compare"
    if row.item and isinstance(expression, Mapped):
        return "means all items of a list field, so the Spotler field must not name one"
    if row.constant and not isinstance(expression, Plain):
        return "must be a column of the record itself, because a constant is written into it"
    if row.direction.inward:
        match expression:
            case CustomerType() | Constant():
                return f"can only be sent to Spotler (->), not {row.direction}"
            case Path() | Name():
                return f"is read through a lookup and can only be sent to Spotler (->), not {row.direction}"
    return ""


def _double_fields(rows: abc.Sequence[tuple[int, MappingRow]]) -> abc.Iterator[Problem]:
    """A field may be mapped once per table; a list field either as a whole or item by item."""
    seen: dict[tuple[str, str], dict[str, int]] = {}
    for index, row in rows:
        if not row.field:
            continue
        for table in row.columns:
            items = seen.setdefault((table, row.field.casefold()), {})
            item = row.item.casefold()
            clash = items.get(item, items.get("", None if item else next(iter(items.values()), None)))
            if clash is not None:
                yield Problem(("rows", index, "spotler"), f"is already mapped for the table {table} in row {clash + 1}")
            items.setdefault(item, index)


def _double_columns(rows: abc.Sequence[tuple[int, MappingRow]]) -> abc.Iterator[Problem]:
    """Only one row may write a column of Dataverse, or the order of the rows would decide."""
    seen: dict[tuple[str, Expression], int] = {}
    for index, row in rows:
        if not row.direction.inward:
            continue
        for table, expression in row.columns.items():
            first = seen.setdefault((table, expression), index)
            if isinstance(expression, Plain) and first != index:
                yield Problem(("rows", index, table), f"is already written by row {first + 1}")


def _tables_without_address(rows: abc.Sequence[tuple[int, MappingRow]]) -> abc.Iterator[Problem]:
    """Without an address no record of the table would ever be sent, which nobody writes a mapping for."""
    mapped = {table for _, row in rows if row.field and row.direction.outward for table in row.columns}
    with_address = {
        table for _, row in rows if row.field.casefold() == EMAIL and row.direction.outward for table in row.columns
    }
    for table in TABLES:
        if table in mapped - with_address:
            yield Problem(
                ("rows",), f"fields of the table {table} are mapped, but nothing to {EMAIL}, so nothing would be sent"
            )
