"""Where a message of Dataverse goes, decided from the message alone."""

from dataclasses import dataclass, replace
from datetime import datetime

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.messages import Choice, Entity, EntityReference, Message
from connector.dataverse.messages.reasons import Malformed
from connector.dataverse.names import ENDPOINT_CHECK, OWN_TAG, Contact, Job as Names, Lead
from connector.dataverse.permission_tables import PermissionTable
from connector.dataverse.records import RecordRef
from connector.due import UNSAVED
from connector.errors import Misconfigured, Unreadable
from connector.mapping import Mapping
from connector.routing.record_item import RecordItem
from connector.routing.records import record_items
from connector.routing.subscriptions import RESOLVE, slug_of
from connector.routing.work_item import WorkItem
from connector.servicebus.bus import OutgoingMessage
from connector.words import Sentence


class PostedTooEarly(Misconfigured):
    """A step posts its message before the change is saved, so the work begins minutes later."""

    code = "MESSAGE_EARLY"
    advice = "Register the steps of the service endpoint as asynchronous."


class NotHandled(Unreadable):
    """The message is about a table or an operation that the connector does not handle."""

    code = "MESSAGE_FOREIGN"
    advice = "Remove the step from the service endpoint, or let it post to another queue."


@dataclass(frozen=True, slots=True)
class Publish:
    """Publish an item, which wakes up the function of its operation; at once, or when it is due."""

    item: WorkItem | RecordItem
    message_id: str
    due: datetime | None = None

    @property
    def message(self) -> OutgoingMessage:
        """The message that carries it."""
        return self.item.message(self.message_id, self.due)


@dataclass(frozen=True, slots=True)
class Ignore:
    """There is nothing to do."""

    reason: str


type Routing = tuple[Publish, ...] | Ignore


def route(
    message: Message,
    *,
    now: datetime,
    mapping: Mapping | None = None,
    own_user: str | None = None,
    periodiek: PermissionTable | None = None,
) -> Routing:
    """Decide about one message; what may not be saved yet waits until it is.

    Args:
        message: what Dataverse posted.
        now: the present, in UTC.
        mapping: says which columns of a record start a sync; None where it cannot be read, and then all do.
        own_user: the `systemuserid` of the connector. Changes to records that this user made are ignored; a created
            job is always run, whoever created it.
        periodiek: the table of Periodieken; None where there is none.

    Raises:
        Unreadable: when the connector does not handle such a message, or a required member is missing.
    """
    routing = _route(message, now, mapping, own_user, periodiek)
    if isinstance(routing, Ignore) or not message.in_transaction:
        return routing
    return tuple(replace(each, due=now + UNSAVED) for each in routing)


def _route(
    message: Message, now: datetime, mapping: Mapping | None, own_user: str | None, periodiek: PermissionTable | None
) -> Routing:
    is_own = own_user is not None and message.initiating_user_id == own_user.lower()
    if message.tag == OWN_TAG or (is_own and message.table != Names.TABLE):
        return Ignore("the connector wrote it itself")
    if message.message_name == ENDPOINT_CHECK:
        return Ignore("Dataverse tested the service endpoint")
    items = record_items(message, mapping, now, periodiek)
    if items is not None:
        # With the id of the operation the topic drops a second post of one change, and no later change of a record.
        published = tuple(Publish(item, f"{item.subject}/{message.operation_id}") for item in items)
        return published or Ignore("nothing changed that starts a sync")
    if message.table != Names.TABLE or message.message_name != "Create":
        operation, table = _safe_name(message.message_name), _safe_name(message.table)
        raise NotHandled(
            Sentence("The connector does not handle {operation} of {table}.", operation=operation, table=table)
        )
    if message.record_id is None:
        raise Malformed("The message does not say which job was created.")
    return _route_job(message, message.record_id, now)


def _route_job(message: Message, job: str, now: datetime) -> Routing:
    target = message.target if isinstance(message.target, Entity) else None
    if message.truncated or target is None:
        # Dataverse left out the columns because of their size: only the id of the job is known.
        return _publish(WorkItem(operation=RESOLVE, job=job, first_seen=now))
    status = target.attributes.get("statuscode")
    if isinstance(status, Choice) and status.value != JobStatus.QUEUED:
        return Ignore("the job was created with another status than Queued")
    return _publish(WorkItem(operation=_operation(target), job=job, record=_record(target), first_seen=now))


def _publish(item: WorkItem) -> Routing:
    return (Publish(item, f"{item.job}/created"),)


def _operation(target: Entity) -> str:
    """The slug of a known operation; else `RESOLVE`, whose function reads the row."""
    choice = target.attributes.get(Names.OPERATION)
    try:
        return slug_of(Operation(choice.value) if isinstance(choice, Choice) else None)
    except ValueError:
        return RESOLVE


def _record(target: Entity) -> RecordRef | None:
    customer = target.attributes.get(Names.CUSTOMER)
    if isinstance(customer, EntityReference) and customer.id:
        return RecordRef(customer.table or Contact.TABLE, customer.id)
    lead = target.attributes.get(Names.LEAD)
    return RecordRef(Lead.TABLE, lead.id) if isinstance(lead, EntityReference) and lead.id else None


def _safe_name(text: str) -> str:
    """A name from the message, if it looks like one: no other text of the message may reach a log."""
    return text if text.replace("_", "").isalnum() and len(text) <= 64 and text.isascii() else "something"
