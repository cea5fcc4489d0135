"""A mapping compared with the tables of Dataverse and the fields of the Spotler account.

What can never work is fatal: a column or a table that does not exist, a direction into a column that cannot be written,
a type that cannot be converted, a filter that excludes everybody. A Spotler field or item that is not visible is a
warning, because marketers show and hide fields while the connector runs: the sync leaves it out. Permissions are the
exception: without their field a withdrawal would have no place.
"""

from collections import abc
from typing import Final

from connector.dataverse.names import Lead
from connector.dataverse.schema.model import Column, Kind, Table
from connector.mapping.columns import KEPT_AS_ROWS, Expression, Name, Path, Plain
from connector.mapping.draft import SET
from connector.mapping.field_check import field_findings
from connector.mapping.findings import Finding, Wrong, in_row, or_similar
from connector.mapping.model import Mapping, MappingRow
from connector.mapping.value_check import wrong_constant, wrong_filter
from connector.spotler import Field, Fields
from connector.words import Sentence

_LOOKUPS: Final = frozenset({Kind.LOOKUP, Kind.CUSTOMER})
_STATES: Final = frozenset({Kind.STATE, Kind.STATUS})
_TEXTS: Final = frozenset({Kind.TEXT, Kind.MEMO, Kind.CHOICE}) | _STATES
_WHOLE: Final = frozenset({Kind.INTEGER, Kind.BIG_INTEGER})
_DATES: Final = frozenset({Kind.DATE, Kind.DATE_TIME, Kind.DATE_TIME_NO_ZONE})

#: The kinds of columns that go with each Spotler type. What can be sent can come back, but for states.
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

type Tables = abc.Mapping[str, Table]


def tables_of(mapping: Mapping) -> tuple[str, ...]:
    """The tables whose columns a mapping names: those of records, and those that lookups refer to."""
    found = dict.fromkeys(table for row in mapping.rows for table in row.columns)
    paths = (expression for row in mapping.rows for expression in row.columns.values() if isinstance(expression, Path))
    return tuple(found | dict.fromkeys(path.table for path in paths) | dict.fromkeys(mapping.triggers))


def check(mapping: Mapping, tables: Tables, fields: Fields) -> tuple[Finding, ...]:
    """Everything that does not fit; `tables` are those of `tables_of` that the environment has."""
    return (
        *check_tables(mapping, tables),
        *check_columns(mapping, tables),
        *check_fields(mapping, fields),
        *check_conversions(mapping, tables, fields),
    )


def check_tables(mapping: Mapping, tables: Tables) -> tuple[Finding, ...]:
    """The tables that the environment does not have."""
    remedy = Sentence("Correct its name, or install the solution that brings it.")
    of_leads = Sentence("It comes with Dynamics 365 Sales: buy that, or remove the columns of leads from the mapping.")
    return tuple(
        Finding("", Sentence("Dataverse has no table {name}", name=name), of_leads if name == Lead.TABLE else remedy)
        for name in tables_of(mapping)
        if name not in tables
    )


def check_columns(mapping: Mapping, tables: Tables) -> tuple[Finding, ...]:
    """What is wrong with the Dataverse columns of a mapping; only of the tables that are given."""
    found: list[Finding] = []
    for number, row in enumerate(mapping.rows, start=1):
        for table, expression in row.columns.items():
            where = in_row(number, table)
            if table in tables:
                wrong = _wrong_column(mapping, row, expression, _names(tables[table]), tables)
                found += [Finding(where, why, remedy) for why, remedy in wrong]
    for table, columns in mapping.triggers.items():
        names = _names(tables[table]) if table in tables else {}
        found += [
            Finding(
                Sentence("Triggers of {table}", table=table),
                Sentence("there is no column {name}", name=column),
                _spelling(column, names),
            )
            for column in columns
            if names and column not in names
        ]
    return tuple(found)


def check_fields(mapping: Mapping, fields: Fields) -> tuple[Finding, ...]:
    """What is wrong with the Spotler fields of a mapping."""
    found: list[Finding] = []
    for number, row in enumerate(mapping.rows, start=1):
        if not row.field:
            continue
        field = fields.get(row.field)
        if field is None:
            holds_permissions = not KEPT_AS_ROWS.isdisjoint(row.columns.values())
            remedy = or_similar(row.field, (each.name for each in fields), Sentence("Make it visible in Spotler."))
            why = Sentence("Spotler has no field {name}, or it is not visible", name=row.field)
            found.append(Finding(in_row(number), why, remedy, is_fatal=holds_permissions))
        else:
            found += field_findings(in_row(number), row, field)
    return tuple(found)


def check_conversions(mapping: Mapping, tables: Tables, fields: Fields) -> tuple[Finding, ...]:
    """Which columns can never be sent to the fields they are mapped to, or written from them."""
    found = []
    for number, row in enumerate(mapping.rows, start=1):
        field = fields.get(row.field) if row.field else None
        for table, expression in row.columns.items() if field else ():
            kind = _kind(expression, table, tables)
            if field and kind and (why := _conversion_problem(row, field, kind)):
                remedy = Sentence("Map the column to a field of another type.")
                found.append(Finding(in_row(number, table), why, remedy))
    return tuple(found)


def _conversion_problem(row: MappingRow, field: Field, kind: Kind) -> Sentence | None:
    allowed = CONVERTIBLE.get(field.type or "", frozenset())
    if field.type == SET and row.item:
        allowed = frozenset({Kind.YES_NO})
    values = {"kind": str(kind), "field": field.name, "type": str(field.type)}
    if kind not in allowed:
        return Sentence("a {kind} column does not go with {field} of type {type}", **values)
    if row.direction.inward and kind in _STATES:
        return Sentence("a {kind} column cannot be written from {field} of type {type}", **values)
    return None


def _wrong_column(
    mapping: Mapping, row: MappingRow, expression: Expression, names: abc.Mapping[str, Column], tables: Tables
) -> abc.Iterator[Wrong]:
    match expression:
        case Plain(name):
            yield from _wrong_plain(row, name, names)
        case Name(name, target) | Path(name, target):
            column = names.get(name)
            if column is None or column.kind not in _LOOKUPS:
                lookups = [each.name for each in names.values() if each.kind in _LOOKUPS]
                yield Sentence("there is no lookup {name}", name=name), _spelling(name, lookups)
            elif target and target not in column.targets:
                why = Sentence(
                    "{name} does not refer to {target} but to {names}",
                    name=name,
                    target=target,
                    names=", ".join(column.targets),
                )
                yield why, Sentence("Correct the table in the brackets.")
            elif isinstance(expression, Path):
                yield from _wrong_path(mapping, expression, column, tables)


def _wrong_plain(row: MappingRow, name: str, names: abc.Mapping[str, Column]) -> abc.Iterator[Wrong]:
    column = names.get(name)
    if column is None:
        yield Sentence("there is no column {name}", name=name), _spelling(name, names)
        return
    if column.kind in _LOOKUPS:
        written = ", ".join(f"{name}({target})" for target in column.targets)
        remedy = Sentence("A lookup cannot be written; choose another column.")
        if row.direction.outward:
            remedy = Sentence(
                "Write {names}.", plural="Write one of: {names}.", names=written, count=len(column.targets)
            )
        yield Sentence("{name} is a lookup", name=name), remedy
        return
    if not column.writable and (row.constant or (row.field and row.direction.inward)):
        yield Sentence("{name} cannot be written", name=name), Sentence("Its direction must be ->.")
    if row.filter:
        yield from wrong_filter(column, row.filter)
    if row.constant:
        yield from wrong_constant(column, row.constant)


def _wrong_path(mapping: Mapping, path: Path, lookup: Column, tables: Tables) -> abc.Iterator[Wrong]:
    names = _names(tables[path.table]) if path.table in tables else {}
    if names and path.target not in names:
        why = Sentence("the table {table} has no column {name}", table=path.table, name=path.target)
        yield why, _spelling(path.target, names)
    navigation = lookup.navigation.get(path.table)
    if navigation and navigation != mapping.navigation_property(path.column, path.table):
        added = f'"{path.column}({path.table})": "{navigation}"'
        why = Sentence("the navigation of the lookup is {navigation}", navigation=navigation)
        yield why, Sentence('Add {text} to "navigation".', text=added)


def _spelling(name: str, known: abc.Iterable[str]) -> Sentence:
    otherwise = Sentence("Write the logical name of a column that the connector's user may read.")
    return or_similar(name, known, otherwise)


def _kind(expression: Expression, table: str, tables: Tables) -> Kind | None:
    """The kind of value that the expression yields; None where that is not known."""
    match expression:
        case Plain(name):
            column = _names(tables[table]).get(name) if table in tables else None
        case Path(_, target_table, name):
            column = _names(tables[target_table]).get(name) if target_table in tables else None
        case Name():
            return Kind.TEXT
        case _:
            return None
    # A lookup by its plain name has a finding of its own.
    return column.kind if column and column.kind not in _LOOKUPS else None


def _names(table: Table) -> dict[str, Column]:
    return {column.name: column for column in table.columns}
