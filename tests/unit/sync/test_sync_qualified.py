"""A lead that is qualified: the contact or account that it becomes is not subscribed to what the lead refused."""

import pytest

from connector.dataverse.names import ENABLED_VARIABLE, PERMISSIONS_VARIABLE, EnvironmentVariable
from connector.sync.outward.outward import Outward
from connector.sync.records import RecordReader
from tests.unit.sync.two_systems import PERMISSIONS, TwoSystems, path_of

NAME = {"contact": "firstname", "direction": "->", "spotler": "firstName"}


@pytest.fixture
def two(systems):
    made = TwoSystems(systems, NAME, PERMISSIONS, tables=("contact", "lead", "account"))
    variables = {PERMISSIONS_VARIABLE: "Newsletter;Events", ENABLED_VARIABLE: "[All]"}
    made.systems.load({
        EnvironmentVariable.TABLE: [
            {"displayname": name, "type": 100000000, "schemaname": name, "defaultvalue": value}
            for name, value in variables.items()
        ]
    })  # fmt: skip
    return made


def create(two, *records):
    """The automatic sync of records that were made just now."""
    two.tick()
    found = RecordReader(two.services).read(records)
    Outward(two.services).send(list(found.values()), always=False, created=records)


def qualify(two, lead, table):
    made = two.record(table, "ann", **{"originatingleadid@odata.bind": f"/{path_of(lead)}"})
    two.edit(lead, statecode=1, statuscode=3)
    return made


@pytest.mark.parametrize("table", ["contact", "account"])
@pytest.mark.parametrize("lead_first", [True, False])
def test_what_the_lead_refused_starts_unsubscribed(two, table, lead_first):
    lead = two.record("lead", "ann")
    create(two, lead)
    two.permission(lead, "Newsletter", subscribed=False)
    two.sync(lead)
    made = qualify(two, lead, table)

    if lead_first:
        two.sync(lead)
    create(two, made)
    two.sync(lead)

    assert two.subscribed(made) == {"Newsletter": False, "Events": True}
    assert len(two.in_spotler(made)["permissions"]) == 1
    assert lead.id not in {each["externalId"] for each in two.systems.spotler()["contacts"] if not each["anonymized"]}


def test_a_record_that_was_no_lead_follows_the_variables(two):
    ann = two.contact("ann")
    create(two, ann)

    assert two.subscribed(ann) == {"Newsletter": True, "Events": True}
