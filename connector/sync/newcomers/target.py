"""What a new subscriber becomes: which table, and by which columns a row of it is recognised.

| NEW_SUBSCRIBERS | Rows | Looked for among existing rows |
|---|---|---|
| empty | none: the feature is off | |
| contact | contacts | by the address, or by the columns of NEW_SUBSCRIBER_MATCH |
| lead | leads, always a new one | never |
| the table of the mapping's `entity` columns | Membership Entry, always a new one | never |
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from connector.dataverse.api import NotFound, UnknownName
from connector.dataverse.names import Contact, Lead
from connector.dataverse.records import RECORD_TABLES
from connector.dataverse.schema.model import Column, Kind
from connector.dataverse.schema.reading import read_table
from connector.errors import Misconfigured
from connector.mapping.inward import inward_plan
from connector.services import Services
from connector.words import Sentence

#: Kinds of columns that two rows can be compared by.
_COMPARABLE: Final = frozenset(
    {
        *(Kind.TEXT, Kind.CHOICE, Kind.INTEGER, Kind.BIG_INTEGER, Kind.YES_NO),
        *(Kind.DATE, Kind.DATE_TIME, Kind.DATE_TIME_NO_ZONE),
    }
)


@dataclass(frozen=True, slots=True)
class Target:
    """The table of new rows.

    Attributes:
        table: its logical name.
        set_name: its name in addresses.
        id_column: its key.
        columns: its columns by name.
        address: the column of the address.
        match: sets of columns by which an existing row is recognised, in order; empty: none ever is.
        required: columns without which Dataverse would refuse a row.
    """

    table: str
    set_name: str
    id_column: str
    columns: Mapping[str, Column]
    address: str
    match: tuple[tuple[str, ...], ...] = ()
    required: tuple[str, ...] = ()

    @property
    def is_record(self) -> bool:
        """Whether its rows have contacts in Spotler, and so permissions and a Spotler Info."""
        return self.table in RECORD_TABLES


def target_of(services: Services) -> Target | None:
    """What the settings say; None where new subscribers are left alone.

    Raises:
        Misconfigured: the settings, the mapping and the environment do not go together.
        Transient: Dataverse cannot be asked now.
    """
    table = services.settings.new_subscribers.strip().casefold()
    if not table:
        return None
    known = (Contact.TABLE, Lead.TABLE, services.mapping.entity_table)
    if table not in known:
        raise Misconfigured(
            "NEW_SUBSCRIBERS is not a table that new subscribers can become rows of.",
            advice="Set it to contact, to lead, or to the table that the mapping names in tables.entity; or leave it "
            "empty to switch new subscribers off.",
        )
    address = inward_plan(services.mapping, table).address
    if not address:
        raise Misconfigured(
            Sentence(
                "NEW_SUBSCRIBERS is {table}, but the mapping has no column of that table for the Spotler field email.",
                table=table,
            ),
            advice="Add a row to the mapping with the column of the address.",
        )
    if table not in RECORD_TABLES:
        return _entity(services, table, address)
    names = RECORD_TABLES[table]
    columns = services.mapping.definitions(table)
    match = _match(services, table, columns, address) if table == Contact.TABLE else ()
    required = (Contact.LAST_NAME,) if table == Contact.TABLE else (Lead.LAST_NAME, Lead.TOPIC)
    return Target(table, names.set_name, names.id_column, columns, address, match, required)


def _entity(services: Services, table: str, address: str) -> Target:
    try:
        found = read_table(services.dataverse, table)
    except (NotFound, UnknownName):
        raise Misconfigured(
            Sentence("The table {table} of NEW_SUBSCRIBERS does not exist in this environment.", table=table),
            advice="Correct tables.entity in the mapping and NEW_SUBSCRIBERS, or install the solution with the table.",
        ) from None
    columns = {column.name: column for column in found.columns}
    required = (found.name_column,) if found.name_column in columns else ()
    return Target(table, found.set_name, found.id_column, columns, address, required=required)


def _match(
    services: Services, table: str, columns: Mapping[str, Column], address: str
) -> tuple[tuple[str, ...], ...]:  # fmt: skip
    text = services.settings.new_subscriber_match.casefold()
    sets = [tuple(name.strip() for name in part.split("+") if name.strip()) for part in text.split(";")]
    found = tuple(filter(None, sets)) or ((address,),)
    filled = inward_plan(services.mapping, table).filled
    for name in dict.fromkeys(name for each in found for name in each):
        if name not in columns:
            raise _wrong_match(Sentence("The table {table} has no column {name}.", table=table, name=name))
        if name not in filled:
            raise _wrong_match(
                Sentence(
                    "No Spotler field is mapped to the column {name} of the table {table}.", name=name, table=table
                )
            )
        if columns[name].kind not in _COMPARABLE:
            raise _wrong_match(
                Sentence(
                    "Rows cannot be recognised by the column {name} of type {kind}.", name=name, kind=columns[name].kind
                )
            )
    return found


def _wrong_match(why: str) -> Misconfigured:
    return Misconfigured(
        Sentence("NEW_SUBSCRIBER_MATCH names a column that cannot be used: {why}", why=why),
        advice="Correct the setting, e.g. emailaddress1;lastname+birthdate.",
    )
