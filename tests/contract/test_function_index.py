"""The functions as Microsoft's engine indexes them: what the portal shows and what the host listens to."""

import json
import re
from pathlib import Path

import pytest

from connector.operations.registry import OPERATIONS
from sandbox.functions.engines import index

ROOT = Path(__file__).parents[2]
ENTITIES = json.loads((ROOT / "connector" / "servicebus" / "entities.json").read_text())
#: Every timer with the setting of its schedule, as operators read it.
TIMERS = re.findall(
    r"^\| `(\w+)` \| `(\w+_SCHEDULE)` \|", (ROOT / "docs" / "operators" / "schedules.md").read_text(), re.MULTILINE
)

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
    **{name: TIMER % f"%{setting}%" for name, setting in TIMERS},
    "health": """[
        {"direction": "IN", "type": "httpTrigger", "name": "req", "methods": ["GET"], "authLevel": "FUNCTION",
         "route": "health"},
        {"direction": "OUT", "type": "http", "name": "$return"}
    ]""",
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
