"""Sync Contact and Anonymize Contact: a record goes to Spotler, or leaves it, now."""

from collections.abc import Mapping, Sequence
from typing import Final, override

from connector.consent import Intent
from connector.dataverse.choices import Operation as Choice
from connector.operations.context import Context
from connector.operations.operation import ParameterlessOperation, Task
from connector.operations.results import Done, Failed, Result
from connector.sync.results import Delivery, NotSent


class SyncContact(ParameterlessOperation):
    """A job is an explicit order, so the record is sent whether it changed or not."""

    choice = Choice.SYNC_CONTACT
    usual_intent = Intent.SYNC

    @override
    def perform(self, tasks: Sequence[Task[None]], context: Context) -> Mapping[str, Result]:
        """All records in as few calls as Spotler allows."""
        results = context.outward.send([task.known_record for task in tasks], always=True)
        context.keep_infos(results)
        return {task.job.id: _synced(results[task.known_record.ref]) for task in tasks}


class AnonymizeContact(ParameterlessOperation):
    """Contacts cannot be deleted in Spotler; anonymising takes their personal data out."""

    choice = Choice.ANONYMIZE_CONTACT
    usual_intent = Intent.ANONYMIZE
    accepts_deleted = True

    @override
    def perform(self, tasks: Sequence[Task[None]], context: Context) -> Mapping[str, Result]:
        """One call per contact; one that Spotler does not know is the same end state."""
        results = context.outward.anonymize([task.known_record for task in tasks])
        context.keep_infos(results)
        return {task.job.id: _anonymized(task, results[task.known_record.ref]) for task in tasks}


def _synced(result: Delivery) -> Result:
    return Failed(result.error) if isinstance(result, NotSent) else Done(result.message, result.code)


def _anonymized(task: Task[None], result: Delivery) -> Result:
    if isinstance(result, NotSent):
        return Failed(result.error)
    has_timeline = result.changed and task.known_record.exists
    return Done(result.message, post="Anonymised in Spotler" if has_timeline else "")


OPERATIONS: Final = (SyncContact(), AnonymizeContact())
