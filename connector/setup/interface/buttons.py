"""Buttons of the command bar. Dataverse knows their type of component under a number that each environment chooses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from connector.dataverse.api import filters
from connector.dataverse.schema import TABLES
from connector.dataverse.schema.interface import Button, ButtonPlace
from connector.dataverse.schema.labels import Text
from connector.dataverse.schema.resources import COMMANDS
from connector.setup.component import NUMBERED_BY_ENVIRONMENT, Found, SetupPhase
from connector.setup.interface.unfinished import unfinished
from connector.setup.interface.web_resources import ResourcePart
from connector.setup.row_parts import ACTIVE, Link, RowKind, RowPart
from connector.setup.tables import without_lists
from connector.setup.target import SetupTarget

_BUTTON_ROWS: Final = RowKind("appaction", "appactions", "appactionid")
_NAMES: Final = "dh_Spotler!"
#: What the unique names of the buttons Sync to Spotler begin with.
SYNC_NAMES: Final = f"{_NAMES}sync!"
_TABLE_CONTEXT: Final = 1
_JAVASCRIPT: Final = 2
#: Behind the buttons of the platform.
_SEQUENCE: Final = 1_000_100_200
#: What the platform hands to the function: the form, or references to the selected rows and the list.
_PARAMETERS: Final = {
    ButtonPlace.FORM: '[{"type":5,"value":null}]',
    ButtonPlace.MAIN_GRID: '[{"type":24,"value":null},{"type":12,"value":null}]',
}


@dataclass(frozen=True, slots=True)
class ButtonPart(RowPart):
    """One button. Its table is published with it."""

    kind = "button"
    phase = SetupPhase.APP
    solution_type = NUMBERED_BY_ENVIRONMENT
    rows = _BUTTON_ROWS
    select = (
        "uniquename", "hidden", "isdisabled", "fonticon", "location", "onclickeventtype", "_contextentity_value",
        "onclickeventjavascriptfunctionname", "onclickeventjavascriptparameters",
        "_onclickeventjavascriptwebresourceid_value",
    )  # fmt: skip
    button: Button

    @property
    def name(self) -> str:
        """Table, place and name."""
        return f"{self.button.table}.{self.button.place.name.lower()}.{self.button.name}"

    @property
    def unique_name(self) -> str:
        """The name that only one button of the environment can have."""
        return f"{_NAMES}{self.button.name}!{self.button.table}!{self.button.place.value}"

    @property
    def is_on_own_table(self) -> bool:
        """Whether it shows only where our rows are."""
        return TABLES[self.button.table].own

    @property
    def publishes(self) -> tuple[str, ...]:
        """Its table."""
        return (self.button.table,)

    @property
    def condition(self) -> str:
        """By its unique name."""
        return filters.eq("uniquename", self.unique_name)

    @property
    def texts(self) -> Mapping[str, Text]:
        """Its title and what it does."""
        return {"buttonlabeltext": self.button.title, "buttontooltipdescription": self.button.tooltip}

    def left_alone(self, target: SetupTarget) -> str:
        """A table that is not there has no buttons; one that somebody works on gets them later."""
        if reason := without_lists(target, self.button.table):
            return reason
        is_there = self.is_on_own_table or self.read(target) is not None
        return "" if is_there else unfinished(target, self.button.table)

    def values(self, target: SetupTarget) -> Mapping[str, object]:  # noqa: ARG002 - of the base class
        """What it calls, and whether people see it."""
        return {
            "hidden": False,
            "isdisabled": False,
            "fonticon": f"$clientsvg:{self.button.icon}",
            "onclickeventtype": _JAVASCRIPT,
            "onclickeventjavascriptfunctionname": self.button.function,
            "onclickeventjavascriptparameters": _PARAMETERS[self.button.place],
        }

    @property
    def enabled(self) -> Mapping[str, object]:
        """It is active."""
        return ACTIVE

    def links(self, target: SetupTarget) -> Mapping[str, Link]:
        """Its table and its script; none while they are not there."""
        table = target.calls.find(f"EntityDefinitions(LogicalName='{self.button.table}')?$select=MetadataId")
        part = ResourcePart(COMMANDS)
        script: Found | None = part.read(target)
        return {
            "ContextEntity": Link("_contextentity_value", "entities", str(table["MetadataId"]) if table else ""),
            "OnClickEventJavaScriptWebResourceId": Link(
                "_onclickeventjavascriptwebresourceid_value",
                "webresourceset",
                part.object_id(script) if script else "",
            ),
        }

    def fixed(self, target: SetupTarget) -> Mapping[str, object]:  # noqa: ARG002 - of the base class
        """Its names and its place, which stay."""
        return {
            "name": f"dh.spotler.{self.name}",
            "uniquename": self.unique_name,
            "context": _TABLE_CONTEXT,
            "contextvalue": self.button.table,
            "location": self.button.place.value,
            "type": 0,
            "origin": 0,
            "visibilitytype": 0,
            "sequence": _SEQUENCE,
        }
