"""What is planted in rows, settings, messages and answers, and what must not be seen anywhere afterwards."""

import itertools
import logging
import traceback
from collections.abc import Iterable

from connector.dataverse.choices import Operation
from connector.dataverse.names import Account, Automation, Contact, Flags, Job, Lead
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError
from connector.operations.operation import Needs
from connector.operations.registry import operation_of
from connector.routing.subscriptions import CARRIED_OUT
from sandbox.spotler import seed
from tests.acceptance.records import DEACTIVATED
from tests.faults.support import Simulation

#: What must not be seen anywhere: each is unlike any word of the connector.
ADDRESS = "jane.quxley@plant-mail.example"
NAME = "Quxley"
VALUE = "zebrafinch"
SAS = "c2VjcmV0c2VjcmV0cGxhbnRlZA=="
KEY, SECRET = "plantedkey77", "plantedsecret88"
PLANTS = (ADDRESS, "plant-mail", NAME, VALUE, SAS, KEY, SECRET)
SENTENCE = f"The value {VALUE} of {NAME} <{ADDRESS}> with the key {KEY} is not right."

#: What is done with records, and of it one operation for each way to Spotler.
ABOUT_RECORDS = [each for each in CARRIED_OUT if operation_of(each.slug).needs is not Needs.NOTHING]
SOME_OF_EACH_WAY = (
    Operation.SYNC_CONTACT,
    Operation.ADD_TAG,
    Operation.SET_CONTACT_FIELD,
    Operation.ADD_TO_AUDIENCE,
    Operation.START_AUTOMATION,
    Operation.ANONYMIZE_CONTACT,
)

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


def planted_people(day: Simulation) -> list[str]:
    """Jobs about records of all tables, in all the states that decide whether somebody may be mailed, and lost ones."""
    welcome = day.automation(seed.WELCOME_TRIGGER_CODE, **{Automation.NAME: NAME})
    person = {"firstname": NAME, "lastname": NAME, "emailaddress1": ADDRESS, "address1_city": VALUE}
    tables = {
        Contact.TABLE: person,
        Lead.TABLE: person | {"companyname": NAME},
        Account.TABLE: {"name": NAME, "emailaddress1": ADDRESS, "address1_city": VALUE},
    }
    columns = {
        Job.TAG: VALUE,
        Job.SCORE: 1,
        Job.AUDIENCE: VALUE,
        Job.FIELD_NAME: "scoreNote1",
        Job.FIELD_VALUE: ADDRESS,
        f"_{Job.AUTOMATION.lower()}_value": welcome,
    }
    jobs = []

    def order(record: RecordRef, *operations: Operation) -> None:
        day.permission(record, NAME, subscribed=True)
        jobs.extend(day.job(operation, record, **columns) for operation in operations)

    for table, plants in tables.items():
        for operation in ABOUT_RECORDS:
            order(getattr(day, table)(known=True, **plants), operation)
    day.spotler.reset()  # it has lost them
    for table, plants in tables.items():
        states = ({}, {Flags.DO_NOT_EMAIL: True}, {Flags.DO_NOT_BULK_EMAIL: True}, DEACTIVATED[table])
        for state, known in itertools.product(states, (True, False)):
            order(getattr(day, table)(known=known, **plants, **state), *SOME_OF_EACH_WAY)
    return jobs


def everything(watch: Watch, day: Simulation) -> list[str]:
    """What was seen: logs and errors, what left the functions, and what messages show that nobody has opened."""
    return [*watch.seen(), *day.bus.envelopes, *(text for error in day.failures for text in texts_of(error))]
