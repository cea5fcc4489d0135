"""`AddSolutionComponent` and `RemoveSolutionComponent`."""

from typing import Final
from uuid import uuid4

from sandbox.dataverse.customizing.bodies import check_parameters
from sandbox.dataverse.customizing.parts import Parts
from sandbox.dataverse.customizing.refusals import invalid, no_definition
from sandbox.dataverse.customizing.shapes import flag_in, object_in, text_in, whole_in
from sandbox.dataverse.customizing.solutions import (
    CHOICE,
    COLUMN,
    KEY,
    RELATIONSHIP,
    ROW_COMPONENTS,
    TABLE,
    WHOLE,
)
from sandbox.dataverse.values import JsonObject, as_guid

_ADD: Final = frozenset(
    {"ComponentId", "ComponentType", "SolutionUniqueName", "AddRequiredComponents", "DoNotIncludeSubcomponents",
     "IncludedComponentSettingsValues"}
)  # fmt: skip
_REMOVE: Final = frozenset({"SolutionComponent", "ComponentType", "SolutionUniqueName"})
#: `rootcomponentbehavior` of a table that was added without its columns, views and forms.
_WITHOUT_SUBCOMPONENTS: Final = 1


def add_component(parts: Parts, body: JsonObject) -> JsonObject:
    """Put a component into a solution; one that is there already stays.

    Raises:
        ApiError: 400 for a body that is not understood, 404 for an unknown solution or component.
    """
    check_parameters(body, _ADD, "AddSolutionComponent")
    object_id, kind = as_guid(text_in(body, "ComponentId")), whole_in(body, "ComponentType")
    solution = text_in(body, "SolutionUniqueName")
    if object_id is None or kind is None or not solution:
        raise invalid("AddSolutionComponent takes ComponentId, ComponentType and SolutionUniqueName.")
    parts.solutions.find(solution)
    table = _table_of(parts, kind, object_id)
    without = flag_in(body, "DoNotIncludeSubcomponents")
    behavior = _WITHOUT_SUBCOMPONENTS if kind == TABLE and without else WHOLE
    row_id = parts.solutions.add(kind, object_id, solution, table=table, behavior=behavior)
    return {"id": row_id or str(uuid4())}


def remove_component(parts: Parts, body: JsonObject) -> JsonObject:
    """Take a component out of a solution. The component itself, or its row in the solution, can be named.

    Raises:
        ApiError: 400 when it is not in the solution.
    """
    check_parameters(body, _REMOVE, "RemoveSolutionComponent")
    solution = text_in(body, "SolutionUniqueName")
    named = as_guid(text_in(object_in(body, "SolutionComponent"), "solutioncomponentid"))
    if named is None or not solution:
        raise invalid("RemoveSolutionComponent takes SolutionComponent, ComponentType and SolutionUniqueName.")
    row = parts.store.get("solutioncomponent", named)
    object_id = named if row is None else str(row.values["objectid"])
    if not parts.solutions.leave(object_id, solution):
        raise invalid(f"The component {named} is not in the solution {solution}.")
    return {"id": named}


def _table_of(parts: Parts, kind: int, object_id: str) -> str:
    """The table that a component belongs to; empty where there is none.

    Raises:
        ApiError: 404 for an unknown component.
    """
    definitions = parts.definitions
    for table in definitions.tables.values():
        if kind == TABLE and table.id == object_id:
            return ""
        is_column = kind == COLUMN and any(each.id == object_id for each in table.columns.values())
        if is_column or (kind == KEY and any(each.id == object_id for each in table.keys.values())):
            return table.name
    if kind == RELATIONSHIP and any(each.id == object_id for each in definitions.relationships.values()):
        return ""
    if kind == CHOICE and any(each.id == object_id for each in definitions.choices.values()):
        return ""
    for name, (component, of_table) in ROW_COMPONENTS.items():
        row = parts.store.get(name, object_id) if component == kind and name in parts.store.tables else None
        if row is not None:
            return str(row.values.get(of_table) or "") if of_table else ""
    raise no_definition(f"a component of type {kind} with id {object_id}")
