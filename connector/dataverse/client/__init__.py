"""A client of the Dataverse Web API: rows, queries, batches and bulk writes.

dataverse = connect(settings)
jobs = dataverse.query(Job.SET, select=[Job.STATUS], filter=filters.in_(Job.ID, ids))
results = dataverse.update_multiple(Job, [Keyed(row_id, {Job.TAG: "Lead"})])
"""

from connector.dataverse.client import filters
from connector.dataverse.client.batch import BatchRequest, BatchResponse
from connector.dataverse.client.bulk import Keyed, WriteResult
from connector.dataverse.client.client import Dataverse, connect
from connector.dataverse.client.errors import Conflict, DataverseRefused, Duplicate, Forbidden, NotFound, UnknownName
from connector.dataverse.client.queries import Query
from connector.dataverse.client.rows import Row, TableNames, bind, etag, formatted, lookup_id, lookup_table, text

__all__ = [
    "BatchRequest",
    "BatchResponse",
    "Conflict",
    "Dataverse",
    "DataverseRefused",
    "Duplicate",
    "Forbidden",
    "Keyed",
    "NotFound",
    "Query",
    "Row",
    "TableNames",
    "UnknownName",
    "WriteResult",
    "bind",
    "connect",
    "etag",
    "filters",
    "formatted",
    "lookup_id",
    "lookup_table",
    "text",
]
