"""Operations on single rows: create, read, update or insert, delete, and single properties, with their conditions.

Conditions are as the Web API documents them: a PATCH without a condition updates or inserts, with `If-Match: *` it
never inserts, with `If-None-Match: *` it never updates, and with an etag it happens to that row version or not at all.
"""

from typing import Final
from urllib.parse import quote

from sandbox.dataverse import errors
from sandbox.dataverse.binding import RowKey, find_reference
from sandbox.dataverse.calls import Answer, Call, empty_answer, json_answer
from sandbox.dataverse.errors import ApiError, bad_payload, unknown_segment
from sandbox.dataverse.model import TableModel
from sandbox.dataverse.privileges import require
from sandbox.dataverse.reads import Reader
from sandbox.dataverse.roles import Verb
from sandbox.dataverse.store import Row, Store
from sandbox.dataverse.users import Caller
from sandbox.dataverse.validation import BodyReader, Changes, check_value
from sandbox.dataverse.values import JsonObject
from sandbox.dataverse.writes import Writer

#: What is not encoded in the address of a row.
_PLAIN_IN_ADDRESS: Final = "()=',/"


class RowOperations:
    """Operations on single rows."""

    def __init__(self, store: Store, reader: Reader) -> None:
        self._store = store
        self._reader = reader

    def create(self, call: Call, model: TableModel, parameters: dict[str, str], writer: Writer) -> Answer:
        """`POST set`."""
        changes = BodyReader(self._store, call.content_ids).read(model, call.json())
        row = writer.create(model, changes)
        address = f"{call.root}/{model.set_name}({row.id})"
        return self._written(call, model, row, parameters, writer, {"OData-EntityId": address, "Location": address})

    def read(self, call: Call, model: TableModel, key: RowKey, parameters: dict[str, str], caller: Caller) -> Answer:
        """`GET set(key)`."""
        row = self.find(model, key)
        require(caller, Verb.READ, model, row)
        if call.headers.get("if-none-match") == row.etag:
            return Answer(304, {"OData-Version": "4.0", "ETag": row.etag})
        return self._shown(call, model, row, parameters, caller)

    def upsert(self, call: Call, model: TableModel, key: RowKey, parameters: dict[str, str], writer: Writer) -> Answer:
        """`PATCH set(key)`."""
        row = key.find(self._store, model)
        condition = call.headers.get("if-match")
        if row is None and condition is not None:
            raise key.missing(model)
        if row is not None:
            if call.headers.get("if-none-match") == "*":
                raise errors.duplicate_id()
            check_version(row, condition)
        changes = BodyReader(self._store, call.content_ids).read(model, call.json())
        row = insert_or_update(model, key, row, changes, writer)
        created = writer.events[-1].message == "Create"
        # The address names the row as the request did; without a representation, nothing shows the id or the version.
        address = f"{call.root}/{quote(call.path, safe=_PLAIN_IN_ADDRESS)}"
        return self._written(call, model, row, parameters, writer, {"OData-EntityId": address}, created=created)

    def delete(self, call: Call, model: TableModel, key: RowKey, writer: Writer) -> Answer:
        """`DELETE set(key)`."""
        row = self.find(model, key)
        check_version(row, call.headers.get("if-match"))
        writer.delete(model, row)
        return empty_answer()

    def read_property(
        self, call: Call, model: TableModel, key: RowKey, name: str, parameters: dict[str, str], caller: Caller
    ) -> Answer:
        """`GET set(key)/property`, or the row behind a navigation property."""
        row = self.find(model, key)
        require(caller, Verb.READ, model, row)
        navigation = model.navigations.get(name)
        if navigation is not None:
            related = self._reader.related(row, navigation)
            if related is None:
                return empty_answer()
            other_model, other = related
            require(caller, Verb.READ, other_model, other)
            return self._shown(call, other_model, other, parameters, caller)
        value = row.values.get(name)
        if value is None:
            return empty_answer()
        context = f"{call.root}/$metadata#{model.set_name}({row.id})/{name}"
        return json_answer(200, {"@odata.context": context, "value": value})

    def write_property(self, call: Call, model: TableModel, key: RowKey, name: str, writer: Writer) -> Answer:
        """`PUT` or `DELETE set(key)/property`."""
        row = self.find(model, key)
        check_version(row, call.headers.get("if-match"))
        body: JsonObject = {"value": None} if call.method == "DELETE" else call.json()
        if set(body) != {"value"} or name not in model.columns:
            raise bad_payload(model.set_name, f"The body must have exactly the property 'value', for '{name}'.")
        column = model.columns[name]
        if not column.writable:
            raise ApiError(400, errors.INVALID_ARGUMENT, f"The property '{name}' cannot be modified by callers.")
        writer.update(model, row, Changes({name: check_value(model, column, body["value"])}))
        return empty_answer()

    def link(self, call: Call, model: TableModel, key: RowKey, name: str, writer: Writer) -> Answer:
        """`PUT` or `DELETE set(key)/navigation/$ref`."""
        navigation = model.navigations.get(name)
        if navigation is None:
            raise unknown_segment(name)
        row = self.find(model, key)
        changes = Changes({navigation.property_name: None})
        if call.method == "PUT":
            body = call.json()
            if set(body) != {"@odata.id"}:
                raise bad_payload(model.set_name, "The body must have exactly the property '@odata.id'.")
            target, other = find_reference(self._store, str(body["@odata.id"]))
            if target.name not in navigation.targets:
                raise bad_payload(model.set_name, f"'{name}' cannot point to '{target.name}'.")
            changes = Changes({navigation.property_name: other.id}, {navigation.property_name: target.name})
        writer.update(model, row, changes)
        return empty_answer()

    def find(self, model: TableModel, key: RowKey) -> Row:
        """The row of a key.

        Raises:
            ApiError: 404 when there is none.
        """
        row = key.find(self._store, model)
        if row is None:
            raise key.missing(model)
        return row

    def _written(
        self,
        call: Call,
        model: TableModel,
        row: Row,
        parameters: dict[str, str],
        writer: Writer,
        headers: dict[str, str],
        *,
        created: bool = True,
    ) -> Answer:
        if not call.preferences.representation:
            return empty_answer(headers)
        require(writer.caller, Verb.READ, model, row)
        shown = self._shown(call, model, row, parameters, writer.caller)
        headers = {**(headers if call.method == "POST" else {}), "Preference-Applied": "return=representation"}
        return Answer(201 if created else 200, {**shown.headers, **headers}, shown.body)

    def _shown(self, call: Call, model: TableModel, row: Row, parameters: dict[str, str], caller: Caller) -> Answer:
        view = self._reader.view(model, parameters, call.preferences, caller, call.root)
        select = parameters.get("$select")
        context = f"{call.root}/$metadata#{model.set_name}" + (f"({select})" if select else "") + "/$entity"
        content: JsonObject = {"@odata.context": context, **self._reader.show(model, row, view)}
        return json_answer(200, content, {"ETag": row.etag})


def check_version(row: Row, condition: str | None) -> None:
    """Compare a row with `If-Match`.

    Raises:
        ApiError: 412 when the row has another version.
    """
    if condition is not None and condition not in ("*", row.etag):
        raise errors.version_mismatch()


def insert_or_update(model: TableModel, key: RowKey, row: Row | None, changes: Changes, writer: Writer) -> Row:
    """Update the row of a key, or make it with that key.

    Raises:
        ApiError: when the body contradicts the key, or the write is refused.
    """
    for name, value in key.values.items():
        if changes.values.setdefault(name, value) != value:
            raise bad_payload(model.set_name, f"The value of '{name}' differs from the key in the address.")
    if row is not None:
        return writer.update(model, row, changes)
    if key.row_id is not None:
        if changes.row_id not in (None, key.row_id):
            raise bad_payload(model.set_name, f"The value of '{model.id_column}' differs from the key in the address.")
        changes.row_id = key.row_id
    return writer.create(model, changes)
