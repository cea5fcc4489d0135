"""The body of a write: which properties it may have, and the values they may take."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from connector.dataverse.schema import Column, Kind
from sandbox.dataverse import errors
from sandbox.dataverse.binding import find_reference, resolve_content_id
from sandbox.dataverse.errors import ApiError, bad_payload
from sandbox.dataverse.model import LOOKUP_KINDS, Navigation, TableModel
from sandbox.dataverse.store import Store
from sandbox.dataverse.values import Json, JsonObject, Scalar, as_date, as_guid, as_stamp, as_time_without_zone

_BIND: Final = "@odata.bind"
#: The range of a whole-number column.
_INTEGERS: Final = range(-(2**31), 2**31)


@dataclass(slots=True)
class Changes:
    """What a body asks for, checked and in wire form.

    Attributes:
        values: the new value of each property; None clears.
        targets: for each lookup that is set, the table it points to.
        row_id: the primary id, when the body has it.
    """

    values: dict[str, Scalar] = field(default_factory=dict)
    targets: dict[str, str] = field(default_factory=dict)
    row_id: str | None = None


class BodyReader:
    """Reads bodies against the manifest; names are case-sensitive, as they are to Dataverse."""

    def __init__(self, store: Store, content_ids: dict[str, str] | None = None) -> None:
        self._store = store
        self._content_ids = content_ids or {}

    def read(self, model: TableModel, body: JsonObject) -> Changes:
        """Check a body.

        Raises:
            ApiError: 400 for unknown properties and wrong values, 404 for a reference to a row that does not exist.
        """
        changes = Changes()
        for name, value in body.items():
            column = model.columns.get(name)
            if column is not None and column.kind not in LOOKUP_KINDS:
                self._set(model, column, value, changes)
            elif name.endswith(_BIND):
                self._bind(model, name.removesuffix(_BIND), value, changes)
            elif name == "@odata.type":
                _check_type(model, value)
            elif "@" in name:
                raise bad_payload(model.set_name, f"The annotation '{name}' is not supported in a request.")
            else:
                self._navigate(model, name, value, changes)
        return changes

    def _set(self, model: TableModel, column: Column, value: Json, changes: Changes) -> None:
        if column.name == model.id_column:
            changes.row_id = as_guid(value) if isinstance(value, str) else None
            if changes.row_id is None:
                raise _wrong_type(model, column, value)
            return
        if not column.writable:
            message = f"The property '{column.name}' cannot be modified by callers."
            raise ApiError(400, errors.INVALID_ARGUMENT, message)
        changes.values[column.name] = check_value(model, column, value)

    def _bind(self, model: TableModel, name: str, value: Json, changes: Changes) -> None:
        navigation = model.navigations.get(name)
        if navigation is None:
            raise bad_payload(
                model.set_name,
                f"An undeclared property '{name}' which only has property annotations in the payload but no property "
                "value was found in the payload. In OData, only declared navigation properties and declared named "
                "streams can be represented as properties without values.",
            )
        if not isinstance(value, str):
            raise bad_payload(
                model.set_name, f"The value of '{name}{_BIND}' must be a string with an entity reference."
            )
        target, row = find_reference(self._store, resolve_content_id(value, self._content_ids))
        self._point(model, navigation, target.name, row.id, changes)

    def _point(self, model: TableModel, navigation: Navigation, table: str, row_id: str, changes: Changes) -> None:
        if table not in navigation.targets:
            raise bad_payload(
                model.set_name, f"A reference to '{table}' cannot be assigned to the property '{navigation.name}'."
            )
        if not navigation.column.writable:
            message = f"The property '{navigation.name}' cannot be modified by callers."
            raise ApiError(400, errors.INVALID_ARGUMENT, message)
        changes.values[navigation.property_name] = row_id
        changes.targets[navigation.property_name] = table

    def _navigate(self, model: TableModel, name: str, value: Json, changes: Changes) -> None:
        if name in model.properties:
            message = (
                "CRM do not support direct update of Entity Reference properties, Use Navigation properties instead."
            )
            raise ApiError(400, errors.BAD_QUERY, message)
        navigation = model.navigations.get(name)
        if navigation is None:
            raise bad_payload(
                model.set_name,
                f"The property '{name}' does not exist on type 'Microsoft.Dynamics.CRM.{model.name}'. Make sure to "
                "only use property names that are defined by the type.",
            )
        if value is not None:
            raise bad_payload(
                model.set_name, f"The property '{name}' takes '{_BIND}' or null; nothing else is supported."
            )
        # A null for one target of a polymorphic lookup clears it only if it points there; a plain clear is enough here.
        changes.values[navigation.property_name] = None


def _check_type(model: TableModel, value: Json) -> None:
    wanted = f"Microsoft.Dynamics.CRM.{model.name}"
    if not isinstance(value, str) or value.removeprefix("#") != wanted:
        raise bad_payload(model.set_name, f"'@odata.type' must be '{wanted}'; found '{value}'.")


def _wrong_type(model: TableModel, column: Column, value: Json) -> ApiError:
    written = "null" if value is None else type(value).__name__
    message = f"Cannot convert the literal of type '{written}' to the expected type '{column.kind}' of '{column.name}'."
    return bad_payload(model.set_name, message)


def _text(model: TableModel, column: Column, value: Json) -> Scalar:
    if not isinstance(value, str):
        raise _wrong_type(model, column, value)
    if len(value.encode("utf-16-le", errors="surrogatepass")) // 2 > column.length:  # as .NET counts
        message = (
            f"A validation error occurred.  The length of the '{column.name}' attribute of the '{model.name}' entity "
            f"exceeded the maximum allowed length of '{column.length}'."
        )
        raise ApiError(400, errors.TEXT_TOO_LONG, message)
    return value or None


def _choice(model: TableModel, column: Column, value: Json) -> Scalar:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong_type(model, column, value)
    if value not in column.options:
        accepted = ",".join(str(option) for option in column.options)
        message = (
            f"A validation error occurred. The value {value} of '{column.name}' on record of type '{model.name}' is "
            f"outside the valid range. Accepted Values: {accepted}"
        )
        raise ApiError(400, errors.CHOICE_OUT_OF_RANGE, message)
    return value


def _choices(model: TableModel, column: Column, value: Json) -> Scalar:
    if not isinstance(value, str):
        raise _wrong_type(model, column, value)
    try:
        numbers = sorted({int(part) for part in value.split(",")})
    except ValueError:
        raise _wrong_type(model, column, value) from None
    for number in numbers:
        _choice(model, column, number)
    return ",".join(str(number) for number in numbers)


def _integer(model: TableModel, column: Column, value: Json) -> Scalar:
    if not isinstance(value, int) or isinstance(value, bool) or value not in _INTEGERS:
        raise _wrong_type(model, column, value)
    return value


def _number(model: TableModel, column: Column, value: Json) -> Scalar:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _wrong_type(model, column, value)
    return value


def _yes_no(model: TableModel, column: Column, value: Json) -> Scalar:
    if not isinstance(value, bool):
        raise _wrong_type(model, column, value)
    return value


def _converted(convert: Callable[[str], str | None]) -> "Callable[[TableModel, Column, Json], Scalar]":
    def check(model: TableModel, column: Column, value: Json) -> Scalar:
        converted = convert(value) if isinstance(value, str) else None
        if converted is None:
            raise _wrong_type(model, column, value)
        return converted

    return check


_CHECKS: Final[dict[Kind, Callable[[TableModel, Column, Json], Scalar]]] = {
    Kind.TEXT: _text,
    Kind.MEMO: _text,
    Kind.CHOICE: _choice,
    Kind.STATE: _choice,
    Kind.STATUS: _choice,
    Kind.CHOICES: _choices,
    Kind.INTEGER: _integer,
    Kind.BIG_INTEGER: _number,
    Kind.DECIMAL: _number,
    Kind.MONEY: _number,
    Kind.YES_NO: _yes_no,
    Kind.DATE: _converted(as_date),
    Kind.DATE_TIME: _converted(as_stamp),
    Kind.DATE_TIME_NO_ZONE: _converted(as_time_without_zone),
    Kind.ID: _converted(as_guid),
}


def check_value(model: TableModel, column: Column, value: Json) -> Scalar:
    """The wire form of a value for a column; an empty text is a null, as in the database.

    Raises:
        ApiError: 400 when the column cannot hold it.
    """
    if value is None:
        if column.kind in (Kind.STATE, Kind.STATUS):
            raise _wrong_type(model, column, value)
        return None
    return _CHECKS[column.kind](model, column, value)
