"""Alternate keys. Dataverse builds an index for each, and one with duplicates in its rows fails."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from connector.dataverse.schema import Table, installation as manifest
from connector.dataverse.schema.labels import Text, label
from connector.setup.component import Found, Part, PropertyDifference, SetupPhase
from connector.setup.tables import TablePart
from connector.setup.target import SetupTarget
from connector.words import Sentence

ACTIVE: Final = "Active"
FAILED: Final = "Failed"
_INDEX: Final = "EntityKeyIndexStatus"
#: What is read of a key.
KEY_COLUMNS: Final = f"SchemaName,LogicalName,KeyAttributes,{_INDEX},MetadataId"


@dataclass(frozen=True, slots=True)
class KeyPart(Part):
    """One alternate key."""

    kind = "key"
    phase = SetupPhase.KEYS
    pause = 3.0
    table: Table
    key: str

    @property
    def name(self) -> str:
        """Table and key."""
        return f"{self.table.name}.{self.key}"

    def refusal(self, found: Found | None, target: SetupTarget) -> str:
        """Another key must not have its columns: Dataverse allows one of them."""
        columns = set(self.table.keys[self.key])
        others = [] if found else [row for row in self._rows(target) if set(_columns(row)) == columns]
        if not others:
            return ""
        return Sentence(
            "the key {name} has the same columns already. Delete that one.", name=str(others[0].get("LogicalName"))
        )

    def read(self, target: SetupTarget) -> Found | None:
        """The key, with the state of its index."""
        return next((row for row in self._rows(target) if row.get("LogicalName") == self.key), None)

    def _rows(self, target: SetupTarget) -> list[dict[str, object]]:
        """The keys of its table."""
        found = target.calls.find(f"{self._address}?$select={KEY_COLUMNS}")
        rows = found["value"] if found else ()
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    def compare(self, found: Found, target: SetupTarget) -> Sequence[PropertyDifference]:  # noqa: ARG002 - of the protocol
        """Its columns, and whether its index could be built."""
        expected, columns = list(self.table.keys[self.key]), _columns(found)
        if columns != expected:
            return [PropertyDifference("KeyAttributes", ", ".join(expected), ", ".join(columns), can_change=False)]
        return [PropertyDifference(_INDEX, ACTIVE, FAILED)] if found.get(_INDEX) == FAILED else []

    def create(self, target: SetupTarget) -> None:
        """Make it; its index is built afterwards."""
        columns = [self.table.column(name) for name in self.table.keys[self.key]]
        titles = [label(column.label) for column in columns]
        title = Text(
            f"Key: {', '.join(each.en for each in titles)}", f"Sleutel: {', '.join(each.nl for each in titles)}"
        )
        body = {
            "@odata.type": "Microsoft.Dynamics.CRM.EntityKeyMetadata",
            "SchemaName": self.key,
            "DisplayName": target.languages.label(title),
            "KeyAttributes": [column.name for column in columns],
        }
        target.calls.post(self._address, body, manifest.SOLUTION.name)

    def change(self, found: Found, differences: Sequence[PropertyDifference], target: SetupTarget) -> None:  # noqa: ARG002
        """Have the index built again."""
        target.calls.act(
            "ReactivateEntityKey", {"EntityLogicalName": self.table.name, "EntityKeyLogicalName": self.key}
        )

    def is_active(self, target: SetupTarget) -> bool:
        """Whether rows can be addressed by it; raises nothing for a key that is still being built."""
        found = self.read(target)
        return found is not None and found.get(_INDEX) == ACTIVE

    def is_built(self, target: SetupTarget) -> bool:
        """Whether nothing more becomes of its index: it is active, or it failed."""
        found = self.read(target)
        return found is not None and found.get(_INDEX) in (ACTIVE, FAILED)

    @property
    def part_of(self) -> str:
        """Its table."""
        return f"{TablePart.kind} {self.table.name}"

    @property
    def _address(self) -> str:
        return f"EntityDefinitions(LogicalName='{self.table.name}')/Keys"


def _columns(key: Found) -> list[str]:
    """The columns of a key that was read."""
    found = key.get("KeyAttributes")
    return [str(each) for each in found] if isinstance(found, list) else []
