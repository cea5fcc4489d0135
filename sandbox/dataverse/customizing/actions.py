"""The actions and functions of customising that are no definition themselves."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sandbox.dataverse import errors
from sandbox.dataverse.admission import BARE, admit
from sandbox.dataverse.calls import Answer, Call, empty_answer, json_answer
from sandbox.dataverse.customizing.bodies import check_parameters
from sandbox.dataverse.customizing.dependencies import listed
from sandbox.dataverse.customizing.exporting import Exports
from sandbox.dataverse.customizing.importing import Imports
from sandbox.dataverse.customizing.keys import reactivate_key
from sandbox.dataverse.customizing.membership import add_component, remove_component
from sandbox.dataverse.customizing.option_values import OPTION_ACTIONS
from sandbox.dataverse.customizing.parts import Parts
from sandbox.dataverse.customizing.publishing import Publishing
from sandbox.dataverse.customizing.refusals import invalid
from sandbox.dataverse.customizing.relationships import create_several
from sandbox.dataverse.customizing.requests import payload, solution_of
from sandbox.dataverse.customizing.shapes import objects_in, text_in, whole_in
from sandbox.dataverse.customizing.tables import create_table, number_from
from sandbox.dataverse.errors import ApiError, unknown_segment
from sandbox.dataverse.options import parse_query
from sandbox.dataverse.values import Json, JsonObject, as_guid

_LOOKUP: Final = frozenset({"Lookup", "OneToManyRelationships", "SolutionUniqueName"})
_PARAMETER: Final = re.compile(r"\s*(\w+)\s*=\s*([^,]+?)\s*")


@dataclass(frozen=True, slots=True)
class Tools:
    """What actions need."""

    parts: Parts
    publishing: Publishing
    exports: Exports
    imports: Imports


def _solution(tools: Tools, call: Call, body: JsonObject) -> str:
    """The solution that an action names in its body, or in the header.

    Raises:
        ApiError: 404 for an unknown one.
    """
    name = text_in(body, "SolutionUniqueName") or solution_of(call)
    if name:
        tools.parts.solutions.find(name)
    return name


def _response(call: Call, name: str, content: JsonObject) -> Answer:
    context = f"{call.root}/$metadata#Microsoft.Dynamics.CRM.{name}Response"
    return json_answer(200, {"@odata.context": context, **content})


def _options(name: str) -> Callable[[Tools, Call], Answer]:
    def run(tools: Tools, call: Call) -> Answer:
        body = payload(call)
        content = OPTION_ACTIONS[name](tools.parts, body, _solution(tools, call, body))
        return empty_answer() if content is None else _response(call, name, content)

    return run


def _create_tables(tools: Tools, call: Call) -> Answer:
    """`CreateEntities`, as Microsoft's Python client makes tables; the query option of the solution has no effect."""
    body = payload(call)
    check_parameters(body, frozenset({"Entities", "SolutionUniqueName"}), "CreateEntities")
    made = [create_table(tools.parts, each, _solution(tools, call, body)) for each in objects_in(body, "Entities")]
    if not made:
        raise invalid("Entities must have at least one table.")
    ids: list[Json] = [each.id for each in made]
    return _response(call, "CreateEntities", {"EntityIds": ids})


def _create_lookup(name: str, *, customer: bool) -> Callable[[Tools, Call], Answer]:
    def run(tools: Tools, call: Call) -> Answer:
        body = payload(call)
        check_parameters(body, _LOOKUP, name)
        found, column = create_several(tools.parts, body, _solution(tools, call, body), customer=customer)
        ids: list[Json] = [each.id for each in found]
        return _response(call, name, {"RelationshipIds": ids, "AttributeId": column.id})

    return run


def _reactivate(tools: Tools, call: Call) -> Answer:
    body = payload(call)
    check_parameters(body, frozenset({"EntityLogicalName", "EntityKeyLogicalName"}), "ReactivateEntityKey")
    table = tools.parts.finder.named(text_in(body, "EntityLogicalName"))
    reactivate_key(tools.parts, table, text_in(body, "EntityKeyLogicalName"))
    return empty_answer()


def _set_seed(tools: Tools, call: Call) -> Answer:
    body = payload(call)
    check_parameters(body, frozenset({"EntityName", "AttributeName", "Value"}), "SetAutoNumberSeed")
    table = tools.parts.finder.named(text_in(body, "EntityName"))
    column = tools.parts.finder.column(table, f"LogicalName='{text_in(body, 'AttributeName')}'")
    first = whole_in(body, "Value")
    if first is None or not column.column.auto_number:
        raise invalid("SetAutoNumberSeed takes a whole number for a column with an AutoNumberFormat.")
    number_from(tools.parts, table, column, first)
    return empty_answer()


def _publish(tools: Tools, call: Call) -> Answer:
    body = payload(call)
    check_parameters(body, frozenset({"ParameterXml"}), "PublishXml")
    tools.publishing.publish(text_in(body, "ParameterXml"))
    return empty_answer()


def _publish_all(tools: Tools, call: Call) -> Answer:
    check_parameters(payload(call), frozenset(), "PublishAllXml")
    tools.publishing.publish_all()
    return empty_answer()


def _languages(tools: Tools, call: Call, key: str | None, rest: str | None) -> Answer:
    _admit_function(call, rest)
    if key:
        raise unknown_segment(key)
    languages: list[Json] = list(tools.parts.knobs.languages)
    return _response(call, "RetrieveProvisionedLanguages", {"RetrieveProvisionedLanguages": languages})


def _dependencies(tools: Tools, call: Call, key: str | None, rest: str | None) -> Answer:
    """The parameters stand in the address, or are aliases (`@id`) with their values in the query string."""
    _admit_function(call, rest)
    given = {match[1]: match[2] for match in map(_PARAMETER.fullmatch, (key or "").split(",")) if match}
    aliases = dict(part.partition("=")[::2] for part in call.query.split("&") if part.startswith(("@", "%40")))
    values = {name: aliases.get(value, aliases.get(value.replace("@", "%40"), value)) for name, value in given.items()}
    object_id, kind = as_guid(values.get("ObjectId", "")), values.get("ComponentType", "")
    if set(given) != {"ObjectId", "ComponentType"} or object_id is None or not kind.isdigit():
        raise invalid("RetrieveDependenciesForDelete takes ObjectId, a guid, and ComponentType, a number.")
    rows = listed(tools.parts, int(kind), object_id)
    return json_answer(200, {"@odata.context": f"{call.root}/$metadata#dependencies", "value": rows})


def _admit_function(call: Call, rest: str | None) -> None:
    if call.method != "GET":
        raise ApiError(405, errors.BAD_QUERY, f"The resource does not support http method '{call.method}'.")
    if rest is not None:
        raise unknown_segment(rest)
    if "@" not in call.query and "%40" not in call.query:
        admit(call, parse_query(call.query), BARE)


def _export(tools: Tools, call: Call) -> Answer:
    return _response(call, "ExportSolution", tools.exports.export(payload(call)))


def _export_later(tools: Tools, call: Call) -> Answer:
    return _response(call, "ExportSolutionAsync", tools.exports.begin(payload(call)))


def _download(tools: Tools, call: Call) -> Answer:
    return _response(call, "DownloadSolutionExportData", tools.exports.download(payload(call)))


def _import(tools: Tools, call: Call) -> Answer:
    tools.imports.run(payload(call))
    return empty_answer()


def _import_later(tools: Tools, call: Call) -> Answer:
    return _response(call, "ImportSolutionAsync", tools.imports.begin(payload(call)))


def _add_component(tools: Tools, call: Call) -> Answer:
    return _response(call, "AddSolutionComponent", add_component(tools.parts, payload(call)))


def _remove_component(tools: Tools, call: Call) -> Answer:
    return _response(call, "RemoveSolutionComponent", remove_component(tools.parts, payload(call)))


ACTIONS: Final[dict[str, Callable[[Tools, Call], Answer]]] = {
    **{name: _options(name) for name in OPTION_ACTIONS},
    "CreateEntities": _create_tables,
    "CreateCustomerRelationships": _create_lookup("CreateCustomerRelationships", customer=True),
    "CreatePolymorphicLookupAttribute": _create_lookup("CreatePolymorphicLookupAttribute", customer=False),
    "ReactivateEntityKey": _reactivate,
    "SetAutoNumberSeed": _set_seed,
    "PublishXml": _publish,
    "PublishAllXml": _publish_all,
    "AddSolutionComponent": _add_component,
    "RemoveSolutionComponent": _remove_component,
    "ExportSolution": _export,
    "ExportSolutionAsync": _export_later,
    "DownloadSolutionExportData": _download,
    "ImportSolution": _import,
    "ImportSolutionAsync": _import_later,
}

FUNCTIONS: Final[dict[str, Callable[[Tools, Call, str | None, str | None], Answer]]] = {
    "RetrieveProvisionedLanguages": _languages,
    "RetrieveDependenciesForDelete": _dependencies,
}
