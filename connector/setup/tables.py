"""Tables of the solution, each made with its primary column."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Final

from connector.dataverse.names import Lead, MarketingList
from connector.dataverse.schema import TABLES, Table, installation as manifest
from connector.dataverse.schema.labels import label
from connector.setup.column_bodies import column_body
from connector.setup.component import Found, Part, PropertyDifference, SetupPhase
from connector.setup.labels import managed, value_of
from connector.setup.target import SetupTarget
from connector.words import Sentence

_TYPE: Final = "Microsoft.Dynamics.CRM.EntityMetadata"
#: Why a part is not there, by the table that it is about.
_ABSENT: Final = {
    MarketingList.TABLE: Sentence("The environment has no Marketing Lists: they need a licence of Dynamics 365 Sales."),
    Lead.TABLE: Sentence("The environment has no leads: they need a licence of Dynamics 365 Sales."),
}


@dataclass(frozen=True, slots=True)
class TablePart(Part):
    """One table."""

    kind = "table"
    phase = SetupPhase.TABLES
    pause = 5.0
    solution_type = 1
    table: Table

    @property
    def name(self) -> str:
        """Its logical name."""
        return self.table.name

    @property
    def publishes(self) -> tuple[str, ...]:
        """Itself."""
        return (self.name,)

    def read(self, target: SetupTarget) -> Found | None:
        """The whole definition: what a change would leave out would be reset."""
        return target.calls.find(self.address)

    def compare(self, found: Found, target: SetupTarget) -> Sequence[PropertyDifference]:
        """Names, owner, texts and auditing."""
        languages = target.languages
        fixed = {
            "OwnershipType": "UserOwned",
            "IsActivity": False,
            "EntitySetName": self.table.set_name,
            "PrimaryIdAttribute": self.table.id_column,
            "PrimaryNameAttribute": self.table.name_column,
            "IsManaged": False,
        }
        differences = [
            PropertyDifference(name, str(value), str(found.get(name)), can_change=False)
            for name, value in fixed.items()
            if found.get(name) != value and not (name == "IsManaged" and found.get(name) is None)
        ]
        differences += languages.differences("DisplayName", label(self.table.label), found.get("DisplayName"))
        differences += languages.differences(
            "DisplayCollectionName", manifest.plural(self.table), found.get("DisplayCollectionName")
        )
        if manifest.is_audited(self.table) and value_of(found.get("IsAuditEnabled")) is not True:
            differences.append(PropertyDifference("IsAuditEnabled", "True", str(value_of(found.get("IsAuditEnabled")))))
        return differences

    def create(self, target: SetupTarget) -> None:
        """Make it with its primary column; the others follow when it has settled."""
        table, languages = self.table, target.languages
        body = {
            "@odata.type": _TYPE,
            "SchemaName": manifest.schema_name(table),
            "DisplayName": languages.label(label(table.label)),
            "DisplayCollectionName": languages.label(manifest.plural(table)),
            "Description": languages.label(manifest.table_description(table)),
            "OwnershipType": "UserOwned",
            "IsActivity": False,
            "HasActivities": False,
            "HasNotes": False,
            "IsAuditEnabled": managed(manifest.is_audited(table), "canmodifyauditsettings"),
            "PrimaryNameAttribute": table.name_column,
            "Attributes": [{**column_body(table, table.column(table.name_column), languages), "IsPrimaryName": True}],
        }
        target.calls.post("EntityDefinitions", body, manifest.SOLUTION.name)

    def change(self, found: Found, differences: Sequence[PropertyDifference], target: SetupTarget) -> None:
        """Write the whole definition back with our texts and auditing."""
        languages = target.languages
        body = {
            **found,
            "@odata.type": _TYPE,
            "DisplayName": languages.label(label(self.table.label)),
            "DisplayCollectionName": languages.label(manifest.plural(self.table)),
        }
        if any(each.property == "IsAuditEnabled" for each in differences):
            body["IsAuditEnabled"] = managed(True, "canmodifyauditsettings")
        body.pop("@odata.context", None)
        target.calls.put(self.address, body, manifest.SOLUTION.name)

    def holds(self, found: Found, target: SetupTarget) -> Sequence[str]:  # noqa: ARG002 - of the protocol
        """Columns and N:N relationships that others added to it; each of these relationships holds pairs of rows.

        A column that belongs to another (`AttributeOf`) is made by the platform.
        """
        known = {column.name for column in self.table.columns}
        columns = target.calls.some_rows(f"{self.address}/Attributes?$select=LogicalName,IsCustomAttribute,AttributeOf")
        pairs = target.calls.rows(f"{self.address}/ManyToManyRelationships?$select=SchemaName,IsCustomRelationship")
        return [
            *(
                Sentence("column {name}", name=f"{self.name}.{each['LogicalName']}")
                for each in columns
                if each.get("IsCustomAttribute") is True
                and not each.get("AttributeOf")
                and each["LogicalName"] not in known
            ),
            *(
                Sentence("relationship {name}", name=str(each["SchemaName"]))
                for each in pairs
                if each.get("IsCustomRelationship") is True
            ),
        ]

    def remove(self, found: Found, target: SetupTarget) -> None:  # noqa: ARG002 - of the protocol
        """Delete it, with its rows, columns, keys, relationships, views and forms."""
        target.calls.delete(self.address)

    @property
    def address(self) -> str:
        """Of its definition."""
        return f"EntityDefinitions(LogicalName='{self.name}')"


def without_table(target: SetupTarget, *tables: str) -> str:
    """Why a part about one of these tables cannot be there; empty where it can."""
    absent = target.absent & set(tables)
    return next((why for table, why in _ABSENT.items() if table in absent), "")


def absent_columns(table: str, absent: Set[str]) -> frozenset[str]:
    """The columns of a table that could only point to tables that the environment does not have.

    Args:
        table: its logical name.
        absent: the tables that are not there.
    """
    columns = TABLES[table].columns if table in TABLES else ()
    return frozenset(each.name for each in columns if each.targets and set(each.targets) <= absent)
