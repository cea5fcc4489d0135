"""What FetchXML answers: names, labels and orders; and queries as designers write them."""

from itertools import pairwise

import pytest

from sandbox.dataverse.annotations import FORMATTED, LOOKUP_TABLE
from sandbox.dataverse.errors import ApiError
from tests.contract.dataverse_standin.fetching import ANNA, BO, CALLER, CEES, COMPANY, OTHER, people_and_companies

LIST = "11571157-0000-4000-8000-000000000001"
TEAM = "7ea7ea7e-0000-4000-8000-000000000001"
REPORT, DEEPER, DEEPEST, TOO_DEEP = (f"5e5e5e5e-0000-4000-8000-{n:012}" for n in range(11, 15))


@pytest.fixture
def scene():
    return people_and_companies()


def contacts(scene, inner, attributes=""):
    return scene.rows(f'<fetch {attributes}><entity name="contact">{inner}</entity></fetch>')


def names(scene, inner, attributes=""):
    return [row["firstname"] for row in contacts(scene, f'<attribute name="firstname"/>{inner}', attributes)]


def test_names_and_labels(scene):
    scene.add("account", {"accountid": OTHER, "name": "ander NV", "primarycontactid": BO})
    inner = (
        '<attribute name="gendercode"/><attribute name="gendercode" alias="g"/><attribute name="parentcustomerid"/>'
        '<attribute name="new_interests"/><link-entity name="account" from="accountid" to="parentcustomerid" alias="c">'
        '<attribute name="primarycontactid"/><attribute name="name" alias="company"/></link-entity>'
    )
    text = f'<fetch><entity name="contact">{inner}</entity></fetch>'
    anna, bo = scene.run(text, annotations={FORMATTED, LOOKUP_TABLE}).rows

    assert {name: anna[name] for name in anna if name != "@odata.etag"} == {
        "contactid": ANNA,
        "gendercode": 2, f"gendercode@{FORMATTED}": "Female",
        "g": 2, f"g@{FORMATTED}": "Female",
        "_parentcustomerid_value": COMPANY,
        f"_parentcustomerid_value@{FORMATTED}": "Voorbeeld BV",
        f"_parentcustomerid_value@{LOOKUP_TABLE}": "account",
        "new_interests": "1,9", f"new_interests@{FORMATTED}": "1; 9",
        "company": "Voorbeeld BV",
    }  # fmt: skip
    assert bo["c.primarycontactid"] == BO
    assert bo[f"c.primarycontactid@{LOOKUP_TABLE}"] == "contact"


def test_all_columns_come_where_none_is_named(scene):
    everything = contacts(scene, "")[0]
    link = '<link-entity name="account" from="accountid" to="parentcustomerid" alias="c">'
    linked = contacts(scene, f"<no-attrs/>{link}<all-attributes/></link-entity>")[0]

    assert {"firstname", "_parentcustomerid_value", "createdon"} <= everything.keys()
    assert contacts(scene, f"<no-attrs/>{link}</link-entity>")[0] == {"contactid": ANNA}
    assert linked["c.name"] == "Voorbeeld BV"


def test_the_first_row_of_a_link_has_names_of_its_own(scene):
    scene.add("contact", {"contactid": CEES, "parentcustomerid": COMPANY}, targets={"parentcustomerid": "account"})
    link = (
        '<link-entity name="contact" from="parentcustomerid" to="accountid" link-type="matchfirstrowusingcrossapply">'
        '<attribute name="contactid"/><attribute name="firstname"/></link-entity>'
    )
    rows = scene.rows(f'<fetch><entity name="account"><attribute name="name"/>{link}</entity></fetch>')

    assert rows == [
        {"accountid": COMPANY, "name": "Voorbeeld BV", "ContactId": ANNA, "Firstname": "Anna"},
        {"accountid": OTHER, "name": "ander NV", "ContactId": BO, "Firstname": "Bo"},
    ]


@pytest.mark.parametrize(
    ("orders", "attributes", "found"),
    [
        ('<order attribute="parentcustomerid"/>', "", "Cees Bo Anna"),
        ('<order attribute="parentcustomerid" descending="true"/>', "", "Anna Bo Cees"),
        ('<order attribute="gendercode"/>', "", "Cees Anna Bo"),
        ('<order attribute="gendercode"/>', 'useraworderby="true"', "Cees Bo Anna"),
        ('<order attribute="statecode" descending="true"/><order attribute="firstname"/>', "", "Cees Anna Bo"),
        ('<order attribute="donotbulkemail" descending="true"/>', "", "Anna Bo Cees"),
    ],
)
def test_lookups_are_ordered_by_name_and_choices_by_label(scene, orders, attributes, found):
    assert names(scene, orders, attributes) == found.split()


def test_orders_of_the_entity_come_before_those_of_its_links(scene):
    link = '<link-entity name="account" from="accountid" to="parentcustomerid" alias="c">{}</link-entity>'
    within = link.format('<order attribute="name" descending="true"/>')
    by_name = '<order entityname="c" attribute="name"/>'

    assert names(scene, within) == ["Anna", "Bo"]
    assert names(scene, f'{within}<order attribute="firstname" descending="true"/>') == ["Bo", "Anna"]
    assert names(scene, f"{by_name}{link.format('')}") == ["Bo", "Anna"]


def test_distinct_ignores_case_and_accents(scene):
    rows = contacts(scene, '<attribute name="address1_city"/>', 'distinct="true"')

    assert rows == [{"address1_city": "Zoë"}, {}]


def condition(name, operator, rest="", *values):
    inner = "".join(f"<value>{value}</value>" for value in values)
    return f'<filter><condition attribute="{name}" operator="{operator}" {rest}>{inner}</condition></filter>'


@pytest.mark.parametrize(
    ("inner", "found"),
    [
        (condition("address1_city", "eq", 'value="ZOE"'), "Anna Bo"),
        (condition("address1_city", "like", 'value="%oë"'), "Anna Bo"),
        (condition("gendercodename", "eq", 'value="female"'), "Anna"),
        (condition("parentcustomeridname", "like", 'value="%nv"'), "Bo"),
        (condition("contactid", "eq", f'value="{{{ANNA.upper()}}}"'), "Anna"),
        (condition("contactid", "in", 'value=""', ANNA, CEES), "Anna Cees"),
        (condition("donotbulkemail", "eq", 'value="true"'), "Anna"),
        (condition("firstname", "eq", 'value="Anna" valueof="firstname"'), ""),
        (condition("numberofchildren", "eq-userlanguage"), ""),
        ("<filter/>", "Anna Bo Cees"),
        (condition("address1_city", "eq", 'value=""'), ""),
    ],
)
def test_conditions(scene, inner, found):
    assert names(scene, inner) == found.split()


def test_a_column_of_another_table_is_compared(scene):
    scene.add("account", {"accountid": OTHER, "name": "BO"})
    link = '<link-entity name="account" from="accountid" to="parentcustomerid" alias="c"/>'

    assert names(scene, link + condition("firstname", "eq", 'valueof="c.name"')) == ["Bo"]


def test_a_filter_without_a_partner(scene):
    link = '<link-entity name="account" from="accountid" to="parentcustomerid" link-type="outer" alias="c"/>'

    assert names(scene, link + condition("accountid", "null", 'entityname="c"')) == ["Cees"]
    assert names(scene, link + condition("name", "ne", 'entityname="c" value="ander nv"')) == ["Anna", "Cees"]


def test_a_quick_find_finds_so_many(scene):
    scene.assumptions.quick_find_limit = 1
    quick = condition("firstname", "like", 'value="%"').replace("<filter", '<filter type="or" isquickfindfields="1"')
    with pytest.raises(ApiError, match="Quick Find") as caught:
        contacts(scene, quick)

    assert caught.value.code == "0x8004E024"
    assert names(scene, quick.replace("%", "an%")) == ["Anna"]


@pytest.fixture
def organization(scene):
    """A team of the caller, and a chain of people who report to each other."""
    scene.add("team", {"teamid": TEAM, "name": "Team"})
    chain = [CALLER, REPORT, DEEPER, DEEPEST, TOO_DEEP]
    scene.add("systemuser", *({"systemuserid": each, "businessunitid": COMPANY} for each in chain[:1]))
    scene.add(
        "systemuser",
        *({"systemuserid": low, "parentsystemuserid": high} for high, low in pairwise(chain)),
    )
    scene.add("teammembership", {"systemuserid": CALLER, "teamid": TEAM})
    for owner in (*chain, TEAM):
        owned = "team" if owner == TEAM else "systemuser"
        scene.add("lead", {"lastname": owner, "ownerid": owner}, targets={"ownerid": owned})
    scene.add("lead", {"lastname": "nobody"})
    return scene


@pytest.mark.parametrize(
    ("operator", "owners"),
    [
        ("eq-userid", [CALLER]),
        ("ne-userid", [REPORT, DEEPER, DEEPEST, TOO_DEEP, TEAM, "nobody"]),
        ("eq-userteams", [TEAM]),
        ("eq-useroruserteams", [CALLER, TEAM]),
        ("eq-useroruserhierarchy", [CALLER, REPORT, DEEPER, DEEPEST]),
        ("eq-useroruserhierarchyandteams", [CALLER, REPORT, DEEPER, DEEPEST, TEAM]),
    ],
)
def test_operators_about_the_caller(organization, operator, owners):
    rows = organization.rows(f'<fetch><entity name="lead">{condition("ownerid", operator)}</entity></fetch>')

    assert sorted(row["lastname"] for row in rows) == sorted(owners)


def test_the_business_unit_of_the_caller(organization):
    users = (
        '<fetch><entity name="systemuser"><filter><condition attribute="businessunitid" operator="{}"/></filter>'
        "</entity></fetch>"
    )

    assert organization.column(users.format("eq-businessid"), "systemuserid") == [CALLER]
    assert len(organization.rows(users.format("ne-businessid"))) == 4


HEADER = 'version="1.0" output-format="xml-platform" mapping="logical"'


@pytest.mark.parametrize(
    ("attributes", "inner", "found"),
    [
        (
            'distinct="false"',
            (
                '<order attribute="firstname" descending="false"/><filter type="and"><condition attribute="statecode" '
                'operator="eq" value="0"/><condition attribute="firstname" operator="like" value="%n%"/></filter>'
            ),
            "Anna",
        ),
        (
            'distinct="true"',
            (
                '<order attribute="firstname"/><link-entity name="account" from="accountid" to="parentcustomerid" '
                'alias="ab"><filter type="and"><condition attribute="name" operator="not-null"/></filter></link-entity>'
            ),
            "Anna Bo",
        ),
        (
            'distinct="true"',
            (
                '<link-entity name="listmember" from="entityid" to="contactid" visible="false" intersect="true">'
                '<link-entity name="list" from="listid" to="listid" alias="aa"><filter type="and"><condition '
                f'attribute="listid" operator="eq" uiname="Actie" uitype="list" value="{{{LIST.upper()}}}"/></filter>'
                "</link-entity></link-entity>"
            ),
            "Bo Cees",
        ),
        (
            "",
            (
                '<filter><condition attribute="parentcustomerid" operator="in">'
                f'<value uiname="x" uitype="account">{{{COMPANY.upper()}}}</value>'
                f'<value uiname="y" uitype="account">{OTHER}</value></condition></filter>'
            ),
            "Anna Bo",
        ),
        (
            "",
            '<filter><link-entity name="listmember" from="entityid" to="contactid" link-type="not any"/></filter>',
            "Anna",
        ),
    ],
)
def test_queries_of_dynamic_lists_as_designers_write_them(scene, attributes, inner, found):
    scene.add("list", {"listid": LIST, "listname": "Actie"})
    for person in (BO, CEES):
        scene.add("listmember", {"listid": LIST, "entityid": person}, targets={"entityid": "contact"})
    shown = '<attribute name="firstname"/><attribute name="contactid"/>'

    assert [row["firstname"] for row in contacts(scene, shown + inner, f"{HEADER} {attributes}")] == found.split()
    text = f'<fetch {HEADER} {attributes}><entity name="contact">{shown}{inner}</entity></fetch>'
    assert len(scene.fetcher.ids(text, CALLER)) == len(found.split())
