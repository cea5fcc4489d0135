import pytest

from connector.errors import Refused, Unclear
from connector.spotler import ContactUnknown, FieldType, TriggerField
from sandbox.spotler.seed import (
    CAMPAIGN_ID,
    CAMPAIGN_TRIGGER_ID,
    INACTIVE_TRIGGER_CODE,
    WELCOME_AUTOMATION_ID,
    WELCOME_TRIGGER_CODE,
)

FIELDS = [
    TriggerField("invoiceEmail", "ann@example.org"),
    TriggerField("payUrl", "https://shop.example/1", FieldType.URL),
    TriggerField("basket", type=FieldType.PRODUCTLIST, values=("p-1", "p-2")),
]


@pytest.fixture(autouse=True)
def _contact(standin):
    standin.contacts("c-1")


def runs(standin, kind: str) -> list[dict[str, object]]:
    return standin.get("state")[kind]


def test_automations_are_listed_with_triggers_and_with_fields_where_spotler_returns_them(spotler, standin):
    assert all(each.fields == () for each in spotler.automations())
    standin.post("settings", {"extensions": {"automation_fields": True}})

    welcome = next(each for each in spotler.automations() if each.id == WELCOME_AUTOMATION_ID)

    assert welcome.active
    assert [(each.id, each.name) for each in welcome.triggers] == [(WELCOME_TRIGGER_CODE, "Welcome")]
    assert [(each.name, each.type) for each in welcome.fields] == [
        ("invoiceEmail", FieldType.STRING), ("payUrl", FieldType.URL), ("basket", FieldType.PRODUCTLIST),
    ]  # fmt: skip


def test_an_automation_is_started_with_fields_and_stopped_by_its_run(spotler, standin):
    result = spotler.trigger_automation(WELCOME_TRIGGER_CODE, "c-1", FIELDS)

    (run,) = runs(standin, "automationRuns")
    assert result.automation_contact_id() == run["runId"]
    assert set(run["fields"]) == {"invoiceEmail", "payUrl", "basket"}

    spotler.stop_automation(WELCOME_AUTOMATION_ID, "c-1", result.automation_contact_id())
    assert runs(standin, "automationRuns")[0]["ended"] is not None


def test_all_runs_of_a_contact_are_stopped_without_a_run(spotler, standin):
    spotler.trigger_automation(WELCOME_TRIGGER_CODE, "c-1")
    spotler.trigger_automation(WELCOME_TRIGGER_CODE, "c-1")
    spotler.stop_automation(WELCOME_AUTOMATION_ID, "c-1")

    assert all(run["ended"] for run in runs(standin, "automationRuns"))
    with pytest.raises(Refused) as refusal:
        spotler.stop_automation(WELCOME_AUTOMATION_ID, "c-1")
    assert refusal.value.result_code == "INVALID_STATE"


@pytest.mark.parametrize(
    ("code", "contact", "expected"),
    [
        ("unheard-of", "c-1", "TRIGGER_NOTFOUND"),
        (WELCOME_TRIGGER_CODE, "nobody", "CONTACT_NOTFOUND"),
        (INACTIVE_TRIGGER_CODE, "c-1", "AUTOMATION_INACTIVE"),
    ],
)
def test_an_automation_that_does_not_start_says_why(spotler, code, contact, expected):
    with pytest.raises(Refused) as refusal:
        spotler.trigger_automation(code, contact)

    assert refusal.value.result_code == expected
    assert isinstance(refusal.value, ContactUnknown) is (contact == "nobody")


def test_a_limit_of_participations_is_reported(spotler, standin):
    automation = {"automationId": "b", "name": "Once", "participationLimit": 1, "triggers": [{"triggerCode": "once"}]}
    standin.post("automations", {"automations": [automation]})
    spotler.trigger_automation("once", "c-1")

    with pytest.raises(Refused) as refusal:
        spotler.trigger_automation("once", "c-1")

    assert refusal.value.result_code == "PARTICIPATION_LIMIT_REACHED"


@pytest.mark.parametrize("fault", ["drop_after_write", "drop_before_write", "empty_error"])
def test_a_start_whose_answer_is_lost_is_unclear_and_happened_at_most_once(spotler, standin, fault):
    standin.arm(fault)

    with pytest.raises(Unclear):
        spotler.trigger_automation(WELCOME_TRIGGER_CODE, "c-1")

    assert standin.calls("POST /automation/trigger/{triggerCode}") == 1
    assert len(runs(standin, "automationRuns")) <= 1


def test_a_campaign_is_listed_started_and_stopped(spotler, standin):
    (campaign,) = spotler.campaigns()
    assert (campaign.id, campaign.active, campaign.triggers[0].id) == (CAMPAIGN_ID, True, CAMPAIGN_TRIGGER_ID)

    spotler.trigger_campaign(campaign.triggers[0].id, "c-1", FIELDS)
    assert [run["contact"] for run in runs(standin, "campaignRuns")] == ["c-1"]

    spotler.stop_campaign(campaign.id, "c-1")
    assert runs(standin, "campaignRuns")[0]["ended"] is not None


@pytest.mark.parametrize(
    ("trigger", "contact", "fields", "expected"),
    [
        ("unheard-of", "c-1", [], "TRIGGER_NOTFOUND"),
        (CAMPAIGN_TRIGGER_ID, "nobody", [], "CONTACT_NOT_FOUND"),
        (
            CAMPAIGN_TRIGGER_ID,
            "c-1",
            [TriggerField("basket", type=FieldType.PRODUCTLIST, values=("p-9",))],
            "PRODUCT_NOTFOUND",
        ),
    ],
)
def test_a_campaign_that_does_not_start_says_why(spotler, trigger, contact, fields, expected):
    with pytest.raises(Refused) as refusal:
        spotler.trigger_campaign(trigger, contact, fields)

    assert refusal.value.result_code == expected


def test_a_contact_cannot_be_in_a_campaign_twice(spotler):
    spotler.trigger_campaign(CAMPAIGN_TRIGGER_ID, "c-1")

    with pytest.raises(Refused) as refusal:
        spotler.trigger_campaign(CAMPAIGN_TRIGGER_ID, "c-1")

    assert refusal.value.result_code == "INVALID_STATE"


def test_a_campaign_that_is_unknown_or_not_running_is_not_stopped(spotler):
    with pytest.raises(Refused) as unknown:
        spotler.stop_campaign("unheard-of", "c-1")
    with pytest.raises(Refused) as idle:
        spotler.stop_campaign(CAMPAIGN_ID, "c-1")

    assert (unknown.value.result_code, idle.value.result_code) == ("CAMPAIGN_NOTFOUND", "INVALID_STATE")
