"""What happened: every effect on the account, every HTTP call, every signature.

The journal of effects is what fault tests count: a repeated call that changed nothing leaves no entry.
"""

from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sandbox.spotler.dates import Clock

#: Enough to see what a client did just now; a bench run must not fill the memory.
REQUESTS_KEPT = 1000
#: Status under which a call is counted whose connection was dropped instead of answered.
DROPPED = 0

API = "api"
CONTACT = "contact"


@dataclass(frozen=True, slots=True)
class Entry:
    """One effect. `by` is `api` for callers of the API and `contact` for people (forms, mails, profile page).

    `at` is the time of the account, `moment` that of this machine.
    """

    seq: int
    at: datetime
    by: str
    effect: str
    external_id: str | None
    detail: dict[str, object]
    moment: datetime = field(default_factory=lambda: datetime.now(UTC))

    def shown(self) -> dict[str, object]:
        """As the side door shows it; times in UTC."""
        return {
            "seq": self.seq,
            "at": self.at.isoformat(timespec="milliseconds"),
            "by": self.by,
            "effect": self.effect,
            "externalId": self.external_id,
            "detail": self.detail,
            "moment": self.moment.isoformat(timespec="milliseconds"),
        }


@dataclass(slots=True)
class Journal:
    """The effects in order."""

    clock: Clock
    entries: list[Entry] = field(default_factory=list)
    _by: str = API
    _muted: bool = False

    def record(self, effect: str, external_id: str | None = None, **detail: object) -> None:
        """Write down one effect."""
        if not self._muted:
            seq = len(self.entries) + 1
            self.entries.append(Entry(seq, self.clock.now(), self._by, effect, external_id, detail))

    @contextmanager
    def by_contact(self) -> Iterator[None]:
        """Effects inside were caused by people, not by callers of the API."""
        self._by = CONTACT
        try:
            yield
        finally:
            self._by = API

    @contextmanager
    def muted(self) -> Iterator[None]:
        """Nothing inside is written down: fixtures are where a test starts, not what it caused."""
        self._muted = True
        try:
            yield
        finally:
            self._muted = False


@dataclass(frozen=True, slots=True)
class Logged:
    """One request with the outcome of its signature; `reason` says why it was refused, where the answer does not."""

    at: datetime
    method: str
    target: str
    status: int
    verified: bool
    reason: str
    expected_base_string: str

    def shown(self) -> dict[str, object]:
        """As the side door shows it."""
        return {
            "at": self.at.isoformat(timespec="milliseconds"),
            "method": self.method,
            "target": self.target,
            "status": self.status,
            "verified": self.verified,
            "reason": self.reason,
            "expectedBaseString": self.expected_base_string,
        }


@dataclass(slots=True)
class Traffic:
    """The HTTP calls since the last reset: all of them counted, the latest kept."""

    counts: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    recent: deque[Logged] = field(default_factory=lambda: deque(maxlen=REQUESTS_KEPT))

    def shown(self) -> dict[str, object]:
        """Counts by method, route and status, and the total."""
        return {
            "total": self.counts.total(),
            "calls": [
                {"method": method, "route": route, "status": status, "count": count}
                for (method, route, status), count in sorted(self.counts.items())
            ],
        }
