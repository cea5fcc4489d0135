"""Records on their way to Spotler."""

from dataclasses import replace

import pytest

from connector.mapping import parse_mapping
from connector.sync.info import write_infos
from connector.sync.outward.outward import Outward
from connector.sync.records import RecordReader
from tests.unit.sync.changing import Changes
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
