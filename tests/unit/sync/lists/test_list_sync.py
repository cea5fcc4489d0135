"""Lists between both stand-ins: who becomes a member, in pages, blocks and steps, and what each run costs."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Contact, Info, Job, MarketingList
from connector.errors import Transient
from connector.mapping import parse_mapping
from connector.sync.lists import reading
from tests.unit.world import MAPPING

COMPLETED, FAILED = JobStatus.COMPLETED, JobStatus.FAILED
EMAIL = dict.fromkeys(("contact", "lead", "account"), "emailaddress1")


def ids(records):
    return sorted(each.id for each in records)


def people(world, count, **columns):
    return [world.contact(f"p{number}", **columns) for number in range(count)]


def query_of(inner, table="contact"):
    return f'<fetch version="1.0"><entity name="{table}"><attribute name="fullname"/>{inner}</entity></fetch>'


CITY = query_of('<filter><condition attribute="address1_city" operator="eq" value="Gouda"/></filter>')


def test_the_members_of_a_static_list_are_synced_and_become_an_audience(world, lists):
    known, new = [world.contact("ann", known=True)], people(world, 5)
    row = lists.create([*known, *new])

    ended = lists.sync(row)

    assert ended == (COMPLETED, "OK", "The audience has 6 members: 6 added, 0 removed.")
    assert lists.audience(row) == ids([*known, *new])
    assert all(world.in_spotler(each) for each in new)


def test_leads_and_accounts_are_members_too(world, lists):
    of_leads = lists.create([world.lead()], **{MarketingList.MEMBER_TYPE: 4, MarketingList.NAME: "Leads"})
    of_accounts = lists.create([world.account()], **{MarketingList.MEMBER_TYPE: 1, MarketingList.NAME: "Firms"})

    assert [lists.sync(row)[1] for row in (of_leads, of_accounts)] == ["OK", "OK"]
    assert [len(lists.audience(row)) for row in (of_leads, of_accounts)] == [1, 1]


def test_a_dynamic_list_has_those_whom_its_query_finds(world, lists):
    inside, _ = people(world, 3, address1_city="Gouda"), people(world, 2, address1_city="Delft")
    row = lists.create(**{MarketingList.DYNAMIC: True, MarketingList.QUERY: CITY})

    lists.sync(row)
    assert lists.audience(row) == ids(inside)

    world.services.dataverse.update(Contact.SET, inside[0].id, {"address1_city": "Delft"})
    assert lists.sync(row)[2] == "The audience has 2 members: 0 added, 1 removed."
    assert lists.audience(row) == ids(inside[1:])


def test_pages_blocks_and_steps_of_one_lead_to_the_same(world, lists):
    lists.settings(list_page=2, list_block=2, list_step=1)
    members = people(world, 5)
    row = lists.create(members)

    said = lists.run(lists.job(row))

    assert lists.audience(row) == ids(members)
    assert said == [
        "0 members read.",
        "2 members read.",
        "4 members read.",
        "0 of 0 new members are in Spotler.",
        "0 of 5 new members are in Spotler.",
        "2 of 5 new members are in Spotler.",
        "4 of 5 new members are in Spotler.",
        "0 of 0 former members are removed.",
        "0 of 0 former members are removed.",
        "The audience has 5 members: 5 added, 0 removed.",
    ]


def test_a_second_run_sends_only_what_differs(world, lists):
    stay, leave = people(world, 4), people(world, 2)
    row = lists.create([*stay, *leave])
    lists.sync(row)
    come = people(world, 2)
    lists.join(row, come)
    lists.leave(row, leave)
    before = len(world.spotler.journal())

    assert lists.sync(row)[2] == "The audience has 6 members: 2 added, 2 removed."

    effects = [str(entry["effect"]) for entry in world.spotler.journal()[before:]]
    assert sorted(effects) == sorted(["contact.created", "audience.member_added", "audience.member_removed"] * 2)
    assert effects.index("audience.member_added") < effects.index("audience.member_removed")
    assert lists.audience(row) == ids([*stay, *come])


def test_a_list_without_a_change_makes_no_call_that_changes_anything(world, lists):
    row = lists.create(people(world, 3))
    lists.sync(row)
    before = len(world.spotler.journal())

    assert lists.sync(row)[1] == "OK"

    assert world.spotler.journal()[before:] == []


def test_whoever_may_not_be_sent_is_counted_by_reason(world, lists):
    kept_out = world.contact("kim")
    world.load(Info.TABLE, **{Info.RECORD: kept_out.id, Info.KEEP_OUT: True, "_dh_contactid_value": kept_out.id})
    left = [
        world.contact("dan", donotemail=True),
        world.contact("eve", donotemail=True),
        world.contact("max", emailaddress1=None),
        world.contact("old", statecode=1, statuscode=2),
        kept_out,
    ]
    quiet = world.contact("ben", donotbulkemail=True)
    row = lists.create([*left, quiet])

    status, code, message = lists.sync(row)

    assert (status, code) == (COMPLETED, "OK")
    assert message.startswith("The audience has 1 member: 1 added, 0 removed, 5 left out: 2")
    for reason in ("2 do not email", "1 no address", "1 deactivated", "1 keep out"):
        assert reason in message
    assert lists.audience(row) == [quiet.id]


def test_a_member_who_may_not_be_sent_any_more_leaves_the_audience(world, lists):
    stays, leaves = people(world, 2)
    row = lists.create([stays, leaves])
    lists.sync(row)
    world.services.dataverse.update(Contact.SET, leaves.id, {"donotemail": True})

    message = lists.sync(row)[2]

    assert lists.audience(row) == [stays.id]
    assert message == ("The audience has 1 member: 0 added, 1 removed, 1 left out: do not email.")


def test_a_filter_of_the_mapping_leaves_out_whom_it_excludes(world, lists):
    rows = [{**EMAIL, "direction": "->", "spotler": "email"},
            {"contact": "address1_city", "direction": "->", "spotler": "city", "filter": "Gouda"}]  # fmt: skip
    world.services = replace(world.services, mapping=replace(parse_mapping({"rows": rows}), times=MAPPING.times))
    inside, outside = world.contact("ann", address1_city="Gouda"), world.contact("bob", address1_city="Delft")
    row = lists.create([inside, outside])

    message = lists.sync(row)[2]

    assert lists.audience(row) == [inside.id]
    assert "1 left out: excluded by the mapping." in message


def test_a_contact_that_spotler_refuses_is_named_and_the_others_are_members(world, lists):
    good, bad = world.contact("ann"), world.contact("bob", emailaddress1="no address")
    row = lists.create([good, bad])

    status, code, message = lists.sync(row)

    assert (status, code) == (COMPLETED, "PARTIAL")
    assert message == (
        "The audience has 1 member: 1 added, 0 removed, 1 refused by Spotler (PROPERTY_INVALID). "
        f"Correct the refused records, such as {bad.id}."
    )


def test_a_list_of_which_everybody_is_refused_fails(world, lists):
    row = lists.create([world.contact("bob", emailaddress1="no address")])

    status, code, _ = lists.sync(row)

    assert (status, code) == (FAILED, "PROPERTY_INVALID")


def test_contacts_that_spotler_has_lost_are_sent_again_and_added(world, lists):
    """As far as Spotler Info says, they are there."""
    known, lost = world.contact("ann", known=True), world.contact("bob", known=True)
    world.spotler.reset()
    row = lists.create([known, lost])

    assert lists.sync(row)[:2] == (COMPLETED, "OK")
    assert lists.audience(row) == ids([known, lost])


def test_an_empty_list_empties_its_audience(world, lists):
    members = people(world, 3)
    row = lists.create(members)
    lists.sync(row)
    lists.leave(row, members)

    assert lists.sync(row)[2] == "The audience has 0 members: 0 added, 3 removed."
    assert lists.audience(row) == []


def test_a_list_that_was_always_empty_has_an_audience(lists):
    row = lists.create()

    assert lists.sync(row)[1] == "OK"
    assert lists.audience(row) == []


def test_a_younger_job_of_a_list_waits_for_the_older_one(world, lists):
    lists.settings(list_step=1)
    row = lists.create(people(world, 2))
    older, younger = lists.job(row), lists.job(row, Operation.REMOVE_MARKETING_LIST)
    world.run(older)
    (going_on,) = world.put_back()

    world.run(younger)
    assert world.status(younger) == (JobStatus.QUEUED, None)
    (waiting,) = world.put_back()

    world.run(going_on)
    while world.put_back():
        world.run(*world.put_back())
    assert world.status(older) == (COMPLETED, "OK")
    world.run(waiting)
    assert world.status(younger) == (COMPLETED, "OK")
    assert lists.audience(row) is None


def test_a_list_that_dataverse_does_not_give_in_full_changes_nothing(world, lists, monkeypatch):
    monkeypatch.setattr(reading, "LIMIT_WITHOUT_COOKIE", 4)
    lists.settings(list_page=2)
    row = lists.create(people(world, 5))
    page = reading.fetch_page
    monkeypatch.setattr(reading, "fetch_page", lambda *args, **options: replace(page(*args, **options), cookie=""))

    status, code, message = lists.sync(row)

    assert (status, code) == (FAILED, "LIST_READ_INCOMPLETE")
    assert "nothing was changed" in message
    assert lists.audience(row) == []


def test_pages_without_a_cookie_go_on_by_their_numbers(world, lists, monkeypatch):
    lists.settings(list_page=2)
    members = people(world, 5)
    row = lists.create(members)
    page = reading.fetch_page
    monkeypatch.setattr(reading, "fetch_page", lambda *args, **options: replace(page(*args, **options), cookie=""))

    assert lists.sync(row)[1] == "OK"
    assert lists.audience(row) == ids(members)


def test_a_query_that_is_too_long_for_an_address_travels_in_a_batch(world, lists):
    inside = people(world, 2, address1_city="Gouda")
    values = "".join(f"<value>{number:0100}</value>" for number in range(400))
    inner = (
        f'<filter><condition attribute="address1_city" operator="in"><value>Gouda</value>{values}</condition></filter>'
    )
    row = lists.create(**{MarketingList.DYNAMIC: True, MarketingList.QUERY: query_of(inner)})

    assert lists.sync(row)[1] == "OK"
    assert lists.audience(row) == ids(inside)


def test_a_query_that_dataverse_refuses_fails_and_names_the_column(lists):
    inner = '<filter><condition attribute="favouritecolour" operator="eq" value="1"/></filter>'
    row = lists.create(**{MarketingList.DYNAMIC: True, MarketingList.QUERY: query_of(inner)})

    status, code, message = lists.sync(row)

    assert (status, code) == (FAILED, "LIST_QUERY_NOT_VALID")
    assert "favouritecolour" in message


def test_an_order_after_the_end_begins_a_new_run(world, lists):
    members = people(world, 2)
    row = lists.create(members[:1])
    job = lists.job(row)
    lists.run(job)
    lists.join(row, members[1:])
    world.door("POST", "clock", json={"move_seconds": 60})
    world.services.dataverse.update(Job.SET, job, {Job.STATUS: JobStatus.QUEUED.value, Job.STATE: 0})

    lists.run(job)

    assert lists.audience(row) == ids(members)


@pytest.mark.parametrize("error", [Transient("Busy.")])
def test_a_problem_that_passes_does_not_read_the_list_again(world, lists, monkeypatch, error):
    members = people(world, 3)
    row = lists.create(members)
    add, read = world.services.spotler.audiences.add_members, reading.ListReader.read
    reads, fails = [], [error]
    monkeypatch.setattr(reading.ListReader, "read", lambda *args: reads.append(1) or read(*args))

    def failing(*arguments):
        if fails:
            raise fails.pop()
        return add(*arguments)

    monkeypatch.setattr(world.services.spotler.audiences, "add_members", failing)

    assert lists.sync(row)[1] == "OK"
    assert (len(reads), lists.audience(row)) == (1, ids(members))


def test_a_member_who_left_spotler_and_came_back_between_two_syncs_is_in_the_audience_again(world, lists):
    stays, returns = people(world, 2)
    row = lists.create([stays, returns])
    lists.sync(row)
    for refuses in (True, False):
        world.now += timedelta(minutes=5)
        world.services.dataverse.update(Contact.SET, returns.id, {"donotemail": refuses})
        world.run(world.job(Operation.SYNC_CONTACT, returns))
    assert lists.audience(row) != ids([stays, returns])
    world.now += timedelta(minutes=5)

    assert lists.sync(row)[2] == "The audience has 2 members: 1 added, 0 removed."
    assert lists.audience(row) == ids([stays, returns])
