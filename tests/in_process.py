"""Stand-ins in this process: whatever is sent to their addresses with `requests` reaches them without a network.

Connections, certificates, proxies and time limits are the concern of `tests/unit/transport`, of the contract tests and
of the acceptance tests, which talk to the same stand-ins over HTTP. What most tests ask is what the connector does with
an answer, and a connection costs more than most answers.
"""

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from unittest.mock import patch
from urllib.parse import unquote, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from starlette.types import ASGIApp

from sandbox.http_server import TRANSPORT

_PORTS: Final = {"http": 80, "https": 443}


class _Connection:
    """What a stand-in may end instead of answering."""

    was_ended = False

    def abort(self) -> None:
        """End it."""
        self.was_ended = True


@contextlib.contextmanager
def reached_without_a_network(applications: Mapping[str, ASGIApp]) -> Iterator[None]:
    """Until the block ends, requests to these addresses are answered by the application; all others go their way."""
    one_at_a_time = threading.Lock()
    over_http: Callable[..., requests.Response] = HTTPAdapter.send

    def _send(adapter: HTTPAdapter, request: requests.PreparedRequest, *rest: Any, **options: Any) -> requests.Response:
        url = str(request.url)
        for address, application in applications.items():
            if url.startswith(f"{address}/"):
                with one_at_a_time:
                    return answered(application, request)
        return over_http(adapter, request, *rest, **options)

    with patch.object(HTTPAdapter, "send", _send):
        yield


def answered(application: ASGIApp, request: requests.PreparedRequest) -> requests.Response:
    """What a stand-in answers.

    Raises:
        requests.ConnectionError: it ended the connection instead.
    """
    parts, sent, connection = urlsplit(str(request.url)), list[Mapping[str, Any]](), _Connection()
    headers = dict(request.headers.lower_items()) | {"host": parts.netloc}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": request.method,
        "scheme": parts.scheme,
        "server": (parts.hostname, parts.port or _PORTS[parts.scheme]),
        "root_path": "",
        "path": unquote(parts.path),
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "headers": [(name.encode(), _bytes(value)) for name, value in headers.items()],
        "state": {TRANSPORT: connection},
        TRANSPORT: connection,
    }

    async def receive() -> Mapping[str, Any]:
        if connection.was_ended:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": _bytes(request.body or b""), "more_body": False}

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    _run(application(scope, receive, send))
    if connection.was_ended:
        aborted = urllib3.exceptions.ProtocolError("Connection aborted.", ConnectionResetError("reset by the stand-in"))
        raise requests.ConnectionError(aborted, request=request)
    given = {name.decode(): value.decode("latin-1") for name, value in sent[0]["headers"]}
    return response(request, sent[0]["status"], given, b"".join(each.get("body", b"") for each in sent[1:]))


def response(
    request: requests.PreparedRequest, status: int, headers: Mapping[str, str], body: bytes
) -> requests.Response:
    """An answer as `requests` gives it."""
    answer = requests.Response()
    answer.status_code, answer.headers, answer.request = status, CaseInsensitiveDict(headers), request
    answer.encoding = requests.utils.get_encoding_from_headers(answer.headers)
    answer.url = str(request.url)
    answer.raw = _raw(status)
    answer._content = body  # what `requests` itself does once it has read the body
    return answer


@functools.cache
def _raw(status: int) -> urllib3.HTTPResponse:
    """What azure-identity looks at; nothing is ever read from it, so all answers of a status have the same."""
    return urllib3.HTTPResponse(status=status)


def _run(work: Any) -> None:
    """Run a coroutine that waits for nothing, but may let others have a turn."""
    with contextlib.suppress(StopIteration):
        while True:
            if work.send(None) is not None:
                raise AssertionError("the stand-in waits for something: such a test needs it over HTTP")


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
