"""Counters, durations and gauges in memory: what is refused, what is left out, what a row holds."""

import pytest

from connector.telemetry import measuring
from connector.telemetry.measuring import MOST_COMBINATIONS, OTHER, MetricTally, count, record, set_gauge
from connector.telemetry.names import BACKLOG, CALLS, JOB_DURATION, JOBS, METRICS, MetricKind


@pytest.fixture
def tally():
    made = MetricTally()
    measuring.collect(made)
    yield made
    measuring.collect(None)


def test_what_is_recorded_is_added_up_until_it_is_taken(tally):
    for number in (1, 2):
        count(CALLS, number, system="Dataverse", outcome="ok")
        record(JOB_DURATION, number / 2, operation="add-tag", status="Completed")
        set_gauge(BACKLOG, number, entity="add-tag")

    measured = tally.take()

    assert measured.counts == {CALLS: {("Dataverse", "ok"): 3}}
    assert measured.samples == {JOB_DURATION: {("add-tag", "Completed"): [0.5, 1.0]}}
    assert measured.gauges == {BACKLOG: {("add-tag",): 2}}
    assert tally.take().counts == {}


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: count(CALLS, system="Dataverse"),
        lambda: count(CALLS, outcome="ok", system="Dataverse"),
        lambda: count(CALLS, system="Dataverse", outcome="ok", contact="jane"),
        lambda: count(BACKLOG, entity="add-tag"),
        lambda: record(CALLS, 1, system="Dataverse", outcome="ok"),
        lambda: set_gauge(JOBS, 1, operation="a", status="b", code="c"),
    ],
)
@pytest.mark.parametrize("collects", [True, False])
def test_other_dimensions_and_other_kinds_are_refused_whether_anybody_collects_or_not(wrong, collects):
    measuring.collect(MetricTally() if collects else None)
    try:
        with pytest.raises(ValueError, match=r"spotler\.\S+ is a (counter|gauge) with the dimensions"):
            wrong()
    finally:
        measuring.collect(None)


@pytest.mark.parametrize("value", ["jane@example.org", "", "a/b", "Zoë", "x" * 81, "line\nbreak"])
def test_a_value_that_is_no_name_and_no_code_is_not_kept(tally, value):
    count(JOBS, operation="add-tag", status="Failed", code=value)

    assert tally.take().counts == {JOBS: {("add-tag", "Failed", OTHER): 1}}


def test_the_number_of_rows_of_a_metric_is_bounded_and_nothing_is_lost(tally):
    for number in range(MOST_COMBINATIONS + 50):
        count(CALLS, system=f"System {number}", outcome="ok")

    counts = tally.take().counts[CALLS]
    assert len(counts) == MOST_COMBINATIONS + 1
    assert counts[OTHER, OTHER] == 50


def test_nothing_is_kept_while_nobody_collects():
    count(CALLS, system="Dataverse", outcome="ok")
    tally = MetricTally()
    measuring.collect(tally)
    measuring.collect(None)
    count(CALLS, system="Dataverse", outcome="ok")

    assert not measuring.is_collecting()
    assert tally.take().counts == {}


def test_every_metric_has_a_name_a_unit_and_a_sentence():
    for name, metric in METRICS.items():
        assert name == metric.name
        assert name.startswith("spotler.")
        assert metric.unit in {"s", "1"} or metric.unit.startswith("{")
        assert metric.meaning.endswith(".")
        assert metric.kind in MetricKind
