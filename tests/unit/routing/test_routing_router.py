"""The router: every message of a batch goes somewhere, and a bus that is away loses none."""

import json
from datetime import UTC, datetime

import pytest

from connector.due import UNSAVED
from connector.errors import Misconfigured, Transient
from connector.routing import router as routing
from connector.routing.quarantine import Note
from connector.routing.router import Incoming, Router
from connector.servicebus.entities import QUEUE_QUARANTINE, TOPIC_JOBS
from connector.services import RouterServices
from tests.unit.jobs.posted import JOB, body, choice, created
from tests.unit.jobs.recording_bus import RecordingBus

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OTHER_JOB = "0a0a0a0a-0000-4000-8000-000000000002"


@pytest.fixture
def bus():
    return RecordingBus()


@pytest.fixture
def route(bus):
    router = Router(RouterServices(bus=bus, now=lambda: NOW))
    return lambda *bodies: router.run([Incoming(each, {}) for each in bodies])


def test_a_batch_is_published_with_one_send(bus, route):
    route(body(created()), body(created(job=OTHER_JOB)))

    (sent,) = bus.sends
    assert [json.loads(message.body)["job"] for message in sent.messages] == [JOB, OTHER_JOB]
    assert (sent.kind, sent.name) == ("topic", TOPIC_JOBS)
    assert {message.properties["operation"] for message in sent.messages} == {"add-tag"}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"", "MESSAGE_EMPTY"),
        (b"\x00\x01\x02", "MESSAGE_NOT_JSON"),
        (b'{"hello": "world"}', "MESSAGE_NOT_DATAVERSE"),
        (body(created(PrimaryEntityId="deep")), "MESSAGE_MALFORMED"),
        (body(created(PrimaryEntityName="campaign")), "MESSAGE_FOREIGN"),
    ],
)
def test_a_message_that_cannot_be_routed_is_kept_with_the_reason_and_its_neighbours_are_routed(bus, route, bad, reason):
    route(body(created()), bad, body(created(job=OTHER_JOB)))

    assert [json.loads(each.body)["job"] for each in bus.to(TOPIC_JOBS)] == [JOB, OTHER_JOB]
    (kept,) = bus.to(QUEUE_QUARANTINE)
    assert kept.body == bad
    assert (kept.properties["reason"], kept.properties["source"]) == (reason, "dataverse")
    assert kept.properties["sentence"]
    assert kept.properties["advice"]


def test_a_message_that_we_make_a_mistake_about_is_kept_and_its_neighbours_are_routed(bus, route, monkeypatch, caplog):
    parse = routing.parse_message

    def mistaken(given, **properties):
        if b"jane" in given:
            raise ZeroDivisionError("jane@example.org")
        return parse(given, **properties)

    monkeypatch.setattr(routing, "parse_message", mistaken)
    bad = body(created(columns={"dh_name": "jane@example.org"}))

    route(body(created()), bad, body(created(job=OTHER_JOB)))

    assert [json.loads(each.body)["job"] for each in bus.to(TOPIC_JOBS)] == [JOB, OTHER_JOB]
    (kept,) = bus.to(QUEUE_QUARANTINE)
    assert (kept.body, kept.properties["reason"]) == (bad, "INTERNAL_ERROR")
    assert "fingerprint: ZeroDivisionError@routing/router.py:" in kept.properties["sentence"]
    assert [record.levelname for record in caplog.records] == ["ERROR"], "one problem is one alert"
    assert "jane" not in caplog.text + str(kept.properties)


def test_a_message_that_is_kept_keeps_what_dataverse_wrote_on_it_and_nothing_of_others(bus):
    claims = "http://schemas.microsoft.com/xrm/2011/claims"
    known = {f"{claims}/User": "u-1", b"MessageMaxSizeExceeded": True}
    unknown = {f"{claims}/SecurityToken": "hush", "reason": "hush", "source": "hush", "x": "hush"}

    Router(RouterServices(bus=bus, now=lambda: NOW)).run([Incoming(b"?", {**known, **unknown})])

    (kept,) = bus.to(QUEUE_QUARANTINE)
    assert {name: text for name, text in kept.properties.items() if name not in set(Note)} == {
        f"{claims}/User": "u-1", "MessageMaxSizeExceeded": "True"
    }  # fmt: skip
    assert "hush" not in kept.properties.values()


def test_the_same_message_twice_has_one_id_in_quarantine(bus, route):
    route(b"x", b"x", b"y")

    assert len({message.message_id for message in bus.to(QUEUE_QUARANTINE)}) == 2


def test_a_quarantine_that_takes_nothing_keeps_back_no_neighbour(bus, route, monkeypatch):
    away = Transient("The quarantine is full.")

    def refuse(*_):
        raise away

    monkeypatch.setattr(bus, "to_queue", refuse)

    with pytest.raises(Transient):
        route(b"x", body(created()))

    assert [json.loads(each.body)["job"] for each in bus.to(TOPIC_JOBS)] == [JOB]


def test_what_means_no_work_is_neither_published_nor_kept(bus, route):
    route(body(created(tag="spotler-connector")), body(created(columns={"statuscode": choice(2)})))

    assert bus.messages == []


def test_an_empty_batch_sends_nothing(bus, route):
    route()

    assert bus.messages == []


@pytest.mark.parametrize("error", [Transient("The bus is away."), Misconfigured("The key is refused.")])
@pytest.mark.parametrize("message", [body(created()), b"unreadable"], ids=["to publish", "to keep"])
def test_a_bus_that_takes_nothing_makes_the_batch_fail_so_that_it_is_delivered_again(bus, route, error, message):
    bus.refuses = error

    with pytest.raises(type(error)):
        route(message)


def test_a_message_that_was_posted_before_its_change_was_saved_waits_until_it_is(bus, route, caplog):
    """A synchronous step posts within the transaction. Whoever reads the record at once reads the old one."""
    route(body(created(IsInTransaction=True)), body(created(IsInTransaction=True)), body(created(job=OTHER_JOB)))

    assert [each.due for each in bus.to(TOPIC_JOBS)] == [NOW + UNSAVED, NOW + UNSAVED, None]
    assert [each.code for each in caplog.records if each.levelname == "ERROR"] == ["MESSAGE_EARLY"]
