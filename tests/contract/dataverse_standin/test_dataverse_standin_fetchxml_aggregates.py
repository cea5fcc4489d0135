"""Aggregates: groups and functions."""

import pytest

from tests.contract.dataverse_standin.fetching import COMPANY, OTHER, people_and_companies


@pytest.fixture
def scene():
    return people_and_companies()


def condition(name, operator, rest):
    return f'<filter><condition attribute="{name}" operator="{operator}" {rest}/></filter>'


def aggregate(scene, inner, attributes=""):
    return scene.rows(f'<fetch aggregate="true" {attributes}><entity name="contact">{inner}</entity></fetch>')


COUNT = '<attribute name="contactid" alias="n" aggregate="count"/>'


def test_groups_of_text_of_choices_and_of_lookups(scene):
    cities = aggregate(scene, f'{COUNT}<attribute name="address1_city" alias="c" groupby="true"/><order alias="n"/>')
    genders = f'{COUNT}<attribute name="gendercode" alias="g" groupby="true"/><order alias="g"/>'
    companies = aggregate(
        scene, f'{COUNT}<attribute name="parentcustomerid" alias="p" groupby="true"/><order alias="p"/>'
    )

    assert cities == [{"n": 1}, {"n": 2, "c": "Zoë"}]
    assert [row.get("g") for row in aggregate(scene, genders)] == [None, 2, 1]
    assert [row.get("g") for row in aggregate(scene, genders, 'useraworderby="1"')] == [None, 1, 2]
    assert [row.get("p") for row in companies] == [None, OTHER, COMPANY]


def test_groups_of_dates_are_of_the_callers_day(scene):
    day = '<attribute name="createdon" alias="d" groupby="true" dategrouping="{}" {}/>'

    def parts(part, rest=""):
        found = aggregate(scene, f'{COUNT}{day.format(part, rest)}<order alias="d"/>')
        return {row["d"]: row["n"] for row in found}

    assert parts("day") == {1: 1, 18: 1, 19: 1}
    assert parts("day", 'usertimezone="false"') == {1: 1, 18: 2}
    assert parts("month") == {1: 1, 3: 2}
    assert parts("quarter") == parts("fiscal-period") == {1: 3}
    assert parts("year") == parts("fiscal-year") == {2025: 1, 2026: 2}
    assert parts("week") == {1: 1, 12: 2}


def test_functions_of_no_rows_and_of_nulls(scene):
    functions = "".join(
        f'<attribute name="numberofchildren" alias="{name}" aggregate="{name}"/>'
        for name in ("count", "countcolumn", "sum", "avg", "min", "max")
    )
    nobody = aggregate(scene, functions + condition("firstname", "eq", 'value="nobody"'))

    assert nobody == [{"count": 0, "countcolumn": 0, "sum": 0}]
    assert aggregate(scene, functions) == [{"count": 3, "countcolumn": 2, "sum": 5, "avg": 2, "min": 2, "max": 3}]
    dates = '<attribute name="createdon" alias="last" aggregate="max"/>'
    assert aggregate(scene, dates) == [{"last": "2026-03-18T23:30:00Z"}]


def test_groups_of_linked_tables_come_in_pages(scene):
    link = (
        '<link-entity name="account" from="accountid" to="parentcustomerid" link-type="outer" alias="c">'
        '<attribute name="name" alias="company" groupby="true"/><order alias="company"/></link-entity>'
    )
    pages = [aggregate(scene, COUNT + link, f'count="2" page="{page}"') for page in (1, 2)]

    assert pages == [[{"n": 1}, {"n": 1, "company": "ander NV"}], [{"n": 1, "company": "Voorbeeld BV"}]]
