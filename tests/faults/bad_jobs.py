"""Every way in which a job of each operation can be wrong, with the sentence for it; and one that is right."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from connector.dataverse.choices import AutomationKind, JobStatus, Operation
from connector.dataverse.names import Automation, Contact, EnvironmentVariable, Job, MarketingList
from connector.dataverse.records import RecordRef
from connector.operations.audiences import audience_id
from sandbox.sample_setup import PERMISSIONS_DEFINITION
from sandbox.spotler import seed

GONE = "99999999-0000-4000-8000-000000000000"
AUTOMATION = f"_{Job.AUTOMATION.lower()}_value"
LIST = f"_{Job.LIST.lower()}_value"
LEAD = f"_{Job.LEAD.lower()}_value"

type Columns = dict[str, object]

#: A job of each operation that has nothing wrong, beside its contact.
GOOD: dict[Operation, Callable[..., Columns]] = {
    Operation.SYNC_CONTACT: lambda _: {},
    Operation.SYNC_MARKETING_LIST: lambda ids: {LIST: ids["list"]},
    Operation.REMOVE_MARKETING_LIST: lambda ids: {LIST: ids["list"]},
    Operation.ADD_TAG: lambda _: {Job.TAG: "Good"},
    Operation.REMOVE_TAG: lambda _: {Job.TAG: "Bad"},
    Operation.SET_SCORE: lambda _: {Job.TAG: "Good", Job.SCORE: 1},
    Operation.INCREASE_SCORE: lambda _: {Job.TAG: "Good", Job.SCORE: 1},
    Operation.DECREASE_SCORE: lambda _: {Job.TAG: "Good", Job.SCORE: 1},
    Operation.START_AUTOMATION: lambda ids: {AUTOMATION: ids["welcome"]},
    Operation.STOP_AUTOMATION: lambda ids: {AUTOMATION: ids["campaign"]},
    Operation.REFRESH_AUTOMATIONS: lambda _: {},
    Operation.REFRESH_PERMISSIONS: lambda _: {},
    Operation.SET_CONTACT_FIELD: lambda _: {Job.FIELD_NAME: "freeField1", Job.FIELD_VALUE: "7"},
    Operation.CLEAR_CONTACT_FIELD: lambda _: {Job.FIELD_NAME: "freeField1"},
    Operation.ADD_TO_AUDIENCE: lambda _: {Job.AUDIENCE: "Good"},
    Operation.REMOVE_FROM_AUDIENCE: lambda _: {Job.AUDIENCE: "Good"},
    Operation.ANONYMIZE_CONTACT: lambda _: {},
}
LISTS = (Operation.SYNC_MARKETING_LIST, Operation.REMOVE_MARKETING_LIST)
#: What has no customer and no lead.
WITHOUT_RECORD = (*LISTS, Operation.REFRESH_AUTOMATIONS, Operation.REFRESH_PERMISSIONS)


@dataclass(frozen=True)
class Bad:
    """A way in which a job can be wrong.

    Attributes:
        sentence: a piece of the sentence that the job gets.
        columns: what is wrong about the columns; they replace those of a good job.
        record: the contact, or what is wrong about it.
    """

    why: str
    operation: Operation
    sentence: str
    columns: Callable[..., Columns] = lambda _: {}
    record: str = "fine"


def every(
    operations: Iterable[Operation], why: str, sentence: str, columns: Columns | None = None, record: str = "fine"
) -> list[Bad]:
    """The same error in several operations."""
    return [Bad(why, operation, sentence, lambda _: columns or {}, record) for operation in operations]


START, STOP = Operation.START_AUTOMATION, Operation.STOP_AUTOMATION
SCORES = (Operation.SET_SCORE, Operation.INCREASE_SCORE, Operation.DECREASE_SCORE)
TAGGED = (Operation.ADD_TAG, Operation.REMOVE_TAG, *SCORES)
FIELDS = (Operation.SET_CONTACT_FIELD, Operation.CLEAR_CONTACT_FIELD)
AUDIENCES = (Operation.ADD_TO_AUDIENCE, Operation.REMOVE_FROM_AUDIENCE)
ABOUT_RECORDS = tuple(operation for operation in GOOD if operation not in WITHOUT_RECORD)
ONE_RECORD_AT_MOST = tuple(operation for operation in GOOD if operation not in LISTS)
#: Anonymize Contact is done for a record that is gone.
NEED_IT_STILL = tuple(operation for operation in ABOUT_RECORDS if operation is not Operation.ANONYMIZE_CONTACT)
NEED_A_RECORD = tuple(each for each in ABOUT_RECORDS if each not in (Operation.ADD_TAG, STOP))
#: What only removes or stops is done for deactivated records too.
ONLY_ACTIVE = (Operation.ADD_TAG, *SCORES, START, Operation.SET_CONTACT_FIELD, Operation.ADD_TO_AUDIENCE)


def value(field: str, text: str) -> Columns:
    """The columns that set a field to a value."""
    return {Job.FIELD_NAME: field, Job.FIELD_VALUE: text}


BAD = (
    *every(NEED_A_RECORD, "no record", "The job has neither a customer nor a lead", record="none"),
    *every(ONE_RECORD_AT_MOST, "customer and lead", "The job has both a customer and a lead", record="two"),
    *every(NEED_IT_STILL, "deleted record", "The customer or lead of the job was deleted.", record="deleted"),
    *every(ONLY_ACTIVE, "deactivated record", "The customer or lead of the job is deactivated.", record="deactivated"),
    *every(ONLY_ACTIVE, "merged record", "The customer or lead of the job was merged into", record="merged"),
    *every(TAGGED, "no tag", "The job has no tag;", {Job.TAG: None}),
    *every(TAGGED, "blank tags", "The job has no tag;", {Job.TAG: " ; , "}),
    *every(TAGGED, "tag too long", "A tag is longer than", {Job.TAG: "x" * 256}),
    *every(SCORES, "two tags", "A score belongs to one tag;", {Job.TAG: "a;b"}),
    *every(SCORES, "no score", "The job has no score;", {Job.SCORE: None}),
    *every(SCORES[1:], "score of zero", "A score is raised or lowered by at least 1;", {Job.SCORE: 0}),
    *every(SCORES[1:], "negative score", "A score is raised or lowered by at least 1;", {Job.SCORE: -1}),
    *every(FIELDS, "no field name", "The job has no field name;", {Job.FIELD_NAME: " "}),
    *every(FIELDS, "unknown field", "Spotler has no field with this name.", {Job.FIELD_NAME: "noSuchField"}),
    *every(
        FIELDS, "ambiguous field", "Several Spotler fields have this display name;", {Job.FIELD_NAME: "Score note"}
    ),
    *every(FIELDS, "protected field", "belongs to the sync of the record", {Job.FIELD_NAME: "email"}),
    *every(FIELDS, "mapped field", "so the next sync would overwrite it;", {Job.FIELD_NAME: "city"}),
    *every(FIELDS, "list field without item", "is a list field; name one item", {Job.FIELD_NAME: "profileFields"}),
    *every(FIELDS, "unknown item", "has no such item; choose one of", {Job.FIELD_NAME: "profileFields:Cellar"}),
    *every(FIELDS, "item of a plain field", "is not a list field;", {Job.FIELD_NAME: "freeField1:Garden"}),
    *every(FIELDS[:1], "no value", "The job has no field value;", {Job.FIELD_VALUE: " "}),
    *every(FIELDS[:1], "value that is no number", "The field takes a whole number", {Job.FIELD_VALUE: "seven"}),
    *every(FIELDS[:1], "value that is no amount", "The field takes an amount", value("turnover", "a thousand")),
    *every(FIELDS[:1], "number with two readings", "The number can be read in two ways;", value("turnover", "1.000")),
    *every(FIELDS[:1], "value that is no date", "The field takes a date", value("lastorderdate", "31-02-2025")),
    *every(FIELDS[:1], "value that is no moment", "The field takes a moment", value("lastVisit", "yesterday")),
    *every(FIELDS[:1], "item neither on nor off", "An item of a list takes true,", value("profileFields:Garden", "?")),
    *every(AUDIENCES, "no audience", "The job has no audience;", {Job.AUDIENCE: " "}),
    *every(AUDIENCES, "audience of a list", "A Marketing List keeps this", {Job.AUDIENCE: "Kept by a list"}),
    *every([START], "no automation", "The job has no automation, or", {AUTOMATION: None}),
    *every([START, STOP], "deleted automation", "The automation of the job was deleted;", {AUTOMATION: GONE}),
    Bad(
        "deactivated automation",
        START,
        "The automation of the job is deactivated:",
        lambda ids: {AUTOMATION: ids["retired"]},
    ),
    Bad("automation without a code", START, "has no trigger code;", lambda ids: {AUTOMATION: ids["codeless"]}),
    *every([START], "unknown automation field", "The automation does not", {Job.AUTOMATION_FIELDS: "noSuchField=1"}),
    Bad(
        "field with a blank in its name",
        START,
        "has no name, or one with a blank in it.",
        lambda ids: {AUTOMATION: ids["campaign"], Job.AUTOMATION_FIELDS: "a name=1"},
    ),
    *every([START], "field without a value", "has no '='; write name=value,", {Job.AUTOMATION_FIELDS: "payUrl"}),
    *every(
        [START],
        "semicolon in a link",
        "or belong to the value before it;",
        {Job.AUTOMATION_FIELDS: "payUrl=https://shop.example/?a=1&amp;note=x"},
    ),
    *every([START], "field given twice", "Automation Fields gives", {Job.AUTOMATION_FIELDS: "note=a;note=b"}),
    *every([START], "address that is none", "must be an absolute", {Job.AUTOMATION_FIELDS: "payUrl=not an address"}),
    *every([STOP], "neither run nor automation", "The job needs an Automation Contact Id", {AUTOMATION: None}),
    *every([STOP], "neither run nor record", "The job needs an Automation Contact Id", record="none"),
    Bad(
        "run of another record",
        STOP,
        "belongs to a run of another record.",
        lambda ids: {Job.AUTOMATION_CONTACT_ID: ids["run"]},
    ),
    Bad(
        "run of another automation",
        STOP,
        "belongs to a run of another automation.",
        lambda ids: {Job.AUTOMATION_CONTACT_ID: ids["run"]},
        record="none",
    ),
    Bad("automation without an id", STOP, "has no automation id;", lambda ids: {AUTOMATION: ids["nameless"]}),
    *every(LISTS, "list and contact", "A job about a marketing list has no customer and no lead;", record="contact"),
    *every(LISTS, "no list", "The job has no marketing list,", {LIST: None}),
    *every(LISTS, "deleted list", "The marketing list of the job was deleted;", {LIST: GONE}),
    Bad(
        "deactivated list",
        Operation.SYNC_MARKETING_LIST,
        "The marketing list of the job is deactivated.",
        lambda ids: {LIST: ids["inactive list"]},
    ),
    Bad(
        "list without a name",
        Operation.SYNC_MARKETING_LIST,
        "The marketing list needs a name of 1 to",
        lambda ids: {LIST: ids["nameless list"]},
    ),
)  # fmt: skip


def fixtures(day) -> dict[str, str]:
    """What the lookups of these jobs point to."""
    day.load(
        MarketingList.TABLE, **{MarketingList.NAME: "Kept by a list", MarketingList.SYNCED: True, "createdfromcode": 2}
    )
    day.services.spotler.audiences.create(audience_id("Good"), "Good")
    started = {
        Job.OPERATION: START.value,
        Job.STATE: JobStatus.COMPLETED.state,
        Job.STATUS: JobStatus.COMPLETED.value,
        Job.RESULT_CODE: "OK",
        Job.AUTOMATION_CONTACT_ID: "a-run",
    }
    welcome = day.automation(seed.WELCOME_TRIGGER_CODE, dh_fields="payUrl=URL;note=STRING")
    campaign = {Automation.KIND: AutomationKind.CAMPAIGN.value}
    day.load(EnvironmentVariable.TABLE, **PERMISSIONS_DEFINITION)
    day.job(START, day.contact("other"), **started, **{AUTOMATION: welcome})
    return {
        "run": "a-run",
        "welcome": welcome,
        "campaign": day.automation(
            seed.CAMPAIGN_TRIGGER_ID, **campaign, **{Automation.AUTOMATION_ID: seed.CAMPAIGN_ID}
        ),
        "nameless": day.automation("nameless", **campaign),
        "retired": day.automation("retired", statecode=1, statuscode=2),
        "codeless": day.automation(None),
        "list": day.load(MarketingList.TABLE, **{MarketingList.NAME: "Members", "createdfromcode": 2}),
        "nameless list": day.load(MarketingList.TABLE, **{MarketingList.NAME: " ", "createdfromcode": 2}),
        "inactive list": day.load(
            MarketingList.TABLE, **{MarketingList.NAME: "Old", "createdfromcode": 2, "statecode": 1, "statuscode": 1}
        ),
    }


def make_good(day, operation: Operation, name: str, ids: dict[str, str], *, known: bool) -> str:
    """A job that ends well."""
    if operation in WITHOUT_RECORD:
        return day.job(operation, **GOOD[operation](ids))
    record = day.contact(name, known=known or operation is STOP)
    if operation is STOP:
        day.services.spotler.trigger_campaign(seed.CAMPAIGN_TRIGGER_ID, record.id)
    return day.job(operation, record, **GOOD[operation](ids))


def make_bad(day, bad: Bad, ids: dict[str, str]) -> str:
    """A job with this error."""
    columns = {**GOOD[bad.operation](ids), **bad.columns(ids)}
    match bad.record:
        case "none":
            record = None
        case "two":
            record, columns = day.contact(), columns | {LEAD: day.lead().id}
        case "deleted":
            record = RecordRef(Contact.TABLE, GONE)
        case "deactivated":
            record = day.contact(known=True, statecode=1, statuscode=2)
        case "merged":
            record = day.contact(known=True, statecode=1, statuscode=2, merged=True)
        case "fine" if bad.operation in WITHOUT_RECORD:
            record = None
        case _:
            record = day.contact(known=True)
    return day.job(bad.operation, record, **columns)
