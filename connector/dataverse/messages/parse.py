"""From the body of a broker message to a `Message`.

    bytes ── decode ──► JSON ── is it a context? ──► members ── convert ──► Message

Members are found by name; unknown ones are ignored, old ones may be missing. `ParentContext` is not read: it may
belong to another operation on another table.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from connector.dataverse.messages import members
from connector.dataverse.messages.convert import Converter
from connector.dataverse.messages.dates import parse_date, parse_iso
from connector.dataverse.messages.decode import Json, JsonObject, read_json
from connector.dataverse.messages.message import Message
from connector.dataverse.messages.properties import TABLE_CLAIM, TRUNCATED, lowered
from connector.dataverse.messages.reasons import Malformed, NotDataverse
from connector.dataverse.messages.values import Entity, EntityReference, Value

#: The image that Dataverse adds to asynchronous operations, with the primary id and name only.
PLATFORM_IMAGE: Final = "AsynchronousStepPrimaryName"

#: Members that, beside the name of the operation, tell a context from any other JSON: one is enough.
_SUBJECT: Final = ("PrimaryEntityName", "InputParameters")

#: What `PrimaryEntityName` holds for operations without a table.
NO_TABLE: Final = "none"

#: The parameter that an operation cannot be without: if it is missing, it was left out.
_ALWAYS_THERE: Final[Mapping[str, str]] = {
    "Create": "Target",
    "Update": "Target",
    "CreateMultiple": "Targets",
    "UpdateMultiple": "Targets",
    "AddMember": "EntityId",
    "RemoveMember": "EntityId",
    "AddListMembers": "MemberIds",
}

#: Defaults for members that are missing: the step is registered asynchronous and after the operation.
_DEPTH: Final = 1
_STAGE: Final = 40
_MODE: Final = 1


def parse_message(
    body: bytes,
    *,
    content_type: str | None = None,
    properties: Mapping[str, object] | None = None,
    repair_text: bool = True,
) -> Message:
    """Read what Dataverse posted.

    Args:
        body: the body of the broker message.
        content_type: its content type; only used to explain why a body is not JSON.
        properties: its application properties; they tell whether Dataverse left out parts.
        repair_text: whether garbled text (UTF-8 read as Windows-1252) is put right.

    Raises:
        Unreadable: for everything that is not a readable message, with one of the codes `MESSAGE_EMPTY`,
            `MESSAGE_NOT_JSON`, `MESSAGE_WRONG_FORMAT`, `MESSAGE_NOT_DATAVERSE` and `MESSAGE_MALFORMED`.
            The sentence does not quote the message.
    """
    document, repaired = read_json(body, content_type, repair_text=repair_text)
    context = _context(document)
    hints = {lowered(key): value for key, value in (properties or {}).items()}

    name = members.text(context, "MessageName")
    if not name:
        raise Malformed.member("MessageName", "the name of an operation")
    created_on = members.text(context, "OperationCreatedOn") or ""
    converter = Converter(iso_dates=parse_iso(created_on) is not None)
    parameters = converter.mapping(context, "InputParameters")
    target = _target(parameters)

    return Message(
        message_name=name,
        table=_table(context, hints),
        record_id=_record_id(context, target, parameters),
        organization_id=members.guid(context, "OrganizationId"),
        operation_id=members.guid(context, "OperationId"),
        correlation_id=members.guid(context, "CorrelationId"),
        step_id=members.guid(members.child(context, "OwningExtension"), "Id"),
        user_id=members.guid(context, "UserId"),
        initiating_user_id=members.guid(context, "InitiatingUserId"),
        depth=members.whole(context, "Depth", _DEPTH),
        stage=members.whole(context, "Stage", _STAGE),
        mode=members.whole(context, "Mode", _MODE),
        created_on=parse_date(created_on),
        target=target,
        input_parameters=parameters,
        pre_images=_images(converter, context, "PreEntityImages"),
        post_images=_images(converter, context, "PostEntityImages"),
        shared_variables=converter.mapping(context, "SharedVariables"),
        truncated=any(TRUNCATED in hint for hint in hints) or _lacks_parameter(name, parameters),
        repaired=repaired,
    )


def _context(document: Json) -> JsonObject:
    """The document, if it can be a context: an operation, and what it was done to."""
    if isinstance(document, dict) and "MessageName" in document and not document.keys().isdisjoint(_SUBJECT):
        return document
    raise NotDataverse


def _table(context: JsonObject, hints: Mapping[str, object]) -> str:
    table = members.text(context, "PrimaryEntityName")
    if table is None:
        claims = (value for hint, value in hints.items() if hint.endswith(TABLE_CLAIM))
        table = next((claim for claim in claims if isinstance(claim, str)), "")
    return "" if table == NO_TABLE else table


def _record_id(
    context: JsonObject, target: Entity | EntityReference | None, parameters: Mapping[str, Value]
) -> str | None:
    """The primary record, which some operations name only in their parameters."""
    return (
        members.guid(context, "PrimaryEntityId")
        or (target.id if target else None)
        or members.as_guid(parameters.get("ListId"))
    )


def _target(parameters: Mapping[str, Value]) -> Entity | EntityReference | None:
    target = parameters.get("Target")
    if target is None or isinstance(target, Entity | EntityReference):
        return target
    raise Malformed.member("Target", "a row or a reference to one")


def _images(converter: Converter, context: JsonObject, member: str) -> Mapping[str, Entity]:
    images = {}
    for name, json in members.pairs(context, member):
        if name == PLATFORM_IMAGE:
            continue
        if not isinstance(json, dict):
            raise Malformed.member(member, "a list of rows by name")
        images[name] = converter.entity(json)
    return MappingProxyType(images)


def _lacks_parameter(message_name: str, parameters: Mapping[str, Value]) -> bool:
    needed = _ALWAYS_THERE.get(message_name)
    return needed is not None and parameters.get(needed) is None
