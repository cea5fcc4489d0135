"""The actions that change the members of a list.

| action                  | on      | parameters        | answer          | message                   |
|-------------------------|---------|-------------------|-----------------|---------------------------|
| AddListMembersList      | nothing | `List`, `Members` |                 | `AddListMembers`          |
| AddMemberList           | a list  | `EntityId`        | `Id`            | `AddMember`               |
| RemoveMemberList        | a list  | `EntityId`        |                 | `RemoveMember`            |
| CopyDynamicListToStatic | a list  |                   | `StaticListId`  | `CopyDynamicListToStatic` |
| CopyMembersList         | a list  | `TargetListId`    |                 | none                      |

The rows of `listmember` that they make and remove raise no message of their own. Others of Dataverse's actions about
lists have no documented parameters, and are refused.
"""

from collections.abc import Callable, Iterable
from typing import Final

from sandbox.dataverse import errors
from sandbox.dataverse.binding import typed_reference
from sandbox.dataverse.calls import Answer, Call, empty_answer, json_answer
from sandbox.dataverse.errors import ApiError, not_supported
from sandbox.dataverse.fetchxml.running import Fetcher
from sandbox.dataverse.marketing.rules import check_changeable, check_static, find_member, member_table
from sandbox.dataverse.marketing.tables import LIST, LIST_MEMBER, MEMBER_TABLES
from sandbox.dataverse.privileges import require
from sandbox.dataverse.roles import Verb
from sandbox.dataverse.store import Row
from sandbox.dataverse.validation import Changes
from sandbox.dataverse.values import Json, JsonObject, Scalar, as_guid
from sandbox.dataverse.writes import RowEvent, Writer

NOT_A_MEMBER_OF_THE_LIST: Final = "0x80048458"
COPY_OF_STATIC_LIST: Final = "0x8004F704"

ADD_LIST_MEMBERS: Final = "AddListMembersList"
#: Columns of a list that its copy has too.
_COPIED: Final = ("listname", "createdfromcode", "description", "purpose", "source", "cost", "donotsendonoptout")
_UNKNOWN_PARAMETERS: Final = frozenset(
    {"AddMembersBatchList", "RemoveListMembersList", "QualifyMemberList", "CreateActivitiesList"}
)


def add_list_members(call: Call, writer: Writer) -> Answer:
    """`POST AddListMembersList`.

    Raises:
        ApiError: 400 when a parameter is wrong or somebody cannot become a member; nobody does then.
    """
    body = call.json()
    members = body.get("Members")
    if body.keys() != {"List", "Members"} or not isinstance(members, list) or not members:
        raise not_supported(f"{ADD_LIST_MEMBERS} takes List and Members, a collection of entities.")
    row = typed_reference(writer.store, body["List"], (LIST,))[1]
    tables = tuple(MEMBER_TABLES.values())
    found = [typed_reference(writer.store, member, tables) for member in members]
    require(writer.caller, Verb.WRITE, writer.store.catalog.by_name[LIST], row)
    check_changeable(row)
    _add(writer, row, ((model.name, member.id) for model, member in found))
    ids: list[Json] = [member.id for _, member in found]
    _report(writer, "AddListMembers", row, {"ListId": row.id, "MemberIds": ids})
    return empty_answer()


def run_list_action(action: str, call: Call, row: Row, writer: Writer, fetcher: Fetcher) -> Answer:
    """`POST lists(id)/Microsoft.Dynamics.CRM.action`.

    Raises:
        ApiError: 404 when there is no such action, 400 when it refuses.
    """
    if action in _UNKNOWN_PARAMETERS:
        raise not_supported(f"The parameters of {action} are not documented, so it is not supported.")
    run = _ACTIONS.get(action)
    if run is None:
        raise errors.unknown_segment(action)
    require(writer.caller, Verb.WRITE, writer.store.catalog.by_name[LIST], row)
    return run(call, row, writer, fetcher)


def _add_member(call: Call, row: Row, writer: Writer, _: Fetcher) -> Answer:
    member_id = _guid(call, "EntityId")
    check_changeable(row)
    (member,) = _add(writer, row, [(_table_of(writer, row, member_id), member_id)])
    _report(writer, "AddMember", row, {"ListId": row.id, "EntityId": member_id}, {"Id": member.id})
    return _answer(call, "AddMemberList", {"Id": member.id})


def _remove_member(call: Call, row: Row, writer: Writer, _: Fetcher) -> Answer:
    member_id = _guid(call, "EntityId")
    check_changeable(row)
    member = find_member(writer.store, row.id, member_id)
    if member is None:
        raise ApiError(400, NOT_A_MEMBER_OF_THE_LIST, "Specified Item not a member of the specified List.")
    with writer.following():
        writer.delete(writer.store.catalog.by_name[LIST_MEMBER], member)
    _report(writer, "RemoveMember", row, {"ListId": row.id, "EntityId": member_id})
    return empty_answer()


def _copy_to_static(call: Call, row: Row, writer: Writer, fetcher: Fetcher) -> Answer:
    if call.body and call.json():
        raise not_supported("CopyDynamicListToStatic takes no parameters.")
    if row.values.get("type") is not True:
        raise ApiError(400, COPY_OF_STATIC_LIST, "A static list cannot be copied to a static list.")
    model = writer.store.catalog.by_name[LIST]
    values: dict[str, Scalar] = {name: row.values.get(name) for name in _COPIED}
    with writer.following():
        copy = writer.create(model, Changes(values))
        found = fetcher.ids(str(row.values.get("query") or ""), writer.caller.user.id, writer.caller.user.role)
        _add(writer, copy, ((member_table(row), each) for each in found))
        writer.update(model, copy, Changes({"lockstatus": True}))
    _report(writer, "CopyDynamicListToStatic", row, {"ListId": row.id}, {"StaticListId": copy.id})
    return _answer(call, "CopyDynamicListToStatic", {"StaticListId": copy.id})


def _copy_members(call: Call, row: Row, writer: Writer, _: Fetcher) -> Answer:
    target_id = _guid(call, "TargetListId")
    target = writer.store.get(LIST, target_id)
    if target is None:
        raise errors.row_not_found(LIST, target_id)
    check_static(row)
    check_changeable(target)
    data = writer.store.tables[LIST_MEMBER]
    members = [data.rows[each] for each in sorted(data.where("_listid_value", (row.id,)))]
    _add(writer, target, ((each.targets["_entityid_value"], str(each.values["_entityid_value"])) for each in members))
    return empty_answer()


_ACTIONS: Final[dict[str, Callable[[Call, Row, Writer, Fetcher], Answer]]] = {
    "AddMemberList": _add_member,
    "RemoveMemberList": _remove_member,
    "CopyDynamicListToStatic": _copy_to_static,
    "CopyMembersList": _copy_members,
}


def _add(writer: Writer, row: Row, members: Iterable[tuple[str, str]]) -> list[Row]:
    """Make rows of members, which raise no message of their own."""
    model = writer.store.catalog.by_name[LIST_MEMBER]
    with writer.following():
        return [
            writer.create(
                model,
                Changes(
                    {"_listid_value": row.id, "_entityid_value": member_id},
                    {"_listid_value": LIST, "_entityid_value": table},
                ),
            )
            for table, member_id in members
        ]


def _table_of(writer: Writer, row: Row, member_id: str) -> str:
    """The table in which the id is found: that of the list's members first."""
    store = writer.store
    wanted = member_table(row)
    return next((table for table in (wanted, *MEMBER_TABLES.values()) if store.get(table, member_id)), wanted)


def _report(writer: Writer, message: str, row: Row, inputs: JsonObject, outputs: JsonObject | None = None) -> None:
    writer.events.append(
        RowEvent(
            message, LIST, row.id, None, None, {}, writer.caller, writer.clock.now(),
            inputs=inputs, outputs=outputs or {},
        )
    )  # fmt: skip


def _answer(call: Call, action: str, content: JsonObject) -> Answer:
    context = f"{call.root}/$metadata#Microsoft.Dynamics.CRM.{action}Response"
    return json_answer(200, {"@odata.context": context, **content})


def _guid(call: Call, name: str) -> str:
    body = call.json()
    value = body.get(name)
    found = as_guid(value) if body.keys() == {name} and isinstance(value, str) else None
    if found is None:
        raise not_supported(f"The action takes exactly one parameter, '{name}', a guid.")
    return found
