"""Views of the solution's tables. Public ones are made; the default and the associated view are the platform's."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from connector.dataverse.api import filters
from connector.dataverse.schema.interface import View, ViewKind
from connector.dataverse.schema.labels import Text
from connector.setup.component import Found, SetupPhase
from connector.setup.errors import SetupIncomplete
from connector.setup.interface.additions import with_columns
from connector.setup.interface.view_xml import fetch_xml, layout_xml, same_fetch, same_layout
from connector.setup.row_parts import ACTIVE, RowKind, RowPart, fixed_id
from connector.setup.tables import absent_columns
from connector.setup.target import SetupTarget
from connector.words import Sentence

VIEW_ROWS: Final = RowKind("savedquery", "savedqueries", "savedqueryid", layered=True)


def view_id(table: str, name: str) -> str:
    """The id of a public view of ours, the same in every environment."""
    return fixed_id(VIEW_ROWS.table, f"{table}.{name}")


@dataclass(frozen=True, slots=True)
class ViewPart(RowPart):
    """One view."""

    kind = "view"
    phase = SetupPhase.VIEWS
    rows = VIEW_ROWS
    select = ("fetchxml", "layoutxml", "querytype", "isdefault")
    view: View

    @property
    def name(self) -> str:
        """Table and view."""
        return f"{self.view.table}.{self.view.name}"

    @property
    def part_of(self) -> str:
        """Of its table."""
        return f"table {self.view.table}"

    @property
    def publishes(self) -> tuple[str, ...]:
        """Its table."""
        return (self.view.table,)

    @property
    def row_id(self) -> str:
        """Ours for a public view; the platform gives its own views theirs."""
        return view_id(self.view.table, self.view.name) if self.view.kind is ViewKind.PUBLIC else ""

    @property
    def condition(self) -> str:
        """The one view of the platform's kind; a public view has an id."""
        of_table = filters.eq("returnedtypecode", self.view.table)
        if self.view.kind is ViewKind.DEFAULT:
            return f"{of_table} and querytype eq 0 and isdefault eq true"
        if self.view.kind is ViewKind.ASSOCIATED:
            return f"{of_table} and querytype eq {self.view.kind.value}"
        return ""

    @property
    def texts(self) -> Mapping[str, Text]:
        """Its title, where it is ours."""
        return {"name": self.view.title} if self.view.title else {}

    def values(self, target: SetupTarget) -> Mapping[str, object]:
        """Query and layout; the layout gets its code when it is written."""
        view = self._here(target)
        return {"fetchxml": fetch_xml(view), "layoutxml": layout_xml(view, 0)}

    @property
    def enabled(self) -> Mapping[str, object]:
        """A view of ours is active; those of the platform always are, or are not ours to activate."""
        return ACTIVE if self.row_id else {}

    def same(self, column: str, expected: object, found: object) -> bool:
        """Whatever the order of attributes; further columns of customers are no difference."""
        if column == "fetchxml":
            return same_fetch(str(expected), found)
        return same_layout(str(expected), found) if column == "layoutxml" else expected == found

    def read(self, target: SetupTarget) -> Found | None:
        """The view; None where its table is not there yet."""
        definition = f"{_definition(self.view.table)}?$select=LogicalName"
        if (
            not self.row_id and target.calls.find(definition) is None
        ):  # a filter on a table that is not there is refused
            return None
        return RowPart.read(self, target)

    def fixed(self, target: SetupTarget) -> Mapping[str, object]:  # noqa: ARG002 - of the base class
        """What a view is about, which stays."""
        return {"returnedtypecode": self.view.table, "querytype": ViewKind.PUBLIC.value, "isdefault": False}

    def create(self, target: SetupTarget) -> None:
        """Make a public view."""
        if not self.row_id:
            raise SetupIncomplete(
                Sentence("The table {name} does not have the views of the platform yet.", name=self.view.table)
            )
        RowPart.create(self, target)

    def written(self, found: Found, target: SetupTarget) -> Mapping[str, object]:
        """Query and layout, with the code that the table has here, and with the columns that customers added."""
        definition = target.calls.get(f"{_definition(self.view.table)}?$select=ObjectTypeCode")
        code = definition["ObjectTypeCode"]
        if not isinstance(code, int):
            raise SetupIncomplete(Sentence("The table {name} has no object type code yet.", name=self.view.table))
        view = self._here(target)
        fetch, layout = with_columns(
            fetch_xml(view), layout_xml(view, code), found.get("fetchxml"), found.get("layoutxml")
        )
        return {"fetchxml": fetch, "layoutxml": layout}

    def _here(self, target: SetupTarget) -> View:
        """The view without columns that the environment does not have."""
        absent = absent_columns(self.view.table, target.absent)
        columns = tuple(each for each in self.view.columns if each not in absent)
        conditions = tuple(each for each in self.view.conditions if each.column not in absent)
        return replace(self.view, columns=columns, conditions=conditions)


def _definition(table: str) -> str:
    return f"EntityDefinitions(LogicalName='{table}')"
