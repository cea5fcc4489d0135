"""Many requests in one call: `$batch`, a multipart/mixed body of HTTP requests (OData 4.0, part 1, 11.7).

Requests run in their order and independently of one another. Those of one change set happen together or not at all.
Headers such as If-Match and the tag of own writes belong on the inner requests. Lines end with CRLF. Pure
functions: the client sends what `build` makes and gives the answer to `parse`.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final, Self

from connector.dataverse.api.errors import decoded, not_dataverse, refusal, unclear_unless
from connector.dataverse.api.rows import ETAG, FORMATTED, Row, address, created_id
from connector.dataverse.names import OWN_TAG
from connector.errors import ConnectorError, Transient
from connector.http.limiter import THROTTLED
from connector.words import Sentence

#: Operations that Dataverse takes in one batch.
MOST: Final = 1000

#: Methods whose repetition does no harm, if no version of the row is named.
_REPEATABLE: Final = frozenset({"GET", "PATCH", "PUT", "DELETE"})

#: Requests inside a batch inherit nothing from it.
_INNER_HEADERS: Final = {"Accept": "application/json"}

#: The header of a body in JSON.
JSON: Final = {"Content-Type": "application/json; charset=utf-8"}

_CRLF: Final = b"\r\n"

#: The first line of an answer inside a batch.
_STATUS: Final = re.compile(rb"HTTP/1\.[01] (\d{3})\b")


def tagged(path: str) -> str:
    """The address of a write, with the tag by which messages about it are recognised as the connector's own echo."""
    return f"{path}{'&' if '?' in path else '?'}tag={OWN_TAG}"


_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def encoded(value: object) -> bytes:
    """JSON without blanks. A lone surrogate, which UTF-8 has no bytes for, becomes a question mark."""
    return _ENCODER.encode(value).encode(errors="replace")


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """One request inside a batch.

    Attributes:
        method: the HTTP method.
        path: below the root of the Web API, encoded, with its query.
        route: the path without ids, as it may be logged.
        values: the row to send.
        headers: of this request alone.
        is_idempotent: whether sending it twice does what sending it once does, although its method does not say so.
        change_set: the name of the change set that it belongs to; those of one follow one another. Empty for none.
    """

    method: str
    path: str
    route: str
    values: Row | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    is_idempotent: bool = False
    change_set: str = ""

    @classmethod
    def create(cls, set_name: str, values: Row) -> Self:
        """Create a row; its id is in the response."""
        return cls("POST", tagged(set_name), set_name, values)

    @classmethod
    def update(cls, set_name: str, key: str, values: Row, *, if_match: str = "*", returning: str = "") -> Self:
        """Change a row that exists; with an etag as `if_match`, only that version of it.

        `returning` names the columns to send back, with their labels: only then does the answer have the new version of
        the row.

        Raises:
            ValueError: there is no etag, so that the change would not be bound to a version.
        """
        if not if_match:
            raise ValueError("a change needs the version of its row, or * for any")
        path, prefer = _returning(tagged(address(set_name, key)), returning)
        return cls("PATCH", path, f"{set_name}(…)", values, {"If-Match": if_match, **prefer})

    @classmethod
    def upsert(cls, set_name: str, key: str, values: Row) -> Self:
        """Change a row or create it."""
        return cls("PATCH", tagged(address(set_name, key)), f"{set_name}(…)", values)

    @classmethod
    def insert(cls, set_name: str, key: str, values: Row, *, returning: str = "") -> Self:
        """Create a row under a key of our choice; `Duplicate` or `Conflict` if it exists."""
        path, prefer = _returning(tagged(address(set_name, key)), returning)
        return cls("PATCH", path, f"{set_name}(…)", values, {"If-None-Match": "*", **prefer})

    @classmethod
    def delete(cls, set_name: str, key: str, *, if_match: str = "*") -> Self:
        """Delete a row."""
        return cls("DELETE", tagged(address(set_name, key)), f"{set_name}(…)", headers={"If-Match": if_match})

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice does what sending it once does; a row version that is used up conflicts."""
        return self.is_idempotent or (
            self.method in _REPEATABLE
            and self.headers.get("If-Match", "*") == "*"
            and "If-None-Match" not in self.headers
        )

    def __str__(self) -> str:
        return f"{self.method} {self.route}"


@dataclass(frozen=True, slots=True)
class BatchResponse:
    """The answer to one request of a batch.

    Attributes:
        status: of the answer; 0 where there is none.
        headers: with names in lower case.
        body: the decoded JSON; None where there is none.
        error: what went wrong, or None.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    error: ConnectorError | None = None

    @property
    def etag(self) -> str:
        """The version of the row that the answer holds; empty where it holds none."""
        return str(self.body.get(ETAG) or "") if isinstance(self.body, Mapping) else ""

    @property
    def created_id(self) -> str:
        """The id of the created row; empty where none was created."""
        return created_id(self.headers.get("odata-entityid", ""))


def build(requests: Sequence[BatchRequest], root: str, boundary: str) -> bytes:
    """The body of a batch.

    Args:
        requests: in the order in which they run.
        root: the path of the Web API on its host: "/api/data/v9.2/".
        boundary: a text that occurs in no request.
    """
    parts = []
    for number, group in enumerate(change_sets(requests)):
        if group[0].change_set:
            inner = f"changeset_{number}_{boundary}"
            parts.append(f"--{boundary}\r\nContent-Type: multipart/mixed; boundary={inner}\r\n\r\n".encode())
            parts += [_part(each, root, inner, str(place)) for place, each in enumerate(group, 1)]
            parts.append(f"--{inner}--\r\n".encode())
        else:
            parts += [_part(each, root, boundary) for each in group]
    parts.append(f"--{boundary}--\r\n".encode())
    return b"".join(parts)


def change_sets(requests: Iterable[BatchRequest]) -> Iterator[list[BatchRequest]]:
    """The requests, those of one change set together; each of the others alone."""
    for name, found in groupby(requests, key=lambda request: request.change_set):
        group = list(found)
        yield from [group] if name else ([each] for each in group)


def is_multipart(content_type: str) -> bool:
    """Whether an answer is that of a batch; a refusal of the whole batch is plain JSON."""
    return content_type.lower().startswith("multipart/mixed")


def parse(content: bytes, content_type: str, requests: Sequence[BatchRequest]) -> list[BatchResponse]:
    """The answers, one for each request and in the same order.

    Where Dataverse stopped early, the requests that it did not reach are answered by a `Transient`. What makes a change
    set fail is the answer to each of its requests.

    Raises:
        Transient, Unclear: this is no answer to a batch, or one with more answers than there are requests.
    """
    parts = list(_parts(content, content_type)) if is_multipart(content_type) and _boundary(content_type) else []
    groups = list(change_sets(requests))
    if not 0 < len(parts) <= len(groups):
        raise not_dataverse("POST $batch", repeatable=all(request.repeatable for request in requests))
    answers = [each for part, group in zip(parts, groups, strict=False) for each in _answers(part, group)]
    return answers + [
        BatchResponse(
            0, error=Transient(Sentence("Dataverse stopped the batch before {request}.", request=str(request)))
        )
        for request in requests[len(answers) :]
    ]


def _returning(path: str, columns: str) -> tuple[str, dict[str, str]]:
    """The address and the preference of a write that sends columns back; as they are where it sends none."""
    if not columns:
        return path, {}
    preference = f'return=representation,odata.include-annotations="{FORMATTED}"'
    return f"{path}&$select={columns}", {"Prefer": preference}


def _part(request: BatchRequest, root: str, boundary: str, content_id: str = "") -> bytes:
    """One request; in a change set it needs an id."""
    has_body = request.values is not None
    headers = {**_INNER_HEADERS, **request.headers, **(JSON if has_body else {})}
    outer = {"Content-Type": "application/http", "Content-Transfer-Encoding": "binary"}
    outer |= {"Content-ID": content_id} if content_id else {}
    line = f"{request.method} {root}{request.path} HTTP/1.1\r\n"
    head = f"--{boundary}\r\n{_lines(outer)}\r\n{line}{_lines(headers)}\r\n"
    return head.encode() + (encoded(request.values) if has_body else b"") + _CRLF


def _lines(headers: Mapping[str, str]) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())


def _parts(content: bytes, content_type: str) -> Iterable[list[bytes]]:
    """The parts of a multipart body, each with its HTTP messages: those of a change set, or one."""
    for chunk in content.split(b"--" + _boundary(content_type))[1:]:
        if chunk.startswith(b"--"):
            return
        head, _, message = chunk.partition(_CRLF * 2)
        kind = _headers(head).get("content-type", "")
        yield [each for part in _parts(message, kind) for each in part] if is_multipart(kind) else [message]


def _answers(messages: Sequence[bytes], group: Sequence[BatchRequest]) -> list[BatchResponse]:
    """The answers to the requests of a change set, or to a single one."""
    if len(messages) == len(group):
        return [_response(message, request) for message, request in zip(messages, group, strict=True)]
    answers = [_response(message, group[0]) for message in messages]
    error = next((each for each in answers if each.error is not None), None)
    if len(answers) == 1 and error is not None:
        return [error for _ in group]
    unreadable = not_dataverse("POST $batch", repeatable=all(request.repeatable for request in group))
    return [BatchResponse(0, error=unreadable) for _ in group]


def _response(message: bytes, request: BatchRequest) -> BatchResponse:
    head, _, body = message.partition(_CRLF * 2)
    status_line, _, rest = head.lstrip().partition(_CRLF)
    found = _STATUS.match(status_line)
    if found is None:
        return BatchResponse(0, error=not_dataverse(str(request), repeatable=request.repeatable))
    status = int(found[1])
    headers = _headers(rest)
    value = decoded(body.strip())
    if status < 300:
        return BatchResponse(status, headers, value)
    error = refusal(status, headers, value, str(request), columns=request.values or ())
    return BatchResponse(
        status, headers, value, unclear_unless(error, repeatable=request.repeatable or status == THROTTLED)
    )


def _headers(block: bytes) -> dict[str, str]:
    lines = [line.partition(":") for line in block.decode("latin-1").split("\r\n") if line]
    return {name.lower(): value.strip() for name, _, value in lines}


def _boundary(content_type: str) -> bytes:
    _, _, text = content_type.partition("boundary=")
    return text.split(";")[0].strip().strip('"').encode()
