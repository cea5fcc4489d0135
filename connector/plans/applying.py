"""Applying a plan: the sync runs against a gate that lets through what is in the plan, and nothing else.

    lines ─► planned again ─┬─ the same ─► inward ─► outward, through the gate ─► done
                            └─ another row, Spotler Info or content ─► refused, with the reason

The gate also decides about what changes between the second look and the write.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from itertools import batched

from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError
from connector.plans.effects import Action, PlannedWrite
from connector.plans.file import PlanLine
from connector.plans.gate import Admission, PlanOutdated, gated
from connector.plans.making import PlanMaker, PlannedRecord, code_of
from connector.plans.patience import patiently
from connector.plans.sending import send
from connector.services import Services
from connector.spotler import ContactData, SpotlerContact
from connector.sync.all_records import CHUNK
from connector.sync.both_ways import inward
from connector.sync.records import RecordReader
from connector.sync.results import NotSent


class Applied(StrEnum):
    """What became of one record of a plan."""

    DONE = "done"
    NOT_THERE = "The record is not in Dataverse any more."
    ROW_CHANGED = "The record was changed in Dataverse since the plan."
    INFO_CHANGED = "The record was synced since the plan."
    CONTENT_CHANGED = "Spotler, a permission or a row behind a lookup was changed since the plan."
    STOPPED = "It could not be done now."


@dataclass(frozen=True, slots=True)
class AppliedRecord:
    """One record of a plan after it.

    Attributes:
        ref: which.
        applied: what became of it.
        code: of the error that stopped it; empty for none.
    """

    ref: RecordRef
    applied: Applied
    code: str = ""


@dataclass(slots=True)
class PlanGate:
    """The gate that lets through what is in the plan.

    Attributes:
        allowed: the marks of each record, by its id.
        owners: the records that own rows of Spotler Permission.
        done: what has passed, and was done.
    """

    allowed: Mapping[str, frozenset[str]]
    owners: dict[str, str]
    done: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def admit(self, effect: PlannedWrite | None) -> Admission:
        """Whether it is in the plan; notes pass."""
        if effect is None:
            return Admission.PASS
        if effect.mark not in self.allowed.get(effect.record, frozenset()):
            return Admission.REFUSE
        return Admission.PASS

    def succeeded(self, effect: PlannedWrite) -> None:
        """It is done."""
        self.done[effect.record].add(effect.mark)

    def contact(self, external_id: str, read: Callable[[], SpotlerContact | None]) -> SpotlerContact | None:  # noqa: ARG002 - as WriteGate
        """The contact as it is now."""
        return read()

    def is_missing(self, external_id: str) -> bool:  # noqa: ARG002 - as WriteGate
        """Spotler itself answers."""
        return False

    def is_there(self, contact: ContactData, search: Callable[[str], Sequence[SpotlerContact]]) -> bool:  # noqa: ARG002
        """Whether the plan has found it there, so that it is not in the plan to create it."""
        created = PlannedWrite(contact.external_id.lower(), Action.CREATE, contact.properties)
        return created.mark not in self.allowed.get(created.record, frozenset())


def apply_plan(
    services: Services,
    lines: Iterable[PlanLine],
    *,
    asked: bool,
    seen: Callable[[int], object],
    pause: Callable[[float], object] = time.sleep,
) -> Iterator[AppliedRecord]:
    """Do what a plan says, and nothing else.

    Args:
        services: with the mapping of the plan; what they write in Dataverse belongs to the run that they name.
        lines: the records.
        asked: whether Spotler was asked for the plan.
        seen: is told the number of records after each chunk.
        pause: waits for so many seconds, when a system is busy.

    Raises:
        ConnectorError: what Dataverse or Spotler said; what was done before stays done.
    """
    maker = PlanMaker(replace(services, run=""), asks=asked)
    # A person has looked at the plan: the brake is for what nobody has looked at.
    unbraked = replace(services, settings=services.settings.model_copy(update={"brake_share": 1.0}))
    done = 0
    for chunk in batched(lines, CHUNK, strict=False):
        now = patiently(partial(maker.plan, [line.ref for line in chunk]), pause)
        outcomes = {line.ref: _compared(line, now.get(line.ref)) for line in chunk}
        accepted = {ref: now[ref] for ref, each in outcomes.items() if each.applied is Applied.DONE}
        yield from (outcomes | _do(unbraked, accepted, pause)).values()
        done += len(chunk)
        seen(done)


def _compared(line: PlanLine, now: PlannedRecord | None) -> AppliedRecord:
    if now is None:
        return AppliedRecord(line.ref, Applied.NOT_THERE)
    if now.row != line.row:
        return AppliedRecord(line.ref, Applied.ROW_CHANGED)
    if now.info != line.info:
        return AppliedRecord(line.ref, Applied.INFO_CHANGED)
    if now.problem:
        return AppliedRecord(line.ref, Applied.STOPPED, now.problem)
    return AppliedRecord(line.ref, Applied.DONE if now.marks == line.marks else Applied.CONTENT_CHANGED)


def _do(
    services: Services, planned: Mapping[RecordRef, PlannedRecord], pause: Callable[[float], object]
) -> dict[RecordRef, AppliedRecord]:
    """Do it for these records; each has done all that was planned, or says what stopped it."""
    if not planned:
        return {}
    records = RecordReader(services).read(planned)
    owners = {row.id: ref.id for ref, record in records.items() for row in record.facts.rows}
    gate = PlanGate({ref.id: frozenset(each.marks) for ref, each in planned.items()}, owners)
    through = gated(services, gate)
    inward_problem, problems = "", dict[RecordRef, str]()
    try:
        inward.apply(through, [each.update for each in planned.values() if each.update is not None])
    except ConnectorError as error:
        inward_problem = error.result_code  # of one of them; the others are done
    fresh = RecordReader(services).read(planned)
    for ref, result in send(through, list(fresh.values()), pause=pause).items():
        if isinstance(result, NotSent):
            problems[ref] = code_of(result.error)
    return {
        ref: AppliedRecord(ref, Applied.DONE)
        if ref not in problems and gate.done[ref.id] >= set(each.marks)
        else AppliedRecord(ref, Applied.STOPPED, problems.get(ref) or inward_problem or PlanOutdated.code)
        for ref, each in planned.items()
    }
