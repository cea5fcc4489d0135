"""Reading contacts, leads and accounts with everything that decides what is sent to Spotler."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Self

from connector.consent import Decision, Facts, PermissionRow, Presence, SpotlerReport, State, decide
from connector.dataverse.api import Row, etag, filters
from connector.dataverse.choices import ContactStatus
from connector.dataverse.edition import read_columns
from connector.dataverse.names import Account, Contact, Flags, Info, Lead, Permission, lookup_value
from connector.dataverse.records import RECORD_TABLES, RecordRef
from connector.mapping import plan
from connector.mapping.inward import inward_plan
from connector.services import Services
from connector.sync.brake.held import NOT_HELD, Held
from connector.sync.brake.sent_fields import SentFields
from connector.sync.facts import facts_of
from connector.sync.info import NO_INFO, InfoVersion
from connector.sync.last_common import LastCommon
from connector.sync.moments import read_moment
from connector.sync.owners import OWNER_COLUMNS, owner_of
from connector.sync.permissions.places import storage_of
from connector.sync.permissions.row_states import fingerprint_of, is_about
from connector.sync.status.contact_status import active_after_sending

#: Columns of every table that say who last changed a row, and when.
_MODIFIED_ON, _MODIFIED_BY = "modifiedon", lookup_value("modifiedby")
_MASTER = lookup_value(Flags.MASTER)

#: States of a contact to which messages came back.
_BOUNCED = frozenset({ContactStatus.SOFT_BOUNCE, ContactStatus.HARD_BOUNCE})

#: The decision about no record.
_OF_NOTHING: Final = decide(Facts(exists=False))

#: The lookup of Spotler Permission (and of Spotler Info) that belongs to each table.
PERMISSION_LOOKUPS = {Contact.TABLE: Permission.CONTACT, Lead.TABLE: Permission.LEAD, Account.TABLE: Permission.ACCOUNT}


@dataclass(frozen=True, slots=True)
class Record:
    """One contact, lead or account.

    Attributes:
        row: the columns that the mapping needs.
        name: what users call it.
        facts: what decides about its consent.
        sent_hash: the hash of what was last sent, empty if nothing was.
        info: the version of its Spotler Info that was read.
        last: what it and its contact last had in common.
        sent_on: when it was last sent.
        noted_on: when Dataverse says that Spotler Info was last written.
        sent_fields: which fields were sent with a value, and by which mapping.
        has_bounced: whether messages to it came back, so that its contact cannot be reached.
        is_inactive: whether Spotler Info says that its contact gets no mail, which a send does not change.
        had_contact: whether Spotler Info says, in any way, that Spotler had a contact that should be there still.
        held: what the brake holds back of it.
        is_foreign: whether its id belongs to a record of another table (`connector.sync.owners`).
        decision: what follows from the facts; a copy with the same facts keeps it.
    """

    ref: RecordRef
    row: Row
    name: str
    facts: Facts
    sent_hash: str = ""
    info: InfoVersion = NO_INFO
    last: LastCommon = field(default_factory=LastCommon)
    sent_on: datetime | None = None
    noted_on: datetime | None = None
    sent_fields: SentFields = field(default_factory=SentFields)
    has_bounced: bool = False
    is_inactive: bool = False
    had_contact: bool = False
    held: Held = NOT_HELD
    is_foreign: bool = False
    decision: Decision = field(default=_OF_NOTHING, compare=False)

    def __post_init__(self) -> None:
        if self.decision.facts is not self.facts:
            object.__setattr__(self, "decision", decide(self.facts))

    @classmethod
    def deleted(cls, ref: RecordRef) -> Self:
        """A record that is not in Dataverse any more: only its id is known."""
        return cls(ref, {}, "", Facts(exists=False))

    @property
    def exists(self) -> bool:
        """Whether it is in Dataverse; of one that was deleted only the id is left."""
        return self.facts.exists

    @property
    def is_known(self) -> bool:
        """Whether Spotler Info says that Spotler has a contact for it."""
        return self.facts.spotler.presence is Presence.KNOWN

    @property
    def is_gone(self) -> bool:
        """Whether Spotler Info says that Spotler has none: it was anonymised, or was not there."""
        return self.facts.spotler.presence is Presence.GONE

    @property
    def is_noted(self) -> bool:
        """Whether the history of consent explains its rows: nobody has switched one since they were compared."""
        return not self.facts.rows or self.last.noted == fingerprint_of(self.ref, self.facts.rows)

    def noted(self, off: Collection[str] = ()) -> Self:
        """The record once the history explains its rows; `off` are ids of rows that were switched off besides."""
        rows = [replace(row, subscribed=False) if row.id in off else row for row in self.facts.rows]
        noted = fingerprint_of(self.ref, rows)
        return self if noted == self.last.noted else replace(self, last=replace(self.last, noted=noted))

    @property
    def merged_into(self) -> RecordRef | None:
        """The record that it was merged into; None for one that was not merged."""
        master = str(self.row.get(_MASTER) or "").lower()
        return RecordRef(self.ref.table, master) if master and self.facts.state is State.MERGED else None

    def rows_of(
        self, permission: str, bit: int | None = None, former: Collection[str] = ()
    ) -> tuple[PermissionRow, ...]:
        """Its rows about a permission, by the name or the bit, or by a former name where a row has no bit."""
        return tuple(row for row in self.facts.rows if is_about(row, permission, bit, former))

    def unknown(self) -> Self:
        """The record as it is where Spotler has to be asked whether it has its contact still; gone stays gone."""
        if not self.is_known:
            return self
        facts = replace(self.facts, spotler=replace(self.facts.spotler, presence=Presence.UNKNOWN))
        return replace(self, facts=facts)

    def modified_on(self, own_user: str) -> datetime | None:
        """When somebody else than this user changed the row last; None where that is not known."""
        if str(self.row.get(_MODIFIED_BY) or "").lower() == own_user:
            return None
        return read_moment(self.row.get(_MODIFIED_ON))

    def edited_on(self, own_user: str) -> datetime | None:
        """The same, also where this user has written other columns of the row since."""
        return self.modified_on(own_user) or self.last.edited_on

    def without(self, rows: Collection[PermissionRow]) -> Self:
        """The record as it is once these rows are switched off."""
        off = {row.id for row in rows}
        return self.with_rows(replace(row, subscribed=False) if row.id in off else row for row in self.facts.rows)

    def reporting(self, spotler: SpotlerReport) -> Self:
        """The record with what its contact in Spotler says; its decision is made anew."""
        return replace(self, facts=replace(self.facts, spotler=spotler))

    def holding(self, held: Held) -> Self:
        """The record as if nothing of this were so: it stays equal to its contact, with all that people asked for."""
        facts = replace(self.facts, is_excluded=False, has_address=True) if held.fate else self.facts
        return replace(self, facts=facts, held=held)

    def with_rows(self, rows: Iterable[PermissionRow]) -> Self:
        """The record with these rows of Spotler Permission; its decision is made anew."""
        given = tuple(rows)
        return self if given is self.facts.rows else replace(self, facts=replace(self.facts, rows=given))


class RecordReader:
    """Reads records, all at once: one query for Spotler Info, and per table one for rows and one for permissions."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._dataverse = services.dataverse
        self._mapping = services.mapping
        self._pool = services.side_pool
        self._stays = not services.settings.anonymise_on_deactivation

    def read(self, refs: Collection[RecordRef], deleted: Collection[RecordRef] = ()) -> dict[RecordRef, Record]:
        """The records that exist, as they are now, and those of `deleted` that do not."""
        if not refs:
            return {}
        by_table = defaultdict(list)
        for ref in sorted(refs):
            by_table[ref.table].append(ref.id)
        asked_infos = self._pool.submit(self._infos, [ref.id for ref in refs])
        asked = {
            table: (self._pool.submit(self._permissions, table, ids), self._pool.submit(self._rows, table, ids))
            for table, ids in by_table.items()
        }
        for asked_permissions, asked_rows in asked.values():  # also where one fails: no query outlives its chunk
            asked_permissions.exception()
            asked_rows.exception()
        infos = asked_infos.result()
        records: dict[RecordRef, Record] = {}
        for table, (asked_permissions, asked_rows) in asked.items():
            permissions = asked_permissions.result()
            outward = plan(self._mapping, table)
            for row in asked_rows.result():
                ref = RecordRef(table, str(row[RECORD_TABLES[table].id_column]).lower())
                info = infos.get(ref.id, {})
                facts = facts_of(row, info, permissions.get(ref.id, ()), outward, stays=self._stays)
                last = LastCommon.parse(info.get(Info.LAST_COMMON))
                records[ref] = Record(
                    ref=ref,
                    row=row,
                    name=str(row.get(RECORD_TABLES[table].name_column) or ""),
                    facts=facts,
                    sent_hash=str(info.get(Info.SENT_HASH) or ""),
                    info=InfoVersion(str(info[Info.ID]), etag(info), last.text) if info else NO_INFO,
                    last=last,
                    sent_on=read_moment(info.get(Info.LAST_SYNC_ON)),
                    noted_on=read_moment(info.get(Info.MODIFIED_ON)),
                    sent_fields=SentFields.parse(info.get(Info.SENT_FIELDS)),
                    has_bounced=info.get(Info.CONTACT_STATUS) in _BOUNCED,
                    is_inactive=active_after_sending(info) is None,
                    had_contact=_had_contact(facts.spotler.presence, last),
                    is_foreign=owner_of(info) not in {None, ref},
                )
        gone = [Record.deleted(ref) for ref in refs if ref in deleted and ref not in records]
        return records | {
            each.ref: replace(each, is_foreign=owner_of(infos.get(each.ref.id, {})) not in {None, each.ref})
            for each in gone
        }

    def _rows(self, table: str, ids: Sequence[str]) -> list[Row]:
        names = RECORD_TABLES[table]
        outward = plan(self._mapping, table)
        return self._dataverse.query(
            names.set_name,
            select=sorted(
                {
                    *outward.select,
                    *inward_plan(self._mapping, table).select,
                    names.id_column,
                    names.name_column,
                    _MODIFIED_ON,
                    _MODIFIED_BY,
                    _MASTER,
                }
            ),
            expand=[f"{navigation}($select={','.join(columns)})" for navigation, columns in outward.expand.items()],
            filter=filters.in_(names.id_column, ids),
            annotations=True,
        )

    def _infos(self, ids: Sequence[str]) -> Mapping[str, Row]:
        about = filters.in_(Info.RECORD, sorted(ids))
        rows = read_columns(
            self._dataverse,
            (
                Info.ID,
                Info.RECORD,
                Info.SENT_HASH,
                Info.GONE,
                Info.KEEP_OUT,
                Info.LAST_COMMON,
                Info.SENT_FIELDS,
                Info.LAST_SYNC_ON,
                Info.MODIFIED_ON,
                Info.CONTACT_STATUS,
                Info.ACTIVE,
                *OWNER_COLUMNS.values(),
            ),
            lambda columns: self._dataverse.query(Info.SET, select=columns, filter=about),
        )
        return {str(row[Info.RECORD]).lower(): row for row in rows}

    def _permissions(self, table: str, ids: Sequence[str]) -> Mapping[str, Sequence[PermissionRow]]:
        """The permission rows of each record, the deactivated ones too."""
        return storage_of(self._services, table).read(ids)


def _had_contact(presence: Presence, last: LastCommon) -> bool:
    """An error that may have had an effect empties the hash; what was in common with a contact stays."""
    if presence is Presence.GONE or last.leaving:
        return False
    return presence is Presence.KNOWN or bool(last.permissions or last.made_on or last.made_about)
