"""What an environment of the sandbox has beside the tables: the variables of the permissions, and automations."""

from collections.abc import Mapping
from typing import Final

from connector.dataverse.choices import AutomationKind
from connector.dataverse.names import ENABLED_VARIABLE, PERMISSIONS_VARIABLE, Automation, EnvironmentVariable
from sandbox.people import People
from sandbox.spotler import seed

#: The environment variable with the names of the permissions.
PERMISSIONS_DEFINITION: Final[Mapping[str, object]] = {
    EnvironmentVariable.SCHEMA_NAME: PERMISSIONS_VARIABLE,
    "displayname": "Spotler Permissions",
    "type": 100000000,
}
#: That with the permissions which a new record gets switched on: none, as after the installation.
ENABLED_DEFINITION: Final[Mapping[str, object]] = {
    EnvironmentVariable.SCHEMA_NAME: ENABLED_VARIABLE,
    "displayname": "Spotler Permissions enabled by default",
    "type": 100000000,
}

AUTOMATION: Final = AutomationKind.AUTOMATION
#: The trigger code of an automation that Spotler does not know any more.
FORGOTTEN: Final = "00000000-0000-4000-8000-000000000000"


def create_setup(people: People) -> dict[str, str]:
    """What an environment has beside the tables before any job: the variables and the automations."""
    people.create(EnvironmentVariable.SET, PERMISSIONS_DEFINITION)
    people.create(EnvironmentVariable.SET, ENABLED_DEFINITION)
    return create_automations(people)


def create_automations(people: People) -> dict[str, str]:
    """Rows of Spotler Automation, named as a refresh names them: what the Spotler stand-in knows, and one forgotten."""
    template = "\n".join(f"{each.name}={each.type}" for each in seed.WELCOME_FIELDS)
    rows = {
        "welcome": ("🚀 Welcome", seed.WELCOME_TRIGGER_CODE, seed.WELCOME_AUTOMATION_ID, AUTOMATION, template),
        "inactive": ("🚀 Reactivation", seed.INACTIVE_TRIGGER_CODE, seed.INACTIVE_AUTOMATION_ID, AUTOMATION, ""),
        "forgotten": ("🚀 Forgotten", FORGOTTEN, FORGOTTEN, AUTOMATION, ""),
        "campaign": ("📢 Invoice sent", seed.CAMPAIGN_TRIGGER_ID, seed.CAMPAIGN_ID, AutomationKind.CAMPAIGN, ""),
    }
    return {
        key: people.create(
            Automation.SET,
            {
                Automation.NAME: name,
                Automation.TRIGGER_CODE: code,
                Automation.AUTOMATION_ID: automation_id,
                Automation.KIND: kind.value,
                Automation.FIELDS: fields,
            },
        )
        for key, (name, code, automation_id, kind, fields) in rows.items()
    }
