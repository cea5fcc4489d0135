"""Consent that an administrator brings in for many records, with what shows it.

| The sheet says | The record | Then |
|---|---|---|
| yes | has no row, and the history has no withdrawal since | it gets a row that is subscribed since then |
| yes | has a row that refused before that | the row is switched on |
| yes | refused since, or has all its permissions off | nothing: it is counted |
| no | has no row | it gets a row that is not subscribed |
| no | has a row that is subscribed | the row is switched off |
| no | has a row that is off since less than a day | it refuses since now, whatever made it off before |
| no | has a row that is off for longer | nothing: a template brings in what is there already |

A record whose rows are so already, but not in Spotler as far as is known, is queued as well: an import that stopped is
finished by bringing the same sheet in again.

"Then" is when the people agreed, which the administrator says: an opt-out since that time is not undone.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import batched
from typing import Final

from connector.consent import Change, Item, Latest, PermissionRow
from connector.consent.creation import NewRow
from connector.consent.edits import edits_of
from connector.consent.permissions import key_of
from connector.consent.reasons import Reason
from connector.dataverse.api import bind
from connector.dataverse.choices import ConsentCause, Operation
from connector.dataverse.names import Account, Contact, Job, Lead
from connector.dataverse.records import RECORD_TABLES, RecordRef
from connector.errors import ConnectorError
from connector.services import Services
from connector.sync.permissions.creation import create
from connector.sync.permissions.history import append
from connector.sync.permissions.late_creation import refusals_of, refused_lately
from connector.sync.permissions.places import newest_entries
from connector.sync.permissions.switch import Switch, switch
from connector.sync.records import Record, RecordReader

#: Records of one step.
CHUNK: Final = 100

_SUBJECT: Final = {
    Contact.TABLE: Job.CUSTOMER_CONTACT_NAVIGATION,
    Account.TABLE: Job.CUSTOMER_ACCOUNT_NAVIGATION,
    Lead.TABLE: Job.LEAD_NAVIGATION,
}

_AS_WISHED: Final = "left as they were"

#: What is brought in: on or off by bit, for each record.
type Wishes = Mapping[RecordRef, Mapping[int, bool]]


def bring_in(
    services: Services, wishes: Wishes, items: Sequence[Item], *, agreed_on: datetime, evidence: str
) -> Counter[str]:
    """Write what a sheet says, and queue a Sync Contact job for each record that Spotler does not have like that.

    Args:
        services: Dataverse.
        wishes: by record.
        items: the permissions that Spotler has.
        agreed_on: when the people agreed, at the earliest.
        evidence: what shows it.

    Returns:
        how many permissions were `created`, `switched`, `left as they were`, `refused since`, or `failed`.
    """
    counts: Counter[str] = Counter()
    names = {item.bit: item for item in items}
    for chunk in batched(wishes.items(), CHUNK, strict=False):
        refs = [ref for ref, _ in chunk]
        records = RecordReader(services).read(refs)
        histories = _noted(services, {ref: each for ref, each in records.items() if not each.is_foreign})
        new: dict[RecordRef, list[NewRow]] = {}
        switches: list[Switch] = []
        refusals: list[Change] = []
        renewed: list[Switch] = []
        unsent: set[RecordRef] = set()
        for ref, states in chunk:
            if (record := records.get(ref)) is None or record.is_foreign:
                counts["failed"] += len(states)
                continue
            history = histories.get(ref, {})
            for bit, on in states.items():
                done = _decide(services, record, names[bit], history, on=on, agreed_on=agreed_on, evidence=evidence)
                if isinstance(done, NewRow):
                    new.setdefault(ref, []).append(done)
                elif isinstance(done, list):
                    switches += done
                else:
                    counts[done] += 1
                    rows = record.rows_of(names[bit].name, names[bit].bit)
                    again = [] if on else refused_lately(rows, services.now())
                    refusals += refusals_of(ref, again, ConsentCause.PERSON, evidence, services.now())
                    renewed += _switches(record, again, evidence, on=False, at=services.now())
                    if again or (done == _AS_WISHED and not _is_in_spotler(record, bit, on=on)):
                        unsent.add(ref)
        _, not_created = create(services, new)
        not_switched = append(services.dataverse, refusals) | switch(services, [*switches, *renewed])
        failed = not_created | not_switched
        for ref in {*new, *(each.record for each in switches)}:
            made = len(new.get(ref, ()))
            turned = sum(each.record == ref for each in switches)
            counts["failed" if ref in failed else "created"] += made
            counts["failed" if ref in failed else "switched"] += turned
        _queue(services, [ref for ref in {*new, *(each.record for each in switches), *unsent} if ref not in failed])
    return Counter({name: count for name, count in counts.items() if count})


def _noted(services: Services, records: Mapping[RecordRef, Record]) -> dict[RecordRef, dict[str, Latest]]:
    """The history of these records, after what people did to rows was added to it."""
    histories = newest_entries(services, list(records))
    for ref, record in records.items():
        changes = edits_of(ref, record.facts.rows, histories.get(ref, {}), services.now()).changes
        if failed := append(services.dataverse, changes):
            raise failed[ref]
        for change in changes:
            histories.setdefault(ref, {})[key_of(change.permission)] = Latest(change.after, change.at, by_person=True)
    return histories


def _decide(
    services: Services,
    record: Record,
    item: Item,
    history: Mapping[str, Latest],
    *,
    on: bool,
    agreed_on: datetime,
    evidence: str,
) -> NewRow | list[Switch] | str:
    rows = record.rows_of(item.name, item.bit)
    at = agreed_on if on else services.now()
    if rows and all(row.refuses is not on for row in rows):
        return _AS_WISHED
    if on and not _may_be_on(record, item, history, agreed_on):
        return "refused since"
    if not rows:
        return NewRow(item.name, item.bit, on, at, ConsentCause.PERSON, evidence)
    return _switches(record, [row for row in rows if row.refuses is on], evidence, on=on, at=at)


def _switches(
    record: Record, rows: Iterable[PermissionRow], evidence: str, *, on: bool, at: datetime
) -> list[Switch]:  # fmt: skip
    return [Switch(record.ref, row, on=on, at=at, cause=ConsentCause.PERSON, evidence=evidence) for row in rows]


def _is_in_spotler(record: Record, bit: int, *, on: bool) -> bool:
    """Whether Spotler is known to have the permission like that."""
    known = record.last.permissions.get(bit)
    return known is not None and known.on is on


def _may_be_on(record: Record, item: Item, history: Mapping[str, Latest], agreed_on: datetime) -> bool:
    entry = history.get(key_of(item.name))
    withdrawn = entry is not None and not entry.on and entry.at >= agreed_on
    refusing = [row for row in record.rows_of(item.name, item.bit) if row.refuses]
    older = all(row.at is not None and row.at < agreed_on for row in refusing)
    return record.decision.all_off in (None, Reason.NO_ADDRESS) and not withdrawn and older


def _queue(services: Services, refs: Sequence[RecordRef]) -> None:
    """Jobs that send the records. Their messages bear the connector's tag, so the sweep wakes them up."""
    rows = list(_jobs(refs))
    if not rows:
        return
    for result in services.dataverse.create_multiple(Job, rows):
        if isinstance(result.error, ConnectorError):
            raise result.error


def _jobs(refs: Sequence[RecordRef]) -> Iterator[dict[str, object]]:
    for ref in refs:
        subject = f"{_SUBJECT[ref.table]}@odata.bind"
        yield {
            Job.NAME: Operation.SYNC_CONTACT.label,
            Job.OPERATION: Operation.SYNC_CONTACT.value,
            subject: bind(RECORD_TABLES[ref.table].set_name, ref.id),
        }
