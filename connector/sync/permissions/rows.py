"""Rows of Spotler Permission follow people and Spotler: missing ones are created, what somebody switched is noted.

    ensure   records ─► what people did to their rows is noted in the history
                     ─► rows that they lack are created, as the environment variables or Spotler say
    apply    records ─► rows are switched as the decision says, with what Spotler reported

Both return each record as it is afterwards, or the error that stopped it and no other.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from connector.consent import (
    ConsentSource,
    Fate,
    Item,
    KnownState,
    Latest,
    PermissionRow,
    Presence,
    SpotlerReport,
)
from connector.consent.creation import Circumstances, NewRow, Origin, Variables, missing_items, rows_to_create
from connector.consent.edits import Edits, edits_of
from connector.consent.permissions import key_of
from connector.dataverse.api import Keyed, NotFound
from connector.dataverse.api.rows import TableNames
from connector.dataverse.choices import ConsentCause
from connector.dataverse.names import Account, Contact, Flags, Lead
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError
from connector.mapping.columns import KEPT_AS_ROWS
from connector.services import Services
from connector.sync.permissions.creation import AlreadyThere, create
from connector.sync.permissions.history import append, off_since_first_sync
from connector.sync.permissions.late_creation import has_rows_that_are_off, opt_ins_of_creation
from connector.sync.permissions.places import newest_entries, storage_of
from connector.sync.permissions.qualified import refused_as_leads
from connector.sync.permissions.switch import Switch, switch
from connector.sync.permissions.variables import variables_of, warn_of_unknown
from connector.sync.permissions.withdrawal import opt_ins_decided, withdrawals_decided
from connector.sync.records import Record, RecordReader

#: What is known of the permissions of a contact in Spotler, by bit.
type Known = Mapping[int, KnownState]
#: What became of a record.
type Ensured = Record | ConnectorError

_TABLES: Final[Mapping[str, TableNames]] = {Contact.TABLE: Contact, Lead.TABLE: Lead, Account.TABLE: Account}
_NOTHING: Final[Mapping[RecordRef, SpotlerReport]] = {}
_UNKNOWN: Final[Mapping[RecordRef, Known]] = {}


class PermissionRows:
    """The rows of records."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def ensure(
        self,
        records: Sequence[Record],
        created: Collection[RecordRef] = (),
        reported: Mapping[RecordRef, SpotlerReport] = _NOTHING,
        *,
        known: Mapping[RecordRef, Known] = _UNKNOWN,
        made_from_spotler: bool = False,
    ) -> dict[RecordRef, Ensured]:
        """Note what people did to rows, and create those that are missing.

        A record that needs neither costs no call.

        Args:
            records: as they were read.
            created: those that were made in Dynamics just now.
            reported: what Spotler reported of contacts; presence GONE where Spotler did not have the contact.
            known: what Spotler was last known to have.
            made_from_spotler: whether the records were made from contacts in Spotler.
        """
        told = [_told(record, reported) for record in records]
        results: dict[RecordRef, Ensured] = {record.ref: record for record in told}
        items = {table: self._items(table) for table in {record.ref.table for record in told}}
        edited = {each.ref for each in told if items[each.ref.table] and not each.is_noted}
        creatable = {table: self._creatable(table, each) for table, each in items.items()}
        may_lack = [each for each in told if each.ref in created or _is_understood(each, known.get(each.ref, {}))]
        lacking = {each.ref for each in may_lack if missing_items(each.facts, creatable[each.ref.table])}
        late = [each for each in told if each.ref in created and has_rows_that_are_off(each)]
        if not edited and not lacking and not late:
            return results
        histories: dict[RecordRef, dict[str, Latest]] = {}
        refused: dict[RecordRef, tuple[PermissionRow, ...]] = {}

        def rows_of(record: Record, variables: Variables) -> list[NewRow]:
            origin = Origin.SPOTLER if made_from_spotler else Origin.OLDER
            given = Circumstances(
                origin=Origin.NEW if record.ref in created else origin,
                items=creatable[record.ref.table],
                variables=variables,
                now=self._services.now(),
                known=known.get(record.ref, {}),
                history=histories.get(record.ref, {}),
                refused=refused.get(record.ref, ()),
            )
            return rows_to_create(record.facts, record.decision, given)

        try:
            variables = variables_of(self._services) if lacking or late else Variables()
            drafts = {each.ref: rows_of(each, variables) for each in told if each.ref in lacking}
            lacking = {ref for ref, rows in drafts.items() if rows}
            # What was withdrawn before decides about those that are on only.
            on = [ref for ref in lacking if any(row.on for row in drafts[ref])]
            histories |= newest_entries(self._services, {*edited, *on})
            late = late if variables.names else []
            first_syncs = off_since_first_sync(self._services.dataverse, [each.ref for each in late])
            asked = {*(ref for ref in on if ref in created), *(ref for ref, found in first_syncs.items() if found)}
            refused |= refused_as_leads(self._services, asked)
        except ConnectorError as error:
            return results | dict.fromkeys({*lacking, *edited, *(each.ref for each in late)}, error)
        results |= self._note([each for each in told if each.ref in edited], histories)
        noted = [record for each in late if isinstance(record := results[each.ref], Record)]
        now = self._services.now()
        results |= self._switch_on(noted, opt_ins_of_creation(noted, variables, first_syncs, refused, now))
        had = {key_of(item.name) for each in items.values() for item in each}
        if unknown := tuple(name for name in variables.names or () if had and key_of(name) not in had):
            warn_of_unknown(unknown)
        ready = {ref: record for ref in drafts if ref in lacking and isinstance(record := results[ref], Record)}
        wanted = {ref: rows for ref, record in ready.items() if (rows := rows_of(record, variables))}
        return results | self._create(wanted, ready)

    def apply(
        self, records: Sequence[Record], reported: Mapping[RecordRef, SpotlerReport] = _NOTHING
    ) -> dict[RecordRef, Ensured]:
        """Switch rows as the decision says: off for opt-outs and rules, on for newer opt-ins.

        Whoever opted out of everything in Spotler, and agreed to nothing since, gets Do Not Bulk Email too, if the
        setting OPT_OUT_SETS_DO_NOT_BULK_EMAIL says so.

        Args:
            records: as `ensure` returned them.
            reported: what Spotler reported of contacts, if the records do not say it already.
        """
        now = self._services.now()
        told = [_told(record, reported) for record in records]
        failed = self._refuse_bulk([record for record in told if _opted_out(record)])
        switches = [
            each
            for record in told
            if record.ref not in failed
            for each in (*withdrawals_decided(record, now), *opt_ins_decided(record))
        ]
        failed |= switch(self._services, switches)
        told = [_with_flag(record) if self._sets_flag and _opted_out(record) else record for record in told]
        by_row = {each.row.id: each for each in switches}
        return {record.ref: failed.get(record.ref) or _switched(record, by_row) for record in told}

    # What is done in Dataverse

    def _switch_on(self, records: Sequence[Record], switches: Sequence[Switch]) -> dict[RecordRef, Ensured]:
        failed = switch(self._services, switches)
        by_row = {each.row.id: each for each in switches}
        return {each.ref: failed.get(each.ref) or _switched(each, by_row) for each in records}

    def _note(
        self, records: Sequence[Record], histories: Mapping[RecordRef, Mapping[str, Latest]]
    ) -> dict[RecordRef, Ensured]:
        """Add what people did to the history, and finish withdrawals that did not reach their rows."""
        now = self._services.now()
        found = {each.ref: edits_of(each.ref, each.facts.rows, histories.get(each.ref, {}), now) for each in records}
        failed = append(self._services.dataverse, [change for each in found.values() for change in each.changes])
        unfinished = [
            Switch(ref, row, on=False, at=at, cause=ConsentCause.RULE, evidence="", noted=True)
            for ref, each in found.items()
            for row, at in each.unfinished
        ]
        failed |= switch(self._services, unfinished)
        edited: dict[str, list[PermissionRow]] = {}
        for ref, each in found.items():
            edited.setdefault(ref.table, []).extend(() if ref in failed else _edited(each))
        try:
            for table, rows in edited.items():
                storage_of(self._services, table).note_edits(rows)
        except ConnectorError as error:
            failed |= {ref: error for ref, each in found.items() if each.edited}
        return {each.ref: failed.get(each.ref) or _noted(each, found[each.ref]) for each in records}

    def _create(
        self, wanted: Mapping[RecordRef, Sequence[NewRow]], records: Mapping[RecordRef, Record]
    ) -> dict[RecordRef, Ensured]:
        created, failed = create(self._services, wanted)
        results: dict[RecordRef, Ensured] = {ref: _with_new(records[ref], rows) for ref, rows in created.items()}
        results |= failed
        again = [ref for ref, error in failed.items() if isinstance(error, AlreadyThere)]
        for ref, record in RecordReader(self._services).read(again).items():
            results[ref] = record.reporting(records[ref].facts.spotler)
        return results

    def _refuse_bulk(self, records: Sequence[Record]) -> dict[RecordRef, ConnectorError]:
        """Set Do Not Bulk Email; a record that is gone is no error."""
        failed: dict[RecordRef, ConnectorError] = {}
        if not self._sets_flag:
            return failed
        for table, names in _TABLES.items():
            refs = [each.ref for each in records if each.ref.table == table and not each.facts.do_not_bulk_email]
            if not refs:
                continue
            try:
                results = self._services.dataverse.update_multiple(
                    names, [Keyed(ref.id, {Flags.DO_NOT_BULK_EMAIL: True}) for ref in refs]
                )
            except ConnectorError as error:
                failed |= dict.fromkeys(refs, error)
                continue
            errors = {ref: result.error for ref, result in zip(refs, results, strict=True)}
            failed |= {ref: error for ref, error in errors.items() if error and not isinstance(error, NotFound)}
        return failed

    # What is known

    @property
    def _sets_flag(self) -> bool:
        return self._services.settings.opt_out_sets_do_not_bulk_email

    def _creatable(self, table: str, items: Sequence[Item]) -> Sequence[Item]:
        """Those of which rows can be created."""
        if not items:
            return items
        storage = storage_of(self._services, table)
        return [item for item in items if storage.takes(item.name, item.bit)]

    def _items(self, table: str) -> Sequence[Item]:
        """The permissions that records of a table have rows for."""
        for row in self._services.mapping.rows:
            if row.columns.get(table) in KEPT_AS_ROWS:
                field = self._services.spotler.fields().get(row.field)
                limit = {key_of(name) for name in row.items}
                options = field.options if field else ()
                wanted = [each for each in options if not limit or key_of(each.name) in limit]
                return storage_of(self._services, table).items(wanted)
        return ()


def _told(record: Record, reported: Mapping[RecordRef, SpotlerReport]) -> Record:
    return record.reporting(reported[record.ref]) if record.ref in reported else record


def _is_understood(record: Record, known: Known) -> bool:
    """Whether something is known of the permissions that Spotler has, so that missing rows can be made."""
    spotler = record.facts.spotler
    is_told = bool(known or spotler.permissions) or spotler.presence is Presence.GONE
    return record.decision.fate is Fate.SENT and is_told


def _edited(edits: Edits) -> list[PermissionRow]:
    return [row for row in edits.rows if row.id in edits.edited]


def _noted(record: Record, edits: Edits) -> Record:
    after = record.with_rows(edits.rows)
    return after.noted() if edits.is_explained else after


def _with_new(record: Record, rows: Sequence[PermissionRow]) -> Record:
    after = record.with_rows((*record.facts.rows, *rows))
    return after.noted() if record.is_noted else after


def _switched(record: Record, switches: Mapping[str, Switch]) -> Record:
    after = record.with_rows(_after(row, switches) for row in record.facts.rows)
    return after.noted() if record.is_noted else after


def _opted_out(record: Record) -> bool:
    """Whether the person opted out of everything in Spotler, and agreed to nothing since."""
    return record.facts.spotler.opted_out and not any(each.on for each in record.decision.permissions)


def _with_flag(record: Record) -> Record:
    return replace(record, facts=replace(record.facts, do_not_bulk_email=True))


def _after(row: PermissionRow, switches: Mapping[str, Switch]) -> PermissionRow:
    """A row as it is once it was switched."""
    done = switches.get(row.id)
    if done is None:
        return row
    source = ConsentSource.FEED if done.cause is ConsentCause.FEED else row.source
    return replace(row, subscribed=done.on, is_active=row.is_active or done.on, at=done.at, source=source)
