"""Sync Contact and Anonymize Contact: a record goes to Spotler, or leaves it, now."""

from collections.abc import Mapping, Sequence
from typing import Final, override

from connector.dataverse.choices import Operation as Choice
from connector.operations.context import Context
from connector.operations.job import Job
from connector.operations.operation import Accepts, Operation, Task
from connector.operations.results import Done, Failed, Result
from connector.sync.outward import Sent


class ContactOperation(Operation[None]):
    """The record is all it needs."""

    @override
    def plan(self, jobs: Sequence[Job], context: Context) -> Mapping[str, None]:
        """Nothing else stands on the row."""
        return dict.fromkeys(job.id for job in jobs)


class SyncContact(ContactOperation):
    """A job is an explicit order, so the record is sent whether it changed or not."""

    choice = Choice.SYNC_CONTACT
    accepts = Accepts.UNFIT  # such a record is anonymised

    @override
    def perform(self, tasks: Sequence[Task[None]], context: Context) -> Mapping[str, Result]:
        """All records in as few calls as Spotler allows."""
        sent = context.outward.send([task.known_record for task in tasks], always=True)
        return {task.job.id: _result(sent[task.known_record.ref]) for task in tasks}


class AnonymizeContact(ContactOperation):
    """Contacts cannot be deleted in Spotler; anonymising takes their personal data out."""

    choice = Choice.ANONYMIZE_CONTACT
    accepts = Accepts.ANY

    @override
    def perform(self, tasks: Sequence[Task[None]], context: Context) -> Mapping[str, Result]:
        """One call per contact; one that Spotler does not know is the same end state."""
        return context.each(tasks, lambda task: self._anonymize(task, context))

    def _anonymize(self, task: Task[None], context: Context) -> Done:
        context.outward.anonymize(task.known_record)
        post = "Anonymised in Spotler" if task.known_record.exists else ""  # there is no timeline of a deleted record
        return Done("The contact is anonymised in Spotler.", post=post)


def _result(sent: Sent | Exception) -> Result:
    return Failed(sent) if isinstance(sent, Exception) else Done(sent.message, sent.code)


OPERATIONS: Final = (SyncContact(), AnonymizeContact())
