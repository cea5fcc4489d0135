"""`$expand` of collections and of what is nested: what the service shows, and what it refuses."""

import pytest

from tests.contract.dataverse_standin.support import error_code

CONTACTS = "contact_customer_accounts"


@pytest.fixture
def company(standin):
    """A company with four people; a fifth one is of no company."""
    (account,) = standin.load("account", {"name": "Contoso"})
    of = {"parentcustomerid_account@odata.bind": f"/accounts({account})"}
    standin.load("contact", *({"firstname": name, "lastname": "x", **of} for name in ("Ben", "Anna", "Cleo", "Dora")))
    standin.load("contact", {"firstname": "Elsewhere", "lastname": "x"})
    return f"accounts({account})"


def read(api, path: str, prefer: str | None = None) -> dict:
    answer = api.get(path, prefer)
    assert answer.status_code == 200, answer.text
    return answer.json()


def names(rows: list[dict]) -> list[str]:
    return [row["firstname"] for row in rows]


def test_a_collection_is_filtered_ordered_and_cut_and_its_link_gives_the_same_rows(api, company):
    options = "$select=firstname;$filter=firstname ne 'B;(en';$orderby=firstname desc;$top=3"
    shown = read(api, f"{company}?$select=name&$expand={CONTACTS}({options})")
    (listed,) = read(api, f"accounts?$select=name&$expand={CONTACTS}({options})")["value"]
    link = shown[f"{CONTACTS}@odata.nextLink"]

    assert names(shown[CONTACTS]) == ["Dora", "Cleo", "Ben"]
    assert shown[CONTACTS][0]["_parentcustomerid_value"] in company
    assert listed[CONTACTS] == shown[CONTACTS]
    assert "$skiptoken" not in link
    assert names(read(api, link.partition("/v9.2/")[2].replace(";", "%3B"))["value"]) == ["Dora", "Cleo", "Ben"]


@pytest.mark.usefixtures("company")
def test_a_page_size_counts_for_the_rows_of_a_collection_only_where_something_is_nested(api):
    wanted, paged = f"accounts?$select=name&$expand={CONTACTS}", "odata.maxpagesize=3"
    (whole,) = read(api, f"{wanted}($select=firstname)", paged)["value"]
    (first,) = read(api, f"{wanted}($select=firstname;$expand=ownerid($select=fullname))", paged)["value"]
    second = read(api, first[f"{CONTACTS}@odata.nextLink"].partition("/v9.2/")[2], paged)

    assert len(whole[CONTACTS]) == 4
    assert names(first[CONTACTS]) == ["Ben", "Anna", "Cleo"]
    assert first[CONTACTS][0]["ownerid"]["fullname"]
    assert names(second["value"]) == ["Dora"]
    assert second["value"][0]["ownerid"]["fullname"]


def test_lookups_are_nested_and_can_be_shown_by_their_address(api, company):
    path = "contacts?$select=firstname&$top=1&$expand=parentcustomerid_account"
    (row,) = read(api, f"{path}($select=name;$expand={CONTACTS}($select=firstname))")["value"]
    (by_address,) = read(api, f"{path}/$ref")["value"]

    assert len(row["parentcustomerid_account"][CONTACTS]) == 4
    assert by_address["parentcustomerid_account"] == {"@odata.id": f"{api.root}/{company}"}


def test_a_collection_is_read_at_its_own_address(api, company):
    rows = read(api, f"{company}/{CONTACTS}?$select=firstname&$filter=startswith(firstname,'A')")["value"]

    assert names(rows) == ["Anna"]


def test_many_to_many_is_expanded_by_itself(api, standin):
    path = f"systemusers({standin.ready.user_id})?$select=fullname&$expand=systemuserroles_association"
    shown = read(api, f"{path}($select=name;$orderby=name)")

    assert [each["name"] for each in shown["systemuserroles_association"]] == ["Spotler Service"]


@pytest.mark.parametrize(
    "expand",
    [
        f"{CONTACTS}($count=true)",
        f"{CONTACTS}($skip=1)",
        f"{CONTACTS}($levels=2)",
        f"{CONTACTS}($orderby=firstname;$expand=ownerid)",
        f"{CONTACTS}($top=1;$expand=ownerid)",
        f"primarycontactid($select=lastname;$expand=ownerid),{CONTACTS}($top=1)",
        f"{CONTACTS}/$ref",
        f"{CONTACTS}($filter=nosuch eq 1)",
        f"{CONTACTS}($select=nosuch)",
        f"{CONTACTS}($top=x)",
        f"{CONTACTS}($top=1;$top=2)",
        f"{CONTACTS}(top=1)",
        "primarycontactid($filter=lastname eq 'x')",
        "primarycontactid($orderby=lastname)",
        f"{CONTACTS})",
        ",".join(["primarycontactid"] * 16),
    ],
)
def test_what_the_service_does_not_allow_in_an_expansion_is_refused(api, company, expand):
    refused = api.get(f"{company}?$expand={expand}")

    assert (refused.status_code, error_code(refused)) == (400, "0x80060888")


@pytest.mark.parametrize(
    "expand",
    [
        "systemuserroles_association($expand=businessunitid)",
        "systemuserroles_association,businessunitid",
        "businessunitid($expand=systemuser_businessunitid_businessunit($expand=systemuserroles_association))",
    ],
)
def test_many_to_many_is_neither_nested_nor_beside_others(api, standin, expand):
    refused = api.get(f"systemusers({standin.ready.user_id})?$expand={expand}")

    assert (refused.status_code, error_code(refused)) == (400, "0x80060888")
