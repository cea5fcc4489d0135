"""The sample jobs of `run --once`: good ones and bad ones, each with the end that it should have."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from connector.dataverse.choices import AutomationKind, JobStatus, Operation
from connector.dataverse.names import (
    PERMISSIONS_VARIABLE,
    Account,
    Automation,
    Contact,
    EnvironmentVariable,
    Job,
    Lead,
    Permission,
)
from sandbox.people import People
from sandbox.spotler import seed

INVALID: Final = "JOB_NOT_VALID"

#: What the rows below call each other: the key of a fixture, or of a bind to it.
type Ids = Mapping[str, str]

#: The environment variable with the names of the permissions, as `setup` creates it.
PERMISSIONS_DEFINITION: Final[Mapping[str, object]] = {
    EnvironmentVariable.SCHEMA_NAME: PERMISSIONS_VARIABLE,
    "displayname": "Spotler Permissions",
    "type": 100000000,
}


@dataclass(frozen=True, slots=True)
class Sample:
    """A job and how it should end.

    Attributes:
        operation: what it orders; None for none.
        record: what users would call its record.
        says: a piece of the sentence that a job gets which is not valid.
        columns: the further columns of the row, from the ids of the fixtures.
        deletes: the contact that is deleted together with the creation of the job.
        last: whether the job is created when the others are over, because it would change what they find.
    """

    operation: Operation | None
    record: str
    status: JobStatus
    code: str
    columns: Callable[[Ids], dict[str, object]] = field(default=lambda _: {})
    deletes: str = ""
    last: bool = False
    says: str = ""

    @property
    def label(self) -> str:
        """What the table calls the operation."""
        return self.operation.label if self.operation else "(none)"

    def row(self, ids: Ids) -> dict[str, object]:
        """The row to create."""
        row = {Job.NAME: f"{self.label}: {self.record}", **self.columns(ids)}
        if self.operation is not None:
            row[Job.OPERATION] = self.operation.value
        return row


def customer(key: str, set_name: str = Contact.SET) -> Callable[[Ids], dict[str, object]]:
    """A job for a contact, or for an account."""
    navigation = Job.CUSTOMER_CONTACT_NAVIGATION if set_name == Contact.SET else Job.CUSTOMER_ACCOUNT_NAVIGATION
    return lambda ids: {f"{navigation}@odata.bind": f"/{set_name}({ids[key]})"}


def lead(key: str) -> Callable[[Ids], dict[str, object]]:
    """A job for a lead."""
    return lambda ids: {f"{Job.LEAD_NAVIGATION}@odata.bind": f"/{Lead.SET}({ids[key]})"}


def automation(key: str) -> Callable[[Ids], dict[str, object]]:
    """The automation of a job."""
    return lambda ids: {f"{Job.AUTOMATION_NAVIGATION}@odata.bind": f"/{Automation.SET}({ids[key]})"}


def both(*parts: Callable[[Ids], dict[str, object]], **columns: object) -> Callable[[Ids], dict[str, object]]:
    """Several of the above, and plain columns."""
    return lambda ids: {name: value for part in parts for name, value in part(ids).items()} | columns


def _set_field(name: str, value: str) -> dict[str, object]:
    return {Job.FIELD_NAME: name, Job.FIELD_VALUE: value}


AUTOMATION: Final = AutomationKind.AUTOMATION
#: The trigger code of an automation that Spotler does not know any more.
FORGOTTEN: Final = "00000000-0000-4000-8000-000000000000"

COMPLETED, FAILED = JobStatus.COMPLETED, JobStatus.FAILED

SAMPLES: Final = (
    Sample(Operation.SYNC_CONTACT, "contact Anna", COMPLETED, "OK", customer("anna")),
    Sample(Operation.SYNC_CONTACT, "lead Lars", COMPLETED, "OK", lead("lars")),
    Sample(Operation.SYNC_CONTACT, "account Bakery", COMPLETED, "OK", customer("bakery", Account.SET)),
    Sample(Operation.SYNC_CONTACT, "contact without address", COMPLETED, "SKIPPED_NO_EMAIL", customer("silent")),
    Sample(Operation.ADD_TAG, "contact Anna", COMPLETED, "OK", both(customer("anna"), dh_tag="Customer; Webinar")),
    Sample(Operation.ADD_TAG, "contact Zoë, not synced yet", COMPLETED, "OK", both(customer("zoe"), dh_tag="Lead")),
    Sample(Operation.ADD_TAG, "no record", COMPLETED, "OK", both(dh_tag="Spring campaign")),
    Sample(
        Operation.SET_CONTACT_FIELD,
        "contact Anna",
        COMPLETED,
        "OK",
        both(customer("anna"), **_set_field("Last Order Date", "24-12-2025")),
    ),
    Sample(
        Operation.SET_CONTACT_FIELD,
        "contact Anna, list item",
        COMPLETED,
        "OK",
        both(customer("anna"), **_set_field("profileFields:Garden", "ja")),
    ),
    Sample(
        Operation.START_AUTOMATION,
        "contact Anna",
        COMPLETED,
        "OK",
        both(customer("anna"), automation("welcome"), dh_automationfields="invoiceEmail=administration@example.org"),
    ),
    Sample(
        Operation.START_AUTOMATION, "lead Lars, campaign", COMPLETED, "OK", both(lead("lars"), automation("campaign"))
    ),
    Sample(Operation.REMOVE_TAG, "contact Anna", COMPLETED, "OK", both(customer("anna"), dh_tag="webinar")),
    Sample(
        Operation.SET_SCORE, "contact Anna", COMPLETED, "OK", both(customer("anna"), dh_tag="Interest", dh_score=10)
    ),
    Sample(
        Operation.INCREASE_SCORE, "contact Anna", COMPLETED, "OK", both(customer("anna"), dh_tag="Interest", dh_score=5)
    ),
    Sample(
        Operation.DECREASE_SCORE, "contact Anna", COMPLETED, "OK", both(customer("anna"), dh_tag="Interest", dh_score=3)
    ),
    Sample(
        Operation.CLEAR_CONTACT_FIELD,
        "contact Anna",
        COMPLETED,
        "OK",
        both(customer("anna"), **{Job.FIELD_NAME: "lastorderdate"}),
    ),
    Sample(
        Operation.ADD_TO_AUDIENCE, "contact Anna", COMPLETED, "OK", both(customer("anna"), **{Job.AUDIENCE: "Members"})
    ),
    Sample(
        Operation.REMOVE_FROM_AUDIENCE,
        "contact Anna",
        COMPLETED,
        "OK",
        both(customer("anna"), **{Job.AUDIENCE: "members"}),
    ),
    Sample(Operation.STOP_AUTOMATION, "contact Anna", COMPLETED, "OK", both(customer("anna"), automation("welcome"))),
    Sample(Operation.REFRESH_AUTOMATIONS, "", COMPLETED, "OK", last=True),
    Sample(Operation.REFRESH_PERMISSIONS, "", COMPLETED, "OK"),
    Sample(Operation.ANONYMIZE_CONTACT, "contact Zoë", COMPLETED, "OK", customer("zoe")),
    Sample(Operation.SYNC_MARKETING_LIST, "no list", FAILED, INVALID, says="no marketing list"),
    Sample(Operation.STOP_AUTOMATION, "no run", FAILED, "RUN_NOT_FOUND", both(lead("lars"), automation("welcome"))),
    Sample(
        Operation.REMOVE_FROM_AUDIENCE,
        "unknown audience",
        FAILED,
        "RESOURCE_NOT_FOUND",
        both(customer("anna"), **{Job.AUDIENCE: "Nobody knows it"}),
    ),
    Sample(
        Operation.INCREASE_SCORE,
        "no score",
        FAILED,
        INVALID,
        both(customer("anna"), dh_tag="Interest"),
        says="no score",
    ),
    Sample(None, "no operation", FAILED, INVALID, customer("anna"), says="no operation that the connector knows"),
    Sample(Operation.SYNC_CONTACT, "no record", FAILED, INVALID, says="neither a customer nor a lead"),
    Sample(
        Operation.ADD_TAG,
        "both customer and lead",
        FAILED,
        INVALID,
        both(customer("anna"), lead("lars"), dh_tag="x"),
        says="both a customer and a lead",
    ),
    Sample(Operation.ADD_TAG, "no tag", FAILED, INVALID, both(customer("anna"), dh_tag=" ; "), says="no tag"),
    Sample(
        Operation.SET_CONTACT_FIELD,
        "ambiguous display name",
        FAILED,
        INVALID,
        both(customer("anna"), **_set_field("Score note", "warm")),
        says="Several Spotler fields have this display name",
    ),
    Sample(
        Operation.SET_CONTACT_FIELD,
        "value that cannot be converted",
        FAILED,
        INVALID,
        both(customer("anna"), **_set_field("lastorderdate", "tomorrow")),
        says="The field takes a date",
    ),
    Sample(
        Operation.SET_CONTACT_FIELD,
        "field that the mapping sends",
        FAILED,
        INVALID,
        both(customer("anna"), **_set_field("city", "Utrecht")),
        says="the next sync would overwrite it",
    ),
    Sample(Operation.START_AUTOMATION, "no automation", FAILED, INVALID, customer("anna"), says="no automation"),
    Sample(
        Operation.START_AUTOMATION,
        "automation unknown to Spotler",
        FAILED,
        "TRIGGER_NOTFOUND",
        both(customer("anna"), automation("forgotten")),
    ),
    Sample(
        Operation.START_AUTOMATION,
        "inactive automation",
        FAILED,
        "AUTOMATION_INACTIVE",
        both(customer("anna"), automation("inactive")),
    ),
    Sample(
        Operation.SYNC_CONTACT,
        "deleted record",
        FAILED,
        INVALID,
        customer("deleted"),
        deletes="deleted",
        says="customer or lead of the job was deleted",
    ),
)


def create_fixtures(people: People) -> dict[str, str]:
    """The records and automations that the samples are about; their ids by the names used above."""
    ids = {}
    ids["bakery"] = people.create(
        Account.SET, {"name": "Bakery of the Square", "emailaddress1": "info@bakery.example.org"}
    )
    ids["anna"] = people.create(
        Contact.SET,
        {
            "firstname": "Anna",
            "lastname": "Voorbeeld",
            "emailaddress1": "anna@example.org",
            "gendercode": 2,
            "birthdate": "1984-02-29",
            "parentcustomerid_account@odata.bind": f"/{Account.SET}({ids['bakery']})",
        },
    )
    ids["zoe"] = people.create(
        Contact.SET, {"firstname": "Zoë", "lastname": "de Wit", "emailaddress1": "zoe@example.org"}
    )
    ids["silent"] = people.create(Contact.SET, {"firstname": "Silent", "lastname": "Reader"})
    ids["deleted"] = people.create(Contact.SET, {"lastname": "Gone", "emailaddress1": "gone@example.org"})
    ids["lars"] = people.create(
        Lead.SET, {"subject": "Webinar", "firstname": "Lars", "lastname": "Test", "emailaddress1": "lars@example.org"}
    )
    people.create(
        Permission.SET,
        {
            Permission.NAME: "Newsletter",
            Permission.SUBSCRIBED: True,
            f"{Permission.CONTACT_NAVIGATION}@odata.bind": f"/{Contact.SET}({ids['anna']})",
        },
    )
    return ids | create_setup(people)


def create_setup(people: People) -> dict[str, str]:
    """What setup leaves behind in an environment, beside the tables."""
    people.create(EnvironmentVariable.SET, PERMISSIONS_DEFINITION)
    return create_automations(people)


def create_automations(people: People) -> dict[str, str]:
    """Rows of Spotler Automation: what the Spotler stand-in knows, and one that it has forgotten."""
    template = "\n".join(f"{each.name}={each.type}" for each in seed.WELCOME_FIELDS)
    rows = {
        "welcome": ("🚀 Welcome", seed.WELCOME_TRIGGER_CODE, seed.WELCOME_AUTOMATION_ID, AUTOMATION, template),
        "inactive": ("🚀 Retired", seed.INACTIVE_TRIGGER_CODE, seed.INACTIVE_AUTOMATION_ID, AUTOMATION, ""),
        "forgotten": ("🚀 Forgotten", FORGOTTEN, FORGOTTEN, AUTOMATION, ""),
        "campaign": ("📢 Campaign", seed.CAMPAIGN_TRIGGER_ID, seed.CAMPAIGN_ID, AutomationKind.CAMPAIGN, ""),
    }
    return {
        key: people.create(
            Automation.SET,
            {
                Automation.NAME: name,
                Automation.TRIGGER_CODE: code,
                Automation.AUTOMATION_ID: automation_id,
                Automation.KIND: kind.value,
                Automation.FIELDS: fields,
            },
        )
        for key, (name, code, automation_id, kind, fields) in rows.items()
    }
