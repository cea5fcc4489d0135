"""Rows that the platform itself puts in place: no privileges, no messages, no journal."""

from collections.abc import Mapping

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
    now, version = stamp(clock.now()), store.next_version()
    pointing = {f"_{column}_value": reference for column, reference in (lookups or {}).items()}
    row_values: dict[str, Scalar] = {
        data.model.id_column: row_id,
        **values,
        **{name: reference[1] for name, reference in pointing.items()},
        "createdon": now,
        "modifiedon": now,
        "versionnumber": version,
    }
    targets = {name: reference[0] for name, reference in pointing.items()}
    row = Row(row_id, store.next_order(), version, row_values, targets)
    data.put(row)
    return row
