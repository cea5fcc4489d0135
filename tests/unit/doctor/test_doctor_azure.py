"""The checks of Azure, against a stand-in of its management: each finds what is broken."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from connector.doctor import arm
from connector.doctor.arm import azure_of
from connector.doctor.azure import DATA_OWNER, NEWEST, THROTTLED
from connector.doctor.context import NoAzure
from connector.errors import Transient
from connector.servicebus.entities import ENTITIES_FILE
from infra import kql
from tests.unit.doctor.arm_standin import (
    BUS,
    ROLES,
    SCOPE,
    SITE,
    WORKSPACE,
    WORKSPACES,
    azure_standin,
    signed_in,
)
from tests.unit.infra_watch.rows import NOW, metric, together

ENTITIES = json.loads(ENTITIES_FILE.read_text(encoding="utf-8"))
(TOPIC,) = ENTITIES["topics"]
SUBSCRIPTIONS = f"{BUS}/topics/spotler-jobs/subscriptions"
SEND = f"{BUS}/queues/dataverse/authorizationRules"
ALERTS = f"{SCOPE}/providers/Microsoft.Insights"
CODES = (
    "APP_RUNS",
    "RULES_RIGHT",
    "PROPERTIES_MATCH",
    "BUS_RIGHTS",
    "SEND_RULE",
    "ALERTS_ON",
    "TELEMETRY_ARRIVES",
    "CALLS_THROTTLED",
)


def named(entity):
    return {"name": entity["name"], "properties": {**entity, "status": "Active"}}


@pytest.fixture
def azure():
    """A deployment with nothing wrong."""
    with azure_standin() as azure:
        azure.lists[f"{BUS}/queues"] = [named(queue) for queue in ENTITIES["queues"]]
        azure.resources[f"{BUS}/topics/spotler-jobs"] = named(TOPIC)
        azure.lists[SUBSCRIPTIONS] = [named(each) for each in TOPIC["subscriptions"]]
        for each in TOPIC["subscriptions"]:
            rule = {"filterType": "CorrelationFilter", "correlationFilter": {"properties": each["correlationFilter"]}}
            azure.lists[f"{SUBSCRIPTIONS}/{each['name']}/rules"] = [{"name": "$Default", "properties": rule}]
        azure.lists[SEND] = [{"name": "dataverse-send", "properties": {"rights": ["Send"]}}]
        azure.resources[SITE] = {
            "identity": {"userAssignedIdentities": {"id": {"principalId": "the-app"}}},
            "properties": {
                "state": "Running",
                "functionAppConfig": {"scaleAndConcurrency": {"maximumInstanceCount": 40}},
            },
        }
        role = {"principalId": "the-app", "roleDefinitionId": f"/providers/x/roleDefinitions/{DATA_OWNER}"}
        others = [{"principalId": "other", "roleDefinitionId": "x"}] * 3
        azure.lists[ROLES] = [{"properties": each} for each in (*others, role)]
        on = {"enabled": True, "actions": [{"actionGroupId": "g"}]}
        azure.lists[f"{ALERTS}/metricAlerts"] = [{"name": "dead letters", "properties": on}]
        query = {"enabled": True, "actions": {"actionGroups": ["g"]}}
        azure.lists[f"{ALERTS}/scheduledQueryRules"] = [{"name": "no sweep", "properties": query}]
        azure.lists[WORKSPACES] = [{"properties": {"customerId": WORKSPACE}}]
        azure.newest = "2026-03-01T09:58:00+00:00"
        yield azure


@pytest.fixture
def context(context, azure):
    context.azure = signed_in(azure)
    return context


@pytest.mark.parametrize("code", CODES)
def test_nothing_is_wrong_with_what_was_deployed(context, diagnose, code):
    assert diagnose(context, code)[0] == "ok"


def remove_rule(azure):
    azure.lists[f"{SUBSCRIPTIONS}/add-tag/rules"] = [{"name": "$Default", "properties": {"sqlFilter": {}}}]


def add_rule(azure):
    azure.lists[f"{SUBSCRIPTIONS}/add-tag/rules"] *= 2


def stop(azure):
    azure.resources[SITE]["properties"]["state"] = "Stopped"


def unlimit(azure):
    azure.resources[SITE]["properties"]["functionAppConfig"] = None


def disable_queue(azure):
    azure.lists[f"{BUS}/queues"][0]["properties"]["status"] = "ReceiveDisabled"


def fewer_deliveries(azure):
    azure.lists[SUBSCRIPTIONS][0]["properties"]["maxDeliveryCount"] = 3


def drop_subscription(azure):
    azure.lists[SUBSCRIPTIONS].pop()


def no_duplicate_detection(azure):
    azure.resources[f"{BUS}/topics/spotler-jobs"]["properties"]["requiresDuplicateDetection"] = False


def drop_role(azure):
    azure.lists[ROLES].pop()


def let_listen(azure):
    azure.lists[SEND][0]["properties"]["rights"].append("Listen")


def drop_send_rule(azure):
    azure.lists[SEND].clear()


def switch_alert_off(azure):
    azure.lists[f"{ALERTS}/metricAlerts"][0]["properties"]["enabled"] = False


def silence_alert(azure):
    azure.lists[f"{ALERTS}/scheduledQueryRules"][0]["properties"]["actions"] = {"actionGroups": []}


def drop_alerts(azure):
    azure.lists[f"{ALERTS}/metricAlerts"] = azure.lists[f"{ALERTS}/scheduledQueryRules"] = []


def old_telemetry(azure):
    azure.newest = "2026-03-01T09:00:00+00:00"


def no_telemetry(azure):
    azure.newest = ""


def lose_operations(azure):
    azure.known = 0


def throttle(azure):
    azure.calls = [["Spotler", 1000, 40], ["Dataverse", 1000, 20], ["Spotler Leads", 10, 5]]


@pytest.mark.parametrize(
    ("harm", "code", "verdict", "says"),
    [
        (remove_rule, "RULES_RIGHT", "failed", "their one rule: add-tag."),
        (add_rule, "RULES_RIGHT", "failed", "their one rule: add-tag."),
        (stop, "APP_RUNS", "failed", "The function app is Stopped."),
        (unlimit, "APP_RUNS", "warning", "no limit of instances"),
        (disable_queue, "PROPERTIES_MATCH", "failed", "dataverse is ReceiveDisabled"),
        (fewer_deliveries, "PROPERTIES_MATCH", "failed", "has maxDeliveryCount 3, not 10"),
        (drop_subscription, "PROPERTIES_MATCH", "failed", "sync-records is missing"),
        (no_duplicate_detection, "PROPERTIES_MATCH", "failed", "requiresDuplicateDetection False, not True"),
        (drop_role, "BUS_RIGHTS", "failed", "No identity of the app is Azure Service Bus Data Owner"),
        (let_listen, "SEND_RULE", "failed", "may do more than send: dataverse-send"),
        (drop_send_rule, "SEND_RULE", "failed", "has no rule dataverse-send"),
        (switch_alert_off, "ALERTS_ON", "warning", "switched off: dead letters"),
        (silence_alert, "ALERTS_ON", "warning", "without an action group: no sweep"),
        (drop_alerts, "ALERTS_ON", "warning", "There is no alert"),
        (old_telemetry, "TELEMETRY_ARRIVES", "failed", "arrived 60 minutes ago"),
        (no_telemetry, "TELEMETRY_ARRIVES", "failed", "No telemetry arrived"),
        (lose_operations, "TELEMETRY_ARRIVES", "warning", "none names the invocation"),
        (throttle, "CALLS_THROTTLED", "warning", "throttled: Spotler 4%."),
    ],
    ids=lambda each: each.__name__ if callable(each) else "",
)
def test_what_is_broken_is_found(context, azure, diagnose, harm, code, verdict, says):
    harm(azure)

    found, sentence, remedy = diagnose(context, code)

    assert found == verdict
    assert says in sentence
    assert remedy


@pytest.mark.parametrize("code", CODES)
def test_without_a_sign_in_nothing_is_checked_and_it_says_why(context, azure, diagnose, code):
    context.azure = None
    assert diagnose(context, code)[:2] == ("not checked", context.no_azure)

    context.azure = signed_in(azure, token="bad")
    assert diagnose(context, code)[0] == "not checked"
    assert "Reader" in diagnose(context, code)[1]


@pytest.mark.parametrize(("status", "verdict"), [(403, "not checked"), (503, "failed"), (400, "not checked")])
def test_what_azure_refuses_is_not_taken_for_something_wrong(context, azure, diagnose, status, verdict):
    azure.status = status

    assert diagnose(context, "RULES_RIGHT")[0] == verdict


HOSTILE = (
    [],
    None,
    "",
    {"value": {}},
    {"value": [None]},
    {"value": "text"},
    {"tables": {}},
    {"tables": [{"rows": [1]}]},
)


@pytest.mark.parametrize("content", HOSTILE)
def test_what_is_no_answer_of_azure_is_no_internal_error(azure, monkeypatch, content):
    monkeypatch.setattr(azure, "answer", lambda *_: (200, content))
    management = signed_in(azure)

    with pytest.raises(Transient, match="was not Azure"):
        management.query("w", "q") if "tables" in (content or ()) else management.items(management.bus)


@pytest.mark.parametrize("error", [None, "who@example.org", ["x"], {"code": "who@example.org"}, {"code": None}])
def test_a_refusal_quotes_nothing_but_a_code(azure, monkeypatch, error):
    monkeypatch.setattr(azure, "answer", lambda *_: (400, {"error": error}))

    with pytest.raises(NoAzure, match=r"^Azure refused the call: 400, no code\.$"):
        signed_in(azure).items(signed_in(azure).bus)


def test_a_list_without_end_is_given_up(azure, monkeypatch):
    management = signed_in(azure)
    page = {"value": [], "nextLink": f"{azure.url}{management.bus}"}
    monkeypatch.setattr(azure, "answer", lambda *_: (200, page))
    monkeypatch.setattr(arm, "MOST_PAGES", 5)

    with pytest.raises(Transient, match="more than 5 pages"):
        management.items(management.bus)


def test_variables_that_name_no_resource_are_listed():
    with pytest.raises(NoAzure) as raised:
        azure_of({"AZURE_SUBSCRIPTION_ID": "s", "AZURE_RESOURCE_GROUP": ""})

    assert raised.value.sentence.startswith(
        "Not named: AZURE_RESOURCE_GROUP, AZURE_FUNCTION_NAME, SERVICE_BUS_NAMESPACE"
    )


def test_the_query_for_the_newest_lines_finds_them():
    known = {"TimeGenerated": NOW - timedelta(minutes=3), "OperationId": "4bf92f3577b34da6a3ce929d0e0e4736"}
    unknown = {"TimeGenerated": NOW - timedelta(minutes=9), "OperationId": "0" * 32}
    count = {"TimeGenerated": NOW - timedelta(minutes=1), "Name": "spotler.calls", "Sum": 1.0}

    (row,) = kql.run(NEWEST, {"AppTraces": [known, unknown, unknown], "AppMetrics": [count]}, NOW)

    assert [*row.values()][1:] == [3, 1]
    assert datetime.fromisoformat(str(row["Newest"])).replace(tzinfo=UTC) == NOW - timedelta(minutes=1)


def test_the_query_for_throttled_calls_adds_up_each_system():
    calls = [
        metric("spotler.calls", 90, system="Spotler", outcome="ok"),
        metric("spotler.calls", 10, system="Spotler", outcome="throttled"),
        metric("spotler.calls", 5, system="Dataverse", outcome="ok"),
        metric("spotler.calls", 70, minutes=90, system="Dataverse", outcome="throttled"),
    ]

    found = kql.run(THROTTLED, together(calls), NOW)

    assert {row["System"]: (row["Calls"], row["Throttled"]) for row in found} == {
        "Spotler": (100, 10),
        "Dataverse": (5, 0),
    }
