"""One message: an operation on a record, as Dataverse posted it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connector.dataverse.messages.values import Entity, EntityReference


@dataclass(frozen=True, slots=True)
class Message:
    """The parts of a posted operation (`RemoteExecutionContext`) that the connector uses.

    Ids are lower-case guids, and None where the message has none or only zeros.

    Attributes:
        message_name: the operation: `Create`, `Update`, `Delete`, `AddMember`, ...
        table: logical name of the primary table, empty for operations without one.
        record_id: the primary record.
        initiating_user_id: the user who caused the operation.
        created_on: when the operation took place, in UTC. For people; order by `modifiedon` or the row version.
        tag: the text that the writer passed along (`?tag=` of the Web API); it marks the connector's own writes.
        operation_id: the same for two posts of one operation, and different for two operations.
        target: the row with the changed columns (Create, Update), or a reference to it (Delete, Merge, Assign and the
            two forms of SetState); None if neither.
        targets: the rows of an operation about several (CreateMultiple, UpdateMultiple, UpsertMultiple).
        members: the records that were added to a Marketing List or removed from it (AddMember, RemoveMember,
            AddListMembers, RemoveListMembers); the message does not say of which table they are.
        subordinate_id: the row that was merged into the target (Merge).
        is_new: whether an Upsert created its row; None where the message does not say so.
        pre_images: the row before the operation, by the name under which the image was registered.
        post_images: the row after it; without the image that the platform adds for its own use.
        truncated: whether Dataverse left out parameters and images because of their size: read the row instead.
        repaired: whether text arrived garbled and was repaired.
        in_transaction: whether it was posted before the operation was saved, and may still be rolled back.
    """

    message_name: str
    table: str
    record_id: str | None
    initiating_user_id: str | None
    created_on: datetime | None
    tag: str | None = field(repr=False)
    operation_id: str
    target: Entity | EntityReference | None
    targets: tuple[Entity, ...]
    members: tuple[str, ...]
    subordinate_id: str | None
    is_new: bool | None
    pre_images: Mapping[str, Entity] = field(repr=False)
    post_images: Mapping[str, Entity] = field(repr=False)
    truncated: bool
    repaired: bool
    in_transaction: bool
