import pytest
import requests

from tests.contract.dataverse_standin.support import DEADLINE_SECONDS, FORMATTED, error_code

JOB_TIME = "2025-03-01T12:00:00Z"


@pytest.fixture
def people(standin):
    """Three contacts, one of them with a company."""
    (company,) = standin.load("account", {"name": "Voorbeeld BV"})
    people = standin.load(
        "contact",
        {"firstname": "Anna", "lastname": "O'Neil", "emailaddress1": "anna@example.org", "numberofchildren": 2},
        {"firstname": "Bo", "lastname": "de Wit", "birthdate": "1980-05-17", "donotbulkemail": True},
        {
            "firstname": "Cees",
            "lastname": "Smit",
            "numberofchildren": 5,
            "parentcustomerid_account@odata.bind": f"/accounts({company})",
        },
    )
    return {"company": company, **dict(zip(("anna", "bo", "cees"), people, strict=True))}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("firstname eq 'Anna'", "Anna"),
        ("firstname eq 'ANNA'", "Anna"),
        ("'Anna' eq firstname", "Anna"),
        ("lastname eq 'O''Neil'", "Anna"),
        ("firstname ne 'Anna'", "Bo Cees"),
        ("emailaddress1 eq null", "Bo Cees"),
        ("emailaddress1 ne null", "Anna"),
        ("contains(lastname,'de w')", "Bo"),
        ("startswith(firstname,'c')", "Cees"),
        ("endswith(lastname,'IT')", "Bo Cees"),
        ("not startswith(firstname,'c')", "Anna Bo"),
        ("numberofchildren gt 2", "Cees"),
        ("numberofchildren ge 2 and numberofchildren lt 5", "Anna"),
        ("numberofchildren le 2 or firstname eq 'Bo'", "Anna Bo"),
        ("(firstname eq 'Anna' or firstname eq 'Bo') and numberofchildren eq 2", "Anna"),
        ("firstname eq 'Anna' or (firstname eq 'Cees' and numberofchildren eq 5)", "Anna Cees"),
        ("not (firstname eq 'Anna' or firstname eq 'Bo')", "Cees"),
        ("birthdate eq 1980-05-17", "Bo"),
        ("birthdate lt 1970-01-01", ""),
        ("donotbulkemail eq true", "Bo"),
        ("donotbulkemail eq false and statecode eq 0", "Anna Cees"),
        ("contactid eq {anna}", "Anna"),
        ("_parentcustomerid_value eq {company}", "Cees"),
        ("_parentcustomerid_value ne null", "Cees"),
        ("parentcustomerid_account/name eq 'voorbeeld bv'", "Cees"),
        ("contains(parentcustomerid_account/name,'beeld')", "Cees"),
        ("Microsoft.Dynamics.CRM.In(PropertyName='firstname',PropertyValues=['anna','Bo','nobody'])", "Anna Bo"),
        ("Microsoft.Dynamics.CRM.In(PropertyName='contactid',PropertyValues=['{bo}'])", "Bo"),
        ("Microsoft.Dynamics.CRM.In(PropertyName='numberofchildren',PropertyValues=['5','6'])", "Cees"),
        ("statecode eq 0 and Microsoft.Dynamics.CRM.In(PropertyName='lastname',PropertyValues=['O''Neil'])", "Anna"),
        ("createdon gt 2020-01-01T00:00:00Z", "Anna Bo Cees"),
        ("modifiedon lt 2020-01-01T00:00:00+01:00", ""),
    ],
)
def test_filters(api, people, text, found):
    rows = api.rows("contacts", params={"$filter": text.format(**people), "$select": "firstname"})

    assert [row["firstname"] for row in rows] == found.split()


def test_the_same_filter_finds_what_changed_in_between(api, people):
    """Indexes follow the rows."""

    def named(name):
        return len(api.rows(f"contacts?$filter=firstname eq '{name}' and statecode eq 0"))

    before = named("Anna"), named("Dirk")
    api.patch(f"contacts({people['anna']})", {"firstname": "Dirk"})
    between = named("Anna"), named("Dirk")
    api.delete(f"contacts({people['anna']})")

    assert (before, between, named("Dirk")) == ((1, 0), (0, 1), 0)


@pytest.mark.parametrize(
    "text",
    [
        "nosuchcolumn eq 1",
        "FirstName eq 'x'",
        "firstname eq 5",
        "firstname eq x",
        "numberofchildren eq '5'",
        "contactid eq 'd00d0000-2222-4f11-9f89-000d3ab0c020'",
        "parentcustomerid eq d00d0000-2222-4f11-9f89-000d3ab0c020",
        "createdon gt '2020-01-01'",
        "createdon gt 2020-01-01T00:00:00",
        "firstname in ('a','b')",
        "firstname",
        "firstname eq",
        "(firstname eq 'x'",
        "tolower(firstname) eq 'x'",
        "contains(numberofchildren,'1')",
        "Microsoft.Dynamics.CRM.LastXDays(PropertyName='createdon',PropertyValue=3)",
        "nosuchnavigation/name eq 'x'",
    ],
)
def test_filters_that_are_refused(api, text):
    response = api.get("contacts", params={"$filter": text})

    assert (response.status_code, error_code(response)) == (400, "0x80060888")


@pytest.mark.parametrize(
    "query",
    ["$select=nosuch", "$select=LastName", "$orderby=nosuch", "$skip=5", "$top=x", "$expand=nosuch", "$apply=x"],
)
def test_query_options_that_are_refused(api, query):
    assert api.get(f"contacts?{query}").status_code == 400


@pytest.mark.usefixtures("people")
def test_select_always_brings_the_primary_key(api):
    rows = api.rows("contacts?$select=firstname")

    assert set(rows[0]) == {"@odata.etag", "firstname", "contactid"}


@pytest.mark.usefixtures("people")
def test_rows_come_ordered(api):
    def names(order):
        return [row["firstname"] for row in api.rows(f"contacts?$select=firstname&$orderby={order}")]

    assert names("numberofchildren") == ["Bo", "Anna", "Cees"]
    assert names("numberofchildren desc") == ["Cees", "Anna", "Bo"]
    assert names("statecode,firstname desc") == ["Cees", "Bo", "Anna"]


@pytest.mark.usefixtures("people")
def test_expand_shows_the_row_behind_a_lookup(api):
    rows = api.rows(
        "contacts?$select=firstname&$expand=parentcustomerid_account($select=name),ownerid($select=fullname)"
    )
    companies = [row["parentcustomerid_account"] for row in rows]

    assert companies[:2] == [None, None]
    assert companies[2]["name"] == "Voorbeeld BV"
    assert rows[0]["ownerid"]["fullname"] == "Sandbox Administrator"


def test_annotations_come_when_asked_for(api, people):
    path = f"contacts({people['cees']})?$select=_parentcustomerid_value,donotemail,statuscode"
    plain = api.get(path).json()
    row = api.get(path, prefer='odata.include-annotations="*"').json()

    assert not [name for name in plain if "@" in name and not name.startswith("@")]
    assert row[f"_parentcustomerid_value@{FORMATTED}"] == "Voorbeeld BV"
    assert row["_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] == "account"
    assert (
        row["_parentcustomerid_value@Microsoft.Dynamics.CRM.associatednavigationproperty"] == "parentcustomerid_account"
    )
    assert (row[f"donotemail@{FORMATTED}"], row[f"statuscode@{FORMATTED}"]) == ("Allow", "Active")


def test_single_annotations_can_be_chosen(api, people):
    prefer = 'odata.include-annotations="Microsoft.Dynamics.CRM.lookuplogicalname"'
    row = api.get(f"contacts({people['cees']})?$select=_parentcustomerid_value", prefer=prefer).json()

    assert [name for name in row if "value@" in name] == [
        "_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"
    ]


@pytest.mark.usefixtures("people")
def test_counts(api):
    assert api.get("contacts?$count=true&$top=1").json()["@odata.count"] == 3
    assert api.get("contacts/$count").text == "3"
    assert api.get("contacts/$count?$filter=firstname eq 'Bo'").text == "1"


@pytest.mark.usefixtures("people")
def test_top_gives_so_many_and_no_further_page(api):
    content = api.get("contacts?$top=2").json()

    assert len(content["value"]) == 2
    assert "@odata.nextLink" not in content


@pytest.mark.parametrize("order", ["", "&$orderby=dh_rating desc,dh_name"])
def test_pages_follow_each_other_though_rows_change_in_between(standin, api, order):
    standin.load("dh_websitevisitor", *({"dh_name": f"v{n:02}", "dh_rating": n % 3} for n in range(25)))
    expected = [row["dh_name"] for row in api.rows(f"dh_websitevisitors?$select=dh_name{order}")]
    seen, path = [], f"dh_websitevisitors?$select=dh_name{order}"
    while path:
        content = api.get(path, prefer="odata.maxpagesize=10").json()
        seen += [row["dh_name"] for row in content["value"]]
        api.delete(f"dh_websitevisitors({content['value'][-1]['dh_websitevisitorid']})")
        path = content.get("@odata.nextLink", "").removeprefix(f"{api.root}/")

    assert seen == expected


def test_a_page_has_at_most_five_thousand_rows(standin, api):
    standin.load("dh_websitevisitor", *({"dh_name": f"v{n}"} for n in range(5001)))
    content = api.get("dh_websitevisitors?$select=dh_name&$count=true", prefer="odata.maxpagesize=9999").json()

    assert len(content["value"]) == content["@odata.count"] == 5000
    assert len(api.get(content["@odata.nextLink"].removeprefix(f"{api.root}/")).json()["value"]) == 1


def test_an_invented_skip_token_is_refused(api):
    assert api.get("contacts?$skiptoken=abc").status_code == 400


@pytest.mark.usefixtures("people")
def test_parameter_aliases_are_filled_in(api):
    rows = api.rows("contacts", params={"$filter": "firstname eq @name", "@name": "'Bo'"})

    assert [row["firstname"] for row in rows] == ["Bo"]


def test_an_address_of_more_than_32_kilobytes_is_refused(api):
    response = api.get("contacts", params={"$filter": f"firstname eq '{'x' * 32_768}'"})

    assert response.status_code == 414
    assert response.headers["Content-Type"] == "text/html"


def test_other_versions_of_the_api_do_not_exist(standin):
    address = f"{standin.ready.url}/api/data/v8.0/contacts"

    assert requests.get(address, verify=standin.ready.ca_file, timeout=DEADLINE_SECONDS).status_code == 404
