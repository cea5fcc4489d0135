"""Consent is read again where time has passed: whoever is about to be mailed is checked against fresh consent.

The records of a chunk are read once. Between that and the call about one of them minutes may pass, in which somebody
may have set Do Not Email. So consent that is older than `MAX_AGE` is read again, for all records of the chunk at once.
"""

import threading
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from connector.consent import Decision, Intent, objection
from connector.dataverse.records import RecordRef
from connector.errors import Invalid
from connector.services import Services
from connector.sync.records import Record, RecordReader

#: How old consent may be when somebody is about to be mailed.
MAX_AGE: Final = timedelta(seconds=30)


class ConsentWatch:
    """What consent says about the records of a chunk, never older than `MAX_AGE`. Threads may share it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lock = threading.Lock()
        self._decisions: dict[RecordRef, Decision] = {}
        self._read_on: datetime | None = None
        self._failed: tuple[datetime, Exception] | None = None

    def remember(self, records: Collection[Record], read_on: datetime) -> None:
        """These records were read at this time; those before them are done."""
        with self._lock:
            self._decisions = {record.ref: record.decision for record in records}
            self._read_on = read_on

    def check(self, ref: RecordRef, intent: Intent, permission: str = "") -> None:
        """Look at the consent of a record once more, right before the call about it.

        Raises:
            ConnectorError: consent has been withdrawn meanwhile, or it could not be read.
        """
        with self._lock:
            now = self._services.now()
            if self._read_on is None or now - self._read_on > MAX_AGE:
                self._read(now)
            decision = self._decisions.get(ref)
        if decision is None:
            raise Invalid("The customer or lead of the job was deleted.")
        if error := objection(decision, intent, permission=permission):
            raise error

    def _read(self, now: datetime) -> None:
        """Read the consent of all records again. What cannot be read now is not asked for by each of them."""
        if self._failed is not None and now - self._failed[0] < MAX_AGE:
            raise self._failed[1]
        try:
            records = RecordReader(self._services).read(list(self._decisions))
        except Exception as error:
            self._failed = now, error
            raise
        self._decisions = {each: records[each].decision for each in self._decisions if each in records}
        self._read_on, self._failed = now, None
