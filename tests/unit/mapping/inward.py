"""Mappings with definitions of columns, and contacts, for the way back."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from connector.dataverse.schema.model import Column, Kind
from connector.mapping import Mapping, Times, parse_mapping
from connector.mapping.inward import InwardValue, inward_plan
from connector.spotler import Fields, SpotlerContact
from tests.unit.mapping.conftest import TYPES, spotler_field

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
FIELDS = Fields(spotler_field(name) for name in sorted({*TYPES, "text", "other"}))


def mapping_of(
    *parts: Column | tuple[str, str, str], address: str = "emailaddress1", zone: ZoneInfo = AMSTERDAM
) -> Mapping:
    """A mapping of contacts with rows `(column, direction, field)`, in an environment that has the columns."""
    columns = {part.name: part for part in parts if isinstance(part, Column)}
    rows = [part for part in parts if isinstance(part, tuple)]
    document = {
        "rows": [
            {"contact": address, "direction": "->", "spotler": "email"},
            *({"contact": column, "direction": direction, "spotler": field} for column, direction, field in rows),
        ]
    }
    if any(field == "email" for _, _, field in rows):
        document["rows"] = document["rows"][1:]
    times = Times(
        zone,
        is_wall_clock=lambda _, name: columns[name].kind is Kind.DATE_TIME_NO_ZONE,
        is_day=lambda _, name: columns[name].is_day,
    )
    return replace(parse_mapping(document), times=times, definitions=lambda _: columns)


def contact(address: str = "ann@example.org", **properties: object) -> SpotlerContact:
    """A contact of Spotler."""
    return SpotlerContact("id", properties={"email": address, **properties} if address else properties)


def value_of(column: Column, field: str, wire: object, name: str = "new_x") -> InwardValue | None:
    """What comes back into the column from a field with this value; None for a property that is absent."""
    properties = {} if wire is None else {field: wire}
    plan = inward_plan(mapping_of(column, (name, "<->", field)), "contact")
    return plan.values(contact(**properties), FIELDS).get(name)
