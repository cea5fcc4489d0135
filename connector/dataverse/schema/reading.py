"""What an environment says of its own tables, in the words of the manifest.

Only what the mapping needs is filled in: columns that can be read, their kinds, the limits of what can be written into
them, their choices, and where lookups lead. Properties of a type of column are shown only where its type is asked for,
so a table takes several questions; they travel in one call.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from connector.dataverse.api import BatchRequest, Dataverse, NotFound, Query, Row, UnknownName, filters
from connector.dataverse.api.answers import mapping_of, rows_of
from connector.dataverse.schema.model import Column, Kind, Table

#: Types that have a name of their own in Dataverse and are like another one here.
_LIKE: Final = {"Owner": Kind.LOOKUP, "PartyList": Kind.LOOKUP, "Double": Kind.DECIMAL}
#: The types of dates, by `DateTimeBehavior`.
_DATES: Final = {"DateOnly": Kind.DATE, "TimeZoneIndependent": Kind.DATE_TIME_NO_ZONE, "UserLocal": Kind.DATE_TIME}
_DAY_FORMAT: Final = "DateOnly"
#: Multi-choices have no type of their own; the class of their definition shows it.
_CHOICES: Final = "MultiSelectPicklistAttributeMetadata"
_OPTIONS: Final = "OptionSet($select=Options)"

#: What is asked of the columns of each type, beside their names.
_TYPED: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "DateTime": (("DateTimeBehavior", "Format"), ()),
    "String": (("MaxLength",), ()),
    "Memo": (("MaxLength",), ()),
    "Integer": (("MinValue", "MaxValue"), ()),
    "Decimal": (("MinValue", "MaxValue", "Precision"), ()),
    "Money": (("MinValue", "MaxValue", "Precision"), ()),
    "Picklist": ((), (_OPTIONS,)),
    "MultiSelectPicklist": ((), (_OPTIONS,)),
}


def read_tables(dataverse: Dataverse, names: Iterable[str]) -> dict[str, Table]:
    """The tables of these names, without those that the environment does not have.

    Raises:
        Refused: the connector's user may not read definitions.
        Transient, Misconfigured: Dataverse cannot be reached.
    """
    tables = {}
    for name in names:
        try:
            tables[name] = read_table(dataverse, name)
        except (NotFound, UnknownName):
            continue
    return tables


def read_table(dataverse: Dataverse, name: str) -> Table:
    """One table.

    Raises:
        NotFound, UnknownName: the environment does not have it.
        Refused: the connector's user may not read definitions.
        Transient, Misconfigured: Dataverse cannot be reached.
    """
    definition = f"EntityDefinitions(LogicalName={filters.quoted(name)})"
    relations, attributes, tables, *typed = _ask(
        dataverse,
        Query(
            set_name=f"{definition}/ManyToOneRelationships",
            select=("ReferencingAttribute", "ReferencedEntity", "ReferencingEntityNavigationPropertyName"),
        ),
        Query(
            set_name=f"{definition}/Attributes",
            select=("LogicalName", "AttributeType", "IsValidForRead", "IsValidForUpdate"),
        ),
        Query(
            set_name="EntityDefinitions",
            select=("LogicalName", "EntitySetName", "PrimaryIdAttribute", "PrimaryNameAttribute"),
            filter=filters.eq("LogicalName", name),
        ),
        *(
            Query(
                set_name=f"{definition}/Attributes/Microsoft.Dynamics.CRM.{kind}AttributeMetadata",
                select=("LogicalName", *properties),
                expand=expand,
            )
            for kind, (properties, expand) in _TYPED.items()
        ),
    )
    navigation: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for row in relations:
        target = navigation[str(row["ReferencingAttribute"])]
        target[str(row["ReferencedEntity"])] = str(row["ReferencingEntityNavigationPropertyName"])
    special = {str(row["LogicalName"]): row for rows in typed for row in rows}
    columns = [
        _column(row, kind, special.get(str(row["LogicalName"]), {}), navigation[str(row["LogicalName"])])
        for row in attributes
        if row.get("IsValidForRead") is True and (kind := _kind(row)) is not None
    ]
    itself = tables[0] if tables else {}
    return Table(
        name=name,
        set_name=str(itself.get("EntitySetName") or ""),
        label="",
        id_column=str(itself.get("PrimaryIdAttribute") or ""),
        name_column=str(itself.get("PrimaryNameAttribute") or ""),
        columns=tuple(columns),
    )


def _ask(dataverse: Dataverse, *queries: Query) -> list[list[Row]]:
    """The answers to several questions; lists of definitions have one page."""
    requests = [BatchRequest("GET", query.path, query.set_name, headers=query.headers) for query in queries]
    found = []
    for query, answer in zip(queries, dataverse.batch(requests), strict=True):
        if answer.error is not None:
            raise answer.error
        found.append(rows_of(mapping_of(answer.body, f"GET {query.set_name}"), query.set_name))
    return found


def _column(row: Row, kind: Kind, special: Row, navigation: dict[str, str]) -> Column:
    if kind is Kind.DATE_TIME:
        kind = _date_kind(special)
    column = Column(
        str(row["LogicalName"]),
        kind,
        targets=tuple(navigation),
        navigation=navigation,
        options=_options(special.get("OptionSet")),
        writable=row.get("IsValidForUpdate") is True,
        minimum=_number(special.get("MinValue")),
        maximum=_number(special.get("MaxValue")),
        precision=_whole(special.get("Precision")),
        is_day=kind is Kind.DATE_TIME and special.get("Format") == _DAY_FORMAT,
    )
    length = _whole(special.get("MaxLength"))
    return column if length is None else replace(column, length=length)


def _options(option_set: object) -> dict[int, str]:
    """Value and label, in the language of the connector's user, as the formatted values of rows are."""
    found = option_set.get("Options") if isinstance(option_set, Mapping) else None
    options = {}
    for option in found if isinstance(found, list) else ():
        label = option.get("Label") if isinstance(option, Mapping) else None
        shown = label.get("UserLocalizedLabel") if isinstance(label, Mapping) else None
        if isinstance(shown, Mapping) and isinstance(option.get("Value"), int):
            options[option["Value"]] = str(shown.get("Label") or "")
    return options


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


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
