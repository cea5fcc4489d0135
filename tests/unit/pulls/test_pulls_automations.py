"""What the refresh of automations believes."""

import pytest

from connector.dataverse.choices import AutomationKind
from connector.dataverse.names import Automation
from connector.errors import Transient
from connector.pulls.automations import refresh_automations

KINDS = {AutomationKind.AUTOMATION: "GET /automation/list", AutomationKind.CAMPAIGN: "GET /campaign/list"}


@pytest.fixture
def row(world):
    """The row of a published automation."""
    refresh_automations(world.services)

    def _row(kind=AutomationKind.AUTOMATION):
        return next(each for each in world.rows(Automation.TABLE) if each[Automation.KIND] == kind)

    return _row


@pytest.mark.parametrize("kind", KINDS)
def test_one_empty_list_deactivates_nothing(world, row, kind):
    world.spotler.arm("wrong_body", route=KINDS[kind], body=[], count=1)

    assert refresh_automations(world.services).deactivated == 0
    assert row(kind)[Automation.STATE] == 0


@pytest.mark.parametrize("body", [{}, None, "text", [{"name": "no id"}], [None]])
@pytest.mark.parametrize("kind", KINDS)
def test_a_list_that_cannot_be_read_deactivates_nothing(world, row, kind, body):
    world.spotler.arm("wrong_body", route=KINDS[kind], body=body, count=None)

    with pytest.raises(Transient):
        refresh_automations(world.services)
    assert row(kind)[Automation.STATE] == 0


def test_what_is_not_published_any_more_is_deactivated_also_where_nothing_is_left(world, row):
    world.spotler.arm("wrong_body", route=KINDS[AutomationKind.AUTOMATION], body=[], count=None)

    assert refresh_automations(world.services).deactivated > 0
    assert row()[Automation.STATE] == 1


def test_each_trigger_of_an_automation_has_its_own_row_with_its_own_label(world):
    triggers = [{"triggerCode": code, "name": f"From {code}"} for code in ("form", "crm")]
    automation = {"automationId": "a-1", "name": "Welcome", "active": True, "triggers": triggers}
    world.spotler.arm("wrong_body", route=KINDS[AutomationKind.AUTOMATION], body=[automation], count=1)

    refresh_automations(world.services)

    rows = {each[Automation.TRIGGER_CODE]: each for each in world.rows(Automation.TABLE) if each[Automation.STATE] == 0}
    assert {code: rows[code][Automation.NAME] for code in ("form", "crm")} == {
        "form": "🚀 From form",
        "crm": "🚀 From crm",
    }
    assert {rows[code][Automation.AUTOMATION_ID] for code in ("form", "crm")} == {"a-1"}

    automation["triggers"] = triggers[:1]
    world.spotler.arm("wrong_body", route=KINDS[AutomationKind.AUTOMATION], body=[automation], count=1)
    assert refresh_automations(world.services).deactivated == 1
