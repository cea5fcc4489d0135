"""Merged records, whose rows of Spotler Permission Dataverse may move to the record that stays."""

from dataclasses import replace

import pytest

from connector.dataverse.names import Permission
from connector.plans.making import PlanMaker
from connector.routing.record_item import RecordItem
from connector.servicebus.entities import TOPIC_JOBS
from connector.sync.outward.outward import Outward
from connector.sync.records import Record
from sandbox.spotler.seed import EVENTS_BIT, NEWSLETTER_BIT
from tests.unit.jobs.recording_bus import RecordingBus
from tests.unit.sync.two_systems import NAVIGATION, PERMISSIONS, TwoSystems, column_of, path_of

NAME = {"contact": "firstname", "direction": "<->", "spotler": "firstName"}
TABLES = ["contact", "lead", "account"]


@pytest.fixture
def two(systems):
    made = TwoSystems(systems, NAME, PERMISSIONS, tables=TABLES)
    made.services = replace(made.services, bus=RecordingBus())
    return made


def pair(two, table):
    """Two records that both get the newsletter, the second one the events too."""
    stays, goes = (two.record(table, name, firstname=name.title()) for name in ("ann", "bob"))
    for record in (stays, goes):
        two.permission(record, "Newsletter", subscribed=True)
    two.permission(goes, "Events", subscribed=True)
    two.sync(stays, goes)
    two.pull()
    return stays, goes


def merge(two, stays, goes, *, moves):
    """A person merges the second one into the first; its rows may follow."""
    two.tick()
    kind = {"@odata.type": f"Microsoft.Dynamics.CRM.{stays.table}"}
    target, subordinate = ({**kind, f"{each.table}id": each.id} for each in (stays, goes))
    content = {**kind, column_of(stays.table, "firstname"): "Both"}
    body = {"Target": target, "Subordinate": subordinate, "UpdateContent": content, "PerformParentingChecks": False}
    two.systems.by_person("POST", "Merge", body)
    for row in two.permissions(goes) if moves else ():
        owner = {f"{NAVIGATION[stays.table]}@odata.bind": f"/{path_of(stays)}"}
        two.systems.by_person("PATCH", f"{Permission.SET}({row[Permission.ID]})", owner)


def in_spotler(two, record):
    return set(two.in_spotler(record)["permissions"])


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("winner_first", [True, False])
@pytest.mark.parametrize("bits", [(NEWSLETTER_BIT,), (NEWSLETTER_BIT, EVENTS_BIT), ()])
def test_an_opt_out_that_nobody_has_seen_counts_for_the_record_that_stays(two, table, winner_first, bits):
    stays, goes = pair(two, table)
    two.unsubscribe(goes, *bits)
    merge(two, stays, goes, moves=True)

    for record in (stays, goes) if winner_first else (goes, stays):
        two.sync(record)
    assert [RecordItem.from_body(each.body).record for each in two.services.bus.to(TOPIC_JOBS)] == [stays]
    two.sync(stays)
    two.pull()
    two.sync(stays)

    lost = set(bits) or {NEWSLETTER_BIT, EVENTS_BIT}
    assert in_spotler(two, stays).isdisjoint(lost)
    names = {"Newsletter": NEWSLETTER_BIT, "Events": EVENTS_BIT}
    on = {row[Permission.NAME] for row in two.permissions(stays) if row[Permission.SUBSCRIBED]}
    assert {names[name] for name in on}.isdisjoint(lost)


def test_an_opt_out_counts_for_the_record_that_stays_also_where_merged_records_stay_in_spotler(two):
    stays, goes = pair(two, "contact")
    two.unsubscribe(goes, NEWSLETTER_BIT)
    settings = two.services.settings.model_copy(update={"anonymise_on_deactivation": False})
    two.services = replace(two.services, settings=settings)
    merge(two, stays, goes, moves=True)

    two.sync(stays, goes)
    two.sync(stays)

    assert in_spotler(two, stays) == {EVENTS_BIT}
    assert in_spotler(two, goes) == set()


def test_a_plan_says_so_and_does_nothing(two):
    stays, goes = pair(two, "contact")
    two.unsubscribe(goes, NEWSLETTER_BIT)
    merge(two, stays, goes, moves=True)
    before = two.written()

    planned = list(PlanMaker(two.services).records("contact", seen=print))

    assert two.written() == before
    assert two.services.bus.to(TOPIC_JOBS) == []
    assert {each.ref for each in planned if each.effects} == {stays, goes}


@pytest.mark.parametrize("moves", [True, False])
def test_without_an_opt_out_the_record_that_stays_keeps_its_permissions(two, moves):
    stays, goes = pair(two, "contact")
    merge(two, stays, goes, moves=moves)

    two.sync(stays, goes)
    two.pull()
    two.sync(stays)

    assert in_spotler(two, stays) == ({NEWSLETTER_BIT, EVENTS_BIT} if moves else {NEWSLETTER_BIT})


def test_a_chain_of_merges_leaves_one_contact(two):
    stays, goes = pair(two, "contact")
    third = two.contact("cas", firstname="Cas")
    two.sync(third)
    merge(two, goes, third, moves=True)
    merge(two, stays, goes, moves=True)

    for _ in range(2):
        two.sync(third, goes, stays)
        two.pull()

    left = [each["externalId"] for each in two.systems.spotler()["contacts"] if not each["anonymized"]]
    assert left == [stays.id]
    assert two.property(stays, "firstName") == "Both"


@pytest.mark.parametrize("when", ["before the merge is seen", "while it is seen"])
def test_a_merge_into_a_record_that_is_deleted_meanwhile_leaves_nobody_in_spotler(two, monkeypatch, when):
    stays, goes = pair(two, "contact")
    two.unsubscribe(goes, NEWSLETTER_BIT)
    merge(two, stays, goes, moves=True)

    def delete(*_, **__):
        two.systems.by_person("DELETE", path_of(stays), {})

    if when == "before the merge is seen":
        delete()
    else:
        read = two.services.spotler.get_contact
        calls = []

        def deleted_first(external_id):
            if not calls:
                delete()
            calls.append(external_id)
            return read(external_id)

        monkeypatch.setattr(two.services.spotler, "get_contact", deleted_first)
    two.sync(goes)
    two.tick()
    done = Outward(two.services).send([Record.deleted(stays)], always=False)[stays]

    assert done.code == "ANONYMIZED"
    assert not [each for each in two.systems.spotler()["contacts"] if each["externalId"] in (stays.id, goes.id)]
