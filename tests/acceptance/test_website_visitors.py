"""Website visitors: who visited stands in Dataverse, with the pages, and becomes a lead or an account."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from connector.dataverse.choices import InteractionType, Operation, PromoteTo
from connector.dataverse.names import Account, Interaction, Job, Lead, Visitor, lookup_value
from sandbox.leads.side_door import LeadsDoor


@pytest.fixture
def door(system):
    assert system.leads is not None
    made = LeadsDoor(system.leads.get("url"))
    made.post("reset")
    return made


@pytest.fixture
def visits(world, door):
    """Lets somebody visit the website, and the timer run until Dataverse has it; the row of the visitor."""

    def _visits(name, *pages, **details):
        world.run_timer("read_visitors")
        (key,) = door.post("visitors", visitors=[{"name": name, **details}])["ids"]
        door.post("visits", visits=[{"visitor": key, "title": page} for page in pages])

        def is_there():
            world.run_timer("read_visitors")
            return row_of(world, key) is not None

        world.until(is_there, "the visitor is read")
        return row_of(world, key)

    return _visits


def row_of(world, key):
    return next((row for row in world.rows(Visitor.TABLE) if row[Visitor.EXTERNAL_ID] == key), None)


def again(world, row):
    return next(each for each in world.rows(Visitor.TABLE) if each[Visitor.ID] == row[Visitor.ID])


def pages_of(world, row):
    return [
        each for each in world.rows(Interaction.TABLE) if each[lookup_value(Interaction.VISITOR)] == row[Visitor.ID]
    ]


def promote(world, row, **columns):
    bind = {f"{Job.VISITOR_NAVIGATION}@odata.bind": f"/{Visitor.SET}({row[Visitor.ID]})"}
    return world.run(Operation.PROMOTE_VISITOR, **bind, **columns)


@pytest.mark.feature("WEB-01")
def test_a_visitor_and_its_pages_stand_in_dataverse_each_once(world, visits, door):
    row = visits("Acme", "Home", "Prices", score=120, company={"city": "Utrecht"})
    world.run_timer("read_visitors")

    pages = pages_of(world, row)
    assert (row[Visitor.NAME], row[Visitor.CITY], row[Visitor.RATING], row[Visitor.HOT]) == (
        "Acme", "Utrecht", 120, True
    )  # fmt: skip
    assert sorted(page[Interaction.NAME] for page in pages) == ["Home", "Prices"]
    assert {page[Interaction.TYPE] for page in pages} == {InteractionType.WEBSITE_VISIT}
    assert again(world, row)[Visitor.VISITS] == 2
    assert door.get("state")["unacknowledged"] == []


@pytest.mark.feature("WEB-01")
def test_what_cannot_be_stored_is_not_acknowledged_and_comes_again(world, visits, door):
    row = visits("Acme")
    door.post("visits", visits=[{"visitor": row[Visitor.EXTERNAL_ID], "title": "Contact"}])
    world.fault("503", path=r"UpsertMultiple|\$batch", retry_after=None)
    world.run_timer("read_visitors", fails=True)
    world.calm_down()
    assert len(door.get("state")["unacknowledged"]) == 1

    door.post("clock", advance_s=300)

    def is_there():
        world.run_timer("read_visitors")
        return [page[Interaction.NAME] for page in pages_of(world, row)] == ["Contact"]

    world.until(is_there, "the page view is stored")
    assert door.get("state")["unacknowledged"] == []


@pytest.mark.feature("WEB-01")
def test_a_visitor_that_a_person_deactivated_stays_so(world, visits, door):
    row = visits("Acme", score=1)
    world.people.update(Visitor.SET, row[Visitor.ID], {Visitor.STATE: 1, Visitor.STATUS: 2})
    last = (datetime.now(UTC) - timedelta(seconds=5)).isoformat()
    door.post("visitors", visitors=[{"id": row[Visitor.EXTERNAL_ID], "name": "Acme", "score": 90, "last_visit": last}])

    def has_followed():
        world.run_timer("read_visitors")
        return again(world, row)[Visitor.RATING] == 90

    world.until(has_followed, "the score has followed")
    assert again(world, row)[Visitor.STATE] == 1


@pytest.mark.feature("WEB-02")
@pytest.mark.parametrize("by", ["domain", "name"])
def test_a_visitor_is_matched_to_its_account(world, visits, by):
    name = f"Bakery {uuid4().hex[:8]}"
    domain = f"{name.replace(' ', '-').lower()}.example"
    columns = {"websiteurl": f"https://www.{domain}/contact"} if by == "domain" else {}
    account = world.account(name="Other" if by == "domain" else name, **columns)

    row = visits(name, "Home", company={"domain": domain})

    assert row[lookup_value(Visitor.ACCOUNT)] == account.id
    (page,) = pages_of(world, row)
    assert page[lookup_value(Interaction.ACCOUNT)] == account.id


@pytest.mark.feature("WEB-02")
def test_a_visitor_that_may_be_one_of_two_accounts_is_not_matched(world, visits):
    name = f"Bakery {uuid4().hex[:8]}"
    for _ in range(2):
        world.account(name=name)

    assert visits(name)[lookup_value(Visitor.ACCOUNT)] is None


@pytest.mark.feature("WEB-02")
@pytest.mark.parametrize(
    ("target", "table", "id_column", "lookup"),
    [
        (PromoteTo.LEAD, Lead.TABLE, Lead.ID, Visitor.LEAD),
        (PromoteTo.ACCOUNT, Account.TABLE, Account.ID, Visitor.ACCOUNT),
    ],
)
def test_a_visitor_becomes_a_lead_or_an_account_once(world, visits, target, table, id_column, lookup):
    name = f"Bakery {uuid4().hex[:8]}"
    row = visits(name)

    promote(world, row, **{Job.PROMOTE_TO: target.value}).assert_completed()
    promote(world, row).assert_failed("ALREADY_PROMOTED", "promoted before")

    column = Lead.COMPANY if target is PromoteTo.LEAD else Account.NAME
    (made,) = [each for each in world.rows(table) if each[column] == name]
    found = again(world, row)
    assert (found[lookup_value(lookup)], found[Visitor.STATE]) == (made[id_column], 1)


@pytest.mark.feature("WEB-02")
def test_pages_after_the_promotion_are_those_of_the_lead(world, visits, door):
    row = visits(f"Bakery {uuid4().hex[:8]}")
    promote(world, row).assert_completed()
    door.post("visits", visits=[{"visitor": row[Visitor.EXTERNAL_ID], "title": "Later"}])

    def is_there():
        world.run_timer("read_visitors")
        return bool(pages_of(world, row))

    world.until(is_there, "the page view is stored")
    (page,) = pages_of(world, row)
    assert page[lookup_value(Interaction.LEAD)] == again(world, row)[lookup_value(Visitor.LEAD)]


@pytest.mark.feature("WEB-02")
def test_a_job_without_a_visitor_is_not_valid(world):
    world.run(Operation.PROMOTE_VISITOR).assert_failed("JOB_NOT_VALID", "no website visitor")
