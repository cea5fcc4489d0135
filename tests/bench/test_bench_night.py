"""The bench of a night's pulls, with few contacts."""

from dataclasses import replace

import pytest

from tests.bench import night
from tests.bench.night import Night, Pull
from tests.bench.observe import Calls

PULL = Pull("interactions", {"stored": 1415}, Calls(20, 0, 10), 1, 2.0, 1.0, 100.0, 1.0)
#: As it should be.
GOOD = Night(1000, 1415, 1415, 350, [PULL], [replace(PULL, counts={}, calls=Calls(10, 0, 10))], {})


def missed(figures):
    return [each.sentence for each in night.expectations(figures) if not each.met]


def test_the_work_is_done_and_what_is_expected_is_so(tmp_path):
    figures = night.measure(200, 5, tmp_path)

    assert missed(figures) == []
    assert figures.events == 200 + 70 + 10 + 3
    (interactions,) = [each for each in figures.first if each.name == "interactions"]
    assert interactions.counts == {"stored": 283}


def test_one_mailing_to_a_hundred_thousand_leaves_as_many_events_as_were_asked_for():
    assert "141,500 events" in night.heading(night.CONTACTS, 50)


def test_what_is_as_it_should_be_is_met():
    assert missed(GOOD) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"rows": 1416}, "one row"),
        ({"opened": 349}, "date"),
        ({"first": [replace(PULL, peak_memory_mb=251.0)]}, "MB"),
        ({"again": [replace(PULL, calls=Calls(41, 0, 10))]}, "nothing is new"),
    ],
)
def test_each_expectation_can_be_missed(change, word):
    (sentence,) = missed(replace(GOOD, **change))

    assert word in sentence
