"""`$batch`: many requests in one, as `multipart/mixed`, with change sets that happen together or not at all.

Takes what real clients send: boundaries with and without quotes, an empty line before the first part, CRLF or LF,
absolute and relative addresses. The format is that of OData 4.0, part 1, 11.7.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote
from uuid import uuid4

from sandbox.dataverse import errors
from sandbox.dataverse.admission import BATCH, admit
from sandbox.dataverse.api import WebApi
from sandbox.dataverse.binding import relative, resolve_content_id
from sandbox.dataverse.callers import BY_OBJECT_ID, BY_USER_ID
from sandbox.dataverse.calls import Answer, Call, error_answer
from sandbox.dataverse.errors import ApiError, not_supported
from sandbox.dataverse.headers import check_headers
from sandbox.dataverse.options import parse_query
from sandbox.dataverse.preferences import Preference
from sandbox.dataverse.unit import UnitOfWork

#: The Web API refuses a batch with more operations.
MOST_OPERATIONS: Final = 1000
#: An address inside a batch may be this long, twice as long as one by itself.
LONGEST_INNER_URL: Final = 65_536
#: The status of a batch that stopped at a failure; to confirm on a real environment.
STOPPED_STATUS: Final = 400

_BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"]+)"|([^\s;,]+))', re.IGNORECASE)
#: Microsoft's own client leaves the spaces of a query as they are.
_REQUEST_LINE = re.compile(rb"([A-Z]+) (\S[^\r\n]*?)(?: HTTP/\d\.\d)?[ \t]*(?=\r?\n|$)")
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_END_OF_LINE = re.compile(rb"\r?\n")

#: Headers that a batch does not hand on to its parts.
_OF_SINGLE_REQUESTS: Final = frozenset({BY_OBJECT_ID, BY_USER_ID})
#: The headers of a part, with what their values must begin with.
_PART_HEADERS: Final = {
    "content-type": "",
    "content-transfer-encoding": "binary",
    "content-id": "",
    "content-length": "",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart body: its headers by lower-case name, and its content."""

    headers: dict[str, str]
    content: bytes


class Batch:
    """Runs batches.

    Args:
        api: performs the single requests.
        intercept: may answer a single request in the API's place, for injected faults; None lets it pass.
        count: called for every single request with its status.
    """

    def __init__(
        self,
        api: WebApi,
        intercept: Callable[[Call], Answer | None] = lambda _: None,
        count: Callable[[Call, int], None] = lambda _call, _status: None,
    ) -> None:
        self._api = api
        self._intercept = intercept
        self._count = count

    def answer(self, call: Call) -> Answer:
        """Answer `POST $batch`."""
        try:
            parts = self._read(call)
        except ApiError as error:
            return error_answer(error, call.prefer)
        keep_going = Preference.CONTINUE in call.preferences.given
        boundary = f"batchresponse_{uuid4()}"
        answers: list[bytes] = []
        failed = False
        for part in parts:
            text, succeeded = self._run(call, part)
            answers.append(text)
            failed = not succeeded and not keep_going
            if failed:
                break
        headers = {"Content-Type": f"multipart/mixed; boundary={boundary}", "OData-Version": "4.0"}
        return Answer(STOPPED_STATUS if failed else 200, headers, _join(answers, boundary))

    def _read(self, call: Call) -> list[Part]:
        if call.method != "POST":
            raise ApiError(
                405, errors.BAD_QUERY, f"The requested resource does not support http method '{call.method}'."
            )
        check_headers(call.headers)
        for name in call.headers:
            if name in _OF_SINGLE_REQUESTS or name.startswith("mscrm."):
                raise not_supported(f"The header '{name}' belongs to the single requests of a batch.")
        admit(call, parse_query(call.query), BATCH)
        parts = list(read_parts(call.headers.get("content-type", ""), call.body))
        operations = sum(_operations(part) for part in parts)
        if operations > MOST_OPERATIONS:
            message = f"The batch has {operations} operations; at most {MOST_OPERATIONS} are allowed."
            raise ApiError(400, errors.INVALID_ARGUMENT, message)
        return parts

    def _run(self, call: Call, part: Part) -> tuple[bytes, bool]:
        """The text of the answer to one part, and whether it succeeded."""
        if part.headers.get("content-type", "").startswith("multipart/mixed"):
            return self._run_change_set(call, part)
        answer = self._single(call, part, {})
        return _part(answer, part.headers.get("content-id")), answer.status < 400

    def _run_change_set(self, call: Call, part: Part) -> tuple[bytes, bool]:
        """All or nothing; a failure is answered by the one request that failed."""
        answers: list[bytes] = []
        failure: bytes | None = None
        try:
            with self._api.units.begin() as unit:
                self._perform_all(call, part, unit, answers)
        except _ChangeSetFailedError as error:
            failure = _part(error.answer, error.content_id)
        except ApiError as error:
            failure = _part(error_answer(error), None)
        boundary = f"changesetresponse_{uuid4()}"
        head = f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n".encode()
        return head + _join(answers if failure is None else [failure], boundary), failure is None

    def _perform_all(self, call: Call, part: Part, unit: UnitOfWork, answers: list[bytes]) -> None:
        content_ids: dict[str, str] = {}
        for inner in read_parts(part.headers["content-type"], part.content):
            content_id = inner.headers.get("content-id")
            if content_id is None:
                raise ApiError(400, errors.BAD_PAYLOAD, "Every request in a change set needs a Content-ID header.")
            answer = self._perform(self._request(call, inner, content_ids), unit)
            if answer.status >= 400:
                raise _ChangeSetFailedError(answer, content_id)
            address = answer.headers.get("OData-EntityId")
            if address is not None:
                content_ids[f"${content_id}"] = address
            answers.append(_part(answer, content_id))

    def _single(self, call: Call, part: Part, content_ids: dict[str, str]) -> Answer:
        try:
            request = self._request(call, part, content_ids)
        except ApiError as error:
            return error_answer(error)
        return self._perform(request, None)

    def _perform(self, request: Call, unit: UnitOfWork | None) -> Answer:
        if unit is not None and request.method == "GET":
            message = "GET requests are not allowed in a change set."
            return error_answer(ApiError(400, errors.BAD_PAYLOAD, message))
        answer = self._intercept(request) or self._api.answer(request, unit)
        self._count(request, answer.status)
        return answer

    def _request(self, call: Call, part: Part, content_ids: dict[str, str]) -> Call:
        if not part.headers.get("content-type", "").startswith("application/http"):
            raise ApiError(400, errors.BAD_PAYLOAD, "A part of a batch must have the Content-Type application/http.")
        head, _, body = _split(part.content)
        lines = [line.decode("latin-1") for line in _END_OF_LINE.split(head)]
        match = _REQUEST_LINE.match(head)
        if match is None:
            raise ApiError(400, errors.BAD_PAYLOAD, "A part of a batch must begin with a request line.")
        url = match[2].decode("utf-8")
        if len(url) > LONGEST_INNER_URL:
            raise ApiError(414, errors.BAD_QUERY, f"An address in a batch may have {LONGEST_INNER_URL} characters.")
        if "://" in url and not url.startswith(f"{call.base_url}/"):
            raise ApiError(400, errors.BAD_PAYLOAD, f"The address '{url}' in a batch leads to another host.")
        path, _, query = relative(resolve_content_id(url, content_ids)).partition("?")
        if path == "$batch":
            raise ApiError(400, errors.BAD_PAYLOAD, "A batch cannot contain another batch.")
        return replace(
            call,
            method=match[1].decode(),
            path=unquote(path) if "%" in path else path,
            query=query,
            headers={"user-agent": call.headers.get("user-agent", ""), **_read_headers(lines[1:])},
            body=body.strip(),
            content_ids=content_ids,
        )


class _ChangeSetFailedError(Exception):
    """A request of a change set failed, so that the others are undone."""

    def __init__(self, answer: Answer, content_id: str | None) -> None:
        super().__init__(answer.status)
        self.answer = answer
        self.content_id = content_id


def read_parts(content_type: str, body: bytes) -> Iterator[Part]:
    """The parts of a multipart body.

    Raises:
        ApiError: 400 when there is no boundary or no end.
    """
    match = _BOUNDARY.search(content_type)
    if not content_type.lower().startswith("multipart/mixed") or match is None:
        raise ApiError(400, errors.BAD_PAYLOAD, "A batch needs the Content-Type multipart/mixed with a boundary.")
    delimiter = b"--" + (match[1] or match[2]).encode()
    first, *rest = (b"\n" + body).split(b"\n" + delimiter)
    if first.strip() or not rest or not rest[-1].startswith(b"--"):
        raise ApiError(400, errors.BAD_PAYLOAD, "The batch does not begin or end with its boundary.")
    for text in rest[:-1]:
        head, found, content = _split(text.lstrip(b"\r\n") if text[:1] in b"\r\n" else text)
        if not found:
            raise ApiError(400, errors.BAD_PAYLOAD, "A part of the batch has no empty line after its headers.")
        headers = _read_headers(line.decode("latin-1") for line in _END_OF_LINE.split(head))
        for name, value in headers.items():
            if name not in _PART_HEADERS or not value.startswith(_PART_HEADERS[name]):
                raise not_supported(f"The header '{name}: {value}' of a part of a batch is not supported.")
        yield Part(headers, content)


def _operations(part: Part) -> int:
    if not part.headers.get("content-type", "").startswith("multipart/mixed"):
        return 1
    return sum(1 for _ in read_parts(part.headers["content-type"], part.content))


def _split(text: bytes) -> tuple[bytes, bool, bytes]:
    """What stands before and after the first empty line."""
    match = _BLANK_LINE.search(text)
    if match is None:
        return text.strip(), False, b""
    return text[: match.start()].strip(), True, text[match.end() :]


def _read_headers(lines: "Iterator[str] | list[str]") -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise ApiError(400, errors.BAD_PAYLOAD, f"The line '{line}' in a batch is no header.")
        headers[name.strip().lower()] = value.strip()
    return headers


def _part(answer: Answer, content_id: str | None) -> bytes:
    """One answer as a part."""
    head = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id is not None:
        head.append(f"Content-ID: {content_id}")
    lines = [*head, "", f"HTTP/1.1 {answer.status} {answer.reason}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + answer.body


def _join(parts: list[bytes], boundary: str) -> bytes:
    delimiter = f"--{boundary}".encode()
    return b"".join(delimiter + b"\r\n" + part + b"\r\n" for part in parts) + delimiter + b"--\r\n"
