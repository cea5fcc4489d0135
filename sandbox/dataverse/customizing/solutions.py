"""Solutions: which component is in which, by the header of a write or by an action.

Every component is in the default solution. One is in another solution when the write that made or changed it named that
solution in the header `MSCRM.SolutionUniqueName`. A header of another name, and the query option, have no effect.

Other parts of the stand-in use `add`, `remove` and `members`; rows of the tables in `ROW_COMPONENTS` join by themselves
when they are written.
"""

from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from sandbox.dataverse.clock import Clock
from sandbox.dataverse.customizing.solution_tables import (
    COMPONENT,
    DEFAULT_PUBLISHER_ID,
    DEFAULT_SOLUTION,
    DEFAULT_SOLUTION_ID,
    PUBLISHER,
    SOLUTION,
)
from sandbox.dataverse.errors import unknown_solution
from sandbox.dataverse.placing import place
from sandbox.dataverse.store import Row, Store, Transaction
from sandbox.dataverse.values import Scalar
from sandbox.dataverse.writes import RowEvent

#: Component types.
TABLE: Final = 1
COLUMN: Final = 2
CHOICE: Final = 9
RELATIONSHIP: Final = 10
KEY: Final = 14
VIEW: Final = 26
FORM: Final = 60
#: Types above 10000 are numbered per environment; this is the one of command buttons here.
COMMAND_BUTTON: Final = 10_343

#: The component type of the rows of a table, and the property with the logical name of the table that they belong to.
ROW_COMPONENTS: Final[dict[str, tuple[int, str]]] = {
    "role": (20, ""),
    "savedquery": (VIEW, "returnedtypecode"),
    "workflow": (29, ""),
    "savedqueryvisualization": (59, ""),
    "systemform": (FORM, "objecttypecode"),
    "webresource": (61, ""),
    "sitemap": (62, ""),
    "appmodule": (80, ""),
    "sdkmessageprocessingstep": (92, ""),
    "sdkmessageprocessingstepimage": (93, ""),
    "serviceendpoint": (95, ""),
    "environmentvariabledefinition": (380, ""),
    "environmentvariablevalue": (381, ""),
    "appaction": (COMMAND_BUTTON, ""),
}
#: What has no row of its own in a solution that has the whole table.
_INSIDE_TABLES: Final = frozenset({COLUMN, KEY, VIEW, FORM})

#: `rootcomponentbehavior`: everything of the table, or its shell for a column of ours on a standard table.
WHOLE: Final = 0
SHELL: Final = 2


@dataclass(frozen=True, slots=True)
class Member:
    """A component in a solution.

    Attributes:
        kind: its component type.
        object_id: its id.
        behavior: `rootcomponentbehavior`.
    """

    kind: int
    object_id: str
    behavior: int


class Solutions:
    """Who is in which solution.

    Args:
        store: where the rows of publishers, solutions and components are.
        clock: what time it is.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        #: The id of the definition of a table, by its logical name; filled in by the definitions.
        self.table_ids: dict[str, str] = {}

    def seed(self) -> None:
        """The publisher and the solution of every environment."""
        publisher: dict[str, Scalar] = {
            "uniquename": "DefaultPublishersandbox",
            "friendlyname": "Default Publisher for sandbox",
            "customizationprefix": "new",
            "customizationoptionvalueprefix": 10000,
            "isreadonly": False,
        }
        place(self._store, self._clock, PUBLISHER, DEFAULT_PUBLISHER_ID, publisher)
        solution: dict[str, Scalar] = {
            "uniquename": DEFAULT_SOLUTION,
            "friendlyname": "Default Solution",
            "version": "1.0",
            "ismanaged": False,
            "isvisible": True,
        }
        lookups = {"publisherid": (PUBLISHER, DEFAULT_PUBLISHER_ID)}
        place(self._store, self._clock, SOLUTION, DEFAULT_SOLUTION_ID, solution, lookups)

    def find(self, name: str) -> Row:
        """The solution of a unique name.

        Raises:
            ApiError: 404 `0x80040217` when there is none.
        """
        for row in self._store.tables[SOLUTION].rows.values():
            if str(row.values["uniquename"]).lower() == name.lower():
                return row
        raise unknown_solution(name)

    def prefixes(self) -> frozenset[str]:
        """The prefixes of all publishers, in lower case."""
        rows = self._store.tables[PUBLISHER].rows.values()
        return frozenset(str(row.values["customizationprefix"]).lower() for row in rows)

    def first_option(self, solution: str) -> int:
        """The first number in the option range of the publisher of a solution."""
        row = self.find(solution or DEFAULT_SOLUTION)
        publisher = self._store.tables[PUBLISHER].rows[str(row.values["_publisherid_value"])]
        return int(str(publisher.values["customizationoptionvalueprefix"])) * 10_000

    def add(
        self, kind: int, object_id: str, solution: str = "", *, table: str = "", behavior: int = WHOLE
    ) -> str | None:
        """Put a component into the default solution, and into another one if it is named.

        Args:
            kind: the component type.
            object_id: the id of the component.
            solution: the unique name of the solution.
            table: the table that the component belongs to, if any: its shell joins too.
            behavior: `rootcomponentbehavior` of the component.

        Returns:
            The id of its row in the named solution; None where it has none, because the whole table is there.

        Raises:
            ApiError: 404 for an unknown solution.
        """
        self._join(DEFAULT_SOLUTION_ID, kind, object_id, table, behavior)
        if not solution:
            return None
        return self._join(self.find(solution).id, kind, object_id, table, behavior)

    def leave(self, object_id: str, solution: str) -> bool:
        """Take a component out of a solution; whether it was in it."""
        solution_id = self.find(solution).id
        rows = [row for row in self._rows(solution_id) if row.values["objectid"] == object_id]
        for row in rows:
            self._store.tables[COMPONENT].remove(row.id)
        return bool(rows)

    def remove(self, object_id: str) -> None:
        """Take a component that is gone out of every solution."""
        data = self._store.tables[COMPONENT]
        for row in [row for row in data.rows.values() if row.values["objectid"] == object_id]:
            data.remove(row.id)

    def members(self, solution: str) -> list[Member]:
        """What is in a solution.

        Raises:
            ApiError: 404 when there is no such solution.
        """
        return [
            Member(
                int(str(row.values["componenttype"])),
                str(row.values["objectid"]),
                int(str(row.values["rootcomponentbehavior"])),
            )
            for row in self._rows(self.find(solution).id)
        ]

    def empty(self, transaction: Transaction, solution_id: str) -> None:
        """Take everything out of a solution that is deleted; the components stay."""
        for row in self._rows(solution_id):
            transaction.remove(COMPONENT, row.id)

    def on_commit(self, events: list[RowEvent]) -> None:
        """Let rows that are components join, and leave when they are deleted."""
        for event in events:
            known = ROW_COMPONENTS.get(event.table)
            if known is None:
                continue
            if event.after is None:
                self.remove(event.row_id)
            elif event.message == "Create" or event.caller.solution:
                kind, of_table = known
                table = str(event.after.values.get(of_table) or "") if of_table else ""
                self.add(kind, event.row_id, event.caller.solution, table=table)

    def _join(self, solution_id: str, kind: int, object_id: str, table: str, behavior: int) -> str | None:
        present = {str(row.values["objectid"]): row for row in self._rows(solution_id)}
        if object_id in present:
            return present[object_id].id
        table_id = self.table_ids.get(table)
        if table_id is not None and kind in _INSIDE_TABLES:
            shell = present.get(table_id)
            if shell is not None and shell.values["rootcomponentbehavior"] == WHOLE:
                return None
            if shell is None and solution_id != DEFAULT_SOLUTION_ID:
                self._put(solution_id, TABLE, table_id, SHELL)
        return self._put(solution_id, kind, object_id, behavior)

    def _put(self, solution_id: str, kind: int, object_id: str, behavior: int) -> str:
        row_id = str(uuid4())
        values: dict[str, Scalar] = {"componenttype": kind, "objectid": object_id, "rootcomponentbehavior": behavior}
        place(self._store, self._clock, COMPONENT, row_id, values, {"solutionid": (SOLUTION, solution_id)})
        return row_id

    def _rows(self, solution_id: str) -> list[Row]:
        data = self._store.tables[COMPONENT]
        return [data.rows[row_id] for row_id in sorted(data.having("_solutionid_value", solution_id))]
