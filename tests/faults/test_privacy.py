"""Personal data, keys and bodies never reach a log line, a property of the quarantine, or the text of an error."""

import itertools
import json
import logging
import sys
import traceback
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr
from requests_oauthlib import OAuth1

from connector.bus import OPERATION_PROPERTY, QUEUE_QUARANTINE, TOPIC_JOBS, OutgoingMessage, bus_from
from connector.cli import app as cli
from connector.dataverse.choices import Operation
from connector.dataverse.client import Dataverse
from connector.dataverse.names import Automation, Job
from connector.errors import ConnectorError
from connector.http import Clock, Transport
from connector.settings import get_settings
from connector.spotler import Spotler, spotler_from
from connector.spotler.calls import Calls
from sandbox.spotler import seed
from tests.faults.support import Simulation
from tests.unit.jobs.posted import body, choice, created
from tests.unit.scripted_server import Answer, ScriptedServer

#: What must not be seen anywhere: each is unlike any word of the connector.
ADDRESS = "jane.quxley@plant-mail.example"
NAME = "Quxley"
VALUE = "zebrafinch"
SAS = "c2VjcmV0c2VjcmV0cGxhbnRlZA=="
KEY, SECRET = "plantedkey77", "plantedsecret88"
PLANTS = (ADDRESS, "plant-mail", NAME, VALUE, SAS, KEY, SECRET)
SENTENCE = f"The value {VALUE} of {NAME} <{ADDRESS}> with the key {KEY} is not right."

_USUAL = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class Watch(logging.Handler):
    """Sees every log line with its fields, every error that the connector makes, and what goes to the quarantine."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.errors: list[ConnectorError] = []

    def emit(self, record: logging.LogRecord) -> None:
        fields = {name: value for name, value in record.__dict__.items() if name not in _USUAL}
        trace = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
        self.lines.append(f"{record.name} {record.getMessage()} {fields} {trace}")

    def seen(self) -> Iterable[str]:
        yield from self.lines
        for error in self.errors:
            yield from texts_of(error)


def texts_of(error: BaseException) -> Iterable[str]:
    """All that anybody can print about an error, with whatever stands behind it."""
    yield "".join(traceback.format_exception(error))
    if isinstance(error, ConnectorError):
        yield f"{error.result_code} {error.sentence} {error.what_to_do} {error.for_people}"
    following: BaseException | None = error
    while following is not None:
        yield f"{following!s} {following!r} {following.args} {getattr(following, '__notes__', '')}"
        following = following.__cause__ or following.__context__


def leaks(seen: Iterable[str]) -> list[str]:
    return [text for text in seen if any(plant.casefold() in text.casefold() for plant in PLANTS)]


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


def planted_record(day: Simulation, **columns: object):
    return day.contact(
        **{"firstname": NAME, "lastname": NAME, "emailaddress1": ADDRESS, "address1_city": VALUE, **columns}
    )


def planted_jobs(day: Simulation, times: int = 1) -> list[str]:
    """Jobs of every operation: some with proper values, some with values in all columns that are wrong for most."""
    welcome = day.automation(
        seed.WELCOME_TRIGGER_CODE, **{Automation.FIELDS: "invoiceEmail=STRING\npayUrl=URL", Automation.NAME: NAME}
    )
    proper = {
        Job.NAME: NAME,
        Job.TAG: VALUE,
        Job.SCORE: 1,
        Job.AUDIENCE: VALUE,
        Job.FIELD_NAME: "scoreNote1",
        Job.FIELD_VALUE: ADDRESS,
        Job.AUTOMATION_FIELDS: f"invoiceEmail={ADDRESS}",
        f"_{Job.AUTOMATION.lower()}_value": welcome,
    }
    wrong = {
        **proper,
        Job.TAG: f"{VALUE};{NAME};{'x' * 300}",
        Job.SCORE: -1,
        Job.AUDIENCE: " ",
        Job.FIELD_NAME: VALUE,
        Job.AUTOMATION_FIELDS: f"{VALUE} {NAME}={ADDRESS};payUrl={NAME}",
        Job.AUTOMATION_CONTACT_ID: VALUE,
    }
    values = [
        {**proper, Job.FIELD_NAME: name, Job.FIELD_VALUE: value}
        for name, value in (
            ("lastorderdate", VALUE),
            ("freeField1", ADDRESS),
            (f"profileFields:{VALUE}", "ja"),
            ("profileFields:Garden", VALUE),
            (f"freeField1:{VALUE}", VALUE),
        )
    ]
    rows = [(operation, columns) for operation in (None, *Operation) for columns in (proper, wrong)]
    rows += [(Operation.SET_CONTACT_FIELD, columns) for columns in values]
    rows += [(Operation.START_AUTOMATION, {**proper, Job.AUTOMATION_FIELDS: f"payUrl={ADDRESS}"})]
    return [day.job(operation, planted_record(day), **columns) for operation, columns in rows * times]


def everything(watch: Watch, day: Simulation) -> list[str]:
    """What was seen: logs and errors, what left the functions, and what the quarantine says about its messages."""
    properties = [str(properties) for _, properties in day.bus.quarantined()]
    return [*watch.seen(), *properties, *(text for error in day.failures for text in texts_of(error))]


def test_the_watch_sees_what_it_is_to_see(watch):
    logging.getLogger("connector.somewhere").debug("sent to %s", ADDRESS)
    logging.getLogger("library").info("ok", extra={"who": NAME})
    error = ConnectorError(SENTENCE)

    assert len(leaks(watch.seen())) >= 3
    assert leaks(texts_of(error))


def test_operations_good_and_bad_tell_nobody_what_they_are_about(watch, day):
    jobs = planted_jobs(day)

    day.wake(*jobs)
    day.run_until_over()

    assert {status for status, _ in day.outcomes().values()} == {"Completed", "Failed"}
    assert len(watch.lines) >= len(jobs)
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
        spotler = Spotler(Calls(transport, OAuth1(KEY, client_secret=SECRET), clock=clock), clock=clock)
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


def test_connections_that_break_tell_no_address(watch, day):
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
def test_a_bus_that_cannot_be_reached_tells_nothing_of_its_connection_string(watch, day, connection):
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

    told = capsys.readouterr()
    assert leaks([*watch.seen(), told.out.replace(ADDRESS, ""), told.err.replace(ADDRESS, "")]) == []


def test_paths_that_cannot_be_used_are_not_quoted_and_secrets_have_no_text(watch, day):
    settings = day.services.settings.model_copy(
        update={"spotler_paths": f"{{{SENTENCE}", "spotler_key": SecretStr(KEY), "spotler_secret": SecretStr(SECRET)}
    )

    with pytest.raises(ConnectorError) as refused:
        spotler_from(settings)

    assert leaks([*watch.seen(), *texts_of(refused.value)]) == []
    assert leaks([repr(settings.model_copy(update={"spotler_paths": None}))]) == []
