"""Whether the environment has the columns that the mapping and PERIODIEK name.

They are the customer's, so a set-up cannot make them, and it is refused before anything is written: with a part of them
left out of a step, a change of consent might not be posted. And the app does not start with such a mapping.
"""

from collections.abc import Iterable
from dataclasses import replace

from connector.dataverse.permission_tables import PermissionTable
from connector.dataverse.schema import TABLES, Table
from connector.dataverse.schema.installation import OWN_TABLES, own_columns
from connector.mapping import Mapping as RecordMapping
from connector.mapping.check import check_columns, check_tables, tables_of
from connector.setup.errors import SetupRefused
from connector.setup.inputs import SetupInputs
from connector.setup.target import SetupTarget
from connector.words import Sentence

_OWN = {table.name: table for table in OWN_TABLES}


def not_there(inputs: SetupInputs, target: SetupTarget) -> tuple[Sentence, ...]:
    """What the mapping and the setting PERIODIEK name, and the environment does not have: a sentence for each.

    Tables of Dynamics 365 Sales that it cannot have are left out, as all parts about them are.

    Raises:
        ConnectorError: the environment cannot be read.
    """
    return (
        *(_of_mapping(inputs.mapping, target) if inputs.mapping else ()),
        *(_of_periodieken(inputs.permissions, target) if inputs.permissions else ()),
    )


def check_there(inputs: SetupInputs, target: SetupTarget) -> None:
    """Stop where something of it is not there.

    Raises:
        SetupRefused: naming the first.
        ConnectorError: the environment cannot be read.
    """
    if problems := not_there(inputs, target):
        raise SetupRefused(Sentence("The plan cannot be applied. {refusal}", refusal=problems[0]))


def _of_mapping(mapping: RecordMapping, target: SetupTarget) -> Iterable[Sentence]:
    names = [name for name in tables_of(mapping) if name not in target.absent]
    tables = _with_ours(target.calls.tables(names), names)
    absent = {name: TABLES[name] for name in target.absent}
    findings = (*check_tables(mapping, {**tables, **absent}), *check_columns(mapping, tables))
    return [Sentence("Mapping: {problem}", problem=each.sentence) for each in findings]


def _with_ours(tables: dict[str, Table], names: Iterable[str]) -> dict[str, Table]:
    """The tables as they are when the set-up has ended."""
    coming = {name: _OWN[name] for name in names if name in _OWN} | tables
    return {name: _with_our_columns(table) for name, table in coming.items()}


def _with_our_columns(table: Table) -> Table:
    there = {each.name for each in table.columns}
    ours = own_columns(TABLES[table.name]) if table.name in TABLES else ()
    return replace(table, columns=(*table.columns, *(each for each in ours if each.name not in there)))


def _of_periodieken(wanted: PermissionTable, target: SetupTarget) -> Iterable[Sentence]:
    name = wanted.table.lower()
    found = target.calls.tables([name])
    there = {each.name for table in found.values() for each in table.columns}
    missing = [f"{name}.{each}" for each in wanted.columns if each not in there] if found else [name]
    if missing:
        yield Sentence("The setting PERIODIEK names what is missing: {names}.", names=", ".join(missing))
