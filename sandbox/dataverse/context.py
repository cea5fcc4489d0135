"""The message of a step: `RemoteExecutionContext` as .NET's DataContractJsonSerializer writes it.

Members in alphabetical order, all of them present, the solidus escaped, `__type` where the declared type is `object`,
and times as `/Date(milliseconds)/`. Tests hand these bytes to the connector, so every oddity of the real thing is kept.
"""

import json
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from connector.dataverse.schema import Kind
from sandbox.dataverse.annotations import label, name_of
from sandbox.dataverse.garbling import garble
from sandbox.dataverse.model import LOOKUP_KINDS, TableModel
from sandbox.dataverse.posting import Posting
from sandbox.dataverse.store import Row, Store
from sandbox.dataverse.values import Json, JsonObject, Scalar, milliseconds
from sandbox.dataverse.writes import RowEvent

_CONTRACTS: Final = "http://schemas.microsoft.com/xrm/2011/Contracts"
_CLAIMS: Final = "http://schemas.microsoft.com/xrm/2011/Claims/"
_OPTION_KINDS: Final = frozenset({Kind.CHOICE, Kind.STATE, Kind.STATUS})
_DATE_KINDS: Final = frozenset({Kind.DATE, Kind.DATE_TIME, Kind.DATE_TIME_NO_ZONE})
_NO_GUID: Final = "00000000-0000-0000-0000-000000000000"

#: Service Bus messages of Dataverse may be this long; what is longer loses its parameters and images.
LARGEST_MESSAGE: Final = 192 * 1024
#: What a message that is too long loses.
REMOVED_WHEN_TOO_LARGE: Final = ("InputParameters", "ParentContext", "PostEntityImages", "PreEntityImages")
#: The key of the platform's own post image.
PRIMARY_NAME_IMAGE: Final = "AsynchronousStepPrimaryName"
#: The key of the pre-image of our steps.
PRE_IMAGE: Final = "PreImage"


class MessageTooLargeError(Exception):
    """A message is too long even without its parameters and images."""


@dataclass(frozen=True, slots=True)
class Organization:
    """The environment that sends.

    Attributes:
        id: the organisation's id.
        business_unit_id: the business unit of all users.
        host: the host name, as in the broker's properties.
    """

    id: str
    business_unit_id: str
    host: str

    @property
    def unique_name(self) -> str:
        """The unique name that environments get by themselves."""
        return f"unq{self.id.replace('-', '')[:28]}"


@dataclass(frozen=True, slots=True)
class BusMessage:
    """What goes to Service Bus.

    Attributes:
        body: UTF-8 JSON.
        properties: the application properties.
        message_id: a guid without dashes.
        correlation_id: likewise.
    """

    body: bytes
    properties: dict[str, str | bool]
    message_id: str
    correlation_id: str


class ContextWriter:
    """Turns postings into bus messages.

    Args:
        store: names of rows that lookups point to.
        organization: the environment.
        garbled: encode the text twice, as some environments do.
    """

    def __init__(self, store: Store, organization: Organization, *, garbled: bool = False) -> None:
        self._store = store
        self._organization = organization
        self.garbled = garbled

    def message(self, posting: Posting) -> BusMessage:
        """The message of a posting.

        Raises:
            MessageTooLargeError: when it cannot be made to fit.
        """
        event = posting.event
        context = self._context(posting)
        body = self._encode(context)
        properties: dict[str, str | bool] = {
            f"{_CLAIMS}Organization": self._organization.host,
            f"{_CLAIMS}User": event.caller.user.id,
            f"{_CLAIMS}InitiatingUser": event.caller.initiating.id,
            f"{_CLAIMS}EntityLogicalName": event.table,
            f"{_CLAIMS}RequestName": event.message,
            f"{_CLAIMS}InitiatingUserAgent": event.caller.user_agent,
        }
        if len(body) > LARGEST_MESSAGE:
            context.update(dict.fromkeys(REMOVED_WHEN_TOO_LARGE))
            body = self._encode(context)
            properties["MessageMaxSizeExceeded"] = True
        if len(body) > LARGEST_MESSAGE:
            raise MessageTooLargeError(f"The message has {len(body)} bytes; at most {LARGEST_MESSAGE} are allowed.")
        return BusMessage(body, properties, uuid4().hex, f"{{{event.caller.correlation_id}}}")

    def _encode(self, context: JsonObject) -> bytes:
        text = json.dumps(context, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")
        return garble(text.encode()) if self.garbled else text.encode()

    def _context(self, posting: Posting) -> JsonObject:
        event, caller = posting.event, posting.event.caller
        model = self._store.catalog.by_name[event.table]
        outputs: list[Json] = [_pair("id", event.row_id)] if event.message == "Create" else []
        outputs += [_pair(name, value) for name, value in event.outputs.items()]
        return {
            "BusinessUnitId": self._organization.business_unit_id,
            "CorrelationId": caller.correlation_id,
            "Depth": 1,
            "InitiatingUserAgent": caller.user_agent,
            "InitiatingUserAzureActiveDirectoryObjectId": caller.initiating.object_id or _NO_GUID,
            "InitiatingUserId": caller.initiating.id,
            "InputParameters": self._parameters(model, event),
            "IsExecutingOffline": False,
            "IsInTransaction": False,
            "IsOfflinePlayback": False,
            "IsolationMode": 1,
            "MessageName": event.message,
            "Mode": 1,
            "OperationCreatedOn": f"/Date({int(posting.created.timestamp() * 1000)}+0000)/",
            "OperationId": posting.job_id,
            "OrganizationId": self._organization.id,
            "OrganizationName": self._organization.unique_name,
            "OutputParameters": outputs,
            "OwningExtension": reference(posting.owner, posting.step_id, None, typed=False),
            "ParentContext": None,
            "PostEntityImages": self._post_images(model, event),
            "PreEntityImages": self._pre_images(model, event, posting.pre_image),
            "PrimaryEntityId": event.row_id,
            "PrimaryEntityName": event.table,
            "RequestId": caller.request_id,
            "SecondaryEntityName": "none",
            "SharedVariables": _shared_variables(event),
            "Stage": 40,
            "UserAzureActiveDirectoryObjectId": caller.user.object_id or _NO_GUID,
            "UserId": caller.user.id,
        }

    def _parameters(self, model: TableModel, event: RowEvent) -> list[Json]:
        if event.inputs is not None:
            return [_pair(name, value) for name, value in event.inputs.items()]
        if event.subordinate_id is None or event.after is None:
            return [_pair("Target", self._target(model, event))]
        content = [
            _pair(model.stored[name].name, self._value(model, event.after, name, value))
            for name, value in event.changes.items()
        ]
        update = {"__type": f"Entity:{_CONTRACTS}", **self._entity(model, _NO_GUID, content, {}, None)}
        return [
            _pair("Target", reference(model.name, event.row_id, None, typed=True)),
            _pair("SubordinateId", event.subordinate_id),
            _pair("UpdateContent", update),
            _pair("PerformParentingChecks", False),
        ]

    def _target(self, model: TableModel, event: RowEvent) -> JsonObject:
        if event.after is None:
            return reference(model.name, event.row_id, None, typed=True)
        values = {model.id_column: event.row_id, **event.changes}
        values.pop("versionnumber", None)
        attributes = [_pair(model.stored[n].name, self._value(model, event.after, n, v)) for n, v in values.items()]
        if model.has_audit:
            attributes.append(_pair("modifiedonbehalfby", None))
        version = None if event.message == "Create" else str(event.after.version)
        shown = values if event.message == "Create" else {}
        return {"__type": f"Entity:{_CONTRACTS}", **self._entity(model, event.row_id, attributes, shown, version)}

    def _entity(
        self,
        model: TableModel,
        row_id: str,
        attributes: list[Json],
        shown: dict[str, Scalar],
        version: str | None,
    ) -> JsonObject:
        return {
            "Attributes": attributes,
            "EntityState": None,
            "FormattedValues": _formatted_values(model, shown),
            "Id": row_id,
            "KeyAttributes": [],
            "LogicalName": model.name,
            "RelatedEntities": [],
            "RowVersion": version,
        }

    def _image(self, model: TableModel, row: Row, names: tuple[str, ...]) -> JsonObject:
        values = {name: row.values[name] for name in names if row.values.get(name) is not None}
        attributes = [
            _pair(model.stored[name].name, self._value(model, row, name, value, named=True))
            for name, value in values.items()
        ]
        return self._entity(model, row.id, attributes, values, None)

    def _post_images(self, model: TableModel, event: RowEvent) -> list[Json]:
        """The image that the platform adds by itself: the primary name and id."""
        if event.after is None:
            return []
        image = self._image(model, event.after, (model.table.name_column, model.id_column))
        image["FormattedValues"] = []
        return [_pair(PRIMARY_NAME_IMAGE, image)]

    def _pre_images(self, model: TableModel, event: RowEvent, columns: tuple[str, ...]) -> list[Json]:
        if event.before is None or not columns:
            return []
        wanted = {*columns, model.id_column}
        names = tuple(name for name, column in model.properties.items() if column.name in wanted)
        return [_pair(PRE_IMAGE, self._image(model, event.before, names))]

    def _value(self, model: TableModel, row: Row, name: str, value: Scalar, *, named: bool = False) -> Json:
        column = model.stored[name]
        if value is None:
            return None
        if column.kind in LOOKUP_KINDS:
            table = row.targets.get(name, "")
            title = name_of(self._store, table, str(value)) if named else None
            return reference(table, str(value), title, typed=True)
        if column.kind in _OPTION_KINDS or column.kind is Kind.CHOICES:
            options: list[Json] = [_option(int(part)) for part in str(value).split(",")]
            return options if column.kind is Kind.CHOICES else options[0]
        if column.kind is Kind.MONEY:
            return {"__type": f"Money:{_CONTRACTS}", "Value": value}
        return f"/Date({milliseconds(str(value))})/" if column.kind in _DATE_KINDS else value


def _shared_variables(event: RowEvent) -> list[Json]:
    variables: list[Json] = [_pair("IsAutoTransact", True), _pair("AcceptLang", "nl-NL,nl;q=0.9")]
    if event.message == "Create":
        variables.append(_pair("DefaultsAddedFlag", True))
    if event.caller.tag is not None:
        variables.append(_pair("tag", event.caller.tag))
    return variables


def _formatted_values(model: TableModel, values: dict[str, Scalar]) -> list[Json]:
    pairs: list[Json] = []
    for name, value in values.items():
        column = model.stored[name]
        if value is None or column.kind in LOOKUP_KINDS or column.kind is Kind.BIG_INTEGER:
            continue
        if column.kind is Kind.DATE_TIME:
            # Local time of the user; the users here have UTC.
            pairs.append(_pair(column.name, str(value).replace("Z", "-00:00")))
        elif (text := label(column.kind, column.name, column.options, value)) is not None:
            pairs.append(_pair(column.name, text))
    return pairs


def _pair(key: str, value: Json) -> Json:
    return {"key": key, "value": value}


def _option(value: int) -> JsonObject:
    return {"__type": f"OptionSetValue:{_CONTRACTS}", "Value": value}


def reference(table: str, row_id: str, name: str | None, *, typed: bool) -> JsonObject:
    """A row, as a message names it."""
    members: JsonObject = {"Id": row_id, "KeyAttributes": [], "LogicalName": table, "Name": name, "RowVersion": None}
    return {"__type": f"EntityReference:{_CONTRACTS}", **members} if typed else members
