import pytest

from connector.dataverse.choices import Operation
from tests.bench.cases import NAIVE, NO_LIMITS, Case
from tests.bench.measure import measure


@pytest.mark.parametrize(("operation", "calls"), [(Operation.ADD_TAG, 4), (Operation.SYNC_CONTACT, 6)])
def test_the_naive_connector_does_its_jobs_and_makes_every_call_by_itself(operation, calls, tmp_path):
    figures = measure(Case(NAIVE, operation, NO_LIMITS, jobs=20, latency_ms=0), tmp_path)

    assert (calls, 1) == (figures.dataverse_per_job, figures.spotler_per_job)
