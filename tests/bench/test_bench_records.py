"""The bench of many contacts, with few of them."""

from dataclasses import replace

import pytest

from tests.bench import records
from tests.bench.observe import Calls
from tests.bench.records import Figures, Phase

PHASE = Phase("any", 1000, Calls(70, 0, 10), 2.0, 1.0, 100.0, 1.0)
#: As it should be.
GOOD = Figures(
    1000,
    naive=PHASE,
    load=PHASE,
    unchanged=replace(PHASE, calls=Calls(30, 0, 1)),
    night=replace(PHASE, calls=Calls(40, 0, 11)),
    feed=PHASE,
    reconcile=replace(PHASE, calls=Calls(50, 0, 5)),
    again=100,
    missing=0,
    standins_mb={},
)


def missed(figures):
    return [each.sentence for each in records.expectations(figures) if not each.met]


def test_the_work_is_done_and_what_is_expected_is_so(monkeypatch, tmp_path):
    monkeypatch.setattr(records, "NAIVE_RECORDS", 20)

    figures = records.measure(200, 20, tmp_path)

    assert missed(figures) == []
    # Spotler's fields.
    assert figures.unchanged.calls.spotler == 1
    assert figures.load.calls.dataverse < figures.naive.calls.dataverse  # for ten times the records


def test_what_is_as_it_should_be_is_met():
    assert missed(GOOD) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"unchanged": replace(PHASE, calls=Calls(30, 0, 2))}, "unchanged"),
        ({"again": 101}, "crash"),
        ({"load": replace(PHASE, peak_memory_mb=151.0)}, "MB"),
        ({"missing": 1}, "arrived"),
        ({"reconcile": replace(PHASE, calls=Calls(50, 0, 6))}, "compared"),
        ({"night": replace(PHASE, calls=Calls(40, 0, 12))}, "night"),
    ],
)
def test_each_expectation_can_be_missed(change, word):
    (sentence,) = missed(replace(GOOD, **change))

    assert word in sentence


def test_a_line_stands_under_its_headings_and_shows_what_is_unknown_as_a_dash():
    unknown = replace(PHASE, peak_memory_mb=None, floor_seconds=None).line

    assert len(PHASE.line) == len(unknown) == len(records.HEADINGS)
    assert PHASE.line.split()[1:] == ["1000", "70", "10", "2.0", "500", "1000", "1.00", "100"]
    assert unknown.split()[-4:] == ["-", "-", "-", "-"]
