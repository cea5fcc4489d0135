"""Pairs of rows in N:N relationships: `POST set(key)/collection/$ref`, and `DELETE set(key)/collection(id)/$ref`."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from sandbox.dataverse import errors
from sandbox.dataverse.binding import find_reference
from sandbox.dataverse.calls import Answer, Call, empty_answer
from sandbox.dataverse.errors import ApiError, bad_payload, duplicate_id, unknown_segment
from sandbox.dataverse.model import TableModel, property_name
from sandbox.dataverse.privileges import require
from sandbox.dataverse.relationships import ManyToMany
from sandbox.dataverse.roles import Verb
from sandbox.dataverse.store import Row
from sandbox.dataverse.validation import Changes
from sandbox.dataverse.values import as_guid
from sandbox.dataverse.writes import Writer

#: Checks a pair before it is made or ended: the writer, and the two rows by their tables.
type PairCheck = Callable[[Writer, Mapping[str, Row]], None]

_REFERENCE: Final = re.compile(r"(?P<name>\w+)(?:\((?P<id>[^()]+)\))?/\$ref")


def run_association(
    call: Call, model: TableModel, row: Row, rest: str, writer: Writer, checks: Mapping[str, PairCheck]
) -> Answer | None:
    """Make or end a pair; None when the path is about something else.

    Raises:
        ApiError: 400 for a pair that cannot be, 403 without privilege, 404 for one that is not there.
    """
    match = _REFERENCE.fullmatch(rest)
    relationship = model.collections.get(match["name"]) if match else None
    if match is None or relationship is None:
        return None
    other_model = writer.store.catalog.by_name[relationship.other(model.name)]
    if call.method == "POST" and match["id"] is None:
        target, other = _referred(call, model, writer)
        if target is not other_model:
            raise bad_payload(model.set_name, f"'{relationship.name}' cannot refer to '{target.name}'.")
        _check(writer, relationship, {model.name: row, target.name: other}, checks)
        if _pair(writer, relationship, {model.name: row, target.name: other}) is not None:
            if relationship.name in checks:  # whose pairs may be made again
                return empty_answer()
            raise duplicate_id()
        _create(writer, relationship, {model.name: row, target.name: other})
        return empty_answer()
    if call.method != "DELETE" or match["id"] is None:
        raise ApiError(405, errors.BAD_QUERY, f"The resource does not support http method '{call.method}'.")
    other_id = as_guid(match["id"])
    other_row = writer.store.get(other_model.name, other_id) if other_id else None
    if other_row is None:
        raise unknown_segment(rest)
    rows = {model.name: row, other_model.name: other_row}
    _check(writer, relationship, rows, checks)
    pair = _pair(writer, relationship, rows)
    if pair is None:
        raise errors.row_not_found(relationship.intersect, other_row.id)
    with writer.following():
        writer.delete(writer.store.catalog.by_name[relationship.intersect], pair)
    return empty_answer()


def _referred(call: Call, model: TableModel, writer: Writer) -> tuple[TableModel, Row]:
    body = call.json()
    if set(body) != {"@odata.id"}:
        raise bad_payload(model.set_name, "The body must have exactly the property '@odata.id'.")
    return find_reference(writer.store, str(body["@odata.id"]))


def _check(writer: Writer, relationship: ManyToMany, rows: Mapping[str, Row], checks: Mapping[str, PairCheck]) -> None:
    check = checks.get(relationship.name)
    if check is not None:
        check(writer, rows)
        return
    near, far = ((writer.store.catalog.by_name[name], row) for name, row in rows.items())
    require(writer.caller, Verb.APPEND, *near)
    require(writer.caller, Verb.APPEND_TO, *far)


def _pair(writer: Writer, relationship: ManyToMany, rows: Mapping[str, Row]) -> Row | None:
    data = writer.store.tables[relationship.intersect]
    found = [
        data.having(property_name(data.model.columns[column]), rows[table].id)
        for table, column in relationship.columns.items()
    ]
    for row_id in set(found[0]).intersection(*found[1:]):
        return data.rows[row_id]
    return None


def _create(writer: Writer, relationship: ManyToMany, rows: Mapping[str, Row]) -> None:
    model = writer.store.catalog.by_name[relationship.intersect]
    names = {table: property_name(model.columns[column]) for table, column in relationship.columns.items()}
    values = {name: rows[table].id for table, name in names.items()}
    targets = {name: table for table, name in names.items()}
    with writer.following():
        writer.create(model, Changes(dict(values), targets))
