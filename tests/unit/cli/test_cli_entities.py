"""`entities`: the definition of the bus follows from the operations."""

import json
from datetime import timedelta

from connector.operations.registry import OPERATIONS
from connector.routing.subscriptions import CARRIED_OUT, RESOLVE
from connector.servicebus.entities import (
    ENTITIES_FILE,
    JOB_LOCK,
    QUEUE_DATAVERSE,
    QUEUE_QUARANTINE,
    SYNC_RECORDS,
    dead_letter_locations,
    definition,
    subscriptions,
    work_locations,
)
from sandbox.servicebus.definition import NamespaceDefinition

SLUGS = tuple(sorted([*OPERATIONS, SYNC_RECORDS]))


def test_the_file_is_what_the_command_prints(cli):
    ended = cli("entities")

    assert (ended.code, ended.err) == (0, "")
    assert ENTITIES_FILE.read_text("utf-8") == ended.out, (
        "run: python -m connector entities > connector/servicebus/entities.json"
    )


def test_a_new_operation_gets_a_subscription_of_its_own():
    (topic,) = definition([*SLUGS, "fly"])["topics"]

    assert [each["name"] for each in topic["subscriptions"]] == [*SLUGS, "fly"]
    assert topic["subscriptions"][-1] == topic["subscriptions"][0] | {
        "name": "fly",
        "correlationFilter": {"operation": "fly"},
    }


def test_every_choice_of_an_operation_has_its_subscription():
    assert set(SLUGS) == {RESOLVE, SYNC_RECORDS, *(operation.slug for operation in CARRIED_OUT)}


def test_the_definition_is_one_that_azure_takes():
    found = NamespaceDefinition.model_validate_json(json.dumps(definition(SLUGS)))

    (topic,) = found.topics
    assert {each.lock_duration for each in topic.subscriptions} == {JOB_LOCK}
    assert {queue.name: queue.default_message_time_to_live for queue in found.queues} == {
        QUEUE_DATAVERSE: timedelta(days=14),
        QUEUE_QUARANTINE: timedelta(days=90),
    }


def test_locations_are_read_from_the_file():
    assert subscriptions() == SLUGS
    assert [location.name for location in work_locations()] == [QUEUE_DATAVERSE, *SLUGS]
    assert [str(location) for location in dead_letter_locations()[:3]] == [
        "dead letters of queue dataverse",
        "dead letters of queue quarantine",
        f"dead letters of subscription {SLUGS[0]}",
    ]
