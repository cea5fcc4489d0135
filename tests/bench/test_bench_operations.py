from dataclasses import replace

import pytest

from connector.dataverse.choices import Operation
from tests.bench import operations, pace
from tests.bench.cases import CONNECTOR, NAIVE, NO_LIMITS, Case
from tests.bench.measure import Figures
from tests.bench.pace import Latency
from tests.bench.report import Measured

#: 100 Sync Contact jobs at 50 ms: 0.25 s are needed for the five rounds of the one batch.
FIGURES = Figures(
    jobs=100,
    seconds=0.25,
    jobs_per_second=400.0,
    dataverse_per_job=0.07,
    refused_per_job=0.0,
    spotler_per_job=0.01,
    peak_memory_mb=None,
    cpu_ms_per_job={"engine": 2.0, "host": 9.0},
    first_job_seconds=2.0,
    single_job_seconds=0.5,
    latency=Latency(0.41, 0.62),
)


def measured(contender=CONNECTOR, operation=Operation.SYNC_CONTACT, jobs=100, **figures):
    return Measured(Case(contender, operation, NO_LIMITS, jobs, latency_ms=50), replace(FIGURES, **figures))


def verdicts(each: Measured) -> list[bool]:
    return [expectation.met for expectation in operations.expectations([each])]


@pytest.mark.parametrize(("seconds", "met"), [(0.25, True), (0.35, True), (0.36, False)])
def test_the_time_is_judged_by_the_floor(seconds, met):
    assert verdicts(measured(seconds=seconds)) == [met, True]


@pytest.mark.parametrize(("milliseconds", "met"), [(2.0, True), (2.1, False)])
def test_the_processor_time_of_the_engine_is_judged_and_that_of_the_stand_ins_is_not(milliseconds, met):
    assert verdicts(measured(cpu_ms_per_job={"engine": milliseconds, "host": 9.0})) == [True, met]


def test_neither_the_naive_connector_nor_a_single_job_is_judged():
    others = [measured(NAIVE, seconds=9.0), measured(operation=Operation.REFRESH_PERMISSIONS, jobs=1, seconds=9.0)]

    assert operations.expectations(others) == []


def test_the_naive_rate_stands_in_the_line_of_the_operation():
    both = [measured(NAIVE, jobs_per_second=50.0), measured()]

    assert operations.row(both[0], both) is None
    line = (operations.row(both[1], both) or "").split()
    assert line[2:8] == ["0.070", "0.010", "400.0", "50.0", "8.0", "x"]


def test_a_line_stands_under_its_headings_and_shows_what_is_unknown_as_a_dash():
    line = operations.row(measured(latency=None), []) or ""

    assert len(line) == len(operations.headings())
    assert line.split().count("-") == 6


def test_the_naive_connector_is_measured_first_and_only_where_it_can_do_the_operation():
    chosen = [Operation.ADD_TAG, Operation.REMOVE_TAG, Operation.REFRESH_PERMISSIONS]

    found = [(case.contender, case.operation, case.jobs) for case in operations.cases(chosen, 300, 50)]

    assert found == [
        (NAIVE, Operation.ADD_TAG, 300),
        (CONNECTOR, Operation.ADD_TAG, 300),
        (NAIVE, Operation.REMOVE_TAG, 300),
        (CONNECTOR, Operation.REMOVE_TAG, 300),
        (CONNECTOR, Operation.REFRESH_PERMISSIONS, 1),
    ]


@pytest.mark.parametrize(("jobs", "paced"), [(300, operations.PACED), (operations.PACED - 1, operations.PACED - 1)])
def test_jobs_of_the_connector_also_come_at_a_steady_pace_except_the_single_one_of_a_refresh(jobs, paced):
    found = operations.cases([Operation.ADD_TAG, Operation.REFRESH_PERMISSIONS], jobs, 50)

    assert operations.PACED >= 20, "fewer make no p95"
    assert [case.paced for case in found] == [0, paced, 0]


def test_the_naive_connector_can_be_left_out():
    found = operations.cases([Operation.ADD_TAG, Operation.REMOVE_TAG], 300, 50, alone=True)

    assert {case.contender.name for case in found} == {CONNECTOR.name}


def test_a_latency_is_the_median_and_what_95_of_100_stay_within():
    assert pace.latency_of([float(number) for number in range(101)]) == Latency(50.0, 95.0)
