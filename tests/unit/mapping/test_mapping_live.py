"""The mapping compared with running stand-ins, when the app starts."""

import logging

import pytest

from connector.errors import Misconfigured, Refused, Transient
from connector.mapping import Mapping, parse_mapping
from connector.mapping.live import refuse_unfit
from connector.spotler import Fields

EMAIL = {"contact": "emailaddress1", "direction": "->", "spotler": "email"}


def mapping(*rows: dict) -> Mapping:
    return parse_mapping({"rows": [EMAIL, *rows]})


@pytest.fixture
def start(world):
    """Starts the app with a mapping."""

    def _start(mapping: Mapping) -> None:
        refuse_unfit(mapping, world.services.dataverse, world.services.spotler.fields)

    return _start


def test_a_mapping_that_fits_says_nothing(start, default_mapping, caplog):
    caplog.set_level(logging.INFO)

    start(default_mapping)

    assert [record.message for record in caplog.records if record.name.startswith("connector")] == []


def test_the_check_is_one_call_per_table(world, start, default_mapping):
    world.services.dataverse.who_am_i()
    world.services.spotler.fields()
    world.door("POST", "calls/reset")

    start(default_mapping)

    calls = world.door("GET", "calls")["calls"]
    assert sum(call["count"] for call in calls) == len(default_mapping.rows[0].columns)


@pytest.mark.parametrize(("wanted", "fits"), [("Male", True), ("2", True), ("Mael", False)])
def test_a_filter_is_compared_with_the_choices_of_the_environment(start, wanted, fits):
    filtered = mapping({"contact": "gendercode", "direction": "->", "filter": wanted})

    if fits:
        start(filtered)
    else:
        with pytest.raises(Misconfigured, match=r"gendercode has no choice Mael\. Did you mean Male\?"):
            start(filtered)


def test_every_problem_is_in_one_error(start):
    wrong = mapping(
        {"contact": "firstnam", "direction": "->", "spotler": "firstName"},
        {"contact": "fullname", "direction": "<->", "spotler": "lastName"},
        {"contact": "new_own(new_table).new_name", "direction": "->", "spotler": "organisation"},
    )

    with pytest.raises(Misconfigured) as refused:
        start(wrong)

    assert refused.value.sentence == (
        "The mapping does not fit Dataverse or Spotler. "
        "Dataverse has no table new_table. Correct its name, or install the solution that brings it. "
        "Row 2, contact: there is no column firstnam. Did you mean firstname? "
        "Row 3, contact: fullname cannot be written. Its direction must be ->. "
        "Row 4, contact: there is no lookup new_own. "
        "Write the logical name of a column that the connector's user may read."
    )


def test_a_field_that_spotler_does_not_show_is_logged_and_stops_nothing(start, caplog):
    start(mapping({"contact": "firstname", "direction": "->", "spotler": "gone"}, GONE_TOO))

    (line,) = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert "Warning: Row 2: Spotler has no field gone" in line
    assert "Warning: Row 3: Spotler has no field missing" in line


GONE_TOO = {"contact": "lastname", "direction": "<-", "spotler": "missing"}


@pytest.mark.parametrize("error", [Transient("Spotler does not answer."), Refused("The user may not.")])
def test_where_a_system_cannot_be_asked_the_work_goes_on_unchecked(world, caplog, error):
    def fields() -> Fields:
        raise error

    refuse_unfit(mapping({"contact": "nonsense", "direction": "->", "spotler": "x"}), world.services.dataverse, fields)

    (line,) = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert "The mapping was not compared with Dataverse and Spotler." in line
    assert error.sentence in line


def test_a_marketing_list_that_is_missing_is_found_at_the_start(world, start):
    row = {"contact": "@map(list)", "direction": "<->", "spotler": "permissions", "items": ["Newsletter", "Events"]}
    world.load("list", listname="Events", createdfromcode=2)

    with pytest.raises(Misconfigured, match="no active Marketing List of contact is called Newsletter") as refusal:
        start(mapping(row))

    assert "called Events" not in str(refusal.value)
