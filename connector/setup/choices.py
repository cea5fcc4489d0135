"""Global choices and their options. Definitions ignore changed options; only the actions for options change them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connector.dataverse.schema.installation import SOLUTION, GlobalChoice
from connector.dataverse.schema.labels import Text
from connector.setup.component import Found, Part, PropertyDifference, SetupPhase
from connector.setup.labels import Languages
from connector.setup.target import SetupTarget

_TYPE: Final = "Microsoft.Dynamics.CRM."
_KIND, _PICKLIST = "OptionSetType", "Picklist"


@dataclass(frozen=True, slots=True)
class ChoicePart(Part):
    """One global choice."""

    kind = "choice"
    phase = SetupPhase.CHOICES
    choice: GlobalChoice

    solution_type = 9

    @property
    def name(self) -> str:
        """Its name."""
        return self.choice.name

    def read(self, target: SetupTarget) -> Found | None:
        """The choice with its options, which only the address with the type shows."""
        found = target.calls.find(f"GlobalOptionSetDefinitions(Name='{self.name}')")
        if found is None:
            return None
        return target.calls.find(f"GlobalOptionSetDefinitions({found['MetadataId']})/{_TYPE}OptionSetMetadata") or found

    def compare(self, found: Found, target: SetupTarget) -> Sequence[PropertyDifference]:
        """Texts and options; options of the customer stay."""
        shown = found.get(_KIND, _PICKLIST)
        if shown != _PICKLIST:
            return [PropertyDifference(_KIND, _PICKLIST, str(shown), can_change=False)]
        return [
            *target.languages.differences("DisplayName", self.choice.title, found.get("DisplayName")),
            *option_differences(self.choice.options, found, target.languages),
        ]

    def create(self, target: SetupTarget) -> None:
        """Make it with its options."""
        languages = target.languages
        body = {
            "@odata.type": f"{_TYPE}OptionSetMetadata",
            "Name": self.name,
            "IsGlobal": True,
            "OptionSetType": "Picklist",
            "DisplayName": languages.label(self.choice.title),
            "Description": languages.label(self.choice.description),
            "Options": [
                {"@odata.type": f"{_TYPE}OptionMetadata", "Value": value, "Label": languages.label(text)}
                for value, text in self.choice.options.items()
            ],
        }
        target.calls.post("GlobalOptionSetDefinitions", body, SOLUTION.name)

    def change(self, found: Found, differences: Sequence[PropertyDifference], target: SetupTarget) -> None:
        """Correct texts by the definition, options one by one."""
        if any(each.property.startswith("DisplayName") for each in differences):
            body = {
                **found,
                "@odata.type": f"{_TYPE}OptionSetMetadata",
                "DisplayName": target.languages.label(self.choice.title),
            }
            body.pop("@odata.context", None)
            target.calls.put(f"GlobalOptionSetDefinitions({found['MetadataId']})", body, SOLUTION.name)
        present = options_of(found)
        for value in values_in(differences):
            body = {
                "OptionSetName": self.name,
                "Value": value,
                "Label": target.languages.label(self.choice.options[value]),
                "SolutionUniqueName": SOLUTION.name,
            }
            if value in present:
                target.calls.act("UpdateOptionValue", {**body, "MergeLabels": True})
            else:
                target.calls.act("InsertOptionValue", body)

    def remove(self, found: Found, target: SetupTarget) -> None:
        """Delete it; Dataverse refuses while a column uses it."""
        target.calls.delete(f"GlobalOptionSetDefinitions({found['MetadataId']})")


def options_of(option_set: object) -> dict[int, Mapping[str, object]]:
    """The options of a choice as the Web API shows it, by value."""
    found = option_set.get("Options") if isinstance(option_set, Mapping) else None
    return {
        each["Value"]: each
        for each in (found if isinstance(found, list) else ())
        if isinstance(each, Mapping) and isinstance(each.get("Value"), int)
    }


def option_differences(
    options: Mapping[int, Text], option_set: object, languages: Languages
) -> list[PropertyDifference]:
    """What is missing or called otherwise among options."""
    present = options_of(option_set)
    found: list[PropertyDifference] = []
    for value, text in options.items():
        if value not in present:
            found.append(PropertyDifference(f"option {value}", text.en, ""))
        else:
            found += languages.differences(f"option {value}", text, present[value].get("Label"))
    return found


def values_in(differences: Sequence[PropertyDifference]) -> list[int]:
    """The values of the options that differ, each once."""
    return list(
        dict.fromkeys(int(each.property.split()[1]) for each in differences if each.property.startswith("option "))
    )
