"""Records on their way to Spotler."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace

import pytest

from connector.dataverse.definitions import ColumnDefinitions
from connector.dataverse.names import (
    ENABLED_VARIABLE,
    PERMISSIONS_VARIABLE,
    EnvironmentVariable,
    EnvironmentVariableValue,
)
from connector.mapping import parse_mapping
from connector.sync.info import write_infos
from connector.sync.newcomers.newcomers import take
from connector.sync.outward.outward import Outward
from connector.sync.permissions.rows import PermissionRows
from connector.sync.records import Record, RecordReader
from sandbox.people import People
from tests.unit.sync.changing import Changes
from tests.unit.sync.new_subscribers import SUBSCRIBER_ROWS
from tests.unit.sync.permission_lists import ROWS, add_list


@pytest.fixture
def send(world):
    """Reads records as they are now and sends them; writes in Spotler Info what a batch would write there."""

    def _send(*refs, always=False):
        records = RecordReader(world.services).read(refs)
        results = Outward(world.services).send(list(records.values()), always=always)
        infos = [(ref, result.info) for ref, result in results.items()]
        assert write_infos(world.services.dataverse, infos) == {}
        return [results[ref] for ref in refs]

    return _send


@pytest.fixture
def changes(world):
    """The automatic sync."""
    return Changes(world)


@pytest.fixture
def use_lists(world):
    """Keeps permissions in these lists."""

    def _use(*names, items=(), tables=("contact", "lead"), direction="<->", **columns):
        given = {"direction": direction, "spotler": "permissions", **({"items": list(items)} if items else {})}
        rows = [ROWS[0], dict.fromkeys(tables, "@map(list)") | given]
        world.services = replace(world.services, mapping=parse_mapping({"rows": rows}))
        return [add_list(world, name, table, **columns) for table in tables for name in names]

    return _use


@pytest.fixture
def newsletter(use_lists):
    """The list of contacts for the newsletter."""
    return use_lists("Newsletter")[0]


@pytest.fixture
def subscribe(world):
    """Makes contacts in Spotler without an External Id; they come as the feed shows them."""
    world.spotler.settings(dedupe="both")

    def _subscribe(*people: dict) -> list:
        made = [{"properties": person.pop("properties"), **person} for person in people]
        ids = world.spotler.contacts(*made)
        now = datetime.now(UTC)
        shown = world.services.spotler.feeds.updates(now - timedelta(days=1), now + timedelta(days=1))
        by_id = {each.encrypted_id: each for each in shown}
        return [by_id[each] for each in ids]

    return _subscribe


@pytest.fixture
def became(world):
    """Takes contacts as new subscribers."""

    def _became(contacts, target="contact", document=None, **settings):
        definitions = ColumnDefinitions(world.services.dataverse).of
        world.services = replace(
            world.services,
            settings=world.services.settings.model_copy(update={"new_subscribers": target, **settings}),
            mapping=replace(parse_mapping(document or {"rows": SUBSCRIBER_ROWS}), definitions=definitions),
        )
        return take(world.services, contacts)

    return _became


@pytest.fixture
def people(world):
    """Users of Dataverse, who leave their own name on what they change."""
    return People(SimpleNamespace(get=partial(getattr, world.ready)))


@pytest.fixture
def variables(world, people):
    """Sets the two environment variables: their current values, and the default of the first."""

    def _variables(names=None, enabled=None, *, default="Newsletter;Events;Offers;"):
        for name, value, fallback in ((PERMISSIONS_VARIABLE, names, default), (ENABLED_VARIABLE, enabled, "")):
            key = world.load(
                EnvironmentVariable.TABLE,
                displayname=name,
                type=100000000,
                **{EnvironmentVariable.SCHEMA_NAME: name, EnvironmentVariable.DEFAULT: fallback},
            )
            if value is not None:
                bind = f"{EnvironmentVariableValue.DEFINITION_NAVIGATION}@odata.bind"
                people.create(
                    EnvironmentVariableValue.SET,
                    {EnvironmentVariableValue.VALUE: value, bind: f"/{EnvironmentVariable.SET}({key})"},
                )

    return _variables


@pytest.fixture
def read(world):
    return lambda *refs: [RecordReader(world.services).read([ref])[ref] for ref in refs]


@pytest.fixture
def ensure(world, read):
    def _ensure(*refs, **options):
        results = PermissionRows(world.services).ensure(read(*refs), **options)
        assert all(isinstance(each, Record) for each in results.values()), results
        return [results[ref] for ref in refs]

    return _ensure


@pytest.fixture
def apply(world, ensure):
    def _apply(ref, report, **options):
        (record,) = ensure(ref, reported={ref: report}, **options)
        found = PermissionRows(world.services).apply([record])[ref]
        assert isinstance(found, Record), found
        return found

    return _apply
