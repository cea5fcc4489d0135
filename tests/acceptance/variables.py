"""The environment variables: there is one of each for the whole environment, so tests share the definition."""

from connector.dataverse.names import EnvironmentVariable, EnvironmentVariableValue
from sandbox.sample_setup import PERMISSIONS_DEFINITION
from tests.acceptance.world import World


def definition_of(world: World, name: str) -> str:
    """The id of the definition of that name; it is created where it is missing."""
    rows = world.rows(EnvironmentVariable.TABLE)
    found = [row[EnvironmentVariable.ID] for row in rows if row[EnvironmentVariable.SCHEMA_NAME] == name]
    row = {**PERMISSIONS_DEFINITION, EnvironmentVariable.SCHEMA_NAME: name}
    return str(found[0]) if found else world.people.create(EnvironmentVariable.SET, row)


def give(world: World, definition: str, value: str) -> None:
    """Give a variable its current value."""
    bind = f"{EnvironmentVariableValue.DEFINITION_NAVIGATION}@odata.bind"
    row = {EnvironmentVariableValue.VALUE: value, bind: f"/{EnvironmentVariable.SET}({definition})"}
    world.people.create(EnvironmentVariableValue.SET, row)


def forget_values(world: World) -> None:
    """Take the current values away."""
    for value in world.rows(EnvironmentVariableValue.TABLE):
        world.people.delete(EnvironmentVariableValue.SET, value[EnvironmentVariableValue.ID])
