"""A client of the Dataverse Web API: rows, queries, batches and bulk writes.

dataverse = connect(settings)
jobs = dataverse.query(Job.SET, select=[Job.STATUS], filter=filters.in_(Job.ID, ids))
results = dataverse.update_multiple(Job, [Keyed(row_id, {Job.TAG: "Lead"})])
"""

from connector.dataverse.api import filters
from connector.dataverse.api.batch import BatchRequest, BatchResponse
from connector.dataverse.api.bulk import Keyed, WriteResult
from connector.dataverse.api.client import Dataverse
from connector.dataverse.api.connecting import connect
from connector.dataverse.api.errors import (
    Conflict,
    DataverseRefused,
    Duplicate,
    Forbidden,
    Locked,
    NotDataverse,
    NotFound,
    UnknownName,
)
from connector.dataverse.api.fetching import FetchedPage, fetch_page
from connector.dataverse.api.memberships import Membership, change_members
from connector.dataverse.api.queries import Query
from connector.dataverse.api.rows import Row, TableNames, bind, etag, formatted, lookup_id, lookup_table, text

__all__ = [
    "BatchRequest",
    "BatchResponse",
    "Conflict",
    "Dataverse",
    "DataverseRefused",
    "Duplicate",
    "FetchedPage",
    "Forbidden",
    "Keyed",
    "Locked",
    "Membership",
    "NotDataverse",
    "NotFound",
    "Query",
    "Row",
    "TableNames",
    "UnknownName",
    "WriteResult",
    "bind",
    "change_members",
    "connect",
    "etag",
    "fetch_page",
    "filters",
    "formatted",
    "lookup_id",
    "lookup_table",
    "text",
]
