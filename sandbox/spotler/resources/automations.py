"""Automations. Only the trigger is published; a switch turns on listing, fields and stopping."""

from sandbox.spotler.call import Call
from sandbox.spotler.errors import ApiError, ErrorType, invalid, missing
from sandbox.spotler.resources.journey_fields import sent_fields
from sandbox.spotler.routing import WITH_AUTOMATION, Route
from sandbox.spotler.store.contacts import Contact
from sandbox.spotler.store.journeys import Automation
from sandbox.spotler.wire import NO_CONTENT, Answer, json_answer


def list_automations(call: Call) -> Answer:
    """All automations with their external triggers and, if switched on, the fields that their messages use."""
    tells_fields = call.world.settings.extensions.automation_fields
    return json_answer(
        [
            {
                "automationId": automation.automation_id,
                "name": automation.name,
                "active": automation.active,
                "triggers": [{"triggerCode": t.code, "name": t.name} for t in automation.triggers],
            }
            | ({"fields": [{"name": f.name, "type": f.type} for f in automation.fields]} if tells_fields else {})
            for automation in call.world.automations.values()
        ]
    )


def trigger_automation(call: Call, trigger_code: str) -> Answer:
    """Start whatever the code belongs to. 200 if anything started, 417 if nothing did, 404 for unknown."""
    with_fields = ("automationFields",) if call.world.settings.extensions.automations else ()
    body = call.fields("externalContactId", *with_fields)
    external_id = body.required_text("externalContactId")
    fields = sent_fields(body, "automationFields")
    automations = [
        automation
        for automation in call.world.automations.values()
        if any(trigger.code == trigger_code for trigger in automation.triggers)
    ]
    if not automations:
        return json_answer({"result": "TRIGGER_NOTFOUND", "automationResults": []}, 404)
    contact = call.find_contact(external_id)
    if contact is None:
        return json_answer({"result": "CONTACT_NOTFOUND", "automationResults": []}, 404)
    results = [_start(call, automation, contact, external_id, fields) for automation in automations]
    if any(result["result"] == "OK" for result in results):
        return json_answer({"result": "OK", "automationResults": results})
    return json_answer({"result": "NOT_TRIGGERED", "automationResults": results}, 417)


def stop_automation(call: Call, automation_id: str) -> Answer:
    """End one run of a contact, or all its runs through the automation."""
    if automation_id not in call.world.automations:
        raise missing(ErrorType.RESOURCE_NOT_FOUND, f"Automation {automation_id}")
    body = call.fields("externalContactId", "automationContactId")
    external_id = body.required_text("externalContactId")
    run_id = _run_id(body.members.get("automationContactId"))
    contact = call.referenced_contact(external_id)
    running = call.world.automation_runs.active(automation_id, contact.key)
    stopped = [run for run in running if run_id in {None, str(run.run_id)}]
    if not stopped:
        raise ApiError(ErrorType.INVALID_STATE, "The contact is not in this automation")
    for run in stopped:
        run.ended = call.world.clock.now()
        call.world.journal.record("automation.stopped", external_id, automationId=automation_id, runId=str(run.run_id))
    return NO_CONTENT


def _start(
    call: Call, automation: Automation, contact: Contact, external_id: str, fields: dict[str, object]
) -> dict[str, object]:
    world, automation_id = call.world, automation.automation_id
    if not automation.active:
        return {"automationId": automation_id, "result": "AUTOMATION_INACTIVE"}
    limit = automation.participation_limit
    if limit is not None and len(world.automation_runs.of(automation_id, contact.key)) >= limit:
        return {"automationId": automation_id, "result": "PARTICIPATION_LIMIT_REACHED"}
    run = world.automation_runs.start(automation_id, contact.key, world.clock.now(), fields)
    world.journal.record(
        "automation.started",
        external_id,
        automationId=automation_id,
        runId=str(run.run_id),
        fields=sorted(fields),
    )
    result: dict[str, object] = {"automationId": automation_id, "result": "OK"}
    if world.settings.extensions.automations:
        result["automationContactId"] = str(run.run_id)
    return result


def _run_id(value: object) -> str | None:
    """The id of a run is opaque: it may come as text or as a number."""
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise invalid("automationContactId must be text or a number")


ROUTES = (
    Route("POST", "/automation/trigger/{triggerCode}", trigger_automation, editions=WITH_AUTOMATION),
    Route("GET", "/automation/list", list_automations, editions=WITH_AUTOMATION, extension="automations"),
    Route(
        "POST",
        "/automation/{automationId}/stop",
        stop_automation,
        editions=WITH_AUTOMATION,
        extension="automations",
    ),
)
