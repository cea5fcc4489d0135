"""Dynamic lists of every kind of member, and a query that reads a table for which the connector has no privilege."""

import pytest

from connector.dataverse.choices import JobStatus
from connector.dataverse.names import Account, Contact, Lead, MarketingList

CITY = '<filter><condition attribute="address1_city" operator="eq" value="Gouda"/></filter>'
KINDS = {Account.TABLE: 1, Contact.TABLE: 2, Lead.TABLE: 4}


def dynamic(lists, table, inner):
    query = f'<fetch><entity name="{table}"><attribute name="createdon"/>{inner}</entity></fetch>'
    columns = {MarketingList.DYNAMIC: True, MarketingList.QUERY: query, MarketingList.MEMBER_TYPE: KINDS[table]}
    return lists.create(**columns)


@pytest.mark.parametrize("table", KINDS)
def test_a_dynamic_list_may_be_of_any_kind_of_member(world, lists, table):
    make = {Account.TABLE: world.account, Contact.TABLE: world.contact, Lead.TABLE: world.lead}[table]
    inside = make(address1_city="Gouda")
    make(address1_city="Delft")
    row = dynamic(lists, table, CITY)

    assert lists.sync(row) == (JobStatus.COMPLETED, "OK", "The audience has 1 member: 1 added, 0 removed.")
    assert lists.audience(row) == [inside.id]


def test_a_query_about_a_table_that_the_connector_may_not_read_fails_and_names_the_privilege(world, lists):
    world.contact(address1_city="Gouda")
    link = '<link-entity name="savedquery" from="createdby" to="createdby"/>'
    row = dynamic(lists, Contact.TABLE, link)

    status, code, message = lists.sync(row)

    assert (status, code) == (JobStatus.FAILED, "DATAVERSE_FORBIDDEN")
    assert "prvRead" in message
    assert not lists.audience(row)
