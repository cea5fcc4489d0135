"""Sync Contact and Anonymize Contact: a record goes to Spotler, or leaves it, now."""

from collections.abc import Mapping, Sequence
from typing import Final, override

from connector.consent import Intent
from connector.dataverse.choices import Operation as Choice
from connector.operations.context import Context
from connector.operations.job import Job
from connector.operations.operation import Operation, Task
from connector.operations.results import Done, Failed, Result
from connector.sync.results import NotSent


class ContactOperation(Operation[None]):
    """The record is all it needs."""

    @override
    def plan(self, jobs: Sequence[Job], context: Context) -> Mapping[str, None]:
        """Nothing else stands on the row."""
        return dict.fromkeys(job.id for job in jobs)


class SyncContact(ContactOperation):
    """A job is an explicit order, so the record is sent whether it changed or not."""

    choice = Choice.SYNC_CONTACT
    intent = Intent.SYNC

    @override
    def perform(self, tasks: Sequence[Task[None]], context: Context) -> Mapping[str, Result]:
        """All records in as few calls as Spotler allows."""
        sent = context.keep_infos(context.outward.send([task.known_record for task in tasks], always=True))
        results: dict[str, Result] = {}
        for task in tasks:
            delivery = sent[task.known_record.ref]
            results[task.job.id] = (
                Failed(delivery.error) if isinstance(delivery, NotSent) else Done(delivery.message, delivery.code)
            )
        return results


class AnonymizeContact(ContactOperation):
    """Contacts cannot be deleted in Spotler; anonymising takes their personal data out."""

    choice = Choice.ANONYMIZE_CONTACT
    intent = Intent.ANONYMIZE
    accepts_deleted = True

    @override
    def perform(self, tasks: Sequence[Task[None]], context: Context) -> Mapping[str, Result]:
        """One call per contact; one that Spotler does not know is the same end state."""
        gone = context.keep_infos(context.outward.anonymize([task.known_record for task in tasks]))
        results: dict[str, Result] = {}
        for task in tasks:
            delivery = gone[task.known_record.ref]
            if isinstance(delivery, NotSent):
                results[task.job.id] = Failed(delivery.error)
            else:
                # There is no timeline of a deleted record.
                is_posted = delivery.changed and task.known_record.exists
                results[task.job.id] = Done(delivery.message, post="Anonymised in Spotler" if is_posted else "")
        return results


OPERATIONS: Final = (SyncContact(), AnonymizeContact())
