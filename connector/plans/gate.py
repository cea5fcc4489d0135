"""Clients that let no write through unless somebody admits it. Reads pass.

    the sync ─► gated client ─► admit(effect) ─┬─ PASS    the real client writes
                                               ├─ PRETEND nothing is written; the answer is that of a success
                                               └─ REFUSE  nothing is written; the answer is PlanOutdated

So a plan and its application run the very code of the sync. A method that a gated client does not have cannot be
called, so nothing new in the sync can write past the gate. What only notes what was done (Spotler Info) is written
when effects are, and never in a rehearsal.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final, Protocol, cast
from urllib.parse import unquote

from connector.dataverse.api import (
    BatchRequest,
    BatchResponse,
    Dataverse,
    Keyed,
    Membership,
    Row,
    TableNames,
    WriteResult,
)
from connector.dataverse.api.batch import change_sets
from connector.dataverse.api.rows import ETAG
from connector.dataverse.names import Consent, Info, Permission
from connector.dataverse.records import RECORD_TABLES
from connector.errors import ConnectorError, Transient
from connector.plans.effects import Action, PlannedWrite
from connector.servicebus.bus import Bus, OutgoingMessage
from connector.services import Services
from connector.spotler import ContactData, ContactResult, ContactUnknown, Spotler, SpotlerContact

_RECORD_SETS: Final = frozenset(names.set_name for names in RECORD_TABLES.values())


class PlanOutdated(Transient):
    """The record was changed while the plan was applied, so this was not done."""

    code = "PLAN_OUTDATED"
    advice = "Make a new plan."


class Admission(Enum):
    """What becomes of a write."""

    PASS = auto()
    PRETEND = auto()
    REFUSE = auto()


class WriteGate(Protocol):
    """Who decides about writes."""

    #: The records that own rows of Spotler Permission, by the id of the row.
    owners: dict[str, str]

    def admit(self, effect: PlannedWrite | None) -> Admission:
        """What becomes of an effect; None is a note that is no effect."""

    def succeeded(self, effect: PlannedWrite) -> None:
        """The other system has done an effect that passed."""

    def contact(self, external_id: str, read: Callable[[], SpotlerContact | None]) -> SpotlerContact | None:
        """A contact as Spotler has it."""

    def is_missing(self, external_id: str) -> bool:
        """Whether it is known that Spotler has no such contact."""

    def is_there(self, contact: ContactData, search: Callable[[str], Sequence[SpotlerContact]]) -> bool:
        """Whether Spotler has this contact, or its address, so that it cannot be created."""


def gated(services: Services, gate: WriteGate) -> Services:
    """The same services, whose writes the gate decides about."""
    return replace(
        services,
        dataverse=cast("Dataverse", GatedDataverse(services.dataverse, gate)),
        spotler=cast("Spotler", GatedSpotler(services.spotler, gate)),
        bus=cast("Bus", GatedBus(services.bus, gate)),
    )


class GatedBus:
    """The bus behind a gate: whoever only plans wakes nobody up."""

    def __init__(self, bus: Bus, gate: WriteGate) -> None:
        self._bus = bus
        self._gate = gate

    def to_topic(self, name: str, messages: Iterable[OutgoingMessage]) -> None:
        """As the client, if notes are admitted."""
        if self._gate.admit(None) is Admission.PASS:
            self._bus.to_topic(name, messages)


class GatedDataverse:
    """Dataverse behind a gate: with the methods that the sync of records uses."""

    def __init__(self, dataverse: Dataverse, gate: WriteGate) -> None:
        self._dataverse = dataverse
        self._gate = gate
        self.query = dataverse.query
        self.pages = dataverse.pages
        self.read = dataverse.read
        self.retrieve = dataverse.retrieve
        self.who_am_i = dataverse.who_am_i

    def batch(self, requests: Sequence[BatchRequest]) -> list[BatchResponse]:
        """As the client; each request is decided about."""
        return _decided(
            self._gate,
            [(request, effect) for group in change_sets(requests) for request, effect in self._of_group(group)],
            self._dataverse.batch,
            pretend=lambda request: BatchResponse(200, body={ETAG: request.headers.get("If-Match", "")}),
            refuse=lambda _: BatchResponse(0, error=PlanOutdated()),
        )

    def update_multiple(self, table: TableNames, changes: Sequence[Keyed]) -> list[WriteResult]:
        """As the client; each row is decided about."""
        return self._keyed(table, changes, self._dataverse.update_multiple)

    def upsert_multiple(self, table: TableNames, changes: Sequence[Keyed]) -> list[WriteResult]:
        """As the client; each row is decided about."""
        return self._keyed(table, changes, self._dataverse.upsert_multiple)

    def create_multiple(self, table: TableNames, rows: Sequence[Row]) -> list[WriteResult]:
        """As the client; each row is decided about."""
        return _decided(
            self._gate,
            [(row, self._effect(table.SET, str(row.get(table.ID) or ""), row)) for row in rows],
            lambda admitted: self._dataverse.create_multiple(table, admitted),
            pretend=lambda row: WriteResult(str(row.get(table.ID) or "")),
            refuse=lambda _: WriteResult("", PlanOutdated()),
        )

    def _keyed(
        self,
        table: TableNames,
        changes: Sequence[Keyed],
        write: Callable[[TableNames, Sequence[Keyed]], list[WriteResult]],
    ) -> list[WriteResult]:
        return _decided(
            self._gate,
            [(change, self._effect(table.SET, change.key, change.values)) for change in changes],
            lambda admitted: write(table, admitted),
            pretend=lambda change: WriteResult(change.key),
            refuse=lambda change: WriteResult(change.key, PlanOutdated()),
        )

    def _of_group(self, group: Sequence[BatchRequest]) -> list[tuple[BatchRequest, PlannedWrite | None]]:
        """Requests that happen together are admitted together: a note goes with the effect that it is about."""
        effects = [self._of_request(request) for request in group]
        first = next((each for each in effects if each is not None), None)
        return [(request, effect or first) for request, effect in zip(group, effects, strict=True)]

    def _of_request(self, request: BatchRequest) -> PlannedWrite | None:
        if member := Membership.of(request):
            return PlannedWrite(member.member, Action.PERMISSION, {"member": member.wanted}, member.list_id)
        set_name = request.route.partition("(")[0]
        key = unquote(request.path.partition("(")[2].partition(")")[0])
        return self._effect(set_name, key, request.values or {})

    def _effect(self, set_name: str, key: str, values: Row) -> PlannedWrite | None:
        """What a write does; None for a note."""
        if set_name in _RECORD_SETS:
            return PlannedWrite(key.lower(), Action.COLUMNS, values)
        if set_name == Consent.SET:
            said = {"permission": values[Consent.PERMISSION], "on": values[Consent.AFTER]}
            return PlannedWrite(str(values[Consent.RECORD]).lower(), Action.CONSENT, said)
        return None if set_name == Info.SET else self._of_permission(set_name, key.lower(), values)

    def _of_permission(self, set_name: str, row: str, values: Row) -> PlannedWrite | None:
        """A row of the table that permissions are kept in: what it says, without when and by whom."""
        says = {column: value for column, value in values.items() if isinstance(value, bool)}
        if not says and set_name == Permission.SET:
            return None  # it notes when a person switched the row
        owner = self._gate.owners.get(row, "")
        for name, value in values.items():
            table, _, key = str(value).strip("/)").partition("(")
            if name.endswith("@odata.bind") and table in _RECORD_SETS:
                owner = key.lower()
        return PlannedWrite(owner, Action.PERMISSION, says or values, row)


class GatedSpotler:
    """Spotler behind a gate: with the methods that the sync of records uses."""

    def __init__(self, spotler: Spotler, gate: WriteGate) -> None:
        self._spotler = spotler
        self._gate = gate
        self.fields = spotler.fields
        self.search_by_email = spotler.search_by_email

    def get_contact(self, external_id: str) -> SpotlerContact | None:
        """As the client."""
        return self._gate.contact(external_id, lambda: self._spotler.get_contact(external_id))

    def upsert_contacts(self, contacts: Sequence[ContactData], *, update: bool = True) -> list[ContactResult]:
        """As the client; each contact is decided about."""
        if not update:
            there = [each for each in contacts if self._gate.is_there(each, self._spotler.search_by_email)]
            known = {each.external_id for each in there}
            left = [each for each in contacts if each.external_id not in known]
            done = dict(zip([each.external_id for each in left], self._upsert(left, update=False), strict=True))
            exists = {each.external_id: ContactResult(each.external_id, "CONTACT_ALREADY_EXISTS") for each in there}
            return [(done | exists)[each.external_id] for each in contacts]
        return self._upsert(contacts, update=True)

    def _upsert(self, contacts: Sequence[ContactData], *, update: bool) -> list[ContactResult]:
        action = Action.UPDATE if update else Action.CREATE
        return _decided(
            self._gate,
            [(each, PlannedWrite(each.external_id.lower(), action, each.properties)) for each in contacts],
            lambda admitted: self._spotler.upsert_contacts(admitted, update=update),
            pretend=lambda each: ContactResult(each.external_id),
            refuse=lambda each: _Denied(each.external_id, PlanOutdated.code),
        )

    def update_contact(self, external_id: str, properties: Mapping[str, object]) -> None:
        """As the client, if it is admitted. A contact that is not there has no permissions."""
        if self._gate.is_missing(external_id):
            raise ContactUnknown
        effect = PlannedWrite(external_id.lower(), Action.SILENCE, properties)
        if self._may(effect):
            self._spotler.update_contact(external_id, properties)
            self._gate.succeeded(effect)

    def anonymize(self, external_id: str) -> bool:
        """As the client, if it is admitted. A contact that is not there has no effect."""
        if self._gate.is_missing(external_id):
            return False
        effect = PlannedWrite(external_id.lower(), Action.ANONYMISE, {})
        if not self._may(effect):
            return True
        was_there = self._spotler.anonymize(external_id)
        self._gate.succeeded(effect)
        return was_there

    def _may(self, effect: PlannedWrite) -> bool:
        admission = self._gate.admit(effect)
        if admission is Admission.REFUSE:
            raise PlanOutdated
        return admission is Admission.PASS


@dataclass(frozen=True, slots=True)
class _Denied(ContactResult):
    """A contact that was not written, because that is not in the plan."""

    @property
    def error(self) -> ConnectorError | None:
        return PlanOutdated()


class _Answer(Protocol):
    """The answer to one write."""

    @property
    def error(self) -> ConnectorError | None:
        """Why it was not done; None if it was."""


def _decided[Asked, Answer: _Answer](
    gate: WriteGate,
    asked: Sequence[tuple[Asked, PlannedWrite | None]],
    write: Callable[[Sequence[Asked]], list[Answer]],
    *,
    pretend: Callable[[Asked], Answer],
    refuse: Callable[[Asked], Answer],
) -> list[Answer]:
    """The answers to writes of which some pass."""
    admissions = [gate.admit(effect) for _, effect in asked]
    passing = [each for (each, _), admission in zip(asked, admissions, strict=True) if admission is Admission.PASS]
    answers = write(passing) if passing else []
    passed = [effect for (_, effect), admission in zip(asked, admissions, strict=True) if admission is Admission.PASS]
    for effect, answer in zip(passed, answers, strict=True):
        if effect is not None and answer.error is None:
            gate.succeeded(effect)
    written = iter(answers)
    others = {Admission.PRETEND: pretend, Admission.REFUSE: refuse}
    return [
        next(written) if admission is Admission.PASS else others[admission](each)
        for (each, _), admission in zip(asked, admissions, strict=True)
    ]
