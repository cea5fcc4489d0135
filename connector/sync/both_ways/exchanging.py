"""What a record gets from its contact: consent first, then the columns; both are written in Dataverse.

The same for a record on its way to Spotler and for a contact that comes from the feed of updates, so that the result
does not depend on which of the two is first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Self

from connector.consent import Fate, KnownState, PermissionReport
from connector.dataverse.names import Info
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError, Refused
from connector.services import Services
from connector.spotler import Field, Fields, SpotlerContact
from connector.sync.both_ways import reports
from connector.sync.both_ways.columns import Exchange, shared_columns
from connector.sync.both_ways.row_writes import ColumnWrite, write_columns
from connector.sync.both_ways.switches import shown_permissions
from connector.sync.both_ways.two_way import Moments
from connector.sync.brake.brake import Brake
from connector.sync.brake.derived import EMPTIED_HERE, Derived, emptied_columns
from connector.sync.info import CLOCKS_DIFFER, InfoWrite, info_of
from connector.sync.last_common import Common, LastCommon
from connector.sync.outward.preparing import Prepared, is_as_sent
from connector.sync.own_user import own_user
from connector.sync.permissions.missing import held_back, lost_permissions
from connector.sync.records import Record

#: How far the moment in which the connector made a contact may be from the one that Spotler shows of it.
TWO_CLOCKS: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """A record with its contact as Spotler shows it.

    Attributes:
        record: as it was read.
        contact: as Spotler shows it.
        fields: the fields of the account.
        permissions: the one with the permissions that rows are kept of; None where there is none.
        seen_on: when Spotler was asked.
        sent: states of permissions that this worker has sent meanwhile, by bit.
        others: states that other workers may have sent.
        before: what was in common, as Spotler Info has it.
        is_another: whether the contact was made in the place of one that Spotler has lost.
    """

    record: Record
    contact: SpotlerContact
    fields: Fields
    permissions: Field | None
    seen_on: datetime
    sent: Mapping[int, KnownState] = field(default_factory=dict)
    others: Mapping[int, bool] = field(default_factory=dict)
    before: LastCommon = field(default_factory=LastCommon)
    is_another: bool = False

    @classmethod
    def of(
        cls,
        record: Record,
        contact: SpotlerContact,
        fields: Fields,
        permissions: Field | None,
        seen_on: datetime,
        *,
        sent: Mapping[int, KnownState] | None = None,
        others: Mapping[int, bool] | None = None,
    ) -> Self:
        """A record with its contact.

        Spotler may have lost the contact, and a send may have made it again, with a part of what the record has. What
        was in common before says nothing about that one. What it lacks is nobody's change, but for permissions: an
        opt-out may have been lost with the first one.
        """
        last = record.last
        if is_another := _was_made_again(last, contact):
            states = shown_permissions(contact, fields, permissions.name) if permissions else {}
            off = {bit: KnownState(on, seen_on) for bit, on in states.items() if not on}
            record = replace(record, last=LastCommon(permissions=off, noted=last.noted))
        return cls(record, contact, fields, permissions, seen_on, sent or {}, others or {}, last, is_another)

    @property
    def made_on(self) -> datetime | None:
        """When the contact was made."""
        return self.contact.created or self.before.made_on

    @property
    def ref(self) -> RecordRef:
        """Which record it is."""
        return self.record.ref


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A record after Dataverse has got what Spotler has newer.

    Attributes:
        seen: the record before it, and its contact.
        prepared: the record after it, in the form in which it goes to Spotler.
        exchange: which columns it got, and which go to Spotler.
        written: the fingerprints of what Dataverse made of the columns that it got.
        known: the states of the permissions.
        has_consent: whether the contact said something new about consent.
        refusal: why Dataverse did not take the columns; None if it did.
    """

    seen: Seen
    prepared: Prepared
    exchange: Exchange
    written: Mapping[str, str]
    known: Mapping[int, KnownState]
    has_consent: bool
    refusal: Refused | None = None

    @property
    def keep(self) -> frozenset[str]:
        """The columns both sides may change that go to Spotler."""
        return self.exchange.to_spotler

    @property
    def must_be_sent(self) -> bool:
        """Whether Spotler has something else than Dataverse, which wins: nobody else may be about to send it."""
        states = self.known
        differs = any(bit in states and states[bit].on is not on for bit, on in self.prepared.switches.items())
        return differs or bool(self.exchange.in_dispute)

    def last(self, *, was_sent: bool, known: Mapping[int, KnownState] | None = None, noted: str = "") -> LastCommon:
        """What is in common then; `was_sent`: whether the columns that go to Spotler were sent."""
        columns = self.prepared.columns.after(self.seen.record, self.exchange, self.written, was_sent=was_sent)
        waits = self.keep and not was_sent
        edited_on = LastCommon.parse(self.seen.record.info.common).edited_on if waits else None
        states = self.known if known is None else known
        return LastCommon(columns, states, made_on=self.seen.made_on, noted=noted, edited_on=edited_on)


def exchange(services: Services, seen: Sequence[Seen]) -> dict[RecordRef, Exchanged | Exception]:
    """Write in Dataverse what these contacts have newer than their records.

    Returns:
        each record after that; or the error that stopped it and no other.
    """
    results: dict[RecordRef, Exchanged | Exception] = {}
    told = {each.ref: _told(each) for each in seen}
    results |= held_back(services, {each.ref: _lost(told[each.ref][0]) for each in seen if each.is_another})
    told = {ref: each for ref, each in told.items() if ref not in results}
    news = [record for record, _ in told.values() if reports.is_news(record.facts.spotler)]
    for ref, after in reports.apply(services, news).items():
        if isinstance(after, Record):
            told[ref] = after, told[ref][1]
        else:
            results[ref] = after
    found: dict[RecordRef, tuple[Seen, Exchange]] = {}
    for each in seen:
        if each.ref in results:
            continue
        try:
            found[each.ref] = each, _columns(services, each, told[each.ref][0])
        except Exception as error:  # noqa: BLE001 - the family of the error decides what happens next
            results[each.ref] = error
    found, stopped = _braked(services, found)
    results |= stopped
    writes = [_write(services, told[ref][0], *both) for ref, both in found.items() if both[1].to_dataverse]
    written = write_columns(services, writes)
    for ref, (each, columns) in found.items():
        record, known = told[ref]
        now = written.get(ref, record)
        try:
            if isinstance(now, Refused):
                without = replace(columns, to_dataverse={})
                results[ref] = _exchanged(services, each, record, without, known, refusal=now)
            elif isinstance(now, ConnectorError):
                results[ref] = now
            else:
                results[ref] = _exchanged(services, _with_info(each, now), now, columns, known)
        except Exception as error:  # noqa: BLE001
            results[ref] = error
    return results


def _write(services: Services, told: Record, seen: Seen, exchange: Exchange) -> ColumnWrite:
    """The values for Dataverse, with the note that it has them, and that the record has more that was not sent."""
    values = exchange.to_dataverse
    kept = {name: value for name, value in told.row.items() if name.partition("@")[0] not in values}
    after = replace(told, row={**kept, **values})
    here = shared_columns(services.mapping, told.ref.table).here(after, seen.fields)
    now = LastCommon.parse(told.info.common)
    got = {each: Common(here[each], exchange.there[each]) for each in values}
    edited_on = told.edited_on(own_user(services)) if exchange.to_spotler else None
    last = replace(now, columns={**now.columns, **got}, edited_on=edited_on)
    forgotten = {} if is_as_sent(services, seen.record, seen.fields) else {Info.SENT_HASH: ""}
    note = InfoWrite(told.ref, told.info, info_of(told.ref, told.name, **{Info.LAST_COMMON: last.text, **forgotten}))
    return ColumnWrite(told, values, note)


def _with_info(seen: Seen, now: Record) -> Seen:
    return replace(seen, record=replace(seen.record, info=now.info))


def _was_made_again(last: LastCommon, contact: SpotlerContact) -> bool:
    """Whether this is another contact than the one that was known; one that left everything stays as it says."""
    if contact.created is None or contact.channels.get(reports.EMAIL_CHANNEL) is False:
        return False
    if last.made_on is not None:
        return contact.created > last.made_on + CLOCKS_DIFFER
    # By two clocks, of which one may be minutes off, or an hour where a time without a zone was read wrongly.
    return last.made_about is not None and contact.created > last.made_about + TWO_CLOCKS


def _braked(
    services: Services, found: Mapping[RecordRef, tuple[Seen, Exchange]]
) -> tuple[dict[RecordRef, tuple[Seen, Exchange]], dict[RecordRef, Exchanged | Exception]]:
    """What is exchanged without what the brake holds back; and the records about which it could not decide."""
    derived = {
        ref: Derived(ref, tuple(f"{EMPTIED_HERE} {column}" for column in columns), is_of_mapping=True)
        for ref, (seen, exchange) in found.items()
        if (columns := emptied_columns(seen.record, exchange.to_dataverse))
    }
    try:
        held = Brake(services).held(list(derived.values()))
    except ConnectorError as error:
        return {ref: each for ref, each in found.items() if ref not in derived}, dict.fromkeys(derived, error)
    left = dict(found)
    for ref in held:
        seen, exchange = found[ref]
        kept = emptied_columns(seen.record, exchange.to_dataverse)
        values = {column: value for column, value in exchange.to_dataverse.items() if column not in kept}
        left[ref] = seen, replace(exchange, to_dataverse=values)
    return left, {}


def has_news(services: Services, seen: Seen) -> bool:
    """Whether anything about this contact is not known yet, so that something would be written anywhere.

    Raises:
        Transient, Misconfigured: the definitions of columns cannot be read.
    """
    record, known = _told(seen)
    if seen.is_another:
        return True
    if reports.is_news(record.facts.spotler) or _is_worth_knowing(record, known):
        return True
    columns = _columns(services, seen, record)
    return bool(columns.to_dataverse or columns.in_dispute) or columns.common != record.last.columns


def _is_worth_knowing(record: Record, known: Mapping[int, KnownState]) -> bool:
    """Whether the states of permissions are other ones than before, or were seen after a refusal that is newer."""
    before = record.last.permissions
    if {bit: state.on for bit, state in before.items()} != {bit: state.on for bit, state in known.items()}:
        return True
    refusals = [row.at for row in record.facts.rows if row.refuses and row.at is not None]
    return any(before[bit].at <= at < state.at for bit, state in known.items() if not state.on for at in refusals)


def _exchanged(
    services: Services,
    seen: Seen,
    record: Record,
    columns: Exchange,
    known: Mapping[int, KnownState],
    *,
    refusal: Refused | None = None,
) -> Exchanged:
    """The record after the exchange. Its rows say by now what the contact said; nothing else counts from here on."""
    settled = record.reporting(seen.record.facts.spotler)
    prepared = Prepared.of(services, settled, seen.fields)
    here = prepared.columns.here(record, seen.fields) if columns.to_dataverse else {}
    written = {column: here[column] for column in columns.to_dataverse}
    return Exchanged(seen, prepared, columns, written, known, reports.is_news(record.facts.spotler), refusal)


def _told(seen: Seen) -> tuple[Record, dict[int, KnownState]]:
    """The record with what its contact says about consent, and what is known of the permissions."""
    contact = reports.shown(seen.record, seen.contact, seen.fields, seen.permissions, seen.seen_on)
    told, known = reports.reported(seen.record, contact, seen.permissions, sent=seen.sent, others=seen.others)
    if not seen.is_another or seen.permissions is None:
        return told, known
    on = [option for option in seen.permissions.options if contact.states.get(option.bit)]
    lost = lost_permissions(seen.record, seen.contact.made_on, on)
    said = told.facts.spotler
    return told.reporting(replace(said, permissions=(*said.permissions, *lost))), known


def _lost(told: Record) -> list[PermissionReport]:
    return [each for each in told.facts.spotler.permissions if each.missing]


def _columns(services: Services, seen: Seen, record: Record) -> Exchange:
    """What is exchanged; a record that may not be in Spotler gets nothing from there but consent."""
    columns = shared_columns(services.mapping, seen.ref.table)
    if not columns.plan.select or record.decision.fate is not Fate.SENT:
        return Exchange(common=record.last.columns)
    moments = Moments(record.edited_on(own_user(services)), seen.contact.last_changed, record.sent_on)
    return columns.exchange(record, seen.contact, seen.fields, moments)
