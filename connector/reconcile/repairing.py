"""What differs is put right by the sync itself, and counts as repaired once both sides were seen to agree.

    differing ─► inward ─► outward, through a gate that only notes ─► compared again ─┬─ in step ─┬─ written ─► repaired
                                                                                      │           └─ nothing ─► as found
                                                                                      └─ not ─────────────► quarantined

The brake, the decision about consent and the old values for an undo work as in every other sync.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError, Misconfigured, Transient
from connector.plans.effects import PlannedWrite
from connector.plans.gate import Admission, gated
from connector.plans.kept import held_records
from connector.plans.making import code_of
from connector.plans.sending import send
from connector.reconcile.comparing import FORGOTTEN, LOST, LOST_CONSENT, Compared, Comparison
from connector.reconcile.findings import HELD, STILL_DIFFERS, FindingKind, PairFinding, deleted_meanwhile
from connector.services import Services
from connector.spotler import ContactData, SpotlerContact
from connector.sync.both_ways import inward
from connector.sync.both_ways.inward import ShownUpdate
from connector.sync.permissions.missing import MissingHeld
from connector.sync.records import Record, RecordReader
from connector.sync.remembered import OPTED_OUT
from connector.sync.results import NotSent, Sent


@dataclass(slots=True)
class NotingGate:
    """The gate that lets everything through, and notes what was done.

    Attributes:
        owners: the records that own rows of Spotler Permission.
        done: what was done, by the id of the record.
    """

    owners: dict[str, str]
    done: dict[str, list[PlannedWrite]] = field(default_factory=lambda: defaultdict(list))

    def admit(self, effect: PlannedWrite | None) -> Admission:  # noqa: ARG002 - as WriteGate
        """Everything passes."""
        return Admission.PASS

    def succeeded(self, effect: PlannedWrite) -> None:
        """It is done."""
        self.done[effect.record].append(effect)

    def contact(self, external_id: str, read: Callable[[], SpotlerContact | None]) -> SpotlerContact | None:  # noqa: ARG002
        """The contact as it is now."""
        return read()

    def is_missing(self, external_id: str) -> bool:  # noqa: ARG002
        """Spotler itself answers."""
        return False

    def is_there(self, contact: ContactData, search: Callable[[str], Sequence[SpotlerContact]]) -> bool:  # noqa: ARG002
        """Spotler itself answers."""
        return False


class Repair:
    """Puts right what a comparison has found.

    Args:
        services: the systems; what is written in Dataverse belongs to the run that they name.
        comparison: that found it.
    """

    def __init__(self, services: Services, comparison: Comparison) -> None:
        self._services = services
        self._comparison = comparison

    def repair(self, compared: Compared) -> dict[RecordRef, PairFinding]:
        """Sync what differs, and compare it again; the contacts that are shown are then those after it.

        Raises:
            ConnectorError: a system cannot be used now.
        """
        differing = compared.differing
        if not differing:
            return {}
        records = RecordReader(self._services).read(differing)
        gate = NotingGate({row.id: ref.id for ref, record in records.items() for row in record.facts.rows})
        problems, withdrawn = self._sync(gated(self._services, gate), records, compared)
        after = RecordReader(self._services).read(differing)
        again = self._comparison.compare(after, {}, asks_all=True)
        held = held_records(self._services.state) if again.differing else frozenset[RecordRef]()
        found: dict[RecordRef, PairFinding] = {}
        for ref, why in differing.items():
            was_there = compared.shown.pop(ref.id, None) is not None
            if ref not in after:
                found[ref] = deleted_meanwhile(is_there=was_there)
            elif ref in again.found and again.found[ref].kind is not FindingKind.QUARANTINED:
                is_repaired = bool(gate.done[ref.id]) and why != FORGOTTEN
                reason = LOST_CONSENT if ref in withdrawn else why
                found[ref] = PairFinding(FindingKind.REPAIRED, reason) if is_repaired else again.found[ref]
            elif again.differing.get(ref) == FORGOTTEN and gate.done[ref.id]:
                # Both sides agree, but that could not be remembered: it is done once more.
                found[ref] = PairFinding(FindingKind.REPAIRED, why, is_open=True)
            else:
                found[ref] = _not_repaired(problems.get(ref), again.found.get(ref), is_held=ref in held)
            found[ref] = replace(found[ref], in_spotler=was_there)
        compared.shown |= again.shown
        return found

    def _sync(
        self, through: Services, records: Mapping[RecordRef, Record], compared: Compared
    ) -> tuple[dict[RecordRef, Exception], set[RecordRef]]:
        """Sync these records; returns why it was not done, and who lost permissions with the contact.

        Raises:
            Misconfigured: the connector is not set up.
        """
        updates = {
            ref: compared.shown[ref.id]
            for ref, record in records.items()
            if ref.id in compared.shown and (record.is_known or record.is_gone)
        }
        problems = self._inward(through, list(updates.values()), records)
        fresh = RecordReader(through).read(records)
        lost = {ref for ref, why in compared.differing.items() if why == LOST}
        again = [each.unknown() if ref in lost else each for ref, each in fresh.items() if ref in compared.forced]
        others = [each for ref, each in fresh.items() if ref not in compared.forced]
        results = send(through, again, always=True) | send(through, others)
        problems |= {ref: each.error for ref, each in results.items() if isinstance(each, NotSent)}
        for error in problems.values():
            if isinstance(error, Misconfigured):
                raise error
        return problems, {ref for ref, each in results.items() if isinstance(each, Sent) and each.lost}

    def _inward(
        self, through: Services, updates: Sequence[ShownUpdate], records: Mapping[RecordRef, Record]
    ) -> dict[RecordRef, Exception]:
        try:
            inward.apply(through, updates, records)
        except ConnectorError as error:  # of one of them; whose it was is seen when they are compared again
            return dict.fromkeys(records, error)
        return {}


def _not_repaired(problem: Exception | None, again: PairFinding | None, *, is_held: bool) -> PairFinding:
    """A record that still differs.

    Args:
        problem: that stopped its sync; None if nothing did.
        again: what prevented the second comparison; None if nothing did.
        is_held: whether the brake holds it back.
    """
    if problem is None:
        return again or PairFinding(FindingKind.QUARANTINED, HELD if is_held else STILL_DIFFERS)
    if isinstance(problem, MissingHeld):
        return PairFinding(FindingKind.QUARANTINED, HELD)
    code = code_of(problem)
    if code == OPTED_OUT:  # what a person wants is no failure
        return PairFinding(FindingKind.EXCLUDED, OPTED_OUT)
    return PairFinding(FindingKind.QUARANTINED, code, is_open=isinstance(problem, Transient))
