"""What another mapping would change: for whom, in counts and samples of record ids, never values.

    records of a table, page by page ─► read once for both mappings ─► mapped with each ─► compared

Only records that are active in Dataverse are read; the others are treated alike by every mapping. Spotler is asked for
its fields only, so what is compared is what the connector would send, not what Spotler has.
"""

from collections.abc import Callable, Iterator, Mapping as MappingOf
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import batched, islice
from typing import Final

from connector.consent import Fate
from connector.dataverse.api import filters
from connector.dataverse.names import Flags
from connector.dataverse.records import RecordRef
from connector.errors import Invalid
from connector.mapping import Mapping, plan
from connector.mapping.columns import base_column
from connector.mapping.model import TABLES
from connector.services import Services
from connector.spotler import CLEARED, Fields, from_spotler
from connector.sync.all_records import CHUNK, all_records
from connector.sync.records import Record, RecordReader

#: Record ids that are kept of each kind of change.
SAMPLE: Final = 5


class Effect(StrEnum):
    """What another mapping does to a record, or to one field of it."""

    SENT = "would be sent, and is not now"
    SILENCED = "would lose all permissions"
    REMOVED = "would be anonymised"
    REFUSED = "could not be sent"
    BLANKED = "would be emptied in Spotler"
    CHANGED = "would get another value"
    LEFT = "would no longer be sent; Spotler keeps what it has"


@dataclass(slots=True)
class Affected:
    """How many records there are, and some of them."""

    count: int = 0
    sample: list[str] = field(default_factory=list)

    def add(self, ref: RecordRef) -> None:
        """One record more."""
        self.count += 1
        if len(self.sample) < SAMPLE:
            self.sample.append(ref.id)


@dataclass(slots=True)
class TableDiff:
    """What changes for the records of one table.

    Attributes:
        read: how many records were compared.
        changed: how many of them change.
        effects: by effect and the name of the field, which is empty where the whole record is meant.
        written: the columns that Spotler may write from now on, and those that it may not any more.
    """

    read: int = 0
    changed: int = 0
    effects: dict[tuple[Effect, str], Affected] = field(default_factory=dict)
    written: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    def in_order(self) -> list[tuple[Effect, str, Affected]]:
        """The effects, whole records first."""
        order = list(Effect)
        keys = sorted(self.effects, key=lambda key: (order.index(key[0]), key[1]))
        return [(effect, name, self.effects[effect, name]) for effect, name in keys]


@dataclass(frozen=True, slots=True)
class _Sent:
    """What becomes of a record under one mapping; no properties where it cannot be sent."""

    fate: Fate
    properties: MappingOf[str, object] | None


class MappingDiff:
    """Compares two mappings with the records of an environment.

    Args:
        services: of a mapping that has the rows of both (`both`).
        old, new: the mappings.
    """

    def __init__(self, services: Services, old: Mapping, new: Mapping) -> None:
        times = services.mapping.times
        self._services = services
        self._old, self._new = replace(old, times=times), replace(new, times=times)
        self._reader = RecordReader(services)

    def tables(self) -> tuple[str, ...]:
        """The tables that one of the two sends."""
        return tuple(table for table in TABLES if self._old.syncs(table) or self._new.syncs(table))

    def compare(self, table: str, *, limit: int | None = None, seen: Callable[[int], object]) -> TableDiff:
        """Compare the records of a table.

        Args:
            table: its logical name.
            limit: the most records to read; None for all.
            seen: is told the number of records after each chunk.

        Raises:
            ConnectorError: what Dataverse or Spotler said.
        """
        diff = TableDiff(written=self._written(table))
        fields = self._services.spotler.fields()
        active = all_records(self._services.dataverse, table, filters.eq(Flags.STATE, 0))
        for refs in batched(islice(active, limit), CHUNK, strict=False):
            for record in self._reader.read(refs).values():
                effects = self._effects(record, fields)
                for effect in effects:
                    diff.effects.setdefault(effect, Affected()).add(record.ref)
                diff.changed += bool(effects)
            diff.read += len(refs)
            seen(diff.read)
        return diff

    def _effects(self, record: Record, fields: Fields) -> set[tuple[Effect, str]]:
        old, new = self._sent(self._old, record, fields), self._sent(self._new, record, fields)
        if old.fate is not Fate.SENT and new.fate is not Fate.SENT and not record.is_known:
            return set()  # it is not in Spotler, and would not be
        return set(_effects(old, new, fields))

    def _sent(self, mapping: Mapping, record: Record, fields: Fields) -> _Sent:
        outward = plan(mapping, record.ref.table)
        has_address, admitted = outward.has_address(record.row), outward.admits(record.row)
        facts = replace(record.facts, has_address=has_address, is_excluded=not admitted)
        decision = replace(record, facts=facts).decision
        if decision.fate is not Fate.SENT:
            return _Sent(decision.fate, {})
        try:
            return _Sent(decision.fate, outward.contact(record.row, decision, fields).properties)
        except Invalid:
            return _Sent(decision.fate, None)

    def _written(self, table: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        old, new = _inward_columns(self._old, table), _inward_columns(self._new, table)
        return tuple(sorted(new - old)), tuple(sorted(old - new))


def both(old: Mapping, new: Mapping) -> Mapping:
    """A mapping that reads what two mappings need; it is for reading only."""
    return Mapping(rows=(*old.rows, *new.rows), navigation={**old.navigation, **new.navigation})


def _inward_columns(mapping: Mapping, table: str) -> frozenset[str]:
    rows = (row for row in mapping.rows if row.field and row.direction.inward and table in row.columns)
    return frozenset(filter(None, (base_column(row.columns[table]) for row in rows)))


_OF_FATES: Final = {Fate.SENT: Effect.SENT, Fate.SILENCED: Effect.SILENCED, Fate.REMOVED: Effect.REMOVED}


def _effects(old: _Sent, new: _Sent, fields: Fields) -> Iterator[tuple[Effect, str]]:
    if old.fate is not new.fate:
        yield _OF_FATES[new.fate], ""
    elif new.properties is None and old.properties is not None:
        yield Effect.REFUSED, ""
    elif old.properties is None and new.properties is not None:
        yield Effect.SENT, ""
    elif old.properties is not None and new.properties is not None:
        for name in {**old.properties, **new.properties}:
            if effect := _effect(name, old.properties, new.properties, fields):
                yield effect, name


def _effect(name: str, old: MappingOf[str, object], new: MappingOf[str, object], fields: Fields) -> Effect | None:
    if name not in new:
        return Effect.LEFT
    if name in old and old[name] == new[name]:
        return None
    return Effect.BLANKED if _is_empty(name, new[name], fields) else Effect.CHANGED


def _is_empty(name: str, value: object, fields: Fields) -> bool:
    """Whether nothing is in the field; a list field is empty if no item is on."""
    found = fields.get(name)
    if found is None or not found.is_set:
        return value == CLEARED
    items = from_spotler(found.type, value)
    return isinstance(items, dict) and not any(items.values())
