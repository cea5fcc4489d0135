"""What is to be posted: the value that a step hands to the poster."""

from dataclasses import dataclass
from datetime import datetime

from sandbox.dataverse.writes import RowEvent


@dataclass(frozen=True, slots=True)
class Posting:
    """One message to be posted: what happened, and the step that reacts to it.

    Attributes:
        job_id: the system job; it is the message's `OperationId`.
        step_id: the step, or what else makes the message; it is the message's `OwningExtension`.
        pre_image: the columns of the step's pre-image.
        event: what happened.
        created: when the system job was made.
        endpoint_id: the service endpoint that it goes through.
        owner: the table of `step_id`.
    """

    job_id: str
    step_id: str
    pre_image: tuple[str, ...]
    event: RowEvent
    created: datetime
    endpoint_id: str = ""
    owner: str = "sdkmessageprocessingstep"
