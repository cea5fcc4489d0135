"""The manifest, the names and the bus entities say the same of the same things."""

import inspect
import json
from enum import IntEnum
from pathlib import Path

import pytest

from connector.dataverse import choices, names
from connector.dataverse.choices import AutomationKind, ChangedBy, ContactStatus, InteractionType, JobStatus, Operation
from connector.dataverse.job_outcome import RESULT_CODE_LENGTH, RESULT_MESSAGE_LENGTH
from connector.dataverse.names import Automation, Flags, Info, Interaction, Job, Permission
from connector.dataverse.records import RECORD_TABLES
from connector.dataverse.schema import STEPS, TABLES, Kind
from connector.jobs.writes import AUTOMATION_CONTACT_ID_LENGTH
from connector.operations.job import COLUMNS
from connector.operations.registry import operation_of
from connector.routing.subscriptions import CARRIED_OUT, RESOLVE, slug_of
from connector.servicebus.entities import (
    JOB_LOCK,
    OPERATION_PROPERTY,
    QUEUE_DATAVERSE,
    QUEUE_QUARANTINE,
    SYNC_RECORDS,
    TOPIC_JOBS,
)
from connector.settings import Settings

ENTITIES = json.loads((Path(__file__).parents[2] / "connector" / "servicebus" / "entities.json").read_text())
(TOPIC,) = ENTITIES["topics"]

NAMED = [each for _, each in inspect.getmembers(names, inspect.isclass) if hasattr(each, "TABLE")]
CONSTANTS = [
    pytest.param(each, constant, value, id=f"{each.__name__}.{constant}")
    for each in NAMED
    for constant, value in vars(each).items()
    if constant.isupper() and constant not in ("TABLE", "SET")
]
ALL_TABLES = pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)


# Names


@pytest.mark.parametrize("named", NAMED, ids=lambda named: named.__name__)
def test_the_names_of_a_table_are_those_of_the_manifest(named):
    table = TABLES[named.TABLE]

    assert (table.set_name, table.id_column) == (named.SET, named.ID)


@pytest.mark.parametrize(("named", "constant", "value"), CONSTANTS)
def test_every_name_is_a_column_or_a_navigation_property_of_its_table(named, constant, value):
    table = TABLES[named.TABLE]
    if constant.endswith("_NAVIGATION"):
        assert value in {name for column in table.columns for name in column.navigation.values()}
    else:
        assert table.column(value).name == value


@pytest.mark.parametrize("table", RECORD_TABLES)
def test_contacts_leads_and_accounts_have_the_flags_and_a_name(table):
    columns = {column.name for column in TABLES[table].columns}

    assert {value for name, value in vars(Flags).items() if name.isupper()} <= columns
    assert RECORD_TABLES[table].name_column in columns
    assert (RECORD_TABLES[table].set_name, RECORD_TABLES[table].id_column) == (
        TABLES[table].set_name,
        TABLES[table].id_column,
    )


# Tables


def test_no_two_tables_share_a_name():
    assert len({table.set_name for table in TABLES.values()}) == len(TABLES)
    assert all(name == table.name for name, table in TABLES.items())


@ALL_TABLES
def test_a_table_has_each_column_once_and_those_of_its_key_and_name(table):
    columns = [column.name for column in table.columns]

    assert len(set(columns)) == len(columns)
    assert {table.id_column, table.name_column, *(name for key in table.keys.values() for name in key)} <= set(columns)
    assert table.column(table.id_column).kind is Kind.ID


@ALL_TABLES
def test_a_lookup_has_a_navigation_property_for_each_table_it_points_to(table):
    for column in table.columns:
        is_lookup = column.kind in (Kind.LOOKUP, Kind.CUSTOMER)
        assert bool(column.targets) is is_lookup
        assert tuple(column.navigation) == column.targets
        assert set(column.targets) <= TABLES.keys() | {"team"}


@ALL_TABLES
def test_every_status_belongs_to_a_state_that_exists(table):
    states = {column.kind: column.options for column in table.columns if column.kind in (Kind.STATE, Kind.STATUS)}

    assert set(table.status_state) == set(states.get(Kind.STATUS, ()))
    assert set(table.status_state.values()) <= set(states.get(Kind.STATE, ()))


@ALL_TABLES
def test_what_the_solution_adds_bears_its_prefix_and_what_it_finds_does_not(table):
    assert table.name.startswith("dh_") is table.own


def test_the_row_of_a_record_is_found_by_its_id_and_an_automation_by_its_code():
    assert (Info.RECORD,) in TABLES[Info.TABLE].keys.values()
    assert (Automation.TRIGGER_CODE,) in TABLES[Automation.TABLE].keys.values()


def test_texts_are_as_long_as_what_is_written_to_them():
    job = TABLES[Job.TABLE]

    assert job.column(Job.RESULT_CODE).length == RESULT_CODE_LENGTH
    assert job.column(Job.AUTOMATION_CONTACT_ID).length == AUTOMATION_CONTACT_ID_LENGTH
    assert job.column(Job.RESULT_MESSAGE).length == RESULT_MESSAGE_LENGTH
    assert job.column(Job.CLAIM).length >= len("00000000-0000-4000-8000-000000000000")
    assert TABLES[Info.TABLE].column(Info.SENT_HASH).length == 64


def test_the_columns_of_a_job_that_are_read_exist():
    read = {name.removeprefix("_").removesuffix("_value") if name.startswith("_") else name for name in COLUMNS}

    assert read <= {column.name for column in TABLES[Job.TABLE].columns}


def test_a_message_is_posted_for_tables_and_columns_that_exist():
    for step in STEPS:
        columns = {column.name for column in TABLES[step.table].columns}
        assert {*step.filtering, *step.pre_image} <= columns
    assert ("Create", Job.TABLE) in {(step.message, step.table) for step in STEPS}


# Choices


@pytest.mark.parametrize(
    ("table", "column", "enum"),
    [
        (Job.TABLE, Job.OPERATION, Operation),
        (Job.TABLE, Job.STATUS, JobStatus),
        (Info.TABLE, Info.CONTACT_STATUS, ContactStatus),
        (Automation.TABLE, Automation.KIND, AutomationKind),
        (Permission.TABLE, Permission.CHANGED_BY, ChangedBy),
        (Interaction.TABLE, Interaction.TYPE, InteractionType),
    ],
)
def test_the_options_of_a_choice_are_the_members_of_its_enumeration(table, column, enum):
    options = TABLES[table].column(column).options

    assert set(options) == {member.value for member in enum}
    assert len(set(options.values())) == len(options)
    assert all(options.values())


def test_every_enumeration_is_a_choice_of_some_column():
    enums = {each for _, each in inspect.getmembers(choices, inspect.isclass) if issubclass(each, IntEnum)} - {IntEnum}
    used = [set(column.options) for table in TABLES.values() for column in table.columns if column.options]

    assert [enum.__name__ for enum in enums if {member.value for member in enum} not in used] == []


def test_people_read_operations_and_statuses_in_plain_words():
    assert TABLES[Job.TABLE].column(Job.OPERATION).options[100000003] == "Add Tag"
    assert TABLES[Job.TABLE].column(Job.STATUS).options[100000001] == "In Progress"


@pytest.mark.parametrize("status", JobStatus)
def test_a_job_is_over_in_the_inactive_state_and_nowhere_else(status):
    assert TABLES[Job.TABLE].status_state[status] == status.state == int(status.is_final)
    assert status.is_final is (status in (JobStatus.COMPLETED, JobStatus.FAILED))


@pytest.mark.parametrize("operation", Operation)
def test_an_operation_is_found_again_by_its_slug(operation):
    assert Operation.from_slug(operation.slug) is operation
    assert operation.slug == operation.label.lower().replace(" ", "-")


# The bus


def test_there_is_a_subscription_and_an_operation_for_each_that_is_carried_out_and_one_for_the_rest():
    subscriptions = [each["name"] for each in TOPIC["subscriptions"]]

    of_jobs = [name for name in subscriptions if name != SYNC_RECORDS]

    assert sorted(subscriptions) == sorted([RESOLVE, SYNC_RECORDS, *(operation.slug for operation in CARRIED_OUT)])
    assert [operation_of(name).slug for name in of_jobs] == of_jobs
    assert slug_of(None) == RESOLVE
    assert [slug_of(operation) for operation in CARRIED_OUT] == [operation.slug for operation in CARRIED_OUT]


@pytest.mark.parametrize("subscription", TOPIC["subscriptions"], ids=lambda each: each["name"])
def test_a_subscription_takes_the_items_of_its_operation_and_keeps_what_it_cannot_deliver(subscription):
    assert subscription["correlationFilter"] == {OPERATION_PROPERTY: subscription["name"]}
    assert subscription["deadLetteringOnMessageExpiration"] is True


def test_a_claim_lasts_as_long_as_the_lock_of_its_messages():
    lease = Settings.model_fields["job_lease_seconds"].default

    assert JOB_LOCK.total_seconds() == lease


def test_the_entities_are_those_that_the_connector_sends_to():
    assert {queue["name"] for queue in ENTITIES["queues"]} == {QUEUE_DATAVERSE, QUEUE_QUARANTINE}
    assert TOPIC["name"] == TOPIC_JOBS
    assert TOPIC["requiresDuplicateDetection"] is True


def test_dataverse_may_only_send_and_only_to_its_queue():
    assert [(rule["queue"], rule["rights"]) for rule in ENTITIES["authorizationRules"]] == [(QUEUE_DATAVERSE, ["Send"])]
