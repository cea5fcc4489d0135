"""`MetadataFilterExpression`: conditions by which definitions are chosen, in an object that a query has."""

import json
import re
from collections.abc import Callable
from typing import Final

from sandbox.dataverse.customizing.bodies import check_parameters
from sandbox.dataverse.customizing.refusals import invalid
from sandbox.dataverse.customizing.shapes import object_in, objects_in, text_in
from sandbox.dataverse.values import Json, JsonObject, Scalar

_EXPRESSION: Final = frozenset({"FilterOperator", "Conditions", "Filters"})
_CONDITION: Final = frozenset({"PropertyName", "ConditionOperator", "Value"})
_VALUE: Final = frozenset({"Type", "Value"})
_OPERATORS: Final = ("Equals", "NotEquals", "In", "NotIn", "GreaterThan", "LessThan")
_LIST: Final = re.compile(r"\[(.*)\]", re.DOTALL)

#: From the text of a value to the value, by the .NET type that the query gives it.
_CONVERTED: Final[dict[str, Callable[[str], Scalar]]] = {
    "System.Boolean": lambda text: text.lower() == "true",
    "System.Int32": int,
    "System.Guid": str.lower,
}


def matches(expression: JsonObject, item: JsonObject) -> bool:
    """Whether a definition fits; an empty expression takes every one.

    Raises:
        ApiError: 400 when it cannot be understood.
    """
    check_parameters(expression, _EXPRESSION, "MetadataFilterExpression")
    operator = text_in(expression, "FilterOperator") or "And"
    if operator not in ("And", "Or"):
        raise invalid(f"'{operator}' is no FilterOperator.")
    results = [_holds(each, item) for each in objects_in(expression, "Conditions")]
    results += [matches(each, item) for each in objects_in(expression, "Filters")]
    return all(results) if operator == "And" or not results else any(results)


def _holds(condition: JsonObject, item: JsonObject) -> bool:
    check_parameters(condition, _CONDITION, "MetadataConditionExpression")
    name, operator = text_in(condition, "PropertyName"), text_in(condition, "ConditionOperator")
    if operator not in _OPERATORS or not name:
        raise invalid(f"'{operator}' is no ConditionOperator that the stand-in knows, or the PropertyName is missing.")
    value = object_in(condition, "Value")
    check_parameters(value, _VALUE, "Object")
    found, wanted = _plain(item.get(name)), _wanted(text_in(value, "Type"), value.get("Value"))
    if operator in ("Equals", "NotEquals"):
        return (wanted == [found]) is (operator == "Equals")
    if operator in ("In", "NotIn"):
        return (found in wanted) is (operator == "In")
    if not isinstance(found, int) or not isinstance(wanted[0], int):
        raise invalid(f"{operator} compares numbers.")
    return found > wanted[0] if operator == "GreaterThan" else found < wanted[0]


def _plain(value: Json) -> Scalar:
    """The value of a property; that of a managed one stands within it."""
    inner = value.get("Value") if isinstance(value, dict) else value
    return None if isinstance(inner, list | dict) else inner


def _wanted(kind: str, value: Json) -> list[Scalar]:
    """The values of a condition: they are text, whatever their type, and a list of them is text too."""
    if not kind or not isinstance(value, str):
        raise invalid("The Value of a condition has the name of its type, and its value as text.")
    convert = _CONVERTED.get(kind.removesuffix("[]"), str)
    try:
        if not kind.endswith("[]"):
            return [convert(value)]
        match = _LIST.fullmatch(value.strip())
        return [convert(str(each)) for each in json.loads(f"[{match[1].replace("'", '"')}]" if match else "")]
    except ValueError:
        raise invalid(f"'{value}' is not of the type {kind}.") from None
