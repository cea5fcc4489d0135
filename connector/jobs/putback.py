"""What a batch puts back on the topic at its end: items that wait, go elsewhere, are tried again, or come next.

What it keeps in the quarantine goes last, so that no other job suffers when that is not taken. The ids of the messages
are such that copies of one wake-up meet, and the bus keeps one of them.
"""

from datetime import datetime

from connector.errors import ConnectorError
from connector.operations.attempt import Attempt, Outcome
from connector.operations.job import Job
from connector.routing.quarantine import quarantine
from connector.routing.subscriptions import slug_of
from connector.routing.work_item import Claim, Reason, WorkItem
from connector.servicebus.bus import Bus, OutgoingMessage
from connector.servicebus.entities import TOPIC_JOBS


class PutBack:
    """Collects messages and sends them together."""

    def __init__(self) -> None:
        self.messages: list[OutgoingMessage] = []
        self.jobs: set[str] = set()
        self._aside: list[tuple[WorkItem, ConnectorError, str]] = []

    def wait(self, item: WorkItem, due: datetime, claim: Claim | None = None) -> None:
        """An item that could not be claimed looks again later.

        `claim` is a claim that was tried and may have succeeded although its answer was lost.
        """
        again = item.model_copy(update={"reason": "waiting", "claim": claim or item.claim})
        token = again.claim.token if again.claim else "none"
        self._add(again, f"wait/{token}/{_slot(due)}", due)

    def forward(self, item: WorkItem) -> None:
        """An item goes to where its row says that it belongs, at once."""
        self._add(item, f"forward/{item.record.id if item.record else 'none'}")

    def retry(self, attempt: Attempt, due: datetime) -> None:
        """A claimed item is tried again under its claim."""
        self._claimed(attempt, "retry", due)

    def receipt(self, attempt: Attempt, due: datetime, outcome: Outcome) -> None:
        """An item whose work is done comes back with its outcome, which only has to be written."""
        self._claimed(attempt, "receipt", due, outcome)

    def hand_over(self, job: Job, *, now: datetime) -> None:
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
            bus.to_topic(TOPIC_JOBS, self.messages)
        finally:
            for item, why, source in self._aside:
                quarantine(bus, item.body(), why, source=source)

    def _claimed(self, attempt: Attempt, reason: Reason, due: datetime, outcome: Outcome | None = None) -> None:
        self._add(attempt.item_again(reason, outcome), f"{reason}/{attempt.job.claim}/{_slot(due)}", due)

    def _add(self, item: WorkItem, suffix: str, due: datetime | None = None) -> None:
        self.jobs.add(item.job)
        self.messages.append(item.message(f"{item.job}/{item.operation}/{suffix}", due))


def _slot(due: datetime) -> int:
    """Whole seconds: the places where copies of one wake-up meet."""
    return int(due.timestamp())
