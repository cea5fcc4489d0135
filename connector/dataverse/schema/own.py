"""The tables of the connector's solution about jobs and consent."""

from connector.dataverse.choices import (
    AutomationKind,
    ChangedBy,
    ConsentCause,
    ContactStatus,
    JobStatus,
    Operation,
    PromoteTo,
)
from connector.dataverse.names import Automation, Consent, Info, Job, Permission, Visitor
from connector.dataverse.schema.model import Column, Kind, Table, choice, lookup, option_labels, text
from connector.dataverse.schema.system import system_columns


def _party(names: type[Info | Permission | Consent]) -> tuple[Column, ...]:
    """The three lookups of which exactly one is filled."""
    return (
        lookup(names.CONTACT, "Contact", {"contact": names.CONTACT_NAVIGATION}),
        lookup(names.LEAD, "Lead", {"lead": names.LEAD_NAVIGATION}),
        lookup(names.ACCOUNT, "Account", {"account": names.ACCOUNT_NAVIGATION}),
    )


JOB = Table(
    name=Job.TABLE,
    set_name=Job.SET,
    label="Spotler Job",
    id_column=Job.ID,
    name_column=Job.NAME,
    own=True,
    columns=(
        Column(Job.ID, Kind.ID, "Spotler Job"),
        text(Job.NAME, "Name", 300),
        # Text that sorts as a number: twelve digits last for a million jobs a day for 2,700 years.
        Column(Job.NUMBER, Kind.TEXT, "Number", length=20, auto_number="{SEQNUM:12}"),
        choice(Job.OPERATION, "Operation", Operation),
        lookup(
            Job.CUSTOMER,
            "Customer",
            {"account": Job.CUSTOMER_ACCOUNT_NAVIGATION, "contact": Job.CUSTOMER_CONTACT_NAVIGATION},
        ),
        lookup(Job.LEAD, "Lead", {"lead": Job.LEAD_NAVIGATION}),
        lookup(Job.LIST, "Marketing List", {"list": Job.LIST_NAVIGATION}),
        lookup(Job.AUTOMATION, "Automation", {"dh_spotlerautomation": Job.AUTOMATION_NAVIGATION}),
        Column(Job.AUTOMATION_FIELDS, Kind.MEMO, "Automation Fields", length=100_000),
        text(Job.AUTOMATION_CONTACT_ID, "Automation Contact Id", 100),
        text(Job.TAG, "Tag", 1000),
        Column(Job.SCORE, Kind.INTEGER, "Score"),
        text(Job.AUDIENCE, "Audience", 255),
        text(Job.FIELD_NAME, "Field Name", 255),
        text(Job.FIELD_VALUE, "Field Value", 4000),
        lookup(Job.VISITOR, "Website Visitor", {Visitor.TABLE: Job.VISITOR_NAVIGATION}),
        choice(Job.PROMOTE_TO, "Promote To", PromoteTo),
        text(Job.RESULT_CODE, "Result Code", 100),
        Column(Job.RESULT_MESSAGE, Kind.MEMO, "Result Message", length=4000),
        Column(Job.STARTED_ON, Kind.DATE_TIME, "Started On"),
        Column(Job.COMPLETED_ON, Kind.DATE_TIME, "Completed On"),
        Column(Job.LEASE_UNTIL, Kind.DATE_TIME, "Lease Until"),
        text(Job.CLAIM, "Claim", 36),
        Column(Job.ATTEMPTS, Kind.INTEGER, "Attempts", default=0),
        *system_columns(option_labels(JobStatus)),
    ),
    keys={"dh_number_key": (Job.NUMBER,)},
    status_state={status.value: status.state for status in JobStatus},
)

INFO = Table(
    name=Info.TABLE,
    set_name=Info.SET,
    label="Spotler Info",
    id_column=Info.ID,
    name_column=Info.NAME,
    own=True,
    columns=(
        Column(Info.ID, Kind.ID, "Spotler Info"),
        text(Info.NAME, "Name", 200),
        text(Info.RECORD, "Record Id", 36, required=True),
        *_party(Info),
        Column(Info.ACTIVE, Kind.YES_NO, "Active"),
        choice(Info.CONTACT_STATUS, "Contact Status", ContactStatus),
        text(Info.LAST_STATUS, "Last Status", 100),
        Column(Info.LAST_SYNC_ON, Kind.DATE_TIME, "Last Sync On"),
        Column(Info.LAST_ERROR, Kind.MEMO, "Last Error", length=4000),
        text(Info.SENT_HASH, "Sent Hash", 64),
        Column(Info.GONE, Kind.YES_NO, "Gone From Spotler", default=False),
        Column(Info.KEEP_OUT, Kind.YES_NO, "Keep Out", default=False, audited=True),
        Column(Info.STATUS_ON, Kind.DATE_TIME, "Status On"),
        Column(Info.SOFT_BOUNCES, Kind.INTEGER, "Soft Bounces"),
        Column(Info.STATUS_INFERRED, Kind.YES_NO, "Status Inferred", default=False),
        Column(Info.LAST_COMMON, Kind.MEMO, "Last Common", length=100_000),
        Column(Info.SENT_FIELDS, Kind.MEMO, "Sent Fields", length=100_000),
        Column(Info.LAST_MAILED_ON, Kind.DATE_TIME, "Last Mailed On"),
        Column(Info.LAST_OPENED_ON, Kind.DATE_TIME, "Last Opened On"),
        Column(Info.LAST_CLICKED_ON, Kind.DATE_TIME, "Last Clicked On"),
        *system_columns(),
    ),
    keys={"dh_recordid_key": (Info.RECORD,)},
    status_state={1: 0, 2: 1},
)

PERMISSION = Table(
    name=Permission.TABLE,
    set_name=Permission.SET,
    label="Spotler Permission",
    id_column=Permission.ID,
    name_column=Permission.NAME,
    own=True,
    columns=(
        Column(Permission.ID, Kind.ID, "Spotler Permission"),
        text(Permission.NAME, "Name", 200, required=True),
        Column(Permission.SUBSCRIBED, Kind.YES_NO, "Subscribed", default=False, audited=True),
        *_party(Permission),
        Column(Permission.CHANGED_ON, Kind.DATE_TIME, "Changed On"),
        choice(Permission.CHANGED_BY, "Changed By", ChangedBy),
        Column(Permission.BIT, Kind.INTEGER, "Bit"),
        *system_columns(),
    ),
    status_state={1: 0, 2: 1},
)

CONSENT = Table(
    name=Consent.TABLE,
    set_name=Consent.SET,
    label="Consent History",
    id_column=Consent.ID,
    name_column=Consent.NAME,
    own=True,
    columns=(
        Column(Consent.ID, Kind.ID, "Consent History"),
        text(Consent.NAME, "Name", 300),
        text(Consent.RECORD, "Record Id", 36, required=True),
        text(Consent.RECORD_TABLE, "Record Table", 50),
        *_party(Consent),
        text(Consent.PERMISSION, "Permission", 200, required=True),
        Column(Consent.BEFORE, Kind.YES_NO, "Before"),
        Column(Consent.AFTER, Kind.YES_NO, "After"),
        Column(Consent.ON, Kind.DATE_TIME, "On"),
        choice(Consent.SOURCE, "Source", ConsentCause),
        text(Consent.EVIDENCE, "Evidence", 500),
        text(Consent.KEY, "Key", 100, required=True),
        *system_columns(),
    ),
    keys={"dh_consentkey_key": (Consent.KEY,)},
    status_state={1: 0, 2: 1},
)

AUTOMATION = Table(
    name=Automation.TABLE,
    set_name=Automation.SET,
    label="Spotler Automation",
    id_column=Automation.ID,
    name_column=Automation.NAME,
    own=True,
    columns=(
        Column(Automation.ID, Kind.ID, "Spotler Automation"),
        text(Automation.NAME, "Name", 300),
        text(Automation.TRIGGER_CODE, "Trigger Code", 100),
        choice(Automation.KIND, "Kind", AutomationKind, default=AutomationKind.AUTOMATION.value),
        text(Automation.AUTOMATION_ID, "Automation Id", 100),
        Column(Automation.FIELDS, Kind.MEMO, "Fields", length=100_000),
        *system_columns(),
    ),
    keys={"dh_triggercode_key": (Automation.TRIGGER_CODE,)},
    status_state={1: 0, 2: 1},
)

OWN_TABLES = (JOB, INFO, PERMISSION, CONSENT, AUTOMATION)
