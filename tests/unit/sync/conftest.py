"""Records on their way to Spotler."""

import pytest

from connector.dataverse.api import Keyed, filters
from connector.dataverse.names import Info
from connector.sync.outward import Outward
from connector.sync.records import RecordReader


@pytest.fixture
def send(world):
    """Reads records as they are now and sends them; remembers in Spotler Info what a batch would write there."""

    def _send(*refs, always=False):
        infos = {}
        records = RecordReader(world.services).read(refs)
        results = Outward(world.services, infos).send(list(records.values()), always=always)
        rows = [Keyed(filters.key({Info.RECORD: record_id}), row) for record_id, row in infos.items()]
        assert all(written.ok for written in world.services.dataverse.upsert_multiple(Info, rows))
        return [results[ref] for ref in refs]

    return _send
