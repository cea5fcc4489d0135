"""A certificate for the row of a job, in two sentences at most: the figures, and what to do.

The reasons are in the certificate itself.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from connector.reconcile.audiences import AudienceState
from connector.reconcile.findings import FindingKind
from connector.words import Sentence

#: The classes of contacts that a row names: all others are compared as records.
_OF_CONTACTS: Final = (FindingKind.REPAIRED, FindingKind.QUARANTINED)


def sentence_of(certificate: Mapping[str, object]) -> Sentence:
    """A certificate, as `Certificate.value` makes it, in sentences."""
    records, contacts, lists = (_of(certificate, side) for side in ("records", "contacts", "lists"))
    parts = [
        Sentence(
            "{count} record: {figures}",
            plural="{count} records: {figures}",
            count=int(records["total"]),
            figures=_figures(records, FindingKind),
        )
    ]
    if any(contacts[kind.value]["total"] for kind in _OF_CONTACTS):
        parts.append(Sentence("contacts: {figures}", figures=_figures(contacts, _OF_CONTACTS)))
    differ = int(lists["total"] - lists.get(AudienceState.EQUAL.value, 0))
    if differ and certificate["contacts_settled"]:
        parts.append(Sentence("{count} marketing list differs", plural="{count} marketing lists differ", count=differ))
    figures = Sentence("{figures}.", figures=Sentence.joined(*parts, between="; "))
    return Sentence.joined(figures, _advice(certificate, (records, contacts)))


def _of(certificate: Mapping[str, object], side: str) -> Mapping[str, Any]:
    found = certificate[side]
    assert isinstance(found, Mapping)  # noqa: S101 - as `Certificate.value` makes it
    return found


def _figures(counts: Mapping[str, Any], kinds: Iterable[FindingKind]) -> Sentence:
    """How many there are of these classes; of equal ones also where there are none."""
    found = {kind: int(counts[kind.value]["total"]) for kind in kinds}
    parts = (
        Sentence("{number} {kind}", number=number, kind=Sentence.of(kind.value))
        for kind, number in found.items()
        if number or kind is FindingKind.EQUAL
    )
    return Sentence.joined(*parts, between=", ")


def _advice(certificate: Mapping[str, object], sides: Iterable[Mapping[str, Any]]) -> str:
    if not certificate["contacts_settled"]:
        return Sentence("Contacts changed while they were read, so some may be missing.")
    if any(side[FindingKind.QUARANTINED.value]["total"] for side in sides):
        return Sentence("Ask an administrator for the reasons (reconcile --last).")
    return ""
