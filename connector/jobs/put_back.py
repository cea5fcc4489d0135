"""What a chunk sends at its end: items that wait, go elsewhere, are retried, go on, or come next.

What goes to the quarantine is sent last, so that no other job suffers when that is not taken. Copies of one
wake-up have the same message id, so the bus keeps one of them.
"""

import logging
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from connector import due as due_times, telemetry
from connector.errors import ConnectorError, Unreadable
from connector.jobs.attempt import Attempt
from connector.operations.job import JobRow
from connector.routing.quarantine import quarantine
from connector.routing.subscriptions import slug_of
from connector.routing.work_item import Claim, LateInfo, Receipt, WorkItem
from connector.servicebus.bus import Bus, OutgoingMessage
from connector.servicebus.entities import TOPIC_JOBS

log = logging.getLogger(__name__)


class PutBack:
    """Collects messages and sends them together."""

    def __init__(self) -> None:
        self._messages: list[OutgoingMessage] = []
        self._jobs: set[str] = set()
        self._aside: list[tuple[WorkItem, ConnectorError, str]] = []

    def has(self, job: str) -> bool:
        """Whether an item of this job is among them."""
        return job in self._jobs

    def wait(self, item: WorkItem, due: datetime, claim: Claim | None = None) -> None:
        """An item that could not be claimed looks again later.

        `claim` holds the claims that were tried and may have succeeded although their answer was lost.
        """
        again = item.model_copy(
            update={"reason": "receipt" if item.receipt else "waiting", "claim": claim or item.claim}
        )
        token = again.claim.token if again.claim else "none"
        self._add(again, f"{'written' if again.receipt else 'wait'}/{token}/{again.step}/{_slot(due)}", due)

    def forward(self, item: WorkItem) -> None:
        """An item goes to where its row says that it belongs, at once."""
        self._add(item, f"forward/{item.record.id if item.record else 'none'}")

    def retry(self, attempt: Attempt, due: datetime, info: LateInfo | None = None) -> None:
        """A claimed item is tried again under its claim, once the row of Spotler Info is written that is left."""
        self._add(attempt.item_again("retry", info=info), f"retry/{attempt.job.claim}/{_slot(due)}", due)

    def go_on(self, attempt: Attempt, now: datetime, info: LateInfo | None = None) -> None:
        """A long work goes on with its next step, at once; steps use up neither tries nor time."""
        item = attempt.item_again("continue", info=info).model_copy(
            update={"step": attempt.item.step + 1, "tries": 0, "first_attempt": now}
        )
        self._add(item, f"continue/{attempt.job.claim}")

    def receipt(self, attempt: Attempt, due: datetime, receipt: Receipt, info: LateInfo | None = None) -> None:
        """An item whose work is done comes back with its outcome, which only has to be written."""
        item = attempt.item_again("receipt", receipt=receipt, info=info)
        self._add(item, f"receipt/{attempt.job.claim}/{_slot(due)}", due)

    def hand_over(self, job: JobRow, *, now: datetime) -> None:
        """The next job of a record need not wait any longer."""
        item = WorkItem(
            operation=slug_of(job.operation), job=job.id, record=job.record, reason="handover", first_seen=now
        )
        self._add(item, f"handover/{job.row_version}")

    def aside(self, item: WorkItem, why: ConnectorError, *, source: str) -> None:
        """An item is kept in the quarantine; `source` is where it came from."""
        self._aside.append((item, why, source))

    def send(self, bus: Bus) -> None:
        """Send everything.

        Raises:
            Transient, Misconfigured: when the bus does not take it.
        """
        try:
            bus.to_topic(TOPIC_JOBS, self._messages)
        finally:
            for item, why, source in self._aside:
                quarantine(bus, item.body(), why, source=source)

    def _add(self, item: WorkItem, suffix: str, due: datetime | None = None) -> None:
        self._jobs.add(item.job)
        self._messages.append(item.message(f"{item.job}/{item.operation}/{suffix}", due))


def put_back_all(bus: Bus, bodies: Iterable[bytes], error: Exception, *, operation: str, now: datetime) -> None:
    """Put a whole batch back for a while, when the app is not set up: a setting or the mapping is wrong.

    Without this the bus would deliver the messages ten times within a second and then give them up as dead letters.

    Raises:
        Transient, Misconfigured: when the bus cannot take them either.
    """
    telemetry.log_problem(log, error, operation=operation)
    put_back_until(bus, bodies, now + due_times.NOT_SET_UP, operation=operation)


def put_back_until(bus: Bus, bodies: Iterable[bytes], due: datetime, *, operation: str) -> None:
    """Put a whole batch back, untouched: with their claims, and without counting an attempt or a delivery.

    Two items of one job are one message only if they say the same: one may hold the outcome, or another claim.

    Raises:
        Transient, Misconfigured: when the bus cannot take them.
    """
    messages: list[OutgoingMessage] = []
    for body in bodies:
        try:
            item = WorkItem.from_body(body)
        except Unreadable as unreadable:
            quarantine(bus, body, unreadable, source=operation)
        else:
            says = sha256(item.body()).hexdigest()[:16]
            messages.append(item.message(f"{item.job}/{item.operation}/untouched/{says}/{_slot(due)}", due))
    bus.to_topic(TOPIC_JOBS, messages)


def _slot(due: datetime) -> int:
    """Whole seconds, so that copies of one wake-up have the same message id."""
    return int(due.timestamp())
