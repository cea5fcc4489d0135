"""Records beside their contacts: what a sync would do, and what it would not see. Nothing is written here.

The sync trusts Spotler Info; this does not. So beside what the sync itself finds (consent, permission rows, columns
both sides may change, content that was not sent), it looks for contacts that Spotler has lost, contacts that should be
gone, and fields in which Spotler has something else than was sent.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final

from connector.consent import Fate
from connector.dataverse.records import RecordRef
from connector.errors import Misconfigured, Transient
from connector.plans.changes import Becomes
from connector.plans.effects import Action, PlannedWrite
from connector.plans.making import PlanMaker, code_of
from connector.reconcile.drift import drifted_fields
from connector.reconcile.findings import NEVER_SENT, FindingKind, PairFinding
from connector.services import Services
from connector.sync.both_ways.inward import ShownUpdate
from connector.sync.info import NO_INFO
from connector.sync.one_by_one import one_by_one
from connector.sync.outward.outward import no_deadline
from connector.sync.outward.preparing import Prepared
from connector.sync.own_user import own_user
from connector.sync.records import Record
from connector.words import Sentence

#: What differs, where the effects of the sync do not say it.
LOST: Final = Sentence("lost in Spotler")
LOST_CONSENT: Final = Sentence("lost in Spotler, so permissions were switched off")
RETURNED: Final = Sentence("in Spotler although it was removed")
CONTENT: Final = Sentence("content")
NEW: Final = Sentence("missing in Spotler")
STATUS: Final = Sentence("status")
CONSENT: Final = Sentence("consent")
#: Both sides agree, and Spotler Info does not know that: the record is sent once more as it is. That is no difference.
FORGOTTEN: Final = Sentence("forgotten")

#: What differs by what the sync does about it; the first one that occurs is named.
_BY_ACTION: Final = {
    Action.CONSENT: CONSENT,
    Action.PERMISSION: CONSENT,
    Action.ANONYMISE: Sentence("may not be in Spotler"),
    Action.SILENCE: CONSENT,
    Action.CREATE: NEW,
    Action.UPDATE: CONTENT,
    Action.COLUMNS: Sentence("columns in Dataverse"),
}
#: Another worker is at work on the record.
_BUSY: Final = PairFinding(FindingKind.QUARANTINED, "RECORD_BUSY", is_open=True)


@dataclass(slots=True)
class Compared:
    """What became of a block.

    Attributes:
        found: the records that are in step, or about which nothing can be said now.
        differing: why each of the others is not in step.
        forced: those of them that are to be sent although their content did not change since it was sent.
        shown: the contacts of these records.
        unseen: how many of them Spotler was asked for.
    """

    found: dict[RecordRef, PairFinding] = field(default_factory=dict)
    differing: dict[RecordRef, str] = field(default_factory=dict)
    forced: set[RecordRef] = field(default_factory=set)
    shown: dict[str, ShownUpdate] = field(default_factory=dict)
    unseen: int = 0


class Comparison:
    """Compares blocks of records with their contacts.

    Args:
        services: the systems, which are only read.
        since: when the last comparison began; a record that was changed after it and that Spotler never had was missed.
    """

    def __init__(self, services: Services, since: datetime | None) -> None:
        self._services = services
        self._since = since
        self._maker = PlanMaker(services)

    def compare(
        self, records: Mapping[RecordRef, Record], shown: Mapping[str, ShownUpdate], *, asks_all: bool = False
    ) -> Compared:
        """Compare records with their contacts.

        Args:
            records: as they are now.
            shown: their contacts, by the id of the record, as far as the feed has shown them. Spotler is asked for
                those that it should have, and that are not among them.
            asks_all: whether Spotler is asked for those too of which it is not known that it has them.

        Raises:
            ConnectorError: a system cannot be asked.
        """
        done = Compared(shown={ref.id: shown[ref.id] for ref in records if ref.id in shown})
        asked = [each for each in records.values() if (each.is_known or asks_all) and each.ref.id not in shown]
        self._ask(asked, done)
        now = self._services.now()
        beside: dict[RecordRef, Record] = {}
        for ref, record in records.items():
            is_there = ref.id in done.shown
            if ref in done.found:
                continue
            if record.last.is_held("", now):
                done.found[ref] = _BUSY
            elif is_there and record.is_gone:
                done.differing[ref] = RETURNED
            elif is_there:
                beside[ref] = record
            elif record.is_known:
                done.differing[ref] = LOST
                done.forced.add(ref)
            elif record.decision.fate is not Fate.SENT:
                done.found[ref] = _in_step(record, is_there=False)
            elif self._was_missed(record):
                done.differing[ref] = NEW
            else:
                done.found[ref] = PairFinding(FindingKind.EXCLUDED, NEVER_SENT, in_spotler=False)
        self._rehearse(beside, done)
        return done

    def _ask(self, records: Sequence[Record], done: Compared) -> None:
        """Ask for contacts that Spotler should have: one call each."""
        asked_on = self._services.now()
        calls = {each.ref: partial(self._services.spotler.get_contact, each.ref.id) for each in records}
        for ref, answer in one_by_one(self._services, no_deadline, calls).items():
            if isinstance(answer, Misconfigured):
                raise answer
            if isinstance(answer, Exception):
                is_open = isinstance(answer, Transient)
                done.found[ref] = PairFinding(FindingKind.QUARANTINED, code_of(answer), is_open=is_open)
            elif answer is not None:
                done.shown[ref.id] = ShownUpdate(answer, asked_on)
                done.unseen += 1

    def _rehearse(self, records: Mapping[RecordRef, Record], done: Compared) -> None:
        """What a sync would do to records that have a contact."""
        if not records:
            return
        shown = {ref.id: done.shown[ref.id] for ref in records}
        contacts = {each: update.contact for each, update in shown.items()}
        for ref, planned in self._maker.rehearse(records, contacts, shown).items():
            record = records[ref]
            if has_drifted := self._has_drifted(record, shown[ref.id]):
                done.forced.add(ref)
            if planned.problem:
                done.differing[ref] = planned.problem
            elif not has_drifted and planned.effects and all(each.change is Becomes.SAME for each in planned.changes):
                done.differing[ref] = FORGOTTEN
            elif planned.effects:
                done.differing[ref] = reason_of(planned.effects)
            elif has_drifted:
                done.differing[ref] = CONTENT
            else:
                done.found[ref] = _in_step(record, is_there=True)

    def _has_drifted(self, record: Record, update: ShownUpdate) -> bool:
        if record.decision.fate is not Fate.SENT:
            return False
        try:
            prepared = Prepared.of(self._services, record, self._services.spotler.fields())
        except Exception:  # noqa: BLE001 - the rehearsal says why it cannot be sent
            return False
        return bool(drifted_fields(prepared, update.contact))

    def _was_missed(self, record: Record) -> bool:
        """Whether Spotler should have this record: it had it once, or a change of it was missed."""
        if record.info != NO_INFO or self._services.settings.reconcile_adds:
            return True
        changed_on = record.modified_on(own_user(self._services))
        return self._since is not None and changed_on is not None and changed_on >= self._since


def reason_of(effects: Iterable[PlannedWrite]) -> str:
    """What differed, by what the sync does about it."""
    actions = {each.action for each in effects}
    return next(reason for action, reason in _BY_ACTION.items() if action in actions)


def _in_step(record: Record, *, is_there: bool) -> PairFinding:
    if record.decision.fate is Fate.SENT:
        return PairFinding(FindingKind.EQUAL, in_spotler=is_there)
    return PairFinding(FindingKind.EXCLUDED, str(record.decision.reason), in_spotler=is_there)
