"""People who have left Spotler: which of their Marketing Interactions are deleted, and for how long it is looked."""

from datetime import timedelta

import pytest

from connector.dataverse.choices import InteractionType
from connector.dataverse.names import Account, Flags, Info, Interaction
from connector.pulls.people_gone import AGAIN, erase_gone
from tests.unit.pulls.interaction_events import date_of, opens, read, rows

NIGHT = timedelta(days=1)


@pytest.fixture
def ann(two, people):
    """Somebody who has opened a mailing."""
    (found,) = people("ann")
    opens(two, found)
    read(two)
    return found


def night(two):
    two.tick(NIGHT)
    return erase_gone(two.services, two.services.now() + timedelta(minutes=1))


def leave(two, record):
    two.edit(record, **{Flags.DO_NOT_EMAIL: True})
    two.sync(record)


def stored_late(two, record, kind=InteractionType.EMAIL_OPENED):
    """An interaction that was on its way when the person left."""
    values = {
        Interaction.NAME: "Late",
        Interaction.KEY: f"late/{len(rows(two))}",
        Interaction.TYPE: kind.value,
        Interaction.ON: two.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        f"_dh_{record.table}id_value": record.id,
    }
    two.systems.load({Interaction.TABLE: [values]})


def test_what_was_stored_of_somebody_who_leaves_is_deleted_the_next_night(two, ann):
    night(two)
    leave(two, ann)
    assert len(rows(two)) == 1

    assert night(two) == 1
    assert rows(two) == []
    assert date_of(two, ann, Info.LAST_OPENED_ON) is None


def test_what_was_on_its_way_when_somebody_left_is_deleted_a_night_later(two, ann):
    leave(two, ann)
    assert night(two) == 1
    stored_late(two, ann)

    assert night(two) == 1
    assert rows(two) == []


def test_a_row_is_looked_at_for_some_nights_only(two, ann):
    leave(two, ann)
    for _ in range(AGAIN.days + 2):
        night(two)
    stored_late(two, ann)

    assert night(two) == 0
    assert len(rows(two)) == 1


def test_nobody_else_loses_anything(two, people, ann):
    (bob,) = people("bob")
    opens(two, bob)
    read(two)
    leave(two, ann)

    assert night(two) == 1
    assert [row[f"_{Interaction.CONTACT}_value"] for row in rows(two)] == [bob.id]


def test_website_visits_of_an_account_stay(two):
    acme = two.record(Account.TABLE, "acme")
    info = {Info.NAME: "Acme", Info.RECORD: acme.id, Info.GONE: True, "_dh_accountid_value": acme.id}
    two.systems.load({Info.TABLE: [info]})
    stored_late(two, acme)
    stored_late(two, acme, InteractionType.WEBSITE_VISIT)

    assert night(two) == 1
    assert [row[Interaction.TYPE] for row in rows(two)] == [InteractionType.WEBSITE_VISIT]
