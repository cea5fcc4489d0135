"""Lookups, each made with the relationships below it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from connector.dataverse.api import filters
from connector.dataverse.schema import Column, Kind, Table, installation as manifest
from connector.dataverse.schema.installation import Relationship, plural
from connector.dataverse.schema.labels import Text, label
from connector.setup.column_bodies import common_body
from connector.setup.column_limits import LEVEL, level_differences
from connector.setup.component import Found, Part, PropertyDifference, SetupPhase
from connector.setup.tables import TablePart, without_table
from connector.setup.target import SetupTarget
from connector.words import Sentence

_TYPE: Final = "Microsoft.Dynamics.CRM."
_ONE_TO_MANY: Final = f"{_TYPE}OneToManyRelationshipMetadata"
_LOOKUP: Final = f"{_TYPE}LookupAttributeMetadata"
#: Where `read` puts the relationships.
_RELATIONSHIPS: Final = "Relationships"
#: What happens to our row with the record that it points to: nothing, but for a lookup that is cleared.
_CASCADE: Final = {
    "Assign": "NoCascade",
    "Delete": "RemoveLink",
    "Merge": "NoCascade",
    "Reparent": "NoCascade",
    "Share": "NoCascade",
    "Unshare": "NoCascade",
    "RollupView": "NoCascade",
}
#: What the platform gives the lookup to accounts and contacts besides: two that are merged keep their rows
#: (dataverse-setup, section 7.2).
_CASCADE_OF_CUSTOMER: Final = {"Merge": "Cascade"}
_CASCADES: Final = "CascadeConfiguration"
#: What shows our rows below Related on the record, without a change of any form.
_MENU: Final = "AssociatedMenuConfiguration"
_NAVIGATION: Final = "ReferencingEntityNavigationPropertyName"
_NAMES: Final = " or ".join(
    filters.eq("SchemaName", each.name)
    for table in (*manifest.OWN_TABLES, *manifest.EXTENDED_TABLES)
    for each in manifest.relationships(table)
)
#: The relationships that have names of ours, in one list for all lookups.
_NAMED: Final = f"RelationshipDefinitions/{_ONE_TO_MANY}?$select=SchemaName,ReferencingEntity&$filter={quote(_NAMES)}"


@dataclass(frozen=True, slots=True)
class LookupPart(Part):
    """One lookup, to one table or to accounts and contacts."""

    kind = "lookup"
    phase = SetupPhase.LOOKUPS
    pause = 3.0
    table: Table
    column: Column

    @property
    def name(self) -> str:
        """Table and column."""
        return f"{self.table.name}.{self.column.name}"

    @property
    def part_of(self) -> str:
        """Its table."""
        return f"{TablePart.kind} {self.table.name}"

    @property
    def publishes(self) -> tuple[str, ...]:
        """The table that has it."""
        return (self.table.name,)

    def left_alone(self, target: SetupTarget) -> str:
        """A table that is not there cannot be pointed to."""
        return without_table(target, *self.column.targets)

    def refusal(self, found: Found | None, target: SetupTarget) -> str:
        """Its relationships must not have the name of one that is there."""
        mine = {each.name for each in manifest.relationships(self.table) if each.column == self.column.name}
        if found is not None:
            return ""
        for row in target.calls.rows(_NAMED):
            if row.get("SchemaName") in mine:
                return Sentence(
                    "there is another relationship with the name {name}, of the table {table}. Delete that one.",
                    name=str(row["SchemaName"]),
                    table=str(row.get("ReferencingEntity")),
                )
        return ""

    def read(self, target: SetupTarget) -> Found | None:
        """The definition of the column, with its relationships."""
        found = target.calls.find(self.address)
        if found is None:
            return None
        columns = f"MetadataId,ReferencedEntity,ReferencingAttribute,{_NAVIGATION},{_CASCADES},{_MENU}"
        condition = filters.eq("ReferencingEntity", self.table.name)
        rows = target.calls.rows(f"RelationshipDefinitions/{_ONE_TO_MANY}?$select={columns}&$filter={quote(condition)}")
        return {**found, _RELATIONSHIPS: [row for row in rows if row["ReferencingAttribute"] == self.column.name]}

    def object_ids(self, found: Found) -> Sequence[str]:
        """Of the column and of its relationships."""
        return self.object_id(found), *(str(each["MetadataId"]) for each in _relationships(found))

    def compare(self, found: Found, target: SetupTarget) -> Sequence[PropertyDifference]:
        """The tables, the names through which the connector writes it, cascades, menus, required level and texts."""
        if not str(found.get("@odata.type")).endswith("LookupAttributeMetadata"):
            return [PropertyDifference("type", _LOOKUP, str(found.get("@odata.type")), can_change=False)]
        present = {each["ReferencedEntity"]: each[_NAVIGATION] for each in _relationships(found)}
        differences = [
            PropertyDifference(f"navigation to {table}", name, str(present.get(table) or ""), can_change=False)
            for table, name in self.column.navigation.items()
            if present.get(table) != name
        ]
        differences += [
            each for one in _relationships(found) for each in (*self._cascades(one), *self._menus(one, target))
        ]
        differences += level_differences(self.column, found)
        differences += target.languages.differences("DisplayName", label(self.column.label), found.get("DisplayName"))
        return differences

    def create(self, target: SetupTarget) -> None:
        """Make column and relationships in one call."""
        common = common_body(self.table, self.column, target.languages)
        relationships = [each for each in manifest.relationships(self.table) if each.column == self.column.name]
        if self.column.kind is not Kind.CUSTOMER:
            (one,) = relationships
            target.calls.post("RelationshipDefinitions", _one_target(one, common, target), manifest.SOLUTION.name)
            return
        body = {
            "Lookup": {
                "@odata.type": f"{_TYPE}ComplexLookupAttributeMetadata",
                "AttributeType": "Lookup",
                "AttributeTypeName": {"Value": "LookupType"},
                "Targets": list(self.column.targets),
                **common,
            },
            "OneToManyRelationships": [
                {
                    "@odata.type": f"{_TYPE}ComplexOneToManyRelationshipMetadata",
                    "SchemaName": each.name,
                    "ReferencedEntity": each.target,
                    "ReferencingEntity": each.table,
                }
                for each in relationships
            ],
            "SolutionUniqueName": manifest.SOLUTION.name,
        }
        target.calls.act("CreateCustomerRelationships", body)

    def change(self, found: Found, differences: Sequence[PropertyDifference], target: SetupTarget) -> None:
        """Write the definition back with our texts and level, and those of relationships with our cascades and menu."""
        changed = {each.property.partition(" ")[0] for each in differences}
        if changed & {"DisplayName", LEVEL}:
            common = common_body(self.table, self.column, target.languages)
            body = {**found, "@odata.type": _LOOKUP, "DisplayName": common["DisplayName"], LEVEL: common[LEVEL]}
            del body[_RELATIONSHIPS]
            body.pop("@odata.context", None)
            target.calls.put(self.address, body, manifest.SOLUTION.name)
        for one in _relationships(found):
            if self._cascades(one) or self._menus(one, target):
                address = f"RelationshipDefinitions({one['MetadataId']})"
                whole = {**target.calls.get(f"{address}/{_ONE_TO_MANY}"), "@odata.type": _ONE_TO_MANY}
                whole.pop("@odata.context", None)
                whole[_CASCADES] = {**_mapping(one[_CASCADES]), **self._cascade}
                if self._menus(one, target):
                    whole[_MENU] = {**_mapping(one[_MENU]), **_menu(plural(self.table), target)}
                target.calls.put(address, whole, manifest.SOLUTION.name)

    @property
    def _cascade(self) -> Mapping[str, str]:
        return {**_CASCADE, **_CASCADE_OF_CUSTOMER} if self.column.kind is Kind.CUSTOMER else _CASCADE

    def _cascades(self, relationship: Mapping[str, object]) -> list[PropertyDifference]:
        """What happens to our row with the record, where that is not as it should be."""
        shown = _mapping(relationship[_CASCADES])
        return [
            PropertyDifference(f"cascade of {relationship['ReferencedEntity']}: {name}", value, str(shown.get(name)))
            for name, value in self._cascade.items()
            if shown.get(name) != value
        ]

    def _menus(self, relationship: Mapping[str, object], target: SetupTarget) -> list[PropertyDifference]:
        """The entry below Related, where it is hidden or has another text; its place there is the customer's."""
        shown, name = _mapping(relationship[_MENU]), f"{_MENU} {relationship['ReferencedEntity']}"
        behavior = shown.get("Behavior")
        if (
            behavior == "UseCollectionName"
        ):  # what the platform gives the lookup to accounts and contacts: the same text
            return []
        if behavior != "UseLabel":
            return [PropertyDifference(name, "UseLabel", str(behavior))]
        return target.languages.differences(name, plural(self.table), shown.get("Label"))

    @property
    def address(self) -> str:
        """Of its definition."""
        return f"EntityDefinitions(LogicalName='{self.table.name}')/Attributes(LogicalName='{self.column.name}')"


def _relationships(found: Found) -> Sequence[Mapping[str, object]]:
    """What `read` found below the column."""
    rows = found[_RELATIONSHIPS]
    return [each for each in rows if isinstance(each, Mapping)] if isinstance(rows, list) else []


def _mapping(value: object) -> dict[str, object]:
    return dict(value) if isinstance(value, Mapping) else {}


def _menu(text: Text, target: SetupTarget) -> dict[str, object]:
    return {"Behavior": "UseLabel", "Label": target.languages.label(text)}


def _one_target(one: Relationship, common: dict[str, object], target: SetupTarget) -> dict[str, object]:
    return {
        "@odata.type": _ONE_TO_MANY,
        "SchemaName": one.name,
        "ReferencedEntity": one.target,
        "ReferencedAttribute": manifest.id_column(one.target),
        "ReferencingEntity": one.table,
        "Lookup": {"@odata.type": _LOOKUP, **common},
        "CascadeConfiguration": _CASCADE,
        _MENU: {"Group": "Details", "Order": 10000, **_menu(one.menu, target)},
    }
