"""The Dataverse Web API (v9.2), as the connector uses it.

One `Dataverse` per process, shared by all threads: `connect(settings)`. Writes carry the connector's tag, so that the
router drops the messages they cause. A refusal becomes an error of `api.errors` or a family of `connector.errors`.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

import requests

from connector.dataverse.api import batch as batches
from connector.dataverse.api.answers import mapping_of, rows_of
from connector.dataverse.api.batch import BatchRequest, BatchResponse, tagged
from connector.dataverse.api.bulk import Bulk, Keyed, WriteResult
from connector.dataverse.api.errors import Locked, decoded, is_lock, not_dataverse, refusal, unclear_unless
from connector.dataverse.api.portions import in_parts, portions
from connector.dataverse.api.queries import Query
from connector.dataverse.api.rows import ETAG, Row, TableNames, address, created_id
from connector.dataverse.api.tokens import Bearer, TokenSource
from connector.http import Transport

#: The root of the Web API below the address of the environment.
API: Final = "/api/data/v9.2"
#: Characters of an address beyond which a query travels in a batch: Dataverse takes 32 KB, and 64 KB inside a batch.
LONGEST_ADDRESS: Final = 30_000
NO_CONTENT: Final = 204
#: Rows in one bulk call, and requests in one batch: the jobs of a chunk. Dataverse takes up to 1000.
PART: Final = 100

_HEADERS: Final = {
    "Accept": "application/json",
    "OData-Version": "4.0",
    "OData-MaxVersion": "4.0",
    "User-Agent": "spotler-connector",
}


class Dataverse:
    """Reads and writes rows.

    Args:
        transport: to the root of the Web API.
        tokens: where tokens come from.
        part: rows in one bulk call, and requests in one batch.
    """

    def __init__(self, transport: Transport, tokens: TokenSource, *, part: int = PART) -> None:
        if not 1 <= part <= batches.MOST:
            raise ValueError(f"a batch holds 1 to {batches.MOST} requests")
        root = urlsplit(transport.base_url)
        self._transport = transport
        self._root = f"{root.path}/"
        self._bearer = Bearer(tokens, f"{root.scheme}://{root.netloc}/.default")
        self._part = part

    @property
    def address(self) -> str:
        """The address of the Web API, with a slash at its end."""
        return f"{self._transport.base_url}/"

    # Reading

    def query(
        self,
        set_name: str,
        *,
        select: Sequence[str],
        filter: str | None = None,  # noqa: A002 - its name in OData
        orderby: Sequence[str] = (),
        top: int | None = None,
        expand: Sequence[str] = (),
        annotations: bool = False,
        page_size: int | None = None,
    ) -> list[Row]:
        """All rows that fit, from all pages. The arguments are those of `Query`, the errors those of `pages`."""
        query = Query(
            set_name=set_name, select=select, filter=filter, orderby=orderby, top=top, expand=expand,
            annotations=annotations, page_size=page_size,
        )  # fmt: skip
        return [row for page in self.pages(query) for row in page]

    def pages(self, query: Query) -> Iterator[list[Row]]:
        """The rows that fit, page by page, for more rows than fit in memory at once.

        A query that is too long for an address travels in a batch.

        Raises:
            Refused: Dataverse said no.
            Transient: it cannot be reached, or is busy.
            Misconfigured: the token or the name of the table is refused.
        """
        path = query.path
        read: set[str] = set()
        while path:
            page = self.read(path, query.set_name, query.headers)
            yield rows_of(page, query.set_name)
            read.add(path)
            path = self._below_root(str(page.get("@odata.nextLink") or ""))
            if path in read:
                raise not_dataverse(f"GET {query.set_name}")

    def retrieve(
        self, set_name: str, key: str, select: Sequence[str], *, expand: Sequence[str] = (), annotations: bool = False
    ) -> Row:
        """One row, by its id or an alternate key (`filters.key`).

        Raises:
            NotFound: there is none, or the connector's user may not see it.
        """
        query = Query(set_name=set_name, select=select, expand=expand, annotations=annotations)
        row = self.read(f"{address(set_name, key)}?{query.options}", f"{set_name}(…)", query.headers)
        if ETAG not in row:
            raise not_dataverse(f"GET {set_name}(…)")
        return row

    def who_am_i(self) -> Row:
        """The connector's user: UserId, BusinessUnitId, OrganizationId."""
        user = self.read("WhoAmI", "WhoAmI", {})
        if "UserId" not in user:
            raise not_dataverse("GET WhoAmI")
        return user

    # Writing

    def create(self, set_name: str, row: Row) -> str:
        """Create a row and return its id.

        Raises:
            Unclear: the answer was lost; the row may exist.
        """
        answer = self.request(
            "POST", tagged(set_name), route=set_name, json=row, repeatable=False, columns=row
        )  # fmt: skip
        row_id = created_id(answer.headers.get("OData-EntityId", ""))
        if answer.status_code != NO_CONTENT or not row_id:
            raise not_dataverse(f"POST {set_name}", repeatable=False)
        return row_id

    def update(self, set_name: str, key: str, row: Row, *, if_match: str | None = None) -> None:
        """Change a row, and never create it.

        Args:
            set_name: of the table.
            key: its id or an alternate key.
            row: the columns to change.
            if_match: the etag of the version that may be changed; None for any.

        Raises:
            Conflict: the row has another version by now.
            NotFound: there is no such row.
        """
        one = BatchRequest.update(set_name, key, row, if_match=if_match or "*")
        answer = self.request(
            one.method, one.path, route=one.route, json=row, headers=one.headers, repeatable=one.repeatable,
            columns=row,
        )  # fmt: skip
        if answer.status_code != NO_CONTENT:
            raise not_dataverse(str(one), repeatable=one.repeatable)

    def create_multiple(self, table: TableNames, rows: Sequence[Row]) -> list[WriteResult]:
        """Create rows of one table: a result per row, in the same order."""
        return Bulk(self, table, self._part).create(rows)

    def update_multiple(self, table: TableNames, changes: Sequence[Keyed]) -> list[WriteResult]:
        """Change rows of one table: a result per row, in the same order. A bad row does not harm the others.

        Raises:
            Transient: nothing was written, as far as is known.
        """
        return Bulk(self, table, self._part).update(changes)

    def upsert_multiple(self, table: TableNames, changes: Sequence[Keyed]) -> list[WriteResult]:
        """Change rows of one table or create them, by id or alternate key; otherwise as `update_multiple`."""
        return Bulk(self, table, self._part).upsert(changes)

    # Calls

    def batch(self, requests: Sequence[BatchRequest]) -> list[BatchResponse]:
        """Send requests in as few calls as possible; an answer for each, in the same order.

        A request that fails does not stop those after it; those of its change set are undone.

        Raises:
            ConnectorError: of the first call. The error of a later one is the answer to each of its requests.
        """
        return in_parts(portions(requests, self._part), self._batch, lambda _, error: BatchResponse(0, error=error))

    def act(self, path: str, body: Mapping[str, object], *, repeatable: bool) -> Row:
        """Call an action and return what it answers; empty where it answers nothing."""
        route = path.partition("?")[0]
        answer = self.request("POST", path, route=route, json=body, repeatable=repeatable)
        if not answer.content:
            return {}
        value = decoded(answer.content)
        if not isinstance(value, dict):
            raise not_dataverse(f"POST {route}", repeatable=repeatable)
        return value

    def request(
        self,
        method: str,
        path: str,
        *,
        route: str,
        repeatable: bool,
        json: object | None = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        columns: Iterable[str] = (),
        takes: Callable[[requests.Response], bool] | None = None,
    ) -> requests.Response:
        """Send any call below the root of the Web API; the other methods stand on this one.

        Args:
            method: the HTTP method.
            path: encoded, with its query.
            route: the path without ids and query, as it may be logged.
            repeatable: whether sending it twice does what sending it once does.
            json: a body to encode; or
            data: a body as it is.
            headers: beside the usual ones.
            columns: names that may be mentioned when the call is refused.
            takes: says of an answer that is not a success that the caller can read it.
        """
        below, _, params = path.partition("?")
        if json is not None:
            data, headers = batches.encoded(json), {**batches.JSON, **(headers or {})}

        def send() -> requests.Response:
            return self._transport.send(
                method, below, route=route, params=params, data=data, auth=self._bearer,
                headers={**_HEADERS, **(headers or {})}, repeatable=repeatable, ends=is_lock,
            )  # fmt: skip

        answer = send()
        if answer.status_code == 401:  # perhaps only expired or revoked; a call without a valid token has no effect
            self._bearer.discard(answer.request)
            answer = send()
        if answer.status_code < 300 or (takes is not None and takes(answer)):
            return answer
        error = refusal(
            answer.status_code, answer.headers, decoded(answer.content), f"{method} {route}", columns=columns
        )
        raise error if isinstance(error, Locked) else unclear_unless(error, repeatable=repeatable)

    def read(self, path: str, route: str, headers: Mapping[str, str], columns: Iterable[str] = ()) -> Row:
        """The JSON object at an address below the root; one that is too long travels in a batch."""
        if len(self._transport.base_url) + len(path) <= LONGEST_ADDRESS:
            answer = self.request("GET", path, route=route, headers=headers, repeatable=True, columns=columns)
            return mapping_of(decoded(answer.content), f"GET {route}")
        (inner,) = self.batch([BatchRequest("GET", path, route, headers=headers)])
        if inner.error is not None:
            raise inner.error
        return mapping_of(inner.body, f"GET {route}")

    def _below_root(self, link: str) -> str:
        """A link to the next page, without host and root: a token is never sent to another host."""
        parts = urlsplit(link)
        return f"{parts.path.removeprefix(self._root)}?{parts.query}" if link else ""

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _batch(self, requests: Sequence[BatchRequest]) -> list[BatchResponse]:
        boundary = f"batch_{uuid.uuid4().hex}"
        answer = self.request(
            "POST", "$batch", route="$batch", data=batches.build(requests, self._root, boundary),
            headers={
                "Content-Type": f'multipart/mixed; boundary="{boundary}"',
                "Prefer": "odata.continue-on-error",
            },
            repeatable=all(request.repeatable for request in requests),
            takes=lambda answer: batches.is_multipart(answer.headers.get("Content-Type", "")),
        )  # fmt: skip
        return batches.parse(answer.content, answer.headers.get("Content-Type", ""), requests)
