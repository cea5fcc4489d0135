"""The status reasons of Spotler Job: two of the platform's are renamed, two are added."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from connector.dataverse.names import Job
from connector.dataverse.schema import Table, installation as manifest
from connector.dataverse.schema.labels import label
from connector.setup.choices import option_differences, options_of, values_in
from connector.setup.component import Found, Part, PropertyDifference, SetupPhase
from connector.setup.tables import TablePart
from connector.setup.target import SetupTarget

_TYPED: Final = "Microsoft.Dynamics.CRM.StatusAttributeMetadata?$select=LogicalName&$expand=OptionSet($select=Options)"


@dataclass(frozen=True, slots=True)
class StatusPart(Part):
    """The status reasons of one table."""

    kind = "status reasons"
    phase = SetupPhase.STATUS
    table: Table

    @property
    def name(self) -> str:
        """The table."""
        return self.table.name

    @property
    def part_of(self) -> str:
        """Its table."""
        return f"{TablePart.kind} {self.table.name}"

    @property
    def publishes(self) -> tuple[str, ...]:
        """The table."""
        return (self.table.name,)

    def read(self, target: SetupTarget) -> Found | None:
        """The options of the column; None where the table is not there."""
        column = f"Attributes(LogicalName='{Job.STATUS}')"
        return target.calls.find(f"EntityDefinitions(LogicalName='{self.name}')/{column}/{_TYPED}")

    def compare(self, found: Found, target: SetupTarget) -> Sequence[PropertyDifference]:
        """Missing reasons, other texts, and reasons below another state, which cannot be moved."""
        texts = {value: label(text) for value, text in self.table.column(Job.STATUS).options.items()}
        present = options_of(found.get("OptionSet"))
        wrong = [
            PropertyDifference(
                f"state of {value}", str(self.table.status_state[value]), str(option["State"]), can_change=False
            )
            for value, option in present.items()
            if value in self.table.status_state and option.get("State") not in (None, self.table.status_state[value])
        ]
        return [*option_differences(texts, found.get("OptionSet"), target.languages), *wrong]

    def create(self, target: SetupTarget) -> None:
        """The platform makes the column with the table."""

    def change(self, found: Found, differences: Sequence[PropertyDifference], target: SetupTarget) -> None:
        """Rename or add, one by one."""
        present = options_of(found.get("OptionSet"))
        texts = self.table.column(Job.STATUS).options
        for value in values_in(differences):
            body: dict[str, object] = {
                "EntityLogicalName": self.name,
                "AttributeLogicalName": Job.STATUS,
                "Value": value,
                "Label": target.languages.label(label(texts[value])),
                "SolutionUniqueName": manifest.SOLUTION.name,
            }
            if value in present:
                target.calls.act("UpdateOptionValue", {**body, "MergeLabels": True})
            else:
                target.calls.act("InsertStatusValue", {**body, "StateCode": self.table.status_state[value]})
