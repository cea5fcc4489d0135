"""Marketing Lists become audiences, follow the list, and go again."""

from collections.abc import Iterable
from uuid import uuid4

import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import Account, Contact, Job as JobNames, Lead, ListMember, MarketingList, lookup_value
from tests.acceptance.jobs import Job
from tests.acceptance.records import Record

SYNC, REMOVE = Operation.SYNC_MARKETING_LIST, Operation.REMOVE_MARKETING_LIST
TYPES = {Account.TABLE: 1, Contact.TABLE: 2, Lead.TABLE: 4}
#: More people than the brake lets pass.
MANY = 50


class Lists:
    """Marketing Lists as people keep them."""

    def __init__(self, world) -> None:
        self.world = world

    def create(self, members: Iterable[Record] = (), *, table: str = Contact.TABLE, query: str = "") -> str:
        row = {MarketingList.NAME: f"List {uuid4().hex[:12]}", MarketingList.MEMBER_TYPE: TYPES[table]}
        if query:
            row |= {MarketingList.DYNAMIC: True, MarketingList.QUERY: query}
        made = self.world.people.create(MarketingList.SET, row)
        self.join(made, members)
        return made

    def join(self, marketing_list: str, members: Iterable[Record]) -> None:
        for member in members:
            row = {
                f"{ListMember.LIST}@odata.bind": f"/{MarketingList.SET}({marketing_list})",
                f"{ListMember.MEMBER}_{member.table}@odata.bind": f"/{member.path}",
            }
            self.world.people.create(ListMember.SET, row)

    def leave(self, marketing_list: str, members: Iterable[Record]) -> None:
        ids = {member.id for member in members}
        for row in self.world.rows(ListMember.TABLE):
            of_list = row[lookup_value(ListMember.LIST)] == marketing_list
            if of_list and row[lookup_value(ListMember.MEMBER)] in ids:
                self.world.people.delete(ListMember.SET, row[ListMember.ID])

    def name(self, marketing_list: str) -> str:
        return str(self.row(marketing_list)[MarketingList.NAME])

    def rename(self, marketing_list: str, name: str) -> None:
        self.world.people.update(MarketingList.SET, marketing_list, {MarketingList.NAME: name})

    def row(self, marketing_list: str):
        return self.world.people.read(MarketingList.SET, marketing_list)

    def run(self, operation: Operation, marketing_list: str) -> Job:
        return self.world.run(operation, **bind(marketing_list))

    def sync(self, marketing_list: str) -> Job:
        return self.run(SYNC, marketing_list)

    def audience(self, marketing_list: str):
        """The audience with the id of a list; None where there is none."""
        audiences = self.world.spotler.door.state()["audiences"]
        return next((each for each in audiences if each["externalId"] == marketing_list), None)

    def members(self, marketing_list: str) -> set[str]:
        return set(self.audience(marketing_list)["members"])


def bind(marketing_list: str) -> dict[str, object]:
    return {f"{JobNames.LIST_NAVIGATION}@odata.bind": f"/{MarketingList.SET}({marketing_list})"}


def ids(records: Iterable[Record]) -> set[str]:
    return {each.id for each in records}


def in_city(city: str, table: str = Contact.TABLE) -> str:
    condition = f'<condition attribute="address1_city" operator="eq" value="{city}"/>'
    return (
        f'<fetch version="1.0" output-format="xml-platform" mapping="logical" distinct="false"><entity name="{table}">'
        f'<attribute name="fullname"/><order attribute="fullname" descending="false"/>'
        f'<filter type="and">{condition}</filter></entity></fetch>'
    )


@pytest.fixture
def lists(world):
    return Lists(world)


@pytest.mark.feature("LST-01")
@pytest.mark.feature("LST-03")
@pytest.mark.parametrize("table", TYPES)
def test_the_members_of_a_list_become_contacts_and_an_audience(world, lists, table):
    members = [world.record(table) for _ in range(5)]
    row = lists.create(members, table=table)

    job = lists.sync(row)

    job.assert_completed()
    assert job.message == "The audience has 5 members: 5 added, 0 removed."
    assert lists.members(row) == ids(members)
    assert all(world.spotler.find(each) for each in members)


@pytest.mark.feature("LST-01")
def test_an_edition_without_audiences_fails_with_the_code_of_spotler(world, lists):
    row = lists.create([world.contact()])
    world.spotler.door.arm("error", route="* /audience/*", status=403, error_type="NOT_AUTHORIZED", count=1)

    lists.sync(row).assert_failed("NOT_AUTHORIZED")


@pytest.mark.feature("LST-02")
def test_a_dynamic_list_has_those_whom_its_query_finds(world, lists):
    city = f"City {uuid4().hex[:12]}"
    inside = [world.contact(address1_city=city) for _ in range(3)]
    world.contact(address1_city="Elsewhere")
    row = lists.create(query=in_city(city))

    lists.sync(row).assert_completed()
    assert lists.members(row) == ids(inside)

    world.change(inside[0], address1_city="Elsewhere")
    lists.sync(row).assert_completed()
    assert lists.members(row) == ids(inside[1:])


@pytest.mark.feature("LST-02")
@pytest.mark.parametrize(
    ("query", "code", "says"),
    [
        (in_city("x").replace("address1_city", "favouritecolour"), "LIST_QUERY_NOT_VALID", "favouritecolour"),
        (in_city("x", Lead.TABLE), "LIST_QUERY_NOT_VALID", "not about its members"),
        (in_city("x").replace("<fetch ", '<fetch aggregate="true" '), "LIST_QUERY_NOT_SUPPORTED", "aggregate"),
        (in_city("x").replace("<fetch ", '<fetch datasource="retained" '), "LIST_QUERY_NOT_SUPPORTED", "datasource"),
    ],
    ids=["unknown column", "other table", "aggregate", "retained rows"],
)
def test_a_query_that_cannot_be_read_fails_and_says_why(lists, query, code, says):
    row = lists.create(query=query)

    lists.sync(row).assert_failed(code, says)


@pytest.mark.feature("LST-03")
def test_whoever_may_not_be_sent_is_left_out_and_counted(world, lists):
    good, refusing, silent = world.contact(), world.contact(donotemail=True), world.contact(emailaddress1=None)
    row = lists.create([good, refusing, silent])

    job = lists.sync(row)

    job.assert_completed()
    assert lists.members(row) == {good.id}
    assert "1 do not email" in job.message
    assert "1 no address" in job.message
    assert world.spotler.find(refusing) is None


@pytest.mark.feature("LST-03")
def test_a_member_who_refuses_mail_leaves_with_the_next_sync(world, lists):
    stays, leaves = world.contact(), world.contact()
    row = lists.create([stays, leaves])
    lists.sync(row).assert_completed()
    world.change(leaves, donotemail=True)

    lists.sync(row).assert_completed()

    assert lists.members(row) == {stays.id}


@pytest.mark.feature("LST-04")
def test_the_audience_has_the_id_and_the_name_of_the_list(world, lists):
    row = lists.create([world.contact()])

    lists.sync(row).assert_completed()

    assert lists.audience(row)["name"] == lists.name(row)


@pytest.mark.feature("LST-04")
def test_a_name_that_another_audience_has_is_refused(world, lists):
    first, second = lists.create([world.contact()]), lists.create([world.contact()])
    lists.sync(first).assert_completed()
    lists.rename(second, lists.name(first))

    lists.sync(second).assert_failed("NAME_ALREADY_IN_USE", "Rename")

    assert lists.audience(second) is None


@pytest.mark.feature("LST-05")
def test_a_new_name_follows_with_the_next_sync(world, lists):
    members = [world.contact()]
    row = lists.create(members)
    lists.sync(row).assert_completed()
    name = f"Renamed {uuid4().hex[:12]}"
    lists.rename(row, name)

    lists.sync(row).assert_completed()

    assert (lists.audience(row)["name"], lists.members(row)) == (name, ids(members))


@pytest.mark.feature("LST-05")
def test_a_new_name_that_another_audience_has_is_refused_and_the_members_stay(world, lists):
    members = [world.contact()]
    row, other = lists.create(members), lists.create()
    lists.sync(row).assert_completed()
    lists.sync(other).assert_completed()
    name = lists.name(row)
    lists.rename(row, lists.name(other))

    lists.sync(row).assert_failed("NAME_ALREADY_IN_USE")

    assert (lists.audience(row)["name"], lists.members(row)) == (name, ids(members))


@pytest.mark.feature("LST-06")
def test_only_the_difference_is_sent(world, lists):
    stay, leave, come = [world.contact() for _ in range(3)], [world.contact()], [world.contact()]
    row = lists.create([*stay, *leave])
    lists.sync(row).assert_completed()
    lists.leave(row, leave)
    lists.join(row, come)
    before = {each.id: len(world.spotler.effects(each)) for each in stay}

    job = lists.sync(row)

    assert job.message == "The audience has 4 members: 1 added, 1 removed."
    assert lists.members(row) == ids([*stay, *come])
    assert {each.id: len(world.spotler.effects(each)) for each in stay} == before


@pytest.mark.feature("LST-06")
def test_the_list_says_that_it_is_synced_and_since_when(world, lists):
    row = lists.create([world.contact()])

    lists.sync(row).assert_completed()

    assert lists.row(row)[MarketingList.SYNCED] is True
    assert lists.row(row)[MarketingList.LAST_SYNC]


@pytest.mark.feature("LST-06")
def test_too_many_who_would_leave_stay_until_a_person_approves(world, lists, command):
    city = f"City {uuid4().hex[:12]}"
    people = world.people.create_many(
        Contact.TABLE, Contact.SET,
        [{"lastname": "Member", "emailaddress1": f"{uuid4().hex}@example.org", "address1_city": city}
         for _ in range(MANY)],
    )  # fmt: skip
    row = lists.create(query=in_city(city))
    lists.sync(row).assert_completed()
    world.people.update(MarketingList.SET, row, {MarketingList.QUERY: in_city("Nowhere")})

    job = lists.sync(row)

    job.assert_completed("REMOVALS_HELD")
    assert f"{MANY} stay for now." in job.message
    assert lists.members(row) == set(people)
    plan = job.message.partition("plan ")[2].rstrip(".")
    assert plan in command("plan", "list")[1]

    code, printed = command("plan", "approve", plan)
    assert code == 0, printed
    world.sweep()
    world.until(lambda: lists.members(row) == set(), "they have left")
    assert plan not in command("plan", "list")[1]


@pytest.mark.feature("LST-07")
def test_the_audience_of_a_list_is_removed_and_all_else_stays(world, lists):
    members = [world.contact() for _ in range(3)]
    row = lists.create(members)
    lists.sync(row).assert_completed()

    lists.run(REMOVE, row).assert_completed()

    assert lists.audience(row) is None
    assert lists.row(row)[MarketingList.SYNCED] is False
    assert all(world.spotler.find(each) for each in members)
    lists.sync(row).assert_completed()
    assert lists.members(row) == ids(members)


@pytest.mark.feature("LST-07")
def test_an_audience_that_is_not_there_is_removed_already(lists):
    job = lists.run(REMOVE, lists.create())

    job.assert_completed()
    assert "nothing to delete" in job.message


@pytest.mark.feature("LST-07")
def test_a_deactivated_list_can_be_removed(world, lists):
    row = lists.create([world.contact()])
    lists.sync(row).assert_completed()
    world.people.update(MarketingList.SET, row, {"statecode": 1, "statuscode": 1})

    lists.run(REMOVE, row).assert_completed()

    assert lists.audience(row) is None


@pytest.mark.feature("LST-08")
def test_members_that_spotler_refuses_are_named_and_the_others_are_added(world, lists):
    good, bad = [world.contact() for _ in range(3)], world.contact(emailaddress1="no address")
    row = lists.create([*good, bad])

    job = lists.sync(row)

    job.assert_completed("PARTIAL")
    assert bad.id in job.message
    assert lists.members(row) == ids(good)


@pytest.mark.feature("LST-08")
def test_a_list_of_which_all_are_refused_fails(world, lists):
    bad = world.contact(emailaddress1="no address")
    row = lists.create([bad])

    job = lists.sync(row)

    assert job.outcome == ("Failed", "PROPERTY_INVALID")
    assert bad.id in job.message
