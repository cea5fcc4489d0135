"""Our tab on forms of the customer: what Spotler knows of a contact, lead or account, and its jobs.

A form is touched only where the operator names it. It gets one tab more, stays the customer's, and does not become a
part of our solution. Without it, the same lists are found under Related on the record.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from connector.dataverse.api import filters
from connector.dataverse.api.rows import ETAG
from connector.dataverse.schema.forms import RECORD_TABLES
from connector.setup.component import Found, PropertyDifference, Removal, SetupPhase, full_name
from connector.setup.errors import SetupRefused
from connector.setup.interface.form_xml import holds_form, record_tab_of, with_form, without_tab
from connector.setup.interface.forms import FORM_ROWS, FORM_XML, MAIN_FORM, form_differences
from connector.setup.interface.unfinished import unfinished
from connector.setup.interface.xml_compare import plain, read_xml
from connector.setup.row_parts import PUBLISHED, UNPUBLISHED, RowPart
from connector.setup.target import SetupTarget
from connector.words import Sentence


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

    @property
    def removal(self) -> Removal:
        """The customer's form is as it was."""
        return Removal.TAKEN

    def left_alone(self, target: SetupTarget) -> str:
        """A form that is not there, or that somebody works on, does not get the tab."""
        return self.is_missing(target) or self._is_worked_on(target)

    def is_missing(self, target: SetupTarget) -> str:
        """Why there is no such form; empty where there is."""
        form = RowPart.read(self, target)
        if form is not None and (form.get("objecttypecode"), form.get("type")) == (self.table, MAIN_FORM):
            return ""
        return Sentence("There is no main form of {table} with this id.", table=self.table)

    def _is_worked_on(self, target: SetupTarget) -> str:
        form = RowPart.read(self, target)
        return "" if form is None or has_tab(form, target) else unfinished(target, self.table)

    def read(self, target: SetupTarget) -> Found | None:
        """The form, if it has our tab, or shows it until it is published."""
        form = RowPart.read(self, target)
        return form if form is not None and (has_tab(form, target) or _has_published_tab(form, target)) else None

    def compare(self, found: Found, target: SetupTarget) -> Sequence[PropertyDifference]:
        """Our tab in both layers."""
        tab = record_tab_of(self.table, target.languages)
        return form_differences(found, lambda xml: holds_form(xml, [tab]))

    def create(self, target: SetupTarget) -> None:
        """Add the tab.

        Raises:
            SetupRefused: the form is gone, or somebody has begun to work on the table.
        """
        form = RowPart.read(self, target)
        if form is None or (reason := self.left_alone(target)):
            why = Sentence.of(reason) if form else Sentence("the form is gone")
            raise SetupRefused(Sentence("{component}: {why}", component=f"{self.kind} {self.name}", why=why))
        self._write(
            form, with_form(form.get(FORM_XML), [record_tab_of(self.table, target.languages)], None, ""), target
        )

    def change(self, found: Found, differences: Sequence[PropertyDifference], target: SetupTarget) -> None:  # noqa: ARG002
        """Write the tab anew."""
        tab = record_tab_of(self.table, target.languages)
        self._write(found, with_form(found.get(FORM_XML), [tab], None, ""), target)

    def holds(self, found: Found, target: SetupTarget) -> Sequence[str]:  # noqa: ARG002 - of the protocol
        """Unpublished work of others: taking the tab away would publish it."""
        return tuple(filter(None, [unfinished(target, self.table)]))

    def is_gone(self, found: Found, target: SetupTarget) -> bool:
        """Whether only the published form has the tab."""
        return not has_tab(found, target)

    def remove(self, found: Found, target: SetupTarget) -> None:
        """Take the tab away; the form stays."""
        self._write(found, without_tab(found.get(FORM_XML), record_tab_of(self.table, target.languages)), target)

    def _write(self, form: Found, xml: str, target: SetupTarget) -> None:
        """Write the form, unless somebody has changed it since it was read."""
        version = str(form.get(ETAG) or "*")
        target.calls.patch(f"{self.rows.set_name}({self.object_id(form)})", {FORM_XML: xml}, version=version)


def missing_forms(target: SetupTarget, forms: Iterable[str]) -> list[Sentence]:
    """Why a plan with these forms cannot be applied, as somebody who names a form that is not there meant another one.

    Args:
        target: the environment.
        forms: that an operator named, each as `table:id`.
    """
    parts = [RecordFormPart(*each.split(":", 1)) for each in forms]
    return [
        Sentence(
            "{component}: {why} The id is in the address of the form in Power Apps.",
            component=full_name(part),
            why=Sentence.of(why),
        )
        for part in parts
        if (why := part.is_missing(target))
    ]


def forms_with_tab(target: SetupTarget, *, published: bool = False) -> tuple[str, ...]:
    """The forms of the customer that have our tab, each as `table:id`.

    Args:
        target: the environment.
        published: whether those count too from which it was taken without publishing that.
    """
    tables = " or ".join(filters.eq("objecttypecode", each) for each in RECORD_TABLES)
    query = f"$select=formid,objecttypecode,{FORM_XML}&$filter={quote(f'type eq {MAIN_FORM} and ({tables})')}"
    sources = (f"{FORM_ROWS.set_name}/{UNPUBLISHED}", *((FORM_ROWS.set_name,) if published else ()))
    rows = [row for source in sources for row in target.calls.rows(f"{source}?{query}")]
    found = (f"{row['objecttypecode']}:{row['formid']}" for row in rows if has_tab(row, target))
    return tuple(dict.fromkeys(found))


def back_up(target: SetupTarget, forms: Iterable[str], folder: Path) -> list[Path]:
    """Keep the XML of forms that get our tab, each in a file; a file that is there is kept.

    Args:
        target: the environment.
        forms: each as `table:id`.
        folder: where the files go.
    """
    kept = []
    for each in forms:
        part = RecordFormPart(*each.split(":", 1))
        form = RowPart.read(part, target)
        file = folder / f"{part.table}-{part.form_id}.form.xml"
        if form is not None and not has_tab(form, target) and not file.exists():
            file.write_text(str(form.get(FORM_XML)), encoding="utf-8")
            kept.append(file)
    return kept


def _has_published_tab(form: Found, target: SetupTarget) -> bool:
    shown = form.get(PUBLISHED)
    return isinstance(shown, Mapping) and has_tab(shown, target)


def has_tab(row: Found, target: SetupTarget) -> bool:
    """Whether a form has our tab."""
    root = read_xml(row.get(FORM_XML))
    ours = plain(record_tab_of(str(row["objecttypecode"]), target.languages).get("id"))
    return root is not None and any(plain(tab.get("id")) == ours for tab in root.iter("tab"))
