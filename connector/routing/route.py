"""The router's decision: what a message of Dataverse means for us. It looks at the message and at nothing else."""

from dataclasses import dataclass
from datetime import datetime

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.messages import Choice, Entity, EntityReference, Message
from connector.dataverse.messages.reasons import Malformed
from connector.dataverse.names import OWN_TAG, Contact, Job as Names, Lead
from connector.dataverse.records import RecordRef
from connector.errors import Unreadable
from connector.routing.subscriptions import RESOLVE, slug_of
from connector.routing.work_item import WorkItem


class Foreign(Unreadable):
    """The message is about a table or an operation that the connector does not handle."""

    code = "MESSAGE_FOREIGN"
    advice = "Remove the step from the service endpoint, or let it post to another queue."


@dataclass(frozen=True, slots=True)
class Publish:
    """Wake up the function of an operation."""

    item: WorkItem
    message_id: str


@dataclass(frozen=True, slots=True)
class Ignore:
    """A message of ours that means no work."""

    why: str


type Decision = Publish | Ignore


def route(message: Message, *, now: datetime, own_user: str | None = None) -> Decision:
    """Decide about one message.

    Args:
        message: what Dataverse posted.
        now: the present, in UTC.
        own_user: the `systemuserid` of the connector. What it wrote on records is its own echo; a job is an order,
            whoever created it.

    Raises:
        Unreadable: when it is a message of somebody else, or lacks what it must have.
    """
    is_own = own_user is not None and message.initiating_user_id == own_user.lower()
    if message.tag == OWN_TAG or (is_own and message.table != Names.TABLE):
        return Ignore("the connector wrote it itself")
    if message.table != Names.TABLE or message.message_name != "Create":
        raise Foreign(f"The connector does not handle {_name(message.message_name)} of {_name(message.table)}.")
    if message.record_id is None:
        raise Malformed("The message does not say which job was created.")
    return _route_job(message, message.record_id, now)


def _route_job(message: Message, job: str, now: datetime) -> Decision:
    target = message.target if isinstance(message.target, Entity) else None
    if message.truncated or target is None:
        # Dataverse left out the row because of its size: only its id is known.
        return _publish(WorkItem(operation=RESOLVE, job=job, first_seen=now))
    status = target.attributes.get("statuscode")
    if isinstance(status, Choice) and status.value != JobStatus.QUEUED:
        return Ignore("the job was created with another status than Queued")
    return _publish(WorkItem(operation=_operation(target), job=job, record=_record(target), first_seen=now))


def _publish(item: WorkItem) -> Publish:
    return Publish(item, f"{item.job}/created")


def _operation(target: Entity) -> str:
    """The slug, if we carry the operation out; else the row is looked at, and the job fails with a sentence."""
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


def _name(text: str) -> str:
    """A name from the message, if it looks like one: nothing else of a foreign message may reach a log."""
    return text if text.replace("_", "").isalnum() and len(text) <= 64 and text.isascii() else "something"
