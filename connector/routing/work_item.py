"""The work item: our own small message that wakes up the function of an operation.

It is only a wake-up: the job row is the truth. Everything it needs is in its body, because the metadata of batch
triggers cannot be trusted.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, ValidationError

from connector.dataverse.choices import JobStatus
from connector.dataverse.names import Info
from connector.dataverse.records import RecordRef
from connector.errors import Unreadable
from connector.servicebus.bus import OutgoingMessage
from connector.servicebus.entities import OPERATION_PROPERTY
from connector.words import Sentence

Reason = Literal["created", "sweep", "waiting", "retry", "continue", "receipt", "handover"]

#: Tokens that an item keeps: an attempt a minute, so the claims of more than an hour.
MOST_TOKENS: Final = 100

_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _guid(text: str) -> str:
    """An id as rows have it: anything else would make the query for a whole batch fail."""
    if not _GUID.fullmatch(text.lower()):
        raise ValueError("must be the id of a row")
    return text.lower()


def _with_guid(record: RecordRef) -> RecordRef:
    found = _guid(record.id)
    return record if found == record.id else replace(record, id=found)


RowId = Annotated[str, AfterValidator(_guid)]
RecordId = Annotated[RecordRef, AfterValidator(_with_guid)]


class NotAWorkItem(Unreadable):
    """The message is not a work item."""

    code = "WORK_ITEM_UNREADABLE"
    advice = "Only the connector may write to the topic spotler-jobs; the sweep finds the job."


def read_item[Item: BaseModel](kind: type[Item], body: bytes) -> Item:
    """Read the body of a message on the topic.

    Raises:
        NotAWorkItem: naming the members that are wrong.
    """
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        problems = ", ".join(sorted({".".join(map(str, p["loc"])) or p["type"] for p in error.errors()}))
    # Outside of the handler, because the text of pydantic's error holds the body and would stay in the context.
    raise NotAWorkItem(Sentence("The message is not a work item: {problems}.", problems=problems))


class Claim(BaseModel):
    """The claims that were tried for an item: an item that comes back with one that is on the row goes on with the job.

    Attributes:
        attempt: how often the job was claimed, this time included.
        tokens: what marks each claim on the row, the newest last. A claim whose answer was lost may have succeeded, or
            succeed later, so that any of them may be on the row.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    attempt: int
    tokens: tuple[str, ...]

    @property
    def token(self) -> str:
        """The newest token."""
        return self.tokens[-1]

    def matches(self, token: str) -> bool:
        """Whether the token of a row is one of ours."""
        return bool(token) and token in self.tokens

    def and_tried(self, token: str) -> "Claim":
        """The claim after one more attempt to claim."""
        return Claim(attempt=self.attempt + 1, tokens=(*self.tokens, token)[-MOST_TOKENS:])


class Receipt(BaseModel):
    """The outcome of a job that could not be written yet: its status, code, message and automation contact id."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    status: JobStatus
    code: str
    message: str
    automation_contact_id: str = ""


class LateInfo(BaseModel):
    """A row of Spotler Info that could not be written with the work that it tells about.

    Attributes:
        made_on: when the work was done.
        values: what is to be written, by column; without the name of the record.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    made_on: AwareDatetime
    values: dict[str, Any]

    @classmethod
    def of(cls, values: Mapping[str, object], made_on: datetime) -> Self:
        """The row as an item carries it."""
        return cls(made_on=made_on, values={name: value for name, value in values.items() if name != Info.NAME})

    @staticmethod
    def later(*each: "LateInfo | None") -> "LateInfo | None":
        """The one that was made last."""
        return max((info for info in each if info is not None), key=lambda info: info.made_on, default=None)


class WorkItem(BaseModel):
    """One wake-up of one job.

    Attributes:
        operation: the slug of the operation, e.g. `add-tag`; the topic filters on it.
        job: the id of the job row.
        record: the record of the job, None when it has none or is not known yet.
        reason: why it was sent.
        first_seen: when the job was routed.
        first_attempt: when it was first claimed; decides when to give up. None before that.
        tries: how often it was attempted since then. The row counts too, but over all the runs that people order.
        claim: the claim to go on with, for a second attempt.
        step: how many steps of a long work are done.
        receipt: the outcome to write, when only that is left.
        info: the row of Spotler Info of its record that is to be written first.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    operation: str
    job: RowId
    record: RecordId | None = None
    reason: Reason = "created"
    first_seen: AwareDatetime
    first_attempt: AwareDatetime | None = None
    tries: int = 0
    claim: Claim | None = None
    step: int = 0
    receipt: Receipt | None = None
    info: LateInfo | None = None

    @property
    def attempt(self) -> int:
        """How many attempts were made under the claim that the item carries; 0 for a fresh one."""
        return self.claim.attempt if self.claim else 0

    def joined(self, other: Self) -> Self:
        """One item for two of one job: that with a receipt, then that with a later claim.

        Where both have tried to claim the job, either claim may stand on the row. A receipt belongs to its own alone.
        """
        worse, better = sorted((other, self), key=lambda item: (item.receipt is not None, item.attempt))
        better = better.model_copy(update={"info": LateInfo.later(worse.info, better.info)})
        if worse.claim is None or better.claim is None or better.receipt is not None:
            return better
        tokens = [token for token in worse.claim.tokens if token not in better.claim.tokens]
        claim = Claim(attempt=better.claim.attempt, tokens=(*tokens, *better.claim.tokens)[-MOST_TOKENS:])
        return better.model_copy(update={"claim": claim})

    def begun(self, now: datetime, *, anew: bool = False) -> Self:
        """The item of a job that is being attempted; `anew` where it does not go on with an earlier attempt."""
        if anew or self.first_attempt is None:
            return self.model_copy(update={"first_attempt": now, "tries": 1, "step": 0})
        return self.model_copy(update={"tries": self.tries + 1})

    @classmethod
    def from_body(cls, body: bytes) -> Self:
        """Read the body of a message.

        Raises:
            NotAWorkItem: naming the members that are wrong.
        """
        return read_item(cls, body)

    def body(self) -> bytes:
        """The body of a message that carries it."""
        return self.model_dump_json(exclude_none=True).encode()

    def message(self, message_id: str, due: datetime | None = None) -> OutgoingMessage:
        """The message that carries it.

        Args:
            message_id: the same for two messages that mean the same, so that the bus keeps one of them.
            due: when it is delivered; None for now.
        """
        return OutgoingMessage(
            body=self.body(),
            message_id=message_id,
            properties={OPERATION_PROPERTY: self.operation},
            due=due,
        )
