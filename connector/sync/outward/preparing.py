"""A record in the form in which it goes to Spotler: mapped, converted, hashed, and what of it may be sent."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from connector.consent import Fate, KnownState
from connector.dataverse.records import RecordRef
from connector.mapping import Mapping as FieldMapping, Outcome, content_hash, mapping_version, plan
from connector.mapping.columns import KEPT_AS_ROWS
from connector.services import Services
from connector.spotler import FIELDS_MISSED_TTL, Field, Fields
from connector.sync.both_ways.columns import SharedColumns, shared_columns
from connector.sync.both_ways.switches import has_open_question, permissions_in, to_send, with_switches
from connector.sync.brake.sent_fields import SentFields, filled_fields
from connector.sync.records import Record
from connector.sync.results import PermissionsHidden


@dataclass(frozen=True, slots=True)
class Prepared:
    """A record in the form in which it goes to Spotler.

    Attributes:
        record: as it was read.
        properties: the whole contact.
        hash: of the whole contact.
        warnings: what was left out of it.
        fields: the fields of the account that it was made with.
        columns: the columns that Spotler may change.
        permissions: the field of Spotler with the permissions that rows are kept of; None where there is none.
        mapping: the version of the mapping.
    """

    record: Record
    properties: Mapping[str, object]
    hash: str
    warnings: tuple[str, ...]
    fields: Fields
    columns: SharedColumns
    permissions: Field | None
    mapping: str

    @classmethod
    def of(cls, services: Services, record: Record, fields: Fields) -> Self:
        """Map a record. A withdrawal that finds no place is tried with the fields as they are now.

        Raises:
            PermissionsHidden: a permission has to be switched off that Spotler does not show.
            Exception: the record cannot be mapped.
        """
        outcome = _map(services, record, fields)
        if outcome.hidden or outcome.lost_refusals:
            fields = services.spotler.fields(max_age=FIELDS_MISSED_TTL)
            outcome = _map(services, record, fields)
        if outcome.hidden:
            raise PermissionsHidden
        table = record.ref.table
        properties = {name: value for name, value in outcome.properties.items() if name not in record.held.fields}
        return cls(
            record,
            properties,
            content_hash(properties),
            outcome.warnings,
            fields,
            shared_columns(services.mapping, table),
            permissions_field(services.mapping, table, fields),
            mapping_version(services.mapping),
        )

    @property
    def ref(self) -> RecordRef:
        """Which record it is."""
        return self.record.ref

    @property
    def is_silenced(self) -> bool:
        """Whether only its permissions are taken from it."""
        return self.record.decision.fate is Fate.SILENCED

    @property
    def sent_fields(self) -> SentFields:
        """What Spotler Info remembers of it once it is sent."""
        kept = self.record.sent_fields.filled & self.record.held.fields
        filled = frozenset() if self.is_silenced else filled_fields(self.properties, self.fields) | kept
        return SentFields(self.mapping, filled, is_silenced=self.is_silenced)

    @property
    def switches(self) -> dict[int, bool]:
        """The permissions of the whole contact, by bit."""
        return permissions_in(self.properties, self.permissions)

    @property
    def was_overtaken(self) -> bool:
        """Whether Spotler is known to have got something else after this was sent, which its hash does not show.

        A job switches a permission on without sending the record, and what the feed brings may arrive while the record
        waits to be sent. When a person takes that back in Dataverse, the content is the one that was sent last. It does
        not show either that the connector has begun to anonymise the contact.
        """
        if self.record.last.leaving:
            return True
        states = self.record.last.permissions
        if any(bit in states and states[bit].on is not on for bit, on in self.switches.items()):
            return True
        return not self.record.last.columns.keys().isdisjoint(self.columns.changed(self.record, self.fields))

    @property
    def has_question(self) -> bool:
        """Whether Spotler has to be asked before this is sent: what it has now decides what may be sent."""
        last = self.record.last
        if last.holder is not None or last.leaving or self.columns.changed(self.record, self.fields):
            return True
        return has_open_question(self.switches, last.permissions)

    def sendable(self, keep: Collection[str], known: Mapping[int, KnownState]) -> dict[str, object]:
        """What may be sent to a contact that is there.

        Args:
            keep: the columns both sides may change whose value is sent.
            known: the last known states of the permissions.
        """
        all_off = self.record.decision.all_off is not None
        switches = to_send(self.switches, known, all_off=all_off)
        properties = self.columns.sendable(self.properties, keep, self.fields)
        return with_switches(properties, self.permissions, switches)


def is_as_sent(services: Services, record: Record, fields: Fields) -> bool:
    """Whether a record is what was sent last, as far as that is known."""
    try:
        return not record.sent_hash or Prepared.of(services, record, fields).hash == record.sent_hash
    except Exception:  # noqa: BLE001 - what cannot be mapped is not what was sent
        return False


def permissions_field(mapping: FieldMapping, table: str, fields: Fields) -> Field | None:
    """The field of Spotler with the permissions that rows are kept of; None where the mapping has none."""
    name = _name_of_permissions(mapping, table)
    return fields.get(name) if name is not None else None


@lru_cache(maxsize=32)
def _name_of_permissions(mapping: FieldMapping, table: str) -> str | None:
    return next((row.field for row in mapping.rows if row.columns.get(table) in KEPT_AS_ROWS), None)


def _map(services: Services, record: Record, fields: Fields) -> Outcome:
    return plan(services.mapping, record.ref.table).contact(record.row, record.decision, fields)
