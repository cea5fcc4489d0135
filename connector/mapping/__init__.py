"""The mapping as code: which Dataverse column belongs to which Spotler field, the conversions, and the Excel form.

    load_mapping(path) -> Mapping            read and check a mapping file
    plan(mapping, table) -> OutwardPlan      what to read of a table, and how its records become Spotler contacts
    inward.inward_plan(mapping, table)     the way back: what a Spotler contact says of the columns of a record
    content_hash(properties) -> str          what was sent, as a fingerprint
    values                                   the one table of conversions, for the sync and for Set Contact Field

Checks against the tables and the Spotler account are in `check`, Excel in `sheet`; the functions need neither.
"""

from connector.mapping.columns import Collection
from connector.mapping.document import load_mapping, parse_mapping
from connector.mapping.hashing import content_hash, mapping_version
from connector.mapping.model import Direction, Mapping, MappingRow, Times
from connector.mapping.outward import Outcome, OutwardPlan, plan

__all__ = [
    "Collection",
    "Direction",
    "Mapping",
    "MappingRow",
    "Outcome",
    "OutwardPlan",
    "Times",
    "content_hash",
    "load_mapping",
    "mapping_version",
    "parse_mapping",
    "plan",
]
