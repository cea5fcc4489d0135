"""Records on their way to Spotler."""

import pytest

from connector.sync.info import write_infos
from connector.sync.outward.outward import Outward
from connector.sync.records import RecordReader
from tests.unit.sync.changing import Changes


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
