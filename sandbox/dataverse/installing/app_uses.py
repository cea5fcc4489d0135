"""What apps and site maps need, so that it cannot be deleted while they are there."""

from collections.abc import Iterator

from sandbox.dataverse.customizing.parts import Dependant, Parts
from sandbox.dataverse.customizing.solutions import FORM, TABLE
from sandbox.dataverse.installing.app_tables import APP, APP_COMPONENT_TABLE, APP_TABLE, SITE_MAP, SITE_MAP_TABLE
from sandbox.dataverse.installing.documents import guid_in, read_xml
from sandbox.dataverse.installing.site_maps import tables_of
from sandbox.dataverse.installing.tables import FORM_TABLE, RESOURCE, VIEW_TABLE


def uses_of_apps(parts: Parts, kind: int, object_id: str) -> list[Dependant]:
    """The apps and site maps that need a component."""
    return [*_apps(parts, kind, object_id), *_site_maps(parts, kind, object_id)]


def _apps(parts: Parts, kind: int, object_id: str) -> Iterator[Dependant]:
    """The apps that show it, or have it as their icon."""
    needed = {object_id, *(_views_and_forms(parts, object_id) if kind == TABLE else ())}
    showing = {
        row.values["_appmoduleidunique_value"]
        for row in parts.store.tables[APP_COMPONENT_TABLE].rows.values()
        if row.values["objectid"] in needed
    }
    for row in parts.store.tables[APP_TABLE].rows.values():
        is_icon = kind == RESOURCE and row.values["webresourceid"] == object_id
        if is_icon or row.values["appmoduleidunique"] in showing:
            yield Dependant(APP, row.id)


def _views_and_forms(parts: Parts, table_id: str) -> Iterator[str]:
    """They go with their table."""
    names = {each.name for each in parts.definitions.tables.values() if each.id == table_id}
    for table, column in ((VIEW_TABLE, "returnedtypecode"), (FORM_TABLE, "objecttypecode")):
        yield from (row.id for row in parts.store.tables[table].rows.values() if row.values[column] in names)


def _site_maps(parts: Parts, kind: int, object_id: str) -> Iterator[Dependant]:
    """The site maps that lead to it."""
    for row in parts.store.tables[SITE_MAP_TABLE].rows.values():
        root = read_xml(row.values["sitemapxml"], "sitemapxml")
        tables = set(tables_of(root)) if kind == TABLE else set()
        ids = {parts.definitions.tables[each].id for each in tables if each in parts.definitions.tables}
        if kind == FORM:
            ids = {found for each in root.iter("SubArea") if (found := guid_in(each.get("DefaultDashboard")))}
        if object_id in ids:
            yield Dependant(SITE_MAP, row.id)
