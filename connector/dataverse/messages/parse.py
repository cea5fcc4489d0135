"""From the body of a broker message to a `Message`.

    bytes ── decode ──► JSON ── is it a context? ──► members ── convert ──► Message

Members are found by name; unknown ones are ignored, old ones may be missing. `ParentContext` is not read: it may
belong to another operation on another table.
"""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from connector.dataverse.messages import members
from connector.dataverse.messages.convert import Converter
from connector.dataverse.messages.dates import parse_date, parse_iso
from connector.dataverse.messages.decode import Json, JsonObject, read_json
from connector.dataverse.messages.message import Message
from connector.dataverse.messages.properties import TABLE_CLAIM, TRUNCATED, lowered
from connector.dataverse.messages.reasons import Malformed, NotFromDataverse
from connector.dataverse.messages.values import Entity, EntityCollection, EntityReference, Value

#: The image that Dataverse adds to asynchronous operations, with the primary id and name only.
PLATFORM_IMAGE: Final = "AsynchronousStepPrimaryName"

#: Beside the name of the operation a context has at least one of these members; other JSON has none.
_SUBJECT: Final = ("PrimaryEntityName", "InputParameters")

#: What `PrimaryEntityName` holds for operations without a table.
NO_TABLE: Final = "none"

#: How the names of operations about several rows end.
_MULTIPLE: Final = "Multiple"

#: The parameter that an operation always has: if it is missing, Dataverse left it out.
_ALWAYS_THERE: Final[Mapping[str, str]] = {
    "Create": "Target",
    "Update": "Target",
    "CreateMultiple": "Targets",
    "UpdateMultiple": "Targets",
    "Upsert": "Target",
    "UpsertMultiple": "Targets",
    "Merge": "SubordinateId",
    "AddMember": "EntityId",
    "RemoveMember": "EntityId",
    "AddListMembers": "MemberIds",
    "RemoveListMembers": "MemberIds",
}

#: The parameters with the members of a list, of all operations that change them.
_MEMBERS: Final = ("EntityId", "MemberIds")
#: What the names of these operations contain.
_OF_MEMBERS: Final = "Member"


def parse_message(body: bytes, *, properties: Mapping[str, object] | None = None) -> Message:
    """Read what Dataverse posted.

    Args:
        body: the body of the broker message.
        properties: its application properties; they say whether Dataverse left out parts.

    Raises:
        Unreadable: for everything that is not a readable message, with one of the codes `MESSAGE_EMPTY`,
            `MESSAGE_NOT_JSON`, `MESSAGE_WRONG_FORMAT`, `MESSAGE_NOT_DATAVERSE` and `MESSAGE_MALFORMED`.
            The sentence does not quote the message.
    """
    document, repaired = read_json(body)
    context = _context(document)
    hints = {lowered(key): value for key, value in (properties or {}).items()}

    name = members.text(context, "MessageName")
    if not name:
        raise Malformed.member("MessageName", "the name of an operation")
    created_on = members.text(context, "OperationCreatedOn") or ""
    converter = Converter(iso_dates=parse_iso(created_on) is not None)
    parameters = dict(members.pairs(context, "InputParameters"))
    tag = dict(members.pairs(context, "SharedVariables")).get("tag")
    # SetState and SetStateDynamicEntity have a parameter of their own for the row.
    target = _target(converter.value(parameters.get("Target", parameters.get("EntityMoniker"))))

    return Message(
        message_name=name,
        table=_table(context, hints),
        record_id=_record_id(context, target, parameters),
        initiating_user_id=members.guid(context, "InitiatingUserId"),
        created_on=parse_date(created_on),
        tag=tag if isinstance(tag, str) else None,
        operation_id=members.as_guid(context.get("OperationId")) or hashlib.sha256(body).hexdigest(),
        target=target,
        targets=_targets(converter.value(parameters.get("Targets"))) if name.endswith(_MULTIPLE) else (),
        members=_members(parameters) if _OF_MEMBERS in name else (),
        subordinate_id=members.as_guid(parameters.get("SubordinateId")),
        is_new=_is_new(context) if name == "Upsert" else None,
        pre_images=_images(converter, context, "PreEntityImages"),
        post_images=_images(converter, context, "PostEntityImages"),
        truncated=any(TRUNCATED in hint for hint in hints) or _lacks_parameter(name, parameters),
        repaired=repaired,
        in_transaction=context.get("IsInTransaction") is True,
    )


def _context(document: Json) -> JsonObject:
    """The document, if it can be a context: an operation, and what it was done to."""
    if isinstance(document, dict) and "MessageName" in document and not document.keys().isdisjoint(_SUBJECT):
        return document
    raise NotFromDataverse


def _table(context: JsonObject, hints: Mapping[str, object]) -> str:
    table = members.text(context, "PrimaryEntityName")
    if table is None:
        claims = (value for hint, value in hints.items() if hint.endswith(TABLE_CLAIM))
        table = next((claim for claim in claims if isinstance(claim, str)), "")
    return "" if table == NO_TABLE else table


def _record_id(context: JsonObject, target: Entity | EntityReference | None, parameters: JsonObject) -> str | None:
    """The primary record, which some operations name only in their parameters."""
    return (
        members.guid(context, "PrimaryEntityId")
        or (target.id if target else None)
        or members.as_guid(parameters.get("ListId"))
    )


def _target(target: Value) -> Entity | EntityReference | None:
    if target is None or isinstance(target, Entity | EntityReference):
        return target
    raise Malformed.member("Target", "a row or a reference to one")


def _targets(targets: Value) -> tuple[Entity, ...]:
    """The rows of an operation about several; a collection, or a list where the serializer knows no more."""
    rows = targets.entities if isinstance(targets, EntityCollection) else () if targets is None else targets
    if isinstance(rows, tuple) and all(isinstance(row, Entity) for row in rows):
        return tuple(row for row in rows if isinstance(row, Entity))
    raise Malformed.member("Targets", "a list of rows")


def _members(parameters: JsonObject) -> tuple[str, ...]:
    """The members of a list, however they are wrapped; nobody has published such a message."""
    found = (each for name in _MEMBERS for each in members.guids_in(parameters.get(name)))
    return tuple(dict.fromkeys(found))


def _is_new(context: JsonObject) -> bool | None:
    """Whether an Upsert created its row."""
    is_new = dict(members.pairs(context, "OutputParameters")).get("RecordCreated")
    return is_new if isinstance(is_new, bool) else None


def _images(converter: Converter, context: JsonObject, member: str) -> Mapping[str, Entity]:
    images = {}
    for name, json in members.pairs(context, member):
        if name == PLATFORM_IMAGE:
            continue
        if not isinstance(json, dict):
            raise Malformed.member(member, "a list of rows by name")
        images[name] = converter.entity(json)
    return MappingProxyType(images)


def _lacks_parameter(message_name: str, parameters: JsonObject) -> bool:
    needed = _ALWAYS_THERE.get(message_name)
    return needed is not None and parameters.get(needed) is None
