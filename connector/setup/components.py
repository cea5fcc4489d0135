"""All components of the manifest, in the order in which they are made."""

from graphlib import TopologicalSorter

from connector.dataverse.names import Job
from connector.dataverse.schema import Kind, Table, installation as manifest
from connector.dataverse.schema.app import SPOTLER_HUB
from connector.dataverse.schema.installation import PUBLISHER
from connector.dataverse.schema.roles import service_role, user_role
from connector.dataverse.schema.variables import VARIABLES
from connector.setup.choices import ChoicePart
from connector.setup.columns import ColumnPart
from connector.setup.component import Component
from connector.setup.endpoints import EndpointPart
from connector.setup.inputs import SetupInputs
from connector.setup.interface.components import app_components, interface_components
from connector.setup.keys import KeyPart
from connector.setup.lookups import LookupPart
from connector.setup.plan import Extras
from connector.setup.publisher import PublisherPart, SolutionPart, VersionPart
from connector.setup.roles import RolePart
from connector.setup.status import StatusPart
from connector.setup.steps import ImagePart, StepPart, StepSwitchPart
from connector.setup.tables import TablePart
from connector.setup.users import UserPart
from connector.setup.variables import VariablePart, VariableValuePart

_LOOKUPS = (Kind.LOOKUP, Kind.CUSTOMER)


def components(
    publisher: str = PUBLISHER.name, extras: Extras | None = None, inputs: SetupInputs | None = None
) -> list[Component]:
    """The components.

    Args:
        publisher: the unique name of the publisher that the solution gets: ours, or one whose components we adopt.
        extras: what an operator asked for beside the manifest.
        inputs: what the manifest does not say: mapping, bus, application.
    """
    inputs = inputs or SetupInputs()
    tables = (*manifest.OWN_TABLES, *manifest.EXTENDED_TABLES)
    columns = [
        (table, column)
        for table in tables
        for column in manifest.own_columns(table)
        if not (table.own and column.name == table.name_column)  # made with the table
    ]
    parts: list[Component] = [
        *((PublisherPart(),) if publisher == PUBLISHER.name else ()),
        SolutionPart(publisher=publisher),
        *map(ChoicePart, manifest.GLOBAL_CHOICES),
        *map(TablePart, _parents_first()),
        *(ColumnPart(table, column) for table, column in columns if column.kind not in _LOOKUPS),
        *(LookupPart(table, column) for table, column in columns if column.kind in _LOOKUPS),
        *(KeyPart(table, key) for table in manifest.OWN_TABLES for key in table.keys),
        *(StatusPart(table) for table in manifest.OWN_TABLES if table.name == Job.TABLE),
        *interface_components(extras or Extras()),
        *access_components(inputs),
        *app_components(SPOTLER_HUB),
        VersionPart(),
    ]
    return sorted(parts, key=lambda part: part.phase)


def access_components(inputs: SetupInputs) -> list[Component]:
    """Roles, variables, the endpoint with its steps, and the application user."""
    has_endpoint = inputs.endpoint is not None
    return [
        *map(RolePart, (service_role(inputs.needs), user_role())),
        *map(VariablePart, VARIABLES),
        *(VariableValuePart(name, value) for name, value in inputs.values.items()),
        EndpointPart(inputs.endpoint),
        *(StepPart(each, has_endpoint) for each in inputs.steps),
        *(ImagePart(each, has_endpoint) for each in inputs.steps if each.pre_image),
        UserPart(inputs.application),
        *(StepSwitchPart(each, has_endpoint) for each in inputs.steps),
    ]


def _parents_first() -> list[Table]:
    """Our tables, those that lookups point to before those that have them: they are removed in the other order."""
    by_name = {table.name: table for table in manifest.OWN_TABLES}
    order = TopologicalSorter(
        {
            table.name: {each.target for each in manifest.relationships(table)} & by_name.keys()
            for table in manifest.OWN_TABLES
        }
    )
    return [by_name[name] for name in order.static_order()]
