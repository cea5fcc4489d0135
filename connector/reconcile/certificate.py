"""The certificate: how many records and contacts are in each class, and why. Ids of some, and no personal data.

records   = equal + repaired + excluded + quarantined + remainder      the remainder is 0
contacts  = equal + repaired + excluded + quarantined
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from connector.dataverse.records import RecordRef
from connector.reconcile.findings import NO_RECORD, FindingKind
from connector.reconcile.progress import PASSES, ReconcileRun
from connector.sync.owners import RecordIdTaken

#: Ids that are named of each class and reason.
SAMPLE: Final = 20
#: The form of the certificate.
VERSION: Final = 1

#: How many there are, by class and reason.
type Counts = Mapping[FindingKind, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a comparison of both sides has found.

    Attributes:
        id: of the comparison.
        began: when.
        ended: when.
        mapping: the version of the mapping.
        records: how many records there are.
        of_records: their classes.
        contacts: how many contacts Spotler has shown.
        of_contacts: their classes.
        lists: what was found about the audiences of how many Marketing Lists.
        unseen: how many of these contacts the feed did not show; they were asked for.
        settled: whether the contacts were read until nothing new came.
        samples: ids of some records that are not equal, by class and reason.
    """

    id: str
    began: datetime
    ended: datetime
    mapping: str
    records: int
    of_records: Counts
    contacts: int
    of_contacts: Counts
    lists: Mapping[str, int] = field(default_factory=dict)
    unseen: int = 0
    settled: bool = True
    samples: Mapping[FindingKind, Mapping[str, list[str]]] = field(default_factory=dict)

    @property
    def remainder(self) -> int:
        """Records that are in no class, and records that are in more than one."""
        return self.records - _total(self.of_records)

    @property
    def value(self) -> dict[str, object]:
        """As JSON."""
        return {
            "version": VERSION,
            "id": self.id,
            "began": self.began.isoformat(timespec="seconds"),
            "ended": self.ended.isoformat(timespec="seconds"),
            "mapping": self.mapping,
            "records": _side(self.records, self.of_records) | {"remainder": self.remainder},
            "contacts": _side(self.contacts, self.of_contacts),
            "lists": {"total": sum(self.lists.values()), **self.lists},
            "not_shown_by_the_feed": self.unseen,
            "contacts_settled": self.settled,
            "samples": {kind.value: dict(reasons) for kind, reasons in self.samples.items()},
        }


def certificate_of(
    run: ReconcileRun, records: Collection[bytes], taken: Sequence[RecordRef] = (), *, ended: datetime
) -> Certificate:
    """The certificate of a comparison.

    Args:
        run: the comparison.
        records: the keys of the records that were compared.
        taken: the records that were not, because the contact of their id belongs to another one, or nobody knows whose
            it is.
        ended: when it ended.
    """
    of_records, of_contacts = (
        defaultdict[FindingKind, Counter[str]](Counter),
        defaultdict[FindingKind, Counter[str]](Counter),
    )
    samples: dict[FindingKind, dict[str, list[str]]] = {}
    for key, finding in run.marks.items():
        is_record = key in records and finding.in_dataverse
        if is_record:
            of_records[finding.kind][finding.reason] += 1
        if finding.in_spotler:
            of_contacts[finding.kind][finding.reason] += 1
        if finding.kind is not FindingKind.EQUAL and (is_record or finding.reason == NO_RECORD):
            some = samples.setdefault(finding.kind, {}).setdefault(finding.reason, [])
            if len(some) < SAMPLE:
                some.append(str(UUID(bytes=key)))
    if taken:
        of_records[FindingKind.QUARANTINED][RecordIdTaken.code] += len(taken)
        some = samples.setdefault(FindingKind.QUARANTINED, {}).setdefault(RecordIdTaken.code, [])
        some += [ref.id for ref in taken[: SAMPLE - len(some)]]
    return Certificate(
        run.id,
        run.began,
        ended,
        run.mapping,
        len(records) + len(taken),
        of_records,
        _total(of_contacts),
        of_contacts,
        lists=Counter(run.lists.values()),
        unseen=run.unseen,
        settled=run.new == 0 or run.pass_number < PASSES,
        samples=samples,
    )


def differing(certificate: Mapping[str, object]) -> int:
    """How many records were repaired or quarantined."""
    counts = certificate["records"]
    assert isinstance(counts, Mapping)  # noqa: S101 - as `Certificate.value` makes it
    return int(counts[FindingKind.REPAIRED.value]["total"]) + int(counts[FindingKind.QUARANTINED.value]["total"])


def _side(total: int, counts: Counts) -> dict[str, object]:
    of_kinds = {
        kind.value: {
            "total": sum(counts.get(kind, {}).values()),
            "reasons": {reason: count for reason, count in sorted(counts.get(kind, {}).items()) if reason},
        }
        for kind in FindingKind
    }
    return {"total": total, **of_kinds}


def _total(counts: Counts) -> int:
    return sum(sum(reasons.values()) for reasons in counts.values())
