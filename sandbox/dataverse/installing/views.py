"""The rules of views: whose layout names their table, whose query runs, and which may be made and deleted."""

from dataclasses import dataclass, replace
from typing import Final

from sandbox.dataverse.customizing.dependencies import refuse_if_needed
from sandbox.dataverse.customizing.layouts import check_layout
from sandbox.dataverse.customizing.parts import Parts
from sandbox.dataverse.customizing.refusals import invalid
from sandbox.dataverse.customizing.solution_tables import Rules
from sandbox.dataverse.fetchxml.parsing import parse_fetch
from sandbox.dataverse.fetchxml.running import Fetcher
from sandbox.dataverse.installing.tables import VIEW, VIEW_TABLE
from sandbox.dataverse.store import Row, Transaction
from sandbox.dataverse.values import Scalar
from sandbox.dataverse.writes import RowEvent, Writer

PUBLIC: Final = 0
#: Of these, each table has one from the start, which can be changed only.
_SINGLE: Final = {1: "Advanced Find", 2: "Associated", 4: "Quick Find", 64: "Lookup"}


@dataclass(slots=True)
class ViewRules(Rules):
    """Checks views.

    Attributes:
        parts: of the environment.
        fetcher: reads their queries.
    """

    parts: Parts
    fetcher: Fetcher

    def before_create(self, writer: Writer, values: dict[str, Scalar], _targets: dict[str, str]) -> Row | None:
        """Check a new view.

        Raises:
            ApiError: 400 for a kind that cannot be made, and for a query or a layout that does not fit.
        """
        if values.get("querytype") != PUBLIC:
            kind = _SINGLE.get(int(str(values.get("querytype") or 0)), "this")
            raise invalid(f"A view of the type {kind} cannot be created.")
        self._check(values, writer.caller.user.id)
        return None

    def before_update(self, old: Row, values: dict[str, Scalar]) -> None:
        """Check a change.

        Raises:
            ApiError: 400 as for a new one; its table and its kind cannot be changed; the default view stays active.
        """
        for name in ("returnedtypecode", "querytype"):
            if values.get(name, old.values.get(name)) != old.values.get(name):
                raise invalid(f"The property {name} of a view cannot be changed.")
        merged = {**old.values, **values}
        if merged.get("isdefault") and merged.get("statecode") == 1:
            raise invalid("The default view cannot be deactivated.")
        changed: dict[str, Scalar] = {name: merged[name] for name in ("fetchxml", "layoutxml") if name in values}
        self._check({"returnedtypecode": merged["returnedtypecode"], **changed}, "")

    def before_delete(self, _writer: Writer, row: Row) -> None:
        """Check a deletion.

        Raises:
            ApiError: 400 for a view that the platform made or that is the default, `0x8004f01f` for one in use.
        """
        if row.values.get("querytype") != PUBLIC or row.values.get("isdefault"):
            raise invalid("The system view or the default view cannot be deleted.")
        refuse_if_needed(self.parts, VIEW, row.id, "View")

    def settle(self, transaction: Transaction, events: list[RowEvent]) -> None:
        """A table has one default view: the newest."""
        for event in events:
            if event.table == VIEW_TABLE and event.after is not None and event.changes.get("isdefault") is True:
                for row in list(self.parts.store.tables[VIEW_TABLE].rows.values()):
                    same = all(
                        row.values.get(each) == event.after.values.get(each)
                        for each in ("returnedtypecode", "querytype", "isdefault")
                    )
                    if same and row.id != event.row_id:
                        transaction.put(VIEW_TABLE, replace(row, values={**row.values, "isdefault": False}))

    def _check(self, values: dict[str, Scalar], user_id: str) -> None:
        table = str(values["returnedtypecode"])
        self.parts.finder.named(table)
        if "fetchxml" in values:
            fetch = parse_fetch(str(values["fetchxml"]))
            if self.fetcher.tables(fetch)[0].name != table:
                raise invalid(f"The fetchxml of a view of {table} must be about it.")
            self.fetcher.check(fetch, user_id)
        if "layoutxml" in values:
            check_layout(self.parts, str(values["layoutxml"]), table)
