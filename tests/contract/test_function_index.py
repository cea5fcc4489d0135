"""The functions as Microsoft's engine indexes them: what the portal shows and what the host listens to."""

import json
from pathlib import Path

import pytest

from connector.operations.registry import OPERATIONS
from sandbox.functions.engines import index

ROOT = Path(__file__).parents[2]
ENTITIES = json.loads((ROOT / "connector" / "servicebus" / "entities.json").read_text())

SUBSCRIPTION = """[{
    "direction": "IN", "dataType": "BINARY", "type": "serviceBusTrigger", "name": "messages",
    "connection": "ServiceBus", "topicName": "spotler-jobs", "subscriptionName": "%s", "cardinality": "MANY"
}]"""
TIMER = """[{
    "direction": "IN", "type": "timerTrigger", "name": "timer", "schedule": "%s",
    "runOnStartup": false, "useMonitor": true
}]"""
EXPECTED = {
    "route_dataverse_message": """[{
        "direction": "IN", "dataType": "BINARY", "type": "serviceBusTrigger", "name": "messages",
        "connection": "ServiceBus", "queueName": "dataverse", "cardinality": "MANY"
    }]""",
    **{slug.replace("-", "_"): SUBSCRIPTION % slug for slug in OPERATIONS},
    "sync_records": SUBSCRIPTION % "sync-records",
    "health": """[
        {"direction": "IN", "type": "httpTrigger", "name": "req", "methods": ["GET"], "authLevel": "FUNCTION",
         "route": "health"},
        {"direction": "OUT", "type": "http", "name": "$return"}
    ]""",
    "sweep_jobs": TIMER % "%SWEEP_SCHEDULE%",
    "read_updates": TIMER % "%UPDATES_SCHEDULE%",
    "read_bounces": TIMER % "%BOUNCES_SCHEDULE%",
    "read_visitors": TIMER % "%VISITORS_SCHEDULE%",
    "refresh_lists": TIMER % "%LISTS_SCHEDULE%",
    "reconcile_weekly": TIMER % "%RECONCILE_SCHEDULE%",
    "read_interactions": TIMER % "%INTERACTIONS_SCHEDULE%",
    "clean_up_jobs": TIMER % "%CLEAN_UP_SCHEDULE%",
    "doctor_hourly": TIMER % "%DOCTOR_SCHEDULE%",
    "refresh_automations_daily": TIMER % "%REFRESH_AUTOMATIONS_SCHEDULE%",
    "refresh_permissions_daily": TIMER % "%REFRESH_PERMISSIONS_SCHEDULE%",
}


@pytest.fixture(scope="module")
def indexed():
    """With an empty environment: whoever deploys first and sets the settings later loses no function."""
    return index(ROOT)


def test_the_functions_are_these_with_exactly_these_bindings(indexed):
    assert indexed == {name: json.loads(bindings) for name, bindings in EXPECTED.items()}


def test_every_function_listens_to_an_entity_that_exists_and_every_entity_is_listened_to(indexed):
    triggers = [binding for bindings in indexed.values() for binding in bindings]
    queues = {each["queueName"] for each in triggers if "queueName" in each}
    subscriptions = [(each["topicName"], each["subscriptionName"]) for each in triggers if "topicName" in each]

    assert queues == {queue["name"] for queue in ENTITIES["queues"]} - {"quarantine"}
    assert sorted(subscriptions) == sorted(
        (topic["name"], each["name"]) for topic in ENTITIES["topics"] for each in topic["subscriptions"]
    )


def test_every_schedule_is_a_setting_of_the_example(indexed):
    example = json.loads((ROOT / "local.settings.json.example").read_text())["Values"]
    schedules = {
        each["schedule"].strip("%") for bindings in indexed.values() for each in bindings if "schedule" in each
    }

    assert schedules == {name for name in example if name.endswith("_SCHEDULE")}


def test_the_sweep_of_the_example_comes_every_two_minutes():
    """A lost wake-up costs no more than this: docs/promises.md counts on it."""
    example = json.loads((ROOT / "local.settings.json.example").read_text())["Values"]

    assert example["SWEEP_SCHEDULE"] == "0 */2 * * * *"
