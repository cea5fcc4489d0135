"""How far a feed was read, and who reads it now: one value of the state, `feeds/NAME`.

    {"until": "2026-03-01T10:00:00+00:00",          everything before was worked on
     "seen": ["5f2c…", …],                          entries from before `until` that the overlap will show again, and
                                                    entries after it that an interrupted run has worked on already
     "lease": {"run": "…", "until": "2026-…"}}      the run that is at work, until when it may be, if there is one

A lease is taken and renewed by a conditional write, and work is begun only under one, so two runs never work at the
same time. A run that died is over when its lease has passed.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Self

from connector.services import Services
from connector.state import StateConflict, StoredMoment, StoredValue, stored_moment

#: How long a run may be silent. A run that ends by itself, or fails, gives the lease back at once.
LEASE: Final = timedelta(minutes=10)


#: Where these values are.
FEEDS: Final = "feeds/"


class FeedValue(StoredValue):
    """What is stored of a feed; a lease that cannot be read is none."""

    until: StoredMoment | None = None
    seen: list[str]
    lease: object = None


@dataclass(slots=True)
class FeedCheckpoint:
    """The checkpoint of a feed, held by this run.

    Attributes:
        until: everything before was worked on; None at the first run.
        seen: the marks of entries that were worked on, and that the feed will show again.
    """

    services: Services
    name: str
    run: str
    until: datetime | None
    seen: frozenset[str]
    _version: str | None = field(repr=False)
    _leased_on: datetime = field(init=False, repr=False)

    @classmethod
    def take(cls, services: Services, feed: str) -> Self | None:
        """Take the lease; None while another run has it.

        Raises:
            ConnectorError: the state cannot be used.
        """
        name = f"{FEEDS}{feed}"
        stored = services.state.read(name)
        value = FeedValue.of(name, stored.value if stored else {"seen": []})
        if _is_leased(value.lease, services.now()):
            return None
        checkpoint = cls(
            services,
            name,
            services.new_id(),
            value.until,
            frozenset(value.seen),
            stored.version if stored else None,
        )
        try:
            checkpoint._write(is_leased=True)
        except StateConflict:
            return None
        return checkpoint

    def save(self, until: datetime, seen: Collection[str]) -> None:
        """Move the checkpoint and renew the lease.

        Raises:
            StateConflict: another run has taken over, because this one was silent for too long.
            ConnectorError: the state cannot be used.
        """
        self.until, self.seen = until, frozenset(seen)
        self._write(is_leased=True)

    def hold(self) -> None:
        """Renew the lease where it ends soon or has ended, before anything is begun; raises as `save` does."""
        if self.services.now() - self._leased_on >= LEASE / 2:
            self._write(is_leased=True)

    def give_back(self) -> None:
        """End the lease; raises as `save` does."""
        self._write(is_leased=False)

    def _write(self, *, is_leased: bool) -> None:
        value: dict[str, object] = {"seen": sorted(self.seen)}
        if self.until is not None:
            value["until"] = self.until.isoformat()
        if is_leased:
            self._leased_on = self.services.now()
            value["lease"] = {"run": self.run, "until": (self._leased_on + LEASE).isoformat()}
        self._version = self.services.state.write(self.name, value, version=self._version)


def _is_leased(lease: object, now: datetime) -> bool:
    """Whether a run has the lease. One that lasts longer than a lease can was written while the clock was wrong."""
    try:
        until = stored_moment(lease.get("until") if isinstance(lease, dict) else None)
    except ValueError:
        return False
    return now < until <= now + LEASE
