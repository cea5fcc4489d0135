"""The query of a list becomes one that gives each member once, in safe pages; what cannot be read is refused."""

import pytest
from defusedxml.ElementTree import fromstring

from connector.sync.lists.errors import ListQueryNotSupported, ListQueryNotValid
from connector.sync.lists.query import LONGEST, dynamic_query, static_query
from sandbox.dataverse.fetchxml.conditions.people import PEOPLE

LIST = "11571157-0000-4000-8000-000000000003"
COLUMNS = ("statecode", "emailaddress1")
SIMPLE = (
    '<fetch version="1.0" output-format="xml-platform" mapping="logical" distinct="false"><entity name="contact">'
    '<attribute name="fullname"/><attribute name="telephone1"/><order attribute="fullname" descending="false"/>'
    '<filter type="and"><condition attribute="address1_city" operator="like" value="%dam%"/></filter></entity></fetch>'
)


def entity(inner="", *, table="contact", fetch=""):
    return f'<fetch {fetch}><entity name="{table}">{inner}</entity></fetch>'


def link(name, source, target, inner="", **more):
    more = " ".join(f'{key.replace("_", "-")}="{value}"' for key, value in more.items())
    return f'<link-entity name="{name}" from="{source}" to="{target}" {more}>{inner}</link-entity>'


def parsed(text):
    return fromstring(text)


def page(text, number=1, size=5000, cookie=None):
    return parsed(dynamic_query(text, "contact", COLUMNS).page(number, size, cookie))


def shown(root):
    return [each.get("name") for each in root.findall("entity/attribute")]


def orders(root):
    return [each.get("attribute") for each in root.iter("order")]


def test_a_static_list_is_read_in_the_order_of_its_own_rows():
    query = static_query(LIST, "lead", ["statecode"])
    root = parsed(query.page(3, 5000, "<cookie page='2'/>"))

    assert root.attrib == {"distinct": "false", "page": "3", "count": "5000", "paging-cookie": "<cookie page='2'/>"}
    assert (query.set_name, query.key, query.prefix) == ("listmembers", "_entityid_value", "m.")
    assert orders(root) == ["listmemberid"]
    (joined,) = root.findall("entity/link-entity")
    assert (joined.get("name"), joined.get("from"), joined.get("to"), joined.get("link-type")) == (
        "lead", "leadid", "entityid", "inner",
    )  # fmt: skip
    assert [each.get("name") for each in joined] == ["statecode"]
    (condition,) = root.iter("condition")
    assert (condition.get("attribute"), condition.get("value")) == ("listid", LIST)


def test_a_dynamic_list_keeps_its_filter_and_gets_our_columns_and_order():
    root = page(SIMPLE)

    assert shown(root) == ["contactid", *COLUMNS]
    assert orders(root) == ["contactid"]
    assert root.get("distinct") == "false"
    assert [each.get("value") for each in root.iter("condition")] == ["%dam%"]


def test_what_cuts_a_query_into_pages_is_ours():
    root = page(
        entity(fetch='count="50" page="7" paging-cookie="x" returntotalrecordcount="true" options="a" distinct="true"')
    )

    assert root.attrib == {"distinct": "false", "page": "1", "count": "5000"}


def test_columns_and_orders_of_related_tables_are_dropped():
    inner = (
        '<attribute name="name"/><order attribute="name"/><filter><condition attribute="a" operator="null"/></filter>'
    )
    root = page(entity(link("account", "accountid", "parentcustomerid", inner, alias="ab")))

    (joined,) = root.iter("link-entity")
    assert [each.tag for each in joined] == ["filter"]
    assert joined.get("alias") == "ab"


TO_MANY = link("opportunity", "parentcontactid", "contactid")


@pytest.mark.parametrize(
    ("inner", "distinct"),
    [
        (link("account", "accountid", "parentcustomerid"), "false"),
        (TO_MANY, "true"),
        (link("account", "accountid", "parentcustomerid", link("contact", "parentcustomerid", "accountid")), "true"),
        (link("listmember", "entityid", "contactid", link("list", "listid", "listid"), intersect="true"), "true"),
        (link("opportunity", "parentcontactid", "contactid", link_type="outer"), "true"),
        (link("opportunity", "parentcontactid", "contactid", link_type="exists"), "false"),
        (f"<filter>{link('opportunity', 'parentcontactid', 'contactid', link_type='not any')}</filter>", "false"),
        (link("activitypointer", "activityid", "x_lastactivityid"), "false"),
        (
            link(
                "activitypointer", "activityid", "x_lastactivityid", link("activityparty", "activityid", "activityid")
            ),
            "true",
        ),
        ('<link-entity name="opportunity"/>', "true"),
    ],
    ids=[
        "to one",
        "to many",
        "to one, then to many",
        "other list",
        "outer",
        "exists",
        "in a filter",
        "activity",
        "participants",
        "bare",
    ],
)
def test_members_come_once_where_a_related_table_has_several_rows(inner, distinct):
    root = page(entity(inner))

    assert root.get("distinct") == distinct
    assert (shown(root)[0], orders(root)) == ("contactid", ["contactid"])


def test_the_first_hundred_by_revenue_stay_the_first_hundred_by_revenue():
    text = entity('<attribute name="fullname"/><order attribute="annualincome" descending="true"/>', fetch='top="100"')
    query = dynamic_query(text, "contact", COLUMNS)
    root = parsed(query.page(1, 5000))

    assert query.is_whole
    assert (root.attrib, orders(root)) == ({"top": "100"}, ["annualincome"])
    assert shown(root) == ["contactid", *COLUMNS, "annualincome"]


def test_candidates_are_asked_for_beside_the_filter_of_the_list():
    query = dynamic_query(
        entity('<filter type="or"><condition attribute="a" operator="null"/></filter>'), "contact", []
    )
    filters = parsed(query.only([LIST, "b"])).findall("entity/filter")

    assert [each.get("type") for each in filters] == ["or", "and"]
    (condition,) = filters[1]
    assert (condition.get("attribute"), condition.get("operator")) == ("contactid", "in")
    assert [each.text for each in condition] == [LIST, "b"]


def test_candidates_of_a_static_list_are_asked_for_by_their_own_id():
    *_, condition = parsed(static_query(LIST, "contact", []).only([LIST])).iter("condition")

    assert (condition.get("attribute"), condition.get("operator")) == ("entityid", "in")


@pytest.mark.parametrize("text", ["", "4,11571157", "<fetch", "<fetch/>", "<fetch><entity/><entity/></fetch>",
                                  entity(table="lead"), "<fetch><x/></fetch>", entity(fetch='top="0"'),
                                  entity(fetch='top="5001"'), entity(fetch='top="x"')])  # fmt: skip
def test_what_is_no_query_for_the_members_is_refused(text):
    with pytest.raises(ListQueryNotValid) as caught:
        dynamic_query(text, "contact", COLUMNS)

    assert caught.value.what_to_do


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (entity(fetch='aggregate="true"'), "an aggregate"),
        (entity('<attribute name="a" aggregate="count" alias="n"/>'), "an aggregate"),
        (entity(fetch='datasource="retained"'), "datasource"),
        (entity(fetch='new-thing="1"'), "new-thing"),
        (entity("<new/>"), "<new>"),
        (entity("<filter><not/></filter>"), "<not>"),
        (entity("<filter><condition><filter/></condition></filter>"), "<filter>"),
        (entity(f'<filter><condition attribute="a" operator="eq" value="{"x" * LONGEST}"/></filter>'), "longer than"),
    ],
)
def test_what_cannot_be_read_in_full_is_refused_by_its_name(text, says):
    with pytest.raises(ListQueryNotSupported, match=says):
        dynamic_query(text, "contact", COLUMNS)


@pytest.mark.parametrize("operator", sorted(PEOPLE))
@pytest.mark.parametrize("where", ["", "filter", "link"])
def test_an_operator_about_the_user_who_looks_at_the_list_is_refused(operator, where):
    """The connector is another user, so it would find nobody, or the wrong people."""
    condition = f'<filter><condition attribute="ownerid" operator="{operator}"/></filter>'
    inner = {
        "": condition,
        "filter": f'<filter type="or">{condition}</filter>',
        "link": f'<link-entity name="account" from="accountid" to="parentcustomerid">{condition}</link-entity>',
    }
    with pytest.raises(ListQueryNotSupported, match=operator):
        dynamic_query(entity(inner[where]), "contact", COLUMNS)


BOMB = '<!DOCTYPE f [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize("text", [
    f"{BOMB}{entity('&b;')}",
    f"<fetch/>{BOMB}",
    f"<fetch>{BOMB}</fetch>",
    entity("&undefined;"),
    '<?xml version="1.0"?><!DOCTYPE fetch SYSTEM "file:///etc/passwd">' + entity(),
])  # fmt: skip
def test_no_entity_and_no_document_type_is_read(text):
    with pytest.raises(ListQueryNotValid):
        dynamic_query(text, "contact", COLUMNS)


def test_the_columns_of_the_query_may_be_named_when_it_is_refused():
    assert dynamic_query(SIMPLE, "contact", COLUMNS).columns == ("address1_city",)
