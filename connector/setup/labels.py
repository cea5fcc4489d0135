"""Labels as the Web API takes and shows them, in the languages that the environment has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from connector.dataverse.schema.labels import ENGLISH, Text
from connector.setup.component import PropertyDifference

_TYPE: Final = "Microsoft.Dynamics.CRM."


@dataclass(frozen=True, slots=True)
class Languages:
    """The languages of an environment.

    A label in a language that is not provisioned is refused, or silently stored under the base language.

    Attributes:
        base: the language that every label must have.
        provisioned: all that can be used.
    """

    base: int
    provisioned: frozenset[int]

    def texts(self, text: Text) -> dict[int, str]:
        """The texts to store, by language; the base language gets the English one where we have none in it."""
        known = text.by_language
        found = {language: known[language] for language in sorted(self.provisioned) if language in known}
        return {self.base: known[ENGLISH], **found}

    def label(self, text: Text) -> dict[str, object]:
        """The label as the Web API takes it."""
        return {
            "@odata.type": f"{_TYPE}Label",
            "LocalizedLabels": [
                {"@odata.type": f"{_TYPE}LocalizedLabel", "Label": each, "LanguageCode": language}
                for language, each in self.texts(text).items()
            ],
        }

    def differences(self, name: str, text: Text, found: object) -> list[PropertyDifference]:
        """The languages in which a label has another text, or none."""
        shown = label_texts(found)
        return [
            PropertyDifference(f"{name} ({language})", each, shown.get(language, ""))
            for language, each in self.texts(text).items()
            if shown.get(language) != each
        ]


def label_texts(label: object) -> dict[int, str]:
    """The texts of a label of the Web API, by language."""
    found = label.get("LocalizedLabels") if isinstance(label, Mapping) else None
    return {
        each["LanguageCode"]: str(each.get("Label") or "")
        for each in (found if isinstance(found, list) else ())
        if isinstance(each, Mapping) and isinstance(each.get("LanguageCode"), int)
    }


def value_of(property_: object) -> object:
    """What stands in `{"Value": …}`, as managed properties and some formats are shown."""
    return property_.get("Value") if isinstance(property_, Mapping) else None


def managed(value: object, governed_by: str) -> dict[str, object]:
    """A property that a managed solution can lock."""
    return {"Value": value, "CanBeChanged": True, "ManagedPropertyLogicalName": governed_by}
