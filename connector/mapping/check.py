"""A mapping compared with the tables of Dataverse and the fields of the Spotler account, for the command line.

The sync itself does not need these checks: it leaves out what it cannot send, with a warning. They show an
administrator beforehand, with every problem at once.
"""

from collections import abc
from datetime import UTC
from typing import Final

from connector.dataverse.schema.model import Column, Kind, Table
from connector.errors import Invalid
from connector.mapping.columns import Constant, CustomerType, Expression, Mapped, Name, Path, Plain
from connector.mapping.draft import SET, entries_of
from connector.mapping.model import Mapping, MappingRow
from connector.mapping.values import Cell, chosen_labels, to_wire, to_yes_no
from connector.mapping.values.labels import label_key
from connector.mapping.values.numbers import parse_number
from connector.spotler import Field, Fields

_LOOKUPS: Final = frozenset({Kind.LOOKUP, Kind.CUSTOMER})
_TEXTS: Final = frozenset({Kind.TEXT, Kind.MEMO, Kind.CHOICE, Kind.STATE, Kind.STATUS})
_WHOLE: Final = frozenset({Kind.INTEGER, Kind.BIG_INTEGER})
_NUMBERS: Final = _WHOLE | {Kind.DECIMAL, Kind.MONEY}
_DATES: Final = frozenset({Kind.DATE, Kind.DATE_TIME, Kind.DATE_TIME_NO_ZONE})

#: The kinds of columns that can be sent to each Spotler type.
CONVERTIBLE: Final[abc.Mapping[str, frozenset[Kind]]] = {
    "string": _TEXTS | _WHOLE | {Kind.YES_NO, Kind.CHOICES},
    "email": _TEXTS,
    "mobNr": _TEXTS | _WHOLE,
    "postcode": _TEXTS,
    "gender": frozenset({Kind.CHOICE, Kind.TEXT}),
    "int": _WHOLE,
    "money": frozenset({Kind.DECIMAL, Kind.MONEY, Kind.INTEGER}),
    "date": _DATES,
    "birthdate": _DATES,
    "dateTime": _DATES,
    SET: frozenset({Kind.CHOICE, Kind.CHOICES}),
}
_TEXT_TYPES: Final = ("string", "email", "mobNr", "postcode")

type Tables = abc.Mapping[str, Table]


def tables_of(mapping: Mapping) -> tuple[str, ...]:
    """The tables whose columns a mapping names: those of records, and those that lookups refer to."""
    found = dict.fromkeys(table for row in mapping.rows for table in row.columns)
    paths = (expression for row in mapping.rows for expression in row.columns.values() if isinstance(expression, Path))
    return tuple(found | dict.fromkeys(path.table for path in paths))


def check_columns(mapping: Mapping, tables: Tables) -> tuple[str, ...]:
    """What is wrong with the Dataverse columns of a mapping, one sentence each; only of the tables that are given."""
    problems = []
    for number, row in enumerate(mapping.rows, start=1):
        for table, expression in row.columns.items():
            if table in tables and (why := _column_problem(mapping, row, expression, tables[table], tables)):
                problems.append(f"Row {number}, {table}: {why}.")
    for table, columns in mapping.triggers.items():
        if table in tables:
            unknown = [column for column in columns if _find(tables[table], column) is None]
            problems += [f"Triggers of {table}: there is no column {column}." for column in unknown]
    return tuple(problems)


def check_fields(mapping: Mapping, fields: Fields) -> tuple[str, ...]:
    """What is wrong with the Spotler fields of a mapping, one sentence each."""
    problems = []
    for number, row in enumerate(mapping.rows, start=1):
        if not row.field:
            continue
        field = fields.get(row.field)
        if field is None:
            problems.append(f"Row {number}: Spotler has no field {row.field}, or it is not visible.")
            continue
        problems += [f"Row {number}: {why}." for why in _field_problems(row, field)]
    return tuple(problems)


def check_conversions(mapping: Mapping, tables: Tables, fields: Fields) -> tuple[str, ...]:
    """Which columns can never be sent to the fields they are mapped to, one sentence each."""
    problems = []
    for number, row in enumerate(mapping.rows, start=1):
        field = fields.get(row.field) if row.field else None
        if field is None or not row.direction.outward:
            continue
        for table, expression in row.columns.items():
            kind = _kind(expression, table, tables)
            allowed = CONVERTIBLE.get(field.type or "", frozenset())
            if field.type == SET and row.item:
                allowed = frozenset({Kind.YES_NO})
            if kind and kind not in allowed:
                problems.append(
                    f"Row {number}, {table}: a {kind} column cannot be sent to {field.name} of type {field.type}."
                )
    return tuple(problems)


def _column_problem(mapping: Mapping, row: MappingRow, expression: Expression, table: Table, tables: Tables) -> str:
    match expression:
        case Plain(name):
            return _plain_problem(row, name, _find(table, name))
        case Name(name, target) | Path(name, target):
            column = _find(table, name)
            if column is None or column.kind not in _LOOKUPS:
                return f"there is no lookup {name}"
            if target and target not in column.targets:
                return f"{name} does not refer to {target} but to {', '.join(column.targets)}"
            return _path_problem(mapping, expression, column, tables) if isinstance(expression, Path) else ""
        case _:
            return ""


def _plain_problem(row: MappingRow, name: str, column: Column | None) -> str:
    if column is None:
        return f"there is no column {name}"
    if column.kind in _LOOKUPS:
        return f"{name} is a lookup; write {' or '.join(f'{name}({target})' for target in column.targets)}"
    if row.direction.inward and not column.writable:
        return f"{name} cannot be written, so its direction must be ->"
    if row.filter and column.kind in _NUMBERS and _is_ambiguous(row.filter):
        return "the filter can be read as two numbers; write it without a separator between thousands"
    return ""


def _is_ambiguous(text: str) -> bool:
    try:
        parse_number(text)
    except Invalid:
        return True
    return False


def _path_problem(mapping: Mapping, path: Path, lookup: Column, tables: Tables) -> str:
    if path.table in tables and _find(tables[path.table], path.target) is None:
        return f"the table {path.table} has no column {path.target}"
    navigation = lookup.navigation.get(path.table)
    if navigation and navigation != mapping.navigation_property(path.column, path.table):
        return f'the navigation of the lookup is {navigation}; add "{path.column}({path.table})": "{navigation}"'
    return ""


def _field_problems(row: MappingRow, field: Field) -> abc.Iterator[str]:
    """What does not go with the type and the items of the field."""
    is_set = field.type == SET
    if (row.item or row.items) and not is_set:
        yield f"{field.name} is not a list field and has no items"
    if is_set:
        entries = entries_of(field)
        for item in filter(None, (row.item, *row.items)):
            if label_key(item) not in entries:
                yield f"{field.name} has no item {item}"
    for expression in dict.fromkeys(row.columns.values()):
        match expression:
            case Mapped() if not is_set:
                yield f"{field.name} is not a list field, which @map(...) needs"
            case CustomerType() if field.type not in _TEXT_TYPES:
                yield f"{field.name} is of type {field.type}, and $CustomerType is a text"
            case Constant(text) if not _constant_fits(text, row, field):
                yield f"the constant cannot be sent to {field.name}, which is of type {field.type}"


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


def _kind(expression: Expression, table: str, tables: Tables) -> Kind | None:
    """The kind of value that the expression yields; None where that is not known."""
    match expression:
        case Plain(name):
            column = _find(tables[table], name) if table in tables else None
        case Path(_, target_table, name):
            column = _find(tables[target_table], name) if target_table in tables else None
        case Name():
            return Kind.TEXT
        case _:
            return None
    return column.kind if column else None


def _find(table: Table, name: str) -> Column | None:
    return next((column for column in table.columns if column.name == name), None)
