"""CreateMultiple, UpdateMultiple and UpsertMultiple: many rows of one table in one call, all or nothing."""

import re
from collections.abc import Iterator
from typing import Final

from sandbox.dataverse import errors
from sandbox.dataverse.binding import RowKey, relative
from sandbox.dataverse.calls import Answer, Call, empty_answer, json_answer
from sandbox.dataverse.errors import ApiError, bad_payload
from sandbox.dataverse.model import TableModel
from sandbox.dataverse.rows import insert_or_update
from sandbox.dataverse.store import Store
from sandbox.dataverse.validation import BodyReader, Changes
from sandbox.dataverse.values import Json, JsonObject, fold
from sandbox.dataverse.writes import Writer

BULK_ACTIONS: Final = frozenset({"CreateMultiple", "UpdateMultiple", "UpsertMultiple"})

_ADDRESS = re.compile(r"/?(?P<set>\w+)\((?P<key>(?:[^'()]|'(?:[^']|'')*')*)\)")


def run_bulk(action: str, call: Call, model: TableModel, store: Store, writer: Writer) -> Answer:
    """Run one of the bulk actions.

    Raises:
        ApiError: the error of the first row that is refused; nothing of the whole call remains then.
    """
    body = call.json()
    targets = body.get("Targets")
    if set(body) != {"Targets"} or not isinstance(targets, list) or not targets:
        raise bad_payload(model.set_name, f"{action} takes exactly one parameter, 'Targets', a collection of entities.")
    reader = BodyReader(store, call.content_ids)
    if action == "CreateMultiple":
        ids: list[Json] = []
        for address, changes in _read(model, targets, reader):
            _refuse_address(action, model, address)
            ids.append(writer.create(model, changes).id)
        context = f"{call.root}/$metadata#Microsoft.Dynamics.CRM.CreateMultipleResponse"
        return json_answer(200, {"@odata.context": context, "Ids": ids})
    seen: set[str] = set()
    for address, changes in _read(model, targets, reader):
        if action == "UpdateMultiple":
            _refuse_address(action, model, address)
        key = _key(model, address, changes)
        row = key.find(store, model)
        _refuse_twice(model, key, row.id if row else None, seen)
        if action == "UpsertMultiple":
            insert_or_update(model, key, row, changes, writer)
        elif row is None:
            raise key.missing(model)
        else:
            writer.update(model, row, changes)
    return empty_answer()


def _read(model: TableModel, targets: list[Json], reader: BodyReader) -> Iterator[tuple[str | None, Changes]]:
    """The `@odata.id` and the checked content of each target."""
    wanted = f"Microsoft.Dynamics.CRM.{model.name}"
    for target in targets:
        if not isinstance(target, dict):
            raise bad_payload(model.set_name, "Every member of 'Targets' must be an entity.")
        declared = target.get("@odata.type")
        if not isinstance(declared, str) or declared.removeprefix("#") != wanted:
            message = f"Every member of 'Targets' needs '@odata.type': '{wanted}'; found '{declared}'."
            raise bad_payload(model.set_name, message)
        yield _address(model, target), reader.read(model, {n: v for n, v in target.items() if n != "@odata.id"})


def _address(model: TableModel, target: JsonObject) -> str | None:
    address = target.get("@odata.id")
    if address is not None and not isinstance(address, str):
        raise bad_payload(model.set_name, "'@odata.id' must be a text.")
    return address


def _refuse_address(action: str, model: TableModel, address: str | None) -> None:
    """Only UpsertMultiple finds rows by their alternate keys; UpdateMultiple knows primary keys only."""
    if address is not None:
        message = f"{action} does not support '@odata.id': a row of '{model.name}' is named by its primary key only."
        raise ApiError(400, errors.INVALID_ARGUMENT, message)


def _key(model: TableModel, address: str | None, changes: Changes) -> RowKey:
    if address is not None:
        match = _ADDRESS.fullmatch(relative(address))
        if match is None or match["set"] != model.set_name:
            raise bad_payload(model.set_name, f"'@odata.id' must be an address in '{model.set_name}'.")
        return RowKey.parse(model, match["key"])
    if changes.row_id is None:
        message = f"Every member of 'Targets' needs '{model.id_column}' or '@odata.id'."
        raise ApiError(400, errors.INVALID_ARGUMENT, message)
    return RowKey(changes.row_id, {})


def _refuse_twice(model: TableModel, key: RowKey, row_id: str | None, seen: set[str]) -> None:
    """A row may be named once, whether by its id or by an alternate key."""
    names = {name for name in (key.row_id, row_id) if name is not None}
    if key.values:
        names.add(repr([fold(value) for value in key.values.values()]))
    if names & seen:
        message = f"An item with the same key has already been added: a row of {model.name} occurs twice in 'Targets'."
        raise ApiError(400, errors.INVALID_ARGUMENT, message)
    seen |= names
