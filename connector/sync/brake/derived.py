"""What happens to a record because of the mapping or of a read, and not because somebody changed it. No calls.

| What | Derived, unless |
|---|---|
| a filter excludes the record, so that its contact loses all permissions | a column of the filter was changed |
| the column of the address is empty, so that the contact is anonymised | that column was changed |
| a field is emptied that was sent with a value | its column was changed |
| a column is emptied because Spotler has nothing there | both had it in common before |
| permissions go off because Spotler has lost the contact | |

What somebody changed is known from the message of Dataverse that started the sync. An opt-out, Do Not Email, Do Not
Bulk Email, Keep Out, a deactivation, a merge and a deletion are never derived: somebody asked for them.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from connector.consent import Reason
from connector.dataverse.records import RecordRef
from connector.mapping import Mapping as FieldMapping, plan
from connector.mapping.columns import base_column
from connector.mapping.model import EMAIL
from connector.services import Services
from connector.sync.brake.held import Held
from connector.sync.brake.sent_fields import filled_fields
from connector.sync.outward.preparing import Prepared
from connector.sync.records import Record
from connector.words import marked

#: The causes, as people read them; before the name of a field where one is emptied.
FILTER = marked("filter")
ADDRESS = marked("no address")
EMPTIED = marked("empties")
EMPTIED_HERE = marked("empties in Dataverse")
MISSING = marked("missing in Spotler")


@dataclass(frozen=True, slots=True)
class Derived:
    """What is derived of one record.

    Attributes:
        ref: which.
        causes: `FILTER`, `ADDRESS`, `MISSING`, or `EMPTIED` with the name of a field.
        is_of_mapping: whether another mapping sent the record last, so that the mapping is the likely reason.
    """

    ref: RecordRef
    causes: tuple[str, ...]
    is_of_mapping: bool

    @property
    def is_missing(self) -> bool:
        """Whether it is derived from a contact that Spotler has lost."""
        return MISSING in self.causes


def derived_fate(record: Record, edited: Collection[str], mapping: FieldMapping, version: str) -> Derived | None:
    """Whether a contact that Spotler has is about to lose its permissions, or to be anonymised, by derivation."""
    was_sent = record.is_known or record.sent_on is not None
    if record.is_gone or not was_sent or record.sent_fields.is_silenced:
        return None
    behind = _columns_behind(mapping, record.ref.table)
    match record.decision.reason:
        case Reason.EXCLUDED if not behind.get("", frozenset()) & set(edited):
            cause = FILTER
        case Reason.NO_ADDRESS if not behind.get(EMAIL, frozenset()) & set(edited):
            cause = ADDRESS
        case _:
            return None
    return Derived(record.ref, (cause,), record.sent_fields.mapping != version)


def derived_fields(prepared: Prepared, edited: Collection[str], mapping: FieldMapping) -> Derived | None:
    """Which fields that were sent with a value are about to be emptied by derivation."""
    if prepared.is_silenced:
        return None
    before, behind = prepared.record.sent_fields, _columns_behind(mapping, prepared.ref.table)
    # An empty address is only sent where the brake holds back that the contact is anonymised.
    had = before.filled | {name for name in prepared.properties if name.casefold() == EMAIL}
    sent = {name: value for name, value in prepared.properties.items() if name in had}
    emptied = sent.keys() - filled_fields(sent, prepared.fields)
    names = sorted(emptied - _left_to_spotler(prepared))
    names = [name for name in names if not behind.get(name.casefold(), frozenset()) & set(edited)]
    if not names:
        return None
    return Derived(prepared.ref, tuple(f"{EMPTIED} {name}" for name in names), before.mapping != prepared.mapping)


def emptied_columns(record: Record, values: Mapping[str, object]) -> list[str]:
    """The columns that Spotler is about to empty although it never had their value, so that nobody removed it there."""
    common = record.last.columns
    return sorted(
        column
        for column, value in values.items()
        if value in (None, "") and record.row.get(column) not in (None, "") and column not in common
    )


def without_fate(record: Record, mapping: FieldMapping) -> Record | None:
    """The record as if nothing were derived: it is kept equal to its contact, with everything that people asked for.

    Returns:
        None where the mapping has nothing to send of its table.
    """
    if not plan(mapping, record.ref.table).synced:
        return None
    return record.holding(Held(fate=True))


def without_fields(services: Services, prepared: Prepared, derived: Derived) -> Prepared:
    """The contact without the fields that would be emptied; the next sync finds them again."""
    names = frozenset(cause.removeprefix(f"{EMPTIED} ") for cause in derived.causes)
    record = prepared.record
    return Prepared.of(services, record.holding(replace(record.held, fields=names)), prepared.fields)


def _left_to_spotler(prepared: Prepared) -> frozenset[str]:
    """The fields that both sides may change and that are not sent, because nobody changed them in Dataverse."""
    columns = prepared.columns
    if not columns.two_way:
        return frozenset()
    changed = columns.changed(prepared.record, prepared.fields)
    return frozenset(row.field for column, row in columns.two_way.items() if column not in changed)


@lru_cache(maxsize=32)
def _columns_behind(mapping: FieldMapping, table: str) -> Mapping[str, frozenset[str]]:
    """The columns whose change is behind that of a field, by its name in lower case; of the filters, by no name."""
    found = defaultdict[str, set[str]](set)
    for row in mapping.rows:
        column = base_column(row.columns[table]) if table in row.columns else ""
        if column and row.field:
            found[row.field.casefold()].add(column)
        if column and row.filter:
            found[""].add(column)
    return {name: frozenset(columns) for name, columns in found.items()}
