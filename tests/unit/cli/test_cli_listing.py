"""`records`, `automations`, `audiences`: what there is to name, for people and for programs."""

import json

import pytest

from connector.dataverse.choices import AutomationKind, JobStatus, Operation
from connector.dataverse.names import Automation, Flags, Job, MarketingList
from connector.operations.audiences import audience_id

DONE = {Job.STATE: 1, Job.STATUS: JobStatus.COMPLETED.value}


@pytest.fixture
def command(cli, settings_file):
    return lambda *words: cli("--settings", str(settings_file), *words)


@pytest.fixture
def listed(command):
    def _listed(*words):
        ended = command(*words, "--json")
        assert (ended.code, ended.err) == (0, "")
        return json.loads(ended.out)

    return _listed


def test_records_are_listed_by_kind_and_name(world, listed):
    bert, anna = world.contact("bert", firstname="Bert [x]"), world.contact("anna", statecode=1, statuscode=2)
    acme = world.account("acme")
    friends = world.load(MarketingList.TABLE, listname="Friends", createdfromcode=2)

    found = listed("records")

    assert [(row["kind"], row["id"]) for row in found] == [
        ("contact", anna.id), ("contact", bert.id), ("account", acme.id), ("list", friends),
    ]  # fmt: skip
    assert found[0] == {
        "kind": "contact", "id": anna.id, "name": "Anna", "address": "anna@example.org", "active": False,
    }  # fmt: skip
    assert [row["id"] for row in listed("records", "anna@example.org")] == [anna.id]
    assert [row["id"] for row in listed("records", "x", "--table", "contact")] == [bert.id]
    assert [row["id"] for row in listed("records", "--top", "1", "--table", "contact")] == [anna.id]


def test_a_table_for_people_shows_names_as_they_are(world, command):
    bert = world.contact("bert", firstname="Bert [x]")

    shown, nothing = command("records").out, command("records", "carla").out

    assert all(text in shown for text in ("Kind", "Address", bert.id, "Bert [x] Bert", "yes"))
    assert nothing == "There is nothing that fits.\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["audiences"], "The connector keeps no audiences."),
        (["automations"], "There are no automations; a Refresh Automations job copies them from Spotler."),
        (["automations", "spring"], "There is nothing that fits."),
        (["records"], "There are no records."),
        (["records", "--table", "lead"], "There are no records."),
        (["records", "carla"], "There is nothing that fits."),
        (["job", "list"], "There are no jobs."),
        (["job", "list", "--status", "failed"], "There is nothing that fits."),
    ],
)
def test_where_there_is_nothing_that_is_said(command, words, says):
    assert command(*words).out == f"{says}\n"


def test_an_environment_without_lists_and_leads_shows_what_it_has(world, command, listed):
    anna = world.contact("anna")
    world.door("POST", "edition", json={"light": True})

    assert [row["id"] for row in listed("records")] == [anna.id]
    assert command("records", "--table", "list").code == 1


def test_another_kind_of_record_is_refused(cli):
    ended = cli("records", "--table", "automation")

    assert ended.code == 1
    assert "contact, lead, account, list, visitor" in ended.err


def test_automations_are_listed_with_their_fields(world, listed):
    campaign = {Automation.NAME: "📢 Spring", Automation.KIND: AutomationKind.CAMPAIGN.value, Flags.STATE: 1}
    second = world.load(Automation.TABLE, **campaign, **{Automation.TRIGGER_CODE: "b", Flags.STATUS: 2})
    first = world.automation("a", **{Automation.FIELDS: "name=STRING\nlink=URL", Automation.KIND: 100000000})

    assert sorted(listed("automations"), key=lambda each: each["name"]) == [
        {"id": first, "name": "Welcome", "kind": "automation", "fields": ["name=STRING", "link=URL"], "active": True},
        {"id": second, "name": "📢 Spring", "kind": "campaign", "fields": [], "active": False},
    ]
    assert [each["id"] for each in listed("automations", "spring")] == [second]


def test_audiences_are_those_of_lists_and_of_jobs_and_spotler_is_asked_for_each(world, listed):
    synced = {MarketingList.MEMBER_TYPE: 2, MarketingList.SYNCED: True}
    friends = world.load(MarketingList.TABLE, **{MarketingList.NAME: "Friends", **synced})
    world.load(MarketingList.TABLE, **{MarketingList.NAME: "Private", MarketingList.MEMBER_TYPE: 2})
    for name in ("Members", "members ", "Gone"):
        world.job(Operation.ADD_TO_AUDIENCE, **{Job.AUDIENCE: name}, **DONE)
    world.job(Operation.ADD_TO_AUDIENCE, **{Job.AUDIENCE: "Not yet"})
    world.services.spotler.audiences.create(audience_id("Members"), "Members")

    found = sorted(listed("audiences"), key=lambda each: each["name"].lower())

    assert [(each["name"].lower(), each["keptBy"], each["id"], each["inSpotler"]) for each in found] == [
        ("friends", "marketing list", friends, False),
        ("gone", "jobs", audience_id("Gone"), False),
        ("members", "jobs", audience_id("Members"), True),
    ]
