"""The actions that change options; nothing else does."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from sandbox.dataverse.customizing.bodies import check_parameters
from sandbox.dataverse.customizing.definitions import ColumnDefinition, TableDefinition
from sandbox.dataverse.customizing.describing import OPTION_KINDS
from sandbox.dataverse.customizing.options import labels_by_value, new_option, next_value, states_by_status
from sandbox.dataverse.customizing.parts import Parts
from sandbox.dataverse.customizing.refusals import invalid
from sandbox.dataverse.customizing.shapes import flag_in, object_in, objects_in, text_in, whole_in
from sandbox.dataverse.customizing.solutions import CHOICE, COLUMN
from sandbox.dataverse.values import Json, JsonObject

_WHERE: Final = frozenset({"OptionSetName", "EntityLogicalName", "AttributeLogicalName", "SolutionUniqueName"})


@dataclass(frozen=True, slots=True)
class _Place:
    """Where options are."""

    option_set: JsonObject
    table: TableDefinition | None = None
    column: ColumnDefinition | None = None

    @property
    def options(self) -> list[JsonObject]:
        return objects_in(self.option_set, "Options")

    def find(self, value: int | None) -> JsonObject:
        for each in self.options:
            if each["Value"] == value:
                return each
        raise invalid(f"The option value {value} does not exist.")


def insert_option(parts: Parts, body: JsonObject, solution: str) -> JsonObject | None:
    """`InsertOptionValue`."""
    place = _place(parts, body, solution, frozenset({"Value", "Label", "Description", "ParentValues", "ExternalValue"}))
    return _insert(parts, place, body, solution, {})


def insert_status(parts: Parts, body: JsonObject, solution: str) -> JsonObject | None:
    """`InsertStatusValue`: a status reason of a state."""
    place = _place(parts, body, solution, frozenset({"Value", "Label", "Description", "StateCode"}))
    state = whole_in(body, "StateCode")
    if place.table is None or text_in(body, "AttributeLogicalName") != "statuscode":
        raise invalid("InsertStatusValue is for the column statuscode of a table.")
    if state not in place.table.columns["statecode"].column.options:
        raise invalid(f"The state {state} does not exist on {place.table.name}.")
    return _insert(parts, place, body, solution, {"State": state, "TransitionData": None})


def update_option(parts: Parts, body: JsonObject, solution: str) -> JsonObject | None:
    """`UpdateOptionValue`."""
    place = _place(
        parts, body, solution, frozenset({"Value", "Label", "Description", "MergeLabels", "ParentValues", "Color"})
    )
    _relabel(parts, place, body)
    return None


def update_state(parts: Parts, body: JsonObject, solution: str) -> JsonObject | None:
    """`UpdateStateValue`."""
    place = _place(
        parts, body, solution, frozenset({"Value", "Label", "Description", "MergeLabels", "DefaultStatusCode"})
    )
    if text_in(body, "AttributeLogicalName") != "statecode":
        raise invalid("UpdateStateValue is for the column statecode of a table.")
    _relabel(parts, place, body)
    return None


def order_options(parts: Parts, body: JsonObject, solution: str) -> JsonObject | None:
    """`OrderOption`: all values in their new order."""
    place = _place(parts, body, solution, frozenset({"Values"}))
    values = body.get("Values")
    present = {each["Value"]: each for each in place.options}
    if not isinstance(values, list) or {each for each in values if isinstance(each, int)} != set(present):
        raise invalid("Values must have every value of the options.")
    if len(values) != len(present):
        raise invalid("Values must have every value of the options once.")
    _store(parts, place, [present[value] for value in values])
    return None


def delete_option(parts: Parts, body: JsonObject, solution: str) -> JsonObject | None:
    """`DeleteOptionValue`; rows that have the value keep the number."""
    place = _place(parts, body, solution, frozenset({"Value"}))
    gone = place.find(whole_in(body, "Value"))
    _store(parts, place, [each for each in place.options if each is not gone])
    return None


#: The actions, and what each answers; nothing is a 204.
OPTION_ACTIONS: Final[dict[str, Callable[[Parts, JsonObject, str], JsonObject | None]]] = {
    "InsertOptionValue": insert_option,
    "InsertStatusValue": insert_status,
    "UpdateOptionValue": update_option,
    "UpdateStateValue": update_state,
    "OrderOption": order_options,
    "DeleteOptionValue": delete_option,
}


def _place(parts: Parts, body: JsonObject, solution: str, known: frozenset[str]) -> _Place:
    """Where the options of an action are; the component joins the solution that the action names.

    Raises:
        ApiError: 400 when it names both or neither of the two places, 404 when there is no such place.
    """
    check_parameters(body, known | _WHERE, "Action")
    shared, table_name = text_in(body, "OptionSetName"), text_in(body, "EntityLogicalName")
    if bool(shared) == bool(table_name):
        raise invalid("Name OptionSetName, or EntityLogicalName and AttributeLogicalName.")
    if shared:
        choice = parts.finder.choice(f"Name='{shared}'")
        parts.solutions.add(CHOICE, choice.id, solution)
        return _Place(choice.properties)
    table = parts.finder.named(table_name)
    parts.check_settled(table)
    column = parts.finder.column(table, f"LogicalName='{text_in(body, 'AttributeLogicalName')}'")
    if column.column.kind not in OPTION_KINDS:
        raise invalid(f"The column {column.column.name} has no options.")
    if isinstance(column.properties.get("GlobalOptionSet"), dict):
        raise invalid("The options of this column are those of a global choice; name OptionSetName.")
    parts.solutions.add(COLUMN, column.id, solution, table=table.name)
    return _Place(object_in(column.properties, "OptionSet"), table, column)


def _insert(parts: Parts, place: _Place, body: JsonObject, solution: str, more: JsonObject) -> JsonObject:
    used = {value for each in place.options if isinstance(value := each["Value"], int)}
    value = whole_in(body, "Value")
    if value is None:
        value = next_value(used, parts.solutions.first_option(solution))
    if value in used:
        raise invalid(f"The option value {value} already exists.")
    _store(parts, place, [*place.options, {**new_option(body, value, parts.labels), **more}])
    return {"NewOptionValue": value}


def _relabel(parts: Parts, place: _Place, body: JsonObject) -> None:
    option = place.find(whole_in(body, "Value"))
    merge = flag_in(body, "MergeLabels")
    for name in ("Label", "Description"):
        if name in body:
            option[name] = parts.labels.read(body[name], object_in(option, name) if merge else None)
    _store(parts, place, place.options)


def _store(parts: Parts, place: _Place, options: list[JsonObject]) -> None:
    shown: list[Json] = list(options)
    place.option_set["Options"] = shown
    if place.table is not None and place.column is not None:
        _refresh(parts, place.table, place.column)
        return
    for table in parts.definitions.tables.values():
        for column in table.columns.values():
            if column.properties.get("GlobalOptionSet") is place.option_set:
                _refresh(parts, table, column)


def _refresh(parts: Parts, table: TableDefinition, column: ColumnDefinition) -> None:
    option_set = object_in(column.properties, "OptionSet")
    column.column = replace(column.column, options=labels_by_value(option_set))
    if column.column.name == "statuscode":
        table.table = replace(table.table, status_state=states_by_status(option_set))
    parts.apply(table)
