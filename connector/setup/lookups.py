"""Lookups, each made with the relationships below it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from connector.dataverse.api import filters
from connector.dataverse.schema import Column, Kind, Table, installation as manifest
from connector.dataverse.schema.installation import Relationship
from connector.dataverse.schema.labels import label
from connector.setup.column_bodies import common_body
from connector.setup.component import Found, Part, PropertyDifference, SetupPhase
from connector.setup.tables import without_lists
from connector.setup.target import SetupTarget

_TYPE: Final = "Microsoft.Dynamics.CRM."
_ONE_TO_MANY: Final = f"{_TYPE}OneToManyRelationshipMetadata"
_LOOKUP: Final = f"{_TYPE}LookupAttributeMetadata"
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
    def publishes(self) -> tuple[str, ...]:
        """The table that has it."""
        return (self.table.name,)

    def left_alone(self, target: SetupTarget) -> str:
        """A table that is not there cannot be pointed to."""
        return without_lists(target, *self.column.targets)

    def read(self, target: SetupTarget) -> Found | None:
        """The definition of the column, with its relationships."""
        found = target.calls.find(self._address)
        if found is None:
            return None
        columns = "ReferencedEntity,ReferencingAttribute,ReferencingEntityNavigationPropertyName"
        condition = filters.eq("ReferencingEntity", self.table.name)
        rows = target.calls.rows(f"RelationshipDefinitions/{_ONE_TO_MANY}?$select={columns}&$filter={quote(condition)}")
        navigation = {
            str(row["ReferencedEntity"]): str(row["ReferencingEntityNavigationPropertyName"])
            for row in rows
            if row["ReferencingAttribute"] == self.column.name
        }
        return {**found, "Navigation": navigation}

    def compare(self, found: Found, target: SetupTarget) -> Sequence[PropertyDifference]:
        """The tables, the names through which the connector writes it, and texts."""
        if not str(found.get("@odata.type")).endswith("LookupAttributeMetadata"):
            return [PropertyDifference("type", _LOOKUP, str(found.get("@odata.type")), can_change=False)]
        navigation = found["Navigation"]
        present = navigation if isinstance(navigation, dict) else {}
        differences = [
            PropertyDifference(f"navigation to {table}", name, str(present.get(table) or ""), can_change=False)
            for table, name in self.column.navigation.items()
            if present.get(table) != name
        ]
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

    def change(self, found: Found, differences: Sequence[PropertyDifference], target: SetupTarget) -> None:  # noqa: ARG002
        """Write the definition back with our texts; nothing else of it can be changed."""
        body = {**found, "@odata.type": _LOOKUP, "DisplayName": target.languages.label(label(self.column.label))}
        del body["Navigation"]
        body.pop("@odata.context", None)
        target.calls.put(self._address, body, manifest.SOLUTION.name)

    @property
    def _address(self) -> str:
        return f"EntityDefinitions(LogicalName='{self.table.name}')/Attributes(LogicalName='{self.column.name}')"


def _one_target(one: Relationship, common: dict[str, object], target: SetupTarget) -> dict[str, object]:
    return {
        "@odata.type": _ONE_TO_MANY,
        "SchemaName": one.name,
        "ReferencedEntity": one.target,
        "ReferencedAttribute": manifest.id_column(one.target),
        "ReferencingEntity": one.table,
        "Lookup": {"@odata.type": _LOOKUP, **common},
        "CascadeConfiguration": _CASCADE,
        # This is what shows the rows below Related on the record, without a change of any form.
        "AssociatedMenuConfiguration": {
            "Behavior": "UseLabel",
            "Group": "Details",
            "Order": 10000,
            "Label": target.languages.label(one.menu),
        },
    }
