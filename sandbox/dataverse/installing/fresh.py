"""The views and forms that the platform gives a table: six views, and the form Information of three types."""

from typing import Final
from xml.sax.saxutils import quoteattr

from sandbox.dataverse.customizing.definitions import TableDefinition
from sandbox.dataverse.customizing.labels import shown_text
from sandbox.dataverse.customizing.parts import Parts
from sandbox.dataverse.customizing.shapes import object_in
from sandbox.dataverse.guids import guid_for
from sandbox.dataverse.installing.tables import ENTITY_TABLE, FORM, FORM_TABLE, VIEW, VIEW_TABLE
from sandbox.dataverse.placing import place
from sandbox.dataverse.values import Scalar

_TEXT: Final = "{4273EDBD-AC1D-40d3-9FB2-095C621B552D}"
_LOOKUP: Final = "{270BD3DB-D9AF-4782-9025-509E298DEC0A}"


def add_fresh(parts: Parts, table: TableDefinition) -> None:
    """Put the views and forms of a table in place, and its row among the tables; not twice."""
    if table.id in parts.store.tables[ENTITY_TABLE].rows:
        return
    values: dict[str, Scalar] = {"name": str(table.properties["SchemaName"]), "logicalname": table.name}
    place(parts.store, parts.clock, ENTITY_TABLE, table.id, values)
    if table.properties.get("IsIntersect") or table.name not in parts.catalog.by_name:
        return
    _add_views(parts, table)
    for kind in (2, 6, 11):
        _add_form(parts, table, kind)


def remove_fresh(parts: Parts, table: TableDefinition) -> None:
    """Take every view and form of a table away with it."""
    for name, column in ((VIEW_TABLE, "returnedtypecode"), (FORM_TABLE, "objecttypecode")):
        data = parts.store.tables[name]
        for row in [row for row in data.rows.values() if row.values.get(column) == table.name]:
            data.remove(row.id)
            parts.solutions.remove(row.id)
    if table.id in parts.store.tables[ENTITY_TABLE].rows:
        parts.store.tables[ENTITY_TABLE].remove(table.id)


def _id(*parts: object) -> str:
    return guid_for("/".join(map(str, ("sandbox", "fresh", *parts))))


def _add_views(parts: Parts, table: TableDefinition) -> None:
    one = shown_text(object_in(table.properties, "DisplayName"))
    several = shown_text(object_in(table.properties, "DisplayCollectionName"))
    model = parts.catalog.by_name[table.name]
    name, key = model.table.name_column, model.id_column
    dated = '<attribute name="createdon" />' if "createdon" in model.columns else ""
    code = table.properties["ObjectTypeCode"]
    layout = (
        f'<grid name="resultset" object="{code}" jump="{name}" select="1" icon="1" preview="1">'
        f'<row name="result" id="{key}"><cell name="{name}" width="300" />'
        + ('<cell name="createdon" width="125" />' if dated else "")
        + "</row></grid>"
    )
    states = {"Active": 0, "Inactive": 1} if model.has_state else {"All": None}
    kinds = [(0, f"{state} {several}", value) for state, value in states.items()]
    first = next(iter(states.values()))
    kinds += [
        (1, f"{one} Advanced Find View", first),
        (2, f"{one} Associated View", first),
        (4, f"Quick Find Active {several}", first),
        (64, f"{one} Lookup View", first),
    ]
    for kind, title, state in kinds:
        condition = "" if state is None else f'<condition attribute="statecode" operator="eq" value="{state}" />'
        fetch = (
            f'<fetch version="1.0" mapping="logical"><entity name="{table.name}"><attribute name="{key}" />'
            f'<attribute name="{name}" />{dated}<order attribute="{name}" descending="false" />'
            f'<filter type="and">{condition}</filter></entity></fetch>'
        )
        values: dict[str, Scalar] = {
            "name": title,
            "returnedtypecode": table.name,
            "querytype": kind,
            "isdefault": kind != 0 or state == first,
            "isquickfindquery": kind == 4,
            "fetchxml": fetch,
            "layoutxml": layout,
            "ismanaged": False,
            "statecode": 0,
            "statuscode": 1,
        }
        row = place(parts.store, parts.clock, VIEW_TABLE, _id(table.id, kind, state), values)
        parts.solutions.add(VIEW, row.id, table=table.name)


def _add_form(parts: Parts, table: TableDefinition, kind: int) -> None:
    model = parts.catalog.by_name[table.name]
    controls = [(model.table.name_column, _TEXT)]
    if model.has_owner and kind == 2:
        controls.append(("ownerid", _LOOKUP))
    rows = "".join(
        f'<row><cell id="{{{_id(table.id, kind, name)}}}"><labels><label description={quoteattr(name)} '
        f'languagecode="{parts.labels.base}" /></labels><control id="{name}" classid="{classid}" '
        f'datafieldname="{name}" /></cell></row>'
        for name, classid in controls
    )
    xml = (
        f'<form><tabs><tab verticallayout="true" id="{{{_id(table.id, kind, "tab")}}}" IsUserDefined="1"><labels>'
        f'<label description="General" languagecode="{parts.labels.base}" /></labels><columns><column width="100%">'
        '<sections><section showlabel="false" showbar="false" IsUserDefined="0" '
        f'id="{{{_id(table.id, kind, "section")}}}"><labels><label description="General" '
        f'languagecode="{parts.labels.base}" /></labels><rows>{rows}</rows>'
        "</section></sections></column></columns></tab></tabs></form>"
    )
    values: dict[str, Scalar] = {
        "name": "Information",
        "objecttypecode": table.name,
        "type": kind,
        "isdefault": kind == 2,
        "formactivationstate": 1,
        "formxml": xml,
        "ismanaged": False,
    }
    row = place(parts.store, parts.clock, FORM_TABLE, _id(table.id, "form", kind), values)
    parts.solutions.add(FORM, row.id, table=table.name)
