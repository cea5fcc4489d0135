"""Whether somebody works on the forms and views of a table: what is not published would be published with ours."""

from typing import Final
from urllib.parse import quote

from connector.dataverse.schema.forms import RECORD_TABLES
from connector.setup.component import Found
from connector.setup.interface.form_xml import record_tab_of, without_tab
from connector.setup.interface.forms import FORM_ROWS, FORM_XML
from connector.setup.interface.views import VIEW_ROWS
from connector.setup.interface.xml_compare import read_xml, shape
from connector.setup.row_parts import UNPUBLISHED, RowKind
from connector.setup.target import SetupTarget
from connector.words import Sentence

#: What is compared, and the column that names the table.
_ROWS: Final = (
    (FORM_ROWS, (FORM_XML,), "objecttypecode"),
    (VIEW_ROWS, ("fetchxml", "layoutxml"), "returnedtypecode"),
)


def unfinished(target: SetupTarget, table: str) -> str:
    """Why a table of the customer cannot be published now; empty where it can."""
    for rows, columns, of_table in _ROWS:
        condition = f"{of_table} eq '{table}'"
        published = _read(target, rows, rows.set_name, columns, condition)
        changed = _read(target, rows, f"{rows.set_name}/{UNPUBLISHED}", columns, condition)
        for row_id, row in changed.items():
            shown = published.get(row_id, {})
            if any(_differ(target, table, row.get(each), shown.get(each)) for each in columns):
                return Sentence(
                    "The {kind} {name} of {table} has changes that are not published.",
                    kind=rows.table,
                    name=str(row.get("name")),
                    table=table,
                )
    return ""


def _read(
    target: SetupTarget, rows: RowKind, source: str, columns: tuple[str, ...], condition: str
) -> dict[str, Found]:
    select = ",".join((rows.id_column, "name", *columns))
    found = target.calls.rows(f"{source}?$select={select}&$filter={quote(condition)}")
    return {str(row[rows.id_column]): row for row in found}


def _differ(target: SetupTarget, table: str, one: object, other: object) -> bool:
    return one != other and _shape(target, table, one) != _shape(target, table, other)


def _shape(target: SetupTarget, table: str, xml: object) -> object:
    """A form without our tab: whether that is published is not somebody's work."""
    if table in RECORD_TABLES and xml is not None:
        xml = without_tab(xml, record_tab_of(table, target.languages))
    return shape(read_xml(xml))
