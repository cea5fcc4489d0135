"""Stories in which permissions are kept as membership of Marketing Lists."""

from typing import Final, override

from connector.dataverse.names import MEMBER_TABLES, ListMember, MarketingList, Permission
from connector.dataverse.records import RecordRef
from tests.faults.matrix.systems import Systems
from tests.unit.sync.consent_story import NAME, NAMES, Step, Story
from tests.unit.sync.two_systems import TwoSystems

LISTS: Final = {"contact": "@map(list)", "direction": "<->", "spotler": "permissions", "items": [*NAMES.values()]}
#: What does not happen to lists: there are no rows, and while a permission has no list everything waits.
NOT_IN_LISTS: Final = frozenset({"second row refuses", "row deactivated", "renamed", "renamed back"})
OPTS_IN: Final = "opts in, in Dataverse"


class TwoSystemsWithLists(TwoSystems):
    """Both systems, with a list for each permission."""

    def __init__(self, systems: Systems, table: str) -> None:
        super().__init__(systems, NAME, LISTS, tables=(table,))  # type: ignore[arg-type]
        code = next(code for code, each in MEMBER_TABLES.items() if each == table)
        rows = [{MarketingList.NAME: name, MarketingList.MEMBER_TYPE: code} for name in NAMES.values()]
        ids = systems.load({MarketingList.TABLE: rows})[MarketingList.TABLE]
        self.lists = dict(zip(NAMES.values(), ids, strict=True))

    @override
    def permission(self, record: RecordRef, name: str, *, subscribed: bool) -> str:
        """A person adds the record to the list, or removes it."""
        self.tick()
        action = "AddMemberList" if subscribed else "RemoveMemberList"
        path = f"{MarketingList.SET}({self.lists[name]})/Microsoft.Dynamics.CRM.{action}"
        self.systems.by_person("POST", path, {"EntityId": record.id})
        return self.lists[name]

    @override
    def permissions(self, record: RecordRef) -> list[dict[str, object]]:
        """What the lists say, as rows would."""
        rows = self.systems.rows(ListMember.TABLE)
        own = {row[f"_{ListMember.LIST}_value"] for row in rows if row[f"_{ListMember.MEMBER}_value"] == record.id}
        return [
            {Permission.NAME: name, Permission.SUBSCRIBED: about in own, Permission.STATE: 0}
            for name, about in self.lists.items()
        ]


class StoryInLists(Story):
    """A story with lists instead of rows."""

    @override
    def between(self, systems: Systems, table: str) -> TwoSystems:
        return TwoSystemsWithLists(systems, table)

    @override
    def do(self, step: Step) -> None:
        """Dataverse adds nobody who is deactivated."""
        person = self.people[step.who]
        if step.what == OPTS_IN and not person.deleted and self.two.row(person.record).get("statecode"):
            return
        super().do(step)
