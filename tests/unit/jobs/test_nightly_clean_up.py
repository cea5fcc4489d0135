"""The nightly clean-up of interactions: old ones, those without a record, and those of people who have left."""

import logging
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from connector.dataverse.choices import InteractionType
from connector.dataverse.names import Account, Info, Interaction
from connector.dataverse.records import RecordRef
from connector.errors import Transient
from connector.jobs import nightly
from connector.jobs.nightly import clean_up_nightly
from connector.pulls.interactions import read_interactions
from connector.sync import cleaning
from connector.sync.outward.outward import Outward
from connector.sync.records import RecordReader
from sandbox.dataverse.faults import Fault, FaultKind
from sandbox.spotler.seed import MAILING_ID
from tests.unit.sync.two_systems import TwoSystems

DAY = timedelta(days=1)


@pytest.fixture
def two(systems):
    made = TwoSystems(systems)
    set_to(made, feed_first_days=0)
    read_interactions(made.services)
    return made


def set_to(two, **settings):
    two.services = replace(two.services, settings=two.services.settings.model_copy(update=settings))


def person(two, name):
    record = two.contact(name)
    two.sync(record)
    return record


def happens(two, *records, kind="open"):
    for record in records:
        two.tick()
        two._emit(type=kind, externalId=record.id, mailing=MAILING_ID)
    two.tick()
    read_interactions(two.services)


def night(two):
    two.tick(DAY)
    return clean_up_nightly(two.services)


def visit(two, number, *, days, kind=InteractionType.WEBSITE_VISIT, **lookups):
    """A row as a visit of the website has it, or as an event of a mailing has it."""
    on = two.now() - timedelta(days=days)
    values = {
        Interaction.KEY: f"visit-{number}",
        Interaction.TYPE: kind.value,
        Interaction.ON: on.isoformat(timespec="seconds").replace("+00:00", "Z"),
        **{f"{name}@odata.bind": f"/{to}" for name, to in lookups.items()},
    }
    two.systems.by_person("POST", Interaction.SET, values)


def left(two):
    """How many interactions each record has; of None, those without a contact."""
    return Counter(row.get(f"_{Interaction.CONTACT}_value") for row in two.systems.rows(Interaction.TABLE))


def anonymised(two, record):
    two.tick()
    found = RecordReader(two.services).read([record])[record]
    Outward(two.services).anonymize([found])


def test_interactions_are_deleted_when_they_are_old_and_the_dates_stay(two):
    ann, bob = person(two, "ann"), person(two, "bob")
    happens(two, ann)
    two.tick(200 * DAY)
    happens(two, bob)
    opened = two.info(ann)[Info.LAST_OPENED_ON]
    two.tick(165 * DAY)

    assert night(two) == 1
    assert left(two) == {bob.id: 1}
    assert two.info(ann)[Info.LAST_OPENED_ON] == opened


def test_zero_days_keeps_them(two):
    ann = person(two, "ann")
    happens(two, ann)
    set_to(two, keep_interactions_days=0)
    two.tick(4000 * DAY)

    assert night(two) == 0
    assert left(two) == {ann.id: 1}


def test_more_than_a_block_is_deleted_and_a_row_that_stays_keeps_no_other(two, monkeypatch, caplog):
    monkeypatch.setattr(cleaning, "BLOCK", 2)
    ann = person(two, "ann")
    happens(two, *[ann] * 5)
    stuck = two.systems.rows(Interaction.TABLE)[0][Interaction.ID]
    fault = Fault(FaultKind("400"), path=rf"^dh_marketinginteractions\({stuck}\)", method="DELETE", inner=True)
    two.systems.environment.faults.rules.append(fault)
    two.tick(400 * DAY)

    assert night(two) == 4
    assert [row[Interaction.ID] for row in two.systems.rows(Interaction.TABLE)] == [stuck]
    assert "DATAVERSE_PLUGIN_REFUSED" in {getattr(record, "code", None) for record in caplog.records}


def test_what_is_not_deleted_within_the_time_is_left_for_the_next_night(two, monkeypatch):
    monkeypatch.setattr(cleaning, "BLOCK", 2)
    ann = person(two, "ann")
    happens(two, *[ann] * 5)
    two.tick(400 * DAY)
    delete = two.services.dataverse.batch

    def slow(requests):
        two.tick(nightly.TIME)
        return delete(requests)

    with monkeypatch.context() as patched:
        patched.setattr(two.services.dataverse, "batch", slow)
        assert night(two) == 2

    assert night(two) == 3


def test_the_interactions_of_somebody_who_is_anonymised_are_deleted_and_so_are_the_dates(two):
    ann, bob = person(two, "ann"), person(two, "bob")
    happens(two, ann, bob, ann)
    anonymised(two, ann)

    assert two.info(ann).get(Info.LAST_OPENED_ON) is None
    assert night(two) == 2
    assert left(two) == {bob.id: 1}
    assert two.info(bob)[Info.LAST_OPENED_ON]


def test_events_that_were_stored_at_that_moment_are_deleted_in_the_next_night(two):
    ann = person(two, "ann")
    happens(two, ann)
    anonymised(two, ann)
    night(two)
    visit(two, 1, days=1, **{Interaction.CONTACT_NAVIGATION: f"contacts({ann.id})"})
    on = two.info(ann)[Info.MODIFIED_ON]
    two.systems.by_person("PATCH", f"{Info.SET}({two.info(ann)[Info.ID]})", {Info.LAST_CLICKED_ON: on})

    assert night(two) == 1
    assert left(two) == {}
    assert two.info(ann).get(Info.LAST_CLICKED_ON) is None


def test_events_that_come_after_the_person_has_left_are_not_stored_again(two):
    ann = person(two, "ann")
    happens(two, ann)
    anonymised(two, ann)
    night(two)
    for name in two.services.state.names("feeds/interactions"):
        two.services.state.delete(name)
    set_to(two, feed_first_days=3)
    read_interactions(two.services)

    assert left(two) == {}


def test_interactions_of_a_record_that_was_deleted_are_deleted_and_visits_of_a_company_are_not(two):
    ann = person(two, "ann")
    happens(two, ann)
    two.systems.by_person("POST", "dh_websitevisitors", {"dh_externalid": "v-1"})
    (visitor,) = two.systems.rows("dh_websitevisitor")
    visit(two, 1, days=1, **{Interaction.VISITOR_NAVIGATION: f"dh_websitevisitors({visitor['dh_websitevisitorid']})"})
    two.systems.by_person("DELETE", f"contacts({ann.id})", {})

    assert night(two) == 1
    assert [row[Interaction.KEY] for row in two.systems.rows(Interaction.TABLE)] == ["visit-1"]


def test_events_of_an_account_are_deleted_too_but_not_the_visits_of_its_company(two):
    two.systems.by_person("POST", "accounts", {"name": "Acme", "emailaddress1": "info@example.org"})
    (row,) = two.systems.rows(Account.TABLE)
    record = RecordRef(Account.TABLE, row[Account.ID])
    account = {Interaction.ACCOUNT_NAVIGATION: f"accounts({record.id})"}
    visit(two, 1, days=1, **account)
    visit(two, 2, days=1, kind=InteractionType.EMAIL_OPENED, **account)
    values = {
        Info.RECORD: record.id,
        Info.GONE: True,
        f"{Info.ACCOUNT_NAVIGATION}@odata.bind": f"/accounts({record.id})",
    }
    two.systems.by_person("POST", Info.SET, values)

    assert night(two) == 1
    assert [row[Interaction.KEY] for row in two.systems.rows(Interaction.TABLE)] == ["visit-1"]


def test_a_part_that_fails_keeps_no_other_from_it(two, monkeypatch):
    ann = person(two, "ann")
    happens(two, ann)
    two.tick(400 * DAY)

    def fails(*_):
        raise Transient

    monkeypatch.setattr(nightly, "PARTS", (("things", fails), *nightly.PARTS[1:]))
    with pytest.raises(Transient):
        night(two)

    assert left(two) == {}


def test_each_part_is_logged(two, caplog):
    with caplog.at_level(logging.INFO):
        night(two)

    assert [line for line in caplog.messages if line.endswith("were deleted.")] == [
        f"0 {name} were deleted." for name, _ in nightly.PARTS
    ]
