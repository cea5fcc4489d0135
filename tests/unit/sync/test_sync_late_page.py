"""A page of the feed of updates that is late: another reading has meanwhile read, and written, what is newer."""

from collections import Counter
from datetime import timedelta

import pytest

from connector.dataverse.choices import ContactStatus
from connector.dataverse.names import Flags, Info
from connector.pulls.checkpoint import LEASE
from connector.pulls.loop import WINDOW
from connector.pulls.updates import Updates, UpdatesAgain
from connector.sync.both_ways.inward import FRESH_CONSENT, LEFT
from sandbox.spotler.seed import EVENTS_BIT, NEWSLETTER_BIT
from tests.unit.sync.two_systems import PERMISSIONS, TwoSystems

NAME = {"contact": "firstname", "direction": "<->", "spotler": "firstName"}
ON = [{"bit": NEWSLETTER_BIT, "enabled": True}]


@pytest.fixture
def two(systems):
    return TwoSystems(systems, NAME, PERMISSIONS)


@pytest.fixture
def ann(two):
    record = two.contact(firstname="Ann")
    two.permission(record, "Newsletter", subscribed=True)
    two.sync(record)
    two.pull()
    return record


class LatePage:
    """What a run has read, and works on after its lease is over and another run has read what is newer."""

    def __init__(self, two):
        two.tick()
        self.two = two
        self.entries = list(Updates(two.services).read(two.now() - WINDOW, two.now()))

    def work(self):
        self.two.tick(LEASE)
        self.two.pull()
        return Updates(self.two.services).work(self.two.services, self.entries)


@pytest.mark.parametrize("is_taken", [True, False], ids=["another run has taken it over", "nobody has"])
def test_an_opt_in_that_it_shows_does_not_undo_a_newer_opt_out(two, ann, is_taken):
    two.unsubscribe(ann, NEWSLETTER_BIT)
    two.pull()
    two.profile(ann, permissions=ON)
    page = LatePage(two)
    if is_taken:
        two.pull()
    two.unsubscribe(ann, NEWSLETTER_BIT)

    page.work()
    two.sync(ann, always=True)

    assert two.subscribed(ann)["Newsletter"] is False
    assert two.in_spotler(ann)["permissions"] == []


def test_an_opt_in_that_it_shows_does_not_undo_a_newer_opt_out_in_dataverse(two, ann):
    two.unsubscribe(ann, NEWSLETTER_BIT)
    two.pull()
    two.profile(ann, permissions=ON)
    page = LatePage(two)
    two.pull()
    two.permission(ann, "Newsletter", subscribed=False)
    two.sync(ann)

    page.work()
    two.sync(ann, always=True)

    assert two.subscribed(ann)["Newsletter"] is False
    assert two.in_spotler(ann)["permissions"] == []


@pytest.mark.parametrize("everything", [True, False], ids=["opt-out of everything", "opt-out of one"])
def test_an_opt_out_that_it_shows_does_not_undo_a_newer_opt_in(two, ann, everything):
    two.unsubscribe(ann, *([] if everything else [NEWSLETTER_BIT, EVENTS_BIT]))
    page = LatePage(two)
    two.profile(ann, permissions=ON)
    before = two.row(ann).get(Flags.DO_NOT_BULK_EMAIL)

    page.work()

    assert two.subscribed(ann)["Newsletter"] is True
    assert two.row(ann).get(Flags.DO_NOT_BULK_EMAIL) == before


def test_a_contact_that_it_shows_as_unreachable_stays_active_where_it_can_be_reached_by_now(two, ann):
    two._emit(type="bounce", externalId=ann.id)
    page = LatePage(two)
    assert [each.contact.channels["EMAIL"] for each in page.entries if each.contact.external_id == ann.id] == [False]
    two.edit(ann, emailaddress1="new@example.org")
    two.sync(ann)
    assert two.in_spotler(ann)["inactive"] is None

    page.work()

    assert two.info(ann)[Info.ACTIVE] is True
    assert two.info(ann)[Info.CONTACT_STATUS] == ContactStatus.ACTIVE_DYNAMIC


def test_a_contact_that_it_shows_and_that_has_left_since_is_counted_as_that(two, ann):
    two.profile(ann, firstName="Anna")
    page = LatePage(two)
    two.edit(ann, donotemail=True)
    two.sync(ann)

    assert page.work() == Counter({LEFT: 1})
    assert two.row(ann)["firstname"] == "Ann"


# Two readings at the same time: that of the night, and that of every quarter of an hour


def meanwhile(two, change):
    """What a reading does with its page, after another one has read and written what was changed since."""
    two.tick()
    entries = list(UpdatesAgain(two.services).read(two.now() - WINDOW, two.now()))
    change()
    two.pull()
    two.tick(FRESH_CONSENT)
    return UpdatesAgain(two.services).work(two.services, entries)


def test_what_another_reading_has_written_meanwhile_stays(two, ann):
    two.profile(ann, firstName="Anna")

    meanwhile(two, lambda: two.profile(ann, firstName="Annie"))

    assert two.row(ann)["firstname"] == two.property(ann, "firstName") == "Annie"


def test_what_both_sides_were_found_to_have_meanwhile_stays(two, ann):
    two.edit(ann, firstname="Annie")
    two.profile(ann, firstName="Anna")

    meanwhile(two, lambda: two.profile(ann, firstName="Annie"))

    assert two.row(ann)["firstname"] == two.property(ann, "firstName") == "Annie"


def test_an_opt_in_that_was_undone_meanwhile_stays_undone(two, ann):
    two.unsubscribe(ann, NEWSLETTER_BIT)
    two.pull()
    two.profile(ann, permissions=ON)

    meanwhile(two, lambda: two.unsubscribe(ann, NEWSLETTER_BIT))
    two.sync(ann, always=True)

    assert two.subscribed(ann)["Newsletter"] is False
    assert two.in_spotler(ann)["permissions"] == []


def test_a_page_that_is_current_costs_no_call_for_its_contacts(two, ann):
    two.tick(timedelta(minutes=1))
    two.profile(ann, firstName="Anna")
    calls = two.calls(f"/contact/{ann.id}")

    two.pull()

    assert two.row(ann)["firstname"] == "Anna"
    assert two.calls(f"/contact/{ann.id}") == calls


def test_a_column_of_a_late_page_is_not_put_back(two, ann):
    two.profile(ann, firstName="Older")
    page = LatePage(two)
    assert [each.contact.properties["firstName"] for each in page.entries] == ["Older"]
    two.profile(ann, firstName="Newer")

    page.work()
    two.sync(ann)

    assert (two.row(ann)["firstname"], two.property(ann, "firstName")) == ("Newer", "Newer")
