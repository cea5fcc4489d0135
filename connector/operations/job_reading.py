"""Reading the rows of Spotler Job, also in an environment without Marketing Lists or leads. It has no lookup there."""

from collections.abc import Callable, Iterator, Sequence

from connector.dataverse.api import Dataverse, Query, Row
from connector.dataverse.edition import read_columns
from connector.dataverse.names import Job as Names
from connector.operations.job import COLUMNS


def job_rows(dataverse: Dataverse, condition: str, *, also: Sequence[str] = (), top: int | None = None) -> list[Row]:
    """The jobs that fit, in the order of their numbers; the arguments are those of `job_pages`."""
    return [row for page in job_pages(dataverse, condition, also=also, top=top) for row in page]


def job_pages(
    dataverse: Dataverse, condition: str, *, also: Sequence[str] = (), top: int | None = None
) -> Iterator[list[Row]]:
    """The jobs that fit, page by page, in the order of their numbers.

    Args:
        dataverse: the environment.
        condition: the filter.
        also: columns that are read besides `COLUMNS`.
        top: how many at most; None for all.

    Raises:
        ConnectorError: Dataverse cannot be used, or lacks another column than a lookup to lists or leads.
    """

    def begin(columns: Sequence[str]) -> tuple[list[Row], Iterator[list[Row]]]:
        query = Query(
            set_name=Names.SET, select=columns, filter=condition, orderby=(Names.NUMBER,), top=top, annotations=True
        )
        pages = dataverse.pages(query)
        return next(pages, []), pages

    first, others = _read(dataverse, begin, also)
    yield first
    yield from others


def job_row(dataverse: Dataverse, key: str, *, also: Sequence[str] = ()) -> Row:
    """One job, by its id or an alternate key.

    Raises:
        NotFound: there is none, or the connector's user may not see it.
    """
    return _read(dataverse, lambda columns: dataverse.retrieve(Names.SET, key, columns, annotations=True), also)


def _read[T](dataverse: Dataverse, read: Callable[[Sequence[str]], T], also: Sequence[str]) -> T:
    return read_columns(dataverse, tuple(dict.fromkeys((*COLUMNS, *also))), read)
