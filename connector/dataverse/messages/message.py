"""What Dataverse says about one operation on one record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connector.dataverse.messages.values import Entity, EntityReference, Value


@dataclass(frozen=True, slots=True)
class Message:
    """One posted operation (`RemoteExecutionContext`), of which the parts that the connector needs.

    Ids are lower-case guids, and None where the message has none or only zeros.

    Attributes:
        message_name: the operation: `Create`, `Update`, `Delete`, `AddMember`, ...
        table: logical name of the primary table, empty for operations without one.
        record_id: the primary record.
        organization_id: the environment.
        operation_id: the system job that posted the message; the same again when it posts again.
        correlation_id: the request of the user or client that started it all; shared by many messages.
        step_id: the registered step (`sdkmessageprocessingstep`).
        user_id: the user under whom the step runs.
        initiating_user_id: the user who caused the operation: the one to compare with oneself.
        depth: 1 if a user or client caused it, more if a plug-in did. Writes of the Web API start again at 1.
        stage: 40 after the operation, which is the only stage that the connector registers.
        mode: 0 synchronous, 1 asynchronous.
        created_on: when the operation took place, in UTC. For diagnosis; order by `modifiedon` or the row version.
        target: the row with what changed (Create, Update), or a reference to it (Delete); None where there is none.
        input_parameters: all parameters of the operation, Target among them.
        pre_images: the row before the operation, by the name under which the image was registered.
        post_images: the row after it; without the image that the platform adds for its own use.
        shared_variables: what the platform and other plug-ins have attached.
        truncated: whether Dataverse left out parameters and images because of their size: read the row instead.
        repaired: whether text arrived garbled and was put right.
    """

    message_name: str
    table: str
    record_id: str | None
    organization_id: str | None
    operation_id: str | None
    correlation_id: str | None
    step_id: str | None
    user_id: str | None
    initiating_user_id: str | None
    depth: int
    stage: int
    mode: int
    created_on: datetime | None
    target: Entity | EntityReference | None
    input_parameters: Mapping[str, Value] = field(repr=False)
    pre_images: Mapping[str, Entity] = field(repr=False)
    post_images: Mapping[str, Entity] = field(repr=False)
    shared_variables: Mapping[str, Value] = field(repr=False)
    truncated: bool
    repaired: bool

    @property
    def tag(self) -> str | None:
        """The text that the writer passed along (`?tag=` of the Web API), by which own writes are recognised."""
        tag = self.shared_variables.get("tag")
        return tag if isinstance(tag, str) else None

    @property
    def deduplication_key(self) -> tuple[str, str, str] | None:
        """Organization, operation and step: equal for two posts of the same event, different for all others.

        None where the message lacks one of them: it must then be taken for a new one, whatever it resembles.
        """
        if self.organization_id and self.operation_id and self.step_id:
            return self.organization_id, self.operation_id, self.step_id
        return None
