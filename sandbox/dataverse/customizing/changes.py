"""`RetrieveMetadataChanges`: definitions that a query asks for, and what has changed since an earlier answer.

As "Query schema definitions" and "Cache schema data" of the documentation of Power Apps have it. The stand-in remembers
what there was with each answer, and compares.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from sandbox.dataverse.calls import Answer, Call, json_answer
from sandbox.dataverse.customizing.bodies import (
    ATTRIBUTE_NAMES,
    ATTRIBUTES,
    ENTITY_NAMES,
    KEY_NAMES,
    RELATIONSHIPS,
    check_parameters,
)
from sandbox.dataverse.customizing.criteria import matches
from sandbox.dataverse.customizing.refusals import invalid
from sandbox.dataverse.customizing.shapes import flag_in, object_in, texts_in, whole_in
from sandbox.dataverse.errors import ApiError, not_allowed, unknown_segment
from sandbox.dataverse.literals import unquote
from sandbox.dataverse.values import Json, JsonObject

NAME: Final = "RetrieveMetadataChanges"
#: The client's stamp is too old, or of another environment: it has to read everything.
EXPIRED: Final = "0x80044352"
_PARAMETERS: Final = frozenset({"Query", "ClientVersionStamp", "DeletedMetadataFilters"})
_RELATIONSHIPS: Final = ("ManyToManyRelationships", "ManyToOneRelationships", "OneToManyRelationships")
#: For each list of a table, the part of the query that says what of it is wanted, and what its items can have.
_PARTS: Final = {
    "Attributes": ("AttributeQuery", ATTRIBUTE_NAMES.union(*ATTRIBUTES.values())),
    "Keys": ("KeyQuery", KEY_NAMES),
    **{name: ("RelationshipQuery", frozenset[str]().union(*RELATIONSHIPS.values())) for name in _RELATIONSHIPS},
}
_QUERY: Final = frozenset({"Properties", "Criteria", "LabelQuery", "AttributeQuery", "KeyQuery", "RelationshipQuery"})
#: What `DeletedMetadataFilters` can ask for, by the kind of what is gone.
_DELETED: Final = {"Entity": 1, "Attribute": 2, "Relationship": 4, "Label": 8, "OptionSet": 16}
_NAMED: Final = {**{name.lower(): value for name, value in _DELETED.items()}, "default": 1, "all": 31}

#: What there was: the kind and the fingerprint of everything, by its id.
type Snapshot = dict[str, tuple[str, str]]


@dataclass(slots=True)
class MetadataChanges:
    """Answers these questions.

    Attributes:
        tables: every table that a caller sees, with all that it has.
        snapshots: what there was with each answer, by its stamp.
    """

    tables: Callable[[], Sequence[JsonObject]]
    snapshots: dict[str, Snapshot] = field(default_factory=dict)

    def answer(self, call: Call, key: str | None, rest: str | None) -> Answer:
        """`GET RetrieveMetadataChanges(Query=@p1, ...)?@p1={...}`.

        Raises:
            ApiError: 400 for what cannot be understood, `0x80044352` for a stamp that is not known.
        """
        if call.method != "GET":
            raise not_allowed(call.method)
        if rest is not None:
            raise unknown_segment(rest)
        given = _parameters(call, key or "")
        stamp = _text(given.get("ClientVersionStamp", ""))
        before = self.snapshots.get(stamp)
        if stamp and before is None:
            raise ApiError(
                400, EXPIRED, "Version stamp associated with the client has expired. Please perform a full sync."
            )
        now = list(self.tables())
        snapshot = dict(_fingerprints(now))
        server = f"{len(self.snapshots) + 1}!{_digest(sorted(snapshot))[:8]}"
        self.snapshots[server] = snapshot
        query = _object(given.get("Query", "{}"))
        found: list[Json] = []
        found.extend(_selected(query, now, before, snapshot))
        content: JsonObject = {
            "@odata.context": f"{call.root}/$metadata#Microsoft.Dynamics.CRM.{NAME}Response",
            "EntityMetadata": found,
            "ServerVersionStamp": server,
            "DeletedMetadata": _deleted(before, snapshot, _filters(given.get("DeletedMetadataFilters", ""))),
        }
        return json_answer(200, content)


def _parameters(call: Call, key: str) -> dict[str, str]:
    """The parameters as they stand in the address, or behind their aliases in the query string."""
    aliases = dict(parse_qsl(call.query, keep_blank_values=True))
    given: dict[str, str] = {}
    used: set[str] = set()
    for part in key.split(",") if key else ():
        name, _, value = (each.strip() for each in part.partition("="))
        if name not in _PARAMETERS or not value:
            raise invalid(f"{NAME} takes {', '.join(sorted(_PARAMETERS))}.")
        if value.startswith("@"):
            used.add(value)
            value = aliases.get(value, "")
        given[name] = value
    if aliases.keys() != used:
        raise invalid(f"The query string of {NAME} has exactly the aliases of its parameters.")
    return given


def _selected(
    query: JsonObject, now: Sequence[JsonObject], before: Snapshot | None, snapshot: Snapshot
) -> Iterator[JsonObject]:
    check_parameters(query, _QUERY, "EntityQueryExpression")
    properties = _wanted(query, ENTITY_NAMES)
    for name, (part, _) in _PARTS.items():
        names = _RELATIONSHIPS if name in _RELATIONSHIPS else (name,)
        if part in query and not set(names) & properties:
            raise invalid(f"{part} needs '{name}' among the properties of the query.")
    languages = _languages(object_in(query, "LabelQuery"))
    for table in now:
        if not matches(object_in(query, "Criteria"), table):
            continue
        changed = _is_changed(table, before, snapshot)
        shown: JsonObject = {name: table.get(name) for name in sorted(properties - _PARTS.keys())}
        shown["HasChanged"] = changed
        parts_changed = False
        for name in sorted(properties & _PARTS.keys()):
            items = list(_items(query, name, table, before, snapshot))
            parts_changed = parts_changed or bool(items)
            shown[name] = list[Json](items)
        if before is None or changed or parts_changed:
            yield _in_languages({**shown, "MetadataId": table["MetadataId"]}, languages)


def _items(
    query: JsonObject, name: str, table: JsonObject, before: Snapshot | None, snapshot: Snapshot
) -> Iterator[JsonObject]:
    part, known = _PARTS[name]
    inner = object_in(query, part)
    check_parameters(inner, frozenset({"Properties", "Criteria"}), part)
    properties = _wanted(inner, known) if inner else known
    items = table[name]
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and matches(object_in(inner, "Criteria"), item):
            changed = _is_changed(item, before, snapshot)
            if before is None or changed:
                shown = {each: item[each] for each in sorted(properties) if each in item}
                yield {
                    "@odata.type": item.get("@odata.type"),
                    **shown,
                    "MetadataId": item["MetadataId"],
                    "HasChanged": changed,
                }


def _wanted(query: JsonObject, known: frozenset[str]) -> frozenset[str]:
    """The properties that an expression asks for; what it says nothing of are the id alone.

    Raises:
        ApiError: 400 for a property that there is not.
    """
    expression = object_in(query, "Properties")
    check_parameters(expression, frozenset({"AllProperties", "PropertyNames"}), "MetadataPropertiesExpression")
    if flag_in(expression, "AllProperties"):
        return known
    names = frozenset(texts_in(expression, "PropertyNames"))
    if not names <= known:
        raise invalid(f"There is no property {', '.join(sorted(names - known))} of these definitions.")
    return names


def _is_changed(item: JsonObject, before: Snapshot | None, snapshot: Snapshot) -> Json:
    """Whether something is new or different; null where nothing is known of it before."""
    if before is None:
        return None
    item_id = str(item["MetadataId"])
    return before.get(item_id) != snapshot[item_id]


def _fingerprints(tables: Sequence[JsonObject]) -> Iterator[tuple[str, tuple[str, str]]]:
    for table in tables:
        plain = {name: value for name, value in table.items() if name not in _PARTS}
        yield str(table["MetadataId"]), ("Entity", _digest(plain))
        for name in _PARTS:
            kind = "Relationship" if name in _RELATIONSHIPS else "Attribute"
            items = table[name]
            for item in items if isinstance(items, list) else ():
                if isinstance(item, dict):
                    yield str(item["MetadataId"]), (kind, _digest(item))


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def _filters(text: str) -> int:
    """What deletions are asked for, as a sum of flags; nothing asks for those of tables."""
    plain = _text(text.removeprefix("Microsoft.Dynamics.CRM.DeletedMetadataFilters"))
    if plain.isdigit():
        return int(plain)
    names = [each.strip().lower() for each in plain.split(",")] if plain else ["default"]
    if not set(names) <= _NAMED.keys():
        raise invalid(f"'{plain}' is not a value of DeletedMetadataFilters.")
    return sum({_NAMED[name] for name in names})


def _deleted(before: Snapshot | None, snapshot: Snapshot, flags: int) -> Json:
    """The ids of what is gone, by the kind."""
    if before is None:
        return None
    gone = {each: kind for each, (kind, _) in before.items() if each not in snapshot}
    kinds = [kind for kind, flag in _DELETED.items() if flags & flag and kind in gone.values()]
    values: list[Json] = [
        {"Items": list[Json](sorted(each for each, of in gone.items() if of == kind))} for kind in kinds
    ]
    return {"Count": len(kinds), "IsReadOnly": False, "Keys": list[Json](kinds), "Values": values}


def _languages(query: JsonObject) -> frozenset[int]:
    """The languages of labels that are wanted; none are all."""
    check_parameters(query, frozenset({"FilterLanguages", "MissingLabelBehavior"}), "LabelQueryExpression")
    if whole_in(query, "MissingLabelBehavior") not in (None, 0):
        raise invalid("The stand-in knows the MissingLabelBehavior 0 only.")
    languages = query.get("FilterLanguages")
    return (
        frozenset(each for each in languages if isinstance(each, int)) if isinstance(languages, list) else frozenset()
    )


def _in_languages(item: JsonObject, languages: frozenset[int]) -> JsonObject:
    """A definition with the labels of these languages only."""
    return {name: _of_languages(value, languages) for name, value in item.items()} if languages else item


def _of_languages(value: Json, languages: frozenset[int]) -> Json:
    if isinstance(value, list):
        return [
            _of_languages(each, languages)
            for each in value
            if not isinstance(each, dict) or each.get("LanguageCode", next(iter(languages))) in languages
        ]
    return _in_languages(value, languages) if isinstance(value, dict) else value


def _text(literal: str) -> str:
    return unquote(literal) if literal.startswith("'") else literal


def _object(text: str) -> JsonObject:
    try:
        value: Json = json.loads(text)
    except ValueError:
        raise invalid(f"The Query of {NAME} is not valid JSON.") from None
    if not isinstance(value, dict):
        raise invalid(f"The Query of {NAME} is an EntityQueryExpression.")
    return value
