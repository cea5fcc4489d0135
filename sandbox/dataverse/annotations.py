"""Annotations of read values: what `Prefer: odata.include-annotations` adds beside a property."""

import re
from collections.abc import Mapping, MutableMapping
from typing import Final

from connector.dataverse.schema import Kind
from sandbox.dataverse.model import LOOKUP_KINDS, Navigation, TableModel
from sandbox.dataverse.store import Row, Store
from sandbox.dataverse.values import Scalar

FORMATTED: Final = "OData.Community.Display.V1.FormattedValue"
LOOKUP_TABLE: Final = "Microsoft.Dynamics.CRM.lookuplogicalname"
NAVIGATION: Final = "Microsoft.Dynamics.CRM.associatednavigationproperty"

#: Two options of which the one that is switched on is the refusal.
_ALLOW = re.compile("donot(?!.*optout)")


def formatted(store: Store, model: TableModel, row: Row, name: str) -> str | None:
    """What users read in place of a value: labels of choices, names behind lookups; None when there is nothing."""
    value = row.values.get(name)
    if value is None:
        return None
    column = model.properties[name]
    if column.kind in LOOKUP_KINDS:
        return name_of(store, row.targets.get(name), str(value))
    return label(column.kind, column.name, column.options, value)


def label(kind: Kind, name: str, options: Mapping[int, str], value: Scalar) -> str | None:
    """The text of a value by itself; None for kinds that are shown as they are."""
    if kind in (Kind.CHOICE, Kind.STATE, Kind.STATUS) and isinstance(value, int):
        return options.get(value)
    if kind is Kind.CHOICES:
        return "; ".join(options.get(int(part), part) for part in str(value).split(","))
    if kind is Kind.YES_NO:
        yes, no = ("Do Not Allow", "Allow") if _ALLOW.match(name) else ("Yes", "No")
        return yes if value else no
    if kind in (Kind.MONEY, Kind.INTEGER, Kind.BIG_INTEGER):
        return f"€{value:,.2f}" if kind is Kind.MONEY else f"{value:,}"
    if kind in (Kind.DATE, Kind.DATE_TIME, Kind.DATE_TIME_NO_ZONE):
        return str(value).replace("T", " ").removesuffix(":00Z").removesuffix("Z")
    return None


def name_of(store: Store, table: str | None, row_id: str) -> str | None:
    """The primary name of a row."""
    if table is None or table not in store.tables:
        return None
    row = store.get(table, row_id)
    name = row.values.get(store.catalog.by_name[table].table.name_column) if row else None
    return None if name is None else str(name)


def annotate(
    store: Store, model: TableModel, row: Row, names: tuple[str, ...], wanted: frozenset[str]
) -> dict[str, Scalar]:
    """The annotations of these properties of a row."""
    found: dict[str, Scalar] = {}
    if FORMATTED not in wanted:  # then only lookups have any
        names = tuple(name for name in names if name in row.targets)
    for name in names:
        annotate_as(store, model, row, name, name, wanted, found)
    return found


def annotate_as(
    store: Store,
    model: TableModel,
    row: Row,
    name: str,
    title: str,
    wanted: frozenset[str],
    found: MutableMapping[str, Scalar],
) -> None:
    """Add the annotations of a property that is shown under another name."""
    if row.values.get(name) is None:
        return
    if FORMATTED in wanted and (text := formatted(store, model, row, name)) is not None:
        found[f"{title}@{FORMATTED}"] = text
    table = row.targets.get(name)
    if table is not None:
        if LOOKUP_TABLE in wanted:
            found[f"{title}@{LOOKUP_TABLE}"] = table
        if NAVIGATION in wanted:
            found[f"{title}@{NAVIGATION}"] = _navigation_to(model, name, table)


def _navigation_to(model: TableModel, name: str, table: str) -> str:
    navigations: list[Navigation] = [
        navigation
        for navigation in model.navigations.values()
        if navigation.property_name == name and table in navigation.targets
    ]
    return navigations[0].name if navigations else ""
