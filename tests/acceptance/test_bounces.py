"""Bounces: what happened to the mail of a contact stands on its Spotler Info."""

from datetime import UTC, datetime, timedelta

import pytest

from connector.dataverse.choices import ContactStatus
from connector.dataverse.names import Contact, Info
from connector.dataverse.records import RECORD_TABLES


@pytest.fixture
def _causes(world):
    """The feed of bounces also says who complained, left, or was made inactive by hand."""
    world.spotler.door.settings(extensions={"inactive_causes": True})
    yield
    world.spotler.door.settings(extensions={"inactive_causes": False})


@pytest.fixture
def read(world):
    """Lets things happen in Spotler, and the timer run until it has seen them."""

    def _read(*events):
        seen = _synced(world)
        world.run_timer("read_bounces")
        world.spotler.door.post("events", events=[*events, _bounce(seen)])

        def has_seen():
            world.run_timer("read_bounces")
            return _status(world, seen) == ContactStatus.HARD_BOUNCE

        world.until(has_seen, "the bounces are read")

    return _read


def _synced(world, table=Contact.TABLE):
    record = world.record(table)
    world.sync(record).assert_completed()
    return record


def _event(kind, record, *, seconds_ago=30, **details):
    date = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    return {"type": kind, "externalId": record.id, "date": date.isoformat(), **details}


def _bounce(record, **details):
    return _event("bounce", record, **details)


def _status(world, record):
    return (world.info(record) or {}).get(Info.CONTACT_STATUS)


@pytest.mark.feature("BNC-01")
@pytest.mark.feature("BNC-02")
@pytest.mark.parametrize("table", RECORD_TABLES)
def test_one_hard_bounce_makes_a_contact_inactive(world, read, table):
    record = _synced(world, table)

    read(_bounce(record))

    info = world.info(record)
    assert (info[Info.CONTACT_STATUS], info[Info.ACTIVE]) == (ContactStatus.HARD_BOUNCE, False)
    assert abs(datetime.now(UTC) - datetime.fromisoformat(info[Info.STATUS_ON])) < timedelta(minutes=5)


@pytest.mark.feature("BNC-01")
def test_soft_bounces_are_counted_and_the_fourth_makes_a_contact_inactive(world, read):
    three, four = _synced(world), _synced(world)

    read(
        *(_bounce(three, hard=False, seconds_ago=90 - n) for n in range(3)),
        *(_bounce(four, hard=False, seconds_ago=90 - n) for n in range(4)),
    )

    assert (world.info(three)[Info.SOFT_BOUNCES], world.info(three)[Info.ACTIVE]) == (3, True)
    assert (world.info(four)[Info.SOFT_BOUNCES], world.info(four)[Info.ACTIVE]) == (4, False)
    assert _status(world, four) == ContactStatus.SOFT_BOUNCE

    read(_bounce(three, hard=False, seconds_ago=10))

    assert _status(world, three) == ContactStatus.SOFT_BOUNCE


@pytest.mark.feature("BNC-01")
def test_a_status_that_is_not_known_is_kept_as_text_and_counted_inactive(world, read):
    record = _synced(world)

    read(_bounce(record, spelling="QUARANTINED"))

    info = world.info(record)
    assert (info[Info.LAST_STATUS], info[Info.ACTIVE], info[Info.CONTACT_STATUS]) == ("QUARANTINED", False, None)


@pytest.mark.feature("BNC-03")
def test_a_new_address_activates_the_contact_again(world, read):
    record = _synced(world)
    read(_bounce(record))
    world.change(record, emailaddress1=f"new-{record.id}@example.org")

    world.sync(record).assert_completed()
    world.until(lambda: _reads_as_active(world, record), "the contact is active again")

    info = world.info(record)
    assert (info[Info.ACTIVE], info[Info.SOFT_BOUNCES] or 0) == (True, 0)


@pytest.mark.feature("BNC-03")
def test_the_feed_of_updates_shows_it_within_minutes(world, read):
    record = _synced(world)
    read(_bounce(record))
    world.run_timer("read_updates")
    world.change(record, emailaddress1=f"new-{record.id}@example.org")
    world.sync(record).assert_completed()

    def is_active():
        world.run_timer("read_updates")
        return _status(world, record) == ContactStatus.ACTIVE_DYNAMIC

    world.until(is_active, "the contact is active again")

    assert world.info(record)[Info.ACTIVE] is True


@pytest.mark.feature("BNC-02")
@pytest.mark.feature("BNC-05")
def test_a_contact_that_is_made_inactive_by_hand_is_shown_as_that_without_an_entry(world):
    record = world.contact()
    world.permission(record, "Newsletter", subscribed=True)
    world.sync(record).assert_completed()
    world.run_timer("read_updates")
    world.spotler.door.post("events", events=[_event("inactivate", record)])

    def is_inactive():
        world.run_timer("read_updates")
        return world.info(record)[Info.ACTIVE] is False

    world.until(is_inactive, "the contact is inactive")

    assert _status(world, record) == ContactStatus.PERMANENT


@pytest.mark.feature("BNC-03")
def test_another_change_is_refused_and_does_not_activate_it(world, read):
    record = _synced(world)
    read(_bounce(record))
    world.change(record, firstname="Other")

    world.sync(record).assert_failed("NO_ACTIVE_CHANNEL")
    read()

    assert (_status(world, record), world.info(record)[Info.ACTIVE]) == (ContactStatus.HARD_BOUNCE, False)


@pytest.mark.feature("BNC-03")
def test_a_new_address_that_is_refused_fails_with_the_code_of_spotler(world, read):
    record = _synced(world)
    read(_bounce(record))
    world.change(record, emailaddress1="not-an-address")

    world.sync(record).assert_failed("PROPERTY_INVALID")
    assert _status(world, record) == ContactStatus.HARD_BOUNCE


@pytest.mark.feature("BNC-04")
def test_a_bounce_of_an_unknown_contact_is_counted_and_stops_no_other(world, read):
    stranger = "c0ffee00-0000-4000-8000-000000000001"
    world.spotler.door.contacts({"externalId": stranger, "properties": {"email": "stranger@example.org"}})
    record = _synced(world)
    date = (datetime.now(UTC) - timedelta(seconds=40)).isoformat()

    read({"type": "bounce", "externalId": stranger, "date": date}, _bounce(record))

    assert _status(world, record) == ContactStatus.HARD_BOUNCE
    assert "1 unknown contacts" in world.log()


@pytest.mark.feature("BNC-04")
def test_an_outage_delays_the_bounces_and_loses_none(world, read):
    record = _synced(world)
    world.run_timer("read_bounces")
    world.spotler.door.arm("error", route="GET /contact/bounces/list", status=503, count=None)
    world.spotler.door.post("events", events=[_bounce(record)])

    def fails():
        try:
            world.run_timer("read_bounces", fails=True)
        except AssertionError:  # in the second of the run before there is nothing to read
            return False
        return True

    world.until(fails, "the timer fails")
    world.calm_down()
    read()

    assert _status(world, record) == ContactStatus.HARD_BOUNCE


@pytest.mark.feature("BNC-05")
@pytest.mark.usefixtures("_causes")
@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("complaint", ContactStatus.SPAM_COMPLAINT),
        ("inactivate", ContactStatus.PERMANENT),
        ("unsubscribe", ContactStatus.OPT_OUT),
    ],
)
def test_every_cause_is_shown_as_what_it_is(world, read, kind, status):
    record = _synced(world)

    read(_event(kind, record))

    assert (_status(world, record), world.info(record)[Info.ACTIVE]) == (status, False)


def _reads_as_active(world, record):
    world.run_timer("read_bounces")
    return _status(world, record) == ContactStatus.ACTIVE_DYNAMIC
