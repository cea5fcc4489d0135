"""Personal data, keys and bodies never reach a log line, the outside of a message, or the text of an error."""

import itertools
import json
import logging
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from connector.cli import app as cli
from connector.dataverse.api import Dataverse
from connector.dataverse.names import Job
from connector.errors import ConnectorError
from connector.http import Clock, Transport
from connector.servicebus.bus import OutgoingMessage, bus_from
from connector.servicebus.entities import OPERATION_PROPERTY, QUEUE_QUARANTINE, TOPIC_JOBS
from connector.settings import get_settings
from connector.spotler import Spotler, spotler_from
from connector.spotler.calls import Calls
from connector.spotler.signature import OAuth1
from tests.faults.planted import (
    ADDRESS,
    KEY,
    NAME,
    SAS,
    SECRET,
    SENTENCE,
    VALUE,
    Watch,
    everything,
    leaks,
    planted_jobs,
    planted_people,
    texts_of,
)
from tests.unit.jobs.posted import body, choice, created
from tests.unit.scripted_server import Answer, ScriptedServer


@pytest.fixture
def watch(monkeypatch):
    """Logs as in the app: the connector at DEBUG, its libraries at INFO."""
    watch = Watch()
    root, ours = logging.getLogger(), logging.getLogger("connector")
    before = root.level, ours.level
    root.setLevel(logging.INFO)
    ours.setLevel(logging.DEBUG)
    root.addHandler(watch)
    make = ConnectorError.__init__

    def remember(self: ConnectorError, *args: object, **members: object) -> None:
        make(self, *args, **members)
        watch.errors.append(self)

    monkeypatch.setattr(ConnectorError, "__init__", remember)
    yield watch
    root.removeHandler(watch)
    root.setLevel(before[0])
    ours.setLevel(before[1])


def test_the_watch_sees_what_it_is_to_see(watch):
    logging.getLogger("connector.somewhere").debug("sent to %s", ADDRESS)
    logging.getLogger("library").info("ok", extra={"who": NAME})
    error = ConnectorError(SENTENCE)

    assert len(leaks(watch.seen())) >= 3
    assert leaks(texts_of(error))


def test_operations_good_and_bad_show_nobody_what_they_are_about(watch, day):
    jobs = planted_jobs(day)

    day.wake(*jobs)
    day.run_until_over()

    assert {status for status, _ in day.outcomes().values()} == {"Completed", "Failed"}
    assert len(watch.lines) >= len(jobs)
    assert leaks(everything(watch, day)) == []


def test_whoever_is_mailed_no_more_and_whoever_is_lost_is_named_to_nobody(watch, day):
    jobs = planted_people(day)

    day.wake(*jobs)
    day.run_until_over()

    assert {"anonymized", "tag.added"} <= {effect.removeprefix("contact.") for effect in day.effects()}
    assert leaks(everything(watch, day)) == []


@pytest.mark.parametrize("fault", [{"path": "^posts", "inner": True}, {"path": r"^\$batch", "content": r"/posts\?"}])
def test_a_timeline_that_takes_no_posts_is_reported_without_them(watch, day, fault):
    jobs = planted_people(day)
    day.break_dataverse("400", **fault)

    day.wake(*jobs)
    day.pass_time(timedelta(minutes=5))

    assert any(line.startswith("connector.jobs.timeline ") for line in watch.lines)
    assert leaks(everything(watch, day)) == []


def test_batches_of_which_half_are_refused_are_reported_without_them(watch, day):
    jobs = planted_people(day)
    day.break_dataverse("400", path=r"^\$batch", probability=0.5)

    day.wake(*jobs)
    day.pass_time(timedelta(minutes=5))

    assert watch.lines
    assert leaks(everything(watch, day)) == []


#: What systems may answer, and what plug-ins and proxies put into it.
REFUSALS = [
    (status, body_)
    for status in (400, 401, 403, 404, 405, 408, 409, 412, 413, 417, 429, 500, 502, 503)
    for body_ in (
        {"errorType": "PROPERTY_INVALID", "message": SENTENCE},
        {"errorType": f"{NAME} {VALUE}".upper(), "message": SENTENCE},
        {"errorType": SENTENCE, "message": SENTENCE, "result": SENTENCE},
        {"error": {"code": "0x80040265", "message": SENTENCE}},
        {"error": {"code": SENTENCE, "message": SENTENCE}},
        {"error": {"code": "0x80040220", "message": SENTENCE}},
        f"<html>{SENTENCE}</html>".encode(),
        SENTENCE.encode(),
    )
]


@pytest.fixture
def scripted():
    with ScriptedServer().running() as server:
        yield server


class PlantedTokens:
    """A token that is a secret."""

    def get_token(self, scope: str) -> str:  # noqa: ARG002 - as `TokenSource` has it
        return SAS

    def discard(self, token: str) -> None:
        """There is another one of the same text."""


@pytest.mark.parametrize("system", ["Spotler", "Dataverse"])
def test_answers_that_quote_personal_data_are_not_passed_on(watch, day, scripted, system):
    jobs = planted_jobs(day, 4)
    answers = itertools.cycle(Answer(status, answer) for status, answer in REFUSALS)
    scripted.answer(lambda _: next(answers))
    clock = Clock(day.time.monotonic, day.time.wall, day.time.sleep, day.time.random)
    transport = Transport(scripted.url, system=system, clock=clock, timeout=5, parallel=4)
    if system == "Spotler":
        spotler = Spotler(Calls(transport, OAuth1(KEY, SECRET), clock=clock), clock=clock)
        day.services.spotler.fields()
        spotler._fields = day.services.spotler._fields  # so that operations come to their own calls
        day.services = replace(day.services, spotler=spotler)
    else:
        day.services = replace(day.services, dataverse=Dataverse(transport, PlantedTokens()))

    day.wake(*jobs)
    day.pass_time(timedelta(minutes=20))
    transport.close()

    assert len(scripted.received) > len(REFUSALS)
    assert len(watch.errors) > len(REFUSALS)
    assert leaks(everything(watch, day)) == []


def test_connections_that_break_show_no_address(watch, day):
    """An address holds ids, and at one call the e-mail address of a contact."""
    jobs = planted_jobs(day)
    day.spotler.arm("drop_after_write", probability=0.3, count=None)
    day.spotler.arm("drop_before_write", probability=0.3, count=None)
    day.break_dataverse("drop", probability=0.1)

    day.wake(*jobs)
    day.pass_time(timedelta(minutes=20))
    for _ in range(10):
        with suppress(ConnectorError):
            day.services.spotler.search_by_email(ADDRESS)

    assert any("/contact/search" in line for line in watch.seen())
    assert leaks(everything(watch, day)) == []


def test_messages_that_cannot_be_read_are_kept_with_a_reason_that_does_not_quote_them(watch, day):
    document = created(columns={"dh_name": NAME, "dh_tag": VALUE, "dh_operation": choice(7)})
    bodies = [
        SENTENCE.encode(),
        json.dumps(SENTENCE).encode(),
        json.dumps({SENTENCE: SENTENCE}).encode(),
        json.dumps(document | {"MessageName": SENTENCE}).encode(),
        json.dumps(document | {"PrimaryEntityName": ADDRESS}).encode(),
        json.dumps(document | {"PrimaryEntityId": ADDRESS}).encode(),
        json.dumps(document | {"InputParameters": [{"key": "Target", "value": SENTENCE}]}).encode(),
        json.dumps(document | {"OperationCreatedOn": SENTENCE}).encode(),
        body(document)[:-40],
        body(document),
    ]

    day.post(*bodies)
    items = [*bodies, json.dumps({"operation": VALUE, "job": ADDRESS, "first_seen": NAME, SENTENCE: 1}).encode()]
    day.bus.to_topic(
        TOPIC_JOBS,
        [OutgoingMessage(item, f"bad-{number}", {OPERATION_PROPERTY: "add-tag"}) for number, item in enumerate(items)],
    )
    day.run_until_over()

    assert len(day.bus.quarantined()) > len(items)
    assert leaks(everything(watch, day)) == []


def test_a_mistake_of_ours_leaves_a_fingerprint_and_no_text(watch, day, monkeypatch):
    def mistaken(*_: object, **__: object) -> None:
        raise ValueError(SENTENCE)

    jobs = planted_jobs(day)
    monkeypatch.setattr(day.services.spotler, "upsert_contacts", mistaken)
    monkeypatch.setattr(day.services.spotler, "add_tags", mistaken)

    day.wake(*jobs)
    day.run_until_over()

    assert ("Failed", "INTERNAL_ERROR") in day.outcomes().values()
    assert day.mistakes.seen
    assert leaks(everything(watch, day)) == []
    assert (
        leaks(row[Job.RESULT_MESSAGE] for row in day.rows(Job.TABLE) if row[Job.RESULT_CODE] == "INTERNAL_ERROR") == []
    )


CONNECTIONS = {
    "key without endpoint": f"SharedAccessKey={SAS}",
    "nobody listens": f"Endpoint=sb://127.0.0.1:1/;SharedAccessKeyName={NAME};SharedAccessKey={SAS}",
    "not a connection string": f"{SENTENCE}{SAS}",
    "no endpoint": f"SharedAccessKeyName={NAME};SharedAccessKey={SAS}",
}


@pytest.mark.parametrize(
    "connection",
    [
        # The SDK tries for ten seconds.
        pytest.param(text, id=why, marks=[pytest.mark.nightly] if why == "nobody listens" else [])
        for why, text in CONNECTIONS.items()
    ],
)
def test_a_bus_that_cannot_be_reached_shows_nothing_of_its_connection_string(watch, day, connection):
    bus = bus_from(day.services.settings.model_copy(update={"service_bus": SecretStr(connection)}))

    with pytest.raises(ConnectorError) as refused:
        bus.to_queue(QUEUE_QUARANTINE, [OutgoingMessage(SENTENCE.encode(), "m", {"reason": "R"})])

    assert leaks([*watch.seen(), *texts_of(refused.value)]) == []


WRONG_SETTINGS = {
    "an address without TLS": {"SPOTLER_URL": f"http://{KEY}:{SECRET}@example.org/"},
    "an address with a password": {"DATAVERSE_URL": f"ftp://{KEY}:{SECRET}@example.org/"},
    "a number that is none": {"SPOTLER_PARALLEL": SENTENCE},
    "a number that is too large": {"DATAVERSE_PARALLEL": "1234567"},
    "no bus": {"ServiceBus": ""},
    "a secret without its application": {"DATAVERSE_TENANT_ID": ""},
}


@pytest.mark.parametrize("wrong", WRONG_SETTINGS.values(), ids=WRONG_SETTINGS.keys())
def test_wrong_settings_are_named_without_their_values(watch, monkeypatch, capsys, wrong):
    """On the command line, which is where an administrator meets them first."""
    right = {
        "ServiceBus": f"Endpoint=sb://localhost/;SharedAccessKeyName=x;SharedAccessKey={SAS}",
        "DATAVERSE_URL": "https://127.0.0.1:1",
        "DATAVERSE_TENANT_ID": "t",
        "DATAVERSE_CLIENT_ID": "c",
        "DATAVERSE_CLIENT_SECRET": SECRET,
        "SPOTLER_KEY": KEY,
        "SPOTLER_SECRET": SECRET,
        "STATE": "state",
    }
    for name, value in (right | wrong).items():
        monkeypatch.setenv(name, value)
    for commands in (
        ["job", "list"],
        ["job", "show", ADDRESS],
        ["job", "add", "--operation", VALUE],
        ["message", "show", "/"],
    ):
        get_settings.cache_clear()
        monkeypatch.setattr(sys, "argv", ["connector", *commands])
        with pytest.raises(SystemExit):
            cli.main()
    get_settings.cache_clear()

    reported = capsys.readouterr()
    assert leaks([*watch.seen(), reported.out.replace(ADDRESS, ""), reported.err.replace(ADDRESS, "")]) == []


def test_paths_that_cannot_be_used_are_not_quoted_and_secrets_have_no_text(watch, day):
    settings = day.services.settings.model_copy(
        update={"spotler_paths": f"{{{SENTENCE}", "spotler_key": SecretStr(KEY), "spotler_secret": SecretStr(SECRET)}
    )

    with pytest.raises(ConnectorError) as refused:
        spotler_from(settings)

    assert leaks([*watch.seen(), *texts_of(refused.value)]) == []
    assert leaks([repr(settings.model_copy(update={"spotler_paths": None}))]) == []
