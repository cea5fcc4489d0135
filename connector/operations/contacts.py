"""Sync Contact and Anonymize Contact: a record goes to Spotler, or leaves it, now."""

from collections.abc import Sequence

from connector.dataverse.choices import Operation as Choice
from connector.operations.attempt import Attempt
from connector.operations.operation import Accepts, Batch, Needs
from connector.sync.results import Failed


class SyncContact:
    """A job is an explicit wish, so the record is sent whether it changed or not."""

    slug = Choice.SYNC_CONTACT.slug
    needs = Needs.RECORD
    repeatable = True
    accepts = Accepts.UNFIT  # such a record is anonymised
    syncs_first = False

    def check(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """The record is all it needs."""

    def perform(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """All records in as few calls as Spotler allows."""
        records = [attempt.record for attempt in attempts if attempt.record is not None]
        results = batch.keep_infos(batch.outward.send(records, always=True))
        for attempt in attempts:
            result = results[attempt.known_record.ref]
            if isinstance(result, Failed):
                attempt.fail(result.error)
            else:
                attempt.finish(result.message, code=result.code)


class AnonymizeContact:
    """Contacts cannot be deleted in Spotler; anonymising takes their personal data out."""

    slug = Choice.ANONYMIZE_CONTACT.slug
    needs = Needs.RECORD
    repeatable = True
    accepts = Accepts.ANY
    syncs_first = False

    def check(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """The record is all it needs."""

    def perform(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """One call per contact; one that Spotler does not know is the same end state."""
        results = batch.keep_infos(batch.outward.anonymize([attempt.known_record for attempt in attempts]))
        for attempt in attempts:
            result = results[attempt.known_record.ref]
            if isinstance(result, Failed):
                attempt.fail(result.error)
            else:
                attempt.finish(result.message, post="Anonymised in Spotler" if result.changed else "")
