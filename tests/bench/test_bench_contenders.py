import pytest

from connector.dataverse.choices import Operation
from tests.bench.cases import CONNECTOR, NAIVE, NO_LIMITS, Case
from tests.bench.measure import measure
from tests.bench.work import OPERATIONS, is_about_contact


@pytest.mark.parametrize(
    ("operation", "calls"),
    [
        (Operation.ADD_TAG, 4),
        (Operation.SYNC_CONTACT, 6),
        pytest.param(Operation.SET_CONTACT_FIELD, 3, marks=pytest.mark.nightly),
        pytest.param(Operation.INCREASE_SCORE, 4, marks=pytest.mark.nightly),
        pytest.param(Operation.ADD_TO_AUDIENCE, 4, marks=pytest.mark.nightly),
    ],
)
def test_the_naive_connector_does_its_jobs_and_makes_every_call_by_itself(operation, calls, tmp_path):
    figures = measure(Case(NAIVE, operation, NO_LIMITS, jobs=20, latency_ms=0), tmp_path)

    assert (calls, 1) == (figures.dataverse_per_job, figures.spotler_per_job)


def test_the_naive_connector_stops_what_it_started_before(tmp_path):
    figures = measure(Case(NAIVE, Operation.STOP_AUTOMATION, NO_LIMITS, jobs=10, latency_ms=0), tmp_path)

    assert (figures.dataverse_per_job, figures.spotler_per_job) == (4, 1)


def test_the_naive_connector_does_everything_that_is_about_a_contact():
    assert set(NAIVE.functions) == {operation for operation in OPERATIONS if is_about_contact(operation)}


def test_the_connector_stops_what_was_started_before_and_reports_how_long_jobs_take(tmp_path):
    case = Case(CONNECTOR, Operation.STOP_AUTOMATION, NO_LIMITS, jobs=10, latency_ms=0, warm_up=5, paced=5)

    figures = measure(case, tmp_path)

    assert figures.spotler_per_job == 1
    assert figures.latency is not None
    assert 0 < figures.latency.p50 <= figures.latency.p95
