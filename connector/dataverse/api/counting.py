"""How many rows fit a query, without reading them."""

from typing import Final

from connector.dataverse.api.answers import rows_of
from connector.dataverse.api.client import Dataverse
from connector.dataverse.api.errors import not_dataverse
from connector.dataverse.api.queries import Query
from connector.dataverse.api.rows import Row

#: Dataverse counts no further than this.
LARGEST_COUNT: Final = 5000

_COUNT: Final = "@odata.count"


def first_and_count(dataverse: Dataverse, query: Query) -> tuple[Row | None, int]:
    """The first row of a query with `top=1`, and how many rows fit it, up to `LARGEST_COUNT`: one call.

    Raises:
        ConnectorError: what Dataverse said.
    """
    page = dataverse.read(f"{query.path}&$count=true", query.set_name, query.headers)
    rows, count = rows_of(page, query.set_name), page.get(_COUNT)
    if not isinstance(count, int):
        raise not_dataverse(f"GET {query.set_name}")
    return (rows[0] if rows else None), count
