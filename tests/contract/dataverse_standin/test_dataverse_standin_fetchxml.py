import re
from urllib.parse import unquote
from xml.sax.saxutils import quoteattr

import pytest

PAGING = 'odata.include-annotations="Microsoft.Dynamics.CRM.fetchxmlpagingcookie,Microsoft.Dynamics.CRM.morerecords"'


@pytest.fixture
def people(standin):
    (company,) = standin.load("account", {"name": "Voorbeeld BV"})
    standin.load(
        "contact",
        {"firstname": "Anna", "emailaddress1": "anna@example.org"},
        {"firstname": "Bo", "parentcustomerid_account@odata.bind": f"/accounts({company})"},
        {"firstname": "Cees"},
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
def test_columns_of_a_linked_table_carry_its_alias(api):
    link = (
        '<link-entity name="account" from="accountid" to="parentcustomerid" alias="company">'
        '<attribute name="name"/></link-entity>'
    )
    (row,) = fetch(api, link).json()["value"]

    assert row["company.name"] == "Voorbeeld BV"


def test_pages_are_followed_with_the_cookie_decoded_twice(api, standin):
    standin.load("contact", *({"firstname": f"n{n}"} for n in range(5)))
    seen, attributes = [], 'page="1" count="2"'
    while attributes:
        content = fetch(api, "", attributes)
        seen += names(content)
        cookie = content.json().get("@Microsoft.Dynamics.CRM.fetchxmlpagingcookie")
        assert content.json()["@Microsoft.Dynamics.CRM.morerecords"] is (cookie is not None)
        attributes = None
        if cookie:
            inner = unquote(unquote(re.search('pagingcookie="([^"]*)"', cookie)[1]))
            page = re.search('pagenumber="([^"]*)"', cookie)[1]
            attributes = f'page="{page}" count="2" paging-cookie={quoteattr(inner)}'

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


@pytest.mark.parametrize(
    "text",
    [
        "<fetch",
        "<fetch></fetch>",
        '<fetch><entity name="account"/></fetch>',
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
