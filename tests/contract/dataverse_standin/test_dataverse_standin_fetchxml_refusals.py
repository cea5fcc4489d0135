"""Queries that are refused, with the code of Dataverse."""

import re

import pytest

from sandbox.dataverse.errors import ApiError
from tests.contract.dataverse_standin.fetching import CALLER, FetchScene

CONDITION = '<condition attribute="firstname" operator="eq" value="Bo"/>'
LINK = '<link-entity name="account" from="accountid" to="parentcustomerid"/>'
ANY = '<link-entity name="account" from="primarycontactid" to="contactid" link-type="any"/>'


def condition(attribute, operator, rest=""):
    return f'<filter><condition attribute="{attribute}" operator="{operator}" {rest}/></filter>'


@pytest.fixture(scope="module")
def scene():
    scene = FetchScene()
    scene.add("contact", {"firstname": "Bo"})
    return scene


def refusal(scene, inner, attributes="", head='<attribute name="firstname"/>'):
    with pytest.raises(ApiError) as caught:
        scene.run(f'<fetch {attributes}><entity name="contact">{head}{inner}</entity></fetch>')
    assert caught.value.status == 400
    return caught.value.code


@pytest.mark.parametrize(
    ("inner", "code"),
    [
        ("<attributes/>", "0x8004111C"),
        ('<attribute name="lastname" rowaggregate="CountChildren" alias="x"/>', "0x8004111C"),
        ('<attribute name="lastname" aggregate="median" alias="x"/>', "0x8004112F"),
        ('<attribute name="lastname" aggregate="count" alias="x"/>', "0x80041107"),
        ('<attribute name="lastname" alias="a.b"/>', "0x80040265"),
        ('<attribute name="createdon" groupby="true" dategrouping="hour" alias="x"/>', "0x80041135"),
        ('<all-attributes x="1"/>', "0x8004111C"),
        ('<order attribute="firstname" entityname="x"/>', "0x80041126"),
        ('<order attribute="firstname" descending="yes"/>', "0x80041119"),
        ('<order alias="firstname"/>', "0x80041132"),
        ("<order/>", "0x80041133"),
        ('<order attribute="new_interests"/>', "0x80050224"),
        (f'<filter type="not">{CONDITION}</filter>', "0x80041122"),
        (f'<filter hint="intersect">{CONDITION}</filter>', "0x8004111C"),
        (f"<filter>{LINK}</filter>", "0x800404BA"),
        (ANY, "0x800404BA"),
        (f"<filter>or{CONDITION}</filter>", "0x8004111C"),
        (CONDITION, "0x8004111C"),
        (condition("firstname", "eq", 'value="x" entityname="x"'), "0x8004110A"),
        (f"<filter>{CONDITION.replace('/>', '><value>x</value></condition>')}</filter>", "0x80041106"),
        (condition("firstname", "does-not-contain-values", 'value="1"'), "0x80041120"),
        (condition("firstname", "null", 'value="1"'), "0x80041106"),
        (condition("firstname", "ne"), "0x80041106"),
        (condition("firstname", "in"), "0x80041106"),
        (condition("firstname", "between", 'value="a"'), "0x80041106"),
        (condition("firstname", "last-x-days", 'value="1"'), "0x80041106"),
        (condition("firstname", "eq-userid"), "0x80041106"),
        (condition("new_interests", "like", 'value="1"'), "0x80041106"),
        (condition("birthdate", "last-x-hours", 'value="1"'), "0x80041106"),
        (condition("createdon", "last-x-days", 'value="0"'), "0x80041108"),
        (condition("createdon", "last-x-days", 'value="1.5"'), "0x80041108"),
        (condition("createdon", "last-x-years", 'value="99999"'), "0x80041108"),
        (condition("createdon", "on", 'value="yesterday"'), "0x80041108"),
        (condition("numberofchildren", "eq", 'value="two"'), "0x80041108"),
        (condition("numberofchildren", "eq", 'value="nan"'), "0x80041108"),
        (condition("gendercode", "eq", 'value="Male"'), "0x80041108"),
        (condition("contactid", "eq", 'value="1"'), "0x80041108"),
        (condition("new_interests", "contain-values", 'value="x"'), "0x80041108"),
        (condition("firstname", "like", 'valueof="lastname"'), "0x80041106"),
        (condition("firstname", "eq", 'valueof="statecode"'), "0x80041106"),
        (condition("contactid", "under", f'value="{CALLER}"'), "0x80047020"),
        (condition("nosuch", "null"), "0x80041103"),
        (condition("firstnamename", "null"), "0x80041103"),
        (LINK.replace("/>", ' link-type="left"/>'), "0x80041117"),
        (LINK.replace("/>", ' alias="1a"/>'), "0x80040265"),
        (LINK.replace("/>", ' alias="a"/>') * 2, "0x80060888"),
        (LINK.replace("/>", ' link-type="exists"><attribute name="name"/></link-entity>'), "0x8004111C"),
        (LINK.replace("/>", ' link-type="exists"><order attribute="name"/></link-entity>'), "0x80041126"),
        (LINK.replace(' from="accountid"', ""), "0x80041111"),
        (LINK.replace("accountid", "name", 1), "0x800404BA"),
        (LINK.replace("parentcustomerid", "new_interests"), "0x80050224"),
        (LINK.replace(' name="account"', ""), "0x8004111E"),
        (LINK.replace('"account"', '"nosuch"'), "0x80041102"),
    ],
)
def test_parts_that_are_refused(scene, inner, code):
    assert refusal(scene, inner) == code


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ('distinct="maybe"', "0x80041115"),
        ('mapping="internal"', "0x80041116"),
        ('no-lock="maybe"', "0x80041118"),
        ('useraworderby="maybe"', "0x800410FD"),
        ('utc-offset="60"', "0x8004111D"),
        ('datasource="retained"', "0x8004111C"),
        ('min-active-row-version="true"', "0x8004111C"),
        ('nosuch="1"', "0x8004111C"),
        ('top="1" page="1"', "0x80040203"),
        ('top="1" count="1"', "0x80040203"),
        ('top="1" returntotalrecordcount="true"', "0x80040203"),
        ('top="0"', "0x80060888"),
        ('count="x"', "0x80060888"),
        ('paging-cookie="&lt;cookie page=&quot;0&quot;/&gt;"', "0x8004112A"),
        ('paging-cookie="&lt;cookie page=&quot;1&quot;/&gt;"', "0x80041129"),
        ('paging-cookie="%3ccookie"', "0x80040201"),
    ],
)
def test_attributes_of_a_query_that_are_refused(scene, attributes, code):
    assert refusal(scene, "", attributes) == code


@pytest.mark.parametrize(
    ("inner", "code"),
    [
        ("", "0x80041107"),
        ('<attribute name="firstname" aggregate="count"/>', "0x80041109"),
        ('<attribute name="firstname" alias="x"/>', "0x80041107"),
        ('<attribute name="firstname" alias="x" aggregate="count" groupby="true"/>', "0x80041137"),
        ('<attribute name="firstname" alias="x" groupby="true" dategrouping="day"/>', "0x80041135"),
        ('<attribute name="firstname" alias="x" aggregate="sum"/>', "0x8004112F"),
        ('<attribute name="gendercode" alias="x" aggregate="max"/>', "0x8004112F"),
        ('<attribute name="new_interests" alias="x" groupby="true"/>', "0x80050224"),
        ('<attribute name="firstname" alias="x" aggregate="count"/><order attribute="firstname"/>', "0x80041131"),
        ('<attribute name="firstname" alias="x" aggregate="count"/><order/>', "0x80041134"),
        ('<attribute name="firstname" alias="x" aggregate="count"/><order alias="y"/>', "0x8004110A"),
    ],
)
def test_aggregates_that_are_refused(scene, inner, code):
    assert refusal(scene, inner, 'aggregate="true"', head="") == code


def test_a_distinct_query_needs_columns(scene):
    assert refusal(scene, "<no-attrs/>", 'distinct="true"', head="") == "0x8004112C"


def test_limits(scene):
    values = "".join("<value>x</value>" for _ in range(2001))
    links = "".join(LINK.replace("/>", f' alias="a{n}"/>') for n in range(16))

    assert refusal(scene, f'<filter><condition attribute="firstname" operator="in">{values}</condition></filter>') == (
        "0x8004430C"
    )
    assert refusal(scene, links) == "0x8004430D"
    assert refusal(scene, f"<filter>{CONDITION * 500}</filter>{LINK}") == "0x8004430C"


def test_an_aggregate_evaluates_so_many_rows(scene):
    scene.add("lead", *({"lastname": str(n)} for n in range(3)))
    count = '<entity name="lead"><attribute name="leadid" alias="n" aggregate="count"/></entity></fetch>'
    with pytest.raises(ApiError, match="AggregateQueryRecordLimit exceeded") as caught:
        scene.run(f'<fetch aggregate="true" aggregatelimit="2">{count}')

    assert caught.value.code == "0x8004E023"
    assert scene.rows(f'<fetch aggregate="true" aggregatelimit="3">{count}') == [{"n": 3}]


def test_a_hierarchy_of_many_levels():
    scene = FetchScene()
    ids = [f"aaaaaaaa-0000-4000-8000-{n:012}" for n in range(102)]
    scene.add(
        "account", *({"accountid": ids[n], "parentaccountid": ids[n - 1] if n else None} for n in range(len(ids)))
    )
    under = condition("accountid", "under", f'value="{ids[0]}"')
    with pytest.raises(ApiError, match="100 levels") as caught:
        scene.run(f'<fetch><entity name="account">{under}</entity></fetch>')

    assert caught.value.code == "0x80044157"


def test_the_message_about_a_missing_value_is_that_of_the_sdk(scene):
    message = "Attribute 'value' or 'valueof' must be specified for condition operator: NotEqual"
    with pytest.raises(ApiError, match=re.escape(message)):
        scene.run(f'<fetch><entity name="contact">{condition("firstname", "ne")}</entity></fetch>')
