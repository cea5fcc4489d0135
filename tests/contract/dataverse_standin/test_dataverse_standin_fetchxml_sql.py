"""FetchXML against another evaluation: random rows and random queries, run by the stand-in and by SQLite."""

from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.contract.dataverse_standin.fetching import CALLER, FetchScene
from tests.contract.dataverse_standin.sql.dates import NOW
from tests.contract.dataverse_standin.sql.queries import (
    CITIES,
    COMPANIES,
    DAYS,
    IDS,
    MOMENTS,
    PEOPLE,
    TEXTS,
    USERS,
    queries,
    shown_links,
    text_of,
)
from tests.contract.dataverse_standin.sql.translation import connect, sql_of

INDIA_CODE = 190


def optional(values):
    return st.none() | st.sampled_from(values)


@st.composite
def data(draw):
    """Rows of both tables; ids differ in their last digits, whose order is that of text."""
    companies = draw(st.lists(st.sampled_from(COMPANIES), unique=True))
    people = draw(st.lists(st.sampled_from(PEOPLE), unique=True))
    interests = st.lists(st.integers(1, 3), min_size=1, unique=True).map(lambda each: ",".join(map(str, sorted(each))))
    accounts = [
        {
            "accountid": each,
            "name": draw(st.sampled_from(TEXTS)),
            "address1_city": draw(optional(CITIES)),
            "numberofemployees": draw(st.none() | st.integers(0, 4)),
            "revenue": draw(st.none() | st.integers(0, 4)),
            "creditlimit": draw(st.none() | st.integers(0, 4)),
            "parentaccountid": draw(optional(COMPANIES[: COMPANIES.index(each)] or [None])),
            "primarycontactid": draw(optional(PEOPLE)),
        }
        for each in sorted(companies)
    ]
    contacts = [
        {
            "contactid": each,
            "firstname": draw(optional(TEXTS)),
            "address1_city": draw(optional(CITIES)),
            "gendercode": draw(optional([1, 2])),
            "donotbulkemail": draw(optional([False, True])),
            "birthdate": draw(optional(DAYS)),
            "createdon": draw(st.sampled_from(MOMENTS)),
            "numberofchildren": draw(st.none() | st.integers(0, 4)),
            "parentcustomerid": draw(optional(COMPANIES)),
            "ownerid": draw(st.sampled_from(USERS)),
            "new_interests": draw(st.none() | interests),
        }
        for each in people
    ]
    return {"account": accounts, "contact": contacts}


def make_scene(rows):
    scene = FetchScene(now=NOW, weekstartdaycode=1, fiscalcalendarstart="2000-04-01T00:00:00Z")
    scene.add("usersettings", {"systemuserid": CALLER, "timezonecode": INDIA_CODE})
    for table, each in rows.items():
        scene.add(table, *each, targets={"parentcustomerid": "account", "ownerid": "systemuser"})
    return scene


def folded(values):
    """As SQLite has them: text without case, yes and no as numbers."""
    return tuple(
        value.lower() if isinstance(value, str) else int(value) if isinstance(value, bool) else value
        for value in values
    )  # fmt: skip


def compare(rows, query):
    found = make_scene(rows).rows(text_of(query))
    with closing(connect(rows)) as database:
        expected = database.execute(sql_of(query)).fetchall()
    if query.distinct:
        columns = [PROPERTIES.get(name, name) for name in query.distinct]
        mine = [folded(row.get(name) for name in columns) for row in found]

        assert sorted(mine, key=repr) == sorted(map(folded, expected), key=repr)
        return
    columns = [IDS[query.table], *(f"{link.alias}.{IDS[link.table]}" for link in shown_links(query.links))]
    mine = [tuple(row.get(name) for name in columns) for row in found]

    assert [row[0] for row in mine] == [row[0] for row in expected]
    assert sorted(mine, key=repr) == sorted(expected, key=repr)


PROPERTIES = {name: f"_{name}_value" for name in ("parentcustomerid", "ownerid", "parentaccountid", "primarycontactid")}
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@settings(max_examples=100, suppress_health_check=QUIET)
@given(data(), queries())
def test_sqlite_finds_the_same_rows(rows, query):
    compare(rows, query)


@pytest.mark.nightly
@settings(max_examples=5_000, suppress_health_check=QUIET)
@given(data(), queries())
def test_sqlite_finds_the_same_rows_in_many_more_queries(rows, query):
    compare(rows, query)
