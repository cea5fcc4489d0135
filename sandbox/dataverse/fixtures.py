"""Rows that tests put in place at once: no privileges, no messages, no journal, but real columns and values only."""

from connector.dataverse.schema import Kind
from sandbox.dataverse.annotations import LOOKUP_TABLE
from sandbox.dataverse.errors import ApiError, bad_payload
from sandbox.dataverse.model import LOOKUP_KINDS, TableModel
from sandbox.dataverse.store import Row, Store
from sandbox.dataverse.unit import UnitOfWork
from sandbox.dataverse.users import Caller
from sandbox.dataverse.validation import BodyReader, Changes, check_value
from sandbox.dataverse.values import JsonObject, as_guid
from sandbox.dataverse.writes import Writer


def load_rows(store: Store, unit: UnitOfWork, caller: Caller, table: str, items: list[JsonObject]) -> list[str]:
    """Make rows and return their ids.

    Lookups may be written as in the Web API (`navigation@odata.bind`) or as they are read: `_x_value`, and for a
    lookup with several targets `_x_value@Microsoft.Dynamics.CRM.lookuplogicalname`; the row behind need not exist
    then. Columns that clients cannot write, such as `createdon`, are taken as given.

    Raises:
        ApiError: when a column or a value is not possible.
    """
    model = store.catalog.by_name.get(table)
    if model is None:
        raise ApiError(404, "", f"There is no table '{table}'.")
    reader = BodyReader(store)
    writer = unit.writer(caller)
    return [_load(model, reader, writer, item) for item in items]


def _load(model: TableModel, reader: BodyReader, writer: Writer, item: JsonObject) -> str:
    ordinary: JsonObject = {}
    forced = Changes()
    for name, value in item.items():
        if name.endswith(f"_value@{LOOKUP_TABLE}"):
            continue  # read with its lookup
        column = model.properties.get(name)
        if column is None or (column.writable and column.kind not in LOOKUP_KINDS):
            ordinary[name] = value
        elif column.kind in LOOKUP_KINDS:
            _force_lookup(model, name, item, forced)
        elif column.kind is not Kind.BIG_INTEGER:
            forced.values[name] = check_value(model, column, value)
    changes = reader.read(model, ordinary)
    row = writer.create(model, changes)
    if forced.values:
        values, targets = {**row.values, **forced.values}, {**row.targets, **forced.targets}
        row = Row(row.id, row.order, row.version, values, targets)
        writer.transaction.put(model.name, row)
    return row.id


def _force_lookup(model: TableModel, name: str, item: JsonObject, forced: Changes) -> None:
    value = item[name]
    if value is None:
        forced.values[name] = None
        return
    column = model.properties[name]
    table = item.get(f"{name}@{LOOKUP_TABLE}", column.targets[0] if len(column.targets) == 1 else None)
    row_id = as_guid(value) if isinstance(value, str) else None
    if row_id is None or not isinstance(table, str) or table not in column.targets:
        raise bad_payload(model.set_name, f"'{name}' needs a guid, and '{name}@{LOOKUP_TABLE}' with one of its tables.")
    forced.values[name] = row_id
    forced.targets[name] = table
