"""Refresh Automations and Refresh Permissions: what Spotler has stands in Dataverse, on a schedule and on demand."""

from uuid import uuid4

import pytest

from connector.dataverse.choices import AutomationKind, Operation
from connector.dataverse.names import Automation, EnvironmentVariable, EnvironmentVariableValue
from tests.acceptance.automations import FIELDS, publish, publish_campaign

PERMISSIONS = "Newsletter;Events;Offers;"


def refresh(world):
    world.run(Operation.REFRESH_AUTOMATIONS).assert_completed()


def row_of(world, code):
    return next((row for row in world.rows(Automation.TABLE) if row[Automation.TRIGGER_CODE] == code), None)


@pytest.fixture
def _returned_fields(world):
    """Spotler returns the fields of its automations."""
    world.spotler.door.settings(extensions={"automation_fields": True})
    yield
    world.spotler.door.settings(extensions={"automation_fields": False})


@pytest.mark.feature("AUT-02")
@pytest.mark.feature("AUT-03")
@pytest.mark.feature("AUT-06")
@pytest.mark.usefixtures("_returned_fields")
def test_automations_and_campaigns_appear_with_icon_label_and_fields(world):
    code, campaign_code = str(uuid4()), uuid4().hex[:10]
    automation_id = publish(world, code=code, name="From CRM")
    campaign_id = publish_campaign(world, code=campaign_code, name="Renewal")

    refresh(world)

    automation, campaign = row_of(world, code), row_of(world, campaign_code)
    assert (automation[Automation.NAME], automation[Automation.KIND]) == ("🚀 From CRM", AutomationKind.AUTOMATION)
    assert (automation[Automation.AUTOMATION_ID], automation[Automation.FIELDS]) == (automation_id, FIELDS)
    assert (campaign[Automation.NAME], campaign[Automation.KIND]) == ("📢 Renewal", AutomationKind.CAMPAIGN)
    assert campaign[Automation.AUTOMATION_ID] == campaign_id


@pytest.mark.feature("AUT-06")
def test_fields_that_were_written_down_by_hand_stay_where_spotler_returns_none(world):
    code, campaign_code = str(uuid4()), uuid4().hex[:10]
    publish(world, code=code)
    publish_campaign(world, code=campaign_code)
    refresh(world)
    rows = [row_of(world, each)[Automation.ID] for each in (code, campaign_code)]
    for row in rows:
        world.people.update(Automation.SET, row, {Automation.FIELDS: "title=STRING", Automation.NAME: "Changed"})

    refresh(world)

    for row in rows:
        seen = world.people.read(Automation.SET, row)
        assert (seen[Automation.FIELDS], seen[Automation.NAME] != "Changed") == ("title=STRING", True)


@pytest.mark.feature("AUT-01")
def test_the_timer_does_the_same(world):
    code = str(uuid4())
    publish(world, code=code, name="On a schedule")

    world.run_timer("refresh_automations_daily")

    assert row_of(world, code)[Automation.NAME] == "🚀 On a schedule"


@pytest.mark.feature("AUT-01")
def test_what_is_not_active_is_not_listed(world):
    code = str(uuid4())
    publish(world, code=code, active=False)

    refresh(world)

    assert row_of(world, code) is None


@pytest.mark.feature("AUT-03")
def test_what_spotler_does_not_publish_any_more_is_deactivated_and_not_deleted(world):
    code = str(uuid4())
    row = world.automation(code=code)

    refresh(world)

    assert row_of(world, code)[Automation.STATE] == 1
    assert world.people.read(Automation.SET, row)[Automation.STATE] == 1


@pytest.mark.feature("AUT-03")
def test_what_returns_is_activated_again(world):
    code = str(uuid4())
    world.automation(code=code)
    refresh(world)
    publish(world, code=code, name="Back again")

    refresh(world)

    row = row_of(world, code)
    assert (row[Automation.STATE], row[Automation.NAME]) == (0, "🚀 Back again")


@pytest.mark.feature("AUT-02")
def test_a_row_that_has_not_changed_is_not_written(world):
    code = str(uuid4())
    publish(world, code=code)
    refresh(world)
    row = row_of(world, code)[Automation.ID]
    before = world.writes_to(Automation.TABLE, row)

    refresh(world)

    assert world.writes_to(Automation.TABLE, row) == before


@pytest.mark.feature("AUT-02")
def test_a_passing_fault_of_spotler_delays_the_refresh(world):
    world.spotler.door.arm("error", route="GET /automation/list", status=503, count=4)

    job = world.run(Operation.REFRESH_AUTOMATIONS)

    job.assert_completed()
    assert job.attempts > 1


def default_value(world, variable):
    return world.people.read(EnvironmentVariable.SET, variable)[EnvironmentVariable.DEFAULT]


def give_value(world, variable, value):
    bind = f"{EnvironmentVariableValue.DEFINITION_NAVIGATION}@odata.bind"
    row = {EnvironmentVariableValue.VALUE: value, bind: f"/{EnvironmentVariable.SET}({variable})"}
    world.people.create(EnvironmentVariableValue.SET, row)


@pytest.mark.feature("ENV-02")
def test_the_variable_holds_the_permissions_of_spotler(world, variable):
    world.run(Operation.REFRESH_PERMISSIONS).assert_completed()

    assert default_value(world, variable) == PERMISSIONS


@pytest.mark.feature("ENV-02")
def test_the_timer_refreshes_the_permissions_too(world, variable):
    world.run_timer("refresh_permissions_daily")

    assert default_value(world, variable) == PERMISSIONS


@pytest.mark.feature("ENV-03")
def test_a_semicolon_as_current_value_switches_the_refresh_off(world, variable):
    give_value(world, variable, " ; ")

    world.run(Operation.REFRESH_PERMISSIONS).assert_completed()

    assert default_value(world, variable) == "Outdated;"


@pytest.mark.feature("ENV-02")
def test_the_current_value_of_an_operator_is_left_alone(world, variable):
    give_value(world, variable, "Newsletter")

    world.run(Operation.REFRESH_PERMISSIONS).assert_completed()

    (value,) = world.rows(EnvironmentVariableValue.TABLE)
    assert value[EnvironmentVariableValue.VALUE] == "Newsletter"
    assert default_value(world, variable) == PERMISSIONS
