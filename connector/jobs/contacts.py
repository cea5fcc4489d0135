"""Sync Contact: send one record, and its permissions, to Spotler now."""

from collections.abc import Sequence

from connector.dataverse.choices import Operation as Choice
from connector.jobs.attempt import Attempt
from connector.jobs.operation import Batch, Needs
from connector.sync.outward import Outward


class SyncContact:
    """A job is an explicit wish, so the record is sent whether it changed or not."""

    slug = Choice.SYNC_CONTACT.slug
    needs = Needs.RECORD
    repeatable = True
    accepts_inactive = True  # a deactivated record is anonymised
    syncs_first = False

    def check(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """The record is all it needs."""

    def perform(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """All records in as few calls as Spotler allows."""
        records = [attempt.record for attempt in attempts if attempt.record is not None]
        results = Outward(batch.services, batch.infos).send(records, always=True)
        for attempt in attempts:
            assert attempt.record is not None  # noqa: S101 - the operation needs a record
            result = results[attempt.record.ref]
            if isinstance(result, Exception):
                attempt.fail(result)
            else:
                attempt.finish(result.message, code=result.code)
