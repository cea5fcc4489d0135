"""How far a comparison is: one value of the state, `reconcile/run`, and the packed findings, `reconcile/found/...`.

    {"id": "…", "began": "2026-…", "mapping": "…",
     "pass": 1, "after": 12000, "new": 11980,      of the contacts: which pass, how many of it were read, and were new
     "unseen": 3,                                  contacts that Spotler has and its feed did not show
     "retries": 0,                                 of records that met a problem that may pass
     "contacts_done": false,                       whether all contacts were read
     "lists": {"…": "equal"},
     "findings": [["equal", "", true, true, false], …],
     "shards": ["reconcile/found/…", …],
     "lease": {"run": "…", "until": "2026-…"}}

A lease is taken and renewed by a conditional write, so two never work at the same time. A comparison that was not
finished within a day begins again, and so does one with another mapping: what was found then says little by now.
"""

import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, NonNegativeInt

from connector.errors import ConnectorError, Transient
from connector.mapping import mapping_version
from connector.reconcile.findings import PairFinding
from connector.reconcile.marks import Marks
from connector.services import Services
from connector.state import StateConflict, Stored, StoredMoment, StoredValue, StoredValueUnreadable

log = logging.getLogger(__name__)

#: The names in the state.
RUN: Final = "reconcile/run"
FOUND: Final = "reconcile/found"
LAST: Final = "reconcile/last"
#: How long a step may be silent: as long as a job's claim lasts.
LEASE: Final = timedelta(minutes=5)
#: How often the contacts are read at most.
PASSES: Final = 5
#: How often records are compared again that met a problem that may pass.
RETRIES: Final = 4
#: After this time a comparison begins again.
LONGEST: Final = timedelta(days=1)


class ReconcileBusy(Transient):
    """Another comparison of both sides is at work."""

    code = "RECONCILE_BUSY"


class ReconcileWaits(Transient):
    """Some records could not be compared now, because a system or another worker prevented it."""

    code = "RECONCILE_WAITS"
    advice = "Nothing to do: they are compared again, and quarantined if it cannot be done then."


@dataclass(slots=True)
class ReconcileRun:
    """A comparison, held by this step.

    Attributes:
        id: of the comparison.
        began: when.
        mapping: the version of the mapping.
        marks: what was found so far.
        pass_number: how often all contacts were read, this time included.
        after: how many contacts of this pass were read.
        new: how many of those were not known before.
        unseen: how many contacts Spotler has that its feed did not show.
        contacts_done: whether all contacts were read.
        lists: what was found about the audience of each Marketing List, by its id.
        retries: how often the records that met a problem that may pass were, or are to be, compared again.
    """

    services: Services
    id: str
    began: datetime
    mapping: str
    marks: Marks = field(default_factory=Marks)
    pass_number: int = 1
    after: int = 0
    new: int = 0
    unseen: int = 0
    contacts_done: bool = False
    retries: int = 0
    lists: dict[str, str] = field(default_factory=dict)
    _shards: list[str] = field(default_factory=list)
    _holder: str = ""
    _version: str | None = None

    @classmethod
    def take(cls, services: Services) -> Self:
        """Go on with the comparison that is under way, or begin one.

        Raises:
            ReconcileBusy: another one is at work.
            ConnectorError: the state cannot be used.
        """
        stored = _read(services)
        now = services.now()
        if stored is not None and _is_leased(stored.value, now):
            raise ReconcileBusy
        run = None
        if stored is not None:
            with contextlib.suppress(ValueError, StoredValueUnreadable):
                run = cls._resumed(services, stored.value)
        run = run or cls(services, services.new_id().lower(), now, mapping_version(services.mapping))
        run.claim(stored)
        return run

    @classmethod
    def _resumed(cls, services: Services, value: Mapping[str, object]) -> Self | None:
        """The comparison that is under way, if it is worth going on with.

        Raises:
            ValueError, StoredValueUnreadable: it cannot be read.
        """
        run = cls(services, str(value.get("id")), _moment(value.get("began")), str(value.get("mapping")))
        age = services.now() - run.began
        if run.mapping != mapping_version(services.mapping) or not timedelta(0) <= age < LONGEST:
            return None
        run.pass_number, run.after, run.new, run.unseen, run.retries = (
            _number(value.get(name)) for name in ("pass", "after", "new", "unseen", "retries")
        )
        run.contacts_done = value.get("contacts_done") is True
        lists = value.get("lists")
        run.lists = {str(name): str(found) for name, found in lists.items()} if isinstance(lists, dict) else {}
        run.marks = Marks(map(PairFinding.parse, _list(value.get("findings"))))
        run._shards = [str(each) for each in _list(value.get("shards"))]
        for name in run._shards:
            shard = services.state.read(name)
            run.marks.unpack(shard.value.get("found") if shard else None)
        return run

    def claim(self, stored: Stored | None) -> None:
        """Take the lease over what was read.

        Raises:
            ReconcileBusy: another one was faster.
            ConnectorError: the state cannot be used.
        """
        self._holder = self.services.new_id()
        self._version = stored.version if stored is not None else None
        try:
            self._write(is_leased=True)
        except StateConflict:
            raise ReconcileBusy from None

    def save(self) -> None:
        """Write what was found, and renew the lease.

        Raises:
            StateConflict: another step has taken over, because this one was silent for too long.
            ConnectorError: the state cannot be used.
        """
        if self.marks.fresh:
            name = f"{FOUND}/{self.services.new_id().lower()}"
            self.services.state.write(name, {"found": self.marks.pack()}, version=None)
            self._shards.append(name)
        self._write(is_leased=True)

    def give_back(self) -> None:
        """End the lease; raises as `save` does."""
        self._write(is_leased=False)

    def give_back_after_failure(self) -> None:
        """Keep what was found, and end the lease, as far as that is possible: it ends by itself too."""
        try:
            self.save()
            self.give_back()
        except ConnectorError:  # what is raised is the first failure
            log.debug("The lease of %s could not be given back.", RUN)

    def finish(self, certificate: Mapping[str, object]) -> None:
        """Keep the certificate, and forget all else; raises as `save` does."""
        last = self.services.state.read(LAST)
        self.services.state.write(LAST, certificate, version=last.version if last else None)
        self.services.state.delete(RUN)
        for name in self.services.state.names(f"{FOUND}/"):
            self.services.state.delete(name)

    def _write(self, *, is_leased: bool) -> None:
        value: dict[str, object] = {
            "id": self.id,
            "began": self.began.isoformat(),
            "mapping": self.mapping,
            "pass": self.pass_number,
            "after": self.after,
            "new": self.new,
            "unseen": self.unseen,
            "retries": self.retries,
            "contacts_done": self.contacts_done,
            "lists": self.lists,
            "findings": [finding.value for finding in self.marks.findings],
            "shards": self._shards,
        }
        if is_leased:
            value["lease"] = {"run": self._holder, "until": (self.services.now() + LEASE).isoformat()}
        self._version = self.services.state.write(RUN, value, version=self._version)


class _KindValue(BaseModel):
    model_config = ConfigDict(strict=True)

    total: NonNegativeInt
    reasons: dict[str, NonNegativeInt]


class _SideValue(BaseModel):
    model_config = ConfigDict(strict=True)

    total: NonNegativeInt
    equal: _KindValue
    repaired: _KindValue
    excluded: _KindValue
    quarantined: _KindValue


class _ListsValue(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")
    __pydantic_extra__: dict[str, NonNegativeInt]

    total: NonNegativeInt


class _CertificateValue(StoredValue):
    """What is read of a certificate."""

    began: StoredMoment
    ended: StoredMoment
    mapping: str
    records: _SideValue
    contacts: _SideValue
    lists: _ListsValue
    contacts_settled: bool


def last_certificate(services: Services) -> Mapping[str, object]:
    """The certificate of the comparison that was finished last; empty if there is none, or if it cannot be read."""
    try:
        stored = services.state.read(LAST)
        if stored is not None:
            _CertificateValue.of(LAST, stored.value)
    except StoredValueUnreadable:
        return {}
    return stored.value if stored else {}


def is_under_way(services: Services) -> bool:
    """Whether a comparison was begun and is not finished."""
    return _read(services) is not None


def _read(services: Services) -> Stored | None:
    """The comparison under way; what cannot be read is forgotten: nothing is lost but time."""
    try:
        return services.state.read(RUN)
    except StoredValueUnreadable:
        services.state.delete(RUN)
        return None


def _is_leased(value: Mapping[str, object], now: datetime) -> bool:
    """Whether a step has the lease. One that lasts longer than a lease can was written while the clock was wrong."""
    lease = value.get("lease")
    if not isinstance(lease, dict):
        return False
    try:
        until = _moment(lease.get("until"))
    except ValueError:
        return False
    return now < until <= now + LEASE


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone")
    return moment.astimezone(UTC)


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("not a number")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise ValueError("not a list")  # noqa: TRY004
    return value
