"""Our tab on forms of the customer: what Spotler knows of a contact, lead or account, and its jobs.

A form is touched only where the operator names it. It gets one tab more, stays the customer's, and does not become a
part of our solution. Without it, the same lists are found under Related on the record.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from connector.dataverse.api import filters
from connector.dataverse.schema.forms import RECORD_TABLES
from connector.setup.component import Found, PropertyDifference, SetupPhase
from connector.setup.errors import SetupRefused
from connector.setup.interface.form_xml import holds_form, record_tab_of, with_form
from connector.setup.interface.forms import FORM_ROWS, FORM_XML, MAIN_FORM, form_differences
from connector.setup.interface.unfinished import unfinished
from connector.setup.interface.xml_compare import plain, read_xml
from connector.setup.row_parts import UNPUBLISHED, RowPart
from connector.setup.target import SetupTarget


@dataclass(frozen=True, slots=True)
class RecordFormPart(RowPart):
    """Our tab on one form.

    Attributes:
        table: the logical name of its table.
        form_id: its id.
    """

    kind = "form tab"
    phase = SetupPhase.FORMS
    rows = FORM_ROWS
    select = (FORM_XML, "objecttypecode", "type", "name")
    solution = ""
    table: str
    form_id: str

    @property
    def name(self) -> str:
        """Table and form."""
        return f"{self.table}:{self.form_id}"

    @property
    def publishes(self) -> tuple[str, ...]:
        """The table."""
        return (self.table,)

    @property
    def row_id(self) -> str:
        """The operator named it."""
        return self.form_id

    def left_alone(self, target: SetupTarget) -> str:
        """A form of the customer is never made."""
        return "" if self.read(target) is not None else "There is no form of this id."

    def compare(self, found: Found, target: SetupTarget) -> Sequence[PropertyDifference]:
        """Our tab in both layers; a table with unfinished work of the customer is not touched."""
        if (found.get("objecttypecode"), found.get("type")) != (self.table, MAIN_FORM):
            return [
                PropertyDifference("form", f"a main form of {self.table}", f"{found.get('name')}", can_change=False)
            ]
        tab = record_tab_of(self.table, target.languages)
        differences = form_differences(found, lambda xml: holds_form(xml, [tab]))
        if differences and (reason := unfinished(target, self.table)):
            return [PropertyDifference("unpublished changes", "none", reason, can_change=False)]
        return differences

    def create(self, target: SetupTarget) -> None:
        """It is never made.

        Raises:
            SetupRefused: always.
        """
        raise SetupRefused(f"There is no form {self.form_id} in {target.organization}.")

    def written(self, found: Found, target: SetupTarget) -> Mapping[str, object]:
        """The form with our tab at its end."""
        return {FORM_XML: with_form(found.get(FORM_XML), [record_tab_of(self.table, target.languages)], None, "")}


def forms_with_tab(target: SetupTarget) -> tuple[str, ...]:
    """The forms of the customer that have our tab, each as `table:id`."""
    tables = " or ".join(filters.eq("objecttypecode", each) for each in RECORD_TABLES)
    query = f"$select=formid,objecttypecode,{FORM_XML}&$filter={quote(f'type eq {MAIN_FORM} and ({tables})')}"
    rows = target.calls.rows(f"{FORM_ROWS.set_name}/{UNPUBLISHED}?{query}")
    return tuple(f"{row['objecttypecode']}:{row['formid']}" for row in rows if _has_tab(row, target))


def _has_tab(row: Found, target: SetupTarget) -> bool:
    root = read_xml(row.get(FORM_XML))
    ours = plain(record_tab_of(str(row["objecttypecode"]), target.languages).get("id"))
    return root is not None and any(plain(tab.get("id")) == ours for tab in root.iter("tab"))
