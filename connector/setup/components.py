"""All components of the manifest, in the order in which they are made."""

from graphlib import TopologicalSorter

from connector.dataverse.names import Job
from connector.dataverse.schema import Kind, Table, installation as manifest
from connector.dataverse.schema.installation import PUBLISHER
from connector.setup.choices import ChoicePart
from connector.setup.columns import ColumnPart
from connector.setup.component import Component
from connector.setup.interface.components import interface_components
from connector.setup.keys import KeyPart
from connector.setup.lookups import LookupPart
from connector.setup.plan import Extras
from connector.setup.publisher import PublisherPart, SolutionPart, VersionPart
from connector.setup.status import StatusPart
from connector.setup.tables import TablePart

_LOOKUPS = (Kind.LOOKUP, Kind.CUSTOMER)


def components(publisher: str = PUBLISHER.name, extras: Extras | None = None) -> list[Component]:
    """The components.

    Args:
        publisher: the unique name of the publisher that the solution gets: ours, or one whose components we adopt.
        extras: what an operator asked for beside the manifest.
    """
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
        VersionPart(),
    ]
    return sorted(parts, key=lambda part: part.phase)


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
