"""`$select`, `$filter` and `$expand` of definitions, which know less than those of rows."""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Final, cast

from connector.dataverse.schema import Kind
from sandbox.dataverse.customizing.bodies import (
    ATTRIBUTE_NAMES,
    ATTRIBUTES,
    KEY_NAMES,
    OPTION_SET_NAMES,
    RELATIONSHIPS,
)
from sandbox.dataverse.errors import UNKNOWN_SEGMENT, ApiError, bad_query, unknown_property
from sandbox.dataverse.filters import Fields, compile_filter
from sandbox.dataverse.values import Json, JsonObject, Scalar

#: The types of the properties by which definitions can be filtered.
_KINDS: Final[dict[str, Kind]] = {
    **dict.fromkeys(
        (
            "LogicalName", "SchemaName", "EntitySetName", "PrimaryIdAttribute", "PrimaryNameAttribute", "AttributeType",
            "OwnershipType", "TableType", "RelationshipType", "ReferencingEntity", "ReferencedEntity",
            "ReferencingAttribute", "Entity1LogicalName", "Entity2LogicalName", "IntersectEntityName", "Name",
            "EntityKeyIndexStatus", "EntityLogicalName", "OptionSetType", "ReferencingEntityNavigationPropertyName",
        ),
        Kind.TEXT,
    ),
    "MetadataId": Kind.ID,
    "ObjectTypeCode": Kind.INTEGER,
    **dict.fromkeys(
        (
            "IsActivity", "IsPrivate", "IsCustomEntity", "IsManaged", "IsIntersect", "IsCustomAttribute", "IsPrimaryId",
            "IsPrimaryName", "IsValidForRead", "IsValidForCreate", "IsValidForUpdate", "IsCustomRelationship",
            "IsGlobal", "IsCustomOptionSet", "ChangeTrackingEnabled",
        ),
        Kind.YES_NO,
    ),
}  # fmt: skip
_FUNCTION: Final = re.compile(r"\b(startswith|endswith|contains)\s*\(")
_ENUM: Final = re.compile(r"Microsoft\.Dynamics\.CRM\.\w+(?=')")
_TERM: Final = re.compile(r"\s*(?P<name>\w+)\s*(?:\((?P<options>.*)\))?\s*", re.DOTALL)

#: What can be expanded, with the names that its items have.
EXPANDED: Final[Mapping[str, Set[str]]] = {
    "Attributes": ATTRIBUTE_NAMES,
    "Keys": KEY_NAMES,
    "ManyToOneRelationships": RELATIONSHIPS["OneToManyRelationshipMetadata"],
    "OneToManyRelationships": RELATIONSHIPS["OneToManyRelationshipMetadata"],
    "ManyToManyRelationships": RELATIONSHIPS["ManyToManyRelationshipMetadata"],
    "OptionSet": OPTION_SET_NAMES,
    "GlobalOptionSet": OPTION_SET_NAMES,
    "Privileges": frozenset(),
}
#: Properties that stand in an item only when they are expanded.
NAVIGATIONS: Final = frozenset(EXPANDED) - {"Privileges"}


def column_names(kind: str) -> Set[str]:
    """The properties of columns; of one type when it is named."""
    return ATTRIBUTE_NAMES | (ATTRIBUTES[kind] if kind else frozenset())


def filtered(items: list[JsonObject], parameters: Mapping[str, str]) -> list[JsonObject]:
    """The items that `$filter` lets through.

    Raises:
        ApiError: 400 for functions, which definitions do not take, and for unknown properties.
    """
    text = parameters.get("$filter")
    if not text:
        return items
    function = _FUNCTION.search(text)
    if function:
        message = f"The '{function[1]}' function isn't supported for Metadata Entities."
        raise ApiError(400, UNKNOWN_SEGMENT, message)
    matches = compile_filter(_ENUM.sub("", text), Fields("MetadataBase", _KINDS)).matches
    # What can be named in a filter is no object and no list.
    return [item for item in items if matches(cast("Mapping[str, Scalar]", item))]


def expanded_names(parameters: Mapping[str, str]) -> frozenset[str]:
    """What `$expand` names.

    Raises:
        ApiError: 400 when it cannot be read.
    """
    return frozenset(name for name, _ in _terms(parameters.get("$expand", "")))


def select(item: JsonObject, parameters: Mapping[str, str], known: Set[str], *, terse: bool = True) -> JsonObject:
    """What `$select` and `$expand` leave of an item.

    Args:
        item: with everything that can be expanded.
        parameters: the query options.
        known: the names that `$select` can say.
        terse: whether what can be expanded is left out otherwise.

    Raises:
        ApiError: 400 when they name what is not known.
    """
    expanded: JsonObject = {}
    for name, options in _terms(parameters.get("$expand", "")):
        if name not in item or name not in NAVIGATIONS:
            raise bad_query(f"The value '{name}' of $expand is not supported.")
        expanded[name] = _expand(item[name], options, EXPANDED[name])
    text = parameters.get("$select")
    if text is None:
        hidden = NAVIGATIONS if terse else frozenset()
        return {**{name: value for name, value in item.items() if name not in hidden}, **expanded}
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in known or name in NAVIGATIONS:
            raise unknown_property(name, "MetadataBase")
    shown: JsonObject = {"@odata.type": item["@odata.type"]} if "@odata.type" in item else {}
    shown |= {name: item.get(name) for name in names}
    return {**shown, "MetadataId": item.get("MetadataId"), **expanded}


def _expand(value: Json, options: Mapping[str, str], known: Set[str]) -> Json:
    if isinstance(value, list):
        items = filtered([each for each in value if isinstance(each, dict)], options)
        shown: list[Json] = [select(each, options, known) for each in items]
        return shown
    return select(value, options, known) if isinstance(value, dict) else None


def _terms(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The terms of an `$expand`, with the options of each."""
    for term in _split(text, ","):
        match = _TERM.fullmatch(term)
        if match is None:
            raise bad_query(f"Syntax error in '$expand': '{text}'.")
        options = dict(part.strip().partition("=")[::2] for part in _split(match["options"] or "", ";"))
        if set(options) - {"$select", "$filter", "$expand"}:
            raise bad_query(f"Only $select, $filter and $expand are supported within $expand of '{match['name']}'.")
        yield match["name"], options


def _split(text: str, separator: str) -> Sequence[str]:
    """The parts between separators that stand outside of parentheses."""
    parts, depth, start = [], 0, 0
    for position, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if character == separator and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    parts.append(text[start:])
    return [part for part in parts if part.strip()]
