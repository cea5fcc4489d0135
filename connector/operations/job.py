"""A Spotler Job as a value, read from its row."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from connector.dataverse.api.rows import ETAG, lookup_id, lookup_table
from connector.dataverse.choices import JobStatus, Operation, PromoteTo
from connector.dataverse.names import Contact, Job as Names, Lead, lookup_value
from connector.dataverse.records import RecordRef
from connector.errors import OutcomeUnknown

#: The columns of a job that its execution needs; `connector.operations.job_reading` reads them.
COLUMNS: Final = (
    Names.ID,
    Names.NUMBER,
    Names.OPERATION,
    lookup_value(Names.CUSTOMER),
    lookup_value(Names.LEAD),
    lookup_value(Names.LIST),
    lookup_value(Names.AUTOMATION),
    Names.AUTOMATION_FIELDS,
    Names.AUTOMATION_CONTACT_ID,
    Names.TAG,
    Names.SCORE,
    Names.AUDIENCE,
    Names.FIELD_NAME,
    Names.FIELD_VALUE,
    lookup_value(Names.VISITOR),
    Names.PROMOTE_TO,
    Names.RESULT_CODE,
    Names.CLAIM,
    Names.LEASE_UNTIL,
    Names.STARTED_ON,
    Names.ATTEMPTS,
    Names.STATUS,
    Names.MODIFIED_ON,
)


@dataclass(frozen=True, slots=True)
class JobRow:
    """One row of Spotler Job.

    Attributes:
        number: the autonumber; jobs of one record run in its order.
        operation: None when the row has none or one that we do not know.
        customer: the contact or account, if any.
        lead: the lead, if any.
        lacks_list: whether it was read without its Marketing List, because the environment had no such column.
        result_code: how it ended; while it waits for another attempt, the last problem.
        attempts: how often the job was claimed, in all its runs.
        claim: the token of the claim under which it runs or waits; empty after its end, unless that is unknown.
        lease_until: until when no other worker touches it, whatever its status says.
        started_on: when the attempt under way began; None while it waits for one, so that nothing of it was begun.
        modified_on: when the row was last written.
        row_version: the ETag, for conditional writes; after a claim the one that the claim made.
    """

    id: str
    number: str = ""
    operation: Operation | None = None
    status: int = 0
    customer: RecordRef | None = None
    lead: RecordRef | None = None
    list_id: str | None = None
    lacks_list: bool = False
    automation_id: str | None = None
    automation_fields: str = ""
    automation_contact_id: str = ""
    tag: str = ""
    score: int | None = None
    audience: str = ""
    field_name: str = ""
    field_value: str = ""
    visitor_id: str | None = None
    promote_to: PromoteTo | None = None
    result_code: str = ""
    attempts: int = 0
    claim: str = ""
    lease_until: datetime | None = None
    started_on: datetime | None = None
    modified_on: datetime | None = None
    row_version: str = ""

    @property
    def record(self) -> RecordRef | None:
        """The record that the job is about. A job with both a customer and a lead is refused later."""
        return self.customer or self.lead

    @property
    def table(self) -> str:
        """The logical name of the record's table; empty without a record."""
        return self.record.table if self.record else ""

    @property
    def is_queued(self) -> bool:
        """Whether its status says that it waits to be claimed."""
        return self.status == JobStatus.QUEUED

    @property
    def is_set_by_hand(self) -> bool:
        """Whether a person set it In Progress: a claim leaves a token, and takes how the job ended before."""
        return self.status == JobStatus.IN_PROGRESS and (not self.claim or self.result_code == OutcomeUnknown.code)

    def is_leased(self, now: datetime) -> bool:
        """Whether a worker has it: a running lease counts whatever a person has set the status to."""
        return bool(self.claim) and self.lease_until is not None and self.lease_until > now

    def waiting_for(self, now: datetime) -> timedelta:
        """How long nobody has touched it: since it was last written, and since its lease has passed if it has one."""
        since = [self.modified_on, self.lease_until if self.claim else None]
        return max(now - max((moment for moment in since if moment is not None), default=now), timedelta(0))

    @property
    def is_final(self) -> bool:
        """Whether it is over. An unknown status counts as over: it is not ours to touch."""
        return self.status not in (JobStatus.QUEUED, JobStatus.IN_PROGRESS)

    @classmethod
    def from_row(cls, row: Mapping[str, object]) -> Self:
        """Read a row that was selected with `COLUMNS` and annotations."""
        customer, lead = lookup_id(row, Names.CUSTOMER), lookup_id(row, Names.LEAD)
        table = lookup_table(row, Names.CUSTOMER) or Contact.TABLE
        score = row.get(Names.SCORE)
        return cls(
            id=_text(row[Names.ID]).lower(),
            number=_text(row.get(Names.NUMBER)),
            operation=_operation(row.get(Names.OPERATION)),
            status=_number(row.get(Names.STATUS)),
            customer=RecordRef(table, customer.lower()) if customer else None,
            lead=RecordRef(Lead.TABLE, lead.lower()) if lead else None,
            list_id=lookup_id(row, Names.LIST),
            lacks_list=lookup_value(Names.LIST) not in row,
            automation_id=lookup_id(row, Names.AUTOMATION),
            automation_fields=_text(row.get(Names.AUTOMATION_FIELDS)),
            automation_contact_id=_text(row.get(Names.AUTOMATION_CONTACT_ID)),
            tag=_text(row.get(Names.TAG)),
            score=score if isinstance(score, int) else None,
            audience=_text(row.get(Names.AUDIENCE)),
            field_name=_text(row.get(Names.FIELD_NAME)),
            field_value=_text(row.get(Names.FIELD_VALUE)),
            visitor_id=lookup_id(row, Names.VISITOR),
            promote_to=_promote_to(row.get(Names.PROMOTE_TO)),
            result_code=_text(row.get(Names.RESULT_CODE)),
            attempts=_number(row.get(Names.ATTEMPTS)),
            claim=_text(row.get(Names.CLAIM)),
            lease_until=_moment(row.get(Names.LEASE_UNTIL)),
            started_on=_moment(row.get(Names.STARTED_ON)),
            modified_on=_moment(row.get(Names.MODIFIED_ON)),
            row_version=_text(row.get(ETAG)),
        )


def _operation(value: object) -> Operation | None:
    try:
        return Operation(_number(value))
    except ValueError:
        return None


def _promote_to(value: object) -> PromoteTo | None:
    if value is None:
        return None  # as almost always; to raise and catch an error is slow
    try:
        return PromoteTo(_number(value))
    except ValueError:
        return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
