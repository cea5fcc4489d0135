"""The sample jobs of `run --once`: good ones and bad ones, each with the end that it should have."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import (
    Account,
    Automation,
    Contact,
    Job,
    Lead,
    MarketingList,
    Visitor,
)

INVALID: Final = "JOB_NOT_VALID"

#: What the rows below call each other: the key of a fixture, or of a bind to it.
type Ids = Mapping[str, str]
#: The columns of a row, from the ids of what it refers to.
type Columns = Callable[[Ids], dict[str, object]]


@dataclass(frozen=True, slots=True)
class Work:
    """What a sample does in Spotler, from which the bench and other tests derive jobs of its operation.

    Attributes:
        effect: what Spotler's journal shows once for each job; None for jobs that only read.
        after: the operation whose sample has to be done for the same contact before.
        calls: calls to Spotler.
        shared: whether all jobs of a chunk share these calls; else each job needs its own.
        reads: queries of Dataverse besides those that all operations make.
    """

    effect: str | None
    after: Operation | None = None
    calls: int = 1
    shared: bool = False
    reads: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """A job and how it should end.

    Attributes:
        operation: what it orders; None for none.
        record: what users would call its record.
        columns: the further columns of the row, from the ids of the fixtures.
        work: given for one sample of each operation, which is about a contact if it is about a record.
        deletes: the contact that is deleted together with the creation of the job.
        last: whether the job is created when the others are over, because it would change what they find.
        says: a piece of the result message, of a job that is not valid.
    """

    operation: Operation | None
    record: str
    status: JobStatus
    code: str
    columns: Columns = field(default=lambda _: {})
    work: Work | None = None
    deletes: str = ""
    last: bool = False
    says: str = ""

    @property
    def label(self) -> str:
        """What the table calls the operation."""
        return self.operation.label if self.operation else "(none)"

    def row(self, ids: Ids) -> dict[str, object]:
        """The row to create."""
        row = {Job.NAME: f"{self.label}: {self.record}", **self.columns(ids)}
        if self.operation is not None:
            row[Job.OPERATION] = self.operation.value
        return row


def customer(key: str, set_name: str = Contact.SET) -> Columns:
    """A job for a contact, or for an account."""
    navigation = Job.CUSTOMER_CONTACT_NAVIGATION if set_name == Contact.SET else Job.CUSTOMER_ACCOUNT_NAVIGATION
    return lambda ids: {f"{navigation}@odata.bind": f"/{set_name}({ids[key]})"}


def lead(key: str) -> Columns:
    """A job for a lead."""
    return lambda ids: {f"{Job.LEAD_NAVIGATION}@odata.bind": f"/{Lead.SET}({ids[key]})"}


def automation(key: str) -> Columns:
    """The automation of a job."""
    return lambda ids: {f"{Job.AUTOMATION_NAVIGATION}@odata.bind": f"/{Automation.SET}({ids[key]})"}


def visitor(key: str, **columns: object) -> Columns:
    """The website visitor of a job."""
    return lambda ids: {f"{Job.VISITOR_NAVIGATION}@odata.bind": f"/{Visitor.SET}({ids[key]})", **columns}


def marketing_list(key: str) -> Columns:
    """The list of a job."""
    return lambda ids: {f"{Job.LIST_NAVIGATION}@odata.bind": f"/{MarketingList.SET}({ids[key]})"}


def both(*parts: Columns, **columns: object) -> Columns:
    """Several of the above, and plain columns."""
    return lambda ids: {name: value for part in parts for name, value in part(ids).items()} | columns


def _set_field(name: str, value: str) -> dict[str, object]:
    return {Job.FIELD_NAME: name, Job.FIELD_VALUE: value}


COMPLETED, FAILED = JobStatus.COMPLETED, JobStatus.FAILED


def _good(
    operation: Operation,
    record: str,
    columns: Columns = lambda _: {},
    work: Work | None = None,
    *,
    last: bool = False,
) -> Sample:
    return Sample(operation, record, COMPLETED, "OK", columns, work, last=last)


def _refused(operation: Operation, record: str, code: str, columns: Columns) -> Sample:
    return Sample(operation, record, FAILED, code, columns)


def _invalid(
    operation: Operation | None,
    record: str,
    says: str,
    columns: Columns = lambda _: {},
    *,
    deletes: str = "",
) -> Sample:
    return Sample(operation, record, FAILED, INVALID, columns, deletes=deletes, says=says)


#: Two contacts: Zoë is not in Spotler until a job adds a tag to her.
ANNA, ZOE = customer("anna"), customer("zoe")
_FIELDS: Final = "invoiceEmail=administration@example.org"

SAMPLES: Final = (
    _good(Operation.SYNC_CONTACT, "contact Anna", ANNA, Work("contact.created", shared=True)),
    _good(Operation.SYNC_CONTACT, "lead Lars", lead("lars")),
    _good(Operation.SYNC_CONTACT, "account Bakery", customer("bakery", Account.SET)),
    Sample(Operation.SYNC_CONTACT, "contact without address", COMPLETED, "SKIPPED_NO_EMAIL", customer("silent")),
    _good(Operation.ADD_TAG, "contact Anna", both(ANNA, dh_tag="Webinar"), Work("tag.added")),
    _good(Operation.ADD_TAG, "contact Zoë, not synced yet", both(ZOE, dh_tag="Customer; Lead")),
    _good(Operation.ADD_TAG, "no record", both(dh_tag="Spring campaign")),
    _good(
        Operation.SET_CONTACT_FIELD,
        "contact Anna",
        both(ANNA, **_set_field("scoreNote1", "warm")),
        Work("contact.updated", shared=True),
    ),
    _good(
        Operation.SET_CONTACT_FIELD,
        "contact Anna, display name",
        both(ANNA, **_set_field("Last Order Date", "24-12-2025")),
    ),
    _good(
        Operation.SET_CONTACT_FIELD, "contact Anna, list item", both(ANNA, **_set_field("profileFields:Garden", "ja"))
    ),
    _good(
        Operation.START_AUTOMATION,
        "contact Anna",
        both(ANNA, automation("welcome"), dh_automationfields=_FIELDS),
        Work("automation.started", reads=1),  # the automations
    ),
    _good(Operation.START_AUTOMATION, "lead Lars, campaign", both(lead("lars"), automation("campaign"))),
    _good(
        Operation.REMOVE_TAG,
        "contact Anna",
        both(ANNA, dh_tag="webinar"),
        Work("tag.removed", after=Operation.ADD_TAG),
    ),
    _good(Operation.SET_SCORE, "contact Anna", both(ANNA, dh_tag="Interest", dh_score=10), Work("score.changed")),
    _good(Operation.INCREASE_SCORE, "contact Anna", both(ANNA, dh_tag="Interest", dh_score=5), Work("score.changed")),
    _good(Operation.DECREASE_SCORE, "contact Anna", both(ANNA, dh_tag="Interest", dh_score=3), Work("score.changed")),
    _good(
        Operation.CLEAR_CONTACT_FIELD,
        "contact Anna",
        both(ANNA, dh_fieldname="scoreNote1"),
        Work("contact.updated", after=Operation.SET_CONTACT_FIELD, shared=True),
    ),
    _good(
        Operation.ADD_TO_AUDIENCE,
        "contact Anna",
        both(ANNA, dh_audience="Members"),
        Work("audience.member_added", shared=True, reads=1),  # the audiences that Marketing Lists keep
    ),
    _good(
        Operation.REMOVE_FROM_AUDIENCE,
        "contact Anna",
        both(ANNA, dh_audience="members"),
        Work("audience.member_removed", after=Operation.ADD_TO_AUDIENCE, shared=True, reads=1),
    ),
    _good(
        Operation.STOP_AUTOMATION,
        "contact Anna",
        both(ANNA, automation("welcome")),
        Work("automation.stopped", after=Operation.START_AUTOMATION, reads=2),  # the jobs that started it; automations
    ),
    _good(Operation.SYNC_MARKETING_LIST, "list Friends", marketing_list("friends")),
    _good(Operation.REMOVE_MARKETING_LIST, "list Friends", marketing_list("friends"), last=True),
    # It reads its rows, the automations and the campaigns; nothing has changed, so nothing is written.
    _good(Operation.REFRESH_AUTOMATIONS, "", work=Work(None, calls=2, shared=True, reads=1), last=True),
    # It reads the variable, its value and the fields.
    _good(Operation.REFRESH_PERMISSIONS, "", work=Work(None, shared=True, reads=2)),
    # It reads the ids, the records with all that decides about them, the contacts and their status.
    _good(Operation.RECONCILE, "", work=Work(None, calls=2, shared=True, reads=8), last=True),
    # It reads the fields.
    _good(Operation.CHECK, "", work=Work(None, shared=True)),
    _good(Operation.ANONYMIZE_CONTACT, "contact Zoë", ZOE, Work("contact.anonymized")),
    _good(Operation.PROMOTE_VISITOR, "visitor Garden Centre", visitor("garden")),
    _refused(Operation.PROMOTE_VISITOR, "promoted before", "ALREADY_PROMOTED", visitor("before")),
    _refused(Operation.STOP_AUTOMATION, "no run", "RUN_NOT_FOUND", both(lead("lars"), automation("welcome"))),
    _refused(
        Operation.REMOVE_FROM_AUDIENCE, "unknown audience", "RESOURCE_NOT_FOUND", both(ANNA, dh_audience="Nobody")
    ),
    _refused(Operation.START_AUTOMATION, "unknown to Spotler", "TRIGGER_NOTFOUND", both(ANNA, automation("forgotten"))),
    _refused(Operation.START_AUTOMATION, "inactive", "AUTOMATION_INACTIVE", both(ANNA, automation("inactive"))),
    _invalid(None, "no operation", "no operation that the connector knows", ANNA),
    _invalid(Operation.SYNC_MARKETING_LIST, "no list", "no marketing list"),
    _invalid(Operation.PROMOTE_VISITOR, "no visitor", "no website visitor"),
    _invalid(Operation.INCREASE_SCORE, "no score", "no score", both(ANNA, dh_tag="Interest")),
    _invalid(Operation.SYNC_CONTACT, "no record", "neither a customer nor a lead"),
    _invalid(
        Operation.ADD_TAG,
        "both customer and lead",
        "both a customer and a lead",
        both(ANNA, lead("lars"), dh_tag="x"),
    ),
    _invalid(Operation.ADD_TAG, "no tag", "no tag", both(ANNA, dh_tag=" ; ")),
    _invalid(
        Operation.SET_CONTACT_FIELD,
        "ambiguous display name",
        "Several Spotler fields have this display name",
        both(ANNA, **_set_field("Score note", "warm")),
    ),
    _invalid(
        Operation.SET_CONTACT_FIELD,
        "value that cannot be converted",
        "The field takes a date",
        both(ANNA, **_set_field("lastorderdate", "tomorrow")),
    ),
    _invalid(
        Operation.SET_CONTACT_FIELD,
        "field that the mapping sends",
        "the next sync would overwrite it",
        both(ANNA, **_set_field("city", "Utrecht")),
    ),
    _invalid(Operation.START_AUTOMATION, "no automation", "no automation", ANNA),
    _invalid(
        Operation.SYNC_CONTACT,
        "deleted record",
        "customer or lead of the job was deleted",
        customer("deleted"),
        deletes="deleted",
    ),
)

#: The sample of each operation that does its work.
WORKING: Final[Mapping[Operation, Sample]] = {
    sample.operation: sample for sample in SAMPLES if sample.operation is not None and sample.work is not None
}
