"""Messages about Marketing Lists: which of them are about a list that may have to leave Spotler."""

from datetime import UTC, datetime

import pytest

from connector.dataverse.names import OWN_TAG
from connector.dataverse.records import RecordRef
from connector.errors import Unreadable
from connector.mapping import parse_mapping
from connector.routing.record_item import RecordItem
from connector.routing.route import Ignore, route
from tests.unit.jobs.posted import CONTACT, ZERO, choice, reference
from tests.unit.routing.changed import OTHER, message, posted, row, rows, updated
from tests.unit.world import MAPPING

LIST = "11570000-7777-4000-8000-000d3ab0c070"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOTHING = Ignore("nothing changed that starts a sync")


#: Permissions of contacts and leads are members of lists.
IN_LISTS = parse_mapping(
    {
        "rows": [
            {"contact": "emailaddress1", "lead": "emailaddress1", "direction": "->", "spotler": "email"},
            {"contact": "@map(list)", "lead": "@map(list)", "direction": "<->", "spotler": "permissions"},
        ]
    }
)


def routing(document, mapping=MAPPING, **properties):
    return route(message(document, **properties), now=NOW, mapping=mapping)


def items(document, mapping=MAPPING, **properties):
    return [each.item for each in routing(document, mapping, **properties)]


def listed(row_id=LIST, **says):
    return RecordItem(record=RecordRef("list", row_id), first_seen=NOW, **says)


def test_a_change_of_its_state_is_about_the_list():
    assert items(updated(LIST, "list", statecode=choice(1), statuscode=choice(1))) == [listed()]


@pytest.mark.parametrize("name", ["SetState", "SetStateDynamicEntity"])
def test_the_old_messages_about_the_state_are_too(name):
    moniker = reference("list", LIST)

    assert items(posted(name, "list", ZERO, EntityMoniker=moniker, State=choice(1))) == [listed()]


def test_a_deletion_says_so():
    assert items(posted("Delete", "list", LIST, Target=reference("list", LIST))) == [listed(deleted=True)]


@pytest.mark.parametrize("column", ["listname", "query", "dh_spotlersync", "dh_spotlerlastsync"])
def test_another_name_or_query_waits_for_the_next_sync(column):
    assert routing(updated(LIST, "list", **{column: "x"})) == NOTHING


def test_a_new_list_is_in_no_audience_yet():
    assert (
        routing(posted("Create", "list", Target=row("list", LIST, listname="Friends", statecode=choice(0)))) == NOTHING
    )


def test_of_several_lists_those_whose_state_changed_count():
    changed = rows("list", row("list", LIST, statecode=choice(1)), row("list", OTHER, listname="Friends"))

    assert items(posted("UpdateMultiple", "list", Targets=changed)) == [listed()]


def test_a_row_without_an_id_of_its_own_is_found_by_its_key():
    changed = rows("list", row("list", ZERO, listid=LIST.upper(), statecode=choice(1)))

    assert items(posted("UpdateMultiple", "list", Targets=changed)) == [listed()]


def test_a_message_that_was_cut_may_be_about_the_state():
    assert items(posted("Update", "list", LIST)) == [listed()]


# Members


def members(name, **parameters):
    return posted(name, "list", LIST, ListId=LIST, **parameters)


def people(*ids, tables=("contact", "lead")):
    return [RecordItem(record=RecordRef(table, each), first_seen=NOW) for each in ids for table in tables]


@pytest.mark.parametrize("name", ["AddMember", "RemoveMember"])
def test_a_member_of_a_list_is_synced_where_permissions_are_kept_in_lists(name):
    assert items(members(name, EntityId=OTHER.upper()), IN_LISTS) == people(OTHER)


@pytest.mark.parametrize("name", ["AddListMembers", "RemoveListMembers"])
@pytest.mark.parametrize("wrap", [list, ",".join, lambda ids: [{"value": each} for each in ids]])
def test_many_members_are_found_however_they_are_wrapped(name, wrap):
    assert items(members(name, MemberIds=wrap([CONTACT, OTHER])), IN_LISTS) == people(CONTACT, OTHER)


@pytest.mark.parametrize("name", ["AddMember", "AddListMembers", "RemoveMember", "RemoveListMembers"])
def test_members_start_nothing_where_lists_hold_no_permissions(name):
    assert routing(members(name, EntityId=OTHER, MemberIds=[OTHER])) == NOTHING


def test_without_a_mapping_a_member_may_be_of_any_table():
    tables = ("contact", "lead", "account")

    assert items(members("AddMember", EntityId=OTHER), None) == people(OTHER, tables=tables)


def test_the_bus_takes_the_items_of_a_member_in_each_table_for_different_messages():
    document = members("AddMember", EntityId=OTHER)
    found = items(document, None)

    assert len({each.message_id for each in routing(document, None)}) == 3
    assert len({each.again(NOW).message_id for each in found}) == 3


def test_a_message_that_does_not_name_its_members_is_about_the_list():
    assert items(members("AddListMembers"), IN_LISTS) == [listed(columns=("listmember",))]


def test_a_message_that_names_neither_members_nor_list_is_malformed():
    document = posted("AddListMembers", "list", ZERO)

    with pytest.raises(Unreadable, match="whose members"):
        routing(document, IN_LISTS)


def test_what_the_connector_adds_itself_starts_nothing():
    document = members("AddListMembers", MemberIds=[OTHER])
    document["SharedVariables"] = [{"key": "tag", "value": OWN_TAG}]

    assert routing(document, IN_LISTS) == Ignore("the connector wrote it itself")
