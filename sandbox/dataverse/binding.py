"""References to rows in requests: `/contacts(<id>)`, alternate keys, absolute addresses and `$1` of a change set."""

import re
from collections.abc import Collection
from typing import Final
from urllib.parse import unquote as percent_decode

from connector.dataverse.schema import Kind
from sandbox.dataverse import errors
from sandbox.dataverse.errors import ApiError, bad_query, not_supported
from sandbox.dataverse.literals import unquote
from sandbox.dataverse.model import TableModel
from sandbox.dataverse.store import Key, Row, Store
from sandbox.dataverse.values import Json, Scalar, as_guid

#: The path of the Web API below the organisation's address.
API_ROOT = "/api/data/v9.2/"
#: What the names of types, actions and functions begin with.
NAMESPACE: Final = "Microsoft.Dynamics.CRM."
#: How a body names the type of a row.
TYPE: Final = "@odata.type"

_ENTITY = re.compile(r"/?(?P<set>\w+)\((?P<key>(?:[^'()]|'(?:[^']|'')*')*)\)")
_KEY_PART = re.compile(r"\s*(\w+)\s*=\s*('(?:[^']|'')*'|[^,']+?)\s*(?:,|$)")
_CONTENT_ID = re.compile(r"/?(\$[^/?]+)")


def relative(url: str) -> str:
    """An address below the root of the Web API, whether it was written absolute, from the root or relative."""
    _, found, tail = url.partition(API_ROOT)
    return tail if found else url.lstrip("/")


def resolve_content_id(url: str, content_ids: dict[str, str]) -> str:
    """Replace a leading `$1` by the address of the row that this part of the change set made."""
    match = _CONTENT_ID.match(url)
    if match and match[1] in content_ids:
        return content_ids[match[1]] + url[match.end() :]
    return url


class RowKey:
    """What stands between the parentheses: a primary id, or the values of an alternate key.

    Attributes:
        row_id: the primary id, or None.
        values: the values of the alternate key by column, empty with a primary id.
    """

    __slots__ = ("row_id", "values")

    def __init__(self, row_id: str | None, values: dict[str, Scalar]) -> None:
        self.row_id = row_id
        self.values = values

    @classmethod
    def parse(cls, model: TableModel, text: str) -> "RowKey":
        """Read the key of a row.

        Raises:
            ApiError: 400 when it is neither an id nor an alternate key of the table.
        """
        row_id = as_guid(text)
        if row_id is not None:
            return cls(row_id, {})
        parts = _key_parts(text)
        if parts and set(parts) == {model.id_column}:
            row_id = as_guid(parts[model.id_column])
            if row_id is not None:
                return cls(row_id, {})
        if frozenset(parts) in model.building:
            raise errors.key_not_active(model.name)
        if not any(set(columns) == set(parts) for columns in model.table.keys.values()):
            raise bad_query(f"The key '{text}' is neither the primary key nor an alternate key of '{model.name}'.")
        return cls(None, {name: _key_value(model, name, value) for name, value in parts.items()})

    def find(self, store: Store, model: TableModel) -> Row | None:
        """The row of this key, if there is one."""
        if self.row_id is not None:
            return store.get(model.name, self.row_id)
        key: Key = tuple(self.values.values())
        return store.tables[model.name].by_key(self.values, key)

    def missing(self, model: TableModel) -> ApiError:
        """The error that there is no row of this key."""
        if self.row_id is not None:
            return errors.row_not_found(model.name, self.row_id)
        return errors.key_not_found(model.name)


def _key_parts(text: str) -> dict[str, str]:
    """The parts of a key by column; none when the text has anything else in it, or a column twice."""
    found = list(_KEY_PART.finditer(text))
    parts = {match[1]: match[2] for match in found}
    is_whole = "".join(match[0] for match in found) == text and not text.rstrip().endswith(",")
    return parts if is_whole and len(parts) == len(found) else {}


def _key_value(model: TableModel, name: str, text: str) -> Scalar:
    kind = model.columns[name].kind
    if kind in (Kind.TEXT, Kind.MEMO):
        if not text.startswith("'"):
            raise bad_query(f"The value of the key column '{name}' must be in quotes.")
        return unquote(text)
    try:
        return int(text)
    except ValueError:
        raise bad_query(f"The value of the key column '{name}' has the wrong type.") from None


def find_reference(store: Store, url: str) -> tuple[TableModel, Row]:
    """The row that an address points to.

    Raises:
        ApiError: 400 when the address cannot be read, 404 when there is no such set or row.
    """
    match = _ENTITY.fullmatch(relative(percent_decode(url)))
    if match is None:
        raise ApiError(400, errors.BAD_PAYLOAD, f"Invalid URI '{url}' in a reference to another record.")
    model = store.catalog.entity_set(match["set"])
    key = RowKey.parse(model, match["key"])
    row = key.find(store, model)
    if row is None:
        raise key.missing(model)
    return model, row


def typed_reference(store: Store, json: Json, tables: Collection[str]) -> tuple[TableModel, Row]:
    """The row that a parameter of an action names by its type and primary id, and nothing else.

    Raises:
        ApiError: 400 when it is no such parameter or of another table, 404 when there is no such row.
    """
    model = typed_model(store, json, tables)
    name = json.get(model.id_column) if isinstance(json, dict) else None
    row_id = as_guid(name) if isinstance(name, str) else None
    if row_id is None or not isinstance(json, dict) or len(json) != len({TYPE, model.id_column}):
        raise not_supported(f"A row is named by '{TYPE}' and '{model.id_column}' here, and nothing else.")
    row = store.get(model.name, row_id)
    if row is None:
        raise errors.row_not_found(model.name, row_id)
    return model, row


def typed_model(store: Store, json: Json, tables: Collection[str]) -> TableModel:
    """The table that the type of a parameter names.

    Raises:
        ApiError: 400 when it is none of these.
    """
    kind = json.get(TYPE) if isinstance(json, dict) else None
    table = kind.removeprefix("#").removeprefix(NAMESPACE) if isinstance(kind, str) else ""
    if table not in tables:
        raise not_supported(f"'{TYPE}' must name one of {', '.join(tables)}.")
    return store.catalog.by_name[table]
