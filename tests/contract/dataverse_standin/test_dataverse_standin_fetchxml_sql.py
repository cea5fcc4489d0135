"""FetchXML against another evaluation: random rows and random queries, run by the stand-in and by SQLite."""

import re
from contextlib import closing
from urllib.parse import unquote
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.contract.dataverse_standin.fetching import CALLER, FetchScene
from tests.contract.dataverse_standin.sql.dates import NOW
from tests.contract.dataverse_standin.sql.queries import (
    CITIES,
    COLUMNS,
    COMPANIES,
    DAYS,
    IDS,
    MOMENTS,
    PEOPLE,
    TEXTS,
    USERS,
    queries,
    shown_links,
    single_conditions,
)
from tests.contract.dataverse_standin.sql.text import text_of
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
    with closing(connect(rows)) as database:
        compare_in(make_scene(rows), database, query)


def compare_in(scene, database, query):
    found = scene.rows(text_of(query))
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


def cycled(number, values):
    """One value of a list, or none, in turn."""
    return (*values, None)[number % (len(values) + 1)]


def many_rows():
    """Rows with every value of every column."""
    people = [f"c0c0c0c0-0000-4000-8000-{n:012}" for n in range(1, 61)]
    contacts = [
        {
            "contactid": each,
            "firstname": cycled(n, TEXTS),
            "address1_city": cycled(n, CITIES),
            "gendercode": cycled(n, [1, 2]),
            "donotbulkemail": cycled(n, [False, True]),
            "birthdate": cycled(n, DAYS),
            "createdon": cycled(n, MOMENTS),
            "numberofchildren": cycled(n, range(5)),
            "parentcustomerid": cycled(n, COMPANIES),
            "ownerid": cycled(n, USERS),
            "new_interests": cycled(n, ["1", "2", "1,2", "1,3", "1,2,3"]),
        }
        for n, each in enumerate(people)
    ]
    accounts = [
        {
            "accountid": each,
            "name": TEXTS[n],
            "address1_city": cycled(n, CITIES),
            "numberofemployees": cycled(n, range(3)),
            "revenue": cycled(n, range(2)),
            "creditlimit": cycled(n, range(3)),
            "parentaccountid": COMPANIES[n - 1] if n else None,
            "primarycontactid": cycled(n, PEOPLE[:2]),
        }
        for n, each in enumerate(COMPANIES)
    ]
    return {"account": accounts, "contact": contacts}


@pytest.fixture(scope="module")
def both():
    rows = many_rows()
    with closing(connect(rows)) as database:
        yield make_scene(rows), database


@settings(max_examples=400, suppress_health_check=QUIET)
@given(query=single_conditions())
def test_sqlite_says_the_same_of_every_operator(both, query):
    compare_in(*both, query)


@pytest.mark.nightly
@settings(max_examples=10_000, suppress_health_check=QUIET)
@given(query=single_conditions())
def test_sqlite_says_the_same_of_every_operator_many_more_times(both, query):
    compare_in(*both, query)


@settings(max_examples=40, suppress_health_check=QUIET)
@given(data(), queries())
def test_sqlite_finds_the_same_rows(rows, query):
    compare(rows, query)


@pytest.mark.nightly
@settings(max_examples=5_000, suppress_health_check=QUIET)
@given(data(), queries())
def test_sqlite_finds_the_same_rows_in_many_more_queries(rows, query):
    compare(rows, query)


ORDERS = st.lists(
    st.tuples(st.sampled_from(sorted(set(COLUMNS["contact"]) - {"new_interests"})), st.booleans()),
    max_size=3,
    unique_by=lambda order: order[0],
)


@settings(max_examples=60, suppress_health_check=QUIET)
@given(rows=data(), orders=ORDERS, count=st.integers(1, 3))
def test_pages_that_are_followed_with_their_cookies_are_the_whole_result(rows, orders, count):
    """Whatever the rows are ordered by: dates, nulls, names behind lookups, labels of choices."""
    scene = make_scene(rows)
    link = '<link-entity name="account" from="accountid" to="parentcustomerid" link-type="outer" alias="a"/>'
    terms = "".join(
        f'<order attribute="{name}" descending="{"true" if descending else "false"}"/>' for name, descending in orders
    )
    inner = f'<entity name="contact"><attribute name="contactid"/>{terms}{link}</entity></fetch>'
    found, page, cookie = [], 1, ""
    while page:
        result = scene.run(f'<fetch page="{page}" count="{count}"{cookie}>{inner}')
        found += result.rows
        page = page + 1 if result.more else 0
        if result.more:
            decoded = unquote(unquote(re.search('pagingcookie="([^"]*)"', result.cookie)[1]))
            cookie = f" paging-cookie={quoteattr(decoded)}"

    assert found == scene.run(f"<fetch>{inner}").rows
