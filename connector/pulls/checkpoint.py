"""How far a feed was read, and who reads it now: one value of the state, `feeds/NAME`.

    {"until": "2026-03-01T10:00:00+00:00",          everything before was worked on
     "seen": ["5f2c…", …],                          entries from before `until` that the overlap will show again, and
                                                    entries after it that an interrupted run has worked on already
     "lease": {"run": "…", "until": "2026-…"}}      the run that is at work, until when it may be, if there is one

A lease is taken and renewed by a conditional write, and work is begun only under one, so two runs never work at the
same time. A run that died is over when its lease has passed.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from connector.services import Services
from connector.state import StateConflict, StoredValueUnreadable

#: How long a run may be silent. A run that ends by itself, or fails, gives the lease back at once.
LEASE: Final = timedelta(minutes=10)


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
        name = f"feeds/{feed}"
        stored = services.state.read(name)
        value = stored.value if stored else {}
        if _is_leased(value, services.now()):
            return None
        checkpoint = cls(
            services,
            name,
            services.new_id(),
            _moment(name, value["until"]) if "until" in value else None,
            frozenset(_marks(name, value.get("seen", []))),
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


def _is_leased(value: Mapping[str, object], now: datetime) -> bool:
    """Whether a run has the lease. One that lasts longer than a lease can was written while the clock was wrong."""
    lease = value.get("lease")
    if not isinstance(lease, dict):
        return False
    try:
        until = datetime.fromisoformat(str(lease.get("until"))).astimezone(UTC)
    except ValueError:
        return False
    return now < until <= now + LEASE


def _moment(name: str, value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise StoredValueUnreadable(f"The stored value {name} has no time.")
    return moment.astimezone(UTC)


def _marks(name: str, value: object) -> list[str]:
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return value
    raise StoredValueUnreadable(f"The stored value {name} does not list what was seen.")
