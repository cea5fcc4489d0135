"""Rows that the platform itself puts in place: no privileges, no messages, no journal."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

from sandbox.dataverse.clock import Clock
from sandbox.dataverse.store import Row, Store
from sandbox.dataverse.values import Scalar, stamp


def place(
    store: Store,
    clock: Clock,
    table: str,
    row_id: str,
    values: Mapping[str, Scalar],
    lookups: Mapping[str, tuple[str, str]] | None = None,
) -> Row:
    """Put a row in place; `lookups` gives table and id by the name of the column."""
    data = store.tables[table]
    now, version = _stamp_of(int(round(clock.timestamp(), 6))), store.next_version()
    row_values: dict[str, Scalar] = {data.model.id_column: row_id, **values}
    targets: dict[str, str] = {}
    for column, (target, target_id) in (lookups or {}).items():
        name = f"_{column}_value"
        row_values[name], targets[name] = target_id, target
    row_values["createdon"] = row_values["modifiedon"] = now
    row_values["versionnumber"] = version
    row = Row(row_id, store.next_order(), version, row_values, targets)
    data.put(row)
    return row


@lru_cache(maxsize=1)
def _stamp_of(second: int) -> str:
    """An environment that is made anew gets hundreds of rows in a second."""
    return stamp(datetime.fromtimestamp(second, UTC))
