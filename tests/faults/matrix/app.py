"""How the app of a work is configured."""

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field, replace
from typing import Final
from zoneinfo import ZoneInfo

from connector.dataverse.api import Dataverse
from connector.dataverse.definitions import ColumnDefinitions
from connector.mapping import Times, parse_mapping
from connector.mapping.model import Mapping
from connector.settings import Settings
from sandbox.dataverse.customer_tables import MEMBERSHIP_ENTRY
from tests.faults.simulated_bus import SimulatedTime
from tests.unit.world import MAPPING

_ROWS: Final = [
    {"contact": contact, "lead": lead, "account": account, "direction": direction, "spotler": field}
    for contact, lead, account, direction, field in (
        ("emailaddress1", "emailaddress1", "emailaddress1", "->", "email"),
        ("lastname", "lastname", "name", "<->", "lastName"),
        ("telephone1", "telephone1", "telephone1", "<->", "phoneNumber"),
        ("address1_city", "address1_city", "address1_city", "<-", "city"),
        ("@map(permissions)", "@map(permissions)", "@map(permissions)", "<->", "permissions"),
    )
]
#: Columns that both sides may change, one that only Spotler may change, and permissions.
BOTH_WAYS: Final = parse_mapping({"rows": _ROWS})
#: A table of the customer that is no table of records.
ENTRY: Final = MEMBERSHIP_ENTRY.name
#: The same, and columns of that table.
WITH_ENTRIES: Final = parse_mapping({
    "tables": {"entity": ENTRY},
    "rows": [
        *_ROWS,
        {"entity": "new_email", "direction": "<-", "spotler": "email"},
        {"entity": "new_origin", "direction": "<-", "spotler": "$value:Spotler"},
    ],
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class App:
    """The configuration of an app.

    Attributes:
        mapping: its mapping; None for the one that is delivered.
        settings: settings that differ from those of all works.
    """

    mapping: Mapping | None = None
    settings: MappingOf[str, object] = field(default_factory=dict)

    def mapping_on(self, dataverse: Dataverse, time: SimulatedTime) -> Mapping:
        """The mapping of one process, with what the environment says of its columns."""
        if self.mapping is None:
            return MAPPING
        return replace(
            self.mapping,
            times=Times(ZoneInfo("Europe/Amsterdam")),
            definitions=ColumnDefinitions(dataverse, time.monotonic).of,
        )

    def settings_on(self, common: Settings) -> Settings:
        """All settings."""
        return common.model_copy(update=dict(self.settings))


#: The app as it is delivered.
AS_DELIVERED: Final = App()
