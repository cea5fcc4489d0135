"""Checks that only Azure's management can answer, where an operator is signed in."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from connector.doctor.context import CheckContext, NoAzure
from connector.doctor.model import CheckGroup, CheckMaker, Diagnosis, Reach, failed, ok, warning
from connector.errors import Transient
from connector.servicebus.entities import ENTITIES_FILE, OPERATION_PROPERTY, QUEUE_DATAVERSE, TOPIC_JOBS
from connector.words import Sentence

#: The role that receives, sends, and reads counts, by which Azure scales the app.
DATA_OWNER: Final = "090c5cfd-751d-490a-894a-3ce6f1109419"
#: The properties that have to be as the definition has them.
COMPARED: Final = ("lockDuration", "maxDeliveryCount", "deadLetteringOnMessageExpiration", "requiresDuplicateDetection")
#: Without a line for so long, telemetry does not arrive: the sweep runs every two minutes.
SILENT: Final = timedelta(minutes=30)
#: The newest row, the lines of a day, and those of an invocation: the id of any other is empty or zero.
NEWEST: Final = """union withsource=Table AppTraces, AppMetrics
| where TimeGenerated > ago(1d)
| summarize Newest = max(TimeGenerated), Lines = countif(Table == "AppTraces"),
    Known = countif(Table == "AppTraces" and OperationId matches regex "[1-9a-f]")"""
#: The calls of the last hour and those that were throttled, for each system.
THROTTLED: Final = """AppMetrics
| where TimeGenerated > ago(1h)
| where Name == "spotler.calls"
| summarize Calls = sum(Sum), Throttled = sumif(Sum, tostring(Properties["outcome"]) == "throttled")
    by System = tostring(Properties["system"])"""
#: Of fewer calls a share says nothing, and a larger share than this costs time.
FEWEST_CALLS: Final = 50
MOST_THROTTLED: Final = 0.02
REDEPLOY: Final = Sentence("Deploy the infrastructure again.")


def _definition() -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads(ENTITIES_FILE.read_text(encoding="utf-8"))
    return document


def _topic() -> Mapping[str, Any]:
    topic: Mapping[str, Any] = next(each for each in _definition()["topics"] if each["name"] == TOPIC_JOBS)
    return topic


def _rules_right(context: CheckContext) -> Diagnosis:
    azure, wrong = context.management, []
    for name in (each["name"] for each in _topic()["subscriptions"]):
        rules = azure.items(f"{azure.bus}/topics/{TOPIC_JOBS}/subscriptions/{name}/rules")
        filters = [each["properties"].get("correlationFilter") or {} for each in rules]
        if [each.get("properties") for each in filters] != [{OPERATION_PROPERTY: name}]:
            wrong.append(name)
    if wrong:
        return failed(
            Sentence(
                "These subscriptions do not have their one rule: {names}. One without a filter gets every job.",
                names=", ".join(wrong),
            ),
            Sentence.joined(REDEPLOY, "Delete rules that somebody added."),
        )
    return ok("Every subscription has its rule and no other.")


def _properties_match(context: CheckContext) -> Diagnosis:
    wrong = [problem for name, wanted, found in _entities(context) for problem in _problems(name, wanted, found)]
    if wrong:
        return failed(
            Sentence("Service Bus differs from the definition: {names}.", names=Sentence.joined(*wrong, between="; ")),
            Sentence.joined(
                REDEPLOY,
                "Set an entity that is not Active to Active at once: each second of it costs error lines.",
            ),
        )
    return ok("Every queue and subscription is as it is defined.")


def _entities(context: CheckContext) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """The name, definition and present state of each entity."""
    azure, topic = context.management, _topic()
    found = {each["name"]: each["properties"] for each in azure.items(f"{azure.bus}/queues")}
    for queue in _definition()["queues"]:
        yield queue["name"], queue, found.get(queue["name"], {})
    present = azure.get(f"{azure.bus}/topics/{TOPIC_JOBS}") or {}
    yield TOPIC_JOBS, topic, present.get("properties", {})
    path = f"{azure.bus}/topics/{TOPIC_JOBS}/subscriptions"
    found = {each["name"]: each["properties"] for each in azure.items(path)}
    for subscription in topic["subscriptions"]:
        yield subscription["name"], subscription, found.get(subscription["name"], {})


def _problems(entity: str, wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Sentence]:
    if not found:
        yield Sentence("{name} is missing", name=entity)
        return
    if found.get("status", "Active") != "Active":
        yield Sentence("{name} is {found}", name=entity, found=str(found["status"]))
    for name in COMPARED:
        if name in wanted and found.get(name) != wanted[name]:
            yield Sentence(
                "{name} has {property} {found}, not {wanted}",
                name=entity,
                property=name,
                found=str(found.get(name)),
                wanted=str(wanted[name]),
            )


def _bus_rights(context: CheckContext) -> Diagnosis:
    azure = context.management
    site = azure.get(azure.site)
    if site is None:
        return failed("There is no function app of this name.", "Check AZURE_FUNCTION_NAME.")
    identity = site.get("identity") or {}
    principals = {each.get("principalId") for each in (identity.get("userAssignedIdentities") or {}).values()}
    principals = {str(each) for each in {*principals, identity.get("principalId")} if each}
    path = f"{azure.bus}/providers/Microsoft.Authorization/roleAssignments"
    for principal in sorted(principals):
        for each in azure.items(path, f"principalId eq '{principal}'"):
            if str(each["properties"]["roleDefinitionId"]).lower().endswith(DATA_OWNER):
                return ok("The identity of the app may receive, send and read counts.")
    return failed(
        "No identity of the app is Azure Service Bus Data Owner of the namespace.",
        "Assign that role: without the right to manage, Azure cannot read the length of queues and scales slowly.",
    )


def _send_rule(context: CheckContext) -> Diagnosis:
    azure = context.management
    rules = azure.items(f"{azure.bus}/queues/{QUEUE_DATAVERSE}/authorizationRules")
    found = {each["name"]: sorted(each["properties"].get("rights", [])) for each in rules}
    wanted = {each["name"]: sorted(each["rights"]) for each in _definition()["authorizationRules"]}
    if missing := sorted(wanted.keys() - found.keys()):
        return failed(
            Sentence(
                "The queue {queue} has no rule {names}.",
                queue=QUEUE_DATAVERSE,
                names=", ".join(missing),
            ),
            REDEPLOY,
        )
    more = sorted(name for name, rights in found.items() if set(rights) - set(wanted.get(name, [])))
    if more:
        return failed(
            Sentence(
                "Rules of the queue {queue} may do more than send: {names}.",
                queue=QUEUE_DATAVERSE,
                names=", ".join(more),
            ),
            "Take away the other rights: whoever has the key could read the messages of Dataverse.",
        )
    return ok("Dataverse may send to its queue, and nothing else.")


def _app_runs(context: CheckContext) -> Diagnosis:
    azure = context.management
    properties = (azure.get(azure.site) or {}).get("properties", {})
    if not properties:
        return failed("There is no function app of this name.", "Check AZURE_FUNCTION_NAME, and deploy.")
    if properties.get("state") != "Running":
        return failed(
            Sentence("The function app is {state}.", state=str(properties.get("state"))), "Start it in the portal."
        )
    scale = (properties.get("functionAppConfig") or {}).get("scaleAndConcurrency") or {}
    if "maximumInstanceCount" not in scale:
        return warning(
            "The app has no limit of instances.",
            Sentence.joined("Set maximumInstanceCount; see scale.md.", REDEPLOY),
        )
    return ok("The function app runs, with a limit of instances.")


def _alerts_on(context: CheckContext) -> Diagnosis:
    azure = context.management
    found = [
        rule
        for kind in ("metricAlerts", "scheduledQueryRules")
        for rule in azure.items(f"{azure.scope}/providers/Microsoft.Insights/{kind}")
    ]
    if not found:
        return warning("There is no alert in the resource group.", REDEPLOY)
    off = sorted(each["name"] for each in found if not each["properties"].get("enabled"))
    silent = sorted(each["name"] for each in found if not _tells_somebody(each["properties"].get("actions")))
    if off or silent:
        says = [Sentence("switched off: {names}", names=", ".join(off))] if off else []
        says += [Sentence("without an action group: {names}", names=", ".join(silent))] if silent else []
        return warning(
            Sentence("Alerts that tell nobody: {names}.", names=Sentence.joined(*says, between="; ")),
            "Switch them on, and give them the action group.",
        )
    return ok(
        Sentence(
            "The one alert is on and has an action group.",
            plural="All {count} alerts are on and have an action group.",
            count=len(found),
        )
    )


def _tells_somebody(actions: object) -> bool:
    """Whether an alert has an action group: a metric alert has a list of them, a query alert an object with a list."""
    return bool(actions.get("actionGroups") if isinstance(actions, Mapping) else actions)


def _telemetry_arrives(context: CheckContext) -> Diagnosis:
    ((newest, lines, known),) = _query(context, NEWEST, 3) or [[None, 0, 0]]
    last = str(newest or "")
    remedy = Sentence(
        "Check APPLICATIONINSIGHTS_CONNECTION_STRING, and the role Monitoring Metrics Publisher of the app's identity."
    )
    if not last:
        return failed("No telemetry arrived within a day.", remedy)
    age = context.now() - datetime.fromisoformat(last)
    if age > SILENT:
        return failed(
            Sentence(
                "The last telemetry arrived {count} minute ago.",
                plural="The last telemetry arrived {count} minutes ago.",
                count=int(age.total_seconds() // 60),
            ),
            remedy,
        )
    if lines and not known:
        return warning(
            "Lines of the log arrive, but none names the invocation that it belongs to.",
            "Check the telemetry mode of host.json and PYTHON_ENABLE_OPENTELEMETRY; see TELEMETRY_AGREES.",
        )
    return ok("Telemetry arrives.")


def _calls_throttled(context: CheckContext) -> Diagnosis:
    often = [
        Sentence("{system} {share}", system=str(system), share=f"{float(throttled) / float(calls):.0%}")
        for system, calls, throttled in _query(context, THROTTLED, 3)
        if float(calls) >= FEWEST_CALLS and float(throttled) > MOST_THROTTLED * float(calls)
    ]
    if often:
        return warning(
            Sentence(
                "Calls of the last hour that were throttled: {names}.", names=Sentence.joined(*often, between=", ")
            ),
            "Lower DATAVERSE_PARALLEL or SPOTLER_PARALLEL, or the number of instances; see scale.md.",
        )
    return ok("In the last hour, hardly any call was throttled.")


def _query(context: CheckContext, text: str, width: int) -> Sequence[Sequence[Any]]:
    """The rows, of so many columns each, that a query finds in the workspace of the deployment.

    Raises:
        NoAzure: there is not exactly one workspace.
        Transient: something else answered.
    """
    azure = context.management
    workspaces = azure.items(f"{azure.scope}/providers/Microsoft.OperationalInsights/workspaces")
    if len(workspaces) != 1:
        raise NoAzure(
            Sentence(
                "The resource group must have one Log Analytics workspace; it has {number}.", number=len(workspaces)
            )
        )
    rows = azure.query(str(workspaces[0]["properties"]["customerId"]), text)
    if any(len(row) != width for row in rows):
        raise Transient("What answered in Azure's place was not Azure.")
    return rows


_check: Final = CheckMaker(CheckGroup.AZURE, Reach.AZURE)

CHECKS: Final = (
    _check("APP_RUNS", "the function app and its limit of instances", _app_runs),
    _check("RULES_RIGHT", "the rule of each subscription", _rules_right),
    _check("PROPERTIES_MATCH", "each queue and subscription against its definition", _properties_match),
    _check("BUS_RIGHTS", "the role of the app's identity on the namespace", _bus_rights),
    _check("SEND_RULE", "the rights of the key that Dataverse has", _send_rule),
    _check("ALERTS_ON", "the alerts of the resource group", _alerts_on),
    _check("TELEMETRY_ARRIVES", "the newest lines in the workspace", _telemetry_arrives),
    _check("CALLS_THROTTLED", "the calls of the last hour", _calls_throttled),
)
