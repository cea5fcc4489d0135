"""What Dataverse checks and fills in when lists and their members are written.

Nobody is a member of a list twice: adding somebody again has no effect. `membercount` of a static list follows its
members; the list raises no Update for it.
"""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Final

from sandbox.dataverse import errors
from sandbox.dataverse.errors import ApiError
from sandbox.dataverse.marketing.tables import LIST, LIST_MEMBER, MEMBER_TABLES
from sandbox.dataverse.model import TableModel
from sandbox.dataverse.store import Row, Store, Transaction
from sandbox.dataverse.values import Scalar
from sandbox.dataverse.writes import RowEvent, TableRules, Writer

WRONG_MEMBER_TYPE: Final = "0x80040301"
LIST_LOCKED: Final = "0x80040302"
LIST_NOT_ACTIVE: Final = "0x8004033A"
MEMBER_NOT_ACTIVE: Final = "0x8004033B"
NOT_FOR_DYNAMIC_LISTS: Final = "0x8004F701"
QUERY_OF_STATIC_LIST: Final = "0x8004F702"
LOCKED_DYNAMIC_LIST: Final = "0x8004F703"

#: Whether somebody who is deactivated cannot be added; to confirm on a real environment.
INACTIVE_MEMBERS_REFUSED: Final = True


def check_static(row: Row) -> None:
    """Refuse to change the members of a dynamic list.

    Raises:
        ApiError: 400 when the list is dynamic.
    """
    if row.values.get("type") is True:
        raise ApiError(400, NOT_FOR_DYNAMIC_LISTS, "This action is not available for a dynamic marketing list.")


def check_changeable(row: Row) -> None:
    """Refuse to change the members of a list that is dynamic, deactivated or locked.

    Raises:
        ApiError: 400 when it is one of them.
    """
    check_static(row)
    if row.values.get("statecode") != 0:
        raise ApiError(400, LIST_NOT_ACTIVE, "The list is not active. The operation cannot be performed.")
    if row.values.get("lockstatus") is True:
        raise ApiError(400, LIST_LOCKED, "The list is locked. The operation cannot be performed.")


def member_table(row: Row) -> str:
    """The table of the members of a list."""
    return MEMBER_TABLES[int(str(row.values["createdfromcode"]))]


def find_member(store: Store, list_id: str, member_id: str) -> Row | None:
    """The row that makes somebody a member of a list."""
    data = store.tables[LIST_MEMBER]
    for row_id in data.where("_entityid_value", (member_id,)):
        if data.rows[row_id].values["_listid_value"] == list_id:
            return data.rows[row_id]
    return None


@dataclass(frozen=True, slots=True)
class ListRules:
    """The rules of `list`."""

    def before_create(self, _: Writer, values: dict[str, Scalar], _targets: dict[str, str]) -> Row | None:
        """Fill in the type of the members and their number.

        Raises:
            ApiError: 400 for a query of a static list and for a locked dynamic list.
        """
        _check_list(values)
        values["membertype"] = values.get("createdfromcode")
        values["membercount"] = None if values.get("type") is True else 0
        return None

    def before_update(self, old: Row, values: dict[str, Scalar]) -> None:
        """Check a change.

        Raises:
            ApiError: 400 as in `before_create`, and for another type of members.
        """
        if values.get("createdfromcode", old.values["createdfromcode"]) != old.values["createdfromcode"]:
            raise ApiError(400, errors.INVALID_ARGUMENT, "The type of the members of a list cannot be changed.")
        _check_list({**old.values, **values})

    def before_delete(self, _: Writer, _row: Row) -> None:
        """Nothing to check."""

    def merged(self, writer: Writer, model: TableModel, kept: Row, subordinate: Row) -> None:
        """Lists are not merged."""

    def settle(self, transaction: Transaction, events: list[RowEvent]) -> None:
        """Nothing of a list follows from other lists."""


@dataclass(frozen=True, slots=True)
class MemberRules:
    """The rules of `listmember`.

    Attributes:
        checked: whether the list and the member must be as they are for people; rows of tests are taken as given.
    """

    checked: bool = True

    def before_create(self, writer: Writer, values: dict[str, Scalar], targets: dict[str, str]) -> Row | None:
        """Check a new member and fill in its type; the row that is there already, if there is one.

        Raises:
            ApiError: 400 when it cannot become a member.
        """
        list_id, member_id = str(values["_listid_value"]), str(values["_entityid_value"])
        table = targets["_entityid_value"]
        values["entitytype"] = table
        if not self.checked:
            return None
        _check_member(writer.store, list_id, table, member_id)
        return find_member(writer.store, list_id, member_id)

    def before_update(self, old: Row, values: dict[str, Scalar]) -> None:
        """Nothing updates a member."""

    def before_delete(self, _: Writer, _row: Row) -> None:
        """Nothing to check."""

    def merged(self, writer: Writer, model: TableModel, kept: Row, subordinate: Row) -> None:
        """The row that is kept becomes a member in the place of the other; no message says so."""
        if model.name not in MEMBER_TABLES.values():
            return
        data = writer.store.tables[LIST_MEMBER]
        for member_id in sorted(data.where("_entityid_value", (subordinate.id,))):
            member = data.rows[member_id]
            if find_member(writer.store, str(member.values["_listid_value"]), kept.id) is not None:
                with writer.following():
                    writer.delete(data.model, member)
            else:
                moved = replace(member, values={**member.values, "_entityid_value": kept.id})
                writer.transaction.put(LIST_MEMBER, moved)

    def settle(self, transaction: Transaction, events: list[RowEvent]) -> None:
        """Bring `membercount` of the lists up to date with what was written."""
        changes: Counter[str] = Counter()
        for event in events:
            row = event.after or event.before
            if event.table == LIST_MEMBER and event.message in ("Create", "Delete") and row is not None:
                changes[str(row.values["_listid_value"])] += 1 if event.message == "Create" else -1
        store = transaction.store
        for list_id, change in changes.items():
            row = store.get(LIST, list_id)
            if row is not None and change:
                count = int(str(row.values.get("membercount") or 0)) + change
                version = store.next_version()
                values = {**row.values, "membercount": count, "versionnumber": version}
                transaction.put(LIST, replace(row, version=version, values=values))


def _check_list(values: dict[str, Scalar]) -> None:
    if values.get("type") is not True and values.get("query") is not None:
        raise ApiError(400, QUERY_OF_STATIC_LIST, "Query cannot be specified for a static list.")
    if values.get("type") is True and values.get("lockstatus") is True:
        raise ApiError(400, LOCKED_DYNAMIC_LIST, "A dynamic list cannot be locked.")


def _check_member(store: Store, list_id: str, table: str, member_id: str) -> None:
    row = store.tables[LIST].rows[list_id]
    check_changeable(row)
    if table != member_table(row):
        raise ApiError(400, WRONG_MEMBER_TYPE, f"A row of '{table}' cannot be a member of this list.")
    member = store.get(table, member_id)
    if member is None:
        raise errors.row_not_found(table, member_id)
    if INACTIVE_MEMBERS_REFUSED and member.values.get("statecode") != 0:
        raise ApiError(400, MEMBER_NOT_ACTIVE, "The member is not active. The operation cannot be performed.")


def list_rules(*, checked: bool = True) -> dict[str, TableRules]:
    """The rules of both tables; `checked` as in `MemberRules`."""
    return {LIST: ListRules(), LIST_MEMBER: MemberRules(checked)}
