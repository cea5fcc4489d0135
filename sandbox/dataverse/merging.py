"""The action Merge: one contact, lead or account is merged into another one of its table."""

from typing import Final

from sandbox.dataverse.binding import typed_model, typed_reference
from sandbox.dataverse.calls import Answer, Call, empty_answer
from sandbox.dataverse.errors import not_supported
from sandbox.dataverse.model import TableModel
from sandbox.dataverse.store import Store
from sandbox.dataverse.validation import BodyReader, Changes
from sandbox.dataverse.values import Json, JsonObject
from sandbox.dataverse.writes import Writer

_TABLES: Final = ("contact", "lead", "account")
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
        raise not_supported(message)
    model, target = typed_reference(store, body["Target"], _TABLES)
    other_model, subordinate = typed_reference(store, body["Subordinate"], _TABLES)
    if model is not other_model or target.id == subordinate.id:
        raise not_supported("Two different rows of one table can be merged.")
    if subordinate.values.get("merged") is True or target.values.get("statecode") != 0:
        raise not_supported("A row that was merged before, or is not active, cannot be merged.")
    writer.merge(model, target, subordinate, _content(store, call, model, body.get("UpdateContent")))
    return empty_answer()


def _content(store: Store, call: Call, model: TableModel, json: Json) -> Changes:
    if json is None:
        return Changes()
    if not isinstance(json, dict) or typed_model(store, json, _TABLES) is not model:
        raise not_supported("UpdateContent must be a row of the same table.")
    values: JsonObject = {name: value for name, value in json.items() if name != model.id_column}
    return BodyReader(store, call.content_ids).read(model, values)
