"""A record that a job synced before the message about its creation came: it is subscribed as a new record is."""

from datetime import UTC, datetime, timedelta

import pytest

from connector.dataverse.choices import ConsentCause, Operation
from connector.dataverse.names import (
    ENABLED_VARIABLE,
    PERMISSIONS_VARIABLE,
    Consent,
    EnvironmentVariable,
    Job,
    Permission,
)
from connector.jobs.batch import run_batch
from connector.operations.registry import operation_of
from connector.routing.work_item import WorkItem
from connector.sync.outward.outward import Outward
from connector.sync.permissions.imports import bring_in
from connector.sync.records import RecordReader
from sandbox.spotler.seed import NEWSLETTER_BIT
from tests.faults.matrix.wire import TouchedBus
from tests.unit.sync.two_systems import PERMISSIONS, TwoSystems, path_of

NAME = {"contact": "firstname", "direction": "->", "spotler": "firstName"}
#: Of those that new records have, one starts as subscribed.
STARTS = {"Newsletter": True, "Events": False}


@pytest.fixture
def two(systems):
    made = TwoSystems(systems, NAME, PERMISSIONS, tables=("contact", "lead"))
    variables = {PERMISSIONS_VARIABLE: "Newsletter;Events", ENABLED_VARIABLE: "Newsletter;Offers"}
    made.restart(TouchedBus(made.wire))
    made.systems.load({
        EnvironmentVariable.TABLE: [
            {"displayname": name, "type": 100000000, "schemaname": name, "defaultvalue": value}
            for name, value in variables.items()
        ]
    })  # fmt: skip
    return made


@pytest.fixture
def ann(two):
    """Somebody whom a job has synced first."""
    record = two.contact()
    run(two, record, Operation.SYNC_CONTACT)
    assert two.subscribed(record) == dict.fromkeys(STARTS, False)
    return record


def run(two, record, operation, **columns):
    two.tick()
    before = {row[Job.ID] for row in two.systems.rows(Job.TABLE)}
    bind = {f"{Job.CUSTOMER_CONTACT_NAVIGATION}@odata.bind": f"/{path_of(record)}"}
    two.systems.by_person("POST", Job.SET, {Job.NAME: "A job", Job.OPERATION: operation.value, **bind, **columns})
    (job,) = {row[Job.ID] for row in two.systems.rows(Job.TABLE)} - before
    item = WorkItem(operation=operation.slug, job=job, record=record, first_seen=two.now())
    run_batch(two.services, operation_of(operation.slug), [item.body()])


def create(two, record):
    """The message about the creation is worked on."""
    two.tick()
    found = RecordReader(two.services).read([record])
    return Outward(two.services).send(list(found.values()), always=False, created=[record])[record]


def causes(two, record):
    """Why the permissions of a record are as they are, as the history says."""
    entries = [row for row in two.systems.rows(Consent.TABLE) if row[Consent.RECORD] == record.id]
    return [
        (row[Consent.PERMISSION], ConsentCause(row[Consent.SOURCE]), row[Consent.AFTER])
        for row in sorted(entries, key=lambda row: (row[Consent.ON], row[Consent.PERMISSION]))
    ]


def test_it_gets_what_the_variables_subscribe_with_an_entry_in_the_history(two, ann):
    create(two, ann)

    assert two.subscribed(ann) == STARTS
    assert two.in_spotler(ann)["permissions"] == [NEWSLETTER_BIT]
    assert causes(two, ann) == [
        ("Events", ConsentCause.FIRST_SYNC, False),
        ("Newsletter", ConsentCause.FIRST_SYNC, False),
        ("Newsletter", ConsentCause.CREATION, True),
    ]


def test_the_message_twice_changes_nothing_more_and_the_feed_takes_it_for_our_own(two, ann):
    create(two, ann)
    two.pull()
    before = two.written()

    create(two, ann)
    two.sync(ann)
    two.pull()

    assert two.written() == before
    assert two.subscribed(ann) == STARTS


def test_a_crash_between_the_row_and_spotler_is_made_good_by_the_next_sync(two, ann, monkeypatch):
    class Died(BaseException):
        pass

    def die(*_, **__):
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr("connector.sync.outward.meeting.send", die)
        with pytest.raises(Died):
            create(two, ann)
    assert two.subscribed(ann) == STARTS

    two.tick(timedelta(minutes=10))
    two.sync(ann)

    assert two.in_spotler(ann)["permissions"] == [NEWSLETTER_BIT]


def opts_out_in_spotler(two, ann):
    two.profile(ann, permissions=[{"bit": NEWSLETTER_BIT, "enabled": True}])
    two.unsubscribe(ann, NEWSLETTER_BIT)


def opts_out_in_spotler_and_is_seen(two, ann):
    opts_out_in_spotler(two, ann)
    two.pull()


def opts_out_on_the_form(two, ann):
    for on in (True, False):
        two.permission(ann, "Newsletter", subscribed=on)


def deactivates_the_row(two, ann):
    for row in two.permissions(ann):
        two.systems.by_person("PATCH", f"{Permission.SET}({row[Permission.ID]})", {"statecode": 1, "statuscode": 2})


def orders_a_job(two, ann):
    run(
        two,
        ann,
        Operation.SET_CONTACT_FIELD,
        **{Job.FIELD_NAME: "permissions:Newsletter", Job.FIELD_VALUE: "no"},
    )


def brings_in_a_sheet(two, ann):
    items = two.services.spotler.fields().permissions.options
    given = {"agreed_on": datetime(2026, 1, 1, tzinfo=UTC), "evidence": "Import: box 7"}
    bring_in(two.services, {ann: {NEWSLETTER_BIT: False}}, items, **given)


def refuses_bulk_email(two, ann):
    two.edit(ann, donotbulkemail=True)


def lets_a_day_pass(two, _):
    two.tick(timedelta(days=1))


@pytest.mark.parametrize(
    "refuse",
    [
        opts_out_in_spotler,
        opts_out_in_spotler_and_is_seen,
        opts_out_on_the_form,
        deactivates_the_row,
        orders_a_job,
        brings_in_a_sheet,
        refuses_bulk_email,
        lets_a_day_pass,
    ],
)
def test_whoever_refuses_before_the_message_comes_stays_unsubscribed(two, ann, refuse):
    refuse(two, ann)

    create(two, ann)
    two.sync(ann, always=True)

    assert not any(row[Permission.SUBSCRIBED] and row["statecode"] == 0 for row in two.permissions(ann))
    assert two.in_spotler(ann)["permissions"] == []


def test_what_the_lead_refused_stays_off_for_the_contact_that_it_becomes(two):
    lead = two.record("lead", "ann")
    two.permission(lead, "Newsletter", subscribed=False)
    made = two.contact("ann", **{"originatingleadid@odata.bind": f"/{path_of(lead)}"})
    run(two, made, Operation.SYNC_CONTACT)

    create(two, made)

    assert two.subscribed(made) == dict.fromkeys(STARTS, False)


def test_what_the_history_says_of_an_earlier_record_with_that_id_counts(two, ann):
    for row in two.permissions(ann):
        two.systems.by_person("DELETE", f"{Permission.SET}({row[Permission.ID]})", {})
    two.permission(ann, "Newsletter", subscribed=True)
    two.sync(ann)
    two.permission(ann, "Newsletter", subscribed=False)
    two.sync(ann)

    create(two, ann)

    assert two.subscribed(ann)["Newsletter"] is False
