"""How what a batch of the automatic sync was about ends: done, tried again, or with a Failed job row."""

import logging
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from connector import due, telemetry
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError, GivenUp, Misconfigured, Transient
from connector.routing.record_item import RecordItem
from connector.servicebus.entities import SYNC_RECORDS
from connector.services import Services
from connector.sync.automatic.failed_jobs import write_failed_jobs
from connector.sync.automatic.items import Returned
from connector.sync.remembered import OPTED_OUT
from connector.sync.results import Delivery, NotSent

log = logging.getLogger(__name__)

#: An internal error is tried this often, in case it was a passing one.
INTERNAL_ATTEMPTS: Final = 3


class Settling:
    """Settles results, and collects what comes back."""

    def __init__(self, services: Services, put_back: Returned) -> None:
        self._services = services
        self._put_back = put_back

    def settle(
        self, items: Mapping[RecordRef, RecordItem], results: Mapping[RecordRef, Delivery], now: datetime
    ) -> Counter[str]:
        """Put back what may pass, and leave a job row of what failed."""
        counts, failed = Counter[str](), dict[RecordRef, ConnectorError]()
        for ref, result in results.items():
            if not isinstance(result, NotSent):
                counts[result.code] += 1
                continue
            telemetry.log_problem(log, result.error, operation=SYNC_RECORDS)
            end = self._end(result.error, items[ref], now)
            if end is None:
                moment = due.after_problem(result.error, tries=items[ref].tries, now=now)
                self._put_back.messages.append(items[ref].again(moment))
                continue
            counts[end.result_code] += 1
            if end.result_code == OPTED_OUT:
                continue  # what a person wants is no failure; Spotler Info shows it
            failed[ref] = end
            if not isinstance(result.error, ConnectorError):
                self._put_back.aside.append((items[ref], end))
        if failed:
            self._report(failed, items, now)
        return counts

    def _end(self, error: Exception, item: RecordItem, now: datetime) -> ConnectorError | None:
        """With what the sync of a record ends; None where it is tried again."""
        give_up = timedelta(hours=self._services.settings.job_give_up_hours)
        match error:
            case Transient() | Misconfigured():
                is_over = now - (item.first_attempt or now) >= give_up
                return GivenUp.after(give_up / timedelta(hours=1), error) if is_over else None
            case ConnectorError():
                return error
            case _:
                return telemetry.internal_error(error) if item.tries >= INTERNAL_ATTEMPTS else None

    def _report(
        self, failed: Mapping[RecordRef, ConnectorError], items: Mapping[RecordRef, RecordItem], now: datetime
    ) -> None:
        """Leave a Failed job row for each; where it cannot be written, the record is tried again, or kept aside."""
        deleted = {ref for ref in failed if items[ref].deleted}
        try:
            unwritten: Mapping[RecordRef, Exception] = write_failed_jobs(self._services, failed, deleted)
        except Exception as error:  # noqa: BLE001 - whatever it is, the failure must not be lost
            unwritten = dict.fromkeys(failed, error)
        for ref, problem in unwritten.items():
            telemetry.log_problem(log, problem, operation=SYNC_RECORDS)
            if isinstance(problem, Transient | Misconfigured):
                moment = due.after_dataverse(problem, since=items[ref].first_seen, now=now, claimed=False)
                self._put_back.messages.append(items[ref].again(moment))
            else:
                self._put_back.aside.append((items[ref], failed[ref]))
