import pytest

from sandbox.spotler.seed import (
    CAMPAIGN_ID,
    CAMPAIGN_TRIGGER_ID,
    INACTIVE_AUTOMATION_ID,
    INACTIVE_TRIGGER_CODE,
    WELCOME_AUTOMATION_ID,
    WELCOME_TRIGGER_CODE,
)
from tests.contract.spotler.support import error_of

LIMITED = "11111111-2222-4333-8444-555555555555"
FIELDS = [
    {"name": "invoiceEmail", "type": "string", "value": "a@example.org"},
    {"name": "payUrl", "type": "URL", "value": "https://shop.example/pay"},
    {"name": "basket", "type": "PRODUCTLIST", "values": ["p-1", "p-2"]},
]


def trigger(api, code=WELCOME_TRIGGER_CODE, contact="c-1", **more):
    return api.post(f"/automation/trigger/{code}", {"externalContactId": contact, **more})


def result_of(response):
    return response.status_code, response.json()["result"]


def test_started_automation_answers_the_run(api, ann, door):
    answer = trigger(api, automationFields=FIELDS)

    assert result_of(answer) == (200, "OK")
    assert answer.json()["automationResults"] == [
        {"automationId": WELCOME_AUTOMATION_ID, "result": "OK", "automationContactId": "1"}
    ]
    assert door.state()["automationRuns"][0]["fields"]["basket"] == ["p-1", "p-2"]
    effect = door.journal("automation.started")[0]
    assert (effect["externalId"], effect["detail"]["runId"]) == (ann, "1")


@pytest.mark.usefixtures("ann")
def test_unknown_code_and_unknown_contact_are_404(api):
    assert result_of(trigger(api, "nope")) == (404, "TRIGGER_NOTFOUND")
    assert result_of(trigger(api, contact="nobody")) == (404, "CONTACT_NOTFOUND")


@pytest.mark.usefixtures("ann")
def test_nothing_started_is_417_with_a_reason_each(api, door):
    door.post(
        "automations",
        automations=[
            {
                "automationId": LIMITED,
                "name": "Once",
                "triggers": [{"triggerCode": INACTIVE_TRIGGER_CODE, "name": "Same code"}],
                "participationLimit": 1,
            }
        ],
    )

    assert result_of(trigger(api, INACTIVE_TRIGGER_CODE)) == (200, "OK")
    second = trigger(api, INACTIVE_TRIGGER_CODE)

    assert result_of(second) == (417, "NOT_TRIGGERED")
    assert second.json()["automationResults"] == [
        {"automationId": INACTIVE_AUTOMATION_ID, "result": "AUTOMATION_INACTIVE"},
        {"automationId": LIMITED, "result": "PARTICIPATION_LIMIT_REACHED"},
    ]


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize(
    "fields",
    [
        [{"name": "with blank", "value": "x"}],
        [{"name": "a", "value": "x"}, {"name": "a", "value": "y"}],
        [{"name": "a", "type": "DATE", "value": "x"}],
        [{"name": "a", "type": "URL", "value": "shop"}],
        [{"value": "x"}],
        [{"name": "a", "value": "x", "values": ["y"]}],
        [{"name": "a", "type": "PRODUCTLIST", "value": "p-1"}],
        [{"name": "a", "content": "x"}],
        "text",
    ],
)
def test_wrong_fields_are_400_and_start_nothing(api, door, fields):
    assert error_of(trigger(api, automationFields=fields)) == (400, "INVALID_PARAMS")
    assert door.journal() == []


def test_list_shows_triggers_and_state_and_on_a_switch_the_fields(api, door):
    assert all("fields" not in each for each in api.get("/automation/list").json())
    door.settings(extensions={"automation_fields": True})

    listed = {each["automationId"]: each for each in api.get("/automation/list").json()}

    assert listed[WELCOME_AUTOMATION_ID]["triggers"] == [{"triggerCode": WELCOME_TRIGGER_CODE, "name": "Welcome"}]
    assert [f["name"] for f in listed[WELCOME_AUTOMATION_ID]["fields"]] == ["invoiceEmail", "payUrl", "basket"]
    assert listed[INACTIVE_AUTOMATION_ID]["active"] is False


def test_one_run_or_all_runs_are_stopped(api, ann, door):
    path = f"/automation/{WELCOME_AUTOMATION_ID}/stop"
    runs = [trigger(api).json()["automationResults"][0]["automationContactId"] for _ in range(3)]

    assert api.post(path, {"externalContactId": ann, "automationContactId": runs[1]}).status_code == 204
    again = api.post(path, {"externalContactId": ann, "automationContactId": int(runs[1])})
    assert error_of(again) == (400, "INVALID_STATE")
    assert api.post(path, {"externalContactId": ann}).status_code == 204
    assert error_of(api.post(path, {"externalContactId": ann})) == (400, "INVALID_STATE")
    assert [e["detail"]["runId"] for e in door.journal("automation.stopped")] == ["2", "1", "3"]


@pytest.mark.usefixtures("ann")
def test_stopping_knows_automation_and_contact(api):
    body = {"externalContactId": "nobody"}

    assert error_of(api.post("/automation/none/stop", body)) == (404, "RESOURCE_NOT_FOUND")
    answer = api.post(f"/automation/{WELCOME_AUTOMATION_ID}/stop", body)
    assert error_of(answer) == (400, "CONTACT_NOT_FOUND")


def test_without_the_extension_only_the_trigger_is_there(api, ann, door):
    door.settings(extensions={"automations": False})

    for answer in (
        api.get("/automation/list"),
        api.post(f"/automation/{WELCOME_AUTOMATION_ID}/stop", {"externalContactId": ann}),
    ):
        assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html;charset=utf-8")
    assert error_of(trigger(api, automationFields=FIELDS)) == (400, "INVALID_PARAMS")
    result = trigger(api).json()["automationResults"][0]
    assert result == {"automationId": WELCOME_AUTOMATION_ID, "result": "OK"}


def test_campaign_is_listed_triggered_and_stopped(api, ann, door):
    listed = api.get("/campaign/list").json()
    code = listed[0]["triggers"][0]["encryptedId"]
    person = {"externalContactId": ann}
    body = {**person, "campaignFields": FIELDS}
    stop = f"/campaign/{CAMPAIGN_ID}/stop"

    assert (listed[0]["encryptedId"], code) == (CAMPAIGN_ID, CAMPAIGN_TRIGGER_ID)
    assert error_of(api.post(stop, person)) == (400, "INVALID_STATE")  # never triggered
    assert api.post(f"/campaign/trigger/{code}", body).status_code == 204
    assert error_of(api.post(f"/campaign/trigger/{code}", body)) == (400, "INVALID_STATE")  # in it already
    assert api.post(stop, person).status_code == 204
    assert error_of(api.post(stop, person)) == (400, "INVALID_STATE")  # finished
    assert [e["effect"] for e in door.journal()] == ["campaign.started", "campaign.stopped"]


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize(
    ("body", "error_type"),
    [
        ({"externalContactId": "nobody", "campaignFields": None}, "CONTACT_NOT_FOUND"),
        (
            {
                "externalContactId": "c-1",
                "campaignFields": [{"name": "b", "type": "PRODUCTLIST", "values": ["p-x"]}],
            },
            "PRODUCT_NOTFOUND",
        ),
        ({}, "INVALID_PARAMS"),
    ],
)
def test_campaign_with_something_unknown_is_400(api, body, error_type):
    assert error_of(api.post(f"/campaign/trigger/{CAMPAIGN_TRIGGER_ID}", body)) == (400, error_type)


def test_campaign_that_cannot_run_is_400_and_unknown_ones_404(api, ann, door):
    door.post(
        "campaigns",
        campaigns=[
            {"encryptedId": "off", "name": "Off", "active": False, "triggers": [{"triggerCode": "t-off"}]},
            {"encryptedId": "dumb", "name": "No message", "triggers": [{"triggerCode": "t-dumb"}]},
        ],
    )
    body = {"externalContactId": ann}

    assert error_of(api.post("/campaign/trigger/t-off", body)) == (400, "INVALID_STATE")
    assert error_of(api.post("/campaign/trigger/t-dumb", body)) == (400, "INVALID_STATE")
    assert error_of(api.post("/campaign/trigger/none", body)) == (404, "TRIGGER_NOTFOUND")
    assert error_of(api.post("/campaign/none/stop", body)) == (404, "CAMPAIGN_NOTFOUND")
    assert error_of(api.get("/campaign/none/mailing")) == (404, "CAMPAIGN_NOTFOUND")
