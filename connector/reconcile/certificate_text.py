"""A certificate in sentences, for the row of a job."""

from collections.abc import Mapping
from typing import Final

from connector.reconcile.findings import FindingKind
from connector.words import Sentence, marked

#: How many there are of each class.
_TOTALS: Final = {
    "records": marked(
        "{total} records: {equal} equal, {repaired} repaired, {excluded} excluded, {quarantined} quarantined."
    ),
    "contacts": marked(
        "{total} contacts: {equal} equal, {repaired} repaired, {excluded} excluded, {quarantined} quarantined."
    ),
}
#: Why they are in one of the classes.
_REASONS: Final = {
    ("records", FindingKind.REPAIRED): marked("Repaired records: {reasons}."),
    ("records", FindingKind.EXCLUDED): marked("Excluded records: {reasons}."),
    ("records", FindingKind.QUARANTINED): marked("Quarantined records: {reasons}."),
    ("contacts", FindingKind.REPAIRED): marked("Repaired contacts: {reasons}."),
    ("contacts", FindingKind.EXCLUDED): marked("Excluded contacts: {reasons}."),
    ("contacts", FindingKind.QUARANTINED): marked("Quarantined contacts: {reasons}."),
}


def sentence_of(certificate: Mapping[str, object]) -> Sentence:
    """A certificate, as `Certificate.value` makes it, in sentences."""
    parts = []
    for side, template in _TOTALS.items():
        counts = certificate[side]
        assert isinstance(counts, Mapping)  # noqa: S101 - as `Certificate.value` makes it
        totals = {kind: int(counts[kind.value]["total"]) for kind in FindingKind}
        parts.append(
            Sentence(
                template,
                total=int(counts["total"]),
                equal=totals[FindingKind.EQUAL],
                repaired=totals[FindingKind.REPAIRED],
                excluded=totals[FindingKind.EXCLUDED],
                quarantined=totals[FindingKind.QUARANTINED],
            )
        )
        for (about, kind), said in _REASONS.items():
            if about == side and (reasons := counts[kind.value]["reasons"]):
                parts.append(Sentence(said, reasons=_counted(reasons)))
    lists = certificate["lists"]
    assert isinstance(lists, Mapping)  # noqa: S101
    if lists["total"]:
        found = {name: count for name, count in sorted(lists.items()) if name != "total"}
        parts.append(Sentence("{total} marketing lists: {found}.", total=int(lists["total"]), found=_counted(found)))
    if not certificate["contacts_settled"]:
        parts.append(Sentence("Contacts changed faster than they could be read, so some may be missing."))
    return Sentence.joined(*parts)


def _counted(counts: Mapping[str, int]) -> Sentence:
    """How many there are of each: `unsubscribed 3, never sent to Spotler 12`."""
    parts = [Sentence("{reason} {count}", reason=Sentence.of(name), count=count) for name, count in counts.items()]
    return Sentence.joined(*parts, between=", ")
