"""Permissions that are kept as membership of Marketing Lists: in an app of their own, with that mapping."""

import json
from collections.abc import Iterator

import pytest

from connector.dataverse.names import Consent, ListMember, MarketingList, Permission, lookup_value
from sandbox.spotler.seed import NEWSLETTER_BIT
from sandbox.system import Options, running
from tests.acceptance.records import Record, new_address
from tests.acceptance.world import World

ROWS = [
    {"contact": "emailaddress1", "direction": "->", "spotler": "email"},
    {"contact": "@map(list)", "direction": "<->", "spotler": "permissions", "items": ["Newsletter"]},
]
LIST = {MarketingList.NAME: "Newsletter", MarketingList.MEMBER_TYPE: 2}


@pytest.fixture(scope="module")
def sales(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """People change lists, and Dataverse posts that."""
    folder = tmp_path_factory.mktemp("sales")
    mapping = folder / "mapping.json"
    mapping.write_text(json.dumps({"rows": ROWS}), encoding="utf-8")
    with running(Options(settings={"MAPPING_FILE": str(mapping)}, automatic=True), folder=folder) as system:
        world = World(system)
        yield world
        world.bus.close()


@pytest.fixture(scope="module")
def newsletter(sales: World) -> str:
    """The list of those who get the newsletter."""
    return sales.people.create(MarketingList.SET, LIST)


def change(sales: World, newsletter: str, record: Record, action: str) -> None:
    """Somebody adds or removes the record."""
    path = f"{MarketingList.SET}({newsletter})/Microsoft.Dynamics.CRM.{action}"
    sales.people.act(path, {"EntityId": record.id})


def members(sales: World, newsletter: str) -> set[str]:
    rows = sales.people.find(
        ListMember.SET, f"{lookup_value(ListMember.LIST)} eq {newsletter}", lookup_value(ListMember.MEMBER)
    )
    return {row[lookup_value(ListMember.MEMBER)] for row in rows}


def permissions(sales: World, record: Record) -> list[int] | None:
    contact = sales.spotler.find(record)
    return contact.permissions if contact else None


def until_permissions(sales: World, record: Record, expected: list[int]) -> None:
    sales.until(lambda: permissions(sales, record) == expected, f"the permissions are {expected}")
    sales.settle()


@pytest.mark.feature("SUB-03")
def test_who_is_added_to_the_list_gets_the_permission_and_who_is_removed_loses_it(sales, newsletter):
    record = sales.contact(emailaddress1=new_address())
    until_permissions(sales, record, [])

    change(sales, newsletter, record, "AddMemberList")
    until_permissions(sales, record, [NEWSLETTER_BIT])
    change(sales, newsletter, record, "RemoveMemberList")
    until_permissions(sales, record, [])

    said = [row[Consent.AFTER] for row in sales.rows(Consent.TABLE) if row[Consent.RECORD] == record.id]
    assert said == [True, False]
    assert sales.rows(Permission.TABLE) == []


@pytest.mark.feature("SUB-03")
def test_an_opt_out_in_spotler_removes_the_member(sales, newsletter):
    record = sales.contact(emailaddress1=new_address())
    change(sales, newsletter, record, "AddMemberList")
    until_permissions(sales, record, [NEWSLETTER_BIT])
    sales.run_timer("read_updates")

    sales.spotler.door.emit({"type": "unsubscribe", "externalId": record.id, "permissions": [NEWSLETTER_BIT]})

    def has_left() -> bool:
        sales.run_timer("read_updates")
        return record.id not in members(sales, newsletter)

    sales.until(has_left, "the person has left the list")
    sales.sync(record).assert_completed()
    assert permissions(sales, record) == []
