"""The endpoint for telemetry: what it takes and refuses; the real exporter against it, and the size of its rows."""

import gzip
import json
import logging
import signal
from datetime import UTC, datetime, timedelta

import pytest
import requests

from connector import telemetry
from connector.telemetry import measuring
from connector.telemetry.names import JOBS_OLDEST
from connector.telemetry.pipeline import CONNECTION, LOGGER, Pipeline
from sandbox.telemetry.app import INSTRUMENTATION_KEY
from sandbox.telemetry.server import IngestionDoor, running

#: The sizes of docs/operators/telemetry.md, from which it computes the cost.
LINE_BYTES, METRIC_BYTES = 900, 650
GZIP = {"Content-Encoding": "gzip"}


@pytest.fixture(scope="module")
def endpoint():
    with running() as standin:
        yield standin


@pytest.fixture(autouse=True)
def _empty(endpoint):
    endpoint.sandbox.reset()


def message(text="hello", key=INSTRUMENTATION_KEY, **data):
    return {
        "ver": 1,
        "name": "Microsoft.ApplicationInsights.Message",
        "time": "2026-03-01T10:00:00Z",
        "iKey": key,
        "tags": {"ai.operation.id": "a" * 32, "ai.cloud.role": "app"},
        "data": {"baseType": "MessageData", "baseData": {"ver": 2, "message": text, **data}},
    }


def send(endpoint, body, path="/v2.1/track", **headers):
    return requests.post(f"{endpoint.url}{path}", data=body, headers=headers, timeout=10)


@pytest.mark.parametrize("path", ["/v2.1/track", "//v2.1/track", "/v2/track"])
def test_envelopes_come_as_an_array_or_as_lines_compressed_or_not(endpoint, path):
    array, lines = json.dumps([message(), message()]), "\n".join(map(json.dumps, (message(), message())))

    answers = [
        send(endpoint, array, path),
        send(endpoint, lines, path),
        send(endpoint, gzip.compress(array.encode()), path, **GZIP),
    ]

    assert [(each.status_code, each.json()["itemsAccepted"]) for each in answers] == [(200, 2)] * 3
    rows = IngestionDoor(endpoint.url).rows("AppTraces")
    assert len(rows) == 6
    assert (rows[0]["Message"], rows[0]["OperationId"], rows[0]["AppRoleName"]) == ("hello", "a" * 32, "app")


@pytest.mark.parametrize(
    ("body", "headers"),
    [(b"", {}), (b"[]", {}), (b"{", {}), (b"\xff", {}), (b"x", GZIP), (b"[]", {"Content-Encoding": "br"})],
)
def test_what_holds_no_envelopes_is_refused(endpoint, body, headers):
    assert send(endpoint, body, **headers).status_code == 400


@pytest.mark.parametrize(
    "wrong",
    [
        message(key="11111111-1111-1111-1111-111111111111"),
        message(text=""),
        message(text="x" * 32769),
        message(properties={"attempts": 2}),
        message(unknown=1),
        {**message(), "time": "yesterday"},
        {**message(), "data": {"baseType": "PoemData", "baseData": {}}},
        7,
    ],
)
def test_an_envelope_that_is_wrong_is_refused_and_the_others_are_kept(endpoint, wrong):
    answer = send(endpoint, json.dumps([wrong, message()]))

    assert (answer.status_code, answer.json()["itemsAccepted"]) == (206, 1)
    assert [error["index"] for error in answer.json()["errors"]] == [0]
    assert send(endpoint, json.dumps([wrong])).status_code == 400
    assert len(endpoint.sandbox.rows()) == 1


def test_requests_are_refused_as_often_as_it_is_told(endpoint):
    door = f"{endpoint.url}/_sandbox/"
    assert requests.post(f"{door}refuse", json={"times": 1, "status": 429, "retry_after_s": 3}, timeout=10).ok
    assert requests.post(f"{door}refuse", json={"times": "x"}, timeout=10).status_code == 400
    assert requests.get(f"{door}rows?table=traces", timeout=10).status_code == 400

    refused, taken = (send(endpoint, json.dumps([message()])) for _ in range(2))

    assert (refused.status_code, refused.headers["Retry-After"], taken.status_code) == (429, "3", 200)
    summary = requests.get(f"{door}summary", timeout=10).json()
    assert (summary["requests"], summary["tables"]["AppTraces"]["rows"]) == (2, 1)
    assert requests.post(f"{door}reset", timeout=10).ok
    assert endpoint.sandbox.rows() == []


@pytest.fixture
def pipeline(endpoint, tmp_path, monkeypatch):
    """The real exporter; what it cannot send it keeps in a folder of the test."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    handler, level = signal.getsignal(signal.SIGTERM), logging.getLogger(LOGGER).level
    made = Pipeline(
        {CONNECTION: endpoint.connection_string, "WEBSITE_SITE_NAME": "func-spotler-production-weu"}
        | {"WEBSITE_INSTANCE_ID": "a" * 64}
    )
    made.start()
    yield made
    made.stop()
    signal.signal(signal.SIGTERM, handler)
    logging.getLogger(LOGGER).setLevel(level)


def test_the_real_exporter_sends_rows_of_the_promised_size_and_nothing_of_its_own(endpoint, pipeline):
    now = datetime.now(UTC)
    telemetry.job_ended(
        logging.getLogger("connector.jobs.recorder"),
        job="0f8fad5b-d9cb-469f-a165-70867728950e",
        operation="remove-from-audience",
        status="Completed",
        code="SKIPPED_DO_NOT_EMAIL",
        attempts=12,
        since=now - timedelta(seconds=1234.567),
        now=now,
    )
    measuring.set_gauge(JOBS_OLDEST, 1234.5)

    assert pipeline.flush(20)

    rows = endpoint.sandbox.rows()
    (line,) = [row for row in rows if row["Type"] == "AppTraces"]
    metrics = {row["Name"]: row for row in rows if row["Type"] == "AppMetrics"}
    assert len(rows) == 1 + len(metrics)
    assert set(metrics) == {"spotler.jobs", "spotler.job.duration", "spotler.jobs.oldest"}
    assert line["Properties"] == {
        "job": "0f8fad5b-d9cb-469f-a165-70867728950e",
        "operation": "remove-from-audience",
        "status": "Completed",
        "code": "SKIPPED_DO_NOT_EMAIL",
        "attempts": "12",
        "seconds": "1234.567",
        "logger_name": "connector.jobs.recorder",
    }
    assert LINE_BYTES * 0.8 < line["_Bytes"] <= LINE_BYTES
    assert METRIC_BYTES * 0.8 < max(row["_Bytes"] for row in metrics.values()) <= METRIC_BYTES
