"""Making a plan: the sync runs against a gate that lets nothing through, and what it wanted to do is noted.

    records, a hundred at a time ─► their contacts ─► inward ─► outward ─► effects ─► what changes, field by field

Spotler is asked for the contact of each record, one call each, so that only real differences are in the plan. Without
that, the plan has what would be sent, and nothing of what Spotler would change in Dataverse.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import batched, islice
from types import MappingProxyType
from typing import Final

from connector.dataverse.api import etag
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError, InternalError
from connector.mapping.model import EMAIL
from connector.plans.changes import FieldChange, field_changes
from connector.plans.effects import PlannedWrite
from connector.plans.gate import Admission, gated
from connector.plans.patience import patiently
from connector.services import Services
from connector.spotler import ContactData, SpotlerContact
from connector.state import Stored
from connector.sync.all_records import CHUNK, all_records
from connector.sync.both_ways import inward
from connector.sync.both_ways.inward import ShownUpdate
from connector.sync.one_by_one import one_by_one
from connector.sync.outward.outward import Outward, no_deadline
from connector.sync.records import Record, RecordReader
from connector.sync.results import NotSent

#: Stands for a contact that Spotler was not asked for.
_NOT_ASKED: Final = object()


@dataclass(frozen=True, slots=True)
class PlannedRecord:
    """What a sync would do to one record.

    Attributes:
        ref: which.
        row: the version of its row.
        info: the version of its Spotler Info; empty where it has none.
        effects: what would be written.
        changes: the same, field by field, for people.
        problem: the code of what would stop it; empty for nothing.
        update: its contact, if Spotler Info knows it and Spotler was asked.
    """

    ref: RecordRef
    row: str
    info: str
    effects: tuple[PlannedWrite, ...] = ()
    changes: tuple[FieldChange, ...] = ()
    problem: str = ""
    update: ShownUpdate | None = None

    @property
    def marks(self) -> tuple[str, ...]:
        """What is recognised again when the plan is applied."""
        return tuple(sorted(effect.mark for effect in self.effects))


@dataclass(slots=True)
class Rehearsal:
    """The gate that lets nothing through.

    Attributes:
        asks: whether Spotler is asked for the contacts.
        owners: the records that own rows of Spotler Permission.
        contacts: what Spotler has, by the id of the record.
        effects: what wanted to pass, by the id of the record.
        known: the ids of the records whose contact Spotler Info knows.
    """

    asks: bool
    owners: dict[str, str] = field(default_factory=dict)
    contacts: dict[str, SpotlerContact | None] = field(default_factory=dict)
    effects: dict[str, dict[str, PlannedWrite]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)

    def begin(self, records: Mapping[RecordRef, Record], contacts: Mapping[str, SpotlerContact | None]) -> None:
        """Rehearse these records next."""
        self.owners = {row.id: ref.id for ref, record in records.items() for row in record.facts.rows}
        self.contacts, self.effects = dict(contacts), {}
        self.known = {ref.id for ref, record in records.items() if record.is_known}

    def admit(self, effect: PlannedWrite | None) -> Admission:
        """Note the effect."""
        if effect is not None:
            self.effects.setdefault(effect.record, {})[effect.mark] = effect
        return Admission.PRETEND

    def succeeded(self, effect: PlannedWrite) -> None:
        """Nothing passes, so nothing is done."""

    def contact(self, external_id: str, read: Callable[[], SpotlerContact | None]) -> SpotlerContact | None:
        """The contact, read once."""
        if external_id not in self.contacts:
            self.contacts[external_id] = read()
        return self.contacts[external_id]

    def is_missing(self, external_id: str) -> bool:
        """Whether Spotler was asked, and has none; not where Spotler Info says otherwise, which is to be corrected."""
        return external_id not in self.known and self.contacts.get(external_id, _NOT_ASKED) is None

    def is_there(self, contact: ContactData, search: Callable[[str], Sequence[SpotlerContact]]) -> bool:
        """Whether Spotler has this contact or its address; where it is not asked, it has not."""
        if not self.asks:
            return False
        if self.contacts.get(contact.external_id) is not None:
            return True
        address = next((value for name, value in contact.properties.items() if name.casefold() == EMAIL), "")
        return bool(address) and bool(search(str(address)))


class NoState:
    """The state of a rehearsal: there is nothing in it, and nothing is kept."""

    def read(self, name: str) -> Stored | None:  # noqa: ARG002 - as StateStore
        """Nothing."""
        return None

    def write(self, name: str, value: Mapping[str, object], *, version: str | None) -> str:  # noqa: ARG002
        """Nothing is written."""
        return ""

    def delete(self, name: str) -> None:
        """Nothing is deleted."""

    def names(self, prefix: str = "") -> Sequence[str]:  # noqa: ARG002
        """No names."""
        return ()


class PlanMaker:
    """Makes plans.

    Args:
        services: the systems, which are only read.
        asks: whether Spotler is asked for the contacts.
        pause: waits for so many seconds, when a system is busy.
    """

    def __init__(self, services: Services, *, asks: bool = True, pause: Callable[[float], object] = time.sleep) -> None:
        self._pause = pause
        # The brake would hold back what the plan is to show.
        settings = services.settings.model_copy(update={"brake_share": 1.0})
        self._services = services
        self._rehearsal = Rehearsal(asks)
        self._gated = gated(replace(services, settings=settings, state=NoState(), run=""), self._rehearsal)

    def records(
        self, table: str, *, condition: str = "", limit: int | None = None, seen: Callable[[int], object]
    ) -> Iterator[PlannedRecord]:
        """The records of a table that a sync would change, or that something would stop.

        Args:
            table: its logical name.
            condition: an OData filter; empty for all.
            limit: the most records to read; None for all.
            seen: is told the number of records after each chunk.

        Raises:
            ConnectorError: what Dataverse or Spotler said.
        """
        refs = islice(all_records(self._services.dataverse, table, condition), limit)
        read = 0
        for chunk in batched(refs, CHUNK, strict=False):
            for planned in patiently(partial(self.plan, chunk), self._pause).values():
                if planned.effects or planned.problem:
                    yield planned
            read += len(chunk)
            seen(read)

    def plan(self, refs: Sequence[RecordRef]) -> dict[RecordRef, PlannedRecord]:
        """What a sync would do to these records; those that are not in Dataverse are left out.

        Raises:
            ConnectorError: what Dataverse said.
        """
        records = RecordReader(self._services).read(refs)
        seen_on = self._services.now()
        contacts, problems = self._contacts(records)
        shown = {each: ShownUpdate(contact, seen_on) for each, contact in contacts.items() if contact is not None}
        return self.rehearse(records, contacts, shown, problems)

    def rehearse(
        self,
        records: Mapping[RecordRef, Record],
        contacts: Mapping[str, SpotlerContact | None],
        shown: Mapping[str, ShownUpdate],
        problems: Mapping[str, Exception] = MappingProxyType({}),
    ) -> dict[RecordRef, PlannedRecord]:
        """What a sync would do to these records with these contacts; in step, they cost no call.

        Args:
            records: as they were read.
            contacts: what Spotler has, by the id of the record; None where it has none.
            shown: the same with the moment in which Spotler was asked, of those it has.
            problems: why it is not known what Spotler has, by the id of the record.

        Raises:
            ConnectorError: what Dataverse said.
        """
        problems = dict(problems)
        self._rehearsal.begin(records, contacts)
        updates = {ref.id: shown[ref.id] for ref, record in records.items() if record.is_known and ref.id in shown}
        try:
            inward.apply(self._gated, list(updates.values()), records)
        except ConnectorError as error:
            problems |= dict.fromkeys(updates, error)
        waiting = [record for ref, record in records.items() if ref.id not in problems]
        for ref, result in Outward(self._gated).send(waiting, always=False).items():
            if isinstance(result, NotSent):
                problems[ref.id] = result.error
        return {
            ref: replace(self._planned(record, problems.get(ref.id)), update=updates.get(ref.id))
            for ref, record in records.items()
        }

    def _contacts(
        self, records: Mapping[RecordRef, Record]
    ) -> tuple[dict[str, SpotlerContact | None], dict[str, Exception]]:
        """What Spotler has of these records; and why that is not known."""
        if not self._rehearsal.asks:
            return {}, {}
        calls = {
            ref: partial(self._services.spotler.get_contact, ref.id)
            for ref, record in records.items()
            if not record.is_gone
        }
        answers = one_by_one(self._services, no_deadline, calls)
        problems = {ref.id: each for ref, each in answers.items() if isinstance(each, Exception)}
        found = {ref.id: each for ref, each in answers.items() if not isinstance(each, Exception)}
        return found, problems

    def _planned(self, record: Record, problem: Exception | None) -> PlannedRecord:
        effects = tuple(self._rehearsal.effects.get(record.ref.id, {}).values())
        contact = self._rehearsal.contacts.get(record.ref.id)
        code = code_of(problem) if problem is not None else ""
        if code:
            effects = ()
        fields = self._services.spotler.fields()
        return PlannedRecord(
            record.ref,
            etag(record.row),
            record.info.etag,
            effects,
            field_changes(record, contact, effects, fields, is_known=self._rehearsal.asks),
            code,
        )


def code_of(error: Exception) -> str:
    """The code of an error that stopped a record."""
    return error.result_code if isinstance(error, ConnectorError) else InternalError.code
