"""Automations and campaigns: what can be started from outside stands as rows of Spotler Automation, for users to pick.

One row per trigger code. What is no longer published is deactivated, never deleted, because jobs refer to it; it is
activated again when it returns. A kind whose list could not be read is left as it is, and so are the fields of an
automation where Spotler does not return them, because people may have written them down by hand.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connector.dataverse.api import Keyed, Row, WriteResult
from connector.dataverse.choices import AutomationKind
from connector.dataverse.names import Automation as Names
from connector.dataverse.texts import cut
from connector.errors import ConnectorError
from connector.services import Services
from connector.spotler import NotLicensed, NotSupported, Spotler
from connector.words import Sentence

#: What stands before the name, so that users can distinguish the two kinds.
ICONS: Final = {AutomationKind.AUTOMATION: "🚀", AutomationKind.CAMPAIGN: "📢"}
#: The longest name that the row takes.
NAME_LENGTH: Final = 300

#: `statecode` and `statuscode` of a row that users can pick, and of one that they cannot.
ACTIVE: Final = {Names.STATE: 0, Names.STATUS: 1}
INACTIVE: Final = {Names.STATE: 1, Names.STATUS: 2}


@dataclass(frozen=True, slots=True)
class Startable:
    """Something that can be started from outside.

    Attributes:
        code: the trigger code, by which it is started.
        id: the automation or campaign, by which it is stopped.
        label: the label of the trigger, which is what users see.
        fields: the names and types of its personal fields; empty where Spotler does not return them.
    """

    kind: AutomationKind
    code: str
    id: str
    label: str
    fields: tuple[tuple[str, str], ...] = ()

    def row(self) -> dict[str, object]:
        """The columns of its row, as far as Spotler returns them."""
        fields = "\n".join(f"{name}={kind}" for name, kind in self.fields)
        return {
            Names.NAME: cut(f"{ICONS[self.kind]} {self.label}", NAME_LENGTH),
            Names.TRIGGER_CODE: self.code,
            Names.KIND: self.kind.value,
            Names.AUTOMATION_ID: self.id,
            **({Names.FIELDS: fields} if fields else {}),
            **ACTIVE,
        }


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh changed."""

    created: int
    updated: int
    deactivated: int

    @property
    def sentence(self) -> Sentence:
        """For people."""
        return Sentence(
            "Automations: {created} new, {updated} changed, {deactivated} deactivated.",
            created=self.created,
            updated=self.updated,
            deactivated=self.deactivated,
        )


def refresh_automations(services: Services) -> Refreshed:
    """Make the rows equal to what Spotler publishes; only real differences are written.

    Raises:
        ConnectorError: when Spotler or Dataverse cannot be asked, or does not take a row.
    """
    startable, kinds = _published(services.spotler)
    rows = services.dataverse.query(
        Names.SET,
        select=(
            Names.ID,
            Names.NAME,
            Names.TRIGGER_CODE,
            Names.KIND,
            Names.AUTOMATION_ID,
            Names.FIELDS,
            Names.STATE,
            Names.STATUS,
        ),
    )
    known = {str(row[Names.TRIGGER_CODE]): row for row in rows if row.get(Names.TRIGGER_CODE)}
    new = [each.row() for code, each in startable.items() if code not in known]
    changed = [
        Keyed(str(known[code][Names.ID]), each.row())
        for code, each in startable.items()
        if code in known and _differs(known[code], each.row())
    ]
    gone = [
        Keyed(str(row[Names.ID]), INACTIVE)
        for code, row in known.items()
        if code not in startable and row.get(Names.KIND) in kinds and row.get(Names.STATE) == 0
    ]
    _raise_first(services.dataverse.create_multiple(Names, new) if new else [])
    _raise_first(services.dataverse.update_multiple(Names, [*changed, *gone]) if changed or gone else [])
    return Refreshed(len(new), len(changed), len(gone))


def _published(spotler: Spotler) -> tuple[Mapping[str, Startable], set[AutomationKind]]:
    """What can be started, by trigger code, and the kinds whose list was read.

    An account without the one kind has the other; one that lacks both is refused with the reason of the first.
    """
    readers: dict[AutomationKind, Callable[[Spotler], Sequence[Startable]]] = {
        AutomationKind.AUTOMATION: _automations,
        AutomationKind.CAMPAIGN: _campaigns,
    }
    found: dict[str, Startable] = {}
    refusals: dict[AutomationKind, ConnectorError] = {}
    for kind, read in readers.items():
        try:
            # Rows are deactivated by what is not listed, so an empty list counts only when it comes twice.
            for each in read(spotler) or read(spotler):
                found.setdefault(each.code, each)
        except (NotLicensed, NotSupported) as refusal:
            refusals[kind] = refusal
    if refusals.keys() == readers.keys():
        raise refusals[AutomationKind.AUTOMATION]
    return found, readers.keys() - refusals.keys()


def _automations(spotler: Spotler) -> Sequence[Startable]:
    return [
        Startable(
            AutomationKind.AUTOMATION,
            trigger.id,
            automation.id,
            trigger.name or automation.name,
            tuple((field.name, field.type.value) for field in automation.fields),
        )
        for automation in spotler.automations()
        if automation.active
        for trigger in automation.triggers
    ]


def _campaigns(spotler: Spotler) -> Sequence[Startable]:
    return [
        Startable(AutomationKind.CAMPAIGN, trigger.id, campaign.id, trigger.name or campaign.name)
        for campaign in spotler.campaigns()
        if campaign.active
        for trigger in campaign.triggers
    ]


def _differs(row: Row, wanted: Mapping[str, object]) -> bool:
    return any((row.get(column) or "") != (value or "") for column, value in wanted.items())


def _raise_first(results: Sequence[WriteResult]) -> None:
    for result in results:
        if result.error is not None:
            raise result.error
