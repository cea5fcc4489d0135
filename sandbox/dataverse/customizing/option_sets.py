"""Option sets: those of a column, and the global ones that several columns share."""

import re
from typing import Final
from uuid import uuid4

from sandbox.dataverse.customizing.bodies import OPTION_SETS, check_option_set
from sandbox.dataverse.customizing.definitions import ChoiceDefinition
from sandbox.dataverse.customizing.options import boolean_options, read_options
from sandbox.dataverse.customizing.parts import Parts
from sandbox.dataverse.customizing.refusals import NAME_TAKEN, invalid
from sandbox.dataverse.customizing.shapes import flag_in, object_in, text_in, type_of
from sandbox.dataverse.values import JsonObject

_ADDRESS: Final = re.compile(r"(?:https?://[^/]+/api/data/v9\.2)?/?GlobalOptionSetDefinitions\((.+)\)")


def new_choice(parts: Parts, body: JsonObject, solution: str) -> ChoiceDefinition:
    """A global choice from the body that makes it.

    Raises:
        ApiError: 400 when something is wrong with it.
    """
    if type_of(body) not in OPTION_SETS:
        raise invalid("A choice needs '@odata.type' with the type of its definition.", "0x80048d19")
    check_option_set(body)
    name = text_in(body, "Name")
    parts.check_name(name, "OptionSet")
    if name.lower() in parts.definitions.choices:
        raise invalid(f"An OptionSet with the name {name} already exists.", NAME_TAKEN)
    if not flag_in(body, "IsGlobal", default=True):
        raise invalid("IsGlobal must be true for a global choice.")
    properties: JsonObject = {
        "@odata.type": "#Microsoft.Dynamics.CRM.OptionSetMetadata",
        "MetadataId": str(uuid4()),
        "Name": name,
        "IsGlobal": True,
        "IsCustomOptionSet": True,
        "IsManaged": False,
        "OptionSetType": text_in(body, "OptionSetType") or "Picklist",
        "DisplayName": parts.labels.read(body.get("DisplayName")),
        "Description": parts.labels.read(body.get("Description")),
        "Options": read_options(body, parts.labels, parts.solutions.first_option(solution)),
    }
    return ChoiceDefinition(str(properties["MetadataId"]), properties)


def changed_choice(parts: Parts, choice: ChoiceDefinition, body: JsonObject, *, merge: bool) -> None:
    """Take over a PUT: it changes texts, never options.

    Raises:
        ApiError: 400 when something is wrong with it.
    """
    check_option_set(body)
    if text_in(body, "Name").lower() not in ("", choice.name.lower()):
        raise invalid("The name of a choice cannot be changed.")
    for name in ("DisplayName", "Description"):
        before = object_in(choice.properties, name) if merge else None
        choice.properties[name] = parts.labels.read(body.get(name), before)


def column_options(
    parts: Parts, table: str, column: str, kind: str, body: JsonObject, solution: str
) -> tuple[JsonObject, JsonObject | None]:
    """The options of a column, and the global choice that it takes them from, if any.

    Raises:
        ApiError: 400 for both at once, none, or an address that is not understood; 404 for an unknown choice.
    """
    bound = body.get("GlobalOptionSet@odata.bind")
    if bound is not None:
        match = _ADDRESS.fullmatch(bound) if isinstance(bound, str) else None
        if match is None or body.get("OptionSet") is not None:
            raise invalid("A column takes GlobalOptionSet@odata.bind with the address of a choice, or an OptionSet.")
        shared = parts.finder.choice(match[1]).properties
        return shared, shared
    sent = object_in(body, "OptionSet")
    if kind == "Boolean":
        return boolean_options(sent, parts.labels), None
    if type_of(sent).removeprefix("Complex") != "OptionSetMetadata":
        raise invalid("A choice column needs an OptionSet of type OptionSetMetadata.", "0x80048d19")
    check_option_set(sent)
    if flag_in(sent, "IsGlobal"):
        raise invalid("An OptionSet in a column is not global; bind GlobalOptionSet instead.")
    local: JsonObject = {
        "@odata.type": "#Microsoft.Dynamics.CRM.OptionSetMetadata",
        "MetadataId": str(uuid4()),
        "Name": text_in(sent, "Name") or f"{table}_{column}",
        "IsGlobal": False,
        "IsCustomOptionSet": True,
        "OptionSetType": "Picklist",
        "DisplayName": parts.labels.read(body.get("DisplayName")),
        "Description": parts.labels.read(body.get("Description")),
        "Options": read_options(sent, parts.labels, parts.solutions.first_option(solution)),
    }
    return local, None
