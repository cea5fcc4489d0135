"""Which date columns have no time zone, from the metadata of the environment."""

import pytest

from connector.dataverse.definitions import MAX_AGE, DateColumns
from connector.errors import Misconfigured, Transient
from tests.unit.dataverse_client.wire import error_body
from tests.unit.scripted_server import Answer

BEHAVIOURS = {
    "new_slot": "TimeZoneIndependent", "createdon": "UserLocal", "birthdate": "DateOnly", "new_since": "UserLocal"
}  # fmt: skip
FORMATS = {"birthdate": "DateOnly", "new_since": "DateOnly"}
METADATA = Answer(
    200,
    {
        "value": [
            {"LogicalName": name, "DateTimeBehavior": {"Value": value}, "Format": FORMATS.get(name, "DateAndTime")}
            for name, value in BEHAVIOURS.items()
        ]
    },
)
PATH = (
    "/api/data/v9.2/EntityDefinitions(LogicalName='contact')/Attributes/"
    "Microsoft.Dynamics.CRM.DateTimeAttributeMetadata?$select=LogicalName,DateTimeBehavior,Format"
)


@pytest.fixture
def columns(make, time):
    return DateColumns(make(), clock=time.monotonic)


def test_only_a_column_that_is_time_zone_independent_has_no_time_zone(server, columns):
    server.answer(METADATA)

    assert {name for name in (*BEHAVIOURS, "unknown") if columns.is_wall_clock("contact", name)} == {"new_slot"}


def test_only_a_moment_that_is_shown_without_its_time_is_a_day(server, columns):
    server.answer(METADATA)

    assert {name for name in (*BEHAVIOURS, "unknown") if columns.is_day("contact", name)} == {"new_since"}


def test_a_table_is_asked_for_once_a_day(server, columns, time):
    server.answer(METADATA)

    for _ in range(3):
        columns.is_wall_clock("contact", "new_slot")
    assert [request.path for request in server.received] == [PATH]

    columns.is_wall_clock("lead", "new_slot")
    assert len(server.received) == 2

    time.now += MAX_AGE
    columns.is_wall_clock("contact", "new_slot")
    assert len(server.received) == 3


@pytest.mark.parametrize("status", [403, 404])
def test_where_the_metadata_cannot_be_read_every_date_time_has_a_time_zone(server, columns, status):
    server.answer(Answer(status, error_body("0x80040220")))

    assert not columns.is_wall_clock("contact", "new_slot")


def test_where_dataverse_cannot_be_asked_now_nothing_is_assumed_or_remembered(server, columns):
    server.answer(Answer(503, error_body("0x80072321")))
    with pytest.raises(Transient):
        columns.is_wall_clock("contact", "new_slot")

    server.answer(Answer(401, error_body("0x80040220")))
    with pytest.raises(Misconfigured):
        columns.is_wall_clock("contact", "new_slot")

    server.answer(METADATA)
    assert columns.is_wall_clock("contact", "new_slot")
