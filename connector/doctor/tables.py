"""Checks that what the connector reads and writes is there: solution, tables and columns, and those of PERIODIEK.

What the mapping names beside these is compared by FIELDS_MAPPED.
"""

from collections.abc import Iterator, Mapping, Set
from typing import Final
from urllib.parse import quote

from connector.dataverse.api import filters
from connector.dataverse.api.answers import rows_of
from connector.dataverse.names import Lead, MarketingList
from connector.doctor.context import CheckContext
from connector.doctor.model import SET_UP, CheckGroup, CheckMaker, Diagnosis, Reach, failed, ok, some_of
from connector.words import Sentence

#: The tables of Dynamics 365 Sales, which not every environment has.
_OPTIONAL: Final = (MarketingList.TABLE, Lead.TABLE)


def _solution(context: CheckContext) -> Diagnosis:
    from connector.dataverse.schema.installation import SOLUTION  # noqa: PLC0415 - loaded when used
    from connector.setup.target import UNFINISHED, find_solution  # noqa: PLC0415

    found = find_solution(context.setup_calls, SOLUTION.name)
    if found is None:
        return ok(Sentence("There is no solution {solution}, so no installation of it.", solution=SOLUTION.name))
    if found.get("version") == UNFINISHED:
        return failed("The installation is not complete.", SET_UP)
    return ok("The last installation is complete.")


def _tables(context: CheckContext) -> Diagnosis:
    wanted, of_others = _of_solution(), _of_periodieken(context)
    found = _columns(context, {*wanted, *of_others, *_OPTIONAL})
    if missing := list(_missing(wanted, found)):
        return failed(Sentence("Tables or columns are missing: {names}.", names=some_of(missing)), SET_UP)
    if missing := list(_missing(of_others, found)):
        return failed(
            Sentence("The setting PERIODIEK names what is missing: {names}.", names=some_of(missing)),
            "Correct the setting, or install the solution that brings it.",
        )
    return ok("Every table and column that the connector needs is there.")


def _of_solution() -> Mapping[str, Set[str]]:
    """The columns that the solution adds, by table."""
    from connector.dataverse.schema.installation import (  # noqa: PLC0415 - loaded when used
        EXTENDED_TABLES,
        OWN_TABLES,
        own_columns,
    )

    return {table.name: {each.name for each in own_columns(table)} for table in (*OWN_TABLES, *EXTENDED_TABLES)}


def _of_periodieken(context: CheckContext) -> Mapping[str, Set[str]]:
    """The columns of the table of Periodieken, where permissions are kept in it."""
    from connector.dataverse.permission_tables import periodiek  # noqa: PLC0415 - loaded when used

    if not context.bus_settings.periodiek:
        return {}
    table = periodiek(context.bus_settings.periodiek)
    return {table.table.lower(): set(table.columns)}


def _columns(context: CheckContext, tables: Set[str]) -> Mapping[str, Set[str]]:
    """The columns of those of these tables that the environment has, in one call."""
    condition = " or ".join(filters.eq("LogicalName", name) for name in sorted(tables))
    expanded = "$select=LogicalName&$expand=Attributes($select=LogicalName)"
    rows = context.setup_calls.rows(f"EntityDefinitions?{expanded}&$filter={quote(condition)}")
    found = {str(row["LogicalName"]): rows_of({"value": row.get("Attributes")}, "EntityDefinitions") for row in rows}
    return {table: {str(each["LogicalName"]) for each in columns} for table, columns in found.items()}


def _missing(wanted: Mapping[str, Set[str]], found: Mapping[str, Set[str]]) -> Iterator[str]:
    """The tables that are missing, and the columns that are missing in the others."""
    from connector.setup.tables import absent_columns  # noqa: PLC0415 - loaded when used

    absent = frozenset(_OPTIONAL) - found.keys()
    for table, columns in wanted.items():
        if table in found:
            yield from (f"{table}.{name}" for name in columns - found[table] - absent_columns(table, absent))
        elif table not in absent:
            yield table


_check: Final = CheckMaker(CheckGroup.DATAVERSE, Reach.SYSTEMS_ON_REQUEST)

CHECKS: Final = (
    _check("DATAVERSE_SOLUTION", "the version of the solution", _solution, "DATAVERSE_TOKEN"),
    _check("DATAVERSE_TABLES", "the tables and columns that the connector needs", _tables, "DATAVERSE_TOKEN"),
)
