"""The action Merge: one contact, lead or account is merged into another one of its table."""

from typing import Final

from sandbox.dataverse import errors
from sandbox.dataverse.calls import Answer, Call, empty_answer
from sandbox.dataverse.errors import ApiError
from sandbox.dataverse.model import TableModel
from sandbox.dataverse.store import Row, Store
from sandbox.dataverse.validation import BodyReader, Changes
from sandbox.dataverse.values import Json, JsonObject, as_guid
from sandbox.dataverse.writes import Writer

_TABLES: Final = ("contact", "lead", "account")
_PREFIX: Final = "Microsoft.Dynamics.CRM."
_NEEDED: Final = {"Target", "Subordinate", "PerformParentingChecks"}


def run_merge(call: Call, store: Store, writer: Writer) -> Answer:
    """`POST Merge`: the target takes over the content, and the subordinate is deactivated.

    Raises:
        ApiError: 400 for a wrong parameter, 404 for a row that does not exist.
    """
    body = call.json()
    if not _NEEDED <= body.keys() <= _NEEDED | {"UpdateContent"} or body["PerformParentingChecks"] is not False:
        message = (
            "Merge takes Target, Subordinate, UpdateContent, and PerformParentingChecks, which must be false here."
        )
        raise _invalid(message)
    model, target = _row(store, body["Target"])
    other_model, subordinate = _row(store, body["Subordinate"])
    if model is not other_model or target.id == subordinate.id:
        raise _invalid("Two different rows of one table can be merged.")
    if subordinate.values.get("merged") is True or target.values.get("statecode") != 0:
        raise _invalid("A row that was merged before, or is not active, cannot be merged.")
    writer.merge(model, target, subordinate, _content(store, call, model, body.get("UpdateContent")))
    return empty_answer()


def _row(store: Store, json: Json) -> tuple[TableModel, Row]:
    model = _model(store, json)
    name = json.get(model.id_column) if isinstance(json, dict) else None
    row_id = as_guid(name) if isinstance(name, str) else None
    if row_id is None or not isinstance(json, dict) or len(json) != len({"@odata.type", model.id_column}):
        raise _invalid(f"A row to merge is named by '@odata.type' and '{model.id_column}', and nothing else.")
    row = store.get(model.name, row_id)
    if row is None:
        raise errors.row_not_found(model.name, row_id)
    return model, row


def _model(store: Store, json: Json) -> TableModel:
    kind = json.get("@odata.type") if isinstance(json, dict) else None
    table = kind.removeprefix("#").removeprefix(_PREFIX) if isinstance(kind, str) else ""
    if table not in _TABLES:
        raise _invalid(f"Rows of {', '.join(_TABLES)} can be merged; '@odata.type' must name one of them.")
    return store.catalog.by_name[table]


def _content(store: Store, call: Call, model: TableModel, json: Json) -> Changes:
    if json is None:
        return Changes()
    if not isinstance(json, dict) or _model(store, json) is not model:
        raise _invalid("UpdateContent must be a row of the same table.")
    values: JsonObject = {name: value for name, value in json.items() if name != model.id_column}
    return BodyReader(store, call.content_ids).read(model, values)


def _invalid(message: str) -> ApiError:
    return ApiError(400, errors.INVALID_ARGUMENT, message)
