"""One step of a comparison of both sides: as much as the time allows; the next step goes on.

    ids of all records listed ─► contacts, pass after pass, block by block ─► records that no contact was found for
        ─► records whose problem may have passed ─► audiences of Marketing Lists ─► certificate

Each step lists the ids again, so records that come or go meanwhile are taken into account.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from itertools import batched
from typing import Final
from uuid import UUID

from connector import due
from connector.dataverse.records import RecordRef
from connector.reconcile.audiences import compare_audience, synced_lists
from connector.reconcile.certificate import certificate_of
from connector.reconcile.comparing import STATUS, Comparison
from connector.reconcile.findings import FindingKind, PairFinding, deleted_meanwhile
from connector.reconcile.marks import key_of_row
from connector.reconcile.progress import PASSES, RETRIES, ReconcileRun, ReconcileWaits, last_certificate
from connector.reconcile.reading import (
    FeedContact,
    listed_records,
    owners_of,
    possible_records,
    shown_contacts,
    why_without_record,
)
from connector.reconcile.repairing import Repair
from connector.services import Services
from connector.sync.all_records import CHUNK
from connector.sync.both_ways.inward import ShownUpdate
from connector.sync.old_values import begun
from connector.sync.owners import RecordIdTaken
from connector.sync.records import RecordReader
from connector.sync.status.rows import NOTED, UNCHANGED, follow_contacts

#: Several records have the id of this contact, and nothing says whose it is.
ID_TAKEN: Final = PairFinding(FindingKind.QUARANTINED, RecordIdTaken.code, in_dataverse=False)
#: What was found is saved after so many ids.
SAVE: Final = 1000


class Reconciler:
    """Compares both sides.

    Args:
        services: the systems.
        is_over: whether no further block may be begun.
        seen: is told how many records were compared, and how many there are.
    """

    def __init__(
        self, services: Services, *, is_over: Callable[[], bool], seen: Callable[[int, int], object] = lambda *_: None
    ) -> None:
        self._services = begun(services, "reconcile")
        self._is_over = is_over
        self._seen = seen
        comparison = Comparison(services, _previous(services))
        self._comparison, self._repair = comparison, Repair(self._services, comparison)

    def step(self) -> Mapping[str, object] | None:
        """Go on with the comparison that is under way, or begin one.

        Returns:
            the certificate; None where more is to do.

        Raises:
            ReconcileBusy: another one is at work.
            ReconcileWaits: some records are to be compared again, a while later.
            ConnectorError: a system cannot be used; the next step goes on.
        """
        run = ReconcileRun.take(self._services)
        try:
            certificate = self._work(run)
            run.save()
        except BaseException:
            run.give_back_after_failure()
            raise
        if certificate is None:
            run.give_back()
        else:
            run.finish(certificate)
        return certificate

    def _work(self, run: ReconcileRun) -> Mapping[str, object] | None:
        listed = listed_records(self._services)
        records = listed.tables
        self._report(run, records)
        if not self._contacts(run, records):
            return None
        left = [key for key in records if (found := run.marks.get(key)) is None or not found.in_dataverse]
        if not self._others(run, left, records):
            return None
        if not self._open(run, records) or not self._lists(run):
            return None
        return certificate_of(run, records.keys(), listed.taken, ended=self._services.now()).value

    # Contacts

    def _contacts(self, run: ReconcileRun, records: dict[bytes, str]) -> bool:
        """Compare the records of all contacts; False if the time is over before that."""
        while not run.contacts_done:
            for block in shown_contacts(self._services, run.after):
                fresh = {each.key: each for each in block if each.key not in run.marks}
                self._block(run, list(fresh.values()), records)
                run.after += len(block)
                run.new += len(fresh)
                if self._pause(run, records):
                    return False
            is_settled = run.new == 0 or (run.pass_number == 1 and run.after <= CHUNK)
            run.contacts_done = is_settled or run.pass_number == PASSES
            if not run.contacts_done:
                run.pass_number, run.after, run.new = run.pass_number + 1, 0, 0
        return True

    def _block(self, run: ReconcileRun, contacts: Sequence[FeedContact], records: dict[bytes, str]) -> None:
        known: dict[RecordRef, FeedContact] = {}
        strangers: dict[str, FeedContact] = {}
        for each in contacts:
            if each.why:
                run.marks.put(each.key, PairFinding.of_contact(each.why))
            elif each.key in records:
                known[RecordRef(records[each.key], each.row_id)] = each
            else:
                strangers[each.row_id] = each
        # They may have been made since the records were listed.
        possible = [ref for row_id in strangers for ref in possible_records(self._services, row_id)]
        for row_id, owner in owners_of(RecordReader(self._services).read(possible)).items():
            contact = strangers.pop(row_id)
            if owner is None:
                run.marks.put(contact.key, ID_TAKEN)
            else:
                known[owner] = contact
                records[contact.key] = owner.table
        for each in strangers.values():
            run.marks.put(each.key, PairFinding.of_contact(why_without_record(each)))
        self._compare(run, list(known), {ref.id: each.update for ref, each in known.items()}, records)

    # Records

    def _others(
        self, run: ReconcileRun, keys: Sequence[bytes], records: dict[bytes, str], *, again: bool = False
    ) -> bool:
        """Compare records that no contact was found for, or that met a problem; False if the time is over."""
        for block in batched(keys, CHUNK, strict=False):
            refs = [RecordRef(records[key], str(UUID(bytes=key))) for key in block]
            self._compare(run, refs, {}, records, again=again)
            if self._pause(run, records):
                return False
        return True

    def _open(self, run: ReconcileRun, records: dict[bytes, str]) -> bool:
        """Compare records again that met a problem that may pass; False if the time is over.

        Raises:
            ReconcileWaits: some are to be compared once more, a while later.
        """

        def left() -> list[bytes]:
            return [key for key in records if (found := run.marks.get(key)) is not None and found.is_open]

        if (keys := left()) and run.retries:
            is_last = run.retries >= RETRIES
            if not self._others(run, keys, records, again=True):
                return False
            keys = [] if is_last else left()
        if keys:
            run.retries += 1
            raise ReconcileWaits
        return True

    def _lists(self, run: ReconcileRun) -> bool:
        """Compare the audiences of Marketing Lists; False if the time is over before that."""
        for row in synced_lists(self._services):
            if row.id not in run.lists:
                run.lists[row.id] = compare_audience(self._services, row)
                if self._is_over():
                    return False
        return True

    # Both

    def _compare(
        self,
        run: ReconcileRun,
        refs: Sequence[RecordRef],
        shown: Mapping[str, ShownUpdate],
        listed: dict[bytes, str],
        *,
        again: bool = False,
    ) -> None:
        """Compare records, repair what differs, and note what was found."""
        if not refs:
            return
        records = RecordReader(self._services).read(refs)
        compared = self._comparison.compare(records, shown, asks_all=again)
        run.unseen += 0 if again else compared.unseen
        found = compared.found | self._repair.repair(compared)
        found |= {ref: deleted_meanwhile(is_there=ref.id in shown) for ref in refs if ref not in records}
        found |= self._statuses(compared.shown, found, differed=compared.differing)
        for ref, finding in found.items():
            key = key_of_row(ref.id)
            run.marks.put(key, finding.after(run.marks.get(key)))
            if not finding.in_dataverse:
                listed.pop(key, None)

    def _statuses(
        self,
        shown: Mapping[str, ShownUpdate],
        found: Mapping[RecordRef, PairFinding],
        differed: Collection[RecordRef],
    ) -> dict[RecordRef, PairFinding]:
        """The records that were in step but for the status that Spotler Info shows of their contact.

        Of a contact that the feed of updates has not shown yet it shows none: that is no difference. Where Spotler Info
        was lost, it is one.
        """
        settled = [ref for ref, finding in found.items() if not finding.is_open and ref.id in shown]
        if not settled:
            return {}
        contacts = {ref.id: shown[ref.id].contact for ref in settled}
        became = follow_contacts(self._services, contacts, min(shown[ref.id].seen_on for ref in settled))

        def was_wrong(ref: RecordRef) -> bool:
            word = became.get(ref.id, UNCHANGED)
            return word != UNCHANGED and (word != NOTED or ref in differed)

        equal = [ref for ref in settled if found[ref].kind is FindingKind.EQUAL]
        return {ref: PairFinding(FindingKind.REPAIRED, STATUS) for ref in equal if was_wrong(ref)}

    def _pause(self, run: ReconcileRun, records: Collection[bytes]) -> bool:
        """After a block: save now and then; whether the step is over."""
        if is_over := self._is_over():
            self._report(run, records)
        elif run.marks.fresh >= SAVE:
            run.save()
            self._report(run, records)
        return is_over

    def _report(self, run: ReconcileRun, records: Collection[bytes]) -> None:
        done = sum((found := run.marks.get(key)) is not None and found.is_final for key in records)
        self._seen(done, len(records))


def to_the_end(reconciler: Reconciler, pause: Callable[[float], object] = time.sleep) -> Mapping[str, object]:
    """Compare both sides step by step; waits where records are to be compared again a while later.

    Raises:
        ConnectorError: as `Reconciler.step`.
    """
    tries = 0
    while True:
        try:
            if (certificate := reconciler.step()) is not None:
                return certificate
        except ReconcileWaits:
            tries += 1
            pause(due.backoff(tries).total_seconds())


def _previous(services: Services) -> datetime | None:
    """When the comparison began that was finished last."""
    try:
        return datetime.fromisoformat(str(last_certificate(services).get("began")))
    except ValueError:
        return None
