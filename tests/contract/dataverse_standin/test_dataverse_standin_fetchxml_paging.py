"""Pages of FetchXML: cookies, what they lose, and where pages without them end."""

import re
from urllib.parse import unquote
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree as ET
from xml.sax.saxutils import quoteattr

import pytest

from sandbox.dataverse.errors import ApiError
from tests.contract.dataverse_standin.fetching import FetchScene

LIST = "11571157-0000-4000-8000-000000000001"
MEMBERS = (
    f'<attribute name="entityid"/><filter><condition attribute="listid" operator="eq" value="{LIST}"/></filter>'
    '<order attribute="listmemberid"/><link-entity name="contact" from="contactid" to="entityid" alias="m">'
    '<attribute name="emailaddress1"/></link-entity>'
)
EMPLOYEES = '<link-entity name="contact" from="parentcustomerid" to="accountid" alias="e"/>'


@pytest.fixture
def scene():
    return FetchScene()


def guid(name):
    """An id; those of names in their order are in no order."""
    return str(uuid5(NAMESPACE_URL, name))


def add_members(scene, number):
    """Members of a list, with ids in no order of any kind; every third has no address."""
    scene.add("list", {"listid": LIST, "listname": "Friends", "createdfromcode": 2})
    people = [guid(f"person/{each}") for each in range(number)]
    for position, person in enumerate(people):
        address = f"m{position}@example.org" if position % 3 else None
        scene.add("contact", {"contactid": person, "emailaddress1": address})
        member = {"listmemberid": guid(f"member/{position}"), "listid": LIST, "entityid": person}
        scene.add("listmember", member, targets={"entityid": "contact"})
    return people


def decoded(cookie):
    return unquote(unquote(re.search('pagingcookie="([^"]*)"', cookie)[1]))


def page(scene, table, inner, number=1, count=3, cookie="", attributes=""):
    given = f"paging-cookie={quoteattr(cookie)}" if cookie else ""
    return scene.run(
        f'<fetch page="{number}" count="{count}" {given} {attributes}><entity name="{table}">{inner}</entity></fetch>'
    )


def pages(scene, table, inner, count=3, attributes="", between=None):
    """All pages, followed with their cookies where there are some, else by their numbers."""
    number, cookie, found = 1, "", []
    while True:
        result = page(scene, table, inner, number, count, cookie, attributes)
        found.append(result.rows)
        if not result.more:
            return found
        if between is not None:
            between()
            between = None
        number, cookie = number + 1, decoded(result.cookie) if result.cookie else ""


def test_every_member_of_a_large_list_comes_once(scene):
    people = add_members(scene, 12_001)
    found = pages(scene, "listmember", MEMBERS, 5000)
    rows = [row for each in found for row in each]

    assert [len(each) for each in found] == [5000, 5000, 2001]
    assert sorted(row["_entityid_value"] for row in rows) == sorted(people)
    assert sum("m.emailaddress1" not in row for row in rows) == 4001


def test_ids_are_sorted_as_sql_server_sorts_them(scene):
    """The last six bytes weigh most, and the first groups count backwards."""
    ids = [
        "ff000000-0000-4000-8000-000000000000",
        "00ff0000-0000-4000-8000-000000000000",
        "00000000-00ff-4000-8000-000000000000",
        "00000000-ff00-4000-8000-000000000000",
        "00000000-0000-4000-9000-000000000000",
        "00000000-0000-4000-8000-000000000001",
        "00000000-0000-4000-8000-010000000000",
    ]
    in_order = [ids[0], ids[1], ids[3], ids[2], ids[4], ids[5], ids[6]]
    scene.add("contact", *({"contactid": each} for each in ids))

    assert scene.column('<fetch><entity name="contact"/></fetch>', "contactid") == in_order
    after = f'<filter><condition attribute="contactid" operator="gt" value="{in_order[3]}"/></filter>'
    assert scene.column(f'<fetch><entity name="contact">{after}</entity></fetch>', "contactid") == in_order[4:]


def test_a_member_who_is_added_behind_the_page_is_missed_and_one_who_leaves_moves_nobody(scene):
    add_members(scene, 7)
    ids = scene.column(f'<fetch><entity name="listmember">{MEMBERS}</entity></fetch>', "listmemberid")

    def change():
        scene.store.tables["listmember"].remove(ids[1])
        scene.store.tables["listmember"].remove(ids[4])
        member = {"listmemberid": "00000000-0000-4000-8000-000000000000", "listid": LIST}
        person = next(iter(scene.store.tables["contact"].rows))
        scene.add("listmember", {**member, "entityid": person}, targets={"entityid": "contact"})

    found = [row["listmemberid"] for each in pages(scene, "listmember", MEMBERS, between=change) for row in each]

    assert found == [*ids[:4], *ids[5:]]


def company_of(scene, *numbers):
    """Companies with so many employees."""
    for number, employees in enumerate(numbers):
        company = f"aaaaaaaa-0000-4000-8000-{number:012}"
        scene.add("account", {"accountid": company, "name": f"c{number}"})
        rows = ({"lastname": f"{number}/{each}", "parentcustomerid": company} for each in range(employees))
        scene.add("contact", *rows, targets={"parentcustomerid": "account"})


def test_rows_of_one_parent_that_a_page_cuts_in_two_are_lost(scene):
    company_of(scene, 2, 3, 1)
    complete = scene.rows(f'<fetch><entity name="account">{EMPLOYEES}</entity></fetch>')
    split = pages(scene, "account", EMPLOYEES)

    assert len(complete) == 6
    assert [[row["name"] for row in each] for each in split] == [["c0", "c0", "c1"], ["c2"]]


def test_distinct_rows_with_their_id_are_not_lost(scene):
    company_of(scene, 2, 3, 1, 1)
    inner = f'<attribute name="accountid"/><order attribute="accountid"/>{EMPLOYEES}'
    split = pages(scene, "account", inner, attributes='distinct="true"')

    assert [len(each) for each in split] == [3, 1]


def test_distinct_rows_without_their_id_have_no_cookie(scene):
    scene.add("contact", *({"lastname": name} for name in "aabbcdd"))
    inner = '<attribute name="lastname"/><order attribute="lastname"/>'
    first = page(scene, "contact", inner, count=2, attributes='distinct="true"')

    assert (first.rows, first.more, first.cookie) == ([{"lastname": "a"}, {"lastname": "b"}], True, None)
    assert page(scene, "contact", inner, 2, 2, attributes='distinct="true"').rows == [
        {"lastname": "c"},
        {"lastname": "d"},
    ]


BY_LINK = f"{EMPLOYEES.replace('/>', '><order attribute=' + chr(34) + 'lastname' + chr(34) + '/></link-entity>')}"


@pytest.mark.parametrize("count", [10, 7])
def test_without_a_cookie_the_result_just_ends(scene, count):
    scene.assumptions.simple_paging_limit = 50
    company_of(scene, 40, 40)
    found = pages(scene, "account", BY_LINK, count)

    assert sum(map(len, found)) == 50
    assert page(scene, "account", BY_LINK, 2, count).cookie is None
    assert page(scene, "account", BY_LINK, 9, count).rows == []


def test_or_a_page_beyond_the_limit_is_refused(scene):
    scene.assumptions.simple_paging_limit = 50
    scene.assumptions.refuses_beyond_limit = True
    company_of(scene, 80)
    with pytest.raises(ApiError, match="Paging cookie is required") as caught:
        page(scene, "account", BY_LINK, 6, 10)

    assert caught.value.code == "0x8004430A"


def test_a_page_with_a_cookie_goes_beyond_the_limit(scene):
    scene.assumptions.simple_paging_limit = 5
    add_members(scene, 17)

    assert sum(map(len, pages(scene, "listmember", MEMBERS))) == 17


def test_a_number_without_the_cookie_ends_at_the_limit_too(scene):
    scene.assumptions.simple_paging_limit = 5
    add_members(scene, 17)

    assert [len(page(scene, "listmember", MEMBERS, number).rows) for number in (1, 2, 3)] == [3, 2, 0]


def test_what_a_cookie_says(scene):
    company = "aaaaaaaa-0000-4000-8000-000000000001"
    scene.add("account", {"accountid": company, "name": "Voorbeeld & Co"})
    first, second = (f"c0c0c0c0-0000-4000-8000-00000000000{n}" for n in (1, 2))
    scene.add("contact", {"contactid": first, "createdon": "2026-03-18T13:00:00Z"})
    scene.add(
        "contact",
        {"contactid": second, "createdon": "2026-07-01T10:00:00Z", "parentcustomerid": company},
        {"contactid": first.replace("c0c0c0c0", "c1c1c1c1"), "parentcustomerid": company},
        targets={"parentcustomerid": "account"},
    )
    orders = '<order attribute="parentcustomerid"/><order attribute="createdon" descending="true"/>'
    result = page(scene, "contact", orders, count=2)
    number = re.match('<cookie pagenumber="([0-9]+)" ', result.cookie)[1]
    cookie = ET.fromstring(decoded(result.cookie))  # noqa: S314 - a cookie of our own

    assert "%253c" in result.cookie
    assert "%253C" not in result.cookie
    assert (number, cookie.attrib) == ("2", {"page": "1"})
    assert [(each.tag, each.attrib) for each in cookie] == [
        ("parentcustomeridname", {"last": "Voorbeeld & Co", "firstnull": "1"}),
        ("createdon", {"last": "2026-07-01T12:00:00+02:00", "first": "2026-03-18T14:00:00+01:00"}),
        ("contactid", {"last": f"{{{second.upper()}}}", "first": f"{{{first.upper()}}}"}),
    ]
    rest = page(scene, "contact", orders, 2, 2, decoded(result.cookie))
    assert [row["contactid"] for row in rest.rows] == [first.replace("c0c0c0c0", "c1c1c1c1")]


@pytest.mark.parametrize(("names_next", "numbers"), [(True, ["2", "3"]), (False, ["2", "2"])])
def test_the_number_beside_a_cookie_is_not_to_be_relied_on(scene, names_next, numbers):
    scene.assumptions.cookie_names_next_page = names_next
    add_members(scene, 9)
    first = page(scene, "listmember", MEMBERS)
    second = page(scene, "listmember", MEMBERS, 2, cookie=decoded(first.cookie))

    assert [re.search('pagenumber="([0-9]+)"', each.cookie)[1] for each in (first, second)] == numbers


def test_a_cookie_is_for_the_next_page_only(scene):
    add_members(scene, 12)
    cookie = decoded(page(scene, "listmember", MEMBERS).cookie)
    third = page(scene, "listmember", MEMBERS, 3, cookie=cookie)

    assert third.rows == page(scene, "listmember", MEMBERS, 3).rows


def test_a_cookie_of_another_order_or_encoded_still_is_refused(scene):
    add_members(scene, 9)
    cookie = page(scene, "listmember", MEMBERS).cookie
    once = unquote(re.search('pagingcookie="([^"]*)"', cookie)[1])
    other = '<order attribute="createdon"/>'
    refused = []
    for inner, given in ((MEMBERS, once), (MEMBERS + other, decoded(cookie))):
        with pytest.raises(ApiError) as caught:
            page(scene, "listmember", inner, 2, cookie=given)
        refused.append(caught.value.code)

    assert refused == ["0x80040201", "0x80041129"]


@pytest.mark.parametrize("table", ["contact", "lead", "account"])
def test_members_of_each_type_come_with_their_columns(scene, table):
    scene.add("list", {"listid": LIST, "listname": "x"})
    row_id = "d00d0000-0000-4000-8000-000000000001"
    scene.add(table, {f"{table}id": row_id, "emailaddress1": "a@example.org"})
    scene.add("listmember", {"listid": LIST, "entityid": row_id}, targets={"entityid": table})
    inner = MEMBERS.replace('"contact"', f'"{table}"').replace("contactid", f"{table}id")
    (row,) = page(scene, "listmember", inner).rows

    assert (row["_entityid_value"], row["m.emailaddress1"]) == (row_id, "a@example.org")
