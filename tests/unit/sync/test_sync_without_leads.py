"""An environment without Dynamics 365 Sales has no leads and no Marketing Lists, and our tables no lookups to them."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from connector.dataverse.api import UnknownName
from connector.dataverse.names import Contact, Info, Interaction, Lead
from connector.errors import Misconfigured
from connector.mapping import mapping_version
from connector.plans.file import Header, write_plan
from connector.plans.making import PlanMaker
from connector.pulls.interactions import read_interactions
from connector.pulls.people_gone import GoneFeed
from connector.pulls.visitors import read_visitors
from connector.sync.interactions.clean_up import delete_without_record
from connector.sync.newcomers.target import target_of
from tests.unit.reconcile.comparing import Reconciling, classes
from tests.unit.sync.two_systems import PERMISSIONS, TwoSystems

NAME = {"contact": "firstname", "direction": "<->", "spotler": "firstName"}


@pytest.fixture
def two(systems):
    found = TwoSystems(systems, NAME, PERMISSIONS)
    systems.environment.light, systems.environment.has_leads = True, False
    return found


@pytest.fixture
def ann(two):
    record = two.contact("ann", firstname="Ann")
    two.permission(record, "Newsletter", subscribed=True)
    two.sync(record)
    return record


def opened(two, record):
    two.tick()
    two._emit(type="open", externalId=record.id)
    two.tick(timedelta(hours=1))


def test_what_people_change_on_both_sides_is_synced(two, ann):
    two.profile(ann, firstName="Anna")

    two.pull()

    assert (two.row(ann)["firstname"], two.subscribed(ann)) == ("Anna", {"Newsletter": True})


def test_a_change_of_somebody_whom_spotler_info_does_not_know_is_synced(two, ann):
    (row,) = two.systems.rows(Info.TABLE)
    two.systems.by_person("DELETE", f"{Info.SET}({row[Info.ID]})", None)
    two.profile(ann, firstName="Anna")

    assert Counter(two.pull())["no record"] == 0


def test_interactions_are_stored_and_cleaned_up(two, ann):
    read_interactions(two.services)
    opened(two, ann)

    read_interactions(two.services)

    (row,) = two.systems.rows(Interaction.TABLE)
    assert row[f"_{Interaction.CONTACT}_value"] == ann.id
    assert list(GoneFeed(two.services, two.now()).read(two.now() - timedelta(days=1), two.now())) == []
    assert delete_without_record(two.services, two.now() + timedelta(hours=1)) == 0
    two.systems.by_person("DELETE", f"{Contact.SET}({ann.id})", None)
    assert delete_without_record(two.services, two.now() + timedelta(hours=1)) == 1


@pytest.mark.usefixtures("ann")
def test_both_sides_are_compared(two):
    two.pull()

    certificate = Reconciling(two).run()

    assert classes(certificate) == {"equal": 1}
    assert (certificate["records"]["remainder"], certificate["lists"]["total"]) == (0, 0)


def test_a_plan_is_made_of_contacts_and_refused_of_leads(two, ann, tmp_path):
    two.edit(ann, firstname="Anna")
    maker = PlanMaker(two.services, asks=True)
    header = Header("here", mapping_version(two.services.mapping), "2026-01-01T00:00:00Z", asked=True)

    made = list(write_plan(tmp_path / "it.plan", header, maker.records(Contact.TABLE, seen=lambda _: None)))

    assert [each.ref for each in made] == [ann]
    with pytest.raises(UnknownName, match="lead"):
        list(maker.records(Lead.TABLE, seen=lambda _: None))


def test_new_subscribers_cannot_become_leads_and_the_error_says_why(systems):
    both = TwoSystems(systems, NAME, tables=(Contact.TABLE, Lead.TABLE))
    systems.environment.light, systems.environment.has_leads = True, False
    settings = both.services.settings.model_copy(update={"new_subscribers": Lead.TABLE})

    with pytest.raises(Misconfigured, match="The table lead does not exist in this environment"):
        target_of(replace(both.services, settings=settings))


def test_website_visitors_and_their_page_views_are_stored(website):
    website.world.door("POST", "edition", json={"light": True, "leads": False})
    read_visitors(website.services)
    acme = website.visitor("Acme", before=timedelta(0), score=7)
    website.view(acme, "Home", before=timedelta(0))
    website.world.now += timedelta(hours=1)

    read_visitors(website.services)

    assert (website.rows().keys(), website.views(), website.waiting()) == ({acme}, ["Home"], 0)
