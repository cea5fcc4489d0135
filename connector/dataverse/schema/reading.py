"""What an environment says of its own tables, in the words of the manifest; for the command line.

Only what a check of names and types needs is filled in: columns that can be read, their kinds, and where lookups lead.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from connector.dataverse.api import Dataverse, NotFound, Row, UnknownName, filters
from connector.dataverse.schema.model import Column, Kind, Table

#: Types that have a name of their own in Dataverse and are like another one here.
_LIKE: Final = {"Owner": Kind.LOOKUP, "PartyList": Kind.LOOKUP, "Double": Kind.DECIMAL}
#: The types of dates, by `DateTimeBehavior`.
_DATES: Final = {"DateOnly": Kind.DATE, "TimeZoneIndependent": Kind.DATE_TIME_NO_ZONE, "UserLocal": Kind.DATE_TIME}
#: Multi-choices have no type of their own; the class of their definition shows it.
_CHOICES: Final = "MultiSelectPicklistAttributeMetadata"


def read_tables(dataverse: Dataverse, names: Iterable[str]) -> dict[str, Table]:
    """The tables of these names, without those that the environment does not have.

    Raises:
        Refused: the connector's user may not read definitions.
        Transient, Misconfigured: Dataverse cannot be reached.
    """
    tables = {}
    for name in names:
        try:
            tables[name] = _read(dataverse, name)
        except (NotFound, UnknownName):
            continue
    return tables


def _read(dataverse: Dataverse, name: str) -> Table:
    definition = f"EntityDefinitions(LogicalName={filters.quoted(name)})"
    navigation: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for row in dataverse.query(
        f"{definition}/ManyToOneRelationships",
        select=("ReferencingAttribute", "ReferencedEntity", "ReferencingEntityNavigationPropertyName"),
    ):
        target = navigation[str(row["ReferencingAttribute"])]
        target[str(row["ReferencedEntity"])] = str(row["ReferencingEntityNavigationPropertyName"])
    rows = dataverse.query(
        f"{definition}/Attributes", select=("LogicalName", "AttributeType", "IsValidForRead", "IsValidForUpdate")
    )
    dates = {
        str(row["LogicalName"]): _date_kind(row)
        for row in dataverse.query(
            f"{definition}/Attributes/Microsoft.Dynamics.CRM.DateTimeAttributeMetadata",
            select=("LogicalName", "DateTimeBehavior"),
        )
    }
    columns = [
        Column(
            str(row["LogicalName"]),
            dates.get(str(row["LogicalName"]), kind),
            targets=tuple(navigation[str(row["LogicalName"])]),
            navigation=navigation[str(row["LogicalName"])],
            writable=row.get("IsValidForUpdate") is True,
        )
        for row in rows
        if row.get("IsValidForRead") is True and (kind := _kind(row)) is not None
    ]
    return Table(name=name, set_name="", label="", id_column="", name_column="", columns=tuple(columns))


def _date_kind(row: Row) -> Kind:
    """The type of a date column; a behaviour that is not known counts as a moment, as all dates did once."""
    behavior = row.get("DateTimeBehavior")
    return _DATES.get(str(behavior.get("Value")), Kind.DATE_TIME) if isinstance(behavior, dict) else Kind.DATE_TIME


def _kind(row: Row) -> Kind | None:
    """The type of a column; None for one that holds no value by itself, such as an image."""
    if str(row.get("@odata.type")).endswith(_CHOICES):
        return Kind.CHOICES
    name = str(row.get("AttributeType"))
    return _LIKE.get(name) or (Kind(name) if name in list(Kind) else None)
