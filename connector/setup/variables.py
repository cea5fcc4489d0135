"""Environment variables: definitions, and first values. What an administrator set is never overwritten."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from connector.dataverse.api import filters
from connector.dataverse.names import EnvironmentVariable, EnvironmentVariableValue
from connector.dataverse.schema.variables import Variable
from connector.setup.component import Found, Part, PropertyDifference, SetupPhase
from connector.setup.row_parts import RowKind, RowPart
from connector.setup.target import SetupTarget

DEFINITIONS: Final = RowKind(EnvironmentVariable.TABLE, EnvironmentVariable.SET, EnvironmentVariable.ID)
_TEXT: Final = 100000000


@dataclass(frozen=True, slots=True)
class VariablePart(RowPart):
    """One definition. The default value is none of the manifest's: the connector writes it."""

    kind = "environment variable"
    phase = SetupPhase.VARIABLES
    rows = DEFINITIONS
    select = (EnvironmentVariable.SCHEMA_NAME, "displayname", "type")
    solution_type = 380
    variable: Variable

    @property
    def name(self) -> str:
        """Its schema name."""
        return self.variable.name

    @property
    def row_id(self) -> str:
        """The platform gives it one."""
        return ""

    @property
    def condition(self) -> str:
        """The definition of that schema name."""
        return filters.eq(EnvironmentVariable.SCHEMA_NAME, self.name)

    def values(self, target: SetupTarget) -> Mapping[str, object]:
        """Title, in the base language, and type."""
        languages = target.languages
        return {"displayname": languages.texts(self.variable.title)[languages.base], "type": _TEXT}

    def fixed(self, target: SetupTarget) -> Mapping[str, object]:
        """Schema name and description."""
        languages = target.languages
        description = languages.texts(self.variable.description)[languages.base]
        return {EnvironmentVariable.SCHEMA_NAME: self.name, "description": description}

    def remove(self, found: Found, target: SetupTarget) -> None:
        """Delete its value first: Dataverse keeps a definition that has one."""
        for row in _values_of(target, self.object_id(found)):
            target.calls.delete(f"{EnvironmentVariableValue.SET}({row[EnvironmentVariableValue.ID]})")
        RowPart.remove(self, found, target)


@dataclass(frozen=True, slots=True)
class VariableValuePart(Part):
    """The first value of a variable. It is made without the header of the solution, or it would travel with it."""

    kind = "value of environment variable"
    phase = SetupPhase.VARIABLES
    name: str
    value: str

    @property
    def part_of(self) -> str:
        """Its definition."""
        return f"{VariablePart.kind} {self.name}"

    def read(self, target: SetupTarget) -> Found | None:
        """The value that there is."""
        definition = self._definition(target)
        rows = [] if definition is None else _values_of(target, definition)
        return rows[0] if rows else None

    def compare(self, found: Found, target: SetupTarget) -> Sequence[PropertyDifference]:  # noqa: ARG002 - of the protocol
        """Any value is right: it is somebody's choice."""
        return ()

    def create(self, target: SetupTarget) -> None:
        """Set it."""
        bind = f"{EnvironmentVariableValue.DEFINITION_NAVIGATION}@odata.bind"
        address = f"/{EnvironmentVariable.SET}({self._definition(target)})"
        target.calls.post(EnvironmentVariableValue.SET, {bind: address, EnvironmentVariableValue.VALUE: self.value})

    def change(self, found: Found, differences: Sequence[PropertyDifference], target: SetupTarget) -> None:
        """Never."""

    def _definition(self, target: SetupTarget) -> str | None:
        condition = quote(filters.eq(EnvironmentVariable.SCHEMA_NAME, self.name))
        rows = target.calls.rows(f"{EnvironmentVariable.SET}?$select={EnvironmentVariable.ID}&$filter={condition}")
        return str(rows[0][EnvironmentVariable.ID]) if rows else None


def _values_of(target: SetupTarget, definition_id: str) -> Sequence[Found]:
    """The values of a definition: one, or none."""
    condition = quote(f"_{EnvironmentVariableValue.DEFINITION}_value eq {definition_id}")
    return target.calls.rows(
        f"{EnvironmentVariableValue.SET}?$select={EnvironmentVariableValue.ID}&$filter={condition}"
    )
