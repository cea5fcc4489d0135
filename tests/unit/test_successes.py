"""When each timer last did its work."""

from datetime import UTC, datetime, timedelta

import pytest

from connector.state import StoredValueUnreadable
from connector.state.successes import last_success, record_success
from tests.memory_state import MemoryState

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_success_that_cannot_be_read_is_written_anew():
    state = MemoryState()
    state.write("successes/sweep-jobs", {"on": "yesterday"}, version=None)
    with pytest.raises(StoredValueUnreadable):
        last_success(state, "sweep-jobs", NOW)

    record_success(lambda: state, "sweep-jobs", NOW - timedelta(minutes=2))
    record_success(lambda: state, "sweep-jobs", NOW)

    assert last_success(state, "sweep-jobs", NOW) == NOW
