"""The app's own `GET /api/health`, on Microsoft's engine, as Azure serves it: also to those who ask in strange ways."""

import http.client
import json
import logging
import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
import requests

import connector
from connector.health import SWEEP
from connector.state import FileState
from connector.state.successes import record_success
from sandbox.functions.host import FunctionsHost
from sandbox.system import Options, schedules

ROOT = Path(__file__).parents[2]
PATH = "/api/health"
KEY = "x-functions-key"
#: Bytes of a header that no server takes.
HUGE = 200_000
MANY = 300
SECONDS = 30


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    state = tmp_path_factory.mktemp("state")
    settings = schedules(Options())
    # The bus is not there: health needs neither it nor any other system.
    bus = "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=k;SharedAccessKey=a2V5;UseDevelopmentEmulator=true;"
    record_success(lambda: FileState(state), SWEEP, datetime.now(UTC))
    with FunctionsHost(ROOT, environment=settings | {"STATE": str(state), "ServiceBus": bus}, timers=False) as host:
        yield host


@pytest.fixture
def address(host):
    parts = urlsplit(host.http_url)
    return parts.hostname, parts.port


@pytest.fixture
def still_well(host):
    """After the test the endpoint answers as before."""
    yield
    answer = requests.get(host.http_url + PATH, headers={KEY: host.function_key}, timeout=SECONDS)
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def raw(address, request):
    """The status and the body of the answer to these bytes; None where the connection is closed without one."""
    with socket.create_connection(address, timeout=SECONDS) as connection:
        try:
            connection.sendall(request)
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            return answer.status, answer.read()
        except (ConnectionError, http.client.RemoteDisconnected):
            return None


def request(method, path, *headers):
    lines = [f"{method} {path} HTTP/1.1".encode(), b"Host: app", b"Connection: close", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def test_it_answers_with_its_key_and_reveals_nothing_without(host):
    url = host.http_url + PATH

    answer = requests.get(url, headers={KEY: host.function_key}, timeout=SECONDS)
    refused = requests.get(url, timeout=SECONDS)

    assert (answer.status_code, answer.json().keys()) == (200, {"status", "version", "sweepSecondsAgo"})
    assert (answer.json()["status"], answer.json()["version"]) == ("ok", connector.__version__)
    assert answer.headers["Cache-Control"] == "no-store"
    assert (refused.status_code, refused.content) == (401, b"")
    assert requests.post(url, timeout=SECONDS).status_code == 404


@pytest.mark.usefixtures("still_well")
@pytest.mark.parametrize(
    "method", ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "GETX"]
)
def test_any_other_verb_is_refused_also_with_the_key_and_says_nothing(host, address, method):
    found = raw(address, request(method, PATH, f"{KEY}: {host.function_key}".encode()))

    assert found in (None, (404, b"")) or (found[0] == 400 and b"status" not in found[1])


@pytest.mark.usefixtures("still_well")
@pytest.mark.parametrize(
    "given",
    [
        [b": "], [b": null"], [b": \xff\xfe"], [b": " + "ключ".encode()], [b": a\tb"], [b": " + b"a" * 60_000],
        [b": first", b": second"],
    ],
    ids=["empty", "null", "no UTF-8", "Cyrillic", "a tab", "60,000 letters", "two"],
)  # fmt: skip
def test_an_odd_key_is_no_key(address, given):
    found = raw(address, request("GET", PATH, *(KEY.encode() + each for each in given)))

    assert found == (401, b"") or (found[0] == 400 and b"sweep" not in found[1])


@pytest.mark.usefixtures("still_well")
@pytest.mark.parametrize(
    "query", ["code", "code=", "code=%00", "code=%ff%fe", "code=%ED%A0%80", "code=a&code=b", "code[]=a", "%", "=&&=;"]
)
def test_an_odd_query_is_no_key(address, query):
    assert raw(address, request("GET", f"{PATH}?{query}")) == (401, b"")


@pytest.mark.usefixtures("still_well")
@pytest.mark.parametrize("spoil", [str.upper, lambda key: key + " x", lambda key: key[:-1], lambda key: key + key])
def test_a_key_that_is_nearly_right_is_refused(host, address, spoil):
    wrong = spoil(host.function_key)
    assert wrong != host.function_key

    assert raw(address, request("GET", PATH, f"{KEY}: {wrong}".encode())) == (401, b"")
    assert raw(address, request("GET", f"{PATH}?code={quote(wrong)}")) == (401, b"")


@pytest.mark.usefixtures("still_well")
@pytest.mark.parametrize(
    "path", ["/api/health/", "//api//health", "/api/health/..", "/api/../api/health", "/API/HEALTH", "/api/health%00"]
)
def test_an_odd_path_reveals_nothing_without_a_key(address, path):
    status, body = raw(address, request("GET", path))

    assert (status in (400, 401, 404), b"sweep" in body) == (True, False)


@pytest.mark.usefixtures("still_well")
@pytest.mark.parametrize(
    "headers",
    [
        [b"X-Huge: " + b"a" * HUGE],
        [f"X-{number}: {'a' * 100}".encode() for number in range(3000)],
        [b"Content-Length: 5", b"Transfer-Encoding: chunked"],
        [b"Content-Length: -1"],
        [b"Content-Length: 99999999999999999999"],
        [b"no colon here"],
        [b"X-Nul: a\x00b"],
        [b"Expect: 100-continue", b"Upgrade: websocket"],
    ],
    ids=["huge", "many", "two lengths", "negative", "endless body", "no colon", "NUL", "upgrade"],
)
def test_odd_headers_reveal_nothing_without_a_key(address, headers):
    found = raw(address, request("GET", PATH, *headers))

    assert found is None or (found[0] in (400, 401, 413, 431) and b"sweep" not in found[1])


@pytest.mark.usefixtures("still_well")
@pytest.mark.parametrize(
    "line", [b"\x16\x03\x01\x02\x00\x01\x00", b"\r\n\r\n\r\n", b"GET\r\n\r\n", b"\x00" * 1000 + b"\r\n"]
)
def test_what_is_no_request_is_refused(address, line):
    with socket.create_connection(address, timeout=SECONDS) as connection:
        connection.sendall(line)
        connection.shutdown(socket.SHUT_WR)
        said = b"".join(iter(lambda: connection.recv(4096), b""))

    assert said == b"" or said.startswith(b"HTTP/1.1 400")


@pytest.mark.usefixtures("still_well")
def test_a_question_with_a_body_and_a_long_query_is_answered(host, address):
    headers = (f"{KEY}: {host.function_key}".encode(), b"Content-Length: 1000000")
    path = f"{PATH}?{'&'.join(f'q{number}=%ff' for number in range(500))}"

    status, body = raw(address, request("GET", path, *headers) + b"a" * 1_000_000)

    assert (status, json.loads(body)["status"]) == (200, "ok")


@pytest.mark.usefixtures("still_well")
def test_callers_that_never_finish_their_question_keep_nobody_waiting(host, address):
    hanging = [socket.create_connection(address, timeout=SECONDS) for _ in range(MANY)]
    try:
        for number, connection in enumerate(hanging):
            connection.sendall(request("GET", PATH, f"{KEY}: {host.function_key}".encode())[: 10 + number % 40])

        answer = requests.get(host.http_url + PATH, headers={KEY: host.function_key}, timeout=SECONDS)
    finally:
        for connection in hanging:
            connection.close()

    assert answer.status_code == 200


@pytest.mark.usefixtures("still_well")
def test_many_at_once_are_answered_each_with_what_it_may_know(host, address, caplog):
    caplog.set_level(logging.DEBUG)
    right, wrong = f"{KEY}: {host.function_key}".encode(), KEY.encode() + b": wrong"
    questions = [request("GET", PATH, right if number % 3 else wrong) for number in range(MANY)]

    with ThreadPoolExecutor(32) as callers:
        found = list(callers.map(lambda each: raw(address, each), questions))

    assert [status for status, _ in found] == [200 if number % 3 else 401 for number in range(MANY)]
    assert {json.loads(body)["status"] for status, body in found if status == 200} == {"ok"}
    assert {body for status, body in found if status == 401} == {b""}
    assert host.function_key not in caplog.text
