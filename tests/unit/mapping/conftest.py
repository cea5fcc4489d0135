"""Mappings, fields and records to test with; the fields and conversions of Spotler are the real ones."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector.consent import ConsentSource, Decision, Facts, PermissionRow, decide
from connector.dataverse.api.rows import Row
from connector.mapping import Mapping, Outcome, OutwardPlan, load_mapping, parse_mapping, plan
from connector.spotler import Field, Fields, Option, PropertyType

MAPPINGS = Path(__file__).parents[3] / "mappings"

TYPES = {
    "email": "email",
    "gender": "gender",
    "birthday": "birthdate",
    "lastOrder": "date",
    "lastSeen": "dateTime",
    "points": "int",
    "turnover": "money",
    "zip": "postcode",
    "mobile": "mobNr",
    "interests": "set",
    "permissions": "set",
    "topics": "set",
}
OPTIONS = {
    "permissions": (Option(1, "Newsletter"), Option(2, "Events"), Option(4, "Offers")),
    "interests": (Option(1, "Garden"), Option(2, "Kitchen")),
    "topics": (Option(1, "Food"), Option(2, "Food; drinks"), Option(4, "Sweets")),
}


def spotler_field(name: str) -> Field:
    return Field(name, name.title(), PropertyType(TYPES.get(name, "string")), OPTIONS.get(name, ()))


@pytest.fixture(scope="session")
def default_mapping() -> Mapping:
    return load_mapping(MAPPINGS / "default.json")


@pytest.fixture(scope="session")
def fields(default_mapping) -> Fields:
    names = {row.field for row in default_mapping.rows} | TYPES.keys() | {"text", "other"}
    return Fields(spotler_field(name) for name in sorted(names))


@pytest.fixture
def send(fields) -> Callable[..., Outcome]:
    """Sends a contact through rows `(column, spotler)` or whole row objects, beside a mapped address."""

    def _send(
        *rows: tuple[str, str] | dict, permissions: tuple[PermissionRow, ...] = (), table: str = "contact", **record
    ) -> Outcome:
        document = {
            "rows": [
                {table: "emailaddress1", "direction": "->", "spotler": "email"},
                *(
                    row if isinstance(row, dict) else {table: row[0], "direction": "->", "spotler": row[1]}
                    for row in rows
                ),
            ]
        }
        row = {"emailaddress1": "ann@example.org", **record}
        outward = plan(parse_mapping(document), table)
        return outward.contact(row, decision_of(outward, row, permissions), fields)

    return _send


def permission(name: str, *, subscribed: bool, bit: int | None = None) -> PermissionRow:
    """A row of Spotler Permission that a person wrote."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return PermissionRow(name, name, bit, subscribed=subscribed, source=ConsentSource.PERSON, at=at)


def decision_of(outward: OutwardPlan, row: Row, permissions: tuple[PermissionRow, ...] = ()) -> Decision:
    """What consent says about a record that has an address."""
    return decide(
        Facts(
            do_not_bulk_email=row.get("donotbulkemail") is True, is_excluded=not outward.admits(row), rows=permissions
        )
    )


def formatted(column: str, label: str) -> dict[str, str]:
    return {f"{column}@OData.Community.Display.V1.FormattedValue": label}
