"""Any row and any message: every job ends with a code, no internal error, a bad job asks nothing of Spotler."""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from connector.dataverse.choices import AutomationKind, JobStatus, Operation
from connector.dataverse.messages import parse_message
from connector.dataverse.names import Automation, Contact, EnvironmentVariable, Job, Lead, MarketingList
from connector.dataverse.records import RecordRef
from connector.errors import Unreadable
from connector.jobs import chunks
from connector.routing.quarantine import Note
from connector.routing.route import route
from connector.routing.work_item import WorkItem
from connector.servicebus.bus import OutgoingMessage
from connector.servicebus.entities import OPERATION_PROPERTY, QUEUE_DATAVERSE, TOPIC_JOBS
from sandbox.sample_setup import PERMISSIONS_DEFINITION
from sandbox.spotler import seed
from tests.faults.support import SLUGS
from tests.unit.jobs.posted import body, created
from tests.unit.messages.damage import damaged, source

GONE = "99999999-0000-4000-8000-000000000000"
#: Rows in one batch of everything; one run of hypothesis makes so many of them.
ROWS = 30
RUNS = 10
NIGHTLY_RUNS = 150

#: Jobs of one chunk: those of an operation all in one, or each in one of its own.
PORTIONS = (1, ROWS)

#: Texts that users, flows and copies from office programs produce, beside any text at all.
ODD = st.sampled_from(
    [
        "", " ", ";", ",", "\t\n", "\u200b", "\ufeff", "\u202eabc", "\U0001f680", "e\u0301", "İ", "ß", "null",
        "0", "-1", "1e400", "NaN", "'", "''", '"', "\\", "/", "..", "%2F", "%", "{0}", "${x}", "$filter",
        "a" * 255, "a" * 256, "=", "a=b", "a=b;c", "31-12-2025", "2025-02-30", "9999-12-31", "12,5", "ja",
        "email", "externalId", "freeField1", "lastorderdate", "Last Order Date", "Score note", "profileFields",
        "profileFields:Garden", "permissions:Newsletter", "payUrl=STRING", "payUrl=https://example.org/1",
        "basket=p-1,p-2", "invoiceEmail=a@example.org",
    ]
)  # fmt: skip


def texts(longest: int) -> st.SearchStrategy[str]:
    """What a text column takes. U+0000 is no character of JSON that Dataverse accepts."""
    anything = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)
    return st.one_of(ODD, anything, st.text("ab;,= ", max_size=40)).map(lambda text: text[:longest])


OPTIONAL = {
    Job.TAG: texts(1000),
    Job.SCORE: st.integers(-(2**31), 2**31 - 1) | st.integers(-2, 20),
    Job.AUDIENCE: texts(255),
    Job.FIELD_NAME: texts(255),
    Job.FIELD_VALUE: texts(4000),
    Job.AUTOMATION_FIELDS: texts(5000),
    Job.AUTOMATION_CONTACT_ID: texts(100),
    Job.NAME: texts(300),
}
#: What a job may be about, by what is the matter with it.
SUBJECTS = {
    "none": lambda _: None,
    "fine": lambda day: day.contact(),
    "known": lambda day: day.contact(known=True),
    "lead": lambda day: day.lead(),
    "account": lambda day: day.account(),
    "two": lambda day: day.contact(),  # and a lead
    "deleted": lambda _: RecordRef(Contact.TABLE, GONE),
    "deactivated": lambda day: day.contact(known=True, statecode=1, statuscode=2),
    "silent": lambda day: day.contact(emailaddress1=None),
    "do not email": lambda day: day.contact(known=True, donotemail=True),
    "odd": lambda day: day.contact(lastname="\u202e\U0001f680 'O''Brien\" ", emailaddress1="not an address"),
}
AUTOMATIONS = st.sampled_from(["none", "welcome", "campaign", "inactive", "retired", "codeless", "unknown", "gone"])
LISTS = st.sampled_from(["none", "kept", "gone"])
#: A comparison of both sides is about all records, so it asks about those of bad jobs too.
OPERATIONS = [None, *(operation for operation in Operation if operation is not Operation.RECONCILE)]
JOBS = st.fixed_dictionaries(
    {
        "operation": st.sampled_from(OPERATIONS),
        "record": st.sampled_from(sorted(SUBJECTS)),
        "automation": AUTOMATIONS,
        "list": LISTS,
    },
    optional=OPTIONAL,
)


class Fixtures:
    """What the lookups of fuzzed jobs may point to."""

    def __init__(self, day) -> None:
        self.day = day
        self.automations = {
            "none": None,
            "gone": GONE,
            "welcome": day.automation(seed.WELCOME_TRIGGER_CODE, dh_fields="payUrl=URL\nbasket=PRODUCTLIST"),
            "campaign": day.automation(
                seed.CAMPAIGN_TRIGGER_ID,
                **{Automation.KIND: AutomationKind.CAMPAIGN.value, Automation.AUTOMATION_ID: seed.CAMPAIGN_ID},
            ),
            "inactive": day.automation(seed.INACTIVE_TRIGGER_CODE),
            "retired": day.automation("retired", statecode=1, statuscode=2),
            "codeless": day.automation(None),
            "unknown": day.automation("\U0001f680/?#%2F", dh_fields="\u202e=\n==\n=URL"),
        }
        day.load(EnvironmentVariable.TABLE, **PERMISSIONS_DEFINITION)  # a refresh would wait for it for hours
        kept = {MarketingList.NAME: "ab", MarketingList.SYNCED: True, "createdfromcode": 2}
        self.lists = {"none": None, "gone": GONE, "kept": day.load(MarketingList.TABLE, **kept)}

    def make(self, job) -> tuple[str, str | None]:
        """The ids of the job and of the record that it is about."""
        day = self.day
        columns = {name: value for name, value in job.items() if name.startswith("dh_")}
        columns[f"_{Job.AUTOMATION.lower()}_value"] = self.automations[job["automation"]]
        columns[f"_{Job.LIST.lower()}_value"] = self.lists[job["list"]]
        record = SUBJECTS[job["record"]](day)
        if job["record"] == "two":
            columns[f"_{Job.LEAD.lower()}_value"] = day.lead().id
        return day.job(job["operation"], record, **columns), record.id if record else None


def check_jobs(day, jobs) -> None:
    fixtures = Fixtures(day)
    made = dict(fixtures.make(job) for job in jobs)  # the record of each job, by the id of the job
    day.wire.sent.clear()

    day.wake(*made)
    day.run_until_over()

    rows = {str(row[Job.ID]): row for row in day.rows(Job.TABLE) if row[Job.ID] in made}
    codes = {job: rows[job][Job.RESULT_CODE] for job in made}
    assert day.failures == []
    assert day.mistakes.seen == []
    assert day.bus.quarantined() == []
    assert {rows[job][Job.STATUS] for job in made} <= {JobStatus.COMPLETED, JobStatus.FAILED}
    assert "INTERNAL_ERROR" not in codes.values()
    assert all(codes[job] and rows[job][Job.RESULT_MESSAGE] for job in made)
    valid = {made[job] for job in made if codes[job] != "JOB_NOT_VALID"}
    not_valid = {record for record in made.values() if record} - valid
    # Whoever may not be in Spotler leaves it with the first job about them, also with one that is refused.
    asked = [call for call in day.wire.sent if not call.startswith("PUT /contact/anonymize/")]
    assert [call for call in asked if any(record in call for record in not_valid)] == []
    if all(code == "JOB_NOT_VALID" for code in codes.values()):
        assert [call for call in asked if "/contact/properties/list" not in call] == []


def fuzz(day, runs: int) -> None:
    @settings(
        max_examples=runs,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(JOBS, min_size=ROWS, max_size=ROWS), st.sampled_from(PORTIONS))
    def any_rows(jobs, chunk) -> None:
        day.start_over()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(chunks, "SIZE", chunk)
            check_jobs(day, jobs)

    any_rows()


def test_any_row_ends_with_a_code_and_a_bad_one_asks_nothing_of_spotler(day):
    fuzz(day, RUNS)


@pytest.mark.nightly
def test_any_of_many_more_rows_ends_with_a_code_and_a_bad_one_asks_nothing_of_spotler(day):
    fuzz(day, NIGHTLY_RUNS)


#: The id of the one job that the messages below may be about, in place of its real id.
THE_JOB = "0a0a0a0a-0000-4000-8000-000000000001"
WORK_ITEMS = st.fixed_dictionaries(
    {
        "job": st.sampled_from([THE_JOB, THE_JOB, THE_JOB.upper(), GONE, "", "x", 7, None]),
        "first_seen": st.sampled_from(["2026-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "x", 0]),
    },
    optional={
        "operation": st.sampled_from([*SLUGS, "", "no-such-operation"]) | st.text(max_size=10),
        "record": st.sampled_from(
            [None, {"table": Lead.TABLE, "id": GONE}, {"table": "\U0001f680", "id": GONE}, [], "x"]
        ),
        "reason": st.sampled_from(["created", "sweep", "receipt", "x", None]),
        "first_attempt": st.sampled_from([None, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59+14:00"]),
        "claim": st.sampled_from([None, {}, {"attempt": 1, "token": "t"}, {"attempt": 2**70, "token": ""}]),
        "receipt": st.sampled_from([None, {}, {"status": 2, "code": "C", "message": ""}, {"status": 7, "code": "C"}]),
    },
)
#: What the router takes for the present; whether it can read a message does not depend on it.
NOW = datetime(2026, 1, 1, tzinfo=UTC)
POSTED = source(body(created(job=THE_JOB)).decode())
BODIES = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=50).map(str.encode),
    WORK_ITEMS.map(lambda item: json.dumps(item).encode()),
    st.integers(0, 10**6).map(lambda number: damaged(random.Random(number), [POSTED])),  # noqa: S311 - repeatable
)


def is_refused(read: Callable[[bytes], object], content: bytes) -> bool:
    """Whether this cannot be read."""
    try:
        read(content)
    except Unreadable:
        return True
    return False


def check_messages(day, bodies, slug) -> None:
    """What is read is acted on or ignored, what is not is kept: nothing raises, and nothing is lost or kept twice."""
    job = day.job(Operation.ADD_TAG, day.contact(), dh_tag="x")
    real = [body.replace(THE_JOB.encode(), job.encode()) for body in bodies]
    day.new_bus()

    day.post(*real)
    day.bus.to_topic(
        TOPIC_JOBS,
        [OutgoingMessage(each, f"any-{number}", {OPERATION_PROPERTY: slug}) for number, each in enumerate(real)],
    )
    day.run_until_over()

    refused = [(each, QUEUE_DATAVERSE) for each in real if is_refused(lambda x: route(parse_message(x), now=NOW), each)]
    refused += [(each, slug) for each in real if is_refused(WorkItem.from_body, each)]
    kept = [(content, properties[Note.SOURCE]) for content, properties in day.bus.quarantined()]
    assert day.failures == []
    assert day.mistakes.seen == []
    assert day.bus.dead_letters() == 0
    assert sorted(kept) == sorted(refused)


def fuzz_messages(day, runs: int) -> None:
    @settings(
        max_examples=runs, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.lists(BODIES, min_size=ROWS, max_size=ROWS), st.sampled_from(SLUGS))
    def any_messages(bodies, slug) -> None:
        check_messages(day, bodies, slug)

    any_messages()


def test_any_message_is_acted_on_or_kept(day):
    fuzz_messages(day, 5 * RUNS)


@pytest.mark.nightly
def test_any_of_many_more_messages_is_acted_on_or_kept(day):
    fuzz_messages(day, NIGHTLY_RUNS)
