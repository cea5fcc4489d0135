"""The record item: our own small message that says that a record changed, and is to be synced without a job.

Marketing Lists that were deactivated or deleted travel in it too.

As with a work item it is only a wake-up: the record is read when the item is worked on, and sent as it is then.
"""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, model_validator

from connector.dataverse.records import RecordRef
from connector.routing.work_item import LateInfo, RecordId, RowId, read_item
from connector.servicebus.bus import OutgoingMessage
from connector.servicebus.entities import OPERATION_PROPERTY, SYNC_RECORDS


class RecordItem(BaseModel):
    """One record that is to be synced, or a Marketing List that was deactivated or deleted.

    Attributes:
        record: which; None where only the id of one of its permission rows is known.
        permission: the id of that row.
        created: whether the record is new.
        deleted: whether it was deleted: only then does its absence mean anything.
        always: whether it is sent even where nothing seems to have changed, because an earlier attempt may have sent
            something without remembering it.
        columns: those that somebody changed and that start a sync, as far as the message says it.
        first_seen: when the message was routed.
        first_attempt: when it was first tried; decides when to give up. None before that.
        tries: how often it was tried.
        info: the row of Spotler Info of the record that is to be written first.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    record: RecordId | None = None
    permission: RowId | None = None
    created: bool = False
    deleted: bool = False
    always: bool = False
    columns: tuple[str, ...] = ()
    first_seen: AwareDatetime
    first_attempt: AwareDatetime | None = None
    tries: int = 0
    info: LateInfo | None = None

    @model_validator(mode="after")
    def _is_about_something(self) -> Self:
        if self.record is None and self.permission is None:
            raise ValueError("must name a record or a permission")
        return self

    @property
    def subject(self) -> str:
        """The row that it is about: a member of a list whose table is not known yet has an item for each table."""
        return f"{self.record.table}/{self.record.id}" if self.record is not None else self.permission or ""

    def about(self, record: RecordRef) -> Self:
        """The same about the record of its permission row."""
        return self.model_copy(update={"record": record, "permission": None})

    def joined(self, other: Self) -> Self:
        """One item for two about the same row: what either says counts."""
        attempts = [each for each in (self.first_attempt, other.first_attempt) if each is not None]
        return self.model_copy(
            update={
                "created": self.created or other.created,
                "deleted": self.deleted or other.deleted,
                "always": self.always or other.always,
                "columns": tuple(sorted({*self.columns, *other.columns})),
                "first_seen": min(self.first_seen, other.first_seen),
                "first_attempt": min(attempts, default=None),
                "tries": max(self.tries, other.tries),
                "info": LateInfo.later(self.info, other.info),
            }
        )

    def begun(self, now: datetime) -> Self:
        """The item while it is tried."""
        return self.model_copy(update={"first_attempt": self.first_attempt or now, "tries": self.tries + 1})

    @classmethod
    def from_body(cls, body: bytes) -> Self:
        """Read the body of a message.

        Raises:
            NotAWorkItem: naming the members that are wrong.
        """
        return read_item(cls, body)

    def body(self) -> bytes:
        """The body of a message that carries it."""
        return self.model_dump_json(exclude_none=True, exclude_defaults=True).encode()

    def message(self, message_id: str, due: datetime | None = None) -> OutgoingMessage:
        """The message that carries it.

        Args:
            message_id: the same for two messages that mean the same, so that the bus keeps one of them.
            due: when it is delivered; None for now.
        """
        return OutgoingMessage(self.body(), message_id, {OPERATION_PROPERTY: SYNC_RECORDS}, due)

    def again(self, due: datetime) -> OutgoingMessage:
        """The message that comes back at a time. Two about one record that say the same are one."""
        says = "".join(str(int(each)) for each in (self.created, self.deleted, self.always, self.info is not None))
        columns = sha256(",".join(self.columns).encode()).hexdigest()[:8] if self.columns else ""
        return self.message(f"{self.subject}/again/{says}{columns}/{self.tries}/{int(due.timestamp())}", due)


def joined_items(items: Iterable[RecordItem]) -> list[RecordItem]:
    """One item for several about the same row."""
    by_subject: dict[object, RecordItem] = {}
    for item in items:
        key = item.record or item.permission
        by_subject[key] = item.joined(by_subject[key]) if key in by_subject else item
    return list(by_subject.values())
