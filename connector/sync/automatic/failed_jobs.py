"""Failed job rows of automatic syncs: what users and operators see of a record that could not be synced.

One row per record and problem: as long as the newest job of a record says the same, no second one is written. The row
is a Sync Contact job, so a person corrects the cause and chooses Retry. Of a deleted record nothing is left
that a job could be about, so its row has no record, and its name says which contact has to be anonymised by hand.

A Marketing List whose audience could not be removed gets such a row too: a Remove Marketing List job. Where the list
was deleted, the removal is tried again each night (`deleted_lists`).
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from connector.dataverse.api import BatchRequest, NotFound, Row, bind, filters, lookup_id
from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.job_outcome import RESULT_CODE_LENGTH, outcome_columns
from connector.dataverse.names import Account, Contact, Job, Lead, MarketingList, lookup_value
from connector.dataverse.records import RecordRef
from connector.dataverse.texts import fitted
from connector.errors import ConnectorError
from connector.services import Services
from connector.words import Sentence

NAME: Final = "Automatic sync"


@dataclass(frozen=True, slots=True)
class _Subject:
    """How a job names what it is about.

    Attributes:
        navigation: the navigation property of its lookup.
        set_name: of the rows that the lookup refers to.
        column: the lookup.
        operation: what the job orders.
        by_hand: what a person has to do in Spotler once the row is deleted.
    """

    navigation: str
    set_name: str
    column: str
    operation: Operation = Operation.SYNC_CONTACT
    by_hand: str = Sentence("Anonymise the contact with this External Id in Spotler by hand.")


_SUBJECTS: Final = {
    Contact.TABLE: _Subject(Job.CUSTOMER_CONTACT_NAVIGATION, Contact.SET, Job.CUSTOMER),
    Account.TABLE: _Subject(Job.CUSTOMER_ACCOUNT_NAVIGATION, Account.SET, Job.CUSTOMER),
    Lead.TABLE: _Subject(Job.LEAD_NAVIGATION, Lead.SET, Job.LEAD),
    MarketingList.TABLE: _Subject(
        Job.LIST_NAVIGATION,
        MarketingList.SET,
        Job.LIST,
        Operation.REMOVE_MARKETING_LIST,
        Sentence("Tried again each night; or delete the dynamic list with this id in Spotler by hand."),
    ),
}


def write_failed_jobs(
    services: Services, failed: Mapping[RecordRef, ConnectorError], deleted: Collection[RecordRef]
) -> dict[RecordRef, ConnectorError]:
    """Write the rows that are not there yet.

    Args:
        services: Dataverse, the clock and ids.
        failed: why each record could not be synced.
        deleted: those of them that are not in Dataverse any more.

    Returns:
        the records whose row could not be written, and why. One that was deleted meanwhile needs none.

    Raises:
        ConnectorError: Dataverse cannot be asked which rows there are.
    """
    said = _newest(services, failed, deleted)
    new = {
        ref: error for ref, error in failed.items() if said.get(ref) != fitted(error.result_code, RESULT_CODE_LENGTH)
    }
    rows = {ref: str(uuid.uuid5(uuid.UUID(ref.id), services.new_id())) for ref in new}
    # A row is created Queued and ended at once, because a new row takes the first state of its table. If it were left
    # Queued, the sweep would run it as what it is, a Sync Contact job.
    requests = [
        request
        for ref, error in new.items()
        for request in (
            BatchRequest.insert(Job.SET, rows[ref], _order(ref, is_deleted=ref in deleted)),
            BatchRequest.update(Job.SET, rows[ref], _outcome(services, ref, error, is_deleted=ref in deleted)),
        )
    ]
    if not requests:
        return {}
    answers = services.dataverse.batch(requests)
    created = dict(zip(new, answers[::2], strict=True))
    ended = dict(zip(new, answers[1::2], strict=True))
    problems = {ref: created[ref].error or ended[ref].error for ref in new}
    return {
        ref: problem for ref, problem in problems.items() if problem is not None and not isinstance(problem, NotFound)
    }


def _newest(services: Services, failed: Collection[RecordRef], deleted: Collection[RecordRef]) -> dict[RecordRef, str]:
    """The code of the newest job of each record, where that is a failed sync."""
    said: dict[RecordRef, str | None] = {}
    by_id = {ref.id: ref for ref in failed}
    by_name = {name_of_deleted(ref): ref for ref in deleted}
    columns = sorted({_SUBJECTS[ref.table].column for ref in failed})
    for row in services.dataverse.query(
        Job.SET,
        select=(Job.NAME, Job.OPERATION, Job.STATUS, Job.RESULT_CODE, *map(lookup_value, columns)),
        filter=filters.or_(*_about(failed, by_name)),
        orderby=(f"{Job.NUMBER} desc",),
    ):
        about = next(filter(None, (lookup_id(row, column) for column in columns)), None)
        ref = by_id.get(about.lower()) if about else by_name.get(str(row[Job.NAME]))
        if ref is not None:
            failed_sync = (_SUBJECTS[ref.table].operation, JobStatus.FAILED)
            is_failed_sync = (row[Job.OPERATION], row[Job.STATUS]) == failed_sync
            said.setdefault(ref, str(row[Job.RESULT_CODE]) if is_failed_sync else None)
    return {ref: code for ref, code in said.items() if code is not None}


def _about(records: Collection[RecordRef], names: Collection[str]) -> Iterator[str]:
    """The conditions of the jobs of these records, and of those with these names."""
    wanted = defaultdict[str, set[str]](set)
    for ref in records:
        wanted[_SUBJECTS[ref.table].column].add(ref.id)
    wanted[Job.NAME].update(names)
    for column, values in sorted(wanted.items()):
        if values:
            yield filters.in_(column, sorted(values))


def name_of_deleted(ref: RecordRef) -> str:
    """The name of the row of something that was deleted."""
    return f"{NAME}: deleted {ref.table} {ref.id}"


def _name(ref: RecordRef, *, is_deleted: bool) -> str:
    return name_of_deleted(ref) if is_deleted else NAME


def _order(ref: RecordRef, *, is_deleted: bool) -> Row:
    subject = _SUBJECTS[ref.table]
    about = {} if is_deleted else {f"{subject.navigation}@odata.bind": bind(subject.set_name, ref.id)}
    return {Job.NAME: _name(ref, is_deleted=is_deleted), Job.OPERATION: subject.operation.value, **about}


def _outcome(services: Services, ref: RecordRef, error: ConnectorError, *, is_deleted: bool) -> Row:
    message = services.wording.text(error.with_advice(_SUBJECTS[ref.table].by_hand) if is_deleted else error.for_people)
    return outcome_columns(JobStatus.FAILED, error.result_code, message, services.now())
