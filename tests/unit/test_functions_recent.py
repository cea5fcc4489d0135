"""The latest runs and log lines that the host keeps for people who look on."""

import json
from concurrent.futures import Future

import pytest

from sandbox.functions import recent as module
from sandbox.functions.engine import EngineLog
from sandbox.functions.invocation import EngineDied, Invocation, Outcome
from sandbox.functions.protocol import messages
from sandbox.functions.recent import Recent, RecordedInvoker

FIRST, SECOND = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


class Engines:
    def __init__(self):
        self.pending = Future()

    def invoke(self, _):
        return self.pending

    def wait_until_ready(self, timeout):
        return timeout > 0


@pytest.fixture
def recent():
    return Recent()


def batch(*bodies):
    data = messages.TypedData(collection_bytes=messages.CollectionBytes(bytes=[body.encode() for body in bodies]))
    times = [f"2026-03-01T10:00:0{number}Z" for number in range(len(bodies))]
    return Invocation("add_tag", {"m": data}, {"EnqueuedTimeUtcArray": messages.TypedData(json=json.dumps(times))})


def test_a_run_names_the_ids_of_its_messages_and_when_each_had_arrived(recent):
    RecordedInvoker(Engines(), recent).invoke(batch(f'{{"job": "{FIRST.upper()}"}}', f"x {SECOND}"))

    (run,) = recent.runs()
    assert run["ids"] == {FIRST: "2026-03-01T10:00:00Z", SECOND: "2026-03-01T10:00:01Z"}
    assert (run["function"], run["ended"]) == ("add_tag", None)


def test_one_message_and_a_timer_are_read_too(recent):
    invoker = RecordedInvoker(Engines(), recent)
    metadata = {"EnqueuedTimeUtc": messages.TypedData(json='"2026-03-01T10:00:00Z"')}
    invoker.invoke(Invocation("route", {"m": messages.TypedData(string=FIRST)}, metadata))
    invoker.invoke(Invocation("sweep", {"t": messages.TypedData(json="{}")}))

    assert [run["ids"] for run in recent.runs()] == [{FIRST: "2026-03-01T10:00:00Z"}, {}]


@pytest.mark.parametrize(
    ("end", "error"),
    [
        (lambda pending: pending.set_result(Outcome()), ""),
        (lambda pending: pending.set_result(Outcome("ValueError: no\nmore")), "ValueError: no"),
        (lambda pending: pending.set_exception(EngineDied("The engine ended.")), "EngineDied: The engine ended."),
    ],
)
def test_a_run_ends_with_or_without_an_error(recent, end, error):
    engines = Engines()
    pending = RecordedInvoker(engines, recent).invoke(batch(FIRST))
    before = recent.revision
    end(engines.pending)

    (run,) = recent.runs()
    assert pending is engines.pending
    assert run["ended"] is not None
    assert run["error"] == error
    assert recent.revision > before


def test_only_the_latest_are_kept(monkeypatch):
    monkeypatch.setattr(module, "IDS_KEPT", 1)
    recent = Recent()
    for number in range(module.KEPT + 1):
        recent.log(EngineLog("Information", "app", "f", str(number), system=False))
    RecordedInvoker(Engines(), recent).invoke(batch(FIRST, SECOND))

    assert [line["message"] for line in recent.lines()][:1] == ["1"]
    assert list(recent.runs()[0]["ids"]) == [FIRST]
