"""The ids of all records of a table, page by page, for more records than fit in memory at once."""

from collections.abc import Iterator
from typing import Final

from connector.dataverse.api import Dataverse, Query
from connector.dataverse.records import RECORD_TABLES, RecordRef

#: Rows of a page of ids, and records that are read at the same time.
PAGE: Final = 5_000
CHUNK: Final = 100


def all_records(dataverse: Dataverse, table: str, condition: str = "") -> Iterator[RecordRef]:
    """The records of a table.

    Args:
        dataverse: where.
        table: its logical name.
        condition: an OData filter; empty for all.

    Raises:
        ConnectorError: what Dataverse said.
    """
    names = RECORD_TABLES[table]
    query = Query(set_name=names.set_name, select=(names.id_column,), filter=condition or None, page_size=PAGE)
    for page in dataverse.pages(query):
        yield from (RecordRef(table, str(row[names.id_column]).lower()) for row in page)
