"""The columns of a table that Spotler may change, and what a record and its contact exchange. No calls, no clock.

shared_columns(mapping, table).changed(record, fields)            columns that have to be compared with Spotler
shared_columns(mapping, table).exchange(record, contact, ...)     which side each column gets its value from
shared_columns(mapping, table).sendable(properties, keep, ...)    the contact without the columns that are not sent
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from connector.dataverse.records import RecordRef
from connector.mapping import Direction, Mapping as FieldMapping, MappingRow
from connector.mapping.columns import Plain
from connector.mapping.draft import allowed_entries, entries_of
from connector.mapping.inward import InwardPlan, InwardValue, inward_plan
from connector.mapping.values.labels import label_key
from connector.spotler import Field, Fields, SpotlerContact
from connector.sync.both_ways.two_way import Moments, Winner, agreed, decide, decide_inward, received, sent, to_be_sent
from connector.sync.last_common import Common, fingerprint
from connector.sync.records import Record

#: Stands in the fingerprint of a value that cannot be sent, and so has no form in which Spotler would show it.
_NOT_SENT: Final = "not sent"


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a record and its contact exchange.

    Attributes:
        to_dataverse: the columns that get the value of Spotler, with it.
        to_spotler: the columns whose value Spotler gets.
        in_dispute: those of them where Spotler has a value of its own, so that nobody else sends them.
        common: what is in common without the exchange.
        here: the fingerprints of what Dataverse has.
        there: the fingerprints of what Spotler has.
        warnings: what cannot be written, without values.
    """

    to_dataverse: Mapping[str, object] = field(default_factory=dict)
    to_spotler: frozenset[str] = frozenset()
    in_dispute: frozenset[str] = frozenset()
    common: Mapping[str, Common] = field(default_factory=dict)
    here: Mapping[str, str] = field(default_factory=dict)
    there: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class SharedColumns:
    """The columns of one table that Spotler may change.

    Attributes:
        plan: how values of Spotler become those of columns.
        two_way: the rows of the mapping with the direction `<->`, by column.
    """

    plan: InwardPlan
    two_way: Mapping[str, MappingRow]

    def changed(self, record: Record, fields: Fields) -> frozenset[str]:
        """The columns both sides may change whose value is not the last common one, or where none is known."""
        if not self.two_way:
            return frozenset()
        here = self.here(record, fields)
        last = record.last.columns
        return frozenset(
            column
            for column in self.two_way
            if (common := last.get(column)) is None or common.sending or common.dataverse != here[column]
        )

    def here(self, record: Record, fields: Fields) -> dict[str, str]:
        """The fingerprints of what Dataverse has."""
        values = self.plan.sent(record.row, fields)
        return {
            column: fingerprint(record.ref.id, column, values[column])
            if column in values
            else fingerprint(record.ref.id, column, [_NOT_SENT, record.row.get(column)])
            for column in self.plan.select
        }

    def exchange(self, record: Record, contact: SpotlerContact, fields: Fields, moments: Moments) -> Exchange:
        """Which side each column gets its value from; columns of which nothing is known stay as they are.

        Raises:
            Transient, Misconfigured: the definitions of the columns cannot be read.
        """
        if not self.plan.select:
            return Exchange()
        here, values = self.here(record, fields), self.plan.values(contact, fields)
        common = dict(record.last.columns)
        there = {column: _there(record.ref, column, value) for column, value in values.items()}
        to_dataverse: dict[str, object] = {}
        to_spotler, in_dispute = set[str](), set[str]()
        warnings = []
        for column, value in values.items():
            last = common.get(column)
            winner = (
                decide(here[column], there[column], last, moments)
                if column in self.two_way
                else decide_inward(here[column], there[column], last)
            )
            if winner is Winner.DATAVERSE:
                to_spotler.add(column)
                if last is None or there[column] != last.spotler:
                    in_dispute.add(column)
            elif winner is Winner.SPOTLER and not value.warning:
                to_dataverse[column] = value.value
            else:
                common[column] = agreed(here[column], there[column], last)
                warnings += [value.warning] if winner is Winner.SPOTLER else []
        return Exchange(
            to_dataverse, frozenset(to_spotler), frozenset(in_dispute), common, here, there, tuple(warnings)
        )

    def sendable(self, properties: Mapping[str, object], keep: Collection[str], fields: Fields) -> dict[str, object]:
        """The contact without the columns that both sides may change, but for some.

        Args:
            properties: of the contact.
            keep: the columns that are sent.
            fields: the fields of the account.
        """
        left = dict(properties)
        for column, row in self.two_way.items():
            found = fields.get(row.field)
            if column in keep or found is None or found.name not in left:
                continue
            items = left[found.name]
            if not found.is_set:
                del left[found.name]
            elif isinstance(items, list):
                bits = _bits(row, found)
                left[found.name] = [each for each in items if each["bit"] not in bits]
                if not left[found.name]:
                    del left[found.name]
        return left

    def being_sent(self, record: Record, fields: Fields) -> dict[str, Common]:
        """What is in common while the record is being sent."""
        last = record.last.columns
        here = self.here(record, fields) if self.two_way else {}
        marks = {column: to_be_sent(here[column], last.get(column)) for column in self.changed(record, fields)}
        return {**last, **marks}

    def after(
        self, record: Record, exchange: Exchange, written: Mapping[str, str], *, was_sent: bool
    ) -> dict[str, Common]:
        """What is in common after an exchange.

        Args:
            record: as it was before it.
            exchange: what was exchanged.
            written: the fingerprints of what Dataverse has made of the columns that were written.
            was_sent: whether the columns for Spotler were sent.
        """
        common, last = dict(exchange.common), record.last.columns
        for column, here in written.items():
            common[column] = received(here, exchange.there[column], last.get(column), exchange.here[column])
        if was_sent:
            common |= {column: sent(exchange.here[column], last.get(column)) for column in exchange.to_spotler}
        return common

    def all_sent(self, record: Record, fields: Fields) -> dict[str, Common]:
        """What is in common after all columns of the record were sent to a contact that was not there before."""
        here = self.here(record, fields)
        return {column: sent(here[column], None) for column in self.two_way}


@lru_cache(maxsize=32)
def shared_columns(mapping: FieldMapping, table: str) -> SharedColumns:
    """The shared columns of a table, made once per mapping and table."""
    plan = inward_plan(mapping, table)
    rows: dict[str, MappingRow] = {}
    for row in mapping.rows:
        expression = row.columns.get(table)
        if row.direction.inward and row.field and isinstance(expression, Plain) and expression.column in plan.select:
            rows.setdefault(expression.column, row)
    return SharedColumns(plan, {column: row for column, row in rows.items() if row.direction is Direction.BOTH})


def _there(ref: RecordRef, column: str, value: InwardValue) -> str:
    """The fingerprint of what Spotler has, in the form that the column can keep."""
    return fingerprint(ref.id, column, value.spotler if value.warning else value.arrives)


def _bits(row: MappingRow, found: Field) -> set[int]:
    entries = entries_of(found)
    if row.item:
        return {bit for name, bit in entries.items() if name == label_key(row.item)}
    return set(allowed_entries(found, row.items).values())
