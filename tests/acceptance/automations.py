"""Automations and campaigns that Spotler and Dataverse both know."""

from typing import Final
from uuid import uuid4

from connector.dataverse.choices import AutomationKind
from connector.dataverse.names import Automation
from tests.acceptance.world import World

#: The fields of every automation here.
FIELDS: Final = "invoiceEmail=STRING\npayUrl=URL\nbasket=PRODUCTLIST"


def publish(world: World, *, code: str, name: str = "Welcome", active: bool = True, limit: int | None = None) -> str:
    """An automation in Spotler, startable by this code; returns its id."""
    automation_id = str(uuid4())
    fields = [{"name": field, "type": kind} for field, kind in (pair.split("=") for pair in FIELDS.splitlines())]
    automation = {
        "automationId": automation_id,
        "name": name,
        "active": active,
        "triggers": [{"triggerCode": code, "name": name}],
        "fields": fields,
        "participationLimit": limit,
    }
    world.spotler.door.post("automations", automations=[automation])
    return automation_id


def automation_in_both(world: World, *, active: bool = True, limit: int | None = None) -> str:
    """The row of an automation that Spotler has."""
    code = str(uuid4())
    automation_id = publish(world, code=code, active=active, limit=limit)
    return world.automation(code=code, fields=FIELDS, **{Automation.AUTOMATION_ID: automation_id})


def publish_campaign(world: World, *, code: str, name: str = "Invoices") -> str:
    """A campaign in Spotler, startable by this code; returns its id."""
    mailing = {"encryptedId": f"m{code}", "name": "Invoice", "campaign": True}
    world.spotler.door.post("mailings", mailings=[mailing])
    campaign = {
        "encryptedId": f"c{code}",
        "name": name,
        "triggers": [{"triggerCode": code, "name": name}],
        "mailings": [f"m{code}"],
    }
    world.spotler.door.post("campaigns", campaigns=[campaign])
    return f"c{code}"


def campaign_in_both(world: World) -> str:
    """The row of a campaign that Spotler has; a contact can be in one campaign only once at a time."""
    code = uuid4().hex[:10]
    campaign_id = publish_campaign(world, code=code)
    return world.automation(code=code, kind=AutomationKind.CAMPAIGN, **{Automation.AUTOMATION_ID: campaign_id})
