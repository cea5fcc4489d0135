"""Columns of the solution, on its own tables and on standard ones. Lookups are made with their relationships."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connector.dataverse.schema import Column, Kind, Table, installation as manifest
from connector.dataverse.schema.labels import label
from connector.setup.column_bodies import BEHAVIOURS, column_body, metadata_type
from connector.setup.column_limits import level_differences, limit_differences
from connector.setup.component import Found, Part, PropertyDifference, SetupPhase
from connector.setup.labels import value_of
from connector.setup.tables import TablePart, without_table
from connector.setup.target import SetupTarget

_AUDITED: Final = "IsAuditEnabled"
#: What is asked of a choice column beside its definition.
CHOICE_QUERY: Final = "$select=LogicalName&$expand=GlobalOptionSet($select=Name)"


@dataclass(frozen=True, slots=True)
class ColumnPart(Part):
    """One column."""

    kind = "column"
    phase = SetupPhase.COLUMNS
    table: Table
    column: Column

    @property
    def name(self) -> str:
        """Table and column."""
        return f"{self.table.name}.{self.column.name}"

    @property
    def component_type(self) -> int | None:
        """A column of our own table is in the solution with it."""
        return None if self.table.own else 2

    @property
    def part_of(self) -> str:
        """Our own table has it; a standard table keeps all else when it goes."""
        return f"{TablePart.kind} {self.table.name}" if self.table.own else ""

    @property
    def publishes(self) -> tuple[str, ...]:
        """Its table."""
        return (self.table.name,)

    def left_alone(self, target: SetupTarget) -> str:
        """A table that is not there gets no columns."""
        return without_table(target, self.table.name)

    def read(self, target: SetupTarget) -> Found | None:
        """The whole definition, and the global choice that it uses."""
        found = target.calls.find(self.address)
        if (
            found is None
            or self.column.kind is not Kind.CHOICE
            or not str(found.get("@odata.type")).endswith(metadata_type(self.column))
        ):
            return found
        typed = target.calls.get(f"{self.address}/{metadata_type(self.column)}?{CHOICE_QUERY}")
        return {**found, "GlobalOptionSet": typed.get("GlobalOptionSet")}

    def compare(self, found: Found, target: SetupTarget) -> Sequence[PropertyDifference]:
        """Type, limits, behaviour, choice, texts and auditing."""
        column = self.column
        shown = str(found.get("@odata.type")).removeprefix("#")
        if shown != metadata_type(column):
            return [PropertyDifference("type", metadata_type(column), shown, can_change=False)]
        differences = target.languages.differences("DisplayName", label(column.label), found.get("DisplayName"))
        differences += [*level_differences(column, found), *limit_differences(column, found)]
        if column.auto_number and found.get("AutoNumberFormat") != column.auto_number:
            differences.append(
                PropertyDifference("AutoNumberFormat", column.auto_number, str(found.get("AutoNumberFormat") or ""))
            )
        behaviour = value_of(found.get("DateTimeBehavior"))
        if column.kind in BEHAVIOURS and behaviour != BEHAVIOURS[column.kind]:
            differences.append(
                PropertyDifference("DateTimeBehavior", BEHAVIOURS[column.kind], str(behaviour), can_change=False)
            )
        if column.global_choice:
            choice = found.get("GlobalOptionSet")
            used = str(choice.get("Name")) if isinstance(choice, Mapping) else ""
            if used != column.global_choice:
                differences.append(PropertyDifference("GlobalOptionSet", column.global_choice, used, can_change=False))
        if column.audited and value_of(found.get(_AUDITED)) is not True:
            differences.append(PropertyDifference(_AUDITED, "True", str(value_of(found.get(_AUDITED)))))
        return differences

    def create(self, target: SetupTarget) -> None:
        """Make it."""
        body = column_body(self.table, self.column, target.languages)
        target.calls.post(f"{self._table}/Attributes", body, manifest.SOLUTION.name)

    def change(self, found: Found, differences: Sequence[PropertyDifference], target: SetupTarget) -> None:
        """Write the whole definition back with what differs."""
        changed = {each.property.partition(" ")[0] for each in differences}
        body = {**found, "@odata.type": metadata_type(self.column)}
        body.pop("@odata.context", None)
        body.pop("GlobalOptionSet", None)
        wanted = column_body(self.table, self.column, target.languages)
        body |= {name: wanted[name] for name in changed}
        target.calls.put(self.address, body, manifest.SOLUTION.name)

    def remove(self, found: Found, target: SetupTarget) -> None:  # noqa: ARG002 - of the protocol
        """Delete it, with its values in all rows."""
        target.calls.delete(self.address)

    @property
    def _table(self) -> str:
        return f"EntityDefinitions(LogicalName='{self.table.name}')"

    @property
    def address(self) -> str:
        """Of its definition."""
        return f"{self._table}/Attributes(LogicalName='{self.column.name}')"
