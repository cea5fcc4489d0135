"""The manifest: every table, column, alternate key and step, as the customer's environment must have them.

The Dataverse stand-in is built from it; a command that installs it is planned. The functions never load it: at run time
the constants of `connector.dataverse.names` are enough.
"""

from connector.dataverse.schema.engagement import ENGAGEMENT_TABLES
from connector.dataverse.schema.model import Column, Kind, Step, Table
from connector.dataverse.schema.own import OWN_TABLES
from connector.dataverse.schema.standard import STANDARD_TABLES
from connector.dataverse.schema.steps import steps

TABLES: dict[str, Table] = {table.name: table for table in (*STANDARD_TABLES, *OWN_TABLES, *ENGAGEMENT_TABLES)}

#: The steps where nothing is known of the mapping.
STEPS: tuple[Step, ...] = steps({})

__all__ = ["STEPS", "TABLES", "Column", "Kind", "Step", "Table", "steps"]
