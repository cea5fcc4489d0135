"""The real exporter against an endpoint that refuses, sends elsewhere, closes or answers nonsense."""

import logging
import signal
import tempfile

import pytest

from connector import telemetry
from connector.problem_log import ProblemLog
from connector.telemetry.pipeline import CONNECTION, LOGGER, Pipeline
from tests.unit.scripted_server import DROP, Answer, ScriptedServer

KEY = "00000000-0000-0000-0000-000000000001"
JSON = {"Content-Type": "application/json"}
TAKEN = Answer(200, {"itemsReceived": 1, "itemsAccepted": 1, "errors": []}, JSON)
ODD = {"itemsReceived": 1, "itemsAccepted": 0, "errors": [{"index": 9, "statusCode": 500}, {"index": None}]}
REFUSED_ROW = {"itemsReceived": 1, "itemsAccepted": 0, "errors": [{"index": 0, "statusCode": 400, "message": "no"}]}
#: Seconds that are far more than a flush takes, and far less than an endpoint may ask for.
PATIENCE = 60
log = logging.getLogger("connector.test")


@pytest.fixture(scope="module")
def servers():
    with ScriptedServer().running() as endpoint, ScriptedServer().running() as other:
        other.answer(TAKEN)
        yield endpoint, other


@pytest.fixture(scope="module")
def pipeline(servers, tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("kept")))
    handler, level = signal.getsignal(signal.SIGTERM), logging.getLogger(LOGGER).level
    made = Pipeline(
        {
            CONNECTION: f"InstrumentationKey={KEY};IngestionEndpoint={servers[0].url}/",
            "OTEL_BLRP_SCHEDULE_DELAY": "600000",
            "OTEL_METRIC_EXPORT_INTERVAL": "600000",
        }
    )
    made.start()
    assert made.flush(PATIENCE)
    yield made
    made.stop()
    signal.signal(signal.SIGTERM, handler)
    logging.getLogger(LOGGER).setLevel(level)
    patch.undo()


@pytest.fixture
def endpoint(servers, monkeypatch):
    monkeypatch.setattr(telemetry, "_problems", ProblemLog())
    servers[0].received.clear()
    return servers[0]


def refusals(caplog):
    """What is left of the log where warnings of libraries are silenced, as in the app."""
    seen = [each for each in caplog.records if each.levelno > logging.INFO]
    ours = [each.getMessage() for each in seen if each.name.startswith(LOGGER)]
    assert not [each for each in seen if each.name.startswith("azure") and each.levelno > logging.WARNING]
    return ours


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(429, {}, {"Retry-After": "86400"}), "HTTP 429"),
        (Answer(503, {}, {"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}), "HTTP 503"),
        (Answer(429, {}, {"Retry-After": "9" * 30}), "HTTP 429"),
        (Answer(400, REFUSED_ROW, JSON), "HTTP 400"),
        (Answer(402), "HTTP 402"),
        (Answer(439), "HTTP 439"),
        (Answer(500), "HTTP 500"),
        (Answer(200, b"<html>", {"Content-Type": "text/html"}), "HTTP 200"),
        (Answer(200, b"null", JSON), "HTTP 200"),
        (Answer(200, {"errors": "x"}, JSON), "HTTP 200"),
        (Answer(206, ODD, JSON), "HTTP 206"),
        (Answer(206, REFUSED_ROW, JSON), "HTTP 206"),
        (Answer(200, b"{", {**JSON, "Content-Length": "100", "Connection": "close"}), "answer"),
        (DROP, "did not answer"),
    ],
    ids=str,
)
def test_it_goes_on_after_any_answer_and_says_once_a_minute_that_lines_are_not_taken(
    endpoint, pipeline, caplog, answer, said
):
    endpoint.answer(answer)
    for _ in range(2):
        log.info("a line that names jobs")
        assert pipeline.flush(PATIENCE)

    (refusal,) = refusals(caplog)
    assert refusal.startswith("Application Insights did not take log lines: it ")
    assert said in refusal
    assert len(endpoint.received) == 3  # each line once, and the refusal itself
    caplog.clear()
    endpoint.answer(TAKEN)
    log.info("the next line")
    assert pipeline.flush(PATIENCE)
    assert refusals(caplog) == []
    assert b"the next line" in endpoint.received[3].body


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_neither_the_key_nor_a_line_goes_to_another_host(endpoint, servers, pipeline, caplog, status):
    elsewhere = servers[1].url.replace("127.0.0.1", "localhost")
    endpoint.answer(Answer(status, b"", {"Location": f"{elsewhere}/v2.1/track"}))
    log.info("a line")

    assert pipeline.flush(PATIENCE)

    assert servers[1].received == []
    (refusal,) = refusals(caplog)
    assert f"HTTP {status}" in refusal
