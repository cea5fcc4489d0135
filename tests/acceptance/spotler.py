"""What has become of records in Spotler, seen through the side door of the stand-in."""

from dataclasses import dataclass
from typing import Any

from sandbox.spotler.side_door.client import SideDoor
from tests.acceptance.records import Record


@dataclass(frozen=True, slots=True)
class SpotlerContact:
    """A contact as Spotler holds it."""

    external_id: str
    properties: dict[str, Any]
    permissions: list[int]
    tags: list[str]

    def options_on(self, field: str) -> set[str]:
        """The items of a list field that are switched on."""
        return {option["description"] for option in self.properties[field] if option["enabled"]}


class Spotler:
    """The stand-in, from behind."""

    def __init__(self, url: str) -> None:
        self.door = SideDoor(url)

    def find(self, record: Record) -> SpotlerContact | None:
        """The contact whose External Id is the id of the row."""
        for each in self.door.state()["contacts"]:
            if each["externalId"] == record.id:
                return _contact(each)
        return None

    def contact(self, record: Record) -> SpotlerContact:
        """The contact of a record that must have one."""
        found = self.find(record)
        assert found is not None, "Spotler does not know the record"
        return found

    def with_address(self, address: str) -> list[SpotlerContact]:
        """Everybody who has this address."""
        contacts = map(_contact, self.door.state()["contacts"])
        return [each for each in contacts if each.properties.get("email") == address]

    def tags(self) -> set[str]:
        """All tags of the account."""
        return {str(each["name"]) for each in self.door.state()["tags"]}

    def scores(self, record: Record) -> dict[str, int | None]:
        """The tags of a contact with their scores."""
        (contact,) = [each for each in self.door.state()["contacts"] if each["externalId"] == record.id]
        return dict(contact["tags"])

    def members(self, audience: str) -> set[str]:
        """The external ids of the members of an audience, by its name."""
        (found,) = [each for each in self.door.state()["audiences"] if each["name"] == audience]
        return set(found["members"])

    def effects(self, record: Record) -> list[str]:
        """What was done to the contact of a record, in order."""
        return [str(entry["effect"]) for entry in self.door.journal() if entry["externalId"] == record.id]

    def runs(self, record: Record, kind: str = "automationRuns") -> list[dict[str, Any]]:
        """The automations (or `campaignRuns`) that a record was sent through."""
        return [dict(run) for run in self.door.state()[kind] if run["contact"] == record.id]

    def calls_naming(self, text: str) -> list[str]:
        """The latest requests in whose address this text stands."""
        return [f"{each['method']} {each['target']}" for each in self.door.traffic() if text in str(each["target"])]

    def assert_never_asked(self, record: Record) -> None:
        """No call was made for a record that Spotler did not know before: any write would have left a contact."""
        assert self.find(record) is None
        assert self.effects(record) == []
        assert self.calls_naming(record.id) == []


def _contact(state: dict[str, Any]) -> SpotlerContact:
    return SpotlerContact(state["externalId"], state["properties"], state["permissions"], list(state["tags"]))
