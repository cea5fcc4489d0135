"""How many calls a chunk costs, by route: whoever adds one sees it here.

Ten records stand for a hundred: all of them are read, claimed and written together.
"""

from collections import Counter
from datetime import timedelta

import pytest

from connector.dataverse.api import Keyed
from connector.dataverse.choices import Operation
from connector.dataverse.names import (
    ENABLED_VARIABLE,
    PERMISSIONS_VARIABLE,
    Consent,
    Contact,
    EnvironmentVariable,
    EnvironmentVariableValue,
    Info,
    Job,
    Permission,
)
from connector.sync.own_user import own_user

#: Records and what belongs to them.
READ = Counter({f"GET {table.SET}": 1 for table in (Contact, Permission, Info)})
#: The jobs are read and claimed, their outcomes are written.
JOBS = READ + Counter({f"GET {Job.SET}": 1, "POST $batch": 2})
#: Spotler Info, or posts on the timelines.
BATCH = Counter({"POST $batch": 1})
SEND = Counter({"POST /contact/list": 1})
#: The two environment variables are read once in some minutes; there are no values where no operator gave one.
NO_VARIABLES = Counter({f"GET {EnvironmentVariable.SET}": 1})
VARIABLES = NO_VARIABLES + Counter({f"GET {EnvironmentVariableValue.SET}": 1})
NOTE = Counter({f"POST {Consent.SET}/Microsoft.Dynamics.CRM.UpsertMultiple": 1})
NEW_ROWS = NOTE + Counter({f"POST {Permission.SET}/Microsoft.Dynamics.CRM.CreateMultiple": 1})
HISTORY = Counter({f"GET {Consent.SET}": 1})
PEOPLE = 10


@pytest.fixture
def people(world):
    world.services.spotler.fields()
    return [world.contact(f"person{number}") for number in range(PEOPLE)]


@pytest.fixture
def calls(world):
    """Counts the calls of some work, a minute after the work before."""

    def _calls(work):
        world.now += timedelta(minutes=1)
        dataverse, spotler = [], []
        transports = world.services.dataverse._transport, world.services.spotler._calls._transport
        for transport, seen in zip(transports, (dataverse, spotler), strict=True):
            transport.on_call = seen.append
        work()
        for transport in transports:
            transport.on_call = None
        return tuple(Counter(f"{each.method} {each.route}" for each in seen) for seen in (dataverse, spotler))

    return _calls


@pytest.fixture
def sync(world, calls):
    """A chunk of Sync Contact jobs, or of another operation."""

    def _sync(records, operation=Operation.SYNC_CONTACT, **columns):
        jobs = [world.job(operation, record, **columns) for record in records]
        return calls(lambda: world.run(*jobs))

    return _sync


def set_variables(world, names, enabled=""):
    for name, text in ((PERMISSIONS_VARIABLE, names), (ENABLED_VARIABLE, enabled)):
        columns = {EnvironmentVariable.SCHEMA_NAME: name, EnvironmentVariable.DEFAULT: text}
        world.load(EnvironmentVariable.TABLE, displayname=name, type=100000000, **columns)


def with_rows(world, records):
    """People made these rows, on a form that shows no bit."""
    for record in records:
        world.permission(record, "Newsletter", subscribed=True)


def change(world, records):
    world.services.dataverse.update_multiple(Contact, [Keyed(each.id, {"firstname": "Other"}) for each in records])


def test_a_first_sync_without_rows(sync, people):
    assert sync(people) == (JOBS + BATCH + NO_VARIABLES, SEND)


def test_a_first_sync_that_makes_rows(world, sync, people):
    set_variables(world, "Newsletter;Events")

    assert sync(people) == (JOBS + BATCH + VARIABLES + NEW_ROWS, SEND)
    assert len(world.rows(Permission.TABLE)) == 2 * PEOPLE


def test_a_first_sync_of_records_whose_rows_people_have_made(world, sync, people):
    with_rows(world, people)

    assert sync(people) == (JOBS + BATCH + NO_VARIABLES + HISTORY + NOTE, SEND)


@pytest.mark.parametrize("rows", [False, True], ids=["without rows", "with rows"])
@pytest.mark.parametrize("names", ["", "Newsletter;Events"], ids=["no variable", "rows are made"])
def test_records_that_spotler_knows_cost_seven_calls_for_a_hundred(world, sync, people, rows, names):
    set_variables(world, names)
    if rows:
        with_rows(world, people)
    sync(people)

    assert sync(people) == (JOBS + BATCH, SEND)
    change(world, people)
    assert sync(people) == (JOBS + BATCH, SEND)
    tags = Counter({"POST /contact/{contact}/tags": PEOPLE})
    assert sync(people, Operation.ADD_TAG, dh_tag="x") == (JOBS + BATCH, tags)


@pytest.mark.parametrize("names", ["", "Newsletter;Events"], ids=["no variable", "rows are made"])
def test_the_automatic_sync_of_unchanged_records_reads_them_and_calls_spotler_never(
    world, sync, changes, calls, people, names
):
    set_variables(world, names)
    with_rows(world, people[:5])
    sync(people)

    assert calls(lambda: changes.run(*people)) == (READ, Counter())
    change(world, people)
    assert calls(lambda: changes.run(*people)) == (READ + BATCH, SEND)


@pytest.mark.parametrize(
    ("enabled", "before"), [("", Counter()), ("[All]", HISTORY + Counter({"GET contacts": 1}))], ids=["off", "on"]
)
def test_new_records_get_their_rows_before_they_are_sent(world, changes, calls, people, enabled, before):
    set_variables(world, "Newsletter;Events", enabled)

    found = calls(lambda: changes.run(*[changes.item(each, created=True) for each in people]))

    assert found == (READ + BATCH + VARIABLES + NEW_ROWS + before, SEND)
    assert calls(lambda: changes.run(*people)) == (READ, Counter())


def test_a_row_that_a_person_switched_is_compared_with_the_history_once(world, sync, changes, calls, people):
    with_rows(world, people)
    sync(people)
    for row in world.rows(Permission.TABLE):
        world.services.dataverse.update(Permission.SET, row[Permission.ID], {Permission.SUBSCRIBED: False})
    own_user(world.services)  # is asked for once in a process, where a row was changed in a later second

    noted, _ = calls(lambda: changes.run(*people))

    # The entry, when the person did it, and Spotler Info.
    assert noted == READ + HISTORY + NOTE + BATCH + BATCH
    assert [row[Consent.AFTER] for row in world.rows(Consent.TABLE)].count(False) == PEOPLE
    assert calls(lambda: changes.run(*people)) == (READ, Counter())
