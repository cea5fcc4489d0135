import re
from urllib.parse import quote, unquote
from xml.sax.saxutils import quoteattr

import pytest

from tests.contract.dataverse_standin.support import error_code, multipart, part, statuses

PAGING = 'odata.include-annotations="Microsoft.Dynamics.CRM.fetchxmlpagingcookie,Microsoft.Dynamics.CRM.morerecords"'


def numbered(number):
    """An id; without an order, rows come in the order of their ids."""
    return f"c0c0c0c0-0000-4000-8000-{number:012}"


@pytest.fixture
def people(standin):
    (company,) = standin.load("account", {"name": "Voorbeeld BV"})
    standin.load(
        "contact",
        {"contactid": numbered(1), "firstname": "Anna", "emailaddress1": "anna@example.org"},
        {
            "contactid": numbered(2),
            "firstname": "Bo",
            "parentcustomerid_account@odata.bind": f"/accounts({company})",
        },
        {"contactid": numbered(3), "firstname": "Cees"},
    )


def fetch(api, inner, attributes='page="1"', prefer=PAGING):
    text = f'<fetch {attributes}><entity name="contact"><attribute name="firstname"/>{inner}</entity></fetch>'
    return api.get("contacts", params={"fetchXml": text}, prefer=prefer)


def names(response):
    return [row["firstname"] for row in response.json()["value"]]


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("inner", "found"),
    [
        ("", "Anna Bo Cees"),
        ('<filter><condition attribute="firstname" operator="eq" value="anna"/></filter>', "Anna"),
        ('<filter><condition attribute="firstname" operator="ne" value="anna"/></filter>', "Bo Cees"),
        ('<filter><condition attribute="emailaddress1" operator="null"/></filter>', "Bo Cees"),
        ('<filter><condition attribute="emailaddress1" operator="not-null"/></filter>', "Anna"),
        ('<filter><condition attribute="firstname" operator="like" value="%e%"/></filter>', "Cees"),
        (
            (
                '<filter><condition attribute="firstname" operator="in"><value>Bo</value>'
                "<value>Cees</value></condition>"
                '<condition attribute="statecode" operator="eq" value="0"/></filter>'
            ),
            "Bo Cees",
        ),
        (
            (
                '<filter type="or"><condition attribute="firstname" operator="eq" value="Bo"/>'
                '<filter><condition attribute="emailaddress1" operator="begins-with" value="anna"/></filter></filter>'
            ),
            "Anna Bo",
        ),
        ('<order attribute="firstname" descending="true"/>', "Cees Bo Anna"),
        ('<link-entity name="account" from="accountid" to="parentcustomerid"/>', "Bo"),
        (
            (
                '<link-entity name="account" from="accountid" to="parentcustomerid" link-type="outer"/>'
                '<filter><condition attribute="firstname" operator="lt" value="c"/></filter>'
            ),
            "Anna Bo",
        ),
    ],
)
def test_queries(api, inner, found):
    assert names(fetch(api, inner)) == found.split()


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("operator", "pattern", "found"),
    [
        ("like", "[a-b]%", "Anna Bo"),
        ("like", "[^a-b]%", "Cees"),
        ("like", "_o", "Bo"),
        ("like", "anna", "Anna"),
        ("like", "[%]", ""),
        ("not-like", "%e%", "Anna Bo"),
        ("begins-with", "_nn", "Anna"),
        ("not-begin-with", "a", "Bo Cees"),
        ("ends-with", "s", "Cees"),
        ("not-end-with", "s", "Anna Bo"),
    ],
)
def test_patterns_are_those_of_sql_server(api, operator, pattern, found):
    condition = f'<filter><condition attribute="firstname" operator="{operator}" value="{pattern}"/></filter>'

    assert names(fetch(api, condition)) == found.split()


@pytest.mark.usefixtures("people")
def test_columns_that_are_null_are_left_out(api):
    inner = (
        '<attribute name="emailaddress1"/><attribute name="parentcustomerid"/>'
        '<link-entity name="account" from="accountid" to="parentcustomerid" link-type="outer" alias="company">'
        '<attribute name="name"/><attribute name="accountnumber"/></link-entity>'
    )
    shown = [set(row) - {"@odata.etag", "contactid", "firstname"} for row in fetch(api, inner).json()["value"]]

    assert shown == [{"emailaddress1"}, {"_parentcustomerid_value", "company.name"}, set()]


@pytest.mark.usefixtures("people")
def test_a_query_with_select_shows_nulls(api):
    rows = api.rows("contacts?$select=emailaddress1")

    assert [row["emailaddress1"] for row in rows] == ["anna@example.org", None, None]


@pytest.mark.usefixtures("people")
def test_the_number_of_rows_comes_when_asked_for(api):
    counted = fetch(api, "", 'returntotalrecordcount="true"', 'odata.include-annotations="*"').json()
    plain = fetch(api, "", 'returntotalrecordcount="true"', None).json()

    assert (counted["@odata.count"], counted["@Microsoft.Dynamics.CRM.totalrecordcount"]) == (3, 3)
    assert counted["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"] is False
    assert plain["@odata.count"] == 3
    assert [name for name in plain if name.startswith("@Microsoft")] == []


def test_links_without_an_alias_are_numbered(api, standin):
    (company,) = standin.load("account", {"name": "x"})
    standin.load("contact", {"firstname": "Bo", "parentcustomerid_account@odata.bind": f"/accounts({company})"})
    link = '<link-entity name="account" from="accountid" to="parentcustomerid"><attribute name="name"/></link-entity>'
    (row,) = fetch(api, link * 2).json()["value"]

    assert (row["account1.name"], row["account2.name"]) == ("x", "x")


@pytest.mark.usefixtures("people")
def test_columns_of_a_linked_table_carry_its_alias(api):
    link = (
        '<link-entity name="account" from="accountid" to="parentcustomerid" alias="company">'
        '<attribute name="name"/></link-entity>'
    )
    (row,) = fetch(api, link).json()["value"]

    assert row["company.name"] == "Voorbeeld BV"


def test_pages_are_followed_with_the_cookie_decoded_twice(api, standin):
    standin.load("contact", *({"contactid": numbered(n), "firstname": f"n{n}"} for n in range(5)))
    seen, page, cookie = [], 1, ""
    while page:
        content = fetch(api, "", f'page="{page}" count="2"{cookie}')
        seen += names(content)
        annotation = content.json().get("@Microsoft.Dynamics.CRM.fetchxmlpagingcookie")
        assert content.json().get("@Microsoft.Dynamics.CRM.morerecords") is (True if annotation else None)
        page = page + 1 if annotation else 0
        if annotation:
            inner = unquote(unquote(re.search('pagingcookie="([^"]*)"', annotation)[1]))
            cookie = f" paging-cookie={quoteattr(inner)}"

    assert seen == [f"n{n}" for n in range(5)]


def test_a_cookie_that_was_decoded_once_is_refused(api, standin):
    standin.load("contact", *({"firstname": f"n{n}"} for n in range(3)))
    cookie = fetch(api, "", 'page="1" count="2"').json()["@Microsoft.Dynamics.CRM.fetchxmlpagingcookie"]
    once = unquote(re.search('pagingcookie="([^"]*)"', cookie)[1])
    response = fetch(api, "", f'page="2" count="2" paging-cookie={quoteattr(once)}')

    assert response.status_code == 400


def test_sorting_by_a_linked_table_gives_no_cookie(api, standin):
    (company,) = standin.load("account", {"name": "x"})
    bind = {"parentcustomerid_account@odata.bind": f"/accounts({company})"}
    standin.load("contact", *({"firstname": f"n{n}", **bind} for n in range(3)))
    link = '<link-entity name="account" from="accountid" to="parentcustomerid"><order attribute="name"/></link-entity>'
    content = fetch(api, link, 'page="1" count="2"').json()

    assert content["@Microsoft.Dynamics.CRM.morerecords"] is True
    assert "@Microsoft.Dynamics.CRM.fetchxmlpagingcookie" not in content


CONDITION = '<condition attribute="firstname" operator="eq" value="Bo"/>'
LINK = '<link-entity name="account" from="accountid" to="parentcustomerid"/>'


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("inner", "attributes"),
    [
        ("", 'version="1.0" output-format="xml-platform" mapping="logical" distinct="false" no-lock="true"'),
        ("<!-- by a designer -->", 'latematerialize="1"'),
        ("<filter>" + CONDITION.replace("value", 'uiname="Bo" uitype="contact" uihidden="0" value') + "</filter>", ""),
        (LINK.replace("/>", ' visible="false" intersect="true"/>'), ""),
    ],
)
def test_what_designers_write_without_effect_is_taken(api, inner, attributes):
    assert fetch(api, inner, attributes).status_code == 200


@pytest.mark.parametrize(
    "text",
    [
        "<fetch",
        "<fetch></fetch>",
        '<fetch><entity name="contact"/><entity name="contact"/></fetch>',
        '<!DOCTYPE fetch [<!ENTITY x "contact">]><fetch><entity name="&x;"/></fetch>',
        '<fetch><entity name="nosuch"/></fetch>',
        '<fetch><entity name="contact"><attribute name="nosuch"/></entity></fetch>',
        '<fetch top="5" page="1"><entity name="contact"/></fetch>',
        (
            '<fetch><entity name="contact"><filter><condition attribute="firstname" operator="x" value="1"/></filter>'
            "</entity></fetch>"
        ),
    ],
)
def test_queries_that_are_refused(api, text):
    assert api.get("contacts", params={"fetchXml": text}).status_code == 400


def test_a_query_of_another_table_is_refused(api):
    response = api.get("contacts", params={"fetchXml": '<fetch><entity name="account"/></fetch>'})

    assert (response.status_code, error_code(response)) == (400, "0x80041128")


@pytest.mark.usefixtures("people")
def test_a_query_that_is_too_long_for_an_address_goes_into_a_batch(api):
    values = "".join(f"<value>{'x' * 20}{n}</value>" for n in range(1100))
    text = (
        '<fetch><entity name="contact"><attribute name="firstname"/><filter><condition attribute="firstname" '
        f'operator="in"><value>Bo</value>{values}</condition></filter></entity></fetch>'
    )
    address = f"contacts?fetchXml={quote(text, safe='')}"
    plain = api.get(address)
    batched = api.batch(multipart("b", part("GET", f"/api/data/v9.2/{address}")))

    assert 33_000 < len(address) < 65_000
    assert (plain.status_code, statuses(batched)) == (414, [200])
    assert '"firstname":"Bo"' in batched.text


def test_the_time_zone_is_that_of_the_calling_user(api, standin):
    standin.load("contact", {"firstname": "Bo", "createdon": "2026-03-17T23:30:00Z"})
    on = '<filter><condition attribute="createdon" operator="on" value="2026-03-18"/></filter>'
    settings = f"usersettingscollection({standin.ready.admin_user_id})"

    assert (api.get(settings).json()["timezonecode"], names(fetch(api, on))) == (92, [])
    api.patch(settings, {"timezonecode": 110})
    assert names(fetch(api, on)) == ["Bo"]
    assert names(fetch(standin.connector, on)) == []
    api.patch(settings, {"timezonecode": 9999})
    assert error_code(fetch(api, on)) == "0x80040203"


@pytest.mark.usefixtures("people")
def test_what_no_source_settles_is_a_switch(api, standin):
    inner = (
        '<filter><condition attribute="emailaddress1" operator="not-in"><value>anna@example.org</value></condition>'
        "</filter>"
    )

    assert names(fetch(api, inner)) == ["Bo", "Cees"]
    assert standin.side("fetchxml", {"not_in_matches_nulls": False})["not_in_matches_nulls"] is False
    assert names(fetch(api, inner)) == []
    standin.side("reset", {})
    assert standin.side("fetchxml", {})["not_in_matches_nulls"] is True
