"""What needs a component in Dataverse, so that it cannot be deleted, in words for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from connector.setup.component import ROW_SETS
from connector.setup.target import SetupTarget
from connector.words import Sentence, marked

#: What Dataverse answers to the deletion of a component that others need (dataverse-setup, section 22).
IN_USE: Final = "0x8004f01f"

_TABLE: Final = 1
#: What people call the kinds of components.
_WORDS: Final[Mapping[int, str]] = {
    _TABLE: marked("table"),
    2: marked("column"),
    9: marked("choice"),
    10: marked("relationship"),
    14: marked("key"),
    20: marked("role"),
    26: marked("view"),
    29: marked("process"),
    59: marked("chart"),
    60: marked("form"),
    61: marked("web resource"),
    62: marked("site map"),
    80: marked("app"),
    92: marked("step"),
    95: marked("service endpoint"),
    380: marked("environment variable"),
}
#: Where definitions are found, and the property with their name.
_DEFINITIONS: Final[Mapping[int, tuple[str, str]]] = {
    _TABLE: ("EntityDefinitions({id})", "LogicalName"),
    2: ("EntityDefinitions({parent})/Attributes({id})", "LogicalName"),
    9: ("GlobalOptionSetDefinitions({id})", "Name"),
    10: ("RelationshipDefinitions({id})", "SchemaName"),
    14: ("EntityDefinitions({parent})/Keys({id})", "LogicalName"),
}
#: Views and forms: several tables have some of the same name.
_OF_TABLES: Final = (26, 60)
#: The column with the name of a row, where it is not `name`.
_NAME_COLUMNS: Final[Mapping[int, str]] = {62: "sitemapname", 380: "schemaname"}


@dataclass(frozen=True, slots=True)
class Dependant:
    """One component that needs another one.

    Attributes:
        kind: its number in `solutioncomponents`.
        object_id: its id.
        parent_id: the id of the table that it belongs to, if any.
    """

    kind: int
    object_id: str
    parent_id: str


def dependants_of(target: SetupTarget, kind: int, object_id: str) -> list[Dependant]:
    """What Dataverse says that it would refuse the deletion for. It may know of more when it is asked to delete."""
    rows = target.calls.rows(f"RetrieveDependenciesForDelete(ObjectId={object_id},ComponentType={kind})")
    return [
        Dependant(
            int(str(row["dependentcomponenttype"])),
            str(row["dependentcomponentobjectid"]).lower(),
            str(row.get("dependentcomponentparentid") or "").lower(),
        )
        for row in rows
    ]


def described(target: SetupTarget, dependant: Dependant) -> Sentence:
    """A dependant by its kind and name, as people find it: `column contact.new_tag`; by its id where it has no name."""
    kind = dependant.kind
    named = _WORDS.get(kind)
    word = Sentence(named) if named else Sentence("component of type {number}", number=str(kind))
    address, column = _DEFINITIONS.get(kind, ("", ""))
    if kind in ROW_SETS:
        address, column = f"{ROW_SETS[kind]}({{id}})", _NAME_COLUMNS.get(kind, "name")
    name = _name(target, address, column, dependant)
    if not name:
        return Sentence("{kind} {name}", kind=word, name=dependant.object_id)
    if "{parent}" in address or (kind in _OF_TABLES and dependant.parent_id):
        table = _name(target, *_DEFINITIONS[_TABLE], Dependant(_TABLE, dependant.parent_id, ""))
        name = f"{table}.{name}" if table else name
    return Sentence("{kind} {name}", kind=word, name=name)


def _name(target: SetupTarget, address: str, column: str, dependant: Dependant) -> str:
    if not address:
        return ""
    path = address.format(id=dependant.object_id, parent=dependant.parent_id)
    return str((target.calls.find(f"{path}?$select={column}") or {}).get(column) or "")
