"""The brake: holds back derived effects once they would reach more than a share of the records.

    derived effects ─► counted in the state ─┬─ within the share ──► pass
                                             └─ more ──► held: the record is synced without them, and is kept in a plan
                                                         that waits for a person (`plan list`)

Counted are records, each once: those of a changed mapping for as long as that mapping is in use; those of reads that
lack something, and those of contacts that Spotler has lost, for a day. All instances of the app count in one place.
What people asked for is not derived (`connector.sync.brake.derived`), and is done for a held record too.
"""

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal, Self

from pydantic import NonNegativeInt, StringConstraints

from connector import telemetry
from connector.dataverse.api import Dataverse, Query
from connector.dataverse.names import Info
from connector.dataverse.records import RecordRef
from connector.mapping import mapping_version
from connector.services import Services
from connector.state import StateConflict, StoredMoment, StoredValue
from connector.sync.brake.derived import Derived

log = logging.getLogger(__name__)

#: The code of the alert.
BRAKE_HOLDS: Final = "BRAKE_HOLDS"
#: How long effects are counted that do not come from a changed mapping.
WINDOW: Final = timedelta(days=1)
#: How often a count is tried that another instance changes at the same time.
TRIES: Final = 10
#: Where plans are kept, and how they are named: by the moment and the count.
PLANS: Final = "plans"
PlanName = Annotated[str, StringConstraints(pattern=r"^[0-9]{8}t[0-9]{6}-[0-9a-f]{6}$")]
#: Where counts are kept: one by the version of each mapping, one of reads, and one of contacts that Spotler has lost.
COUNTS: Final = "brake"
READS: Final = "reads"
LOSSES: Final = "losses"
#: What people are told about them; else a changed mapping is the cause.
_CAUSES: Final = {READS: "reads that lack something", LOSSES: "contacts that Spotler does not know any more"}


class CountValue(StoredValue):
    """What is stored of a count."""

    since: StoredMoment
    total: NonNegativeInt
    passed: list[str]
    plan: PlanName | Literal[""]
    approved: bool


@dataclass(frozen=True, slots=True)
class BrakeCount:
    """What was derived so far.

    Attributes:
        since: when the count began.
        total: how many records Spotler has; 0 while that was not needed.
        passed: marks of the records that passed.
        plan: the plan that waits for a person; empty for none.
        approved: whether a person has said that all may pass.
    """

    since: datetime
    total: int = 0
    passed: frozenset[str] = frozenset()
    plan: str = ""
    approved: bool = False

    @classmethod
    def parse(cls, name: str, value: Mapping[str, object]) -> Self:
        """What the state holds.

        Raises:
            StoredValueUnreadable: it is no count.
        """
        found = CountValue.of(name, value)
        return cls(found.since, found.total, frozenset(found.passed), found.plan, found.approved)

    @property
    def value(self) -> dict[str, object]:
        """What is written in the state."""
        return {
            "since": self.since.isoformat(),
            "total": self.total,
            "passed": sorted(self.passed),
            "plan": self.plan,
            "approved": self.approved,
        }


class Brake:
    """Decides which derived effects are held back."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._share = services.settings.brake_share
        self._version = mapping_version(services.mapping)

    def held(self, derived: Sequence[Derived]) -> frozenset[RecordRef]:
        """The records whose effects are held back.

        Raises:
            Transient, Misconfigured: the state or Dataverse cannot be used now.
        """
        if not derived or self._share >= 1:
            return frozenset()
        groups: dict[str, list[Derived]] = {}
        for each in derived:
            name = LOSSES if each.is_missing else self._version if each.is_of_mapping else READS
            groups.setdefault(name, []).append(each)
        return frozenset(ref for name, group in groups.items() for ref in self._count(name, group))

    def _count(self, kind: str, derived: Sequence[Derived]) -> set[RecordRef]:
        state, now, name = self._services.state, self._services.now(), f"{COUNTS}/{kind}"
        for _ in range(TRIES):
            stored = state.read(name)
            count = BrakeCount.parse(name, stored.value) if stored else BrakeCount(now)
            if kind in _CAUSES and not count.plan and abs(now - count.since) >= WINDOW:
                count = BrakeCount(now)
            if count.approved:
                return set()
            new, held = self._divided(count, derived)
            if held and not new.plan:
                new = replace(new, plan=f"{now:%Y%m%dt%H%M%S}-{hashlib.sha256(name.encode()).hexdigest()[:6]}")
            if held:
                self._keep(new.plan, held)
            try:
                if new != count or stored is None:
                    state.write(name, new.value, version=stored.version if stored else None)
            except StateConflict:
                continue
            if held:
                self._announce(name, new, _CAUSES.get(kind, "the changed mapping"))
            return {each.ref for each in held}
        raise StateConflict

    def _divided(self, count: BrakeCount, derived: Iterable[Derived]) -> tuple[BrakeCount, list[Derived]]:
        """The count after these, and those that are held."""
        least = self._services.settings.brake_least
        fresh = {mark(each.ref): each for each in derived if mark(each.ref) not in count.passed}
        if not count.total and len(count.passed) + len(fresh) > least:
            count = replace(count, total=_known(self._services.dataverse))
        room = max(least, int(self._share * count.total)) - len(count.passed)
        passing = set(list(fresh)[: max(room, 0)]) if not count.plan else set[str]()
        held = [each for key, each in fresh.items() if key not in passing]
        return replace(count, passed=count.passed | passing), held

    def _keep(self, plan: str, held: Sequence[Derived]) -> None:
        content = {f"{each.ref.table}/{each.ref.id}": list(each.causes) for each in held}
        text = "\n".join(sorted(content)) + "".join(cause for causes in content.values() for cause in causes)
        part = f"{PLANS}/{plan}/{hashlib.sha256(text.encode()).hexdigest()[:16]}"
        if self._services.state.read(part) is None:
            self._services.state.write(part, content, version=None)

    def _announce(self, name: str, count: BrakeCount, cause: str) -> None:
        """One alert for all instances, by the one that has written the plan; also after one died before it did that."""
        plan, state = f"{PLANS}/{count.plan}", self._services.state
        if state.read(plan) is not None:
            return
        value = {"made_on": self._services.now().isoformat(), "mapping": self._version, "count": name}
        try:
            state.write(plan, value, version=None)
        except StateConflict:
            return
        text = (
            f"The brake holds back what follows from {cause}: more than {len(count.passed)} of {count.total} records "
            f"would be silenced, anonymised or lose a value or permissions. Look at plan {count.plan} with plan list."
        )
        log.error("%s", text, extra=telemetry.fields(operation="brake", code=BRAKE_HOLDS, count=len(count.passed)))


def mark(ref: RecordRef) -> str:
    """What the state knows a record by."""
    return hashlib.sha256(ref.id.encode()).hexdigest()[:12]


def _known(dataverse: Dataverse) -> int:
    """How many records Spotler has, as far as Spotler Info says."""
    query = Query(set_name=Info.SET, select=(Info.ID,), filter=f"{Info.SENT_HASH} ne null and {Info.SENT_HASH} ne ''")
    return sum(map(len, dataverse.pages(query)))
