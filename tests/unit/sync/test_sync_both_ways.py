"""Values and consent go both ways between a record and its contact: real differences only, nothing lost, no echo."""

from datetime import timedelta

import pytest

from sandbox.spotler.seed import EVENTS_BIT, NEWSLETTER_BIT
from tests.unit.sync.two_systems import PERMISSIONS, TwoSystems

NAME = {"contact": "firstname", "direction": "<->", "spotler": "firstName"}
CITY = {"contact": "address1_city", "direction": "<-", "spotler": "city"}
LAST = {"contact": "lastname", "direction": "->", "spotler": "lastName"}


@pytest.fixture
def two(systems):
    return TwoSystems(systems, NAME, CITY, LAST, PERMISSIONS)


def test_a_change_in_spotler_comes_back_and_costs_no_send(two):
    ann = two.contact(firstname="Ann")
    two.sync(ann)
    two.pull()

    two.profile(ann, firstName="Anna", city="Gouda")
    counts = two.pull()

    assert (two.row(ann)["firstname"], two.row(ann)["address1_city"]) == ("Anna", "Gouda")
    assert counts["written"] == 1
    assert [each.code for each in two.sync(ann)] == ["UNCHANGED"]


def test_our_own_echo_changes_nothing(two):
    ann = two.contact(firstname="Ann")
    two.sync(ann)
    two.pull()
    before = two.written()

    for _ in range(3):
        two.pull()
        two.sync(ann)

    assert two.written() == before


def test_a_change_in_dataverse_is_sent(two):
    ann = two.contact(firstname="Ann")
    two.sync(ann)
    two.pull()

    two.edit(ann, firstname="Anna")
    two.sync(ann)

    assert two.property(ann, "firstName") == "Anna"


def test_another_change_in_dataverse_does_not_overwrite_what_spotler_has_newer(two):
    ann = two.contact(firstname="Ann")
    two.sync(ann)
    two.pull()

    two.profile(ann, firstName="Anna")
    two.edit(ann, lastname="Smith")
    two.sync(ann)

    assert (two.property(ann, "firstName"), two.property(ann, "lastName")) == ("Anna", "Smith")
    two.pull()
    assert two.row(ann)["firstname"] == "Anna"


@pytest.mark.parametrize("first", ["sync", "pull"])
@pytest.mark.parametrize("later", ["dataverse", "spotler"])
def test_of_two_changes_the_later_one_wins_whichever_arrives_first(two, first, later):
    ann = two.contact(firstname="Ann")
    two.sync(ann)
    two.pull()
    edits = [lambda: two.edit(ann, firstname="From Dataverse"), lambda: two.profile(ann, firstName="From Spotler")]
    for edit in edits if later == "spotler" else reversed(edits):
        edit()

    for _ in range(2):
        two.sync(ann) if first == "sync" else two.pull()
        two.pull() if first == "sync" else two.sync(ann)

    winner = "From Spotler" if later == "spotler" else "From Dataverse"
    assert (two.row(ann)["firstname"], two.property(ann, "firstName")) == (winner, winner)


def test_an_opt_out_that_was_not_pulled_yet_survives_another_change(two):
    ann = two.contact(firstname="Ann")
    two.permission(ann, "Newsletter", subscribed=True)
    two.sync(ann)
    assert two.in_spotler(ann)["permissions"] == [NEWSLETTER_BIT]

    two.unsubscribe(ann, NEWSLETTER_BIT)
    two.edit(ann, lastname="Smith")
    two.sync(ann)

    assert two.in_spotler(ann)["permissions"] == []
    two.pull()
    assert two.subscribed(ann) == {"Newsletter": False}
    two.sync(ann, always=True)
    assert two.in_spotler(ann)["permissions"] == []


def test_an_opt_out_survives_a_sync_by_hand_and_an_upgrade_without_what_was_in_common(two):
    ann = two.contact(firstname="Ann")
    two.permission(ann, "Newsletter", subscribed=True)
    two.sync(ann)
    info = two.info(ann)
    two.services.dataverse.update("dh_spotlerinfos", info["dh_spotlerinfoid"], {"dh_lastcommon": None})

    two.unsubscribe(ann, NEWSLETTER_BIT)
    two.sync(ann, always=True)

    assert two.in_spotler(ann)["permissions"] == []
    assert two.subscribed(ann) == {"Newsletter": False}


def test_a_permission_that_was_switched_on_in_dataverse_after_the_opt_out_is_sent(two):
    ann = two.contact(firstname="Ann")
    two.permission(ann, "Newsletter", subscribed=True)
    two.sync(ann)
    two.unsubscribe(ann, NEWSLETTER_BIT)
    two.pull()

    two.permission(ann, "Newsletter", subscribed=True)
    two.sync(ann)

    assert two.in_spotler(ann)["permissions"] == [NEWSLETTER_BIT]


def test_a_permission_that_was_switched_on_in_spotler_comes_back(two):
    ann = two.contact(firstname="Ann")
    two.permission(ann, "Events", subscribed=False)
    two.sync(ann)
    two.pull()

    two.profile(ann, permissions=[{"bit": EVENTS_BIT, "enabled": True}])
    two.pull()

    assert two.subscribed(ann) == {"Events": True}
    two.sync(ann, always=True)
    assert two.in_spotler(ann)["permissions"] == [EVENTS_BIT]


def test_a_contact_that_spotler_lost_and_a_send_made_again_is_completed_and_takes_no_value_back(two):
    """Whoever anonymises a contact by hand in Spotler takes nothing from the record but its permissions."""
    ann = two.contact(firstname="Ann")
    two.permission(ann, "Newsletter", subscribed=True)
    two.sync(ann)
    two.pull()
    two.tick(timedelta(days=2))
    two.lose(ann)

    two.edit(ann, lastname="Smith")
    two.sync(ann)
    two.pull()

    assert (two.row(ann)["firstname"], two.subscribed(ann)["Newsletter"]) == ("Ann", False)
    assert two.property(ann, "firstName") == "Ann"
    assert two.in_spotler(ann)["permissions"] == []
    two.pull()  # that the refusal was seen in Spotler is noted once
    before = two.written()
    two.sync(ann)
    two.pull()
    assert two.written() == before


@pytest.mark.parametrize("minutes", [-3, -1, 1, 3, 61, 121])
@pytest.mark.parametrize("later", [timedelta(seconds=30), timedelta(hours=1)])
def test_an_opt_out_arrives_although_the_clocks_are_apart(two, minutes, later):
    two.ahead = timedelta(minutes=minutes)
    ann = two.contact(firstname="Ann")
    two.permission(ann, "Newsletter", subscribed=True)
    two.sync(ann)
    two.pull()
    assert two.in_spotler(ann)["permissions"] == [NEWSLETTER_BIT]

    two.tick(later)
    two.unsubscribe(ann, NEWSLETTER_BIT)
    for _ in range(3):
        two.tick(timedelta(minutes=65))
        two.pull()
        two.edit(ann, lastname=f"Smith {two.now():%H}")
        two.sync(ann)

    assert two.in_spotler(ann)["permissions"] == []


def test_a_row_beside_one_that_refuses_stays_as_it_is_when_somebody_changes_the_contact(two):
    """The permission is off as the rows want it, so nobody opted out of it in Spotler."""
    ann = two.contact(firstname="Ann")
    two.permission(ann, "Newsletter", subscribed=True)
    two.sync(ann)
    assert two.in_spotler(ann)["permissions"] == [NEWSLETTER_BIT]
    two.permission(ann, "Newsletter", subscribed=False, another=True)
    two.sync(ann)
    assert two.in_spotler(ann)["permissions"] == []

    two.profile(ann, city="Gouda")
    for _ in range(2):
        two.pull()
        two.sync(ann)

    assert sorted(row["dh_subscribed"] for row in two.permissions(ann)) == [False, True]
    assert two.in_spotler(ann)["permissions"] == []
