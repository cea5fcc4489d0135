"""Buttons of the command bar. Dataverse knows their type of component under a number that each environment chooses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from connector.dataverse.api import filters
from connector.dataverse.schema import TABLES
from connector.dataverse.schema.interface import Button, ButtonPlace
from connector.dataverse.schema.labels import Text
from connector.dataverse.schema.resources import COMMANDS
from connector.setup.component import NUMBERED_BY_ENVIRONMENT, Found, PropertyDifference, SetupPhase
from connector.setup.interface.unfinished import unfinished
from connector.setup.interface.web_resources import ResourcePart
from connector.setup.row_parts import ACTIVE, Link, RowKind, RowPart
from connector.setup.tables import without_table
from connector.setup.target import SetupTarget

_BUTTON_ROWS: Final = RowKind("appaction", "appactions", "appactionid")
_NAMES: Final = "dh_Spotler!"
#: What the unique names of the buttons Sync to Spotler begin with.
SYNC_NAMES: Final = f"{_NAMES}sync!"
_TABLE_CONTEXT: Final = 1
_JAVASCRIPT: Final = 2
#: Behind the buttons of the platform.
_SEQUENCE: Final = 1_000_100_200
#: Whether a button always shows, or by its rules.
_ALWAYS: Final = 0
_BY_RULES: Final = 2
#: The pairs of buttons and rules.
_RULES: Final = "appaction_appactionrule_classicrules"
_RULE: Final = "rule"
#: While rows of a list are selected, its command bar shows only buttons with a rule about the selection. Only Microsoft
#: can make rules; this one is in every environment, under an id of its own. The pair does not travel in a solution.
_SELECTED: Final = "msdyn_Mscrm.SelectionCountAtLeastOne!0"
#: What the platform hands to the function: the form, or references to the selected rows and the list.
_PARAMETERS: Final = {
    ButtonPlace.FORM: '[{"type":5,"value":null}]',
    ButtonPlace.MAIN_GRID: '[{"type":24,"value":null},{"type":12,"value":null}]',
}


@dataclass(frozen=True, slots=True)
class ButtonPart(RowPart):
    """One button. Its table is published with it."""

    kind = "button"
    phase = SetupPhase.BUTTONS
    solution_type = NUMBERED_BY_ENVIRONMENT
    rows = _BUTTON_ROWS
    select = (
        "uniquename", "hidden", "isdisabled", "fonticon", "location", "onclickeventtype", "visibilitytype",
        "_contextentity_value",
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
        if reason := without_table(target, self.button.table):
            return reason
        is_there = self.is_on_own_table or self.read(target) is not None
        return "" if is_there else unfinished(target, self.button.table)

    def read(self, target: SetupTarget) -> Found | None:
        """The button, and the rules that decide whether it shows."""
        found = RowPart.read(self, target)
        if found is None or not self._rule(target):
            return found
        rows = target.calls.rows(f"appactions({self.object_id(found)})/{_RULES}?$select=appactionruleid")
        return {**found, _RULES: [str(row["appactionruleid"]).lower() for row in rows]}

    def compare(self, found: Found, target: SetupTarget) -> Sequence[PropertyDifference]:
        """What the row says, and whether it has its rule."""
        differences = list(RowPart.compare(self, found, target))
        rule, rules = self._rule(target), found.get(_RULES)
        if rule and rule.lower() not in (rules if isinstance(rules, list) else ()):
            differences.append(PropertyDifference(_RULE, _SELECTED, ""))
        return differences

    def change(self, found: Found, differences: Sequence[PropertyDifference], target: SetupTarget) -> None:
        """Write what differs; the rule comes first, because a button that waits for rules and has none never shows."""
        if any(each.property == _RULE for each in differences):
            address = f"appactions({self.object_id(found)})/{_RULES}/$ref"
            target.calls.refer(address, f"appactionrules({self._rule(target)})")
        RowPart.change(self, found, differences, target)

    def remove(self, found: Found, target: SetupTarget) -> None:
        """Delete it; Dataverse refuses that while it has rules."""
        address = f"appactions({self.object_id(found)})"
        for row in target.calls.rows(f"{address}/{_RULES}?$select=appactionruleid"):
            target.calls.delete(f"{address}/{_RULES}({row['appactionruleid']})/$ref")
        RowPart.remove(self, found, target)

    def _rule(self, target: SetupTarget) -> str:
        """The id of the rule that has it show while rows are selected; empty for a button that needs none."""
        if self.button.place is not ButtonPlace.MAIN_GRID:
            return ""
        path = f"appactionrules?$select=appactionruleid&$filter={quote(filters.eq('uniquename', _SELECTED))}"

        def ask() -> str:
            answer = target.calls.find(path)
            rows = answer.get("value") if answer else None
            first = rows[0] if isinstance(rows, list) and rows else None
            return str(first["appactionruleid"]) if isinstance(first, Mapping) else ""

        return target.calls.once(path, ask)

    def values(self, target: SetupTarget) -> Mapping[str, object]:
        """What it calls, and whether people see it."""
        return {
            "visibilitytype": _BY_RULES if self._rule(target) else _ALWAYS,
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

    def written(self, found: Found, target: SetupTarget) -> Mapping[str, object]:
        """A new button waits for no rules, because it does not have them yet."""
        return self.values(target) if found else {**self.values(target), "visibilitytype": _ALWAYS}

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
            "sequence": _SEQUENCE,
        }
