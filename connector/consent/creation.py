"""Which rows of Spotler Permission a record gets that it does not have yet, and how they start.

| Record | Gets a row for | It starts as subscribed if |
|---|---|---|
| made in Dynamics | each permission of the first environment variable | the second variable names it, or says `[All]` |
| older, Spotler does not have it | the same | never |
| older, Spotler has it | the same, and each that is on in Spotler; only where its state is known | it is on there |
| made from Spotler | each permission whose state is known; the variables do not count | it is on there |

No row starts as subscribed where all permissions of the record are off, where the person opted out of everything in
Spotler, where the history says that the permission was withdrawn, or where the record refused it when it was a lead,
unless Spotler reports a newer opt-in.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from connector.consent.decision import Decision, Fate
from connector.consent.facts import ConsentSource, Facts, PermissionReport, PermissionRow, Presence
from connector.consent.history import Latest
from connector.consent.permissions import Item, key_of
from connector.consent.reasons import Reason
from connector.consent.reported import KnownState
from connector.dataverse.choices import ConsentCause


class Origin(StrEnum):
    """Where a record comes from."""

    NEW = "made in Dynamics just now"
    OLDER = "older"
    SPOTLER = "made from Spotler"


@dataclass(frozen=True, slots=True)
class Variables:
    """What the two environment variables say.

    Attributes:
        names: the permissions that a record gets; None where no rows are to be made.
        enabled: those that start as subscribed, as names are compared.
        enables_all: whether all of them do.
    """

    names: tuple[str, ...] | None = None
    enabled: frozenset[str] = frozenset()
    enables_all: bool = False

    def enables(self, name: str) -> bool:
        """Whether a permission of a new record starts as subscribed."""
        return self.enables_all or key_of(name) in self.enabled

    def subscribes(self, name: str) -> bool:
        """Whether a new record gets a row of this permission that starts as subscribed."""
        return key_of(name) in map(key_of, self.names or ()) and self.enables(name)


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row to create.

    Attributes:
        name: of the permission, as Spotler writes it.
        bit: its bit.
        on: whether it starts as subscribed.
        at: since when.
        cause: why it is as it is.
        evidence: what shows it; by default the row itself.
    """

    name: str
    bit: int
    on: bool
    at: datetime
    cause: ConsentCause
    evidence: str = ""

    @property
    def source(self) -> ConsentSource:
        """What the decision is told of it."""
        sources = {
            ConsentCause.CREATION: ConsentSource.CREATION,
            ConsentCause.FEED: ConsentSource.FEED,
            ConsentCause.FORM: ConsentSource.FORM,
            ConsentCause.PERSON: ConsentSource.PERSON,
            ConsentCause.JOB: ConsentSource.PERSON,
        }
        return sources.get(self.cause, ConsentSource.FIRST_SYNC)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What decides about new rows, beside the facts about the person.

    Attributes:
        origin: where the record comes from.
        items: the permissions that Spotler has and that the mapping leaves to the connector.
        variables: what the environment variables say.
        known: the states that Spotler was last known to have, by bit.
        history: the newest entry about each permission, by its name as it is compared.
        refused: rows of the lead that the record was made of, which refuse.
        now: the present.
    """

    origin: Origin
    items: Sequence[Item]
    variables: Variables
    now: datetime
    known: Mapping[int, KnownState] = field(default_factory=dict)
    history: Mapping[str, Latest] = field(default_factory=dict)
    refused: Sequence[PermissionRow] = ()


def missing_items(facts: Facts, items: Sequence[Item]) -> list[Item]:
    """The permissions that the record has no row for, by name or by bit."""
    names = {key_of(row.name) for row in facts.rows}
    bits = {row.bit for row in facts.rows}
    return [item for item in items if key_of(item.name) not in names and item.bit not in bits]


def rows_to_create(facts: Facts, decision: Decision, given: Circumstances) -> list[NewRow]:
    """The rows that the record gets.

    Args:
        facts: about the person, with what Spotler reported.
        decision: that follows from them.
        given: what else counts.
    """
    if not _takes_part(facts, decision, given):
        return []
    missing = missing_items(facts, given.items)
    if given.origin is Origin.NEW:
        may_be_on = decision.all_off in (None, Reason.NO_ADDRESS)
        return [
            _fresh(item, given, on=may_be_on and given.variables.enables(item.name) and not _is_withdrawn(item, given))
            for item in _named(missing, given.variables)
        ]
    if facts.spotler.presence is Presence.GONE and given.origin is Origin.OLDER:
        return [_fresh(item, given, on=False) for item in _named(missing, given.variables)]
    return list(_as_in_spotler(missing, facts, decision, given))


def _takes_part(facts: Facts, decision: Decision, given: Circumstances) -> bool:
    if not facts.exists or (given.variables.names is None and given.origin is not Origin.SPOTLER):
        return False
    if given.origin is Origin.NEW:
        return decision.reason in (None, Reason.NO_ADDRESS, Reason.DO_NOT_EMAIL, Reason.KEEP_OUT)
    return decision.fate is Fate.SENT


def _named(items: Sequence[Item], variables: Variables) -> list[Item]:
    names = {key_of(name) for name in variables.names or ()}
    return [item for item in items if key_of(item.name) in names]


def _fresh(item: Item, given: Circumstances, *, on: bool) -> NewRow:
    """A row of somebody whom Spotler does not have."""
    cause = ConsentCause.CREATION if given.origin is Origin.NEW else ConsentCause.FIRST_SYNC
    return NewRow(item.name, item.bit, on, given.now, cause)


def _as_in_spotler(
    missing: Sequence[Item], facts: Facts, decision: Decision, given: Circumstances
) -> Iterator[NewRow]:  # fmt: skip
    reports = {each.bit: each for each in facts.spotler.permissions}
    named = {item.bit for item in _named(missing, given.variables)}
    for item in missing:
        report, known = reports.get(item.bit), given.known.get(item.bit)
        if report is None and known is None:
            continue  # a row that says no would take from the person what Spotler may have
        on = report.on if report else bool(known and known.on)
        since = _since(report, known) or given.now
        if on and (decision.all_off or facts.spotler.opted_out or not _is_newer(item, report, given)):
            on, since = False, given.now
        if on or item.bit in named or given.origin is Origin.SPOTLER:
            yield NewRow(item.name, item.bit, on, since, _cause_of(report, on=on))


def _since(report: PermissionReport | None, known: KnownState | None) -> datetime | None:
    if report is not None:
        return report.at or report.seen
    return known.at if known else None


def _cause_of(report: PermissionReport | None, *, on: bool) -> ConsentCause:
    """A dated entry of a feed, or the state at the first sync. That somebody filled in a form cannot be seen."""
    return ConsentCause.FEED if on and report and report.at else ConsentCause.FIRST_SYNC


def _is_withdrawn(item: Item, given: Circumstances) -> bool:
    if any(key_of(row.name) == key_of(item.name) or row.bit == item.bit for row in given.refused):
        return True
    latest = given.history.get(key_of(item.name))
    return latest is not None and not latest.on


def _is_newer(item: Item, report: PermissionReport | None, given: Circumstances) -> bool:
    """Whether nothing was withdrawn, or Spotler reports an opt-in that is newer."""
    if not _is_withdrawn(item, given):
        return True
    if report is None or report.at is None:
        return False
    refused = [row.at for row in given.refused if key_of(row.name) == key_of(item.name) or row.bit == item.bit]
    latest = given.history.get(key_of(item.name))
    refused += [latest.at] if latest is not None and not latest.on else []
    return all(at is not None and report.at > at for at in refused)
