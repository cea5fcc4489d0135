from dataclasses import replace

import pytest

from connector.dataverse.choices import Operation
from tests.bench import report
from tests.bench.cases import CONNECTOR, LIMITS, NAIVE, NO_LIMITS, Case
from tests.bench.measure import Figures
from tests.bench.report import Measured

FIGURES = Figures(
    jobs=100,
    seconds=1.0,
    jobs_per_second=100.0,
    dataverse_per_job=0.08,
    refused_per_job=0.0,
    spotler_per_job=0.01,
    peak_memory_mb=None,
    cpu_ms_per_job={"engine": 2.0, "host": 1.0},
    first_job_seconds=2.0,
    single_job_seconds=0.5,
)


def measured(contender=CONNECTOR, limits=NO_LIMITS, operation=Operation.SYNC_CONTACT, **figures):
    return Measured(Case(contender, operation, limits, jobs=100, latency_ms=50), replace(FIGURES, **figures))


@pytest.mark.parametrize(
    ("limits", "naive_rate", "met"),
    [(NO_LIMITS, 33, True), (NO_LIMITS, 34, False), (LIMITS, 10, True), (LIMITS, 11, False)],
)
def test_the_rate_is_judged_by_its_ratio_to_the_naive_one_under_the_same_limits(limits, naive_rate, met):
    both = [measured(NAIVE, limits, jobs_per_second=naive_rate), measured(limits=limits)]

    assert [met] == [each.met for each in report.expectations(both) if "naive rate" in each.sentence]


@pytest.mark.parametrize(
    ("operation", "milliseconds", "met"),
    [
        (Operation.SYNC_CONTACT, 1.2, True),
        (Operation.SYNC_CONTACT, 1.21, False),
        (Operation.ADD_TAG, 2.5, True),
        (Operation.ADD_TAG, 2.51, False),
    ],
)
def test_the_engine_is_judged_by_its_share_of_the_naive_ones_processor_time(operation, milliseconds, met):
    naive = measured(NAIVE, operation=operation, cpu_ms_per_job={"engine": 10.0})
    both = [naive, measured(operation=operation, cpu_ms_per_job={"engine": milliseconds})]

    assert [met] == [each.met for each in report.expectations(both) if "processor time" in each.sentence]


def test_the_engine_is_not_judged_under_limits_and_where_its_time_is_not_known():
    under_limits = [measured(NAIVE, LIMITS), measured(limits=LIMITS)]
    unknown = [measured(NAIVE, cpu_ms_per_job={"engine": 0.0}), measured()]

    reported = [each.sentence for both in (under_limits, unknown) for each in report.expectations(both)]
    assert not [sentence for sentence in reported if "processor time" in sentence]
    assert report.engine_share_of(under_limits[1], under_limits) == 1.0


@pytest.mark.parametrize(("calls", "met"), [(0.1, True), (0.101, False)])
def test_a_sync_contact_job_may_cost_a_tenth_of_a_call(calls, met):
    [expectation] = report.expectations([measured(dataverse_per_job=calls)])

    assert expectation.met is met


def test_there_is_no_ratio_without_a_counterpart():
    others = [measured(NAIVE, LIMITS), measured(NAIVE, operation=Operation.ADD_TAG)]

    assert report.ratio_of(measured(), others) is None
    assert report.ratio_of(measured(NAIVE), [measured(NAIVE)]) is None


def test_a_row_stands_under_its_headings_and_shows_what_is_unknown_as_a_dash():
    both = [measured(NAIVE, jobs_per_second=25.0, cpu_ms_per_job={"engine": 16.0}), measured()]
    headings, row = report.headings(), report.row(both[1], both)

    assert len(headings) == len(row)
    assert "4.0 x" in row
    assert row[: headings.index("of naive") + len("of naive")].split()[-2:] == ["2.00", "12%"]
    assert row[: headings.index("CPU")].split()[-1] == "-"


def test_the_json_holds_every_figure_with_its_case():
    both = [measured(NAIVE, jobs_per_second=25.0), measured()]

    naive, connector = report.as_json(both, report.expectations(both), 0.5)["measurements"]

    assert (naive["connector"], naive["ratio"]) == ("naive", None)
    assert (connector["operation"], connector["limits"], connector["ratio"]) == ("sync-contact", "no limits", 4.0)
    assert (naive["engine_share_of_naive"], connector["engine_share_of_naive"]) == (None, 1.0)
    assert connector["cpu_ms_per_job"] == {"engine": 2.0, "host": 1.0}


@pytest.mark.parametrize(("seconds", "met"), [(0.7, True), (0.71, False)])
def test_the_time_of_the_import_is_judged(seconds, met):
    assert report.import_expectation(seconds).met is met
