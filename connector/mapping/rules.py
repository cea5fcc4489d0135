"""The rules of a mapping that a JSON Schema cannot say."""

from collections import abc
from dataclasses import dataclass
from typing import Final

from connector.dataverse.names import Account, Contact, Flags, Lead
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
from connector.mapping.model import EMAIL, ENTITY, TABLES, Direction, MappingRow
from connector.words import Sentence

#: A path into a mapping document, e.g. `("rows", 2, "contact")`.
type Spot = tuple[str | int, ...]

#: Rows with their index in the document.
type Rows = abc.Sequence[tuple[int, MappingRow]]

#: Fields that are not properties of a contact but its identity in Spotler.
_KEYS: Final = ("externalid", "encryptedid")

#: Columns that decide whether somebody may be mailed or kept. Spotler never writes them by way of the mapping.
_OF_CONSENT: Final = frozenset({Flags.DO_NOT_EMAIL, Flags.DO_NOT_BULK_EMAIL})
_OF_STATE: Final = frozenset({Flags.STATE, Flags.STATUS})
_IDS: Final = frozenset({Contact.ID, Lead.ID, Account.ID})


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a mapping, and where."""

    spot: Spot
    text: str

    @property
    def sentence(self) -> Sentence:
        """E.g. `row 3, contact: goes deeper than one level`; rows count from 1, as people do."""
        match self.spot:
            case ("rows", int(index), *rest):
                row = Sentence("row {row}", row=str(index + 1))
                where = Sentence.joined(row, *(str(part) for part in rest), between=", ")
            case ():
                where = Sentence("the document")
            case _:
                where = Sentence(", ".join(map(str, self.spot)))
        return Sentence("{where}: {why}", where=where, why=Sentence.of(self.text))

    def __str__(self) -> str:
        return str(self.sentence)


def broken_rules(rows: Rows, entity_table: str = "") -> list[Problem]:
    """The rules that the rows break; each row comes with its index in the document."""
    return [
        *(problem for index, row in rows for problem in _row_problems(index, row)),
        *(problem for index, row in rows for problem in _column_problems(index, row, entity_table)),
        *_double_fields(rows),
        *_double_columns(rows),
        *_double_collections(rows),
        *_tables_without_address(rows),
    ]


def _key(table: str) -> str:
    """The key of a row that holds the column of a table."""
    return table if table in TABLES else ENTITY


def _row_problems(index: int, row: MappingRow) -> abc.Iterator[Problem]:
    def problem(key: str, text: str) -> Problem:
        return Problem(("rows", index, key), text)

    if row.constant and row.direction is not Direction.TO_DATAVERSE:
        yield problem("direction", "must be <-, because $value: in the place of a Spotler field goes to Dataverse")
    if row.constant and row.filter:
        yield problem("filter", "cannot stand in a row with $value: in the place of a Spotler field")
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


def _column_problems(index: int, row: MappingRow, entity_table: str) -> abc.Iterator[Problem]:
    for table, expression in row.columns.items():
        why = _column_problem(expression, row) or ("" if table in TABLES else _entity_problem(expression, row))
        if table not in TABLES and not entity_table:
            why = Sentence('needs the name of its table: add the member "tables" with the member "entity"')
        if why:
            yield Problem(("rows", index, _key(table)), why)


def _column_problem(expression: Expression, row: MappingRow) -> str:
    """Why the column does not go with the rest of its row; empty if it does."""
    if row.filter and is_special(expression):
        return Sentence("is not a column, so the filter has nothing to compare")
    if row.item and isinstance(expression, Mapped):
        return Sentence("means all items of a list field, so the Spotler field must not name one")
    if row.constant and not isinstance(expression, Plain):
        return Sentence("must be a column of the record itself, which $value: can be written to")
    return _inward_problem(expression, row) if row.direction.inward and (row.field or row.constant) else ""


def _inward_problem(expression: Expression, row: MappingRow) -> str:
    """Why nothing from Spotler can be written there; empty if it can."""
    match expression:
        case CustomerType() | Constant():
            return Sentence("can only be sent to Spotler (->), not {direction}", direction=row.direction.value)
        case Path() | Name():
            return Sentence(
                "is read through a lookup and can only be sent to Spotler (->), not {direction}",
                direction=row.direction.value,
            )
        case Plain(column) if column in _OF_CONSENT:
            return Sentence(
                "decides who may be mailed and can only be sent to Spotler (->), not {direction}",
                direction=row.direction.value,
            )
        case Plain(column) if column in _OF_STATE:
            return Sentence(
                "is the state of the record and can only be sent to Spotler (->), not {direction}",
                direction=row.direction.value,
            )
        case Plain(column) if column in _IDS:
            return Sentence(
                "is the key of the record and can only be sent to Spotler (->), not {direction}",
                direction=row.direction.value,
            )
    return ""


def _entity_problem(expression: Expression, row: MappingRow) -> str:
    """Why the column cannot be one of the table for new subscribers, which is only written; empty if it can."""
    if row.filter:
        return Sentence("is of a table that is not sent to Spotler, so a filter cannot stand beside it")
    if not isinstance(expression, Plain):
        return Sentence("must be a column of the table itself: rows of it are only written, when somebody subscribes")
    return ""


def _double_fields(rows: Rows) -> abc.Iterator[Problem]:
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
                why = Sentence("is already mapped for the table {table} in row {row}", table=table, row=str(clash + 1))
                yield Problem(("rows", index, "spotler"), why)
            items.setdefault(item, index)


def _double_columns(rows: Rows) -> abc.Iterator[Problem]:
    """A column may be written from one field only."""
    seen: dict[tuple[str, str], int] = {}
    for index, row in rows:
        for table, expression in row.columns.items():
            is_written = (row.field or row.constant) and (row.direction.inward or table not in TABLES)
            if not is_written or not isinstance(expression, Plain):
                continue
            first = seen.setdefault((table, expression.column), index)
            if first != index:
                why = Sentence("is already written from Spotler by row {row}", row=str(first + 1))
                yield Problem(("rows", index, _key(table)), why)


def _double_collections(rows: Rows) -> abc.Iterator[Problem]:
    """The rows of one kind beside a record belong to one field."""
    seen: dict[tuple[str, Mapped], int] = {}
    for index, row in rows:
        for table, expression in row.columns.items():
            if isinstance(expression, Mapped):
                first = seen.setdefault((table, expression), index)
                if first != index:
                    why = Sentence("is already mapped in row {row}", row=str(first + 1))
                    yield Problem(("rows", index, _key(table)), why)


def _tables_without_address(rows: Rows) -> abc.Iterator[Problem]:
    """Without an address no record of the table would ever be sent, which nobody writes a mapping for."""
    mapped = {table for _, row in rows if row.field and row.direction.outward for table in row.columns}
    with_address = {
        table for _, row in rows if row.field.casefold() == EMAIL and row.direction.outward for table in row.columns
    }
    for table in TABLES:
        if table in mapped - with_address:
            why = Sentence(
                "fields of the table {table} are mapped, but nothing to {field}, so nothing would be sent",
                table=table,
                field=EMAIL,
            )
            yield Problem(("rows",), why)
