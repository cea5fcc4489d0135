"""The bench of a Marketing List, with few members."""

from dataclasses import replace

import pytest

from tests.bench import lists
from tests.bench.lists import ListFigures, ListPhase, floor_rounds
from tests.bench.observe import Calls

PHASE = ListPhase("any", 1000, Calls(70, 0, 2), 20.0, 1.5, 0.7, 90.0, "")
GOOD = ListFigures(1000, first=PHASE, unchanged=PHASE, changed=PHASE, wrong=0, standins_mb={})


def missed(figures, latency_ms=200):
    return [each.sentence for each in lists.expectations(figures, latency_ms) if not each.met]


def test_the_work_is_done_and_what_is_expected_is_so(tmp_path):
    figures = lists.measure(200, 20, tmp_path)

    assert missed(figures) == []
    assert figures.changed.message == "The audience has 200 members: 2 added, 2 removed."


def test_without_the_first_sync_the_same_is_left(tmp_path):
    figures = lists.measure(200, 0, tmp_path, in_place=True)

    assert missed(figures) == []
    assert [each.name for each in figures.phases] == ["again, unchanged", "1 % left, 1 % joined"]
    assert figures.changed.message == "The audience has 200 members: 2 added, 2 removed."


def test_what_is_as_it_should_be_is_met():
    assert missed(GOOD) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"wrong": 1}, "audience"),
        ({"unchanged": replace(PHASE, calls=Calls(70, 0, 3))}, "unchanged"),
        ({"changed": replace(PHASE, seconds=121.0)}, "less than"),
        ({"first": replace(PHASE, peak_memory_mb=201.0)}, "MB"),
    ],
)
def test_each_expectation_can_be_missed(change, word):
    (sentence,) = missed(replace(GOOD, **change))

    assert word in sentence


def test_what_is_expected_of_the_usual_size_is_not_expected_of_a_larger_one_or_of_a_slower_system():
    slow = replace(GOOD, changed=replace(PHASE, seconds=500.0))

    assert missed(slow)
    assert missed(replace(slow, members=1_000_000)) == []
    assert missed(slow, latency_ms=1000) == []


@pytest.mark.parametrize(
    ("members", "new", "gone", "rounds"),
    [
        (0, 0, 0, 8),
        (5_000, 0, 0, 9),
        (5_001, 0, 0, 10),
        (100, 100, 0, 8 + 1 + 1 + 5),
        # 25 hundreds, four at a time.
        (2_500, 2_500, 0, 8 + 1 + 1 + 7 * 5),
        (100, 0, 1, 8 + 1 + 1 + 1),
    ],
)
def test_the_floor_counts_what_has_to_wait_for_one_another(members, new, gone, rounds):
    assert floor_rounds(members, new=new, gone=gone) == rounds


def test_a_line_stands_under_its_headings():
    assert len(PHASE.line) == len(lists.HEADINGS)
    assert PHASE.line.split()[1:] == ["1000", "70", "2", "20.0", "1.5", "0.7", "90"]
    assert replace(PHASE, peak_memory_mb=None).line.split()[-1] == "-"
