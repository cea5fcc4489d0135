"""Create, update and delete one row: privileges, defaults, computed columns, states, and what a deletion entails."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol
from uuid import uuid4

from sandbox.dataverse import errors
from sandbox.dataverse.auto_numbers import format_number
from sandbox.dataverse.clock import Clock
from sandbox.dataverse.errors import ApiError
from sandbox.dataverse.model import TableModel
from sandbox.dataverse.privileges import OWNER, require, require_for_owner, require_lookups
from sandbox.dataverse.roles import Verb
from sandbox.dataverse.store import Row, Store, Transaction
from sandbox.dataverse.users import Caller
from sandbox.dataverse.validation import Changes
from sandbox.dataverse.values import JsonObject, Scalar, stamp


@dataclass(frozen=True, slots=True)
class RowEvent:
    """One write of one row, as the journal and the steps see it once it is committed.

    Attributes:
        message: `Create`, `Update`, `Delete`, `Merge`, or the message of an action.
        table: the logical name.
        row_id: the primary id.
        before: the row as it was.
        after: the row as it is.
        changes: the properties that a message's Target holds, with their new values.
        caller: who did it, and how.
        time: when.
        cascaded: whether it only followed from a deletion or a merge; such writes raise no message.
        subordinate_id: of a merge, the row that was merged into this one.
        inputs: of a message that is no write of a row, its input parameters.
        outputs: of such a message, its output parameters.
    """

    message: str
    table: str
    row_id: str
    before: Row | None
    after: Row | None
    changes: dict[str, Scalar]
    caller: Caller
    time: datetime
    cascaded: bool = False
    subordinate_id: str | None = None
    inputs: JsonObject | None = None
    outputs: JsonObject = field(default_factory=dict)


class TableRules(Protocol):
    """What the platform checks and fills in when rows of one table are written."""

    def before_create(self, writer: "Writer", values: dict[str, Scalar], targets: dict[str, str]) -> Row | None:
        """Check and complete a new row; a row that is there already stands for it, and nothing is written."""

    def before_update(self, old: Row, values: dict[str, Scalar]) -> None:
        """Check a change."""

    def before_delete(self, writer: "Writer", row: Row) -> None:
        """Check a deletion, and do what it entails."""

    def merged(self, writer: "Writer", model: TableModel, kept: Row, subordinate: Row) -> None:
        """Follow the merge of two rows of any table."""

    def settle(self, transaction: Transaction, events: list[RowEvent]) -> None:
        """Bring up to date what is counted, before a unit of work is committed."""


@dataclass(slots=True)
class Writer:
    """Writes on behalf of one caller, within one transaction.

    Attributes:
        store: where the rows are.
        clock: what time it is.
        caller: on whose behalf.
        transaction: what is undone when something fails.
        events: what was written so far.
        rules: what the platform does besides, by table.
    """

    store: Store
    clock: Clock
    caller: Caller
    transaction: Transaction
    events: list[RowEvent] = field(default_factory=list)
    rules: Mapping[str, TableRules] = field(default_factory=dict)

    @contextmanager
    def following(self) -> Iterator[None]:
        """What is written meanwhile follows from something else, and raises no message."""
        first = len(self.events)
        yield
        self.events[first:] = [replace(event, cascaded=True) for event in self.events[first:]]

    def create(self, model: TableModel, changes: Changes) -> Row:
        """Make a row.

        Raises:
            ApiError: 403 without privilege, 400 for missing or contradictory values, 412 when id or key exist.
        """
        require(self.caller, Verb.CREATE, model)
        require_lookups(self.caller, model, changes, self.store, None)
        row_id = changes.row_id or str(uuid4())
        if self.store.get(model.name, row_id) is not None:
            raise errors.duplicate_id()
        now = self.clock.now()
        values: dict[str, Scalar] = {model.id_column: row_id, **model.defaults, **changes.values}
        _require_values(model, values, model.required)
        for column in model.auto_numbers:
            if values.get(column.name) is None:
                number = self.store.next_number(model.name, column.name)
                values[column.name] = format_number(column.auto_number, number, now)
        targets = dict(changes.targets)
        if model.has_state:
            _settle_state(model, values, changes.values, None)
        if model.has_full_name:
            values["fullname"] = _full_name(values)
        if model.has_owner and values.get(OWNER) is None:
            values[OWNER], targets[OWNER] = self.caller.user.id, "systemuser"
        if model.has_owner:
            require_for_owner(self.caller, Verb.CREATE, model, row_id, values[OWNER])
        if model.name in self.rules:
            existing = self.rules[model.name].before_create(self, values, targets)
            if existing is not None:
                return existing
        self._stamp(model, values, targets, now, created=True)
        row = self._row(model, row_id, self.store.next_order(), values, targets)
        self.transaction.put(model.name, row)
        self.events.append(RowEvent("Create", model.name, row_id, None, row, values, self.caller, now))
        return row

    def update(self, model: TableModel, old: Row, changes: Changes) -> Row:
        """Change a row.

        Raises:
            ApiError: 403 without privilege, 400 for contradictory values, 412 when another row has the alternate key.
        """
        require(self.caller, Verb.WRITE, model, old)
        require_lookups(self.caller, model, changes, self.store, old)
        if model.is_intersect:
            raise errors.not_for_single_rows("Update", model.name)
        if changes.row_id not in (None, old.id):
            raise ApiError(400, errors.INVALID_ARGUMENT, f"The primary key of {model.name} cannot be changed.")
        now = self.clock.now()
        changed = dict(changes.values)
        _require_values(model, changed, [name for name in model.required if name in changed])
        if model.has_state and ("statecode" in changed or "statuscode" in changed):
            _settle_state(model, changed, changes.values, old)
        if model.has_full_name and ("firstname" in changed or "lastname" in changed):
            changed["fullname"] = _full_name({**old.values, **changed})
        if model.name in self.rules:
            self.rules[model.name].before_update(old, changed)
        targets = dict(changes.targets)
        self._stamp(model, changed, targets, now, created=False)
        kept = {name: table for name, table in old.targets.items() if name not in changed}
        row = self._row(model, old.id, old.order, {**old.values, **changed}, {**kept, **targets})
        self.transaction.put(model.name, row)
        self.events.append(RowEvent("Update", model.name, old.id, old, row, changed, self.caller, now))
        return row

    def delete(self, model: TableModel, row: Row) -> None:
        """Delete a row; lookups that point to it are cleared.

        Raises:
            ApiError: 403 without privilege, 405 when a required lookup points to it.
        """
        require(self.caller, Verb.DELETE, model, row)
        if model.name in self.rules:
            self.rules[model.name].before_delete(self, row)
        now = self.clock.now()
        for other, name in self.store.catalog.referencing.get(model.name, ()):
            self._remove_links(other, name, model.name, row.id, now)
        self.transaction.remove(model.name, row.id)
        self.events.append(RowEvent("Delete", model.name, row.id, row, None, {}, self.caller, now))

    def merge(self, model: TableModel, row: Row, subordinate: Row, content: Changes) -> None:
        """Merge a row into another one, which takes over the content: only the merge itself raises a message.

        Raises:
            ApiError: as `update`.
        """
        with self.following():
            kept = self.update(model, row, content)
            inactive: dict[str, Scalar] = {
                "statecode": max(model.default_status),
                "merged": True,
                "_masterid_value": row.id,
            }
            self.update(model, subordinate, Changes(inactive, {"_masterid_value": model.name}))
        for rules in self.rules.values():
            rules.merged(self, model, row, subordinate)
        self.events.append(
            RowEvent(
                "Merge", model.name, row.id, row, kept, content.values, self.caller, self.clock.now(),
                subordinate_id=subordinate.id,
            )
        )  # fmt: skip

    def _remove_links(self, model: TableModel, name: str, target: str, row_id: str, now: datetime) -> None:
        data = self.store.tables[model.name]
        for other_id in sorted(data.where(name, (row_id,))):
            other = data.rows[other_id]
            if other.targets.get(name, target) != target or other_id == row_id:
                continue
            if model.is_intersect:
                self.transaction.remove(model.name, other_id)
                self.events.append(
                    RowEvent("Delete", model.name, other_id, other, None, {}, self.caller, now, cascaded=True)
                )
                continue
            if name in model.required:
                message = "The object you tried to delete is associated with another object and cannot be deleted."
                raise ApiError(405, errors.ASSOCIATED, message)
            targets = {key: table for key, table in other.targets.items() if key != name}
            cleared = self._row(model, other.id, other.order, {**other.values, name: None}, targets)
            self.transaction.put(model.name, cleared)
            event = RowEvent(
                "Update", model.name, other_id, other, cleared, {name: None}, self.caller, now, cascaded=True
            )
            self.events.append(event)

    def _row(
        self, model: TableModel, row_id: str, order: int, values: dict[str, Scalar], targets: dict[str, str]
    ) -> Row:
        version = self.store.next_version()
        if model.has_version:
            values["versionnumber"] = version
        return Row(row_id, order, version, values, targets)

    def _stamp(
        self, model: TableModel, values: dict[str, Scalar], targets: dict[str, str], now: datetime, *, created: bool
    ) -> None:
        if not model.has_dates:
            return
        names = ("created", "modified") if created else ("modified",)
        text = stamp(now)
        for name in names:
            values[f"{name}on"] = text
            if model.has_audit:
                values[f"_{name}by_value"], targets[f"_{name}by_value"] = self.caller.user.id, "systemuser"


def _require_values(model: TableModel, values: dict[str, Scalar], required: Iterable[str]) -> None:
    for name in required:
        if values.get(name) is None:
            message = f"Attribute: {model.properties[name].name} cannot be set to NULL on {model.name}."
            raise ApiError(400, errors.INVALID_ARGUMENT, message)


def _full_name(values: dict[str, Scalar]) -> str | None:
    parts = (values.get("firstname"), values.get("lastname"))
    return " ".join(str(part) for part in parts if part) or None


def _settle_state(model: TableModel, values: dict[str, Scalar], asked: dict[str, Scalar], old: Row | None) -> None:
    """Complete and check `statecode` and `statuscode` in `values`.

    A state without a status gets the state's first status. A status without a state must belong to the state that the
    row has: to move a row to another state, both must be sent.
    """
    if not model.table.status_state:
        return
    state = values.get("statecode") if "statecode" in asked or old is None else old.values.get("statecode")
    if "statuscode" not in asked:
        values["statuscode"] = model.default_status[int(str(state))]
    status = values["statuscode"]
    if not isinstance(status, int) or model.table.status_state.get(status) != state:
        message = f"{status} is not a valid status code for state code {state} on {model.name}."
        raise ApiError(400, errors.STATUS_NOT_IN_STATE, message)
