"""Rows of Spotler Permission get the bit of their permission, and its name when Spotler has renamed it."""

import logging

import pytest

from connector.dataverse.choices import ConsentCause
from connector.dataverse.names import Consent, Permission
from connector.errors import Transient
from connector.pulls import permission_rows
from connector.pulls.permission_rows import update_rows
from connector.spotler import Option

NEWSLETTER, EVENTS = Option(1, "Newsletter"), Option(2, "Events")
RENAMED = Option(1, "News")
BIT, NAME = Permission.BIT, Permission.NAME
LONG_AGO = "2025-01-01T00:00:00Z"


@pytest.fixture
def row(world):
    """Makes a row of a contact and says what became of it."""
    record = world.contact()

    def _row(name, bit=None, **columns):
        world.permission(record, name, **{"subscribed": True, BIT: bit, **columns})
        (key,) = {each[Permission.ID] for each in world.rows(Permission.TABLE)} - seen
        seen.add(key)
        return lambda: next(each for each in world.rows(Permission.TABLE) if each[Permission.ID] == key)

    seen = set()
    return _row


def state(row):
    return row()[NAME], row()[BIT]


def test_a_row_gets_the_bit_of_the_permission_with_its_name(world, row):
    rows = [row("Newsletter"), row("EVENTS"), row("Fax")]

    assert update_rows(world.services, [NEWSLETTER, EVENTS]) == 2

    assert [state(each) for each in rows] == [("Newsletter", 1), ("EVENTS", 2), ("Fax", None)]


@pytest.mark.parametrize("columns", [{}, {"subscribed": False}, {"statecode": 1, "statuscode": 2}])
def test_a_row_gets_the_new_name_of_its_permission(world, row, columns):
    renamed, other = row("Newsletter", 1, **columns), row("Events", 2)
    before = renamed()[Permission.SUBSCRIBED]

    assert update_rows(world.services, [RENAMED, EVENTS]) == 1

    assert [state(each) for each in (renamed, other)] == [("News", 1), ("Events", 2)]
    assert renamed()[Permission.SUBSCRIBED] is before


def test_a_row_without_a_bit_is_found_by_a_name_that_the_permission_had_before(world, row):
    update_rows(world.services, [NEWSLETTER, EVENTS])
    made_since, other = row("newsletter"), row("Fax")

    assert update_rows(world.services, [RENAMED, EVENTS]) == 2

    assert [state(each) for each in (made_since, other)] == [("News", 1), ("Fax", None)]


def test_a_former_name_that_two_permissions_had_gives_no_bit(world, row):
    update_rows(world.services, [NEWSLETTER, EVENTS])
    update_rows(world.services, [RENAMED, Option(2, "Newsletter")])
    unclear = row("Newsletter")

    assert update_rows(world.services, [RENAMED, Option(2, "Meetings")]) == 0

    assert state(unclear) == ("Newsletter", None)


def test_a_bit_that_spotler_has_no_more_is_replaced_where_the_name_is_known(world, row):
    rows = [row("Newsletter", 64), row("Fax", 64)]

    assert update_rows(world.services, [NEWSLETTER]) == 1

    assert [state(each) for each in rows] == [("Newsletter", 1), ("Fax", 64)]


def test_a_row_that_means_two_permissions_is_left_as_it_is_with_a_warning(world, row, caplog):
    reused = row("Newsletter", 2)

    with caplog.at_level(logging.WARNING):
        assert update_rows(world.services, [NEWSLETTER, EVENTS]) == 0

    assert state(reused) == ("Newsletter", 2)
    assert ["the bit of another" in each.message for each in caplog.records] == [True]


def test_a_name_that_two_permissions_have_gives_no_bit(world, row):
    unclear = row("Newsletter")

    assert update_rows(world.services, [NEWSLETTER, Option(8, "newsletter")]) == 0

    assert state(unclear) == ("Newsletter", None)


@pytest.mark.parametrize("changed", [None, LONG_AGO])
def test_when_the_permission_was_changed_stays_as_it_was(world, row, changed):
    given = row("Newsletter", 1, **{Permission.CHANGED_ON: changed})
    before = given()

    update_rows(world.services, [RENAMED])

    assert given()[Permission.CHANGED_ON] == (changed or before[Permission.MODIFIED_ON])
    assert given()[Permission.CHANGED_BY] == before[Permission.CHANGED_BY]


def test_nothing_is_written_where_nothing_differs(world, row):
    given = row("Newsletter", 1)
    before = given()[Permission.MODIFIED_ON], given()["versionnumber"]

    assert update_rows(world.services, [NEWSLETTER, EVENTS]) == 0

    assert (given()[Permission.MODIFIED_ON], given()["versionnumber"]) == before


def test_all_pages_are_changed(world, row, monkeypatch):
    monkeypatch.setattr(permission_rows, "PAGE", 2)
    rows = [row("Newsletter") for _ in range(5)]

    assert update_rows(world.services, [NEWSLETTER]) == 5

    assert {each()[BIT] for each in rows} == {1}


def test_when_the_time_is_up_the_next_refresh_goes_on(world, row, monkeypatch):
    rows = [row("Newsletter"), row("Events")]
    with monkeypatch.context() as patch:
        patch.setattr(permission_rows, "TIME_LIMIT", permission_rows.TIME_LIMIT * 0)
        assert update_rows(world.services, [NEWSLETTER, EVENTS]) == 0

    assert update_rows(world.services, [NEWSLETTER, EVENTS]) == 2

    assert {each()[BIT] for each in rows} == {1, 2}


def test_a_row_that_cannot_be_written_is_an_error(world, row):
    row("Newsletter")
    world.break_dataverse("500", r"^dh_spotlerpermissions\(", inner=True)

    with pytest.raises(Transient):
        update_rows(world.services, [NEWSLETTER])


@pytest.mark.parametrize("subscribed", [True, False])
def test_the_history_goes_on_under_the_new_name(world, row, subscribed):
    row("Newsletter", 1, subscribed=subscribed, **{Permission.CHANGED_ON: LONG_AGO, Permission.MODIFIED_ON: LONG_AGO})

    update_rows(world.services, [RENAMED, EVENTS])
    update_rows(world.services, [RENAMED, EVENTS])

    entries = [
        (each[Consent.PERMISSION], each[Consent.BEFORE], each[Consent.AFTER], each[Consent.SOURCE], each[Consent.ON])
        for each in world.rows(Consent.TABLE)
    ]
    assert entries == [
        ("Newsletter", None, subscribed, ConsentCause.PERSON, LONG_AGO),
        ("News", subscribed, subscribed, ConsentCause.RULE, LONG_AGO),
    ]


@pytest.mark.parametrize("bits", [(1, 1), (1, None), (None, 1)])
@pytest.mark.parametrize("page", [1, 5000])
@pytest.mark.parametrize("noted", [False, True])
def test_where_one_of_two_rows_refuses_the_history_says_off_under_both_names(
    world, row, monkeypatch, bits, page, noted
):
    monkeypatch.setattr(permission_rows, "PAGE", page)
    for bit, subscribed, at in zip(bits, (True, False), (LONG_AGO, "2025-06-01T00:00:00Z"), strict=True):
        row("Newsletter", bit, subscribed=subscribed, **{Permission.CHANGED_ON: at, Permission.MODIFIED_ON: at})
    if noted:  # the names of Spotler are known, and so is which row is meant
        update_rows(world.services, [NEWSLETTER, EVENTS])

    update_rows(world.services, [RENAMED, EVENTS])

    entries = [(each[Consent.PERMISSION], each[Consent.AFTER]) for each in world.rows(Consent.TABLE)]
    assert {after for _, after in entries} == {False}
    assert {name for name, _ in entries} == {"Newsletter", "News"}


def test_an_edit_that_nobody_has_noticed_yet_keeps_its_time_when_the_permission_is_renamed(world, row):
    edited = row(
        "Newsletter",
        1,
        subscribed=False,
        **{Permission.CHANGED_ON: LONG_AGO, Permission.MODIFIED_ON: "2025-06-01T00:00:00Z"},
    )

    update_rows(world.services, [RENAMED, EVENTS])

    assert edited()[Permission.CHANGED_ON] == "2025-06-01T00:00:00Z"


def test_a_row_that_only_gets_its_bit_adds_nothing_to_the_history(world, row):
    row("Newsletter")

    update_rows(world.services, [NEWSLETTER, EVENTS])

    assert world.rows(Consent.TABLE) == []


def test_a_name_that_is_longer_than_a_row_takes_is_written_once(world, row):
    """What was written does not fit the name of Spotler, and must not be written again and again."""
    found = row("Newsletter", 1)
    long = Option(1, "News " * 800)

    assert update_rows(world.services, [long, EVENTS]) == 1
    assert update_rows(world.services, [long, EVENTS]) == 0

    assert state(found) == (long.name[:200].strip(), 1)


def test_a_name_that_two_permissions_have_is_given_to_no_row(world, row):
    """A refusal of the one would count for the other, also once its name is corrected in Spotler."""
    newsletter, events = row("Newsletter", 1), row("Events", 2, subscribed=False)

    assert update_rows(world.services, [NEWSLETTER, Option(2, "newsletter")]) == 0
    assert update_rows(world.services, [NEWSLETTER, Option(2, "Meetings")]) == 1

    assert [state(each) for each in (newsletter, events)] == [("Newsletter", 1), ("Meetings", 2)]
